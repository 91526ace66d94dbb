// Shrinking a run that violates a property to a short one that violates the same property.
//
// First the run itself: what its end does not depend on, loops, then faults one by one, then whole
// processes, then events (delta debugging: Zeller and Hildebrandt, TSE 2002), where an event that
// is left without what it needs is left out, too, or replaced by what is like it. Then a complete
// search for the least faults and the least length, as far as its budget goes, and behind it one
// that is guided by distances. Last, names and the order of independent events are chosen, so that
// one bug comes out as one trace.
//
// What comes out has been run on the live world and breaks the property by its last event.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "explorer/check.hpp"

namespace gainsay {

struct MinimizeOptions {
  std::optional<double> seconds{};
  // How many worlds the exhaustive search may visit; 0: none is made.
  std::uint64_t max_states = 1'000'000;
  // The same of the search by distances, which follows where that does not end; none: 300,000, or
  // none where there is no exhaustive search.
  std::optional<std::uint64_t> guided_states{};
  unsigned jobs = 0;
  const std::atomic<bool>* interrupted = nullptr;
};

struct MinimizeReport {
  Counterexample counterexample;
  std::uint32_t events_before = 0;  // starts included
  std::uint32_t faults_before = 0;
  std::uint64_t candidates = 0;  // runs that were tried
  bool shortest = false;         // none has fewer events at as few faults, and none fewer faults
  bool cut = false;              // by time or by a signal: more of it could do more
  double seconds = 0;
};

// REQUIRES: the events run on the model and violate the property by the last of them. Throws
// UsageError for a property of recovery, which is not of runs.
MinimizeReport minimize(const Model& model, const Counterexample& found,
                        const MinimizeOptions& options = {});

}  // namespace gainsay
