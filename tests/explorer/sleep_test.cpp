// Sleep sets. That nothing is lost by them is asked of all systems by the comparisons with the slow
// search; here, that something is saved, and that these comparisons would notice a mistake.
#include "explorer/sleep.hpp"

#include <gtest/gtest.h>

#include "explorer/check.hpp"
#include "protocols/catalog.hpp"
#include "tests/explorer/compare.hpp"
#include "tests/explorer/slow_search.hpp"
#include "tests/explorer/table_protocol.hpp"

namespace gainsay::testing {
namespace {

TEST(Sleep, HoldsEarlierProcessesThatWereSentNothing) {
  const Sleep sleep = Sleep::behind(3, Sleep::bit_of(1) | Sleep::bit_of(4));
  EXPECT_TRUE(sleep.holds(0));
  EXPECT_FALSE(sleep.holds(1));  // was sent something
  EXPECT_TRUE(sleep.holds(2));
  EXPECT_FALSE(sleep.holds(3));  // acted
  EXPECT_FALSE(sleep.holds(4));
  EXPECT_FALSE(sleep.holds(63));
  EXPECT_TRUE(sleep.is_woken_by(Sleep::bit_of(3)));
  EXPECT_FALSE(sleep.is_woken_by(Sleep::bit_of(2) | Sleep::bit_of(0)));
}

TEST(Sleep, NobodySleepsAtFirstNorBehindAProcessBeyondItsRoom) {
  for (const Sleep sleep : {Sleep(), Sleep::behind(0, 0), Sleep::behind(Sleep::processes_max, 0),
                            Sleep::behind(255, 0)}) {
    for (std::size_t process = 0; process < 64; ++process) EXPECT_FALSE(sleep.holds(process));
  }
  const std::size_t last = Sleep::processes_max - 1;
  EXPECT_TRUE(Sleep::behind(last, 0).holds(last - 1));
  EXPECT_TRUE(Sleep::behind(last, 0).is_woken_by(Sleep::bit_of(last)));
}

// Of independent processes each order but one is left out.
TEST(Sleep, MostSuccessorsNeedNotBeMade) {
  const CheckReport report = check(find_system("two-phase-commit")->make({.bounds = {.nodes = 5}}),
                                   {.reduce = Reductions{}, .jobs = 1});
  EXPECT_EQ(report.states, 8'832U);
  EXPECT_LT(report.probes, report.transitions / 2);
}

// Whether a search with `sabotage` says other than the slow one, of one of so many random systems.
bool differs(Sabotage sabotage, std::uint64_t systems) {
  for (std::uint64_t seed = 1; seed <= systems; ++seed) {
    TableShape shape{.seed = seed, .violating = false};
    shape.bounds.network = Network::fifo;
    shape.bounds.crashes = 1;
    shape.bounds.restarts = 1;
    const Model model = table_model(shape);
    SlowReport slow;
    try {
      slow = slow_check(model, 2'000);
    } catch (const std::length_error&) {
      continue;
    }
    if (slow.violated) continue;
    const CheckReport fast =
        check(model, {.reduce = Reductions{}, .jobs = 1, .sabotage = sabotage});
    const bool same = fast.states == slow.states && fast.transitions == slow.transitions &&
                      fast.depth == slow.depth;
    if (!same) return true;
  }
  return false;
}

TEST(Sleep, ThroughWhatAnEventDependsOnIsNoticed) {
  EXPECT_FALSE(differs(Sabotage::none, random_systems(60)));
  EXPECT_TRUE(differs(Sabotage::sleep_through_receiving, 60));
  EXPECT_TRUE(differs(Sabotage::sleep_through_sending, 60));
}

}  // namespace
}  // namespace gainsay::testing
