// Is a limit large enough, and does a limit on depth cut: the report says so, and is right.
#include <gtest/gtest.h>

#include "explorer/report.hpp"
#include "gainsay.hpp"
#include "tests/explorer/table_protocol.hpp"

namespace gainsay::testing {
namespace rounds {

// Goes through its phases in every round; in round `turns` it finds a last one.
struct Node {
  struct Nothing {};
  using Message = std::variant<Nothing>;
  using Context = gainsay::Context<Node>;
  enum class Timer : std::uint8_t { step };
  enum class Phase : std::uint8_t { idle, busy, done };
  struct Options {
    std::uint32_t turns = 99;
  };
  struct Durable {
    std::uint32_t round = 0;
  };

  Durable durable;
  Phase phase = Phase::idle;

  void start(Context& ctx) { ctx.set(Timer::step); }
  void on(Context& ctx, Timer) {
    ctx.set(Timer::step);
    if (phase == Phase::idle) {
      phase = Phase::busy;
    } else if (phase == Phase::busy) {
      phase = durable.round == ctx.options().turns ? Phase::done : Phase::idle;
      ++durable.round;
    }
  }
  void on(Context&, NodeId, Nothing) {}
};

}  // namespace rounds

namespace {

using rounds::Node;

CheckReport check_rounds(std::uint64_t limit, std::uint32_t turns, const CheckOptions& options = {},
                         std::uint32_t crashes = 0) {
  return check<Node>(
      {.nodes = 1, .crashes = crashes, .restarts = crashes, .limits = {{"round", limit}}},
      {always<Node>("any", [](const Node&) { return true; })},
      {.options = {.turns = turns},
       .limits = {{"round", [](const Node& node) { return node.durable.round; }}}},
      options);
}

const LimitReport& limit_of(const CheckReport& report) { return report.limits.at(0); }

constexpr Reductions none{};

TEST(Adequacy, ALimitWhoseLastValueBringsNothingNewIsToldSo) {
  const CheckReport report = check_rounds(3, 99, {.reduce = none});
  const LimitReport& limit = limit_of(report);
  EXPECT_EQ(limit.cuts, 1U);
  EXPECT_EQ(limit.local_states,
            (std::map<std::uint64_t, std::uint64_t>{{0, 2}, {1, 2}, {2, 2}, {3, 2}}));
  EXPECT_EQ(limit.fields, std::vector<std::string>{"durable.round"});
  EXPECT_EQ(limit.new_besides, 0U);
  EXPECT_NE(summary(report, false)
                .find("  limit round<=3 cut 1 local event; 2 local states with round=3, none new "
                      "but\n    for durable.round\n"),
            std::string::npos)
      << report;
  EXPECT_NE(summary(report, true).find("by round: 0: 2, 1: 2, 2: 2, 3: 2"), std::string::npos);
}

TEST(Adequacy, ALimitWhoseLastValueBringsSomethingNewIsToldSo) {
  const LimitReport three = limit_of(check_rounds(3, 2, {.reduce = none}));
  EXPECT_EQ(three.at_greatest(), 1U);  // done
  EXPECT_EQ(three.new_besides, 1U);
  EXPECT_EQ(three.cuts, 0U);
  const LimitReport two = limit_of(check_rounds(2, 2, {.reduce = none}));
  EXPECT_EQ(two.new_besides, 0U);
  EXPECT_EQ(two.cuts, 1U);  // this one is too small: what it cuts is what says so
  const CheckReport wide = check_rounds(9, 2);
  EXPECT_EQ(limit_of(wide).at_greatest(), 0U);
  EXPECT_NE(summary(wide, false).find("limit round<=9 cut nothing; no local state with round=9\n"),
            std::string::npos)
      << wide;
}

TEST(Adequacy, OfAPartOfTheSpaceOnlyCountsAreTold) {
  const CheckReport report = check_rounds(3, 99, {.reduce = none, .max_depth = 7});
  ASSERT_EQ(report.verdict, Verdict::incomplete);
  EXPECT_NE(summary(report, false).find("; 2 local states with round=3 so far\n"),
            std::string::npos)
      << report;
}

TEST(Adequacy, WithOneValueOnlyThereIsNothingToCompare) {
  EXPECT_FALSE(limit_of(check_rounds(0, 99)).new_besides);
}

TEST(Adequacy, LocalStatesAreCountedWhereTheyWereNew) {
  // Up, with two states a round; a crash brings one that is down for each round.
  const CheckReport report = check_rounds(1, 99, {.reduce = none}, 1);
  EXPECT_EQ(report.discovery.by_faults, (std::vector<std::uint64_t>{4, 2}));
  EXPECT_EQ(report.discovery.last_faults, 1U);
  EXPECT_EQ(report.discovery.last_depth, 4U);
  EXPECT_NE(summary(report, false).find("new local states by faults: 0: 4, 1: 2"),
            std::string::npos);
}

TEST(DepthLimit, BehindWhichThereIsNothingCutsNothing) {
  for (const StoreKind store : {StoreKind::exact, StoreKind::fingerprint}) {
    for (const std::uint32_t crashes : {0U, 1U}) {
      const CheckReport whole = check_rounds(2, 99, {.reduce = none, .store = store}, crashes);
      ASSERT_EQ(whole.verdict, Verdict::holds);
      const auto within = [&](std::uint32_t depth) {
        return check_rounds(2, 99, {.reduce = none, .max_depth = depth, .store = store}, crashes);
      };
      const CheckReport exact = within(whole.depth);
      EXPECT_EQ(exact.verdict, Verdict::holds) << exact;
      EXPECT_EQ(exact.states, whole.states);
      EXPECT_EQ(exact.transitions, whole.transitions);
      EXPECT_EQ(within(whole.depth - 1).verdict, Verdict::incomplete);
    }
  }
}

TEST(DepthLimit, TheSameForOneAndTwoThreads) {
  const Model model = table_model({.seed = 5, .bounds = {.crashes = 1, .restarts = 1}});
  for (std::uint32_t depth = 2; depth < 9; ++depth) {
    for (const StoreKind store : {StoreKind::exact, StoreKind::fingerprint}) {
      CheckOptions options{.reduce = none, .jobs = 1, .max_depth = depth, .store = store};
      const CheckReport one = check(model, options);
      options.jobs = 2;
      const CheckReport two = check(model, options);
      EXPECT_EQ(one.verdict, two.verdict);
      EXPECT_EQ(one.states, two.states);
      EXPECT_EQ(one.handler_runs, two.handler_runs);
      EXPECT_EQ(one.messages, two.messages);
      EXPECT_EQ(one.omission_probability, two.omission_probability);
    }
  }
}

TEST(DepthLimit, SeesThatWhatComesBehindIsSubsumed) {
  const CheckReport whole = check_rounds(2, 99);
  ASSERT_EQ(whole.verdict, Verdict::holds);
  EXPECT_EQ(check_rounds(2, 99, {.max_depth = whole.depth}).verdict, Verdict::holds);
  EXPECT_EQ(check_rounds(2, 99, {.max_depth = whole.depth - 1}).verdict, Verdict::incomplete);
}

}  // namespace
}  // namespace gainsay::testing
