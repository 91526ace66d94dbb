// How long the minimizer takes for long runs:
//   shrink_bench SYSTEM BUG EVENTS [seed] [network] [operations] [seconds]
// A run of the bug, at its bounds but for limits, which are far away, goes on by chance and keeps
// clear of every violation for so many events; the first one behind them ends it.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "explorer/confirm.hpp"
#include "explorer/hunt/walk.hpp"
#include "explorer/minimize.hpp"
#include "protocols/catalog.hpp"

namespace {

using namespace gainsay;

struct Arguments {
  std::string system;
  std::string bug;
  std::uint64_t events = 10'000;
  std::uint64_t seed = 1;
  std::string network;
  std::uint32_t operations = 0;  // of each client; 0: those of its bounds
  double seconds = 10;
};

Model model_of(const Arguments& arguments) {
  const CatalogEntry* entry = find_system(arguments.system);
  if (entry == nullptr) throw UsageError("no system " + arguments.system);
  for (const Bug& bug : entry->bugs) {
    if (bug.name != arguments.bug) continue;
    Configuration wide = variant(bug);
    for (const std::string& limit : entry->limits) wide.bounds.limits[limit] = 1'000'000;
    if (arguments.network == "unordered") wide.bounds.network = Network::unordered;
    if (arguments.network == "fifo") wide.bounds.network = Network::fifo;
    if (arguments.operations > 0) wide.bounds.operations = arguments.operations;
    return entry->make(wide);
  }
  throw UsageError("no bug " + arguments.bug);
}

// A fault now and then, while there are any.
std::optional<Move> next_move(Walk& walk, RandomStream& random, std::uint64_t events) {
  if (random.below(static_cast<std::uint32_t>(events / 4 + 1)) == 0 || walk.down() > 0) {
    std::vector<Move> faults;
    walk.for_each_move(true, [&](Move move) { faults.push_back(move); });
    if (!faults.empty()) return faults[random.below(static_cast<std::uint32_t>(faults.size()))];
  }
  return uniform_move(walk, random);
}

// No events: nothing was violated.
Counterexample late_violation(const Model& model, const Arguments& arguments) {
  std::vector<const Property*> properties;
  for (const Property& one : model.properties) {
    if (one.kind != PropertyKind::recovers && one.kind != PropertyKind::sometimes) {
      properties.push_back(&one);
    }
  }
  Evaluator evaluator(model.system, properties);
  Machine machine(model.system, {.judge_step = [&](const LocalEntry& before,
                                                   const LocalEntry& after, bool counts) {
                    return evaluator.judge_step(before, after, counts);
                  }});
  RandomStream random(arguments.seed);
  auto walk = std::make_unique<Walk>(machine, evaluator);
  walk->start(random);
  auto saved = std::make_unique<Walk>(*walk);
  while (!walk->broken() && walk->path().size() < 2 * arguments.events) {
    const auto move = next_move(*walk, random, arguments.events);
    if (!move) break;
    walk->take(*move);
    if (walk->broken() && walk->path().size() < arguments.events) {
      const Path path = walk->path();
      walk = std::make_unique<Walk>(*saved);
      for (std::size_t i = walk->path().size(); i + 1 < path.size(); ++i) walk->pass(path[i]);
    }
    if (walk->path().size() > saved->path().size() + 50) saved = std::make_unique<Walk>(*walk);
  }
  if (!walk->broken() || walk->broken()->fault != 0) {
    return {};
  }
  const Property& property = *properties[walk->broken()->property];
  Counterexample found{.property = property.name, .kind = property.kind};
  found.message = "\"" + property.name + "\" does not hold";
  const Path path = walk->path();
  found.events = walk->events_of(path);
  found.faults = faults_of(model.system, found.events);
  return found;
}

void measure(Arguments arguments) {
  const Model model = model_of(arguments);
  Counterexample found = late_violation(model, arguments);
  while (found.events.empty()) {
    ++arguments.seed;
    found = late_violation(model, arguments);
  }
  std::printf("seed %llu\n", static_cast<unsigned long long>(arguments.seed));
  for (const std::uint64_t states : {std::uint64_t{0}, std::uint64_t{1'000'000}}) {
    const MinimizeReport report =
        minimize(model, found, {.seconds = arguments.seconds, .max_states = states, .jobs = 1});
    std::printf("\"%s\": %u events, %u faults; %zu, %u after %.2f s, %llu runs%s%s\n",
                found.property.c_str(), report.events_before, report.faults_before,
                report.counterexample.events.size(), report.counterexample.faults, report.seconds,
                static_cast<unsigned long long>(report.candidates),
                states == 0 ? "; no last search" : "", report.cut ? "; cut" : "");
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  Arguments arguments{.system = argv[1], .bug = argv[2]};
  arguments.events = std::strtoull(argv[3], nullptr, 10);
  if (argc > 4) arguments.seed = std::strtoull(argv[4], nullptr, 10);
  if (argc > 5) arguments.network = argv[5];
  if (argc > 6) {
    arguments.operations = static_cast<std::uint32_t>(std::strtoul(argv[6], nullptr, 10));
  }
  if (argc > 7) arguments.seconds = std::strtod(argv[7], nullptr);
  try {
    measure(arguments);
  } catch (const UsageError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
