#include "explorer/simulate/live_run.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "explorer/confirm.hpp"
#include "explorer/hunt/report.hpp"
#include "explorer/report.hpp"
#include "explorer/simulate/recorder.hpp"

namespace gainsay {

namespace {

using nlohmann::ordered_json;

// The whole run is one interval: what is recent is counted apart, and a run may be long.
constexpr MetricsOptions metrics_options{.interval = 1'000'000 * second};
constexpr std::uint64_t history_bytes = std::uint64_t{1} << 28;

Metrics made(const System& system) { return Metrics(system, metrics_options); }

[[noreturn]] void refuse(const std::string& text) {
  throw UsageError("'" + text.substr(0, 100) +
                   "' is none of step, crash NODE, restart NODE, partition GROUPS, heal, heal "
                   "NUMBER, loss SHARE, latency TIME");
}

}  // namespace

std::uint64_t parse_hexadecimal(const std::string& text, const std::string& what) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (text.empty() || text.size() > 16 || !std::ranges::all_of(text, is_digit)) {
    throw UsageError(what + " takes at most 16 hexadecimal digits");
  }
  return std::stoull(text, nullptr, 16);
}

LiveCommand parse_live_command(const System& system, const std::string& text) {
  using Does = LiveCommand::Kind;
  if (text.size() > 2000) refuse(text);
  const std::size_t space = text.find(' ');
  const std::string verb = text.substr(0, space);
  const std::string what = space == std::string::npos ? "" : text.substr(space + 1);
  LiveCommand command{.text = text};
  const auto is = [&](const char* name, Does kind, bool takes) {
    command.kind = kind;
    return verb == name && takes == !what.empty() && (takes || space == std::string::npos);
  };
  if (is("step", Does::step, false) || is("heal", Does::heal_all, false)) return command;
  if (is("crash", Does::crash, true) || is("restart", Does::restart, true)) {
    command.node = node_named(system, what, verb);
    if (!system.may_crash(command.node)) throw UsageError(text + ": this node does not crash");
  } else if (is("partition", Does::partition, true)) {
    command.cut = cut_named(system, what, verb);
  } else if (is("heal", Does::heal, true)) {
    const std::uint64_t number = parse_millionths(what, verb);
    command.number = static_cast<std::uint32_t>(std::min<std::uint64_t>(number / 1'000'000, ~0U));
  } else if (is("loss", Does::loss, true)) {
    command.chance = parse_chance(what, verb);
  } else if (is("latency", Does::latency, true)) {
    // Who looks on has no business with files.
    if (what.find("file:") != std::string::npos) throw UsageError("latency: no files here");
    command.latency = Distribution::parse(what, verb);
  } else {
    refuse(text);
  }
  return command;
}

// --- the last minute ---

RecentFigures::RecentFigures(const System& system, const Metrics& metrics)
    : system_(&system), metrics_(&metrics), since_(system.size(), 0) {}

RecentFigures::Second& RecentFigures::at(Nanoseconds time) {
  const std::uint64_t number = time / second;
  if (!seconds_.empty() && number >= seconds_.back().number + seconds_max) seconds_.clear();
  while (seconds_.empty() || seconds_.back().number < number) {
    const std::uint64_t next = seconds_.empty() ? number : seconds_.back().number + 1;
    if (seconds_.size() == seconds_max) seconds_.pop_front();
    seconds_.push_back(
        {.number = next, .steps = std::vector<std::uint64_t>(system_->bounds.nodes, 0)});
  }
  return seconds_.back();
}

bool RecentFigures::step(const SimulatedStep& step) {
  Second& here = at(step.at);
  if (!system_->is_client(step.process)) {
    ++here.steps[step.process.value];
    here.elections += metrics_->elections_count() - elections_;
    elections_ = metrics_->elections_count();
    return true;
  }
  for (const Label& label : step.labels) {
    if (label.kind != Label::Kind::respond) continue;
    ++here.answers;
    here.latency.add(step.at - since_[step.process.value]);
  }
  return true;
}

void RecentFigures::message(Nanoseconds now, NodeId, NodeId, const MessageSeen&, Fate fate,
                            Nanoseconds) {
  const bool is_new = fate != Fate::to_down && fate != Fate::duplicated && fate != Fate::refused;
  if (is_new) ++at(now).messages;
}

void RecentFigures::request(Nanoseconds now, NodeId client, Nanoseconds arrived) {
  ++at(now).requests;
  since_[client.value] = arrived;
}

// --- the run ---

std::vector<SimulationWatch*> LiveRun::watches(SimulationWatch* also) {
  std::vector<SimulationWatch*> all = {&metrics_, &recent_};
  if (watch_) all.push_back(&*watch_);
  if (also != nullptr) all.push_back(also);
  return all;
}

LiveRun::LiveRun(const Model& model, const LiveRunOptions& options, SimulationWatch* also)
    : model_(&model),
      facts_(options.facts),
      metrics_(made(model.system)),
      recent_(model.system, metrics_),
      watch_(options.properties ? std::optional<PropertyWatch>(std::in_place, model)
                                : std::nullopt),
      simulation_(model.system, options.simulation, watches(also)) {
  metrics_.attach(simulation_);
  if (watch_) watch_->attach(simulation_);
  run_until(0);
}

void LiveRun::run_until(Nanoseconds time) {
  if (is_over_ || time < simulation_.now()) return;
  if (!simulation_.run_until(time)) end();
}

// What was due and is not any more, as a timer that was set again, is no step.
void LiveRun::step() {
  const std::uint64_t before = simulation_.steps();
  while (simulation_.steps() == before) {
    if (!simulation_.step()) return end();
  }
}

void LiveRun::end() {
  if (is_over_) return;
  is_over_ = true;
  metrics_.finish(simulation_.now());
  if (watch_ && !watch_->violation()) {
    watch_->finish(simulation_.now(), {.bytes_max = history_bytes, .explain = false});
  }
}

void LiveRun::apply(const LiveCommand& command) {
  if (is_over_) return;
  commands_.push_back({.at = simulation_.now(), .text = command.text});
  switch (command.kind) {
    case LiveCommand::Kind::step:
      return step();
    case LiveCommand::Kind::crash:
      simulation_.fail_node(command.node);
      break;
    case LiveCommand::Kind::restart:
      simulation_.recover_node(command.node);
      break;
    case LiveCommand::Kind::partition:
      simulation_.create_partition(command.cut);
      break;
    case LiveCommand::Kind::heal:
      simulation_.heal(command.number);
      break;
    case LiveCommand::Kind::heal_all:
      simulation_.heal_all();
      break;
    case LiveCommand::Kind::loss:
      simulation_.links().loss = command.chance;
      break;
    case LiveCommand::Kind::latency:
      simulation_.links().latency = *command.latency;
      break;
  }
  if (simulation_.ended_by_watch()) end();
}

// A command behind a step comes before what else is due at that time.
void LiveRun::repeat(const LiveLog& log) {
  for (const LoggedCommand& command : log.commands) {
    if (command.at > simulation_.now()) run_until(command.at);
    apply(parse_live_command(model_->system, command.text));
  }
  if (log.until > simulation_.now()) run_until(log.until);
}

LiveLog LiveRun::log() const {
  return {.seed = simulation_.options().seed, .commands = commands_, .until = simulation_.now()};
}

const Violation* LiveRun::violation() const {
  return watch_ && watch_->violation() ? &*watch_->violation() : nullptr;
}

// --- what is kept of it ---

std::string live_trace(const MakeModel& make, const LiveRunOptions& options, const LiveLog& log) {
  LiveRunOptions again = options;
  again.simulation.seed = log.seed;
  const Model first = make(0, 0);
  Recorder recorder(kept_steps_max + 1);
  LiveRun run(first, again, &recorder);
  run.repeat(log);
  std::vector<Event> events = recorder.take();
  if (events.size() > kept_steps_max) {
    throw UsageError("the run has more than " + std::to_string(kept_steps_max) +
                     " steps: too many for a trace; its seed and its commands give it again");
  }
  const auto count = [&](EventKind kind) {
    return static_cast<std::uint32_t>(std::ranges::count(events, kind, &Event::kind));
  };
  const Model model = make(count(EventKind::crash), count(EventKind::restart));
  events = applied(model.system, events);
  const Provenance how{.mode = "simulate", .strategy = "live", .seed = seed_text(log.seed)};
  if (const Violation* violation = run.violation()) {
    const Counterexample found = run_to(model, *violation, std::move(events));
    confirm(model, found);
    return counterexample_text(model, found, how);
  }
  Trace trace = record_trace(model.system, events, std::nullopt);
  trace.mode = how.mode;
  trace.strategy = how.strategy;
  trace.seed = how.seed;
  return trace_text(model.system, trace, events);
}

std::string log_json(const std::string& command, const LiveLog& log) {
  ordered_json commands = ordered_json::array();
  for (const LoggedCommand& one : log.commands) {
    commands.push_back({{"at_ns", one.at}, {"do", one.text}});
  }
  return ordered_json{{"command", command},
                      {"seed", seed_text(log.seed)},
                      {"commands", std::move(commands)},
                      {"until_ns", log.until}}
             .dump(1, ' ', false, ordered_json::error_handler_t::replace) +
         "\n";
}

LiveLog parse_live_log(const std::string& text, const std::string& name) {
  const auto fail = [&](const std::string& why) -> TraceError {
    return TraceError(name + ": is no list of what was done to a live run: " + why);
  };
  const auto time_in = [&](const ordered_json& place, const char* field) -> Nanoseconds {
    if (!place.contains(field) || !place[field].is_number_unsigned()) {
      throw fail(std::string(field) + " is missing, or no time");
    }
    return place[field].get<Nanoseconds>();
  };
  const auto text_in = [&](const ordered_json& place, const char* field) {
    if (!place.contains(field) || !place[field].is_string()) {
      throw fail(std::string(field) + " is missing, or no text");
    }
    return place[field].get<std::string>();
  };
  const ordered_json json = ordered_json::parse(text, nullptr, false);
  if (!json.is_object()) throw fail("it is no JSON object");
  LiveLog log;
  try {
    log.seed = parse_hexadecimal(text_in(json, "seed"), "seed");
  } catch (const UsageError& error) {
    throw fail(error.what());
  }
  if (!json.contains("commands") || !json["commands"].is_array())
    throw fail("there are no commands");
  Nanoseconds last = 0;
  for (const ordered_json& one : json["commands"]) {
    if (!one.is_object()) throw fail("a command is no object");
    log.commands.push_back({.at = time_in(one, "at_ns"), .text = text_in(one, "do")});
    if (log.commands.back().at < last) throw fail("it goes back in time");
    last = log.commands.back().at;
  }
  log.until = time_in(json, "until_ns");
  if (log.until < last) throw fail("it ends before its last command");
  return log;
}

}  // namespace gainsay
