// Where the states come from: numbers of a system that can be counted by hand.
#include <gtest/gtest.h>

#include <sstream>

#include "explorer/report.hpp"
#include "gainsay.hpp"

namespace gainsay::testing {
namespace profiled {

// n1 ticks three times and sends n2 an A with bit 1, one with bit 2, and a B that does nothing.
struct Node {
  struct A {
    std::uint8_t bit = 0;
  };
  struct B {};
  using Message = std::variant<A, B>;
  using Context = gainsay::Context<Node>;
  enum class Timer : std::uint8_t { tick };

  std::uint8_t ticks = 0;
  std::uint8_t bits = 0;

  void start(Context& ctx) { ctx.arm(Timer::tick, ctx.self() == NodeId{0}); }
  void on(Context& ctx, Timer) {
    ++ticks;
    if (ticks < 3) ctx.send(NodeId{1}, A{ticks});
    if (ticks == 3) ctx.send(NodeId{1}, B{});
    ctx.arm(Timer::tick, ticks < 3);
  }
  void on(Context&, NodeId, A a) { bits = static_cast<std::uint8_t>(bits | a.bit); }
  void on(Context&, NodeId, B) {}
};

}  // namespace profiled

namespace {

using profiled::Node;
using Values = std::map<std::uint64_t, std::uint64_t>;

CheckReport profiled_check(const std::optional<Reductions>& reduce) {
  return check<Node>({.nodes = 2, .timeouts = 3, .limits = {{"ticks", 3}}},
                     {always<Node>("any", [](const Node&) { return true; })},
                     {.limits = {{"ticks", [](const Node& node) { return node.ticks; }}}},
                     {.reduce = reduce, .profile = true});
}

TEST(Profile, CountsWhatCanBeCountedByHand) {
  const CheckReport report = profiled_check(Reductions{});
  ASSERT_EQ(report.states, 11U);
  ASSERT_TRUE(report.profile);
  const ProfileReport& profile = *report.profile;
  ASSERT_EQ(profile.processes.size(), 2U);
  EXPECT_EQ(profile.processes[0].name, "n1");
  EXPECT_EQ(profile.processes[0].local_states, 4U);
  EXPECT_EQ(profile.processes[0].inboxes, 1U);
  EXPECT_EQ(profile.processes[0].cells, 4U);
  EXPECT_EQ(profile.processes[1].local_states, 4U);
  EXPECT_EQ(profile.processes[1].inboxes, 4U);
  EXPECT_EQ(profile.processes[1].cells, 11U);
  ASSERT_EQ(profile.messages.size(), 2U);
  EXPECT_EQ(profile.messages[0].name, "A");
  EXPECT_EQ(profile.messages[0].distinct, 2U);
  EXPECT_EQ(profile.messages[0].inboxes_without, 3U);
  EXPECT_EQ(profile.messages[1].name, "B");
  EXPECT_EQ(profile.messages[1].inboxes_without, 4U);
  ASSERT_EQ(profile.budgets.size(), 1U);
  EXPECT_EQ(profile.budgets[0].name, "timeouts");
  EXPECT_EQ(profile.budgets[0].states, (Values{{0, 1}, {1, 2}, {2, 4}, {3, 4}}));
  EXPECT_EQ(profile.budgets[0].new_local_states, (Values{{0, 2}, {1, 2}, {2, 3}, {3, 1}}));
  ASSERT_EQ(profile.limits.size(), 1U);
  EXPECT_EQ(profile.limits[0].states, (Values{{0, 1}, {1, 2}, {2, 4}, {3, 4}}));
  EXPECT_EQ(profile.deliveries, 12U);
  EXPECT_EQ(profile.dead, 0U);
  EXPECT_EQ(profile.without_effect, 8U);
  EXPECT_DOUBLE_EQ(profile.reuse, 16.0 / 17);
}

TEST(Profile, SuggestsWhatSavesMost) {
  const std::vector<std::string> suggestions = profiled_check(Reductions{}).profile->suggestions;
  EXPECT_EQ(suggestions,
            (std::vector<std::string>{
                "reductions are off: --reduce auto uses all that are sound",
                "the inbox of n2 has 4 values; A makes 40 % of the inboxes: send it less often, or "
                "with less in it",
                "--timeouts 2: 1.6 times fewer states"}));
}

TEST(Profile, CountsDeadMessages) {
  const ProfileReport profile = *profiled_check(Reductions{.dead_messages = true}).profile;
  EXPECT_EQ(profile.dead, 8U);
  EXPECT_EQ(profile.deliveries, 12U);
  EXPECT_EQ(profile.without_effect, 0U);
}

TEST(Profile, FitsIn80Columns) {
  const CheckReport report = profiled_check(Reductions{});
  std::istringstream lines(summary(report, true));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_LE(line.size(), 80U) << line;
  EXPECT_GT(count, 15U);
  EXPECT_FALSE(
      check<Node>({.nodes = 2}, {always<Node>("any", [](const Node&) { return true; })}).profile);
}

}  // namespace
}  // namespace gainsay::testing
