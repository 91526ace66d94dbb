#include "explorer/hunt/hunt.hpp"

#include <gtest/gtest.h>

#include <set>

#include "explorer/confirm.hpp"
#include "protocols/catalog.hpp"
#include "tests/bugs.hpp"

namespace gainsay {
namespace {

HuntReport hunt_of(const Model& model, const std::string& strategy, std::uint64_t runs,
                   unsigned jobs = 1, std::uint64_t seed = 0) {
  return hunt(model, {.strategy = strategy, .seed = seed, .runs = runs, .jobs = jobs});
}

class EveryStrategy : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Hunt, EveryStrategy, ::testing::ValuesIn(strategy_names()),
                         [](const auto& test) { return test.param; });

TEST_P(EveryStrategy, FindsABugThatFewRunsHaveAndTheLiveWorldAgrees) {
  const Model model = model_with("raft", "vote-not-persisted");
  const HuntReport report = hunt_of(model, GetParam(), 20'000);
  ASSERT_EQ(report.findings.size(), 1U);
  const Counterexample& found = report.findings.front().counterexample;
  EXPECT_EQ(found.property, "election safety");
  EXPECT_GE(found.faults, 1U);
  confirm(model, found);
  EXPECT_EQ(report.stopped_by, "findings");
  EXPECT_EQ(report.runs, report.findings.front().run + 1);
}

TEST_P(EveryStrategy, FindsNothingInACorrectSystem) {
  const HuntReport report = hunt_of(model_with("raft"), GetParam(), 1000);
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.runs, 1000U);
  EXPECT_EQ(report.stopped_by, "runs");
  // On live worlds they are not looked up.
  EXPECT_EQ(report.local_states > 20, GetParam() != "weather");
}

// The same runs and the same findings, whoever makes them; other seeds are other runs.
TEST_P(EveryStrategy, ThreadsChangeNothing) {
  for (const char* system : {"paxos", "raft"}) {
    const Model model = model_with(system);
    const bool is_async = model.system.bounds.network == Network::async;
    if (GetParam() == "weather" && !is_async) continue;
    const HuntReport one = hunt_of(model, GetParam(), 1500, 1, 7);
    const HuntReport two = hunt_of(model, GetParam(), 1500, 2, 7);
    EXPECT_EQ(one.digest, two.digest);
    EXPECT_EQ(one.events, two.events);
    EXPECT_EQ(one.local_states, two.local_states);
    EXPECT_NE(one.digest, hunt_of(model, GetParam(), 1500, 1, 8).digest);
  }
}

TEST(Hunt, TablesThatBeginAnewChangeNoRun) {
  const Model model = model_with("paxos");
  const HuntReport whole = hunt_of(model, "portfolio", 2000);
  const HuntReport anew = hunt(model, {.runs = 2000, .jobs = 1, .memory_bytes = 0});
  EXPECT_EQ(whole.digest, anew.digest);
}

// Rounds are what shards take: each is the same whether others were run or not.
TEST(Hunt, ARoundNeedsNoOther) {
  const Model model = model_with("two-phase-commit");
  const auto hunted = [&](std::function<bool(std::uint64_t)> wanted) {
    return hunt(model, {.runs = 3 * runs_in_round + 100, .jobs = 1, .wanted = std::move(wanted)});
  };
  const HuntReport all = hunted({});
  const HuntReport even = hunted([](std::uint64_t round) { return round % 2 == 0; });
  const HuntReport odd = hunted([](std::uint64_t round) { return round % 2 != 0; });
  EXPECT_EQ(all.runs, even.runs + odd.runs);
  EXPECT_EQ(odd.runs, runs_in_round + 100);
  Hash128 sum = even.digest;
  sum += odd.digest;
  EXPECT_EQ(all.digest, sum);
}

TEST(Hunt, RoundsAreReportedInOrderWithWhatTheyMet) {
  std::vector<std::uint64_t> rounds;
  std::uint64_t runs = 0;
  std::vector<std::string> identities;
  std::set<std::uint64_t> met;
  HuntOptions options{.runs = 4 * runs_in_round, .jobs = 2, .findings_max = 100};
  options.done = [&](const RoundReport& round) {
    rounds.push_back(round.round);
    runs += round.runs;
    EXPECT_TRUE(std::ranges::is_sorted(round.local_states));
    met.insert(round.local_states.begin(), round.local_states.end());
    for (const HuntFinding& finding : round.findings) {
      EXPECT_EQ(finding.run / runs_in_round, round.round);
      identities.push_back(finding.identity);
    }
  };
  const HuntReport report = hunt(model_with("raft", "vote-not-persisted"), options);
  EXPECT_EQ(rounds, (std::vector<std::uint64_t>{0, 1, 2, 3}));
  EXPECT_EQ(runs, report.runs);
  EXPECT_EQ(met.size(), report.local_states);
  EXPECT_GE(identities.size(), 2U);
  // One bug is one finding, in whatever rounds it is met.
  ASSERT_EQ(report.findings.size(), 1U);
  for (const std::string& identity : identities) {
    EXPECT_EQ(identity, report.findings.front().identity);
  }
}

TEST(Hunt, NoRunIsDeeperThanAsked) {
  const HuntReport report = hunt(model_with("raft"), {.runs = 500, .jobs = 1, .max_depth = 5});
  EXPECT_EQ(report.longest, 5U + 4U);  // and the starts of three nodes and a client
}

TEST(Hunt, WhatIsNoPropertyOfRunsIsRefusedOrSaid) {
  const Model model = model_with("pbft", "vc-bandwagon-equality");
  std::vector<std::string> recoveries;
  for (const Property& property : model.properties) {
    if (property.kind == PropertyKind::recovers) recoveries.push_back(property.name);
  }
  ASSERT_FALSE(recoveries.empty());
  EXPECT_THROW(hunt(model, {.runs = 1, .properties = recoveries}), UsageError);
  EXPECT_EQ(hunt(model, {.runs = 1}).not_judged, recoveries);
}

TEST(Hunt, UnknownStrategiesAndPropertiesAreRefused) {
  EXPECT_THROW(hunt(model_with("raft"), {.strategy = "best", .runs = 1}), UsageError);
  EXPECT_THROW(hunt(model_with("raft"), {.runs = 1, .properties = {"peace"}}), UsageError);
}

}  // namespace
}  // namespace gainsay
