// What became of a committed trace: the question that continuous integration asks of each.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/trace.hpp"
#include "properties/property.hpp"

namespace gainsay {

enum class TraceFate : std::uint8_t {
  violates,  // still; the recorded run, or as much of it as there still is, breaks the same
             // property
  fixed,     // the run goes otherwise now, and nothing is violated on its way
  // It cannot be told: the trace names processes, timers or messages that the system has not, or
  // violates another property, or is the same run, judged otherwise.
  diverged,
  reproduced,  // recorded without a violation, and still so
  unknown,     // interrupted, or no memory to search for a way back
};
std::string_view to_string(TraceFate fate);

struct TraceReview {
  TraceFate fate = TraceFate::diverged;
  std::string property;       // that was recorded
  std::uint32_t step = 0;     // violates: where; otherwise the first step that differs
  std::uint32_t skipped = 0;  // events that are not there any more
  std::string detail;         // why, in one line
};

// Replays strictly, and where the run differs once more leniently. `fixed` is said only if every
// event could still be one of the system's: a renamed message would otherwise look like a cure.
// REQUIRES: the model is the trace's system with its bounds, options and bug.
TraceReview review(const Model& model, const Trace& trace,
                   const std::atomic<bool>* interrupted = nullptr);

}  // namespace gainsay
