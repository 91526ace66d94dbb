// Of a finding: its fault cost, and that it is not believed before the live world has run it.
#pragma once

#include <cstdint>
#include <vector>

#include "explorer/check.hpp"
#include "explorer/replay.hpp"

namespace gainsay {

// Throws std::logic_error where the live world does not run the events, or does not violate the
// property by the last of them.
void confirm(const Model& model, const Counterexample& found);

// A run of these events, the last of which violates something.
Counterexample run_to(const Model& model, const Violation& violation, std::vector<Event> events);
// What a replay met. REQUIRES: that violates something.
Counterexample violating_run(const Model& model, const ReplayReport& report);

// The property that it violates; none where a handler failed.
std::vector<const Property*> violated_by(const Model& model, const Counterexample& found);
// Of a property by its name; that no handler fails is one that always holds.
PropertyKind kind_of(const Model& model, const std::string& property);

// What the events use of the fault budgets, all together.
std::uint32_t faults_of(const System& system, const std::vector<Event>& events);

}  // namespace gainsay
