// Random protocols, given by tables: three processes with a few local states, messages and timers,
// every outcome drawn at random. They have no meaning; they find the corners of the explorer.
#pragma once

#include <cstdint>

#include "properties/property.hpp"

namespace gainsay::testing {

struct TableShape {
  std::uint64_t seed = 0;
  Bounds bounds;            // network, budgets and clients; there are always three nodes
  bool violating = true;    // with a random property that may be violated
  bool answers = false;     // with outcomes that only send; runs then end in async only
  bool hides = false;       // views show only whether a process is at its last level
  bool recovering = false;  // with a random property of recovery
  bool lasting = false;     // and of what must last then
};

// The same shape gives the same model. Every outcome that is not a no-op raises the local state or
// only sets and clears timers, so there is an end of worlds. Includes handlers with choices,
// self-sends, failing expectations (rarely), durable state (which is written and synced where the
// bounds say that writes can be lost), times of timers (where clocks are bounded), limits and an
// observer; clients ask one node or all of them.
Model table_model(const TableShape& shape);

}  // namespace gainsay::testing
