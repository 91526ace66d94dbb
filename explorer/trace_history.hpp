// The operations of a trace's clients, judged as a recorded history is where the system says what
// object they are of.
#pragma once

#include <string>

#include "explorer/trace_content.hpp"

namespace gainsay {

// A JSON object as of history_data (explorer/history_page.hpp), whose moments and lines are steps;
// empty where there are no operations.
std::string trace_history(const Model& model, const Trace& trace, const TraceContent& content);

}  // namespace gainsay
