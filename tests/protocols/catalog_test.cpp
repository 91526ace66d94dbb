// Every seeded bug is contradicted at its documented bounds, and its correct twin holds there.
#include "protocols/catalog.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "explorer/check.hpp"
#include "tests/bugs.hpp"

namespace gainsay {
namespace {

class SeededBug : public testing::TestWithParam<Seeded> {};

TEST_P(SeededBug, IsContradictedAtItsScenario) {
  const CheckReport report = check(GetParam().entry->make(variant(*GetParam().bug)));
  ASSERT_EQ(report.verdict, Verdict::violated) << report.incomplete_because;
  EXPECT_EQ(report.counterexample->property, GetParam().bug->breaks);
}

TEST_P(SeededBug, HasACorrectTwinThatHolds) {
  const CheckReport report = check(GetParam().entry->make(GetParam().bug->scenario));
  EXPECT_EQ(report.verdict, Verdict::holds) << report.incomplete_because;
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
