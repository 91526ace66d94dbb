// Is a recorded history linearizable (Herlihy and Wing, 1990)? Splits it by key, takes the fast way
// for registers where it goes, and else races two searches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "properties/linearizability/history.hpp"
#include "properties/linearizability/model.hpp"

namespace gainsay::linearizability {

enum class Verdict : std::uint8_t { linearizable, not_linearizable, unknown };

// Calls body(i) for each i below count.
using ForEach =
    std::function<void(std::size_t count, const std::function<void(std::size_t)>& body)>;

struct Limits {
  std::size_t bytes_max = std::size_t{1} << 30;
  // Asked often; true ends the search. Here is no clock: whoever has one brings it.
  std::function<bool()> stop;
  // Up to `at_once` bodies at the same time. Here are no threads either; answers do not depend on
  // them. `stop` is then asked by several.
  ForEach for_each;
  unsigned at_once = 1;
  bool partition = true;
  bool explain = true;  // look for the core
};

struct Judgement {
  Verdict verdict = Verdict::unknown;
  std::string unknown_because;  // "memory" or "stopped"

  // Linearizable: operations of the history in an order; those that never returned only where they
  // took effect. Otherwise, with Limits::explain, those of the partitions that have an order.
  std::vector<Id> order;

  // Not linearizable. Without Limits::explain nothing of the following is found.
  // With what returned until this one did there is no order, whatever the open ones answer; before
  // it there is one (unless that is not known). On one of several keys, the earliest.
  Id broken_by = 0;
  bool prefix_has_order = false;
  // Operations that have no order among themselves, nor if every other one could take effect at
  // any time after its invocation, or never. By moment of invocation.
  std::vector<Id> core;
  bool core_is_minimal = false;      // no operation of it can be left out
  std::vector<Bytes> states_before;  // in which the object may be before `broken_by` is placed

  std::size_t partitions = 0;
  std::size_t by_fast_path = 0;  // of them
  std::uint64_t configurations = 0;
};

Judgement judge(const Model& model, const TimedHistory& history, const Limits& limits = {});

}  // namespace gainsay::linearizability
