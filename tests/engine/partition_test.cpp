// The cuts that a check enumerates: each once, all of a shape, and no others.
#include "engine/partition.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace gainsay::testing {
namespace {

constexpr PartitionShapes symmetric{};
constexpr PartitionShapes one_way{.symmetric = false, .one_way = true};
constexpr PartitionShapes bridged{.symmetric = false, .bridged = true};
constexpr PartitionShapes all{.symmetric = true, .one_way = true, .bridged = true};

// The links that a cut blocks, one bit each.
std::vector<bool> links(const Cut& cut, std::uint8_t nodes) {
  std::vector<bool> blocked;
  for (std::uint8_t from = 0; from < nodes; ++from) {
    for (std::uint8_t to = 0; to < nodes; ++to) blocked.push_back(cut.blocks({from}, {to}));
  }
  return blocked;
}

TEST(Cuts, AreAsManyAsTheFormulasSay) {
  for (std::uint32_t nodes = 1; nodes <= partition_nodes_max; ++nodes) {
    const std::size_t half = std::size_t{1} << (nodes - 1);
    EXPECT_EQ(cuts_of(nodes, symmetric).size(), half - 1);
    EXPECT_EQ(cuts_of(nodes, one_way).size(), 2 * half - 2);
    EXPECT_EQ(cuts_of(nodes, bridged).size(), nodes < 3 ? 0 : nodes * (half / 2 - 1));
  }
}

TEST(Cuts, OfThreeNodes) {
  const NodeId n1{0};
  const NodeId n2{1};
  const NodeId n3{2};
  EXPECT_EQ(cuts_of(3, symmetric), (std::vector<Cut>{{.first = {n1}, .second = {n2, n3}},
                                                     {.first = {n1, n2}, .second = {n3}},
                                                     {.first = {n1, n3}, .second = {n2}}}));
  EXPECT_EQ(cuts_of(3, bridged), (std::vector<Cut>{{.first = {n1, n2}, .second = {n1, n3}},
                                                   {.first = {n1, n2}, .second = {n2, n3}},
                                                   {.first = {n1, n3}, .second = {n2, n3}}}));
  const Cut way{.first = {n1, n2}, .second = {n3}, .one_way = true};
  EXPECT_EQ(cuts_of(3, one_way)[2], way);
  EXPECT_TRUE(way.blocks(n1, n3) && way.blocks(n2, n3));
  EXPECT_FALSE(way.blocks(n3, n1) || way.blocks(n1, n2) || way.blocks(n3, n3));
  const Cut over_n2{.first = {n1, n2}, .second = {n2, n3}};
  EXPECT_TRUE(over_n2.blocks(n1, n3) && over_n2.blocks(n3, n1));
  EXPECT_FALSE(over_n2.blocks(n1, n2) || over_n2.blocks(n2, n3) || over_n2.blocks(n3, n2));
}

TEST(Cuts, DifferInTheLinksThatTheyBlockAndBlockSome) {
  for (std::uint8_t nodes = 2; nodes <= 5; ++nodes) {
    const std::vector<Cut> cuts = cuts_of(nodes, all);
    std::set<std::vector<bool>> met;
    for (const Cut& cut : cuts) {
      const std::vector<bool> blocked = links(cut, nodes);
      EXPECT_NE(std::count(blocked.begin(), blocked.end(), true), 0);
      EXPECT_TRUE(met.insert(blocked).second);
    }
  }
}

// Every pair of groups: it is in the list of its shape exactly when it is said to have one.
TEST(Cuts, HaveAShapeExactlyWhenTheyAreListed) {
  for (std::uint32_t nodes = 1; nodes <= 5; ++nodes) {
    for (std::uint64_t first = 0; first < 1ULL << (nodes + 1); ++first) {
      for (std::uint64_t second = 0; second < 1ULL << (nodes + 1); ++second) {
        for (const bool way : {false, true}) {
          const Cut cut{.first = NodeSet::from_bits(first),
                        .second = NodeSet::from_bits(second),
                        .one_way = way};
          const auto shape = shape_of(cut, nodes);
          for (const PartitionShape each : list(all)) {
            PartitionShapes only{.symmetric = false};
            add(only, each);
            const std::vector<Cut> listed = cuts_of(nodes, only);
            EXPECT_EQ(std::ranges::count(listed, cut), shape == each ? 1 : 0);
          }
        }
      }
    }
  }
  EXPECT_FALSE(shape_of({.first = {NodeId{0}}, .second = {NodeId{63}}}, 64));
}

TEST(Cuts, NoneIsNone) {
  EXPECT_TRUE(Cut{}.is_none());
  EXPECT_FALSE(Cut{}.blocks({0}, {1}));
  EXPECT_FALSE(shape_of(Cut{}, 3));
  EXPECT_EQ(list(all).size(), 3U);
  EXPECT_TRUE(list({.symmetric = false}).empty());
}

}  // namespace
}  // namespace gainsay::testing
