// What memory allows: random probes into a table by one and by two threads, one at a time and in
// batches with prefetch, on huge pages where the system gives them. The first argument is the size
// of the table in MiB: as large as the visited set of ten million states, and far beyond all
// caches. The search is reported against these figures (bench/side_by_side).
#include <benchmark/benchmark.h>

#include <cstdint>
#include <map>
#include <mutex>

#include "explorer/memory.hpp"
#include "explorer/tables.hpp"

namespace {

struct Table {
  const std::uint64_t* data;
  std::uint64_t mask;
};

Table table_of(std::int64_t mebibytes) {
  static std::mutex mutex;
  static std::map<std::int64_t, gainsay::Region> regions;
  const std::lock_guard lock(mutex);
  const auto bytes = static_cast<std::size_t>(mebibytes) << 20;
  const std::size_t words = bytes / sizeof(std::uint64_t);
  const auto [at, is_new] = regions.try_emplace(mebibytes, bytes);
  at->second.commit(bytes);
  auto* data = reinterpret_cast<std::uint64_t*>(at->second.data());
  for (std::size_t i = 0; is_new && i < words; i += 512) data[i] = i;  // touch every page
  return {.data = data, .mask = words - 1};
}

void one_at_a_time(benchmark::State& state) {
  const Table table = table_of(state.range(0));
  std::uint64_t key = static_cast<std::uint64_t>(state.thread_index()) + 1;
  for (auto _ : state) {
    key = gainsay::spread(key + table.data[gainsay::spread(key) & table.mask]);
    benchmark::DoNotOptimize(key);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(one_at_a_time)->Arg(128)->Arg(4096)->Threads(1)->Threads(2)->UseRealTime();

void batched_with_prefetch(benchmark::State& state) {
  const Table table = table_of(state.range(0));
  std::uint64_t key = static_cast<std::uint64_t>(state.thread_index()) << 40;
  std::uint64_t sum = 0;
  constexpr std::size_t batch = 64;
  for (auto _ : state) {
    for (std::size_t i = 0; i < batch; ++i) {
      __builtin_prefetch(table.data + (gainsay::spread(key + i) & table.mask));
    }
    for (std::size_t i = 0; i < batch; ++i) {
      sum += table.data[gainsay::spread(key + i) & table.mask];
    }
    key += batch;
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}
BENCHMARK(batched_with_prefetch)->Arg(128)->Arg(4096)->Threads(1)->Threads(2)->UseRealTime();

}  // namespace
