// Why a history is not linearizable: a small part of it that says so.
#pragma once

#include <span>
#include <vector>

#include "properties/linearizability/judge.hpp"

namespace gainsay::linearizability {

struct Core {
  std::vector<Id> operations;
  bool minimal = false;
};

// The history with these operations as they were recorded and all others of `all` relaxed: what
// observes is left out, what has effects may take effect at any time after its invocation, or
// never. Every order of `all` is one of this, so where this has none, `all` has none.
// `origin` says for each operation of it which one it was.
TimedHistory relaxed(const Model& model, const TimedHistory& history, std::span<const Id> all,
                     std::span<const Id> kept, std::vector<Id>* origin = nullptr);

struct Break {
  Id broken_by = 0;
  bool prefix_has_order = false;
  std::vector<Bytes> states_before;
};

// REQUIRES: `all` is not linearizable, and every prefix whose last operation returned before
// `not_before` did is. Searches know the results of open operations beforehand, a prefix does not,
// so it can be longer than how far they came.
Break find_break(const Model& model, const TimedHistory& history, std::span<const Id> all,
                 Id not_before, const Limits& limits);

// An order of what returned before this operation did, with what was open then where it took
// effect; empty where there is none, or none is known within the limits.
std::vector<Id> prefix_order(const Model& model, const TimedHistory& history,
                             std::span<const Id> all, Id broken_by, const Limits& limits);

// REQUIRES: `all` is not linearizable, and broken_by is as in Judgement.
Core find_core(const Model& model, const TimedHistory& history, std::span<const Id> all,
               Id broken_by, const Limits& limits);

}  // namespace gainsay::linearizability
