// The exact visited store. A world (a vector of 32-bit words) is folded pair by pair into one
// 64-bit root, exactly: equal roots are equal worlds. Roots live in a hash set; a second copy, in
// the order of discovery, holds the layers (fault cost, depth), each one range. No parents are
// kept: a trace is found by scanning the layers backwards.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "engine/bytes.hpp"
#include "explorer/tables.hpp"

namespace gainsay {

// How words are folded: inner node k has children left[k], right[k], where items below `slots` are
// the words themselves and item slots + j is inner node j. The root has the last two items.
struct FoldPlan {
  struct Node {
    std::uint32_t left = 0;
    std::uint32_t right = 0;
    std::uint64_t slots = 0;  // which words it depends on
    friend bool operator==(const Node&, const Node&) = default;
  };
  std::size_t slots = 0;
  std::vector<Node> inner;
  std::uint32_t root_left = 0;
  std::uint32_t root_right = 0;  // equal to root_left when there is one word

  // Halves of about the same weight, at every level. A pair is interned once, so the fewer pairs
  // there are of a kind the better: the two halves of a world should vary about as much as each
  // other. One weight for each word.
  static FoldPlan balanced(const std::vector<std::uint32_t>& weights);
  friend bool operator==(const FoldPlan&, const FoldPlan&) = default;
};

class WorldStore {
 public:
  // A worker's private part.
  struct Worker {
    std::array<PairTable::Stock, 64> stocks;  // by inner node
    // Pairs met lately: successors of neighbouring worlds have most of theirs in common. Direct
    // mapped; an id is for ever, so that an entry never goes stale.
    struct Lately {
      std::uint64_t key = ~std::uint64_t{0};
      Id node = 0;
      Id id = 0;
    };
    std::vector<Lately> lately = std::vector<Lately>(lately_size);
  };
  static constexpr std::size_t lately_size = std::size_t{1} << 13;
  // Slots and inner nodes together.
  static constexpr std::size_t items_max = 128;
  static constexpr std::uint64_t no_root = ~std::uint64_t{0};

  explicit WorldStore(std::size_t slots);

  // Folds all worlds anew, by what their words have turned out to be: the more values a word has,
  // the nearer to the root it lies. Roots change, their order does not; workers must be made
  // afresh. False when nothing changed. REQUIRES: no other thread is in the store.
  bool replan();

  std::size_t items() const { return plan_.slots + plan_.inner.size(); }

  // Items: the words, then the inner nodes. Fills in the inner nodes that depend on a word in
  // `changed` and returns the root; no_root when a table must grow first.
  std::uint64_t fold(Id* items, std::uint64_t changed, Worker& worker) {
    for (std::size_t k = 0; k < plan_.inner.size(); ++k) {
      const FoldPlan::Node& node = plan_.inner[k];
      if ((node.slots & changed) == 0) continue;
      const std::uint64_t key = pair_key(items[node.left], items[node.right]);
      const std::uint64_t hash = spread(key);
      Worker::Lately& lately = worker.lately[(hash + k * 0x9e3779b9U) & (lately_size - 1)];
      if (lately.key != key || lately.node != k) {
        const Id id = pairs_[k].insert(key, hash, worker.stocks[k]);
        if (id == PairTable::full) return no_root;
        lately = {.key = key, .node = static_cast<Id>(k), .id = id};
      }
      items[plan_.slots + k] = lately.id;
    }
    return root_of(items);
  }
  // All items of a root.
  void unfold(std::uint64_t root, Id* items) const { unfold(plan_, pairs_, root, items); }

  WordSet& visited() { return visited_; }
  const WordSet& visited() const { return visited_; }
  GrowingArray<std::uint64_t>& roots() { return roots_; }  // in order of discovery
  const GrowingArray<std::uint64_t>& roots() const { return roots_; }

  // Grows what is nearly full. REQUIRES: no other thread is in the store.
  void make_room(unsigned jobs, bool visited_is_full);
  std::uint64_t bytes() const;

  // The first so many worlds, in pieces of bytes.
  void save(std::size_t worlds, const std::function<void(BytesView)>& write) const;
  void load(Reader& reader);

 private:
  static void unfold(const FoldPlan& plan, const std::deque<PairTable>& pairs, std::uint64_t root,
                     Id* items) {
    items[plan.root_left] = static_cast<Id>(root >> 32);
    items[plan.root_right] = static_cast<Id>(root);
    for (std::size_t k = plan.inner.size(); k-- > 0;) {
      const std::uint64_t pair = pairs[k].pair(items[plan.slots + k]);
      items[plan.inner[k].left] = static_cast<Id>(pair >> 32);
      items[plan.inner[k].right] = static_cast<Id>(pair);
    }
  }
  std::vector<std::uint32_t> weights() const;
  // Folds and marks as visited, growing what is full; throws DecodeError when it is there already.
  std::uint64_t add(Id* items, Worker& worker);
  std::uint64_t root_of(const Id* items) const {
    return pair_key(items[plan_.root_left], items[plan_.root_right]);
  }

  FoldPlan plan_;
  std::deque<PairTable> pairs_;  // by inner node
  WordSet visited_;
  GrowingArray<std::uint64_t> roots_;
};

}  // namespace gainsay
