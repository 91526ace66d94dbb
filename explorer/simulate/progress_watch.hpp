// Does the service come back? Once the last scheduled fault is over, some request is answered at
// least so often while requests wait.
//
// Time is not in a trace: of a run without progress it holds what happened, and that a request was
// open at its end.
#pragma once

#include <optional>

#include "engine/simulator/simulation.hpp"
#include "properties/evaluate.hpp"

namespace gainsay {

class ProgressWatch final : public SimulationWatch {
 public:
  // Throws UsageError where the last fault is over too late to judge what follows.
  ProgressWatch(const System& system, const SimulationOptions& options, Nanoseconds within);

  bool reads_messages() const override { return false; }
  bool step(const SimulatedStep& step) override;
  void request(Nanoseconds now, NodeId client, Nanoseconds arrived) override;
  // The run is over. To be called once.
  void finish(Nanoseconds now, std::uint64_t steps) { (void)has_progress(now, steps); }

  const std::optional<Violation>& violation() const { return violation_; }
  std::uint64_t violated_by() const { return violated_by_; }  // the step
  // How often something was answered, or failed to be, behind the last fault.
  std::uint64_t evaluated() const { return evaluated_; }

 private:
  bool has_progress(Nanoseconds now, std::uint64_t step);

  const System& system_;
  Nanoseconds within_;
  Nanoseconds quiet_;              // from when on there are no faults
  Nanoseconds waiting_since_ = 0;  // for the next answer
  std::uint64_t open_ = 0;         // requests
  std::uint64_t evaluated_ = 0;
  std::optional<Violation> violation_;
  std::uint64_t violated_by_ = 0;
};

}  // namespace gainsay
