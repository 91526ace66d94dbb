#include "cli/result.hpp"

#include <nlohmann/json.hpp>

#include "engine/trace_json.hpp"
#include "engine/version.hpp"

namespace gainsay::cli {

namespace {

nlohmann::ordered_json certificate_json(const CheckReport& report) {
  auto certificate = nlohmann::ordered_json::object();
  const char* state = report.certified ? "closed" : "open";
  if (report.reductions.dead_messages) certificate["dead_messages"] = state;
  if (report.reductions.minimise) certificate["minimise"] = state;
  return certificate;
}

nlohmann::ordered_json property_json(const PropertyReport& property) {
  nlohmann::ordered_json result = {{"name", property.name},
                                   {"kind", to_string(property.kind)},
                                   {"verdict", to_string(property.verdict)},
                                   {"evaluated", property.evaluated}};
  if (property.recovery) {
    const RecoveryReport& recovery = *property.recovery;
    result["recovery"] = {{"vectors", recovery.vectors},
                          {"worlds", recovery.worlds},
                          {"undecided", recovery.undecided},
                          {"limits", recovery.limits}};
  }
  return result;
}

nlohmann::ordered_json values_json(const std::map<std::uint64_t, std::uint64_t>& values) {
  auto result = nlohmann::ordered_json::array();
  for (const auto& [value, count] : values) result.push_back({{"value", value}, {"count", count}});
  return result;
}

nlohmann::ordered_json limit_json(const LimitReport& limit) {
  nlohmann::ordered_json result = {{"name", limit.name},
                                   {"greatest", limit.greatest},
                                   {"cuts", limit.cuts},
                                   {"reached", limit.at_greatest() > 0},
                                   {"fields", limit.fields},
                                   {"new_besides", nullptr},
                                   {"local_states", values_json(limit.local_states)}};
  if (limit.new_besides) result["new_besides"] = *limit.new_besides;
  return result;
}

nlohmann::ordered_json audit_json(const AuditReport& audit) {
  nlohmann::ordered_json result = {{"agrees", audit.disagreement.empty()},
                                   {"cells", audit.cells},
                                   {"transitions", audit.transitions},
                                   {"eager", audit.eager},
                                   {"put_off", audit.put_off},
                                   {"drops", audit.drops},
                                   {"merges", audit.merges},
                                   {"renamed", audit.renamed},
                                   {"worlds", audit.worlds}};
  if (!audit.disagreement.empty()) result["disagreement"] = audit.disagreement;
  result["coverage"] = nlohmann::ordered_json::array();
  for (const CoverageCell& cell : audit.coverage) {
    result["coverage"].push_back({{"state", cell.state},
                                  {"event", cell.event},
                                  {"runs", cell.runs},
                                  {"effective", cell.effective}});
  }
  return result;
}

nlohmann::ordered_json profile_json(const ProfileReport& profile) {
  using nlohmann::ordered_json;
  ordered_json result = {
      {"processes", ordered_json::array()},       {"messages", ordered_json::array()},
      {"budgets", ordered_json::array()},         {"limits", ordered_json::array()},
      {"deliveries", profile.deliveries},         {"dead", profile.dead},
      {"without_effect", profile.without_effect}, {"reuse", profile.reuse},
      {"suggestions", profile.suggestions}};
  for (const ProcessProfile& process : profile.processes) {
    result["processes"].push_back({{"name", process.name},
                                   {"local_states", process.local_states},
                                   {"inboxes", process.inboxes},
                                   {"cells", process.cells}});
  }
  for (const MessageProfile& message : profile.messages) {
    result["messages"].push_back({{"name", message.name},
                                  {"distinct", message.distinct},
                                  {"inboxes_without", message.inboxes_without}});
  }
  for (const ValueReport& budget : profile.budgets) {
    result["budgets"].push_back({{"name", budget.name},
                                 {"states", values_json(budget.states)},
                                 {"new_local_states", values_json(budget.new_local_states)}});
  }
  for (const ValueReport& limit : profile.limits) {
    result["limits"].push_back({{"name", limit.name}, {"states", values_json(limit.states)}});
  }
  return result;
}

void add_symmetry(nlohmann::ordered_json& result, const CheckReport& report) {
  if (report.equivariant) {
    result["certificate"]["symmetry"] = "equivariant";
    result["interchangeable"] = report.interchangeable;
    result["renamings"] = report.renamings;
  } else if (!report.asymmetry.empty()) {
    result["certificate"]["symmetry"] = report.asymmetry;
  }
}

void add_unsynced(nlohmann::ordered_json& result, const CheckReport& report) {
  if (report.bounds.unsynced == 0) return;
  result["unsynced_sends"] = nlohmann::ordered_json::array();
  for (const UnsyncedSend& sends : report.unsynced_sends) {
    result["unsynced_sends"].push_back({{"handler", sends.handler}, {"message", sends.message}});
  }
}

}  // namespace

std::string result_json(const Model& model, const CheckReport& report,
                        const std::filesystem::path& trace) {
  using nlohmann::ordered_json;
  const System& system = model.system;
  ordered_json result;
  result["system"] = system.name;
  if (!system.bug.empty()) result["bug"] = system.bug;
  result["verb"] = "check";
  result["verdict"] = to_string(report.verdict);
  result["bounds"] = ordered_json::parse(bounds_json(system.asked).dump());
  result["bounds"]["partitions"] = system.asked.partitions;  // 0 too
  result["options"] = ordered_json::object();
  for (const auto& [name, value] : system.options) result["options"][name] = value;
  result["network"] = to_string(system.bounds.network);
  result["reductions"] = names(report.reductions);
  result["states"] = report.states;
  result["transitions"] = report.transitions;
  result["depth"] = report.depth;
  result["local_states"] = report.local_states;
  result["local_state_vectors"] = report.local_state_vectors;
  result["views"] = report.views;
  result["messages"] = report.messages;
  result["handler_runs"] = report.handler_runs;
  result["handler_reuse"] = report.handler_runs == 0 ? 0 : report.transitions / report.handler_runs;
  result["passes"] = report.passes;
  result["certificate"] = certificate_json(report);
  if (report.reductions.dead_messages) result["dropped_pairs"] = report.dropped_pairs;
  if (report.reductions.minimise) result["merged"] = report.merged;
  add_symmetry(result, report);
  if (report.audit) result["audit"] = audit_json(*report.audit);
  if (report.profile) result["profile"] = profile_json(*report.profile);
  result["store"] = report.store == StoreKind::exact ? "exact" : "fingerprint";
  result["omission_probability"] = report.omission_probability;
  if (!report.incomplete_because.empty()) result["incomplete_because"] = report.incomplete_because;
  if (!report.hint.empty()) result["hint"] = report.hint;
  for (const PropertyReport& property : report.properties) {
    result["properties"].push_back(property_json(property));
  }
  result["limits"] = ordered_json::array();
  for (const LimitReport& limit : report.limits) result["limits"].push_back(limit_json(limit));
  add_unsynced(result, report);
  result["new_local_states_by_faults"] = report.discovery.by_faults;
  result["last_new_local_state"] = {{"faults", report.discovery.last_faults},
                                    {"depth", report.discovery.last_depth}};
  if (report.counterexample) {
    result["violated"] = report.counterexample->property;
    result["events"] = report.counterexample->events.size();
    result["faults"] = report.counterexample->faults;
    if (report.counterexample->explanation) {
      result["explain"] = explanation_json(*report.counterexample->explanation);
    }
    result["shortest"] = report.shortest;
  }
  result["resumed"] = report.resumed;
  result["seed"] = "0";
  result["version"] = version;
  result["traces"] = ordered_json::array();
  if (!trace.empty()) {
    result["traces"].push_back(trace.string());
    result["replay"] = "gainsay replay " + trace.string();
  }
  result["bytes_per_state"] = report.bytes_per_state;
  result["seconds"] = report.seconds;
  if (report.audit) result["audit_seconds"] = report.audit->seconds;
  result["states_per_second"] =
      report.seconds > 0 ? static_cast<double>(report.states) / report.seconds : 0;
  result["peak_memory_bytes"] = report.peak_memory_bytes;
  result["disk_bytes"] = report.disk_bytes;
  return result.dump() + "\n";
}

}  // namespace gainsay::cli
