// The command line: verbs, exit codes, and the one place where errors become a line.
#include <csignal>
#include <cstdio>
#include <iostream>

#include "cli/command.hpp"
#include "cli/configuration.hpp"
#include "engine/trace.hpp"
#include "engine/version.hpp"
#include "explorer/campaign/store.hpp"

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

// The first word that is no flag should have been a verb.
std::string no_verb(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> verbs;
  std::string listed;
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    verbs.push_back(verb->get_name());
    listed += (listed.empty() ? "" : ", ") + verbs.back();
  }
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.empty() || word.front() == '-') continue;
    const std::string near = nearest(word, verbs);
    return "there is no verb '" + word + "'; " +
           (near.empty() ? "the verbs are " + listed : "did you mean '" + near + "'?");
  }
  return "a verb is missing: one of " + listed;
}

// CLI11 says what is wrong; the nearest flag is ours to suggest.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error, int argc,
                          char** argv) {
  if (app.get_subcommands().empty()) {
    bool is_flag = false;
    for (int i = 1; i < argc; ++i) is_flag = is_flag || argv[i][0] == '-';
    if (!is_flag || dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) {
      return no_verb(app, argc, argv);
    }
  }
  std::string message = first_line(error.what());
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) {
    const std::size_t equals = message.find(" = ");
    const std::size_t flag = message.find("--");
    if (flag >= equals || equals == std::string::npos) return message;
    return message.substr(flag, equals - flag) + " takes a number, not '" +
           message.substr(equals + 3) + "'";
  }
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
  }
  for (int i = 1; i < argc; ++i) {
    const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    if (message.find(word) == std::string::npos) continue;
    const std::string near = nearest(word, known);
    if (!near.empty() && near != word) return message + "; did you mean " + near + "?";
  }
  return message;
}

// What nobody could read, as on a full disk, is no success.
int unless_unsaid(int code) {
  std::cout.flush();
  const bool said = std::cout.good() && std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  return said || code == violated ? code
                                  : worse(code, fail(io, "standard output cannot be written"));
}

int run(int argc, char** argv) {
  CLI::App app("gainsay tries to contradict your protocol.", "gainsay");
  app.set_version_flag("--version", "gainsay " + std::string(version));
  app.require_subcommand(1);
  app.get_formatter()->column_width(30);
  const std::string codes =
      "Exit codes: 0 holds, 1 violated, 2 usage, 3 incomplete, 4 vacuous, 5 diverged,\n"
      "6 unreadable trace, 70 internal error, 74 files.";
  app.footer(codes);  // of the verbs, too
  Action action;
  add_list(app, action);
  add_check(app, action);
  add_hunt(app, action);
  add_simulate(app, action);
  add_replay(app, action);
  add_minimize(app, action);
  add_show(app, action);
  add_serve(app, action);
  add_bugs(app, action);
  add_linearize(app, action);
  add_campaign(app, action);
  add_configuration(app);
  app.footer("gainsay VERB --help says more of a verb.\n" + codes);
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
  configure(app);
  const int code = action();
  // Whoever started a server need not listen to it any more: it answers elsewhere.
  return app.got_subcommand("serve") ? code : unless_unsaid(code);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  try {
    return run(argc, argv);
  } catch (const UsageError& error) {
    return fail(usage, with_origin(first_line(error.what())));
  } catch (const TraceError& error) {
    return fail(unreadable, first_line(error.what()));
  } catch (const DecodeError& error) {
    return fail(unreadable, first_line(error.what()));
  } catch (const StoreError& error) {
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
