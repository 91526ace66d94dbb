#include "explorer/report.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <ostream>

#include "engine/text.hpp"
#include "engine/trace.hpp"
#include "explorer/explain.hpp"
#include "explorer/fingerprint_set.hpp"
#include "explorer/report_parts.hpp"

namespace gainsay {

namespace {

constexpr std::size_t columns = report_columns;

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

std::string counts_line(const CheckReport& report) {
  return "  " + with_commas(report.states) + (report.states == 1 ? " state" : " states") +
         ", depth " + std::to_string(report.depth) + ", " + fixed(report.seconds, 2) + " s, " +
         sometimes_line(report) + "\n";
}

std::string details(const CheckReport& report) {
  std::string text;
  for (const PropertyReport& property : report.properties) {
    text += "  " + std::string(to_string(property.verdict)) + "  " + property.name + " (" +
            std::string(to_string(property.kind)) + ", evaluated " +
            with_commas(property.evaluated) + " times)\n";
  }
  text += "  " + with_commas(report.transitions) + " transitions, " +
          with_commas(report.local_states) + " local states, " + with_commas(report.views) +
          " views of them, " + with_commas(report.messages) + " messages\n  " +
          with_commas(report.handler_runs) + " handler runs, reuse " +
          fixed(report.handler_runs == 0 ? 0
                                         : static_cast<double>(report.transitions) /
                                               static_cast<double>(report.handler_runs),
                1) +
          ", " + fixed(report.bytes_per_state, 1) + " bytes a state in the store\n";
  if (report.bounds.network == Network::async) {
    text += "  async: loss, repetition, reordering, delay and partitions are all included\n";
  }
  if (report.local_state_vectors > 0) {
    text += "  " + with_commas(report.local_state_vectors) + " local-state vectors\n";
  }
  return text;
}

std::string symmetry_text(const CheckReport& report) {
  if (report.equivariant) {
    return wrap("  up to renaming " + report.interchangeable + " (" +
                    with_commas(report.renamings) + " renamings, handlers equivariant)",
                2, columns);
  }
  if (report.asymmetry.empty()) return "";
  return wrap("  no symmetry: " + report.asymmetry, 2, columns);
}

std::string reductions_text(const CheckReport& report) {
  if (!report.reductions.dead_messages && !report.reductions.minimise) return "";
  std::string text = "  without dead messages (" + with_commas(report.dropped_pairs) + " dropped, ";
  if (!report.reductions.dead_messages) text = "  minimised (";
  if (report.merged > 0) text += with_commas(report.merged) + " local states merged, ";
  text += report.certified ? "certificate closed" : "no certificate";
  text += ", " + std::to_string(report.passes) + (report.passes == 1 ? " pass)" : " passes)");
  return wrap(text, 4, columns);
}

// What the bounds do not say of the network.
std::string network_text(const CheckReport& report) {
  if (report.bounds.partitions > 0) {
    return "  " + with_commas(report.partition_cuts) +
           (report.partition_cuts == 1 ? " cut" : " cuts") +
           " of the nodes; clients reach all nodes and are reached by them\n";
  }
  return "";
}

std::string clock_text(const CheckReport& report) {
  if (!report.bounds.skew) return "";
  if (!report.uses_ticks) return "  no timer says how many ticks it runs: time plays no part\n";
  const std::uint32_t skew = *report.bounds.skew;
  return "  timers run as many ticks as they say" +
         (skew == 0 ? std::string(", to the tick\n")
                    : ", give or take " + std::to_string(skew) + "\n");
}

std::string unsynced_text(const CheckReport& report) {
  std::string text;
  for (const UnsyncedSend& sends : report.unsynced_sends) {
    text += wrap("  warning: at " + sends.handler + " a node sends " + sends.message +
                     " while not all of its writes are synced",
                 4, columns);
  }
  return text;
}

std::string store_text(const CheckReport& report) {
  if (report.store == StoreKind::exact) return "";
  char probability[32];
  std::snprintf(probability, sizeof probability, "%.1e", report.omission_probability);
  return "  visited states known by " + std::to_string(FingerprintSet::fingerprint_bits) +
         " bits of their content, not exactly; any was omitted\n  with a probability below " +
         probability + "\n";
}

std::string recoveries_text(const CheckReport& report) {
  std::string text;
  for (const PropertyReport& property : report.properties) {
    if (!property.recovery) continue;
    const RecoveryReport& recovery = *property.recovery;
    std::string line = "  \"" + property.name + "\" asked of " + with_commas(recovery.vectors) +
                       (recovery.vectors == 1 ? " vector" : " vectors") + " of local states, " +
                       with_commas(recovery.worlds) + " healed worlds";
    for (const auto& [name, greatest] : recovery.limits) {
      line += ", " + name + "<=" + std::to_string(greatest);
    }
    if (recovery.undecided > 0) line += ", " + with_commas(recovery.undecided) + " undecided";
    text += wrap(line, 4, columns);
  }
  return text;
}

}  // namespace

std::string only_text(const std::vector<std::string>& properties) {
  std::string text;
  for (const std::string& name : properties) {
    text += (text.empty() ? "; only \"" : ", \"") + name + "\"";
  }
  return text;
}

std::string story_with_reason(const CheckReport& report) {
  const auto& found = report.counterexample;
  if (!found || !found->explanation) return report.story;
  return report.story + "\n" + tell(*found->explanation, columns);
}

std::string summary(const CheckReport& report, bool verbose) {
  const std::string& what = report.system;
  const std::string bounds = describe(report.bounds, report.options) + only_text(report.only);
  std::string text;
  switch (report.verdict) {
    case Verdict::holds:
      text = wrap(what + " holds within " + bounds, 2, columns);
      break;
    case Verdict::incomplete:
      text = wrap(what + " is incomplete (" + report.incomplete_because +
                      "): nothing found so far within " + bounds,
                  2, columns);
      if (!report.hint.empty()) text += wrap("  " + std::string(report.hint), 2, columns);
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
      text += "\n" + story_with_reason(report) + "\n";
      if (!report.hint.empty()) text += wrap("  " + std::string(report.hint), 2, columns);
      break;
    }
  }
  text += counts_line(report);
  text += reductions_text(report);
  text += network_text(report);
  text += clock_text(report);
  text += unsynced_text(report);
  text += store_text(report);
  text += recoveries_text(report);
  text += symmetry_text(report);
  text += limits_text(report, verbose);
  text += discovery_text(report, verbose);
  if (report.audit) text += audit_text(*report.audit) + coverage_text(*report.audit);
  if (report.profile) text += profile_text(*report.profile);
  if (verbose) text += details(report);
  return text;
}

std::ostream& operator<<(std::ostream& out, const CheckReport& report) {
  return out << summary(report, false);
}

namespace {

Trace recorded(const Model& model, const Counterexample& found) {
  return record_trace(model.system, found.events,
                      TraceVerdict{.property = found.property,
                                   .kind = std::string(to_string(found.kind)),
                                   .step = static_cast<std::uint32_t>(found.events.size() - 1),
                                   .message = found.message});
}

}  // namespace

std::string identity_of(const Model& model, const Counterexample& found) {
  return recorded(model, found).verdict->identity;
}

TraceMinimized minimized(const Model& model, const Counterexample& before,
                         const Counterexample& after) {
  return {.from = identity_of(model, before),
          .events_before = static_cast<std::uint32_t>(before.events.size()),
          .events_after = static_cast<std::uint32_t>(after.events.size()),
          .faults_before = before.faults,
          .faults_after = after.faults};
}

std::string counterexample_text(const Model& model, const Counterexample& found,
                                const Provenance& how) {
  Trace trace = recorded(model, found);
  trace.mode = how.mode;
  trace.strategy = how.strategy;
  trace.seed = how.seed;
  trace.minimized = how.minimized;
  trace.explanation = found.explanation ? found.explanation : explain(model, found);
  return trace_text(model.system, trace, found.events);
}

namespace {

std::filesystem::path save_text(const std::string& text, std::string name,
                                const std::filesystem::path& directory) {
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-'; },
      '-');
  const std::string content = to_hex(content_hash(text)).substr(0, 8);
  const std::filesystem::path path = directory / (name + "-" + content + ".trace.json");
  write_file(path, text);
  return path;
}

}  // namespace

std::string label_of(const System& system) {
  return system.name + (system.bug.empty() ? "" : "-" + system.bug);
}

std::filesystem::path save_trace(const Model& model, const Counterexample& found,
                                 const Provenance& how, const std::filesystem::path& directory) {
  return save_text(counterexample_text(model, found, how),
                   label_of(model.system) + "-" + found.property, directory);
}

std::filesystem::path save_trace(const Model& model, const CheckReport& report,
                                 const std::filesystem::path& directory) {
  if (!report.counterexample) return {};
  return save_trace(model, *report.counterexample, {}, directory);
}

std::filesystem::path save_trace(const CheckReport& report,
                                 const std::filesystem::path& directory) {
  if (report.trace.empty()) return {};
  return save_text(report.trace, report.system + "-" + report.counterexample->property, directory);
}

}  // namespace gainsay
