// Replaying a trace on the live world: strictly, bit for bit, or leniently, by event name, after
// the protocol changed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/trace.hpp"
#include "properties/evaluate.hpp"

namespace gainsay {

struct ReplayOptions {
  bool lenient = false;             // skip events that are not there
  std::optional<std::uint32_t> to;  // stop behind this step
  std::function<void(std::uint32_t step, const Event&, const LiveWorld& after)> each;
  const std::atomic<bool>* interrupted = nullptr;  // ends the search behind a trace of recovery
};

struct Divergence {
  std::uint32_t step = 0;
  std::string expected;
  std::string found;
  std::string likely;
};

struct ReplayReport {
  std::uint32_t steps = 0;    // events applied
  std::uint32_t skipped = 0;  // lenient only
  std::optional<Divergence> divergence;
  std::optional<Violation> violation;  // the first one met, or the recorded one where it was met
  std::uint32_t violation_step = 0;
  // The recorded violation at the recorded step.
  bool reproduced = false;
  // A trace of a `recovers` that is violated ends in a world from which there is no way back. That
  // is searched for anew: why there is none, or why it is not known.
  std::string explanation;
  std::string incomplete_because;
  std::vector<Event> events;  // those applied
};

// REQUIRES: the model is the trace's system with its bounds, options and bug. Throws TraceError for
// an event that can be none of the system's (strict only).
ReplayReport replay(const Model& model, const Trace& trace, const ReplayOptions& options = {});

}  // namespace gainsay
