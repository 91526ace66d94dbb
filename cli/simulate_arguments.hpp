// The flags of `gainsay simulate`, and what they make.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "explorer/simulate/simulate.hpp"
#include "protocols/catalog.hpp"

namespace CLI {
class App;
}

namespace gainsay::cli {

struct SimulateArguments {
  std::string system;
  std::string algorithm;  // another name for it
  std::string nodes;      // as text, to say so where it is none
  std::optional<std::uint32_t> clients;
  std::string options, bug;
  std::string duration = "60s";
  std::string seed = "0";
  std::vector<std::string> latency;
  std::string loss, duplication, reordering, tampering, bandwidth, drift, timers;
  std::string signatures = "ed25519";
  std::vector<std::string> links, disks;
  std::string load = "100/s";
  std::string think;
  std::string client_timeout;
  bool compresses = false;
  bool closed = false;
  bool regular = false;
  std::optional<std::uint32_t> keys, reads, value_size;
  std::string zipf;
  std::vector<std::string> partitions, crashes, clock_steps;
  std::optional<std::uint32_t> unsynced;
  std::string interval, unavailable, answers_within;
  bool no_properties = false;
  bool keep_long = false;
  std::string output;
  std::string report;
  bool visualize = false;
  std::string traces = "gainsay-out";
  std::string progress = "auto";
  bool json = false;
  bool quiet = false;
  bool live = false;
  std::string repeat;
  std::uint16_t port = 0;
};

void add_simulate_options(CLI::App& simulate, SimulateArguments& arguments);
// They throw UsageError.
Configuration configuration_of(const SimulateArguments& arguments, const CatalogEntry& entry);
SimulationOptions simulation_of(const SimulateArguments& arguments, const System& system);
MetricsOptions metrics_of(const SimulateArguments& arguments, Nanoseconds duration);

}  // namespace gainsay::cli
