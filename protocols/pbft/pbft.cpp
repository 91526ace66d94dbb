// The normal case (section 4.2), execution, checkpoints (section 4.3).
#include "protocols/pbft/pbft.hpp"

#include <algorithm>
#include <chrono>

namespace gainsay::pbft {

using namespace std::chrono_literals;

Digest digest_of(const Batch& batch) {
  return batch.empty() ? Digest{} : Digest{content_hash(encoded(batch)).low};
}

Digest digest_of(const State& state) { return {content_hash(encoded(state)).low}; }

std::size_t quorum(std::uint32_t nodes, const Options& options) {
  if (options.bug == Bug::n_3f) return 2 * options.faults;  // B01
  return (nodes + options.faults) / 2 + 1;
}

std::size_t prepares_needed(std::uint32_t nodes, const Options& options) {
  const std::size_t with_pre_prepare = quorum(nodes, options);
  // B02: the pre-prepare and the replica's own prepare are taken for two of 2f
  if (options.bug == Bug::prepare_quorum_2f_total) return with_pre_prepare - 2;
  return with_pre_prepare - 1;
}

std::size_t commits_needed(std::uint32_t nodes, const Options& options) {
  if (options.bug == Bug::commit_quorum_2f) return quorum(nodes, options) - 1;  // B03
  return quorum(nodes, options);
}

bool Node::in_watermarks(const Context& ctx, Sequence sequence) const {
  if (ctx.options().bug == Bug::no_watermark) return sequence > 0;  // B12
  return sequence > low_watermark() && sequence <= low_watermark() + ctx.options().window;
}

void Node::start(Context& ctx) { arm_timers(ctx); }

// "A backup is waiting for a request if it received a valid request and has not executed it"
// (section 4.4). Without clients it may always be waiting for one; where recovery is asked, it
// waits for one for each sequence number, and then for none.
void Node::arm_timers(Context& ctx) const {
  const bool clientless = !ctx.options().requests.empty();
  const bool all_executed = ctx.options().recovers > 0 && executed >= ctx.options().sequences;
  if ((clientless && !all_executed) || !waiting.empty() || !active) {
    ctx.set(Timer::view_change, between(100ms, 200ms));
  } else {
    ctx.clear(Timer::view_change);
  }
  const bool is_primary = active && primary_of(view, ctx.nodes()) == ctx.self();
  ctx.arm(Timer::propose, clientless && is_primary && assigned < ctx.options().sequences);
  ctx.arm(Timer::fetch, fetching && !ctx.options().monotone);
}

void Node::on(Context& ctx, Timer timer) {
  if (timer == Timer::view_change) {
    wait_no_longer(ctx);
  } else if (timer == Timer::fetch) {
    ctx.broadcast(FetchState{.sequence = fetching->value.sequence});
  } else {
    const auto& requests = ctx.options().requests;
    const bool may_be_null = ctx.options().recovers == 0;  // otherwise there are requests
    const auto choices = static_cast<std::uint32_t>(requests.size() + (may_be_null ? 1 : 0));
    const std::uint32_t chosen = ctx.choose(choices);
    propose(ctx, chosen < requests.size() ? Batch{requests[chosen]} : Batch{});
  }
  arm_timers(ctx);
}

// --- Requests (section 4.1) ---

void Node::on(Context& ctx, NodeId from, const gainsay::Request<kv::Operation>& request) {
  const auto last = replies.find(request.id.client);
  if (last != replies.end() && last->second.number >= request.id.number) {
    if (last->second.number == request.id.number) ctx.reply(request.id, last->second.result);
    return;
  }
  const auto same = [&](const ClientRequest& other) { return other == request; };
  if (std::ranges::any_of(waiting, same)) return;
  waiting.push_back(request);
  const NodeId primary = primary_of(view, ctx.nodes());
  // In async clients ask everybody, and what they ask stays deliverable.
  const bool relays = !ctx.options().monotone && from == request.id.client;
  if (relays && primary != ctx.self()) ctx.send(primary, request);
  propose_waiting(ctx);
  arm_timers(ctx);
}

// While one batch is on its way, requests gather for the next.
void Node::propose_waiting(Context& ctx) {
  if (!active || primary_of(view, ctx.nodes()) != ctx.self()) return;
  while (assigned < executed + ctx.options().pipeline) {
    const Batch batch = next_batch(ctx);
    const Sequence before = assigned;
    if (!batch.empty()) propose(ctx, batch);
    if (assigned == before || assigned <= executed) return;
  }
}

// Of the requests that wait those that no batch under way has.
Batch Node::next_batch(const Context& ctx) const {
  if (assigned <= executed && ctx.options().batch == 0) return waiting;
  Batch batch;
  const std::uint32_t most = ctx.options().batch;
  const auto first = log.upper_bound(executed);
  const auto last = log.upper_bound(std::max(executed, assigned));
  for (const ClientRequest& request : waiting) {
    const auto has_it = [&](const auto& slot) {
      return std::ranges::find(slot.second.batch, request) != slot.second.batch.end();
    };
    if (most > 0 && batch.size() == most) break;
    if (std::none_of(first, last, has_it)) batch.push_back(request);
  }
  return batch;
}

// --- Pre-prepare, prepare, commit (section 4.2) ---

void Node::propose(Context& ctx, Batch batch) {
  if (!in_watermarks(ctx, assigned + 1)) return;
  ++assigned;
  const auto pre_prepare =
      ctx.sign(PrePrepare{.view = view, .sequence = assigned, .digest = digest_of(batch)});
  ctx.broadcast(Proposal{.pre_prepare = pre_prepare, .batch = batch});
  Slot& slot = log[assigned];
  slot.pre_prepare = pre_prepare;
  slot.batch = std::move(batch);
  check_prepared(ctx, slot);
}

void Node::on(Context& ctx, NodeId, const Proposal& proposal) {
  const Signed<PrePrepare>& pre_prepare = proposal.pre_prepare;
  const NodeId primary = primary_of(view, ctx.nodes());
  if (!active || pre_prepare.value.view != view) return;
  if (pre_prepare.signer != primary || primary == ctx.self()) return;
  if (!in_watermarks(ctx, pre_prepare.value.sequence)) return;
  const bool matches = digest_of(proposal.batch) == pre_prepare.value.digest;
  if (!matches && ctx.options().bug != Bug::digest_not_checked) return;  // B08
  const auto known = log.find(pre_prepare.value.sequence);
  const bool has_one = known != log.end() && known->second.pre_prepare.has_value();
  if (has_one) {
    // "It has not accepted a pre-prepare message for view v and sequence number n containing a
    // different digest"
    const bool same = known->second.pre_prepare == pre_prepare;
    if (same || ctx.options().bug != Bug::second_preprepare_accepted) return;  // B07
    known->second.prepared = known->second.committed = false;
  }
  accept(ctx, pre_prepare, proposal.batch);
  arm_timers(ctx);
}

// A backup enters the prepare phase.
void Node::accept(Context& ctx, const Signed<PrePrepare>& pre_prepare, const Batch& batch) {
  const PrePrepare& value = pre_prepare.value;
  const Sequence h = low_watermark();
  if (value.sequence <= h || value.sequence > h + ctx.options().window) outside = true;
  Slot& slot = log[value.sequence];
  slot.pre_prepare = pre_prepare;
  slot.batch = batch;
  ctx.broadcast(
      ctx.sign(Prepare{.view = value.view, .sequence = value.sequence, .digest = value.digest}));
  slot.prepares[value.digest].insert(ctx.self());
  check_prepared(ctx, slot);
}

void Node::on(Context& ctx, NodeId, const Signed<Prepare>& prepare) {
  const Prepare& value = prepare.value;
  if (!active || value.view != view || !in_watermarks(ctx, value.sequence)) return;
  // Its pre-prepare stands for the primary's prepare.
  if (prepare.signer == primary_of(view, ctx.nodes())) return;
  const auto found = log.find(value.sequence);
  const bool expected = found != log.end() && found->second.pre_prepare &&
                        found->second.pre_prepare->value.digest == value.digest;
  if (!expected && ctx.options().monotone) return;
  Slot& slot = log[value.sequence];
  if (slot.prepared) return;
  NodeSet& signers = slot.prepares[value.digest];
  const bool repeated = signers.contains(prepare.signer);
  if (repeated && ctx.options().bug == Bug::duplicates_counted) ++slot.repeats;  // B05
  signers.insert(prepare.signer);
  check_prepared(ctx, slot);
  arm_timers(ctx);
}

// The predicate prepared(m, v, n, i).
void Node::check_prepared(Context& ctx, Slot& slot) {
  if (!slot.pre_prepare || slot.prepared) return;
  const PrePrepare& value = slot.pre_prepare->value;
  const NodeSet signers = slot.prepares[value.digest];
  if (signers.size() + slot.repeats < prepares_needed(ctx.nodes(), ctx.options())) return;
  slot.prepared = true;
  slot.prepares.clear();
  slot.repeats = 0;
  const Prepare prepare{.view = value.view, .sequence = value.sequence, .digest = value.digest};
  slot.certificate = Prepared{.pre_prepare = *slot.pre_prepare,
                              .prepares = certificate(prepare, signers),
                              .batch = slot.batch};
  // No more than are needed: who counts does not ask for them, and fewer local states differ.
  std::uint32_t& count = slot.certificate->prepares.signers;
  count = std::min(count, static_cast<std::uint32_t>(prepares_needed(ctx.nodes(), ctx.options())));
  ctx.broadcast(
      ctx.sign(Commit{.view = value.view, .sequence = value.sequence, .digest = value.digest}));
  slot.commits[value.digest].insert(ctx.self());
  check_committed(ctx, slot);
}

void Node::on(Context& ctx, NodeId, const Signed<Commit>& commit) {
  const Commit& value = commit.value;
  if (!active || value.view != view || !in_watermarks(ctx, value.sequence)) return;
  const auto found = log.find(value.sequence);
  const bool expected = found != log.end() && found->second.prepared &&
                        found->second.pre_prepare->value.digest == value.digest;
  if (!expected && ctx.options().monotone) return;
  Slot& slot = log[value.sequence];
  if (slot.committed) return;
  NodeSet& signers = slot.commits[value.digest];
  const bool repeated = signers.contains(commit.signer);
  if (repeated && ctx.options().bug == Bug::duplicates_counted) ++slot.repeats;  // B05
  signers.insert(commit.signer);
  check_committed(ctx, slot);
  arm_timers(ctx);
}

// The predicate committed-local(m, v, n, i).
void Node::check_committed(Context& ctx, Slot& slot) {
  if (!slot.prepared || slot.committed) return;
  const PrePrepare& value = slot.pre_prepare->value;
  const NodeSet signers = slot.commits[value.digest];
  if (signers.size() + slot.repeats < commits_needed(ctx.nodes(), ctx.options())) return;
  slot.committed = true;
  slot.commits.clear();
  slot.repeats = 0;
  // Counted anew, by what is right whatever the variant.
  const std::size_t right = (ctx.nodes() + ctx.options().faults) / 2 + 1;
  const bool certified = signers.size() >= right && slot.certificate->prepares.signers + 1 >= right;
  decisions[value.sequence].try_emplace(
      digest_of(slot.batch), Decision{.view = view, .certified = certified, .batch = slot.batch});
  execute(ctx);
}

// --- Execution, in the order of sequence numbers ---

void Node::execute(Context& ctx) {
  const Sequence before = executed;
  for (auto next = decisions.find(executed + 1); next != decisions.end();
       next = decisions.find(executed + 1)) {
    ++executed;
    const Batch batch = next->second.begin()->second.batch;
    for (const ClientRequest& request : batch) execute(ctx, request);
    if (executed % ctx.options().checkpoint_interval == 0) take_checkpoint(ctx);
  }
  if (executed != before) propose_waiting(ctx);
}

void Node::execute(Context& ctx, const ClientRequest& request) {
  std::erase(waiting, request);
  LastReply& last = replies[request.id.client];
  if (last.number >= request.id.number) return;  // executed before
  last = {.number = request.id.number, .result = kv::Model::apply(store, request.operation)};
  if (ctx.options().requests.empty()) ctx.reply(request.id, last.result);
}

// --- Checkpoints (section 4.3) ---

void Node::take_checkpoint(Context& ctx) {
  const State& state = states[executed] = {.store = store, .replies = replies};
  const Checkpoint checkpoint{.sequence = executed, .state = digest_of(state)};
  ctx.broadcast(ctx.sign(checkpoint));
  on(ctx, ctx.self(), ctx.sign(checkpoint));
}

void Node::on(Context& ctx, NodeId, const Signed<Checkpoint>& checkpoint) {
  const Checkpoint& value = checkpoint.value;
  if (value.sequence <= low_watermark()) return;
  NodeSet& signers = checkpoints[value];
  signers.insert(checkpoint.signer);
  const std::size_t needed = quorum(ctx.nodes(), ctx.options());
  if (signers.size() < needed) return;
  const Certificate<Checkpoint> proof{.value = value,
                                      .signers = static_cast<std::uint32_t>(needed)};
  if (executed < value.sequence) {
    fetch(ctx, proof);
  } else if (signers.contains(ctx.self())) {
    make_stable(proof);
  }
  arm_timers(ctx);
}

// "It discards all pre-prepare, prepare, and commit messages with sequence number less than or
// equal to n", and all earlier checkpoints.
void Node::make_stable(const Certificate<Checkpoint>& proof) {
  if (proof.value.sequence <= low_watermark()) return;
  stable = proof;
  const Sequence h = proof.value.sequence;
  while (!log.empty() && log.begin()->first <= h) log.erase(log.begin());
  while (!checkpoints.empty() && checkpoints.begin()->first.sequence <= h) {
    checkpoints.erase(checkpoints.begin());
  }
}

}  // namespace gainsay::pbft
