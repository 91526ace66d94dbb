// Content hashes of worlds, by what changes: the hash of a world is the sum of those of its words,
// each of which is hashed once.
//
// Thread-safety: all of it, by all threads.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>

#include "explorer/machine.hpp"
#include "explorer/memory.hpp"

namespace gainsay {

class Fingerprints {
 public:
  // REQUIRES: the machine outlives this.
  explicit Fingerprints(const Machine& machine) : machine_(machine), memos_(machine.slots()) {}

  Hash128 of(std::size_t slot, Id rank, Id word) {
    Memo& memo = memos_[slot];
    if (rank < memo.known.size()) {
      const Known& known = memo.known[rank];
      if (known.is_there.load(std::memory_order_acquire)) return known.hash;
    }
    return first_time(memo, slot, rank, word);
  }

 private:
  struct Known {
    Hash128 hash;
    std::atomic<bool> is_there;
  };
  struct Memo {
    GrowingArray<Known> known{std::size_t{1} << 32};  // by rank
  };
  Hash128 first_time(Memo& memo, std::size_t slot, Id rank, Id word) {
    const std::lock_guard lock(mutex_);
    memo.known.reach(std::size_t{rank} + 1);
    Known& known = memo.known[rank];
    if (!known.is_there.load(std::memory_order_relaxed)) {
      known.hash = machine_.hash_of(slot, word);
      known.is_there.store(true, std::memory_order_release);
    }
    return known.hash;
  }

  const Machine& machine_;
  std::deque<Memo> memos_;
  BriefMutex mutex_;
};

}  // namespace gainsay
