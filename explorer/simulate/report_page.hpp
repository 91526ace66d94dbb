// What the page shows of a simulation: the verdict, the figures, charts over virtual time, who led,
// faults, messages, links, load and properties.
#pragma once

#include <string>
#include <string_view>

namespace gainsay {

// A JSON object, kind "report"; web/src/report/data.ts says what is in it. `results` is what
// simulate_json says; it is all there, the time line by columns, which takes less room than a name
// for every number. `command` gives the same run; empty where it is not known.
// REQUIRES: results are those of a simulation. Throws std::exception where they are not.
std::string report_data(std::string_view results, const std::string& command = "");
// The HTML file.
std::string report_page(std::string_view results, const std::string& command = "");

}  // namespace gainsay
