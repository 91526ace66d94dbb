#include "properties/sequential_consistency.hpp"

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>

namespace gainsay {

namespace {

class Interleavings {
 public:
  Interleavings(const History& history, const SequentialObject& object, const Programs& programs)
      : history_(history), object_(object), programs_(programs), placed_(programs.size(), 0) {
    if (history.clients.size() > programs.size()) {
      throw std::logic_error("sequential consistency: a client without a program");
    }
  }

  // Can the rest of the programs follow, where what was placed left the object in this state?
  bool explain(const Bytes& state) {
    if (everything_returned_is_placed()) return true;
    if (!tried_.insert(encoded(placed_) + state).second) return false;
    for (std::size_t client = 0; client < programs_.size(); ++client) {
      if (placed_[client] == programs_[client].size()) continue;
      const auto [after, result] = object_.apply(state, programs_[client][placed_[client]]);
      const Bytes* returned = result_of(client, placed_[client]);
      if (returned != nullptr && *returned != result) continue;
      ++placed_[client];
      const bool found = explain(after);
      --placed_[client];
      if (found) return true;
    }
    return false;
  }

 private:
  // Null: it has not returned.
  const Bytes* result_of(std::size_t client, std::size_t operation) const {
    if (client >= history_.clients.size()) return nullptr;
    const auto& operations = history_.clients[client];
    if (operation >= operations.size() || !operations[operation].result) return nullptr;
    return &*operations[operation].result;
  }
  bool everything_returned_is_placed() const {
    for (std::size_t client = 0; client < programs_.size(); ++client) {
      if (result_of(client, placed_[client]) != nullptr) return false;  // those return in order
    }
    return true;
  }

  const History& history_;
  const SequentialObject& object_;
  const Programs& programs_;
  std::vector<std::uint32_t> placed_;  // by client
  boost::unordered_flat_set<Bytes> tried_;
};

}  // namespace

bool is_sequentially_consistent(const History& history, const SequentialObject& object,
                                const Programs& programs) {
  return Interleavings(history, object, programs).explain(object.initial);
}

}  // namespace gainsay
