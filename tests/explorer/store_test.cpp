// Folding against a map from worlds to roots: exact, under every plan.
#include "explorer/store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "explorer/parallel.hpp"

namespace gainsay {
namespace {

using Words = std::vector<Id>;

// Small values, large ones, and the sparse ones of a packed budget.
Words random_words(std::size_t slots, std::mt19937& random) {
  Words words(slots);
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const std::uint32_t values = slot % 3 == 0 ? 4 : (slot % 3 == 1 ? 40 : 700);
    words[slot] = static_cast<Id>(random() % values) * (slot % 5 == 4 ? 0x04104104U : 3U);
  }
  return words;
}

std::uint64_t folded(WorldStore& store, const Words& words, WorldStore::Worker& worker) {
  std::uint64_t root = WorldStore::no_root;
  while ((root = store.fold(words.data(), worker)) == WorldStore::no_root) {
    store.make_room(2, false);
  }
  return root;
}

TEST(WorldStore, EqualRootsAreEqualWorlds) {
  for (const std::size_t slots : {1U, 2U, 3U, 7U, 11U, 20U, 40U, 64U}) {
    WorldStore store(slots);
    WorldStore::Worker worker{};
    std::mt19937 random(static_cast<unsigned>(slots));
    std::set<Words> twin;
    std::vector<Words> order;
    for (int i = 0; i < 6'000; ++i) {
      const Words words = random_words(slots, random);
      if (!twin.insert(words).second) continue;
      store.append(words.data(), worker);
      order.push_back(words);
      if (i == 3'000) store.replan(2);
    }
    ASSERT_EQ(store.roots().size(), twin.size());
    std::set<std::uint64_t> roots;
    for (std::size_t i = 0; i < order.size(); ++i) {
      Words back(slots);
      store.unfold(store.roots()[i], back.data());
      ASSERT_EQ(back, order[i]) << slots;
      roots.insert(store.roots()[i]);
      ASSERT_TRUE(store.visited().contains(store.roots()[i]));
      ASSERT_EQ(folded(store, order[i], worker), store.roots()[i]);
      ASSERT_THROW(store.append(order[i].data(), worker), DecodeError);
    }
    EXPECT_EQ(roots.size(), order.size());
  }
}

// A successor folded by what changed has the root of the same words folded whole.
TEST(WorldStore, ChangesFoldToTheSameRoot) {
  for (const std::size_t slots : {1U, 5U, 12U, 33U, 64U}) {
    WorldStore store(slots);
    WorldStore::Worker worker{};
    std::mt19937 random(7);
    Words words = random_words(slots, random);
    store.append(words.data(), worker);
    for (int i = 0; i < 4'000; ++i) {
      WorldStore::World world;
      store.unfold(folded(store, words, worker), world);
      const Words other = random_words(slots, random);
      std::uint64_t changed = 0;
      for (int k = 0; k < 3; ++k) {
        const std::size_t slot = random() % slots;
        words[slot] = other[slot];
        changed |= std::uint64_t{1} << slot;
      }
      const std::uint64_t root = store.fold(world, words.data(), changed, worker);
      if (root == WorldStore::no_root) {
        store.make_room(1, false);
        continue;
      }
      ASSERT_EQ(folded(store, words, worker), root);
    }
  }
}

// What was visited and is no root any more (a subsumed world) stays visited under a new plan.
TEST(WorldStore, ANewPlanForgetsNothing) {
  WorldStore store(6);
  WorldStore::Worker worker{};
  std::vector<Words> visited;
  for (Id i = 0; i < 400; ++i) {
    visited.push_back({i, i * 7, i % 3, 1, i / 5, 0});
    store.append(visited.back().data(), worker);
  }
  store.roots().truncate(100);
  for (Id i = 400; i < 3'000; ++i) folded(store, {i * 1'000, i, i, i, i, i}, worker);
  store.replan(2);
  for (const Words& words : visited) {
    EXPECT_TRUE(store.visited().contains(folded(store, words, worker)));
  }
  EXPECT_EQ(store.roots()[99], folded(store, visited[99], worker));
}

TEST(WorldStore, ConcurrentFoldsGiveEachWorldOneRoot) {
  constexpr std::size_t slots = 24;
  WorldStore store(slots);
  std::vector<Words> worlds;
  std::mt19937 random(3);
  for (int i = 0; i < 4'000; ++i) worlds.push_back(random_words(slots, random));
  std::vector<WorldStore::Worker> workers(4);
  std::vector<std::uint64_t> roots[2] = {std::vector<std::uint64_t>(worlds.size()),
                                         std::vector<std::uint64_t>(worlds.size())};
  std::atomic<bool> full{true};
  while (full.exchange(false)) {
    parallel_chunks(2 * worlds.size(), 100, 4,
                    [&](unsigned id, std::size_t begin, std::size_t end) {
                      for (std::size_t i = begin; i < end; ++i) {
                        const std::size_t which = i % worlds.size();
                        std::uint64_t& root = roots[i / worlds.size()][which];
                        root = store.fold(worlds[which].data(), workers[id]);
                        if (root == WorldStore::no_root) full.store(true);
                      }
                    });
    store.make_room(2, false);
  }
  EXPECT_EQ(roots[0], roots[1]);
  std::map<std::uint64_t, Words> met;
  for (std::size_t i = 0; i < worlds.size(); ++i) {
    EXPECT_EQ(met.try_emplace(roots[0][i], worlds[i]).first->second, worlds[i]);
  }
}

TEST(FoldPlan, WordsLieSideBySideWhileTheyFit) {
  const auto never = [](std::uint64_t) -> unsigned { throw std::logic_error("nothing to join"); };
  const FoldPlan plan = FoldPlan::make({4, 4, 15, 4, 20}, 57, never);
  EXPECT_EQ(plan.inner, 0U);
  EXPECT_EQ(plan.root_bits, 57U);
  std::vector<int> used(64);
  for (const FoldPlan::Place& place : plan.places) {
    EXPECT_GE(place.width, 4U);
    for (unsigned bit = place.shift; bit < place.shift + place.width; ++bit) ++used[bit];
  }
  EXPECT_EQ(std::count(used.begin(), used.end(), 1), 57);
}

TEST(FoldPlan, TheQuietestWordsAreJoined) {
  std::uint64_t joined = 0;
  const FoldPlan plan = FoldPlan::make({20, 3, 18, 2, 17}, 61, [&](std::uint64_t mask) {
    joined |= mask;
    return 3U;
  });
  EXPECT_EQ(plan.inner, 1U);
  EXPECT_EQ(joined, 0b01010U);
}

}  // namespace
}  // namespace gainsay
