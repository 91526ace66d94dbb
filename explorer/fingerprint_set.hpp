// The visited set of --store fingerprint: 88 bits of each world's content hash, which is not exact.
// The bucket tells the first of them and the other 67, or fewer in a larger table, are stored. Two
// worlds with one fingerprint are taken for one, so that the second would be omitted: how likely
// that is at all is told with every result.
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
  static constexpr unsigned fingerprint_bits = 88;
  static constexpr std::size_t least_buckets = std::size_t{1} << 21;

  explicit FingerprintSet(std::size_t buckets = least_buckets);

  // Room for `count` insertions; false when the set must grow first.
  bool reserve(std::size_t count);
  void release(std::size_t count) { reserved_.fetch_sub(count, std::memory_order_relaxed); }
  const void* first_look(const Hash128& content) const {
    return &buckets()[(static_cast<Wide>(content.high) * count_) >> 64];
  }
  // REQUIRES: room for it is reserved. `full` when the set must grow all the same.
  Insertion insert(const Hash128& content) {
    return insert(content.high, content.low >> (64 - low_bits));
  }
  std::size_t size() const { return reserved_.load(std::memory_order_relaxed); }
  // A quarter larger; the old table is given back as it is read.
  void grow(unsigned jobs);
  std::size_t grown_bytes() const { return (grown() + spare_buckets) * sizeof(Bucket); }
  std::size_t bytes() const { return (count_ + spare_buckets) * sizeof(Bucket); }

 private:
  static constexpr unsigned low_bits = fingerprint_bits - 64;
  static constexpr std::uint32_t entries = 7;
  static constexpr std::size_t spare_buckets = 32;
  // One cache line: seven times 64 bits, and in `head` how many are there (3 bits), a lock, and for
  // each how far it is past its own bucket and the 3 highest bits of what is stored of it.
  struct alignas(64) Bucket {
    std::atomic<std::uint64_t> head;
    std::array<std::atomic<std::uint64_t>, entries> rest;
  };
  static_assert(sizeof(Bucket) == 64);

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
