// Searches for an order of one object's operations, as Wing and Gong (1993) with the memory of
// Lowe (2017), by configurations: how far in time, which open operations have taken effect, the
// object's state, how many unreturned operations of each kind took effect.
//
//   - An operation that only observes is placed as soon as it can be: it changes nothing, and what
//     can follow without it can follow with it.
//   - Of open operations of one kind, the one that returns first is placed first: exchanging two
//     of them in an order keeps it an order.
//   - An operation that never returned is not placed while one with the same call and effect that
//     did return is open, by the same exchange; nor where it would change nothing.
//   - What can no longer lead to an observation that is still to be made is not gone on with, see
//     foresight.hpp.
//   - Others are placed only to make the operation that returns next possible, which is placed
//     last: what it needs can be put off until then (Lowe's just-in-time linearization).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "properties/linearizability/configurations.hpp"
#include "properties/linearizability/foresight.hpp"
#include "properties/linearizability/transitions.hpp"

namespace gainsay::linearizability {

enum class Strategy : std::uint8_t {
  depth_first,    // shows quickly that there is an order
  breadth_first,  // by position: shows quickly that there is none, and forgets what it passed
};
enum class Status : std::uint8_t { running, linearizable, not_linearizable };

class Search {
 public:
  // Keeps references.
  Search(const Problem& problem, Transitions& transitions, Foresight& foresight, Strategy strategy);
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  // Goes on until so many steps were tried; they are counted, so that it does not depend on time.
  // Throws LimitReached.
  Status run(std::size_t steps);

  // REQUIRES: linearizable. Operations of the history; unreturned ones only where they took effect.
  std::vector<Id> order() const;
  // The furthest position: once not linearizable, what returned before required[reached()] has an
  // order, and with it there is none.
  Id reached() const { return reached_; }
  // The states that the object may be in at that position, the first hundred.
  const std::vector<Id>& states_reached() const { return states_reached_; }
  std::size_t bytes() const;
  std::size_t expanded() const { return expanded_; }

 private:
  struct Choice {
    bool unreturned = false;
    Id index = 0;  // in Problem::required or Problem::unreturned
    Id state = 0;  // afterwards
  };
  struct Link {
    Id parent = no_id;
    Choice choice;
    Id merged = 0;  // the state to go on with
  };
  struct Layer {
    explicit Layer(const Shape& shape) : set(shape) {}
    ConfigurationSet set;
    std::vector<Id> links;  // by member
  };
  struct Candidate {
    Choice choice;
    unsigned rank = 0;  // lower ones first
  };

  bool expand_next();
  void expand(const std::uint64_t* words, Id link);
  void collect_required();
  void collect_unreturned();
  bool waits_for_twin(Id index) const;
  Id kind_of(const Choice& choice) const;
  void apply(std::uint64_t* words, const Choice& choice) const;
  // Places what observes, and moves on past what is placed; says what was placed.
  void settle(std::uint64_t* words, std::vector<Id>* placed) const;
  void place_observers(std::uint64_t* words, std::span<const Id> open,
                       std::vector<Id>* placed) const;
  void note_reached(Id position, Id state);
  void add(const std::uint64_t* words, const Link& link);

  const Problem& problem_;
  Transitions& transitions_;
  Foresight& foresight_;
  const Strategy strategy_;
  const Shape shape_;
  std::map<Id, Layer> layers_;  // breadth first: by position; else one
  std::vector<Link> links_;
  std::vector<Id> stack_;  // depth first: members to expand
  Id cursor_ = 0;          // breadth first: the next member of the first layer
  std::vector<std::uint64_t> current_, next_;
  std::vector<Candidate> candidates_;
  std::vector<Id> added_;
  // By call: what a returned operation with it leads to from here, if anything.
  std::vector<Id> led_by_call_;
  std::vector<Id> calls_here_;
  Id goal_ = no_id;  // a link
  Id reached_ = 0;
  std::vector<Id> states_reached_;
  std::size_t expanded_ = 0;
  std::size_t steps_ = 0;
};

}  // namespace gainsay::linearizability
