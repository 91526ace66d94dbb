#include "properties/linearizability.hpp"

#include <stdexcept>
#include <vector>

#include "properties/linearizability/judge.hpp"
#include "properties/linearizability/recorder.hpp"

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

bool is_short(const History& history) {
  std::size_t operations = 0;
  for (const auto& client : history.clients) operations += client.size();
  return operations <= 12;
}

bool is_linearizable(const History& history, const linearizability::Model& model) {
  linearizability::HistoryRecorder recorder(history.clients.size());
  linearizability::Moment now = 0;
  for (const HistoryEvent& event : events_of(history)) {
    recorder.take(event.client, event.label, ++now);
  }
  recorder.finish();
  const auto judgement = linearizability::judge(model, recorder.history(), {.explain = false});
  if (judgement.verdict == linearizability::Verdict::unknown) {
    throw std::runtime_error("the client history takes too much memory to be judged");
  }
  return judgement.verdict == linearizability::Verdict::linearizable;
}

}  // namespace gainsay
