// Subsumption in monotone networks: a world needs no expansion when a kept one has the same local
// states, history and observers, every message of it and perhaps more, and has used no more of any
// budget. All that the poorer can do the richer can do too.
//
// Budgets are compared kind by kind: by their sum a run with two kinds of fault would be lost.
// Worlds must come in the order of (fault cost, depth), which keeps the least fault cost.
#pragma once

#include <unordered_map>
#include <vector>

#include "explorer/machine.hpp"
#include "explorer/symmetry.hpp"

namespace gainsay {

class Antichains {
 public:
  // REQUIRES: the machine outlives this, and its network is async.
  explicit Antichains(const Machine& machine, bool sums_budgets = false)
      : machine_(machine), sums_budgets_(sums_budgets) {}

  // With symmetry, of canonical worlds: messages are compared under every renaming that leaves the
  // rest of the world alone. Before anything is inserted.
  void close_under(Symmetry* symmetry) { symmetry_ = symmetry; }

  // False when a kept world subsumes this one. Otherwise it is kept, in place of those that it
  // subsumes. For one thread at a time.
  bool insert(const Id* world);
  // Whether a kept world subsumes this one.
  bool subsumes(const Id* world);
  std::uint64_t size() const { return size_; }

 private:
  // The first of the inboxes (one for each process) and the budget used of a kept world, in
  // `words_`.
  struct Group {
    std::vector<std::uint32_t> kept;
  };
  std::size_t group_of(const Id* world);
  std::vector<std::vector<Id>> images_of(const Id* world);
  bool is_subsumed(const Id* poorer, const Id* richer);
  bool is_subset(Id inbox, Id of);

  bool allows(BudgetUsed less, BudgetUsed more) const;

  const Machine& machine_;
  Symmetry* symmetry_ = nullptr;
  const bool sums_budgets_;  // for tests: wrong
  std::vector<Group> groups_;
  // (prefix, word) -> prefix: the words that must be equal, one after the other.
  std::unordered_map<std::uint64_t, Id> prefixes_;
  std::vector<Id> group_index_;  // by the last prefix
  static constexpr Id none = ~Id{0};
  std::vector<Id> words_;
  std::unordered_map<std::uint64_t, bool> subsets_;
  std::uint64_t size_ = 0;
};

}  // namespace gainsay
