// gainsay show: a trace as text.
#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "engine/story.hpp"
#include "explorer/confirm.hpp"
#include "explorer/explain.hpp"
#include "explorer/replay.hpp"

namespace gainsay::cli {

namespace {

struct ShowArguments {
  std::string trace;
  bool full = false;
  std::string node;
};

int run_show(const ShowArguments& arguments) {
  const Trace trace = read_trace(arguments.trace);
  std::cout << trace.system;
  if (!trace.bug.empty()) std::cout << " (bug " << trace.bug << ")";
  std::cout << ", " << describe(trace.bounds, trace.options) << "\n";
  if (trace.verdict) {
    std::cout << "violates \"" << trace.verdict->property << "\" at step " << trace.verdict->step
              << "\n";
  }
  std::cout << "\n";
  try {
    const Model model = model_of(trace);
    const ReplayReport report = replay(model, trace);
    if (report.divergence) {
      std::cerr << "warning: the system changed at step " << report.divergence->step
                << "; shown up to there\n";
    }
    std::cout << tell_story(model.system, report.events,
                            {.full = arguments.full, .node = arguments.node});
    const auto explanation = report.violation && !report.divergence
                                 ? explain(model, violating_run(model, report))
                                 : trace.explanation;
    if (explanation) std::cout << "\n" << tell(*explanation);
  } catch (const TraceError& error) {
    throw TraceError(arguments.trace + ": " + error.what());
  }
  return ok;
}

}  // namespace

void add_show(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<ShowArguments>();
  CLI::App& command = *app.add_subcommand("show", "a trace in words");
  command.add_option("trace", arguments->trace, "trace file")->required()->type_name("FILE");
  command.add_flag("--full", arguments->full, "the starts too, one by one");
  command.add_option("--node", arguments->node, "only events of this process, as n1 or c1")
      ->type_name("NAME");
  command.callback([arguments, &action] { action = [arguments] { return run_show(*arguments); }; });
}

}  // namespace gainsay::cli
