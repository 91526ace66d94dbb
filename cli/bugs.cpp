// gainsay bugs: every seeded bug must be contradicted.
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "engine/text.hpp"
#include "explorer/report.hpp"

namespace gainsay::cli {

namespace {

struct BugsArguments {
  std::string system;
  std::string output = "gainsay-out";
  std::uint64_t max_states = 20'000'000;
  std::string time = "60s";
  bool json = false;
  bool markdown = false;
};

struct JudgedBug {
  const CatalogEntry& entry;
  const Bug& bug;
  const CheckReport& report;
  // Of the trace, starts included; 0 without one.
  std::size_t events() const {
    return report.counterexample ? report.counterexample->events.size() : 0;
  }
  std::string property() const {
    return report.counterexample ? report.counterexample->property
                                 : "depth " + std::to_string(report.depth) + " reached";
  }
};

// One of three shapes of the same table.
struct Table {
  std::function<void()> begin;
  std::function<void(const JudgedBug&)> row;
  std::function<void()> end;
};

Table text_table() {
  const auto begin = [] {
    std::printf("%-26s %-22s %-10s %9s  s events\n", "bug", "breaks", "verdict", "states");
  };
  const auto row = [last = std::string()](const JudgedBug& of) mutable {
    if (of.entry.name != last) std::printf("%s\n", of.entry.name.c_str());
    last = of.entry.name;
    constexpr int width = 26;
    const bool fits = of.bug.name.size() <= std::size_t{width};
    if (!fits) std::printf("%s\n", of.bug.name.c_str());
    std::printf("%-*s %-22s %-10s %9s %5.1f %3zu\n", width, fits ? of.bug.name.c_str() : "",
                of.bug.breaks.c_str(), std::string(to_string(of.report.verdict)).c_str(),
                with_commas(of.report.states).c_str(), of.report.seconds, of.events());
    std::fflush(stdout);
  };
  return {begin, row, [] {}};
}

// That of the README.
Table markdown_table() {
  const auto begin = [] {
    std::printf(
        "| system | id | bug | breaks | within | verdict | states | events | seconds |\n"
        "|---|---|---|---|---|---|---:|---:|---:|\n");
  };
  const auto row = [](const JudgedBug& of) {
    std::printf("| %s | %s | `%s` | %s | %s | %s | %s | %zu | %.1f |\n", of.entry.name.c_str(),
                of.bug.id.c_str(), of.bug.name.c_str(), of.bug.breaks.c_str(),
                describe(of.bug.scenario.bounds, of.bug.scenario.options).c_str(),
                std::string(to_string(of.report.verdict)).c_str(),
                with_commas(of.report.states).c_str(), of.events(), of.report.seconds);
    std::fflush(stdout);
  };
  return {begin, row, [] {}};
}

Table json_table() {
  auto rows = std::make_shared<nlohmann::ordered_json>(nlohmann::ordered_json::array());
  const auto row = [rows](const JudgedBug& of) {
    rows->push_back({{"system", of.entry.name},
                     {"id", of.bug.id},
                     {"bug", of.bug.name},
                     {"breaks", of.bug.breaks},
                     {"verdict", to_string(of.report.verdict)},
                     {"property", of.property()},
                     {"states", of.report.states},
                     {"depth", of.report.depth},
                     {"events", of.events()},
                     {"seconds", of.report.seconds}});
  };
  return {[] {}, row, [rows] { std::cout << rows->dump() << "\n"; }};
}

// A bug that was not contradicted, or not by the property that it breaks, is what this verb exists
// to report.
int judged(const JudgedBug& row) {
  const Verdict verdict = row.report.verdict;
  if (verdict == Verdict::incomplete) return incomplete;
  if (verdict == Verdict::violated && row.property() == row.bug.breaks) return ok;
  std::cerr << "error: " << row.bug.name << " was not contradicted"
            << (verdict == Verdict::violated ? " by \"" + row.bug.breaks + "\"" : "") << "\n";
  return vacuous;
}

int run_bugs(const BugsArguments& arguments) {
  if (!arguments.system.empty()) require_system(arguments.system);
  if (arguments.json && arguments.markdown) {
    throw UsageError("--json and --markdown are two shapes of one table; take one");
  }
  const Table table = arguments.json       ? json_table()
                      : arguments.markdown ? markdown_table()
                                           : text_table();
  int code = ok;
  table.begin();
  for (const CatalogEntry& entry : catalog()) {
    if (!arguments.system.empty() && entry.name != arguments.system) continue;
    for (const Bug& bug : entry.bugs) {
      const Model model = entry.make(variant(bug));
      const CheckReport report = check(model, {.max_states = arguments.max_states,
                                               .seconds = parse_seconds(arguments.time, "--time"),
                                               .interrupted = &stop_requested});
      save_trace(model, report, arguments.output);
      const JudgedBug row{entry, bug, report};
      table.row(row);
      code = worse(code, judged(row));
      if (stop_requested) return 128 + stop_signal.load();
    }
  }
  table.end();
  return code;
}

}  // namespace

void add_bugs(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<BugsArguments>();
  CLI::App& command = *app.add_subcommand("bugs", "contradict every seeded bug; a table");
  command.add_option("system", arguments->system, "only of this system")->type_name("");
  command.add_option("--max-states", arguments->max_states, "give up behind so many (20000000)")
      ->type_name("N")
      ->check(is_count());
  command.add_option("--time", arguments->time, "give up after so long, each (60s)")
      ->type_name("TIME");
  command.add_option("-o,--output", arguments->output, "directory for traces (gainsay-out)")
      ->type_name("DIR");
  command.add_flag("--json", arguments->json, "as JSON");
  command.add_flag("--markdown", arguments->markdown, "as the table of the README");
  command.callback([arguments, &action] { action = [arguments] { return run_bugs(*arguments); }; });
}

}  // namespace gainsay::cli
