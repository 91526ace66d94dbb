// gainsay minimize: a trace that violates a property, made short.
#include "explorer/minimize.hpp"

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "engine/story.hpp"
#include "engine/trace_json.hpp"
#include "explorer/confirm.hpp"
#include "explorer/explain.hpp"
#include "explorer/replay.hpp"
#include "explorer/report.hpp"

namespace gainsay::cli {

namespace {

struct MinimizeArguments {
  std::string trace;
  std::string output;
  std::string time = "10s";
  std::uint64_t max_states = MinimizeOptions{}.max_states;
  unsigned jobs = 0;
  bool json = false;
  bool quiet = false;
};

std::filesystem::path default_output(const std::filesystem::path& trace) {
  const std::string ending = ".trace.json";
  std::string name = trace.filename().string();
  if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  return trace.parent_path() / (name + ".min" + ending);
}

// What the trace recorded, run again; its events end with the one that violates.
Counterexample recorded_run(const Model& model, const Trace& trace) {
  const ReplayReport report = replay(model, trace);
  if (report.divergence) {
    throw UsageError("the trace does not replay here (step " +
                     std::to_string(report.divergence->step) + "); see `gainsay replay`");
  }
  if (!report.violation) throw UsageError("nothing is violated in the trace");
  return violating_run(model, report);
}

std::string result_json(const Model& model, const MinimizeReport& report, const std::string& path) {
  const Counterexample& found = report.counterexample;
  nlohmann::ordered_json result = {{"system", model.system.name},
                                   {"verb", "minimize"},
                                   {"property", found.property},
                                   {"events_before", report.events_before},
                                   {"events", found.events.size()},
                                   {"faults_before", report.faults_before},
                                   {"faults", found.faults},
                                   {"shortest", report.shortest},
                                   {"cut", report.cut},
                                   {"runs", report.candidates},
                                   {"identity", identity_of(model, found)},
                                   {"trace", path},
                                   {"replay", "gainsay replay " + path},
                                   {"seconds", report.seconds}};
  if (found.explanation) result["explain"] = explanation_json(*found.explanation);
  return result.dump() + "\n";
}

int run_minimize(const MinimizeArguments& arguments) {
  const Trace trace = read_trace(arguments.trace);
  const Model model = model_of(trace);
  const Counterexample run = recorded_run(model, trace);
  MinimizeReport report = minimize(model, run,
                                   {.seconds = parse_seconds(arguments.time, "--time"),
                                    .max_states = arguments.max_states,
                                    .jobs = arguments.jobs,
                                    .interrupted = &stop_requested});
  Counterexample& found = report.counterexample;
  add_explanation(model, found);
  const std::filesystem::path path = arguments.output.empty()
                                         ? default_output(arguments.trace)
                                         : std::filesystem::path(arguments.output);
  const Provenance how{.mode = trace.mode,
                       .strategy = trace.strategy,
                       .seed = trace.seed,
                       .minimized = minimized(model, run, found)};
  write_file(path, counterexample_text(model, found, how));
  if (arguments.json) {
    std::cout << result_json(model, report, path.string());
    return ok;
  }
  std::cout << "\"" << found.property << "\": " << report.events_before << " events became "
            << found.events.size() << ", " << report.faults_before << " faults " << found.faults
            << (report.shortest ? "; none is shorter"
                : report.cut    ? "; cut short"
                                : "")
            << "\n";
  if (!arguments.quiet) {
    std::cout << tell_story(model.system, found.events);
    if (found.explanation) std::cout << "\n" << tell(*found.explanation) << "\n";
  }
  std::cout << "  gainsay replay " << path.string() << "\n";
  return stop_requested ? 128 + stop_signal.load() : ok;
}

}  // namespace

void add_minimize(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<MinimizeArguments>();
  CLI::App& command = *app.add_subcommand("minimize", "make a trace that violates something short");
  command.add_option("trace", arguments->trace, "a trace file")->required()->type_name("FILE");
  command.add_option("-o,--output", arguments->output, "where to (NAME.min.trace.json beside it)")
      ->type_name("FILE");
  command.add_option("--time", arguments->time, "at most so long (10s)")->type_name("TIME");
  command
      .add_option("--max-states", arguments->max_states,
                  "of the exhaustive search; 0: none at all (1000000)")
      ->type_name("N")
      ->check(is_count());
  command.add_option("-j,--jobs", arguments->jobs, "threads (default: one for each core)")
      ->type_name("N");
  command.add_flag("--json", arguments->json, "one JSON object on standard output");
  command.add_flag("-q,--quiet", arguments->quiet, "no story");
  command.callback(
      [arguments, &action] { action = [arguments] { return run_minimize(*arguments); }; });
}

}  // namespace gainsay::cli
