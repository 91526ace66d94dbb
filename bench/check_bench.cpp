// Whole checks, without reductions, by one and two threads: states a second, successors that are
// judged a second, and probes of the visited set a second. Successors that were met a moment before
// are judged without a probe.
#include <benchmark/benchmark.h>

#include "explorer/check.hpp"
#include "protocols/catalog.hpp"

namespace {

void check_system(benchmark::State& state, const char* name, gainsay::Bounds bounds) {
  const gainsay::CatalogEntry* entry = gainsay::find_system(name);
  gainsay::Configuration configuration = entry->defaults;
  configuration.bounds = bounds;
  const gainsay::Model model = entry->make(configuration);
  gainsay::CheckReport report;
  std::uint64_t probes = 0;
  for (auto _ : state) {
    report = gainsay::check(
        model, {.reduce = gainsay::Reductions{}, .jobs = static_cast<unsigned>(state.range(0))});
    probes += report.probes;
  }
  const auto checks = static_cast<double>(state.iterations());
  using benchmark::Counter;
  state.counters["states"] = static_cast<double>(report.states);
  state.counters["successors_per_second"] =
      Counter(checks * static_cast<double>(report.transitions), Counter::kIsRate);
  state.counters["probes_per_second"] = Counter(static_cast<double>(probes), Counter::kIsRate);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(report.states));
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
