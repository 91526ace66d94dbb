#include "cli/configuration.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/settings.hpp"
#include "protocols/catalog.hpp"

namespace gainsay::cli {

namespace {

constexpr const char* usual_file = "gainsay.json";

// What was not on the command line: which flag, its text, and where it stands.
struct Origin {
  std::string flag;
  std::string text;
  std::string place;
};
std::vector<Origin>& origins() {
  static std::vector<Origin> all;
  return all;
}

bool is_verb(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; }).empty();
}

std::string name_of(const CLI::Option& option) {
  return option.get_lnames().empty() ? option.get_name() : option.get_lnames().front();
}

bool is_switch(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

bool can_be_set(const CLI::Option& option) {
  const std::string name = name_of(option);
  return name != "help" && name != "config" && !option.get_required();
}

CLI::Option* find_option(CLI::App& verb, const std::string& name) {
  for (CLI::Option* option : verb.get_options()) {
    const auto& names = option->get_lnames();
    const bool is_it =
        names.empty() ? option->get_name() == name : std::ranges::find(names, name) != names.end();
    if (is_it && can_be_set(*option)) return option;
  }
  return nullptr;
}

CLI::Option& require_option(CLI::App& verb, const std::string& name, const std::string& place) {
  if (CLI::Option* option = find_option(verb, name)) return *option;
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options()) {
    if (can_be_set(*option)) names.push_back(name_of(*option));
  }
  const std::string near = nearest(name, names);
  throw UsageError(place + ": there is no such setting" +
                   (near.empty() ? "; see `gainsay " + verb.get_name() + " --help`"
                                 : "; did you mean '" + near + "'?"));
}

void set_switch(CLI::Option& option, const std::string& text, const std::string& place) {
  if (text != "true" && text != "false") throw UsageError(place + ": is true or false");
  if (text == "true") option.add_result("true");
}

void set(CLI::Option& option, const std::vector<Setting::Value>& values, const std::string& file,
         const std::string& place) {
  try {
    for (const auto& [text, path] : values) {
      const std::string from = file + (path.empty() ? "" : ": " + path);
      if (is_switch(option)) {
        set_switch(option, text, from);
      } else {
        option.add_result(text);
      }
      origins().push_back({"--" + name_of(option), text, from});
    }
    if (option.count() > 0) option.run_callback();
  } catch (const CLI::ParseError& error) {
    const std::string message = error.what();
    throw UsageError(place + ": " + message.substr(0, message.find('\n')));
  }
}

std::string variable_of(const CLI::Option& option) {
  std::string name = "GAINSAY_";
  for (const char c : name_of(option)) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

void take_environment(CLI::App& verb) {
  for (CLI::Option* option : verb.get_options()) {
    if (option->count() > 0 || option->get_lnames().empty() || !can_be_set(*option)) continue;
    const std::string name = variable_of(*option);
    if (name == "GAINSAY_SHARD") continue;  // of campaigns, which ask for it themselves
    const char* text = std::getenv(name.c_str());
    if (text != nullptr) set(*option, {{text, ""}}, name, name);
  }
}

Settings read_file(const std::string& file) {
  std::ifstream input(file, std::ios::binary);
  std::ostringstream text;
  text << input.rdbuf();
  if (!input.is_open() || input.bad()) throw UsageError(file + ": cannot be read");
  try {
    return read_settings(text.str());
  } catch (const UsageError& error) {
    throw UsageError(file + ": " + error.what());
  }
}

CLI::App& require_verb(CLI::App& app, const std::string& name, const std::string& file) {
  std::vector<std::string> names;
  for (CLI::App* verb : app.get_subcommands(nullptr)) {
    if (!is_verb(*verb)) continue;
    if (verb->get_name() == name) return *verb;
    names.push_back(verb->get_name());
  }
  const std::string near = nearest(name, names);
  throw UsageError(file + ": " + name + ": there are no settings of such a verb" +
                   (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

// All of the file is looked at, whichever verb was given.
void take_file(CLI::App& app, CLI::App& given, const std::string& file) {
  for (const auto& [name, settings] : read_file(file)) {
    CLI::App& verb = require_verb(app, name, file);
    for (const Setting& setting : settings) {
      const std::string place = file + ": " + setting.path;
      CLI::Option& option = require_option(verb, setting.name, place);
      const int most = std::max(1, option.get_expected_max());
      if (static_cast<int>(setting.values.size()) > most &&
          option.get_multi_option_policy() != CLI::MultiOptionPolicy::TakeAll) {
        throw UsageError(place + ": is a list, where one value is wanted");
      }
      if (&verb == &given && option.count() == 0) set(option, setting.values, file, place);
    }
  }
}

// The text names the flag, and not a longer one.
bool names_flag(const std::string& message, const std::string& flag) {
  for (std::size_t at = message.find(flag); at != message.npos; at = message.find(flag, at + 1)) {
    const std::size_t end = at + flag.size();
    const bool goes_on =
        end < message.size() &&
        (message[end] == '-' || std::isalnum(static_cast<unsigned char>(message[end])) != 0);
    if (!goes_on) return true;
  }
  return false;
}

}  // namespace

void add_configuration(CLI::App& app) {
  for (CLI::App* verb : app.get_subcommands(nullptr)) {
    if (!is_verb(*verb)) continue;
    verb->add_option("--config", "settings of flags (gainsay.json, if there is one)")
        ->group("Configuration")
        ->type_name("FILE");
  }
}

void configure(CLI::App& app) {
  CLI::App& verb = *app.get_subcommands().front();
  if (!is_verb(verb)) return;
  const CLI::Option& config = *verb.get_option("--config");
  take_environment(verb);
  if (config.count() > 0) {
    take_file(app, verb, config.results().back());
  } else if (std::filesystem::exists(usual_file)) {
    take_file(app, verb, usual_file);
  }
}

bool was_given(const CLI::Option& option) {
  const std::string flag = "--" + name_of(option);
  return option.count() > 0 && std::ranges::find(origins(), flag, &Origin::flag) == origins().end();
}

std::string with_origin(const std::string& message) {
  const Origin* found = nullptr;
  for (const Origin& origin : origins()) {
    if (!names_flag(message, origin.flag)) continue;
    const bool is_closer = message.find(origin.text) != message.npos;
    if (found == nullptr || is_closer) found = &origin;
  }
  return found == nullptr ? message : found->place + ": " + message;
}

}  // namespace gainsay::cli
