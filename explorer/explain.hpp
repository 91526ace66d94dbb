// Why a run ends in its violation: the step that decided it, what led from there to the end, and
// what it raced with, in words.
//
// The deciding step is the last one behind which every fair way to go on without faults violates
// the property, and before which one does not; where there are too many worlds to say that, the
// first one from which on random ways nearly always do.
#pragma once

#include <optional>
#include <string>

#include "engine/trace.hpp"
#include "explorer/check.hpp"

namespace gainsay {

// A function of the model and the run. None for a property of recovery, whose violation lies behind
// the run, and for runs of starts alone. REQUIRES: the events run on the model and violate the
// property by the last of them.
std::optional<TraceExplanation> explain(const Model& model, const Counterexample& found);

// The same, kept with the run.
void add_explanation(const Model& model, Counterexample& found);
// A block below a story, within so many columns.
std::string tell(const TraceExplanation& explanation, std::size_t columns = 80);

}  // namespace gainsay
