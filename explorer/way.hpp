// One event in a world of the interned machine: which transition it is.
#pragma once

#include <span>

#include "explorer/machine.hpp"

namespace gainsay {

struct Way {
  std::size_t actor = 0;
  const Expansion* expansion = nullptr;
  const Transition* transition = nullptr;
};

// Throws std::logic_error where the world has no such event.
Way way_of(Machine& machine, std::span<const Id> world, const Event& event);

}  // namespace gainsay
