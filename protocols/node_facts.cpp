#include "protocols/node_facts.hpp"

#include "protocols/balancer/balancer.hpp"
#include "protocols/chord/chord.hpp"
#include "protocols/dht/dht.hpp"

namespace gainsay {

namespace {

constexpr std::uint64_t whole = 1'000'000;

// Identifiers are the numbers of the nodes.
NodeFacts of_chord(const chord::Node& node, NodeId id, std::uint32_t nodes) {
  const chord::View view = chord::view(node);
  return {.positions = {static_cast<std::uint32_t>(id.value * whole / nodes)},
          .is_member = view.is_member,
          .next = view.successors};
}

NodeFacts of_balancer(const balancer::Node& node) {
  NodeFacts facts;
  for (std::size_t i = 0; i < node.health.size(); ++i) {
    facts.backends.push_back(
        {.node = node_id(i), .is_usable = node.health[i].available()});
  }
  for (const auto& [request, connection] : node.connections) {
    ++facts.backends.at(connection.backend.value).waiting;
  }
  return facts;
}

}  // namespace

NodeFactsOf node_facts(const std::string& system, const Configuration& configuration) {
  if (system == "chord") {
    return [nodes = configuration.bounds.nodes](NodeId id, const void* state) {
      return of_chord(*static_cast<const chord::Node*>(state), id, nodes);
    };
  }
  if (system == "balancer") {
    return [](NodeId, const void* state) {
      return of_balancer(*static_cast<const balancer::Node*>(state));
    };
  }
  if (system == "dht") return dht::facts_of(configuration);
  return {};
}

}  // namespace gainsay
