// The event queue and the histogram, against sorted lists.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <tuple>

#include "engine/simulator/event_queue.hpp"
#include "engine/simulator/histogram.hpp"
#include "tests/any.hpp"

namespace gainsay {
namespace {

TEST(EventQueue, GivesTheEarliestAndOfEqualTimesTheFirst) {
  EXPECT_TRUE(rc::check([] {
    EventQueue queue;
    std::vector<std::tuple<Nanoseconds, std::uint32_t>> waiting;  // in order of insertion
    const auto operations = any<std::uint32_t>(1, 300);
    for (std::uint32_t i = 0; i < operations; ++i) {
      if (waiting.empty() || any<int>(0, 3) > 0) {
        const auto time = any<Nanoseconds>(0, 20);
        queue.push(time, 0, i);
        waiting.emplace_back(time, i);
        continue;
      }
      const auto first = std::ranges::min_element(waiting);  // earlier ones have lesser numbers
      const EventQueue::Entry entry = queue.pop();
      RC_ASSERT(std::tuple(entry.time, entry.index) == *first);
      waiting.erase(first);
    }
    RC_ASSERT(queue.size() == waiting.size());
  }));
}

TEST(HistogramOfValues, QuantilesAreThoseOfTheSortedValues) {
  EXPECT_TRUE(rc::check([] {
    const auto bits = any<unsigned>(1, 50);
    const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint64_t>>(
        rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                     [bits](std::uint64_t x) { return x & ((std::uint64_t{1} << bits) - 1); })));
    Histogram histogram;
    std::uint64_t sum = 0;
    for (const std::uint64_t value : values) {
      histogram.add(value);
      sum += value;
    }
    std::vector<std::uint64_t> sorted = values;
    std::ranges::sort(sorted);
    RC_ASSERT(histogram.count() == values.size());
    RC_ASSERT(histogram.mean() == sum / values.size());
    RC_ASSERT(histogram.least() == sorted.front());
    RC_ASSERT(histogram.greatest() == sorted.back());
    for (const std::uint32_t quantile : {1U, 10'000U, 50'000U, 99'000U, 100'000U}) {
      const std::size_t rank =
          std::max<std::size_t>(1, (values.size() * quantile + 99'999) / 100'000);
      const std::uint64_t exact = sorted[rank - 1];
      const std::uint64_t said = histogram.quantile(quantile);
      RC_ASSERT(said >= exact);
      RC_ASSERT(said - exact <= exact / 64);
    }
  }));
}

TEST(HistogramOfValues, NoneIsZero) {
  const Histogram none;
  EXPECT_EQ(none.quantile(50'000), 0U);
  EXPECT_EQ(none.mean(), 0U);
}

}  // namespace
}  // namespace gainsay
