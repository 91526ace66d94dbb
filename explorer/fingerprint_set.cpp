#include "explorer/fingerprint_set.hpp"

#include <bit>
#include <cmath>
#include <new>
#include <utility>

#include "explorer/parallel.hpp"

namespace gainsay {

namespace {

// The fields of a bucket's head.
constexpr std::uint64_t filled_mask = 15;
constexpr std::uint64_t locked = 16;
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
constexpr Field distances{.first = 5, .bits = 5};
constexpr Field tops{.first = 45, .bits = 2};

constexpr unsigned rest_bits = 56;
constexpr std::uint64_t rest_mask = (std::uint64_t{1} << rest_bits) - 1;
constexpr unsigned high_bits = 64 - rest_bits;

// Of a hundred places, that are filled before the set grows: beyond it, ever more entries are many
// steps from their bucket.
constexpr std::size_t filled_percent = 80;

}  // namespace

std::uint64_t FingerprintSet::Bucket::rest(std::uint32_t entry) const {
  if (entry + 1 < entries) return words[entry].load(std::memory_order_relaxed) & rest_mask;
  std::uint64_t together = 0;
  for (const auto& word : words) {
    together = (together << high_bits) | (word.load(std::memory_order_relaxed) >> rest_bits);
  }
  return together;
}

bool FingerprintSet::Bucket::holds(std::uint64_t at, std::uint64_t distance,
                                   const Stored& stored) const {
  const auto filled = static_cast<std::uint32_t>(at & filled_mask);
  for (std::uint32_t i = 0; i < filled; ++i) {
    const bool is_last = i + 1 == entries;  // which takes longer to read
    if (!is_last && rest(i) != stored.rest) continue;
    if (tops.get(at, i) != stored.top || distances.get(at, i) != distance) continue;
    if (!is_last || rest(i) == stored.rest) return true;
  }
  return false;
}

void FingerprintSet::Bucket::put(std::uint32_t entry, std::uint64_t rest) {
  if (entry + 1 < entries) {
    words[entry].store(rest, std::memory_order_relaxed);
    return;
  }
  for (std::size_t i = words.size(); i-- > 0; rest >>= high_bits) {
    const std::uint64_t low = words[i].load(std::memory_order_relaxed) & rest_mask;
    words[i].store(low | (rest << rest_bits), std::memory_order_relaxed);
  }
}

FingerprintSet::FingerprintSet(std::size_t buckets) : count_(buckets), region_(bytes()) {
  static_assert(std::size_t{1} << (fingerprint_bits - rest_bits - tops.bits) == least_buckets);
  static_assert(distance_max < (1U << distances.bits));
  if (buckets < least_buckets) throw std::bad_alloc();
  region_.commit(bytes());
}

bool FingerprintSet::reserve(std::size_t count) {
  const std::size_t before = reserved_.fetch_add(count, std::memory_order_relaxed);
  if (before + count <= count_ * entries / 100 * filled_percent) return true;
  release(count);
  return false;
}

// As in WordSet: the product's low half tells the high bits of the hash apart within a bucket, to
// which the low ones are added.
template <bool may_be_there>
FingerprintSet::Insertion FingerprintSet::insert(std::uint64_t high, std::uint64_t low) {
  const Wide product = static_cast<Wide>(high) * count_;
  const std::uint64_t within = static_cast<std::uint64_t>(product) >> log2_of(count_);
  const Wide whole = (static_cast<Wide>(within) << low_bits) | low;
  const Stored stored{.top = static_cast<std::uint64_t>(whole >> rest_bits),
                      .rest = static_cast<std::uint64_t>(whole) & rest_mask};
  const auto own = static_cast<std::size_t>(product >> 64);
  for (std::uint64_t distance = 0; distance <= distance_max; ++distance) {
    Bucket* bucket = &buckets()[own + distance * stored.step()];
    for (;;) {
      std::uint64_t head = bucket->head.load(std::memory_order_acquire);
      if ((head & locked) != 0) continue;
      const auto filled = static_cast<std::uint32_t>(head & filled_mask);
      if (may_be_there && bucket->holds(head, distance, stored)) return Insertion::present;
      if (filled == entries) break;
      const std::uint64_t taken = head | locked;
      if (!bucket->head.compare_exchange_weak(head, taken, std::memory_order_acquire)) continue;
      bucket->put(filled, stored.rest);
      const std::uint64_t after =
          (head + 1) | distances.put(distance, filled) | tops.put(stored.top, filled);
      bucket->head.store(after, std::memory_order_release);
      return Insertion::added;
    }
  }
  return Insertion::full;
}

FingerprintSet::Insertion FingerprintSet::insert(const Hash128& content) {
  return insert<true>(content.high, content.low >> (64 - low_bits));
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
        const Stored stored{.top = tops.get(head, k), .rest = from[i].rest(k)};
        const Wide whole = (static_cast<Wide>(stored.top) << rest_bits) | stored.rest;
        const auto within = static_cast<std::uint64_t>(whole >> low_bits);
        const std::uint64_t low = static_cast<std::uint64_t>(whole) & ((1U << low_bits) - 1);
        const std::size_t own = i - distances.get(head, k) * stored.step();
        const Wide least = (static_cast<Wide>(own) << 64) + (within << log2_of(old_count));
        const auto high = static_cast<std::uint64_t>((least + old_count - 1) / old_count);
        if (insert<false>(high, low) == Insertion::full) fits.store(false);
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
