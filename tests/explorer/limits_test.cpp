// What a search packs into bytes, words and lists has an end, and what is beyond is refused before
// anything is searched: a world whose processes were mixed up would be a wrong verdict.
#include <gtest/gtest.h>

#include "explorer/check.hpp"
#include "explorer/hunt/hunt.hpp"
#include "protocols/catalog.hpp"

namespace gainsay {
namespace {

// The model, where the protocol itself allows so many nodes.
std::optional<Model> model_with(const CatalogEntry& entry, std::uint32_t nodes) {
  Configuration configuration = entry.defaults;
  configuration.bounds.nodes = nodes;
  try {
    return entry.make(configuration);
  } catch (const UsageError&) {
    return std::nullopt;
  }
}

template <class Search>
std::string refusal(Search search) {
  try {
    search();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Limits, MoreProcessesThanASearchCanTellApartAreRefused) {
  std::size_t refused = 0;
  for (const CatalogEntry& entry : catalog()) {
    for (const std::uint32_t nodes : {65U, 256U, 257U, 300U, 1000U}) {
      const auto model = model_with(entry, nodes);
      if (!model) continue;
      ++refused;
      const auto says = [](const std::string& text) {
        return text.find("at most 64 processes") != std::string::npos;
      };
      EXPECT_TRUE(says(refusal([&] { check(*model, {.max_states = 10}); }))) << entry.name << nodes;
      EXPECT_TRUE(says(refusal([&] { hunt(*model, {.runs = 1}); }))) << entry.name << nodes;
    }
  }
  EXPECT_GT(refused, 20U);
}

// Beside its processes a world has a history, observers and budgets.
TEST(Limits, ComponentsOfAWorldFitIntoOneWord) {
  const CatalogEntry& raft = *find_system("raft");
  Configuration configuration = raft.defaults;
  configuration.bounds.nodes = 63;
  configuration.bounds.clients = 1;
  configuration.bounds.operations = 1;
  const Model model = raft.make(configuration);
  ASSERT_EQ(model.system.size(), 64U);
  const auto says = [](const std::string& text) {
    return text.find("at most 64 components") != std::string::npos;
  };
  EXPECT_TRUE(says(refusal([&] { check(model, {.max_states = 10}); })));
  EXPECT_TRUE(
      says(refusal([&] { check(model, {.max_states = 10, .store = StoreKind::fingerprint}); })));
  EXPECT_TRUE(says(refusal([&] { hunt(model, {.runs = 1}); })));
}

// Sixty-four are told apart.
TEST(Limits, TheLastProcessIsOneOfItsOwn) {
  const CatalogEntry& entry = *find_system("raft-core");
  Configuration configuration = entry.defaults;
  configuration.bounds.nodes = 64;
  configuration.bounds.limits["term"] = 1;
  const Model model = entry.make(configuration);
  const CheckReport report = check(model, {.max_states = 20});
  EXPECT_EQ(report.verdict, Verdict::incomplete);
}

TEST(Limits, PartitionsAndJointConfigurationsAreOfFewNodes) {
  const CatalogEntry& raft = *find_system("raft");
  Configuration configuration = raft.defaults;
  configuration.bounds.nodes = 11;
  configuration.bounds.partitions = 1;
  EXPECT_THROW(raft.make(configuration), UsageError);
  configuration.bounds.partitions = 0;
  configuration.bounds.nodes = 13;
  configuration.options["joint"] = "1";
  configuration.options["changes"] = "1";
  EXPECT_THROW(raft.make(configuration), UsageError);
}

TEST(Limits, MoreProcessesThanCanBeRunAreRefused) {
  const CatalogEntry& chord = *find_system("chord");
  Configuration configuration = chord.defaults;
  configuration.bounds.nodes = static_cast<std::uint32_t>(ids_max);
  EXPECT_NO_THROW(chord.make(configuration));
  ++configuration.bounds.nodes;
  EXPECT_THROW(chord.make(configuration), UsageError);
  configuration.bounds.nodes = ~std::uint32_t{0};
  EXPECT_THROW(chord.make(configuration), UsageError);
}

}  // namespace
}  // namespace gainsay
