// Steps a second of simulations, with and without properties: raft at several loads and sizes.
#include <benchmark/benchmark.h>

#include "explorer/simulate/simulate.hpp"
#include "protocols/catalog.hpp"

namespace {

using namespace gainsay;

struct Case {
  const char* system = "raft";
  std::uint32_t nodes = 5;
  std::uint32_t clients = 8;
  std::uint64_t load = 100;  // requests a second
  Nanoseconds duration = 60 * second;
  bool properties = true;
  bool gathers = true;
};

void simulates(benchmark::State& state, const Case& one) {
  const CatalogEntry& entry = *find_system(one.system);
  Configuration configuration = entry.simulated.value_or(entry.defaults);
  configuration.bounds.network = Network::async;
  configuration.bounds.nodes = one.nodes;
  if (configuration.bounds.clients > 0) configuration.bounds.clients = one.clients;
  if (!one.gathers) configuration.options["gather"] = "0";
  const Model model = entry.make(configuration);
  SimulateOptions options{.simulation = {.duration = one.duration},
                          .properties = one.properties};
  options.simulation.arrivals_an_hour = one.load * 3600;
  options.simulation.client_timeout = 200 * millisecond;
  std::uint64_t steps = 0;
  double wall = 0;
  for ([[maybe_unused]] auto _ : state) {
    const SimulateReport report = simulate(model, options);
    steps += report.metrics->steps();
    wall += report.seconds;
  }
  const double simulated =
      static_cast<double>(one.duration) / 1e9 * static_cast<double>(state.iterations());
  state.counters["steps"] =
      benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kIsRate);
  state.counters["times_as_fast"] = benchmark::Counter(simulated / wall);
}

void add(const char* name, const Case& one) {
  benchmark::RegisterBenchmark(name, [=](benchmark::State& state) { simulates(state, one); })
      ->Iterations(1)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  add("raft/100_a_second", {});
  add("raft/100_a_second/no_properties", {.properties = false});
  add("raft/20000_a_second", {.clients = 200, .load = 20'000});
  add("raft/20000_a_second/no_properties",
      {.clients = 200, .load = 20'000, .properties = false});
  add("raft/20000_a_second/each_at_once",
      {.clients = 200, .load = 20'000, .duration = 10 * second, .gathers = false});
  add("raft/21_nodes", {.nodes = 21});
  add("raft/63_nodes", {.nodes = 63});
  add("multi-paxos/100_a_second", {.system = "multi-paxos"});
  add("pbft/100_a_second", {.system = "pbft", .nodes = 4});
  add("dht/100_a_second", {.system = "dht"});
  add("balancer/1000_a_second", {.system = "balancer", .clients = 50, .load = 1000});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
