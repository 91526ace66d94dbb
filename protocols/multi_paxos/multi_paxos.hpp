// Multi-Paxos serving a key-value store, after section 3 of Lamport, "Paxos Made Simple" (2001; PMS
// below), with what "The Part-Time Parliament" (1998; PTP) says of leaders and ledgers, "Paxos Made
// Live" (Chandra, Griesemer and Redstone, 2007; PML) of lost disks, and "Flexible Paxos" (Howard,
// Malkhi and Spiegelman, 2016; FP) of quorums. Every server is proposer, acceptor and learner.
//
// A candidate runs phase 1 once, for all slots that it does not know to be chosen; as leader it
// first proposes what it found there, with a no-op in every hole, and then new commands, each by
// phase 2 alone. The leader is the distinguished learner (PMS 2.3) and tells the others.
//
// What is left out, and why it is right to:
// - An acceptor does not refuse a lower ballot but is silent: a refusal only hurries the proposer.
// - Reads go through the log, unless a master lease is asked for (PML 5.2; in its own file), which
//   is safe by bounded clocks only.
// - An entry of the ledger is kept for ever; there are no snapshots.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <variant>
#include <vector>

#include "engine/node.hpp"
#include "properties/property.hpp"
#include "properties/sequential_models.hpp"

namespace gainsay {
struct CatalogEntry;
struct Configuration;
}  // namespace gainsay

namespace gainsay::multi_paxos {

using Slot = std::uint32_t;  // from 1; PMS says instance, PTP decree number

struct Ballot {
  std::uint32_t round = 0;
  NodeId id;
  friend auto operator<=>(const Ballot&, const Ballot&) = default;
};

// The seeded bugs, named as in the catalog with '_' for '-'.
enum class Bug : std::uint8_t {
  none,
  ballot_reuse_after_crash,
  stale_promise_counted,
  learn_from_mixed_ballots,
  gap_ignored,
  disk_corruption_recovery,
  flexible_quorum_misconfig,
  lease_from_answer,
  lease_forgotten,
};

struct Options {
  Bug bug = Bug::none;
  // A leader writes by itself while less than so many slots are in use: writes without the cost of
  // a client. Each is one of `values` different ones.
  std::uint32_t propose = 0;
  std::uint32_t values = 1;
  // Only the first nodes, so many, stand for election; the others' timeouts are too long to matter.
  std::uint32_t candidates = std::numeric_limits<std::uint32_t>::max();
  // The first nodes, so many, are no members of the first configuration.
  std::uint32_t spares = 0;
  // A configuration chosen in slot i is in force from slot i + alpha on (PMS 3), and no slot is
  // proposed in before its configuration is known. 0: the configuration is fixed.
  Slot alpha = 0;
  std::uint32_t changes = 1;  // leaders change the configuration so often; needs an alpha
  // How many promises, and how many accepts, are a quorum (FP); 0: a majority.
  std::uint32_t q1 = 0;
  std::uint32_t q2 = 0;
  bool all_learn =
      false;           // acceptors tell all nodes what they accept, not only the leader (PMS 2.3)
  bool resend = true;  // messages may be lost for good: a leader repeats what is not answered
  bool disk_loss = false;      // a restart may find the disk empty
  std::uint32_t recovers = 0;  // once faults stop, good is in reach within so many more rounds
  // A leader reads by itself for so many ticks from when it asked for a lease (PML 5.2); 0: no. Who
  // grants it listens to nobody else for `grant` ticks. "The master maintains a shorter timeout for
  // the lease than the replicas - this protects the system against clock drift."
  std::uint32_t lease = 0;
  std::uint32_t grant = 2;
  std::uint32_t renewals = 1;  // so many times a leader asks
  // Every node answers reads from what it has applied: soon, and maybe of the past. Clients see
  // that it is not linearizable.
  bool local_reads = false;
  // What comes within so many microseconds is one value; 0: each request is its own, at once.
  std::uint32_t gather = 0;
};

struct Noop {};
struct Command {
  RequestId request;
  kv::Operation operation;
};
// A leader's own, see Options::propose.
struct Write {
  NodeId by;
  std::uint32_t number = 0;
};
struct Reconfigure {
  NodeSet members;
};
struct Batch {
  std::vector<Command> commands;
};
using Value = std::variant<Noop, Command, Write, Reconfigure, Batch>;
struct Proposal {
  Ballot ballot;
  Value value;
};
using Ledger = flat_map<Slot, Value>;
using Proposals = flat_map<Slot, Proposal>;

// For all slots from `first` on (phase 1a).
struct Prepare {
  Ballot ballot;
  Slot first = 1;
};
// What was accepted last in each of these slots, and what is known to be chosen (PTP 3.1).
struct Promise {
  Ballot ballot;
  Proposals accepted;
  Ledger chosen;
};
struct Accept {
  Ballot ballot;
  Slot slot;
  Value value;
};
struct Accepted {
  Ballot ballot;
  Slot slot;
  Value value;
};
struct Chosen {
  Slot slot;
  Value value;
};
// The leader is there, and has applied so much; who has less asks for it.
struct Heartbeat {
  Ballot ballot;
  Slot applied;
};
struct Ask {
  Slot first;
};

// The leader asks for a lease, and is granted it.
struct AskLease {
  Ballot ballot;
  std::uint32_t number;
};
struct GrantLease {
  Ballot ballot;
  std::uint32_t number;
};

enum class Role : std::uint8_t { follower, candidate, leader };

// Who accepted a value in a slot, in one ballot. A leader has one for each proposal that is open,
// and one in its next slot while it gathers a batch.
struct Tally {
  Ballot ballot;
  Value value;
  NodeSet acceptors;
};

// The last request of a client that was applied, and its result.
struct Session {
  std::uint32_t number = 0;
  kv::Result result;
};

// Only with leases.
struct Leases {
  bool granted = false;                      // by this node, to the proposer of the ballot promised
  std::uint32_t asked = 0;                   // by this leader: so many times
  flat_map<std::uint32_t, NodeSet> running;  // of those: the latest, and by whom they are granted
  bool read = false;                         // by this leader, for properties
};

struct Node {
  using Message = std::variant<Prepare, Promise, Accept, Accepted, Chosen, Heartbeat, Ask>;
  using LaterMessage = std::variant<AskLease, GrantLease>;
  using Context = gainsay::Context<Node>;
  using Options = multi_paxos::Options;
  using Operation = kv::Operation;
  using Result = kv::Result;
  enum class Timer : std::uint8_t {
    election,
    resend,
    propose,
    reconfigure,
    renew,
    odd_lease,
    even_lease,
    grant,
    gather
  };
  // Told to the observer of votes whenever an acceptor accepts.
  struct Label {
    Slot slot = 0;
    Proposal accepted;
  };

  static constexpr bool syncs = true;  // before it answers

  struct Durable {
    Ballot promised;               // the highest ballot promised or stood for
    Proposals accepted;            // in slots that are not in the ledger
    Ledger ledger;                 // what is known to be chosen
    std::uint32_t disks_lost = 0;  // a mark outside the disk (PML 5.1)
  };
  Durable durable;

  Role role = Role::follower;
  Ballot ballot;     // of a candidate or leader
  NodeSet promises;  // in `ballot`
  Proposals found;   // by them, each the highest of its slot, and not yet proposed again
  Slot next = 0;     // where the leader proposes next
  flat_map<Slot, Tally> tallies;
  Slot applied = 0;  // all slots up to here are in the state machine
  kv::Store store;   // the state machine: a function of the applied slots
  flat_map<NodeId, Session> sessions;
  std::optional<Leases> leases;

  void start(Context& ctx);
  void on(Context& ctx, Timer timer);
  void on(Context& ctx, NodeId from, const Prepare& prepare);
  void on(Context& ctx, NodeId from, const Promise& promise);
  void on(Context& ctx, NodeId from, const Accept& accept);
  void on(Context& ctx, NodeId from, const Accepted& accepted);
  void on(Context& ctx, NodeId from, const Chosen& chosen);
  void on(Context& ctx, NodeId from, const Heartbeat& heartbeat);
  void on(Context& ctx, NodeId from, const Ask& ask);
  void on(Context& ctx, NodeId from, const Request<Operation>& request);
  void on(Context& ctx, NodeId from, const AskLease& ask);
  void on(Context& ctx, NodeId from, const GrantLease& grant);

  bool may_vote(const Context& ctx) const;
  void restart_election_timer(Context& ctx) const;
  void arm_leader_timers(Context& ctx) const;
  void stand(Context& ctx);
  void adopt(Context& ctx, Ballot newer);
  Promise promise_of(Ballot asked, Slot first) const;
  void count_promise(Context& ctx, NodeId from, const Promise& promise);
  bool may_propose(const Context& ctx, Slot slot) const;
  void propose_found(Context& ctx);
  void propose(Context& ctx, const Value& value);
  void propose_change(Context& ctx);
  void gather(Context& ctx, const Command& command);
  void propose_gathered(Context& ctx);
  void accept(Context& ctx, Slot slot, const Proposal& proposal);
  void count_accepted(Context& ctx, NodeId from, const Accepted& accepted);
  void learn(Context& ctx, Slot slot, const Value& value);
  void apply_chosen(Context& ctx);
  void apply(Context& ctx, const Command& command);
  void send_again(Context& ctx) const;
  const Session* session_of(const RequestId& request) const;
  bool holds(const RequestId& request) const;

  // multi_paxos_lease.cpp
  void start_leases(Context& ctx);
  bool listens_to(const Ballot& asks) const;
  void grant_lease(Context& ctx);
  void end_grant(Context& ctx);
  void arm_renewal(Context& ctx) const;
  void ask_for_lease(Context& ctx);
  void end_lease(std::uint32_t parity);
  void give_up_leases(Context& ctx);
  bool holds_lease(const Context& ctx) const;
  bool reads_by_lease(Context& ctx, const Request<Operation>& request);
};

// The members of the first configuration.
NodeSet first_members(std::uint32_t nodes, const Options& options);
// The configuration in force at a slot; nullopt while the ledger, known up to `known`, does not
// say.
std::optional<NodeSet> members_at(const Ledger& ledger, Slot known, Slot slot, NodeSet first,
                                  Slot alpha);
// How many of so many members are a quorum of promises, and of accepts.
std::size_t phase_1_quorum(std::size_t members, const Options& options);
std::size_t phase_2_quorum(std::size_t members, const Options& options);

// What the properties look at.
struct View {
  Role role;
  Ballot ballot;
  Ballot promised;
  std::uint32_t disks_lost;
  Proposals accepted;
  Ledger ledger;
  Slot applied;
  bool read_by_lease;
};
View view(const Node& node);

// Adds what must hold, and the observers that it needs.
void add_properties(Model& model, const Bounds& bounds, const Options& options,
                    const Workload<kv::Operation>& workload);

// Limits: "round", "slot". Throws UsageError for a limit, an option or a bug that there is not.
Model make_model(const Configuration& configuration);
CatalogEntry catalog_entry();

}  // namespace gainsay::multi_paxos
