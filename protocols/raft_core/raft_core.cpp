#include "protocols/raft_core/raft_core.hpp"

namespace gainsay::raft_core {

namespace {

std::uint32_t majority(const Node::Context& ctx) { return ctx.nodes() / 2 + 1; }

}  // namespace

void Node::start(Context& ctx) {
  next.assign(ctx.nodes(), 0);
  match.assign(ctx.nodes(), 0);
  arm(ctx);
}

// Every message from a higher term makes the receiver step down to that term first.
void Node::see_term(const Context& ctx, Term seen) {
  if (seen <= term) return;
  term = seen;
  role = Role::follower;
  voted_for.reset();
  votes.clear();
  next.assign(ctx.nodes(), 0);
  match.assign(ctx.nodes(), 0);
}

void Node::on(Context& ctx, Timer timer) {
  if (timer == Timer::timeout) {
    ++term;
    role = Role::candidate;
    voted_for = ctx.self();
    votes = {ctx.self()};
    ctx.broadcast(RequestVote{.term = term, .last_index = last_index(), .last_term = last_term()});
  } else {
    log.push_back(term);
    match[ctx.self()] = last_index();
    append_to_all(ctx);
  }
  arm(ctx);
}

void Node::on(Context& ctx, NodeId from, RequestVote request) {
  see_term(ctx, request.term);
  const bool up_to_date =
      std::pair(request.last_term, request.last_index) >= std::pair(last_term(), last_index());
  const bool granted = request.term == term && (!voted_for || *voted_for == from) && up_to_date;
  if (granted) voted_for = from;
  ctx.send(from, Vote{.term = term, .granted = granted});
  arm(ctx);
}

void Node::on(Context& ctx, NodeId from, Vote vote) {
  see_term(ctx, vote.term);
  if (vote.granted && vote.term == term && role == Role::candidate) {
    votes.insert(from);
    if (votes.size() >= majority(ctx)) become_leader(ctx);
  }
  arm(ctx);
}

void Node::become_leader(Context& ctx) {
  role = Role::leader;
  votes.clear();
  next.assign(ctx.nodes(), last_index());
  match.assign(ctx.nodes(), 0);
  match[ctx.self()] = last_index();
  append_to_all(ctx);
}

void Node::send_append(Context& ctx, NodeId to) const {
  const Index prev = next[to];
  ctx.send(to, AppendEntries{.term = term,
                             .prev = prev,
                             .prev_term = term_at(prev),
                             .entries = {log.begin() + prev, log.end()},
                             .commit = commit});
}

void Node::append_to_all(Context& ctx) const {
  for (std::uint16_t id = 0; id < ctx.nodes(); ++id) {
    if (id != ctx.self().value) send_append(ctx, {id});
  }
}

void Node::on(Context& ctx, NodeId from, AppendEntries append) {
  see_term(ctx, append.term);
  if (append.term < term) {
    ctx.send(from, AppendReply{.term = term, .success = false, .index = 0});
    return;
  }
  role = Role::follower;
  votes.clear();
  arm(ctx);
  if (append.prev > last_index() || term_at(append.prev) != append.prev_term) {
    ctx.send(from, AppendReply{.term = term, .success = false, .index = append.prev});
    return;
  }
  for (Index i = 0; i < append.entries.size(); ++i) {
    const Index index = append.prev + i;  // of the entry, counted from 0
    if (index < last_index() && log[index] != append.entries[i]) log.resize(index);
    if (index >= last_index()) log.push_back(append.entries[i]);
  }
  const Index covered = append.prev + static_cast<Index>(append.entries.size());
  commit = std::max(commit, std::min(append.commit, covered));
  ctx.send(from, AppendReply{.term = term, .success = true, .index = covered});
}

void Node::on(Context& ctx, NodeId from, AppendReply reply) {
  see_term(ctx, reply.term);
  arm(ctx);
  if (role != Role::leader || reply.term != term) return;
  if (!reply.success) {
    if (reply.index == next[from] && next[from] > 0) {
      --next[from];
      send_append(ctx, from);
    }
    return;
  }
  match[from] = std::max(match[from], reply.index);
  next[from] = std::max(next[from], reply.index);
  for (Index index = last_index(); index > commit; --index) {
    const auto holders =
        std::ranges::count_if(match, [index](Index held) { return held >= index; });
    // Only entries of the leader's own term are committed by counting (figure 8 of the paper).
    if (term_at(index) == term && static_cast<std::uint32_t>(holders) >= majority(ctx)) {
      commit = index;
      break;
    }
  }
}

void Node::arm(Context& ctx) const {
  ctx.arm(Timer::timeout, role != Role::leader);
  ctx.arm(Timer::propose, role == Role::leader);
}

View view(const Node& node) {
  return {.leads = node.role == Role::leader ? node.term : 0,
          .committed = {node.log.begin(), node.log.begin() + node.commit}};
}

namespace {

// Two different committed prefixes: one committed entry differs from the other's at its index.
bool prefixes_agree(const View& a, const View& b) {
  const auto common = static_cast<std::ptrdiff_t>(std::min(a.committed.size(), b.committed.size()));
  return std::equal(a.committed.begin(), a.committed.begin() + common, b.committed.begin());
}

}  // namespace

Model make_model(const Configuration& configuration) {
  Model model{.system = make_system<Node>("raft-core", configuration.bounds), .properties = {}};
  add_limit<Node>(model.system, "term", [](const Node& node) { return node.term; });
  add_limit<Node>(model.system, "log", [](const Node& node) { return node.log.size(); });
  model.properties = {
      // At most one leader can be elected in a given term.
      always_pair<Node>(
          "election safety",
          [](const View& a, const View& b) { return a.leads == 0 || a.leads != b.leads; }),
      // No two nodes have committed different entries at the same index.
      always_pair<Node>("state-machine safety", prefixes_agree),
      sometimes<Node>("a leader", [](const View& node) { return node.leads != 0; }),
  };
  const auto& limits = model.system.bounds.limits;
  if (const auto log = limits.find("log"); log == limits.end() || log->second > 0) {
    model.properties.push_back(sometimes<Node>(
        "a committed entry", [](const View& node) { return !node.committed.empty(); }));
  }
  return model;
}

CatalogEntry catalog_entry() {
  CatalogEntry entry{.name = "raft-core",
                     .version = "1",
                     .summary = "Raft without clients, bounded: a model with exact counts"};
  entry.defaults.bounds.limits = {{"term", 2}, {"log", 0}};
  entry.limits = {"term", "log"};
  entry.make = make_model;
  return entry;
}

}  // namespace gainsay::raft_core
