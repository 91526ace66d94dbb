#include "properties/linearizability/history.hpp"

#include <stdexcept>
#include <utility>

namespace gainsay::linearizability {

// The kind of this call and result, which is made if there is none.
Id TimedHistory::kind_like(const Bytes& call, const std::optional<Bytes>& result) {
  constexpr Id none = ~Id{0};
  const std::uint64_t seed = result ? content_hash(*result).low : 1;
  const std::uint64_t hash = content_hash(call, seed).low;
  Id& youngest = index_.try_emplace(hash, none).first->second;
  for (Id kind = youngest; kind != none; kind = older_[kind]) {
    if (kinds_[kind].call == call && kinds_[kind].result == result) return kind;
  }
  older_.push_back(std::exchange(youngest, static_cast<Id>(kinds_.size())));
  kinds_.push_back({call, result});
  return youngest;
}

void TimedHistory::add(Id client, const Bytes& call, const std::optional<Bytes>& result,
                       Moment invoked, Moment returned, Id object) {
  if (result.has_value() != (returned != never) || returned < invoked) {
    throw std::logic_error("an operation has a result when it returned, after its invocation");
  }
  operations_.push_back({client, object, kind_like(call, result), invoked, returned});
}

}  // namespace gainsay::linearizability
