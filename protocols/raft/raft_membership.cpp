// Who the members are and what they count for (chapter 4): learners, single-server changes, joint
// consensus; and what concerns the members' elections: leadership transfer (section 3.10) and
// pre-votes (section 9.6).
#include <chrono>

#include "protocols/raft/raft.hpp"

namespace gainsay::raft {

using namespace std::chrono_literals;

namespace {

bool is_majority(const Node::Context& ctx, const NodeSet& nodes, const NodeSet& of) {
  const std::size_t count = nodes.common(of);
  if (ctx.options().bug == Bug::quorum_off_by_one) return count >= of.size() / 2;
  return count > of.size() / 2;
}

}  // namespace

namespace {

std::uint32_t count_voters(std::uint32_t nodes, const Options& options) {
  return options.voters > 0 ? std::min(options.voters, nodes) : nodes;
}

}  // namespace

NodeSet initial_voters(std::uint32_t nodes, const Options& options) {
  return NodeSet::first(count_voters(nodes, options));
}

std::uint32_t standing_nodes(std::uint32_t nodes, const Options& options) {
  const auto voters = static_cast<std::uint32_t>(initial_voters(nodes, options).size());
  return std::min(options.candidates, voters);
}

Index Node::members_index() const {
  for (Index index = last_index(); index > base(); --index) {
    if (std::holds_alternative<Members>(durable.log[place(index)].command)) return index;
  }
  return 0;
}

// "A server always uses the latest configuration in its log, regardless of whether the entry is
// committed" (section 4.1), and goes back to the one before when the entry is removed.
Members Node::members(const Context& ctx) const {
  if (extras && extras->in_force) return *extras->in_force;
  const NodeSet voters = initial_voters(ctx.nodes(), ctx.options());
  const Members initial{
      .voters = voters, .incoming = {}, .learners = NodeSet::first(ctx.nodes()) - voters};
  if (ctx.options().changes == 0) return initial;
  if (const Index index = members_index(); index > 0) {
    return std::get<Members>(durable.log[place(index)].command);
  }
  if (snapshot() != nullptr && snapshot()->members) return *snapshot()->members;
  return initial;
}

namespace {

// The configuration is the initial one, and stays so.
bool is_fixed(const Node::Context& ctx) {
  return ctx.options().changes == 0 && ctx.options().bug != Bug::config_no_rollback;
}

}  // namespace

bool Node::is_learner(const Context& ctx) const {
  if (is_fixed(ctx)) return ctx.self().value >= count_voters(ctx.nodes(), ctx.options());
  return members(ctx).learners.contains(ctx.self());
}

NodeSet Node::other_voters(const Context& ctx) const {
  if (is_fixed(ctx)) {
    NodeSet others = initial_voters(ctx.nodes(), ctx.options());
    others.erase(ctx.self());
    return others;
  }
  const Members now = members(ctx);
  return (now.voters | now.incoming) - NodeSet{ctx.self()};
}

NodeSet Node::replicas(const Context& ctx) const {
  if (is_fixed(ctx)) {
    NodeSet others = NodeSet::first(ctx.nodes());
    others.erase(ctx.self());
    return others;
  }
  return other_voters(ctx) | (members(ctx).learners - NodeSet{ctx.self()});
}

// While two configurations are joint, agreement takes a majority of each (section 4.3).
bool Node::is_quorum(const Context& ctx, const NodeSet& nodes) const {
  const bool learners_count = ctx.options().bug == Bug::learner_counts;
  if (is_fixed(ctx) && !learners_count) {
    return is_majority(ctx, nodes, initial_voters(ctx.nodes(), ctx.options()));
  }
  const Members now = members(ctx);
  if (learners_count) return nodes.size() > now.voters.size() / 2;
  const bool of_incoming = now.incoming.empty() || is_majority(ctx, nodes, now.incoming);
  return is_majority(ctx, nodes, now.voters) && of_incoming;
}

// --- Configuration changes ---

// One at a time, and only when an entry of the leader's own term is committed: without that, two
// leaders can each add or remove another server, with majorities that do not meet (Ongaro's message
// to raft-dev of July 2015).
bool Node::may_change(const Context& ctx) const {
  std::uint32_t changes = 0;
  for (const Entry& entry : durable.log) changes += std::holds_alternative<Members>(entry.command);
  if (role != Role::leader || changes >= ctx.options().changes) return false;
  if (members_index() > commit || !members(ctx).incoming.empty()) return false;
  return term_at(commit) == durable.term || ctx.options().bug == Bug::single_server_change_2015;
}

namespace {

// Of one server: a voter leaves, or a learner becomes a voter (sections 4.1 and 4.2.1).
std::vector<Members> single_changes(const Members& now) {
  std::vector<Members> changes;
  const NodeSet all = now.voters | now.learners;
  for (const NodeId id : all) {
    Members changed = now;
    changed.learners.erase(id);
    if (now.voters.contains(id)) {
      changed.voters.erase(id);
    } else {
      changed.voters.insert(id);
    }
    if (!changed.voters.empty()) changes.push_back(changed);
  }
  return changes;
}

// To any other set of voters among the members (section 4.3).
std::vector<Members> joint_changes(const Members& now) {
  std::vector<Members> changes;
  const NodeSet all = now.voters | now.learners;
  for (std::uint64_t bits = 1; bits <= all.bits(); ++bits) {
    const NodeSet incoming = NodeSet::from_bits(bits);
    if (incoming == now.voters || (incoming & all) != incoming) continue;
    changes.push_back({.voters = now.voters, .incoming = incoming, .learners = now.learners});
  }
  return changes;
}

}  // namespace

void Node::change(Context& ctx) {
  if (!may_change(ctx)) return;
  const Members now = members(ctx);
  auto changes = ctx.options().joint ? joint_changes(now) : single_changes(now);
  if (const std::uint32_t leave = std::min(ctx.options().leave, ctx.nodes()); leave > 0) {
    const NodeSet staying = NodeSet::first(ctx.nodes() - leave) & now.voters;
    std::erase_if(changes, [&](const Members& changed) {
      return !(staying - (changed.incoming.empty() ? changed.voters : changed.incoming)).empty();
    });
  }
  if (changes.empty()) return;
  const std::uint32_t chosen = ctx.choose(static_cast<std::uint32_t>(changes.size()));
  append(ctx, {.term = durable.term, .command = changes[chosen]});
}

// What a leader does when it has committed a configuration: after a joint one it appends the new
// one (section 4.3); if it is not in the new one itself it steps down (section 4.2.2).
void Node::finish_change(Context& ctx) {
  if (ctx.options().changes == 0) return;
  arm_membership_timers(ctx);
  const Members now = members(ctx);
  if (members_index() > commit) return;
  if (!now.incoming.empty()) {
    append(ctx,
           {.term = durable.term,
            .command = Members{
                .voters = now.incoming, .incoming = {}, .learners = now.learners - now.incoming}});
  } else if (!now.voters.contains(ctx.self())) {
    step_down(ctx, durable.term);
    if (ctx.options().prevote) hear_no_leader(ctx);
  }
}

void Node::arm_membership_timers(Context& ctx) const {
  if (ctx.options().changes > 0) ctx.arm(Timer::change, may_change(ctx));
  if (ctx.options().transfer) ctx.arm(Timer::transfer, !successors(ctx).empty());
}

// --- Leadership transfer (section 3.10) ---

// The voters whose logs are as long as the leader's: to bring one up to date is what the leader
// does all the time.
NodeSet Node::successors(const Context& ctx) const {
  NodeSet ready;
  for (const NodeId voter : other_voters(ctx)) {
    if (match[voter] == last_index()) ready.insert(voter);
  }
  return ready;
}

// The leader goes on until it hears of the newer term: it may be that nobody takes over.
void Node::transfer_leadership(Context& ctx) {
  const NodeSet ready = successors(ctx);
  if (ready.empty()) return;
  auto chosen = ready.begin();
  for (std::uint32_t skip = ctx.choose(static_cast<std::uint32_t>(ready.size())); skip > 0;
       --skip) {
    ++chosen;
  }
  ctx.send(*chosen, TimeoutNow{.term = durable.term});
}

void Node::on(Context& ctx, NodeId, const TimeoutNow& now) {
  const bool follows = role == Role::follower || role == Role::leaderless;
  if (now.term != durable.term || !follows) return;
  start_election(ctx);
  extras->told_to_stand = true;
}

// --- Pre-votes (section 9.6) ---

// Nothing durable changes until a majority would give its vote.
void Node::ask_for_prevotes(Context& ctx) {
  hear_no_leader(ctx);
  if (!stands(ctx)) return;
  extras->prevotes = {ctx.self()};
  restart_election_timer(ctx);
  for (const NodeId voter : other_voters(ctx)) {
    ctx.send(voter, PreVote{.term = durable.term + 1,
                            .last_index = last_index(),
                            .last_term = term_at(last_index())});
  }
  count_prevotes(ctx);
}

// Until the next word of a leader. "A server that has heard from a leader within a baseline
// election timeout" is here one whose election timer has not run out since; as any timer may run
// out, that leaves out none of the times when the server no longer refuses.
void Node::hear_no_leader(Context& ctx) {
  if (role != Role::follower) return;
  role = Role::leaderless;
  if (!stands(ctx)) ctx.clear(Timer::election);
}

// Else a leader would not learn of the newer term, which it stands in the way of: whoever is in
// that term follows it no more, and is given no pre-vote by those who do.
void Node::refuse_old_leader(Context& ctx, NodeId leader, Index index) const {
  if (!ctx.options().prevote) return;
  ctx.send(leader, AppendReply{.term = durable.term, .success = false, .index = index});
}

// Who is behind is told so: else it would ask for a term that has been for ever, and it may be the
// only one whose log is up to date.
void Node::on(Context& ctx, NodeId from, const PreVote& request) {
  if (request.term <= durable.term) {
    ctx.send(from, PreVoteReply{.term = durable.term, .given = false});
    return;
  }
  const bool hears_leader = role == Role::leader || role == Role::follower;
  if (!hears_leader && up_to_date(ctx, request.last_index, request.last_term)) {
    ctx.send(from, PreVoteReply{.term = request.term, .given = true});
  }
}

void Node::on(Context& ctx, NodeId from, const PreVoteReply& reply) {
  if (!reply.given) {
    adopt_newer_term(ctx, reply.term);
    return;
  }
  const bool still_asks = !extras->prevotes.empty() && role != Role::leader;
  if (!still_asks || reply.term != durable.term + 1) return;
  extras->prevotes.insert(from);
  count_prevotes(ctx);
}

void Node::count_prevotes(Context& ctx) {
  if (!is_quorum(ctx, extras->prevotes)) return;
  extras->prevotes.clear();
  start_election(ctx);
}

}  // namespace gainsay::raft
