// PBFT (Castro and Liskov, "Practical Byzantine Fault Tolerance", OSDI 1999), serving a key-value
// store. The names and section numbers are those of the paper.
//
// Where the paper leaves room, or is left: a certificate carries its batch, so that no replica
// needs to fetch a request that it has not seen; a replica that fell behind a checkpoint fetches
// the state as a whole, which is not cut into pages; all keep the states of all their checkpoints;
// and of the messages they collect, who sent them.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/adversary.hpp"
#include "engine/node.hpp"
#include "engine/signed.hpp"
#include "engine/traitors.hpp"
#include "properties/sequential_models.hpp"
#include "protocols/catalog.hpp"

namespace gainsay::pbft {

using ViewNumber = std::uint32_t;
using Sequence = std::uint32_t;
using ClientRequest = gainsay::Request<kv::Operation>;
// What one sequence number orders; the empty batch is the null request.
using Batch = std::vector<ClientRequest>;

// Collision-free: equal exactly for equal values.
struct Digest {
  std::uint64_t bits = 0;
  friend auto operator<=>(const Digest&, const Digest&) = default;
};
Digest digest_of(const Batch& batch);  // 0 of the null request

// What replicas sign. Section 4.2.
struct PrePrepare {
  ViewNumber view = 0;
  Sequence sequence = 0;
  Digest digest;
  friend auto operator<=>(const PrePrepare&, const PrePrepare&) = default;
};
struct Prepare {
  ViewNumber view = 0;
  Sequence sequence = 0;
  Digest digest;
  friend auto operator<=>(const Prepare&, const Prepare&) = default;
};
struct Commit {
  ViewNumber view = 0;
  Sequence sequence = 0;
  Digest digest;
  friend auto operator<=>(const Commit&, const Commit&) = default;
};
// Section 4.3.
struct Checkpoint {
  Sequence sequence = 0;
  Digest state;
  friend auto operator<=>(const Checkpoint&, const Checkpoint&) = default;
};
// A set P_m of section 4.4: the pre-prepare of a batch, and prepares of 2f backups that match it.
struct Prepared {
  Signed<PrePrepare> pre_prepare;
  Certificate<Prepare> prepares;
  Batch batch;
  friend auto operator<=>(const Prepared&, const Prepared&) = default;
};
struct ViewChange {
  ViewNumber view = 0;
  std::optional<Certificate<Checkpoint>> stable;  // C; none: the initial state is
  std::vector<Prepared> prepared;                 // P, by sequence number
  friend auto operator<=>(const ViewChange&, const ViewChange&) = default;
};
struct NewView {
  ViewNumber view = 0;
  std::vector<Signed<ViewChange>> view_changes;  // V, by signer
  std::vector<Signed<PrePrepare>> pre_prepares;  // O, by sequence number
  friend auto operator<=>(const NewView&, const NewView&) = default;
};

// <<PRE-PREPARE, v, n, d>, m>: what is signed, and the batch beside it.
struct Proposal {
  Signed<PrePrepare> pre_prepare;
  Batch batch;
};

// A replica that fell behind a stable checkpoint asks for the state there (section 5.3.2 of
// Castro's thesis: there in a tree of pages). It knows the digest from 2f + 1, so anybody may
// answer.
struct FetchState {
  Sequence sequence = 0;
};

enum class Bug : std::uint8_t {
  none,
  n_3f,
  prepare_quorum_2f_total,
  commit_quorum_2f,
  duplicates_counted,
  second_preprepare_accepted,
  digest_not_checked,
  no_watermark,
  vc_no_prepared_set,
  vc_cert_unverified,
  newview_lowest_view,
  newview_not_recomputed,
  vc_bandwagon_equality,
  client_f_replies,
};

struct Options {
  Bug bug = Bug::none;
  std::uint32_t faults = 1;  // f
  // The network is async, and it is not asked how replicas recover when messages are lost: every
  // message stays deliverable and every timer may fire at any time. So to keep messages that come
  // too early, to send them again, or to join a view change because others have, would only add
  // local states.
  bool monotone = true;
  std::uint32_t recovers = 0;  // once faults stop, clients are answered within so many more views
  bool silent = false;         // the Byzantine replica says nothing
  // Without clients: what primaries choose from, beside the null request. They propose by
  // themselves up to the greatest sequence number.
  std::vector<ClientRequest> requests{};
  std::vector<ClientRequest> made{};  // all that clients, or the environment, ever ask for
  // In place of the list, where they are too many: is this one of them?
  std::function<bool(const ClientRequest&)> is_made{};
  Sequence checkpoint_interval = 128;
  Sequence window = 256;  // L: H = h + L
  // A primary has so many batches under way, and puts so many requests into one (0: all that wait).
  std::uint32_t pipeline = 1;
  std::uint32_t batch = 0;
  // Bounds of the check, which are those of what the adversary says.
  ViewNumber views = 1;
  Sequence sequences = 1;
  std::uint32_t nodes = 4;
  std::optional<NodeId> byzantine{};
  std::optional<NodeId> twins{};
  NodeSet traitors{};
  bool certificates = true;  // is the property of certificates asked?
};

// What a replica has in its log for one sequence number.
struct Slot {
  // Of the current view:
  std::optional<Signed<PrePrepare>> pre_prepare;
  Batch batch;
  flat_map<Digest, NodeSet> prepares;
  flat_map<Digest, NodeSet> commits;
  std::uint32_t repeats = 0;  // with duplicates_counted only
  bool prepared = false;
  bool committed = false;
  // Of the latest view in which it prepared here.
  std::optional<Prepared> certificate;
};

// committed-local, for the first time.
struct Decision {
  ViewNumber view = 0;
  bool certified = false;  // by 2f + 1 commits that match 2f prepares, counted anew
  Batch batch;
};

// The reply cache.
struct LastReply {
  std::uint32_t number = 0;
  kv::Result result;
};
using ReplyCache = flat_map<NodeId, LastReply>;
// What the digest of a checkpoint is of.
struct State {
  kv::Store store;
  ReplyCache replies;
};
// The answer to FetchState.
struct CheckpointState {
  Sequence sequence = 0;
  State state;
};
Digest digest_of(const State& state);

struct Node {
  using Message = std::variant<Proposal, Signed<Prepare>, Signed<Commit>, Signed<Checkpoint>,
                               Signed<ViewChange>, Signed<NewView>>;
  using LaterMessage = std::variant<FetchState, CheckpointState>;
  using Operation = kv::Operation;
  using Result = kv::Result;
  using Context = gainsay::Context<Node>;
  using Options = pbft::Options;
  // What helps a forger.
  using Fact = std::variant<Signed<PrePrepare>, Signed<Prepare>, Signed<Checkpoint>,
                            Signed<ViewChange>, ClientRequest>;
  enum class Timer : std::uint8_t { view_change, propose, fetch };

  ViewNumber view = 0;
  bool active = true;     // false from the view change on, until the new view
  Sequence assigned = 0;  // the last sequence number that this primary has used
  flat_map<Sequence, Slot> log;
  flat_map<NodeId, Signed<ViewChange>> view_changes;
  std::optional<Signed<NewView>> entered_by;  // the current view; to send again
  flat_map<ViewNumber, NodeSet> votes;        // with vc_bandwagon_equality only

  std::optional<Certificate<Checkpoint>> stable;
  flat_map<Checkpoint, NodeSet> checkpoints;
  flat_map<Sequence, State> states;                 // at its own checkpoints
  std::optional<Certificate<Checkpoint>> fetching;  // stable, but not reached

  bool outside = false;  // has it accepted what lies outside its watermarks, counted anew?
  flat_map<Sequence, flat_map<Digest, Decision>> decisions;  // one for each, if all is well
  Sequence executed = 0;
  kv::Store store;
  ReplyCache replies;
  std::vector<ClientRequest> waiting;  // received, not executed

  void start(Context& ctx);
  void on(Context& ctx, Timer timer);
  void on(Context& ctx, NodeId from, const gainsay::Request<kv::Operation>& request);
  void on(Context& ctx, NodeId from, const Proposal& proposal);
  void on(Context& ctx, NodeId from, const Signed<Prepare>& prepare);
  void on(Context& ctx, NodeId from, const Signed<Commit>& commit);
  void on(Context& ctx, NodeId from, const Signed<Checkpoint>& checkpoint);
  void on(Context& ctx, NodeId from, const Signed<ViewChange>& view_change);
  void on(Context& ctx, NodeId from, const Signed<NewView>& new_view);
  void on(Context& ctx, NodeId from, const FetchState& fetch);
  void on(Context& ctx, NodeId from, const CheckpointState& answer);

  // pbft_adversary.cpp
  static std::vector<Fact> facts(const Options& options, NodeId from, const Proposal& proposal);
  static std::vector<Fact> facts(const Options& options, NodeId from,
                                 const Signed<Prepare>& prepare);
  static std::vector<Fact> facts(const Options& options, NodeId from,
                                 const Signed<Checkpoint>& checkpoint);
  static std::vector<Fact> facts(const Options& options, NodeId from,
                                 const Signed<ViewChange>& view_change);
  static std::vector<Fact> facts(const Options& options, NodeId from, const ClientRequest& request);
  static std::vector<Fact> facts(const Options& options, NodeId from,
                                 const Signed<NewView>& new_view);
  static void forge(Forger<Node>& forger, const flat_set<Fact>& facts);

  // h and whether a sequence number lies in (h, H].
  Sequence low_watermark() const { return stable ? stable->value.sequence : 0; }
  bool in_watermarks(const Context& ctx, Sequence sequence) const;

  void arm_timers(Context& ctx) const;
  void propose(Context& ctx, Batch batch);
  void propose_waiting(Context& ctx);
  Batch next_batch(const Context& ctx) const;
  void accept(Context& ctx, const Signed<PrePrepare>& pre_prepare, const Batch& batch);
  void check_prepared(Context& ctx, Slot& slot);
  void check_committed(Context& ctx, Slot& slot);
  void execute(Context& ctx);
  void execute(Context& ctx, const ClientRequest& request);
  void take_checkpoint(Context& ctx);
  void make_stable(const Certificate<Checkpoint>& proof);
  void fetch(Context& ctx, const Certificate<Checkpoint>& proof);

  void wait_no_longer(Context& ctx);
  void start_view_change(Context& ctx, ViewNumber to);
  void leave_view(ViewNumber to);
  void join_view_change(Context& ctx);
  void count_vote(Context& ctx, const Signed<ViewChange>& view_change);
  void try_new_view(Context& ctx);
  void enter_new_view(Context& ctx, const Signed<NewView>& signed_one);
  Batch batch_of(const NewView& new_view, const PrePrepare& pre_prepare) const;
};

// So many signers make sure that of any two such sets some correct replica is in both: 2f + 1 of
// 3f + 1.
std::size_t quorum(std::uint32_t nodes, const Options& options);
// Prepares of so many backups, with the pre-prepare, make a batch prepared.
std::size_t prepares_needed(std::uint32_t nodes, const Options& options);
std::size_t commits_needed(std::uint32_t nodes, const Options& options);
inline NodeId primary_of(ViewNumber view, std::uint32_t nodes) { return node_id(view % nodes); }

// Section 4.4, "valid": the proofs of a view change.
bool is_valid(const Signed<ViewChange>& view_change, std::uint32_t nodes, const Options& options);
// What the new primary must propose again: O. REQUIRES valid view changes.
std::vector<PrePrepare> pre_prepares_of(const std::vector<Signed<ViewChange>>& view_changes,
                                        const Options& options, ViewNumber view);
// min-s: the latest stable checkpoint in V; null where it is the initial state.
const Certificate<Checkpoint>* latest_stable(const std::vector<Signed<ViewChange>>& view_changes);

// What the properties look at.
struct View {
  flat_map<Sequence, flat_map<Digest, Decision>> decisions;
  std::optional<Certificate<Checkpoint>> stable;
  bool outside;
  Sequence executed;
  Digest state;  // behind it; of none where no checkpoint is taken
  bool fetched;  // what it has executed is more than what it has decided
  flat_map<NodeId, std::uint32_t> answered;  // each client's last request executed
};
View view(const Node& node);

// pbft_traitor.cpp: as a primary it proposes to every other replica something else, and it votes
// for whatever anybody has voted for. f of them break nothing; f + 1 make correct replicas
// disagree.
Deceit two_faced(NodeSet traitors);

std::vector<Property> properties(const Bounds& bounds, const Options& options);

// Limits: "view", "seq", both needed. Throws UsageError.
Model make_model(const Configuration& configuration);
CatalogEntry catalog_entry();

}  // namespace gainsay::pbft
