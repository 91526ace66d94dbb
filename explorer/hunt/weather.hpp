// The weather of a run on the live world: a short simulation, all of whose circumstances are drawn
// from one stream. Each run has some kinds of faults and not others (swarm testing: Groce and
// others, ISSTA 2012): loss, repetition, reordering, links and disks of any latency, clocks that
// drift, partitions of any shape, and the crashes that the bounds have.
//
// Soundness. What a simulation does is a run under `async`, and crashes, restarts, timeouts and
// limits are kept to those of the bounds (SimulationOptions::keeps_bounds), so each run is one that
// a check within the same bounds looks at. What a simulation cannot do is refused
// (`why_no_weather`).
#pragma once

#include <cstdint>
#include <string>

#include "engine/simulator/simulation.hpp"

namespace gainsay {

// Why runs of a system cannot be simulations; empty: they can.
std::string why_no_weather(const System& system);

// Of at most so many steps, those of the starts not counted. REQUIRES: nothing is against it.
SimulationOptions draw_weather(const System& system, RandomStream& random, std::uint32_t steps_max);

}  // namespace gainsay
