// Counter-based random numbers: the n-th draw of a stream is a function of (seed, purpose, process,
// n) and of nothing else, so that one process's draws never shift another's, and a seed means the
// same everywhere. The generator is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), which is a
// bijection of key + n * odd constant.
#pragma once

#include <cstdint>

#include "engine/ids.hpp"

namespace gainsay {

enum class Purpose : std::uint8_t { schedule, choice, timer, latency, loss, fault, workload, test };

class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed, Purpose purpose = Purpose::schedule,
                        NodeId process = {})
      : key_(mix(mix(seed + golden) ^ (std::uint64_t{process.value / 256U} << 16 |
                                       std::uint64_t{static_cast<std::uint8_t>(purpose)} << 8 |
                                       process.value % 256U))) {}

  std::uint64_t next() { return mix(key_ + ++counter_ * golden); }
  // From 0 to bound - 1, each as likely (Lemire 2019). REQUIRES: bound > 0.
  std::uint32_t below(std::uint32_t bound) {
    for (;;) {
      const std::uint64_t product = (next() >> 32) * bound;
      const auto low = static_cast<std::uint32_t>(product);
      // The first suffices mostly, and costs no division.
      if (low >= bound || low >= (0U - bound) % bound) {
        return static_cast<std::uint32_t>(product >> 32);
      }
    }
  }
  // True in `numerator` of `denominator` draws.
  bool chance(std::uint32_t numerator, std::uint32_t denominator) {
    return below(denominator) < numerator;
  }
  std::uint64_t counter() const { return counter_; }
  void seek(std::uint64_t counter) { counter_ = counter; }

 private:
  static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;
  static std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

}  // namespace gainsay
