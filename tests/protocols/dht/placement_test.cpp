#include "protocols/dht/placement.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "tests/any.hpp"

namespace gainsay::dht {
namespace {

NodeSet nodes(std::uint8_t count) {
  NodeSet all;
  for (std::uint8_t id = 0; id < count; ++id) all.insert({id});
  return all;
}

std::vector<Key> many_keys(int count) {
  std::vector<Key> keys;
  for (int i = 0; i < count; ++i) keys.push_back("key" + std::to_string(i));
  return keys;
}

TEST(Placement, IsWhatTheRingSays) {
  EXPECT_TRUE(rc::check([] {
    // More than nine, so that names are not in the order of ids.
    const auto count = any<std::uint8_t>(1, 13);
    const auto replicas = any<std::uint32_t>(1, 4);
    const Ring::Options options{.points = 4, .seed = any<std::uint64_t>(0, 100), .bits = 6};
    const Placement placement(
        {.members = {nodes(count)}, .keys = many_keys(5), .replicas = replicas, .ring = options});
    std::vector<Ring::Member> members;
    for (const NodeId node : nodes(count)) members.push_back({.name = ring_name(node)});
    const Ring ring(members, options);
    for (const Key& key : many_keys(5)) {
      std::set<std::string> names;
      for (const NodeId node : placement.owners({0}, 0, key)) names.insert(ring_name(node));
      std::set<std::string> expected;
      for (const auto owner : ring.owners(ring.position_of(key), replicas)) {
        expected.insert(ring.members()[owner].name);
      }
      RC_ASSERT(names == expected);
    }
  }));
}

TEST(Placement, BothMembershipsCountWhileTheyChange) {
  const Placement placement(
      {.members = {nodes(2), nodes(3)}, .keys = {"x"}, .replicas = 2, .ring = {.points = 4}});
  EXPECT_EQ(placement.last_epoch(), 2U);
  EXPECT_EQ(placement.active_owners({0}, 0, "x").size(), 1U);
  EXPECT_EQ(placement.active_owners({0}, 1, "x"),
            (std::vector<NodeSet>{placement.owners({0}, 0, "x"), placement.owners({0}, 1, "x")}));
  EXPECT_EQ(placement.active_owners({0}, 2, "x"),
            std::vector<NodeSet>{placement.owners({0}, 1, "x")});
}

// Of 1,000 keys about a tenth of all replicas moves when the tenth member comes.
TEST(Placement, FewKeysMove) {
  const std::vector<Key> keys = many_keys(1000);
  const Placement placement(
      {.members = {nodes(9), nodes(10)}, .keys = keys, .replicas = 3, .ring = {.points = 160}});
  int moved = 0;
  for (const Key& key : keys) {
    const NodeSet before = placement.owners({0}, 0, key);
    const NodeSet after = placement.owners({0}, 1, key);
    for (const NodeId node : after) moved += before.contains(node) ? 0 : 1;
  }
  EXPECT_GT(moved, 200);
  EXPECT_LT(moved, 400);  // of 3,000: a tenth and a third of it
}

TEST(Placement, AnOverwritingRingDependsOnWhoCameFirst) {
  const Plan plan{.members = {nodes(3)},
                  .keys = many_keys(50),
                  .replicas = 2,
                  .ring = {.points = 4, .bits = 4}};
  const Placement right(plan);
  const Placement wrong(plan, true);
  bool differs = false;
  for (const Key& key : plan.keys) {
    EXPECT_EQ(right.owners({0}, 0, key), right.owners({2}, 0, key));
    differs = differs || wrong.owners({0}, 0, key) != wrong.owners({2}, 0, key);
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace gainsay::dht
