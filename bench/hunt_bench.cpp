// Events a second of hunts, by strategy and threads; the tables grow while it runs, as they do in
// use.
#include <benchmark/benchmark.h>

#include "explorer/hunt/hunt.hpp"
#include "protocols/catalog.hpp"

namespace {

using namespace gainsay;

void hunts(benchmark::State& state, const Configuration& configuration,
           const std::string& strategy) {
  const Model model = find_system("raft")->make(configuration);
  std::uint64_t events = 0;
  for ([[maybe_unused]] auto _ : state) {
    const HuntReport report =
        hunt(model,
             {.strategy = strategy, .seconds = 2.0, .jobs = static_cast<unsigned>(state.range(0))});
    events += report.events;
  }
  state.counters["events"] =
      benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
}

void add(const std::string& name, const Configuration& configuration) {
  for (const std::string& strategy : strategy_names()) {
    benchmark::RegisterBenchmark(
        (name + "/" + strategy).c_str(),
        [=](benchmark::State& state) { hunts(state, configuration, strategy); })
        ->Arg(1)
        ->Arg(2)
        ->Iterations(1)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Configuration small = find_system("raft")->defaults;
  Configuration large = small;
  large.bounds.limits = {{"term", 6}, {"log", 4}};
  large.options["propose"] = "3";
  add("raft", small);
  add("raft-6-terms", large);
  Configuration long_logs = small;
  long_logs.bounds.nodes = 5;
  long_logs.bounds.clients = 3;
  long_logs.bounds.operations = 1000;
  add("raft-long-logs", long_logs);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
