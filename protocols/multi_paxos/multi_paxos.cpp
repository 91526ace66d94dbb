#include "protocols/multi_paxos/multi_paxos.hpp"

#include <algorithm>
#include <chrono>

namespace gainsay::multi_paxos {

using namespace std::chrono_literals;

namespace {

std::size_t count_members(const NodeSet& nodes, const NodeSet& members) {
  return (nodes & members).size();
}

std::optional<NodeSet> members_for(const Node::Context& ctx, const Node& node, Slot slot) {
  return members_at(node.durable.ledger, node.applied, slot,
                    first_members(ctx.nodes(), ctx.options()), ctx.options().alpha);
}

// The part of a map that lies at or behind a slot.
template <class Map>
Map tail(const Map& map, Slot first) {
  return Map(map.lower_bound(first), map.end());
}

}  // namespace

NodeSet first_members(std::uint32_t nodes, const Options& options) {
  NodeSet members;
  for (std::uint32_t id = options.spares; id < nodes; ++id) {
    members.insert(node_id(id));
  }
  return members;
}

std::optional<NodeSet> members_at(const Ledger& ledger, Slot known, Slot slot, NodeSet first,
                                  Slot alpha) {
  if (alpha == 0) return first;
  if (slot > known + alpha) return std::nullopt;
  NodeSet members = first;
  for (const auto& [chosen_in, value] : ledger) {
    if (chosen_in + alpha > slot) break;
    if (const auto* change = std::get_if<Reconfigure>(&value)) members = change->members;
  }
  return members;
}

std::size_t phase_1_quorum(std::size_t members, const Options& options) {
  return options.q1 > 0 ? options.q1 : members / 2 + 1;
}
std::size_t phase_2_quorum(std::size_t members, const Options& options) {
  return options.q2 > 0 ? options.q2 : members / 2 + 1;
}

void Node::start(Context& ctx) {
  const bool empty = equal(durable, Durable{.disks_lost = durable.disks_lost});
  if (ctx.options().disk_loss && !empty && ctx.choose(2) == 1) {
    durable = {.disks_lost = durable.disks_lost + 1};
    ctx.sync();
  }
  apply_chosen(ctx);
  start_leases(ctx);
  restart_election_timer(ctx);
}

// A node that lost its disk has forgotten what it promised and accepted. It only learns, for ever;
// a new member takes its place (PML 5.1 lets it vote again after one more instance, which does not
// cover a promise that it made to a ballot that is still to come).
bool Node::may_vote(const Context& ctx) const {
  return durable.disks_lost == 0 || ctx.options().bug == Bug::disk_corruption_recovery;
}

void Node::on(Context& ctx, Timer timer) {
  switch (timer) {
    case Timer::election:
      stand(ctx);
      return;
    case Timer::resend:
      send_again(ctx);
      break;
    case Timer::propose:
      propose(ctx, Write{.by = ctx.self(), .number = ctx.choose(ctx.options().values)});
      break;
    case Timer::reconfigure:
      propose_change(ctx);
      break;
    case Timer::renew:
      ask_for_lease(ctx);
      break;
    case Timer::odd_lease:
      end_lease(1);
      return;
    case Timer::even_lease:
      end_lease(0);
      return;
    case Timer::grant:
      end_grant(ctx);
      return;
    case Timer::gather:
      propose_gathered(ctx);
      break;
  }
  arm_leader_timers(ctx);
}

void Node::restart_election_timer(Context& ctx) const {
  const bool is_bound = leases && leases->granted;  // to a leader
  const bool stands = ctx.self().value < ctx.options().candidates && may_vote(ctx) && !is_bound;
  if (role != Role::leader && stands) ctx.set(Timer::election, between(150ms, 300ms));
}

void Node::arm_leader_timers(Context& ctx) const {
  const Options& options = ctx.options();
  const bool proposes = role == Role::leader && may_propose(ctx, next);
  ctx.arm(Timer::propose, proposes && next <= options.propose);
  const auto is_change = [](const Value& value) {
    return std::holds_alternative<Reconfigure>(value);
  };
  const auto changes =
      std::ranges::count_if(durable.ledger, [&](const auto& e) { return is_change(e.second); }) +
      std::ranges::count_if(tallies, [&](const auto& e) { return is_change(e.second.value); });
  ctx.arm(Timer::reconfigure, proposes && options.alpha > 0 && changes < options.changes);
  // What keeps a leader busy does not put it off.
  ctx.arm(Timer::resend, role == Role::leader && options.resend, between(50ms, 50ms));
  arm_renewal(ctx);
  if (options.gather == 0) return;
  const std::chrono::microseconds wait(options.gather);
  ctx.arm(Timer::gather, role == Role::leader && tallies.contains(next), between(wait, wait));
}

// --- Phase 1, once for all slots (PMS 3) ---

void Node::stand(Context& ctx) {
  ballot = {.round = std::max(durable.promised.round, ballot.round) + 1, .id = ctx.self()};
  // A proposer never uses a ballot again: it remembers the highest one on disk (PMS 2.5).
  if (ctx.options().bug != Bug::ballot_reuse_after_crash) durable.promised = ballot;
  ctx.sync();
  role = Role::candidate;
  promises.clear();
  found.clear();
  give_up_leases(ctx);
  if (!ctx.options().all_learn) tallies.clear();
  restart_election_timer(ctx);
  ctx.broadcast(Prepare{.ballot = ballot, .first = applied + 1});
  count_promise(ctx, ctx.self(), promise_of(ballot, applied + 1));
}

// Whoever hears of a newer ballot no longer leads its own.
void Node::adopt(Context& ctx, Ballot newer) {
  durable.promised = std::max(durable.promised, newer);
  ctx.sync();
  if (role == Role::follower || newer <= ballot) return;
  role = Role::follower;
  ballot = {};
  promises.clear();
  found.clear();
  next = 0;
  give_up_leases(ctx);
  if (!ctx.options().all_learn) tallies.clear();
  arm_leader_timers(ctx);
}

Promise Node::promise_of(Ballot asked, Slot first) const {
  return {.ballot = asked,
          .accepted = tail(durable.accepted, first),
          .chosen = tail(durable.ledger, first)};
}

void Node::on(Context& ctx, NodeId from, const Prepare& prepare) {
  if (!may_vote(ctx) || prepare.ballot < durable.promised || !listens_to(prepare.ballot)) return;
  const bool repeated = prepare.ballot == durable.promised;
  if (repeated && !ctx.options().resend) return;
  adopt(ctx, prepare.ballot);
  restart_election_timer(ctx);
  ctx.send(from, promise_of(prepare.ballot, prepare.first));
}

void Node::on(Context& ctx, NodeId from, const Promise& promise) {
  if (role == Role::follower) return;
  const bool stale = promise.ballot != ballot;
  if (stale && ctx.options().bug != Bug::stale_promise_counted) return;
  count_promise(ctx, from, promise);
}

void Node::count_promise(Context& ctx, NodeId from, const Promise& promise) {
  promises.insert(from);
  for (const auto& [slot, proposal] : promise.accepted) {
    if (durable.ledger.contains(slot) || (role == Role::leader && slot < next)) continue;
    const auto known = found.find(slot);
    if (known == found.end() || known->second.ballot < proposal.ballot) found[slot] = proposal;
  }
  for (const auto& [slot, value] : promise.chosen) learn(ctx, slot, value);
  if (role == Role::candidate && may_propose(ctx, applied + 1)) {
    role = Role::leader;
    next = applied + 1;
    ctx.clear(Timer::election);
  }
  propose_found(ctx);
  arm_leader_timers(ctx);
}

// True when the configuration of the slot is known and a quorum of it has promised.
bool Node::may_propose(const Context& ctx, Slot slot) const {
  const auto members = members_for(ctx, *this, slot);
  if (!members) return false;
  return count_members(promises, *members) >= phase_1_quorum(members->size(), ctx.options());
}

// --- Phase 2 ---

// "The leader fills the gap by proposing a special no-op command" (PMS 3): in each slot before the
// last that something was found in, it proposes what has the highest ballot there (P2c), or a
// no-op.
void Node::propose_found(Context& ctx) {
  while (role == Role::leader) {
    if (durable.ledger.contains(next)) {
      ++next;
      continue;
    }
    const bool hole = !found.empty() || !tail(durable.ledger, next).empty();
    if (!hole || !may_propose(ctx, next)) return;
    const auto here = found.find(next);
    const Value value = here == found.end() ? Value{Noop{}} : here->second.value;
    propose(ctx, value);
  }
}

void Node::propose(Context& ctx, const Value& value) {
  const Slot slot = next++;
  found.erase(slot);
  tallies[slot] = {.ballot = ballot, .value = value, .acceptors = {}};
  const auto members = members_for(ctx, *this, slot);
  for (const NodeId member : *members) {
    if (member == ctx.self()) continue;
    ctx.send(member, Accept{.ballot = ballot, .slot = slot, .value = value});
  }
  if (members->contains(ctx.self())) accept(ctx, slot, {.ballot = ballot, .value = value});
}

// Any configuration may follow any other: alpha keeps them apart (PMS 3).
void Node::propose_change(Context& ctx) {
  const std::uint32_t sets = std::uint32_t{1} << ctx.nodes();
  propose(ctx, Reconfigure{NodeSet::from_bits(1 + ctx.choose(sets - 1))});
}

void Node::gather(Context& ctx, const Command& command) {
  Tally& open = tallies[next];
  open.ballot = ballot;
  if (!std::holds_alternative<Batch>(open.value)) open.value = Batch{};
  std::get<Batch>(open.value).commands.push_back(command);
  arm_leader_timers(ctx);
}

void Node::propose_gathered(Context& ctx) {
  const auto open = tallies.find(next);
  if (role != Role::leader || open == tallies.end() || !may_propose(ctx, next)) return;
  const Value batch = open->second.value;
  propose(ctx, batch);
}

void Node::accept(Context& ctx, Slot slot, const Proposal& proposal) {
  durable.promised = std::max(durable.promised, proposal.ballot);
  durable.accepted[slot] = proposal;
  ctx.sync();
  ctx.observe({.slot = slot, .accepted = proposal});
  const Accepted accepted{.ballot = proposal.ballot, .slot = slot, .value = proposal.value};
  if (ctx.options().all_learn) {
    ctx.broadcast(accepted);
  } else if (proposal.ballot.id != ctx.self()) {
    ctx.send(proposal.ballot.id, accepted);
    return;
  }
  count_accepted(ctx, ctx.self(), accepted);
}

void Node::on(Context& ctx, NodeId from, const Accept& request) {
  if (!may_vote(ctx) || request.ballot < durable.promised || !listens_to(request.ballot)) return;
  adopt(ctx, request.ballot);
  restart_election_timer(ctx);
  const auto known = durable.ledger.find(request.slot);
  if (known != durable.ledger.end()) {
    ctx.send(from, Chosen{.slot = request.slot, .value = known->second});
    return;
  }
  accept(ctx, request.slot, {.ballot = request.ballot, .value = request.value});
}

// --- Learning and applying (PMS 2.3) ---

void Node::on(Context& ctx, NodeId from, const Accepted& accepted) {
  const bool leads = role == Role::leader && accepted.ballot == ballot;
  if (!leads && !ctx.options().all_learn) return;
  count_accepted(ctx, from, accepted);
  arm_leader_timers(ctx);
}

// A value is chosen when a quorum accepts it in one ballot. What was accepted in an older ballot is
// forgotten, which can only delay learning.
void Node::count_accepted(Context& ctx, NodeId from, const Accepted& accepted) {
  if (durable.ledger.contains(accepted.slot)) return;
  const auto members = members_for(ctx, *this, accepted.slot);
  if (!members) return;  // it is not known yet whose votes count
  Tally& tally = tallies[accepted.slot];
  const bool mixes = ctx.options().bug == Bug::learn_from_mixed_ballots;
  if (accepted.ballot < tally.ballot && !mixes) return;
  if (accepted.ballot > tally.ballot && !mixes) tally.acceptors.clear();
  tally.ballot = accepted.ballot;
  tally.value = accepted.value;
  tally.acceptors.insert(from);
  const std::size_t quorum = phase_2_quorum(members->size(), ctx.options());
  if (count_members(tally.acceptors, *members) < quorum) return;
  if (!ctx.options().all_learn) {
    ctx.broadcast(Chosen{.slot = accepted.slot, .value = accepted.value});
  }
  learn(ctx, accepted.slot, accepted.value);
}

void Node::on(Context& ctx, NodeId, const Chosen& chosen) {
  learn(ctx, chosen.slot, chosen.value);
  arm_leader_timers(ctx);
}

void Node::learn(Context& ctx, Slot slot, const Value& value) {
  if (durable.ledger.contains(slot)) return;
  durable.ledger[slot] = value;
  durable.accepted.erase(slot);
  ctx.sync();
  found.erase(slot);
  tallies.erase(slot);
  apply_chosen(ctx);
  propose_found(ctx);
}

// In the order of the slots, up to the first that is not known to be chosen.
void Node::apply_chosen(Context& ctx) {
  while (true) {
    const bool skips = ctx.options().bug == Bug::gap_ignored;
    const Ledger& ledger = durable.ledger;
    const auto entry = skips ? ledger.lower_bound(applied + 1) : ledger.find(applied + 1);
    if (entry == ledger.end()) return;
    applied = entry->first;
    if (const auto* command = std::get_if<Command>(&entry->second)) apply(ctx, *command);
    if (const auto* batch = std::get_if<Batch>(&entry->second)) {
      for (const Command& command : batch->commands) apply(ctx, command);
    }
  }
}

void Node::apply(Context& ctx, const Command& command) {
  const Session* session = session_of(command.request);
  if (session == nullptr) {
    const Result result = kv::Model::apply(store, command.operation);
    sessions[command.request.client] = {.number = command.request.number, .result = result};
    session = session_of(command.request);
  }
  // A client that has gone on has had the answer.
  const bool answers = role == Role::leader && session->number == command.request.number;
  if (answers) ctx.reply(command.request, session->result);
}

// --- Lost messages (PTP 3.1) ---

void Node::send_again(Context& ctx) const {
  for (const auto& [slot, tally] : tallies) {
    if (tally.ballot != ballot || slot >= next) continue;
    const auto members = members_for(ctx, *this, slot);
    for (const NodeId member : *members) {
      if (tally.acceptors.contains(member) || member == ctx.self()) continue;
      ctx.send(member, Accept{.ballot = ballot, .slot = slot, .value = tally.value});
    }
  }
  for (std::uint16_t id = 0; id < ctx.nodes(); ++id) {
    if (promises.contains({id})) continue;
    ctx.send(NodeId{id}, Prepare{.ballot = ballot, .first = applied + 1});
  }
  ctx.broadcast(Heartbeat{.ballot = ballot, .applied = applied});
}

void Node::on(Context& ctx, NodeId from, const Heartbeat& heartbeat) {
  if (heartbeat.ballot < durable.promised) return;
  restart_election_timer(ctx);
  if (applied < heartbeat.applied) ctx.send(from, Ask{.first = applied + 1});
}

void Node::on(Context& ctx, NodeId from, const Ask& ask) {
  for (const auto& [slot, value] : tail(durable.ledger, ask.first)) {
    ctx.send(from, Chosen{.slot = slot, .value = value});
  }
}

// --- Clients ---

// The session in which a request has been applied, or a later one of the same client; null when it
// is to be applied.
const Session* Node::session_of(const RequestId& request) const {
  const auto session = sessions.find(request.client);
  return session != sessions.end() && session->second.number >= request.number ? &session->second
                                                                               : nullptr;
}

// True while the request is in a slot that this leader proposes in, or that waits to be applied.
bool Node::holds(const RequestId& request) const {
  const auto is_it = [&](const Value& value) {
    const auto* command = std::get_if<Command>(&value);
    const auto* batch = std::get_if<Batch>(&value);
    if (batch == nullptr) return command != nullptr && command->request == request;
    return std::ranges::find(batch->commands, request, &Command::request) != batch->commands.end();
  };
  return std::ranges::any_of(tallies, [&](const auto& e) { return is_it(e.second.value); }) ||
         std::ranges::any_of(durable.ledger, [&](const auto& e) { return is_it(e.second); });
}

void Node::on(Context& ctx, NodeId, const Request<Operation>& request) {
  if (ctx.options().local_reads && request.operation.action == kv::Action::get) {
    ctx.reply(request.id, kv::Model::apply(store, request.operation));
    return;
  }
  if (role != Role::leader) return;  // the client asks the others as well
  if (const Session* session = session_of(request.id)) {
    if (session->number == request.id.number) ctx.reply(request.id, session->result);
    return;
  }
  if (reads_by_lease(ctx, request)) return;
  if (holds(request.id) || !may_propose(ctx, next)) return;
  const Command command{.request = request.id, .operation = request.operation};
  if (ctx.options().gather > 0) return gather(ctx, command);
  propose(ctx, command);
  arm_leader_timers(ctx);
}

}  // namespace gainsay::multi_paxos
