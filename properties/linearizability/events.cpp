#include "properties/linearizability/events.hpp"

namespace gainsay::linearizability {

namespace {

[[noreturn]] void refuse(const Event& event, const std::string& why) {
  throw HistoryError("line " + std::to_string(event.line) + ": process " +
                     event.process.substr(0, 40) + ": " + why);
}

std::string to_words(const Datum& value) {
  if (value.is_nil()) return "";
  return value.kind == Datum::Kind::string ? value.text : to_value(value);
}

bool is_pair(const Datum& datum) {
  return datum.kind == Datum::Kind::list && datum.items.size() == 2;
}

}  // namespace

void Events::add(Event event) {
  if (!independent_) settle_keys(event);
  if (!independent_) {
    waiting_.push_back(std::move(event));
    return;
  }
  while (!waiting_.empty()) {
    Event first = std::move(waiting_.front());
    waiting_.pop_front();
    take(std::move(first));
  }
  take(std::move(event));
}

// Known by the first invocation of a read, or a write whose value is no pair.
void Events::settle_keys(const Event& event) {
  if (event.is_fault || event.type != "invoke") return;
  if (event.key) independent_ = false;
  if (event.function == "read")
    independent_ = is_pair(event.value) && event.value.items[1].is_nil();
  if (event.function != "read" && !is_pair(event.value)) independent_ = false;
}

void Events::take(Event event) {
  if (event.is_fault) {
    faults_.add(event.line, event.function, to_words(event.value), now_);
    return;
  }
  if (event.type == "invoke") {
    invoke(std::move(event));
  } else if (event.type == "ok" || event.type == "fail" || event.type == "info") {
    complete(std::move(event));
  } else {
    refuse(event, "there is no type " + event.type.substr(0, 40));
  }
  ++now_;
}

void Events::invoke(Event event) {
  RecordedOperation operation{.line = event.line,
                              .client = recorder_.client(event.process),
                              .function = event.function,
                              .key = std::move(event.key),
                              .invoked = now_};
  require_key(event);
  split_key(operation, event.value);
  operation.argument = std::move(event.value);
  if (!open_.try_emplace(event.process, std::move(operation)).second) {
    refuse(event, "invokes again before it has an answer");
  }
}

void Events::complete(Event event) {
  const auto found = open_.find(event.process);
  if (found == open_.end()) {
    if (event.type == "info") return;  // a remark
    refuse(event, "has an answer without an invocation");
  }
  RecordedOperation operation = std::move(found->second);
  open_.erase(found);
  if (event.function != operation.function) refuse(event, "answers another function");
  if (event.type == "info") {
    recorder_.add(operation);
    return;
  }
  const Id object = operation.object;
  if (event.type == "ok") require_key(event);
  split_key(operation, event.value);
  if (event.type == "ok" && operation.object != object) refuse(event, "answers for another key");
  operation.object = object;
  operation.outcome = event.type == "ok" ? Outcome::ok
                      : event.has_error  ? Outcome::rejected
                                         : Outcome::failed;
  operation.answer = std::move(event.value);
  operation.returned = now_;
  recorder_.add(operation);
}

void Events::require_key(const Event& event) const {
  if (*independent_ && !is_pair(event.value)) {
    refuse(event, event.function.substr(0, 40) + " needs [key value], as the others have");
  }
}

void Events::split_key(RecordedOperation& operation, Datum& value) const {
  if (!*independent_ || !is_pair(value)) return;
  operation.object = recorder_.object(to_value(value.items[0]));
  Datum inner = std::move(value.items[1]);
  value = std::move(inner);
}

void Events::finish() {
  if (!independent_) independent_ = false;
  while (!waiting_.empty()) {
    take(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  for (const auto& [process, operation] : open_) recorder_.add(operation);
  recorder_.add(faults_.take());
}

}  // namespace gainsay::linearizability
