// What each kind of property means: on a tiny protocol, the explorer and the live evaluation say
// the same of variants where it holds and of variants where it does not.
#include "properties/property.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <set>

#include "explorer/check.hpp"
#include "properties/evaluate.hpp"

namespace gainsay {
namespace {

struct Tell {
  std::uint8_t level = 0;
};
struct Climbed {
  std::uint8_t level = 0;
};
struct Durable {
  std::uint8_t saved = 0;
};

// Nodes climb to a level and tell the others; some may lead.
struct Climber {
  using Message = std::variant<Tell>;
  using Context = gainsay::Context<Climber>;
  using Label = Climbed;
  struct Options {
    std::uint8_t top = 2;
    std::uint8_t leaders = 1;  // how many nodes may lead
    bool saves = true;
    bool forgets = false;  // takes the last that it hears for the highest
    bool fails = false;
    bool throws = false;
  };
  enum class Timer : std::uint8_t { climb, lead };

  Durable durable;
  NodeId id;
  std::uint8_t level = 0;
  std::uint8_t heard = 0;
  bool leads = false;
  bool running = false;

  void start(Context& ctx) {
    id = ctx.self();
    running = true;
    level = durable.saved;
    ctx.arm(Timer::climb, level < ctx.options().top);
    ctx.arm(Timer::lead, id.value < ctx.options().leaders);
  }
  void on(Context& ctx, Timer timer) {
    expect(!ctx.options().fails, "the ladder broke");
    if (ctx.options().throws) throw std::runtime_error("no ladder");
    if (timer == Timer::lead) {
      leads = true;
      return;
    }
    ++level;
    if (ctx.options().saves) durable.saved = level;
    ctx.observe({level});
    ctx.broadcast(Tell{level});
    ctx.arm(Timer::climb, level < ctx.options().top);
  }
  void on(Context& ctx, NodeId, Tell tell) {
    heard = ctx.options().forgets ? tell.level : std::max(heard, tell.level);
  }
};
struct Shown {
  NodeId id;
  std::uint8_t saved = 0;
  std::uint8_t level = 0;
  std::uint8_t heard = 0;
  bool leads = false;
  bool running = false;
};
Shown view(const Climber& node) {
  return {node.id, node.durable.saved, node.level, node.heard, node.leads, node.running};
}

Model model_of(std::vector<Property> properties, Bounds bounds = {.nodes = 2},
               Climber::Options options = {}) {
  return {.system = make_system<Climber>("climbers", bounds, options),
          .properties = std::move(properties)};
}

// The names of all that find_violation finds, in all worlds that there are.
std::set<std::string> all_violations(const Model& model) {
  std::set<std::string> names;
  std::set<Hash128> met;
  std::deque<LiveWorld> queue;
  queue.push_back(started_world(model.system));
  if (const auto violation = find_violation(model, queue.front())) {
    names.insert(violation->property);
  }
  for (; !queue.empty(); queue.pop_front()) {
    const LiveWorld& before = queue.front();
    for (const Event& event : before.enabled()) {
      LiveWorld after(before);
      const Outcome outcome = after.apply(event);
      if (const auto violation = find_violation(model, before, event, outcome, after)) {
        names.insert(violation->property);
      }
      const bool failed = outcome.step.fault != StepResult::Fault::none;
      if (!failed && met.insert(after.hash()).second) queue.push_back(std::move(after));
    }
  }
  return names;
}

void expect_holds(const Model& model) {
  const CheckReport report = check(model, {.jobs = 1});
  EXPECT_EQ(report.verdict, Verdict::holds) << report;
  EXPECT_EQ(all_violations(model), std::set<std::string>());
  for (const PropertyReport& property : report.properties) {
    EXPECT_EQ(property.verdict, Verdict::holds) << property.name;
    EXPECT_GT(property.evaluated, 0U) << property.name;
  }
}

// Violated by the last event of the counterexample and by none before; returns that event.
Event expect_violated(const Model& model, const std::string& name) {
  const CheckReport report = check(model, {.jobs = 1});
  EXPECT_EQ(report.verdict, Verdict::violated) << report;
  EXPECT_TRUE(all_violations(model).contains(name));
  if (!report.counterexample) {
    ADD_FAILURE() << "no counterexample";
    return {};
  }
  EXPECT_EQ(report.counterexample->property, name);
  const std::vector<Event>& events = report.counterexample->events;
  LiveWorld world(model.system);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const LiveWorld before(world);
    const Outcome outcome = world.apply(events[i]);
    EXPECT_EQ(outcome.status, Outcome::Status::applied);
    if (i + 1 < model.system.size()) continue;  // worlds begin when all have started
    const bool starting = i + 1 == model.system.size();
    const auto violation = starting ? find_violation(model, world)
                                    : find_violation(model, before, events[i], outcome, world);
    EXPECT_EQ(violation.has_value(), i + 1 == events.size());
    if (violation) {
      EXPECT_EQ(violation->property, name);
      EXPECT_EQ(violation->kind, to_string(report.counterexample->kind));
      EXPECT_EQ(violation->message, report.counterexample->message);
    }
  }
  return events.back();
}

// --- always ---

Property no_node_above(std::uint8_t most) {
  return always<Climber>("low", [most](const Shown& node) { return node.level <= most; });
}

TEST(Always, IsOfEveryNode) {
  expect_holds(model_of({no_node_above(2)}));
  const Event event = expect_violated(model_of({no_node_above(1)}), "low");
  EXPECT_EQ(event.kind, EventKind::timer);
  // One node is enough, whichever it is.
  for (const std::uint8_t id : {std::uint8_t{0}, std::uint8_t{1}}) {
    const Property property = always<Climber>(
        "low", [id](const Shown& node) { return node.id != NodeId{id} || node.level < 2; });
    EXPECT_EQ(expect_violated(model_of({property}), "low").process, NodeId{id});
  }
}

TEST(Always, IsOfAllNodesTogether) {
  const Property together = always<Climber>("one leader", [](const Nodes<Shown>& nodes) {
    std::size_t leaders = 0;
    for (const Shown& node : nodes) leaders += node.leads ? 1 : 0;
    return leaders <= 1;
  });
  expect_holds(model_of({together}));
  const Event event =
      expect_violated(model_of({together}, {.nodes = 3}, {.leaders = 2}), "one leader");
  EXPECT_EQ(event.timer, static_cast<std::uint32_t>(Climber::Timer::lead));
  const Property order = always<Climber>("in id order", [](const Nodes<Shown>& nodes) {
    for (std::uint8_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].id != NodeId{i}) return false;
    }
    return nodes.size() == 3;
  });
  expect_holds(model_of({order}, {.nodes = 3}));
}

TEST(Always, IsOfTheFirstWorldToo) {
  const Property property =
      always<Climber>("nobody runs", [](const Shown& node) { return !node.running; });
  EXPECT_EQ(expect_violated(model_of({property}), "nobody runs").kind, EventKind::start);
}

// --- always_pair ---

TEST(AlwaysPair, IsOfBothOrdersAndOfNoNodeWithItself) {
  expect_holds(model_of({always_pair<Climber>(
      "different", [](const Shown& a, const Shown& b) { return a.id != b.id; })}));
  for (const std::uint8_t first : {std::uint8_t{0}, std::uint8_t{1}}) {
    // False in one order of the pair only.
    const Property property =
        always_pair<Climber>("no two", [first](const Shown& a, const Shown& b) {
          return a.id != NodeId{first} || !a.leads || !b.leads;
        });
    expect_holds(model_of({property}, {.nodes = 2}, {.leaders = 1}));
    expect_violated(model_of({property}, {.nodes = 2}, {.leaders = 2}), "no two");
  }
}

TEST(AlwaysPair, IsOfNodesThatAreNotNeighbours) {
  const Property property = always_pair<Climber>("not these", [](const Shown& a, const Shown& b) {
    return a.id != NodeId{2} || b.id != NodeId{0} || !a.leads || !b.leads;
  });
  expect_violated(model_of({property}, {.nodes = 3}, {.leaders = 3}), "not these");
  expect_holds(model_of({property}, {.nodes = 3}, {.leaders = 2}));
}

// --- always_step ---

TEST(AlwaysStep, ComparesBeforeAndAfter) {
  const Property property = always_step<Climber>(
      "hears more",
      [](const Shown& before, const Shown& after) { return before.heard <= after.heard; });
  expect_holds(model_of({property}));
  const Event event =
      expect_violated(model_of({property}, {.nodes = 2}, {.forgets = true}), "hears more");
  EXPECT_EQ(event.kind, EventKind::deliver);
}

TEST(AlwaysStep, IsOfOneNodesOwnSteps) {
  expect_holds(
      model_of({always_step<Climber>("same node", [](const Shown& before, const Shown& after) {
        return before.id == after.id;
      })}));
}

TEST(AlwaysStep, ACrashIsAStepThatLeavesWhatIsDurable) {
  const Bounds crash{.nodes = 2, .crashes = 1, .restarts = 1};
  const Property level = always_step<Climber>(
      "climbs",
      [](const Shown& before, const Shown& after) { return before.level <= after.level; });
  expect_holds(model_of({level}));
  EXPECT_EQ(expect_violated(model_of({level}, crash), "climbs").kind, EventKind::crash);
  const Property saved = always_step<Climber>(
      "keeps", [](const Shown& before, const Shown& after) { return before.saved <= after.saved; });
  expect_holds(model_of({saved}, crash));
}

TEST(AlwaysStep, ARestartIsAStepAndTheFirstStartIsNot) {
  const Property property = always_step<Climber>(
      "no revival",
      [](const Shown& before, const Shown& after) { return before.running || !after.running; });
  expect_holds(model_of({property}));
  expect_holds(model_of({property}, {.nodes = 2, .crashes = 1}));
  const Event event = expect_violated(
      model_of({property}, {.nodes = 2, .crashes = 1, .restarts = 1}), "no revival");
  EXPECT_EQ(event.kind, EventKind::restart);

  const Model model = model_of({property});
  const Event start{.kind = EventKind::start, .process = {1}};
  const LiveWorld before(model.system);
  LiveWorld after(before);
  const Outcome outcome = after.apply(start);
  EXPECT_FALSE(find_violation(model, before, start, outcome, after));
}

TEST(AlwaysStep, AFaultOfTheNetworkIsNoStep) {
  const Property property =
      always_step<Climber>("something new", [](const Shown& a, const Shown& b) {
        return a.level != b.level || a.heard != b.heard || a.leads != b.leads;
      });
  expect_holds(model_of({property},
                        {.nodes = 2, .network = Network::unordered, .drops = 1, .duplicates = 1}));
}

// --- sometimes ---

TEST(Sometimes, IsReachedOrVacuousAndNeverViolated) {
  const auto top = [](std::uint8_t level) {
    return sometimes<Climber>("top", [level](const Shown& node) { return node.level == level; });
  };
  const auto all_at = [](std::uint8_t level) {
    return sometimes<Climber>("all", [level](const Nodes<Shown>& nodes) {
      bool all = true;
      for (const Shown& node : nodes) all = all && node.level == level;
      return all;
    });
  };
  expect_holds(model_of({top(2), all_at(2)}));
  for (const Model& model : {model_of({no_node_above(2), top(3)}), model_of({top(2), all_at(3)})}) {
    const CheckReport report = check(model, {.jobs = 1});
    EXPECT_EQ(report.verdict, Verdict::vacuous);
    EXPECT_FALSE(report.counterexample);
    EXPECT_EQ(report.properties[0].verdict, Verdict::holds);
    EXPECT_EQ(report.properties[1].verdict, Verdict::vacuous);
    EXPECT_TRUE(all_violations(model).empty());
  }
  // A violation is more than a property that says nothing.
  expect_violated(model_of({top(3), no_node_above(1)}), "low");
}

TEST(Vacuous, IsWhatWasNeverEvaluated) {
  const Property pair =
      always_pair<Climber>("pair", [](const Shown&, const Shown&) { return false; });
  const Property step =
      always_step<Climber>("step", [](const Shown&, const Shown&) { return false; });
  EXPECT_EQ(check(model_of({pair}, {.nodes = 1}), {.jobs = 1}).verdict, Verdict::vacuous);
  EXPECT_EQ(check(model_of({step}, {.nodes = 1}, {.top = 0, .leaders = 0}), {.jobs = 1}).verdict,
            Verdict::vacuous);
  expect_violated(model_of({pair}, {.nodes = 2}), "pair");
  expect_violated(model_of({step}, {.nodes = 1}), "step");
}

// --- always_observer ---

// Who was the first to climb so high as nobody before.
struct Highest {
  NodeId process;
  std::uint8_t level = 0;
  void on(NodeId who, const Climbed& label) {
    if (label.level > level) *this = {.process = who, .level = label.level};
  }
};

Model observed(std::uint8_t top, std::uint8_t most) {
  Model model = model_of({}, {.nodes = 2}, {.top = top});
  model.properties.push_back(
      always_observer<Climber>(model.system, "low", Highest{},
                               [most](const Highest& highest) { return highest.level <= most; }));
  return model;
}

TEST(AlwaysObserver, SeesTheLabelsInOrderAndWhoseTheyAre) {
  expect_holds(observed(2, 2));
  expect_violated(observed(2, 1), "low");
  Model model = observed(2, 2);
  // Each property looks at its own observer.
  model.properties.push_back(
      always_observer<Climber>(model.system, "stays", Highest{.level = 9},
                               [](const Highest& highest) { return highest.level == 9; }));
  expect_holds(model);
  model.properties.push_back(always_observer<Climber>(
      model.system, "the first is the highest", Highest{.process = {0}, .level = 1},
      [](const Highest& highest) { return highest.process == NodeId{0}; }));
  EXPECT_EQ(model.system.observers.size(), 3U);
  EXPECT_EQ(expect_violated(model, "the first is the highest").process, NodeId{1});
}

// --- what comes first ---

TEST(Violations, OfOneEventAreReportedInOrderOfDeclaration) {
  const Property low = no_node_above(1);
  Property same = low;
  same.name = "the same";
  expect_violated(model_of({low, same}), "low");
  expect_violated(model_of({same, low}), "the same");
}

TEST(Violations, OfAHandlerAreExpectationsOrExceptions) {
  expect_violated(model_of({no_node_above(2)}, {.nodes = 2}, {.fails = true}), "expect");
  expect_violated(model_of({no_node_above(2)}, {.nodes = 2}, {.throws = true}),
                  "no exception leaves a handler");
}

}  // namespace
}  // namespace gainsay
