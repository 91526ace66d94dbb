// A hostile trace file gives TraceError or a replay, never a crash.
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/story.hpp"
#include "explorer/replay.hpp"
#include "protocols/catalog.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gainsay;
  try {
    const Trace trace =
        parse_trace(std::string(reinterpret_cast<const char*>(data), size), "fuzzed");
    const Model model = model_of(trace);
    for (const bool lenient : {false, true}) {
      const ReplayReport report = replay(model, trace, {.lenient = lenient});
      tell_story(model.system, report.events);
    }
  } catch (const TraceError&) {
  }
  return 0;
}
