#include "properties/linearizability/transitions.hpp"

#include <stdexcept>

namespace gainsay::linearizability {

Transitions::Transitions(const Model& model, const std::vector<const Kind*>& kinds)
    : model_(model), kinds_(kinds), observes_(kinds.size()) {
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    observes_[kind] = model.observes && model.observes(*kinds[kind]);
  }
  intern(model.initial);
}

Id Transitions::intern(const Bytes& state) {
  const auto [place, added] = index_.try_emplace(state, static_cast<Id>(states_.size()));
  if (added) {
    states_.push_back(state);
    state_bytes_ += 2 * (state.size() + sizeof(Bytes)) + 16;
  }
  return place->second;
}

Transitions::Range Transitions::compute(Id state, Id kind) {
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
  if (added) place->second = model_.leads(states_[state], *kinds_[kind]);
  return place->second;
}

std::size_t Transitions::bytes() const {
  return state_bytes_ + (memo_.bucket_count() + leads_.bucket_count()) * 18 +
         targets_.capacity() * sizeof(Id);
}

}  // namespace gainsay::linearizability
