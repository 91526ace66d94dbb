// Recovery: what it asks, on small protocols where the answer is plain, on random graphs and on
// random protocols next to their slow twins.
#include "explorer/recovery.hpp"

#include <gtest/gtest.h>

#include <set>
#include <variant>

#include "engine/random.hpp"
#include "explorer/replay.hpp"
#include "tests/explorer/compare.hpp"
#include "tests/explorer/slow_recovery.hpp"
#include "tests/explorer/slow_search.hpp"
#include "tests/explorer/table_protocol.hpp"
#include "tests/sanitized.hpp"

namespace gainsay::testing {
namespace {

template <class Node>
Model model_of(const Bounds& bounds, Property property, typename Node::Options options) {
  return {.system = make_system<Node>("test", bounds, std::move(options)),
          .properties = {std::move(property)}};
}

// A text without its line breaks.
std::string flat(std::string text) {
  for (std::size_t at; (at = text.find("\n  ")) != std::string::npos;) text.replace(at, 3, " ");
  return text;
}

struct Nothing {};

// One process that walks a graph, by a timer that is always armed: there are cycles, and a way can
// go on for ever.
struct Walker {
  using Message = std::variant<Nothing>;
  using Context = gainsay::Context<Walker>;
  using Edges = std::vector<std::vector<std::uint8_t>>;
  struct Options {
    Edges edges = {};
  };
  enum class Timer : std::uint8_t { step };
  std::uint8_t at = 0;

  void start(Context& ctx) { ctx.set(Timer::step); }
  void on(Context& ctx, Timer) {
    const auto& next = ctx.options().edges[at];
    if (!next.empty()) at = next[ctx.choose(static_cast<std::uint32_t>(next.size()))];
    ctx.set(Timer::step);
  }
  void on(Context&, NodeId, Nothing) {}
};

Model walk(const Walker::Edges& edges, const std::set<std::uint8_t>& good) {
  const auto is_good = [good](const Walker& node) { return good.contains(node.at); };
  return model_of<Walker>({.nodes = 1}, recovers<Walker>("good", is_good), {.edges = edges});
}

TEST(Recovery, ACycleThatNeverReachesGoodIsFound) {
  // 0 is good, and so is what 3 leads to; 1 and 2 go round for ever.
  const CheckReport report = check(walk({{1, 3}, {2}, {1}, {0}}, {0}));
  ASSERT_EQ(report.verdict, Verdict::violated) << report;
  EXPECT_EQ(report.counterexample->kind, PropertyKind::recovers);
  EXPECT_EQ(report.counterexample->events.size(), 2U) << report.story;
  EXPECT_NE(flat(report.story).find("2 that it never leaves again"), std::string::npos)
      << report.story;
  EXPECT_TRUE(report.shortest);
}

TEST(Recovery, ACycleWithAWayOutRecovers) {
  const CheckReport report = check(walk({{1, 3}, {2}, {1, 3}, {0}}, {0}));
  EXPECT_EQ(report.verdict, Verdict::holds) << report;
  ASSERT_TRUE(report.properties[0].recovery);
  EXPECT_EQ(report.properties[0].recovery->vectors, 4U);
}

TEST(Recovery, PathsThatJoinAreBothJudgedByWhatLiesBehind) {
  EXPECT_EQ(check(walk({{1, 2}, {3}, {3}, {4}, {}}, {4})).verdict, Verdict::holds);
  // The good world lies on one of the paths, before they join.
  const CheckReport report = check(walk({{1, 2}, {3}, {3}, {}}, {1}));
  ASSERT_EQ(report.verdict, Verdict::violated);
  EXPECT_EQ(report.counterexample->events.size(), 2U) << report.story;
  EXPECT_NE(report.story.find("at: 0 -> 2"), std::string::npos) << report.story;
}

TEST(Recovery, IsReachabilityOnRandomGraphs) {
  std::uint32_t violated = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    RandomStream random(seed, Purpose::test);
    const std::uint32_t size = 2 + random.below(8);
    Walker::Edges edges(size);
    for (auto& next : edges) {
      for (std::uint32_t i = random.below(3); i > 0; --i) {
        next.push_back(static_cast<std::uint8_t>(random.below(size)));
      }
    }
    const std::set<std::uint8_t> good = {static_cast<std::uint8_t>(random.below(size))};
    const auto reach = [&](std::uint8_t from) {
      std::set<std::uint8_t> met{from};
      for (std::size_t before = 0; before < met.size();) {
        before = met.size();
        for (const std::uint8_t at : std::set(met)) met.insert(edges[at].begin(), edges[at].end());
      }
      return met;
    };
    bool recovers = true;
    for (const std::uint8_t at : reach(0)) recovers = recovers && reach(at).contains(*good.begin());
    const CheckReport report = check(walk(edges, good), {.jobs = 1});
    ASSERT_EQ(report.verdict, recovers ? Verdict::holds : Verdict::violated) << seed;
    violated += recovers ? 0 : 1;
  }
  EXPECT_GT(violated, 50U);
  EXPECT_LT(violated, 250U);
}

Model walk_and_stay(const Walker::Edges& edges, const std::set<std::uint8_t>& good,
                    const std::set<std::uint8_t>& lasting, bool runs_out) {
  const auto is_in = [](const std::set<std::uint8_t>& set) {
    return [set](const Nodes<Walker>& nodes) { return set.contains(nodes[0].at); };
  };
  return model_of<Walker>({.nodes = 1},
                          settles<Walker>("good", is_in(good), is_in(lasting),
                                          [runs_out](NodeId, Walker::Timer) { return runs_out; }),
                          {.edges = edges});
}

TEST(Recovery, AGoodWorldThatIsLeftAgainDoesNotLast) {
  const Walker::Edges edges = {{1}, {2}, {1, 3}, {3}};
  // 1 and 3 are good: the walk comes back to one of them from everywhere, but leaves 1.
  EXPECT_EQ(check(walk(edges, {1, 3})).verdict, Verdict::holds);
  const CheckReport left = check(walk_and_stay(edges, {1, 3}, {1, 3}, true));
  ASSERT_EQ(left.verdict, Verdict::violated) << left;
  EXPECT_EQ(left.counterexample->events.size(), 2U) << left.story;
  EXPECT_NE(flat(left.story).find("1 event later what must last can be at an end"),
            std::string::npos)
      << left.story;
  EXPECT_EQ(check(walk_and_stay(edges, {1, 3}, {1, 2, 3}, true)).verdict, Verdict::holds);
  EXPECT_EQ(check(walk_and_stay(edges, {3}, {3}, true)).verdict, Verdict::holds);
}

TEST(Recovery, WhatMustLastIsAskedWithTheTimersThatRunOut) {
  EXPECT_EQ(check(walk_and_stay({{1}, {0}}, {1}, {1}, true)).verdict, Verdict::violated);
  EXPECT_EQ(check(walk_and_stay({{1}, {0}}, {1}, {1}, false)).verdict, Verdict::holds);
}

TEST(Recovery, WhatMustLastMustBeInReachAsWell) {
  const CheckReport report = check(walk_and_stay({{1, 2}, {1}, {2}}, {1}, {1}, true));
  ASSERT_EQ(report.verdict, Verdict::violated);
  EXPECT_NE(flat(report.story).find("none of them good"), std::string::npos) << report.story;
}

struct Data {};
struct Ack {};

// The first node sends to the second, once or again and again.
struct Courier {
  using Message = std::variant<Data, Ack>;
  using Context = gainsay::Context<Courier>;
  struct Options {
    bool repeats = false;
  };
  enum class Timer : std::uint8_t { resend };
  bool got = false;

  void start(Context& ctx) {
    if (ctx.self() == NodeId{0}) send(ctx);
  }
  void on(Context& ctx, Timer) { send(ctx); }
  void on(Context& ctx, NodeId from, Data) {
    got = true;
    ctx.send(from, Ack{});
  }
  void on(Context& ctx, NodeId, Ack) { ctx.clear(Timer::resend); }
  void send(Context& ctx) const {
    ctx.send(NodeId{1}, Data{});
    if (ctx.options().repeats) ctx.set(Timer::resend);
  }
};

Model courier(bool repeats, const Bounds& bounds) {
  return model_of<Courier>(
      bounds,
      recovers<Courier>("arrived", [](const Nodes<Courier>& nodes) { return nodes[1].got; }),
      {.repeats = repeats});
}

TEST(Recovery, NeedsARetransmission) {
  const Model without = courier(false, {.nodes = 2});
  const CheckReport lost = check(without);
  ASSERT_EQ(lost.verdict, Verdict::violated);
  EXPECT_EQ(lost.counterexample->events.size(), 2U);  // the starts
  EXPECT_NE(flat(lost.story).find("1 world is in reach"), std::string::npos) << lost.story;
  const CheckReport with = check(courier(true, {.nodes = 2}));
  EXPECT_EQ(with.verdict, Verdict::holds) << with;
  for (const Network network : {Network::unordered, Network::fifo}) {
    const Bounds bounds{.nodes = 2, .network = network, .drops = 1, .timeouts = 2};
    EXPECT_EQ(check(courier(false, bounds)).verdict, Verdict::violated);
    EXPECT_EQ(check(courier(true, bounds)).verdict, Verdict::holds);
  }
}

TEST(Recovery, WhoeverIsDownRestarts) {
  // The acknowledged courier forgets in a crash what it got, and is asked for no more.
  const CheckReport report = check(courier(true, {.nodes = 2, .crashes = 1}));
  ASSERT_EQ(report.verdict, Verdict::violated);
  EXPECT_EQ(report.counterexample->faults, 1U);
  EXPECT_NE(report.story.find("crash n2"), std::string::npos) << report.story;
}

TEST(Recovery, ATraceOfItReplaysAndAChangedProtocolDiverges) {
  const Model model = courier(false, {.nodes = 2});
  const CheckReport report = check(model);
  ASSERT_TRUE(report.counterexample);
  const Trace trace = record_trace(
      model.system, report.counterexample->events,
      TraceVerdict{.property = "arrived",
                   .kind = "recovers",
                   .step = static_cast<std::uint32_t>(report.counterexample->events.size() - 1)});
  const ReplayReport again = replay(model, trace);
  EXPECT_TRUE(again.reproduced);
  ASSERT_TRUE(again.violation);
  EXPECT_EQ(again.violation->kind, "recovers");
  EXPECT_NE(again.explanation.find("none of them good"), std::string::npos);
  EXPECT_FALSE(replay(model, trace, {.to = 0}).violation);
  // The same world with a message of another kind of luck: good is where nothing has arrived.
  Model changed = model;
  changed.properties = {
      recovers<Courier>("arrived", [](const Courier& node) { return !node.got; })};
  const ReplayReport other = replay(changed, trace);
  EXPECT_FALSE(other.violation);
  EXPECT_FALSE(other.divergence);
}

// Climbs one step at a time.
struct Climber {
  using Message = std::variant<Nothing>;
  using Context = gainsay::Context<Climber>;
  struct Options {};
  enum class Timer : std::uint8_t { climb };
  std::uint8_t height = 0;

  void start(Context& ctx) { ctx.set(Timer::climb); }
  void on(Context& ctx, Timer) {
    expect(height < 20, "too high");
    ++height;
    ctx.set(Timer::climb);
  }
  void on(Context&, NodeId, Nothing) {}
};

Model climb(std::uint8_t good, std::uint64_t more) {
  Model model = model_of<Climber>(
      {.nodes = 1, .limits = {{"height", 2}}},
      recovers<Climber>("high", [good](const Climber& node) { return node.height >= good; },
                        {.more = {{"height", more}}}),
      {});
  add_limit<Climber>(model.system, "height", [](const Climber& node) { return node.height; });
  return model;
}

TEST(Recovery, ADeadEndThatALimitMadeIsIncomplete) {
  const CheckReport low = check(climb(5, 2));
  EXPECT_EQ(low.verdict, Verdict::incomplete);
  EXPECT_NE(low.incomplete_because.find("height<=4"), std::string::npos) << low;
  EXPECT_NE(low.incomplete_because.find("from 3 of 3 vectors"), std::string::npos) << low;
  EXPECT_EQ(check(climb(5, 3)).verdict, Verdict::holds);
  // A handler that fails behind the bounds is no dead end of the system either.
  EXPECT_EQ(check(climb(30, 100)).verdict, Verdict::incomplete);
  EXPECT_EQ(check(climb(5, 2), {.sabotage = Sabotage::recovery_forgets_limits}).verdict,
            Verdict::violated);
}

struct Ask {};

// The second node asks; the first answers with equal messages, of which so many must arrive before
// the second gives up: what is asked for again does not add to what came before.
struct Counter {
  using Message = std::variant<Ask, Data>;
  using Context = gainsay::Context<Counter>;
  struct Options {
    std::uint8_t needed = 2;
  };
  enum class Timer : std::uint8_t { ask, give_up };
  std::uint8_t count = 0;

  void start(Context& ctx) {
    if (ctx.self() == NodeId{1}) ctx.set(Timer::ask);
  }
  void on(Context& ctx, Timer timer) {
    count = 0;
    ctx.set(Timer::ask);
    if (timer == Timer::ask) ctx.send(NodeId{0}, Ask{});
  }
  void on(Context& ctx, NodeId from, Ask) {
    for (std::uint8_t i = 0; i < ctx.options().needed; ++i) ctx.send(from, Data{});
  }
  void on(Context& ctx, NodeId, Data) {
    count = static_cast<std::uint8_t>(std::min(count + 1, int{ctx.options().needed}));
    ctx.clear(Timer::ask);
    ctx.set(Timer::give_up);
  }
};

Verdict count_to(std::uint8_t needed, Sabotage sabotage = Sabotage::none) {
  const auto all = [needed](const Counter& node) { return node.count == needed; };
  const Model model =
      model_of<Counter>({.nodes = 2}, recovers<Counter>("all", all), {.needed = needed});
  return check(model, {.sabotage = sabotage}).verdict;
}

TEST(Recovery, EqualMessagesCountOnceEach) {
  EXPECT_EQ(count_to(1), Verdict::holds);
  EXPECT_EQ(count_to(2), Verdict::holds);
  EXPECT_EQ(count_to(3), Verdict::holds);
  EXPECT_EQ(count_to(20), Verdict::incomplete);
  EXPECT_EQ(count_to(3, Sabotage::recovery_forgets_copies), Verdict::violated);
}

// Says one thing once, and then another for ever.
struct Trickle {
  struct Data {};
  struct Noise {};
  using Message = std::variant<Data, Noise>;
  using Context = gainsay::Context<Trickle>;
  enum class Timer : std::uint8_t { once, again };
  std::uint8_t heard = 0;

  void start(Context& ctx) {
    if (ctx.self() == NodeId{0}) ctx.set(Timer::once);
  }
  void on(Context& ctx, Timer timer) {
    ctx.set(Timer::again);
    timer == Timer::once ? ctx.send(NodeId{1}, Data{}) : ctx.send(NodeId{1}, Noise{});
  }
  void on(Context&, NodeId, Data) { heard = static_cast<std::uint8_t>(std::min(heard + 1, 2)); }
  void on(Context&, NodeId, Noise) {}
};

// Were all that is sent to arrive as often as you like, it would be heard twice; the noise, which
// is, must not hide that it is not.
TEST(Recovery, WhatIsSentOnceIsToldFromWhatIsSentForEver) {
  const auto heard = [](std::uint8_t times) {
    const auto all = [times](const Nodes<Trickle>& nodes) { return nodes[1].heard >= times; };
    const Model model{.system = make_system<Trickle>("trickle", {.nodes = 2}),
                      .properties = {recovers<Trickle>("heard", all)}};
    const LiveWorld world = started_world(model.system);
    return judge_recovery(model.system, model.properties[0], {{world.local({0}), world.local({1})}},
                          [](std::uint64_t) { return std::string(); })
        .verdict;
  };
  EXPECT_EQ(heard(1), Verdict::holds);
  EXPECT_EQ(heard(2), Verdict::violated);
}

TEST(Recovery, ResourcesEndItAsIncomplete) {
  const Model model = courier(true, {.nodes = 2});
  const CheckReport whole = check(model);
  const std::uint64_t worlds = whole.properties[0].recovery->worlds;
  ASSERT_GT(worlds, whole.states);
  const CheckReport cut = check(model, {.max_states = worlds - 1});
  EXPECT_EQ(cut.verdict, Verdict::incomplete) << cut;
  EXPECT_EQ(check(model, {.max_states = worlds}).verdict, Verdict::holds);
  std::uint64_t looks = 0;
  const auto stop = [&](std::uint64_t) { return std::string(++looks > 1 ? "enough" : ""); };
  const LiveWorld world = started_world(model.system);
  const RecoveryResult result = judge_recovery(model.system, model.properties[0],
                                               {{world.local({0}), world.local({1})}}, stop);
  EXPECT_EQ(result.verdict, Verdict::incomplete);
  EXPECT_EQ(result.incomplete_because, "enough");
}

TEST(Recovery, ASearchCutByDepthFindsButNeverHolds) {
  EXPECT_EQ(check(walk({{1}, {2}, {3}, {}}, {0}), {.max_depth = 2}).verdict, Verdict::violated);
  EXPECT_EQ(check(walk({{1}, {2}, {3}, {0}}, {0}), {.max_depth = 2}).verdict, Verdict::incomplete);
}

TEST(Recovery, AnotherPropertyThatIsViolatedComesFirst) {
  Model model = walk({{1}, {2}, {}}, {0});
  model.properties.push_back(
      always<Walker>("small", [](const Walker& node) { return node.at < 2; }));
  const CheckReport report = check(model);
  ASSERT_EQ(report.verdict, Verdict::violated);
  EXPECT_EQ(report.counterexample->property, "small");
  EXPECT_EQ(report.properties[0].verdict, Verdict::incomplete);
}

// --- random protocols ---

TableShape shape_of(std::uint64_t seed) {
  RandomStream random(seed, Purpose::test, NodeId{2});
  TableShape shape{.seed = seed, .bounds = {}, .violating = false, .recovering = true};
  Bounds& bounds = shape.bounds;
  bounds.network = static_cast<Network>(random.below(3));
  bounds.crashes = random.below(3);
  bounds.restarts = random.below(3);
  if (bounds.network != Network::async) bounds.drops = random.below(2);
  if (bounds.network == Network::unordered) bounds.duplicates = random.below(2);
  bounds.unsynced = random.below(bounds.crashes + 1);
  return shape;
}

TEST(Recovery, AgreesWithTheSlowTwinOnRandomTables) {
  const std::uint64_t systems = random_systems(300);
  std::map<Verdict, std::uint64_t> met;
  std::uint64_t doubtful = 0;
  for (std::uint64_t seed = 0; seed < systems; ++seed) {
    const Model model = table_model(shape_of(seed));
    const Property& property = model.properties.back();
    SlowRecovery slow;
    try {
      const SlowReport search = slow_check(model, 3'000);
      if (search.violated || search.vectors.size() > 300) continue;
      slow = slow_recovery(model.system, property, search.vectors, 3'000);
    } catch (const std::length_error&) {
      continue;
    }
    const CheckReport report = check(model, {.jobs = 1});
    ASSERT_TRUE(report.properties.back().recovery) << seed;
    const RecoveryReport& recovery = *report.properties.back().recovery;
    // Where equal messages decide it, the answer may stay open; it is never another one.
    if (report.verdict == Verdict::incomplete && recovery.undecided > slow.undecided) {
      ++doubtful;
      continue;
    }
    ASSERT_EQ(report.verdict, slow.verdict) << seed << "\n" << report << report.story;
    EXPECT_EQ(recovery.undecided, slow.undecided) << seed;
    ++met[slow.verdict];
    EXPECT_TRUE(!report.counterexample || replays(model, report)) << seed;
  }
  std::cout << met[Verdict::holds] << " hold, " << met[Verdict::violated] << " violated, "
            << met[Verdict::incomplete] << " incomplete, " << doubtful << " doubtful\n";
  EXPECT_LT(doubtful, systems / 50);
  if (is_sanitized()) return;
  EXPECT_GT(met[Verdict::holds], systems / 100);
  EXPECT_GT(met[Verdict::violated], systems / 15);
  EXPECT_GT(met[Verdict::incomplete], systems / 100);
}

TEST(Recovery, WhatMustLastAgreesWithTheSlowTwinOnRandomTables) {
  const std::uint64_t systems = random_systems(300);
  std::map<Verdict, std::uint64_t> met;
  std::uint64_t lost = 0;
  std::uint64_t doubtful = 0;
  for (std::uint64_t seed = 0; seed < systems; ++seed) {
    TableShape shape = shape_of(seed);
    shape.lasting = true;
    const Model model = table_model(shape);
    SlowRecovery slow;
    try {
      const SlowReport search = slow_check(model, 3'000);
      if (search.violated || search.vectors.size() > 300) continue;
      slow = slow_recovery(model.system, model.properties.back(), search.vectors, 3'000);
    } catch (const std::length_error&) {
      continue;
    }
    const CheckReport report = check(model, {.jobs = 1});
    const RecoveryReport& recovery = *report.properties.back().recovery;
    if (report.verdict == Verdict::incomplete && recovery.undecided > slow.undecided) {
      ++doubtful;
      continue;
    }
    if (report.verdict == Verdict::vacuous) {  // no start is good, which the twin does not look at
      EXPECT_EQ(slow.verdict, Verdict::holds) << seed;
      EXPECT_EQ(slow.lost, 0U) << seed;
      continue;
    }
    ASSERT_EQ(report.verdict, slow.verdict) << seed << "\n" << report << report.story;
    ++met[slow.verdict];
    lost += slow.stuck == 0 && slow.lost > 0 ? 1 : 0;
    EXPECT_TRUE(!report.counterexample || replays(model, report)) << seed;
  }
  std::cout << met[Verdict::holds] << " hold, " << met[Verdict::violated] << " violated, " << lost
            << " of them for what must last, " << met[Verdict::incomplete] << " incomplete, "
            << doubtful << " doubtful\n";
  EXPECT_LT(doubtful, systems / 50);
  if (is_sanitized()) return;  // a third of the systems; too few for each of these
  EXPECT_GT(met[Verdict::holds], systems / 100);
  EXPECT_GT(lost, systems / 300);
  EXPECT_GT(met[Verdict::incomplete], systems / 100);
}

// Vectors of local states that the system reaches with few messages.
std::set<std::vector<Bytes>> some_vectors(const Model& model) {
  std::set<std::vector<Bytes>> vectors;
  LiveWorld world = started_world(model.system);
  RandomStream random(1, Purpose::test);
  for (std::uint32_t step = 0; step < 40; ++step) {
    std::vector<Bytes> vector;
    for (std::uint8_t i = 0; i < model.system.size(); ++i) vector.push_back(world.local({i}));
    vectors.insert(std::move(vector));
    const std::vector<Event> events = world.enabled();
    if (events.empty()) break;
    const Event& event = events[random.below(static_cast<std::uint32_t>(events.size()))];
    if (world.apply(event).step.fault != StepResult::Fault::none) break;
  }
  return vectors;
}

// Protocols that answer again and again have no end of messages, but some copies of each say
// something: what is reached with them is reached, and what is out of reach is so with them.
TEST(Recovery, AgreesWithTheSlowTwinWhereMessagesAreSentAgainAndAgain) {
  const auto go_on = [](std::uint64_t) { return std::string(); };
  std::map<Verdict, std::uint64_t> met;
  std::uint64_t by_copies = 0;
  for (std::uint64_t seed = 0; seed < random_systems(100); ++seed) {
    TableShape shape = shape_of(seed);
    shape.bounds = {.crashes = shape.bounds.crashes,
                    .restarts = shape.bounds.restarts,
                    .unsynced = shape.bounds.unsynced};
    shape.answers = true;
    const Model model = table_model(shape);
    const Property& property = model.properties.back();
    std::size_t number = 0;
    for (const std::vector<Bytes>& vector : some_vectors(model)) {
      if (++number > 6) break;
      const auto slow = [&](std::ptrdiff_t copies) {
        return slow_recovery(model.system, property, {vector}, 2'000, copies).verdict;
      };
      try {
        const Verdict one = slow(1);
        const Verdict two = slow(2);
        const Verdict verdict = judge_recovery(model.system, property, {vector}, go_on).verdict;
        ++met[verdict];
        if (one == Verdict::holds) {
          EXPECT_EQ(verdict, Verdict::holds) << seed;
        }
        if (verdict == Verdict::violated) {
          EXPECT_EQ(two, Verdict::violated) << seed;
        }
        by_copies += verdict == Verdict::holds && two != Verdict::holds ? 1 : 0;
      } catch (const std::length_error&) {
      }
    }
  }
  std::cout << met[Verdict::holds] << " hold, " << met[Verdict::violated] << " violated, "
            << met[Verdict::incomplete] << " incomplete, " << by_copies << " by a third copy\n";
  EXPECT_LT(by_copies, 5U);
  if (is_sanitized()) return;
  EXPECT_GT(met[Verdict::holds], 10U);
  EXPECT_GT(met[Verdict::violated], 5U);
}

TEST(Recovery, TheSameForOneAndTwoThreadsAndAnyReduction) {
  for (std::uint64_t seed = 0; seed < random_systems(60); ++seed) {
    const Model model = table_model(shape_of(seed));
    const CheckReport one = check(model, {.jobs = 1, .max_states = 100'000});
    const CheckReport two = check(model, {.jobs = 2, .max_states = 100'000});
    EXPECT_EQ(one.verdict, two.verdict) << seed;
    EXPECT_EQ(one.story, two.story) << seed;
    ASSERT_EQ(one.properties.back().recovery.has_value(),
              two.properties.back().recovery.has_value());
    if (!one.properties.back().recovery) continue;
    EXPECT_EQ(one.properties.back().recovery->worlds, two.properties.back().recovery->worlds);
    EXPECT_EQ(one.properties.back().evaluated, two.properties.back().evaluated);
    const CheckReport full =
        check(model, {.reduce = Reductions{}, .jobs = 2, .max_states = 100'000});
    if (full.incomplete_because.find("--max-states") != std::string::npos) continue;
    EXPECT_EQ(full.verdict, one.verdict) << seed;
    if (full.properties.back().recovery) {
      EXPECT_EQ(full.properties.back().recovery->vectors, one.properties.back().recovery->vectors);
    }
  }
}

}  // namespace
}  // namespace gainsay::testing
