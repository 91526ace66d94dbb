#include <optional>
#include <string>
#include <utility>

#include "protocols/chord/chord.hpp"

namespace gainsay::chord {

namespace {

Node::Options options_of(const Configuration& configuration) {
  Node::Options options{.bug = bug_named<Bug>(configuration.bug)};
  std::optional<std::uint32_t> newcomers;
  for (const auto& [name, text] : configuration.options) {
    if (name == "successors") options.successors = option_number("chord", name, text);
    if (name == "newcomers") newcomers = option_number("chord", name, text);
  }
  // One, if there is a node for it.
  const bool has_room = configuration.bounds.nodes > std::uint64_t{options.successors} + 1;
  options.newcomers = newcomers.value_or(has_room ? 1 : 0);
  return options;
}

void require_assumptions(const Bounds& bounds, const Node::Options& options) {
  if (options.successors == 0) throw UsageError("chord: a successor list has an entry at least");
  if (options.successors >= ids_max ||
      std::uint64_t{bounds.nodes} < std::uint64_t{options.successors} + 1 + options.newcomers) {
    throw UsageError("chord: with successors=" + std::to_string(options.successors) +
                     " the first " + std::to_string(std::uint64_t{options.successors} + 1) +
                     " nodes are the stable base, and newcomers come on top of them");
  }
  // A failure may not leave a member without a live successor; where there may be as many failures
  // as a list has entries, some would.
  if (bounds.crashes >= options.successors) {
    throw UsageError("chord: fewer nodes fail (--crashes) than successor lists have entries");
  }
}

}  // namespace

Model make_model(const Configuration& configuration) {
  const Node::Options options = options_of(configuration);
  require_assumptions(configuration.bounds, options);
  Model model{.system = make_system<Node>("chord", configuration.bounds, options),
              .properties = properties(configuration.bounds, options)};
  model.system.steadfast = base(options);
  return model;
}

CatalogEntry catalog_entry() {
  CatalogEntry entry{.name = "chord",
                     .version = "1",
                     .summary = "Chord's ring with successor lists, as Zave corrected it",
                     .options = {"successors", "newcomers"}};
  entry.defaults.bounds = {.nodes = 4, .crashes = 1, .restarts = 1};
  const auto bug = [&](std::string id, std::string name, std::string breaks, std::string what,
                       Bounds bounds, OptionTexts options) {
    entry.bugs.push_back(
        {.id = std::move(id),
         .name = std::move(name),
         .breaks = std::move(breaks),
         .what = std::move(what),
         .scenario = {.bounds = std::move(bounds), .options = std::move(options)}});
  };
  bug("D01", "chord-original-join", "a live successor",
      "a newcomer takes its successor, and not the successor's list", {.nodes = 5, .crashes = 1},
      {});
  bug("D03", "chord-dead-successor-adopted", "an ideal ring",
      "who stands before the successor is taken for the successor, alive or not",
      {.nodes = 4, .crashes = 1, .restarts = 1}, {{"newcomers", "0"}});
  entry.make = make_model;
  return entry;
}

}  // namespace gainsay::chord
