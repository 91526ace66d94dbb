// The slow, obvious twin of the explorer: breadth-first search over copies of the live world, with
// no tables, no ids and no threads. Only for small systems.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/world.hpp"
#include "properties/property.hpp"

namespace gainsay::testing {

struct SlowReport {
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::uint32_t depth = 0;
  std::set<std::vector<Bytes>> vectors;  // local states of the nodes
  bool violated = false;
  // Of the least violation by (fault cost, depth).
  std::uint32_t faults = 0;
  std::uint32_t violation_depth = 0;
};

// Explores everything, also behind a violation unless it is a handler's fault.
SlowReport slow_check(const Model& model, std::uint64_t states_max = 200'000);

// A canonical name of a world: all its content, as bytes.
Bytes content_of(const LiveWorld& world);

}  // namespace gainsay::testing
