// A history falls apart into parts that can be judged each by itself (Herlihy and Wing, 1990,
// theorem 1).
#pragma once

#include <vector>

#include "properties/linearizability/history.hpp"
#include "properties/linearizability/model.hpp"

namespace gainsay::linearizability {

// The operations of each part, in order of the history. Objects are apart, and with `by_key` the
// keys of one object, where the model has any; keys that one operation touches together are
// together.
std::vector<std::vector<Id>> partitions(const Model& model, const TimedHistory& history,
                                        bool by_key);

}  // namespace gainsay::linearizability
