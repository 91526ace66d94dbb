// gainsay serve: a page that is open on this machine, for as long as somebody looks.
#include <filesystem>
#include <memory>

#include "cli/command.hpp"
#include "cli/serve/live_routes.hpp"
#include "cli/serve/routes.hpp"

namespace gainsay::cli {

namespace {

struct ServeArguments {
  std::string what;
  std::uint16_t port = 0;
};

int serve_trace(const ServeArguments& arguments) {
  Server server({.port = arguments.port});
  add_trace_routes(server, arguments.what);
  announce(server);
  server.run_until(stop_requested);
  return ok;
}

// A system is known by its name; all else is a file.
int run_serve(const ServeArguments& arguments) {
  if (std::filesystem::exists(arguments.what)) return serve_trace(arguments);
  require_system(arguments.what);
  return serve_live(live_plan(arguments.what), arguments.port);
}

}  // namespace

void add_serve(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<ServeArguments>();
  CLI::App& command =
      *app.add_subcommand("serve", "a running system, or a trace, in a browser on this machine");
  command.add_option("what", arguments->what, "system, or trace file")->required()->type_name("");
  command.add_option("--port", arguments->port, "where to listen (any that is free)")
      ->type_name("N");
  command.footer(
      "Only this machine can reach it, at an address that nobody can guess. A system runs\n"
      "as `gainsay simulate SYSTEM --live` runs it, which takes flags for load and network.\n" +
      command.get_footer());
  command.callback(
      [arguments, &action] { action = [arguments] { return run_serve(*arguments); }; });
}

}  // namespace gainsay::cli
