// The visited set: words of a fixed number of bits, exactly, in fewer bits than they have. A word
// is mixed by a bijection; its place in the table says the first bits of the result, so that only
// the rest is stored (Cleary's quotienting), and how many buckets past its own it had to go.
//
// A bucket is one cache line of ten entries that only fills, so looking a word up takes no lock.
// Invariant: a word lies d buckets past its own only when the d buckets before are full.
//
// `reserve`, `first_look`, `insert` and `contains` may be called by all threads; the rest by none
// at the same time.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "explorer/memory.hpp"

namespace gainsay {

// Rounded down; of none: not asked.
inline unsigned log2_of(std::size_t count) {
  return static_cast<unsigned>(std::bit_width(count)) - 1;
}

__extension__ typedef unsigned __int128 Wide;

class WordSet {
 public:
  enum class Insertion : std::uint8_t { added, present, full };
  // With so many bits more than buckets (as a power of two, rounded down) an entry has.
  static constexpr unsigned stored_bits = 43;

  // For words below 2^bits, with room for `words` of them. REQUIRES: bits is in [1, 64].
  explicit WordSet(unsigned bits = 64, std::size_t words = 0);

  unsigned bits() const { return bits_; }
  // The most bits that a word may have in a table that has no room for more than so many words.
  static unsigned bits_for(std::size_t words);

  // Room for `count` insertions; false when the set must grow first.
  bool reserve(std::size_t count);
  // Gives back what was reserved and turned out to be there already.
  void release(std::size_t count) { reserved_.fetch_sub(count, std::memory_order_relaxed); }
  // Where words belong, by value: a loop that asks for many keeps it in registers.
  struct Places;
  Places places() const;
  // A word, mixed: its high bits tell where it belongs. Different words have different ones.
  std::uint64_t home_of(std::uint64_t word) const;
  // What an insertion looks at first, for the caller to prefetch: g++ 12 takes a function that only
  // prefetches for one without effects, and leaves its calls out.
  const void* first_look(std::uint64_t home) const;
  // Whether the word is in the first bucket where it may be, as nearly all are that are there.
  bool is_at_home(std::uint64_t home) const {
    const Place place = place_of(home);
    const Bucket& bucket = buckets()[place.bucket];
    const std::uint32_t filled = bucket.filled.load(std::memory_order_acquire) & ~locked;
    return bucket.holds(filled, place.rest << distance_bits);
  }
  // REQUIRES: room for it is reserved. `full` when the set must grow all the same.
  Insertion insert(std::uint64_t word) { return insert_at(home_of(word)); }
  // The same, of the word that belongs there.
  Insertion insert_at(std::uint64_t home) { return insert_at(home, 0); }
  bool contains(std::uint64_t word) const;
  // How many words are there, while none is inserted.
  std::size_t size() const { return reserved_.load(std::memory_order_relaxed); }

  // Half as large again, or twice while it is small. The old table is given back as it is read:
  // there is no peak of both.
  void grow(unsigned jobs);
  std::size_t grown_bytes() const { return (grown() + spare_buckets) * sizeof(Bucket); }
  std::size_t bytes() const { return (count_ + spare_buckets) * sizeof(Bucket); }
  std::size_t capacity() const { return count_ * entries; }

  // Calls visit(word) for each.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t i = 0; i < count_ + spare_buckets; ++i) {
      const std::uint32_t filled = buckets()[i].filled.load(std::memory_order_relaxed);
      for (std::uint32_t k = 0; k < filled; ++k) visit(word_of(home_at(buckets(), count_, i, k)));
    }
  }

 private:
  static constexpr std::uint32_t entries = 10;
  static constexpr std::size_t spare_buckets = 32;  // the last buckets overflow into them
  static constexpr std::uint32_t locked = 1U << 31;
  static constexpr unsigned distance_bits = 5;
  static constexpr unsigned tag_bits = 16;
  static constexpr std::uint64_t tag_mask = (std::uint64_t{1} << tag_bits) - 1;
  static constexpr std::uint64_t first_factor = 0xbf58476d1ce4e5b9ULL;
  static constexpr std::uint64_t second_factor = 0x94d049bb133111ebULL;
  // An entry has 48 bits: the lowest 16, which are compared first and four at once, are its tag.
  struct alignas(64) Bucket {
    std::array<std::atomic<std::uint64_t>, 2> tags;  // of entries 0 to 3 and 4 to 7
    std::atomic<std::uint32_t> last_tags;            // of 8 and 9
    std::atomic<std::uint32_t> filled;  // how many entries; with `locked` while one is added
    std::array<std::atomic<std::uint32_t>, entries> rest;

    std::uint64_t entry(std::uint32_t at) const;
    void put(std::uint32_t at, std::uint64_t entry);
    // Whether one of the first `count` entries is the wanted one.
    bool holds(std::uint32_t count, std::uint64_t entry) const;
  };
  static_assert(sizeof(Bucket) == 64);
  // Where a word belongs, and what of it is stored.
  struct Place {
    std::size_t bucket;
    std::uint64_t rest;
  };

  // So many entries of each bucket are known to be others.
  Insertion insert_at(std::uint64_t home, std::uint32_t known);
  std::uint64_t unmix(std::uint64_t mixed) const;
  Place place_of(std::uint64_t home) const;
  std::uint64_t home_at(const Bucket* buckets, std::size_t count, std::size_t bucket,
                        std::uint32_t entry) const;
  std::uint64_t word_of(std::uint64_t home) const { return unmix(home >> (64 - bits_)); }
  std::size_t grown() const;
  Bucket* buckets() const { return reinterpret_cast<Bucket*>(region_.data()); }

  unsigned bits_;
  unsigned half_;
  std::uint64_t mask_;
  std::size_t count_;  // buckets, without the spare ones
  unsigned unneeded_;  // low bits of a product that are not stored
  Region region_;
  std::atomic<std::size_t> reserved_{0};
};

struct WordSet::Places {
  unsigned half;
  unsigned unused;  // high bits
  std::uint64_t mask;
  std::size_t count;
  const Bucket* buckets;

  // A bijection of the words below 2^bits: a shift by half of the bits is undone by itself, and a
  // product with an odd number by one with its inverse.
  std::uint64_t home_of(std::uint64_t word) const {
    word ^= word >> half;
    word = (word * first_factor) & mask;
    word ^= word >> half;
    word = (word * second_factor) & mask;
    return (word ^ (word >> half)) << unused;
  }
  const void* first_look(std::uint64_t home) const {
    return &buckets[static_cast<std::size_t>((static_cast<Wide>(home) * count) >> 64)];
  }
};
inline WordSet::Places WordSet::places() const {
  return {
      .half = half_, .unused = 64 - bits_, .mask = mask_, .count = count_, .buckets = buckets()};
}
inline std::uint64_t WordSet::home_of(std::uint64_t word) const { return places().home_of(word); }
inline const void* WordSet::first_look(std::uint64_t home) const {
  return places().first_look(home);
}

// Tags are compared four at once: subtracting one from each of the differences borrows from the
// highest bit of those that are zero (and perhaps of one above such a one, so the rest decides).
inline bool WordSet::Bucket::holds(std::uint32_t count, std::uint64_t entry) const {
  constexpr std::uint64_t ones = 0x0001000100010001ULL;
  constexpr std::uint64_t tops = ones << (tag_bits - 1);
  const std::uint64_t wanted = (entry & tag_mask) * ones;
  const auto rest_wanted = static_cast<std::uint32_t>(entry >> tag_bits);
  const auto equal = [&](std::uint64_t four) {
    const std::uint64_t difference = four ^ wanted;
    return (difference - ones) & ~difference & tops;
  };
  // One bit for each entry, where the tags of four lie 16 bits apart.
  std::uint64_t found = equal(tags[0].load(std::memory_order_relaxed)) >> 15 |
                        equal(tags[1].load(std::memory_order_relaxed)) >> 14 |
                        equal(last_tags.load(std::memory_order_relaxed)) >> 13;
  for (; found != 0; found &= found - 1) {
    const auto bit = static_cast<std::uint32_t>(std::countr_zero(found));
    const std::uint32_t at = bit / tag_bits + bit % tag_bits * 4;
    if (at < count && rest[at].load(std::memory_order_relaxed) == rest_wanted) return true;
  }
  return false;
}

// The product of a mixed word and the number of buckets has the bucket in its high half. Two words
// of one bucket differ in the low half by a multiple of (buckets << 64 - bits), so that what is
// below the power of two in that need not be stored.
inline WordSet::Place WordSet::place_of(std::uint64_t home) const {
  const Wide product = static_cast<Wide>(home) * count_;
  const auto low = static_cast<std::uint64_t>(product);
  return {.bucket = static_cast<std::size_t>(product >> 64),
          .rest = unneeded_ >= 64 ? 0 : low >> unneeded_};
}

}  // namespace gainsay
