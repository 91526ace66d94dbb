// The nearest violation, beside a search over live worlds that is as plain as can be.
#include "explorer/nearest.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "explorer/check.hpp"
#include "explorer/explore.hpp"
#include "protocols/catalog.hpp"
#include "tests/traces.hpp"

namespace gainsay {
namespace {

// How many steps it is to what violates something anew; none within so many worlds.
std::optional<std::size_t> plain_distance(const Model& model, const Path& from, std::size_t most) {
  Exploration exploration(model);
  const auto& here = exploration.taken(exploration.go(from)).properties;
  const std::vector<PropertyState> states = here;
  std::set<Hash128> met = {exploration.taken(exploration.go(from)).world};
  for (std::deque<Path> waiting = {from}; !waiting.empty(); waiting.pop_front()) {
    const Path path = waiting.front();
    for (const Choice& choice : exploration.choices(exploration.go(path))) {
      const Taken& taken = *choice.taken;
      const bool violates = taken.fault || std::ranges::any_of(taken.newly, [&](std::size_t one) {
                              return states[one] != PropertyState::violated;
                            });
      if (violates) return path.size() + 1 - from.size();
      if (!met.insert(taken.world).second || met.size() > most) continue;
      waiting.push_back(path);
      waiting.back().push_back(choice.step);
    }
  }
  return std::nullopt;
}

TEST(Nearest, IsAsNearAsAPlainSearchSays) {
  for (const char* name : {"two-phase-commit-abort-in-doubt", "raft-vote-not-persisted",
                           "paxos-promise-not-synced", "pbft-n-3f"}) {
    SCOPED_TRACE(name);
    const Trace trace = trace_named(name);
    const Model model = model_of(trace);
    const std::vector<Event> events = events_of(model.system, trace);
    const Path run = path_of(model.system, events);
    for (std::size_t left = 1; left <= 3; ++left) {
      const Path path(run.begin(), run.end() - static_cast<std::ptrdiff_t>(left));
      Exploration exploration(model);
      const auto place = exploration.go(path);
      const NearestReport report = nearest_violation(model, exploration.events(place));
      const auto plain = plain_distance(model, path, 10'000);
      ASSERT_TRUE(plain);
      ASSERT_TRUE(report.is_found);
      EXPECT_EQ(report.events.size(), *plain);
      EXPECT_LE(report.events.size(), left);
      // It is a run, and its last event violates what is said.
      LiveWorld world(exploration.world(place));
      for (std::size_t i = 0; i < report.events.size(); ++i) {
        const LiveWorld before(world);
        const Outcome outcome = world.apply(report.events[i]);
        ASSERT_EQ(outcome.status, Outcome::Status::applied);
        if (i + 1 < report.events.size()) continue;
        const auto violation =
            find_violation(model, before, report.events[i], outcome, world, report.property);
        ASSERT_TRUE(violation);
        EXPECT_EQ(violation->property, report.property);
      }
    }
  }
}

TEST(Nearest, IsAsFarFromTheFirstWorldAsTheShortestCounterexample) {
  for (const char* name : {"two-phase-commit-abort-in-doubt", "raft-vote-not-persisted"}) {
    SCOPED_TRACE(name);
    const Model model = model_of(trace_named(name));
    Exploration exploration(model);
    const auto start = exploration.events(Exploration::root);
    const NearestReport report = nearest_violation(model, start);
    ASSERT_TRUE(report.is_found);
    const auto plain = plain_distance(model, {}, 100'000);
    ASSERT_TRUE(plain);
    EXPECT_EQ(report.events.size(), *plain);
  }
}

TEST(Nearest, ThereIsNoneWhereAnExhaustiveCheckHolds) {
  const Model model = find_system("two-phase-commit")->make({.bounds = {.nodes = 3}});
  Exploration exploration(model);
  const auto start = exploration.events(Exploration::root);
  const NearestReport report = nearest_violation(model, start);
  EXPECT_FALSE(report.is_found);
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(report.worlds, 288U);
  EXPECT_EQ(report.depth, 10U);  // 11 worlds
  const NearestReport cut = nearest_violation(model, start, {.max_worlds = 100});
  EXPECT_FALSE(cut.is_found);
  EXPECT_FALSE(cut.complete);
  EXPECT_LT(cut.depth, 10U);
  EXPECT_GT(cut.depth, 0U);
}

// A violated world is no obstacle: what is violated there is left out.
TEST(Nearest, WhatIsViolatedAlreadyDoesNotCount) {
  const Trace trace = trace_named("two-phase-commit-abort-in-doubt");
  const Model model = model_of(trace);
  const std::vector<Event> events = events_of(model.system, trace);
  const NearestReport report = nearest_violation(model, events);
  if (report.is_found) {
    EXPECT_NE(report.property, trace.verdict->property);
  } else {
    EXPECT_TRUE(report.complete);
  }
}

}  // namespace
}  // namespace gainsay
