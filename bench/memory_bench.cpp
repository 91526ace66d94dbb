// What memory allows: random probes into a table of four gigabytes, by one and by two threads, with
// and without prefetch. The search is reported against these figures.
#include <benchmark/benchmark.h>

#include <cstdint>

#include "explorer/memory.hpp"
#include "explorer/tables.hpp"

namespace {

constexpr std::size_t words = std::size_t{1} << 29;

std::uint64_t* table() {
  static gainsay::Region region = [] {
    gainsay::Region made(words * sizeof(std::uint64_t));
    made.commit(words * sizeof(std::uint64_t));
    auto* data = reinterpret_cast<std::uint64_t*>(made.data());
    for (std::size_t i = 0; i < words; i += 512) data[i] = i;  // touch every page
    return made;
  }();
  return reinterpret_cast<std::uint64_t*>(region.data());
}

void one_at_a_time(benchmark::State& state) {
  const std::uint64_t* data = table();
  std::uint64_t key = static_cast<std::uint64_t>(state.thread_index()) + 1;
  for (auto _ : state) {
    key = gainsay::spread(key + data[gainsay::spread(key) % words]);
    benchmark::DoNotOptimize(key);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(one_at_a_time)->Threads(1)->Threads(2)->UseRealTime();

void batched_with_prefetch(benchmark::State& state) {
  const std::uint64_t* data = table();
  std::uint64_t key = static_cast<std::uint64_t>(state.thread_index()) << 40;
  std::uint64_t sum = 0;
  constexpr std::size_t batch = 64;
  for (auto _ : state) {
    for (std::size_t i = 0; i < batch; ++i) {
      __builtin_prefetch(data + gainsay::spread(key + i) % words);
    }
    for (std::size_t i = 0; i < batch; ++i) sum += data[gainsay::spread(key + i) % words];
    key += batch;
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}
BENCHMARK(batched_with_prefetch)->Threads(1)->Threads(2)->UseRealTime();

}  // namespace
