// A recorded client history: who asked what when, and what was answered. Equal calls with equal
// answers are one kind, so that the search compares numbers.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "engine/bytes.hpp"

namespace gainsay::linearizability {

using Id = std::uint32_t;
using Moment = std::uint64_t;
inline constexpr Moment never = std::numeric_limits<Moment>::max();

struct Kind {
  Bytes call;
  std::optional<Bytes> result;  // none: it never returned, so anything may have been the answer
};

// Intervals are closed: operations of which one returns at the moment when the other is invoked
// are concurrent.
struct Operation {
  Id client = 0;
  Id object = 0;  // independent objects, each of them as the model says
  Id kind = 0;
  Moment invoked = 0;
  Moment returned = never;
};
inline bool precedes(const Operation& a, const Operation& b) { return a.returned < b.invoked; }

class TimedHistory {
 public:
  // A result goes with a moment of return, not before the invocation; anything else throws
  // std::logic_error.
  void add(Id client, const Bytes& call, const std::optional<Bytes>& result, Moment invoked,
           Moment returned, Id object = 0);

  const std::vector<Kind>& kinds() const { return kinds_; }
  const std::vector<Operation>& operations() const { return operations_; }
  const Kind& kind_of(Id operation) const { return kinds_[operations_[operation].kind]; }
  // Where nothing returned, any order is right: a judgement says nothing.
  bool has_result() const {
    return std::ranges::any_of(
        operations_, [](const Operation& operation) { return operation.returned != never; });
  }

 private:
  std::vector<Kind> kinds_;
  std::vector<Operation> operations_;
  Id kind_like(const Bytes& call, const std::optional<Bytes>& result);

  boost::unordered_flat_map<std::uint64_t, Id> index_;  // by hash: the youngest kind
  std::vector<Id> older_;                               // by kind: the one before it with its hash
};

}  // namespace gainsay::linearizability
