#include "protocols/two_phase_commit/two_phase_commit.hpp"

namespace gainsay::two_phase_commit {

Model make_model(const Configuration& configuration) {
  // The bounds count managers; the transaction manager is one node more.
  Bounds with_manager = configuration.bounds;
  ++with_manager.nodes;
  Model model{.system = make_system<Node>("two-phase-commit", with_manager,
                                          {.bug = bug_named<Bug>(configuration.bug)}),
              .properties = {}};
  model.properties = {
      // No two participants decide differently.
      always_pair<Node>("agreement",
                        [](const View& a, const View& b) {
                          return !(a.state == State::committed && b.state == State::aborted);
                        }),
      sometimes<Node>("some run commits",
                      [](const View& node) { return node.state == State::committed; }),
      sometimes<Node>("some run aborts",
                      [](const View& node) { return node.state == State::aborted; }),
      sometimes<Node>("everyone commits",
                      [](const Nodes<View>& nodes) {
                        bool all = true;
                        for (const View& node : nodes) all = all && node.state == State::committed;
                        return all;
                      }),
  };
  return model;
}

CatalogEntry catalog_entry() {
  CatalogEntry entry{.name = "two-phase-commit",
                     .version = "1",
                     .summary = "one transaction manager and N resource managers (--nodes)"};
  entry.defaults.bounds.nodes = 5;
  entry.bugs = {{.id = "T01",
                 .name = "abort-in-doubt",
                 .breaks = "agreement",
                 .what = "a manager that is prepared gives up waiting and aborts by itself",
                 .scenario = {.bounds = {.nodes = 3}}}};
  entry.make = make_model;
  return entry;
}

}  // namespace gainsay::two_phase_commit
