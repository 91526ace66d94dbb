// Linearizable reads that do not go through the log: by ReadIndex (section 6.4) and by lease
// (section 6.4.1).
#include <algorithm>
#include <chrono>

#include "protocols/raft/raft.hpp"

namespace gainsay::raft {

using namespace std::chrono_literals;

void Node::read(Context& ctx, const Request<Operation>& request) {
  const Bug bug = ctx.options().bug;
  if (bug == Bug::local_read_no_check) {
    answer_read(ctx, request.id, request.operation);
    return;
  }
  // Step 1: until an entry of its own term is committed, a leader may not know of all that is. A
  // client that gets no answer asks again.
  if (!knows_commits() && bug != Bug::readindex_no_noop) return;
  const bool asked_before = std::ranges::any_of(
      extras->reads, [&](const PendingRead& pending) { return pending.request == request.id; });
  if (asked_before) return;
  // Steps 2 and 4: commit is the readIndex, and the state machine has always applied that far.
  extras->reads.push_back(
      {.request = request.id, .operation = request.operation, .confirmed = {ctx.self()}});
  // Step 3. A request is the name of its round: an answer to an earlier asking of the same request
  // by the same leader was sent after the request was made, too, and that is what counts.
  for (const NodeId voter : other_voters(ctx)) {
    ctx.send(voter, ConfirmLeader{.term = durable.term, .read = request.id});
  }
  count_confirmations(ctx, request.id);
}

void Node::on(Context& ctx, NodeId from, const ConfirmLeader& confirm) {
  if (confirm.term < durable.term) return;
  step_down(ctx, confirm.term);
  if (ctx.options().lease > 0) {
    promise(ctx);
  } else {
    restart_election_timer(ctx);
  }
  ctx.sync();
  ctx.send(from, LeaderConfirmed{.term = durable.term, .read = confirm.read});
}

void Node::on(Context& ctx, NodeId from, const LeaderConfirmed& confirmed) {
  adopt_newer_term(ctx, confirmed.term);
  if (role != Role::leader || confirmed.term != durable.term) return;
  if (confirmed.read.client == ctx.self()) {
    count_for_lease(ctx, from, confirmed.read.number);
    return;
  }
  std::vector<RequestId> reads;
  for (PendingRead& pending : extras->reads) {
    const bool of_its_round = pending.request == confirmed.read;
    if (!of_its_round && ctx.options().bug != Bug::readindex_old_acks) continue;
    pending.confirmed.insert(from);
    reads.push_back(pending.request);
  }
  for (const RequestId& read : reads) count_confirmations(ctx, read);
}

void Node::count_confirmations(Context& ctx, const RequestId& read) {
  const auto pending = std::ranges::find(extras->reads, read, &PendingRead::request);
  if (!is_quorum(ctx, pending->confirmed)) return;
  const Operation operation = pending->operation;
  extras->reads.erase(pending);
  answer_read(ctx, read, operation);
}

// Step 5.
void Node::answer_read(Context& ctx, const RequestId& request, const Operation& operation) {
  ctx.reply(request, kv::Model::apply(store, operation));
  extras->read_answered = true;
}

// --- Leases (section 6.4.1) ---
//
// A lease runs from when the leader asks for it, and counts once a majority has answered. Two may
// run at a time, so that one can be renewed before it ends: those of odd numbers have one timer and
// those of even numbers another.

namespace {

Node::Timer timer_of(std::uint32_t number) {
  return number % 2 == 1 ? Node::Timer::odd_lease : Node::Timer::even_lease;
}

// Of the last lease that this leader asked for.
std::uint32_t last_number(const std::vector<PendingRead>& leases) {
  return leases.empty() ? 0 : leases.back().request.number;
}

}  // namespace

// Before the first term nothing was committed. A client that gets no answer asks again.
void Node::read_by_lease(Context& ctx, const Request<Operation>& request) {
  const bool knows_all = knows_commits() || durable.term == 1;
  if (holds_lease(ctx) && knows_all) answer_read(ctx, request.id, request.operation);
}

// Within the least election timeout of hearing a leader, a server "does not update its term or
// grant its vote" (section 4.2.3). Here a leader is heard when it asks for a lease: no lease counts
// on whoever has heard its other messages.
void Node::promise(Context& ctx) {
  role = Role::follower;
  ctx.set(Timer::election, between(150ms, 300ms), at_least(ctx.options().election));
}

bool Node::is_promised(const Context& ctx) const {
  return ctx.options().lease > 0 && role == Role::follower;
}

bool Node::holds_lease(const Context& ctx) const {
  return std::ranges::any_of(
      extras->reads, [&](const PendingRead& lease) { return is_quorum(ctx, lease.confirmed); });
}

// At any moment: how long a leader waits is a matter of how often it wants to ask, not of safety.
void Node::arm_renewal(Context& ctx) const {
  if (ctx.options().lease == 0) return;
  ctx.arm(Timer::renew, last_number(extras->reads) < ctx.options().renewals);
}

void Node::ask_for_lease(Context& ctx) {
  const RequestId id{.client = ctx.self(), .number = last_number(extras->reads) + 1};
  std::erase_if(extras->reads, [&](const PendingRead& lease) {
    return lease.request.number % 2 == id.number % 2;
  });
  extras->reads.push_back({.request = id, .operation = {}, .confirmed = {ctx.self()}});
  if (ctx.options().bug != Bug::lease_from_answer) {
    ctx.set(timer_of(id.number), ticks(ctx.options().lease));
  }
  for (const NodeId voter : other_voters(ctx)) {
    ctx.send(voter, ConfirmLeader{.term = durable.term, .read = id});
  }
  arm_renewal(ctx);
}

void Node::count_for_lease(Context& ctx, NodeId from, std::uint32_t number) {
  for (PendingRead& lease : extras->reads) {
    const bool has_ended = lease.confirmed.empty();
    if (lease.request.number != number || has_ended) continue;
    const bool held = is_quorum(ctx, lease.confirmed);
    lease.confirmed.insert(from);
    if (ctx.options().bug == Bug::lease_from_answer && !held && is_quorum(ctx, lease.confirmed)) {
      ctx.set(timer_of(number), ticks(ctx.options().lease));
    }
  }
}

// It stays as the last one that was asked for, and answers that come now count for nothing.
void Node::end_lease(std::uint32_t parity) {
  for (PendingRead& lease : extras->reads) {
    if (lease.request.number % 2 == parity) lease.confirmed = {};
  }
}

}  // namespace gainsay::raft
