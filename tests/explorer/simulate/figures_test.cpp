// The reference of a simulation's figures has every member that there is, and no other.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/explorer/simulate/busy.hpp"

namespace gainsay {
namespace {

using nlohmann::json;
using Names = std::set<std::string>;

// Objects whose members have names of their own, or are told of together.
const Names& told_together() {
  static const Names names = {"bounds",
                              "options",
                              "requests.latency_ns",
                              "leaders.time_to_elect_ns",
                              "leaders.time_to_commit_ns",
                              "messages.all"};
  return names;
}
const Names& counts() {
  static const Names names = {"sent",    "delivered", "lost",  "cut",          "duplicated",
                              "to_down", "refused",   "bytes", "bytes_on_link"};
  return names;
}

void add_members(const json& value, const std::string& path, Names& names) {
  if (value.is_array()) {
    names.insert(path + "[]");
    for (const json& element : value) {
      if (element.is_object()) add_members(element, path + "[]", names);
    }
    return;
  }
  if (!value.is_object() || told_together().contains(path)) {
    names.insert(path);
    return;
  }
  for (const auto& [name, member] : value.items()) {
    const bool is_count = path.starts_with("messages.") && counts().contains(name);
    if (!is_count) add_members(member, path.empty() ? name : path + "." + name, names);
  }
}

// In backquotes, in the first column of the table.
Names documented() {
  std::ifstream file(std::string(GAINSAY_SOURCE_DIR) + "/docs/figures.md");
  Names names;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    std::istringstream column(line.substr(1, line.find(" | ", 1)));
    for (std::string word; std::getline(column, word, '`') && std::getline(column, word, '`');) {
      names.insert(word);
    }
  }
  return names;
}

// All that may be there or not: a variant, faults, links and disks of their own, what is not judged
// and what a scenario expects.
Names printed() {
  const Model model = model_of("raft", 3, "commit-no-min");
  SimulateOptions options = busy(1, second);
  add_crash(options.simulation.faults, model.system, "n1@100ms+200ms");
  options.simulation.disks = {std::nullopt, Distribution::fixed(millisecond)};
  options.simulation.particular_links = {{.from = {0}, .to = {1}, .model = {}}};
  options.simulation.clocks.resize(3);
  options.minimize_seconds = 0;
  SimulateReport report = simulate(model, options);
  report.not_judged.emplace_back("it", "for a reason");
  report.not_of_runs.emplace_back("recovery");
  report.expectations.push_back({.what = "something", .is_met = true});
  Names names;
  add_members(json::parse(simulate_json(model.system, options.simulation, report)), "", names);
  return names;
}

TEST(Figures, AreAllInTheReferenceAndNoOthers) {
  // Of lists the elements are told, and there is more in them than a test should wait for.
  const Names lists = {"network.links[]", "unavailable.windows[]", "leaders.list[]",
                       "faults[]",        "messages.kinds[]",      "messages.links[]",
                       "nodes[]",         "properties[]",          "not_judged[]",
                       "expectations[]",  "timeline.intervals[]"};
  const Names rare = {"messages.links_left_out", "unavailable.windows[].begin_ns",
                      "unavailable.windows[].end_ns"};
  const Names told = documented();
  const Names there = printed();
  for (const std::string& name : there) {
    EXPECT_TRUE(told.contains(name) || lists.contains(name)) << name << " is not in the reference";
  }
  for (const std::string& name : told) {
    EXPECT_TRUE(there.contains(name) || rare.contains(name)) << name << " is not in the figures";
  }
}

}  // namespace
}  // namespace gainsay
