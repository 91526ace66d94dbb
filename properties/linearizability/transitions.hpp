// The states of one object as numbers, and where each kind of operation leads from them, computed
// once for each (state, kind).
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "properties/linearizability/model.hpp"

namespace gainsay::linearizability {

// What a search may take is used up. Thrown, because that shows in the middle of an expansion too:
// one step of a model with large states takes long, and an expansion has as many as there are open
// operations.
struct LimitReached {
  const char* which = "";  // as Judgement::unknown_because
};

class Transitions {
 public:
  static constexpr Id initial = 0;

  // Keeps references to both, and the pointer, which may be null.
  Transitions(const Model& model, const std::vector<const Kind*>& kinds,
              const std::function<bool()>* stop = nullptr);

  // From here on, so many bytes may be added; else LimitReached is thrown.
  void allow(std::size_t more_bytes) { bytes_max_ = bytes() + more_bytes; }

  // Where this kind leads; empty where it cannot happen. Valid until the next call.
  std::span<const Id> next(Id state, Id kind) {
    const std::uint64_t key = std::uint64_t{state} << 32 | kind;
    const auto found = memo_.find(key);
    const Range range = found != memo_.end() ? found->second : compute(state, kind);
    return {targets_.data() + range.first, range.count};
  }
  bool possible(Id state, Id kind) { return !next(state, kind).empty(); }
  // Wherever this kind can happen it leaves the state alone.
  bool observes(Id kind) const { return observes_[kind]; }

  // Model::leads, remembered. REQUIRES: the model has it.
  bool leads(Id state, Id kind);
  // Model::forget. REQUIRES: the model has it.
  Id forget(Id state, Id kind) {
    spend(states_[state].size());
    return intern(model_.forget(states_[state], *kinds_[kind]));
  }

  BytesView state(Id id) const { return states_[id]; }
  std::size_t bytes() const;  // of memory, about

 private:
  struct Range {
    Id first = 0;
    Id count = 0;
  };
  Range compute(Id state, Id kind);
  // A step of the model was done, on so many bytes.
  void spend(std::size_t bytes);
  Id intern(const Bytes& state);

  const Model& model_;
  const std::vector<const Kind*>& kinds_;
  std::vector<bool> observes_;
  const std::function<bool()>* stop_;
  std::deque<Bytes> states_;
  boost::unordered_flat_map<BytesView, Id> index_;  // views of states_
  boost::unordered_flat_map<std::uint64_t, Range> memo_;
  boost::unordered_flat_map<std::uint64_t, bool> leads_;
  std::vector<Id> targets_;
  std::size_t state_bytes_ = 0;
  std::size_t bytes_max_ = ~std::size_t{0};
  std::size_t spent_ = 0;  // since the last look at the limits
};

}  // namespace gainsay::linearizability
