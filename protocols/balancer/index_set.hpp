// A set of indices below a fixed number, as bits with a summary above them: the next one from a
// place on is found in as many steps as the number has digits to the base 64.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gainsay::balancer {

struct IndexSet {
  static constexpr std::size_t none = ~std::size_t{0};

  std::vector<std::vector<std::uint64_t>> levels;  // the last is one word, or none

  // An empty set of indices below `size`.
  static IndexSet below(std::size_t size) {
    IndexSet made;
    do {
      size = (size + 63) / 64;
      made.levels.emplace_back(size);
    } while (size > 1);
    return made;
  }
  bool contains(std::size_t index) const {
    return (levels[0][index / 64] >> (index % 64) & 1) != 0;
  }
  void insert(std::size_t index) {
    for (std::vector<std::uint64_t>& level : levels) {
      level[index / 64] |= std::uint64_t{1} << (index % 64);
      index /= 64;
    }
  }
  void erase(std::size_t index) {
    for (std::vector<std::uint64_t>& level : levels) {
      std::uint64_t& word = level[index / 64];
      word &= ~(std::uint64_t{1} << (index % 64));
      if (word != 0) return;
      index /= 64;
    }
  }
  // The first at or behind a place; none when there is none.
  std::size_t from(std::size_t index) const {
    for (std::size_t level = 0; level < levels.size(); ++level) {
      const std::size_t at = index / 64;
      if (at >= levels[level].size()) return none;
      const std::uint64_t left = levels[level][at] & (~std::uint64_t{0} << (index % 64));
      if (left != 0) return down(level, at * 64 + static_cast<std::size_t>(std::countr_zero(left)));
      index = at + 1;
    }
    return none;
  }

  std::size_t down(std::size_t level, std::size_t index) const {
    while (level > 0) {
      --level;
      index = index * 64 + static_cast<std::size_t>(std::countr_zero(levels[level][index]));
    }
    return index;
  }
};

}  // namespace gainsay::balancer
