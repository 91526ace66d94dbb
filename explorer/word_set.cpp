#include "explorer/word_set.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

#include "explorer/parallel.hpp"

namespace gainsay {

namespace {

constexpr std::size_t least_buckets = std::size_t{1} << 10;

// Odd, and the inverse modulo 2^64 (which is one modulo every smaller power too).
constexpr std::uint64_t inverse_of(std::uint64_t odd) {
  std::uint64_t inverse = odd;
  for (int i = 0; i < 6; ++i) inverse *= 2 - odd * inverse;  // Newton: bits double each time
  return inverse;
}

// The load at which it grows. A late word goes to the end of a run of full buckets: much fuller,
// and runs become longer than the distance that an entry can tell.
std::size_t load_of(std::size_t capacity) { return capacity / 100 * 78; }

std::size_t buckets_for(std::size_t words, std::size_t entries) {
  std::size_t count = least_buckets;
  while (load_of(count * entries) < words) count = count % 3 == 0 ? count / 3 * 4 : count / 2 * 3;
  return count;
}

}  // namespace

// --- buckets ---

std::uint64_t WordSet::Bucket::entry(std::uint32_t at) const {
  const std::uint64_t four = at < 8 ? tags[at / 4].load(std::memory_order_relaxed)
                                    : last_tags.load(std::memory_order_relaxed);
  const std::uint64_t tag = (four >> (at % 4 * tag_bits)) & tag_mask;
  return (std::uint64_t{rest[at].load(std::memory_order_relaxed)} << tag_bits) | tag;
}

// REQUIRES: the bucket is locked, or nobody else knows it.
void WordSet::Bucket::put(std::uint32_t at, std::uint64_t entry) {
  rest[at].store(static_cast<std::uint32_t>(entry >> tag_bits), std::memory_order_relaxed);
  const std::uint64_t tag = (entry & tag_mask) << (at % 4 * tag_bits);
  if (at < 8) {
    const std::uint64_t before = tags[at / 4].load(std::memory_order_relaxed);
    tags[at / 4].store(before | tag, std::memory_order_relaxed);
  } else {
    const std::uint32_t before = last_tags.load(std::memory_order_relaxed);
    last_tags.store(before | static_cast<std::uint32_t>(tag), std::memory_order_relaxed);
  }
}

// --- the set ---

unsigned WordSet::bits_for(std::size_t words) {
  return std::min(64U, stored_bits + log2_of(buckets_for(words, entries)));
}

WordSet::WordSet(unsigned bits, std::size_t words)
    : bits_(bits),
      half_((bits + 1) / 2),
      mask_(~std::uint64_t{0} >> (64 - bits)),
      count_(std::max(buckets_for(words, entries),
                      bits > stored_bits ? std::size_t{1} << (bits - stored_bits) : 1)),
      unneeded_(log2_of(count_) + 64 - bits),
      region_(bytes()) {
  region_.commit(bytes());
}

std::uint64_t WordSet::unmix(std::uint64_t mixed) const {
  mixed ^= mixed >> half_;
  mixed = (mixed * inverse_of(second_factor)) & mask_;
  mixed ^= mixed >> half_;
  mixed = (mixed * inverse_of(first_factor)) & mask_;
  return mixed ^ (mixed >> half_);
}

// The one mixed word whose product begins so: the least that is not smaller, and has zeros where
// words of fewer than 64 bits have them.
std::uint64_t WordSet::home_at(const Bucket* buckets, std::size_t count, std::size_t bucket,
                               std::uint32_t entry) const {
  constexpr std::uint64_t distance_mask = (std::uint64_t{1} << distance_bits) - 1;
  static_assert(stored_bits + distance_bits == 48);
  const std::uint64_t stored = buckets[bucket].entry(entry);
  const std::size_t own = bucket - (stored & distance_mask);
  const unsigned unneeded = log2_of(count) + 64 - bits_;
  const Wide least =
      (static_cast<Wide>(own) << 64) + (unneeded >= 64 ? 0 : (stored >> distance_bits) << unneeded);
  const auto home = static_cast<std::uint64_t>((least + count - 1) / count);
  const std::uint64_t below = (std::uint64_t{1} << (64 - bits_)) - 1;
  return (home + below) & ~below;
}

bool WordSet::reserve(std::size_t count) {
  const std::size_t before = reserved_.fetch_add(count, std::memory_order_relaxed);
  if (before + count <= load_of(capacity())) return true;
  release(count);
  return false;
}

WordSet::Insertion WordSet::insert_at(std::uint64_t home, std::uint32_t known) {
  const Place place = place_of(home);
  for (std::uint64_t distance = 0; distance < spare_buckets; ++distance) {
    Bucket& bucket = buckets()[place.bucket + distance];
    const std::uint64_t entry = (place.rest << distance_bits) | distance;
    for (std::uint32_t looked_at = known;;) {
      std::uint32_t filled = bucket.filled.load(std::memory_order_acquire);
      if ((filled & locked) != 0) continue;
      if (filled > looked_at && bucket.holds(filled, entry)) return Insertion::present;
      looked_at = std::max(looked_at, filled);
      if (filled == entries) break;
      const std::uint32_t taken = filled | locked;
      if (!bucket.filled.compare_exchange_weak(filled, taken, std::memory_order_acquire)) continue;
      bucket.put(filled, entry);
      bucket.filled.store(filled + 1, std::memory_order_release);
      return Insertion::added;
    }
  }
  return Insertion::full;
}

bool WordSet::contains(std::uint64_t word) const {
  const Place place = place_of(home_of(word));
  for (std::uint64_t distance = 0; distance < spare_buckets; ++distance) {
    const Bucket& bucket = buckets()[place.bucket + distance];
    const std::uint32_t filled = bucket.filled.load(std::memory_order_acquire) & ~locked;
    if (bucket.holds(filled, (place.rest << distance_bits) | distance)) return true;
    if (filled < entries) return false;
  }
  return false;
}

// Powers of two and one and a half times them, in turn, once it is worth saving memory.
std::size_t WordSet::grown() const {
  constexpr std::size_t small = std::size_t{1} << 17;  // 8 MiB
  if (count_ < small) return count_ * 2;
  return count_ % 3 == 0 ? count_ / 3 * 4 : count_ / 2 * 3;
}

void WordSet::grow(unsigned jobs) {
  constexpr std::size_t chunk = std::size_t{1} << 15;  // buckets: 2 MiB
  const std::size_t old_count = count_;
  const Region old = std::move(region_);
  const auto* from = reinterpret_cast<const Bucket*>(old.data());
  std::atomic<bool> fits{true};
  count_ = grown();
  unneeded_ = log2_of(count_) + 64 - bits_;
  region_ = Region(bytes());
  region_.commit(bytes());
  // What comes next belongs a little further on in the new table, too.
  constexpr std::size_t ahead = 16;
  const double ratio = static_cast<double>(count_) / static_cast<double>(old_count);
  const auto move = [&](unsigned, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const auto next = static_cast<std::size_t>(static_cast<double>(i + ahead) * ratio);
      __builtin_prefetch(&buckets()[std::min(next, count_)], 1);
      const std::uint32_t filled = from[i].filled.load(std::memory_order_relaxed);
      for (std::uint32_t k = 0; k < filled; ++k) {
        // Each is there once: none needs to be looked for.
        const Insertion insertion = insert_at(home_at(from, old_count, i, k), entries);
        if (insertion == Insertion::full) fits.store(false);
      }
    }
    old.discard(begin * sizeof(Bucket), end * sizeof(Bucket));
  };
  parallel_chunks(old_count + spare_buckets, chunk, jobs, move);
  // At this load a word that finds no place within the distance that an entry can tell is as likely
  // as a broken machine; it must not be lost all the same.
  if (!fits.load()) throw std::bad_alloc();
}

}  // namespace gainsay
