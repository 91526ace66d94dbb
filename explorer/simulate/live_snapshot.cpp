// What a viewer of a live run is told: web/src/live/data.ts says what is in it.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "explorer/hunt/report.hpp"
#include "explorer/simulate/live.hpp"

namespace gainsay {

namespace {

using nlohmann::ordered_json;

constexpr std::size_t commands_shown = 30;

NodeId id_of(std::size_t node) { return node_id(node); }

ordered_json names_of(const System& system, const NodeSet& nodes) {
  ordered_json names = ordered_json::array();
  for (const NodeId node : nodes) names.push_back(system.process_name(node));
  return names;
}

ordered_json facts_json(const System& system, const NodeFacts& facts) {
  ordered_json json = ordered_json::object();
  if (!facts.positions.empty()) json["positions"] = facts.positions;
  if (facts.is_member) json["is_member"] = *facts.is_member;
  if (facts.keys) json["keys"] = *facts.keys;
  if (!facts.next.empty()) {
    ordered_json& next = json["next"] = ordered_json::array();
    for (const NodeId node : facts.next) next.push_back(system.process_name(node));
  }
  if (!facts.backends.empty()) {
    ordered_json& backends = json["backends"] = ordered_json::array();
    for (const NodeFacts::Backend& backend : facts.backends) {
      backends.push_back({{"name", system.process_name(backend.node)},
                          {"waiting", backend.waiting},
                          {"usable", backend.is_usable}});
    }
  }
  return json;
}

ordered_json node_json(const LiveRun& run, std::size_t node) {
  const System& system = run.model().system;
  const LocalState& local = run.simulation().state(id_of(node));
  const bool is_up = local.status == LocalState::Status::up;
  const bool is_told = is_up && !system.is_bent(id_of(node));
  NodeStatus status;
  if (is_told && system.status) status = system.status(id_of(node), local.process->state());
  ordered_json json = {{"name", system.process_name(id_of(node))},
                       {"up", is_up},
                       {"can_crash", system.may_crash(id_of(node))},
                       {"role", std::string(status.role)},
                       {"leads", status.leads},
                       {"term", status.term},
                       {"log", status.log},
                       {"committed", status.committed}};
  if (is_told && run.facts()) {
    json["facts"] = facts_json(system, run.facts()(id_of(node), local.process->state()));
  }
  return json;
}

ordered_json links_json(const LiveRun& run, std::vector<MessageCounts>& before) {
  const System& system = run.model().system;
  const LinkCounts& links = run.metrics().links();
  before.resize(std::size_t{system.bounds.nodes} * system.bounds.nodes);
  ordered_json json = ordered_json::array();
  for (std::size_t i = 0; i < before.size(); ++i) {
    const NodeId from = id_of(i / system.bounds.nodes);
    const NodeId to = id_of(i % system.bounds.nodes);
    const MessageCounts now = links.of(from, to);
    const MessageCounts then = std::exchange(before[i], now);
    const bool is_cut = run.simulation().blocks(from, to);
    if (now.sent == then.sent && !is_cut) continue;
    json.push_back({{"from", system.process_name(from)},
                    {"to", system.process_name(to)},
                    {"sent", now.sent - then.sent},
                    {"cut", now.cut - then.cut},
                    {"lost", now.lost - then.lost},
                    {"blocked", is_cut}});
  }
  return json;
}

ordered_json partitions_json(const LiveRun& run) {
  const System& system = run.model().system;
  ordered_json json = ordered_json::array();
  for (const auto& [number, cut] : run.simulation().partitions()) {
    json.push_back({{"number", number},
                    {"one_way", cut.one_way},
                    {"groups", {names_of(system, cut.first), names_of(system, cut.second)}}});
  }
  return json;
}

// By second, the last minute; what goes on in this second is not over.
ordered_json recent_json(const LiveRun& run) {
  constexpr std::array columns = {"at_s",   "requests", "answers", "messages", "elections",
                                  "p50_ns", "p99_ns",   "max_ns",  "steps"};
  ordered_json json = ordered_json::object();
  for (const char* column : columns) json[column] = ordered_json::array();
  const std::uint64_t now = run.simulation().now() / second;
  for (const RecentFigures::Second& one : run.recent().seconds()) {
    if (one.number >= now && !run.is_over()) break;
    const auto latency = [&](std::uint64_t value) {
      return one.answers > 0 ? ordered_json(value) : ordered_json();
    };
    json["at_s"].push_back(one.number);
    json["requests"].push_back(one.requests);
    json["answers"].push_back(one.answers);
    json["messages"].push_back(one.messages);
    json["elections"].push_back(one.elections);
    json["p50_ns"].push_back(latency(one.latency.quantile(50'000)));
    json["p99_ns"].push_back(latency(one.latency.quantile(99'000)));
    json["max_ns"].push_back(latency(one.latency.greatest()));
    json["steps"].push_back(one.steps);
  }
  return json;
}

ordered_json metrics_json(const LiveRun& run) {
  const Metrics& metrics = run.metrics();
  std::uint64_t answers = 0;
  std::uint64_t seconds = 0;
  const auto& recent = run.recent().seconds();
  for (std::size_t i = recent.size() > 6 ? recent.size() - 6 : 0; i + 1 < recent.size(); ++i) {
    answers += recent[i].answers;
    ++seconds;
  }
  ordered_json json = ordered_json::object();
  if (run.model().system.bounds.clients > 0) {
    json["answers_per_s"] = seconds == 0 ? 0 : answers / seconds;
    json["requests"] = metrics.requests();
    json["answered"] = metrics.answers();
    json["waiting"] = run.simulation().waiting_requests();
    json["p50_ns"] = metrics.latency().quantile(50'000);
    json["p99_ns"] = metrics.latency().quantile(99'000);
  }
  if (run.model().system.status) json["elections"] = metrics.elections_count();
  json["messages"] = metrics.all_messages().sent;
  json["lost"] = metrics.all_messages().lost;
  json["under way"] = run.simulation().messages_under_way();
  return json;
}

ordered_json commands_json(const LiveRun& run) {
  const std::vector<LoggedCommand>& all = run.commands();
  ordered_json last = ordered_json::array();
  for (std::size_t i = all.size() - std::min(all.size(), commands_shown); i < all.size(); ++i) {
    last.push_back({{"at_ns", all[i].at}, {"do", all[i].text}});
  }
  return {{"count", all.size()}, {"last", std::move(last)}};
}

}  // namespace

std::string live_snapshot(const LiveRun& run, const LiveShown& shown,
                          std::vector<MessageCounts>& before) {
  const System& system = run.model().system;
  const Simulation& simulation = run.simulation();
  const Violation* violation = run.violation();
  ordered_json nodes = ordered_json::array();
  for (std::size_t i = 0; i < system.bounds.nodes; ++i) nodes.push_back(node_json(run, i));
  ordered_json json = {{"now_ns", simulation.now()},
                       {"state", violation != nullptr ? "violated"
                                 : run.is_over()      ? "ended"
                                                      : shown.state},
                       {"speed", static_cast<double>(shown.speed_millionths) / 1e6},
                       {"seed", seed_text(simulation.options().seed)},
                       {"steps", simulation.steps()},
                       {"network",
                        {{"loss", static_cast<double>(simulation.options().links.loss) /
                                      static_cast<double>(always_chance)},
                         {"latency", simulation.options().links.latency.name()}}},
                       {"nodes", std::move(nodes)},
                       {"links", links_json(run, before)},
                       {"partitions", partitions_json(run)},
                       {"metrics", metrics_json(run)},
                       {"recent", recent_json(run)},
                       {"commands", commands_json(run)}};
  if (violation != nullptr) {
    json["violation"] = {{"property", violation->property},
                         {"message", violation->message},
                         {"step", run.watch()->violated_by()}};
  }
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace gainsay
