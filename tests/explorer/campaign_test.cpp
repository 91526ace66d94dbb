// A campaign is the same whoever makes its runs: on one thread or two, in one go or killed and
// resumed, on one machine or shared among several.
#include "explorer/campaign/campaign.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <thread>

#include "protocols/catalog.hpp"
#include "tests/sanitized.hpp"
#include "tests/scratch.hpp"

namespace gainsay {
namespace {

using testing::Scratch;

Model model_of_bug(const std::string& system, const std::string& bug) {
  const CatalogEntry& entry = *find_system(system);
  for (const Bug& one : entry.bugs) {
    if (one.name == bug) return entry.make(variant(one));
  }
  throw std::logic_error("no bug " + bug);
}
Model correct(const std::string& system) {
  const CatalogEntry& entry = *find_system(system);
  return entry.make(entry.defaults);
}

std::uint64_t runs() { return (is_sanitized() ? 8 : 32) * runs_in_round; }

HuntOptions options(unsigned jobs = 1) {
  return {.seed = 5, .runs = runs(), .jobs = jobs, .findings_max = ~std::uint64_t{0}};
}

TEST(Campaign, TheSameOnOneThreadAndTwo) {
  const Scratch scratch("campaign-threads");
  const Model model = model_of_bug("paxos", "quorum-half");
  std::map<unsigned, std::string> contents;
  for (const unsigned jobs : {1U, 2U}) {
    const auto at = scratch.path() / std::to_string(jobs);
    hunt_in_campaign(model, options(jobs), {.directory = at});
    contents[jobs] = CampaignStore(at).contents();
  }
  EXPECT_EQ(contents[1], contents[2]);
  EXPECT_NE(contents[1].find("agreement"), std::string::npos);
}

TEST(Campaign, EightShardsMergedAreTheWhole) {
  const Scratch scratch("campaign-shards");
  const Model model = model_of_bug("raft", "no-dedupe");
  hunt_in_campaign(model, options(), {.directory = scratch.path() / "whole"});
  CampaignStore merged(scratch.path() / "merged");
  for (std::uint64_t i = 0; i < 8; ++i) {
    const auto at = scratch.path() / std::to_string(i);
    hunt_in_campaign(model, options(), {.directory = at, .shard = {.index = i, .count = 8}});
    merged.merge(at);
  }
  EXPECT_EQ(merged.contents(), CampaignStore(scratch.path() / "whole").contents());
}

TEST(Campaign, KilledAndResumedItEndsAsIfNobodyHadKilledIt) {
  const Scratch scratch("campaign-kill");
  const Model model = model_of_bug("paxos", "quorum-half");
  hunt_in_campaign(model, options(), {.directory = scratch.path() / "whole"});
  const auto at = scratch.path() / "killed";
  const auto go_on = [&] { hunt_in_campaign(model, options(), {.directory = at}); };
  for (unsigned kill = 0; kill < 20; ++kill) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      go_on();
      ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + 37 * kill % 90));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  go_on();
  EXPECT_EQ(CampaignStore(at).contents(), CampaignStore(scratch.path() / "whole").contents());
}

TEST(Campaign, WhatTheStoreHasIsNotMadeAgain) {
  const Scratch scratch("campaign-again");
  const Model model = correct("two-phase-commit");
  const auto first = hunt_in_campaign(model, options(), {.directory = scratch.path()});
  EXPECT_EQ(first.rounds * runs_in_round, runs());
  EXPECT_EQ(first.rounds_before, 0U);
  HuntOptions more = options();
  more.runs = runs() + 1;  // a whole round more
  const auto second = hunt_in_campaign(model, more, {.directory = scratch.path()});
  EXPECT_EQ(second.rounds_before, first.rounds);
  EXPECT_EQ(second.rounds, 1U);
  more.seed = 6;
  EXPECT_EQ(hunt_in_campaign(model, more, {.directory = scratch.path()}).rounds_before, 0U);
}

TEST(Campaign, OneBugIsOneFailureAndTwoAreTwo) {
  const Scratch scratch("campaign-one");
  const Model model = model_of_bug("paxos", "quorum-half");
  hunt_in_campaign(model, options(), {.directory = scratch.path()});
  CampaignStore store(scratch.path());
  std::size_t shortest = 0;
  std::uint64_t hits = 0;
  for (const FailureSummary& one : store.failures()) {
    shortest += one.failure.shortest ? 1 : 0;
    hits += one.count;
    EXPECT_TRUE(one.failure.shortest || !one.related.empty());
  }
  EXPECT_EQ(shortest, 1U);
  EXPECT_GT(hits, 10U);
}

// What a signal cuts short is made again, and not counted as if it had been made; but what it found
// is there.
TEST(Campaign, AnInterruptedRoundIsMadeAgainAndItsFindingsKept) {
  const Scratch scratch("campaign-signal");
  const Scratch scratch_whole("campaign-no-signal");
  const Model model = model_of_bug("paxos", "quorum-half");
  std::atomic<bool> interrupted = false;
  HuntOptions all = options();
  all.runs = 5 * runs_in_round;
  HuntOptions stopped = all;
  stopped.interrupted = &interrupted;
  stopped.done = [&](const RoundReport& round) { interrupted = round.round >= 2; };
  const auto report = hunt_in_campaign(model, stopped, {.directory = scratch.path()});
  EXPECT_EQ(report.hunt.stopped_by, "interrupted");
  EXPECT_EQ(report.rounds, 3U);
  EXPECT_GT(report.open_failures, 0U);
  {
    CampaignStore store(scratch.path());
    std::uint64_t hits = 0;
    for (const FailureSummary& one : store.failures()) hits += one.count;
    std::uint64_t told = 0;
    for (const HuntFinding& one : report.hunt.findings) told += one.hits;
    EXPECT_EQ(hits, told) << "all that was told is there";
  }
  hunt_in_campaign(model, all, {.directory = scratch.path()});
  hunt_in_campaign(model, all, {.directory = scratch_whole.path()});
  EXPECT_EQ(CampaignStore(scratch.path()).contents(),
            CampaignStore(scratch_whole.path()).contents());
}

// The store cannot be written any more: what was found is told all the same.
TEST(Campaign, WhatCannotBeRecordedIsTold) {
  const Scratch scratch("campaign-broken");
  HuntOptions hunted = options();
  hunted.runs = 2 * runs_in_round;
  hunted.done = [&](const RoundReport&) {
    // Whatever is in it now, it is no store.
    SQLite::Database(scratch.path() / "campaign.sqlite", SQLite::OPEN_READWRITE)
        .exec("DROP TABLE IF EXISTS hits");
  };
  const auto report =
      hunt_in_campaign(model_of_bug("paxos", "quorum-half"), hunted, {.directory = scratch.path()});
  EXPECT_FALSE(report.hunt.findings.empty());
  EXPECT_NE(report.hunt.cannot_write.find("hits"), std::string::npos) << report.hunt.cannot_write;
}

TEST(Campaign, ACanaryThatIsNotFoundEndsIt) {
  const Scratch scratch("campaign-canary");
  const CampaignOptions campaign{.directory = scratch.path()};
  EXPECT_NO_THROW(
      prove_with_canary(model_of_bug("two-phase-commit", "abort-in-doubt"), options(), campaign));
  EXPECT_TRUE(CampaignStore(scratch.path()).canary());
  EXPECT_THROW(prove_with_canary(correct("two-phase-commit"), options(), campaign),
               std::runtime_error);
}

TEST(Shards, ArePartsOfAWhole) {
  EXPECT_EQ(parse_shard("3/8").index, 2U);
  EXPECT_EQ(parse_shard("8/8").count, 8U);
  for (const char* wrong : {"", "3", "0/8", "9/8", "3/0", "-1/8", "a/b", "3/8/9", "3/8x"}) {
    EXPECT_THROW(parse_shard(wrong), UsageError) << wrong;
  }
  for (std::uint64_t round = 0; round < 200; ++round) {
    std::size_t owners = 0;
    for (std::uint64_t i = 0; i < 7; ++i) owners += contains({.index = i, .count = 7}, round);
    EXPECT_EQ(owners, 1U) << round;
  }
}

TEST(Shards, AreReadFromWhatServicesSay) {
  std::map<std::string, std::string> variables;
  const Environment environment = [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
  EXPECT_FALSE(shard_of_environment(environment));
  const auto index_with = [&](std::map<std::string, std::string> said) {
    variables = std::move(said);
    const auto shard = shard_of_environment(environment);
    return shard && shard->count == 4 ? static_cast<int>(shard->index) : -1;
  };
  EXPECT_EQ(index_with({{"GAINSAY_SHARD", "2/4"}, {"CI_NODE_INDEX", "4"}, {"CI_NODE_TOTAL", "4"}}),
            1);
  EXPECT_EQ(index_with({{"CI_NODE_INDEX", "4"}, {"CI_NODE_TOTAL", "4"}}), 3);
  EXPECT_EQ(index_with({{"BUILDKITE_PARALLEL_JOB", "0"}, {"BUILDKITE_PARALLEL_JOB_COUNT", "4"}}),
            0);
  EXPECT_EQ(index_with({{"CIRCLE_NODE_INDEX", "3"}, {"CIRCLE_NODE_TOTAL", "4"}}), 3);
  EXPECT_EQ(index_with({{"JOB_COMPLETION_INDEX", "1"}, {"JOB_COMPLETIONS", "4"}}), 1);
  EXPECT_EQ(index_with({{"SLURM_ARRAY_TASK_ID", "12"},
                        {"SLURM_ARRAY_TASK_COUNT", "4"},
                        {"SLURM_ARRAY_TASK_MIN", "10"}}),
            2);
  variables = {{"CI_NODE_INDEX", "5"}, {"CI_NODE_TOTAL", "4"}};
  EXPECT_THROW((void)shard_of_environment(environment), UsageError);
}

}  // namespace
}  // namespace gainsay
