#include "properties/linearizability.hpp"

#include <vector>

namespace gainsay {

namespace {

// Tries every order: `placed[c]` operations of client c are already in the order.
bool extend(const History& history, const SequentialObject& object, const Bytes& state,
            std::vector<std::uint32_t>& placed) {
  bool all_returned_placed = true;
  for (std::size_t client = 0; client < history.clients.size(); ++client) {
    const auto& operations = history.clients[client];
    if (placed[client] == operations.size()) continue;
    const HistoryOperation& next = operations[placed[client]];
    all_returned_placed = all_returned_placed && !next.result.has_value();
    // Real time: everything that returned before this one was invoked comes first.
    bool first = true;
    for (std::size_t other = 0; other < placed.size(); ++other) {
      first = first && next.returned_before[other] <= placed[other];
    }
    if (!first) continue;
    auto [after, result] = object.apply(state, next.operation);
    if (next.result && *next.result != result) continue;
    ++placed[client];
    const bool found = extend(history, object, after, placed);
    --placed[client];
    if (found) return true;
  }
  return all_returned_placed;
}

}  // namespace

bool is_linearizable(const History& history, const SequentialObject& object) {
  std::vector<std::uint32_t> placed(history.clients.size(), 0);
  return extend(history, object, object.initial, placed);
}

}  // namespace gainsay
