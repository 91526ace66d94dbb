// gainsay replay: a trace, strictly or leniently.
#include "explorer/replay.hpp"

#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "engine/story.hpp"

namespace gainsay::cli {

namespace {

struct ReplayArguments {
  std::vector<std::string> traces;
  bool lenient = false;
  bool quiet = false;
  std::optional<std::uint32_t> to;
};

int replay_one(const ReplayArguments& arguments, const std::string& path) {
  const Trace trace = read_trace(path);
  ReplayReport report;
  Model model;
  try {
    model = model_of(trace);
    report = replay(model, trace, {.lenient = arguments.lenient, .to = arguments.to});
  } catch (const TraceError& error) {
    throw TraceError(path + ": " + error.what());
  }
  if (report.divergence) {
    std::cerr << "error: replay diverged at step " << report.divergence->step << "\n"
              << "  expected  " << report.divergence->expected << "\n"
              << "  found     " << report.divergence->found << "\n"
              << "  likely    " << report.divergence->likely << "\n"
              << "  try       gainsay replay --lenient " << path << "\n";
    return diverged;
  }
  if (!arguments.quiet) std::cout << tell_story(model.system, report.events);
  std::cout << path << ": " << report.steps << " steps";
  if (arguments.lenient) std::cout << ", " << report.skipped << " skipped";
  if (report.reproduced) {
    std::cout << "; violates \"" << report.violation->property << "\" at step "
              << report.violation_step << ", as recorded\n";
    return violated;
  }
  if (report.violation) {
    std::cout << "; violates \"" << report.violation->property << "\" at step "
              << report.violation_step << "\n";
    return violated;
  }
  std::cout << "; nothing is violated\n";
  const bool stopped_early = arguments.to && *arguments.to + 1 < trace.events.size();
  if (trace.verdict && !arguments.lenient && !stopped_early) {
    std::cerr << "error: replay diverged at step " << trace.verdict->step << "\n"
              << "  expected  a violation of \"" << trace.verdict->property << "\"\n"
              << "  found     none, in the same world\n"
              << "  likely    the property changed since the trace was recorded\n"
              << "  try       gainsay check " << trace.system << "\n";
    return diverged;
  }
  return ok;
}

}  // namespace

void add_replay(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<ReplayArguments>();
  CLI::App& command = *app.add_subcommand("replay", "run a trace again, step by step");
  command.add_option("traces", arguments->traces, "trace files")->required();
  command.add_flag("--lenient", arguments->lenient, "skip events that are not there");
  command.add_option("--to", arguments->to, "stop behind this step");
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
