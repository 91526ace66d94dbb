#include "properties/linearizability/history.hpp"

#include <stdexcept>

namespace gainsay::linearizability {

void TimedHistory::add(Id client, const Bytes& call, const std::optional<Bytes>& result,
                       Moment invoked, Moment returned, Id object) {
  if (result.has_value() != (returned != never) || returned < invoked) {
    throw std::logic_error("an operation has a result when it returned, after its invocation");
  }
  Writer key;
  key.text(call);
  if (result) key.text(*result);
  const auto [place, added] = index_.try_emplace(key.take(), static_cast<Id>(kinds_.size()));
  if (added) kinds_.push_back({call, result});
  operations_.push_back({client, object, place->second, invoked, returned});
}

}  // namespace gainsay::linearizability
