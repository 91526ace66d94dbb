// Which algorithm picks, what it is told, and what the faulty ones do.
#include <algorithm>
#include <string>

#include "protocols/balancer/balancer.hpp"

namespace gainsay::balancer {

namespace {

std::string name_of(NodeId backend) { return "n" + std::to_string(backend.value + 1); }

std::vector<NodeId> available_of(const std::vector<Health>& health) {
  std::vector<NodeId> available;
  for (std::uint8_t i = 0; i < health.size(); ++i) {
    if (health[i].available()) available.push_back({i});
  }
  return available;
}

std::vector<NodeId> owners_of(const std::vector<Health>& health, Bug bug) {
  const std::vector<NodeId> available = available_of(health);
  std::vector<NodeId> owners;
  if (available.empty()) return owners;
  std::vector<dht::Ring::Member> members;
  for (const NodeId one : available) members.push_back({.name = name_of(one)});
  const dht::Ring ring(std::move(members), {.points = 4});
  for (std::size_t place = 0; place < places; ++place) {
    if (bug == Bug::ch_remap) {  // L14
      owners.push_back(available[place % available.size()]);
      continue;
    }
    const std::string& name =
        ring.members()[ring.owner(ring.position_of(std::to_string(place)))].name;
    owners.push_back(*std::ranges::find(available, name, name_of));
  }
  return owners;
}

}  // namespace

std::size_t place_of(NodeId client) { return client.value % places; }

void Node::begin_picking(Context& ctx) {
  const std::vector<Weight>& weights = ctx.options().weights;
  switch (ctx.options().algorithm) {
    case Algorithm::round_robin:
      turns = RoundRobin::of(health.size());
      for (Backend i = 0; i < health.size(); ++i) turns->set_available(i, true);
      break;
    case Algorithm::smooth:
      smooth = SmoothRoundRobin::of(weights);
      break;
    case Algorithm::least_connections:
      seats = LeastConnections::of(weights).seats;
      break;
    case Algorithm::two_choices:
    case Algorithm::sticky:
    case Algorithm::hash:
      break;
  }
  if (hashes(ctx.options().algorithm)) owners = owners_of(health, ctx.options().bug);
}

void Node::change_picking(Context& ctx, NodeId backend) {
  const bool available = health[backend.value].available();
  if (turns) turns->set_available(backend.value, available);
  if (seats) {
    LeastConnections least = LeastConnections::on(*seats);
    least.set_available(backend.value, available);
    seats = std::move(least.seats);
  }
  if (smooth) {  // all begin anew: what was owed is of no account among others
    smooth = SmoothRoundRobin::of(ctx.options().weights);
    for (Backend i = 0; i < health.size(); ++i) smooth->set_available(i, health[i].available());
  }
  if (hashes(ctx.options().algorithm)) owners = owners_of(health, ctx.options().bug);
}

std::optional<NodeId> Node::pick(Context& ctx, NodeId client) {
  const auto node = [](std::optional<Backend> backend) -> std::optional<NodeId> {
    if (!backend) return std::nullopt;
    return NodeId{static_cast<std::uint8_t>(*backend)};
  };
  switch (ctx.options().algorithm) {
    case Algorithm::round_robin:
      if (ctx.options().bug == Bug::rr_skip_after_removal) return pick_in_turn();  // L04
      return node(turns->pick());
    case Algorithm::smooth:
      if (ctx.options().bug == Bug::wrr_burst) return pick_in_bursts(ctx);  // L01
      return node(smooth->pick());
    case Algorithm::least_connections: {
      LeastConnections least = LeastConnections::on(*seats);
      const std::optional<Backend> picked = least.pick();
      seats = std::move(least.seats);
      return node(picked);
    }
    case Algorithm::two_choices:
      return pick_of_two(ctx);
    case Algorithm::sticky:
      return pick_sticky(ctx, client);
    case Algorithm::hash:
      if (owners.empty()) return std::nullopt;
      return owners[place_of(client)];
  }
  return std::nullopt;
}

// L04: the turn is an index into the list of those that are available, and stays as it is when one
// in front of it goes.
std::optional<NodeId> Node::pick_in_turn() {
  const std::vector<NodeId> available = available_of(health);
  if (available.empty()) return std::nullopt;
  const NodeId picked = available[turns->next % available.size()];
  ++turns->next;
  return picked;
}

// L01: each in turn is picked as many times in a row as it weighs.
std::optional<NodeId> Node::pick_in_bursts(Context& ctx) {
  const std::vector<NodeId> available = available_of(health);
  if (available.empty()) return std::nullopt;
  std::int64_t sum = 0;
  for (const NodeId one : available) sum += ctx.options().weights[one.value];
  std::int64_t left = smooth->seats[0].credit++ % sum;
  for (const NodeId one : available) {
    left -= ctx.options().weights[one.value];
    if (left < 0) return one;
  }
  return std::nullopt;
}

std::optional<NodeId> Node::pick_of_two(Context& ctx) const {
  const std::vector<NodeId> available = available_of(health);
  if (available.empty()) return std::nullopt;
  const auto draw = [&] {
    return available[ctx.choose(static_cast<std::uint32_t>(available.size()))].value;
  };
  std::vector<std::uint64_t> open(health.size());
  for (const auto& [request, connection] : connections) ++open[connection.backend.value];
  const Backend first = draw();
  const Backend second = draw();
  return NodeId{static_cast<std::uint8_t>(of_two(first, second, open, ctx.options().weights))};
}

std::optional<NodeId> Node::pick_sticky(Context& ctx, NodeId client) {
  if (owners.empty()) return std::nullopt;
  const auto session = sessions.find(client);
  const bool stays = session != sessions.end() && health[session->second.value].available() &&
                     ctx.options().bug != Bug::sticky_not_restored;  // L12
  if (!stays) sessions[client] = owners[place_of(client)];
  return sessions[client];
}

}  // namespace gainsay::balancer
