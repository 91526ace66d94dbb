#include "protocols/balancer/smooth_tournament.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <numeric>

#include "tests/any.hpp"

namespace gainsay::balancer {
namespace {

std::vector<Weight> any_weights(std::size_t most, Weight greatest) {
  std::vector<Weight> weights(any<std::size_t>(1, most));
  for (Weight& weight : weights) weight = any<Weight>(0, greatest);
  return weights;
}

// Pick by pick what the plain one does, while weights change and backends come and go.
TEST(SmoothTournament, PicksWhatThePlainOnePicks) {
  for (const auto& [most, greatest] :
       std::vector<std::pair<std::size_t, Weight>>{{5, 3}, {40, 2}, {70, 100}, {9, 1U << 31}}) {
    EXPECT_TRUE(rc::check([most = most, greatest = greatest] {
      const std::vector<Weight> weights = any_weights(most, greatest);
      SmoothRoundRobin plain = SmoothRoundRobin::of(weights);
      SmoothTournament fast = SmoothTournament::of(weights);
      for (int change = 0; change < 12; ++change) {
        for (auto picks = any(0, 40); picks > 0; --picks) RC_ASSERT(fast.pick() == plain.pick());
        const auto backend = any<Backend>(0, static_cast<Backend>(weights.size()));
        if (any(0, 2) == 0) {
          const bool available = any(0, 2) == 0;
          plain.set_available(backend, available);
          fast.set_available(backend, available);
        } else {
          const auto weight = any<Weight>(0, greatest);
          plain.set_weight(backend, weight);
          fast.set_weight(backend, weight);
        }
      }
    }));
  }
}

TEST(SmoothTournament, OfManyBackendsPicksWhatThePlainOnePicks) {
  std::vector<Weight> weights(300);
  std::iota(weights.begin(), weights.end(), 1U);
  SmoothRoundRobin plain = SmoothRoundRobin::of(weights);
  SmoothTournament fast = SmoothTournament::of(weights);
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(fast.pick(), plain.pick()) << i;
}

TEST(SmoothTournament, WithoutBackendsPicksNone) {
  EXPECT_EQ(SmoothTournament::of(std::vector<Weight>{}).pick(), std::nullopt);
  EXPECT_EQ(SmoothTournament::of(std::vector<Weight>{0, 0}).pick(), std::nullopt);
  SmoothTournament one = SmoothTournament::of(std::vector<Weight>{4});
  EXPECT_EQ(one.pick(), 0U);
  one.set_available(0, false);
  EXPECT_EQ(one.pick(), std::nullopt);
  one.set_available(0, true);
  EXPECT_EQ(one.pick(), 0U);
}

}  // namespace
}  // namespace gainsay::balancer
