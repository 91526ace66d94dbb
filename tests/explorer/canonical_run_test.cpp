#include "explorer/canonical_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/random.hpp"
#include "explorer/confirm.hpp"
#include "explorer/hunt/hunt.hpp"
#include "explorer/minimize.hpp"
#include "explorer/report.hpp"
#include "tests/bugs.hpp"

namespace gainsay {
namespace {

Event renamed(const Model& model, Event event, const std::vector<NodeId>& names) {
  const Renaming renaming(names);
  if (event.kind == EventKind::deliver) event.from = names[event.from.value];
  event.process = names[event.process.value];
  if (!event.message.empty()) {
    event.message = rename_encoding(*model.system.message_type, event.message, renaming);
  }
  return event;
}

// Of raft's election nothing depends on who is who.
TEST(CanonicalRun, IsTheSameForAllNames) {
  const Model model = model_with("raft", "vote-not-persisted");
  const CheckReport report = check(model, {.jobs = 1, .properties = {"election safety"}});
  ASSERT_TRUE(report.counterexample);
  const Counterexample once = canonical_run(model, *report.counterexample);
  std::vector<NodeId> names = {{0}, {1}, {2}};
  std::size_t runs = 0;
  do {
    Counterexample other = *report.counterexample;
    for (std::size_t i = 3; i < other.events.size(); ++i) {
      other.events[i] = renamed(model, other.events[i], names);
    }
    confirm(model, other);
    EXPECT_EQ(canonical_run(model, other).events, once.events);
    ++runs;
  } while (std::ranges::next_permutation(names).found);
  EXPECT_EQ(runs, 6U);
}

// Every order of events that do not depend on each other: swapped at random, as long as it replays.
TEST(CanonicalRun, IsTheSameForAllOrders) {
  const Model model = model_with("raft", "stale-vote-reply");
  const CheckReport report = check(model, {.jobs = 1, .properties = {"election safety"}});
  ASSERT_TRUE(report.counterexample);
  const Counterexample once = canonical_run(model, *report.counterexample);
  Counterexample other = *report.counterexample;
  RandomStream random(7);
  std::size_t swaps = 0;
  for (int i = 0; i < 200; ++i) {
    const std::size_t at = 3 + random.below(static_cast<std::uint32_t>(other.events.size() - 5));
    Counterexample swapped = other;
    if (swapped.events[at].process == swapped.events[at + 1].process) continue;
    std::swap(swapped.events[at], swapped.events[at + 1]);
    try {
      confirm(model, swapped);
    } catch (const std::logic_error&) {
      continue;  // one needs the other
    }
    other = swapped;
    ++swaps;
    EXPECT_EQ(canonical_run(model, other).events, once.events);
  }
  EXPECT_GE(swaps, 10U);
}

TEST(CanonicalRun, OfItselfIsItself) {
  for (const char* bug : {"quorum-off-by-one", "commit-no-min"}) {
    const Model model = model_with("raft", bug);
    const CheckReport report = check(model, {.jobs = 1});
    ASSERT_TRUE(report.counterexample);
    const Counterexample once = canonical_run(model, *report.counterexample);
    confirm(model, once);
    EXPECT_EQ(once.events.size(), report.counterexample->events.size());
    EXPECT_EQ(canonical_run(model, once).events, once.events);
  }
}

// Without the last search, which knows only the shortest run of all.
std::set<std::string> identities(const Model& model, std::uint64_t seeds) {
  std::set<std::string> found;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const HuntReport report = hunt(model, {.strategy = "uniform",
                                           .seed = seed,
                                           .runs = 20'000,
                                           .jobs = 1,
                                           .properties = {"election safety"},
                                           .minimize = false});
    for (const HuntFinding& finding : report.findings) {
      const auto shrunk = minimize(model, finding.counterexample, {.max_states = 0});
      found.insert(identity_of(model, shrunk.counterexample));
    }
  }
  return found;
}

TEST(CanonicalRun, OneBugThatIsMetUnderManyNamesIsOneIdentity) {
  EXPECT_EQ(identities(model_with("raft", "vote-not-persisted"), 6).size(), 1U);
}

// Two ways to be wrong that have nothing to do with each other: to be told twice (told again is
// forgotten again), and to wait for too long.
struct Clumsy {
  struct Told {};
  using Message = std::variant<Told>;
  using Context = gainsay::Context<Clumsy>;
  enum class Timer : std::uint8_t { tell, wait };

  std::uint8_t told = 0;
  std::uint8_t waited = 0;
  bool wrong = false;

  void start(Context& ctx) {
    ctx.set(Timer::tell);
    ctx.set(Timer::wait);
  }
  void on(Context& ctx, Timer timer) {
    if (timer == Timer::tell) {
      ctx.broadcast(Told{});
      ctx.clear(Timer::wait);
    } else if (++waited == 3) {
      wrong = true;
    } else {
      ctx.set(Timer::wait);
    }
  }
  void on(Context& ctx, NodeId, Told) {
    ctx.clear(Timer::wait);
    if (++told == 2) wrong = true;
  }
};

TEST(CanonicalRun, TwoBugsBehindOnePropertyStayTwo) {
  const Model model = {
      make_system<Clumsy>("clumsy", {.nodes = 3, .network = Network::unordered}),
      {always<Clumsy>("never wrong", [](const Clumsy& one) { return !one.wrong; })}};
  std::set<std::string> found;
  std::set<std::size_t> lengths;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const HuntReport report =
        hunt(model, {.seed = seed, .runs = 100, .jobs = 1, .minimize = false});
    ASSERT_FALSE(report.findings.empty());
    const auto shrunk =
        minimize(model, report.findings.front().counterexample, {.max_states = 0}).counterexample;
    found.insert(identity_of(model, shrunk));
    lengths.insert(shrunk.events.size());
  }
  EXPECT_EQ(found.size(), 2U);
  EXPECT_EQ(lengths, (std::set<std::size_t>{3 + 3, 3 + 4}));
}

}  // namespace
}  // namespace gainsay
