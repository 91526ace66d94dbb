// gainsay list: systems, properties, bugs.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "engine/text.hpp"
#include "explorer/hunt/hunt.hpp"

namespace gainsay::cli {

namespace {

struct ListArguments {
  std::string what = "systems";
  bool json = false;
};

constexpr std::size_t margin = 18;  // behind the names of systems

void print_below(const std::string& text) {
  std::cout << wrap(std::string(margin, ' ') + text, margin + 2, 80);
}

void print_names(const std::string& flag, const std::vector<std::string>& names) {
  if (names.empty()) return;
  std::string text = flag;
  for (const std::string& name : names) text += " " + name + "=";
  print_below(text);
}

int list_systems(bool json) {
  nlohmann::ordered_json systems = nlohmann::ordered_json::array();
  for (const CatalogEntry& entry : catalog()) {
    if (json) {
      systems.push_back({{"name", entry.name},
                         {"version", entry.version},
                         {"summary", entry.summary},
                         {"defaults", describe(entry.defaults.bounds, entry.defaults.options)},
                         {"limits", entry.limits},
                         {"options", entry.options}});
    } else {
      std::string name = entry.name;
      name.resize(std::max(name.size() + 1, margin), ' ');
      std::cout << wrap(name + entry.summary, margin, 80);
      print_below("default " + describe(entry.defaults.bounds, entry.defaults.options));
      print_names("--limit", entry.limits);
      print_names("--option", entry.options);
    }
  }
  if (json) std::cout << systems.dump() << "\n";
  return ok;
}

int list_properties(bool json) {
  nlohmann::ordered_json properties = nlohmann::ordered_json::array();
  for (const CatalogEntry& entry : catalog()) {
    for (const Property& property : entry.make(entry.defaults).properties) {
      if (json) {
        properties.push_back(
            {{"system", entry.name}, {"name", property.name}, {"kind", to_string(property.kind)}});
      } else {
        std::printf("%-17s %-13s %s\n", entry.name.c_str(),
                    std::string(to_string(property.kind)).c_str(), property.name.c_str());
      }
    }
  }
  if (json) std::cout << properties.dump() << "\n";
  return ok;
}

int list_bugs(bool json) {
  nlohmann::ordered_json bugs = nlohmann::ordered_json::array();
  for (const CatalogEntry& entry : catalog()) {
    for (const Bug& bug : entry.bugs) {
      if (json) {
        bugs.push_back({{"system", entry.name},
                        {"id", bug.id},
                        {"name", bug.name},
                        {"breaks", bug.breaks},
                        {"bounds", describe(bug.scenario.bounds, bug.scenario.options)},
                        {"what", bug.what}});
      } else {
        std::printf("%-11s %-4s %-26s breaks %s\n", entry.name.c_str(), bug.id.c_str(),
                    bug.name.c_str(), bug.breaks.c_str());
        const std::string bounds = describe(bug.scenario.bounds, bug.scenario.options);
        std::cout << wrap("       " + bug.what, 7, 80) << wrap("       within " + bounds, 9, 80)
                  << std::flush;
      }
    }
  }
  if (json) std::cout << bugs.dump() << "\n";
  return ok;
}

int list_strategies(bool json) {
  nlohmann::ordered_json listed = nlohmann::ordered_json::array();
  for (const auto& [name, what] : described_strategies()) {
    if (json) {
      listed.push_back({{"name", name}, {"what", what}});
    } else {
      std::printf("%-10s %s\n", name.c_str(), what.c_str());
    }
  }
  if (json) std::cout << listed.dump() << "\n";
  return ok;
}

}  // namespace

void add_list(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<ListArguments>();
  CLI::App& command = *app.add_subcommand("list", "what there is: systems, properties, bugs, ...");
  command.add_option("what", arguments->what, "systems (default), properties, bugs, strategies")
      ->type_name("");
  command.add_flag("--json", arguments->json, "as JSON");
  command.callback([arguments, &action] {
    action = [arguments]() -> int {
      if (arguments->what == "systems") return list_systems(arguments->json);
      if (arguments->what == "properties") return list_properties(arguments->json);
      if (arguments->what == "bugs") return list_bugs(arguments->json);
      if (arguments->what == "strategies") return list_strategies(arguments->json);
      throw UsageError("list systems, properties, bugs or strategies, not '" + arguments->what +
                       "'");
    };
  });
}

}  // namespace gainsay::cli
