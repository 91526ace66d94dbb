// gainsay campaign: committed traces replayed.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/ci_report.hpp"
#include "cli/command.hpp"
#include "engine/text.hpp"
#include "explorer/campaign/review.hpp"

namespace gainsay::cli {

namespace {

struct ReplayTracesArguments {
  std::vector<std::string> places;
  std::string expect = "fixed";
  CiReports reports;
  bool json = false;
};

struct ReplayedTrace {
  std::filesystem::path path;
  std::string system;
  TraceReview review;
  std::string unreadable;  // why; empty if it could be read
  double seconds = 0;
};

// The traces of files and directories, each directory's in the order of their names.
std::vector<std::filesystem::path> traces_of(const std::vector<std::string>& places) {
  std::vector<std::filesystem::path> traces;
  for (const std::filesystem::path place : places) {
    if (!std::filesystem::is_directory(place)) {
      traces.push_back(place);
      continue;
    }
    std::vector<std::filesystem::path> found;
    for (const auto& file : std::filesystem::recursive_directory_iterator(place)) {
      if (file.path().string().ends_with(".trace.json")) found.push_back(file.path());
    }
    std::ranges::sort(found);
    traces.insert(traces.end(), found.begin(), found.end());
  }
  return traces;
}

ReplayedTrace replay_trace(const std::filesystem::path& path) {
  ReplayedTrace row{.path = path};
  const auto begin = std::chrono::steady_clock::now();
  try {
    const Trace trace = read_trace(path);
    row.system = trace.system;
    try {
      row.review = review(model_of(trace), trace, &stop_requested);
    } catch (const TraceError& error) {  // a system, bug or option that is there no more
      row.review.detail = error.what();
    }
  } catch (const TraceError& error) {
    row.unreadable = error.what();
  } catch (const DecodeError& error) {
    row.unreadable = path.string() + ": " + error.what();
  }
  row.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return row;
}

std::string outcome(const ReplayedTrace& row) {
  return row.unreadable.empty() ? std::string(to_string(row.review.fate)) : "unreadable";
}

std::string detail(const ReplayedTrace& row) {
  if (!row.unreadable.empty()) return row.unreadable;
  std::string text;
  if (row.review.fate == TraceFate::violates) {
    text = "\"" + row.review.property + "\" at step " + std::to_string(row.review.step);
    if (!row.review.detail.empty()) text += "; ";
  }
  return text + row.review.detail;
}

// Exit codes as for `replay`; where violations are expected, the trace of a seeded bug that is
// violated no longer has lost what it was kept for.
int code_of(const ReplayedTrace& row, const std::string& expect) {
  if (!row.unreadable.empty()) return unreadable;
  switch (row.review.fate) {
    case TraceFate::violates:
      return expect == "violated" ? ok : violated;
    case TraceFate::fixed:
      return expect == "violated" ? diverged : ok;
    case TraceFate::diverged:
      return diverged;
    case TraceFate::reproduced:
      return ok;
    case TraceFate::unknown:
      return incomplete;
  }
  return internal;
}

void print_text(const ReplayedTrace& row) {
  constexpr std::size_t margin = 16;
  std::string text = outcome(row);
  text.resize(margin, ' ');
  std::cout << text << row.path.string() << "\n";
  if (!detail(row).empty()) {
    std::cout << wrap(std::string(margin, ' ') + detail(row), margin + 2, 80);
  }
  std::cout << std::flush;
}

void print_json(const ReplayedTrace& row) {
  nlohmann::ordered_json result = {{"verb", "campaign replay"},
                                   {"trace", row.path.string()},
                                   {"system", row.system},
                                   {"outcome", outcome(row)},
                                   {"property", row.review.property},
                                   {"step", row.review.step},
                                   {"skipped", row.review.skipped},
                                   {"detail", detail(row)}};
  std::cout << result.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n"
            << std::flush;
}

TestCase case_of(const ReplayedTrace& row, int code) {
  TestCase one{.suite = row.system.empty() ? "traces" : row.system,
               .name = row.path.filename().string(),
               .file = row.path.string(),
               .seconds = row.seconds};
  if (code == ok) return one;
  one.status = code == violated ? TestCase::Status::failed : TestCase::Status::error;
  one.message = outcome(row) + (detail(row).empty() ? "" : ": " + detail(row));
  one.body = "gainsay replay " + row.path.string();
  return one;
}

// "53 traces: 3 fixed, 50 still violate"
std::string total(const std::vector<ReplayedTrace>& rows) {
  std::map<std::string, std::size_t> counts;
  for (const ReplayedTrace& row : rows) ++counts[outcome(row)];
  std::string text = std::to_string(rows.size()) + (rows.size() == 1 ? " trace: " : " traces: ");
  std::string separator;
  for (const auto& [what, count] : counts) {
    const bool many = count > 1 && what == to_string(TraceFate::violates);
    text += separator + std::to_string(count) + " " + (many ? "still violate" : what);
    separator = ", ";
  }
  return text;
}

int run_replay_traces(const ReplayTracesArguments& arguments) {
  if (arguments.expect != "fixed" && arguments.expect != "violated") {
    throw UsageError("--expect is fixed or violated, not '" + arguments.expect + "'");
  }
  const auto traces =
      traces_of(arguments.places.empty() ? std::vector<std::string>{"traces"} : arguments.places);
  if (traces.empty()) throw UsageError("there is no trace (*.trace.json) there");
  std::vector<ReplayedTrace> rows;
  std::vector<TestCase> cases;
  int code = ok;
  for (const auto& path : traces) {
    rows.push_back(replay_trace(path));
    const int one = code_of(rows.back(), arguments.expect);
    code = worse(code, one);
    cases.push_back(case_of(rows.back(), one));
    arguments.json ? print_json(rows.back()) : print_text(rows.back());
    if (stop_requested) break;
  }
  if (!arguments.json) std::cout << total(rows) << "\n";
  write_reports(arguments.reports, "gainsay campaign replay", cases, arguments.json);
  return unless_stopped(code);
}

void add_replay_traces(CLI::App& campaign, Action& action) {
  auto arguments = std::make_shared<ReplayTracesArguments>();
  CLI::App& command = *campaign.add_subcommand("replay", "every committed trace, for CI");
  command
      .add_option("places", arguments->places, "traces, or directories of them (default: traces)")
      ->type_name("");
  command.add_option("--expect", arguments->expect, "fixed (default); violated: of seeded bugs")
      ->type_name("NAME");
  command.add_flag("--json", arguments->json, "one JSON object a trace");
  add_report_options(command, arguments->reports);
  command.callback(
      [arguments, &action] { action = [arguments] { return run_replay_traces(*arguments); }; });
}

}  // namespace

void add_campaign(CLI::App& app, Action& action) {
  CLI::App& command = *app.add_subcommand("campaign", "what was found, kept and replayed");
  command.require_subcommand(1);
  add_campaign_store(command, action);
  add_replay_traces(command, action);
}

}  // namespace gainsay::cli
