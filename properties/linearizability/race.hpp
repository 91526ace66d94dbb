// One object's operations, judged by two searches in turn or at once: the depth-first one is quick
// where there is an order, the breadth-first one where there is none.
#pragma once

#include <span>

#include "properties/linearizability/judge.hpp"

namespace gainsay::linearizability {

struct RaceLimits {
  std::size_t bytes_max = 0;
  std::size_t expansions_max = ~std::size_t{0};
  const std::function<bool()>* stop = nullptr;
  const ForEach* for_each = nullptr;  // see Limits
};

// Fills what a Judgement says of one partition, but for the core.
Judgement race(const Model& model, const TimedHistory& history, std::span<const Id> operations,
               const RaceLimits& limits);

}  // namespace gainsay::linearizability
