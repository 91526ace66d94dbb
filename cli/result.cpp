#include "cli/result.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "engine/story.hpp"
#include "engine/trace.hpp"
#include "engine/trace_json.hpp"
#include "engine/version.hpp"

namespace gainsay::cli {

namespace {

constexpr std::size_t columns = 80;

std::string file_name(const Model& model, const std::string& property) {
  std::string name = model.system.name;
  if (!model.system.bug.empty()) name += "-" + model.system.bug;
  name += "-" + property;
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-'; },
      '-');
  return name + ".trace.json";
}

std::string fixed(double number, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, number);
  return buffer;
}

// Some properties of a check that was cut short still stand; the reader is told which.
std::string sometimes_line(const CheckReport& report) {
  std::size_t all = 0;
  std::size_t reached = 0;
  for (const PropertyReport& property : report.properties) {
    if (property.kind != PropertyKind::sometimes) continue;
    ++all;
    reached += property.verdict == Verdict::holds ? 1U : 0U;
  }
  return std::to_string(reached) + " of " + std::to_string(all) + " sometimes reached";
}

std::string name_of(const Model& model) {
  const System& system = model.system;
  return system.bug.empty() ? system.name : system.name + " (bug " + system.bug + ")";
}

std::string counts_line(const CheckReport& report) {
  return "  " + with_commas(report.states) + " states, depth " + std::to_string(report.depth) +
         ", " + fixed(report.seconds, 2) + " s, " + sometimes_line(report) + "\n";
}

std::string details(const CheckReport& report) {
  std::string text;
  for (const PropertyReport& property : report.properties) {
    text += "  " + std::string(to_string(property.verdict)) + "  " + property.name + " (" +
            std::string(to_string(property.kind)) + ", evaluated " +
            with_commas(property.evaluated) + " times)\n";
  }
  text += "  " + with_commas(report.transitions) + " transitions, " +
          with_commas(report.local_states) + " local states, " + with_commas(report.messages) +
          " messages\n  " + with_commas(report.handler_runs) + " handler runs, reuse " +
          fixed(report.handler_runs == 0 ? 0
                                         : static_cast<double>(report.transitions) /
                                               static_cast<double>(report.handler_runs),
                1) +
          ", " + fixed(report.bytes_per_state, 1) + " bytes a state in the store\n";
  if (report.local_state_vectors > 0) {
    text += "  " + with_commas(report.local_state_vectors) + " local-state vectors\n";
  }
  return text;
}

std::string limits_text(const CheckReport& report) {
  std::string text;
  for (const LimitReport& limit : report.limits) {
    text += "  limit " + limit.name + " <= " + std::to_string(limit.greatest) + " cut " +
            with_commas(limit.cuts) + " local events; the last value was " +
            (limit.found_new_at_limit ? "" : "not ") + "reached\n";
  }
  return text;
}

}  // namespace

Finding save_counterexample(const Model& model, const CheckReport& report,
                            const std::filesystem::path& directory) {
  if (!report.counterexample) return {};
  const Counterexample& found = *report.counterexample;
  TraceVerdict verdict{.property = found.property,
                       .kind = std::string(to_string(found.kind)),
                       .step = static_cast<std::uint32_t>(found.events.size() - 1),
                       .message = found.message};
  const Trace trace = record_trace(model.system, found.events, verdict);
  Finding finding{.trace = directory / file_name(model, found.property)};
  write_file(finding.trace, trace_text(model.system, trace, found.events));
  finding.replay = "gainsay replay " + finding.trace.string();
  return finding;
}

std::string result_json(const Model& model, const CheckReport& report, const Finding& finding) {
  using nlohmann::ordered_json;
  const System& system = model.system;
  ordered_json result;
  result["system"] = system.name;
  if (!system.bug.empty()) result["bug"] = system.bug;
  result["verb"] = "check";
  result["verdict"] = to_string(report.verdict);
  result["bounds"] = ordered_json::parse(bounds_json(system.asked).dump());
  result["network"] = to_string(system.bounds.network);
  result["reductions"] = ordered_json::array();
  result["states"] = report.states;
  result["transitions"] = report.transitions;
  result["depth"] = report.depth;
  result["local_states"] = report.local_states;
  result["local_state_vectors"] = report.local_state_vectors;
  result["messages"] = report.messages;
  result["handler_runs"] = report.handler_runs;
  result["handler_reuse"] = report.handler_runs == 0 ? 0 : report.transitions / report.handler_runs;
  result["passes"] = 1;
  result["certificate"] = ordered_json::object();
  result["store"] = "exact";
  result["omission_probability"] = 0;
  if (!report.incomplete_because.empty()) result["incomplete_because"] = report.incomplete_because;
  for (const PropertyReport& property : report.properties) {
    result["properties"].push_back({{"name", property.name},
                                    {"kind", to_string(property.kind)},
                                    {"verdict", to_string(property.verdict)},
                                    {"evaluated", property.evaluated}});
  }
  result["limits"] = ordered_json::array();
  for (const LimitReport& limit : report.limits) {
    result["limits"].push_back({{"name", limit.name},
                                {"greatest", limit.greatest},
                                {"cuts", limit.cuts},
                                {"reached", limit.found_new_at_limit}});
  }
  if (report.counterexample) {
    result["violated"] = report.counterexample->property;
    result["events"] = report.counterexample->events.size();
    result["faults"] = report.counterexample->faults;
  }
  result["resumed"] = report.resumed;
  result["seed"] = "0";
  result["version"] = version;
  result["traces"] = ordered_json::array();
  if (!finding.trace.empty()) {
    result["traces"].push_back(finding.trace.string());
    result["replay"] = finding.replay;
  }
  result["bytes_per_state"] = report.bytes_per_state;
  result["seconds"] = report.seconds;
  result["states_per_second"] =
      report.seconds > 0 ? static_cast<double>(report.states) / report.seconds : 0;
  result["peak_memory_bytes"] = report.peak_memory_bytes;
  return result.dump() + "\n";
}

std::string result_text(const Model& model, const CheckReport& report, const Finding& finding,
                        bool verbose) {
  const std::string what = name_of(model);
  const std::string bounds = describe_bounds(model.system.asked);
  std::string text;
  switch (report.verdict) {
    case Verdict::holds:
      text = wrap(what + " holds within " + bounds, 2, columns);
      break;
    case Verdict::incomplete:
      text = wrap(what + " is incomplete (" + report.incomplete_because +
                      "): nothing found so far within " + bounds,
                  2, columns);
      break;
    case Verdict::vacuous:
      text = wrap(what + " is vacuous within " + bounds + ":", 2, columns);
      for (const PropertyReport& property : report.properties) {
        if (property.verdict != Verdict::vacuous) continue;
        text += "  \"" + property.name + "\" was never " +
                (property.kind == PropertyKind::sometimes ? "reached" : "evaluated") + "\n";
      }
      if (report.properties.empty()) text += "  there is no property to check\n";
      break;
    case Verdict::violated: {
      const Counterexample& found = *report.counterexample;
      text = wrap(what + " violates \"" + found.property + "\" within " + bounds, 2, columns);
      if (found.message.find(found.property) == std::string::npos) {
        text += wrap("  " + found.message, 2, columns);
      }
      text += "\n" + tell_story(model.system, found.events) + "\n";
      break;
    }
  }
  text += counts_line(report);
  text += limits_text(report);
  if (verbose) text += details(report);
  if (!finding.trace.empty()) text += "  " + finding.replay + "\n";
  return text;
}

}  // namespace gainsay::cli
