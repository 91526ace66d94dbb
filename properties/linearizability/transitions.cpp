#include "properties/linearizability/transitions.hpp"

#include <stdexcept>

namespace gainsay::linearizability {

Transitions::Transitions(const Model& model, const std::vector<const Kind*>& kinds,
                         const std::function<bool()>* stop)
    : model_(model), kinds_(kinds), observes_(kinds.size()), stop_(stop) {
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    observes_[kind] = model.observes && model.observes(*kinds[kind]);
  }
  intern(model.initial);
}

Id Transitions::intern(const Bytes& state) {
  const auto found = index_.find(state);
  if (found != index_.end()) return found->second;
  const auto id = static_cast<Id>(states_.size());
  states_.push_back(state);
  index_.emplace(states_.back(), id);
  state_bytes_ += sizeof(Bytes) + state.size() + 32;  // with what the allocator adds
  return id;
}

void Transitions::spend(std::size_t bytes) {
  constexpr std::size_t between_looks = std::size_t{1} << 18;
  spent_ += bytes + 64;
  if (spent_ < between_looks) return;
  spent_ = 0;
  if (this->bytes() > bytes_max_) throw LimitReached{"memory"};
  if (stop_ != nullptr && *stop_ && (*stop_)()) throw LimitReached{"stopped"};
}

Transitions::Range Transitions::compute(Id state, Id kind) {
  spend(states_[state].size());
  Range range{.first = static_cast<Id>(targets_.size())};
  for (const Bytes& next : model_.next(states_[state], *kinds_[kind])) {
    const Id id = intern(next);
    if (observes_[kind] && id != state) {
      throw std::logic_error("model " + model_.name + ": an operation that observes has an effect");
    }
    targets_.push_back(id);
    ++range.count;
  }
  memo_.emplace(std::uint64_t{state} << 32 | kind, range);
  return range;
}

bool Transitions::leads(Id state, Id kind) {
  const auto [place, added] = leads_.try_emplace(std::uint64_t{state} << 32 | kind);
  if (added) {
    spend(states_[state].size());
    place->second = model_.leads(states_[state], *kinds_[kind]);
  }
  return place->second;
}

std::size_t Transitions::bytes() const {
  // A table that grows is there twice for a moment, the new one twice as large.
  return state_bytes_ + (memo_.bucket_count() + leads_.bucket_count()) * 18 * 3 +
         index_.bucket_count() * 26 * 3 + targets_.capacity() * sizeof(Id) * 3;
}

}  // namespace gainsay::linearizability
