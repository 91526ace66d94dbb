// gainsay check: exhaustive within the bounds.
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>
#include <utility>

#include "cli/ci_report.hpp"
#include "cli/command.hpp"
#include "cli/result.hpp"
#include "engine/text.hpp"
#include "engine/trace.hpp"
#include "explorer/explain.hpp"
#include "explorer/report.hpp"
#include "explorer/report_parts.hpp"

namespace gainsay::cli {

namespace {

struct CheckArguments {
  ModelArguments model;
  std::vector<std::string> systems;
  std::vector<std::string> properties;
  std::string reduce = "auto";
  std::string store = "exact";
  unsigned jobs = 0;
  std::optional<std::uint32_t> max_depth;
  std::optional<std::uint64_t> max_states;
  std::string time, memory, checkpoint, resume;
  std::string output = "gainsay-out";
  std::string seed;
  std::string progress = "auto";
  std::string allow;
  CiReports reports;
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  bool verify_certificate = false;
  bool profile = false;
};

void refuse_unknown(const std::string& flag, const std::string& value,
                    const std::vector<std::string>& known, const std::string& why) {
  for (const std::string& one : known) {
    if (value == one) return;
  }
  const std::string near = nearest(value, known);
  throw UsageError(flag + " " + value + ": " + why +
                   (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

std::function<void(const Progress&)> plain_progress(const std::string& mode) {
  if (mode == "json") {
    return [](const Progress& now) {
      std::cerr << R"({"faults":)" << now.cost << R"(,"depth":)" << now.depth << R"(,"states":)"
                << now.states << R"(,"frontier":)" << now.frontier << R"(,"memory_bytes":)"
                << now.memory_bytes << R"(,"seconds":)" << now.seconds << "}\n";
    };
  }
  const bool terminal = isatty(STDERR_FILENO) != 0;
  if (mode == "always" || terminal) {
    return [](const Progress& now) {
      char line[120];
      std::snprintf(line, sizeof line,
                    "\rfaults %u  depth %u  %s states  %.1f M/s  %llu MiB  %.0f s   ", now.cost,
                    now.depth, with_commas(now.states).c_str(),
                    static_cast<double>(now.states) / now.seconds / 1e6,
                    static_cast<unsigned long long>(now.memory_bytes >> 20), now.seconds);
      std::cerr << line << std::flush;
    };
  }
  return [last = 0.0](const Progress& now) mutable {
    if (now.seconds - last < 10) return;
    last = now.seconds;
    std::cerr << "faults " << now.cost << ", depth " << now.depth << ", " << with_commas(now.states)
              << " states, " << (now.memory_bytes >> 20) << " MiB\n";
  };
}

// One line on a terminal, redrawn; plain lines every ten seconds elsewhere. What the user should
// know of the search comes once, early.
std::function<void(const Progress&)> progress_printer(const std::string& mode) {
  if (mode == "never") return {};
  constexpr double early = 2;  // seconds
  return [print = plain_progress(mode), hinted = false](const Progress& now) mutable {
    if (!hinted && !now.hint.empty() && now.seconds > early) {
      hinted = true;
      std::cerr << (isatty(STDERR_FILENO) != 0 ? "\r\033[K" : "") << "note: " << now.hint << "\n";
    }
    print(now);
  };
}

// "auto", "none", or names with commas between them.
std::optional<Reductions> reductions_of(const std::string& text) {
  if (text == "auto") return std::nullopt;
  Reductions reductions;
  if (text == "none") return reductions;
  std::vector<std::string> known = {"auto", "none"};
  std::string list;
  for (const NamedReduction& one : all_reductions()) {
    known.emplace_back(one.name);
    list += (list.empty() ? "" : ",") + known.back();
  }
  std::istringstream names(text);
  for (std::string name; std::getline(names, name, ',');) {
    refuse_unknown("--reduce", name, known, "is auto, none, or some of " + list);
    if (name == "auto" || name == "none") throw UsageError("--reduce " + name + " stands alone");
    for (const NamedReduction& one : all_reductions()) {
      if (name == one.name) reductions.*one.is_on = true;
    }
  }
  return reductions;
}

CheckOptions options_of(const CheckArguments& arguments) {
  refuse_unknown("--store", arguments.store, {"exact", "fingerprint"}, "is exact or fingerprint");
  refuse_unknown("--progress", arguments.progress, {"auto", "always", "never", "json"},
                 "is auto, always, never or json");
  CheckOptions options{
      .reduce = reductions_of(arguments.reduce),
      .jobs = arguments.jobs,
      .max_depth = arguments.max_depth,
      .max_states = arguments.max_states,
      .store = arguments.store == "exact" ? StoreKind::exact : StoreKind::fingerprint,
      .spill = arguments.output,
      .resume = arguments.resume,
      .properties = arguments.properties,
      .audit = arguments.verify_certificate,
      .profile = arguments.profile,
      .interrupted = &stop_requested};
  if (arguments.jobs > 256) throw UsageError("--jobs is at most 256");
  if (!arguments.time.empty()) options.seconds = parse_seconds(arguments.time, "--time");
  if (!arguments.memory.empty()) options.memory_bytes = parse_bytes(arguments.memory, "--memory");
  if (!arguments.checkpoint.empty()) {
    if (arguments.resume.empty()) throw UsageError("--checkpoint needs --resume DIR to write to");
    options.checkpoint_seconds = parse_seconds(arguments.checkpoint, "--checkpoint");
  }
  if (!arguments.quiet) options.progress = progress_printer(arguments.progress);
  return options;
}

int exit_of(Verdict verdict, const std::string& allow) {
  switch (verdict) {
    case Verdict::holds:
      return ok;
    case Verdict::violated:
      return violated;
    case Verdict::incomplete:
      return allow.find("incomplete") != std::string::npos ? ok : incomplete;
    case Verdict::vacuous:
      return allow.find("vacuous") != std::string::npos ? ok : vacuous;
  }
  return internal;
}

void refuse_unknown_waivers(const std::string& allow) {
  std::string_view rest = allow;
  while (!rest.empty()) {
    const std::string one(rest.substr(0, rest.find(',')));
    refuse_unknown("--allow", one, {"vacuous", "incomplete"}, "only vacuous and incomplete are");
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
  }
}

void print_row(const Model& model, const CheckReport& report) {
  std::size_t reached = 0;
  for (const PropertyReport& property : report.properties) {
    reached += property.kind == PropertyKind::sometimes && property.verdict == Verdict::holds;
  }
  std::printf("%-17s %-10s %12s %6u %8.2f  %9zu\n", model.system.name.c_str(),
              std::string(to_string(report.verdict)).c_str(), with_commas(report.states).c_str(),
              report.depth, report.seconds, reached);
  if (report.audit) std::printf("%s", audit_text(*report.audit).c_str());
  std::fflush(stdout);
}

// A property without an answer is an error, unless that is waived, or is no wonder: then it is
// skipped, never passed.
void add_case(const PropertyReport& property, const CheckReport& report,
              const std::filesystem::path& trace, bool waived, TestCase& one) {
  using Status = TestCase::Status;
  if (property.verdict == Verdict::violated) {
    one.status = Status::failed;
    one.message = report.counterexample ? report.counterexample->message : "violated";
    one.body = story_with_reason(report) + "\ngainsay replay " + trace.string();
    one.file = trace.string();
  } else if (property.verdict == Verdict::vacuous) {
    one.status = waived ? Status::skipped : Status::failed;
    one.message = "vacuous within " + describe(report.bounds, report.options);
  } else if (property.verdict == Verdict::incomplete && report.counterexample) {
    one.status = Status::skipped;
    one.message = "the check ended at what violates \"" + report.counterexample->property + "\"";
  } else if (property.verdict == Verdict::incomplete) {
    one.status = waived ? Status::skipped : Status::error;
    one.message = "incomplete: " + report.incomplete_because;
  }
  if (one.status == Status::skipped && waived) one.message += " (waived by --allow)";
}

void add_cases(const Model& model, const CheckReport& report, const std::filesystem::path& trace,
               bool waived, std::vector<TestCase>& cases) {
  bool first = true;
  bool told = false;
  for (const PropertyReport& property : report.properties) {
    TestCase one{.suite = report.system, .name = property.name};
    if (std::exchange(first, false)) one.seconds = report.seconds;
    add_case(property, report, trace, waived, one);
    told = told || property.verdict == Verdict::violated;
    cases.push_back(std::move(one));
  }
  if (!report.counterexample || told) return;
  // A handler failed: no property of the system's says that none does.
  cases.push_back({.suite = model.system.name,
                   .name = report.counterexample->property,
                   .status = TestCase::Status::failed,
                   .message = report.counterexample->message,
                   .body = story_with_reason(report) + "\ngainsay replay " + trace.string(),
                   .file = trace.string()});
}

int run_one(const CheckArguments& arguments, const Model& model, bool table,
            std::vector<TestCase>& cases) {
  CheckReport report = check(model, options_of(arguments));
  if (report.counterexample) add_explanation(model, *report.counterexample);
  if (isatty(STDERR_FILENO) != 0 && !arguments.quiet) std::cerr << "\r\033[K";
  std::filesystem::path trace;
  std::string cannot_write;  // a violation is told even when its trace cannot be kept
  try {
    trace = save_trace(model, report, arguments.output);
  } catch (const FileError& error) {
    cannot_write = error.what();
  } catch (const std::filesystem::filesystem_error& error) {
    cannot_write = error.what();
  }
  const int code = exit_of(report.verdict, arguments.allow);
  add_cases(model, report, trace, code == ok, cases);
  if (arguments.json) {
    std::cout << result_json(model, report, trace) << std::flush;
  } else if (table && report.verdict == Verdict::holds) {
    print_row(model, report);
    if (report.profile) std::cout << profile_text(*report.profile);
  } else {
    std::cout << summary(report, arguments.verbose);
    if (!trace.empty()) std::cout << "  gainsay replay " << trace.string() << "\n";
    std::cout << std::flush;
  }
  if (!cannot_write.empty()) {
    std::cerr << "error: " << cannot_write << "\n";
    return io;
  }
  if (report.audit && !report.audit->disagreement.empty()) {
    std::cerr << "error: the audit of the certificate disagrees with the search; this is a bug of "
                 "gainsay\n";
    return internal;
  }
  if (code == ok && report.verdict != Verdict::holds) {
    std::cerr << "waived by --allow: " << model.system.name << " is " << to_string(report.verdict)
              << "\n";
  }
  return code;
}

int run_check(const CheckArguments& arguments) {
  refuse_unknown_waivers(arguments.allow);
  std::vector<Model> models;
  const bool suite = arguments.systems.empty();
  std::vector<std::string> systems = arguments.systems;
  if (suite) {
    if (!arguments.model.bug.empty()) throw UsageError("--bug needs a system");
    for (const CatalogEntry& entry : catalog()) systems.push_back(entry.name);
  }
  for (const std::string& name : systems) {
    const CatalogEntry& entry = require_system(name);
    for (const Configuration& configuration : arguments.model.configurations(entry)) {
      models.push_back(entry.make(configuration));
    }
  }
  if (models.size() > 1 && !arguments.resume.empty()) {
    throw UsageError("--resume goes on with one check; name one system and one number of nodes");
  }
  if (suite && !arguments.json) {
    std::printf("%-17s %-10s %12s %6s %8s  %s\n", "system", "verdict", "states", "depth", "seconds",
                "sometimes");
  }
  int code = ok;
  std::vector<TestCase> cases;
  for (const Model& model : models) {
    code = worse(code, run_one(arguments, model, suite, cases));
    if (stop_requested) break;
  }
  write_reports(arguments.reports, "gainsay check", cases, arguments.json);
  return unless_stopped(code);
}

void add_search_options(CLI::App& check, CheckArguments& arguments) {
  const auto add = [&](const std::string& flag, auto& value, const std::string& what,
                       const std::string& type) {
    return check.add_option(flag, value, what)->group("Search")->type_name(type);
  };
  add("--property", arguments.properties, "only this one and every sometimes (repeatable)", "NAME")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add("--reduce", arguments.reduce, "auto, none, or some: dead-messages,eager,..", "LIST");
  add("--store", arguments.store, "exact, or fingerprint (may omit states)", "NAME");
  add("-j,--jobs", arguments.jobs, "threads (default: one for each core)", "N");
  add("--max-depth", arguments.max_depth, "stop behind this depth: incomplete", "N");
  add("--max-states", arguments.max_states, "stop behind so many: incomplete", "N")
      ->check(is_count());
  add("--time", arguments.time, "stop after 90s, 10m, 2h: incomplete", "TIME");
  add("--memory", arguments.memory, "512M, 4G: to disk, then stop: incomplete", "SIZE");
  add("--resume", arguments.resume, "read and leave a checkpoint in this directory", "DIR");
  add("--checkpoint", arguments.checkpoint, "write one so often (10m)", "TIME");
  add("--seed", arguments.seed, "accepted; an exhaustive check has no randomness", "N");
  check
      .add_flag("--verify-certificate", arguments.verify_certificate,
                "check certificates again by other code")
      ->group("Search");
}

void add_output_options(CLI::App& check, CheckArguments& arguments) {
  const std::string group = "Output";
  check.add_option("-o,--output", arguments.output, "directory for traces (gainsay-out)")
      ->group(group)
      ->type_name("DIR");
  check.add_option("--progress", arguments.progress, "auto, always, never or json")
      ->group(group)
      ->type_name("NAME");
  check.add_option("--allow", arguments.allow, "exit 0 for some of vacuous,incomplete")
      ->group(group)
      ->type_name("LIST");
  check.add_flag("--profile", arguments.profile, "say where the states come from")->group(group);
  check.add_flag("--json", arguments.json, "one JSON object a system")->group(group);
  check.add_flag("-q,--quiet", arguments.quiet, "no progress")->group(group);
  check.add_flag("-v,--verbose", arguments.verbose, "properties and counts in full")->group(group);
  add_report_options(check, arguments.reports);
}

}  // namespace

void add_check(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<CheckArguments>();
  CLI::App& check = *app.add_subcommand("check", "explore every run within the bounds");
  check.add_option("systems", arguments->systems, "which systems (default: the whole suite)")
      ->type_name("");
  arguments->model.add_to(check);
  add_search_options(check, *arguments);
  add_output_options(check, *arguments);
  check.callback([arguments, &action] { action = [arguments] { return run_check(*arguments); }; });
}

}  // namespace gainsay::cli
