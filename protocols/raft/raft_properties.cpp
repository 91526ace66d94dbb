#include <algorithm>

#include "properties/linearizability.hpp"
#include "protocols/raft/raft.hpp"

namespace gainsay::raft {

namespace {

// The log with an entry for each that its snapshot covers, of which only the term is known.
Log whole_log(const Node& node) {
  Log log;
  if (const Snapshot* snapshot = node.snapshot()) {
    for (const Term term : snapshot->covered) log.push_back({.term = term, .command = {}});
  }
  log.insert(log.end(), node.durable.log.begin(), node.durable.log.end());
  return log;
}

}  // namespace

View view(const Node& node) {
  return {.started = node.started,
          .role = node.role,
          .term = node.durable.term,
          .log = whole_log(node),
          .base = node.base(),
          .commit = node.commit,
          .match = node.match,
          .read_answered = node.extras && node.extras->read_answered,
          .snapshot_installed = node.extras && node.extras->snapshot_installed,
          .told_to_stand = node.extras && node.extras->told_to_stand};
}

namespace {

// Two snapshots up to the same entry are the same; where one log has a snapshot and the other has
// more, terms are compared.
bool same_entry(const View& a, const View& b, std::size_t place) {
  if (a.log[place].term != b.log[place].term) return false;
  const std::size_t index = place + 1;
  const bool same_kind = a.base == b.base ? index >= a.base : index > std::max(a.base, b.base);
  return !same_kind || equal(a.log[place], b.log[place]);
}

// How many entries two logs have in common from the start on.
std::size_t common_prefix(const View& a, const View& b) {
  std::size_t count = 0;
  while (count < std::min(a.log.size(), b.log.size()) && same_entry(a, b, count)) ++count;
  return count;
}

std::size_t committed(const View& node) {
  return std::min<std::size_t>(node.commit, node.log.size());
}

bool log_matching(const View& a, const View& b) {
  const std::size_t common = common_prefix(a, b);
  for (std::size_t i = common; i < std::min(a.log.size(), b.log.size()); ++i) {
    if (a.log[i].term == b.log[i].term) return false;
  }
  return true;
}

bool leader_completeness(const View& a, const View& leader) {
  if (leader.role != Role::leader || a.term > leader.term) return true;
  return common_prefix(a, leader) >= committed(a);
}

bool match_is_real(const Nodes<View>& nodes) {
  for (const View& leader : nodes) {
    if (leader.role != Role::leader) continue;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      // A node of a newer term may have dropped what it acknowledged.
      if (&nodes[i] == &leader || nodes[i].term > leader.term) continue;
      const NodeId id{static_cast<std::uint8_t>(i)};
      if (leader.match[id] > common_prefix(leader, nodes[i])) return false;
    }
  }
  return true;
}

bool match_monotonic(const View& before, const View& after) {
  const bool same_leadership =
      before.role == Role::leader && after.role == Role::leader && before.term == after.term;
  if (!same_leadership) return true;
  for (std::uint8_t id = 0; id < before.match.size(); ++id) {
    if (after.match[{id}] < before.match[{id}]) return false;
  }
  return true;
}

// A leader of an older term may be one that nobody follows any more.
bool has_newest_leader(const Nodes<View>& nodes) {
  Term newest = 0;
  for (const View& node : nodes) newest = std::max(newest, node.term);
  for (const View& node : nodes) {
    if (node.role == Role::leader && node.term == newest) return true;
  }
  return false;
}

// True when the bounds let a local state have this value; sometimes-properties that the bounds rule
// out would make every check vacuous.
bool allows(const Bounds& bounds, std::string_view limit, std::uint64_t value) {
  const auto found = bounds.limits.find(limit);
  return found == bounds.limits.end() || found->second >= value;
}

bool is_configuration(const Entry& entry) { return std::holds_alternative<Members>(entry.command); }

bool one_change_at_a_time(const View& before, const View& after) {
  const bool same_leadership =
      before.role == Role::leader && after.role == Role::leader && before.term == after.term;
  if (!same_leadership || after.log.size() <= before.log.size()) return true;
  if (!is_configuration(after.log.back())) return true;
  for (std::size_t index = after.commit + 1; index < after.log.size(); ++index) {
    if (is_configuration(after.log[index - 1])) return false;
  }
  return true;
}

bool committed_configuration(const View& node) {
  for (std::size_t i = 0; i < committed(node); ++i) {
    if (is_configuration(node.log[i])) return true;
  }
  return false;
}

// A leader that nobody has left for a newer term; its voters are the initial ones.
bool held_by_voters(const Nodes<View>& nodes, const View& leader, NodeSet voters) {
  std::size_t holders = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].term > leader.term) return true;
    const bool counts = voters.contains({static_cast<std::uint8_t>(i)});
    const bool holds = &nodes[i] == &leader || common_prefix(nodes[i], leader) >= leader.commit;
    holders += counts && holds ? 1 : 0;
  }
  return holders > voters.size() / 2;
}

void add_membership_properties(std::vector<Property>& result, const Bounds& bounds,
                               const Options& options) {
  if (options.voters > 0 && options.changes == 0) {
    const NodeSet voters = initial_voters(bounds.nodes, options);
    // What a leader has committed is in the logs of a majority of the voters; learners do not
    // count.
    result.push_back(always<Node>("held by voters", [voters](const Nodes<View>& nodes) {
      for (const View& node : nodes) {
        if (node.role == Role::leader && !held_by_voters(nodes, node, voters)) return false;
      }
      return true;
    }));
  }
  if (options.changes > 0) {
    // A leader begins no change of the configuration before the one before it is committed.
    result.push_back(always_step<Node>("one change at a time", one_change_at_a_time));
    result.push_back(sometimes<Node>("a committed configuration", committed_configuration));
  }
  if (options.transfer && allows(bounds, "term", 2)) {
    result.push_back(sometimes<Node>("a transferred leadership", [](const View& node) {
      return node.role == Role::leader && node.told_to_stand;
    }));
  }
}

}  // namespace

std::vector<Property> properties(const Bounds& bounds, const Options& options) {
  std::vector<Property> result = {
      // At most one leader can be elected in a given term.
      always_pair<Node>("election safety",
                        [](const View& a, const View& b) {
                          return !(a.role == Role::leader && b.role == Role::leader &&
                                   a.term == b.term);
                        }),
      // If two logs contain an entry with the same index and term, then the logs are identical in
      // all entries up through the given index.
      always_pair<Node>("log matching", log_matching),
      // If a server has applied an entry at a given index, no other server ever applies a different
      // entry for the same index.
      always_pair<Node>("state machine safety",
                        [](const View& a, const View& b) {
                          return common_prefix(a, b) >= std::min(committed(a), committed(b));
                        }),
      // If an entry is committed in a given term, then it is present in the logs of the leaders of
      // that term and of all later ones.
      always_pair<Node>("leader completeness", leader_completeness),
      // The matchIndex that a leader keeps for a server never exceeds the part of that server's log
      // that is the same as its own.
      always<Node>("match index", match_is_real),
      // The commit index of a server never decreases, but for a crash, which forgets it.
      always_step<Node>("commit index monotonic",
                        [](const View& before, const View& after) {
                          return !after.started || after.commit >= before.commit;
                        }),
      // During a leadership, no matchIndex decreases.
      always_step<Node>("match index monotonic", match_monotonic),
      // The current term of a server never decreases.
      always_step<Node>(
          "term monotonic",
          [](const View& before, const View& after) { return after.term >= before.term; }),
      sometimes<Node>("a leader", [](const View& node) { return node.role == Role::leader; }),
  };
  if (bounds.clients > 0) result.push_back(linearizable<kv::Model>());
  const bool writes = bounds.clients * bounds.operations > 0 || options.propose > 0;
  if (writes && allows(bounds, "log", 1)) {
    result.push_back(
        sometimes<Node>("a committed entry", [](const View& node) { return node.commit > 0; }));
  }
  if (allows(bounds, "term", 2)) {
    result.push_back(sometimes<Node>("a re-election", [](const View& node) {
      return node.role == Role::leader && node.term >= 2;
    }));
  }
  // Only a client's second operation is a read.
  if (options.read_index && bounds.clients > 0 && bounds.operations > 1) {
    result.push_back(sometimes<Node>("a read outside the log",
                                     [](const View& node) { return node.read_answered; }));
  }
  // With two nodes a leader's snapshot has only what the other has acknowledged.
  const std::uint32_t entries = std::max(options.propose, bounds.clients * bounds.operations);
  if (options.compact > 0 && bounds.nodes > 2 && entries >= options.compact &&
      allows(bounds, "log", options.compact)) {
    result.push_back(sometimes<Node>("a snapshot is installed",
                                     [](const View& node) { return node.snapshot_installed; }));
  }
  add_membership_properties(result, bounds, options);
  if (options.recovers > 0) {
    result.push_back(recovers<Node>("a leader again", has_newest_leader,
                                    {.more = {{"term", options.recovers}}}));
  }
  return result;
}

}  // namespace gainsay::raft
