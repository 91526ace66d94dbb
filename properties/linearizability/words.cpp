#include "properties/linearizability/words.hpp"

namespace gainsay::linearizability {

namespace {

template <class Result>
std::string with_end(const std::string& call, const std::optional<Result>& result,
                     const std::string& answer) {
  return call + (result ? ": " + answer : " (never returned)");
}

}  // namespace

std::string words(const models::Value& value) {
  return value.starts_with('"') ? value + '"' : value;
}

std::string state_words(const std::string& description) {
  std::string_view rest = description;
  constexpr std::string_view alone = "State{value=";
  if (rest.starts_with(alone)) rest = rest.substr(alone.size(), rest.size() - alone.size() - 1);
  std::string text;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] != '"') {
      text += rest[i];
      continue;
    }
    std::string value;
    for (++i; i < rest.size() && rest[i] != '"'; ++i) {
      if (rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\'))
        ++i;
      value += rest[i];
    }
    text += words(value);
  }
  return text;
}

std::string words(const models::CasRegister::Operation& operation,
                  const std::optional<models::CasRegister::Result>& result) {
  switch (operation.action) {
    case models::CasRegister::Action::read:
      return with_end("read", result, result ? words(result->value) : "");
    case models::CasRegister::Action::write:
      return with_end("write " + words(operation.value), result, "ok");
    case models::CasRegister::Action::compare_and_set:
      return with_end("cas " + words(operation.expected) + " -> " + words(operation.value), result,
                      result && result->changed ? "ok" : "not equal");
  }
  return "";
}

std::string words(const models::KeyValue::Operation& operation,
                  const std::optional<models::KeyValue::Result>& result) {
  const std::string key = words(operation.key);
  if (operation.action == models::KeyValue::Action::get) {
    return with_end("get " + key, result, result ? words(result->value) : "");
  }
  const bool append = operation.action == models::KeyValue::Action::append;
  return with_end((append ? "append " : "put ") + key + " " + words(operation.value), result, "ok");
}

std::string words(const models::Queue::Operation& operation,
                  const std::optional<models::Queue::Result>& result) {
  if (operation.put) return with_end("put " + words(operation.value), result, "ok");
  return with_end("take", result, result ? words(result->value) : "");
}

std::string words(const models::Set::Operation& operation,
                  const std::optional<models::Set::Result>& result) {
  switch (operation.action) {
    case models::Set::Action::add:
      return with_end("add " + words(operation.value), result, "ok");
    case models::Set::Action::remove:
      return with_end("remove " + words(operation.value), result, "ok");
    case models::Set::Action::contains:
      return with_end("contains " + words(operation.value), result,
                      result && result->present ? "true" : "false");
    case models::Set::Action::read:
      break;
  }
  std::string values;
  if (result) {
    for (const models::Value& value : result->values) {
      values += (values.empty() ? "" : " ") + words(value);
    }
  }
  return with_end("read", result, "{" + values + "}");
}

std::string words(const models::Counter::Operation& operation,
                  const std::optional<models::Counter::Result>& result) {
  const auto number = [](std::uint64_t value) {
    return std::to_string(static_cast<std::int64_t>(value));
  };
  if (operation.add) return with_end("add " + number(operation.by), result, "ok");
  return with_end("read", result, result ? number(result->value) : "");
}

std::string words(const models::Mutex::Operation& operation,
                  const std::optional<models::Mutex::Result>& result) {
  return with_end(operation.acquire ? "acquire" : "release", result,
                  result && result->done ? "ok" : "refused");
}

std::string words(const models::MultiRegister::Operation& operation,
                  const std::optional<models::MultiRegister::Result>& result) {
  std::string steps;
  std::size_t reads = 0;
  for (const auto& step : operation) {
    steps += (step.write ? " write " : " read ") + words(step.key);
    if (step.write) steps += " " + words(step.value);
    if (!step.write && result) steps += " = " + words((*result)[reads++]);
  }
  return with_end("txn" + steps, result, "ok");
}

}  // namespace gainsay::linearizability
