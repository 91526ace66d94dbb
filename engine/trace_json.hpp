// The JSON of bounds and of what decided a run, for the trace file and for results. For .cpp files
// that already use nlohmann/json.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/system.hpp"
#include "engine/trace.hpp"

namespace gainsay {

nlohmann::json bounds_json(const Bounds& bounds);
nlohmann::json explanation_json(const TraceExplanation& explanation);

}  // namespace gainsay
