// How often each value came, to about 1.6 %: a bucket for each of 64 parts of a power of two. Sums
// and extremes are exact.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace gainsay {

class Histogram {
 public:
  void add(std::uint64_t value, std::uint64_t times = 1) {
    const std::size_t bucket = bucket_of(value);
    if (bucket >= counts_.size()) counts_.resize(bucket + 1, 0);
    counts_[bucket] += times;
    count_ += times;
    sum_ += value * times;
    least_ = count_ == times || value < least_ ? value : least_;
    greatest_ = value > greatest_ ? value : greatest_;
  }
  std::uint64_t count() const { return count_; }
  // 0 where there is none.
  std::uint64_t mean() const { return count_ == 0 ? 0 : sum_ / count_; }
  std::uint64_t least() const { return least_; }
  std::uint64_t greatest() const { return greatest_; }
  // The least value that so many of 100,000 do not exceed, at the upper end of its bucket.
  std::uint64_t quantile(std::uint32_t of_100000) const {
    if (count_ == 0) return 0;
    const std::uint64_t wanted = (count_ * of_100000 + 99'999) / 100'000;
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      seen += counts_[bucket];
      if (seen >= wanted && seen > 0) return greatest_of(bucket);
    }
    return greatest_;
  }
  void clear() { *this = {}; }

 private:
  static constexpr unsigned part_bits = 6;
  static std::size_t bucket_of(std::uint64_t value) {
    if (value >> part_bits == 0) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - part_bits;
    return (static_cast<std::size_t>(shift) << part_bits) +
           static_cast<std::size_t>(value >> shift);
  }
  std::uint64_t greatest_of(std::size_t bucket) const {
    const std::size_t parts = std::size_t{1} << part_bits;
    if (bucket < 2 * parts) return bucket;
    const std::size_t shift = (bucket >> part_bits) - 1;
    const std::uint64_t first = static_cast<std::uint64_t>(bucket - (shift << part_bits)) << shift;
    const std::uint64_t last = first + ((std::uint64_t{1} << shift) - 1);
    return last < greatest_ ? last : greatest_;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t least_ = 0;
  std::uint64_t greatest_ = 0;
};

}  // namespace gainsay
