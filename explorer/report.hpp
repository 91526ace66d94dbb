// What a check found, for people and for the disk.
#pragma once

#include <filesystem>
#include <string>

#include "engine/trace.hpp"
#include "explorer/check.hpp"

namespace gainsay {

// Behind the bounds of a verdict: "; only "log matching""; empty where all properties are asked.
std::string only_text(const std::vector<std::string>& properties);

// What holds, within which bounds and at what cost in two lines; or what broke and the shortest
// story of it. Within 80 columns.
std::string summary(const CheckReport& report, bool verbose);
// Of a violation: what happened, and what decided it where that was asked.
std::string story_with_reason(const CheckReport& report);

// The system and its bug, as files and campaigns name them.
std::string label_of(const System& system);
// How a run was found, as its trace says.
struct Provenance {
  std::string mode = "check";
  std::string strategy = "breadth-first";
  std::string seed = "0";
  std::optional<TraceMinimized> minimized{};
};
// Writes the trace into the directory, as below.
std::filesystem::path save_trace(const Model& model, const Counterexample& found,
                                 const Provenance& how, const std::filesystem::path& directory);
// Equal for equal runs that break the same property.
std::string identity_of(const Model& model, const Counterexample& found);
// What a trace of the shorter one says of where it came from.
TraceMinimized minimized(const Model& model, const Counterexample& before,
                         const Counterexample& after);
// The text of the trace.
std::string counterexample_text(const Model& model, const Counterexample& found,
                                const Provenance& how);
// Writes the trace of the counterexample into the directory, which is made if need be, and returns
// its path; empty without a counterexample. The name ends in a hash of the contents, so that one
// finding never replaces another. Throws FileError.
std::filesystem::path save_trace(const Model& model, const CheckReport& report,
                                 const std::filesystem::path& directory);
// The same where the report has its trace.
std::filesystem::path save_trace(const CheckReport& report, const std::filesystem::path& directory);

}  // namespace gainsay
