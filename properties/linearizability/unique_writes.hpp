// Plain registers to which no value is written twice: linearizability in O(n log n), by zones
// (Gibbons and Korach, Testing Shared Memories, 1997).
#pragma once

#include <optional>
#include <span>

#include "properties/linearizability/judge.hpp"

namespace gainsay::linearizability {

// None where an operation is no read or write, or a value may have been written twice.
std::optional<Judgement> judge_unique_writes(const Model& model, const TimedHistory& history,
                                             std::span<const Id> operations);

}  // namespace gainsay::linearizability
