// Walking by hand: its choices are the live world's events, the worlds that it reaches are those
// that an exhaustive check counts, what it says of properties is what a replay says, and a world is
// a function of its path, whatever was asked before.
#include "explorer/explore.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "engine/random.hpp"
#include "explorer/check.hpp"
#include "explorer/random_run.hpp"
#include "protocols/catalog.hpp"
#include "tests/bugs.hpp"
#include "tests/traces.hpp"

namespace gainsay {
namespace {

using Place = Exploration::Place;

Model model_of(const std::string& system, const Configuration& configuration) {
  return find_system(system)->make(configuration);
}
// Systems of every network, with faults of every kind.
std::vector<Model> many_models() {
  std::vector<Model> models;
  for (const CatalogEntry& entry : catalog()) models.push_back(entry.make(entry.defaults));
  models.push_back(model_of("paxos", {.bounds = {.nodes = 3,
                                                 .clients = 2,
                                                 .network = Network::unordered,
                                                 .crashes = 1,
                                                 .restarts = 1,
                                                 .drops = 1,
                                                 .duplicates = 1,
                                                 .partitions = 1,
                                                 .unsynced = 1,
                                                 .timeouts = 3}}));
  models.push_back(model_of("raft-core", {.bounds = {.nodes = 3,
                                                     .network = Network::fifo,
                                                     .drops = 1,
                                                     .partitions = 1,
                                                     .timeouts = 4,
                                                     .across = Across::held,
                                                     .limits = {{"term", 2}, {"log", 1}}}}));
  for (const char* name : {"pbft-n-3f", "pbft-twins-n-3f", "raft-lease-skew"}) {
    models.push_back(model_of(trace_named(name)));
  }
  return models;
}

std::vector<Event> events_of(const std::vector<Choice>& choices) {
  std::vector<Event> events;
  for (const Choice& choice : choices) events.push_back(choice.event);
  std::ranges::sort(events);
  return events;
}

bool is_started(const LiveWorld& world) {
  for (std::size_t i = 0; i < world.system().size(); ++i) {
    const auto status = world.state(node_id(i)).status;
    if (status == LocalState::Status::unstarted) return false;
  }
  return true;
}

TEST(Exploration, ItsChoicesAreTheEventsOfTheLiveWorld) {
  RandomStream random(1);
  for (const Model& model : many_models()) {
    SCOPED_TRACE(model.system.name + " " + model.system.bug);
    Exploration exploration(model);
    Path path;
    LiveWorld world(model.system);
    for (const Event& event : exploration.events(Exploration::root)) world.apply(event);
    for (int step = 0; step < 60; ++step) {
      const Place here = exploration.go(path);
      ASSERT_EQ(exploration.taken(here).world, world.hash());
      ASSERT_EQ(exploration.world(here).hash(), world.hash());
      const auto choices = exploration.choices(here, 0);
      if (is_started(world)) {
        ASSERT_EQ(events_of(choices), world.enabled());
        const std::vector<Event> possible = world.possible();  // each once, in order
        ASSERT_TRUE(std::ranges::is_sorted(possible));
        ASSERT_EQ(std::ranges::adjacent_find(possible), possible.end());
      }
      if (choices.empty()) break;
      const auto& chosen = choices[random.below(static_cast<std::uint32_t>(choices.size()))];
      path.push_back(chosen.step);
      const Place next = exploration.go(path);
      if (exploration.taken(next).fault) break;
      for (const Event& event : exploration.taken(next).events) {
        ASSERT_EQ(world.apply(event).status, Outcome::Status::applied);
      }
    }
    const auto events = exploration.events(exploration.go(path));
    EXPECT_EQ(path_of(model.system, events), path);
  }
}

struct Counted {
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::uint32_t depth = 0;
};

// All worlds, breadth first, each by a shortest path to it.
Counted count(const Model& model) {
  Exploration exploration(model);
  std::set<Hash128> met = {exploration.taken(Exploration::root).world};
  std::deque<Path> waiting = {{}};
  Counted counted;
  for (; !waiting.empty(); waiting.pop_front()) {
    Path path = waiting.front();
    counted.depth = static_cast<std::uint32_t>(path.size()) + 1;
    for (const Choice& choice : exploration.choices(exploration.go(path))) {
      ++counted.transitions;
      if (!met.insert(choice.taken->world).second) continue;
      path.push_back(choice.step);
      waiting.push_back(path);
      path.pop_back();
    }
  }
  counted.states = met.size();
  return counted;
}

void expect_counts(const Model& model, std::uint64_t states = 0) {
  SCOPED_TRACE(model.system.name);
  const Counted counted = count(model);
  const CheckReport report = check(model, {.reduce = Reductions{}, .jobs = 1});
  ASSERT_EQ(report.verdict, Verdict::holds) << report.incomplete_because;
  EXPECT_EQ(counted.states, report.states);
  EXPECT_EQ(counted.transitions, report.transitions);
  EXPECT_EQ(counted.depth, report.depth);
  if (states > 0) {
    EXPECT_EQ(counted.states, states);
  }
}

TEST(Exploration, ReachesTheWorldsOfAnExhaustiveCheck) {
  expect_counts(model_of("two-phase-commit", {.bounds = {.nodes = 3}}), 288);
  expect_counts(
      model_of("paxos", {.bounds = {.nodes = 3, .clients = 1, .network = Network::unordered}}),
      265);
  expect_counts(
      model_of("raft-core", {.bounds = {.nodes = 3, .limits = {{"term", 1}, {"log", 0}}}}), 365);
}

TEST(Exploration, ReachesThemWithFaultsToo) {
  expect_counts(model_of(
      "paxos",
      {.bounds = {
           .nodes = 2, .clients = 1, .network = Network::unordered, .crashes = 1, .drops = 1}}));
  expect_counts(model_of("raft-core", {.bounds = {.nodes = 2,
                                                  .network = Network::fifo,
                                                  .partitions = 1,
                                                  .timeouts = 2,
                                                  .limits = {{"term", 1}, {"log", 0}}}}));
}

// --- properties ---

// What is said of a choice is what comes of it, and what it newly violates a replay meets.
void expect_told_ahead(const Model& model, Exploration& exploration, const Path& path,
                       const Choice& choice, std::size_t& violated, std::size_t& reached) {
  const LiveWorld before(exploration.world(exploration.go(path)));
  Path longer = path;
  longer.push_back(choice.step);
  const Taken taken = exploration.taken(exploration.go(longer));
  ASSERT_EQ(taken.world, choice.taken->world);
  ASSERT_EQ(taken.newly, choice.taken->newly);
  ASSERT_EQ(taken.properties, choice.taken->properties);
  if (taken.events.front().kind == EventKind::start) return;
  LiveWorld after(before);
  const Outcome outcome = after.apply(choice.event);
  for (const std::size_t one : choice.reaches) {
    ++reached;
    ASSERT_EQ(model.properties[one].kind, PropertyKind::sometimes);
    ASSERT_TRUE(is_reached_in(model.properties[one], after));
    ASSERT_FALSE(is_reached_in(model.properties[one], before));
  }
  const auto violation = find_violation(model, before, choice.event, outcome, after);
  ASSERT_EQ(violation.has_value(), !taken.newly.empty());
  if (!violation) return;
  ++violated;
  ASSERT_EQ(model.properties[taken.newly.front()].name, violation->property);
}

TEST(Exploration, LooksOneStepAhead) {
  std::size_t violated = 0;
  std::size_t reached = 0;
  for (const char* name :
       {"two-phase-commit-abort-in-doubt", "paxos-quorum-half", "raft-commit-no-min",
        "raft-vote-not-persisted", "raft-no-dedupe", "dht-join-no-key-transfer"}) {
    const Trace trace = trace_named(name);
    const Model model = model_of(trace);
    const std::vector<Event> events = events_of(model.system, trace);
    const Path run = path_of(model.system, events);
    Exploration exploration(model);
    const std::size_t violated_before = violated;
    for (std::size_t size = 0; size < run.size(); ++size) {
      const Path path(run.begin(), run.begin() + static_cast<std::ptrdiff_t>(size));
      for (const Choice& choice : exploration.choices(exploration.go(path))) {
        expect_told_ahead(model, exploration, path, choice, violated, reached);
        if (HasFatalFailure()) return;
      }
    }
    EXPECT_GT(violated, violated_before) << name;
  }
  EXPECT_GT(reached, 5U);
}

TEST(Exploration, SaysWhenAPropertyWasViolatedFirstAndWhetherItIsNow) {
  const Model model = model_with("two-phase-commit", "abort-in-doubt");
  const auto found = check(model, {.jobs = 1}).counterexample;
  ASSERT_TRUE(found);
  Exploration exploration(model);
  const Path path = path_of(model.system, found->events);
  const Place end = exploration.go(path);
  const auto first = exploration.first(end);
  const auto at = static_cast<std::size_t>(
      std::ranges::find(model.properties, found->property, &Property::name) -
      model.properties.begin());
  EXPECT_EQ(first.at(at), path.size());
  EXPECT_EQ(exploration.taken(end).properties.at(at), PropertyState::violated);
  EXPECT_EQ(exploration.taken(exploration.before(end)).properties.at(at), PropertyState::holds);
}

// A node that takes any value, though it should never fall.
struct Falling {
  struct Set {
    std::uint32_t value;
  };
  using Message = std::variant<Set>;
  using Context = gainsay::Context<Falling>;
  std::uint32_t value = 0;
  void start(Context& ctx) {
    for (const std::uint32_t one : {1U, 3U, 5U}) ctx.send(NodeId{0}, Set{one});
  }
  void on(Context&, NodeId, Set set) { value = set.value; }
};

// A property of steps is violated by a step, not by the worlds behind it.
TEST(Exploration, AStepIsBrokenOnce) {
  const Model model{
      .system =
          make_system<Falling>("falling", {.nodes = 1, .network = Network::unordered, .drops = 1}),
      .properties = {always_step<Falling>("rises", [](const Falling& before, const Falling& after) {
        return before.value <= after.value;
      })}};
  Exploration exploration(model);
  const auto lead = [&](Path& path, std::string_view words) {
    for (const Choice& choice : exploration.choices(exploration.go(path))) {
      if (describe(model.system, choice.event) != words) continue;
      path.push_back(choice.step);
      return;
    }
    FAIL() << words;
  };
  Path path;
  lead(path, "deliver n1 <- n1 Set{value=5}");
  lead(path, "deliver n1 <- n1 Set{value=1}");
  EXPECT_EQ(exploration.taken(exploration.go(path)).newly, std::vector<std::size_t>{0});
  const auto choices = exploration.choices(exploration.go(path));
  ASSERT_EQ(choices.size(), 2U);  // the last message arrives, or is lost
  for (const Choice& choice : choices) {
    EXPECT_EQ(choice.taken->properties.front(), PropertyState::holds);
    EXPECT_TRUE(choice.taken->newly.empty());
  }
  EXPECT_EQ(exploration.first(exploration.go(path)).front(), 2U);
}

// --- starts and failures ---

// Starts with a choice each, and a handler that fails.
struct Picky {
  struct Ping {};
  using Message = std::variant<Ping>;
  using Context = gainsay::Context<Picky>;
  std::uint32_t picked = 0;
  void start(Context& ctx) {
    picked = ctx.choose(3);
    ctx.send(NodeId{0}, Ping{});
  }
  void on(Context&, NodeId, Ping) { expect(picked != 2, "two is refused"); }
};

Model picky() {
  return {.system = make_system<Picky>("picky", {.nodes = 2, .network = Network::unordered}),
          .properties = {}};
}

TEST(Exploration, StartsThatMakeChoicesAreSteps) {
  const Model model = picky();
  Exploration exploration(model);
  EXPECT_TRUE(exploration.events(Exploration::root).empty());
  std::set<Hash128> worlds;
  for (const Choice& one : exploration.choices(Exploration::root)) {
    ASSERT_EQ(one.event.kind, EventKind::start);
    ASSERT_EQ(one.event.process, NodeId{0});
    const Path first = {one.step};
    const auto others = exploration.choices(exploration.go(first));
    ASSERT_EQ(others.size(), 3U);
    for (const Choice& other : others) {
      ASSERT_EQ(other.event.process, NodeId{1});
      const Path both = {one.step, other.step};
      const Place place = exploration.go(both);
      worlds.insert(exploration.taken(place).world);
      ASSERT_EQ(path_of(model.system, exploration.events(place)), both);
    }
  }
  EXPECT_EQ(worlds.size(), 9U);
  EXPECT_EQ(to_text(exploration.choices(Exploration::root)[1].step), "0-1");
}

TEST(Exploration, NothingFollowsAHandlerThatFails) {
  const Model model = picky();
  Exploration exploration(model);
  const Path started = parse_path("0-2.0");
  const auto choices = exploration.choices(exploration.go(started));
  const auto fails = std::ranges::find_if(
      choices, [](const Choice& choice) { return choice.taken->fault.has_value(); });
  ASSERT_NE(fails, choices.end());
  Path failed = started;
  failed.push_back(fails->step);
  const Place end = exploration.go(failed);
  ASSERT_TRUE(exploration.taken(end).fault);
  EXPECT_EQ(exploration.taken(end).fault->message, "two is refused");
  EXPECT_TRUE(exploration.choices(end).empty());
  // What is shown there is the world before it.
  EXPECT_EQ(exploration.world(end).hash(), exploration.taken(exploration.before(end)).world);
  failed.push_back({.place = 0});
  EXPECT_THROW(exploration.go(failed), PathError);
}

// --- worlds are functions of their paths ---

TEST(Exploration, WhatWasAskedBeforeDoesNotMatter) {
  RandomStream random(3);
  const Model model = model_of("raft", find_system("raft")->defaults);
  std::vector<Path> paths;
  Exploration walked(model);
  for (int i = 0; i < 12; ++i) {
    Path path;
    for (int step = 0; step < 40; ++step) {
      const auto choices = walked.choices(walked.go(path), 0);
      if (choices.empty()) break;
      path.push_back(choices[random.below(static_cast<std::uint32_t>(choices.size()))].step);
    }
    for (std::size_t size : {path.size(), path.size() / 2, std::size_t{0}}) {
      paths.emplace_back(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(size));
    }
  }
  for (int i = 0; i < 200; ++i) {
    const Path& path = paths[random.below(static_cast<std::uint32_t>(paths.size()))];
    const Place place = walked.go(path);
    Exploration fresh(model);
    const Place same = fresh.go(path);
    ASSERT_EQ(walked.taken(place).world, fresh.taken(same).world);
    ASSERT_EQ(walked.world(place).hash(), fresh.world(same).hash());
    ASSERT_EQ(walked.events(place), fresh.events(same));
    ASSERT_EQ(walked.steps(place), path.size());
  }
}

// A path as long as there may be, walked once; then a step more or less is not walked anew.
TEST(Exploration, LongPathsAreWalkedOnce) {
  const Model model = find_system("raft")->make(find_system("raft")->defaults);
  Exploration exploration(model);
  // In this network a leader may send the same heartbeat for ever.
  Path path;
  std::optional<PathStep> loop;
  RandomStream random(4);
  while (!loop && path.size() < 300) {
    const auto choices = exploration.choices(exploration.go(path));
    ASSERT_FALSE(choices.empty());
    for (const Choice& choice : choices) {
      if (choice.back_to == path.size()) loop = choice.step;
    }
    path.push_back(choices[random.below(static_cast<std::uint32_t>(choices.size()))].step);
  }
  ASSERT_TRUE(loop);
  path.pop_back();
  const std::size_t before_loop = path.size();
  path.resize(10'000, *loop);
  const Place here = exploration.go(path);
  EXPECT_EQ(exploration.steps(here), 10'000U);
  const Hash128 there = exploration.taken(here).world;
  for (int i = 0; i < 100; ++i) {  // back, one by one
    path.pop_back();
    ASSERT_EQ(exploration.world(exploration.go(path)).hash(), there);
  }
  for (int i = 0; i < 30; ++i) {  // far back, and to the end again
    const auto size = static_cast<std::ptrdiff_t>(before_loop) + i * 320;
    const Path part(path.begin(), path.begin() + size);
    ASSERT_EQ(exploration.world(exploration.go(part)).hash(), there);
  }
}

}  // namespace
}  // namespace gainsay
