// The traces that the tree keeps.
#pragma once

#include <string>

#include "explorer/replay.hpp"

namespace gainsay {

// "raft-vote-not-persisted"
inline Trace trace_named(const std::string& name) {
  return read_trace(std::string(GAINSAY_SOURCE_DIR) + "/traces/" + name + ".trace.json");
}

}  // namespace gainsay
