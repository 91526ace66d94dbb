// Master leases (PML 5.2): reads that do not go through the log. A leader reads by itself while so
// many nodes have granted it a lease that every quorum of promises meets them: none of them
// promises a newer ballot to another node before its grant ends, by its clock, and so nobody else
// leads.
#include <algorithm>

#include "protocols/multi_paxos/multi_paxos.hpp"

namespace gainsay::multi_paxos {

namespace {

Node::Timer timer_of(std::uint32_t number) {
  return number % 2 == 1 ? Node::Timer::odd_lease : Node::Timer::even_lease;
}

}  // namespace

// --- Who grants ---

// After a restart nobody knows what was granted. It was to the proposer of the ballot promised, if
// there is one.
void Node::start_leases(Context& ctx) {
  if (ctx.options().lease == 0) return;
  leases.emplace();
  const bool may_have_granted = durable.promised.round > 0;
  if (may_have_granted && ctx.options().bug != Bug::lease_forgotten) grant_lease(ctx);
}

// "Refuse to process Paxos messages from any other replica while the lease is held."
bool Node::listens_to(const Ballot& asks) const {
  return !leases || !leases->granted || asks.id == durable.promised.id;
}

void Node::on(Context& ctx, NodeId from, const AskLease& ask) {
  if (!may_vote(ctx) || ask.ballot < durable.promised || !listens_to(ask.ballot)) return;
  adopt(ctx, ask.ballot);
  grant_lease(ctx);
  ctx.send(from, GrantLease{.ballot = ask.ballot, .number = ask.number});
}

void Node::grant_lease(Context& ctx) {
  leases->granted = true;
  ctx.set(Timer::grant, at_least(ctx.options().grant));
  ctx.clear(Timer::election);  // to stand is to promise itself a newer ballot
}

void Node::end_grant(Context& ctx) {
  leases->granted = false;
  restart_election_timer(ctx);
}

// --- Who leads ---
//
// A lease runs from when it is asked for. Two may run at a time, so that one can be renewed before
// it ends: those of odd numbers have one timer and those of even numbers another.

// At any moment: how long a leader waits is a matter of how often it wants to ask, not of safety.
void Node::arm_renewal(Context& ctx) const {
  if (!leases) return;
  ctx.arm(Timer::renew, role == Role::leader && leases->asked < ctx.options().renewals);
}

void Node::ask_for_lease(Context& ctx) {
  const std::uint32_t number = ++leases->asked;
  if (number > 2) leases->running.erase(number - 2);
  leases->running[number] = {ctx.self()};
  if (ctx.options().bug != Bug::lease_from_answer) {
    ctx.set(timer_of(number), ticks(ctx.options().lease));
  }
  ctx.broadcast(AskLease{.ballot = ballot, .number = number});
}

void Node::on(Context& ctx, NodeId from, const GrantLease& grant) {
  if (role != Role::leader || grant.ballot != ballot) return;
  const auto lease = leases->running.find(grant.number);
  if (lease == leases->running.end()) return;  // it has ended
  const bool held = holds_lease(ctx);
  lease->second.insert(from);
  const bool gained = !held && holds_lease(ctx);
  if (gained && ctx.options().bug == Bug::lease_from_answer) {
    ctx.set(timer_of(grant.number), ticks(ctx.options().lease));
  }
}

void Node::end_lease(std::uint32_t parity) {
  const std::uint32_t latest = leases->asked;
  leases->running.erase(latest % 2 == parity ? latest : latest - 1);
}

void Node::give_up_leases(Context& ctx) {
  if (!leases) return;
  *leases = {.granted = leases->granted, .running = {}};
  for (const Timer timer : {Timer::renew, Timer::odd_lease, Timer::even_lease}) ctx.clear(timer);
}

// As many as accept a value: that many meet every quorum of promises.
bool Node::holds_lease(const Context& ctx) const {
  const NodeSet members = first_members(ctx.nodes(), ctx.options());
  return std::ranges::any_of(leases->running, [&](const auto& lease) {
    const NodeSet granted = lease.second & members;
    return granted.size() >= phase_2_quorum(members.size(), ctx.options());
  });
}

// What older ballots chose was found when this one began to lead, and is applied once nothing that
// it proposed is open.
bool Node::reads_by_lease(Context& ctx, const Request<Operation>& request) {
  const bool reads = leases && request.operation.action == kv::Action::get;
  if (!reads || applied + 1 != next || !holds_lease(ctx)) return false;
  ctx.reply(request.id, kv::Model::apply(store, request.operation));
  leases->read = true;
  return true;
}

}  // namespace gainsay::multi_paxos
