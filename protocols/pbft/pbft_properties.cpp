#include <algorithm>
#include <set>

#include "properties/linearizability.hpp"
#include "protocols/pbft/pbft.hpp"

namespace gainsay::pbft {

namespace {

bool has_skipped(const Node& node) {
  Sequence decided = 0;
  for (const auto& [sequence, decisions] : node.decisions) {
    if (sequence != decided + 1) break;
    ++decided;
  }
  return node.executed > decided;
}

}  // namespace

View view(const Node& node) {
  View result{.decisions = node.decisions,
              .stable = node.stable,
              .outside = node.outside,
              .executed = node.executed,
              .state = {},
              .fetched = has_skipped(node),
              .answered = {}};
  if (!node.states.empty()) {
    result.state = digest_of(State{.store = node.store, .replies = node.replies});
  }
  for (const auto& [client, last] : node.replies) result.answered[client] = last.number;
  return result;
}

namespace {

bool agree(const View& a, const View& b) {
  for (const auto& [sequence, of_a] : a.decisions) {
    if (of_a.size() > 1) return false;
    const auto of_b = b.decisions.find(sequence);
    if (of_b == b.decisions.end()) continue;
    if (of_b->second.begin()->first != of_a.begin()->first) return false;
  }
  return true;
}

// The requests that a replica has executed, in order.
std::vector<RequestId> executed(const View& node) {
  std::vector<RequestId> result;
  std::set<std::pair<NodeId, std::uint32_t>> before;
  Sequence next = 1;
  for (const auto& [sequence, decided] : node.decisions) {
    if (sequence != next++) break;
    for (const ClientRequest& request : decided.begin()->second.batch) {
      if (before.emplace(request.id.client, request.id.number).second) result.push_back(request.id);
    }
  }
  return result;
}

// As far as both have decided without a gap, they have decided the same. So it is as a rule, and
// then nothing is to be put in order.
bool decided_alike(const View& a, const View& b) {
  Sequence next = 1;
  for (auto at = a.decisions.begin(), other = b.decisions.begin();
       at != a.decisions.end() && other != b.decisions.end(); ++at, ++other, ++next) {
    if (at->first != next || other->first != next) return true;
    if (at->second.begin()->second.batch != other->second.begin()->second.batch) return false;
  }
  return true;
}

bool in_one_order(const View& a, const View& b) {
  if (decided_alike(a, b)) return true;
  const std::vector<RequestId> of_a = executed(a);
  const std::vector<RequestId> of_b = executed(b);
  const auto common = static_cast<std::ptrdiff_t>(std::min(of_a.size(), of_b.size()));
  return std::equal(of_a.begin(), of_a.begin() + common, of_b.begin());
}

template <class Predicate>
bool every_decision(const View& node, Predicate predicate) {
  return std::ranges::all_of(node.decisions, [&](const auto& at) {
    return std::ranges::all_of(at.second, [&](const auto& one) { return predicate(one.second); });
  });
}

bool made_by_clients(const Batch& batch, const Options& options) {
  return std::ranges::all_of(batch, [&](const ClientRequest& request) {
    if (options.is_made) return options.is_made(request);
    return std::ranges::find(options.made, request) != options.made.end();
  });
}

bool same_stable_state(const View& a, const View& b) {
  if (!a.stable || !b.stable) return true;
  if (a.stable->value.sequence != b.stable->value.sequence) return true;
  return a.stable->value.state == b.stable->value.state;
}

bool same_state(const View& a, const View& b) {
  const bool comparable = a.state != Digest{} && b.state != Digest{};
  return !comparable || a.executed != b.executed || a.state == b.state;
}

bool has_answered(const View& node, const std::vector<ClientRequest>& made) {
  return std::ranges::all_of(made, [&](const ClientRequest& request) {
    const auto last = node.answered.find(request.id.client);
    return last != node.answered.end() && last->second >= request.id.number;
  });
}

bool has_committed(const View& node, Sequence sequences) {
  return node.decisions.size() == sequences;
}

// Done by f + 1 correct replicas: a client believes so many.
Property recovery(const Options& options) {
  const auto answered = [options](const Nodes<View>& nodes) {
    std::uint32_t done = 0;
    for (std::uint16_t id = 0; id < nodes.size(); ++id) {
      const bool is_faulty = options.byzantine == NodeId{id} || options.twins == NodeId{id} ||
                             options.traitors.contains(NodeId{id});
      if (is_faulty) continue;
      const bool has = options.requests.empty() ? has_answered(nodes[id], options.made)
                                                : has_committed(nodes[id], options.sequences);
      done += has ? 1 : 0;
    }
    return done > options.faults;
  };
  return recovers<Node>(options.requests.empty() ? "clients are answered" : "everything commits",
                        answered, {.more = {{"view", options.recovers}, {"seq", 1}}});
}

Sequence stable_sequence(const View& node) { return node.stable ? node.stable->value.sequence : 0; }

}  // namespace

std::vector<Property> properties(const Bounds& bounds, const Options& options) {
  std::vector<Property> result = {
      // No two correct replicas commit different batches at the same sequence number, in whatever
      // views, and none commits two.
      always_pair<Node>("agreement", agree),
      // Only requests that clients have made are committed, or the null request.
      always<Node>("validity",
                   [options](const View& node) {
                     return every_decision(node, [&](const Decision& decision) {
                       return made_by_clients(decision.batch, options);
                     });
                   }),
      // All correct replicas execute the same requests in the same order: what one has executed is
      // a prefix of what the other has.
      always_pair<Node>("total order", in_one_order),
      // Of two correct replicas whose last stable checkpoint has the same sequence number, both
      // have the same state there.
      always_pair<Node>("checkpoint agreement", same_stable_state),
      // A stable checkpoint stays: the low watermark never decreases.
      always_step<Node>("checkpoint stability",
                        [](const View& before, const View& after) {
                          return stable_sequence(after) >= stable_sequence(before);
                        }),
      // A replica accepts no sequence number outside its watermarks (h, H].
      always<Node>("watermarks", [](const View& node) { return !node.outside; }),
      sometimes<Node>("something commits",
                      [](const View& node) { return !node.decisions.empty(); }),
  };
  if (options.certificates) {
    // Every decision has a certificate: commits of 2f + 1 replicas for what 2f + 1 have prepared.
    result.push_back(always<Node>("a certificate for every decision", [](const View& node) {
      return every_decision(node, [](const Decision& decision) { return decision.certified; });
    }));
  }
  if (options.views > 0) {
    result.push_back(sometimes<Node>("something commits in a new view", [](const View& node) {
      return !every_decision(node, [](const Decision& decision) { return decision.view == 0; });
    }));
  }
  if (options.checkpoint_interval <= options.sequences) {
    // Correct replicas that have executed as much have the same state, fetched or not.
    result.push_back(always_pair<Node>("state agreement", same_state));
    result.push_back(sometimes<Node>("a stable checkpoint",
                                     [](const View& node) { return node.stable.has_value(); }));
    result.push_back(
        sometimes<Node>("a state is fetched", [](const View& node) { return node.fetched; }));
  }
  if (options.recovers > 0) result.push_back(recovery(options));
  if (bounds.clients > 0) result.push_back(linearizable<kv::Model>());
  return result;
}

}  // namespace gainsay::pbft
