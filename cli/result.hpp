// The result of a check: JSON for machines, two lines or a short story for people.
#pragma once

#include <filesystem>
#include <string>

#include "explorer/check.hpp"

namespace gainsay::cli {

struct Finding {
  std::filesystem::path trace;  // empty without a counterexample
  std::string replay;           // the command
};

// Writes the trace before anything is announced. Throws FileError.
Finding save_counterexample(const Model& model, const CheckReport& report,
                            const std::filesystem::path& directory);

std::string result_json(const Model& model, const CheckReport& report, const Finding& finding);
std::string result_text(const Model& model, const CheckReport& report, const Finding& finding,
                        bool verbose);

}  // namespace gainsay::cli
