// The transitions of each cell as changes of a world's root. Most transitions change the cell of
// their process and perhaps send: a successor's root is then its parent's plus a number that is
// known for the cell, and one for each (receiver's cell, message).
//
// Changes hold as long as the store's plan: `forget` when that is another. For worlds that are
// taken as they are: without symmetry, partitions and an adversary that learns.
//
// Thread-safety: `of` and `received` may be called by all threads, `forget` by none at the same
// time.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "explorer/machine.hpp"
#include "explorer/memory.hpp"
#include "explorer/sleep.hpp"
#include "explorer/store.hpp"

namespace gainsay {

class Moves {
 public:
  static constexpr std::uint8_t no_process = 0xff;
  // Changes the root by one addition.
  struct Plain {
    std::uint64_t change = 0;
    Id local = 0;                       // of the process afterwards
    std::uint8_t process = no_process;  // where its local state changes
  };
  // Sends to others, or changes a cell that does not lie in the root itself.
  struct Sending {
    std::uint64_t change = 0;     // of the key that the process's cell lies in
    Id local = 0;                 // as above
    std::uint32_t receivers = 0;  // of them, as Sleep has them
    std::uint16_t sends = 0;      // first of them, in List::sends
    std::uint8_t send_count = 0;
    std::uint8_t process = no_process;  // as above
  };
  // What one cell can do. Lies in memory directly before what it points to.
  struct List {
    const Plain* plain = nullptr;  // at least `copied_at_once` may be read
    const Sending* sending = nullptr;
    const SendRef* sends = nullptr;
    const std::uint32_t* others = nullptr;  // transitions that Machine::apply must take
    const Expansion* expansion = nullptr;   // whose they are
    Id local = 0;
    std::uint32_t plain_count = 0;
    std::uint32_t sending_count = 0;
    std::uint32_t other_count = 0;
  };
  static constexpr std::uint32_t copied_at_once = 2;
  // Who is sent something, as Sleep has them.
  static std::uint32_t receivers_of(const Expansion& expansion, const Transition& transition) {
    std::uint32_t receivers = 0;
    for (std::size_t i = 0; i < transition.send_count; ++i) {
      receivers |= Sleep::bit_of(expansion.sends[transition.sends + i].to);
    }
    return receivers;
  }
  // Nothing but cells changes, and it may be taken in every world that has the process's cell.
  static bool is_plain_step(const Transition& transition) {
    return transition.fault == 0 && transition.step_violation == 0 && transition.cost == 0 &&
           transition.budget.empty() && transition.labels == 0;
  }
  // A worker's memo of what messages change, direct mapped.
  struct Received {
    std::uint64_t key = ~std::uint64_t{0};
    std::uint64_t change = 0;
  };
  static constexpr unsigned memo_bits = 13;
  using Memo = std::vector<Received>;

  // REQUIRES: both outlive this.
  Moves(Machine& machine, WorldStore& store)
      : machine_(machine), store_(store), lists_(std::size_t{1} << 32) {}

  // Null when the store must make room first.
  const List* of(Id cell) {
    if (cell < lists_.size()) {
      const List* known = lists_[cell].load(std::memory_order_acquire);
      if (known != nullptr) return known;
    }
    return make(cell);
  }
  // How the key of a process changes when a message comes to its cell; false when the store must
  // make room first.
  bool received(Memo& memo, const SendRef& send, Id cell, std::uint64_t& change) {
    const std::uint64_t key = pair_key(cell, send.envelope);
    Received& known = memo[(key * 0x9e3779b97f4a7c15ULL) >> (64 - memo_bits)];
    if (known.key != key) {
      const Id after = machine_.receive(cell, send.envelope);
      if (!store_.change(send.to, cell, after, known.change)) return false;
      known.key = key;
    }
    change = known.change;
    return true;
  }
  void forget();

 private:
  const List* make(Id cell);
  bool sort(const Expansion& expansion, Id cell);
  bool is_simple(const Expansion& expansion, const Transition& transition) const;
  template <class T>
  static const T* place(std::byte*& at, const std::vector<T>& values, std::size_t space);

  Machine& machine_;
  WorldStore& store_;
  BriefMutex mutex_;
  std::vector<Plain> plain_;  // of the cell at hand, as the next three
  std::vector<Sending> sending_;
  std::vector<SendRef> sends_;
  std::vector<std::uint32_t> others_;
  Arena arena_;
  GrowingArray<std::atomic<const List*>> lists_;  // by cell
};

}  // namespace gainsay
