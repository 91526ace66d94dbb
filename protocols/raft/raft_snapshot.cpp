// Log compaction (chapter 5): each server takes a snapshot of its own applied entries, and a leader
// sends its snapshot to whoever lacks entries that it stands for.
#include "protocols/raft/raft.hpp"

namespace gainsay::raft {

const Snapshot* Node::snapshot() const {
  if (durable.log.empty()) return nullptr;
  const auto* boxed = std::get_if<Boxed<Snapshot>>(&durable.log.front().command);
  return boxed == nullptr ? nullptr : &**boxed;
}

Index Node::base() const { return snapshot() == nullptr ? 0 : snapshot()->last_index; }

// The state machine starts from the snapshot (section 5.1); without one there is nothing to do.
void Node::restore() {
  const Snapshot* from = snapshot();
  if (from == nullptr) return;
  commit = from->last_index;
  store = from->store;
  sessions = from->sessions;
}

// Puts a snapshot of the state machine in the place of all entries that are applied.
void Node::compact() {
  Snapshot taken{.last_index = commit, .store = store, .sessions = sessions};
  if (const Snapshot* before = snapshot()) {
    taken.members = before->members;
    taken.covered = before->covered;
  }
  for (Index index = base() + 1; index <= commit; ++index) {  // the latest configuration (5.1)
    const auto* members = std::get_if<Members>(&durable.log[place(index)].command);
    if (members != nullptr) taken.members = *members;
  }
  for (Index index = std::max<Index>(base(), 1); index < commit; ++index) {
    taken.covered.push_back(term_at(index));
  }
  Log& log = durable.log;
  const auto last = log.begin() + static_cast<std::ptrdiff_t>(place(commit));
  log.erase(log.begin(), last);
  log.front().command = std::move(taken);
}

void Node::send_snapshot(Context& ctx, NodeId to) const {
  ctx.send(to, InstallSnapshot{.term = durable.term, .snapshot = durable.log.front()});
}

// Figure 5.3.
void Node::on(Context& ctx, NodeId from, const InstallSnapshot& message) {
  if (message.term < durable.term) {
    refuse_old_leader(ctx, from, 0);
    return;
  }
  step_down(ctx, message.term);
  restart_election_timer(ctx);
  const Bug bug = ctx.options().bug;
  if (bug == Bug::snapshot_lowers_term) durable.term = message.snapshot.term;
  const Index included = std::get<Boxed<Snapshot>>(message.snapshot.command)->last_index;
  // A late one has nothing that is not applied already.
  const bool stale = included <= commit;
  if (!stale || bug == Bug::stale_snapshot_installed) install(message.snapshot);
  ctx.sync();
  ctx.send(from, AppendReply{.term = durable.term, .success = true, .index = included});
}

// "If existing log entry has same index and term as snapshot's last included entry, retain log
// entries following it", otherwise "discard the entire log" (figure 5.3, steps 6 and 7).
void Node::install(const Entry& entry) {
  const Index included = std::get<Boxed<Snapshot>>(entry.command)->last_index;
  Log& log = durable.log;
  if (term_at(included) == entry.term) {
    log.erase(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(place(included)));
    log.front() = entry;
  } else {
    log = {entry};
  }
  restore();
  extras->snapshot_installed = true;
}

}  // namespace gainsay::raft
