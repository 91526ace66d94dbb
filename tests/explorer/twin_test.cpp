// The explorer against its slow twin, and the interned machine against the live world.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/random.hpp"
#include "explorer/check.hpp"
#include "explorer/machine.hpp"
#include "protocols/catalog.hpp"
#include "tests/bugs.hpp"
#include "tests/explorer/compare.hpp"
#include "tests/explorer/slow_search.hpp"
#include "tests/explorer/table_protocol.hpp"

namespace gainsay::testing {
namespace {

TableShape any_shape() {
  TableShape shape;
  shape.seed = *rc::gen::arbitrary<std::uint64_t>();
  shape.bounds.network = static_cast<Network>(*rc::gen::inRange(0, 3));
  shape.bounds.crashes = *rc::gen::inRange<std::uint32_t>(0, 3);
  shape.bounds.restarts = *rc::gen::inRange<std::uint32_t>(0, 2);
  shape.bounds.unsynced = *rc::gen::inRange<std::uint32_t>(0, shape.bounds.crashes + 1);
  if (shape.bounds.network != Network::async) {
    shape.bounds.drops = *rc::gen::inRange<std::uint32_t>(0, 2);
  }
  if (shape.bounds.network == Network::unordered) {
    shape.bounds.duplicates = *rc::gen::inRange<std::uint32_t>(0, 2);
  }
  if (shape.bounds.network != Network::async && *rc::gen::arbitrary<bool>()) {
    shape.bounds.partitions = *rc::gen::inRange<std::uint32_t>(1, 3);
    shape.bounds.partition_shapes.one_way = *rc::gen::arbitrary<bool>();
    shape.bounds.partition_shapes.bridged = *rc::gen::arbitrary<bool>();
    shape.bounds.across = *rc::gen::element(Across::lost, Across::held);
  }
  if (*rc::gen::arbitrary<bool>()) {
    shape.bounds.clients = *rc::gen::inRange<std::uint32_t>(1, 3);
    shape.bounds.operations = *rc::gen::inRange<std::uint32_t>(1, 3);
  }
  if (*rc::gen::inRange(0, 3) == 0) {
    shape.bounds.timeouts = *rc::gen::inRange<std::uint32_t>(0, 4);
  }
  return shape;
}

bool is_too_large(const Model& model, SlowReport& slow) {
  try {
    slow = slow_check(model, 4'000);
    return false;
  } catch (const std::length_error&) {
    return true;
  }
}

bool has_planted_failure(const CheckReport& report) {
  return report.counterexample && report.counterexample->property == "expect";
}

TEST(Twin, RandomTablesHaveTheSameStatesTransitionsAndDepth) {
  std::uint64_t compared = 0;
  EXPECT_TRUE(rc::check([&] {
    TableShape shape = any_shape();
    shape.violating = false;
    const Model model = table_model(shape);
    SlowReport slow;
    if (is_too_large(model, slow)) return;
    for (const unsigned jobs : {1U, 2U}) {
      const CheckReport fast = check(model, {.reduce = Reductions{}, .jobs = jobs});
      if (has_planted_failure(fast)) {
        RC_ASSERT(slow.violated);
        return;
      }
      RC_ASSERT(fast.verdict == Verdict::holds);
      RC_ASSERT(fast.states == slow.states);
      RC_ASSERT(fast.transitions == slow.transitions);
      RC_ASSERT(fast.depth == slow.depth);
      RC_ASSERT(fast.local_state_vectors == slow.vectors.size());
    }
    ++compared;
  }));
  EXPECT_GT(compared, 20U);  // by chance about 60 of 100
}

TEST(Twin, RandomTablesHaveTheSameVerdictAndTheLeastCounterexample) {
  EXPECT_TRUE(rc::check([] {
    const Model model = table_model(any_shape());
    SlowReport slow;
    if (is_too_large(model, slow)) return;
    const CheckReport one = check(model, {.reduce = Reductions{}, .jobs = 1});
    const CheckReport two = check(model, {.reduce = Reductions{}, .jobs = 2});
    RC_ASSERT((one.verdict == Verdict::violated) == slow.violated);
    RC_ASSERT(one.states == two.states && one.transitions == two.transitions);
    // Where vectors are not counted, properties are asked of views and not of local states.
    const CheckReport views =
        check(model, {.reduce = Reductions{}, .jobs = 1, .count_vectors = false});
    RC_ASSERT(views.states == one.states && views.verdict == one.verdict);
    RC_ASSERT(views.local_state_vectors == 0U);
    RC_ASSERT(views.counterexample.has_value() == one.counterexample.has_value());
    if (one.counterexample) RC_ASSERT(views.counterexample->events == one.counterexample->events);
    RC_ASSERT(one.counterexample.has_value() == two.counterexample.has_value());
    if (!one.counterexample) return;
    RC_ASSERT(one.counterexample->events == two.counterexample->events);
    RC_ASSERT(one.counterexample->property == two.counterexample->property);
    RC_ASSERT(one.counterexample->faults == slow.faults);
    // The starts are not worlds; the violating step leads to the last one.
    RC_ASSERT(one.counterexample->events.size() - model.system.size() + 1 == slow.violation_depth);
  }));
}

// Follows random schedules on both executors and compares the content hash after every event.
void compare_executors(const Model& model, std::uint32_t schedules, std::uint32_t steps_max) {
  const System& system = model.system;
  Machine machine(system);
  RandomStream random(1);
  for (std::uint32_t schedule = 0; schedule < schedules; ++schedule) {
    std::vector<Id> world = machine.unstarted();
    LiveWorld live(system);
    for (std::uint32_t step = 0; step < steps_max; ++step) {
      struct Choice {
        std::size_t process;
        const Expansion* expansion;
        const Transition* transition;
      };
      std::vector<Choice> choices;
      for (std::size_t process = 0; process < machine.actors(); ++process) {
        // The initial starts come first, in id order.
        if (step < system.size() && process != step) continue;
        const Expansion& expansion = machine.expand(world.data(), process);
        for (const Transition& transition : expansion.transitions) {
          if (machine.affordable(world.data(), transition)) {
            choices.push_back({process, &expansion, &transition});
          }
        }
      }
      if (choices.empty()) break;
      const auto [process, expansion, transition] =
          choices[random.below(static_cast<std::uint32_t>(choices.size()))];
      const Event event = machine.event_of(node_id(process), *transition);
      const Outcome outcome = live.apply(event);
      ASSERT_EQ(outcome.status, Outcome::Status::applied)
          << describe(system, event) << ": " << outcome.reason;
      ASSERT_EQ(outcome.step.fault != StepResult::Fault::none, transition->fault != 0);
      if (transition->fault != 0) break;
      machine.apply(world.data(), process, *expansion, *transition);
      ASSERT_EQ(to_hex(machine.hash(world.data())), to_hex(live.hash())) << describe(system, event);
    }
  }
}

TEST(Twin, ExecutorsAgreeOnRandomTables) {
  EXPECT_TRUE(rc::check([] {
    compare_executors(table_model(any_shape()), 20, 30);
    RC_ASSERT(!::testing::Test::HasFailure());
  }));
}

class TwinOfSystem : public ::testing::TestWithParam<std::size_t> {};

TEST_P(TwinOfSystem, ExecutorsAgreeOnTenThousandSchedules) {
  const CatalogEntry& entry = catalog()[GetParam()];
  compare_executors(entry.make(entry.defaults), 10'000, 30);
}

INSTANTIATE_TEST_SUITE_P(Catalog, TwinOfSystem, ::testing::Range(std::size_t{0}, catalog().size()));

class TwinOfBug : public ::testing::TestWithParam<Seeded> {};

TEST_P(TwinOfBug, ExecutorsAgree) {
  compare_executors(GetParam().entry->make(variant(*GetParam().bug)), 200, 40);
}

INSTANTIATE_TEST_SUITE_P(Catalog, TwinOfBug, ::testing::ValuesIn(all_bugs()), Seeded::id);

TEST(Twin, ExecutorsAgreeOnEveryNetwork) {
  for (const CatalogEntry& entry : catalog()) {
    for (const Network network : {Network::async, Network::unordered, Network::fifo}) {
      Configuration configuration = entry.defaults;
      configuration.bounds.network = network;
      configuration.bounds.crashes = 1;
      configuration.bounds.restarts = 1;
      SCOPED_TRACE(entry.name);
      if (has_adversary(entry)) {
        if (network != Network::async) continue;
        configuration.bounds.crashes = configuration.bounds.restarts = 0;
      }
      compare_executors(entry.make(configuration), 200, 40);
      if (network == Network::async) continue;
      configuration.bounds.partitions = 2;
      configuration.bounds.partition_shapes = {.one_way = true, .bridged = true};
      for (const Across across : {Across::lost, Across::held}) {
        configuration.bounds.across = across;
        compare_executors(entry.make(configuration), 200, 40);
      }
    }
  }
}

}  // namespace
}  // namespace gainsay::testing
