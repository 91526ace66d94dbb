// Jepsen's history.edn (maps one after another, or in one vector) and Porcupine's key-value text.
#include "properties/linearizability/events.hpp"

namespace gainsay::linearizability {

namespace {

std::string keyword(const Datum& datum) {
  if (datum.kind == Datum::Kind::atom && datum.text.starts_with(':')) return datum.text.substr(1);
  return to_value(datum);
}

void add_event(const Datum& map, std::uint64_t line, Events& events) {
  if (map.kind != Datum::Kind::map) throw HistoryError("an event is a map");
  Event event{.line = line,
              .process = to_value(map.at(":process")),
              .type = keyword(map.at(":type")),
              .function = keyword(map.at(":f")),
              .value = map.at(":value"),
              .has_error = !map.at(":error").is_nil()};
  if (map.at(":process").is_nil()) throw HistoryError("an event has no process");
  event.is_fault = event.process == ":nemesis";
  if (!map.at(":key").is_nil()) event.key = map.at(":key");
  events.add(std::move(event));
}

}  // namespace

// A map may go over several lines, so text is gathered until one is complete.
void read_edn_events(std::istream& input, const ReadLimits& limits, Recorder& recorder) {
  Events events(recorder);
  std::string line, text;
  std::uint64_t number = 0;
  // Brackets decide where maps end; strings and remarks hide them.
  std::size_t depth = 0;
  bool in_vector = false, in_string = false;
  const auto flush = [&] {
    std::string_view rest = text;
    for (Datum datum; read_edn(rest, datum);) add_event(datum, number, events);
    text.clear();
  };
  try {
    while (read_line(input, line, limits)) {
      ++number;
      for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (!in_string && c == ';') break;
        const bool vector = depth == 0 && !in_string && (c == '[' || c == ']');
        if (vector) {
          if ((c == '[') == in_vector) throw HistoryError("events stand in one vector or none");
          in_vector = c == '[';
          continue;
        }
        text.push_back(c);
        if (text.size() > limits.line_bytes_max) throw HistoryError("an event is too long");
        if (in_string && c == '\\' && i + 1 < line.size()) text.push_back(line[++i]);
        if (c == '"') in_string = !in_string;
        if (in_string) continue;
        if (c == '{' || c == '[' || c == '(') ++depth;
        if (c == '}' || c == ']' || c == ')') {
          if (depth == 0) throw HistoryError("a bracket closes nothing");
          if (--depth == 0) flush();
        }
      }
      text.push_back('\n');
    }
    flush();
    if (in_vector) throw HistoryError("the vector of events has no end");
  } catch (const HistoryError& error) {
    rethrow_at(number, error);
  }
  events.finish();
}

}  // namespace gainsay::linearizability
