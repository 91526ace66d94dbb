// A simulated run as a run under the network async, to be kept as a trace.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/simulator/simulation.hpp"
#include "explorer/check.hpp"
#include "properties/evaluate.hpp"

namespace gainsay {

// Longer runs are not kept: to replay an event costs as much as there is in the world.
inline constexpr std::uint64_t kept_steps_max = 50'000;

// The first so many events.
class Recorder final : public SimulationWatch {
 public:
  explicit Recorder(std::size_t most) : most_(most) {}
  bool step(const SimulatedStep& step) override;
  std::vector<Event> take() { return std::move(events_); }

 private:
  std::size_t most_;
  std::vector<Event> events_;
};

// Of the events of a run those that are events under async: what changes nothing is none.
std::vector<Event> applied(const System& system, const std::vector<Event>& events);
// A simulation again, up to the step that violates something, as a run under async that is
// confirmed on the live world.
Counterexample kept_run(const Model& model, const SimulationOptions& options,
                        const Violation& violation, std::uint64_t steps);

}  // namespace gainsay
