#include "protocols/balancer/pick.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <xxhash.h>

#include <numeric>
#include <set>
#include <string>

#include "engine/system.hpp"
#include "tests/any.hpp"

namespace gainsay::balancer {
namespace {

std::vector<Weight> any_weights() {
  std::vector<Weight> weights(any<std::size_t>(1, 9));
  for (Weight& weight : weights) weight = any<Weight>(0, 6);
  return weights;
}

// --- round robin ---

// Any k picks in a row, while k backends are available, are all of them.
TEST(RoundRobin, ServesAllInEveryWindow) {
  EXPECT_TRUE(rc::check([] {
    const auto size = any<std::size_t>(1, 200);
    RoundRobin turns = RoundRobin::of(size);
    std::set<Backend> available;
    for (int change = 0; change < 20; ++change) {
      const auto backend = any<Backend>(0, static_cast<Backend>(size));
      const bool comes = any(0, 3) > 0;
      turns.set_available(backend, comes);
      comes ? (void)available.insert(backend) : (void)available.erase(backend);
      if (available.empty()) {
        RC_ASSERT(!turns.pick().has_value());
        continue;
      }
      std::set<Backend> served;
      for (std::size_t i = 0; i < available.size(); ++i) served.insert(*turns.pick());
      RC_ASSERT(served == available);
      for (auto more = any<std::size_t>(0, 5); more > 0; --more) turns.pick();
    }
  }));
}

// A backend that goes, before or behind the turn, costs nobody else a turn.
TEST(RoundRobin, ARemovalDoesNotSkipOrRepeat) {
  RoundRobin turns = RoundRobin::of(4);
  for (Backend i = 0; i < 4; ++i) turns.set_available(i, true);
  EXPECT_EQ(turns.pick(), 0U);
  EXPECT_EQ(turns.pick(), 1U);
  turns.set_available(0, false);
  EXPECT_EQ(turns.pick(), 2U);
  EXPECT_EQ(turns.pick(), 3U);
  EXPECT_EQ(turns.pick(), 1U);
}

// --- smooth weighted round robin ---

TEST(SmoothRoundRobin, IsTheSequenceThatNginxDocuments) {
  SmoothRoundRobin turns = SmoothRoundRobin::of(std::vector<Weight>{5, 1, 1});
  std::string order;
  for (int i = 0; i < 14; ++i) order.push_back(static_cast<char>('a' + *turns.pick()));
  EXPECT_EQ(order, "aabacaaaabacaa");
}

TEST(SmoothRoundRobin, GivesEachItsWeightAndNeverLagsByMoreThanOne) {
  EXPECT_TRUE(rc::check([] {
    const std::vector<Weight> weights = any_weights();
    const std::uint64_t sum = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
    SmoothRoundRobin turns = SmoothRoundRobin::of(weights);
    if (sum == 0) {
      RC_ASSERT(!turns.pick().has_value());
      return;
    }
    std::vector<std::uint64_t> served(weights.size());
    for (std::uint64_t pick = 1; pick <= 3 * sum; ++pick) {
      ++served[*turns.pick()];
      for (std::size_t i = 0; i < weights.size(); ++i) {
        // served >= share - (n - 1) picks, in units of 1 / sum; exact at each multiple of the sum.
        if (pick % sum == 0) RC_ASSERT(served[i] == weights[i] * (pick / sum));
        RC_ASSERT(served[i] * sum + (weights.size() - 1) * sum >= weights[i] * pick);
      }
    }
  }));
}

TEST(SmoothRoundRobin, WhoComesBackHasNoCredit) {
  SmoothRoundRobin turns = SmoothRoundRobin::of(std::vector<Weight>{1, 1, 1});
  turns.set_available(2, false);
  for (int i = 0; i < 100; ++i) EXPECT_NE(*turns.pick(), 2U);
  turns.set_available(2, true);
  std::vector<int> served(3);
  for (int i = 0; i < 30; ++i) ++served[*turns.pick()];
  EXPECT_LE(served[2], 11);
  EXPECT_GE(served[2], 9);
}

// --- least connections ---

// The plain reference: all are asked, and quotients are compared exactly.
class PlainLeast {
 public:
  explicit PlainLeast(const std::vector<Weight>& weights)
      : weights_(weights), open_(weights.size()), turn_(weights.size()) {}
  std::optional<Backend> best(const std::set<Backend>& gone) const {
    std::optional<Backend> best;
    for (Backend i = 0; i < weights_.size(); ++i) {
      if (weights_[i] == 0 || gone.contains(i)) continue;
      if (!best || less(i, *best)) best = i;
    }
    return best;
  }
  void pick(Backend backend) {
    ++open_[backend];
    turn_[backend] += turns / weights_[backend];
  }
  void release(Backend backend) { --open_[backend]; }
  void comes_back(Backend backend, const std::set<Backend>& gone) {
    if (const auto next = best(gone)) turn_[backend] = std::max(turn_[backend], turn_[*next]);
  }
  void set_weight(Backend backend, Weight weight, const std::set<Backend>& gone) {
    if (!gone.contains(backend) && weights_[backend] == 0 && weight > 0) comes_back(backend, gone);
    weights_[backend] = weight;
  }
  std::uint64_t open(Backend backend) const { return open_[backend]; }

 private:
  static constexpr std::uint64_t turns = 60;  // divisible by all weights here
  bool less(Backend a, Backend b) const {
    const std::uint64_t left = open_[a] * weights_[b];
    const std::uint64_t right = open_[b] * weights_[a];
    return left != right ? left < right : turn_[a] < turn_[b];
  }
  std::vector<Weight> weights_;
  std::vector<std::uint64_t> open_;
  std::vector<std::uint64_t> turn_;
};

TEST(LeastConnections, IsWhatAskingAllIs) {
  EXPECT_TRUE(rc::check([] {
    const std::vector<Weight> weights = any_weights();
    LeastConnections fast = LeastConnections::of(weights);
    PlainLeast plain(weights);
    std::set<Backend> gone;
    for (int step = 0; step < 200; ++step) {
      const auto backend = any<Backend>(0, static_cast<Backend>(weights.size()));
      const int what = any(0, 10);
      if (what == 0) {
        const bool comes = gone.contains(backend);
        if (comes) plain.comes_back(backend, gone);
        comes ? (void)gone.erase(backend) : (void)gone.insert(backend);
        fast.set_available(backend, comes);
      } else if (what == 1) {
        const auto weight = any<Weight>(0, 6);
        plain.set_weight(backend, weight, gone);
        fast.set_weight(backend, weight);
      } else if (what < 5) {
        const bool was_open = plain.open(backend) > 0;
        RC_ASSERT(fast.release(backend) == was_open);
        if (was_open) plain.release(backend);
      } else {
        const std::optional<Backend> best = plain.best(gone);
        RC_ASSERT(fast.pick() == best);
        if (best) plain.pick(*best);
      }
      RC_ASSERT(fast.open(backend) == plain.open(backend));
    }
  }));
}

TEST(LeastConnections, ServesAllByWeightWhereRequestsComeOneAtATime) {
  LeastConnections least = LeastConnections::of(std::vector<Weight>{1, 1, 2});
  std::vector<int> served(3);
  for (int i = 0; i < 400; ++i) {
    const Backend backend = *least.pick();
    ++served[backend];
    EXPECT_TRUE(least.release(backend));
    EXPECT_FALSE(least.release(backend));
  }
  EXPECT_EQ(served, (std::vector<int>{100, 100, 200}));
}

TEST(LeastConnections, WhoComesBackIsNotServedInABurst) {
  LeastConnections least = LeastConnections::of(std::vector<Weight>{1, 1});
  least.set_available(1, false);
  for (int i = 0; i < 100; ++i) least.release(*least.pick());
  least.set_available(1, true);
  std::vector<int> served(2);
  for (int i = 0; i < 10; ++i) {
    const Backend backend = *least.pick();
    ++served[backend];
    least.release(backend);
  }
  EXPECT_EQ(served, (std::vector<int>{5, 5}));
}

TEST(LeastConnections, WeightsAreBounded) {
  EXPECT_THROW(LeastConnections::of(std::vector<Weight>{(1U << 20) + 1}), UsageError);
  LeastConnections least = LeastConnections::of(std::vector<Weight>{1});
  EXPECT_THROW(least.set_weight(0, (1U << 20) + 1), UsageError);
}

// --- two choices ---

TEST(OfTwo, TakesTheLessLoadedForItsWeight) {
  const std::vector<std::uint64_t> open = {3, 3, 7};
  const std::vector<Weight> weights = {1, 1, 4};
  EXPECT_EQ(of_two(0, 1, open, weights), 0U);
  EXPECT_EQ(of_two(1, 0, open, weights), 1U);
  EXPECT_EQ(of_two(0, 2, open, weights), 2U);
  EXPECT_EQ(of_two(2, 0, open, weights), 2U);
}

// --- Maglev ---

std::vector<std::string> names_of(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("backend-" + std::to_string(i));
  return names;
}
std::vector<MaglevTable::Member> members_of(const std::vector<std::string>& names) {
  std::vector<MaglevTable::Member> members;
  for (const std::string& name : names) members.push_back({.name = name});
  return members;
}

// The paper's pseudocode, with its permutations written out.
std::vector<Backend> populate(const std::vector<std::string>& names, std::uint32_t size) {
  std::vector<std::vector<std::uint64_t>> permutation(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::uint64_t offset = XXH3_64bits_withSeed(names[i].data(), names[i].size(), 1) % size;
    const std::uint64_t skip =
        XXH3_64bits_withSeed(names[i].data(), names[i].size(), 2) % (size - 1) + 1;
    for (std::uint64_t j = 0; j < size; ++j) permutation[i].push_back((offset + j * skip) % size);
  }
  std::vector<std::size_t> next(names.size());
  std::vector<std::int64_t> entry(size, -1);
  for (std::uint32_t n = 0; n < size;) {
    for (std::size_t i = 0; i < names.size() && n < size; ++i, ++n) {
      while (entry[permutation[i][next[i]]] >= 0) ++next[i];
      entry[permutation[i][next[i]]] = static_cast<std::int64_t>(i);
    }
  }
  return {entry.begin(), entry.end()};
}

TEST(Maglev, IsWhatThePaperPopulates) {
  for (const std::size_t count :
       {1U, 2U, 3U, 7U}) {  // few, so that the order is that of their names
    EXPECT_EQ(MaglevTable(members_of(names_of(count)), 251).places(),
              populate(names_of(count), 251));
  }
}

TEST(Maglev, SharesPlacesEvenly) {
  for (const std::size_t count : {1U, 2U, 3U, 7U, 100U}) {
    const std::vector<std::string> names = names_of(count);
    const MaglevTable table(members_of(names), 5003);
    std::vector<std::uint32_t> places(count);
    for (const Backend backend : table.places()) ++places[backend];
    const auto [least, most] = std::ranges::minmax(places);
    EXPECT_LE(most - least, 1U) << count;
  }
}

TEST(Maglev, WeightsAreSharesOfPlaces) {
  const std::vector<MaglevTable::Member> members = {{"a", 1}, {"b", 2}, {"c", 5}, {"d", 0}};
  const MaglevTable table(members, 8009);
  std::vector<double> places(4);
  for (const Backend backend : table.places()) places[backend] += 1;
  EXPECT_NEAR(places[0], 8009.0 / 8, 2);
  EXPECT_NEAR(places[1], 8009.0 / 4, 2);
  EXPECT_NEAR(places[2], 8009.0 * 5 / 8, 2);
  EXPECT_EQ(places[3], 0);
}

// Of the places that the rest keeps few change hands: the paper has about 1 % with tables a hundred
// times the number of backends.
TEST(Maglev, FewPlacesMoveWhenOneGoes) {
  const std::vector<std::string> names = names_of(50);
  const MaglevTable before(members_of(names), 5003);
  std::vector<std::string> left = names;
  left.pop_back();
  const MaglevTable after(members_of(left), 5003);
  std::size_t moved = 0;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < before.places().size(); ++i) {
    if (before.places()[i] == 49) continue;
    ++kept;
    moved += before.places()[i] == after.places()[i] ? 0 : 1;
  }
  EXPECT_LT(moved * 20, kept);
}

TEST(Maglev, DoesNotDependOnTheOrderOfMembers) {
  std::vector<std::string> names = names_of(9);
  const MaglevTable table(members_of(names), 1009);
  std::vector<std::string> turned(names.rbegin(), names.rend());
  const MaglevTable other(members_of(turned), 1009);
  for (std::size_t i = 0; i < table.places().size(); ++i) {
    EXPECT_EQ(names[table.places()[i]], turned[other.places()[i]]);
  }
}

TEST(Maglev, WhatMakesNoSenseIsRefused) {
  const std::vector<std::string> names = names_of(8);
  EXPECT_THROW(MaglevTable(members_of(names), 1000), UsageError);
  EXPECT_THROW(MaglevTable(members_of(names), 1), UsageError);
  EXPECT_THROW(MaglevTable(members_of(names), 7), UsageError);
}

}  // namespace
}  // namespace gainsay::balancer
