// The exact visited store. A world (a vector of 32-bit words) is folded into one 64-bit root,
// exactly: equal roots are equal worlds. Roots lie in a set that stores fewer bits than they have;
// a second copy, in the order of discovery, holds the layers (fault cost, depth), each one range.
// No parents are kept: a trace is found by scanning the layers backwards.
//
// A root is a sum of (rank of a word, shifted): a successor's root is its parent's plus the changes
// of the few words that an event touches.
//
// Thread-safety: `fold`, `unfold` and the insertions into `visited` and `roots` may be called by
// all threads; `make_room`, `replan`, `save` and `load` by none at the same time. Those change
// roots (their order stays): what must outlive them is kept as words.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "engine/bytes.hpp"
#include "explorer/fold_plan.hpp"
#include "explorer/ranks.hpp"
#include "explorer/tables.hpp"
#include "explorer/word_set.hpp"

namespace gainsay {

class WorldStore {
 public:
  static constexpr std::size_t words_max = 64;
  static constexpr std::size_t worlds_max = std::size_t{1} << 36;
  static constexpr std::uint64_t no_root = ~std::uint64_t{0};

  // A world laid open, to fold its successors from.
  struct World {
    std::array<Id, words_max> words;
    std::array<Id, words_max> ranks;
    std::array<Id, words_max> ids;              // of the inner keys
    std::array<std::uint64_t, words_max> keys;  // the inner keys, then the root
  };
  // A worker's private part.
  struct Worker {
    std::array<PairTable::Stock, words_max> stocks;  // by inner key
    // Keys met lately: successors of neighbouring worlds have most of theirs in common. Direct
    // mapped; an id holds as long as the plan.
    struct Lately {
      std::uint64_t key = ~std::uint64_t{0};
      Id inner = 0;
      Id id = 0;
    };
    std::vector<Lately> lately;
    std::array<std::uint64_t, words_max> keys{};
    std::uint64_t plan = 0;  // the plan that the above is of
  };

  // Without `keeps_visited` somebody else remembers which worlds were visited.
  explicit WorldStore(std::size_t slots, bool keeps_visited = true);

  // How many words a world has.
  std::size_t items() const { return folding_.plan.slots; }

  void unfold(std::uint64_t root, World& world) const;
  // The words only.
  void unfold(std::uint64_t root, Id* words) const;
  // The root of the world that has `words`, where only those in `changed` differ from `from`;
  // no_root when `make_room` must be called first.
  std::uint64_t fold(const World& from, const Id* words, std::uint64_t changed, Worker& worker) {
    std::uint64_t touched = 0;
    for (; changed != 0; changed &= changed - 1) {
      const auto slot = static_cast<std::size_t>(std::countr_zero(changed));
      const Id rank = ranks_[slot].rank(words[slot]);
      if (!add(from, slot, std::uint64_t{rank} - from.ranks[slot], rank, touched, worker)) {
        return no_root;
      }
    }
    const std::uint64_t root = std::uint64_t{1} << folding_.plan.inner;
    if ((touched & ~root) != 0 && !fold_keys(from, touched, worker)) return no_root;
    return (touched & root) != 0 ? worker.keys[folding_.plan.inner]
                                 : from.keys[folding_.plan.inner];
  }
  std::uint64_t fold(const Id* words, Worker& worker) {
    static constexpr World nothing{};
    return fold(nothing, words, ~std::uint64_t{0} >> (words_max - folding_.plan.slots), worker);
  }

  // A successor of `from`, while its words are changed one by one.
  struct Successor {
    const World& from;
    std::uint64_t root;
    std::uint64_t touched = 0;  // keys that must be interned anew
  };
  std::uint64_t root(const World& of) const { return of.keys[folding_.plan.inner]; }
  // Whether the word of a slot lies in the root itself, and not in an inner key.
  bool lies_in_root(std::size_t slot) const {
    return folding_.plan.places[slot].key == folding_.plan.inner;
  }
  // What the key of a slot changes by, when its word goes from one to the other, as long as the
  // plan is the same; false when `make_room` must be called first.
  bool change(std::size_t slot, Id before, Id after, std::uint64_t& change);
  void add(Successor& to, std::size_t slot, std::uint64_t change, Worker& worker) const {
    if (lies_in_root(slot)) {
      to.root += change;
    } else {
      add_to_key(to.from, folding_.plan.places[slot].key, change, to.touched, worker);
    }
  }
  // no_root when `make_room` must be called first.
  std::uint64_t root_of(Successor& of, Worker& worker) {
    return of.touched == 0 ? of.root : root_with_keys(of, worker);
  }
  bool has_inner_keys() const { return folding_.plan.inner > 0; }
  // Another number whenever roots have another meaning.
  std::uint64_t plan_number() const { return plan_number_; }

  Id rank(std::size_t slot, Id word) { return ranks_[slot].rank(word); }

  // Adds a world that is not there yet (else DecodeError). REQUIRES: no other thread is in the
  // store.
  void append(const Id* words, Worker& worker);

  WordSet& visited() { return *visited_; }
  const WordSet& visited() const { return *visited_; }
  GrowingArray<std::uint64_t>& roots() { return roots_; }  // in order of discovery
  const GrowingArray<std::uint64_t>& roots() const { return roots_; }

  // Grows what is nearly full, and plans anew where a word has outgrown its bits.
  void make_room(unsigned jobs, bool visited_is_full);
  // How much memory `make_room` would take for the visited set, at most.
  std::uint64_t room_bytes() const { return visited_->grown_bytes() - visited_->bytes(); }
  // Folds all worlds anew, by what their words have turned out to be.
  void replan(unsigned jobs);
  std::uint64_t bytes() const;

  // The first so many worlds, in pieces of bytes.
  void save(std::size_t worlds, const std::function<void(BytesView)>& write) const;
  void load(Reader& reader);

 private:
  static constexpr std::size_t lately_size = std::size_t{1} << 13;

  // Adds a change of one item to the key that it lies in. False when the new value does not fit.
  bool add(const World& from, std::size_t item, std::uint64_t change, Id value,
           std::uint64_t& touched, Worker& worker) {
    const FoldPlan::Place place = folding_.plan.places[item];
    if ((std::uint64_t{value} >> place.width) != 0) {
      outgrown_.store(true, std::memory_order_relaxed);
      return false;
    }
    add_to_key(from, place.key, change << place.shift, touched, worker);
    return true;
  }
  static void add_to_key(const World& from, std::size_t key, std::uint64_t change,
                         std::uint64_t& touched, Worker& worker) {
    const std::uint64_t bit = std::uint64_t{1} << key;
    if ((touched & bit) == 0) worker.keys[key] = from.keys[key];
    touched |= bit;
    worker.keys[key] += change;
  }
  std::uint64_t root_with_keys(Successor& of, Worker& worker);
  bool fold_keys(const World& from, std::uint64_t& touched, Worker& worker);
  // Where the rank of a slot's word lies, and the words by their ranks.
  struct Field {
    const Id* words = nullptr;
    std::uint64_t mask = 0;
    std::uint8_t key = 0;
    std::uint8_t shift = 0;
  };
  // What gives a root its meaning.
  struct Folding {
    FoldPlan plan;
    std::deque<PairTable> pairs{};  // by inner key
    std::vector<Field> fields{};    // by slot
  };
  void unfold(const Folding& folding, std::uint64_t root, World& world) const;
  std::vector<Id> sample() const;
  FoldPlan new_plan(const std::vector<Id>& sample) const;
  bool intern_all(const Folding& old, std::span<const std::uint64_t> worlds, unsigned jobs);
  void adopt(FoldPlan plan);

  const bool keeps_visited_;
  Folding folding_;
  std::uint64_t plan_number_ = 1;
  unsigned more_bits_ = 0;    // for ids of inner keys, that a sample did not tell
  std::vector<Ranks> ranks_;  // by slot
  std::optional<WordSet> visited_;
  GrowingArray<std::uint64_t> roots_;
  std::atomic<bool> outgrown_{false};
};

}  // namespace gainsay
