// Systems of the catalog as they are simulated, under some load.
#pragma once

#include <algorithm>
#include <string>

#include "explorer/simulate/simulate.hpp"
#include "protocols/catalog.hpp"

namespace gainsay {

inline Model model_of(const std::string& system, std::uint32_t nodes, const std::string& bug = "",
                      const OptionTexts& options = {}) {
  const CatalogEntry& entry = *find_system(system);
  Configuration configuration = entry.simulated.value_or(entry.defaults);
  configuration.bounds.nodes = nodes;
  configuration.bounds.clients = std::min(configuration.bounds.clients, 8U);
  configuration.bounds.network = Network::async;
  if (system != "pbft") configuration.bounds.crashes = configuration.bounds.restarts = 9;
  configuration.bug = bug;
  for (const auto& [name, text] : options) configuration.options[name] = text;
  return entry.make(configuration);
}

inline SimulateOptions busy(std::uint64_t seed, Nanoseconds duration = 5 * second) {
  SimulateOptions options{.simulation = {.seed = seed, .duration = duration}};
  options.simulation.arrivals_an_hour = 3600 * 200;
  options.simulation.client_timeout = 200 * millisecond;
  return options;
}

}  // namespace gainsay
