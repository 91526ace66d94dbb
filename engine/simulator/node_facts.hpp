// What some kinds of systems can say of a node besides its status: where it stands on a ring, and
// what waits at which backend. Shown, never judged.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/ids.hpp"

namespace gainsay {

struct NodeFacts {
  struct Backend {
    NodeId node;
    std::uint64_t waiting = 0;  // requests that were handed to it and are not answered
    bool is_usable = true;      // as the balancer takes it
  };
  std::vector<std::uint32_t> positions{};  // on the ring, in millionths of the way round
  std::optional<bool> is_member{};         // of the ring
  std::vector<NodeId> next{};              // whom it takes to come behind it
  std::optional<std::uint64_t> keys{};     // how many it holds
  std::vector<Backend> backends{};         // of a balancer
};
// Of a node, from its state.
using NodeFactsOf = std::function<NodeFacts(NodeId node, const void* state)>;

}  // namespace gainsay
