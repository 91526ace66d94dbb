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
            .owners = node.owners};
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

bool opens_to_available_only(const View& before, const View& after) {
  for (const auto& [request, connection] : after.connections) {
    const auto old = before.connections.find(request);
    const bool is_new =
        old == before.connections.end() || old->second.attempt != connection.attempt;
    if (is_new && !after.health[connection.backend.value].available()) return false;
  }
  return true;
}

bool keeps_sessions(const View& before, const View& after) {
  if (after.health.empty()) return true;  // it has crashed
  for (const auto& [client, backend] : before.sessions) {
    const auto now = after.sessions.find(client);
    const bool moved = now == after.sessions.end() || now->second != backend;
    if (moved && after.health[backend.value].available()) return false;
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
    const bool has_gone = !after.health[old_owner.value].available();
    const bool has_come = !before.health[new_owner.value].available();
    if (!has_gone && !has_come) return false;
  }
  return true;
}

// All backends are available when a balancer begins, and nothing was picked.
NodeSet first(std::size_t backends) {
  NodeSet all;
  for (std::uint8_t i = 0; i < backends; ++i) all.insert({i});
  return all;
}

// How many others were picked since each backend was, while it was available.
struct Waiting {
  std::vector<std::uint32_t> picks;
  NodeSet available;

  void on(NodeId, const Label& label) {
    const std::size_t backend = label.backend.value;
    if (label.kind == Label::Kind::begun) {
      picks.assign(picks.size(), 0);
      available = first(picks.size());
      return;
    }
    if (label.kind != Label::Kind::picked) {
      label.kind == Label::Kind::up ? available.insert(label.backend)
                                    : available.erase(label.backend);
      picks[backend] = 0;
      return;
    }
    for (std::size_t i = 0; i < picks.size(); ++i) {
      if (available.contains({static_cast<std::uint8_t>(i)})) ++picks[i];
    }
    picks[backend] = 0;
  }
};
bool nobody_waits_too_long(const Waiting& waiting) {
  return std::ranges::all_of(waiting.picks,
                             [&](std::uint32_t picks) { return picks < waiting.picks.size(); });
}

// Picks since who is available changed, by weight.
struct Lead {
  std::vector<Weight> weights;
  NodeSet available;
  std::vector<std::uint32_t> served;

  void on(NodeId, const Label& label) {
    if (label.kind == Label::Kind::picked) {
      ++served[label.backend.value];
      return;
    }
    if (label.kind == Label::Kind::begun) available = first(served.size());
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
    if (lead.available.contains({static_cast<std::uint8_t>(i)})) sum += lead.weights[i];
  }
  for (std::size_t i = 0; i < lead.served.size(); ++i) {
    const bool leads = lead.served[i] * sum >= picks * lead.weights[i] + sum;
    if (picks > 0 && leads) return false;
  }
  return true;
}

bool every_backend_serves(const Nodes<View>& nodes) {
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i) {
    if (!nodes[i].has_served) return false;
  }
  return true;
}

void add_fairness(System& system, const Node::Options& options, std::vector<Property>& all) {
  const std::size_t backends = options.weights.size();
  const NodeSet available = first(backends);
  if (options.algorithm == Algorithm::round_robin) {
    // Who is available is picked again before anybody else is picked twice, so among n backends at
    // the nth pick at the latest, whoever comes and goes meanwhile.
    all.push_back(always_observer<Node>(
        system, "everyone in turn",
        Waiting{.picks = std::vector<std::uint32_t>(backends), .available = available},
        nobody_waits_too_long));
  }
  if (options.algorithm == Algorithm::smooth) {
    // While nobody comes or goes no backend is ever a whole pick ahead of its share.
    all.push_back(always_observer<Node>(system, "no bursts",
                                        Lead{.weights = options.weights,
                                             .available = available,
                                             .served = std::vector<std::uint32_t>(backends)},
                                        nobody_leads_by_one));
  }
}

}  // namespace

std::vector<Property> properties(System& system, const Node::Options& options) {
  std::vector<Property> all = {
      // No connection is opened to a backend that is down or draining.
      always_step<Node>("only to who is available", opens_to_available_only)};
  add_fairness(system, options, all);
  if (options.algorithm == Algorithm::least_connections) {
    // As many connections are counted for each backend as are open.
    all.push_back(always<Node>("counts are right", counts_are_right));
  }
  if (options.algorithm == Algorithm::sticky) {
    // A client stays with its backend while that is available.
    all.push_back(always_step<Node>("affinity", keeps_sessions));
  }
  if (hashes(options.algorithm)) {
    // When a backend goes, only what it had moves; when one comes, only to it.
    all.push_back(always_step<Node>("minimal disruption", moves_least));
  }
  all.push_back(sometimes<Node>("one is up and one is down", [](const View& node) {
    return std::ranges::any_of(node.health, &Health::up) &&
           !std::ranges::all_of(node.health, &Health::up);
  }));
  all.push_back(sometimes<Node>("a request is served", [](const View& node) {
    return std::ranges::any_of(node.finished, [](const auto& one) { return one.second.served; });
  }));
  all.push_back(sometimes<Node>("a request is tried again", [](const View& node) {
    return std::ranges::any_of(node.connections,
                               [](const auto& one) { return one.second.attempt > 0; });
  }));
  // Where a client's place says who serves it there may be too few clients for that.
  if (!hashes(options.algorithm)) {
    all.push_back(sometimes<Node>("every backend serves", every_backend_serves));
  }
  return all;
}

}  // namespace gainsay::balancer
