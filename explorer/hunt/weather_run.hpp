// Runs on the live world: handlers run in place, and properties are watched.
//
// Thread-safety: one runner for each thread; they may share the model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/simulator/simulation.hpp"
#include "properties/run_watch.hpp"

namespace gainsay {

struct WeatherRun {
  std::uint64_t events = 0;  // starts included
  Hash128 end;               // of how it ended: the same where two runs are
  std::optional<Violation> violation;
  std::uint64_t violated_by = 0;  // its first so many events violate that
};

// What was watched in several runs.
struct WatchTally {
  std::uint64_t evaluated = 0;
  bool reached = false;          // of `sometimes`
  std::uint64_t not_judged = 0;  // in so many runs
  WatchTally& operator+=(const WatchTally& other);
};

struct Watched {
  std::vector<WatchTally> properties;
  std::uint64_t node_steps = 0;
  std::uint64_t judged_steps = 0;  // those behind which all properties of states were known to hold
};

class WeatherRunner {
 public:
  // REQUIRES: the model, of those properties that are judged, outlives this.
  explicit WeatherRunner(const Model& model);
  // The run of this seed.
  WeatherRun run(std::uint64_t seed, std::uint32_t steps_max);
  // Its circumstances.
  static SimulationOptions weather_of(const Model& model, std::uint64_t seed,
                                      std::uint32_t steps_max);
  // Of all runs since the last call.
  Watched take_watched();

 private:
  bool finish(const SimulationOptions& options, WeatherRun& run);
  void tell(const PropertyWatch& watch);

  const Model& model_;
  bool takes_back_ = false;  // a run had deliveries outside the limits
  Watched watched_;
};

}  // namespace gainsay
