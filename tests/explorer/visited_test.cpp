// The two kinds of visited set, and worlds on disk: the same counts, verdicts and traces.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "explorer/check.hpp"
#include "explorer/fingerprint_set.hpp"
#include "explorer/parallel.hpp"
#include "explorer/tables.hpp"
#include "protocols/catalog.hpp"

namespace gainsay {
namespace {

using Insertion = FingerprintSet::Insertion;

Hash128 content_of(std::uint64_t i) { return {.high = spread(i), .low = spread(~i)}; }

TEST(FingerprintSet, TellsSeventyEightBitsApart) {
  FingerprintSet set;
  ASSERT_TRUE(set.reserve(1'000));
  constexpr unsigned dropped = 128 - FingerprintSet::fingerprint_bits;
  EXPECT_EQ(set.insert({.high = 5, .low = 0}), Insertion::added);
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t one = std::uint64_t{1} << bit;
    const Insertion low = set.insert({.high = 5, .low = one});
    EXPECT_EQ(low, bit < dropped ? Insertion::present : Insertion::added) << bit;
    EXPECT_EQ(set.insert({.high = 5 ^ one, .low = 0}), Insertion::added) << bit;
  }
}

// Behind one growth and between two threads, nothing is lost and nothing is made up.
TEST(FingerprintSet, ConcurrentInsertionsAndGrowthKeepEachOnce) {
  constexpr std::size_t before = 6'700'000;
  constexpr std::size_t after = 8'300'000;
  FingerprintSet set;
  std::atomic<std::size_t> fresh{0};
  const auto insert = [&](std::size_t count) {
    parallel_chunks(2 * count, 10'000, 2, [&](unsigned, std::size_t begin, std::size_t end) {
      std::size_t added = 0;
      for (std::size_t i = begin; i < end; ++i) {
        added += set.insert(content_of(i % count)) == Insertion::added ? 1U : 0U;
      }
      fresh += added;
    });
  };
  ASSERT_TRUE(set.reserve(before));
  insert(before);
  EXPECT_EQ(fresh.load(), before);
  EXPECT_FALSE(set.reserve(after - before));
  set.grow(2);
  ASSERT_TRUE(set.reserve(after - before));
  insert(after);
  EXPECT_EQ(fresh.load(), after);
}

// The last entry of a bucket lies across the words of the others.
TEST(FingerprintSet, KeepsWhatABucketHoldsApart) {
  FingerprintSet set;
  ASSERT_TRUE(set.reserve(100));
  for (std::uint64_t low = 0; low < 40; ++low) {  // all of one bucket, and of those it goes on to
    const Hash128 content{.high = ~low, .low = ~(low << 50)};
    EXPECT_EQ(set.insert(content), Insertion::added) << low;
  }
  set.grow(1);
  for (std::uint64_t low = 0; low < 40; ++low) {
    const Hash128 content{.high = ~low, .low = ~(low << 50)};
    EXPECT_EQ(set.insert(content), Insertion::present) << low;
  }
}

// It grows before entries are so far from their buckets that one has no place.
TEST(FingerprintSet, HasRoomBeyondWhatItReserves) {
  FingerprintSet set;
  std::size_t reserved = 0;
  while (set.reserve(1'000)) reserved += 1'000;
  std::size_t inserted = 0;
  while (set.insert(content_of(inserted)) == Insertion::added) ++inserted;
  EXPECT_GT(inserted, reserved + reserved / 50);
  std::cout << inserted << " inserted, " << reserved << " reserved\n";
}

TEST(FingerprintSet, OmissionProbabilityIsTheUnionBound) {
  EXPECT_EQ(omission_probability(0), 0);
  EXPECT_EQ(omission_probability(1), 0);
  EXPECT_DOUBLE_EQ(omission_probability(2), std::ldexp(1, -78));
  EXPECT_DOUBLE_EQ(omission_probability(1'000'000'000), 1e9 * (1e9 - 1) / 2 * std::ldexp(1, -78));
  EXPECT_LT(omission_probability(1'000'000'000), 2e-6);
  EXPECT_EQ(omission_probability(~std::uint64_t{0}), 1);
}

struct Way {
  StoreKind store;
  std::optional<std::uint64_t> spill_from;
  unsigned jobs;
};
const std::vector<Way> ways = {{StoreKind::exact, {}, 1},       {StoreKind::exact, {}, 2},
                               {StoreKind::exact, 0, 1},        {StoreKind::exact, 0, 2},
                               {StoreKind::fingerprint, {}, 1}, {StoreKind::fingerprint, 0, 2}};

Model model_of(const std::string& system, const Bounds& bounds, const std::string& bug = "") {
  Configuration configuration{.bounds = bounds};
  configuration.bug = bug;
  return find_system(system)->make(configuration);
}

// Reduced and not, with faults, with histories.
TEST(Visited, EveryKindCountsTheSame) {
  const std::vector<Model> models = {
      model_of("two-phase-commit", {.nodes = 5}),
      model_of("paxos", {.nodes = 3, .clients = 2, .network = Network::unordered}),
      model_of("raft-core", {.nodes = 3, .limits = {{"term", 1}, {"log", 1}}})};
  for (const Model& model : models) {
    for (const auto& reduce :
         {std::optional<Reductions>(Reductions{}), std::optional<Reductions>()}) {
      std::optional<CheckReport> first;
      for (const Way& way : ways) {
        const CheckReport report = check(model, {.reduce = reduce,
                                                 .jobs = way.jobs,
                                                 .store = way.store,
                                                 .spill_from = way.spill_from,
                                                 .digest = true});
        EXPECT_EQ(report.disk_bytes > 0, way.spill_from.has_value());
        EXPECT_EQ(report.omission_probability > 0, way.store == StoreKind::fingerprint);
        if (!first) first = report;
        EXPECT_EQ(report.verdict, first->verdict);
        EXPECT_EQ(report.states, first->states);
        EXPECT_EQ(report.transitions, first->transitions);
        EXPECT_EQ(report.depth, first->depth);
        EXPECT_EQ(report.digest, first->digest);
      }
    }
  }
}

TEST(Visited, EveryKindTellsTheSameStory) {
  const Model model = model_of("paxos", {.nodes = 3, .clients = 2, .network = Network::unordered},
                               "ignore-accepted");
  std::optional<CheckReport> first;
  for (const Way& way : ways) {
    const CheckReport report = check(model, {.reduce = Reductions{},
                                             .jobs = way.jobs,
                                             .store = way.store,
                                             .spill_from = way.spill_from});
    ASSERT_EQ(report.verdict, Verdict::violated);
    if (!first) first = report;
    EXPECT_EQ(report.story, first->story);
    EXPECT_EQ(report.counterexample->events, first->counterexample->events);
  }
}

// Memory that not even an empty search fits in: incomplete, never a verdict.
TEST(Visited, IsIncompleteWhereNothingFits) {
  const Model model = model_of("two-phase-commit", {.nodes = 5});
  for (const StoreKind store : {StoreKind::exact, StoreKind::fingerprint}) {
    const CheckReport report =
        check(model, {.reduce = Reductions{}, .memory_bytes = 1, .store = store});
    EXPECT_EQ(report.verdict, Verdict::incomplete);
    EXPECT_EQ(report.incomplete_because, "--memory");
  }
}

// Memory that holds the visited set but not the worlds besides, and no disk to put them on. The
// directory cannot be made, as its parent is a file.
TEST(Visited, IsIncompleteWhereThereIsNoDisk) {
  const Model model = model_of("two-phase-commit", {.nodes = 7});
  CheckOptions options{.reduce = Reductions{}, .memory_bytes = 1};
  options.spill = "/dev/null/none";
  const CheckReport report = check(model, options);
  EXPECT_EQ(report.verdict, Verdict::incomplete);
  options.memory_bytes.reset();
  options.spill_from = 0;
  EXPECT_THROW(check(model, options), std::filesystem::filesystem_error);
}

}  // namespace
}  // namespace gainsay
