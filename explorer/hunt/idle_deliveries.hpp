// Deliveries that are known to do nothing, whatever the rest of the world is. Exact, and of bounded
// size: what is forgotten is looked up again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "explorer/tables.hpp"

namespace gainsay {

class IdleDeliveries {
 public:
  // Half a megabyte, where it is of use. REQUIRES of the others: it is.
  explicit IdleDeliveries(bool is_of_use) : blocks_(is_of_use ? block_count : 0) {}

  bool holds(Id cell, Id envelope) const {
    const Block& block = blocks_[place_of(cell, envelope)];
    return block.is_of(cell, envelope) && ((block.bits[word_of(envelope)] >> bit_of(envelope)) & 1);
  }
  void add(Id cell, Id envelope) {
    Block& block = blocks_[place_of(cell, envelope)];
    if (!block.is_of(cell, envelope)) {
      block = {.cell = cell, .range = range_of(envelope), .bits = {}};
    }
    block.bits[word_of(envelope)] |= std::uint64_t{1} << bit_of(envelope);
  }

 private:
  // A cache line.
  static constexpr std::size_t words = 7;
  static constexpr Id envelopes_each = words * 64;
  static constexpr std::size_t block_count = std::size_t{1} << 13;

  struct alignas(64) Block {
    Id cell = ~Id{0};
    Id range = 0;
    std::array<std::uint64_t, words> bits{};
    bool is_of(Id one, Id envelope) const { return cell == one && range == range_of(envelope); }
  };
  static Id range_of(Id envelope) { return envelope / envelopes_each; }
  static std::size_t word_of(Id envelope) { return envelope % envelopes_each / 64; }
  static unsigned bit_of(Id envelope) { return envelope % envelopes_each % 64; }
  static std::size_t place_of(Id cell, Id envelope) {
    return spread(pair_key(cell, range_of(envelope))) % block_count;
  }

  std::vector<Block> blocks_;
};

}  // namespace gainsay
