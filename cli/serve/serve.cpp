// gainsay serve: a page that is open on this machine, for as long as somebody looks.
#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "cli/serve/routes.hpp"

namespace gainsay::cli {

namespace {

struct ServeArguments {
  std::string what;
  std::uint16_t port = 0;
};

void add_routes(Server& server, const ServeArguments& arguments) {
  add_trace_routes(server, arguments.what);
}

int run_serve(const ServeArguments& arguments) {
  Server server({.port = arguments.port});
  add_routes(server, arguments);
  std::cout << server.url() << "  (Ctrl-C ends it)" << std::endl;
  server.run_until(stop_requested);
  return ok;
}

}  // namespace

void add_serve(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<ServeArguments>();
  CLI::App& command = *app.add_subcommand("serve", "a trace in a browser, on this machine");
  command.add_option("what", arguments->what, "trace file")->required()->type_name("FILE");
  command.add_option("--port", arguments->port, "where to listen; 0 takes any that is free (0)")
      ->type_name("N");
  command.footer("Only this machine can reach it, at an address that nobody can guess.\n" +
                 command.get_footer());
  command.callback(
      [arguments, &action] { action = [arguments] { return run_serve(*arguments); }; });
}

}  // namespace gainsay::cli
