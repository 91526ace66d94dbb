#include "protocols/raft/raft.hpp"

#include <algorithm>
#include <chrono>

namespace gainsay::raft {

using namespace std::chrono_literals;

namespace {

bool needs_extras(const Options& options) {
  return options.bug == Bug::index_only_completion || options.read_index || options.compact > 0 ||
         options.changes > 0 || options.transfer || options.prevote || options.lease > 0;
}

}  // namespace

Index Node::last_index() const {
  const auto entries = static_cast<Index>(durable.log.size());
  return base() == 0 ? entries : base() + entries - 1;
}

Term Node::term_at(Index index) const {
  const bool is_there = index > 0 && index >= base() && index <= last_index();
  return is_there ? durable.log[place(index)].term : 0;
}

void Node::start(Context& ctx) {
  started = true;
  if (needs_extras(ctx.options())) extras.emplace();
  restore();
  if (ctx.options().bug == Bug::vote_not_persisted) durable.voted_for.reset();
  if (ctx.options().prevote || ctx.options().lease > 0) role = Role::leaderless;
  // After a restart nobody knows what was promised. In no term it was nothing.
  const bool may_have_promised = durable.term > 0 && ctx.options().bug != Bug::lease_forgotten;
  if (ctx.options().lease > 0 && may_have_promised) promise(ctx);
  if (ctx.options().bug == Bug::no_timer_after_restart && durable.term > 0) return;
  restart_election_timer(ctx);
}

void Node::on(Context& ctx, Timer timer) {
  switch (timer) {
    case Timer::election:
      if (ctx.options().prevote && ctx.options().bug != Bug::disruptive_server) {
        ask_for_prevotes(ctx);
      } else if (is_promised(ctx)) {
        hear_no_leader(ctx);
        restart_election_timer(ctx);
      } else if (stands(ctx)) {
        start_election(ctx);
      } else {
        hear_no_leader(ctx);
      }
      return;
    case Timer::heartbeat:
      send_heartbeats(ctx);
      arm_leader_timers(ctx);
      return;
    case Timer::propose:
      append(ctx, {.term = durable.term, .command = {}});
      return;
    case Timer::change:
      change(ctx);
      return;
    case Timer::transfer:
      transfer_leadership(ctx);
      return;
    case Timer::renew:
      ask_for_lease(ctx);
      return;
    case Timer::odd_lease:
      end_lease(1);
      return;
    case Timer::even_lease:
      end_lease(0);
      return;
    case Timer::gather:
      send_gathered(ctx);
      return;
  }
}

// --- Election (section 3.4) ---

bool Node::stands(const Context& ctx) const {
  return ctx.self().value < ctx.options().candidates && !is_learner(ctx);
}

void Node::restart_election_timer(Context& ctx) const {
  if (is_promised(ctx)) return;  // what has been promised runs on
  // With pre-votes, whoever only votes must notice as well that its leader is silent.
  const bool notices = ctx.options().prevote && role == Role::follower;
  if (notices || stands(ctx)) ctx.set(Timer::election, between(150ms, 300ms));
}

void Node::arm_leader_timers(Context& ctx) const {
  if (ctx.options().heartbeat) ctx.set(Timer::heartbeat, between(50ms, 50ms));
  if (last_index() < ctx.options().propose) {
    ctx.set(Timer::propose, between(1ms, 100ms));
  } else {
    ctx.clear(Timer::propose);
  }
  arm_membership_timers(ctx);
  arm_renewal(ctx);
}

void Node::start_election(Context& ctx) {
  enter_term(ctx, durable.term + 1);
  durable.voted_for = ctx.self();
  ctx.sync();
  role = Role::candidate;
  votes = {ctx.self()};
  if (extras) extras->told_to_stand = false;
  if (ctx.options().bug != Bug::no_retry_of_election) restart_election_timer(ctx);
  const RequestVote request{
      .term = durable.term, .last_index = last_index(), .last_term = term_at(last_index())};
  for (const NodeId voter : other_voters(ctx)) ctx.send(voter, request);
  count_votes(ctx);
}

void Node::count_votes(Context& ctx) {
  if (!is_quorum(ctx, votes)) return;
  role = Role::leader;
  votes.clear();
  next.assign(ctx.nodes(), last_index() + 1);
  next[ctx.self()] = 0;
  match.assign(ctx.nodes(), 0);
  ctx.clear(Timer::election);
  arm_leader_timers(ctx);
  if (ctx.options().noop) {
    append(ctx, {.term = durable.term, .command = {}});  // which announces the leader as well
  } else {
    send_heartbeats(ctx);
  }
}

// "If one server's current term is smaller than the other's, then it updates its current term to
// the larger value" (section 3.3).
void Node::adopt_newer_term(Context& ctx, Term term) {
  if (term <= durable.term) return;
  step_down(ctx, term);
  if (ctx.options().prevote) hear_no_leader(ctx);
  ctx.sync();
}

// A term and its vote are one write: were the vote cleared by a write of its own, a crash behind it
// would leave the old term without its vote.
void Node::enter_term(Context& ctx, Term term) {
  const bool clears_vote = ctx.options().bug == Bug::vote_cleared_same_term || term > durable.term;
  if (clears_vote) durable.voted_for.reset();
  if (ctx.options().bug == Bug::term_vote_not_atomic) ctx.write();
  durable.term = term;
}

void Node::step_down(Context& ctx, Term term) {
  enter_term(ctx, term);
  if (role == Role::leader) restart_election_timer(ctx);
  const bool has_promised = role == Role::follower;  // a newer term takes nothing back
  role = ctx.options().lease > 0 && !has_promised ? Role::leaderless : Role::follower;
  votes.clear();
  next.clear();
  match.clear();
  if (extras) {
    extras->reads.clear();
    extras->read_answered = false;
    extras->prevotes.clear();
    extras->told_to_stand = false;
  }
  for (const Timer timer : {Timer::heartbeat, Timer::propose, Timer::change, Timer::transfer,
                            Timer::renew, Timer::odd_lease, Timer::even_lease, Timer::gather}) {
    ctx.clear(timer);
  }
}

// The election restriction (section 3.6.1).
bool Node::up_to_date(const Context& ctx, Index index, Term term) const {
  const Term own_term = term_at(last_index());
  const bool long_enough = index >= last_index();
  if (ctx.options().bug == Bug::vote_no_log_check) return true;
  if (ctx.options().bug == Bug::vote_length_only) return long_enough;
  return term > own_term || (term == own_term && long_enough);
}

void Node::on(Context& ctx, NodeId from, const RequestVote& request) {
  if (is_promised(ctx)) return;
  adopt_newer_term(ctx, request.term);
  if (request.term < durable.term) return;
  if (durable.voted_for && *durable.voted_for != from) return;
  if (!up_to_date(ctx, request.last_index, request.last_term)) return;
  durable.voted_for = from;
  restart_election_timer(ctx);
  ctx.sync();
  ctx.send(from, Vote{.term = durable.term});
}

void Node::on(Context& ctx, NodeId from, const Vote& vote) {
  adopt_newer_term(ctx, vote.term);
  if (role != Role::candidate) return;
  const bool stale = vote.term < durable.term;
  if (stale && ctx.options().bug != Bug::stale_vote_reply) return;
  votes.insert(from);
  count_votes(ctx);
}

// --- Log replication (section 3.5) ---

namespace {

void take_configuration(const Node::Context& ctx, Node& node, const Entry& entry) {
  const auto* members = std::get_if<Members>(&entry.command);
  if (members == nullptr || ctx.options().bug != Bug::config_no_rollback) return;
  node.extras->in_force = *members;
}

}  // namespace

void Node::append(Context& ctx, Entry entry) {
  if (ctx.options().bug == Bug::index_only_completion &&
      std::holds_alternative<Command>(entry.command)) {
    extras->waiting[last_index() + 1] = std::get<Command>(entry.command).request;
  }
  take_configuration(ctx, *this, entry);
  durable.log.push_back(std::move(entry));
  arm_leader_timers(ctx);
  if (const std::uint32_t wait = ctx.options().gather; wait > 0) {
    ctx.arm(Timer::gather, true,
            between(std::chrono::microseconds(wait), std::chrono::microseconds(wait)));
    return;
  }
  ctx.sync();
  for (const NodeId peer : replicas(ctx)) replicate(ctx, peer);
  advance_commit(ctx);
}

void Node::send_gathered(Context& ctx) {
  ctx.sync();
  for (const NodeId peer : replicas(ctx)) {
    if (next[peer] <= last_index()) replicate(ctx, peer);
  }
  advance_commit(ctx);
}

// All that there is or, where a message has room for fewer entries, the first of them; the
// acknowledgement brings on the next, unless they are sent at once.
void Node::replicate(Context& ctx, NodeId to) {
  const Index prev = std::min(next[to] - 1, last_index());
  if (prev < base()) {
    send_snapshot(ctx, to);
    return;
  }
  const Index room = ctx.options().batch;
  const Index last = room > 0 ? std::min(prev + room, last_index()) : last_index();
  const auto entry = [this](Index index) {
    return durable.log.begin() + static_cast<std::ptrdiff_t>(place(index));
  };
  ctx.send(to, AppendEntries{.term = durable.term,
                             .prev_index = prev,
                             .prev_term = term_at(prev),
                             .entries = Log(entry(prev + 1), entry(last + 1)),
                             .commit = commit});
  if (!ctx.options().pipeline) return;
  next[to] = last + 1;
  if (last < last_index()) replicate(ctx, to);
}

void Node::send_heartbeat(Context& ctx, NodeId to) const {
  const Index prev = next[to] - 1;
  if (prev < base()) {
    send_snapshot(ctx, to);
    return;
  }
  ctx.send(to, AppendEntries{.term = durable.term,
                             .prev_index = prev,
                             .prev_term = term_at(prev),
                             .entries = {},
                             .commit = commit});
}

void Node::send_heartbeats(Context& ctx) const {
  for (const NodeId peer : replicas(ctx)) send_heartbeat(ctx, peer);
}

void Node::cut_behind(Index index) {
  if (index >= base()) durable.log.resize(place(index + 1));
}

// Makes the log agree with the leader's up to the returned index. Entries behind it stay: they may
// come from a later message of the same leader that overtook this one.
// What the snapshot includes is committed, and therefore in agreement.
Index Node::take_entries(const Context& ctx, AppendEntries& append) {
  const Bug bug = ctx.options().bug;
  Index index = append.prev_index;
  if (bug == Bug::truncate_always) cut_behind(index);
  const bool blind = bug == Bug::prev0_append_blind && append.prev_index == 0 && base() > 0;
  for (Entry& entry : append.entries) {
    ++index;
    if (index <= base() && !blind) continue;
    const bool conflict = index <= last_index() && term_at(index) != entry.term;
    if (conflict && !blind) cut_behind(index - 1);
    if (index <= last_index() && !blind) continue;
    take_configuration(ctx, *this, entry);
    durable.log.push_back(std::move(entry));
  }
  return index;
}

void Node::on(Context& ctx, NodeId from, AppendEntries append) {
  if (append.term < durable.term) {
    refuse_old_leader(ctx, from, append.prev_index);
    return;
  }
  step_down(ctx, append.term);
  restart_election_timer(ctx);
  const bool follows_on =
      append.prev_index < base() ||
      (append.prev_index <= last_index() && term_at(append.prev_index) == append.prev_term);
  if (!follows_on) {
    // A log that is too short says where it ends, in place of being asked entry by entry (section
    // 3.5: "the protocol can be optimized").
    const bool skips = ctx.options().gather > 0;
    const Index refused = skips ? std::min(append.prev_index, last_index() + 1) : append.prev_index;
    ctx.sync();
    ctx.send(from, AppendReply{.term = durable.term, .success = false, .index = refused});
    return;
  }
  const Bug bug = ctx.options().bug;
  const Index covered = take_entries(ctx, append);
  Index known = std::min(append.commit, covered);
  if (bug == Bug::commit_no_min) known = append.commit;
  if (bug == Bug::commit_min_own_last) known = std::min(append.commit, last_index());
  if (known > commit || bug == Bug::commit_goes_back) commit_to(ctx, known);
  const Index acknowledged = bug == Bug::ack_own_last_index ? last_index() : covered;
  if (bug != Bug::ack_before_durable) ctx.sync();
  ctx.send(from, AppendReply{.term = durable.term, .success = true, .index = acknowledged});
  ctx.sync();  // late: for the variant
}

void Node::on(Context& ctx, NodeId from, const AppendReply& reply) {
  adopt_newer_term(ctx, reply.term);
  if (role != Role::leader || reply.term != durable.term) return;
  if (!reply.success) {
    // Only the refusal of the latest attempt counts; others are late. In a pipeline it is that of
    // any which is not taken back already.
    const bool pipelined = ctx.options().pipeline && reply.index < next[from];
    const bool counts = pipelined || reply.index + 1 == next[from];
    if (!counts || reply.index <= match[from]) return;
    next[from] = reply.index;
    replicate(ctx, from);
    return;
  }
  const Index before = match[from];
  const bool takes_late = ctx.options().bug == Bug::match_goes_back;
  match[from] = takes_late ? reply.index : std::max(before, reply.index);
  next[from] = ctx.options().pipeline ? std::max(next[from], match[from] + 1) : match[from] + 1;
  const bool told_all = advance_commit(ctx);
  if (role != Role::leader) return;  // a configuration without it is committed
  arm_membership_timers(ctx);
  if (ctx.options().gather > 0) return;
  if (next[from] <= last_index()) {
    replicate(ctx, from);
  } else if (match[from] > before && commit > 0 && !told_all) {
    send_heartbeat(ctx, from);  // of commits that its log was too short for
  }
}

// --- Commit and apply (sections 3.5, 3.6.2) ---

// No index behind this one can have a quorum.
Index Node::highest_held(const Context& ctx, const NodeSet& peers) const {
  if (is_quorum(ctx, {ctx.self()})) return last_index();
  Index highest = 0;
  for (const NodeId peer : peers) highest = std::max(highest, match[peer]);
  return std::min(highest, last_index());
}

// True when the commit index grew, which all peers are then told.
bool Node::advance_commit(Context& ctx) {
  const NodeSet peers = replicas(ctx);
  for (Index index = highest_held(ctx, peers); index > commit; --index) {
    NodeSet holders{ctx.self()};
    for (const NodeId peer : peers) {
      if (match[peer] >= index) holders.insert(peer);
    }
    if (!is_quorum(ctx, holders)) continue;
    // An entry of an older term is committed only through a later one of this term (figure 3.7).
    const bool own_term = term_at(index) == durable.term;
    if (!own_term && ctx.options().bug != Bug::fig8_old_term_commit) return false;
    commit_to(ctx, index);
    if (ctx.options().gather == 0) send_heartbeats(ctx);
    finish_change(ctx);
    return true;
  }
  return false;
}

void Node::commit_to(Context& ctx, Index index) {
  // Only a faulty variant commits behind the end of its log.
  for (Index i = commit + 1; i <= std::min(index, last_index()); ++i) apply(ctx, i);
  commit = index;
  const Index fewest = ctx.options().compact;
  if (fewest > 0 && commit <= last_index() && commit - base() >= fewest) {
    compact();
    ctx.sync();
  }
}

void Node::apply(Context& ctx, Index index) {
  const auto* command = std::get_if<Command>(&durable.log[place(index)].command);
  Result result;
  if (command != nullptr) {
    const Session* session = session_of(ctx, command->request);
    if (session == nullptr) {
      result = kv::Model::apply(store, command->operation);
      sessions[command->request.client] = {.number = command->request.number, .result = result};
    } else if (session->number == command->request.number) {
      result = session->result;
    } else {
      return;  // the client has had this answer long since
    }
  }
  if (ctx.options().bug == Bug::index_only_completion) {
    const auto found = extras->waiting.find(index);
    if (found == extras->waiting.end()) return;
    ctx.reply(found->second, result);
    extras->waiting.erase(found);
  } else if (role == Role::leader && command != nullptr) {
    ctx.reply(command->request, result);
  }
}

// --- Clients (chapter 6) ---

// The session in which a request has been applied, or a later one of the same client; null when it
// is to be applied (section 6.3).
const Session* Node::session_of(const Context& ctx, const RequestId& request) const {
  if (ctx.options().bug == Bug::no_dedupe) return nullptr;
  const auto found = sessions.find(request.client);
  return found != sessions.end() && found->second.number >= request.number ? &found->second
                                                                           : nullptr;
}

// True when the log makes appending a request pointless: it has an entry for it that this leader
// commits itself, or for a later request, so that the client has had the answer.
// What is applied is in the sessions, where there are any.
bool Node::holds(const Context& ctx, const RequestId& request) const {
  const bool has_sessions = ctx.options().bug != Bug::no_dedupe;
  const std::size_t applied = commit > base() ? place(commit) + 1 : 0;
  const std::size_t first = has_sessions ? std::min(applied, durable.log.size()) : 0;
  const auto begin = durable.log.begin() + static_cast<std::ptrdiff_t>(first);
  return std::any_of(begin, durable.log.end(), [&](const Entry& entry) {
    const auto* command = std::get_if<Command>(&entry.command);
    if (command == nullptr || command->request.client != request.client) return false;
    const std::uint32_t number = command->request.number;
    return number > request.number || (number == request.number && entry.term == durable.term);
  });
}

void Node::on(Context& ctx, NodeId, const Request<Operation>& request) {
  if (ctx.options().local_reads && request.operation.action == kv::Action::get) {
    ctx.reply(request.id, kv::Model::apply(store, request.operation));
    return;
  }
  if (role != Role::leader) return;  // the client asks the others as well
  if (const Session* session = session_of(ctx, request.id)) {
    if (session->number == request.id.number) ctx.reply(request.id, session->result);
    return;
  }
  if (request.operation.action == kv::Action::get) {
    if (ctx.options().read_index) {
      read(ctx, request);
      return;
    }
    if (ctx.options().lease > 0) {
      read_by_lease(ctx, request);
      return;
    }
  }
  if (holds(ctx, request.id)) return;
  append(ctx, {.term = durable.term,
               .command = Command{.request = request.id, .operation = request.operation}});
}

}  // namespace gainsay::raft
