// What the page shows of a trace: the story, the space-time diagram, every step with what it
// changed, the clients' history, and the facts of the run. Never larger than it may be: what is cut
// is said.
#pragma once

#include <cstddef>
#include <string>

#include "explorer/trace_content.hpp"

namespace gainsay {

struct TraceReport {
  std::string name;  // of the file
  std::string text;  // the file
  const Trace& trace;
  const Model* model = nullptr;  // null where it is not known here, or runs otherwise
  std::string note{};            // why, for the reader
};

struct TracePageLimits {
  std::size_t bytes_max = 12'000'000;  // of the page
};

// A JSON object, kind "trace"; web/src/trace/data.ts says what is in it.
// REQUIRES: the trace replays in the model, if there is one.
std::string trace_data(const TraceReport& report, const TracePageLimits& limits = {});
// The HTML file.
std::string trace_page(const TraceReport& report, const TracePageLimits& limits = {});

}  // namespace gainsay
