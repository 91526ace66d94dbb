// The visited set of --store fingerprint: 78 bits of each world's content hash, which is not exact.
// The bucket tells the first of them and the other 58, or fewer in a larger table, are stored. Two
// worlds with one fingerprint are taken for one, so that the second would be omitted: how likely
// that is at all is told with every result.
//
// A bucket is a cache line with eight entries. What finds its own bucket full goes on from there in
// steps of its own, so that full buckets do not line up, and not far, so that the table can grow in
// the order of its buckets, giving the old one back on the way.
//
// Thread-safety: as WordSet.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/bytes.hpp"
#include "explorer/memory.hpp"
#include "explorer/word_set.hpp"

namespace gainsay {

class FingerprintSet {
 public:
  using Insertion = WordSet::Insertion;
  static constexpr unsigned fingerprint_bits = 78;
  static constexpr std::size_t least_buckets = std::size_t{1} << 20;

  explicit FingerprintSet(std::size_t buckets = least_buckets);

  // Room for `count` insertions; false when the set must grow first.
  bool reserve(std::size_t count);
  void release(std::size_t count) { reserved_.fetch_sub(count, std::memory_order_relaxed); }
  const void* first_look(const Hash128& content) const {
    return &buckets()[(static_cast<Wide>(content.high) * count_) >> 64];
  }
  // REQUIRES: room for it is reserved. `full` when the set must grow all the same.
  Insertion insert(const Hash128& content);
  std::size_t size() const { return reserved_.load(std::memory_order_relaxed); }
  // A quarter larger; the old table is given back as it is read.
  void grow(unsigned jobs);
  std::size_t grown_bytes() const { return (grown() + spare_buckets) * sizeof(Bucket); }
  std::size_t bytes() const { return (count_ + spare_buckets) * sizeof(Bucket); }

 private:
  static constexpr unsigned low_bits = fingerprint_bits - 64;
  static constexpr std::uint32_t entries = 8;
  static constexpr std::uint32_t distance_max = 31;  // steps from its own bucket
  static constexpr std::size_t step_max = 32;        // buckets
  static constexpr std::size_t spare_buckets = distance_max * step_max;
  // What is stored of a fingerprint: 2 bits in the head of its bucket, and 56.
  struct Stored {
    std::uint64_t top = 0;
    std::uint64_t rest = 0;
    std::size_t step() const { return 1 + (rest % step_max); }
  };
  // `head`: how many entries are there (4 bits), a lock, and for each how many steps it is from its
  // own bucket and its top. The first seven entries are the low 56 bits of a word each, the eighth
  // is the high bits of all.
  struct alignas(64) Bucket {
    std::atomic<std::uint64_t> head;
    std::array<std::atomic<std::uint64_t>, entries - 1> words;

    std::uint64_t rest(std::uint32_t entry) const;
    // Behind so many steps, where the head is `at`.
    bool holds(std::uint64_t at, std::uint64_t distance, const Stored& stored) const;
    // REQUIRES: the lock; entries are put in order.
    void put(std::uint32_t entry, std::uint64_t rest);
  };
  static_assert(sizeof(Bucket) == 64);

  template <bool may_be_there>
  Insertion insert(std::uint64_t high, std::uint64_t low);
  std::size_t grown() const { return count_ + count_ / 4; }
  Bucket* buckets() const { return reinterpret_cast<Bucket*>(region_.data()); }

  std::size_t count_;  // buckets, without the spare ones
  Region region_;
  std::atomic<std::size_t> reserved_{0};
};

// At most how likely it is that any two of so many worlds have one fingerprint (the union bound
// over all pairs, for hashes that are as good as random).
double omission_probability(std::uint64_t worlds);

}  // namespace gainsay
