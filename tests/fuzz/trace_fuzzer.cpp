// A hostile trace file gives TraceError, or a replay and a page, never a crash.
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/story.hpp"
#include "explorer/replay.hpp"
#include "explorer/trace_page.hpp"
#include "protocols/catalog.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gainsay;
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const Trace trace = parse_trace(text, "fuzzed");
    trace_data({.name = "fuzzed", .text = text, .trace = trace});
    const Model model = model_of(trace);
    for (const bool lenient : {false, true}) {
      const ReplayReport report = replay(model, trace, {.lenient = lenient});
      tell_story(model.system, report.events);
      if (lenient || report.divergence || report.steps < trace.events.size()) continue;
      trace_data({.name = "fuzzed", .text = text, .trace = trace, .model = &model});
    }
  } catch (const TraceError&) {
  }
  return 0;
}
