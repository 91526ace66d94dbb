#include "explorer/minimize.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "engine/node.hpp"
#include "engine/random.hpp"
#include "explorer/confirm.hpp"
#include "explorer/hunt/hunt.hpp"
#include "explorer/hunt/named_run.hpp"
#include "tests/bugs.hpp"

namespace gainsay {
namespace {

// The longest of several runs that break the system.
Counterexample long_run(const Model& model) {
  const HuntReport report = hunt(
      model,
      {.strategy = "uniform", .runs = 20'000, .jobs = 1, .findings_max = 5, .minimize = false});
  Counterexample longest;
  for (const HuntFinding& finding : report.findings) {
    if (finding.counterexample.events.size() > longest.events.size()) {
      longest = finding.counterexample;
    }
  }
  return longest;
}

TEST(Minimize, WithoutASearchNoSingleEventCanBeLeftOut) {
  const Model model = model_with("raft", "vote-not-persisted");
  const Counterexample run = long_run(model);
  ASSERT_FALSE(run.events.empty());
  const MinimizeReport report = minimize(model, run, {.max_states = 0});
  EXPECT_EQ(report.events_before, run.events.size());
  EXPECT_EQ(report.counterexample.property, run.property);
  EXPECT_EQ(report.counterexample.faults, 1U);
  EXPECT_FALSE(report.shortest);
  confirm(model, report.counterexample);
  NamedRun again(model, report.counterexample);
  for (std::uint32_t left_out = 3; left_out < again.size(); ++left_out) {
    NamedRun::Events rest;
    for (std::uint32_t i = 0; i < again.size(); ++i) {
      if (i != left_out) rest.push_back(i);
    }
    EXPECT_FALSE(again.try_events(rest)) << left_out;
  }
}

TEST(Minimize, NeverChangesWhatIsBroken) {
  // Both runs break several properties somewhere.
  for (const char* bug : {"commit-no-min", "quorum-off-by-one"}) {
    const Model model = model_with("raft", bug);
    const HuntReport report =
        hunt(model, {.runs = 200'000, .jobs = 1, .findings_max = 2, .minimize = false});
    for (const HuntFinding& finding : report.findings) {
      const auto shrunk = minimize(model, finding.counterexample, {.max_states = 100'000});
      EXPECT_EQ(shrunk.counterexample.property, finding.counterexample.property);
      EXPECT_LE(shrunk.counterexample.events.size(), finding.counterexample.events.size());
      EXPECT_LE(shrunk.counterexample.faults, finding.counterexample.faults);
    }
  }
}

TEST(Minimize, ARunThatBreaksNothingIsRefused) {
  const Model model = model_with("raft", "vote-not-persisted");
  Counterexample run = long_run(model);
  run.events.pop_back();
  EXPECT_THROW(minimize(model, run), UsageError);
  run.kind = PropertyKind::recovers;
  EXPECT_THROW(minimize(model, run), UsageError);
}

// The events by content: the numbers of those that are not of the run go by when they are met.
std::optional<std::vector<Event>> tried(NamedRun& run, const NamedRun::Events& events,
                                        Match match) {
  const auto taken = run.try_events(events, match);
  if (!taken) return std::nullopt;
  return run.counterexample(*taken).events;
}

TEST(Minimize, HistoriesAreJudgedAlikeEventByEventAndAsAWhole) {
  int violating = 0;
  for (const char* bug : {"local-read-no-check", "no-dedupe"}) {
    const Model model = model_with("raft", bug);
    const Counterexample found = long_run(model);
    ASSERT_EQ(found.kind, PropertyKind::linearizable) << found.property;
    NamedRun step_by_step(model, found);
    NamedRun whole(model, found, 0);
    RandomStream random(7, Purpose::test);
    NamedRun::Events kept(found.events.size());
    std::iota(kept.begin(), kept.end(), 0U);
    for (int i = 0; i < 300; ++i) {
      NamedRun::Events some = kept;
      const std::uint32_t first = random.below(static_cast<std::uint32_t>(some.size()));
      const std::uint32_t most = static_cast<std::uint32_t>(some.size()) - first;
      some.erase(some.begin() + first, some.begin() + first + random.below(std::min(most, 9U) + 1));
      const Match match = i % 2 == 0 ? Match::exact : Match::alike;
      const auto expected = tried(step_by_step, some, match);
      EXPECT_EQ(tried(whole, some, match), expected) << bug << " " << i;
      violating += expected ? 1 : 0;
      if (expected && i % 30 == 0) kept = some;
    }
  }
  EXPECT_GT(violating, 50);
}

TEST(Minimize, ASecondTimeChangesNothing) {
  const Model model = model_with("raft", "vote-not-persisted");
  const auto once = minimize(model, long_run(model), {.max_states = 0});
  const auto twice = minimize(model, once.counterexample, {.max_states = 0});
  EXPECT_EQ(twice.counterexample.events, once.counterexample.events);
}

// The first one counts and says how far it is; once armed, the others must not hear anything.
struct Counter {
  struct Say {
    std::uint32_t count = 0;
  };
  using Message = std::variant<Say>;
  using Context = gainsay::Context<Counter>;
  enum class Timer : std::uint8_t { count, arm };

  std::uint32_t count = 0;
  bool armed = false;
  bool wrong = false;

  void start(Context& ctx) { ctx.set(ctx.self() == NodeId{0} ? Timer::count : Timer::arm); }
  void on(Context& ctx, Timer timer) {
    ctx.set(timer);
    if (timer == Timer::arm) {
      armed = true;
    } else {
      ctx.send(NodeId{1}, Say{++count});
    }
  }
  void on(Context&, NodeId, Say say) {
    count = say.count;
    wrong = armed;
  }
};

Model counter_model() {
  return {make_system<Counter>("counter", {.nodes = 2, .network = Network::unordered}),
          {always<Counter>("never wrong", [](const Counter& one) { return !one.wrong; })}};
}

// Each message is heard, and no message is like the one before.
Counterexample long_count(std::uint32_t length) {
  Counterexample run{.property = "never wrong", .message = "\"never wrong\" does not hold"};
  run.events = {{.process = {0}}, {.process = {1}}};
  const Event count{.kind = EventKind::timer, .process = {0}, .timer = 0};
  for (std::uint32_t i = 1; i <= length; ++i) {
    if (i == length) run.events.push_back({.kind = EventKind::timer, .process = {1}, .timer = 1});
    run.events.push_back(count);
    run.events.push_back({.kind = EventKind::deliver,
                          .process = {1},
                          .from = {0},
                          .message = encoded(Counter::Message(Counter::Say{i}))});
  }
  return run;
}

TEST(Minimize, WhatIsLikeAnEventTakesItsPlace) {
  const Model model = counter_model();
  const Counterexample run = long_count(400);
  confirm(model, run);
  const MinimizeReport report = minimize(model, run, {.max_states = 0});
  EXPECT_EQ(report.events_before, 2U + 801U);
  EXPECT_EQ(report.counterexample.events.size(), 2U + 3U);
  EXPECT_LE(report.candidates, 200U);
}

TEST(Minimize, WhatWasReachedInTimeIsGivenBack) {
  const Model model = counter_model();
  const Counterexample run = long_count(400);
  const MinimizeReport at_once = minimize(model, run, {.seconds = 0, .max_states = 0});
  EXPECT_TRUE(at_once.cut);
  EXPECT_LE(at_once.counterexample.events.size(), run.events.size());
  confirm(model, at_once.counterexample);
}

}  // namespace
}  // namespace gainsay
