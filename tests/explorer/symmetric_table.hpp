// Random protocols in which all processes follow one table and know each other only by name: who
// sent, who was spoken of, who is remembered. Nearly symmetric ones break that at one place.
#pragma once

#include <cstdint>

#include "properties/property.hpp"

namespace gainsay::testing {

// Where a nearly symmetric protocol looks at ids.
enum class Quirk : std::uint8_t {
  none,
  knows_itself,   // one process does something else
  compares,       // ids are compared
  counts_around,  // the next id is spoken to: rotations are symmetries, exchanges are not
  shows_more,     // one process has another view: it matters where views do
};

struct SymmetricShape {
  std::uint64_t seed = 0;
  Bounds bounds;  // network, budgets, nodes, clients
  Quirk quirk = Quirk::none;
  bool violating = true;
  bool names_a_node = false;  // the properties do
  bool hides = false;         // views show little but the last level
  bool recovering = false;    // the last property is of kind `recovers`
};

// The same shape gives the same model. Every outcome that is not a no-op raises the local state or
// only sets and clears timers, so there is an end of worlds. Includes choices (also of whom to
// speak to), self-sends, failing expectations, durable state, limits and an observer; all clients
// ask the same of all nodes.
Model symmetric_model(const SymmetricShape& shape);

}  // namespace gainsay::testing
