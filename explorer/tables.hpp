// The hash tables of the explorer: one that few threads write and all read without a lock, and one
// that all threads insert into without a lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "explorer/memory.hpp"

namespace gainsay {

using Id = std::uint32_t;

inline std::uint64_t pair_key(Id a, Id b) { return (std::uint64_t{a} << 32) | b; }

// The id of a key, and whether it is new; new keys get the next id.
inline std::pair<Id, bool> intern(std::unordered_map<std::string, Id>& index, std::string key) {
  const auto [at, is_new] = index.try_emplace(std::move(key), static_cast<Id>(index.size()));
  return {at->second, is_new};
}

// A bijection of 64-bit words that spreads entropy to all bits (the finaliser of SplitMix64).
inline std::uint64_t spread(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// 64-bit key -> id. Readers take no lock. Writers must hold one mutex, the owner's.
// Keys are below 2^64 - 1, ids below `none`.
//
// A reader may still be in a table that has been replaced: its memory is given back all the same,
// which turns it into zeros. So a reader can miss what is there, and must look again under the lock
// before it takes a key for new; it never reads a wrong id, since no entry has a zero in it.
class ReadMap {
 public:
  static constexpr Id none = ~Id{0};

  ReadMap() { publish(1 << 10); }
  Id find(std::uint64_t key) const {
    const Table& table = *table_.load(std::memory_order_acquire);
    for (std::uint64_t i = spread(key);; ++i) {
      const Slot& slot = table.slots()[i & table.mask];
      const std::uint64_t found = slot.key.load(std::memory_order_acquire);
      // 0 here is an entry that was given back meanwhile: 0 - 1 is `none`.
      if (found == key + 1) return slot.value.load(std::memory_order_relaxed) - 1;
      if (found == 0) return none;
    }
  }
  // REQUIRES: the owner's mutex is held, and the key is not there.
  void insert(std::uint64_t key, Id value);
  std::size_t size() const { return size_; }
  // In no particular order. REQUIRES: nobody writes.
  template <class F>
  void for_each(F&& f) const {
    const Table& table = *table_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i <= table.mask; ++i) {
      const Slot& slot = table.slots()[i];
      const std::uint64_t key = slot.key.load(std::memory_order_relaxed);
      if (key != 0) f(key - 1, slot.value.load(std::memory_order_relaxed) - 1);
    }
  }

 private:
  struct Slot {
    std::atomic<std::uint64_t> key;  // + 1
    std::atomic<Id> value;           // + 1
  };
  struct Table {
    explicit Table(std::size_t capacity);
    Slot* slots() const { return reinterpret_cast<Slot*>(region.data()); }
    std::size_t bytes() const { return (mask + 1) * sizeof(Slot); }
    std::uint64_t mask;
    Region region;  // zero where no entry is
  };
  static void put(Table& table, std::uint64_t key, Id value);
  void publish(std::size_t capacity);

  std::atomic<Table*> table_{nullptr};
  std::vector<std::unique_ptr<Table>> tables_;  // the newest, and the addresses of the others
  std::size_t size_ = 0;
};

// Words of 64 bits (pairs of ids and the like) -> dense ids, and back: the inner nodes of the trees
// that worlds are stored as.
// `insert` may be called by all threads; `grow` by none at the same time.
class PairTable {
 public:
  static constexpr Id full = ~Id{0};

  // A worker's private stock of fresh ids.
  struct Stock {
    Id next = 0;
    Id end = 0;
  };

  PairTable();
  // The id of the pair, new if need be; `full` when the table must grow first.
  Id insert(std::uint64_t key, Stock& stock) { return insert(key, spread(key), stock); }
  // The same, with the hash at hand. REQUIRES: hash = spread(key).
  Id insert(std::uint64_t key, std::uint64_t hash, Stock& stock);
  std::uint64_t pair(Id id) const { return pairs_[id]; }
  bool must_grow() const { return pairs_.size() + margin > limit(); }
  void grow(unsigned jobs);
  // How many ids have been handed out; a few of them may be unused.
  std::size_t size() const { return pairs_.size(); }
  std::size_t bytes() const { return pairs_.bytes() + capacity_ * sizeof(std::uint64_t); }

 private:
  static constexpr Id stock_size = 64;
  static constexpr std::size_t margin = 1 << 12;
  std::size_t limit() const { return capacity_ / 8 * 5; }
  bool restock(Stock& stock);
  std::atomic<std::uint64_t>* slots() const {
    return reinterpret_cast<std::atomic<std::uint64_t>*>(region_.data());
  }

  std::size_t capacity_;
  Region region_;                      // slots: (high half of the hash, id + 1), 0 where empty
  GrowingArray<std::uint64_t> pairs_;  // by id
};

}  // namespace gainsay
