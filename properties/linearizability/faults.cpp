#include "properties/linearizability/faults.hpp"

namespace gainsay::linearizability {

namespace {

constexpr std::size_t text_max = 200;
constexpr std::size_t faults_max = 1'000'000;

// What is left of the function without this word, where it begins or ends with it.
std::optional<std::string> without(const std::string& function, const std::string& word) {
  if (function == word) return "";
  if (function.starts_with(word + "-")) return function.substr(word.size() + 1);
  if (function.ends_with("-" + word)) {
    return function.substr(0, function.size() - word.size() - 1);
  }
  return std::nullopt;
}

std::string told(const std::string& function, const std::string& value) {
  std::string text = value.empty() ? function : function + " " + value;
  if (text.size() > text_max) text = text.substr(0, text_max) + "...";
  return text;
}

}  // namespace

void Faults::add(std::uint64_t line, const std::string& function, const std::string& value,
                 Moment now) {
  if (faults_.size() == faults_max) throw HistoryError("has too many faults");
  const std::string name = function.starts_with(':') ? function.substr(1) : function;
  if (const auto rest = without(name, "start")) return start(line, *rest, told(name, value), now);
  if (const auto rest = without(name, "stop")) return stop(*rest, now);
  if (last_ == name) {
    faults_.back().text = told(name, value);
    faults_.back().to = now;
    last_.reset();
    return;
  }
  faults_.push_back({.line = line, .text = told(name, value), .from = now, .to = now});
  last_ = name;
}

void Faults::start(std::uint64_t line, const std::string& name, const std::string& text,
                   Moment now) {
  last_.reset();
  const auto found = open_.find(name);
  if (found != open_.end() && !found->second.stopping) {
    faults_[found->second.fault].text = text;
    return;
  }
  open_[name] = {.fault = faults_.size()};
  faults_.push_back({.line = line, .text = text, .from = now});
}

void Faults::stop(const std::string& name, Moment now) {
  last_.reset();
  const auto found = open_.find(name);
  if (found == open_.end()) return;
  faults_[found->second.fault].to = now;
  found->second.stopping = true;
}

}  // namespace gainsay::linearizability
