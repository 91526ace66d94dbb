// Random streams: independent, repeatable, unbiased.
#include "engine/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

namespace gainsay {
namespace {

TEST(RandomStream, TheNumbersNeverChange) {
  RandomStream stream(1, Purpose::schedule);
  const std::array<std::uint64_t, 3> first = {stream.next(), stream.next(), stream.next()};
  // Written down once: a seed must mean the same in every version and on every machine.
  EXPECT_EQ(first, (std::array<std::uint64_t, 3>{0x6ec85f1f8547bc0cULL, 0x6cf63afcc21a470aULL,
                                                 0x8a27b94cff7526aaULL}));
  stream.seek(1);
  EXPECT_EQ(stream.next(), first[1]);
}

TEST(RandomStream, StreamsDiffer) {
  std::set<std::uint64_t> firsts;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const Purpose purpose : {Purpose::schedule, Purpose::choice, Purpose::timer}) {
      for (std::uint8_t process = 0; process < 20; ++process) {
        firsts.insert(RandomStream(seed, purpose, {process}).next());
      }
    }
  }
  EXPECT_EQ(firsts.size(), 20U * 3 * 20);
}

TEST(RandomStream, BelowIsUnbiased) {
  for (const std::uint32_t bound : {1U, 2U, 3U, 7U, 100U}) {
    RandomStream stream(42, Purpose::test, node_id(bound));
    std::vector<std::uint32_t> counts(bound);
    const std::uint32_t draws = 10'000 * bound;
    for (std::uint32_t i = 0; i < draws; ++i) ++counts.at(stream.below(bound));
    // Chi-square over `bound` cells of 10,000 each: five standard deviations of a cell are 500.
    for (const std::uint32_t count : counts) EXPECT_NEAR(count, 10'000, 500);
  }
}

}  // namespace
}  // namespace gainsay
