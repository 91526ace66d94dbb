// What lies ahead of a configuration. It cannot go on when an operation that observes, and is still
// to be placed, sees something that neither the state nor any operation still to be placed can lead
// to. And where nothing still to be placed observes what is there before it is overwritten, it does
// not matter what is there: such states are merged.
#pragma once

#include <vector>

#include "properties/linearizability/configurations.hpp"
#include "properties/linearizability/transitions.hpp"

namespace gainsay::linearizability {

class Foresight {
 public:
  // Keeps references. Without Model::leads nothing is hopeless.
  Foresight(const Model& model, const Problem& problem, Transitions& transitions);

  // Has placing this kind, of all operations, made the configuration hopeless?
  bool hopeless(const Shape& shape, const std::uint64_t* words, Id placed_kind);
  // The state to go on with, after placing this kind.
  Id merged_state(const std::uint64_t* words, Id placed_kind);
  std::size_t bytes() const { return outlooks_.bucket_count() * 26 * 3; }  // that grow

 private:
  // The last operation, in Problem::required, that may still observe this state without a reset;
  // -1 for none.
  std::int64_t last_use(Id state, Id group);
  void group_kinds();
  bool can_see(const Shape& shape, const std::uint64_t* words, Id observer);
  bool still_to_come(const Shape& shape, const std::uint64_t* words, Id observer, Id kind) const;
  const std::vector<Id>& resets_for(Id observer_kind);

  const Model& model_;
  const Problem& problem_;
  Transitions& transitions_;
  // Kinds with a key in common are in a group in common.
  std::vector<std::vector<Id>> groups_of_kind_;
  std::vector<std::vector<Id>> observers_of_group_;  // in Problem::required, ascending
  std::vector<Id> reset_kinds_;
  std::vector<std::vector<Id>> required_of_kind_;  // of kinds that reset
  std::vector<Id> unreturned_of_kind_;
  std::vector<std::optional<std::vector<Id>>> resets_for_;  // by kind of the observer
  struct Outlook {
    std::int64_t last_use = -1;
    Id forgotten = no_id;
  };
  boost::unordered_flat_map<std::uint64_t, Outlook> outlooks_;  // by state and group
};

}  // namespace gainsay::linearizability
