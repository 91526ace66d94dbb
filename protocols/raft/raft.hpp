// Raft, after Ongaro, "Consensus: Bridging Theory and Practice" (2014), chapters 3 and 6: leader
// election, log replication and a key-value store whose reads go through the log. What an option
// adds stands in a file of its own: reads outside the log (section 6.4), by ReadIndex or by lease,
// in raft_reads.cpp, log compaction (chapter 5) in raft_snapshot.cpp, membership changes, learners,
// leadership transfer and pre-votes (chapter 4, sections 3.10 and 9.6) in raft_membership.cpp.
//
// What is left out, and why it is right to:
// - A message of an older term is dropped instead of refused with the newer term (section 3.3), and
//   a vote that is not given is not answered: both answers would only hurry up what the messages of
//   the newer term say anyway, and every message multiplies the worlds. With pre-votes a server in
//   a newer term may be one that nobody would vote for; then a leader is answered.
// - A new leader appends no entry of its own, unless asked to (section 6.4 needs one for reads
//   outside the log). With one, every acknowledgement of a leader would cover an entry of its own
//   term, and the restriction of section 3.6.2 (figure 3.7) would never be put to the test.
//   Instead, a request that the log holds only in an entry of an older term is appended again;
//   sessions filter it.
// - A leader sends what is new as soon as it is new, so that a heartbeat never tells what cannot be
//   told without it; where no message is lost for good (network async) its timer is off.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <variant>
#include <vector>

#include "engine/node.hpp"
#include "properties/property.hpp"
#include "properties/sequential_models.hpp"
#include "protocols/raft/terms.hpp"

namespace gainsay {
struct CatalogEntry;
struct Configuration;
}  // namespace gainsay

namespace gainsay::raft {

using Index = std::uint32_t;  // of an entry, from 1; 0 is before the first

// The seeded bugs, named as in the catalog with '_' for '-'.
enum class Bug : std::uint8_t {
  none,
  fig8_old_term_commit,
  ack_own_last_index,
  truncate_always,
  commit_no_min,
  commit_min_own_last,
  vote_not_persisted,
  vote_cleared_same_term,
  stale_vote_reply,
  quorum_off_by_one,
  vote_no_log_check,
  vote_length_only,
  commit_goes_back,
  match_goes_back,
  index_only_completion,
  no_dedupe,
  no_retry_of_election,
  no_timer_after_restart,
  local_read_no_check,
  readindex_no_noop,
  readindex_old_acks,
  prev0_append_blind,
  snapshot_lowers_term,
  stale_snapshot_installed,
  single_server_change_2015,
  config_no_rollback,
  learner_counts,
  term_vote_not_atomic,
  ack_before_durable,
  disruptive_server,
  lease_from_answer,
  lease_forgotten,
};

struct Options {
  Bug bug = Bug::none;
  // A leader appends entries without a command by itself while its log is shorter than this: writes
  // without the cost of a client.
  std::uint32_t propose = 0;
  // Only the first nodes, so many, stand for election; the others' timeouts are too long to matter.
  std::uint32_t candidates = std::numeric_limits<std::uint32_t>::max();
  bool heartbeat = true;
  // Once faults stop, a leader must be in reach within so many more terms; 0: that is not asked.
  std::uint32_t recovers = 0;
  bool noop = false;        // a new leader appends an entry without a command (section 6.4)
  bool read_index = false;  // reads do not go through the log (section 6.4)
  // A leader reads by itself for so many ticks from when it asked its voters (section 6.4.1); 0:
  // no. A voter that answers votes for nobody for `election` ticks, the least election timeout.
  // That outlasts any lease it helped to while timers are off by less than half of the difference.
  std::uint32_t lease = 0;
  std::uint32_t election = 2;
  std::uint32_t renewals = 1;  // so many times a leader asks
  // A snapshot takes the place of the applied entries when there are so many (section 5.1); 0:
  // never.
  std::uint32_t compact = 0;
  std::uint32_t voters = 0;   // only the first so many; the others learn (section 4.2.1). 0: all
  std::uint32_t changes = 0;  // of the configuration: so many entries for them in a log (chapter 4)
  std::uint32_t leave = 0;    // changes take out only some of the last so many nodes; 0: of all
  bool joint = false;         // changes are arbitrary, through joint consensus (section 4.3)
  bool transfer = false;      // a leader may hand its leadership on (section 3.10)
  bool prevote = false;       // a candidate first asks whether it could win (section 9.6)
  // The same of a leader that no server which does not hear it can depose. Only with pre-votes
  // (sections 4.2.3 and 9.6).
  std::uint32_t stays = 0;
  std::uint32_t batch = 0;  // at most so many entries in a message (section 10.2.2); 0: all
  bool pipeline = false;    // the next entries are sent before the last are known to be there
  // What comes within so many microseconds goes out together, and is told to be committed by the
  // next message (section 10.2.2); 0: at once.
  std::uint32_t gather = 0;
  // Every server answers reads from what it has applied: soon, and maybe of the past. Clients see
  // that it is not linearizable.
  bool local_reads = false;
};

// The last request of a client that was applied, and its result (section 6.3).
struct Session {
  std::uint32_t number = 0;
  kv::Result result;
};

// What an entry holds. The first two are named as in an optional, which stood here before there
// was more: kept traces call them so.
struct None {};
struct Some {
  RequestId request;
  kv::Operation operation;
};
using Command = Some;
// A configuration: in force as soon as it is in a log (section 4.1).
struct Members {
  NodeSet voters;
  NodeSet incoming;  // joint consensus: the new voters, of whom a majority is needed as well
  NodeSet learners;  // who are sent the log, and count for nothing
};
// The state machine after an entry, which stands for all entries up to there (section 5.1): it is
// the first of a log, and its entry's term is the last included term.
struct Snapshot {
  Index last_index = 0;
  kv::Store store;
  flat_map<NodeId, Session> sessions;
  std::optional<Members> members;  // none: the initial ones
  Terms covered;                   // the terms of the entries before the last; for properties only
};
struct Entry {
  Term term = 0;
  std::variant<None, Command, Boxed<Snapshot>, Members> command;
};
using Log = std::vector<Entry>;

struct RequestVote {
  Term term;
  Index last_index;
  Term last_term;
};
// A vote that is given.
struct Vote {
  Term term;
};
struct AppendEntries {
  Term term;
  Index prev_index;
  Term prev_term;
  Log entries;
  Index commit;
};
struct AppendReply {
  Term term;
  bool success;
  Index index;  // success: the last index that is known to match; else the prev_index refused
};

// A heartbeat that belongs to a read: whoever answers it took its sender for the leader after the
// read had been asked for (section 6.4, step 3). What a leader asks for a lease is a read of
// its own.
struct ConfirmLeader {
  Term term;
  RequestId read;
};
struct LeaderConfirmed {
  Term term;
  RequestId read;
};

// Instead of entries that the leader has no longer (section 5.3), answered by an AppendReply: what
// the snapshot includes matches. It is sent whole.
struct InstallSnapshot {
  Term term;
  Entry snapshot;
};

// "Start an election at once" (section 3.10).
struct TimeoutNow {
  Term term;
};
// Would you vote for me in this term, to which I have not got yet?
struct PreVote {
  Term term;
  Index last_index;
  Term last_term;
};
struct PreVoteReply {
  Term term;
  bool given;  // else the asker is behind: this is the current term
};

// A read that a leader has not answered yet; with leases, a lease that it has asked for.
struct PendingRead {
  RequestId request;
  kv::Operation operation;
  NodeSet confirmed;  // by whom, this leader included; of a lease that has ended: nobody
};

// What only some options keep. Plain Raft has none of it, and its worlds are none the larger.
struct Extras {
  flat_map<Index, RequestId> waiting;  // only the variant index_only_completion keeps one
  std::vector<PendingRead> reads;      // of a leader
  bool read_answered = false;          // by this leader, outside the log; for properties
  bool snapshot_installed = false;     // since the start; for properties
  NodeSet prevotes;                    // for the next term, while an election is thought about
  bool told_to_stand = false;          // and in this term nothing else has come; for properties
  std::optional<Members> in_force;     // only the variant config_no_rollback keeps one
};

// A follower that hears no leader is told apart only with pre-votes; with leases, one that is not
// bound by a promise to vote for nobody.
enum class Role : std::uint8_t { follower, candidate, leader, leaderless };

struct Node {
  using Message = std::variant<RequestVote, Vote, AppendEntries, AppendReply>;
  using LaterMessage = std::variant<ConfirmLeader, LeaderConfirmed, InstallSnapshot, TimeoutNow,
                                    PreVote, PreVoteReply>;
  using Context = gainsay::Context<Node>;
  using Options = raft::Options;
  using Operation = kv::Operation;
  using Result = kv::Result;
  enum class Timer : std::uint8_t {
    election,
    heartbeat,
    propose,
    change,
    transfer,
    renew,
    odd_lease,
    even_lease,
    gather
  };
  static constexpr bool syncs = true;  // before it answers (section 3.8)

  struct Durable {
    Term term = 0;
    std::optional<NodeId> voted_for;
    Log log;
  };
  Durable durable;

  bool started = false;  // tells a crash from a step that only loses what a crash loses
  Role role = Role::follower;
  Index commit = 0;      // every entry up to here is applied
  NodeSet votes;         // of a candidate
  PerNode<Index> next;   // of a leader; its own slot stays 0
  PerNode<Index> match;  // of a leader; its own slot stays 0
  kv::Store store;       // the state machine: a function of the committed entries
  flat_map<NodeId, Session> sessions;
  std::optional<Extras> extras;  // from the start on, where an option needs it

  void start(Context& ctx);
  void on(Context& ctx, Timer timer);
  void on(Context& ctx, NodeId from, const RequestVote& request);
  void on(Context& ctx, NodeId from, const Vote& vote);
  void on(Context& ctx, NodeId from, AppendEntries append);
  void on(Context& ctx, NodeId from, const AppendReply& reply);
  void on(Context& ctx, NodeId from, const Request<Operation>& request);
  void on(Context& ctx, NodeId from, const ConfirmLeader& confirm);
  void on(Context& ctx, NodeId from, const LeaderConfirmed& confirmed);
  void on(Context& ctx, NodeId from, const InstallSnapshot& install);
  void on(Context& ctx, NodeId from, const TimeoutNow& now);
  void on(Context& ctx, NodeId from, const PreVote& request);
  void on(Context& ctx, NodeId from, const PreVoteReply& reply);

  // The last index that the log's snapshot includes; 0 without one.
  Index base() const;
  Index last_index() const;
  // 0 where the log has no entry, and none that its snapshot ends with.
  Term term_at(Index index) const;
  // Where the entry of an index from base() on lies in the log.
  std::size_t place(Index index) const { return index - std::max<Index>(base(), 1); }
  void cut_behind(Index index);

  bool stands(const Context& ctx) const;
  void restart_election_timer(Context& ctx) const;
  void arm_leader_timers(Context& ctx) const;
  void start_election(Context& ctx);
  void count_votes(Context& ctx);
  void adopt_newer_term(Context& ctx, Term term);
  void enter_term(Context& ctx, Term term);
  void step_down(Context& ctx, Term term);
  bool up_to_date(const Context& ctx, Index last_index, Term last_term) const;
  void append(Context& ctx, Entry entry);
  void replicate(Context& ctx, NodeId to);
  void send_heartbeat(Context& ctx, NodeId to) const;
  void send_heartbeats(Context& ctx) const;
  Index take_entries(const Context& ctx, AppendEntries& append);
  bool advance_commit(Context& ctx);
  Index highest_held(const Context& ctx, const NodeSet& peers) const;
  void send_gathered(Context& ctx);
  void commit_to(Context& ctx, Index index);
  void apply(Context& ctx, Index index);
  const Session* session_of(const Context& ctx, const RequestId& request) const;
  bool holds(const Context& ctx, const RequestId& request) const;

  // raft_membership.cpp
  Index members_index() const;  // of the latest configuration in the log, or 0
  Members members(const Context& ctx) const;
  bool is_learner(const Context& ctx) const;
  NodeSet other_voters(const Context& ctx) const;
  NodeSet replicas(const Context& ctx) const;  // the other members
  bool is_quorum(const Context& ctx, const NodeSet& nodes) const;
  bool may_change(const Context& ctx) const;
  void change(Context& ctx);
  void finish_change(Context& ctx);
  void arm_membership_timers(Context& ctx) const;
  NodeSet successors(const Context& ctx) const;
  void transfer_leadership(Context& ctx);
  void hear_no_leader(Context& ctx);
  void refuse_old_leader(Context& ctx, NodeId leader, Index index) const;
  void ask_for_prevotes(Context& ctx);
  void count_prevotes(Context& ctx);

  // raft_snapshot.cpp
  const Snapshot* snapshot() const;
  void restore();
  void compact();
  void send_snapshot(Context& ctx, NodeId to) const;
  void install(const Entry& entry);

  // raft_reads.cpp
  void read(Context& ctx, const Request<Operation>& request);
  void count_confirmations(Context& ctx, const RequestId& read);
  void answer_read(Context& ctx, const RequestId& request, const Operation& operation);
  bool knows_commits() const { return term_at(commit) == durable.term; }
  bool holds_lease(const Context& ctx) const;
  void read_by_lease(Context& ctx, const Request<Operation>& request);
  bool is_promised(const Context& ctx) const;
  void promise(Context& ctx);
  void arm_renewal(Context& ctx) const;
  void ask_for_lease(Context& ctx);
  void count_for_lease(Context& ctx, NodeId from, std::uint32_t number);
  void end_lease(std::uint32_t parity);
};

NodeSet initial_voters(std::uint32_t nodes, const Options& options);
// How many of the nodes stand for election at first.
std::uint32_t standing_nodes(std::uint32_t nodes, const Options& options);

// What the properties look at.
struct View {
  bool started;
  Role role;
  Term term;
  Log log;     // whole: without commands where a snapshot stands for them
  Index base;  // up to here
  Index commit;
  PerNode<Index> match;
  bool read_answered;
  bool snapshot_installed;
  bool told_to_stand;
};
View view(const Node& node);

std::vector<Property> properties(const Bounds& bounds, const Options& options);
// For long runs: what a step can have broken of them.
std::unique_ptr<RunFilter> make_filter(std::uint32_t nodes);

// Limits: "term", "log". Throws UsageError for a limit, an option or a bug that there is not.
Model make_model(const Configuration& configuration);
CatalogEntry catalog_entry();

}  // namespace gainsay::raft
