// Whole checks, without reductions: states a second, by one and two threads.
#include <benchmark/benchmark.h>

#include "explorer/check.hpp"
#include "protocols/catalog.hpp"

namespace {

void check_system(benchmark::State& state, const char* name, gainsay::Bounds bounds) {
  const gainsay::CatalogEntry* entry = gainsay::find_system(name);
  gainsay::Configuration configuration = entry->defaults;
  configuration.bounds = bounds;
  const gainsay::Model model = entry->make(configuration);
  std::uint64_t states = 0;
  for (auto _ : state) {
    states = gainsay::check(model, {.reduce = gainsay::Reductions{},
                                    .jobs = static_cast<unsigned>(state.range(0))})
                 .states;
  }
  state.counters["states"] = static_cast<double>(states);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(states));
}

using gainsay::Network;

BENCHMARK_CAPTURE(check_system, two_phase_commit_9, "two-phase-commit", {.nodes = 9})
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(check_system, paxos_3_clients, "paxos",
                  {.nodes = 3, .clients = 3, .network = Network::unordered})
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(check_system, raft_core_3_2_0, "raft-core",
                  {.nodes = 3, .limits = {{"term", 2}, {"log", 0}}})
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
