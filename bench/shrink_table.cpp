// How short the minimizer's traces are, of each seeded bug that a check contradicts, as a Markdown
// table:
//   shrink_table [seeds] [most worlds of the exhaustive search] [of the guided one] [system or bug]
// Each seed's first violation of the bug's property is made short; a share says how many of them
// have as few events (and faults) as the check's, which are the least there are.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include "explorer/hunt/hunt.hpp"
#include "explorer/minimize.hpp"
#include "explorer/report.hpp"
#include "protocols/catalog.hpp"

namespace {

using namespace gainsay;

struct Arguments {
  std::uint64_t seeds = 30;
  std::uint64_t states = 0;
  std::uint64_t guided = 0;
  std::string only;
};

struct Tally {
  std::uint64_t found = 0;
  std::uint64_t as_short = 0;
  std::uint64_t as_few_faults = 0;
  std::uint64_t events_before = 0;
  std::uint64_t events = 0;
  double seconds = 0;
  double slowest = 0;
  std::set<std::string> identities;
};

void add(Tally& tally, const MinimizeReport& report, const std::string& identity,
         const Counterexample& least) {
  ++tally.found;
  const Counterexample& found = report.counterexample;
  if (found.faults == least.faults) {
    ++tally.as_few_faults;
    if (found.events.size() == least.events.size()) ++tally.as_short;
  }
  tally.events_before += report.events_before;
  tally.events += found.events.size();
  tally.seconds += report.seconds;
  tally.slowest = std::max(tally.slowest, report.seconds);
  tally.identities.insert(identity);
}

Tally tally_of(const Model& model, const Counterexample& least, const Arguments& arguments) {
  Tally tally;
  for (std::uint64_t seed = 1; seed <= arguments.seeds; ++seed) {
    const HuntReport report = hunt(model, {.seed = seed,
                                           .runs = 50'000,
                                           .seconds = 2,
                                           .jobs = 1,
                                           .properties = {least.property},
                                           .minimize = false});
    if (report.findings.empty()) continue;
    const MinimizeReport shrunk = minimize(model, report.findings.front().counterexample,
                                           {.seconds = 10,
                                            .max_states = arguments.states,
                                            .guided_states = arguments.guided,
                                            .jobs = 1});
    add(tally, shrunk, identity_of(model, shrunk.counterexample), least);
  }
  return tally;
}

void print_row(const CatalogEntry& entry, const Bug& bug, const Arguments& arguments) {
  const Model model = entry.make(variant(bug));
  const auto property = std::ranges::find(model.properties, bug.breaks, &Property::name);
  if (property == model.properties.end() || property->kind == PropertyKind::recovers) return;
  const CheckReport checked =
      check(model, {.jobs = 1, .max_states = 1'000'000, .seconds = 10, .properties = {bug.breaks}});
  if (!checked.counterexample || !checked.shortest) return;
  if (checked.counterexample->property != bug.breaks) return;
  const Counterexample& least = *checked.counterexample;
  const Tally tally = tally_of(model, least, arguments);
  const auto share = [&](std::uint64_t count) {
    return tally.found == 0 ? 0.0
                            : 100.0 * static_cast<double>(count) / static_cast<double>(tally.found);
  };
  const auto mean = [&](std::uint64_t sum) {
    return tally.found == 0 ? 0.0 : static_cast<double>(sum) / static_cast<double>(tally.found);
  };
  std::printf("| %s | `%s` | %llu | %.0f | %zu | %.1f | %.0f %% | %.0f %% | %zu | %.2f | %.2f |\n",
              bug.id.c_str(), bug.name.c_str(), static_cast<unsigned long long>(tally.found),
              mean(tally.events_before), least.events.size(), mean(tally.events),
              share(tally.as_short), share(tally.as_few_faults), tally.identities.size(),
              tally.found == 0 ? 0.0 : tally.seconds / static_cast<double>(tally.found),
              tally.slowest);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (argc > 1) arguments.seeds = std::strtoull(argv[1], nullptr, 10);
  if (argc > 2) arguments.states = std::strtoull(argv[2], nullptr, 10);
  if (argc > 3) arguments.guided = std::strtoull(argv[3], nullptr, 10);
  if (argc > 4) arguments.only = argv[4];
  std::printf(
      "| id | bug | found | met | least | now | as short | as few faults | identities | s | most "
      "s |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
  for (const CatalogEntry& entry : catalog()) {
    for (const Bug& bug : entry.bugs) {
      const bool wanted = arguments.only.empty() || arguments.only == entry.name ||
                          arguments.only == bug.id || arguments.only == bug.name;
      if (wanted) print_row(entry, bug, arguments);
    }
  }
}
