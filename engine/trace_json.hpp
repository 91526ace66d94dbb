// The JSON of bounds, for the trace file and for results. For .cpp files that already use
// nlohmann/json.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/system.hpp"

namespace gainsay {

nlohmann::json bounds_json(const Bounds& bounds);

}  // namespace gainsay
