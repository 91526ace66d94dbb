// How far the nearest violation is from a world: a breadth-first search over the interned machine,
// as far as its effort goes. It answers for that world alone, whatever the way to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "properties/evaluate.hpp"

namespace gainsay {

struct NearestOptions {
  std::uint64_t max_worlds = 300'000;
  std::uint64_t max_transitions = 5'000'000;
};

struct NearestReport {
  bool is_found = false;
  std::string property;       // found: what the last of the events violates
  std::vector<Event> events;  // found: from the world on, as few as there can be
  // Else: nothing is violated within so many events; `complete`, nor ever.
  std::uint32_t depth = 0;
  bool complete = false;
  std::uint64_t worlds = 0;
};

// From the world that the events lead to, all processes being started. What is violated there
// already does not count. REQUIRES: the events can be run on the model.
NearestReport nearest_violation(const Model& model, const std::vector<Event>& events,
                                const NearestOptions& options = {});

}  // namespace gainsay
