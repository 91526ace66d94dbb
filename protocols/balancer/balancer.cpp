#include "protocols/balancer/balancer.hpp"

#include <chrono>

namespace gainsay::balancer {

using namespace std::chrono_literals;

void Node::start(Context& ctx) {
  const std::uint32_t backends = ctx.nodes() - ctx.options().balancers;
  if (ctx.self().value < backends) return;
  health.resize(backends);
  if (ctx.options().slow_start > 0) steps.resize(backends);
  ctx.observe({.kind = Label::Kind::begun, .backend = ctx.self()});
  begin_picking(ctx);
  begin_round(ctx);
  ctx.arm(Timer::drain, ctx.options().drains, between(10s, 10s));
}

// --- a backend ---

void Node::on(Context& ctx, NodeId from, Forward forward) {
  has_served = true;
  ctx.send(from, Answer{.request = forward.request, .attempt = forward.attempt});
}

void Node::on(Context& ctx, NodeId from, Probe probe) { ctx.send(from, Alive{probe.round}); }

// --- connections ---

void Node::on(Context& ctx, NodeId, const Request<Fetch>& request) {
  const auto last = finished.find(request.id.client);
  const bool is_old = last != finished.end() && last->second.number >= request.id.number;
  if (is_old || connections.contains(request.id)) return;
  open(ctx, request.id, 0);
}

void Node::open(Context& ctx, const RequestId& request, std::uint8_t attempt) {
  const std::optional<NodeId> backend = pick(ctx, request.client);
  if (!backend) {
    finish(ctx, request, Unavailable{});
    return;
  }
  connections[request] = {.backend = *backend, .attempt = attempt};
  ctx.observe({.kind = Label::Kind::picked, .backend = *backend});
  change_picking(ctx, *backend, true, true);
  ctx.send(*backend, Forward{.request = request, .attempt = attempt});
  ctx.set(Timer::give_up, between(100ms, 200ms));
}

void Node::finish(Context& ctx, const RequestId& request, Result result) {
  finished[request.client] = {.number = request.number,
                              .served = std::holds_alternative<Page>(result)};
  ctx.reply(request, std::move(result));
  ctx.arm(Timer::give_up, !connections.empty(), between(100ms, 200ms));
}

void Node::on(Context& ctx, NodeId from, Answer answer) {
  const auto found = connections.find(answer.request);
  const bool is_late = found == connections.end() || found->second.attempt != answer.attempt;
  if (is_late) {  // its connection was closed when it was given up
    if (ctx.options().bug == Bug::lc_underflow) release(from);  // L08
    return;
  }
  close(ctx, answer.request, true);
  finish(ctx, answer.request, Page{from});
}

void Node::close(Context& ctx, const RequestId& request, bool releases) {
  const NodeId backend = connections[request].backend;
  const bool took = takes(ctx, backend);
  connections.erase(request);
  if (releases) release(backend);
  change_picking(ctx, backend, took, health[backend.value].available());
}

void Node::give_up(Context& ctx, const RequestId& request) {
  const Connection failed = connections[request];
  close(ctx, request, ctx.options().bug != Bug::lc_leak_on_failure);  // L07
  if (failed.attempt < ctx.options().retries) {
    open(ctx, request, static_cast<std::uint8_t>(failed.attempt + 1));
  } else {
    finish(ctx, request, Unavailable{});
  }
}

void Node::release(NodeId backend) {
  if (!seats) return;
  LeastConnections least = LeastConnections::on(*seats);
  least.release(backend.value);
  seats = std::move(least.seats);
}

// --- health ---

void Node::begin_round(Context& ctx) {
  ++round;
  heard = {};
  for (std::uint16_t backend = 0; backend < health.size(); ++backend) {
    ctx.send({backend}, Probe{round});
  }
  ctx.set(Timer::probe, between(500ms, 500ms));
}

void Node::on(Context& ctx, NodeId from, Alive alive) {
  if (alive.round != round) return;  // says that it was alive, not that it is
  heard.insert(from);
  Health after = health[from.value];
  after.up = true;
  set_health(ctx, from, after);
}

void Node::end_round(Context& ctx) {
  NodeSet lost;
  for (std::uint16_t backend = 0; backend < health.size(); ++backend) {
    if (heard.contains({backend})) {
      take_step(ctx, {backend});
      continue;
    }
    lost.insert({backend});
    Health after = health[backend];
    after.up = false;
    set_health(ctx, {backend}, after);
  }
  std::vector<RequestId> failed;
  for (const auto& [request, connection] : connections) {
    if (lost.contains(connection.backend)) failed.push_back(request);
  }
  for (const RequestId& request : failed) give_up(ctx, request);
}

void Node::set_health(Context& ctx, NodeId backend, Health after) {
  Health& known = health[backend.value];
  const bool took = takes(ctx, backend);
  const bool was_available = known.available();
  if (!known.up && after.up && !steps.empty()) steps[backend.value] = ctx.options().slow_start;
  known = after;
  change_picking(ctx, backend, took, was_available);
}

void Node::on(Context& ctx, Timer timer) {
  switch (timer) {
    case Timer::probe:
      end_round(ctx);
      begin_round(ctx);
      break;
    case Timer::give_up: {
      // Any of them may be the one that takes too long.
      const std::uint32_t which = ctx.choose(static_cast<std::uint32_t>(connections.size()));
      const RequestId request = connections.nth(which)->first;
      give_up(ctx, request);
      ctx.arm(Timer::give_up, !connections.empty(), between(100ms, 200ms));
      break;
    }
    case Timer::drain:
      set_health(ctx, {0}, {.up = health[0].up, .draining = true});
      break;
  }
}

}  // namespace gainsay::balancer
