#include "protocols/chord/chord.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "explorer/check.hpp"
#include "tests/sanitized.hpp"

namespace gainsay::chord {
namespace {

NodeId id(std::uint32_t value) { return node_id(value); }

TEST(Identifiers, BetweenGoesRound) {
  EXPECT_TRUE(between(id(1), id(2), id(3)));
  EXPECT_FALSE(between(id(1), id(3), id(2)));
  EXPECT_TRUE(between(id(3), id(4), id(1)));
  EXPECT_TRUE(between(id(3), id(0), id(1)));
  EXPECT_FALSE(between(id(3), id(2), id(1)));
  EXPECT_TRUE(between(id(2), id(1), id(2)));  // all the way round
  EXPECT_FALSE(between(id(2), id(2), id(2)));
  EXPECT_FALSE(between(id(1), id(1), id(3)));
  EXPECT_FALSE(between(id(1), id(3), id(3)));
}

// --- the properties, on rings made by hand ---

View member(std::vector<std::uint32_t> successors, std::uint32_t predecessor) {
  View view{
      .is_member = true, .has_failed = false, .successors = {}, .predecessor = id(predecessor)};
  for (const std::uint32_t one : successors) view.successors.push_back(id(one));
  return view;
}
constexpr auto failed = [] { return View{.is_member = false, .has_failed = true}; };

// Which of the properties that always hold do not.
std::vector<std::string> broken(const std::vector<View>& views) {
  std::vector<const void*> pointers;
  for (const View& view : views) pointers.push_back(&view);
  std::vector<std::string> names;
  for (const Property& property : properties({.nodes = 5}, {.successors = 2, .newcomers = 0})) {
    if (property.kind == PropertyKind::always && !property.holds(pointers)) {
      names.push_back(property.name);
    }
  }
  return names;
}
using Names = std::vector<std::string>;

TEST(Rings, ThatAreRightBreakNothing) {
  EXPECT_EQ(broken({member({1, 2}, 2), member({2, 0}, 0), member({0, 1}, 1)}), Names{});
  // An appendage: 3 has joined, and nobody knows yet.
  EXPECT_EQ(broken({member({1, 2}, 2), member({2, 0}, 0), member({0, 1}, 1), member({0, 1}, 2)}),
            Names{});
  // 3 has failed, and nobody has noticed.
  EXPECT_EQ(broken({member({1, 2}, 3), member({2, 3}, 0), member({3, 0}, 1), failed()}), Names{});
}

TEST(Rings, WhoHasOnlyDeadSuccessorsIsFound) {
  const Names names =
      broken({member({1, 2}, 2), member({2, 0}, 0), member({0, 1}, 1), member({4}, 2), failed()});
  EXPECT_EQ(names, (Names{"a live successor", "connected appendages"}));
}

TEST(Rings, TwoRingsAreFound) {
  const Names names =
      broken({member({2, 0}, 2), member({3, 1}, 3), member({0, 2}, 0), member({1, 3}, 1)});
  EXPECT_NE(std::ranges::find(names, "at most one ring"), names.end());
  EXPECT_NE(std::ranges::find(names, "enough principals"), names.end());
  EXPECT_NE(std::ranges::find(names, "ordered successor lists"), names.end());
  EXPECT_EQ(std::ranges::find(names, "connected appendages"), names.end());
}

TEST(Rings, OneThatGoesRoundTwiceIsFound) {
  const Names names = broken({member({2, 4}, 4), member({3, 0}, 4), member({4, 1}, 0),
                              member({0, 2}, 1), member({1, 3}, 2)});
  EXPECT_NE(std::ranges::find(names, "ordered ring"), names.end());
  EXPECT_EQ(std::ranges::find(names, "at most one ring"), names.end());
  EXPECT_EQ(std::ranges::find(names, "at least one ring"), names.end());
}

TEST(Rings, NoneIsFound) {
  const Names names = broken({member({}, 0), member({0}, 0), member({0}, 1)});
  EXPECT_NE(std::ranges::find(names, "at least one ring"), names.end());
  EXPECT_NE(std::ranges::find(names, "connected appendages"), names.end());
}

TEST(Rings, AListThatNamesSomebodyTwiceIsFound) {
  EXPECT_EQ(broken({member({1, 1}, 2), member({2, 0}, 0), member({0, 1}, 1)}),
            (Names{"enough principals", "ordered successor lists"}));
}

TEST(Rings, TooFewPrincipalsAreFound) {
  // 0 has not heard of 1.
  EXPECT_EQ(broken({member({2, 0}, 2), member({2, 0}, 0), member({0, 1}, 1)}),
            (Names{"enough principals", "ordered successor lists"}));
}

// --- the protocol ---

Model model(Bounds bounds, OptionTexts options) {
  return find_system("chord")->make({.bounds = std::move(bounds), .options = std::move(options)});
}

TEST(Chord, HoldsWhileOthersJoinAndOneFails) {
  const auto holds = [](std::uint32_t nodes, OptionTexts options, std::uint32_t crashes) {
    const Bounds bounds{.nodes = nodes, .crashes = crashes, .restarts = crashes};
    const CheckReport report = check(model(bounds, std::move(options)));
    return report.verdict == Verdict::holds;
  };
  EXPECT_TRUE(holds(3, {{"newcomers", "0"}}, 0));
  EXPECT_TRUE(holds(4, {}, 1));
  EXPECT_TRUE(holds(5, {{"newcomers", "0"}}, 1));
  EXPECT_TRUE(holds(5, {{"successors", "3"}}, 2));
  EXPECT_TRUE(is_sanitized() || holds(5, {}, 1));  // 230,712 states
}

// Zave's assumptions are needed, and so they are checked.
TEST(Chord, WithoutAStableBaseThereAreTooFewPrincipals) {
  Model weaker = model({.nodes = 4, .crashes = 1}, {});
  weaker.system.steadfast = {};
  const CheckReport report = check(weaker);
  ASSERT_EQ(report.verdict, Verdict::violated);
  EXPECT_EQ(report.counterexample->property, "enough principals");
}

TEST(Chord, AsManyFailuresAsAListHasEntriesLeaveNoSuccessor) {
  const Bounds bounds{.nodes = 5, .crashes = 2};
  const Node::Options options{.newcomers = 0};
  System system = make_system<Node>("chord", bounds, options);
  system.steadfast = base(options);
  const CheckReport report = check({.system = system, .properties = properties(bounds, options)});
  ASSERT_EQ(report.verdict, Verdict::violated);
  EXPECT_EQ(report.counterexample->property, "a live successor");
  EXPECT_THROW(model(bounds, {{"newcomers", "0"}}), UsageError);
}

TEST(Chord, WhatIsNoRingIsRefused) {
  EXPECT_THROW(model({.nodes = 2}, {}), UsageError);
  EXPECT_THROW(model({.nodes = 3}, {{"newcomers", "1"}}), UsageError);  // and three of the base
  EXPECT_THROW(model({.nodes = 5}, {{"successors", "0"}}), UsageError);
  EXPECT_THROW(model({.nodes = 5}, {{"successors", "5"}}), UsageError);
  EXPECT_THROW(model({.nodes = 5}, {{"successors", "4294967295"}}), UsageError);
  EXPECT_THROW(model({.nodes = 5}, {{"newcomers", "3"}}), UsageError);
  EXPECT_NO_THROW(model({.nodes = 3}, {}));
}

}  // namespace
}  // namespace gainsay::chord
