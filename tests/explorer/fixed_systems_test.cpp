// Small fixed systems, each for one way in which a check could say more than it looked at, or lose
// what it found.
#include <gtest/gtest.h>

#include <string>

#include "explorer/replay.hpp"
#include "gainsay.hpp"
#include "tests/explorer/table_protocol.hpp"
#include "tests/scratch.hpp"

namespace gainsay::testing {
namespace fixed_systems {

// n1 sends numbers; the others keep the greatest. A timer adds one.
struct Number {
  std::uint8_t value = 0;
  std::string note;
  NodeId names;
};
struct Node {
  using Message = std::variant<Number>;
  using Context = gainsay::Context<Node>;
  enum class Timer : std::uint8_t { add };
  struct Options {
    std::vector<Number> sent;
    std::uint8_t adds = 0;  // up to which value the timer does
    std::uint8_t step = 1;
    std::string fails_at;  // a note that no node may receive
  };

  std::uint8_t greatest = 0;

  void start(Context& ctx) {
    arm(ctx);
    if (ctx.self() != NodeId{0}) return;
    for (const Number& number : ctx.options().sent) ctx.broadcast(number);
  }
  void on(Context& ctx, Timer) {
    greatest = static_cast<std::uint8_t>(greatest + ctx.options().step);
    arm(ctx);
  }
  void on(Context& ctx, NodeId, const Number& number) {
    expect(number.note.empty() || number.note != ctx.options().fails_at, number.note.c_str());
    greatest = std::max(greatest, number.value);
    arm(ctx);
  }
  void arm(Context& ctx) const { ctx.arm(Timer::add, greatest < ctx.options().adds); }
};

// A register that n1 serves, or does not.
struct Server {
  using Message = std::variant<>;
  using Context = gainsay::Context<Server>;
  using Operation = reg::Model::Operation;
  using Result = reg::Model::Result;
  struct Options {
    bool answers = true;
  };
  std::optional<std::string> value;

  void start(Context&) {}
  void on(Context& ctx, NodeId, const Request<Operation>& request) {
    const Result result = reg::Model::apply(value, request.operation);
    if (ctx.options().answers) ctx.reply(request.id, result);
  }
};

}  // namespace fixed_systems

namespace {

using fixed_systems::Node;
using fixed_systems::Number;

constexpr Reductions none{};

Property below(std::uint8_t most) {
  return always<Node>("below", [most](const Node& node) { return node.greatest < most; });
}
Property steps_up_to(std::uint8_t most) {
  return always_step<Node>("small steps", [most](const Node& before, const Node& after) {
    return after.greatest <= before.greatest + most;
  });
}

TEST(FixedSystems, ACheckpointOfOtherOptionsHandlersOrPropertiesIsRefused) {
  const Scratch scratch("fixed-systems");
  const auto with = [&](std::uint8_t adds, std::uint8_t step, std::uint8_t most,
                        std::optional<std::uint32_t> depth) {
    return check<Node>({.nodes = 3}, {below(most)}, {.options = {.adds = adds, .step = step}},
                       {.reduce = none, .max_depth = depth, .resume = scratch.path()});
  };
  ASSERT_EQ(with(6, 1, 100, 4).verdict, Verdict::incomplete);
  EXPECT_THROW(with(1, 1, 100, {}), UsageError);  // an option that changes what was explored
  EXPECT_THROW(with(6, 2, 100, {}), UsageError);  // what a handler does
  EXPECT_THROW(with(6, 1, 2, {}), UsageError);    // a stronger predicate of the same name
  EXPECT_EQ(with(6, 1, 100, {}).verdict, Verdict::holds);
}

TEST(FixedSystems, BoundsThatWereNotExploredAreRefused) {
  EXPECT_THROW(check<Node>({.nodes = 2, .clients = 2}, {below(9)}), UsageError);
  EXPECT_THROW(check<Node>({.nodes = 2, .limits = {{"greatest", 3}}}, {below(9)}), UsageError);
  EXPECT_THROW(check<Node>({.nodes = 2, .network = Network::fifo, .duplicates = 1}, {below(9)}),
               UsageError);
  const CheckReport limited = check<Node>(
      {.nodes = 2, .limits = {{"greatest", 3}}}, {below(4)},
      {.options = {.adds = 9}, .limits = {{"greatest", [](const Node& n) { return n.greatest; }}}});
  EXPECT_EQ(limited.verdict, Verdict::holds);
}

TEST(FixedSystems, AServerThatNeverAnswersIsVacuousNotLinearizable) {
  using fixed_systems::Server;
  Workload<reg::Model::Operation> workload;
  workload.clients = {{{.operation = reg::Put{"a"}, .servers = {NodeId{0}}}}};
  const auto verdict = [&](bool answers) {
    return check<Server>({.nodes = 1}, {linearizable<reg::Model>()},
                         {.options = {.answers = answers}, .workload = workload})
        .verdict;
  };
  EXPECT_EQ(verdict(true), Verdict::holds);
  EXPECT_EQ(verdict(false), Verdict::vacuous);
}

TEST(FixedSystems, ASelectionOfPropertiesKeepsTheGuardsAgainstNothing) {
  const Property reached =
      sometimes<Node>("reached", [](const Node& node) { return node.greatest == 7; });
  const CheckReport report = check<Node>({.nodes = 2}, {below(100), steps_up_to(9), reached},
                                         {.options = {.adds = 2}}, {.properties = {"below"}});
  EXPECT_EQ(report.verdict, Verdict::vacuous);
  EXPECT_EQ(report.properties.size(), 2U);
}

TEST(FixedSystems, AMessageThatALimitForbidsIsACutEvenWhenItIsDropped) {
  for (const Reductions& reduce : {none, Reductions{.dead_messages = true}}) {
    const CheckReport report =
        check<Node>({.nodes = 2, .limits = {{"greatest", 2}}}, {below(9)},
                    {.options = {.sent = {{.value = 1}, {.value = 3}}},
                     .limits = {{"greatest", [](const Node& node) { return node.greatest; }}}},
                    {.reduce = reduce});
    ASSERT_EQ(report.limits.size(), 1U);
    EXPECT_GT(report.limits[0].cuts, 0U);
  }
}

TEST(FixedSystems, ADepthLimitDoesNotHideShallowRunsWithFaults) {
  // Without faults the space is deep; one crash loses what n1 knew at once.
  const Property never_back = always_step<Node>(
      "never back",
      [](const Node& before, const Node& after) { return after.greatest >= before.greatest; });
  const CheckReport report =
      check<Node>({.nodes = 1, .crashes = 1}, {never_back}, {.options = {.adds = 20}},
                  {.reduce = none, .max_depth = 4});
  ASSERT_EQ(report.verdict, Verdict::violated);
  EXPECT_EQ(report.counterexample->faults, 1U);
}

TEST(FixedSystems, AShortestRunInFifoCountsTheDeadMessagesInItsWay) {
  // n2 gets three dead messages and then a 9 from n1; its own timer reaches 2 in two events.
  const std::vector<Number> sent = {
      {.value = 0}, {.value = 0, .note = "b"}, {.value = 0, .note = "c"}, {.value = 9}};
  const CheckReport report = check<Node>({.nodes = 2, .network = Network::fifo}, {below(2)},
                                         {.options = {.sent = sent, .adds = 2}},
                                         {.reduce = Reductions{.dead_messages = true}});
  ASSERT_EQ(report.verdict, Verdict::violated);
  EXPECT_TRUE(report.shortest);
  EXPECT_EQ(report.counterexample->events.size(), 4U);  // two starts, two timers
}

Trace trace_of(const Model& model, const CheckReport& report) {
  const Counterexample& found = *report.counterexample;
  const Trace trace =
      record_trace(model.system, found.events,
                   TraceVerdict{.property = found.property,
                                .kind = "always",
                                .step = static_cast<std::uint32_t>(found.events.size() - 1),
                                .message = found.message});
  return parse_trace(trace_text(model.system, trace, found.events), "trace");
}

TEST(FixedSystems, AReplayConfirmsTheRecordedOneOfSeveralBrokenProperties) {
  for (const char* name : {"below", "small steps"}) {
    const Model model = make_model<Node>({.nodes = 1}, {below(2), steps_up_to(1)},
                                         {.options = {.adds = 1, .step = 2}});
    const CheckReport report = check(model, {.properties = {name}});
    ASSERT_EQ(report.counterexample->property, name);
    EXPECT_TRUE(replay(model, trace_of(model, report)).reproduced) << name;
  }
}

TEST(FixedSystems, TracesOfLongBinaryOrStrangeValuesReplay) {
  const std::string longest(3'000, 'x');
  const std::string binary = "\xff\xfe digest";
  for (const std::string& note : {longest, binary}) {
    const Model model = make_model<Node>(
        {.nodes = 2}, {below(9)},
        {.options = {.sent = {{.note = note, .names = NodeId{255}}}, .fails_at = note}});
    const CheckReport report = check(model);
    ASSERT_EQ(report.verdict, Verdict::violated);
    EXPECT_TRUE(replay(model, trace_of(model, report)).reproduced) << report;
  }
}

TEST(FixedSystems, ResumingBehindAFaultCountsEveryTransitionOnce) {
  std::uint32_t compared = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Model model =
        table_model({.seed = seed, .bounds = {.crashes = 2, .restarts = 1}, .violating = false});
    CheckOptions options{.reduce = none, .jobs = 1, .max_states = 20'000};
    const CheckReport whole = check(model, options);
    if (whole.verdict != Verdict::holds || whole.states < 100) continue;
    for (std::uint64_t cut = whole.states / 4; cut < whole.states; cut += whole.states / 4) {
      const Scratch scratch("fixed-systems");
      options.resume = scratch.path();
      options.max_states = cut;
      check(model, options);
      options.max_states = 20'000;
      const CheckReport resumed = check(model, options);
      EXPECT_EQ(resumed.states, whole.states) << seed;
      EXPECT_EQ(resumed.transitions, whole.transitions) << seed;
      EXPECT_EQ(resumed.depth, whole.depth) << seed;
    }
    ++compared;
  }
  EXPECT_GT(compared, 20U);
}

}  // namespace
}  // namespace gainsay::testing
