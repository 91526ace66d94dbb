// Evaluates properties on worlds, each predicate once for each distinct argument.
//
// Thread-safety: `inspect`, `inspect_all` and `judge_step` may be called by all threads.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "explorer/check.hpp"
#include "explorer/future_table.hpp"
#include "explorer/machine.hpp"
#include "explorer/symmetry.hpp"

namespace gainsay {

class Evaluator {
 public:
  static constexpr std::size_t none = ~std::size_t{0};
  // A worker's memo of vectors of local states that are fine, direct mapped; see is_fine.
  using VectorMemo = std::vector<std::uint64_t>;
  static constexpr unsigned memo_bits = 12;
  static VectorMemo empty_memo() { return VectorMemo(std::size_t{1} << memo_bits, ~0ULL); }

  // REQUIRES: the properties outlive the evaluator.
  Evaluator(const System& system, const std::vector<const Property*>& properties,
            bool counts_vectors = false);

  // Every argument is then judged together with all its renamings, so that a property that names a
  // process means the same in a renamed world.
  void close_under(Symmetry* symmetry) { symmetry_ = symmetry; }
  bool has_step_properties() const;

  // The first always_step property that a local step breaks, index + 1, or 0.
  std::uint8_t judge_step(const LocalEntry& before, const LocalEntry& after, bool counts = true);

  // A world that is new since one process changed its local state (or none: `process` = npos) and,
  // if `labelled`, its history or observers changed: the index of the first property it violates,
  // or `none`. Marks what `sometimes` properties it reaches.
  std::size_t inspect(const Machine& machine, const Id* world, std::size_t process, bool labelled);
  // Whether a world, known by the local states of the one before it and by what has become of the
  // process that changed, is known to violate nothing and to reach nothing new.
  bool is_fine(const Id* before, std::size_t process, Id local, VectorMemo& memo) const;
  // The same for a world of which nothing is known.
  std::size_t inspect_all(const Machine& machine, const Id* world);

  // Two nodes' local states side by side, that of the lower id first: the first property of pairs
  // that they violate, or `none`.
  std::size_t inspect_pair(const Machine& machine, Id a, Id b);

  // Whether one property is violated by this very world, or step, without its renamings.
  bool is_violated(std::size_t property, const Machine& machine, const Id* world) const;
  bool is_broken(std::size_t property, const LocalEntry& before, const LocalEntry& after) const;

  // Local states met in worlds, and distinct vectors of the nodes' local states: those of a few
  // nodes, else 0.
  std::uint64_t local_states() const { return locals_.size(); }
  std::uint64_t vectors() const { return counts_vectors_ ? vectors_ : 0; }
  std::vector<PropertyReport> reports() const;
  // For checkpoints: reached flags are content; verdicts are found again.
  std::vector<bool> reached() const;
  void set_reached(const std::vector<bool>& reached);

 private:
  struct Counted {
    const Property* property = nullptr;
    std::atomic<std::uint64_t> evaluated{0};
    std::atomic<bool> reached{false};
    std::optional<FutureTable> futures;
  };

  bool holds(std::size_t property, std::span<const void* const> views);
  std::size_t inspect_node(const Machine& machine, Id local);
  std::size_t inspect_pairs(const Machine& machine, const Id* world, std::size_t process);
  std::size_t inspect_vector(const Machine& machine, const Id* world);
  std::size_t inspect_labelled(const Machine& machine, const Id* world);
  bool holds_of_history(std::size_t property, const Machine& machine, Id word);
  std::size_t evaluate_pair(const Machine& machine, Id a, Id b);
  std::size_t evaluate_vector(const Machine& machine, const Id* world);
  bool is_known_fine(Id a, Id b) const {
    if (a >= dense_locals || b >= dense_locals) return false;
    const std::uint64_t bits = fine_[a * dense_row + b / 64].load(std::memory_order_relaxed);
    return (bits >> (b % 64) & 1) != 0;
  }
  void set_fine(Id a, Id b);
  bool is_fine_vector(const Id* before, std::size_t process, Id local, VectorMemo& memo) const;
  // What stands for a local state in a vector.
  bool shows_only() const { return !counts_vectors_ && symmetry_ == nullptr; }
  Id key_of(const Machine& machine, Id local) const {
    return shows_only() ? machine.local(local).shown : local;
  }
  // What a local state shows, without its machine: ReadMap::none, which no vector has, where that
  // is not known.
  Id shown(Id local) const {
    return local < dense_locals ? shown_[local].load(std::memory_order_relaxed) - 1 : ReadMap::none;
  }
  template <class At>
  bool is_fine_word(At&& key_at, VectorMemo& memo) const;
  template <class At>
  std::uint64_t word_of_vector(At&& key_at) const;
  template <class At>
  Id find_vector(At&& key_at) const;
  void insert_vector(const Machine& machine, const std::vector<Id>& locals, Id result);
  std::vector<std::vector<Id>> vectors_of(const Machine& machine, const Id* world);
  std::vector<Id> words_of(std::size_t slot, Id word);
  // Verdicts are stored as property index + 1; 0 is fine.
  static std::size_t verdict(Id stored) { return stored == 0 ? none : stored - 1; }

  const System& system_;
  Symmetry* symmetry_ = nullptr;
  std::size_t nodes_;
  std::deque<Counted> properties_;
  std::vector<std::size_t> of_scope_[6];
  const bool counts_vectors_;  // of local states
  bool wants_vectors_ = false;
  BriefMutex mutex_;
  ReadMap locals_;  // local -> verdict
  ReadMap pairs_;   // (local, local) -> verdict
  // What `locals_` and `pairs_` say of the first local states, as one bit a pair, set where nothing
  // is violated; a local state by itself is a pair with itself.
  static constexpr std::size_t dense_locals = 4096;
  static constexpr std::size_t dense_row = dense_locals / 64;
  GrowingArray<std::atomic<std::uint64_t>> fine_;
  // Which views they have, + 1; 0 where that was not looked up.
  GrowingArray<std::atomic<Id>> shown_;
  // Vectors of local states where those are counted or may be renamed, else of what they show: that
  // is all that a property reads, and there are far fewer. Those whose ids fit into one word ->
  // verdict, and the others: (prefix, id) -> prefix; the last gives the verdict.
  ReadMap words_;
  std::vector<ReadMap> folds_;
  ReadMap histories_;  // history -> verdict
  ReadMap observers_;  // (observer, state) -> verdict
  std::uint64_t vectors_ = 0;
};

}  // namespace gainsay
