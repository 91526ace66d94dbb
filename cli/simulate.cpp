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
#include "cli/serve/live_routes.hpp"
#include "engine/story.hpp"
#include "engine/text.hpp"
#include "explorer/hunt/report.hpp"
#include "explorer/report.hpp"
#include "explorer/simulate/heap.hpp"
#include "explorer/simulate/report_page.hpp"
#include "explorer/simulate/scenario.hpp"
#include "protocols/kv_workload.hpp"
#include "protocols/node_facts.hpp"

namespace gainsay::cli {

namespace {

struct SimulateArguments {
  std::string system;
  std::string algorithm;  // another name for it
  std::string nodes;      // as text, to say so where it is none
  std::optional<std::uint32_t> clients;
  std::string options, bug;
  std::string duration = "60s";
  std::string seed = "0";
  std::vector<std::string> latency;
  std::string loss, duplication, reordering, bandwidth, disk, drift;
  std::string load = "100/s";
  std::string think;
  std::string client_timeout;
  bool closed = false;
  bool regular = false;
  std::optional<std::uint32_t> keys, reads, value_size;
  std::string zipf;
  std::vector<std::string> partitions, crashes;
  std::string interval, unavailable;
  bool no_properties = false;
  bool keep_long = false;
  std::string output;
  std::string report;
  bool visualize = false;
  std::string traces = "gainsay-out";
  std::string progress = "auto";
  bool json = false;
  bool quiet = false;
  bool live = false;
  std::string repeat;
  std::uint16_t port = 0;
};

LinkModel links_of(const SimulateArguments& arguments);

// As many as wait at a time where an answer takes a dozen messages' time, and some more.
std::uint32_t clients_for(const SimulateArguments& arguments) {
  constexpr std::uint32_t least = 8;
  constexpr std::uint32_t most = 200;
  if (arguments.closed) return 32;
  __extension__ using Wide = unsigned __int128;
  const Wide busy = Wide{parse_rate(arguments.load, "--load")} *
                    links_of(arguments).latency.mean() * 12 / (3600 * second);
  return busy > most ? most : std::max(least, static_cast<std::uint32_t>(busy));
}

Configuration configuration_of(const SimulateArguments& arguments, const CatalogEntry& entry) {
  Configuration configuration = entry.simulated.value_or(entry.defaults);
  configuration.bounds.network = Network::async;  // whatever this network does lies within it
  configuration.bounds.crashes = static_cast<std::uint32_t>(arguments.crashes.size());
  configuration.bounds.restarts = static_cast<std::uint32_t>(std::ranges::count_if(
      arguments.crashes, [](const std::string& crash) { return crash.find('+') != crash.npos; }));
  if (!arguments.bug.empty()) {
    const Bug& bug = require_bug(entry, arguments.bug);
    for (const auto& [name, value] : bug.scenario.options) configuration.options[name] = value;
    configuration.bug = bug.name;
  }
  const auto number = [&](const std::string& text) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(parse_millionths(text, "--nodes") / 1'000'000, ids_max + 1));
  };
  if (!arguments.nodes.empty()) configuration.bounds.nodes = number(arguments.nodes);
  if (configuration.bounds.clients > 0) {
    configuration.bounds.clients = arguments.clients.value_or(clients_for(arguments));
  }
  if (configuration.bounds.clients == 0) configuration.bounds.operations = 1;
  const auto set = [&](const char* name, const std::optional<std::uint32_t>& value) {
    if (value) configuration.options[name] = std::to_string(*value);
  };
  set("load-keys", arguments.keys);
  set("load-reads", arguments.reads);
  set("load-value", arguments.value_size);
  if (!arguments.zipf.empty()) {
    configuration.options["load-zipf"] =
        std::to_string(parse_millionths(arguments.zipf, "--zipf") / 1000);
  }
  for (const auto& [name, value] : parse_pairs(arguments.options, "--option")) {
    configuration.options[name] = value;
  }
  return configuration;
}

LinkModel links_of(const SimulateArguments& arguments) {
  LinkModel links;
  if (!arguments.latency.empty()) {
    std::string text = arguments.latency.front();
    if (arguments.latency.size() == 2) text += ".." + arguments.latency.back();
    links.latency = Distribution::parse(text, "--latency");
  }
  const auto chance = [](const std::string& text, const char* flag) {
    return text.empty() ? 0 : parse_chance(text, flag);
  };
  links.loss = chance(arguments.loss, "--loss");
  links.duplicates = chance(arguments.duplication, "--duplication");
  links.reordering = chance(arguments.reordering, "--reordering");
  if (!arguments.bandwidth.empty()) {
    links.bytes_per_second = parse_bytes(arguments.bandwidth, "--bandwidth");
  }
  return links;
}

// "n1=200,n2=-50": in millionths.
std::vector<ClockModel> clocks_of(const SimulateArguments& arguments, const System& system) {
  std::vector<ClockModel> clocks;
  for (const auto& [name, value] : parse_pairs(arguments.drift, "--drift")) {
    const NodeId node = node_named(system, name, "--drift");
    const bool is_slow = value.starts_with('-');
    const std::uint64_t ppm =
        parse_millionths(value.substr(is_slow ? 1 : 0), "--drift") / 1'000'000;
    if (ppm > 500'000) throw UsageError("--drift is at most 500000 millionths");
    if (clocks.size() <= node.value) clocks.resize(std::size_t{node.value} + 1);
    const auto drift = static_cast<std::int64_t>(ppm);
    clocks[node.value].drift_millionths = is_slow ? -drift : drift;
  }
  return clocks;
}

SimulationOptions simulation_of(const SimulateArguments& arguments, const System& system) {
  SimulationOptions options{.seed = parse_seed(arguments.seed),
                            .duration = parse_duration(arguments.duration, second, "--duration"),
                            .links = links_of(arguments),
                            .clocks = clocks_of(arguments, system)};
  if (!arguments.disk.empty()) options.disk = Distribution::parse(arguments.disk, "--disk");
  if (!arguments.closed) options.arrivals_an_hour = parse_rate(arguments.load, "--load");
  if (!arguments.closed && options.arrivals_an_hour == 0) {
    throw UsageError("--load is at least one request an hour");
  }
  options.arrivals_are_regular = arguments.regular;
  if (!arguments.think.empty()) options.think = Distribution::parse(arguments.think, "--think");
  // Long enough for an answer that takes its time.
  const Nanoseconds slow = 20 * options.links.latency.mean();
  options.client_timeout =
      arguments.client_timeout.empty()
          ? std::max<Nanoseconds>(200 * millisecond, slow)
          : parse_duration(arguments.client_timeout, millisecond, "--client-timeout");
  if (options.client_timeout == 0) throw UsageError("--client-timeout is more than 0");
  for (const std::string& text : arguments.partitions) {
    add_partition(options.faults, system, text);
  }
  for (const std::string& text : arguments.crashes) add_crash(options.faults, system, text);
  return options;
}

MetricsOptions metrics_of(const SimulateArguments& arguments, Nanoseconds duration) {
  MetricsOptions metrics;
  // A hundred intervals, of whole tenths of a second.
  const Nanoseconds tenth = second / 10;
  metrics.interval = std::max<Nanoseconds>(tenth, (duration / 100 + tenth - 1) / tenth * tenth);
  if (!arguments.interval.empty()) {
    metrics.interval = parse_duration(arguments.interval, second, "--interval");
  }
  if (metrics.interval < millisecond) throw UsageError("--interval is at least 1ms");
  if (duration / metrics.interval > 100'000) {
    throw UsageError("--interval is too short: there would be more than 100,000");
  }
  if (!arguments.unavailable.empty()) {
    metrics.unavailable_after = parse_duration(arguments.unavailable, second, "--unavailable");
  }
  return metrics;
}

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
  std::cout << "  gainsay minimize " << trace.string() << "\n"
            << "  gainsay replay " << trace.string() << "\n";
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

void add_options(CLI::App& simulate, SimulateArguments& arguments) {
  std::string group = "System";
  const auto add = [&](const std::string& flag, auto& value, const std::string& what,
                       const std::string& type) {
    return simulate.add_option(flag, value, what)->group(group)->type_name(type);
  };
  add("--algorithm", arguments.algorithm, "the system, by a flag", "NAME");
  add("--nodes", arguments.nodes, "how many nodes", "N");
  add("--clients", arguments.clients, "how many requests at a time", "N");
  add("--option", arguments.options, "of the protocol, as pipeline=0", "LIST");
  add("--bug", arguments.bug, "the named faulty variant", "NAME");
  group = "Run";
  add("--duration", arguments.duration, "of virtual time: 60s, 2h (60s)", "TIME");
  add("--seed", arguments.seed, "the same run again, or another (0)", "HEX");
  add("--crash", arguments.crashes, "n1@5s+3s: down at 5 s, for 3 s", "WHEN")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add("--partition", arguments.partitions, "10s-20s:n1,n2|n3 (one way: n1>n2)", "WHEN")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add("--disk", arguments.disk, "how long a write takes, as --latency", "TIME");
  add("--drift", arguments.drift, "slow clocks, in millionths: n1=200", "LIST");
  group = "Network";
  add("--latency", arguments.latency, "5ms, 10..100ms, two numbers of ms, or as below", "TIME")
      ->expected(1, 2);
  add("--loss,--packet-loss", arguments.loss, "share of messages: 0.01 or 1%", "SHARE");
  add("--duplication", arguments.duplication, "share that comes twice", "SHARE");
  add("--reordering", arguments.reordering, "share that overtakes or is overtaken (0)", "SHARE");
  add("--bandwidth", arguments.bandwidth, "of each link, in bytes a second", "SIZE");
  group = "Load";
  add("--load", arguments.load, "requests come at this rate (100/s)", "RATE");
  simulate.add_flag("--regular", arguments.regular, "evenly, not at random")->group(group);
  simulate.add_flag("--closed", arguments.closed, "each client asks again once it is answered")
      ->group(group);
  add("--think", arguments.think, "with --closed: after so long", "TIME");
  add("--client-timeout", arguments.client_timeout, "then another node is asked", "TIME");
  add("--keys", arguments.keys, "how many there are (1000)", "N");
  add("--zipf", arguments.zipf, "the i-th key in proportion to i^-S (0)", "S");
  add("--reads", arguments.reads, "share of reads, in percent (50)", "N");
  add("--value-size", arguments.value_size, "bytes of a value (16)", "N");
  group = "Output";
  add("-o,--output", arguments.output, "all figures, as JSON", "FILE");
  add("--report", arguments.report, "all figures, as a page for a browser", "FILE");
  simulate.add_flag("--visualize", arguments.visualize, "the same page, beside --output")
      ->group(group);
  add("--traces", arguments.traces, "directory for a trace (gainsay-out)", "DIR");
  add("--interval", arguments.interval, "of the time line (a hundredth)", "TIME");
  add("--unavailable", arguments.unavailable, "no answer for so long (1s)", "TIME");
  simulate.add_flag("--no-properties", arguments.no_properties, "measure only")->group(group);
  simulate.add_flag("--no-minimize", arguments.keep_long, "a trace of all of the run")
      ->group(group);
  add("--progress", arguments.progress, "auto, always or never", "NAME");
  simulate.add_flag("--json", arguments.json, "the figures, on stdout")->group(group);
  simulate.add_flag("--live", arguments.live, "in a browser, as it runs and by hand")->group(group);
  add("--repeat", arguments.repeat, "with --live: what was done, as its page saves it", "FILE");
  add("--port", arguments.port, "with --live: where to listen (any that is free)", "N");
  simulate.add_flag("-q,--quiet", arguments.quiet, "no progress")->group(group);
}

constexpr std::string_view scenario_prefix = "scenario/";

const Scenario& require_scenario(const std::string& name) {
  if (const Scenario* scenario = find_scenario(name)) return *scenario;
  std::vector<std::string> names;
  for (const Scenario& scenario : scenarios()) names.push_back(scenario.name);
  refuse_name("there is no scenario", name, names);
}

// The scenario's flags, but for those that were given, and these.
SimulateArguments with_flags(const Scenario& scenario, const CLI::App& given) {
  std::vector<std::string> words;
  std::vector<std::string> names;
  for (const CLI::Option* option : given.get_options()) {
    if (option->count() == 0 || option->get_lnames().empty()) continue;
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
  add_options(app, arguments);
  std::ranges::reverse(words);  // as its parser wants them
  app.parse(words);
  arguments.system = scenario.system;
  return arguments;
}

int run_any(const SimulateArguments& arguments, const CLI::App& given) {
  const bool is_scenario = arguments.system.starts_with(scenario_prefix);
  const std::string again = command_of(given, {"output", "report", "visualize", "traces",
                                               "progress", "json", "quiet", "port", "repeat"});
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
    names += "  " + std::string(scenario_prefix) + scenario.name + ": " + scenario.what + "\n";
  }
  simulate.footer(
      "Times of --latency, --disk and --think may be distributions, too:\n"
      "  normal:MEAN,DEVIATION log-normal:MEDIAN,SIGMA exponential:MEAN\n"
      "  pareto:LEAST,ALPHA file:PATH (a time on each line)\n"
      "Scenarios, which say what the figures must look like:\n" +
      names + simulate.get_footer());
  simulate.add_option("system", arguments->system, "which system, or which scenario")
      ->type_name("");
  add_options(simulate, *arguments);
  simulate.callback([arguments, &simulate, &action] {
    action = [arguments, &simulate] { return run_any(*arguments, simulate); };
  });
}

}  // namespace gainsay::cli
