#include "explorer/fingerprint_set.hpp"

#include <bit>
#include <cmath>
#include <new>
#include <utility>

#include "explorer/parallel.hpp"

namespace gainsay {

namespace {

// The fields of a bucket's head.
constexpr std::uint64_t filled_mask = 7;
constexpr std::uint64_t locked = 8;
// One value for each entry.
struct Field {
  unsigned first;  // bit
  unsigned bits;
  std::uint64_t get(std::uint64_t head, std::uint32_t entry) const {
    return (head >> (first + entry * bits)) & ((std::uint64_t{1} << bits) - 1);
  }
  std::uint64_t put(std::uint64_t value, std::uint32_t entry) const {
    return value << (first + entry * bits);
  }
};
constexpr Field distances{.first = 4, .bits = 5};
constexpr Field tops{.first = 39, .bits = 3};

}  // namespace

FingerprintSet::FingerprintSet(std::size_t buckets) : count_(buckets), region_(bytes()) {
  static_assert(std::size_t{1} << (fingerprint_bits - 64 - tops.bits) == least_buckets);
  if (buckets < least_buckets) throw std::bad_alloc();
  region_.commit(bytes());
}

bool FingerprintSet::reserve(std::size_t count) {
  const std::size_t before = reserved_.fetch_add(count, std::memory_order_relaxed);
  if (before + count <= count_ * entries / 100 * 72) return true;
  release(count);
  return false;
}

// As in WordSet: the product's low half tells the high bits of the hash apart within a bucket, to
// which the low ones are added.
FingerprintSet::Insertion FingerprintSet::insert(std::uint64_t high, std::uint64_t low) {
  const Wide product = static_cast<Wide>(high) * count_;
  const std::uint64_t within = static_cast<std::uint64_t>(product) >> log2_of(count_);
  const Wide stored = (static_cast<Wide>(within) << low_bits) | low;
  const auto rest = static_cast<std::uint64_t>(stored);
  const auto top = static_cast<std::uint64_t>(stored >> 64);
  Bucket* bucket = &buckets()[static_cast<std::size_t>(product >> 64)];
  for (std::uint64_t distance = 0; distance < spare_buckets; ++distance, ++bucket) {
    for (;;) {
      std::uint64_t head = bucket->head.load(std::memory_order_acquire);
      if ((head & locked) != 0) continue;
      const auto filled = static_cast<std::uint32_t>(head & filled_mask);
      for (std::uint32_t i = 0; i < filled; ++i) {
        if (bucket->rest[i].load(std::memory_order_relaxed) != rest) continue;
        if (tops.get(head, i) == top && distances.get(head, i) == distance) {
          return Insertion::present;
        }
      }
      if (filled == entries) break;
      const std::uint64_t taken = head | locked;
      if (!bucket->head.compare_exchange_weak(head, taken, std::memory_order_acquire)) continue;
      bucket->rest[filled].store(rest, std::memory_order_relaxed);
      const std::uint64_t after =
          (head + 1) | distances.put(distance, filled) | tops.put(top, filled);
      bucket->head.store(after, std::memory_order_release);
      return Insertion::added;
    }
  }
  return Insertion::full;
}

void FingerprintSet::grow(unsigned jobs) {
  constexpr std::size_t chunk = std::size_t{1} << 15;  // buckets: 2 MiB
  const std::size_t old_count = count_;
  const Region old = std::move(region_);
  const auto* from = reinterpret_cast<const Bucket*>(old.data());
  std::atomic<bool> fits{true};
  count_ = grown();
  region_ = Region(bytes());
  region_.commit(bytes());
  const auto move = [&](unsigned, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::uint64_t head = from[i].head.load(std::memory_order_relaxed);
      for (std::uint32_t k = 0; k < (head & filled_mask); ++k) {
        const Wide stored = (static_cast<Wide>(tops.get(head, k)) << 64) |
                            from[i].rest[k].load(std::memory_order_relaxed);
        const auto within = static_cast<std::uint64_t>(stored >> low_bits);
        const std::uint64_t low = static_cast<std::uint64_t>(stored) & ((1U << low_bits) - 1);
        const Wide least =
            (static_cast<Wide>(i - distances.get(head, k)) << 64) + (within << log2_of(old_count));
        const auto high = static_cast<std::uint64_t>((least + old_count - 1) / old_count);
        if (insert(high, low) == Insertion::full) fits.store(false);
      }
    }
    old.discard(begin * sizeof(Bucket), end * sizeof(Bucket));
  };
  parallel_chunks(old_count + spare_buckets, chunk, jobs, move);
  if (!fits.load()) throw std::bad_alloc();
}

double omission_probability(std::uint64_t worlds) {
  const auto count = static_cast<double>(worlds);
  const double pairs = worlds < 2 ? 0 : count * (count - 1) / 2;
  return std::fmin(1, std::ldexp(pairs, -static_cast<int>(FingerprintSet::fingerprint_bits)));
}

}  // namespace gainsay
