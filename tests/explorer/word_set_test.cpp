// The visited set against std::set, at every width of words, from one and from many threads.
#include "explorer/word_set.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "explorer/parallel.hpp"
#include "explorer/tables.hpp"

namespace gainsay {
namespace {

using Insertion = WordSet::Insertion;

Insertion insert(WordSet& set, std::uint64_t word) {
  for (;;) {
    if (!set.reserve(1)) {
      set.grow(2);
      continue;
    }
    const Insertion insertion = set.insert(word);
    if (insertion != Insertion::added) set.release(1);
    if (insertion != Insertion::full) return insertion;
    set.grow(2);
  }
}

std::vector<std::uint64_t> contents(const WordSet& set) {
  std::vector<std::uint64_t> words;
  set.for_each([&](std::uint64_t word) { words.push_back(word); });
  std::ranges::sort(words);
  return words;
}

// Words that differ in few bits, at both ends, besides random ones.
std::vector<std::uint64_t> words_of(unsigned bits, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - bits);
  std::vector<std::uint64_t> words;
  for (std::size_t i = 0; i < count; ++i) {
    words.push_back(i % 4 == 0 ? random() & mask : (i % 4 == 1 ? i & mask : (mask - i) & mask));
    if (i % 4 == 3) words.back() = (i << (bits / 2)) & mask;
  }
  return words;
}

TEST(WordSet, HoldsExactlyWhatASetHolds) {
  for (const unsigned bits : {1U, 3U, 8U, 17U, 31U, 43U, 44U, 52U, 53U, 57U, 63U, 64U}) {
    WordSet set(bits);
    std::set<std::uint64_t> twin;
    for (const std::uint64_t word : words_of(bits, 60'000, bits)) {
      const bool is_new = twin.insert(word).second;
      ASSERT_EQ(insert(set, word), is_new ? Insertion::added : Insertion::present);
    }
    EXPECT_EQ(set.size(), twin.size());
    EXPECT_EQ(contents(set), std::vector<std::uint64_t>(twin.begin(), twin.end())) << bits;
    for (const std::uint64_t word : words_of(bits, 20'000, bits + 100)) {
      ASSERT_EQ(set.contains(word), twin.contains(word)) << bits;
    }
  }
}

// Every word of few bits is there: none is taken for another.
TEST(WordSet, HoldsAllWordsOfSixteenBits) {
  WordSet set(16);
  for (std::uint64_t word = 0; word < 1 << 16; ++word) {
    ASSERT_EQ(insert(set, word), Insertion::added);
  }
  for (std::uint64_t word = 0; word < 1 << 16; ++word) {
    ASSERT_EQ(insert(set, word), Insertion::present);
  }
}

TEST(WordSet, GrowsWithoutLosingAWord) {
  WordSet set(53);
  std::size_t capacity = set.capacity();
  std::size_t growths = 0;
  for (std::uint64_t i = 0; i < 300'000; ++i) {
    ASSERT_EQ(insert(set, spread(i) >> 11), Insertion::added);
    if (set.capacity() == capacity) continue;
    capacity = set.capacity();
    ++growths;
    for (std::uint64_t k = 0; k <= i; ++k) ASSERT_TRUE(set.contains(spread(k) >> 11));
  }
  EXPECT_GT(growths, 5U);
}

TEST(WordSet, IsNeverFarFromFull) {
  WordSet set(53);
  for (std::uint64_t i = 0; i < 1'000'000; ++i) insert(set, spread(i) >> 11);
  EXPECT_LT(static_cast<double>(set.bytes()) / 1e6, 12.5);
}

TEST(WordSet, ConcurrentInsertionsKeepEachWordOnce) {
  WordSet set(62);
  constexpr std::size_t words = 200'000;
  const auto word = [](std::size_t i) { return spread(i) >> 2; };
  while (!set.reserve(words)) set.grow(2);
  std::atomic<std::size_t> fresh{0};
  // Every word is offered twice, by different chunks.
  parallel_chunks(2 * words, 1'000, 4, [&](unsigned, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (set.insert(word(i % words)) == Insertion::added) fresh.fetch_add(1);
    }
  });
  EXPECT_EQ(fresh.load(), words);
  set.grow(2);
  for (std::size_t i = 0; i < words; ++i) EXPECT_TRUE(set.contains(word(i)));
  for (std::size_t i = words; i < 2 * words; ++i) EXPECT_FALSE(set.contains(word(i)));
  EXPECT_EQ(contents(set).size(), words);
}

// Threads that want the same few buckets at once.
TEST(WordSet, ConcurrentInsertionsOfTheSameWords) {
  for (std::uint64_t round = 0; round < 20; ++round) {
    WordSet set(53);
    std::atomic<std::size_t> fresh{0};
    ASSERT_TRUE(set.reserve(800));
    parallel_chunks(4, 1, 4, [&](unsigned, std::size_t, std::size_t) {
      for (std::uint64_t i = 0; i < 200; ++i) {
        if (set.insert(round * 1'000 + i) == Insertion::added) fresh.fetch_add(1);
      }
    });
    EXPECT_EQ(fresh.load(), 200U);
  }
}

}  // namespace
}  // namespace gainsay
