// The page on which somebody walks by hand, and what it asks for: JSON, as web/src/explore/data.ts
// has it. Never larger than it may be: what is left out is counted.
#pragma once

#include <cstddef>
#include <string>

#include "explorer/explore.hpp"
#include "explorer/nearest.hpp"

namespace gainsay {

struct ExplorePage {
  const Model& model;
  std::string command;  // which shows this page again
  Path path{};          // where it begins; the whole of a trace, say
  std::string name{};   // of the trace file; empty: none
};
// A JSON object, kind "explore".
std::string explore_data(const ExplorePage& page);

// As a link has it. All of these throw PathError.
struct PathQuestion {
  std::string path;
  std::string world{};    // the beginning of the hash of the world that it led to; empty: not known
  std::size_t known = 0;  // steps that need not be told again
};
// The world there, and what can be chosen.
std::string world_data(Exploration& exploration, const PathQuestion& question);
// The nearest violation from there.
std::string nearest_data(Exploration& exploration, const PathQuestion& question,
                         const NearestOptions& options = {});
// The run so far, as a page of a trace has it (trace_data).
std::string run_data(Exploration& exploration, const PathQuestion& question);
// The run so far as a trace file, with the first property that it violates.
std::string run_file(Exploration& exploration, const PathQuestion& question);

}  // namespace gainsay
