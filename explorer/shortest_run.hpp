// A short run that violates a property: A* (Hart, Nilsson and Raphael 1968) over the worlds of the
// interned machine, in the order of faults, then of events so far and still to come, of which the
// graph of local states says how many (see local_distance.hpp).
//
// What bounds it is a run that is known. What comes out is nearly always the shortest, but nothing
// proves it: an exhaustive check does.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "explorer/check.hpp"

namespace gainsay {

struct ShortestRunOptions {
  std::uint64_t max_states = 300'000;  // worlds
  std::uint64_t events = 200'000;      // of the random runs that show what local states there are
  std::function<bool()> must_stop{};
};
struct ShortestRunReport {
  std::optional<Counterexample> run;  // none: it did not end, or found nothing as good
  std::uint64_t states = 0;
  std::string because;  // why it did not
};

// Why no distances guide such a search; empty: they do.
std::string obstacle_to_shortest_run(const Model& model, const Counterexample& known);

// REQUIRES: the run violates a property of the model by its last event, or a handler fails in it.
ShortestRunReport shortest_run(const Model& model, const Counterexample& known,
                               const ShortestRunOptions& options = {});

}  // namespace gainsay
