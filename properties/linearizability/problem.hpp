// The operations on one object, laid out for the search. Position p of a search means: the first p
// operations by moment of return have been placed; the next to be placed in time is required[p].
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "properties/linearizability/history.hpp"
#include "properties/linearizability/model.hpp"

namespace gainsay::linearizability {

inline constexpr Id no_id = ~Id{0};

// An operation that returned.
struct Required {
  Id operation = 0;  // in the history
  Id kind = 0;       // in Problem::kinds
  Id slot = 0;       // its bit while it is open; used again by later operations
  Id first = 0;      // the first position at which it had been invoked
  Id twin = no_id;   // the last one of the same kind that returned before it
};

// The operations of one kind that never returned: interchangeable but for the moment of invocation,
// so a search only counts how many took effect.
struct Unreturned {
  Id kind = 0;
  std::vector<Id> operations;  // by invocation
  std::vector<Id> first;       // of each, as above
};

// Lists by position, one after another.
class Lists {
 public:
  std::span<const Id> operator[](std::size_t position) const {
    return {items_.data() + starts_[position], starts_[position + 1] - starts_[position]};
  }
  std::size_t bytes() const {
    return items_.capacity() * sizeof(Id) + starts_.capacity() * sizeof(std::size_t);
  }
  void add(std::span<const Id> items) {
    items_.insert(items_.end(), items.begin(), items.end());
    starts_.push_back(items_.size());
  }

 private:
  std::vector<Id> items_;
  std::vector<std::size_t> starts_ = {0};
};

struct Problem {
  std::vector<const Kind*> kinds;
  std::vector<Id> calls;  // of each kind: equal calls have equal numbers
  Id call_count = 0;
  std::vector<Required> required;  // by moment of return
  std::vector<Unreturned> unreturned;
  Id slots = 0;
  // Which of `required` are open at a position, by moment of return; and those that observe, which
  // are open there and were not at the position before.
  Lists effects;
  Lists observers;
  Lists new_observers;

  std::size_t bytes() const {
    return required.capacity() * sizeof(Required) + effects.bytes() + observers.bytes() +
           new_observers.bytes();
  }
};

// The problem of these operations of the history, which must outlive it. Unreturned observers are
// left out: whether they happened does not matter. None when it takes more than this many bytes.
std::optional<Problem> lay_out(const Model& model, const TimedHistory& history,
                               std::span<const Id> operations, std::size_t bytes_max);

}  // namespace gainsay::linearizability
