// Is a history linearizable, judged while it grows and without keeping it: for runs too long to
// keep. Each key is judged by itself (Herlihy and Wing, theorem 1). Of a key there is what the
// object may be in (configurations: a state, and which of the operations that are open have taken
// effect), and nothing else of what is over: operations take effect no earlier than one of them
// must, which is when it returns (Lowe, "Testing for Linearizability", 2017, section 4).
//
// A return waits until it is known what the operations that are open with it answer, so that only
// what fits these answers is followed. The verdict is exact, or unknown: too many configurations,
// or more than 64 operations open at once on one key.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "properties/linearizability/judge.hpp"

namespace gainsay::linearizability {

class OnlineJudge {
 public:
  // REQUIRES: the model outlives it.
  explicit OnlineJudge(const Model& model, std::size_t configurations_max = 1024)
      : model_(&model), configurations_max_(configurations_max) {}

  // One client has one operation open at a time, and moments do not go back; of equal moments
  // invocations come first.
  void invoke(std::size_t client, const Bytes& call);
  void respond(std::size_t client, const Bytes& result, Moment moment);
  // What is open now never returns. To be called once.
  void finish();

  // Not linearizable as soon as that is known; unknown only for good; linearizable: so far.
  Verdict verdict() const { return verdict_; }
  // A sentence.
  const std::string& unknown_because() const { return unknown_because_; }
  // Not linearizable: with what returned until this moment there is no order.
  Moment broken_at() const { return broken_at_; }
  // Operations that are kept, and configurations.
  std::size_t kept() const;

 private:
  struct Operation {
    Kind kind;
    Moment returned = never;
  };
  struct Event {
    std::uint64_t operation = 0;
    bool returns = false;
  };
  struct Configuration {
    Bytes state;
    std::uint64_t done = 0;  // slots of open operations that have taken effect
    friend bool operator==(const Configuration&, const Configuration&) = default;
  };
  // One key.
  struct Part {
    std::deque<Operation> operations;  // from number `first` on
    std::uint64_t first = 0;
    std::uint64_t opened = 0;  // those before it have been open
    std::deque<Event> waiting;
    std::vector<std::uint64_t> open = std::vector<std::uint64_t>(64, none);  // by slot
    std::uint64_t slots = 0;                                                 // that are taken
    std::vector<Configuration> configurations;
    Operation& operation(std::uint64_t number) { return operations[number - first]; }
  };
  static constexpr std::uint64_t none = ~std::uint64_t{0};

  std::size_t part_of(const Bytes& call);
  void go_on(Part& part);
  bool can_return(Part& part) const;
  void open(Part& part, std::uint64_t number);
  void take_return(Part& part, std::uint64_t number);
  void take_observations(Part& part, Configuration& configuration) const;
  void forget(Part& part);
  void give_up(const std::string& why);

  const Model* model_;
  std::size_t configurations_max_;
  boost::unordered_flat_map<std::string, std::size_t> index_;  // by key
  std::deque<Part> parts_;
  struct Open {
    std::size_t part = 0;
    std::uint64_t operation = none;
  };
  std::vector<Open> clients_;
  bool finished_ = false;
  Verdict verdict_ = Verdict::linearizable;
  std::string unknown_because_;
  Moment broken_at_ = 0;
};

}  // namespace gainsay::linearizability
