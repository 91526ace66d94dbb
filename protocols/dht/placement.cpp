#include "protocols/dht/placement.hpp"

#include <algorithm>

namespace gainsay::dht {

std::string ring_name(NodeId node) { return "n" + std::to_string(node.value + 1); }

namespace {

Ring ring_of(const NodeSet& members, const Ring::Options& options) {
  std::vector<Ring::Member> named;
  for (const NodeId node : members) named.push_back({.name = ring_name(node)});
  return {std::move(named), options};
}

// A ring that keeps one member for a position.
using Points = std::map<Ring::Position, NodeId>;

std::vector<Ring::Position> positions(NodeId node, const Ring::Options& options) {
  std::vector<Ring::Position> all;
  const Ring alone = ring_of({node}, options);
  for (const Ring::Point& point : alone.points()) all.push_back(point.position);
  return all;
}

NodeSet walk(const Points& points, Ring::Position from, std::size_t count) {
  NodeSet found;
  auto at = points.lower_bound(from);
  for (std::size_t i = 0; i < points.size() && found.size() < count; ++i) {
    if (at == points.end()) at = points.begin();
    found.insert(at->second);
    ++at;
  }
  return found;
}

}  // namespace

Placement::Placement(Plan plan, bool overwrites) : plan_(std::move(plan)) {
  if (overwrites) {
    NodeSet all;
    for (const NodeSet& members : plan_.members) all |= members;
    for (const NodeId node : all) {
      by_node_.resize(node.value + std::size_t{1});
      by_node_[node.value] = overwriting(node);
    }
    return;
  }
  by_node_.resize(1);
  for (const NodeSet& members : plan_.members) by_node_[0].push_back(table_of(members));
}

Placement::Table Placement::table_of(const NodeSet& members) const {
  const Ring ring = ring_of(members, plan_.ring);
  Table table;
  for (const Key& key : plan_.keys) {
    for (const Ring::Index owner : ring.owners(ring.position_of(key), plan_.replicas)) {
      const auto is_owner = [&](NodeId node) {
        return ring_name(node) == ring.members()[owner].name;
      };
      for (const NodeId node : members) {
        if (is_owner(node)) table[key].insert(node);
      }
    }
  }
  return table;
}

std::vector<Placement::Table> Placement::overwriting(NodeId first) const {
  const Ring hashes = ring_of(plan_.members[0], plan_.ring);
  Points points;
  const auto insert = [&](NodeId node) {
    for (const Ring::Position at : positions(node, plan_.ring)) points[at] = node;
  };
  std::vector<Table> tables;
  NodeSet before;
  for (const NodeSet& members : plan_.members) {
    for (const NodeId node : before) {
      if (members.contains(node)) continue;
      for (const Ring::Position at : positions(node, plan_.ring)) points.erase(at);
    }
    if (members.contains(first) && !before.contains(first)) insert(first);
    for (const NodeId node : members) {
      if (!before.contains(node) && node != first) insert(node);
    }
    before = members;
    Table table;
    for (const Key& key : plan_.keys) {
      table[key] = walk(points, hashes.position_of(key), plan_.replicas);
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

NodeSet Placement::owners(NodeId seen_by, std::size_t membership, const Key& key) const {
  const auto& row = by_node_.size() == 1 ? by_node_[0] : by_node_.at(seen_by.value);
  return row.at(membership).at(key);
}

std::vector<NodeSet> Placement::active_owners(NodeId seen_by, Epoch epoch, const Key& key) const {
  std::vector<NodeSet> all = {owners(seen_by, epoch / 2, key)};
  if (is_changing(epoch)) all.push_back(owners(seen_by, epoch / 2 + 1, key));
  return all;
}

NodeSet Placement::replicas(NodeId seen_by, Epoch epoch, const Key& key) const {
  NodeSet all;
  for (const NodeSet& owners_then : active_owners(seen_by, epoch, key)) {
    all |= owners_then;
  }
  return all;
}

}  // namespace gainsay::dht
