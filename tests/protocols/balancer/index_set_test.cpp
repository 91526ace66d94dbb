#include "protocols/balancer/index_set.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "tests/any.hpp"

namespace gainsay::balancer {
namespace {

TEST(IndexSet, IsWhatASetIs) {
  EXPECT_TRUE(rc::check([] {
    const std::size_t size =
        any<std::size_t>(0, 2) == 0 ? any<std::size_t>(1, 130) : any<std::size_t>(4000, 5000);
    IndexSet fast = IndexSet::below(size);
    std::set<std::size_t> plain;
    for (int step = 0; step < 200; ++step) {
      const std::size_t index = any<std::size_t>(0, size);
      if (any<std::size_t>(0, 3) > 0) {
        fast.insert(index);
        plain.insert(index);
      } else if (!plain.empty()) {
        const std::size_t gone = *plain.begin();
        fast.erase(gone);
        plain.erase(gone);
      }
      const std::size_t from = any<std::size_t>(0, size + 1);
      const auto next = plain.lower_bound(from);
      RC_ASSERT(fast.from(from) == (next == plain.end() ? IndexSet::none : *next));
      RC_ASSERT(fast.contains(index) == plain.contains(index));
    }
  }));
}

TEST(IndexSet, OfNothingHasNothing) { EXPECT_EQ(IndexSet::below(0).from(0), IndexSet::none); }

}  // namespace
}  // namespace gainsay::balancer
