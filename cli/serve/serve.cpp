// gainsay serve: a page that is open on this machine, for as long as somebody looks.
#include <filesystem>
#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "cli/serve/routes.hpp"

namespace gainsay::cli {

namespace {

struct ServeArguments {
  std::string what;
  std::uint16_t port = 0;
  ModelArguments model;
};

bool is_file(const std::string& what) {
  return what.find('/') != std::string::npos || what.ends_with(".json") ||
         std::filesystem::exists(what);
}

// The flags that say which system it is, of those that were given.
std::string model_flags(const CLI::App& given) {
  std::string flags;
  for (const CLI::Option* option : given.get_options()) {
    const bool is_other = option->get_lnames().empty() || option->get_lnames().front() == "port";
    if (option->count() > 0 && !is_other) flags += " --" + option->get_lnames().front();
  }
  return flags;
}

Explored explored_system(const ServeArguments& arguments, const std::string& command) {
  const CatalogEntry& entry = require_system(arguments.what);
  const std::vector<Configuration> configurations = arguments.model.configurations(entry);
  if (configurations.size() != 1) throw UsageError("--nodes is one number here, no range");
  return {.model = entry.make(configurations.front()), .command = command};
}

int run_serve(const ServeArguments& arguments, const CLI::App& given) {
  Server server({.port = arguments.port});
  const std::string command = command_of(given, {"port"});
  std::optional<Explored> explored;
  if (is_file(arguments.what)) {
    if (const std::string flags = model_flags(given); !flags.empty()) {
      throw UsageError("a trace has bounds of its own: leave out" + flags);
    }
    explored = explored_trace(arguments.what, command);
    add_trace_routes(server, arguments.what, explored);
  } else {
    explored = explored_system(arguments, command);
  }
  if (explored) add_explore_routes(server, *explored);
  if (is_file(arguments.what)) {
    std::cout << server.url() << "  (Ctrl-C ends it)" << std::endl;
  }
  if (explored) {
    std::cout << server.url() << "explore  step by step, by hand (Ctrl-C ends it)" << std::endl;
  }
  server.run_until(stop_requested);
  return ok;
}

}  // namespace

void add_serve(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<ServeArguments>();
  CLI::App& command =
      *app.add_subcommand("serve", "a trace or a system in a browser, on this machine");
  command.add_option("what", arguments->what, "trace file, or which system")
      ->required()
      ->type_name("FILE|SYSTEM");
  command.add_option("--port", arguments->port, "where to listen; 0 takes any that is free (0)")
      ->type_name("N");
  arguments->model.add_to(command);
  command.footer("Only this machine can reach it, at an address that nobody can guess.\n" +
                 command.get_footer());
  command.callback([arguments, &command, &action] {
    action = [arguments, &command] { return run_serve(*arguments, command); };
  });
}

}  // namespace gainsay::cli
