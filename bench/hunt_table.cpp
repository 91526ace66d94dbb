// Runs and seconds to the first hit of each seeded bug, by strategy, as a Markdown table:
//   hunt_table [seeds] [most runs of one hunt] [most seconds of one hunt] [system]
// A hunt that finds nothing counts with the runs that it made: the mean is all runs by all hits,
// with the 95 % interval of a bug that each run hits with the same probability.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "explorer/hunt/hunt.hpp"
#include "explorer/hunt/weather.hpp"
#include "protocols/catalog.hpp"

namespace {

using namespace gainsay;

struct Tally {
  double runs = 0;
  double seconds = 0;
  std::uint64_t hits = 0;
};

// Of chi-square with `freedom` degrees (Wilson and Hilferty 1931); z: of the normal distribution.
double chi_square(double freedom, double z) {
  const double ninth = 2 / (9 * freedom);
  return freedom * std::pow(1 - ninth + z * std::sqrt(ninth), 3);
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 10 ? "%.1f" : "%.0f", value);
  return text;
}

std::string cell(const Tally& tally) {
  constexpr double z = 1.959964;
  const auto hits = static_cast<double>(tally.hits);
  const double least = 2 * tally.runs / chi_square(2 * hits + 2, z);
  if (tally.hits == 0) return "> " + number(least);
  const double most = 2 * tally.runs / chi_square(2 * hits, -z);
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.3f", tally.seconds / hits);
  return number(tally.runs / hits) + " (" + number(least) + " to " + number(most) + "), " +
         seconds + " s";
}

struct Arguments {
  std::uint64_t seeds = 30;
  std::uint64_t runs = 50'000;
  double seconds = 2;
  std::string system;
};

Tally tally_of(const Model& model, const std::string& strategy, const Arguments& arguments) {
  Tally tally;
  for (std::uint64_t seed = 1; seed <= arguments.seeds; ++seed) {
    const HuntReport report = hunt(model, {.strategy = strategy,
                                           .seed = seed,
                                           .runs = arguments.runs,
                                           .seconds = arguments.seconds,
                                           .jobs = 1,
                                           .minimize = false});
    tally.runs += static_cast<double>(report.runs);
    tally.seconds += report.seconds;
    tally.hits += report.findings.size();
  }
  return tally;
}

bool is_of_runs(const Model& model, const std::string& property) {
  for (const Property& one : model.properties) {
    if (one.name == property) return one.kind != PropertyKind::recovers;
  }
  return true;
}

void print_row(const CatalogEntry& entry, const Bug& bug, const Arguments& arguments) {
  const Model model = entry.make(variant(bug));
  if (!is_of_runs(model, bug.breaks)) return;
  std::printf("| %s | `%s` |", bug.id.c_str(), bug.name.c_str());
  for (const std::string& strategy : strategy_names()) {
    if (strategy == "weather" && !why_no_weather(model.system).empty()) {
      std::printf(" |");
      continue;
    }
    std::printf(" %s |", cell(tally_of(model, strategy, arguments)).c_str());
    std::fflush(stdout);
  }
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (argc > 1) arguments.seeds = std::strtoull(argv[1], nullptr, 10);
  if (argc > 2) arguments.runs = std::strtoull(argv[2], nullptr, 10);
  if (argc > 3) arguments.seconds = std::strtod(argv[3], nullptr);
  if (argc > 4) arguments.system = argv[4];
  std::printf("| id | bug |");
  for (const std::string& strategy : strategy_names()) std::printf(" %s |", strategy.c_str());
  std::printf("\n|---|---|");
  for (std::size_t i = 0; i < strategy_names().size(); ++i) std::printf("---:|");
  std::printf("\n");
  for (const CatalogEntry& entry : catalog()) {
    if (!arguments.system.empty() && entry.name != arguments.system) continue;
    for (const Bug& bug : entry.bugs) print_row(entry, bug, arguments);
  }
}
