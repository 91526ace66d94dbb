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

// The enumerator of that name.
template <class Enum>
Enum named(const Place& place, std::initializer_list<Enum> all) {
  const std::string text = place.text();
  const auto found =
      std::ranges::find_if(all, [&](const Enum one) { return to_string(one) == text; });
  if (found == all.end()) place.fail("'" + text.substr(0, 40) + "' is not one of its kind");
  return *found;
}

void read_partitions(const Place& place, Bounds& bounds) {
  bounds.partitions = bounded(place.at("partitions"), partitions_max);
  if (bounds.partitions == 0) return;
  bounds.partition_shapes = {.symmetric = false};
  const Place shapes = place.at("partition_shapes");
  for (std::size_t i = 0; i < shapes.size(3); ++i) {
    const auto shape = named(shapes.at(i), {PartitionShape::symmetric, PartitionShape::one_way,
                                            PartitionShape::bridged});
    if (contains(bounds.partition_shapes, shape)) shapes.at(i).fail("is there already");
    add(bounds.partition_shapes, shape);
  }
  bounds.across = named(place.at("across"), {Across::lost, Across::held});
}

Bounds read_bounds(const Place& place) {
  Bounds bounds;
  bounds.nodes = bounded(place.at("nodes"), ids_max);
  bounds.clients = bounded(place.at("clients"), ids_max);
  bounds.operations = bounded(place.at("ops"), operations_max);
  const std::string network = place.at("network").text();
  bool known = false;
  for (const Network candidate : {Network::async, Network::unordered, Network::fifo}) {
    if (to_string(candidate) != network) continue;
    bounds.network = candidate;
    known = true;
  }
  if (!known) place.at("network").fail("is no network");
  const auto budget = [&](BudgetKind kind) {
    return bounded(place.at(std::string(to_string(kind)).c_str()), greatest_budget(kind));
  };
  bounds.crashes = budget(BudgetKind::crash);
  bounds.restarts = budget(BudgetKind::restart);
  bounds.drops = budget(BudgetKind::drop);
  bounds.duplicates = budget(BudgetKind::duplicate);
  if (place.has("timeouts")) bounds.timeouts = budget(BudgetKind::timeout);
  if (place.has("skew")) bounds.skew = bounded(place.at("skew"), ticks_max);
  if (place.has("unsynced")) bounds.unsynced = budget(BudgetKind::unsynced);
  if (place.has("partitions")) read_partitions(place, bounds);
  if (place.has("byzantine")) bounds.byzantine = bounded(place.at("byzantine"), ids_max);
  if (place.has("twins")) bounds.twins = bounded(place.at("twins"), ids_max);
  if (place.has("traitors")) bounds.traitors = bounded(place.at("traitors"), ids_max);
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
  for (std::size_t kind = 0; kind < event_kinds; ++kind) {
    if (to_string(static_cast<EventKind>(kind)) == text) return static_cast<EventKind>(kind);
  }
  place.fail("'" + text.substr(0, 40) + "' is no kind of event");
}

void read_groups(const Place& place, TraceEvent& event) {
  const Place groups = place.at("groups");
  if (groups.size(2) != 2) groups.fail("are not two");
  for (std::size_t i = 0; i < 2; ++i) {
    auto& group = event.groups.emplace_back();
    const Place names = groups.at(i);
    for (std::size_t j = 0; j < names.size(processes_max); ++j) {
      group.push_back(names.at(j).text());
    }
  }
  if (!place.has("one_way")) return;
  const json& one_way = place.at("one_way").value();
  if (!one_way.is_boolean()) place.at("one_way").fail("is not true or false");
  event.one_way = one_way.get<bool>();
}

TraceEvent read_event(const Place& place, std::size_t index) {
  if (place.at("index").number() != index) place.at("index").fail("is out of order");
  TraceEvent event{.kind = read_kind(place.at("kind"))};
  if (has_process(event.kind)) event.process = place.at("process").text();
  if (event.kind == EventKind::partition) read_groups(place, event);
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
  if (place.has("crash_at")) event.crash.at = bounded(place.at("crash_at"), disk_points_max);
  if (place.has("lost")) {
    event.crash.lost = bounded(place.at("lost"), versions_max);
    if (event.kind == EventKind::crash && event.crash.lost > 0) event.crash.at = 1;
    if (event.crash.at == 0) place.at("lost").fail("is of no crash");
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

// Schema 1.0 has none.
TraceExplanation read_explanation(const Place& place, std::size_t events) {
  TraceExplanation explanation{.step = place.at("step").number(), .how = place.at("how").text()};
  if (explanation.step >= events) place.at("step").fail("is behind the last event");
  const Place lines = place.at("lines");
  for (std::size_t i = 0; i < lines.size(explanation_lines_max); ++i) {
    explanation.lines.push_back(lines.at(i).text(text_max));
  }
  if (!place.has("ways")) return explanation;
  explanation.ways = place.at("ways").number();
  explanation.violating = place.at("violating").number();
  explanation.violating_before = place.at("violating_before").number();
  return explanation;
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
  if (run.has("minimized")) {
    const Place minimized = run.at("minimized");
    trace.minimized = TraceMinimized{.from = minimized.at("from").text(),
                                     .events_before = minimized.at("events_before").number(),
                                     .events_after = minimized.at("events_after").number(),
                                     .faults_before = minimized.at("faults_before").number(),
                                     .faults_after = minimized.at("faults_after").number()};
  }
  if (run.has("explain")) trace.explanation = read_explanation(run.at("explain"), count);
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
  return parse_trace(read_trace_text(path), path.string());
}

std::string read_trace_text(const std::filesystem::path& path) {
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
  return contents.str();
}

namespace {

NodeSet group_of(const System& system, const std::vector<std::string>& names,
                 const NodeByName& by_name) {
  NodeSet group;
  for (const std::string& name : names) {
    const NodeId id = by_name(name);
    if (system.is_client(id)) throw JsonError("a partition is of nodes, not of " + name);
    if (group.contains(id)) throw JsonError("a group names " + name + " twice");
    group.insert(id);
  }
  return group;
}

Cut cut_of(const System& system, const TraceEvent& event, const NodeByName& by_name) {
  if (event.groups.size() != 2) throw JsonError("a partition has two groups");
  const Cut cut{.first = group_of(system, event.groups[0], by_name),
                .second = group_of(system, event.groups[1], by_name),
                .one_way = event.one_way};
  if (!shape_of(cut, system.bounds.nodes)) {
    throw JsonError("the groups are no partition of the nodes, or not in canonical order");
  }
  return cut;
}

}  // namespace

Event event_of(const System& system, const TraceEvent& event, std::size_t index) {
  const std::string place = "run.events[" + std::to_string(index) + "]";
  const NodeByName by_name = [&](const std::string& name) -> NodeId {
    for (std::size_t i = 0; i < system.size(); ++i) {
      const NodeId id = node_id(i);
      if (system.process_name(id) == name) return id;
    }
    std::uint16_t other = 0;  // an id of no process is written as a number
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
    Event result{.kind = event.kind};
    if (has_process(event.kind)) result.process = process(event.process);
    if (event.kind == EventKind::partition) result.cut = cut_of(system, event, process);
    result.choices = event.choices;
    add_crash(result.choices, event.crash);
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

std::vector<Event> events_of(const System& system, const Trace& trace) {
  std::vector<Event> events;
  for (std::size_t i = 0; i < trace.events.size(); ++i) {
    events.push_back(event_of(system, trace.events[i], i));
  }
  return events;
}

}  // namespace gainsay
