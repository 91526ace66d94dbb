// One run for all that are the same but for names and for the order of events that do not depend on
// each other: the least of them, so that one bug is known by one trace (Mazurkiewicz traces in
// lexicographic normal form: Anisimov and Knuth 1979).
//
// Nothing is taken for interchangeable: a renaming counts where the renamed run replays and breaks
// the same property by its last event. So the result is a run of the same length and faults, and in
// systems that are not symmetric there are fewer to choose from.
#pragma once

#include <functional>

#include "explorer/check.hpp"

namespace gainsay {

// REQUIRES: the run violates its property by its last event. A run that is too long, and one at
// whose renamings it must stop, is left as it is.
Counterexample canonical_run(const Model& model, const Counterexample& found,
                             const std::function<bool()>& must_stop = {});

}  // namespace gainsay
