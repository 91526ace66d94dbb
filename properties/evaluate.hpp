// Properties on the live world, one event at a time: for replays and random runs. The explorer has
// its own, memoised way; both must agree.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/world.hpp"
#include "properties/property.hpp"

namespace gainsay {

struct Violation {
  std::string property;
  std::string kind;
  std::string message;
};

// What a failed handler violates, as a property of its own.
Violation violation_of_fault(StepResult::Fault fault, const std::string& message);

// The first property, in order of declaration, that the event broke: of the step from `before` to
// `after`, or of the world `after`. Where several are broken, the one called `first` comes first.
std::optional<Violation> find_violation(const Model& model, const LiveWorld& before,
                                        const Event& event, const Outcome& outcome,
                                        const LiveWorld& after, std::string_view first = {});
// The same for one world.
std::optional<Violation> find_violation(const Model& model, const LiveWorld& world);
// Does one property hold in a world (properties of steps and of recovery do)?
bool holds_in(const Property& property, const LiveWorld& world);
// Does one property of steps hold of the one that the event is (others, and of what is no step of a
// node, do)?
bool holds_of_step(const Property& property, const LiveWorld& before, const LiveWorld& after,
                   const Event& event);
// Is a `sometimes` reached by a world?
bool is_reached_in(const Property& property, const LiveWorld& world);

}  // namespace gainsay
