#include "explorer/explain.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "engine/random.hpp"
#include "explorer/confirm.hpp"
#include "explorer/random_run.hpp"
#include "explorer/report.hpp"
#include "properties/evaluate.hpp"
#include "protocols/catalog.hpp"
#include "tests/bugs.hpp"
#include "tests/explorer/slow_search.hpp"
#include "tests/explorer/table_protocol.hpp"

namespace gainsay::testing {
namespace court {

// A judge that decides, or never stops counting as well.

struct Ruling {
  bool guilty;
};

struct Judge {
  using Message = std::variant<Ruling>;
  using Context = gainsay::Context<Judge>;
  enum class Timer : std::uint8_t { decide, count };
  struct Options {
    bool counts = false;
  };
  bool guilty = false;
  std::uint32_t counted = 0;

  void start(Context& ctx) {
    if (ctx.self().value == 0) ctx.set(Timer::decide);
    if (ctx.options().counts) ctx.set(Timer::count);
  }
  void on(Context&, NodeId, Ruling verdict) { guilty = verdict.guilty; }
  void on(Context& ctx, Timer timer) {
    if (timer == Timer::decide) {
      ctx.send(NodeId{1}, Ruling{.guilty = ctx.choose(2) == 1});
    } else {
      ++counted;
      ctx.set(Timer::count);
    }
  }
};

}  // namespace court

namespace {

using court::Judge;
using court::Ruling;

// --- the slow twin: all ways to go on, on copies of the live world ---

struct SlowWorld {
  std::vector<std::size_t> next;
  bool violates = false;  // a way to go on does at once
  bool reaches = false;   // one does in the end
};

// Does every fair way to go on without faults violate the property? None: there are too many
// worlds.
std::optional<bool> is_sealed(const Model& model, const std::vector<Event>& events,
                              const std::string& property) {
  constexpr std::size_t worlds_max = 300;
  std::map<Bytes, std::size_t> index;
  std::vector<SlowWorld> worlds;
  std::deque<LiveWorld> open;
  const auto number_of = [&](const LiveWorld& world) {
    const auto [at, is_new] = index.try_emplace(content_of(world), worlds.size());
    if (is_new) {
      worlds.emplace_back();
      open.emplace_back(world);
    }
    return at->second;
  };
  LiveWorld start(model.system);
  for (const Event& event : events) start.apply(event);
  number_of(start);
  for (std::size_t i = 0; !open.empty(); ++i) {
    if (worlds.size() > worlds_max) return std::nullopt;
    const LiveWorld before(open.front());
    open.pop_front();
    for (const Event& event : before.enabled()) {
      if (budget_of(model.system, event).cost() > 0) continue;
      LiveWorld after(before);
      const Outcome outcome = after.apply(event);
      const auto violation = find_violation(model, before, event, outcome, after, property);
      if (violation && violation->property == property) {
        worlds[i].violates = true;
      } else if (outcome.step.fault != StepResult::Fault::none) {
        return false;
      } else {
        const std::size_t number = number_of(after);
        worlds[i].next.push_back(number);
      }
    }
  }
  for (bool again = true; again;) {
    again = false;
    for (SlowWorld& world : worlds) {
      const bool reaches =
          world.violates ||
          std::ranges::any_of(world.next, [&](std::size_t other) { return worlds[other].reaches; });
      again = again || reaches != world.reaches;
      world.reaches = reaches;
    }
  }
  return std::ranges::all_of(worlds, &SlowWorld::reaches);
}

// None: not known.
std::optional<std::uint32_t> slow_step(const Model& model, const Counterexample& found) {
  const auto first = static_cast<std::uint32_t>(model.system.size() - 1);
  auto step = static_cast<std::uint32_t>(found.events.size() - 1);
  for (; step > first; --step) {
    const std::vector<Event> before(found.events.begin(), found.events.begin() + step);
    const auto sealed = is_sealed(model, before, found.property);
    if (!sealed) return std::nullopt;
    if (!*sealed) break;
  }
  return step;
}

Counterexample counterexample_of(const Model& model, const RandomRun& run) {
  Counterexample found{
      .property = run.violation->property, .message = run.violation->message, .events = run.events};
  for (const Property& property : model.properties) {
    if (property.name == found.property) found.kind = property.kind;
  }
  found.faults = faults_of(model.system, found.events);
  return found;
}

TEST(Explain, TheDecidingStepIsThatOfTheSlowTwin) {
  std::size_t compared = 0;
  std::size_t in_the_middle = 0;
  std::size_t of_faults = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    TableShape shape{.seed = seed};
    shape.bounds.network = static_cast<Network>(seed % 3);
    shape.bounds.crashes = seed % 2;
    shape.bounds.restarts = seed / 2 % 2;
    if (shape.bounds.network != Network::async) {
      shape.bounds.drops = seed / 4 % 2;
      shape.bounds.partitions = seed / 8 % 2;
    }
    shape.bounds.clients = seed / 16 % 2;
    const Model model = table_model(shape);
    RandomStream random(seed, Purpose::test);
    const RandomRun run = random_run(model, random, 20);
    if (!run.violation || run.events.size() <= model.system.size()) continue;
    const Counterexample found = counterexample_of(model, run);
    const auto slow = slow_step(model, found);
    if (!slow) continue;
    const auto explanation = explain(model, found);
    ASSERT_TRUE(explanation);
    EXPECT_EQ(explanation->how, "exact") << seed;
    EXPECT_EQ(explanation->step, *slow) << seed << "\n" << describe(model, run);
    EXPECT_EQ(explanation, explain(model, found)) << "it is a function of the run";
    ++compared;
    if (*slow + 1 < found.events.size()) ++in_the_middle;
    if (found.faults > 0) ++of_faults;
  }
  EXPECT_GT(compared, 60U);
  EXPECT_GT(in_the_middle, 10U);
  EXPECT_GT(of_faults, 10U);
}

// --- the judge ---

Model judge_model(bool counts) {
  return {
      .system = make_system<Judge>("judge", {.nodes = 2}, {.counts = counts}),
      .properties = {always<Judge>("innocent", [](const Judge& node) { return !node.guilty; })}};
}

Counterexample conviction(std::uint32_t counts_before) {
  Counterexample found{.property = "innocent", .message = "\"innocent\" does not hold"};
  found.events = {{.process = {0}}, {.process = {1}}};
  const Event count{.kind = EventKind::timer, .process = {1}, .timer = 1};
  found.events.insert(found.events.end(), counts_before, count);
  found.events.push_back({.kind = EventKind::timer, .process = {0}, .choices = {1}});
  found.events.push_back({.kind = EventKind::deliver,
                          .process = {1},
                          .from = {0},
                          .message = encoded(Judge::Message(Ruling{.guilty = true}))});
  return found;
}

TEST(Explain, TheChoiceDecidesAndNotItsMessage) {
  const Model model = judge_model(false);
  const auto explanation = explain(model, conviction(0));
  ASSERT_TRUE(explanation);
  EXPECT_EQ(explanation->how, "exact");
  EXPECT_EQ(explanation->step, 2U);
  EXPECT_EQ(tell(*explanation),
            "  step 2 decides it: behind it all ways to go on without faults violate\n"
            "    \"innocent\", before it not all do (of 100 random ones 51)\n"
            "    step 2: timer n1 decide choosing 1; heard in step 3\n"
            "    step 3: deliver n2 <- n1 Ruling{guilty=true}, sent in step 2; guilty: false\n"
            "      -> true\n"
            "  no step of another process races with it\n");
}

TEST(Explain, WithoutAnEndOfWorldsItIsSampled) {
  const Model model = judge_model(true);
  const auto explanation = explain(model, conviction(3));
  ASSERT_TRUE(explanation);
  EXPECT_EQ(explanation->how, "sampled");
  EXPECT_EQ(explanation->step, 5U);
  EXPECT_EQ(explanation->violating, explanation->ways);
  EXPECT_LT(explanation->violating_before, 80U);
  EXPECT_GT(explanation->violating_before, 20U);
  EXPECT_EQ(tell(*explanation),
            "  step 5 seems to decide it: behind it 100 of 100 random ways to go on without\n"
            "    faults violate \"innocent\", before it 50\n"
            "    step 5: timer n1 decide choosing 1; heard in step 6\n"
            "    step 6: deliver n2 <- n1 Ruling{guilty=true}, sent in step 5; guilty: false\n"
            "      -> true\n"
            "  it races with step 4, timer n2 count: neither knows of the other\n");
}

// --- in the trace ---

TEST(Explain, TheTraceKeepsItAndIsTheSameWithAnyNumberOfThreads) {
  const Model model = model_with("two-phase-commit", "abort-in-doubt");
  const CheckReport one = check(model, {.jobs = 1});
  const CheckReport four = check(model, {.jobs = 4});
  const std::string text = counterexample_text(model, *one.counterexample, {});
  EXPECT_EQ(text, counterexample_text(model, *four.counterexample, {}));
  const Trace trace = parse_trace(text, "trace");
  ASSERT_TRUE(trace.explanation);
  EXPECT_EQ(trace.explanation, explain(model, *one.counterexample));
  EXPECT_EQ(trace.explanation->step, one.counterexample->events.size() - 1);
  for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 1) {
    const std::string told = tell(*trace.explanation);
    end = told.find('\n', at);
    EXPECT_LE(std::min(end, told.size()) - at, 80U);
  }
}

TEST(Explain, RecoveryIsNotOfRuns) {
  const Model model = judge_model(false);
  Counterexample found = conviction(0);
  found.kind = PropertyKind::recovers;
  EXPECT_FALSE(explain(model, found));
}

}  // namespace
}  // namespace gainsay::testing
