// What the clients of a replicated key-value store do: each appends its own letter to one shared
// key and reads it back, in turn.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/client.hpp"
#include "engine/system.hpp"
#include "properties/sequential_models.hpp"

namespace gainsay {

std::vector<WorkItem<kv::Operation>> appends_and_reads(std::uint32_t client,
                                                       std::uint32_t operations,
                                                       const std::vector<NodeId>& servers);
// All clients of the bounds, client k beginning at server k. In async they ask all servers at once;
// elsewhere a timer goes on to the next.
Workload<kv::Operation> appends_and_reads(const Bounds& bounds);

}  // namespace gainsay
