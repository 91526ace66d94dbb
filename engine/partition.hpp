// Network partitions: which links between nodes are cut, and the finite list of cuts that a check
// enumerates. Clients are not cut off: they reach every node, and every node reaches them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "engine/ids.hpp"

namespace gainsay {

enum class PartitionShape : std::uint8_t {
  symmetric,  // two groups, and nothing between them
  one_way,    // two groups: nothing from the first to the second, the way back is open
  bridged     // two groups with one node in common, which reaches both
};
std::string_view to_string(PartitionShape shape);  // "symmetric", "one-way", "bridged"

// Which shapes a check enumerates.
struct PartitionShapes {
  bool symmetric = true;
  bool one_way = false;
  bool bridged = false;
  friend bool operator==(const PartitionShapes&, const PartitionShapes&) = default;
};
bool contains(const PartitionShapes& shapes, PartitionShape shape);
void add(PartitionShapes& shapes, PartitionShape shape);
// In the order of the enumerators.
std::vector<PartitionShape> list(const PartitionShapes& shapes);

// What becomes of messages across a cut.
enum class Across : std::uint8_t {
  lost,  // what is on its way across when the cut comes, and what is sent across while it lasts
  held   // they wait until it heals
};
std::string_view to_string(Across across);

// A list of cuts grows exponentially: systems with partitions have no more nodes than this.
inline constexpr std::uint32_t partition_nodes_max = 10;

// The links that a partition cuts: those between two nodes that share no group.
struct Cut {
  NodeSet first;
  NodeSet second;
  bool one_way = false;  // only from `first` to `second`

  bool is_none() const { return first.empty(); }  // by default: nothing is cut
  bool blocks(NodeId from, NodeId to) const {
    return leads(from, first, to, second) || (!one_way && leads(from, second, to, first));
  }

  friend auto operator<=>(const Cut& a, const Cut& b) {
    return std::tie(a.first, a.second, a.one_way) <=> std::tie(b.first, b.second, b.one_way);
  }
  friend bool operator==(const Cut&, const Cut&) = default;

 private:
  static bool leads(NodeId from, const NodeSet& group, NodeId to, const NodeSet& other) {
    return group.contains(from) && !other.contains(from) && other.contains(to) &&
           !group.contains(to);
  }
};

// The cuts of nodes 0 .. nodes-1, each once, in canonical order: by shape, then by the groups.
// Of two groups that are alike the first has the least node that is in one group only. With n
// nodes: 2^(n-1) - 1 symmetric ones, 2^n - 2 one-way, n (2^(n-2) - 1) bridged.
// REQUIRES: nodes <= partition_nodes_max.
std::vector<Cut> cuts_of(std::uint32_t nodes, const PartitionShapes& shapes);
// The shape of a cut that is written in its canonical way; nullopt for all others.
std::optional<PartitionShape> shape_of(const Cut& cut, std::uint32_t nodes);

}  // namespace gainsay
