// Runs, workloads and budgets as RapidCheck generates and shrinks them.
#include "rapidcheck.hpp"

#include <gtest/gtest.h>

#include <map>

#include "explorer/check.hpp"
#include "protocols/catalog.hpp"
#include "protocols/kv_workload.hpp"
#include "tests/bugs.hpp"

namespace gainsay {
namespace {

// What RapidCheck does with a test that fails: the smallest value at which it still does.
template <class T, class F>
T smallest(rc::Shrinkable<T> shrinkable, F fails) {
  for (bool shrunk = true; shrunk;) {
    shrunk = false;
    auto shrinks = shrinkable.shrinks();
    while (auto next = shrinks.next()) {
      if (!fails(next->value())) continue;
      shrinkable = *next;
      shrunk = true;
      break;
    }
  }
  return shrinkable.value();
}

TEST(RapidCheckRun, CanBeAppliedFromItsBeginning) {
  const Model model = model_with("paxos", "quorum-half");
  EXPECT_TRUE(rc::check([&] {
    const RandomRun run = *gen::run(model, 30);
    RC_ASSERT(run.events.size() <= model.system.size() + 30);
    for (std::size_t i = 0; i < model.system.size(); ++i) {
      RC_ASSERT(run.events[i].kind == EventKind::start);
      RC_ASSERT(run.events[i].process.value == i);
    }
    const RandomRun again = run_of(model, run.events);
    RC_ASSERT(again.events == run.events);
    RC_ASSERT(again.violation.has_value() == run.violation.has_value());
  }));
}

TEST(RapidCheckRun, ShrinksToTheShortestThatACheckFinds) {
  const Model model = model_with("balancer", "wrr-burst");
  std::map<std::string, std::size_t> least;  // by property: of a check of it alone
  const auto generator = gen::run(model, 60);
  std::size_t broken = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto shrinkable = generator(rc::Random(seed), 100);
    if (!shrinkable.value().violation) continue;
    ++broken;
    const RandomRun run =
        smallest(shrinkable, [](const RandomRun& one) { return one.violation.has_value(); });
    const std::string& property = run.violation->property;
    if (!least.contains(property)) {
      least[property] = check(model, {.properties = {property}}).counterexample->events.size();
    }
    EXPECT_EQ(run.events.size(), least[property]) << describe(model, run);
  }
  EXPECT_GT(broken, 5U);
}

// A condition of the test's own, which no property of the model says.
TEST(RapidCheckRun, ShrinksUnderAnyCondition) {
  const CatalogEntry& entry = *find_system("two-phase-commit");
  const Model model = entry.make(entry.defaults);
  const auto is_long = [&](const RandomRun& run) {
    return run.events.size() >= model.system.size() + 3;
  };
  const auto shrinkable = gen::run(model, 60)(rc::Random(std::uint64_t{1}), 100);
  ASSERT_GT(shrinkable.value().events.size(), model.system.size() + 5);
  EXPECT_EQ(smallest(shrinkable, is_long).events.size(), model.system.size() + 3);
}

TEST(RapidCheckFaults, StayWithinTheBoundsAndShrinkToNone) {
  const Bounds most{
      .nodes = 3, .network = Network::unordered, .crashes = 2, .restarts = 1, .drops = 3};
  EXPECT_TRUE(rc::check([&] {
    const Bounds bounds = *gen::faults(most);
    RC_ASSERT(bounds.crashes <= 2U && bounds.drops <= 3U && bounds.duplicates == 0U);
    RC_ASSERT(bounds.restarts <= bounds.crashes);
    validate(bounds);
  }));
  const auto shrinkable = gen::faults(most)(rc::Random(std::uint64_t{3}), 100);
  const Bounds none = smallest(shrinkable, [](const Bounds&) { return true; });
  EXPECT_EQ(none.crashes + none.restarts + none.drops, 0U);
}

TEST(RapidCheckWorkload, HasClientsAndOperationsWithinTheBounds) {
  EXPECT_TRUE(rc::check([] {
    const Workload<int> workload = *gen::workload<int>(rc::gen::inRange(0, 9), 3, 2, 4);
    RC_ASSERT(!workload.clients.empty() && workload.clients.size() <= 2U);
    for (const auto& client : workload.clients) {
      RC_ASSERT(!client.empty() && client.size() <= 4U);
      for (const auto& item : client) RC_ASSERT(item.servers.front().value < 3);
    }
  }));
}

}  // namespace
}  // namespace gainsay
