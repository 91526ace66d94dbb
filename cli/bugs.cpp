// gainsay bugs: every seeded bug must be contradicted.
#include <cstdio>
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
};

int run_bugs(const BugsArguments& arguments) {
  if (!arguments.system.empty()) require_system(arguments.system);
  int code = ok;
  if (!arguments.json) {
    std::printf("%-4s %-26s %-10s %-21s %11s %6s %6s\n", "id", "bug", "verdict", "property",
                "states", "events", "s");
  }
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const CatalogEntry& entry : catalog()) {
    if (!arguments.system.empty() && entry.name != arguments.system) continue;
    for (const Bug& bug : entry.bugs) {
      const Model model = entry.make(variant(bug));
      const CheckReport report = check(model, {.max_states = arguments.max_states,
                                               .seconds = parse_seconds(arguments.time, "--time"),
                                               .interrupted = &stop_requested});
      save_trace(model, report, arguments.output);
      const std::size_t events = report.counterexample ? report.counterexample->events.size() : 0;
      const std::string property = report.counterexample
                                       ? report.counterexample->property
                                       : "depth " + std::to_string(report.depth) + " reached";
      if (arguments.json) {
        rows.push_back({{"system", entry.name},
                        {"id", bug.id},
                        {"bug", bug.name},
                        {"verdict", to_string(report.verdict)},
                        {"property", property},
                        {"states", report.states},
                        {"depth", report.depth},
                        {"events", events},
                        {"seconds", report.seconds}});
      } else {
        std::printf("%-4s %-26s %-10s %-21.21s %11s %6zu %6.1f\n", bug.id.c_str(), bug.name.c_str(),
                    std::string(to_string(report.verdict)).c_str(), property.c_str(),
                    with_commas(report.states).c_str(), events, report.seconds);
        std::fflush(stdout);
      }
      // A bug that was not contradicted is what this verb exists to report.
      if (report.verdict == Verdict::incomplete) code = worse(code, incomplete);
      if (report.verdict == Verdict::holds || report.verdict == Verdict::vacuous) {
        std::cerr << "error: " << bug.name << " was not contradicted\n";
        code = worse(code, vacuous);
      }
      if (stop_requested) return 128 + stop_signal.load();
    }
  }
  if (arguments.json) std::cout << rows.dump() << "\n";
  return code;
}

}  // namespace

void add_bugs(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<BugsArguments>();
  CLI::App& command = *app.add_subcommand("bugs", "contradict every seeded bug; a table");
  command.add_option("system", arguments->system, "only of this system");
  command.add_option("--max-states", arguments->max_states, "give up behind so many states");
  command.add_option("--time", arguments->time, "give up after so long, each");
  command.add_option("-o,--output", arguments->output, "directory for traces (gainsay-out)");
  command.add_flag("--json", arguments->json, "as JSON");
  command.callback([arguments, &action] { action = [arguments] { return run_bugs(*arguments); }; });
}

}  // namespace gainsay::cli
