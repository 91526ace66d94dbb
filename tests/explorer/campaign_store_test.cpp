// The campaign's store: each failure once, each run once, whatever is killed, resumed or merged.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "engine/trace.hpp"
#include "explorer/campaign/store.hpp"
#include "tests/any.hpp"
#include "tests/scratch.hpp"

namespace gainsay {
namespace {

using testing::Scratch;

// Where writing to disk takes no time: thousands of commits would wait for it.
std::filesystem::path memory() {
  const std::filesystem::path shared = "/dev/shm";
  return std::filesystem::is_directory(shared) ? shared : std::filesystem::temp_directory_path();
}

CampaignConfiguration configuration(const std::string& system, const std::string& seed = "1") {
  return {.system = system,
          .version = "1",
          .bug = "",
          .bounds = "nodes=3",
          .strategy = "portfolio",
          .seed = seed,
          .tool = "0.1.0",
          .round_runs = 256};
}

CampaignFailure failure(const std::string& identity, bool shortest = true,
                        std::uint32_t events = 9) {
  return {.identity = identity,
          .system = "raft",
          .property = "election safety",
          .trace = "trace of " + identity,
          .events = events,
          .faults = 1,
          .shortest = shortest};
}

CampaignRound round_with(std::uint64_t round, const std::vector<std::string>& identities) {
  CampaignRound one{.round = round, .local_states = {static_cast<std::int64_t>(round), 7}};
  for (std::size_t i = 0; i < identities.size(); ++i) {
    one.hits.push_back({.run = round * 256 + i, .identity = identities[i]});
    one.failures.push_back(failure(identities[i]));
  }
  return one;
}

TEST(CampaignStore, CountsRunsAndFailuresOnce) {
  const Scratch scratch("store");
  const auto raft = configuration("raft");
  {
    CampaignStore store(scratch.path());
    store.record(raft, {round_with(0, {"a", "b"}), round_with(1, {}), round_with(3, {"a"})});
    store.record(raft, {round_with(1, {}), round_with(3, {"a"})});  // once more
  }
  CampaignStore store(scratch.path(), true);
  using Range = CampaignStore::Range;
  EXPECT_EQ(store.rounds(raft), (std::vector{Range{0, 2}, Range{3, 4}}));
  EXPECT_TRUE(store.rounds(configuration("raft", "2")).empty());
  const auto configurations = store.configurations();
  ASSERT_EQ(configurations.size(), 1U);
  EXPECT_EQ(configurations[0].configuration, raft);
  EXPECT_EQ(configurations[0].rounds, 3U);
  EXPECT_EQ(configurations[0].hits, 3U);
  EXPECT_EQ(configurations[0].local_states, 4U);
  const auto failures = store.failures();
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[0].failure.identity, "a");
  EXPECT_EQ(failures[0].failure.trace, "trace of a");
  EXPECT_EQ(failures[0].count, 2U);
  EXPECT_EQ(failures[0].first_run, 0U);
  EXPECT_EQ(failures[0].first_seed, "1");
  EXPECT_GT(failures[0].first_seen, 1'700'000'000);
  EXPECT_EQ(failures[1].count, 1U);
}

TEST(CampaignStore, AFailureThatWasNotMadeShortestIsRelatedToThoseThatWere) {
  const Scratch scratch("related");
  CampaignStore store(scratch.path());
  CampaignRound round = round_with(0, {"a"});
  round.hits.push_back({.run = 5, .identity = "c"});
  round.failures.push_back(failure("c", false, 30));
  store.record(configuration("raft"), {round});
  const auto failures = store.failures();
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[1].failure.identity, "c");
  EXPECT_EQ(failures[1].related, std::vector<std::string>{"a"});
  EXPECT_TRUE(failures[0].related.empty());
}

TEST(CampaignStore, AStatusStaysAndTheLastChangeCounts) {
  const Scratch scratch("status");
  CampaignStore store(scratch.path());
  store.record(configuration("raft"), {round_with(0, {"abc", "abd"})});
  store.set_status("abc", FailureStatus::known, "ticket 7");
  store.set_status("abc", FailureStatus::fixed, "");
  EXPECT_EQ(store.failures()[0].status, FailureStatus::fixed);
  EXPECT_EQ(store.failures()[1].status, FailureStatus::open);
  EXPECT_THROW(store.set_status("ab", FailureStatus::known, ""), StoreError);
  EXPECT_THROW(store.set_status("x", FailureStatus::known, ""), StoreError);
  EXPECT_THROW(store.set_status("", FailureStatus::known, ""), StoreError);
}

TEST(CampaignStore, WhatWasFixedAndComesBackIsOpen) {
  const Scratch scratch("comes-back");
  CampaignStore store(scratch.path());
  store.record(configuration("raft"), {round_with(0, {"abc"})});
  store.set_status("abc", FailureStatus::fixed, "ticket 7");
  EXPECT_EQ(store.failures()[0].status, FailureStatus::fixed);
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));  // times are seconds
  store.record(configuration("raft"), {round_with(1, {"abc"})});
  EXPECT_EQ(store.failures()[0].status, FailureStatus::open);
  EXPECT_EQ(store.failures()[0].note, "was fixed, and came back: ticket 7");
  store.set_status("abc", FailureStatus::fixed, "");
  EXPECT_EQ(store.failures()[0].status, FailureStatus::fixed);
}

// Of a round that was cut short what it found is there until it is made.
TEST(CampaignStore, ARoundThatWasCutShortIsKeptUntilItIsMade) {
  const Scratch scratch("cut-short");
  const Scratch scratch_whole("whole");
  const auto raft = configuration("raft");
  CampaignStore store(scratch.path());
  CampaignRound cut = round_with(2, {"long form", "other"});
  cut.is_whole = false;
  cut.failures[0].shortest = false;
  for (int i = 0; i < 2; ++i) store.record(raft, {round_with(1, {"other"}), cut});
  EXPECT_EQ(store.rounds(raft), (std::vector{CampaignStore::Range{1, 2}}));
  ASSERT_EQ(store.failures().size(), 2U);
  EXPECT_EQ(store.failures()[1].failure.identity, "long form");
  EXPECT_EQ(store.failures()[0].count, 2U);

  CampaignStore whole(scratch_whole.path());
  for (CampaignStore* one : {&store, &whole}) one->record(raft, {round_with(1, {"other"})});
  for (CampaignStore* one : {&store, &whole}) one->record(raft, {round_with(2, {"short form"})});
  EXPECT_EQ(store.contents(), whole.contents());
  store.record(raft, {cut});
  EXPECT_EQ(store.contents(), whole.contents()) << "it has been made";
}

TEST(CampaignStore, ATraceThatWasDamagedIsWrittenAgain) {
  const Scratch scratch("damaged");
  CampaignStore store(scratch.path());
  store.record(configuration("raft"), {round_with(0, {"abc"})});
  store.write_traces();
  const std::filesystem::path path = store.trace_path(store.failures()[0].failure);
  std::ofstream(path, std::ios::trunc).close();
  store.write_traces();
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "trace of abc");
}

TEST(CampaignStore, WhatIsNoStoreIsRefused) {
  const Scratch scratch("nostore");
  EXPECT_THROW(CampaignStore(scratch.path() / "nowhere", true), StoreError);
  std::ofstream(scratch.path() / "campaign.sqlite") << "this is a text of more than a few bytes, "
                                                       "and no database";
  EXPECT_THROW(CampaignStore{scratch.path()}, StoreError);
}

TEST(CampaignStore, ADamagedStoreIsAnErrorAndNoCrash) {
  const Scratch scratch("damaged", memory());
  const auto raft = configuration("raft");
  {
    CampaignStore store(scratch.path() / "whole");
    for (std::uint64_t i = 0; i < 200; ++i) store.record(raft, {round_with(2 * i, {"a", "b"})});
  }
  std::ifstream file(scratch.path() / "whole/campaign.sqlite", std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  ASSERT_GT(whole.size(), 8192U);
  EXPECT_TRUE(rc::check([&] {
    std::string damaged = whole;
    const auto flips = any<std::size_t>(1, 40);
    for (std::size_t i = 0; i < flips; ++i) {
      damaged[any<std::size_t>(0, damaged.size())] = static_cast<char>(any<int>(0, 256));
    }
    if (any<int>(0, 3) == 0) damaged.resize(any<std::size_t>(1, damaged.size()));
    const auto at = scratch.path() / "damaged";
    std::filesystem::remove_all(at);
    std::filesystem::create_directories(at);
    std::ofstream(at / "campaign.sqlite", std::ios::binary) << damaged;
    try {
      CampaignStore store(at, true);
      (void)store.failures();
      (void)store.configurations();
      CampaignStore(scratch.path() / "into").merge(at);
    } catch (const StoreError&) {
    } catch (const FileError&) {
    }
  }));
}

// A store of any rounds, hits and statuses; what a run finds is a function of the run, as it is of
// real ones.
void fill(CampaignStore& store) {
  const std::vector<std::string> names = {"a", "b", "c"};
  const auto records = any<std::size_t>(1, 5);
  for (std::size_t i = 0; i < records; ++i) {
    std::vector<CampaignRound> rounds;
    const auto count = any<std::size_t>(1, 4);
    for (std::size_t j = 0; j < count; ++j) {
      const auto round = any<std::uint64_t>(0, 12);
      rounds.push_back(round_with(
          round, round % 3 == 0 ? std::vector{names[round % 2]} : std::vector<std::string>{}));
    }
    store.record(configuration(any<int>(0, 2) == 0 ? "raft" : "paxos"), rounds);
  }
  for (const FailureSummary& one : store.failures()) {
    if (any<int>(0, 2) == 0) {
      store.set_status(one.failure.identity, static_cast<FailureStatus>(any<int>(0, 4)), "");
    }
  }
}

void copy_store(const std::filesystem::path& from, const std::filesystem::path& to) {
  CampaignStore(to).merge(from);
}

TEST(CampaignStore, MergeIsAssociativeCommutativeAndIdempotent) {
  const Scratch scratch("merge", memory());
  EXPECT_TRUE(rc::check([&] {
    for (const auto& entry : std::filesystem::directory_iterator(scratch.path())) {
      std::filesystem::remove_all(entry.path());
    }
    const auto at = [&](const char* name) { return scratch.path() / name; };
    for (const char* name : {"a", "b", "c"}) {
      CampaignStore store(at(name));
      fill(store);
    }
    const auto merged = [&](const char* into, std::vector<const char*> from) {
      CampaignStore store(at(into));
      for (const char* one : from) store.merge(at(one));
      return store.contents();
    };
    const std::string abc = merged("abc", {"a", "b", "c"});
    RC_ASSERT(merged("cba", {"c", "b", "a"}) == abc);
    merged("bc", {"b", "c"});
    RC_ASSERT(merged("a_bc", {"a", "bc"}) == abc);
    RC_ASSERT(merged("abc", {"a", "abc", "b"}) == abc);
    copy_store(at("a"), at("copy"));
    RC_ASSERT(CampaignStore(at("copy")).contents() == CampaignStore(at("a")).contents());
  }));
}

// The merge of what shards recorded is what one store would have.
TEST(CampaignStore, MergedShardsAreTheWhole) {
  const Scratch scratch("shards", memory());
  const auto raft = configuration("raft");
  CampaignStore whole(scratch.path() / "whole");
  CampaignStore merged(scratch.path() / "merged");
  for (std::uint64_t shard = 0; shard < 8; ++shard) {
    const auto at = scratch.path() / std::to_string(shard);
    CampaignStore store(at);
    for (std::uint64_t round = shard; round < 64; round += 8) {
      store.record(raft, {round_with(round, {round % 5 == 0 ? "a" : "b"})});
    }
    merged.merge(at);
  }
  for (std::uint64_t round = 0; round < 64; ++round) {
    whole.record(raft, {round_with(round, {round % 5 == 0 ? "a" : "b"})});
  }
  EXPECT_EQ(merged.contents(), whole.contents());
}

// A process that records is killed at any moment, many times over, and goes on: at the end the
// store is that of a process that nobody killed.
TEST(CampaignStore, SurvivesKillsAtAnyMoment) {
  const Scratch scratch("kill");
  const auto raft = configuration("raft");
  constexpr std::uint64_t rounds = 400;
  const auto at = scratch.path() / "killed";
  CampaignStore whole(scratch.path() / "whole");
  for (std::uint64_t round = 0; round < rounds; ++round) {
    whole.record(raft, {round_with(round, {round % 5 == 0 ? "a" : "b"})});
  }
  std::size_t killed = 0;
  bool ended = false;
  for (unsigned delay = 1; !ended; delay = delay % 23 + 3) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      CampaignStore store(at);
      const auto made = store.rounds(raft);
      for (std::uint64_t round = made.empty() ? 0 : made.back().behind; round < rounds; ++round) {
        store.record(raft, {round_with(round, {round % 5 == 0 ? "a" : "b"})});
      }
      ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(delay));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    killed += ended ? 0 : 1;
    ASSERT_LT(killed, 2000U);
    if (std::filesystem::exists(at / "campaign.sqlite")) {
      CampaignStore store(at);
      const auto made = store.rounds(raft);
      ASSERT_LE(made.size(), 1U);
      std::uint64_t hits = 0;
      for (const FailureSummary& one : store.failures()) hits += one.count;
      ASSERT_EQ(hits, made.empty() ? 0 : made.back().behind);
    }
  }
  EXPECT_GT(killed, 2U);
  EXPECT_EQ(CampaignStore(at).contents(), whole.contents());
}

TEST(CampaignStore, TwoProcessesMayRecordTheSameRounds) {
  const Scratch scratch("two");
  const auto raft = configuration("raft");
  const auto record_all = [&] {
    CampaignStore store(scratch.path());
    for (std::uint64_t round = 0; round < 60; ++round)
      store.record(raft, {round_with(round, {"a"})});
  };
  { const CampaignStore make(scratch.path()); }
  std::thread other(record_all);
  record_all();
  other.join();
  CampaignStore store(scratch.path());
  EXPECT_EQ(store.rounds(raft), (std::vector{CampaignStore::Range{0, 60}}));
  EXPECT_EQ(store.failures()[0].count, 60U);
}

TEST(CampaignStore, RemembersTheCanary) {
  const Scratch scratch("canary");
  CampaignStore store(scratch.path());
  EXPECT_FALSE(store.canary());
  store.record_canary(3);
  EXPECT_TRUE(store.canary());
}

}  // namespace
}  // namespace gainsay
