#include "explorer/hunt/report.hpp"

#include <cstdio>
#include <sstream>

#include "engine/text.hpp"
#include "explorer/report.hpp"

namespace gainsay {

namespace {

std::string fixed(double number, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, number);
  return buffer;
}

std::string counts(const HuntReport& report) {
  const double rate =
      report.seconds > 0 ? static_cast<double>(report.events) / report.seconds / 1e6 : 0;
  return with_commas(report.runs) + (report.runs == 1 ? " run, " : " runs, ") +
         with_commas(report.events) + " events, " + fixed(report.seconds, 2) + " s (" +
         fixed(rate, 1) + " M events/s)";
}

std::string worlds_text(const HuntReport& report) {
  std::string text;
  if (!report.worlds_because.empty()) {
    text += "  worlds " + report.worlds + ": " + report.worlds_because + "\n";
  }
  if (report.live_steps_judged < report.live_steps) {
    text += "  states judged behind " + with_commas(report.live_steps_judged) + " of " +
            with_commas(report.live_steps) + " live steps, and at each run's end\n";
  }
  return text;
}

std::string sometimes_text(const HuntReport& report) {
  std::string text;
  for (const PropertyReport& property : report.properties) {
    if (property.kind != PropertyKind::sometimes || property.verdict != Verdict::vacuous) continue;
    text += "  never reached: " + property.name + "\n";
  }
  for (const std::string& name : report.not_judged) {
    text += "  not judged: " + name + " (it is not of runs; `gainsay check` asks it)\n";
  }
  for (const auto& [name, runs] : report.not_judged_runs) {
    text += "  not judged in " + with_commas(runs) + " runs: " + name +
            " (their histories take too much)\n";
  }
  return text;
}

std::string strategies_text(const HuntReport& report) {
  std::string text;
  for (const StrategyReport& one : report.strategies) {
    if (one.runs == 0) continue;
    text += "  " + one.name + ": " + with_commas(one.runs) + " runs, " + with_commas(one.events) +
            " events" + (one.findings > 0 ? ", " + with_commas(one.findings) + " found" : "") +
            "\n";
  }
  for (const PropertyReport& property : report.properties) {
    text += "  " + property.name + " (" + std::string(to_string(property.kind)) + "): evaluated " +
            with_commas(property.evaluated) + " times\n";
  }
  return text;
}

// But for the verdict, which stays one line.
std::string in_80_columns(const std::string& text) {
  std::istringstream lines(text);
  std::string verdict;
  std::getline(lines, verdict);
  std::string wrapped = verdict + "\n";
  for (std::string line; std::getline(lines, line);) wrapped += wrap(line, 4, 80);
  return wrapped;
}

}  // namespace

std::string seed_text(std::uint64_t seed) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(seed));
  return text;
}

std::string summary(const HuntReport& report, bool verbose) {
  std::string text = report.system + ": ";
  if (report.findings.empty()) {
    text += report.runs == 0 ? "no run was made, so nothing is known\n"
                             : "nothing found (which does not say that it holds)\n";
  } else {
    const std::uint64_t count = report.findings.size();
    text += count == 1
                ? "\"" + report.findings.front().counterexample.property +
                      "\" is violated, in run " + std::to_string(report.findings.front().run) +
                      " (" + report.findings.front().strategy + ")\n"
                : with_commas(count) + " runs violate what must hold\n";
  }
  text += "  within " + describe(report.bounds, report.options);
  if (report.max_depth) text += ", depth " + std::to_string(*report.max_depth);
  text += only_text(report.only) + "\n";
  text += "  " + counts(report) + "\n";
  text += "  strategy " + report.strategy + ", seed " + seed_text(report.seed) + ", ended by " +
          report.stopped_by;
  // On live worlds they are not looked up.
  if (report.worlds != "live") {
    text += "; " + with_commas(report.local_states) + " local states met";
  }
  text += "\n";
  text += worlds_text(report);
  if (report.cuts) text += "  pairs of nodes asked at all cuts of each run\n";
  if (report.runs > 0) text += sometimes_text(report);
  if (verbose) text += strategies_text(report);
  return in_80_columns(text);
}

}  // namespace gainsay
