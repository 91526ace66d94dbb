#include "protocols/chord/chord.hpp"

#include <chrono>
#include <utility>

namespace gainsay::chord {

using namespace std::chrono_literals;

bool between(NodeId from, NodeId other, NodeId to) {
  if (from < to) return from < other && other < to;
  return from < other || other < to;
}

void Node::start(Context& ctx) {
  if (durable.was_here) {
    standing = Standing::gone;
    return;
  }
  durable.was_here = true;
  if (!begins_as_member(ctx.options(), ctx.self())) {
    standing = Standing::newcomer;
    ctx.set(Timer::join, gainsay::between(100ms, 2s));
    return;
  }
  // All members round the ring, from the next one to this one itself.
  std::vector<NodeId> others;
  for (std::uint32_t steps = 1; steps <= ctx.nodes(); ++steps) {
    const NodeId id = node_id((ctx.self().value + steps) % ctx.nodes());
    if (begins_as_member(ctx.options(), id)) others.push_back(id);
  }
  others.pop_back();
  const NodeId before = others.back();
  others.resize(ctx.options().successors);
  become_member(ctx, std::move(others), before);
}

bool begins_as_member(const Node::Options& options, NodeId id) {
  return id.value <= options.successors || id.value > options.successors + options.newcomers;
}

void Node::on(Context& ctx, Timer timer) {
  switch (timer) {
    case Timer::join:
      // Stands for the look-up: whoever is asked may know the way to the one that answers.
      ctx.broadcast(Seek{});
      break;
    case Timer::stabilize:
      if (!successors.empty()) ctx.send(successors.front(), Ask{});
      break;
  }
  ctx.set(timer);
}

// --- join ---

void Node::on(Context& ctx, NodeId from, Seek) {
  if (standing != Standing::member || successors.empty()) return;
  if (between(ctx.self(), from, successors.front())) ctx.send(from, Welcome{successors});
}

void Node::on(Context& ctx, NodeId from, const Welcome& welcome) {
  if (standing != Standing::newcomer) return;
  std::vector<NodeId> list = welcome.successors;
  if (ctx.options().bug == Bug::chord_original_join) list.resize(1);  // D01
  become_member(ctx, std::move(list), from);
}

void Node::become_member(Context& ctx, std::vector<NodeId> list, NodeId before) {
  standing = Standing::member;
  successors = std::move(list);
  predecessor = before;
  ctx.clear(Timer::join);
  ctx.set(Timer::stabilize, gainsay::between(100ms, 200ms));
}

// --- stabilize ---

void Node::on(Context& ctx, NodeId from, Ask) {
  if (standing == Standing::member) {
    ctx.send(from, Answer{.successors = successors, .predecessor = predecessor});
  } else if (standing == Standing::gone) {
    ctx.send(from, Gone{});
  }
}

void Node::on(Context& ctx, NodeId from, const Answer& answer) {
  if (standing != Standing::member) return;
  if (from == predecessor) notifier.reset();  // it lives
  if (successors.empty()) return;
  if (from == successors.front()) {
    take_successor(ctx, from, answer.successors);
    stabilize_from_successor(ctx, answer);
  } else if (stands_closer(ctx, from)) {
    take_successor(ctx, from, answer.successors);
    ctx.send(from, Notify{});
  }
}

// Who stands before our successor, and behind us, is our successor if it lives.
void Node::stabilize_from_successor(Context& ctx, const Answer& answer) {
  if (!stands_closer(ctx, answer.predecessor)) {
    ctx.send(successors.front(), Notify{});
    return;
  }
  if (ctx.options().bug == Bug::chord_dead_successor_adopted) {  // D03
    take_successor(ctx, answer.predecessor, std::vector<NodeId>(successors));
    ctx.send(answer.predecessor, Notify{});
    return;
  }
  ctx.send(answer.predecessor, Ask{});
}

void Node::take_successor(Context& ctx, NodeId first, const std::vector<NodeId>& others) {
  successors = {first};
  for (const NodeId other : others) {
    if (successors.size() < ctx.options().successors) successors.push_back(other);
  }
}

bool Node::stands_closer(const Context& ctx, NodeId other) const {
  return between(ctx.self(), other, successors.front());
}

// Zave puts the next identifier at the end of a list that has lost its first entry, so that lists
// keep their length. It is nobody's, as good as always, and so it is left out.
void Node::on(Context& ctx, NodeId from, Gone) {
  if (standing != Standing::member) return;
  if (from == predecessor && notifier) {
    predecessor = *notifier;
    notifier.reset();
  }
  if (successors.empty()) return;
  if (from == successors.front()) {
    successors.erase(successors.begin());
    if (!successors.empty()) ctx.send(successors.front(), Ask{});
    return;
  }
  // Somebody who stands before our successor is gone, so the successor stays what it is. Who never
  // asks whether somebody lives is not told either (D03).
  const bool asks = ctx.options().bug != Bug::chord_dead_successor_adopted;
  if (asks && stands_closer(ctx, from)) ctx.send(successors.front(), Notify{});
}

// --- rectify ---

void Node::on(Context& ctx, NodeId from, Notify) {
  if (standing != Standing::member) return;
  if (between(predecessor, from, ctx.self())) {
    predecessor = from;
    notifier.reset();
  } else if (from != predecessor) {
    notifier = from;
    ctx.send(predecessor, Ask{});
  }
}

}  // namespace gainsay::chord
