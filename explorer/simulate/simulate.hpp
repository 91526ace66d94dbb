// A model in virtual time: measured, with its properties watched, and kept as a trace where one of
// them breaks.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/simulator/metrics.hpp"
#include "engine/simulator/simulation.hpp"
#include "explorer/check.hpp"
#include "properties/run_watch.hpp"

namespace gainsay {

struct SimulateOptions {
  SimulationOptions simulation{};
  MetricsOptions metrics{};
  bool properties = true;
  // Behind the last fault something is answered so soon, again and again, while requests wait: the
  // property "progress".
  std::optional<Nanoseconds> answers_within{};
  bool each_step = false;  // properties are judged after each step, whatever that costs
  // Events of the run that are kept, from its start on, whether it breaks a property or not; one
  // that does is run again, and all of it is kept.
  std::size_t recorded_max = 0;
  double minimize_seconds =
      20;  // a run that breaks something is made short; 0: it is kept as it is
  std::uint64_t history_bytes = std::uint64_t{1} << 30;  // what judging the history may take
  std::size_t history_max = 200'000;  // operations; more are judged as they come, and not kept
  const std::atomic<bool>* interrupted = nullptr;
  // Told every so much simulated time.
  Nanoseconds tell_every = second;
  std::function<void(const Simulation&, const Metrics&)> progress{};
};

struct SimulatedProperty {
  std::string name;
  PropertyKind kind = PropertyKind::always;
  Verdict verdict = Verdict::holds;
  std::uint64_t evaluated = 0;
};

// Of a scenario: what the figures should look like.
struct Expectation {
  std::string what;  // "the minority answers nobody: 0 answers from 12 s to 20 s"
  bool is_met = false;
};

struct SimulateReport {
  std::string system;
  std::string version;
  Bounds bounds;
  OptionTexts options;
  std::string bug;
  std::uint64_t seed = 0;
  Nanoseconds simulated = 0;
  bool interrupted = false;
  std::vector<SimulatedProperty> properties;
  // Steps of nodes, and those behind which all properties of states were known to hold.
  std::uint64_t node_steps = 0;
  std::uint64_t judged_steps = 0;
  std::vector<std::string> not_of_runs;                         // only a check asks them
  std::vector<std::pair<std::string, std::string>> not_judged;  // by name: why
  std::optional<Counterexample> counterexample;                 // as a run under the network async
  std::uint32_t events_before = 0;                              // it was made short
  std::uint32_t faults_before = 0;
  std::string not_kept;  // why there is a violation and no such run; empty where there is
  std::shared_ptr<const Metrics> metrics;
  std::vector<Event> recorded;  // up to recorded_max events that change something
  double seconds = 0;
  std::vector<Expectation> expectations;  // of a scenario

  // Violated; incomplete where something was not judged or the run was interrupted; vacuous where
  // something was never evaluated.
  Verdict verdict() const;
};

// REQUIRES: the model outlives the report. Throws UsageError for a system that cannot be simulated.
SimulateReport simulate(const Model& model, const SimulateOptions& options);

// What a simulation is about, on a screen of 80 columns.
std::string summary(const System& system, const SimulationOptions& options,
                    const SimulateReport& report);
// The same for programs: see docs for its fields. The same run gives the same bytes.
std::string simulate_json(const System& system, const SimulationOptions& options,
                          const SimulateReport& report);
// The text format of Prometheus.
std::string prometheus_text(const System& system, const Metrics& metrics, Nanoseconds now);

}  // namespace gainsay
