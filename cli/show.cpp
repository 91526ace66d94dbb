// gainsay show: a trace as text, or as a page.
#include <iostream>
#include <memory>
#include <optional>

#include "cli/command.hpp"
#include "engine/story.hpp"
#include "explorer/confirm.hpp"
#include "explorer/explain.hpp"
#include "explorer/page.hpp"
#include "explorer/replay.hpp"
#include "explorer/trace_page.hpp"

namespace gainsay::cli {

namespace {

struct ShowArguments {
  std::string trace;
  bool full = false;
  std::string node;
  std::string html;
};

// Why the page of a trace is made from its file alone; empty where it replays here, as it should.
std::string why_not_replayed(const Trace& trace, std::optional<Model>& model) {
  try {
    model = model_of(trace);
    const ReplayReport report = replay(*model, trace);
    if (!report.divergence && report.steps == trace.events.size()) return "";
    if (!report.divergence) return "This trace goes on behind a handler that fails.";
    return "The system changed since this trace was recorded: a replay diverges at step " +
           std::to_string(report.divergence->step) + " (" + report.divergence->likely + ").";
  } catch (const TraceError& error) {
    return std::string("This trace cannot be replayed here: ") + error.what() + ".";
  }
}

int write_page(const ShowArguments& arguments) {
  if (arguments.full || !arguments.node.empty()) {
    throw UsageError("--html: the page has all of it; --full and --node are for the text");
  }
  refuse_same_file(arguments.trace, arguments.html);
  write_file(arguments.html, page(data_of_trace(arguments.trace)));
  std::cerr << "gainsay: the page is in " << arguments.html << "\n";
  return ok;
}

int run_show(const ShowArguments& arguments) {
  if (!arguments.html.empty()) return write_page(arguments);
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

std::string data_of_trace(const std::string& file) {
  const std::string text = read_trace_text(file);
  const Trace trace = parse_trace(text, file);
  std::optional<Model> model;
  std::string note = why_not_replayed(trace, model);
  if (!note.empty()) {
    model.reset();
    std::cerr << "warning: " << note << "\n";
    note +=
        " Shown is what its file says: of messages those that were delivered, of states those "
        "that were recorded.";
  }
  return trace_data({.name = file,
                     .text = text,
                     .trace = trace,
                     .model = model ? &*model : nullptr,
                     .note = note});
}

void add_show(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<ShowArguments>();
  CLI::App& command = *app.add_subcommand("show", "a trace in words, or as a page");
  command.add_option("trace", arguments->trace, "trace file")->required()->type_name("FILE");
  command.add_flag("--full", arguments->full, "the starts too, one by one");
  command.add_option("--node", arguments->node, "only events of this process, as n1 or c1")
      ->type_name("NAME");
  command.add_option("--html", arguments->html, "draw it: one HTML file that needs no network")
      ->type_name("FILE");
  command.callback([arguments, &action] { action = [arguments] { return run_show(*arguments); }; });
}

}  // namespace gainsay::cli
