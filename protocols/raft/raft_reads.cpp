// Linearizable reads that do not go through the log: ReadIndex (section 6.4).
#include <algorithm>

#include "protocols/raft/raft.hpp"

namespace gainsay::raft {

void Node::read(Context& ctx, const Request<Operation>& request) {
  const Bug bug = ctx.options().bug;
  if (bug == Bug::local_read_no_check) {
    answer_read(ctx, request.id, request.operation);
    return;
  }
  // Step 1: until an entry of its own term is committed, a leader may not know of all that is. A
  // client that gets no answer asks again.
  const bool knows_commits = term_at(commit) == durable.term;
  if (!knows_commits && bug != Bug::readindex_no_noop) return;
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
  restart_election_timer(ctx);
  ctx.sync();
  ctx.send(from, LeaderConfirmed{.term = durable.term, .read = confirm.read});
}

void Node::on(Context& ctx, NodeId from, const LeaderConfirmed& confirmed) {
  adopt_newer_term(ctx, confirmed.term);
  if (role != Role::leader || confirmed.term != durable.term) return;
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

}  // namespace gainsay::raft
