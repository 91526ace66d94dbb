// Nothing is vacuous: each system reaches all that it should sometimes do, and no longer does so
// without the handler of one kind of message. The handlers that no check misses are listed, each
// with the reason.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "explorer/check.hpp"
#include "explorer/report.hpp"
#include "protocols/catalog.hpp"

namespace gainsay {
namespace {

// A process to which messages of one kind mean nothing.
class DeafProcess final : public Process {
 public:
  DeafProcess(std::unique_ptr<Process> process, std::uint64_t kind)
      : process_(std::move(process)), kind_(kind) {}
  std::unique_ptr<Process> clone() const override {
    return std::make_unique<DeafProcess>(process_->clone(), kind_);
  }
  void encode(Writer& writer) const override { process_->encode(writer); }
  void start(StepContext& context) override { process_->start(context); }
  void deliver(StepContext& context, NodeId from, BytesView message) override {
    if (Reader(message).integer() != kind_) process_->deliver(context, from, message);
  }
  void fire(StepContext& context, std::uint32_t timer) override { process_->fire(context, timer); }
  void crash() override { process_->crash(); }
  void encode_durable(Writer& writer) const override { process_->encode_durable(writer); }
  void restore(BytesView durable) override { process_->restore(durable); }
  const void* state() const override { return process_->state(); }
  std::shared_ptr<const void> view() const override { return process_->view(); }
  void encode_view(Writer& writer) const override { process_->encode_view(writer); }

 private:
  std::unique_ptr<Process> process_;
  std::uint64_t kind_;  // the alternative of the system's messages
};

class DeafType final : public ProcessType {
 public:
  DeafType(std::shared_ptr<const ProcessType> type, std::uint64_t kind)
      : type_(std::move(type)), kind_(kind) {}
  std::unique_ptr<Process> make() const override {
    return std::make_unique<DeafProcess>(type_->make(), kind_);
  }
  std::unique_ptr<Process> decode(Reader& reader) const override {
    return std::make_unique<DeafProcess>(type_->decode(reader), kind_);
  }
  const Type& state_type() const override { return type_->state_type(); }
  const std::vector<std::string_view>& timer_names() const override { return type_->timer_names(); }
  const Type* durable_type() const override { return type_->durable_type(); }
  bool syncs() const override { return type_->syncs(); }

 private:
  std::shared_ptr<const ProcessType> type_;
  std::uint64_t kind_;
};

Model without_handler(Model model, std::uint64_t kind) {
  std::map<const ProcessType*, std::shared_ptr<const ProcessType>> deaf;
  for (auto& type : model.system.processes) {
    auto& wrapped = deaf[type.get()];
    if (wrapped == nullptr) wrapped = std::make_shared<const DeafType>(type, kind);
    type = wrapped;
  }
  return model;
}

// Small bounds which together need every handler, and the handlers that they do not need.
struct Needs {
  std::vector<Configuration> configurations;
  std::map<std::string, std::string> spared;  // kind of message -> why
};

Configuration within(Bounds bounds, OptionTexts options = {}) {
  return {.bounds = std::move(bounds), .options = std::move(options), .bug = ""};
}

// Nothing of what is asked here needs a second term; a leader's own write is an entry.
Configuration raft_within(std::uint64_t term, OptionTexts options, std::uint32_t operations = 0) {
  options.emplace("candidates", "1");
  Bounds bounds{.nodes = 3, .limits = {{"term", term}}};
  if (operations > 0) bounds.clients = 1;
  if (operations > 0) bounds.operations = operations;
  return within(bounds, std::move(options));
}

Bounds pbft_bounds(std::uint64_t view) {
  return {.nodes = 4, .limits = {{"view", view}, {"seq", 1}}};
}

const std::map<std::string, Needs>& needs() {
  static const std::map<std::string, Needs> all = {
      {"two-phase-commit",
       {{within({.nodes = 3})},
        {{"Abort", "all managers may abort by themselves, so that everyone aborts without it"}}}},
      {"paxos", {{within({.nodes = 3, .clients = 1, .network = Network::unordered})}, {}}},
      {"multi-paxos",
       {{within({.nodes = 3, .limits = {{"round", 1}, {"slot", 1}}},
                {{"candidates", "1"}, {"propose", "1"}}),
         within({.nodes = 3, .clients = 1, .limits = {{"round", 1}, {"slot", 1}}},
                {{"candidates", "1"}}),
         within({.nodes = 3, .clients = 1, .operations = 2, .limits = {{"round", 1}, {"slot", 1}}},
                {{"candidates", "1"}, {"lease", "1"}})},
        {{"Heartbeat", "it only tells again what was told before, should that be lost"},
         {"Ask", "it only asks for what was told before, should that be lost"}}}},
      {"raft-core", {{within({.nodes = 3, .limits = {{"term", 1}, {"log", 1}}})}, {}}},
      {"chord", {{within({.nodes = 4, .crashes = 1, .restarts = 1})}, {}}},
      {"balancer",
       {{within({.nodes = 2,
                 .clients = 1,
                 .operations = 2,
                 .network = Network::unordered,
                 .timeouts = 1})},
        {}}},
      {"dht",
       {{within({.nodes = 3, .clients = 1}, {{"changes", "join"}}),
         within({.nodes = 2, .clients = 1, .operations = 2},
                {{"w", "1"}, {"hints", "1"}, {"changes", "collect"}, {"work", "put-x.delete-x"}}),
         within({.nodes = 2, .clients = 1},
                {{"w", "1"}, {"anti-entropy", "1"}, {"recovers", "1"}})},
        {}}},
      {"raft",
       {{raft_within(1, {{"propose", "1"}}), raft_within(1, {}, 1),
         raft_within(1, {{"read-index", "1"}}, 2),
         raft_within(1, {{"propose", "1"}, {"compact", "1"}}), raft_within(2, {{"transfer", "1"}})},
        {{"PreVote", "no option of the catalog asks for pre-votes"},
         {"PreVoteReply", "no option of the catalog asks for pre-votes"}}}},
      {"pbft",
       {{within(pbft_bounds(1), {{"requests", "1"}}),
         within(pbft_bounds(0), {{"requests", "1"}, {"checkpoint", "1"}}),
         within({.nodes = 4, .clients = 1, .limits = {{"view", 0}, {"seq", 1}}})},
        {}}},
  };
  return all;
}

std::vector<Model> models_of(const CatalogEntry& entry) {
  std::vector<Model> models;
  for (const Configuration& configuration : needs().at(entry.name).configurations) {
    models.push_back(entry.make(configuration));
  }
  return models;
}

std::string test_name(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return text;
}

CheckReport quick_check(const Model& model) { return check(model, {.max_states = 100'000}); }

// --- with all handlers ---

class WholeSystem : public testing::TestWithParam<const CatalogEntry*> {};

TEST_P(WholeSystem, ReachesAllThatItSometimesDoes) {
  for (const Model& model : models_of(*GetParam())) {
    const CheckReport report = quick_check(model);
    EXPECT_EQ(report.verdict, Verdict::holds) << report;
    const auto is_sometimes = [](const PropertyReport& property) {
      return property.kind == PropertyKind::sometimes;
    };
    EXPECT_TRUE(std::ranges::any_of(report.properties, is_sometimes));
  }
}

TEST_P(WholeSystem, HasEveryHandlerThatIsSpared) {
  const Model model = GetParam()->make(GetParam()->defaults);
  std::vector<std::string> kinds;
  for (const Type* message : model.system.message_type->alternatives) {
    kinds.push_back(message->name);
  }
  for (const auto& [kind, why] : needs().at(GetParam()->name).spared) {
    EXPECT_NE(std::ranges::find(kinds, kind), kinds.end()) << kind;
  }
}

std::vector<const CatalogEntry*> all_systems() {
  std::vector<const CatalogEntry*> all;
  for (const CatalogEntry& entry : catalog()) all.push_back(&entry);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Catalog, WholeSystem, testing::ValuesIn(all_systems()),
                         [](const auto& test) { return test_name(test.param->name); });

// --- without one ---

struct Handler {
  const CatalogEntry* entry;
  std::uint64_t kind;
  std::string name;
  friend void PrintTo(const Handler& handler, std::ostream* out) {
    *out << handler.entry->name << " " << handler.name;
  }
};

std::vector<Handler> all_handlers() {
  std::vector<Handler> all;
  for (const CatalogEntry& entry : catalog()) {
    std::uint64_t kind = 0;
    for (const Type* message : entry.make(entry.defaults).system.message_type->alternatives) {
      all.push_back({&entry, kind++, message->name});
    }
  }
  return all;
}

class WithoutHandler : public testing::TestWithParam<Handler> {};

TEST_P(WithoutHandler, ACheckIsVacuousOrViolatedUnlessItIsSpared) {
  const auto& [entry, kind, name] = GetParam();
  bool is_noticed = false;
  for (Model& model : models_of(*entry)) {
    const CheckReport report = quick_check(without_handler(std::move(model), kind));
    ASSERT_NE(report.verdict, Verdict::incomplete) << report;
    is_noticed = is_noticed || report.verdict != Verdict::holds;
  }
  EXPECT_EQ(is_noticed, !needs().at(entry->name).spared.contains(name));
}

INSTANTIATE_TEST_SUITE_P(Catalog, WithoutHandler, testing::ValuesIn(all_handlers()),
                         [](const auto& test) {
                           return test_name(test.param.entry->name + "_" + test.param.name);
                         });

}  // namespace
}  // namespace gainsay
