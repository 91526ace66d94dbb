// Jepsen's console log: "INFO  jepsen.util - PROCESS<TAB>:TYPE<TAB>:F<TAB>VALUE", among others.
#include "properties/linearizability/events.hpp"

namespace gainsay::linearizability {

namespace {

std::string_view until_tab(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find('\t'));
  rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  return word;
}

std::string keyword(std::string_view word) {
  if (!word.starts_with(':')) throw HistoryError("a keyword is missing");
  return std::string(word.substr(1));
}

bool is_number(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

// "0 :ok :read 5": an event whose tabs were lost on the way.
bool has_lost_tabs(std::string_view rest) {
  const std::size_t type = rest.find(" :");
  if (type == std::string_view::npos || !is_number(rest.substr(0, type))) return false;
  const std::string_view word = rest.substr(type + 2);
  for (const std::string_view known : {"invoke ", "ok ", "fail ", "info "}) {
    if (word.starts_with(known)) return true;
  }
  return false;
}

void add_event(std::string_view rest, std::uint64_t line, Events& events) {
  const std::string_view process = until_tab(rest);
  Event event{.line = line, .process = std::string(process)};
  if (process == ":nemesis") {
    until_tab(rest);
    event.is_fault = true;
    event.function = std::string(until_tab(rest));
    event.value = {.kind = Datum::Kind::string, .text = std::string(until_tab(rest))};
    events.add(std::move(event));
    return;
  }
  if (!is_number(process)) throw HistoryError("a process is a number");
  event.type = keyword(until_tab(rest));
  event.function = keyword(until_tab(rest));
  const std::string_view value = until_tab(rest);
  std::string_view text = value;
  Datum more;
  read_edn(text, event.value);
  if (read_edn(text, more)) throw HistoryError("more than one value");
  event.has_error = !rest.empty();
  events.add(std::move(event));
}

}  // namespace

void read_log(std::istream& input, const ReadLimits& limits, Recorder& recorder) {
  Events events(recorder);
  std::string line;
  for (std::uint64_t number = 1; read_line(input, line, limits); ++number) {
    // Lines of other loggers, and what the test says beside its events, have no tabs.
    const std::size_t logger = line.find("jepsen.util");
    if (logger == std::string::npos) continue;
    std::string_view rest = std::string_view(line).substr(logger + 11);
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" -")));
    try {
      if (rest.find('\t') == std::string_view::npos) {
        if (has_lost_tabs(rest)) throw HistoryError("has blanks in place of its tabs");
        continue;
      }
      add_event(rest, number, events);
    } catch (const HistoryError& error) {
      rethrow_at(number, error);
    }
  }
  events.finish();
}

}  // namespace gainsay::linearizability
