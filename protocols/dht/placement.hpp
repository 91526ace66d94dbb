// Whose each key is, in each stage of a plan of membership changes: what a ring says
// (protocols/dht/ring.hpp), in a table.
//
// Epoch 2i is the plan's i-th membership; 2i + 1 is the change from it to the next one, in which
// both count.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/ids.hpp"
#include "protocols/dht/entry.hpp"
#include "protocols/dht/ring.hpp"

namespace gainsay::dht {

using Epoch = std::uint32_t;
constexpr bool is_changing(Epoch epoch) { return epoch % 2 == 1; }

struct Plan {
  std::vector<NodeSet> members;  // one after the other; not empty, each has a member
  std::vector<Key> keys;
  std::uint32_t replicas = 2;
  Ring::Options ring;
};

class Placement {
 public:
  // What is where is a function of the members. When `overwrites`, it is what a ring says that has
  // one member at a position, the last one that came; each node begins with itself.
  explicit Placement(Plan plan, bool overwrites = false);

  const Plan& plan() const { return plan_; }
  Epoch last_epoch() const { return 2 * static_cast<Epoch>(plan_.members.size() - 1); }
  // As a node sees it, in the plan's membership of that number.
  NodeSet owners(NodeId seen_by, std::size_t membership, const Key& key) const;
  // The memberships that count in an epoch: one, or two.
  std::vector<NodeSet> active_owners(NodeId seen_by, Epoch epoch, const Key& key) const;
  // In any of them.
  NodeSet replicas(NodeId seen_by, Epoch epoch, const Key& key) const;

 private:
  using Table = std::map<Key, NodeSet>;
  Table table_of(const NodeSet& members) const;
  std::vector<Table> overwriting(NodeId first) const;

  Plan plan_;
  std::vector<std::vector<Table>> by_node_;  // then by membership; one row where all see the same
};

std::string ring_name(NodeId node);

}  // namespace gainsay::dht
