// The parallel seam, and the tables that all threads insert into.
#include "explorer/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "explorer/tables.hpp"

namespace gainsay {
namespace {

TEST(Parallel, EveryChunkRunsOnceAndNoWorkerTwiceAtOnce) {
  for (const unsigned jobs : {1U, 2U, 4U}) {
    std::vector<std::atomic<int>> seen(1'003);
    std::vector<std::atomic<int>> busy(jobs);
    parallel_chunks(seen.size(), 10, jobs,
                    [&](unsigned worker, std::size_t begin, std::size_t end) {
                      EXPECT_EQ(busy[worker].fetch_add(1), 0);
                      for (std::size_t i = begin; i < end; ++i) ++seen[i];
                      busy[worker].fetch_sub(1);
                    });
    for (const auto& count : seen) EXPECT_EQ(count.load(), 1);
  }
}

TEST(Parallel, AnExceptionReachesTheCaller) {
  for (const unsigned jobs : {1U, 2U}) {
    EXPECT_THROW(parallel_chunks(100, 1, jobs,
                                 [](unsigned, std::size_t begin, std::size_t) {
                                   if (begin == 50) throw std::runtime_error("planted");
                                 }),
                 std::runtime_error);
  }
}

#if defined(__SANITIZE_THREAD__)
// A race on purpose, through the same seam as the search: a sanitizer that misses this one would
// miss all.
[[noreturn]] void race() {
  std::uint64_t unguarded = 0;
  std::atomic<unsigned> running{0};  // relaxed: it brings the two together and orders nothing
  parallel_chunks(2, 1, 2, [&](unsigned, std::size_t, std::size_t) {
    running.fetch_add(1, std::memory_order_relaxed);
    while (running.load(std::memory_order_relaxed) < 2) std::this_thread::yield();
    for (int i = 0; i < 1000; ++i) ++unguarded;
  });
  std::exit(unguarded == 0 ? 1 : 0);
}
TEST(Parallel, ThreadSanitizerFindsASeededRace) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(race(), ::testing::ExitedWithCode(66), "data race");
}
#endif

TEST(PairTable, ConcurrentInsertionsGiveEachPairOneId) {
  PairTable table;
  constexpr std::size_t pairs = 100'000;
  std::vector<std::atomic<Id>> ids(pairs);
  for (auto& id : ids) id = PairTable::full;
  std::vector<PairTable::Stock> stocks(4);
  std::atomic<std::size_t> done{0};
  while (done.load() < pairs) {
    done = 0;
    parallel_chunks(2 * pairs, 500, 4, [&](unsigned worker, std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const std::size_t which = i % pairs;
        const Id id = table.insert(pair_key(static_cast<Id>(which % 317), static_cast<Id>(which)),
                                   stocks[worker]);
        if (id == PairTable::full) continue;
        Id before = PairTable::full;
        if (ids[which].compare_exchange_strong(before, id)) before = id;
        EXPECT_EQ(before, id);
      }
    });
    for (const auto& id : ids) done += id.load() != PairTable::full ? 1U : 0U;
    while (table.must_grow()) table.grow(2);
  }
  std::set<Id> distinct;
  for (std::size_t i = 0; i < pairs; ++i) {
    distinct.insert(ids[i].load());
    EXPECT_EQ(table.pair(ids[i].load()), pair_key(static_cast<Id>(i % 317), static_cast<Id>(i)));
  }
  EXPECT_EQ(distinct.size(), pairs);
}

TEST(ReadMap, KeepsWhatWasInserted) {
  ReadMap map;
  for (Id i = 0; i < 50'000; ++i) map.insert(pair_key(i, i + 1), i);
  for (Id i = 0; i < 50'000; ++i) EXPECT_EQ(map.find(pair_key(i, i + 1)), i);
  EXPECT_EQ(map.find(pair_key(1, 1)), ReadMap::none);
}

}  // namespace
}  // namespace gainsay
