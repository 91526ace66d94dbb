// What a step of a simulation costs: protocols, loads and sizes, with and without properties. Of
// processor time, as machines have other things to do.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

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
  OptionTexts options{};
};

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void simulates(benchmark::State& state, const Case& one) {
  const CatalogEntry& entry = *find_system(one.system);
  Configuration configuration = entry.simulated.value_or(entry.defaults);
  configuration.bounds.network = Network::async;
  configuration.bounds.nodes = one.nodes;
  if (configuration.bounds.clients > 0) configuration.bounds.clients = one.clients;
  for (const auto& [name, text] : one.options) configuration.options[name] = text;
  const Model model = entry.make(configuration);
  SimulateOptions options{.simulation = {.duration = one.duration}, .properties = one.properties};
  options.simulation.arrivals_an_hour = one.load * 3600;
  options.simulation.client_timeout = 200 * millisecond;
  std::uint64_t steps = 0;
  const double begin = processor_seconds();
  for ([[maybe_unused]] auto _ : state) {
    const SimulateReport report = simulate(model, options);
    if (report.verdict() == Verdict::violated) state.SkipWithError("a property is violated");
    steps += report.metrics->steps();
  }
  const double took = processor_seconds() - begin;
  const double simulated =
      static_cast<double>(one.duration) / 1e9 * static_cast<double>(state.iterations());
  state.counters["steps"] = benchmark::Counter(static_cast<double>(steps));
  state.counters["steps_a_second"] = benchmark::Counter(static_cast<double>(steps) / took);
  state.counters["ns_a_step"] = benchmark::Counter(1e9 * took / static_cast<double>(steps));
  state.counters["times_as_fast"] = benchmark::Counter(simulated / took);
}

void add(const char* name, const Case& one) {
  benchmark::RegisterBenchmark(name, [=](benchmark::State& state) { simulates(state, one); })
      ->Iterations(1)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  const OptionTexts few_lead = {{"candidates", "5"}};  // and clients ask only these
  add("raft/3", {.nodes = 3, .load = 200});
  add("raft/5", {.load = 200});
  add("raft/5/no_properties", {.load = 200, .properties = false});
  add("raft/5/20000_a_second", {.clients = 200, .load = 20'000, .duration = 20 * second});
  add("raft/5/20000_a_second/no_properties",
      {.clients = 200, .load = 20'000, .duration = 20 * second, .properties = false});
  add("raft/5/20000_a_second/each_at_once",
      {.clients = 200, .load = 20'000, .duration = 10 * second, .options = {{"gather", "0"}}});
  add("raft/100", {.nodes = 100, .load = 20, .options = few_lead});
  add("raft/1000", {.nodes = 1000, .load = 5, .duration = 10 * second, .options = few_lead});
  add("multi-paxos/5", {.system = "multi-paxos"});
  add("pbft/4", {.system = "pbft", .nodes = 4});
  add("pbft/100", {.system = "pbft", .nodes = 100, .load = 1, .duration = 10 * second});
  add("dht/5", {.system = "dht"});
  add("dht/100", {.system = "dht", .nodes = 100, .duration = 10 * second});
  add("dht/1000", {.system = "dht", .nodes = 1000, .duration = 5 * second});
  add("chord/5", {.system = "chord"});
  add("chord/100", {.system = "chord", .nodes = 100});
  add("chord/1000", {.system = "chord", .nodes = 1000, .duration = 10 * second});
  add("balancer/3", {.system = "balancer", .nodes = 3, .clients = 50, .load = 1000});
  add("balancer/100", {.system = "balancer", .nodes = 100, .clients = 50, .load = 1000});
  add("balancer/1000",
      {.system = "balancer", .nodes = 1000, .clients = 50, .load = 1000, .duration = 10 * second});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
