// What a check found, for people and for the disk.
#pragma once

#include <filesystem>
#include <string>

#include "explorer/check.hpp"

namespace gainsay {

// What holds, within which bounds and at what cost in two lines; or what broke and the shortest
// story of it. Within 80 columns.
std::string summary(const CheckReport& report, bool verbose);

// Writes the trace of the counterexample into the directory, which is made if need be, and returns
// its path; empty without a counterexample. The name ends in a hash of the contents, so that one
// finding never replaces another. Throws FileError.
std::filesystem::path save_trace(const Model& model, const CheckReport& report,
                                 const std::filesystem::path& directory);

}  // namespace gainsay
