// gainsay replay: a trace, strictly or leniently.
#include "explorer/replay.hpp"

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "engine/story.hpp"

namespace gainsay::cli {

namespace {

struct ReplayArguments {
  std::vector<std::string> traces;
  bool lenient = false;
  bool quiet = false;
  bool json = false;
  std::optional<std::uint32_t> to;
};

// Prints what a strict replay met in place of what was recorded.
void print_divergence(const Divergence& divergence, const std::string& next) {
  std::cerr << "error: replay diverged at step " << divergence.step << "\n"
            << "  expected  " << divergence.expected << "\n"
            << "  found     " << divergence.found << "\n"
            << "  likely    " << divergence.likely << "\n"
            << "  try       " << next << "\n";
}

// A recorded violation that the same run no longer has is a divergence too.
std::optional<Divergence> missing_violation(const ReplayArguments& arguments, const Trace& trace,
                                            const ReplayReport& report) {
  const bool stopped_early = arguments.to && *arguments.to + 1 < trace.events.size();
  if (report.violation || !trace.verdict || arguments.lenient || stopped_early) return {};
  return Divergence{.step = trace.verdict->step,
                    .expected = "a violation of \"" + trace.verdict->property + "\"",
                    .found = "none, in the same world",
                    .likely = "the property changed since the trace was recorded"};
}

std::string replay_json(const std::string& path, const Trace& trace, const ReplayReport& report) {
  nlohmann::ordered_json result = {{"system", trace.system}, {"verb", "replay"}, {"trace", path}};
  const char* verdict = report.divergence   ? "diverged"
                        : report.reproduced ? "reproduced"
                        : report.violation  ? "violated"
                                            : "not violated";
  result["verdict"] = verdict;
  result["steps"] = report.steps;
  result["skipped"] = report.skipped;
  if (report.violation) {
    result["violated"] = report.violation->property;
    result["step"] = report.violation_step;
  }
  if (report.divergence) {
    result["step"] = report.divergence->step;
    result["expected"] = report.divergence->expected;
    result["found"] = report.divergence->found;
    result["likely"] = report.divergence->likely;
  }
  return result.dump() + "\n";
}

void print_end(const ReplayArguments& arguments, const std::string& path,
               const ReplayReport& report) {
  std::cout << path << ": " << report.steps << " steps";
  if (arguments.lenient) std::cout << ", " << report.skipped << " skipped";
  if (!report.violation) {
    std::cout << "; nothing is violated\n";
    return;
  }
  std::cout << "; violates \"" << report.violation->property << "\" at step "
            << report.violation_step << (report.reproduced ? ", as recorded\n" : "\n");
}

int replay_one(const ReplayArguments& arguments, const std::string& path) {
  const Trace trace = read_trace(path);
  ReplayReport report;
  Model model;
  try {
    model = model_of(trace);
    report =
        replay(model, trace,
               {.lenient = arguments.lenient, .to = arguments.to, .interrupted = &stop_requested});
  } catch (const TraceError& error) {
    throw TraceError(path + ": " + error.what());
  }
  if (!report.incomplete_because.empty() && !report.violation) {
    std::cerr << "error: " << path
              << ": it is not known whether there is a way back: " << report.incomplete_because
              << "\n";
    return stop_requested ? 128 + stop_signal.load() : incomplete;
  }
  std::string next = "gainsay replay --lenient " + path;
  if (!report.divergence) {
    report.divergence = missing_violation(arguments, trace, report);
    next = "gainsay check " + trace.system;
  }
  if (arguments.json) std::cout << replay_json(path, trace, report);
  if (report.divergence) {
    if (!arguments.json) print_divergence(*report.divergence, next);
    return diverged;
  }
  if (!arguments.json) {
    if (!arguments.quiet)
      std::cout << tell_story(model.system, report.events) << report.explanation;
    print_end(arguments, path, report);
  }
  return report.violation ? violated : ok;
}

}  // namespace

void add_replay(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<ReplayArguments>();
  CLI::App& command = *app.add_subcommand("replay", "run a trace again, step by step");
  command.add_option("traces", arguments->traces, "trace files")->required()->type_name("FILE");
  command.add_flag("--lenient", arguments->lenient, "skip events that are not there");
  command.add_option("--to", arguments->to, "stop behind this step")->type_name("N");
  command.add_flag("--json", arguments->json, "one JSON object a trace on standard output");
  command.add_flag("-q,--quiet", arguments->quiet, "only the verdict");
  command.callback([arguments, &action] {
    action = [arguments] {
      int code = ok;
      for (const std::string& path : arguments->traces)
        code = worse(code, replay_one(*arguments, path));
      return code;
    };
  });
}

}  // namespace gainsay::cli
