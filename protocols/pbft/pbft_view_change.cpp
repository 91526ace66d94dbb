// View changes (section 4.4).
#include <algorithm>

#include "protocols/pbft/pbft.hpp"

namespace gainsay::pbft {

namespace {

// A prepared certificate of an earlier view, above the stable checkpoint.
bool proves(const Prepared& prepared, Sequence low, ViewNumber to, std::uint32_t nodes,
            const Options& options) {
  const auto& [view, sequence, digest] = prepared.pre_prepare.value;
  if (sequence <= low || sequence > low + options.window || view >= to) return false;
  if (options.bug == Bug::vc_cert_unverified) return true;  // B15
  const Prepare prepare{.view = view, .sequence = sequence, .digest = digest};
  return prepared.pre_prepare.signer == primary_of(view, nodes) &&
         prepared.prepares.value == prepare &&
         prepared.prepares.signers >= prepares_needed(nodes, options) &&
         digest_of(prepared.batch) == digest;
}

Sequence stable_sequence(const ViewChange& view_change) {
  return view_change.stable ? view_change.stable->value.sequence : 0;
}

}  // namespace

bool is_valid(const Signed<ViewChange>& view_change, std::uint32_t nodes, const Options& options) {
  const ViewChange& value = view_change.value;
  if (value.stable && value.stable->signers < quorum(nodes, options)) return false;
  Sequence last = stable_sequence(value);
  for (const Prepared& prepared : value.prepared) {
    if (!proves(prepared, last, value.view, nodes, options)) return false;
    last = prepared.pre_prepare.value.sequence;
  }
  return value.view > 0;
}

const Certificate<Checkpoint>* latest_stable(const std::vector<Signed<ViewChange>>& view_changes) {
  const Certificate<Checkpoint>* latest = nullptr;
  for (const auto& view_change : view_changes) {
    const auto& stable = view_change.value.stable;
    if (!stable) continue;
    if (latest == nullptr || stable->value.sequence > latest->value.sequence) latest = &*stable;
  }
  return latest;
}

std::vector<PrePrepare> pre_prepares_of(const std::vector<Signed<ViewChange>>& view_changes,
                                        const Options& options, ViewNumber view) {
  const Certificate<Checkpoint>* stable = latest_stable(view_changes);
  const Sequence min_s = stable == nullptr ? 0 : stable->value.sequence;
  flat_map<Sequence, PrePrepare> chosen;
  for (const auto& view_change : view_changes) {
    for (const Prepared& prepared : view_change.value.prepared) {
      const PrePrepare& value = prepared.pre_prepare.value;
      if (value.sequence <= min_s) continue;
      const auto [at, is_first] = chosen.try_emplace(value.sequence, value);
      const bool wins = options.bug == Bug::newview_lowest_view ? value.view < at->second.view
                                                                : value.view > at->second.view;
      if (!is_first && wins) at->second = value;  // B17
    }
  }
  const Sequence max_s = chosen.empty() ? min_s : chosen.rbegin()->first;
  std::vector<PrePrepare> result;
  for (Sequence n = min_s + 1; n <= max_s; ++n) {
    const auto found = chosen.find(n);
    const Digest digest = found == chosen.end() ? Digest{} : found->second.digest;
    result.push_back({.view = view, .sequence = n, .digest = digest});
  }
  return result;
}

// "A replica that multicasts a view-change message for view v + 1 waits for 2f + 1 view-change
// messages for view v + 1" before its timer runs (section 4.5.2). Until then it sends its own
// again, as messages may be lost. Those for later views count, too: their senders are not coming
// back.
void Node::wait_no_longer(Context& ctx) {
  const auto joined = std::ranges::count_if(
      view_changes, [this](const auto& one) { return one.second.value.view >= view; });
  const auto own = view_changes.find(ctx.self());
  const bool alone = static_cast<std::size_t>(joined) < quorum(ctx.nodes(), ctx.options());
  if (active || ctx.options().monotone || !alone || own == view_changes.end()) {
    start_view_change(ctx, view + 1);
  } else {
    ctx.broadcast(own->second);
  }
}

void Node::start_view_change(Context& ctx, ViewNumber to) {
  leave_view(to);
  ViewChange view_change{.view = to, .stable = stable, .prepared = {}};
  for (const auto& [sequence, slot] : log) {
    const bool tells = ctx.options().bug != Bug::vc_no_prepared_set;  // B14
    if (slot.certificate && tells) view_change.prepared.push_back(*slot.certificate);
  }
  const auto own = ctx.sign(std::move(view_change));
  ctx.broadcast(own);
  const bool is_primary = primary_of(to, ctx.nodes()) == ctx.self();
  if (is_primary || !ctx.options().monotone) view_changes[ctx.self()] = own;
  if (is_primary) try_new_view(ctx);
}

// "It stops accepting messages (other than checkpoint, view-change, and new-view messages)", and
// keeps certificates for view changes to come.
void Node::leave_view(ViewNumber to) {
  view = to;
  active = false;
  assigned = 0;
  entered_by.reset();
  flat_map<Sequence, Slot> kept;
  for (auto& [sequence, slot] : log) {
    if (slot.certificate) kept[sequence].certificate = std::move(slot.certificate);
  }
  log = std::move(kept);
  flat_map<NodeId, Signed<ViewChange>> still;
  for (const auto& [sender, view_change] : view_changes) {
    if (view_change.value.view >= to) still.emplace(sender, view_change);
  }
  view_changes = std::move(still);
}

void Node::on(Context& ctx, NodeId, const Signed<ViewChange>& view_change) {
  const ViewNumber to = view_change.value.view;
  if (ctx.options().bug == Bug::vc_bandwagon_equality) count_vote(ctx, view_change);
  // Its sender has missed the new view, or left an earlier one for nothing.
  if (to <= view && entered_by) ctx.send(view_change.signer, *entered_by);
  if (to < view || (to == view && active)) return;
  const bool is_mine = to == view && primary_of(to, ctx.nodes()) == ctx.self();
  if (!is_mine && ctx.options().monotone) return;
  if (!is_valid(view_change, ctx.nodes(), ctx.options())) return;
  const auto known = view_changes.find(view_change.signer);
  if (known != view_changes.end() && known->second.value.view >= to) return;
  view_changes[view_change.signer] = view_change;
  if (ctx.options().bug != Bug::vc_bandwagon_equality) join_view_change(ctx);
  try_new_view(ctx);
  arm_timers(ctx);
}

// "If a replica receives a set of f + 1 valid view-change messages from other replicas for views
// greater than its current view, it sends a view-change message for the smallest view in the set"
// (section 4.5.2). The primary of the view answers to the 2f others by its own, too.
void Node::join_view_change(Context& ctx) {
  ViewNumber smallest = 0;
  std::size_t greater = 0;
  for (const auto& [sender, view_change] : view_changes) {
    const ViewNumber other = view_change.value.view;
    if (other <= view || sender == ctx.self()) continue;
    smallest = greater == 0 ? other : std::min(smallest, other);
    ++greater;
  }
  if (greater > ctx.options().faults) start_view_change(ctx, smallest);
}

// B21: it joins by the number of all view changes that it has heard of, of whatever views and
// however many of one replica, and at f + 1 exactly.
void Node::count_vote(Context& ctx, const Signed<ViewChange>& view_change) {
  if (!is_valid(view_change, ctx.nodes(), ctx.options())) return;
  votes[view_change.value.view].insert(view_change.signer);
  std::size_t total = 0;
  for (const auto& [of, signers] : votes) total += signers.size();
  const auto smallest = votes.upper_bound(view);
  if (total != ctx.options().faults + 1 || smallest == votes.end()) return;
  start_view_change(ctx, smallest->first);
  arm_timers(ctx);
}

void Node::try_new_view(Context& ctx) {
  if (active || primary_of(view, ctx.nodes()) != ctx.self()) return;
  NewView new_view{.view = view, .view_changes = {}, .pre_prepares = {}};
  for (const auto& [sender, view_change] : view_changes) {
    if (view_change.value.view == view) new_view.view_changes.push_back(view_change);
  }
  if (!view_changes.contains(ctx.self())) return;
  if (new_view.view_changes.size() < quorum(ctx.nodes(), ctx.options())) return;
  for (const PrePrepare& value : pre_prepares_of(new_view.view_changes, ctx.options(), view)) {
    new_view.pre_prepares.push_back(ctx.sign(value));
  }
  const auto signed_one = ctx.sign(std::move(new_view));
  ctx.broadcast(signed_one);
  enter_new_view(ctx, signed_one);
}

void Node::on(Context& ctx, NodeId, const Signed<NewView>& new_view) {
  const NewView& value = new_view.value;
  if (value.view < view || (value.view == view && active)) return;
  if (new_view.signer != primary_of(value.view, ctx.nodes())) return;
  if (new_view.signer == ctx.self()) return;
  NodeSet signers;
  for (const auto& view_change : value.view_changes) {
    if (view_change.value.view != value.view) return;
    if (!is_valid(view_change, ctx.nodes(), ctx.options())) return;
    signers.insert(view_change.signer);
  }
  if (signers.size() < quorum(ctx.nodes(), ctx.options())) return;
  if (signers.size() != value.view_changes.size()) return;
  std::vector<PrePrepare> claimed;
  for (const auto& pre_prepare : value.pre_prepares) {
    if (pre_prepare.signer != new_view.signer) return;
    claimed.push_back(pre_prepare.value);
  }
  // "It verifies the correctness of O by performing a computation similar to the one used by the
  // primary to create O"
  const bool recomputes = ctx.options().bug != Bug::newview_not_recomputed;  // B18
  if (recomputes && claimed != pre_prepares_of(value.view_changes, ctx.options(), value.view)) {
    return;
  }
  leave_view(value.view);
  enter_new_view(ctx, new_view);
  arm_timers(ctx);
}

void Node::enter_new_view(Context& ctx, const Signed<NewView>& signed_one) {
  const NewView& new_view = signed_one.value;
  active = true;
  if (!ctx.options().monotone) entered_by = signed_one;
  flat_map<NodeId, Signed<ViewChange>> later;
  for (const auto& [sender, view_change] : view_changes) {
    if (view_change.value.view > view) later.emplace(sender, view_change);
  }
  view_changes = std::move(later);
  if (const auto* proof = latest_stable(new_view.view_changes)) {
    make_stable(*proof);
    if (executed < proof->value.sequence) fetch(ctx, *proof);
  }
  assigned = low_watermark();
  const bool is_primary = primary_of(view, ctx.nodes()) == ctx.self();
  for (const Signed<PrePrepare>& pre_prepare : new_view.pre_prepares) {
    assigned = std::max(assigned, pre_prepare.value.sequence);
    if (pre_prepare.value.sequence <= low_watermark()) continue;
    const Batch batch = batch_of(new_view, pre_prepare.value);
    if (!is_primary) {
      accept(ctx, pre_prepare, batch);
      continue;
    }
    Slot& slot = log[pre_prepare.value.sequence];
    slot.pre_prepare = pre_prepare;
    slot.batch = batch;
    check_prepared(ctx, slot);
  }
  if (!is_primary) assigned = 0;
  propose_waiting(ctx);
}

// The batch that a certificate in V carries; the null request where there is none.
Batch Node::batch_of(const NewView& new_view, const PrePrepare& pre_prepare) const {
  for (const auto& view_change : new_view.view_changes) {
    for (const Prepared& prepared : view_change.value.prepared) {
      if (prepared.pre_prepare.value.digest == pre_prepare.digest) return prepared.batch;
    }
  }
  return {};
}

}  // namespace gainsay::pbft
