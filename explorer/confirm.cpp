#include "explorer/confirm.hpp"

#include <optional>
#include <stdexcept>

#include "engine/world.hpp"
#include "properties/evaluate.hpp"

namespace gainsay {

void confirm(const Model& model, const Counterexample& found) {
  LiveWorld world(model.system);
  for (std::size_t i = 0; i < found.events.size(); ++i) {
    const Event& event = found.events[i];
    const bool last = i + 1 == found.events.size();
    std::optional<LiveWorld> before;
    if (last) before.emplace(world);
    const Outcome outcome = world.apply(event);
    const bool failed = outcome.step.fault != StepResult::Fault::none;
    if (outcome.status != Outcome::Status::applied || (failed && !last)) {
      throw std::logic_error("the live world does not run what was found: step " +
                             std::to_string(i) + ", " + describe(model.system, event) + ": " +
                             outcome.reason + outcome.step.message);
    }
    if (!last) continue;
    if (found.kind == PropertyKind::progress) {
      if (is_open(world.history())) return;
      throw std::logic_error("no request waits in the live world");
    }
    const auto violation = find_violation(model, *before, event, outcome, world, found.property);
    if (!violation || violation->property != found.property) {
      throw std::logic_error("the live world does not violate \"" + found.property +
                             "\" where the interned machine does");
    }
  }
}

Counterexample run_to(const Model& model, const Violation& violation, std::vector<Event> events) {
  const std::uint32_t faults = faults_of(model.system, events);
  return {.property = violation.property,
          .kind = kind_of(model, violation.property),
          .message = violation.message,
          .events = std::move(events),
          .faults = faults};
}

Counterexample violating_run(const Model& model, const ReplayReport& report) {
  const auto begin = report.events.begin();
  return run_to(model, *report.violation, {begin, begin + report.violation_step + 1});
}

std::vector<const Property*> violated_by(const Model& model, const Counterexample& found) {
  for (const Property& property : model.properties) {
    if (property.name == found.property) return {&property};
  }
  return {};
}

PropertyKind kind_of(const Model& model, const std::string& property) {
  const auto found = std::ranges::find(model.properties, property, &Property::name);
  if (found != model.properties.end()) return found->kind;
  return property == progress_property ? PropertyKind::progress : PropertyKind::always;
}

std::uint32_t faults_of(const System& system, const std::vector<Event>& events) {
  std::uint32_t cost = 0;
  for (const Event& event : events) cost += budget_of(system, event).cost();
  return cost;
}

}  // namespace gainsay
