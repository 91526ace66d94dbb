// Dense numbers for the values of one word of a world, in the order in which they were met. Cells
// are numbered over all processes, and a packed budget is sparse: ranks need far fewer bits.
//
// Thread-safety: all of it, by all threads.
#pragma once

#include <atomic>
#include <mutex>

#include "explorer/memory.hpp"
#include "explorer/tables.hpp"

namespace gainsay {

class Ranks {
 public:
  Ranks() : ranks_(dense_max), words_(std::size_t{1} << 32) {}

  // The rank of a word, a new one if need be.
  Id rank(Id word) {
    if (word < ranks_.size()) {
      const Id known = ranks_[word].load(std::memory_order_acquire);
      if (known != 0) return known - 1;
    } else if (const Id known = sparse_.find(word); known != ReadMap::none) {
      return known;
    }
    return add(word);
  }
  Id word(Id rank) const { return words_[rank]; }
  // By rank; they stay where they are.
  const Id* words() const { return &words_[0]; }
  std::size_t size() const { return words_.size(); }
  std::size_t bytes() const { return ranks_.bytes() + words_.bytes(); }

 private:
  // Greater words are looked up in a map.
  static constexpr std::size_t dense_max = std::size_t{1} << 24;

  Id add(Id word);

  GrowingArray<std::atomic<Id>> ranks_;  // by word: rank + 1; 0: not met
  GrowingArray<Id> words_;               // by rank
  ReadMap sparse_;
  BriefMutex mutex_;
};

}  // namespace gainsay
