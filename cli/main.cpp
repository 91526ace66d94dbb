// The command line: verbs, exit codes, and the one place where errors become a line.
#include <csignal>
#include <iostream>

#include "cli/command.hpp"
#include "engine/trace.hpp"
#include "engine/version.hpp"

namespace {

using namespace gainsay;
using namespace gainsay::cli;

// The first signal asks for a summary; the second ends at once.
extern "C" void on_signal(int signal) {
  if (stop_requested.exchange(true)) std::_Exit(128 + signal);
  stop_signal.store(signal);
}

int fail(int code, const std::string& message) {
  std::cerr << "error: " << message << "\n";
  return code;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// CLI11 says what is wrong; the nearest flag is ours to suggest.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error, int argc,
                          char** argv) {
  std::string message = first_line(error.what());
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return message;
  std::vector<std::string> known;
  const auto collect = [&](const CLI::App& from) {
    for (const CLI::Option* option : from.get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  };
  collect(app);
  for (const CLI::App* sub : app.get_subcommands(nullptr)) {
    if (sub->parsed()) collect(*sub);
    if (app.get_subcommands().empty()) known.push_back(sub->get_name());
  }
  for (int i = 1; i < argc; ++i) {
    const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    if (message.find(word) == std::string::npos) continue;
    const std::string near = nearest(word, known);
    if (!near.empty() && near != word) return message + "; did you mean " + near + "?";
  }
  return message;
}

int run(int argc, char** argv) {
  CLI::App app("gainsay tries to contradict your protocol.", "gainsay");
  app.set_version_flag("--version", "gainsay " + std::string(version));
  app.require_subcommand(1);
  app.get_formatter()->column_width(30);
  Action action;
  add_list(app, action);
  add_check(app, action);
  add_replay(app, action);
  add_show(app, action);
  add_bugs(app, action);
  add_linearize(app, action);
  if (argc == 1) {
    std::cout << app.help();
    return usage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return fail(usage, usage_message(app, error, argc, argv));
  }
  return action();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  try {
    return run(argc, argv);
  } catch (const UsageError& error) {
    return fail(usage, first_line(error.what()));
  } catch (const TraceError& error) {
    return fail(unreadable, first_line(error.what()));
  } catch (const DecodeError& error) {
    return fail(unreadable, first_line(error.what()));
  } catch (const FileError& error) {
    return fail(io, first_line(error.what()));
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(io, first_line(error.what()));
  } catch (const Nondeterminism& error) {
    return fail(diverged, first_line(error.what()));
  } catch (const std::bad_alloc&) {
    return fail(incomplete, "out of memory; bound the check with --memory or smaller bounds");
  } catch (const std::exception& error) {
    return fail(internal, std::string("internal: ") + first_line(error.what()));
  }
}
