// Worlds of the interned machine, in tables; and one event in such a world: which transition it is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "explorer/machine.hpp"

namespace gainsay {

using World = std::vector<Id>;
struct WorldHash {
  std::size_t operator()(const World& world) const {
    std::uint64_t hash = 0;
    for (const Id word : world) hash = spread(hash + word + 1);
    return hash;
  }
};

struct Way {
  std::size_t actor = 0;
  const Expansion* expansion = nullptr;
  const Transition* transition = nullptr;
};

// Throws std::logic_error where the world has no such event.
Way way_of(Machine& machine, std::span<const Id> world, const Event& event);

}  // namespace gainsay
