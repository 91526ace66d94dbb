// What happens next in a simulation: the earliest first, and of equal times what was put in first.
// A heap with four children a node, which has half the levels of one with two.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/simulator/quantities.hpp"

namespace gainsay {

class EventQueue {
 public:
  struct Entry {
    Nanoseconds time = 0;
    std::uint64_t order = 0;
    std::uint32_t kind = 0;
    std::uint32_t index = 0;
    bool precedes(const Entry& other) const { return key() < other.key(); }

   private:
    __extension__ using Key = unsigned __int128;  // compared without a branch
    Key key() const { return Key{time} << 64 | order; }
  };

  void push(Nanoseconds time, std::uint32_t kind, std::uint32_t index) {
    const Entry entry{.time = time, .order = pushed_++, .kind = kind, .index = index};
    std::size_t place = heap_.size();
    heap_.push_back(entry);
    while (place > 0) {
      const std::size_t parent = (place - 1) / children;
      if (!entry.precedes(heap_[parent])) break;
      heap_[place] = heap_[parent];
      place = parent;
    }
    heap_[place] = entry;
  }
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  // REQUIRES: not empty.
  const Entry& front() const { return heap_.front(); }
  Entry pop() {
    const Entry first = heap_.front();
    const Entry last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sink(last);
    return first;
  }

 private:
  static constexpr std::size_t children = 4;

  void sink(const Entry& entry) {
    std::size_t place = 0;
    for (;;) {
      const std::size_t first = place * children + 1;
      if (first >= heap_.size()) break;
      std::size_t least = first;
      const std::size_t end = std::min(first + children, heap_.size());
      for (std::size_t child = first + 1; child < end; ++child) {
        if (heap_[child].precedes(heap_[least])) least = child;
      }
      if (!heap_[least].precedes(entry)) break;
      heap_[place] = heap_[least];
      place = least;
    }
    heap_[place] = entry;
  }

  std::vector<Entry> heap_;
  std::uint64_t pushed_ = 0;
};

}  // namespace gainsay
