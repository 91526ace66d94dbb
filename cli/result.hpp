// The result of a check for machines: one object on one line.
#pragma once

#include <filesystem>
#include <string>

#include "explorer/check.hpp"

namespace gainsay::cli {

// `trace` is empty without a counterexample.
std::string result_json(const Model& model, const CheckReport& report,
                        const std::filesystem::path& trace);

}  // namespace gainsay::cli
