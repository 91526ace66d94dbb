#include "engine/trace.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/json.hpp"
#include "engine/trace_json.hpp"
#include "engine/version.hpp"

namespace gainsay {

namespace {

using nlohmann::json;

json bigint(std::uint64_t value) { return {{"#bigint", std::to_string(value)}}; }

// Which events the event depends on: the one before it at the same process, and the one that sent
// the delivered message.
class Causes {
 public:
  explicit Causes(const System& system) : last_(system.size(), -1) {}

  std::vector<std::uint32_t> of(const Event& event) const {
    std::vector<std::uint32_t> causes;
    const auto add = [&](std::int64_t index) {
      if (index >= 0) causes.push_back(static_cast<std::uint32_t>(index));
    };
    add(last_[event.process.value]);
    const auto sender = senders_.find({event.from, event.process, event.message});
    if (sender != senders_.end()) add(sender->second);
    std::ranges::sort(causes);
    const auto repeated = std::unique(causes.begin(), causes.end());
    causes.erase(repeated, causes.end());
    return causes;
  }
  void happened(const Event& event, const StepResult& step, std::int64_t index) {
    last_[event.process.value] = index;
    for (const Sent& sent : step.sends) {
      senders_.try_emplace({event.process, sent.to, sent.message}, index);
    }
  }

 private:
  std::vector<std::int64_t> last_;
  std::map<std::tuple<NodeId, NodeId, Bytes>, std::int64_t> senders_;
};

bool has_message(EventKind kind) {
  return kind == EventKind::deliver || kind == EventKind::drop || kind == EventKind::duplicate;
}

TraceEvent name_event(const System& system, const Event& event) {
  TraceEvent named{.kind = event.kind, .process = system.process_name(event.process)};
  named.choices = event.choices;
  if (has_message(event.kind)) {
    named.from = system.process_name(event.from);
    if (!event.message.empty()) {
      named.message = to_json(*system.message_type, event.message, system.naming()).dump();
      named.label = describe(*system.message_type, event.message, system.naming());
    }
  }
  if (event.kind == EventKind::timer) {
    named.timer = system.processes[event.process.value]->timer_names().at(event.timer);
  }
  return named;
}

json history_json(const System& system, const LiveWorld& world) {
  json history = json::array();
  const auto& clients = world.history().clients;
  for (std::size_t client = 0; client < clients.size(); ++client) {
    for (const HistoryOperation& operation : clients[client]) {
      json entry = {
          {"client", "c" + std::to_string(client + 1)},
          {"operation", to_json(*system.operation_type, operation.operation, system.naming())}};
      if (operation.result) {
        entry["result"] = to_json(*system.result_type, *operation.result, system.naming());
      }
      history.push_back(std::move(entry));
    }
  }
  return history;
}

json state_json(const LiveWorld& world, std::size_t index) {
  const System& system = world.system();
  const NodeName name = system.naming();
  json processes = json::array();
  json messages = json::array();
  for (std::size_t i = 0; i < system.size(); ++i) {
    const NodeId id{static_cast<std::uint8_t>(i)};
    const Bytes bytes = world.local(id);
    const LocalParts parts = split_local(bytes);
    const auto& timer_names = system.processes[i]->timer_names();
    json armed = json::array();
    for (std::size_t timer = 0; timer < timer_names.size(); ++timer) {
      if (((parts.timers >> timer) & 1) != 0) armed.push_back(std::string(timer_names[timer]));
    }
    constexpr std::array<const char*, 3> status = {"unstarted", "up", "down"};
    processes.push_back(
        json::array({name(id),
                     {{"status", status[static_cast<std::size_t>(parts.status)]},
                      {"timers", {{"#set", std::move(armed)}}},
                      {"state", to_json(system.processes[i]->state_type(), parts.state, name)}}}));
    for (const auto& [envelope, count] : world.inbox(id)) {
      messages.push_back({{"from", name(envelope.first)},
                          {"to", name(id)},
                          {"message", to_json(*system.message_type, envelope.second, name)},
                          {"count", bigint(count)}});
    }
  }
  json used = json::object();
  for (std::size_t kind = 0; kind < budget_kinds; ++kind) {
    const auto which = static_cast<BudgetKind>(kind);
    used[std::string(to_string(which))] = bigint(world.used().count(which));
  }
  return {{"#meta", {{"index", index}}},
          {"processes", {{"#map", std::move(processes)}}},
          {"messages", std::move(messages)},
          {"used", std::move(used)}};
}

json event_json(const TraceEvent& event, std::size_t index) {
  json value = {{"index", index},
                {"process", event.process},
                {"kind", std::string(to_string(event.kind))},
                {"causes", event.causes}};
  if (!event.hash.empty()) value["hash"] = event.hash;
  if (!event.from.empty()) value["from"] = event.from;
  if (!event.message.empty()) value["message"] = json::parse(event.message);
  if (!event.label.empty()) value["label"] = event.label;
  if (event.occurrence != 0) value["occurrence"] = event.occurrence;
  if (!event.timer.empty()) value["timer"] = event.timer;
  if (!event.choices.empty()) value["choices"] = event.choices;
  return value;
}

}  // namespace

json bounds_json(const Bounds& bounds) {
  json value = {{"nodes", bounds.nodes},     {"clients", bounds.clients},
                {"ops", bounds.operations},  {"network", std::string(to_string(bounds.network))},
                {"crashes", bounds.crashes}, {"restarts", bounds.restarts},
                {"drops", bounds.drops},     {"duplicates", bounds.duplicates}};
  if (bounds.timeouts) value["timeouts"] = *bounds.timeouts;
  json limits = json::object();
  for (const auto& [name, greatest] : bounds.limits) limits[name] = greatest;
  value["limits"] = std::move(limits);
  return value;
}

Trace record_trace(const System& system, const std::vector<Event>& events,
                   std::optional<TraceVerdict> verdict) {
  Trace trace{.tool_version = std::string(version),
              .system = system.name,
              .system_version = system.version,
              .bug = system.bug,
              .options = system.options,
              .bounds = system.asked,
              .verdict = std::move(verdict)};
  LiveWorld world(system);
  Causes causes(system);
  std::map<std::tuple<NodeId, NodeId, Bytes>, std::uint32_t> deliveries;
  Writer identity;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    TraceEvent named = name_event(system, event);
    named.causes = causes.of(event);
    if (has_message(event.kind)) {
      named.occurrence = ++deliveries[{event.from, event.process, event.message}];
    }
    identity.text(describe(system, event));
    const Outcome outcome = world.apply(event);
    if (outcome.status != Outcome::Status::applied) {
      throw std::logic_error("a trace cannot be recorded: " + describe(system, event) + ": " +
                             outcome.reason);
    }
    if (outcome.step.fault == StepResult::Fault::none) named.hash = to_hex(world.hash());
    causes.happened(event, outcome.step, static_cast<std::int64_t>(i));
    trace.events.push_back(std::move(named));
  }
  if (trace.verdict) {
    identity.text(trace.verdict->property);
    trace.verdict->identity = to_hex(content_hash(identity.bytes()));
  }
  return trace;
}

std::string trace_text(const System& system, const Trace& trace, const std::vector<Event>& events) {
  LiveWorld world(system);
  json states = json::array({state_json(world, 0)});
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Outcome outcome = world.apply(events[i]);
    if (outcome.step.fault == StepResult::Fault::none) states.push_back(state_json(world, i + 1));
  }
  json listed = json::array();
  for (std::size_t i = 0; i < trace.events.size(); ++i) {
    listed.push_back(event_json(trace.events[i], i));
  }
  json options = json::object();
  for (const auto& [name, value] : trace.options) options[name] = value;
  json run = {{"schema", "gainsay-trace"},
              {"schema_version", "1.0"},
              {"tool", {{"name", "gainsay"}, {"version", trace.tool_version}}},
              {"system", {{"name", trace.system}, {"version", trace.system_version}}},
              {"bug", trace.bug},
              {"options", std::move(options)},
              {"bounds", bounds_json(trace.bounds)},
              {"mode", trace.mode},
              {"strategy", trace.strategy},
              {"seed", trace.seed},
              {"events", std::move(listed)},
              {"history", history_json(system, world)}};
  if (trace.verdict) {
    run["verdict"] = {{"property", trace.verdict->property.substr(0, trace_text_max)},
                      {"kind", trace.verdict->kind},
                      {"step", trace.verdict->step},
                      {"message", trace.verdict->message.substr(0, trace_text_max)},
                      {"identity", trace.verdict->identity}};
  }
  const json whole = {{"#meta", {{"format", "ITF"}, {"source", "gainsay " + trace.tool_version}}},
                      {"vars", json::array({"processes", "messages", "used"})},
                      {"states", std::move(states)},
                      {"run", std::move(run)}};
  // What an exception says need not be UTF-8.
  return whole.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

void write_file(const std::filesystem::path& path, const std::string& contents) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  std::filesystem::path temporary = path;
  temporary += ".tmp";
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << contents;
    file.flush();
    if (!file) throw FileError(path.string() + ": cannot be written");
  }
  std::filesystem::rename(temporary, path, error);
  if (error) throw FileError(path.string() + ": cannot be written: " + error.message());
}

}  // namespace gainsay
