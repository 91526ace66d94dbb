// How a world's words are folded into one 64-bit root, exactly. Each word is replaced by its rank
// (how many values that word had before), which needs few bits. Words lie side by side in the root
// while they fit; those that vary least are first joined to keys of their own, which are interned
// and stand in the root as ids.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace gainsay {

struct FoldPlan {
  // Where an item lies: in which key, from which bit, how many bits.
  struct Place {
    std::uint8_t key = 0;
    std::uint8_t shift = 0;
    std::uint8_t width = 0;
    friend bool operator==(const Place&, const Place&) = default;
  };
  std::size_t slots = 0;      // words
  std::size_t inner = 0;      // interned keys; key number `inner` is the root
  std::vector<Place> places;  // by item: the words, then the inner keys, those inside others first
  unsigned root_bits = 0;

  // Roots stay below 2^63, so that one value is left that is none.
  static constexpr unsigned key_bits_max = 63;
  static constexpr unsigned width_max = 31;

  // `bits`: how many the ranks met so far of each word have; `root_room`: how many a root may have;
  // `distinct_bits`: how many would number what the words of a mask have been together. Room that
  // is left goes to the words that vary most, as they will grow most. REQUIRES: at most 64 words.
  static FoldPlan make(const std::vector<unsigned>& bits, unsigned root_room,
                       const std::function<unsigned(std::uint64_t mask)>& distinct_bits);
  friend bool operator==(const FoldPlan&, const FoldPlan&) = default;
};

}  // namespace gainsay
