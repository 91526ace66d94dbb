// Symmetry reduction: worlds that differ only in the names of interchangeable processes, or of the
// values of a scalarset, are explored once. What is kept of each orbit is its canonical world,
// which is chosen by content.
//
// Soundness. Let G be a group of permutations of the process ids and values. If for every explored
// (local state, event) and every g of G the handlers do on the renamed pair what they do on the
// pair itself, renamed, and if the initial worlds are closed under G, then the explored worlds
// together with their renamings are exactly the reachable ones: a real run continues on the
// renaming of a kept world. `certify` checks this, on whole orbits of pairs: on explored pairs
// alone generators would not do, as their products lead to pairs that were not explored. Limits are
// part of what a handler does; observers are checked in the same way; histories are the engine's
// own. So are cuts: of a shape all are there, and what they hold back or lose depends on sender and
// receiver only.
//
// What else a search needs to be closed under G is closed where it is made: what dead messages
// learn (Machine::certify), properties (Evaluator), the images of an inbox (Antichains).
//
// Thread-safety: as the machine's. Look-ups that hit take no lock.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "explorer/group.hpp"
#include "explorer/machine.hpp"

namespace gainsay {

// A state or a message that cannot be renamed at all.
class CannotRename : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Why the worlds of a system cannot be renamed whatever its handlers do; empty: they can.
std::string obstacle_to_symmetry(const Machine& machine);

class Symmetry {
 public:
  using Index = Group::Index;
  // REQUIRES: the machine outlives this, and nothing is expanded yet.
  Symmetry(Machine& machine, Group group, Sabotage sabotage = Sabotage::none);

  const Group& group() const { return group_; }

  // --- images, by any thread ---
  Id local(Id id, Index g) { return image(local_part, id, g); }
  Id cell(Id cell, Index g) {
    const Id known = cells_.find(pair_key(cell, g));
    return known != ReadMap::none ? known : cell_first(cell, g);
  }
  // The word of a cut, history or observer; the budget is its own image.
  Id word(std::size_t slot, Id word, Index g);
  // `out` and `world` must not overlap.
  void image(const Id* world, Index g, Id* out);
  // The distinct images of a local state, and of a pair of them (in order of process).
  std::vector<Id> locals_of(Id local);
  std::vector<std::pair<Id, Id>> pairs_of(Id a, Id b);
  // The content of a local state, renamed: not yet what stands for it.
  Bytes rename_local(std::uint8_t process, BytesView bytes, Index g) const;
  // The same event in the renamed world; `local` is the state of its process before it.
  Event event(Id local, const Event& event, Index g);

  // --- canonical worlds, by any thread ---
  // Puts the canonical world of the orbit in place; returns the element that leads to it. By
  // hashes of content: equal hashes of different images could only keep an orbit twice.
  // First come the local states, cut, histories and observers, so that worlds of one orbit of these
  // have the same ones (subsumption relies on it); inboxes decide between what is left.
  Index canonicalise(Id* world);
  // The elements that leave the local states, cut, histories and observers of a canonical world
  // alone.
  std::vector<Index> stabiliser(const Id* world);

  // --- for the machine, under its mutex ---
  std::uint8_t judge_step(Id before, Id after, bool counts);
  void note_relabelled(std::size_t slot, Id word, Id labels, Id after) {
    relabelled_.push_back({.slot = slot, .word = word, .labels = labels, .after = after});
  }

  // --- by one thread at a time ---
  // Every local state and message has its images.
  void close_tables();
  // How many elements the closures of dead messages go over; for tests, fewer.
  std::size_t closing() const {
    return sabotage_ == Sabotage::symmetry_keep_not_renamed ? 1 : group_.size();
  }
  Id known_local(Id id, Index g) const { return orbits_[local_part].image(group_, id, g); }
  Id known_envelope(Id id, Index g) const { return orbits_[envelope_part].image(group_, id, g); }

  // True when all that the machine has met so far is equivariant. Otherwise adds what was learnt.
  bool certify(Asymmetries& known, unsigned jobs);
  // True when the worlds are closed under the group; otherwise the same.
  bool certify_initial(const std::vector<std::vector<Id>>& worlds, Asymmetries& known);

 private:
  // Components with images; observers follow.
  static constexpr std::size_t local_part = 0;
  static constexpr std::size_t envelope_part = 1;
  static constexpr std::size_t label_part = 2;
  static constexpr std::size_t history_part = 3;
  static constexpr std::size_t cut_part = 4;
  static constexpr std::size_t first_observer_part = 5;

  // Each orbit has one row of images, that of its first member; the others say which one they are.
  class Orbits {
   public:
    Id image(const Group& group, Id id, Index g) const {
      const Id at = index_.find(id);
      if (at == ReadMap::none) return ReadMap::none;
      const Member& member = members_[at];
      return (*member.row)[group.product(g, member.which)];
    }
    // REQUIRES: the mutex; row[g] is the image under g of a component that is not there yet.
    void add(std::vector<Id> row);

   private:
    struct Member {
      const std::vector<Id>* row = nullptr;
      Index which = 0;
    };
    ReadMap index_;
    StableVector<Member> members_;
    StableVector<std::vector<Id>> rows_;
  };
  struct Relabelled {
    std::size_t slot = 0;
    Id word = 0;
    Id labels = 0;
    Id after = 0;
  };
  // What a handler did, as content.
  struct Did {
    std::vector<std::uint32_t> answers;
    StepResult::Fault fault = StepResult::Fault::none;
    Bytes local;
    std::vector<Sent> sends;
    std::vector<Label> labels;
  };
  struct Pair {
    Id local = 0;
    Id input = 0;
    friend bool operator==(const Pair&, const Pair&) = default;
    friend auto operator<=>(const Pair&, const Pair&) = default;
  };

  Id image(std::size_t part, Id id, Index g) {
    const Id known = orbits_[part].image(group_, id, g);
    return known != ReadMap::none ? known : image_first(part, id, g);
  }
  Id image_first(std::size_t part, Id id, Index g);
  Id cell_first(Id cell, Index g);
  std::vector<Id> inbox_image(Id inbox, Index g);
  Renaming renaming(Index g) const { return {group_[g], system_.size(), points_.sets()}; }
  Bytes rename(const Type* type, BytesView bytes, Index g) const;
  Label rename_label(const Label& label, Index g) const;
  History rename_history(const History& history, Index g) const;
  Cut rename_cut(const Cut& cut, Index g) const;
  // REQUIRE the mutex.
  Id image_locked(std::size_t part, Id id, Index g);
  Id intern_image(std::size_t part, Id id, Index g);
  Id cell_locked(Id cell, Index g);

  // The elements that lead to the least local states, cut, histories and observers: one of them, or
  // a set in `cosets_`, behind all single ones.
  Id coset_of(const Id* world);
  Id coset_first(const Id* world);
  std::uint64_t first_hash(const Id* world, Index g);
  const std::vector<std::uint64_t>& inbox_hashes(Id inbox);
  Index least(const std::vector<Index>& coset, const Id* world);

  std::vector<Pair> unchecked_pairs();
  Pair pair_image(Pair pair, Index g);
  LocalEvent event_of(Pair pair) const { return machine_.event_of_input(pair.input); }
  std::vector<Did> run(std::uint8_t process, BytesView local, const LocalEvent& event) const;
  std::vector<Did> run(Pair pair) const;
  Did rename_did(std::uint8_t process, const Did& did, Index g) const;
  bool is_equivariant(Pair pair);
  bool agree(std::uint8_t process, const std::vector<Did>& did, Index g,
             const std::vector<Did>& on_image) const;
  std::vector<Bytes> texts(const std::vector<Did>& did) const;
  void diagnose(const std::vector<Pair>& failing, Asymmetries& known);
  bool certify_observers(Asymmetries& known);
  bool certify_views(Asymmetries& known);
  std::string event_text(Pair pair) const;
  std::string exchange_text(NodeId a, NodeId b) const;

  Machine& machine_;
  const System& system_;
  Points points_;
  Group group_;
  Sabotage sabotage_;
  std::map<Cut, Id> cut_words_;
  std::vector<Orbits> orbits_;
  ReadMap cells_;                   // (cell, element) -> cell
  std::vector<std::size_t> slots_;  // all but the budget's
  std::vector<ReadMap> folds_;      // by place in `slots_`: (prefix, word) -> prefix or coset
  StableVector<std::vector<Index>> cosets_;
  ReadMap hash_index_;  // inbox -> index
  StableVector<std::vector<std::uint64_t>> inbox_hashes_;
  std::vector<Relabelled> relabelled_;
  std::size_t relabelled_checked_ = 0;
  std::unordered_set<std::uint64_t> checked_;  // one pair of each orbit
};

}  // namespace gainsay
