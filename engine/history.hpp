// The client history of a run, as the real-time order that linearizability needs and no more: two
// runs whose operations overlap in the same way have equal histories.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/bytes.hpp"
#include "engine/step.hpp"

namespace gainsay {

struct HistoryOperation {
  Bytes operation;
  std::optional<Bytes> result;  // none while the operation is open
  // For each client: how many of its operations had returned when this one was invoked.
  std::vector<std::uint32_t> returned_before;
};

struct History {
  std::vector<std::vector<HistoryOperation>> clients;  // by client, in program order
};

// Records an invocation or a response of a client (counted from 0). A response without an open
// operation throws std::logic_error.
void record(History& history, std::size_t client, const Label& label);
// An operation has not returned.
bool is_open(const History& history);

struct HistoryEvent {
  std::size_t client = 0;
  Label label;
};
// Events that record this history; there may be others, in another order.
std::vector<HistoryEvent> events_of(const History& history);

}  // namespace gainsay
