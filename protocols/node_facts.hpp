// Which systems say more of a node than its status: those with a ring, and balancers.
#pragma once

#include "engine/simulator/node_facts.hpp"
#include "protocols/catalog.hpp"

namespace gainsay {

// Null where there is nothing to say. Throws UsageError, as the system's model does.
NodeFactsOf node_facts(const std::string& system, const Configuration& configuration);

}  // namespace gainsay
