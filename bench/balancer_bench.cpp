// Picks a second of each algorithm by the number of backends, and how even a million picks are.
// `--benchmark_repetitions=9` for medians; "worst" is the backend that is furthest from its share,
// in thousandths of the share.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "protocols/balancer/pick.hpp"
#include "protocols/balancer/smooth_tournament.hpp"
#include "protocols/dht/ring.hpp"

namespace gainsay::balancer {
namespace {

constexpr std::size_t fair_picks = 1'000'000;

std::vector<Weight> weights_of(std::size_t count) {
  std::vector<Weight> weights(count);
  for (std::size_t i = 0; i < count; ++i) weights[i] = static_cast<Weight>(1 + i % 5);
  return weights;
}

// Measures a pick, then tells how far from their shares the backends are after a million.
template <class Pick>
void measure(benchmark::State& state, const std::vector<Weight>& weights, Pick&& pick) {
  for (auto _ : state) benchmark::DoNotOptimize(pick());
  std::vector<double> served(weights.size());
  for (std::size_t i = 0; i < fair_picks; ++i) served[pick()] += 1;
  double sum = 0;
  for (const Weight weight : weights) sum += weight;
  double worst = 0;
  for (std::size_t i = 0; i < served.size(); ++i) {
    const double share = fair_picks * weights[i] / sum;
    worst = std::max(worst, std::abs(served[i] - share) / share);
  }
  state.counters["worst"] = 1000 * worst;
  state.SetItemsProcessed(state.iterations());
}

void round_robin(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  RoundRobin turns = RoundRobin::of(count);
  for (std::size_t i = 0; i < count; ++i) turns.set_available(static_cast<Backend>(i), true);
  measure(state, std::vector<Weight>(count, 1), [&] { return *turns.pick(); });
}
void smooth_round_robin(benchmark::State& state) {
  const std::vector<Weight> weights = weights_of(static_cast<std::size_t>(state.range(0)));
  SmoothRoundRobin turns = SmoothRoundRobin::of(weights);
  measure(state, weights, [&] { return *turns.pick(); });
}
void smooth_tournament(benchmark::State& state) {
  const std::vector<Weight> weights = weights_of(static_cast<std::size_t>(state.range(0)));
  SmoothTournament turns = SmoothTournament::of(weights);
  measure(state, weights, [&] { return *turns.pick(); });
}
// The most lines that cross: no two weights are the same.
void smooth_tournament_of_all_weights(benchmark::State& state) {
  std::vector<Weight> weights(static_cast<std::size_t>(state.range(0)));
  std::iota(weights.begin(), weights.end(), 1U);
  SmoothTournament turns = SmoothTournament::of(weights);
  measure(state, weights, [&] { return *turns.pick(); });
}

// With 1,024 connections open, of which chance closes one for each that is opened.
class Open {
 public:
  template <class Close>
  std::size_t swap_one(Backend opened, Close&& close) {
    if (open_.size() < 1024) {
      open_.push_back(opened);
    } else {
      close(std::exchange(open_[random_() % open_.size()], opened));
    }
    return opened;
  }
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }

 private:
  std::mt19937_64 random_{1};
  std::vector<Backend> open_;
};

void least_connections(benchmark::State& state) {
  const std::vector<Weight> weights = weights_of(static_cast<std::size_t>(state.range(0)));
  LeastConnections least = LeastConnections::of(weights);
  Open open;
  measure(state, weights, [&] {
    return open.swap_one(*least.pick(), [&](Backend closed) { least.release(closed); });
  });
}
void two_choices(benchmark::State& state) {
  const std::vector<Weight> weights = weights_of(static_cast<std::size_t>(state.range(0)));
  std::vector<std::uint64_t> connections(weights.size());
  Open open;
  measure(state, weights, [&] {
    const auto first = static_cast<Backend>(open.draw(weights.size()));
    const auto second = static_cast<Backend>(open.draw(weights.size()));
    const Backend picked = of_two(first, second, connections, weights);
    ++connections[picked];
    return open.swap_one(picked, [&](Backend closed) { --connections[closed]; });
  });
}

std::vector<std::string> names_of(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("backend-" + std::to_string(i));
  return names;
}
void maglev(benchmark::State& state) {
  const std::vector<std::string> names = names_of(static_cast<std::size_t>(state.range(0)));
  const std::vector<Weight> weights = weights_of(names.size());
  std::vector<MaglevTable::Member> members;
  for (std::size_t i = 0; i < names.size(); ++i) {
    members.push_back({.name = names[i], .weight = weights[i]});
  }
  const MaglevTable table(members);
  std::mt19937_64 random(1);
  measure(state, weights, [&] { return table.pick(random()); });
}
void consistent_hashing(benchmark::State& state) {
  const std::vector<std::string> names = names_of(static_cast<std::size_t>(state.range(0)));
  std::vector<dht::Ring::Member> members;
  for (const std::string& name : names) members.push_back({.name = name});
  const dht::Ring ring(members);
  std::mt19937_64 random(1);
  measure(state, std::vector<Weight>(names.size(), 1), [&] { return ring.owner(random()); });
}

BENCHMARK(round_robin)->Arg(3)->Arg(64)->Arg(4096);
BENCHMARK(smooth_round_robin)->Arg(3)->Arg(64)->Arg(4096);
BENCHMARK(smooth_tournament)->Arg(3)->Arg(64)->Arg(4096)->Arg(65536);
BENCHMARK(smooth_tournament_of_all_weights)->Arg(64)->Arg(4096);
BENCHMARK(least_connections)->Arg(3)->Arg(64)->Arg(4096);
BENCHMARK(two_choices)->Arg(3)->Arg(64)->Arg(4096);
BENCHMARK(maglev)->Arg(3)->Arg(64)->Arg(4096);
BENCHMARK(consistent_hashing)->Arg(3)->Arg(64)->Arg(4096);

}  // namespace
}  // namespace gainsay::balancer
