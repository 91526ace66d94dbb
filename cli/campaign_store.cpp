// gainsay campaign status, triage and merge: what a campaign knows.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "engine/text.hpp"
#include "explorer/campaign/store.hpp"

namespace gainsay::cli {

namespace {

constexpr std::size_t shown = 12;  // characters of an identity; a prefix names it

std::string time_text(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &utc);
  return text;
}

std::string plural(std::uint64_t count, const std::string& what) {
  return with_commas(count) + " " + what + (count == 1 ? "" : "s");
}

std::string name_of(const CampaignConfiguration& one) {
  return one.system + (one.bug.empty() ? "" : " (bug " + one.bug + ")");
}

void print_configuration(const ConfigurationSummary& one) {
  const CampaignConfiguration& what = one.configuration;
  std::cout << name_of(what) << "\n"
            << wrap("  " + what.bounds + "; " + what.strategy + ", seed " + what.seed +
                        ", gainsay " + what.tool,
                    4, 80)
            << "  " << plural(one.rounds * what.round_runs, "run") << ", "
            << plural(one.local_states, "local state") << ", " << plural(one.hits, "violation")
            << "\n";
}

void print_failures(const std::vector<FailureSummary>& failures) {
  std::printf("%-13s %-8s %9s %6s %6s  %s\n", "failure", "status", "runs", "events", "faults",
              "property");
  for (const FailureSummary& one : failures) {
    std::printf("%-13s %-8s %9s %6u %6u  %s \"%s\"\n",
                one.failure.identity.substr(0, shown).c_str(),
                std::string(to_string(one.status)).c_str(), with_commas(one.count).c_str(),
                one.failure.events, one.failure.faults, one.failure.system.c_str(),
                one.failure.property.c_str());
    if (!one.related.empty()) {
      std::printf("              not made shortest; related to %s%s\n",
                  one.related.front().substr(0, shown).c_str(),
                  one.related.size() > 1 ? " and others" : "");
    }
  }
  std::fflush(stdout);
}

nlohmann::ordered_json json_of(const FailureSummary& one, const std::string& trace) {
  return {{"identity", one.failure.identity},
          {"system", one.failure.system},
          {"property", one.failure.property},
          {"status", to_string(one.status)},
          {"note", one.note},
          {"runs", one.count},
          {"events", one.failure.events},
          {"faults", one.failure.faults},
          {"shortest", one.failure.shortest},
          {"related", one.related},
          {"first_seed", one.first_seed},
          {"first_run", one.first_run},
          {"first_seen", one.first_seen},
          {"last_seen", one.last_seen},
          {"trace", trace}};
}

bool has_runs(const std::vector<ConfigurationSummary>& configurations) {
  return std::ranges::any_of(configurations, [](const auto& one) { return one.rounds > 0; });
}

// A campaign that has open failures has failed; one that made no run says nothing.
int code_of(const std::vector<FailureSummary>& failures, bool has_runs) {
  for (const FailureSummary& one : failures) {
    if (one.status == FailureStatus::open) return violated;
  }
  return has_runs ? ok : vacuous;
}

int status_of(const std::string& directory, bool json) {
  CampaignStore store(directory, true);
  const auto configurations = store.configurations();
  const auto failures = store.failures();
  const auto canary = store.canary();
  if (json) {
    nlohmann::ordered_json result = {{"verb", "campaign status"}, {"campaign", directory}};
    result["canary"] = canary ? nlohmann::ordered_json(*canary) : nlohmann::ordered_json();
    result["configurations"] = nlohmann::ordered_json::array();
    for (const ConfigurationSummary& one : configurations) {
      const CampaignConfiguration& what = one.configuration;
      result["configurations"].push_back({{"system", what.system},
                                          {"version", what.version},
                                          {"bug", what.bug},
                                          {"bounds", what.bounds},
                                          {"strategy", what.strategy},
                                          {"seed", what.seed},
                                          {"gainsay", what.tool},
                                          {"runs", one.rounds * what.round_runs},
                                          {"local_states", one.local_states},
                                          {"violations", one.hits}});
    }
    result["failures"] = nlohmann::ordered_json::array();
    for (const FailureSummary& one : failures) {
      result["failures"].push_back(json_of(one, store.trace_path(one.failure).string()));
    }
    std::cout << result.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    return code_of(failures, has_runs(configurations));
  }
  std::cout << directory << "\n";
  for (const ConfigurationSummary& one : configurations) print_configuration(one);
  std::cout << (canary ? "the canary was found, last on " + time_text(*canary)
                       : "no canary was found: nothing shows that this campaign can find a bug")
            << "\n";
  if (failures.empty()) {
    std::cout << (has_runs(configurations) ? "no failures\n" : "vacuous: no run was made\n");
  } else {
    print_failures(failures);
    std::cout << "  gainsay campaign triage " << directory << "\n";
  }
  std::cout << std::flush;
  return code_of(failures, has_runs(configurations));
}

void print_in_full(CampaignStore& store, const FailureSummary& one) {
  std::cout << one.failure.identity << "\n"
            << "  " << one.failure.system << " \"" << one.failure.property << "\", "
            << plural(one.failure.events, "event") << ", " << plural(one.failure.faults, "fault")
            << (one.failure.shortest ? "" : " (not made shortest)") << "\n  "
            << to_string(one.status) << (one.note.empty() ? "" : ": " + one.note) << "\n"
            << "  in " << plural(one.count, "run") << ", the first with seed " << one.first_seed
            << ", run " << one.first_run << "\n"
            << "  first seen " << time_text(one.first_seen) << ", last " << time_text(one.last_seen)
            << "\n";
  for (const std::string& other : one.related) std::cout << "  related to " << other << "\n";
  std::cout << "  gainsay replay " << store.trace_path(one.failure).string() << "\n";
}

struct TriageArguments {
  std::string directory;
  std::string identity;
  std::string status;
  std::string note;
};

int run_triage(const TriageArguments& arguments) {
  CampaignStore store(arguments.directory, true);
  if (arguments.status.empty() && !arguments.note.empty()) {
    throw UsageError("--note needs --status");
  }
  if (!arguments.status.empty()) {
    const auto status = failure_status(arguments.status);
    if (!status) {
      throw UsageError("--status is open, known, fixed or ignored, not '" + arguments.status + "'");
    }
    if (arguments.identity.empty()) throw UsageError("--status needs a failure's identity");
    store.set_status(arguments.identity, *status, arguments.note);
  }
  store.write_traces();
  bool any = false;
  for (const FailureSummary& one : store.failures()) {
    if (one.failure.identity.rfind(arguments.identity, 0) != 0) continue;
    any = true;
    print_in_full(store, one);
  }
  if (!any && !arguments.identity.empty()) {
    throw UsageError("there is no failure '" + arguments.identity + "' in " + arguments.directory);
  }
  if (!any) std::cout << "no failures\n";
  return ok;
}

int run_merge(const std::vector<std::string>& directories) {
  for (std::size_t i = 1; i < directories.size(); ++i) {
    CampaignStore(directories[i], true);  // all of them can be read before the first is merged
  }
  CampaignStore into(directories.front());
  for (std::size_t i = 1; i < directories.size(); ++i) into.merge(directories[i]);
  into.write_traces();
  std::cout << "merged into " << directories.front() << "\n";
  return ok;
}

void add_status(CLI::App& campaign, Action& action) {
  auto directories = std::make_shared<std::vector<std::string>>();
  auto json = std::make_shared<bool>(false);
  CLI::App& command = *campaign.add_subcommand("status", "what was run, and what was found");
  command.add_option("campaigns", *directories, "directories")->required()->type_name("DIR");
  command.add_flag("--json", *json, "one JSON object a campaign");
  command.callback([directories, json, &action] {
    action = [directories, json] {
      int code = ok;
      for (const std::string& one : *directories) code = worse(code, status_of(one, *json));
      return code;
    };
  });
}

void add_triage(CLI::App& campaign, Action& action) {
  auto arguments = std::make_shared<TriageArguments>();
  CLI::App& command =
      *campaign.add_subcommand("triage", "failures in full, and what becomes of them");
  command.add_option("campaign", arguments->directory, "its directory")
      ->required()
      ->type_name("DIR");
  command.add_option("failure", arguments->identity, "its identity, or how that begins")
      ->type_name("ID");
  command.add_option("--status", arguments->status, "open, known, fixed or ignored")
      ->type_name("NAME");
  command.add_option("--note", arguments->note, "why")->type_name("TEXT");
  command.callback(
      [arguments, &action] { action = [arguments] { return run_triage(*arguments); }; });
}

void add_merge(CLI::App& campaign, Action& action) {
  auto directories = std::make_shared<std::vector<std::string>>();
  CLI::App& command = *campaign.add_subcommand("merge", "add to the first what the others know");
  command.add_option("campaigns", *directories, "INTO FROM...")
      ->required()
      ->expected(2, -1)
      ->type_name("DIR");
  command.callback(
      [directories, &action] { action = [directories] { return run_merge(*directories); }; });
}

}  // namespace

void add_campaign_store(CLI::App& campaign, Action& action) {
  add_status(campaign, action);
  add_triage(campaign, action);
  add_merge(campaign, action);
}

}  // namespace gainsay::cli
