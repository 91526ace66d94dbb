// gainsay simulate: a system in virtual time, measured and watched.
#include "explorer/simulate/simulate.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "cli/configuration.hpp"
#include "cli/serve/live_routes.hpp"
#include "cli/simulate_arguments.hpp"
#include "engine/story.hpp"
#include "engine/text.hpp"
#include "explorer/hunt/report.hpp"
#include "explorer/report.hpp"
#include "explorer/simulate/heap.hpp"
#include "explorer/simulate/report_page.hpp"
#include "explorer/simulate/scenario.hpp"
#include "protocols/node_facts.hpp"

namespace gainsay::cli {

namespace {

std::function<void(const Simulation&, const Metrics&)> progress_printer(
    const SimulateArguments& arguments) {
  const bool redraws = arguments.progress == "always" || isatty(STDERR_FILENO) != 0;
  if (arguments.quiet || arguments.progress == "never" || !redraws) return {};
  return [](const Simulation& simulation, const Metrics& metrics) {
    char line[120];
    std::snprintf(line, sizeof line, "\r%s of %s, %s steps, %s requests answered   ",
                  describe_duration(simulation.now()).c_str(),
                  describe_duration(simulation.options().duration).c_str(),
                  with_commas(metrics.steps()).c_str(), with_commas(metrics.answers()).c_str());
    std::cerr << line << std::flush;
  };
}

void print_violation(const Model& model, const SimulateReport& report,
                     const std::filesystem::path& trace) {
  if (!report.not_kept.empty()) {
    std::cout << wrap("  not kept as a trace: " + report.not_kept, 4, 80);
    return;
  }
  const Counterexample& found = *report.counterexample;
  std::cout << "\n"
            << wrap("  " + found.message + " (" + with_commas(found.events.size()) +
                        " events, of a run of " + with_commas(report.events_before) + ")",
                    4, 80);
  constexpr std::size_t told_max = 60;
  if (found.events.size() <= told_max) std::cout << tell_story(model.system, found.events);
  if (found.kind != PropertyKind::progress) {
    std::cout << "  gainsay minimize " << trace.string() << "\n";
  }
  std::cout << "  gainsay replay " << trace.string() << "\n";
}

int exit_of(const SimulateReport& report) {
  const auto is_missed = [](const Expectation& expectation) { return !expectation.is_met; };
  if (std::ranges::any_of(report.expectations, is_missed)) return violated;
  switch (report.verdict()) {
    case Verdict::violated:
      return violated;
    case Verdict::incomplete:
      return report.interrupted ? ok : incomplete;
    case Verdict::vacuous:
      return vacuous;
    case Verdict::holds:
      return ok;
  }
  return internal;
}

// The system that is meant, by its name or by the flag.
const std::string& system_named(const SimulateArguments& arguments) {
  if (!arguments.algorithm.empty() && !arguments.system.empty() &&
      arguments.algorithm != arguments.system) {
    throw UsageError("--algorithm " + arguments.algorithm + " and " + arguments.system +
                     " are two systems");
  }
  const std::string& name = arguments.system.empty() ? arguments.algorithm : arguments.system;
  if (name.empty()) throw UsageError("simulate needs a system; see `gainsay list`");
  return name;
}

// What the trace says of the run that it comes from.
std::optional<TraceMinimized> shortened(const SimulateReport& report) {
  const auto after = static_cast<std::uint32_t>(report.counterexample->events.size());
  if (after == report.events_before) return std::nullopt;
  return TraceMinimized{.from = "seed " + seed_text(report.seed),
                        .events_before = report.events_before,
                        .events_after = after,
                        .faults_before = report.faults_before,
                        .faults_after = report.counterexample->faults};
}

SimulateReport run_as(const Model& model, SimulateOptions options, const Scenario* scenario) {
  std::vector<Sample> samples;
  if (scenario != nullptr) {
    options.tell_every = second;
    options.progress = [tell = options.progress, sample = sampling(samples)](
                           const Simulation& simulation, const Metrics& metrics) {
      if (tell) tell(simulation, metrics);
      sample(simulation, metrics);
    };
  }
  GrowingHeap heap;
  options.progress = [&heap, tell = options.progress](const Simulation& simulation,
                                                      const Metrics& metrics) {
    heap.settle();
    if (tell) tell(simulation, metrics);
  };
  SimulateReport report = simulate(model, options);
  if (scenario != nullptr && !report.interrupted) {
    report.expectations = scenario->expect(report, samples);
  }
  return report;
}

// The files of the page: the named one, and the one beside the figures.
std::vector<std::filesystem::path> pages_of(const SimulateArguments& arguments) {
  std::vector<std::filesystem::path> files;
  if (!arguments.report.empty()) files.emplace_back(arguments.report);
  if (arguments.visualize) {
    files.push_back(arguments.output.empty()
                        ? std::filesystem::path(arguments.traces) / "simulation.html"
                        : std::filesystem::path(arguments.output).replace_extension(".html"));
  }
  for (const std::filesystem::path& file : files) {
    if (file == arguments.output) {
      throw UsageError("the figures and the page are both to be in " + file.string());
    }
  }
  return files;
}

void write_pages(const SimulateArguments& arguments, const std::string& json,
                 const std::string& command) {
  const std::vector<std::filesystem::path> files = pages_of(arguments);
  if (files.empty()) return;
  const std::string page = report_page(json, command);
  for (const std::filesystem::path& file : files) {
    write_file(file, page);
    std::cerr << "gainsay: the page is in " << file.string() << "\n";
  }
}

LivePlan plan_of(const SimulateArguments& arguments, const std::string& command) {
  if (!arguments.output.empty() || !pages_of(arguments).empty() || arguments.json) {
    throw UsageError("--live: -o, --report, --visualize and --json are of runs without it");
  }
  if (!arguments.answers_within.empty()) {
    throw UsageError("--live: --answers-within is of runs whose faults are known before");
  }
  const CatalogEntry& entry = require_system(system_named(arguments));
  const Configuration configuration = configuration_of(arguments, entry);
  const Model model = entry.make(configuration);
  LivePlan plan{.system = model.system.name, .command = command};
  // As many faults as there will have been.
  plan.make = [&entry, configuration](std::uint32_t crashes, std::uint32_t restarts) {
    Configuration now = configuration;
    now.bounds.crashes = crashes;
    now.bounds.restarts = restarts;
    return entry.make(now);
  };
  plan.options.run = {.simulation = simulation_of(arguments, model.system),
                      .properties = !arguments.no_properties,
                      .facts = node_facts(entry.name, configuration)};
  if (!arguments.repeat.empty()) {
    plan.options.repeat = parse_live_log(read_trace_text(arguments.repeat), arguments.repeat);
  }
  return plan;
}

// `command` gives the same run again.
int run_simulate(const SimulateArguments& arguments, const Scenario* scenario,
                 const std::string& command) {
  (void)pages_of(arguments);  // what is wrong with them is said before the run
  const CatalogEntry& entry = require_system(system_named(arguments));
  const Model model = entry.make(configuration_of(arguments, entry));
  SimulateOptions options{.simulation = simulation_of(arguments, model.system),
                          .properties = !arguments.no_properties,
                          .minimize_seconds = arguments.keep_long ? 0.0 : 20.0,
                          .interrupted = &stop_requested,
                          .progress = progress_printer(arguments)};
  options.metrics = metrics_of(arguments, options.simulation.duration);
  if (!arguments.answers_within.empty()) {
    options.answers_within = parse_duration(arguments.answers_within, second, "--answers-within");
  }
  const SimulateReport report = run_as(model, options, scenario);
  if (options.progress) std::cerr << "\r\033[K";
  std::filesystem::path trace;
  if (report.counterexample) {
    trace = save_trace(model, *report.counterexample,
                       {.mode = "simulate",
                        .strategy = "virtual time",
                        .seed = seed_text(report.seed),
                        .minimized = shortened(report)},
                       arguments.traces);
  }
  const std::string json = simulate_json(model.system, options.simulation, report);
  if (!arguments.output.empty()) write_file(arguments.output, json);
  write_pages(arguments, json, command);
  if (arguments.json) {
    std::cout << json << std::flush;
  } else {
    std::cout << summary(model.system, options.simulation, report);
    if (report.verdict() == Verdict::violated) print_violation(model, report, trace);
    if (!arguments.output.empty()) std::cout << "  all figures: " << arguments.output << "\n";
    std::cout << std::flush;
  }
  return unless_stopped(exit_of(report));
}

constexpr std::string_view scenario_prefix = "scenario/";

const Scenario& require_scenario(const std::string& name) {
  if (const Scenario* scenario = find_scenario(name)) return *scenario;
  std::vector<std::string> names;
  for (const Scenario& scenario : scenarios()) names.push_back(scenario.name);
  refuse_name("there is no scenario", name, names);
}

// The scenario's flags, but for those that were given, and these. It takes nothing from a file: its
// figures are of its own weather.
SimulateArguments with_flags(const Scenario& scenario, const CLI::App& given) {
  std::vector<std::string> words;
  std::vector<std::string> names;
  for (const CLI::Option* option : given.get_options()) {
    if (!was_given(*option) || option->get_lnames().empty()) continue;
    if (option->get_lnames().front() == "config") continue;
    names.push_back("--" + option->get_lnames().front());
    for (const std::string& word : words_of(*option)) words.push_back(word);
  }
  for (const auto& [flag, value] : scenario.flags) {
    if (std::ranges::find(names, flag) != names.end()) continue;
    words.push_back(flag);
    if (!value.empty()) words.push_back(value);
  }
  SimulateArguments arguments;
  CLI::App app;
  add_simulate_options(app, arguments);
  std::ranges::reverse(words);  // as its parser wants them
  app.parse(words);
  arguments.system = scenario.system;
  return arguments;
}

int run_any(const SimulateArguments& arguments, const CLI::App& given) {
  const bool is_scenario = arguments.system.starts_with(scenario_prefix);
  std::vector<std::string_view> left_out = {"output", "report", "visualize", "traces", "progress",
                                            "json",   "quiet",  "port",      "repeat"};
  for (const CLI::Option* option : given.get_options()) {
    const bool is_left = is_scenario && !was_given(*option) && !option->get_lnames().empty();
    if (is_left) left_out.push_back(option->get_lnames().front());
  }
  const std::string again = command_of(given, left_out);
  if (arguments.live) {
    if (is_scenario) throw UsageError("--live: a scenario's figures are of a run left alone");
    return serve_live(plan_of(arguments, again), arguments.port);
  }
  if (arguments.port != 0 || !arguments.repeat.empty()) {
    throw UsageError("--port and --repeat are for --live");
  }
  if (!is_scenario) {
    return run_simulate(arguments, nullptr, again);
  }
  const Scenario& scenario = require_scenario(arguments.system.substr(scenario_prefix.size()));
  const SimulateArguments all = with_flags(scenario, given);
  if (!all.quiet && !all.json) {
    std::string command = "gainsay simulate " + scenario.system;
    for (const auto& [flag, value] : scenario.flags) {
      command += " " + flag + (value.empty() ? "" : " " + shell_word(value));
    }
    std::cout << wrap(scenario.name + ": " + scenario.what, 2, 80) << wrap(command, 4, 80) << "\n";
  }
  return run_simulate(all, &scenario, again);
}

}  // namespace

LivePlan live_plan(const std::string& system) {
  // Slow enough to be looked at, and to be kept as a trace.
  SimulateArguments arguments{.system = system, .duration = "24h", .load = "20/s"};
  return plan_of(arguments, "gainsay simulate " + system + " --duration 24h --load 20/s --live");
}

void add_simulate(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<SimulateArguments>();
  CLI::App& simulate = *app.add_subcommand("simulate", "virtual time: load, faults and figures");
  std::string names;
  for (const Scenario& scenario : scenarios()) {
    const std::string name = std::string(scenario_prefix) + scenario.name;
    names += wrap("  " + name + ": " + scenario.what, 4, 80);
  }
  simulate.footer(
      "Times of --latency, --disk and --think may be distributions, too:\n"
      "  normal:MEAN,DEVIATION log-normal:MEDIAN,SIGMA exponential:MEAN\n"
      "  pareto:LEAST,ALPHA file:PATH (a time on each line)\n"
      "Scenarios, which say what the figures must look like:\n" +
      names + simulate.get_footer());
  simulate.add_option("system", arguments->system, "which system, or which scenario")
      ->type_name("");
  add_simulate_options(simulate, *arguments);
  simulate.callback([arguments, &simulate, &action] {
    action = [arguments, &simulate] { return run_any(*arguments, simulate); };
  });
}

}  // namespace gainsay::cli
