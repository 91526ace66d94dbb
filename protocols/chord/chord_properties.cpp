// What holds of the ring at all times, whatever joins and fails (Zave, section IV), and what it
// comes back to.
#include <algorithm>

#include "protocols/chord/chord.hpp"

namespace gainsay::chord {

View view(const Node& node) {
  return {.is_member = node.standing == Standing::member,
          .has_failed = node.standing == Standing::down || node.standing == Standing::gone,
          .successors = node.successors,
          .predecessor = node.predecessor};
}

NodeSet base(const Node::Options& options) {
  NodeSet members;
  for (std::uint16_t i = 0; i <= options.successors; ++i) members.insert({i});
  return members;
}

namespace {

using Set = flat_set<NodeId>;

Set members_of(const Nodes<View>& nodes) {
  Set members;
  for (std::uint16_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].is_member) members.insert({i});
  }
  return members;
}

// The best successor: the first in the list that is a member.
std::optional<NodeId> best_successor(const Nodes<View>& nodes, NodeId of) {
  for (const NodeId one : nodes[of.value].successors) {
    if (nodes[one.value].is_member) return one;
  }
  return std::nullopt;
}

// Whom one comes to by best successors.
Set reached_from(const Nodes<View>& nodes, NodeId from) {
  Set reached;
  for (auto at = best_successor(nodes, from); at && !reached.contains(*at);
       at = best_successor(nodes, *at)) {
    reached.insert(*at);
  }
  return reached;
}

// Those that come back to themselves. All other members are appendages.
Set ring_of(const Nodes<View>& nodes) {
  Set ring;
  for (const NodeId member : members_of(nodes)) {
    if (reached_from(nodes, member).contains(member)) ring.insert(member);
  }
  return ring;
}

bool has_live_successors(const Nodes<View>& nodes) {
  const Set members = members_of(nodes);
  return std::ranges::all_of(
      members, [&](NodeId member) { return best_successor(nodes, member).has_value(); });
}

bool has_ring(const Nodes<View>& nodes) { return !ring_of(nodes).empty(); }

bool has_one_ring(const Nodes<View>& nodes) {
  const Set ring = ring_of(nodes);
  return std::ranges::all_of(ring,
                             [&](NodeId member) { return reached_from(nodes, member) == ring; });
}

bool has_ordered_ring(const Nodes<View>& nodes) {
  const Set ring = ring_of(nodes);
  for (const NodeId member : ring) {
    const NodeId next = *best_successor(nodes, member);
    for (const NodeId other : ring) {
      if (other != member && other != next && between(member, other, next)) return false;
    }
  }
  return true;
}

bool has_connected_appendages(const Nodes<View>& nodes) {
  const Set ring = ring_of(nodes);
  const Set members = members_of(nodes);
  return std::ranges::all_of(members, [&](NodeId member) {
    return std::ranges::any_of(reached_from(nodes, member),
                               [&](NodeId reached) { return ring.contains(reached); });
  });
}

// The number of steps round the ring, in a space as large as there may be processes.
std::size_t distance(NodeId from, NodeId to) { return (to.value + ids_max - from.value) % ids_max; }

bool has_ordered_lists(const Nodes<View>& nodes) {
  for (const NodeId member : members_of(nodes)) {
    std::size_t last = 0;
    for (const NodeId one : nodes[member.value].successors) {
      if (distance(member, one) <= last) return false;
      last = distance(member, one);
    }
  }
  return true;
}

bool is_skipped(const Nodes<View>& nodes, NodeId by, NodeId skipped) {
  NodeId last = by;
  for (const NodeId one : nodes[by.value].successors) {
    if (skipped != last && skipped != one && between(last, skipped, one)) return true;
    last = one;
  }
  return false;
}

std::size_t principals(const Nodes<View>& nodes) {
  const Set members = members_of(nodes);
  return static_cast<std::size_t>(std::ranges::count_if(members, [&](NodeId one) {
    return std::ranges::none_of(members, [&](NodeId by) { return is_skipped(nodes, by, one); });
  }));
}

// The next members round the ring: `steps` of them, or all others.
std::vector<NodeId> next_members(Set members, NodeId from, std::size_t steps) {
  members.erase(from);
  std::vector<NodeId> others(members.begin(), members.end());
  std::ranges::sort(others, {}, [&](NodeId other) { return distance(from, other); });
  if (others.size() > steps) others.resize(steps);
  return others;
}

bool is_ideal(const Nodes<View>& nodes, std::size_t successors) {
  const Set members = members_of(nodes);
  return std::ranges::all_of(members, [&](NodeId member) {
    const View& one = nodes[member.value];
    return one.successors == next_members(members, member, successors) &&
           one.predecessor == next_members(members, member, ids_max).back();
  });
}

bool has_appendage(const Nodes<View>& nodes) { return ring_of(nodes) != members_of(nodes); }

bool some_list_names_the_dead(const Nodes<View>& nodes) {
  return std::ranges::any_of(members_of(nodes), [&](NodeId member) {
    return std::ranges::any_of(nodes[member.value].successors,
                               [&](NodeId one) { return nodes[one.value].has_failed; });
  });
}

bool some_have_failed(const Nodes<View>& nodes) {
  for (const View& node : nodes) {
    if (node.has_failed) return true;
  }
  return false;
}

bool newcomers_are_members(const Nodes<View>& nodes, const Node::Options& options) {
  for (std::uint16_t i = 0; i < nodes.size(); ++i) {
    if (!begins_as_member(options, {i}) && !nodes[i].is_member) return false;
  }
  return true;
}

void add_reached(const Bounds& bounds, const Node::Options& options, std::vector<Property>& all) {
  const std::size_t length = options.successors;
  if (options.newcomers > 0) {
    all.push_back(sometimes<Node>("a member stands off the ring", has_appendage));
    all.push_back(
        sometimes<Node>("all newcomers have found their places", [=](const Nodes<View>& nodes) {
          return newcomers_are_members(nodes, options) && is_ideal(nodes, length);
        }));
  }
  if (bounds.crashes > 0 && bounds.nodes > base(options).size()) {
    all.push_back(
        sometimes<Node>("a list names somebody who has failed", some_list_names_the_dead));
    if (bounds.restarts == 0) return;
    all.push_back(
        sometimes<Node>("the ring has closed where one failed", [length](const Nodes<View>& nodes) {
          return some_have_failed(nodes) && is_ideal(nodes, length);
        }));
  }
}

}  // namespace

std::vector<Property> properties(const Bounds& bounds, const Node::Options& options) {
  const std::size_t length = options.successors;
  std::vector<Property> all = {
      // Every member has a member in its successor list: the first half of the invariant.
      always<Node>("a live successor", has_live_successors),
      // More members than a list has entries are skipped by no list: the other half. From the two
      // follows all of the next five.
      always<Node>("enough principals",
                   [length](const Nodes<View>& nodes) { return principals(nodes) > length; }),
      // A member and its successor list stand in the order of the ring, nobody twice.
      always<Node>("ordered successor lists", has_ordered_lists),
      // Some members come back to themselves, going from each to its best successor.
      always<Node>("at least one ring", has_ring),
      // Those that do come to each other.
      always<Node>("at most one ring", has_one_ring),
      // On the ring nobody of the ring stands between a member and its best successor.
      always<Node>("ordered ring", has_ordered_ring),
      // From every member one comes to the ring.
      always<Node>("connected appendages", has_connected_appendages),
      // Once failures stop, all members can come to stand on the ring, with exactly the members
      // behind them in their lists and exactly the one before them as predecessor.
      recovers<Node>("an ideal ring",
                     [length](const Nodes<View>& nodes) { return is_ideal(nodes, length); })};
  add_reached(bounds, options, all);
  return all;
}

}  // namespace gainsay::chord
