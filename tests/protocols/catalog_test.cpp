// Every seeded bug is contradicted at its documented bounds, and its correct twin holds there.
#include "protocols/catalog.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "engine/text.hpp"
#include "explorer/check.hpp"
#include "tests/bugs.hpp"

namespace gainsay {
namespace {

// Where the bug was reported elsewhere with the length of a run that shows it: so many events.
const std::map<std::string, std::size_t> reported_depths = {
    {"R01", 33}, {"R03", 14}, {"R05", 9},  {"R10", 7}, {"R17", 8},  {"R25", 13}, {"R26", 10},
    {"R31", 22}, {"R33", 23}, {"R47", 10}, {"P01", 9}, {"P02", 14}, {"B14", 20},
};

// Counted as the reports do: they have no starts, a crash and its restart are one event, and
// clients are no processes that exchange messages.
std::size_t depth_of(const System& system, const Counterexample& found) {
  return static_cast<std::size_t>(std::ranges::count_if(found.events, [&](const Event& event) {
    const bool of_client = event.kind == EventKind::deliver &&
                           (system.is_client(event.process) || system.is_client(event.from));
    return event.kind != EventKind::start && event.kind != EventKind::restart && !of_client;
  }));
}

// What the README's table says of a bug, seconds aside.
std::string readme_row(const Seeded& seeded, const CheckReport& report) {
  const Bug& bug = *seeded.bug;
  return "| " + seeded.entry->name + " | " + bug.id + " | `" + bug.name + "` | " + bug.breaks +
         " | " + describe(bug.scenario.bounds, bug.scenario.options) + " | " +
         std::string(to_string(report.verdict)) + " | " + with_commas(report.states) + " | " +
         std::to_string(report.counterexample->events.size()) + " | ";
}

std::string readme() {
  std::ifstream file(GAINSAY_SOURCE_DIR "/README.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

// Large ones are cut in a sanitized build.
CheckOptions in_time(const Bug& bug) {
  CheckOptions options;
  if (is_sanitized() && takes_many_seconds(bug)) options.max_states = 20'000;
  return options;
}

class SeededBug : public testing::TestWithParam<Seeded> {};

TEST_P(SeededBug, IsContradictedAtItsScenarioAsTheReadmeSays) {
  const Bug& bug = *GetParam().bug;
  const Model model = GetParam().entry->make(variant(bug));
  const CheckOptions options = in_time(bug);
  const CheckReport report = check(model, options);
  if (options.max_states) {
    ASSERT_NE(report.verdict, Verdict::holds);
    return;
  }
  ASSERT_EQ(report.verdict, Verdict::violated) << report.incomplete_because;
  EXPECT_EQ(report.counterexample->property, bug.breaks);
  const std::string row = readme_row(GetParam(), report);
  EXPECT_NE(readme().find("\n" + row), std::string::npos) << row;
  if (const auto reported = reported_depths.find(bug.id); reported != reported_depths.end()) {
    EXPECT_LE(depth_of(model.system, *report.counterexample), reported->second);
  }
}

TEST_P(SeededBug, HasACorrectTwinThatHolds) {
  const CheckOptions options = in_time(*GetParam().bug);
  const CheckReport report = check(GetParam().entry->make(GetParam().bug->scenario), options);
  if (options.max_states) {
    EXPECT_EQ(report.verdict, Verdict::incomplete);
  } else {
    EXPECT_EQ(report.verdict, Verdict::holds) << report.incomplete_because;
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, SeededBug, testing::ValuesIn(all_bugs()), Seeded::id);

TEST(Catalog, NamesAndIdsAreUniqueAndDocumented) {
  std::vector<std::string> names;
  for (const Seeded& seeded : all_bugs()) {
    names.push_back(seeded.bug->name);
    names.push_back(seeded.bug->id);
    EXPECT_FALSE(seeded.bug->what.empty()) << seeded.bug->name;
    EXPECT_TRUE(seeded.bug->scenario.bug.empty()) << seeded.bug->name;
  }
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

// What syncs its disks by itself does so before it sends, and holds where disks forget.
TEST(Catalog, WhatSyncsDoesSoBeforeItSends) {
  struct Forgetful {
    std::string system;
    std::uint32_t clients = 0;
    std::map<std::string, std::uint64_t, std::less<>> limits;
    OptionTexts options;
  };
  for (const Forgetful& one : std::vector<Forgetful>{
           {"raft", 0, {{"term", 2}}, {{"candidates", "2"}, {"propose", "1"}}},
           {"raft", 0, {{"term", 1}}, {{"candidates", "1"}, {"propose", "2"}, {"compact", "1"}}},
           {"raft", 1, {{"term", 1}}, {{"candidates", "1"}, {"read-index", "1"}, {"noop", "1"}}},
           {"multi-paxos", 0, {{"round", 1}}, {{"candidates", "2"}, {"propose", "1"}}},
           {"paxos", 1, {}, {}}}) {
    const Bounds bounds{
        .clients = one.clients, .crashes = 1, .restarts = 1, .unsynced = 1, .limits = one.limits};
    const CheckReport report =
        check(find_system(one.system)->make({.bounds = bounds, .options = one.options, .bug = ""}));
    EXPECT_TRUE(report.holds()) << report;
    EXPECT_TRUE(report.unsynced_sends.empty()) << report;
  }
}

TEST(Catalog, ANameThatASystemDoesNotHaveIsRefused) {
  for (const CatalogEntry& entry : catalog()) {
    EXPECT_THROW(entry.make({.bounds = entry.defaults.bounds, .options = {{"colour", "red"}}}),
                 UsageError);
    EXPECT_THROW(entry.make({.bounds = entry.defaults.bounds, .bug = "no-such-bug"}), UsageError);
    Configuration limited = entry.defaults;
    limited.bounds.limits["height"] = 2;
    EXPECT_THROW(entry.make(limited), UsageError);
    Configuration none = entry.defaults;
    none.bounds.nodes = 0;
    EXPECT_THROW(entry.make(none), UsageError);
  }
}

}  // namespace
}  // namespace gainsay
