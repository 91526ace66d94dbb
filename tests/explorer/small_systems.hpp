// Small systems made to hurt symmetry reduction, each with one thing that goes wrong.
#pragma once

#include <cstdint>

#include "properties/property.hpp"

namespace gainsay::testing {

// A write-once register at `bounds.nodes` servers: all clients write and read the same at all
// servers, so that both servers and clients are interchangeable.
Model register_model(const Bounds& bounds);

// Two processes; one acts and, acting again, wakes the other. A message from the first act is a
// no-op at a sleeper and goes wrong at one who is awake. Waking may happen under the other name
// than the drop. Variants differ in a number in the state, so in which world represents an orbit.
Model renamed_path_model(std::uint32_t variant);

// Two processes; "the second never acts" is about one of them.
Model named_node_model(std::uint32_t variant);

// Three processes on fifo; each speaks twice to both others, and notes whose first word it missed.
// One cut of two groups leaves two of them together, so that they cannot miss each other in a ring.
Model speakers_model(std::uint32_t variant);

// Three processes; one that restarts names another and then acts on it. One (who, whom) goes wrong,
// which is one of six renamings of what a search with symmetry looks at.
Model one_odd_pair_model(NodeId who, NodeId whom);

// Two processes; one of them chooses a secret, greets, and tells it when asked, which the other
// does in answer. Until then nobody sees the secret, and who is never asked might have none.
// Whoever was asked may have another name when asked. The last secret goes wrong.
Model secret_model(std::uint32_t variant);

}  // namespace gainsay::testing
