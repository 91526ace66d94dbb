#include "engine/trace.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/json.hpp"
#include "engine/trace_json.hpp"
#include "engine/version.hpp"

namespace gainsay {

namespace {

using nlohmann::json;

json bigint(std::uint64_t value) { return {{"#bigint", std::to_string(value)}}; }

// Which events the event depends on: the one before it at the same process (for partitions and
// healings: the one before it of these), the one that sent the delivered message, and the last
// healing of the link that it came by. A tick happens at all processes.
class Causes {
 public:
  explicit Causes(const System& system) : last_(system.size(), -1) {}

  std::vector<std::uint32_t> of(const Event& event) const {
    std::vector<std::uint32_t> causes;
    const auto add = [&](std::int64_t index) {
      if (index >= 0) causes.push_back(static_cast<std::uint32_t>(index));
    };
    if (event.kind == EventKind::tick) {
      std::ranges::for_each(last_, add);
    } else {
      add(has_process(event.kind) ? last_[event.process.value] : last_of_network_);
    }
    if (event.kind == EventKind::deliver) {
      const auto blocked = [&](const auto& heal) {
        return heal.second.blocks(event.from, event.process);
      };
      const auto heal = std::find_if(heals_.rbegin(), heals_.rend(), blocked);
      if (heal != heals_.rend()) add(heal->first);
    }
    const auto sender = senders_.find({event.from, event.process, event.message});
    if (sender != senders_.end()) add(sender->second);
    std::ranges::sort(causes);
    const auto repeated = std::unique(causes.begin(), causes.end());
    causes.erase(repeated, causes.end());
    return causes;
  }
  void happened(const Event& event, const StepResult& step, std::int64_t index) {
    if (event.kind == EventKind::tick) {
      last_.assign(last_.size(), index);
      return;
    }
    if (event.kind == EventKind::heal) heals_.emplace_back(index, cut_);
    if (!has_process(event.kind)) {
      cut_ = event.cut;
      last_of_network_ = index;
      return;
    }
    last_[event.process.value] = index;
    for (const Sent& sent : step.sends) {
      senders_.try_emplace({event.process, sent.to, sent.message}, index);
    }
  }

 private:
  std::vector<std::int64_t> last_;
  std::int64_t last_of_network_ = -1;
  Cut cut_;
  std::vector<std::pair<std::int64_t, Cut>> heals_;  // with what they healed
  std::map<std::tuple<NodeId, NodeId, Bytes>, std::int64_t> senders_;
};

bool has_message(EventKind kind) {
  return kind == EventKind::deliver || kind == EventKind::drop || kind == EventKind::duplicate;
}

TraceEvent name_event(const System& system, const Event& event) {
  TraceEvent named{.kind = event.kind};
  if (event.kind == EventKind::partition) {
    named.one_way = event.cut.one_way;
    for (const NodeSet& nodes : {event.cut.first, event.cut.second}) {
      auto& group = named.groups.emplace_back();
      for (const NodeId id : nodes) group.push_back(system.process_name(id));
    }
  }
  if (has_process(event.kind)) named.process = system.process_name(event.process);
  const auto choices = choices_of(event.choices);
  named.choices.assign(choices.begin(), choices.end());
  named.crash = crash_of(event.choices);
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

// The links that are cut, as pairs of sender and receiver.
json cut_links(const System& system, const Cut& cut) {
  json links = json::array();
  for (std::uint16_t from = 0; from < system.bounds.nodes; ++from) {
    for (std::uint16_t to = 0; to < system.bounds.nodes; ++to) {
      if (!cut.blocks({from}, {to})) continue;
      json link = {{"#tup", {system.process_name({from}), system.process_name({to})}}};
      links.push_back(std::move(link));
    }
  }
  return links;
}

// Of the timers that run by a bounded clock: in how many ticks they may and must fire.
json times_json(const ProcessType& type, const Times& times) {
  json left = json::array();
  for (const TimeLeft& one : times.all()) {
    json bounds = {{"least", one.left.least}};
    if (one.left.most != Ticks::unbounded) bounds["most"] = one.left.most;
    left.push_back(json::array({std::string(type.timer_names().at(one.timer)), std::move(bounds)}));
  }
  return {{"#map", std::move(left)}};
}

json state_json(const LiveWorld& world, std::size_t index) {
  const System& system = world.system();
  const NodeName name = system.naming();
  json processes = json::array();
  json messages = json::array();
  for (std::size_t i = 0; i < system.size(); ++i) {
    const NodeId id = node_id(i);
    const Bytes bytes = world.local(id);
    const LocalParts parts = split_local(bytes);
    const auto& timer_names = system.processes[i]->timer_names();
    json armed = json::array();
    for (std::size_t timer = 0; timer < timer_names.size(); ++timer) {
      if (((parts.timers >> timer) & 1) != 0) armed.push_back(std::string(timer_names[timer]));
    }
    constexpr std::array<const char*, 3> status = {"unstarted", "up", "down"};
    json process = {{"status", status[static_cast<std::size_t>(parts.status)]},
                    {"timers", {{"#set", std::move(armed)}}},
                    {"state", to_json(system.processes[i]->state_type(), parts.state, name)}};
    for (const BytesView version : parts.unsynced) {
      process["unsynced"].push_back(to_json(*system.processes[i]->durable_type(), version, name));
    }
    if (system.bounds.skew) process["times"] = times_json(*system.processes[i], parts.times);
    processes.push_back(json::array({name(id), std::move(process)}));
    for (const auto& [envelope, count] : world.inbox(id)) {
      // All that it can say at any time is not worth showing: what was heard is an event.
      if (system.is_byzantine(envelope.first)) continue;
      messages.push_back({{"from", name(envelope.first)},
                          {"to", name(id)},
                          {"message", to_json(*system.message_type, envelope.second, name)},
                          {"count", bigint(count)}});
    }
  }
  json used = json::object();
  for (std::size_t kind = 0; kind < budget_kinds; ++kind) {
    const auto which = static_cast<BudgetKind>(kind);
    if (which == BudgetKind::partition && system.bounds.partitions == 0) continue;
    if (which == BudgetKind::unsynced && system.bounds.unsynced == 0) continue;
    used[std::string(to_string(which))] = bigint(world.used().count(which));
  }
  json state = {{"#meta", {{"index", index}}},
                {"processes", {{"#map", std::move(processes)}}},
                {"messages", std::move(messages)},
                {"used", std::move(used)}};
  if (system.bounds.partitions > 0) state["cut"] = {{"#set", cut_links(system, world.cut())}};
  return state;
}

json event_json(const TraceEvent& event, std::size_t index) {
  json value = {
      {"index", index}, {"kind", std::string(to_string(event.kind))}, {"causes", event.causes}};
  if (!event.process.empty()) value["process"] = event.process;
  if (!event.groups.empty()) value["groups"] = event.groups;
  if (event.one_way) value["one_way"] = true;
  if (!event.hash.empty()) value["hash"] = event.hash;
  if (!event.from.empty()) value["from"] = event.from;
  if (!event.message.empty()) value["message"] = json::parse(event.message);
  if (!event.label.empty()) value["label"] = event.label;
  if (event.occurrence != 0) value["occurrence"] = event.occurrence;
  if (!event.timer.empty()) value["timer"] = event.timer;
  if (!event.choices.empty()) value["choices"] = event.choices;
  const bool in_handler = event.crash.at != 0 && event.kind != EventKind::crash;
  if (in_handler) value["crash_at"] = event.crash.at;
  if (event.crash.lost != 0) value["lost"] = event.crash.lost;
  return value;
}

}  // namespace

json bounds_json(const Bounds& bounds) {
  json value = {{"nodes", bounds.nodes},     {"clients", bounds.clients},
                {"ops", bounds.operations},  {"network", std::string(to_string(bounds.network))},
                {"crashes", bounds.crashes}, {"restarts", bounds.restarts},
                {"drops", bounds.drops},     {"duplicates", bounds.duplicates}};
  if (bounds.timeouts) value["timeouts"] = *bounds.timeouts;
  if (bounds.partitions > 0) {
    value["partitions"] = bounds.partitions;
    for (const PartitionShape shape : list(bounds.partition_shapes)) {
      value["partition_shapes"].push_back(std::string(to_string(shape)));
    }
    value["across"] = std::string(to_string(bounds.across));
  }
  if (bounds.skew) value["skew"] = *bounds.skew;
  if (bounds.unsynced > 0) value["unsynced"] = bounds.unsynced;
  if (bounds.byzantine > 0) value["byzantine"] = bounds.byzantine;
  if (bounds.twins > 0) value["twins"] = bounds.twins;
  if (bounds.traitors > 0) value["traitors"] = bounds.traitors;
  json limits = json::object();
  for (const auto& [name, greatest] : bounds.limits) limits[name] = greatest;
  value["limits"] = std::move(limits);
  return value;
}

json explanation_json(const TraceExplanation& explanation) {
  json value = {{"step", explanation.step}, {"how", explanation.how}, {"lines", json::array()}};
  for (const std::string& line : explanation.lines) {
    value["lines"].push_back(line.substr(0, trace_text_max));
  }
  if (explanation.ways == 0) return value;
  value["ways"] = explanation.ways;
  value["violating"] = explanation.violating;
  value["violating_before"] = explanation.violating_before;
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

namespace {

// Of a longer run the first and the last so many states are written: they grow with the run, and
// its events say what lies between. Of a run with large ones fewer, so that a trace can be read.
constexpr std::size_t states_max = 2000;
constexpr std::size_t states_bytes_max = std::size_t{24} << 20;

std::size_t size_of(const json& state) { return state.dump(1).size(); }

// How many bytes of states are written at either end; as many as there are, where all have room.
// Hardly any is larger than the last one.
struct Room {
  std::size_t first = ~std::size_t{0};  // bytes
  std::size_t last = states_max / 2;    // states
};
Room room_for(const System& system, const std::vector<Event>& events) {
  LiveWorld world(system);
  for (const Event& event : events) world.apply(event);
  const std::size_t size = size_of(state_json(world, events.size()));
  if (std::min(events.size(), states_max) * size <= states_bytes_max) return {};
  const std::size_t half = states_bytes_max / 2;
  return {.first = half, .last = std::clamp<std::size_t>(half / size, 1, states_max / 2)};
}

json states_json(const System& system, const std::vector<Event>& events, LiveWorld& world) {
  const Room room = room_for(system, events);
  const bool is_tight = room.first != ~std::size_t{0};
  json states = json::array({state_json(world, 0)});
  std::size_t written = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Outcome outcome = world.apply(events[i]);
    const bool is_first = i < states_max / 2 && written < room.first;
    const bool is_last = i + room.last >= events.size();
    if (outcome.step.fault != StepResult::Fault::none || (!is_first && !is_last)) continue;
    states.push_back(state_json(world, i + 1));
    if (is_tight && is_first) written += size_of(states.back());
  }
  return states;
}

}  // namespace

std::string trace_text(const System& system, const Trace& trace, const std::vector<Event>& events) {
  LiveWorld world(system);
  json states = states_json(system, events, world);
  json listed = json::array();
  for (std::size_t i = 0; i < trace.events.size(); ++i) {
    listed.push_back(event_json(trace.events[i], i));
  }
  json options = json::object();
  for (const auto& [name, value] : trace.options) options[name] = value;
  json run = {{"schema", "gainsay-trace"},
              {"schema_version", "1.1"},
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
  if (trace.minimized) {
    run["minimized"] = {{"from", trace.minimized->from},
                        {"events_before", trace.minimized->events_before},
                        {"events_after", trace.minimized->events_after},
                        {"faults_before", trace.minimized->faults_before},
                        {"faults_after", trace.minimized->faults_after}};
  }
  if (trace.explanation) run["explain"] = explanation_json(*trace.explanation);
  json vars = json::array({"processes", "messages", "used"});
  if (system.bounds.partitions > 0) vars.push_back("cut");
  const json whole = {{"#meta", {{"format", "ITF"}, {"source", "gainsay " + trace.tool_version}}},
                      {"vars", std::move(vars)},
                      {"states", std::move(states)},
                      {"run", std::move(run)}};
  // What an exception says need not be UTF-8.
  return whole.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

void write_file(const std::filesystem::path& path, const std::string& contents) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  // Others may be writing the same file.
  static std::atomic<std::uint64_t> written{0};
  std::filesystem::path temporary = path;
  temporary += "." + std::to_string(getpid()) + "-" + std::to_string(++written) + ".tmp";
  const auto fail = [&](const std::string& why) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw FileError(path.string() + ": cannot be written" + why);
  };
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << contents;
    file.flush();
    if (!file) fail("");
  }
  std::filesystem::rename(temporary, path, error);
  if (error) fail(": " + error.message());
}

}  // namespace gainsay
