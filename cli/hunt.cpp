// gainsay hunt: seeded search beyond what can be searched exhaustively.
#include "explorer/hunt/hunt.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "engine/story.hpp"
#include "engine/text.hpp"
#include "engine/trace_json.hpp"
#include "engine/version.hpp"
#include "explorer/campaign/campaign.hpp"
#include "explorer/explain.hpp"
#include "explorer/hunt/report.hpp"

namespace gainsay::cli {

namespace {

constexpr double default_seconds = 60;

struct HuntArguments {
  ModelArguments model;
  std::string system;
  std::vector<std::string> properties;
  std::string strategy = "portfolio";
  std::string seed = "0";
  std::string time, memory;
  std::optional<std::uint64_t> runs;
  std::optional<std::uint32_t> max_depth;
  std::optional<std::uint64_t> findings;
  std::string campaign, shard;
  unsigned jobs = 0;
  std::string output = "gainsay-out";
  std::string progress = "auto";
  bool keep_long = false;
  bool cuts = false;
  bool json = false;
  bool quiet = false;
  bool verbose = false;
};

void require_strategy(const std::string& name) {
  const std::vector<std::string> names = strategy_names();
  if (std::ranges::find(names, name) != names.end()) return;
  refuse_name("there is no strategy", name, names);
}

std::function<void(const HuntProgress&)> hunt_progress_printer(const std::string& mode) {
  if (mode == "never") return {};
  const bool redraws = mode == "always" || isatty(STDERR_FILENO) != 0;
  const double every = redraws ? 0.25 : 10;
  return [=, last = 0.0](const HuntProgress& now) mutable {
    if (now.seconds - last < every) return;
    last = now.seconds;
    char line[160];
    std::snprintf(line, sizeof line, "%s runs, %s events, %.1f M/s, %s local states, %.0f s",
                  with_commas(now.runs).c_str(), with_commas(now.events).c_str(),
                  static_cast<double>(now.events) / now.seconds / 1e6,
                  with_commas(now.local_states).c_str(), now.seconds);
    std::cerr << (redraws ? "\r" : "") << line << (redraws ? "   " : "\n") << std::flush;
  };
}

HuntOptions options_of(const HuntArguments& arguments) {
  require_strategy(arguments.strategy);
  if (arguments.jobs > 256) throw UsageError("--jobs is at most 256");
  if (arguments.findings == std::uint64_t{0}) throw UsageError("--findings is at least 1");
  const std::uint64_t findings = arguments.campaign.empty() ? 1 : ~std::uint64_t{0};
  HuntOptions options{.strategy = arguments.strategy,
                      .seed = parse_seed(arguments.seed),
                      .runs = arguments.runs,
                      .jobs = arguments.jobs,
                      .max_depth = arguments.max_depth,
                      .properties = arguments.properties,
                      .findings_max = arguments.findings.value_or(findings),
                      .minimize = !arguments.keep_long,
                      .cuts = arguments.cuts,
                      .output = arguments.output,
                      .interrupted = &stop_requested};
  if (!arguments.time.empty()) {
    options.seconds = parse_seconds(arguments.time, "--time");
  } else if (!arguments.runs) {
    options.seconds = default_seconds;
  }
  if (!arguments.memory.empty()) options.memory_bytes = parse_bytes(arguments.memory, "--memory");
  if (!arguments.quiet) options.progress = hunt_progress_printer(arguments.progress);
  return options;
}

nlohmann::ordered_json finding_json(const HuntFinding& finding) {
  const Counterexample& found = finding.counterexample;
  nlohmann::ordered_json result = {{"property", found.property},
                                   {"run", finding.run},
                                   {"strategy", finding.strategy},
                                   {"by_cut", finding.by_cut},
                                   {"hits", finding.hits},
                                   {"events", found.events.size()},
                                   {"events_before", finding.events_before},
                                   {"faults", found.faults},
                                   {"faults_before", finding.faults_before},
                                   {"shortest", finding.shortest},
                                   {"not_shortened", finding.not_shortened},
                                   {"message", found.message},
                                   {"identity", finding.identity},
                                   {"trace", finding.trace.string()},
                                   {"replay", "gainsay replay " + finding.trace.string()}};
  if (found.explanation) result["explain"] = explanation_json(*found.explanation);
  return result;
}

std::string hunt_json(const Model& model, const HuntReport& report) {
  using nlohmann::ordered_json;
  ordered_json result = {{"system", model.system.name}, {"verb", "hunt"}};
  if (!model.system.bug.empty()) result["bug"] = model.system.bug;
  result["verdict"] = report.findings.empty() ? "nothing found" : "violated";
  result["bounds"] = bounds_json(report.bounds);
  result["options"] = report.options;
  result["network"] = to_string(report.bounds.network);
  result["strategy"] = report.strategy;
  result["seed"] = seed_text(report.seed);
  result["runs"] = report.runs;
  result["events"] = report.events;
  result["local_states"] = report.local_states;
  result["stopped_by"] = report.stopped_by;
  result["strategies"] = ordered_json::array();
  for (const StrategyReport& one : report.strategies) {
    if (one.runs == 0) continue;
    result["strategies"].push_back({{"name", one.name},
                                    {"runs", one.runs},
                                    {"events", one.events},
                                    {"findings", one.findings}});
  }
  result["properties"] = ordered_json::array();
  for (const PropertyReport& property : report.properties) {
    const bool vacuous = property.verdict == Verdict::vacuous;
    const char* verdict = property.verdict == Verdict::violated      ? "violated"
                          : vacuous                                  ? "vacuous"
                          : property.kind == PropertyKind::sometimes ? "reached"
                                                                     : "not violated";
    result["properties"].push_back({{"name", property.name},
                                    {"kind", to_string(property.kind)},
                                    {"verdict", verdict},
                                    {"evaluated", property.evaluated}});
  }
  result["not_judged"] = report.not_judged;
  result["worlds"] = report.worlds;
  result["worlds_because"] = report.worlds_because;
  if (report.reuse) {
    result["reuse"] = {{"events", report.reuse->events}, {"new", report.reuse->met}};
  }
  result["live_steps"] = report.live_steps;
  result["live_steps_judged"] = report.live_steps_judged;
  result["not_judged_runs"] = nlohmann::ordered_json::object();
  for (const auto& [name, runs] : report.not_judged_runs) result["not_judged_runs"][name] = runs;
  result["cuts"] = report.cuts;
  result["findings"] = ordered_json::array();
  for (const HuntFinding& finding : report.findings) {
    result["findings"].push_back(finding_json(finding));
  }
  result["digest"] = to_hex(report.digest);
  result["version"] = version;
  result["seconds"] = report.seconds;
  return result.dump() + "\n";
}

void print(const Model& model, const HuntReport& report, bool verbose) {
  std::cout << summary(report, verbose);
  for (const HuntFinding& finding : report.findings) {
    const Counterexample& found = finding.counterexample;
    std::string what = "  " + found.message + " (" + std::to_string(found.events.size()) +
                       " events, " + std::to_string(found.faults) +
                       (found.faults == 1 ? " fault" : " faults");
    if (finding.events_before > found.events.size()) {
      what += ", from " + std::to_string(finding.events_before) + " events";
    }
    if (finding.shortest) what += "; none is shorter";
    if (!finding.not_shortened.empty()) what += "; not shortened: " + finding.not_shortened;
    std::cout << "\n" << wrap(what + ")", 4, 80) << tell_story(model.system, found.events);
    if (found.explanation) std::cout << "\n" << tell(*found.explanation) << "\n";
    if (!finding.trace.empty()) std::cout << "  gainsay replay " << finding.trace.string() << "\n";
  }
  std::cout << std::flush;
}

int exit_of(const CampaignReport& hunted, bool in_campaign) {
  const HuntReport& report = hunted.hunt;
  // A campaign that has open failures has failed, whichever hunt found them.
  if (!report.findings.empty() || hunted.open_failures > 0) return violated;
  if (report.stopped_by == "interrupted") return 128 + stop_signal.load();
  // A campaign has them all, or they are those of other shards.
  if (report.runs == 0 && report.stopped_by == "runs") return in_campaign ? ok : vacuous;
  for (const PropertyReport& property : report.properties) {
    if (property.kind != PropertyKind::sometimes && property.evaluated == 0) return vacuous;
  }
  return ok;
}

// Which part of the campaign is this machine's; none: there is no campaign.
std::optional<CampaignOptions> campaign_of(const HuntArguments& arguments) {
  if (arguments.campaign.empty()) {
    if (!arguments.shard.empty()) throw UsageError("--shard needs --campaign DIR");
    return std::nullopt;
  }
  if (arguments.keep_long) {
    throw UsageError(
        "--no-minimize does not go with --campaign, which knows failures by their "
        "shortest traces");
  }
  CampaignOptions campaign{.directory = arguments.campaign};
  if (!arguments.shard.empty()) {
    campaign.shard = parse_shard(arguments.shard);
  } else {
    const Environment environment = [](const char* name) { return std::getenv(name); };
    campaign.shard = shard_of_environment(environment).value_or(Shard{});
  }
  return campaign;
}

CampaignReport hunt_or_go_on(const HuntArguments& arguments, const Model& model) {
  const HuntOptions options = options_of(arguments);
  const auto campaign = campaign_of(arguments);
  if (!campaign) return {.hunt = hunt(model, options)};
  // One that the strategy can hunt.
  const bool is_live = arguments.strategy == "weather";
  const CatalogEntry& canary = require_system(is_live ? "chord" : "two-phase-commit");
  prove_with_canary(canary.make(variant(canary.bugs.front())), options, *campaign);
  CampaignReport report = hunt_in_campaign(model, options, *campaign);
  if (!arguments.quiet && report.rounds_before > 0) {
    std::cerr << "note: " << arguments.campaign << " had "
              << with_commas(report.rounds_before * runs_in_round) << " of these runs already\n";
  }
  if (!arguments.quiet && campaign->shard.count > 1) {
    std::cerr << "note: shard " << campaign->shard.index + 1 << "/" << campaign->shard.count
              << ", of rounds of " << with_commas(runs_in_round) << " runs\n";
  }
  if (!arguments.quiet && report.hunt.findings.empty() && report.open_failures > 0) {
    const bool one = report.open_failures == 1;
    std::cerr << "note: " << arguments.campaign << " has " << with_commas(report.open_failures)
              << (one ? " failure of this system that is open\n"
                      : " failures of this system that are open\n");
  }
  return report;
}

int hunt_one(const HuntArguments& arguments, const Model& model) {
  const CampaignReport hunted = hunt_or_go_on(arguments, model);
  const HuntReport& report = hunted.hunt;
  if (isatty(STDERR_FILENO) != 0 && !arguments.quiet) std::cerr << "\r\033[K";
  if (arguments.json) {
    std::cout << hunt_json(model, report) << std::flush;
  } else {
    print(model, report, arguments.verbose);
    if (!arguments.campaign.empty()) {
      std::cout << "  gainsay campaign status " << arguments.campaign << "\n" << std::flush;
    }
  }
  if (!report.cannot_write.empty()) {
    std::cerr << "error: " << report.cannot_write << "\n";
    return io;
  }
  return exit_of(hunted, !arguments.campaign.empty());
}

int run_hunt(const HuntArguments& arguments) {
  const CatalogEntry& entry = require_system(arguments.system);
  int code = ok;
  for (const Configuration& configuration : arguments.model.configurations(entry)) {
    code = worse(code, hunt_one(arguments, entry.make(configuration)));
    if (stop_requested) break;
  }
  return unless_stopped(code);
}

void add_options(CLI::App& hunt, HuntArguments& arguments) {
  const auto add = [&](const std::string& flag, auto& value, const std::string& what,
                       const std::string& type) {
    return hunt.add_option(flag, value, what)->group("Hunt")->type_name(type);
  };
  add("--strategy", arguments.strategy, "how runs are drawn, as below (portfolio)", "NAME");
  add("--time", arguments.time, "for 90s, 10m, 2h (60s, if no --runs)", "TIME");
  add("--runs", arguments.runs, "at most so many (a campaign: by 1,024)", "N")->check(is_count());
  add("--seed", arguments.seed, "the same runs again, or others (0)", "HEX");
  add("--findings", arguments.findings, "go on until there are so many different ones (1)", "N")
      ->check(is_count());
  add("--campaign", arguments.campaign, "keep runs and all findings there, and go on", "DIR");
  add("--shard", arguments.shard, "i/n: only this part (default: what CI says)", "I/N");
  add("--property", arguments.properties, "only this one and every sometimes (repeatable)", "NAME")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add("--max-depth", arguments.max_depth, "no run is longer (512)", "N");
  add("--memory", arguments.memory, "tables that grow further begin anew (2G)", "SIZE");
  add("-j,--jobs", arguments.jobs, "threads (default: one for each core)", "N");
  hunt.add_flag("--cuts", arguments.cuts, "ask pairs of nodes at all cuts of each run")
      ->group("Hunt");
  const std::string group = "Output";
  hunt.add_option("-o,--output", arguments.output, "directory for traces (gainsay-out)")
      ->group(group)
      ->type_name("DIR");
  hunt.add_option("--progress", arguments.progress, "auto, always or never")
      ->group(group)
      ->type_name("NAME");
  hunt.add_flag("--no-minimize", arguments.keep_long, "findings as they were met")->group(group);
  hunt.add_flag("--json", arguments.json, "one JSON object a system")->group(group);
  hunt.add_flag("-q,--quiet", arguments.quiet, "no progress")->group(group);
  hunt.add_flag("-v,--verbose", arguments.verbose, "strategies and properties")->group(group);
}

}  // namespace

void add_hunt(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<HuntArguments>();
  CLI::App& hunt = *app.add_subcommand("hunt", "seeded search beyond what a check can reach");
  hunt.add_option("system", arguments->system, "which system")->required()->type_name("");
  arguments->model.add_to(hunt);
  add_options(hunt, *arguments);
  std::string strategies = "Strategies:\n";
  for (const auto& [name, what] : described_strategies()) {
    strategies += wrap("  " + name + ": " + what, 4, 80);
  }
  hunt.footer(strategies + hunt.get_footer());
  hunt.callback([arguments, &action] { action = [arguments] { return run_hunt(*arguments); }; });
}

}  // namespace gainsay::cli
