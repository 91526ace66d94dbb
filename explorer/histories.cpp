#include "explorer/histories.hpp"

#include "engine/reflect.hpp"

namespace gainsay {

namespace {

struct Unread {};

Futures futures_that_nothing_reads() {
  return {.type = &type_of<Unread>(),
          .initial = encoded(Unread{}),
          .next = [](BytesView future, NodeId, const Label&) { return Bytes(future); },
          .holds = [](BytesView) { return true; },
          .has_result = [](BytesView) { return false; }};
}

std::vector<const Property*> of_history(const std::vector<const Property*>& properties) {
  std::vector<const Property*> selected;
  for (const Property* property : properties) {
    if (property->scope == Scope::history) selected.push_back(property);
  }
  return selected;
}

}  // namespace

std::string obstacle_to_futures(const System& system,
                                const std::vector<const Property*>& properties) {
  if (system.operation_type == nullptr) return "there are no clients";
  const auto readers = of_history(properties);
  for (const Property* reader : readers) {
    if (!reader->futures) return '"' + reader->name + "\" is judged by the whole history";
  }
  if (readers.size() > 1) return "more than one property reads them";
  return "";
}

bool futures_are_read(const System& system, const std::vector<const Property*>& properties) {
  return !of_history(properties).empty() && obstacle_to_futures(system, properties).empty();
}

std::optional<Futures> futures_of_histories(const System& system,
                                            const std::vector<const Property*>& properties) {
  if (!obstacle_to_futures(system, properties).empty()) return std::nullopt;
  const auto readers = of_history(properties);
  return readers.empty() ? futures_that_nothing_reads() : readers.front()->futures;
}

}  // namespace gainsay
