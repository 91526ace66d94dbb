// Which algorithm picks, what it is told, and what the faulty ones do.
#include <algorithm>
#include <string>

#include "protocols/balancer/balancer.hpp"

namespace gainsay::balancer {

namespace {

std::string name_of(NodeId backend) { return "n" + std::to_string(backend.value + 1); }

std::vector<NodeId> available_of(const std::vector<Health>& health) {
  std::vector<NodeId> available;
  for (std::uint16_t i = 0; i < health.size(); ++i) {
    if (health[i].available()) available.push_back({i});
  }
  return available;
}

std::vector<NodeId> table_of(const std::vector<NodeId>& available,
                             const std::vector<Weight>& weights) {
  std::vector<std::string> names;
  for (const NodeId one : available) names.push_back(name_of(one));
  std::vector<MaglevTable::Member> members;
  for (std::size_t i = 0; i < available.size(); ++i) {
    members.push_back({.name = names[i], .weight = weights[available[i].value]});
  }
  std::vector<NodeId> owners;
  const MaglevTable table(members, table_size);
  for (const Backend owner : table.places()) {
    if (owner < available.size())
      owners.push_back(available[owner]);  // else nobody weighs anything
  }
  return owners;
}

std::vector<NodeId> owners_of(const std::vector<Health>& health, const Node::Options& options) {
  const std::vector<NodeId> available = available_of(health);
  std::vector<NodeId> owners;
  if (available.empty()) return owners;
  if (options.algorithm == Algorithm::maglev) return table_of(available, options.weights);
  std::vector<dht::Ring::Member> members;
  for (const NodeId one : available) members.push_back({.name = name_of(one)});
  const dht::Ring ring(std::move(members), {.points = 4});
  for (std::size_t place = 0; place < places; ++place) {
    if (options.bug == Bug::ch_remap) {  // L14
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

std::size_t open_at(const flat_map<RequestId, Connection>& connections, NodeId backend) {
  return static_cast<std::size_t>(std::ranges::count_if(
      connections, [&](const auto& one) { return one.second.backend == backend; }));
}

std::vector<Weight> whole_weights(const Node::Options& options) {
  std::vector<Weight> weights = options.weights;
  for (Weight& weight : weights) weight *= options.slow_start + 1;
  return weights;
}

Weight Node::weight(const Context& ctx, NodeId backend) const {
  const Weight weight = ctx.options().weights[backend.value];
  if (steps.empty()) return weight;
  return weight * (ctx.options().slow_start + 1 - steps[backend.value]);
}

bool Node::takes(const Context& ctx, NodeId backend) const {
  const std::uint32_t cap = ctx.options().cap;
  return health[backend.value].available() && (cap == 0 || open_at(connections, backend) < cap);
}

std::vector<NodeId> Node::takers(const Context& ctx) const {
  std::vector<NodeId> all = available_of(health);
  std::erase_if(all, [&](NodeId backend) { return !takes(ctx, backend); });
  return all;
}

void Node::begin_picking(Context& ctx) {
  switch (ctx.options().algorithm) {
    case Algorithm::round_robin:
      turns = RoundRobin::of(health.size());
      for (Backend i = 0; i < health.size(); ++i) turns->set_available(i, true);
      break;
    case Algorithm::smooth:
      begin_smooth(ctx);
      break;
    case Algorithm::least_connections:
      seats = LeastConnections::of(whole_weights(ctx.options())).seats;
      break;
    case Algorithm::two_choices:
    case Algorithm::sticky:
    case Algorithm::hash:
    case Algorithm::maglev:
      break;
  }
  if (hashes(ctx.options().algorithm)) owners = owners_of(health, ctx.options());
}

// All begin anew: what was owed is of no account among others, or with other weights.
void Node::begin_smooth(Context& ctx) {
  std::vector<Weight> weights;
  for (std::uint16_t i = 0; i < health.size(); ++i) weights.push_back(weight(ctx, {i}));
  smooth = SmoothRoundRobin::of(weights);
  for (std::uint16_t i = 0; i < health.size(); ++i) smooth->set_available(i, takes(ctx, {i}));
}

void Node::change_picking(Context& ctx, NodeId backend, bool took, bool was_available) {
  const bool takes_now = takes(ctx, backend);
  if (hashes(ctx.options().algorithm) && was_available != health[backend.value].available()) {
    owners = owners_of(health, ctx.options());
  }
  if (took == takes_now) return;
  ctx.observe({.kind = takes_now ? Label::Kind::up : Label::Kind::down, .backend = backend});
  if (!steps.empty() && takes_now) {
    ctx.observe({.kind = Label::Kind::weighs, .backend = backend, .weight = weight(ctx, backend)});
  }
  if (turns) turns->set_available(backend.value, takes_now);
  if (seats) {
    LeastConnections least = LeastConnections::on(*seats);
    least.set_weight(backend.value, weight(ctx, backend));
    least.set_available(backend.value, takes_now);
    seats = std::move(least.seats);
  }
  if (smooth) begin_smooth(ctx);
}

// It has answered one more round.
void Node::take_step(Context& ctx, NodeId backend) {
  if (steps.empty() || steps[backend.value] == 0) return;
  --steps[backend.value];
  ctx.observe({.kind = Label::Kind::weighs, .backend = backend, .weight = weight(ctx, backend)});
  if (seats) {
    LeastConnections least = LeastConnections::on(*seats);
    least.set_weight(backend.value, weight(ctx, backend));
    seats = std::move(least.seats);
  }
  if (smooth) begin_smooth(ctx);
}

std::optional<NodeId> Node::pick(Context& ctx, NodeId client) {
  const auto node = [](std::optional<Backend> backend) -> std::optional<NodeId> {
    if (!backend) return std::nullopt;
    return node_id(*backend);
  };
  switch (ctx.options().algorithm) {
    case Algorithm::round_robin:
      if (ctx.options().bug == Bug::rr_skip_after_removal) return pick_in_turn(ctx);  // L04
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
    case Algorithm::maglev:
      return owner_with_room(ctx, client);
  }
  return std::nullopt;
}

// L04: the turn is an index into the list of those that are available, and stays as it is when one
// in front of it goes.
std::optional<NodeId> Node::pick_in_turn(Context& ctx) {
  const std::vector<NodeId> available = takers(ctx);
  if (available.empty()) return std::nullopt;
  const NodeId picked = available[turns->next % available.size()];
  ++turns->next;
  return picked;
}

// L01: each in turn is picked as many times in a row as it weighs.
std::optional<NodeId> Node::pick_in_bursts(Context& ctx) {
  const std::vector<NodeId> available = takers(ctx);
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
  const std::vector<NodeId> available = takers(ctx);
  if (available.empty()) return std::nullopt;
  const auto draw = [&] {
    return available[ctx.choose(static_cast<std::uint32_t>(available.size()))].value;
  };
  std::vector<std::uint64_t> open(health.size());
  for (const auto& [request, connection] : connections) ++open[connection.backend.value];
  const Backend first = draw();
  const Backend second = draw();
  return node_id(of_two(first, second, open, ctx.options().weights));
}

// Whoever owns the client's place, or the first behind it that has room: consistent hashing with
// bounded loads (Mirrokni, Thorup and Zadimoghaddam, 2018), whose bound is the cap.
std::optional<NodeId> Node::owner_with_room(const Context& ctx, NodeId client) const {
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const NodeId owner = owners[(client.value + i) % owners.size()];
    if (takes(ctx, owner)) return owner;
  }
  return std::nullopt;
}

// A client whose backend is full goes elsewhere this once.
std::optional<NodeId> Node::pick_sticky(Context& ctx, NodeId client) {
  const std::optional<NodeId> other = owner_with_room(ctx, client);
  if (!other) return std::nullopt;
  const auto session = sessions.find(client);
  const bool stays = session != sessions.end() && health[session->second.value].available() &&
                     ctx.options().bug != Bug::sticky_not_restored;  // L12
  if (!stays) sessions[client] = *other;
  return takes(ctx, sessions[client]) ? sessions[client] : other;
}

}  // namespace gainsay::balancer
