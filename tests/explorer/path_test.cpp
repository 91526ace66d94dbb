// Paths as texts: read as they were written, refused where they are none or do not fit, and made of
// runs and traces.
#include "explorer/path.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "engine/random.hpp"
#include "engine/trace.hpp"
#include "explorer/explore.hpp"
#include "protocols/catalog.hpp"

namespace gainsay {
namespace {

TEST(Path, IsReadAsItIsWritten) {
  const Path path = {{.place = 3}, {.place = 0, .choices = {1}}, {.place = 12, .choices = {0, 2}}};
  EXPECT_EQ(to_text(path), "3.0-1.12-0-2");
  EXPECT_EQ(parse_path("3.0-1.12-0-2"), path);
  EXPECT_EQ(parse_path(""), Path{});
  EXPECT_EQ(to_text(Path{}), "");
  const Path crash = {{.place = 4294967295, .choices = {4294967295}}};
  EXPECT_EQ(parse_path(to_text(crash)), crash);
}

TEST(Path, EveryPathHasOneText) {
  RandomStream random(1);
  for (int i = 0; i < 300; ++i) {
    Path path(random.below(6));
    for (PathStep& step : path) {
      step.place = random.below(20);
      for (std::uint32_t k = random.below(3); k > 0; --k) step.choices.push_back(random.below(3));
      while (!step.choices.empty() && step.choices.back() == 0) step.choices.pop_back();
    }
    EXPECT_EQ(parse_path(to_text(path)), path);
  }
}

TEST(Path, WhatIsNoPathIsRefused) {
  for (const char* text : {".",
                           "1.",
                           ".1",
                           "1..2",
                           "x",
                           "1.x",
                           "-1",
                           "1-",
                           "1--2",
                           "1-0",
                           "1-2-0",
                           "01",
                           "1-02",
                           "+1",
                           " 1",
                           "1 ",
                           "4294967296",
                           "1-4294967296",
                           "1,2",
                           "1.2\n",
                           "%31",
                           "0x1",
                           "99999999999999999999"}) {
    EXPECT_THROW(parse_path(text), PathError) << text;
  }
  EXPECT_THROW(parse_path(std::string_view("1\0", 2)), PathError);
  std::string long_path = "1";
  for (std::size_t i = 0; i < path_steps_max; ++i) long_path += ".1";
  EXPECT_THROW(parse_path(long_path), PathError);
  std::string many_choices = "1";
  for (int i = 0; i < 2'000; ++i) many_choices += "-1";
  EXPECT_THROW(parse_path(many_choices), PathError);
  EXPECT_THROW(parse_path(std::string(10'000'000, '1')), PathError);
  EXPECT_THROW(parse_path(std::string(10'000'000, '-')), PathError);
}

std::string refusal(Exploration& exploration, const std::string& path) {
  try {
    exploration.go(parse_path(path));
    return "";
  } catch (const PathError& error) {
    return error.what();
  }
}

TEST(Path, WhatDoesNotFitIsRefusedWithItsStep) {
  const CatalogEntry& entry = *find_system("two-phase-commit");
  const Model model = entry.make({.bounds = {.nodes = 3}});
  Exploration exploration(model);
  const auto choices = exploration.choices(Exploration::root);
  ASSERT_FALSE(choices.empty());
  const std::string first = to_text(choices.front().step);
  EXPECT_EQ(refusal(exploration, first), "");
  const std::string said = refusal(exploration, first + ".99");
  EXPECT_NE(said.find("step 2 of the path does not fit: there is no event 99 among"),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("another version"), std::string::npos) << said;
  EXPECT_NE(refusal(exploration, first + "-7").find("has no such choices"), std::string::npos);
  EXPECT_NE(refusal(exploration, "4294967295"), "");
  EXPECT_NE(refusal(exploration, "0-4294967295-4294967295-1"), "");
  EXPECT_EQ(refusal(exploration, first), "");  // nothing of this has done any harm
}

// Any text is a path, or is refused.
TEST(Path, HostileTextsDoNoHarm) {
  RandomStream random(2);
  const CatalogEntry& entry = *find_system("paxos");
  const Model model = entry.make({.bounds = {.nodes = 3,
                                             .clients = 2,
                                             .network = Network::unordered,
                                             .crashes = 1,
                                             .restarts = 1,
                                             .unsynced = 1}});
  Exploration exploration(model);
  constexpr std::string_view letters = "0123456789..--x";
  std::size_t fits = 0;
  for (int i = 0; i < 2'000; ++i) {
    std::string text;
    for (std::uint32_t k = random.below(12); k > 0; --k) {
      text += letters[random.below(static_cast<std::uint32_t>(letters.size()))];
    }
    fits += refusal(exploration, text).empty() ? 1 : 0;
  }
  EXPECT_GT(fits, 50U);
}

TEST(Path, EveryTraceHasOne) {
  std::size_t traces = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(GAINSAY_SOURCE_DIR) + "/traces")) {
    if (!file.path().string().ends_with(".trace.json")) continue;
    SCOPED_TRACE(file.path().string());
    const Trace trace = read_trace(file.path());
    const Model model = model_of(trace);
    const std::vector<Event> events = events_of(model.system, trace);
    const Path path = path_of(model.system, events);
    Exploration exploration(model);
    const auto end = exploration.go(parse_path(to_text(path)));
    EXPECT_EQ(exploration.events(end), events);
    ++traces;
    if (trace.verdict->kind == "recovers") continue;
    EXPECT_EQ(trace.verdict->step + 1, events.size());
    const Taken& last = exploration.taken(end);
    if (last.fault) {
      EXPECT_EQ(last.fault->property, trace.verdict->property);
      continue;
    }
    EXPECT_TRUE(std::ranges::any_of(last.newly, [&](std::size_t one) {
      return model.properties[one].name == trace.verdict->property;
    }));
  }
  EXPECT_GT(traces, 40U);
}

TEST(Path, RunsThatCannotHappenHaveNone) {
  const Model model = find_system("two-phase-commit")->make({.bounds = {.nodes = 3}});
  const auto start = [](std::uint8_t process) {
    return Event{.kind = EventKind::start, .process = {process}};
  };
  EXPECT_THROW(path_of(model.system, {start(1)}), PathError);
  EXPECT_THROW(path_of(model.system, {start(0), start(0)}), PathError);
  EXPECT_THROW(
      path_of(model.system, {start(0), start(1), start(2), start(3), {.kind = EventKind::heal}}),
      PathError);
}

}  // namespace
}  // namespace gainsay
