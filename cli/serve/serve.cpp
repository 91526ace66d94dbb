// gainsay serve: a page that is open on this machine, for as long as somebody looks.
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "cli/command.hpp"
#include "cli/serve/live_routes.hpp"
#include "cli/serve/routes.hpp"

namespace gainsay::cli {

namespace {

struct ServeArguments {
  std::string what;
  std::uint16_t port = 0;
  ModelArguments model;
};

// The flags of the bounds, of those that were given.
std::string bounds_given(const CLI::App& given) {
  std::string flags;
  for (const CLI::Option* option : given.get_options()) {
    const bool is_other = option->get_lnames().empty() || option->get_lnames().front() == "port";
    if (option->count() > 0 && !is_other) flags += " --" + option->get_lnames().front();
  }
  return flags;
}

std::string command_of_walk(const CLI::App& given) { return command_of(given, {"port"}); }

void announce_walk(const Server& server) {
  std::cout << server.url() << "explore  step by step, by hand (Ctrl-C ends it)" << std::endl;
}

int serve_trace(const ServeArguments& arguments, const CLI::App& given) {
  if (const std::string flags = bounds_given(given); !flags.empty()) {
    throw UsageError("a trace has bounds of its own: leave out" + flags);
  }
  Server server({.port = arguments.port});
  const std::optional<Explored> explored = explored_trace(arguments.what, command_of_walk(given));
  add_trace_routes(server, arguments.what, explored);
  announce(server);
  if (explored) {
    add_explore_routes(server, *explored);
    announce_walk(server);
  }
  server.run_until(stop_requested);
  return ok;
}

int serve_campaign(const ServeArguments& arguments, const CLI::App& given) {
  if (const std::string flags = bounds_given(given); !flags.empty()) {
    throw UsageError("a campaign's traces have bounds of their own: leave out" + flags);
  }
  Server server({.port = arguments.port});
  add_campaign_routes(server, arguments.what);
  announce(server);
  server.run_until(stop_requested);
  return ok;
}

// As it runs by itself, and step by step; within the bounds of a check only the latter.
int serve_system(const ServeArguments& arguments, const CLI::App& given) {
  const CatalogEntry& entry = require_system(arguments.what);
  const std::vector<Configuration> configurations = arguments.model.configurations(entry);
  if (configurations.size() != 1) throw UsageError("--nodes is one number here, no range");
  Server server({.port = arguments.port});
  add_explore_routes(
      server, {.model = entry.make(configurations.front()), .command = command_of_walk(given)});
  std::optional<LiveRoutes> live;
  if (bounds_given(given).empty()) {
    try {
      LivePlan plan = live_plan(arguments.what);
      plan.walk = "explore";
      live.emplace(server, std::move(plan));
      announce(server);
    } catch (const UsageError& error) {
      std::cerr << "warning: it does not run by itself: " << error.what() << "\n";
    }
  }
  announce_walk(server);
  server.run_until(stop_requested);
  return ok;
}

// A system is known by its name; all else is a file.
int run_serve(const ServeArguments& arguments, const CLI::App& given) {
  const bool is_file =
      find_system(arguments.what) == nullptr &&
      (arguments.what.find('/') != std::string::npos || arguments.what.ends_with(".json") ||
       std::filesystem::exists(arguments.what));
  if (is_file && std::filesystem::is_directory(arguments.what)) {
    return serve_campaign(arguments, given);
  }
  return is_file ? serve_trace(arguments, given) : serve_system(arguments, given);
}

}  // namespace

void add_serve(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<ServeArguments>();
  CLI::App& command = *app.add_subcommand("serve", "a system, trace or campaign in a browser");
  command.add_option("what", arguments->what, "system, trace file, or directory of a campaign")
      ->required()
      ->type_name("");
  command.add_option("--port", arguments->port, "where to listen (any that is free)")
      ->type_name("N");
  arguments->model.add_to(command);
  command.footer(
      "Only this machine can reach it, at an address that nobody can guess. A system\n"
      "runs as `gainsay simulate SYSTEM --live` runs it, which takes flags for load\n"
      "and network, and can be walked through step by step; with bounds, only the\n"
      "latter.\n" +
      command.get_footer());
  command.callback([arguments, &command, &action] {
    action = [arguments, &command] { return run_serve(*arguments, command); };
  });
}

}  // namespace gainsay::cli
