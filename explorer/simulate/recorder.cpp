#include "explorer/simulate/recorder.hpp"

#include <stdexcept>

#include "engine/world.hpp"
#include "explorer/confirm.hpp"

namespace gainsay {

bool Recorder::step(const SimulatedStep& step) {
  if (events_.size() == most_) return true;
  Event event{.kind = step.kind, .process = step.process};
  if (step.kind == EventKind::deliver) {
    event.from = step.from;
    event.message = Bytes(step.message.bytes);
  }
  if (step.kind == EventKind::timer) event.timer = step.timer;
  event.choices.assign(step.choices.begin(), step.choices.end());
  events_.push_back(std::move(event));
  return true;
}

std::vector<Event> applied(const System& system, const std::vector<Event>& events) {
  LiveWorld world(system);
  std::vector<Event> result;
  for (const Event& event : events) {
    const Outcome outcome = world.apply(event);
    if (outcome.status == Outcome::Status::no_op) continue;
    if (outcome.status != Outcome::Status::applied) {
      throw std::logic_error("a simulated run is none of the network async: " +
                             describe(system, event) + ": " + outcome.reason);
    }
    result.push_back(event);
    if (outcome.step.fault != StepResult::Fault::none) break;
  }
  return result;
}

Counterexample kept_run(const Model& model, const SimulationOptions& options,
                        const Violation& violation, std::uint64_t steps) {
  Recorder recorder(steps);
  Simulation simulation(model.system, options, {&recorder});
  while (simulation.steps() < steps && simulation.step()) {
  }
  Counterexample found = run_to(model, violation, applied(model.system, recorder.take()));
  confirm(model, found);
  return found;
}

}  // namespace gainsay
