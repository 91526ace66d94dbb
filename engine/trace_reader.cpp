// Reading traces: the input is hostile. Size, depth, numbers, names and counts are bounded, and
// whatever is wrong becomes one line with the file, the place and the reason.
#include <algorithm>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/json.hpp"
#include "engine/reflect.hpp"
#include "engine/trace.hpp"

namespace gainsay {

namespace {

using nlohmann::json;

constexpr std::uintmax_t bytes_max = std::uintmax_t{64} << 20;
constexpr int depth_max = 100;
constexpr std::size_t name_max = 200;
constexpr std::size_t text_max = trace_text_max;
constexpr std::size_t events_max = 1'000'000;
constexpr std::uint64_t number_max = 1'000'000'000;

// A value with the path to it, for messages.
class Place {
 public:
  Place(const json& value, std::string path) : value_(value), path_(std::move(path)) {}

  [[noreturn]] void fail(const std::string& reason) const {
    throw TraceError((path_.empty() ? "trace" : path_) + ": " + reason);
  }
  bool has(const char* name) const { return value_.is_object() && value_.contains(name); }
  Place at(const char* name) const {
    if (!value_.is_object()) fail("is not an object");
    const auto found = value_.find(name);
    if (found == value_.end()) fail(std::string("lacks \"") + name + "\"");
    return {*found, path_.empty() ? name : path_ + "." + name};
  }
  Place at(std::size_t i) const { return {value_[i], path_ + "[" + std::to_string(i) + "]"}; }
  std::size_t size(std::size_t most) const {
    if (!value_.is_array()) fail("is not a list");
    if (value_.size() > most) fail("has more than " + std::to_string(most) + " elements");
    return value_.size();
  }
  std::string text(std::size_t most = name_max) const {
    if (!value_.is_string()) fail("is not a string");
    const auto& string = value_.get_ref<const std::string&>();
    if (string.size() > most) fail("is longer than " + std::to_string(most) + " characters");
    return string;
  }
  std::uint32_t number() const {
    if (!value_.is_number_unsigned()) fail("is not a number from 0 on");
    const auto number = value_.get<std::uint64_t>();
    if (number > number_max) fail("is too large");
    return static_cast<std::uint32_t>(number);
  }
  const json& value() const { return value_; }
  const std::string& path() const { return path_; }

 private:
  const json& value_;
  std::string path_;
};

json parse_bounded(const std::string& text) {
  if (text.size() > bytes_max) throw TraceError("is larger than 64 MiB");
  const auto check_depth = [](int depth, json::parse_event_t, json&) {
    if (depth > depth_max) throw TraceError("is nested more than 100 deep");
    return true;
  };
  try {
    return json::parse(text, check_depth);
  } catch (const json::exception& error) {
    std::string reason = error.what();
    reason = reason.substr(0, reason.find('\n')).substr(0, 200);
    throw TraceError("is not JSON: " + reason);
  }
}

void require_schema(const Place& run) {
  if (run.at("schema").text() != "gainsay-trace") {
    run.at("schema").fail("is not \"gainsay-trace\"");
  }
  const Place place = run.at("schema_version");
  const std::string text = place.text();
  const std::size_t dot = text.find('.');
  const bool digits = dot != std::string::npos && dot > 0 && dot < 6 && text.size() < 12 &&
                      text.find_first_not_of("0123456789.") == std::string::npos;
  if (!digits) place.fail("is not a version such as \"1.0\"");
  if (text.substr(0, dot) != "1") {
    place.fail("version " + text + " is not supported; this gainsay reads version 1");
  }
}

std::uint32_t bounded(const Place& place, std::uint32_t most) {
  const std::uint32_t number = place.number();
  if (number > most) place.fail("is more than " + std::to_string(most));
  return number;
}

Bounds read_bounds(const Place& place) {
  Bounds bounds;
  bounds.nodes = bounded(place.at("nodes"), processes_max);
  bounds.clients = bounded(place.at("clients"), processes_max);
  bounds.operations = bounded(place.at("ops"), 1'000'000);
  const std::string network = place.at("network").text();
  bool known = false;
  for (const Network candidate : {Network::async, Network::unordered, Network::fifo}) {
    if (to_string(candidate) != network) continue;
    bounds.network = candidate;
    known = true;
  }
  if (!known) place.at("network").fail("is no network");
  bounds.crashes = bounded(place.at("crashes"), budget_max);
  bounds.restarts = bounded(place.at("restarts"), budget_max);
  bounds.drops = bounded(place.at("drops"), budget_max);
  bounds.duplicates = bounded(place.at("duplicates"), budget_max);
  if (place.has("timeouts")) bounds.timeouts = bounded(place.at("timeouts"), budget_max);
  const Place limits = place.at("limits");
  if (!limits.value().is_object()) limits.fail("is not an object");
  for (const auto& [name, value] : limits.value().items()) {
    if (name.size() > name_max) limits.fail("has a name longer than 200 characters");
    bounds.limits[name] = Place(value, limits.path() + "." + name.substr(0, 40)).number();
  }
  return bounds;
}

EventKind read_kind(const Place& place) {
  const std::string text = place.text();
  for (std::size_t kind = 0; kind <= static_cast<std::size_t>(EventKind::duplicate); ++kind) {
    if (to_string(static_cast<EventKind>(kind)) == text) return static_cast<EventKind>(kind);
  }
  place.fail("'" + text.substr(0, 40) + "' is no kind of event");
}

TraceEvent read_event(const Place& place, std::size_t index) {
  if (place.at("index").number() != index) place.at("index").fail("is out of order");
  TraceEvent event{.kind = read_kind(place.at("kind")), .process = place.at("process").text()};
  if (place.has("from")) event.from = place.at("from").text();
  if (place.has("message")) {
    event.message =
        place.at("message").value().dump(-1, ' ', false, json::error_handler_t::replace);
  }
  if (place.has("label")) {
    const json& label = place.at("label").value();
    if (label.is_string()) event.label = label.get<std::string>();
  }
  if (place.has("occurrence")) event.occurrence = place.at("occurrence").number();
  if (place.has("timer")) event.timer = place.at("timer").text();
  if (place.has("choices")) {
    const Place choices = place.at("choices");
    for (std::size_t i = 0; i < choices.size(1000); ++i) {
      event.choices.push_back(choices.at(i).number());
    }
  }
  const Place causes = place.at("causes");
  for (std::size_t i = 0; i < causes.size(events_max); ++i) {
    event.causes.push_back(causes.at(i).number());
    if (event.causes.back() >= index) causes.at(i).fail("is not an earlier event");
  }
  if (place.has("hash")) {
    event.hash = place.at("hash").text();
    try {
      hash_from_hex(event.hash);
    } catch (const DecodeError& error) {
      place.at("hash").fail(error.what());
    }
  }
  return event;
}

Trace read_run(const Place& run) {
  require_schema(run);
  Trace trace{.tool_version = run.at("tool").at("version").text(),
              .system = run.at("system").at("name").text(),
              .system_version = run.at("system").at("version").text(),
              .bug = run.at("bug").text(),
              .bounds = read_bounds(run.at("bounds")),
              .mode = run.at("mode").text(),
              .strategy = run.at("strategy").text(),
              .seed = run.at("seed").text()};
  const Place options = run.at("options");
  if (!options.value().is_object()) options.fail("is not an object");
  for (const auto& [name, value] : options.value().items()) {
    if (name.size() > name_max) options.fail("has a name longer than 200 characters");
    trace.options[name] = Place(value, options.path()).text(text_max);
  }
  const Place events = run.at("events");
  const std::size_t count = events.size(events_max);
  for (std::size_t i = 0; i < count; ++i) trace.events.push_back(read_event(events.at(i), i));
  if (run.has("verdict")) {
    const Place verdict = run.at("verdict");
    trace.verdict = TraceVerdict{.property = verdict.at("property").text(text_max),
                                 .kind = verdict.at("kind").text(),
                                 .step = verdict.at("step").number(),
                                 .message = verdict.at("message").text(text_max),
                                 .identity = verdict.at("identity").text()};
    if (trace.verdict->step >= count) verdict.at("step").fail("is behind the last event");
  }
  return trace;
}

}  // namespace

Trace parse_trace(const std::string& text, const std::string& name) {
  try {
    const json whole = parse_bounded(text);
    return read_run(Place(whole, "").at("run"));
  } catch (const TraceError& error) {
    throw TraceError(name + ": " + error.what());
  } catch (const json::exception& error) {
    throw TraceError(name + ": " + error.what());
  }
}

Trace read_trace(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    throw TraceError(path.string() + ": is not a file");
  }
  if (std::filesystem::file_size(path, error) > bytes_max) {
    throw TraceError(path.string() + ": is larger than 64 MiB");
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream contents;
  contents << file.rdbuf();
  if (!file) throw TraceError(path.string() + ": cannot be read");
  return parse_trace(contents.str(), path.string());
}

Event event_of(const System& system, const TraceEvent& event, std::size_t index) {
  const std::string place = "run.events[" + std::to_string(index) + "]";
  const NodeByName by_name = [&](const std::string& name) -> NodeId {
    for (std::size_t i = 0; i < system.size(); ++i) {
      const NodeId id{static_cast<std::uint8_t>(i)};
      if (system.process_name(id) == name) return id;
    }
    std::uint8_t other = 0;  // an id of no process is written as a number
    const char* const end = name.data() + name.size();
    if (name.starts_with('#')) {
      const auto [at, failure] = std::from_chars(name.data() + 1, end, other);
      if (failure == std::errc() && at == end && other >= system.size()) return {other};
    }
    throw JsonError("there is no process '" + name.substr(0, 40) + "'");
  };
  try {
    const auto process = [&](const std::string& name) {
      const NodeId id = by_name(name);
      if (id.value >= system.size()) throw JsonError("there is no process '" + name + "'");
      return id;
    };
    Event result{.kind = event.kind, .process = process(event.process)};
    result.choices = event.choices;
    if (!event.from.empty()) result.from = process(event.from);
    if (!event.message.empty()) {
      Writer writer;
      from_json(*system.message_type, json::parse(event.message), by_name, writer);
      result.message = writer.take();
      // A value out of its type's range is refused here.
      Reader reader(result.message);
      skip(*system.message_type, reader);
    }
    if (event.kind == EventKind::timer) {
      const auto& names = system.processes[result.process.value]->timer_names();
      const auto found = std::ranges::find(names, event.timer);
      if (found == names.end()) {
        throw JsonError(event.process + " has no timer '" + event.timer + "'");
      }
      result.timer = static_cast<std::uint32_t>(found - names.begin());
    }
    return result;
  } catch (const JsonError& error) {
    throw TraceError(place + ": " + error.what());
  } catch (const DecodeError& error) {
    throw TraceError(place + ": " + error.what());
  }
}

}  // namespace gainsay
