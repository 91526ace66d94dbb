// How many events are between a world and a violation, from the graph of local states alone: an
// event moves one process, along one edge of its graph. The graph is of the steps that random runs
// and the run that is known take. All that a process might do with whatever anybody ever sends
// would give a lower bound; but its handlers would meet messages that never come in such a state,
// and need not end then. So this is a guide and no bound: there may be edges that nobody took.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "explorer/hunt/walk.hpp"
#include "properties/property.hpp"

namespace gainsay {

class LocalDistance {
 public:
  // What a run must do: a world breaks the property, or a handler fails with the message.
  struct Goal {
    const Property* property = nullptr;  // null: the fault
    std::function<bool(Id fault)> is_fault;
  };
  struct Options {
    std::uint64_t events = 200'000;        // of random runs
    std::uint64_t tuples_max = 1'000'000;  // of local states that a property is about
    std::function<bool()> must_stop;
  };
  static constexpr std::uint32_t unreachable = ~std::uint32_t{0};

  // Why nothing can be said of a goal in a system, whatever its graph; empty: something can.
  static std::string obstacle(const System& system, const Goal& goal);
  // REQUIRES: no obstacle; the machine and the evaluator, which judges the goal alone, outlive
  // this, and so does the goal's property. The events violate it by the last.
  LocalDistance(Machine& machine, Evaluator& evaluator, Goal goal, const std::vector<Event>& known,
                Options options);

  // False where there is too much that the property is about: then ask nothing.
  bool is_known() const { return is_known_; }
  // Of a world behind the starts; `unreachable`: nobody got from there to a violation; none: nobody
  // was there.
  std::optional<std::uint32_t> of(const Id* world) const;

 private:
  struct Node {
    Id cell = 0;  // without messages
    std::vector<std::uint32_t> before;
    bool ends = false;  // a step from here is a violation
  };
  struct Graph {
    std::vector<Node> nodes;
    std::unordered_map<Id, std::uint32_t> index;  // by cell
  };
  // The distances of the tuples of local states of some processes.
  struct Product {
    std::vector<std::size_t> processes;
    std::vector<std::uint32_t> distances;
  };
  using Moves = std::vector<Move>;

  std::uint32_t node_of(std::size_t process, Id cell);
  void take(Walk& walk, Move move);
  void meet(Walk& walk, const std::vector<Event>& known);
  std::optional<Move> move_of(const Walk& walk, const Event& event) const;
  std::uint64_t wander(Walk& walk, RandomStream& random, std::size_t events);
  bool measure();
  bool measure(std::vector<std::size_t> processes);
  bool is_goal(const std::vector<std::size_t>& processes, const std::vector<std::uint32_t>& tuple);
  bool breaks(const std::vector<const void*>& views) const;
  std::size_t place_of(const Product& product, const std::vector<std::uint32_t>& tuple) const;

  Machine& machine_;
  Goal goal_;
  Options options_;
  std::vector<Graph> graphs_;  // by process
  Moves start_;
  Moves known_;  // behind the starts
  std::vector<Product> products_;
  bool is_known_ = false;
};

}  // namespace gainsay
