// What a balancer promises, of each algorithm what its source says.
#include <algorithm>

#include "protocols/balancer/balancer.hpp"

namespace gainsay::balancer {

View view(const Node& node) {
  View view{.has_served = node.has_served,
            .health = node.health,
            .connections = node.connections,
            .finished = node.finished,
            .counted = {},
            .sessions = node.sessions,
            .owners = node.owners,
            .steps = node.steps};
  if (node.seats) {
    for (const LeastConnections::Seat& seat : *node.seats) view.counted.push_back(seat.open);
  }
  return view;
}

namespace {

bool counts_are_right(const View& node) {
  std::vector<std::uint64_t> open(node.counted.size());
  for (const auto& [request, connection] : node.connections) {
    if (connection.backend.value < open.size()) ++open[connection.backend.value];
  }
  return open == node.counted;
}

// Properties are asked of states with other names, too: there anybody may be named.
bool is_available(const View& node, NodeId backend) {
  return backend.value < node.health.size() && node.health[backend.value].available();
}

bool opens_to_available_only(const View& before, const View& after) {
  for (const auto& [request, connection] : after.connections) {
    const auto old = before.connections.find(request);
    const bool is_new =
        old == before.connections.end() || old->second.attempt != connection.attempt;
    if (is_new && !is_available(after, connection.backend)) return false;
  }
  return true;
}

bool keeps_sessions(const View& before, const View& after) {
  if (after.health.empty()) return true;  // it has crashed
  for (const auto& [client, backend] : before.sessions) {
    const auto now = after.sessions.find(client);
    const bool moved = now == after.sessions.end() || now->second != backend;
    if (moved && is_available(after, backend)) return false;
  }
  return true;
}

// At no balancer has a backend more connections than it may have.
bool keeps_cap(const View& node, std::size_t cap) {
  for (std::uint16_t backend = 0; backend < node.health.size(); ++backend) {
    if (open_at(node.connections, {backend}) > cap) return false;
  }
  return true;
}

bool keep_cap_together(const Nodes<View>& nodes, std::size_t backends, std::size_t cap) {
  for (std::uint16_t backend = 0; backend < backends; ++backend) {
    std::size_t open = 0;
    for (const View& node : nodes) open += open_at(node.connections, {backend});
    if (open > cap) return false;
  }
  return true;
}

bool is_some_backend_full(const View& node, std::size_t cap) {
  for (std::uint16_t backend = 0; backend < node.health.size(); ++backend) {
    if (open_at(node.connections, {backend}) == cap) return true;
  }
  return false;
}

std::vector<bool> available_in(const View& node) {
  std::vector<bool> available;
  for (const Health& one : node.health) available.push_back(one.available());
  return available;
}

bool agree_where_they_see_the_same(const View& a, const View& b) {
  return available_in(a) != available_in(b) || a.owners == b.owners;
}

bool have_the_same_sessions(const View& a, const View& b) {
  return std::ranges::all_of(a.sessions, [&](const auto& one) {
    const auto other = b.sessions.find(one.first);
    return other == b.sessions.end() || other->second == one.second;
  });
}

// With w as its weight and m as the greatest, a backend has p places: in round r of the turns it
// has had r w / m of them, rounded down, and the last round may be cut short. So of any two
// backends (p - 1) / w of the one is less than (p + 1) / w of the other.
bool is_even(const View& node, const std::vector<Weight>& weights) {
  std::vector<std::uint64_t> had(weights.size());
  for (const NodeId owner : node.owners) {
    if (owner.value >= had.size()) return false;  // of a state with other names, as symmetry asks
    ++had[owner.value];
  }
  for (std::size_t a = 0; a < node.health.size(); ++a) {
    for (std::size_t b = 0; b < node.health.size(); ++b) {
      if (!node.health[a].available() || !node.health[b].available()) continue;
      if (weights[a] == 0 || weights[b] == 0 || had[a] == 0) continue;
      if ((had[a] - 1) * weights[b] >= (had[b] + 1) * weights[a]) return false;
    }
  }
  return true;
}

// Who was down and is up begins at the first step, and at each round that it answers goes one on.
bool goes_step_by_step(const View& before, const View& after, std::uint32_t slow_start) {
  if (before.health.empty() || after.health.empty()) return true;  // it has crashed
  for (std::size_t i = 0; i < after.steps.size(); ++i) {
    const bool has_come = !before.health[i].up && after.health[i].up;
    if (has_come && after.steps[i] != slow_start) return false;
    if (!has_come && after.steps[i] + 1 < before.steps[i]) return false;
  }
  return true;
}

// Who has gone gives its places away, and who has come takes some; nobody else's move.
bool moves_least(const View& before, const View& after) {
  if (before.owners.empty() || after.owners.empty()) return true;
  for (std::size_t place = 0; place < before.owners.size(); ++place) {
    const NodeId old_owner = before.owners[place];
    const NodeId new_owner = after.owners[place];
    if (old_owner == new_owner) continue;
    const bool has_gone = !is_available(after, old_owner);
    const bool has_come = !is_available(before, new_owner);
    if (!has_gone && !has_come) return false;
  }
  return true;
}

// How many others one balancer has picked since each backend was, while it was available.
struct Waiting {
  NodeId balancer;
  std::vector<std::uint32_t> picks;
  NodeSet available;

  void on(NodeId process, const Label& label) {
    if (process != balancer) return;
    const std::size_t backend = label.backend.value;
    if (label.kind == Label::Kind::begun) {
      picks.assign(picks.size(), 0);
      available = NodeSet::first(picks.size());
      return;
    }
    if (label.kind == Label::Kind::weighs) return;
    if (label.kind != Label::Kind::picked) {
      label.kind == Label::Kind::up ? available.insert(label.backend)
                                    : available.erase(label.backend);
      picks[backend] = 0;
      return;
    }
    for (std::size_t i = 0; i < picks.size(); ++i) {
      if (available.contains(node_id(i))) ++picks[i];
    }
    picks[backend] = 0;
  }
};
bool nobody_waits_too_long(const Waiting& waiting) {
  return std::ranges::all_of(waiting.picks,
                             [&](std::uint32_t picks) { return picks < waiting.picks.size(); });
}

// Picks of one balancer since who is available, or what one weighs, changed, by weight.
struct Lead {
  NodeId balancer;
  std::vector<Weight> whole;
  std::vector<Weight> weights;
  NodeSet available;
  std::vector<std::uint32_t> served;

  void on(NodeId process, const Label& label) {
    if (process != balancer) return;
    if (label.kind == Label::Kind::picked) {
      ++served[label.backend.value];
      return;
    }
    if (label.kind == Label::Kind::begun) {
      available = NodeSet::first(served.size());
      weights = whole;
    }
    if (label.kind == Label::Kind::weighs) weights[label.backend.value] = label.weight;
    if (label.kind == Label::Kind::up) available.insert(label.backend);
    if (label.kind == Label::Kind::down) available.erase(label.backend);
    served.assign(served.size(), 0);
  }
};
bool nobody_leads_by_one(const Lead& lead) {
  std::uint64_t picks = 0;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < lead.served.size(); ++i) {
    picks += lead.served[i];
    if (lead.available.contains(node_id(i))) sum += lead.weights[i];
  }
  for (std::size_t i = 0; i < lead.served.size(); ++i) {
    const bool leads = lead.served[i] * sum >= picks * lead.weights[i] + sum;
    if (picks > 0 && leads) return false;
  }
  return true;
}

bool every_backend_serves(const Nodes<View>& nodes, std::size_t backends) {
  for (std::size_t i = 0; i < backends; ++i) {
    if (!nodes[i].has_served) return false;
  }
  return true;
}

void add_fairness(System& system, const Node::Options& options, NodeId balancer,
                  std::vector<Property>& all) {
  const std::size_t backends = options.weights.size();
  const NodeSet available = NodeSet::first(backends);
  const std::string of =
      options.balancers > 1 ? ", by n" + std::to_string(balancer.value + 1) : std::string();
  if (options.algorithm == Algorithm::round_robin) {
    // Who is available is picked again before anybody else is picked twice, so among n backends at
    // the nth pick at the latest, whoever comes and goes meanwhile.
    all.push_back(always_observer<Node>(system, "everyone in turn" + of,
                                        Waiting{.balancer = balancer,
                                                .picks = std::vector<std::uint32_t>(backends),
                                                .available = available},
                                        nobody_waits_too_long));
  }
  if (options.algorithm == Algorithm::smooth) {
    // While nobody comes or goes no backend is ever a whole pick ahead of its share, which is less
    // while it starts slowly.
    const std::vector<Weight> whole = whole_weights(options);
    all.push_back(always_observer<Node>(system, "no bursts" + of,
                                        Lead{.balancer = balancer,
                                             .whole = whole,
                                             .weights = whole,
                                             .available = available,
                                             .served = std::vector<std::uint32_t>(backends)},
                                        nobody_leads_by_one));
  }
}

void add_promises(const Node::Options& options, std::vector<Property>& all) {
  // No connection is opened to a backend that is down or draining.
  all.push_back(always_step<Node>("only to who is available", opens_to_available_only));
  if (options.cap > 0) {
    const std::size_t cap = options.cap;
    // No backend has more connections than it may have, counted by each balancer.
    all.push_back(
        always<Node>("caps kept", [cap](const View& node) { return keeps_cap(node, cap); }));
  }
  if (options.slow_start > 0) {
    const std::uint32_t steps = options.slow_start;
    // Who has come back gets its weight step by step, one at each round that it answers.
    all.push_back(always_step<Node>("step by step", [steps](const View& before, const View& after) {
      return goes_step_by_step(before, after, steps);
    }));
  }
  if (options.algorithm == Algorithm::least_connections) {
    // As many connections are counted for each backend as are open.
    all.push_back(always<Node>("counts are right", counts_are_right));
  }
  if (options.algorithm == Algorithm::sticky) {
    // A client stays with its backend while that is available.
    all.push_back(always_step<Node>("affinity", keeps_sessions));
  }
  if (options.algorithm == Algorithm::maglev) {
    // Every backend that is available has as many places as its weight says, but for one.
    all.push_back(always<Node>(
        "even", [weights = options.weights](const View& node) { return is_even(node, weights); }));
  } else if (hashes(options.algorithm)) {
    // When a backend goes, only what it had moves; when one comes, only to it.
    all.push_back(always_step<Node>("minimal disruption", moves_least));
  }
}

// Of several balancers.
void add_joint(const Node::Options& options, std::vector<Property>& all) {
  if (options.balancers < 2) return;
  if (hashes(options.algorithm)) {
    // Balancers that see the same backends available agree on who serves whom.
    all.push_back(always_pair<Node>("one view, one owner", agree_where_they_see_the_same));
  }
  if (!options.as_one) return;
  if (options.algorithm == Algorithm::sticky) {
    // All balancers keep a client with the same backend: false, as their views differ.
    all.push_back(always_pair<Node>("one backend a client", have_the_same_sessions));
  }
  if (options.cap > 0) {
    // No backend has more connections of all balancers together than it may have of one: false, as
    // none knows what the others have open.
    all.push_back(always<Node>(
        "caps kept together",
        [backends = options.weights.size(), cap = std::size_t{options.cap}](
            const Nodes<View>& nodes) { return keep_cap_together(nodes, backends, cap); }));
  }
}

void add_reached(const Node::Options& options, std::vector<Property>& all) {
  all.push_back(sometimes<Node>("one is up and one is down", [](const View& node) {
    return std::ranges::any_of(node.health, &Health::up) &&
           !std::ranges::all_of(node.health, &Health::up);
  }));
  all.push_back(sometimes<Node>("a request is served", [](const View& node) {
    return std::ranges::any_of(node.finished, [](const auto& one) { return one.second.served; });
  }));
  if (options.retries > 0) {
    all.push_back(sometimes<Node>("a request is tried again", [](const View& node) {
      return std::ranges::any_of(node.connections,
                                 [](const auto& one) { return one.second.attempt > 0; });
    }));
  }
  // Where a client's place says who serves it there may be too few clients for that.
  if (!hashes(options.algorithm)) {
    all.push_back(sometimes<Node>("every backend serves",
                                  [backends = options.weights.size()](const Nodes<View>& nodes) {
                                    return every_backend_serves(nodes, backends);
                                  }));
  }
  if (options.cap > 0) {
    all.push_back(
        sometimes<Node>("a backend is full", [cap = std::size_t{options.cap}](const View& node) {
          return is_some_backend_full(node, cap);
        }));
  }
  if (options.slow_start > 0) {
    all.push_back(sometimes<Node>("a backend starts slowly", [](const View& node) {
      return std::ranges::any_of(node.steps, [](std::uint32_t left) { return left > 0; });
    }));
  }
  if (options.balancers > 1) {
    all.push_back(
        sometimes<Node>("two balancers see different backends", [](const Nodes<View>& nodes) {
          const View* last = nullptr;
          for (const View& node : nodes) {
            if (node.health.empty()) continue;
            if (last != nullptr && available_in(*last) != available_in(node)) return true;
            last = &node;
          }
          return false;
        }));
  }
}

}  // namespace

std::vector<Property> properties(System& system, const Node::Options& options) {
  std::vector<Property> all;
  for (std::uint32_t i = 0; i < options.balancers; ++i) {
    const std::size_t place = options.weights.size() + i;
    add_fairness(system, options, node_id(place), all);
  }
  add_promises(options, all);
  add_joint(options, all);
  add_reached(options, all);
  return all;
}

}  // namespace gainsay::balancer
