#include "engine/history.hpp"

#include <algorithm>
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

}  // namespace gainsay
