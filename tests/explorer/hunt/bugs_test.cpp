// Every seeded bug that runs can show is found by the portfolio within some thousand runs, and
// made as short as a check makes it.
#include "tests/bugs.hpp"

#include <gtest/gtest.h>

#include <array>

#include "explorer/check.hpp"
#include "explorer/hunt/hunt.hpp"
#include "explorer/minimize.hpp"

namespace gainsay {
namespace {

// Found, too, but by more runs than a test should make; bench/hunt_table has all.
bool is_rare(const Bug& bug) {
  constexpr std::array rare = {"P04", "P04b", "R12", "R46", "R49", "R55", "R58", "B17"};
  return std::ranges::find(rare, bug.id) != rare.end();
}

// Three checks of them take more than a second or two.
bool is_slow(const Bug& bug) {
  constexpr std::array slow = {"B02", "B03", "B05", "B07", "B14", "B15", "B18"};
  return std::ranges::find(slow, bug.id) != slow.end();
}

bool is_of_runs(const Seeded& seeded) {
  const Model model = seeded.entry->make(variant(*seeded.bug));
  return std::ranges::none_of(model.properties, [&](const Property& property) {
    return property.name == seeded.bug->breaks && property.kind == PropertyKind::recovers;
  });
}

std::vector<Seeded> hunted_bugs() {
  std::vector<Seeded> bugs = bugs_in_time();
  std::erase_if(bugs, [](const Seeded& one) { return is_rare(*one.bug) || !is_of_runs(one); });
  return bugs;
}

class HuntedBug : public ::testing::TestWithParam<Seeded> {};
INSTANTIATE_TEST_SUITE_P(Hunt, HuntedBug, ::testing::ValuesIn(hunted_bugs()), Seeded::id);

TEST_P(HuntedBug, IsFoundByThePortfolio) {
  const Model model = GetParam().entry->make(variant(*GetParam().bug));
  const HuntReport report = hunt(model, {.runs = 30'000, .jobs = 1, .minimize = false});
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings.front().counterexample.property, GetParam().bug->breaks);
}

// What a check finds has the fewest faults and then the fewest events.
TEST_P(HuntedBug, ComesOutAsShortAsACheckFindsIt) {
  if (is_large(*GetParam().bug) || is_slow(*GetParam().bug)) GTEST_SKIP() << "checks take seconds";
  const Model model = GetParam().entry->make(variant(*GetParam().bug));
  const HuntReport report = hunt(model, {.runs = 30'000, .jobs = 1, .minimize = false});
  ASSERT_EQ(report.findings.size(), 1U);
  const Counterexample& met = report.findings.front().counterexample;
  const CheckReport checked = check(model, {.jobs = 1, .properties = {met.property}});
  ASSERT_TRUE(checked.counterexample);
  const MinimizeReport shrunk = minimize(model, met, {.jobs = 1});
  EXPECT_EQ(shrunk.counterexample.property, met.property);
  EXPECT_EQ(shrunk.counterexample.faults, checked.counterexample->faults);
  EXPECT_EQ(shrunk.counterexample.events.size(), checked.counterexample->events.size());
  // Without the search no fault is left that could be left out.
  const MinimizeReport alone = minimize(model, met, {.max_states = 0, .jobs = 1});
  EXPECT_GE(alone.counterexample.faults, shrunk.counterexample.faults);
  EXPECT_LE(alone.counterexample.events.size(), met.events.size());
}

}  // namespace
}  // namespace gainsay
