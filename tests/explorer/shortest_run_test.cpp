// The search by distances against the exhaustive one, which knows nothing of them.
#include "explorer/shortest_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/random.hpp"
#include "explorer/confirm.hpp"
#include "explorer/local_distance.hpp"
#include "tests/bugs.hpp"
#include "tests/explorer/table_protocol.hpp"

namespace gainsay::testing {
namespace {

constexpr Reductions none{};

// Compares lengths and faults, where both end; whether they did.
bool agrees(const Model& model, const std::string& property, std::uint64_t states_max) {
  const CheckReport slow =
      check(model, {.reduce = none, .jobs = 1, .max_states = states_max, .properties = {property}});
  if (!slow.counterexample || !slow.shortest) return false;
  const Counterexample& least = *slow.counterexample;
  const ShortestRunReport fast =
      shortest_run(model, least, {.max_states = states_max, .events = 5'000});
  EXPECT_NE(fast.because, "nothing as good was met") << model.system.name;
  if (!fast.run) return false;
  confirm(model, *fast.run);
  EXPECT_EQ(fast.run->property, least.property) << model.system.name;
  EXPECT_EQ(fast.run->faults, least.faults) << model.system.name;
  EXPECT_EQ(fast.run->events.size(), least.events.size()) << model.system.name;
  EXPECT_LE(fast.states, slow.states) << model.system.name;
  return true;
}

Bounds random_bounds(RandomStream& random) {
  Bounds bounds;
  bounds.nodes = 3;
  bounds.clients = random.below(2);
  bounds.network = static_cast<Network>(random.below(3));
  bounds.crashes = random.below(2);
  bounds.restarts = bounds.crashes;
  if (bounds.network != Network::async) {
    bounds.drops = random.below(2);
    bounds.timeouts = 3;
    bounds.partitions = random.below(4) == 0 ? 1 : 0;
  }
  if (bounds.network == Network::unordered) bounds.duplicates = random.below(2);
  return bounds;
}

TEST(ShortestRun, IsAsShortAsTheExhaustiveSearchSaysOnRandomSystems) {
  std::size_t compared = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    RandomStream random(seed);
    const Model model = table_model({.seed = seed, .bounds = random_bounds(random)});
    for (const Property& property : model.properties) {
      const bool is_of_runs =
          property.kind == PropertyKind::always || property.kind == PropertyKind::always_step;
      if (is_of_runs && agrees(model, property.name, 3'000)) ++compared;
    }
  }
  EXPECT_GE(compared, 10U);
}

class ShortestRunOfBug : public ::testing::TestWithParam<Seeded> {};

TEST_P(ShortestRunOfBug, IsAsShortAsTheCheckSays) {
  const Bug& bug = *GetParam().bug;
  const Model model = GetParam().entry->make(variant(bug));
  const auto property = std::ranges::find(model.properties, bug.breaks, &Property::name);
  ASSERT_NE(property, model.properties.end());
  const std::string obstacle =
      LocalDistance::obstacle(model.system, {.property = &*property, .is_fault = nullptr});
  if (property->kind == PropertyKind::recovers || !obstacle.empty()) GTEST_SKIP() << obstacle;
  const CheckReport slow =
      check(model, {.jobs = 1, .max_states = 4'000, .properties = {bug.breaks}});
  if (!slow.counterexample || !slow.shortest) GTEST_SKIP() << "the check does not end soon";
  const Counterexample& least = *slow.counterexample;
  if (least.property != bug.breaks) GTEST_SKIP() << "something else is broken first";
  const ShortestRunReport fast = shortest_run(model, least, {.max_states = 30'000});
  if (!fast.run) GTEST_SKIP() << fast.because;
  confirm(model, *fast.run);
  EXPECT_EQ(fast.run->faults, least.faults);
  EXPECT_EQ(fast.run->events.size(), least.events.size());
}

INSTANTIATE_TEST_SUITE_P(Bugs, ShortestRunOfBug, ::testing::ValuesIn(bugs_in_time()), Seeded::id);

TEST(ShortestRun, DoesNotDependOnTheRunThatIsKnown) {
  const CatalogEntry& raft = *find_system("raft");
  const auto bug = std::ranges::find(raft.bugs, std::string("vote-not-persisted"), &Bug::name);
  const Model model = raft.make(variant(*bug));
  const CheckReport slow = check(model, {.jobs = 1, .properties = {bug->breaks}});
  ASSERT_TRUE(slow.counterexample);
  const ShortestRunReport one = shortest_run(model, *slow.counterexample);
  ASSERT_TRUE(one.run);
  const ShortestRunReport two = shortest_run(model, *one.run);
  ASSERT_TRUE(two.run);
  EXPECT_EQ(one.run->events, two.run->events);
}

TEST(ShortestRun, SaysWhyItDidNotEnd) {
  const CatalogEntry& raft = *find_system("raft");
  const auto bug = std::ranges::find(raft.bugs, std::string("vote-not-persisted"), &Bug::name);
  const Model model = raft.make(variant(*bug));
  const CheckReport slow = check(model, {.jobs = 1, .properties = {bug->breaks}});
  ASSERT_TRUE(slow.counterexample);
  const Counterexample& known = *slow.counterexample;
  EXPECT_EQ(shortest_run(model, known, {.max_states = 3}).because, "there are too many worlds");
  EXPECT_EQ(shortest_run(model, known, {.must_stop = [] { return true; }}).run, std::nullopt);
}

}  // namespace
}  // namespace gainsay::testing
