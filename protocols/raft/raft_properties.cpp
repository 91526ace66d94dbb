#include <algorithm>
#include <array>

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
      const NodeId id = node_id(i);
      if (leader.match[id] > common_prefix(leader, nodes[i])) return false;
    }
  }
  return true;
}

bool match_monotonic(const View& before, const View& after) {
  const bool same_leadership =
      before.role == Role::leader && after.role == Role::leader && before.term == after.term;
  if (!same_leadership) return true;
  for (std::uint16_t id = 0; id < before.match.size(); ++id) {
    if (after.match[{id}] < before.match[{id}]) return false;
  }
  return true;
}

// A leader of an older term may be one that nobody follows any more. Null: there is none.
const View* newest_leader(const Nodes<View>& nodes) {
  Term newest = 0;
  for (const View& node : nodes) newest = std::max(newest, node.term);
  for (const View& node : nodes) {
    if (node.role == Role::leader && node.term == newest) return &node;
  }
  return nullptr;
}

bool has_newest_leader(const Nodes<View>& nodes) { return newest_leader(nodes) != nullptr; }

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

// The configuration by the entries of a log up to an index.
Members members_at(const View& node, std::size_t index, NodeSet initial) {
  for (std::size_t i = std::min(index, node.log.size()); i > 0; --i) {
    const auto& command = node.log[i - 1].command;
    if (const auto* members = std::get_if<Members>(&command)) return *members;
    const auto* snapshot = std::get_if<Boxed<Snapshot>>(&command);
    if (snapshot != nullptr && (*snapshot)->members) return *(*snapshot)->members;
  }
  return {.voters = initial, .incoming = {}, .learners = {}};
}

bool has_majority(NodeSet of, NodeSet holders) {
  std::size_t count = 0;
  for (const NodeId id : of) count += holders.contains(id) ? 1 : 0;
  return of.empty() || count > of.size() / 2;
}

// Of a leader that nobody has left for a newer term, and that has committed an entry of its own
// term. It was committed by the latest configuration in its log or, where that came later, by the
// one before.
bool held_by_voters(const Nodes<View>& nodes, const View& leader, NodeSet initial) {
  const std::size_t commit = committed(leader);
  if (commit == 0 || leader.log[commit - 1].term != leader.term) return true;
  NodeSet holders;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].term > leader.term) return true;
    const bool holds = &nodes[i] == &leader || common_prefix(nodes[i], leader) >= commit;
    if (holds) holders.insert(node_id(i));
  }
  return std::ranges::any_of(std::array{leader.log.size(), commit}, [&](std::size_t index) {
    const Members members = members_at(leader, index, initial);
    return has_majority(members.voters, holders) && has_majority(members.incoming, holders);
  });
}

void add_membership_properties(std::vector<Property>& result, const Bounds& bounds,
                               const Options& options) {
  if (options.voters > 0 || options.changes > 0) {
    // What a leader has committed is in the logs of a majority of the voters, whose configuration
    // is the latest in its log; learners do not count.
    result.push_back(
        always<Node>("held by voters",
                     [initial = initial_voters(bounds.nodes, options)](const Nodes<View>& nodes) {
                       for (const View& node : nodes) {
                         if (node.role == Role::leader && !held_by_voters(nodes, node, initial))
                           return false;
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

// The newest leader is followed by all of its voters but the one that is deaf, which is not the
// leader, and nothing remains for it to commit.
bool has_followed_leader(const Nodes<View>& nodes, NodeSet initial, NodeId deaf) {
  const View* leader = newest_leader(nodes);
  if (leader == nullptr || leader == &nodes[deaf.value]) return false;
  const Members members = members_at(*leader, leader->log.size(), initial);
  if (!members.incoming.empty()) return false;
  bool is_voter = false;
  for (const NodeId voter : members.voters) {
    const View& node = nodes[voter.value];
    is_voter = is_voter || &node == leader;
    const bool follows = node.started && node.role == Role::follower && node.term == leader->term;
    if (&node != leader && voter != deaf && !follows) return false;
  }
  return is_voter && committed(*leader) == leader->log.size();
}

// What a server does that hears no leader, whether by a partition, or because it is no member any
// more, takes the leadership from nobody: it is the last one that stands for election. The others
// hear the leader's heartbeats in time.
Property a_leader_that_stays(const Bounds& bounds, const Options& options) {
  const NodeSet initial = initial_voters(bounds.nodes, options);
  const std::uint32_t standing = standing_nodes(bounds.nodes, options);
  if (standing < 2) throw UsageError("--option stays needs two nodes that stand for election");
  // Where the one that hears nobody leads, the other of two never gets its pre-vote.
  if (initial.size() < 3) throw UsageError("--option stays needs three voters");
  const NodeId deaf = node_id(standing - 1);
  return settles<Node>(
      "a leader that stays",
      [=](const Nodes<View>& nodes) { return has_followed_leader(nodes, initial, deaf); },
      has_newest_leader,
      [deaf](NodeId node, Node::Timer timer) {
        return timer == Node::Timer::heartbeat || (timer == Node::Timer::election && node == deaf);
      },
      {.more = {{"term", options.stays}}});
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
  if ((options.read_index || options.lease > 0) && bounds.clients > 0 && bounds.operations > 1) {
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
  if (options.stays > 0) result.push_back(a_leader_that_stays(bounds, options));
  return result;
}

}  // namespace gainsay::raft
