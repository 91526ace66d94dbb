// The slow, obvious twin of recovery: from each vector of local states, the whole graph of the
// healed system with its messages as they are, and a search backwards from the good worlds. Only
// for systems whose runs end.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "explorer/check.hpp"

namespace gainsay::testing {

struct SlowRecovery {
  Verdict verdict = Verdict::holds;  // violated before incomplete before holds
  std::uint64_t stuck = 0;           // vectors from which there is no way, whatever the limits
  std::uint64_t lost = 0;            // good ones from which what must last can end
  std::uint64_t undecided = 0;       // and those where a limit or a failing handler may be why
};

// Of equal messages at most `copies_max` wait, and more are forgotten. Throws std::length_error
// when a graph has more than `worlds_max` worlds.
SlowRecovery slow_recovery(const System& system, const Property& property,
                           const std::set<std::vector<Bytes>>& vectors,
                           std::size_t worlds_max = 100'000, std::ptrdiff_t copies_max = 1'000);

}  // namespace gainsay::testing
