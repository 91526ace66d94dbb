// Is a limit on local states large enough? What its last value has brought that smaller ones had
// not, other than the value itself.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/process.hpp"
#include "explorer/check.hpp"

namespace gainsay {

// Local states of nodes, each with its process.
struct NodeState {
  std::uint8_t process = 0;
  BytesView bytes;
};

// Fills in what the limits' reports say of local states. A field of the state is taken for the
// limit's own where its number (or the size of its container) is the limit's value in every one of
// the states, and is disregarded when states are compared; status and timers are not.
// REQUIRES: one report for each limit of the system, in order.
void judge_limits(const System& system, const std::vector<NodeState>& states,
                  std::vector<LimitReport>& reports);

}  // namespace gainsay
