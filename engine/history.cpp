#include "engine/history.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace gainsay {

void record(History& history, std::size_t client, const Label& label) {
  auto& operations = history.clients.at(client);
  if (label.kind == Label::Kind::invoke) {
    HistoryOperation operation{.operation = label.value, .result = {}, .returned_before = {}};
    for (const auto& others : history.clients) {
      operation.returned_before.push_back(static_cast<std::uint32_t>(std::ranges::count_if(
          others, [](const auto& other) { return other.result.has_value(); })));
    }
    operations.push_back(std::move(operation));
  } else if (label.kind == Label::Kind::respond) {
    if (operations.empty() || operations.back().result) {
      throw std::logic_error("a response without an open operation");
    }
    operations.back().result = label.value;
  }
}

std::vector<HistoryEvent> events_of(const History& history) {
  struct Invocation {
    std::uint64_t before = 0;  // how many operations had returned: orders invocations in time
    std::size_t client = 0;
    const HistoryOperation* operation = nullptr;
  };
  std::vector<Invocation> invocations;
  for (std::size_t client = 0; client < history.clients.size(); ++client) {
    for (const HistoryOperation& one : history.clients[client]) {
      const auto& before = one.returned_before;
      invocations.push_back({.before = std::accumulate(before.begin(), before.end(), 0ULL),
                             .client = client,
                             .operation = &one});
    }
  }
  std::ranges::stable_sort(invocations, {}, &Invocation::before);
  std::vector<HistoryEvent> events;
  std::vector<std::size_t> returned(history.clients.size());
  const auto respond = [&](std::size_t client) {
    const HistoryOperation& one = history.clients[client][returned[client]++];
    events.push_back({client, {.kind = Label::Kind::respond, .value = *one.result}});
  };
  for (const Invocation& invocation : invocations) {
    for (std::size_t client = 0; client < returned.size(); ++client) {
      while (returned[client] < invocation.operation->returned_before[client]) respond(client);
    }
    events.push_back({invocation.client,
                      {.kind = Label::Kind::invoke, .value = invocation.operation->operation}});
  }
  for (std::size_t client = 0; client < returned.size(); ++client) {
    const auto& operations = history.clients[client];
    while (returned[client] < operations.size() && operations[returned[client]].result) {
      respond(client);
    }
  }
  return events;
}

bool is_open(const History& history) {
  return std::ranges::any_of(history.clients, [](const std::vector<HistoryOperation>& client) {
    return !client.empty() && !client.back().result;
  });
}

}  // namespace gainsay
