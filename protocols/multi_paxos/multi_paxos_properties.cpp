#include <algorithm>

#include "properties/linearizability.hpp"
#include "protocols/multi_paxos/multi_paxos.hpp"

namespace gainsay::multi_paxos {

View view(const Node& node) {
  return {.role = node.role,
          .ballot = node.ballot,
          .promised = node.durable.promised,
          .disks_lost = node.durable.disks_lost,
          .accepted = node.durable.accepted,
          .ledger = node.durable.ledger,
          .applied = node.applied,
          .read_by_lease = node.leases && node.leases->read};
}

namespace {

struct Candidate {
  Value value;
  NodeSet voters;
};
// For one value in a ballot; only a faulty variant has more of them.
using Candidates = std::vector<Candidate>;

// All votes ever cast, and what they choose: crashes and lost disks take none back.
struct Election {
  NodeSet first_members;
  Slot alpha = 0;
  std::uint32_t q2 = 0;
  flat_map<Slot, flat_map<Ballot, Candidates>> votes;
  Ledger chosen;
  bool one_value_for_each_slot = true;

  void on(NodeId acceptor, const Node::Label& vote) {
    Candidates& candidates = votes[vote.slot][vote.accepted.ballot];
    auto candidate = std::ranges::find_if(
        candidates, [&](const Candidate& one) { return equal(one.value, vote.accepted.value); });
    if (candidate == candidates.end()) {
      candidate = candidates.insert(candidate, {.value = vote.accepted.value, .voters = {}});
    }
    candidate->voters.insert(acceptor);
    // A leader proposes only where it knows the configuration, so that it is known here as well.
    const auto members = members_at(chosen, vote.slot, vote.slot, first_members, alpha);
    const auto count = (candidate->voters & *members).size();
    if (count < phase_2_quorum(members->size(), {.q2 = q2})) return;
    const auto known = chosen.find(vote.slot);
    if (known == chosen.end()) {
      chosen[vote.slot] = vote.accepted.value;
    } else if (!equal(known->second, vote.accepted.value)) {
      one_value_for_each_slot = false;
    }
  }
};

bool agree(const View& a, const View& b) {
  return std::ranges::all_of(a.ledger, [&](const auto& entry) {
    const auto other = b.ledger.find(entry.first);
    return other == b.ledger.end() || equal(entry.second, other->second);
  });
}

bool keeps(const View& before, const View& after) {
  if (before.disks_lost != after.disks_lost) return true;
  return before.ledger.size() <= after.ledger.size() && agree(before, after) &&
         std::ranges::all_of(before.ledger,
                             [&](const auto& entry) { return after.ledger.contains(entry.first); });
}

bool no_gaps(const View& node) {
  for (Slot slot = 1; slot <= node.applied; ++slot) {
    if (!node.ledger.contains(slot)) return false;
  }
  return true;
}

// Commands of clients are compared with the workload, so that one made up by a node is noticed.
struct Proposable {
  std::uint32_t nodes;
  Options options;
  std::vector<std::vector<WorkItem<kv::Operation>>> clients;
  std::function<WorkItem<kv::Operation>(std::uint32_t client, std::uint32_t position)> item{};

  bool operator()(const Noop&) const { return true; }
  bool operator()(const Write& write) const {
    return write.by.value < options.candidates && write.number < options.values;
  }
  bool operator()(const Reconfigure& change) const {
    return options.alpha > 0 && !change.members.empty();
  }
  bool operator()(const Batch& batch) const {
    return !batch.commands.empty() && std::ranges::all_of(batch.commands, *this);
  }
  bool operator()(const Command& command) const {
    const std::size_t client = command.request.client.value - nodes;
    const std::size_t number = command.request.number;
    if (item) {
      return number >= 1 &&
             equal(item(static_cast<std::uint32_t>(client), static_cast<std::uint32_t>(number - 1))
                       .operation,
                   command.operation);
    }
    return client < clients.size() && number >= 1 && number <= clients[client].size() &&
           equal(clients[client][number - 1].operation, command.operation);
  }
};

// The leader of the newest ballot has applied whatever any node has accepted or learnt.
bool leader_has_caught_up(const Nodes<View>& nodes) {
  Ballot newest;
  Slot last = 0;
  for (const View& node : nodes) {
    newest = std::max(newest, node.promised);
    if (!node.accepted.empty()) last = std::max(last, node.accepted.rbegin()->first);
    if (!node.ledger.empty()) last = std::max(last, node.ledger.rbegin()->first);
  }
  for (const View& node : nodes) {
    if (node.role == Role::leader && node.ballot == newest && node.applied >= last) return true;
  }
  return false;
}

// True when the bounds let a local state have this value; sometimes-properties that the bounds rule
// out would make every check vacuous.
bool allows(const Bounds& bounds, std::string_view limit, std::uint64_t value) {
  const auto found = bounds.limits.find(limit);
  return found == bounds.limits.end() || found->second >= value;
}

template <class Kind>
bool has_learnt(const View& node) {
  return std::ranges::any_of(
      node.ledger, [](const auto& entry) { return std::holds_alternative<Kind>(entry.second); });
}

bool all_have_applied(const Nodes<View>& nodes) {
  for (const View& node : nodes) {
    if (node.applied == 0) return false;
  }
  return true;
}

// A leader of a newer ballot is there while a node holds what it accepted in an older one.
bool leads_over_older_accepts(const Nodes<View>& nodes) {
  for (const View& leader : nodes) {
    if (leader.role != Role::leader) continue;
    for (const View& node : nodes) {
      const auto is_older = [&](const auto& e) { return e.second.ballot < leader.ballot; };
      if (std::ranges::any_of(node.accepted, is_older)) return true;
    }
  }
  return false;
}

// True when the bounds let a second candidate lead. In the round of the first it must not have been
// asked by it.
bool has_takeover(const Bounds& bounds, const Options& options) {
  const std::size_t members = bounds.nodes - options.spares;
  const bool asks_some = phase_1_quorum(members, options) < members;
  return std::min(options.candidates, bounds.nodes) >= 2 &&
         (asks_some || allows(bounds, "round", 2));
}

// True when it may find a slot in use and not the one before: the old leader had two open at once,
// and is not asked, or is no acceptor.
bool has_hole(const Bounds& bounds, const Options& options) {
  const std::size_t members = bounds.nodes - options.spares;
  const bool asks_some = phase_1_quorum(members, options) < members;
  return has_takeover(bounds, options) && (asks_some || options.spares > 0) &&
         options.propose >= 2 && options.alpha != 1 && allows(bounds, "slot", 2);
}

void add_sometimes(Model& model, const Bounds& bounds, const Options& options) {
  auto& properties = model.properties;
  properties.push_back(
      sometimes<Node>("a leader", [](const View& node) { return node.role == Role::leader; }));
  const std::uint32_t writes =
      std::max(bounds.clients * bounds.operations > 0 ? 1U : 0U, options.propose);
  if (writes == 0 || !allows(bounds, "slot", 1)) return;
  properties.push_back(
      sometimes<Node>("an applied slot", [](const View& node) { return node.applied > 0; }));
  properties.push_back(sometimes<Node>("a slot is applied everywhere", all_have_applied));
  if (bounds.clients > 0) {
    const auto has_command = options.gather > 0 ? has_learnt<Batch> : has_learnt<Command>;
    properties.push_back(sometimes<Node>("a command is chosen", has_command));
  }
  if (has_takeover(bounds, options)) {
    properties.push_back(sometimes<Node>("a leader takes over", leads_over_older_accepts));
  }
  if (has_hole(bounds, options)) {
    properties.push_back(sometimes<Node>("a hole is filled by a no-op", has_learnt<Noop>));
  }
  const std::uint32_t slots_used =
      std::max(options.propose, bounds.clients * bounds.operations + 1);
  if (options.alpha > 0 && options.changes > 0 && slots_used > options.alpha &&
      allows(bounds, "slot", options.alpha + 1)) {
    properties.push_back(sometimes<Node>(
        "a slot is decided by a new configuration", [alpha = options.alpha](const View& node) {
          return std::ranges::any_of(node.ledger, [&](const auto& entry) {
            return std::holds_alternative<Reconfigure>(entry.second) &&
                   node.ledger.contains(entry.first + alpha);
          });
        }));
  }
  if (options.lease > 0 && bounds.clients > 0 && bounds.operations > 1) {
    properties.push_back(
        sometimes<Node>("a read by lease", [](const View& node) { return node.read_by_lease; }));
  }
  if (options.disk_loss && bounds.restarts > 0) {
    properties.push_back(
        sometimes<Node>("a disk is lost", [](const View& node) { return node.disks_lost > 0; }));
  }
}

}  // namespace

void add_properties(Model& model, const Bounds& bounds, const Options& options,
                    const Workload<kv::Operation>& workload) {
  const Proposable proposable{.nodes = bounds.nodes,
                              .options = options,
                              .clients = workload.clients,
                              .item = workload.item};
  model.properties = {
      // No two nodes learn different values for a slot.
      always_pair<Node>("agreement", agree),
      // What a node has learnt stays as it is, unless its disk is lost.
      always_step<Node>("the ledger is kept", keeps),
      // Only a value that has been proposed is learnt: a no-op, a client's own operation, a
      // leader's
      // write or a configuration.
      always<Node>("validity",
                   [proposable](const View& node) {
                     return std::ranges::all_of(node.ledger, [&](const auto& entry) {
                       return std::visit(proposable, entry.second);
                     });
                   }),
      // A node applies a slot only when it has learnt all slots up to it.
      always<Node>("no gaps applied", no_gaps),
      // The ballot that a node has promised never decreases, unless its disk is lost.
      always_step<Node>("ballots monotonic",
                        [](const View& before, const View& after) {
                          return after.promised >= before.promised ||
                                 after.disks_lost != before.disks_lost;
                        }),
  };
  const Election election{.first_members = first_members(bounds.nodes, options),
                          .alpha = options.alpha,
                          .q2 = options.q2};
  // A value that a quorum accepts in one ballot is the only one ever chosen in its slot, whatever
  // its acceptors accept later.
  model.properties.push_back(
      always_observer<Node>(model.system, "one value is chosen", election,
                            [](const Election& votes) { return votes.one_value_for_each_slot; }));
  if (bounds.clients > 0) {
    // The store is linearizable: every operation takes effect once, between its call and its
    // answer.
    model.properties.push_back(linearizable<kv::Model>());
  }
  add_sometimes(model, bounds, options);
  if (options.recovers > 0) {
    // Once faults stop, a leader of the newest ballot can still come to apply all that any node has
    // accepted.
    model.properties.push_back(recovers<Node>("a leader that has caught up", leader_has_caught_up,
                                              {.more = {{"round", options.recovers}}}));
  }
}

}  // namespace gainsay::multi_paxos
