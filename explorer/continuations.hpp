// How a run could go on without faults, from each of its worlds: does that always end in the
// violation that the run ends in?
//
// Without faults means: no crash, drop, duplicate or partition, and what is faulty is silent.
// Restarts, healings, timeouts and ticks are none. A way to go on is fair: what stays possible
// happens in the end. So a world's fate is sealed exactly where from each world that it leads to
// without the violation, the violation can still be reached; a fair random scheduler then gets
// there with probability 1.
//
// Everything is a function of the model and the run: budgets are counts, and random ways are
// seeded.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "explorer/check.hpp"
#include "explorer/evaluator.hpp"
#include "explorer/machine.hpp"
#include "explorer/way.hpp"

namespace gainsay {

class Continuations {
 public:
  static constexpr std::uint32_t samples = 100;

  // REQUIRES: both outlive this; the events run on the model and violate the property by the last.
  Continuations(const Model& model, const Counterexample& run);

  // To get to the end of the run takes too much work: nothing may be asked.
  bool is_too_long() const { return worlds_.size() + 1 < run_.events.size(); }
  enum class Fate : std::uint8_t { violates, escapes, unknown };
  // Of the world behind an event of the run, but for the last one. Unknown where there are too many
  // worlds.
  Fate fate(std::size_t event);
  // The same world: of so many random ways to go on, how many violate within their steps.
  std::uint32_t violating(std::size_t event);
  // There was not enough left to do that.
  bool exhausted() const { return work_ >= work_max; }
  std::uint64_t worlds() const { return nodes_.size(); }

 private:
  static constexpr std::size_t worlds_max = 20'000;
  // In transitions looked at, and handlers run for them, which take as long as states are large.
  static constexpr std::uint64_t work_exact_max = 500'000;
  static constexpr std::uint64_t work_max = 1'000'000;
  static constexpr std::uint64_t work_of_run_max = 10'000'000;
  static constexpr std::uint32_t steps_of_walk_max = 256;
  static constexpr std::uint32_t first_walks = 20;
  // What a step leads to: a world by number, or one of these.
  static constexpr Id violation = ~Id{0};
  static constexpr Id failure = ~Id{0} - 1;  // of a handler, another one than the run's
  struct Node {
    World world;
    bool expanded = false;
    bool sealed = false;  // known to violate in the end
    std::uint32_t visit = 0;
    std::vector<Id> next{};
  };
  enum class Step : std::uint8_t { goes_on, violates, fails };
  enum class End : std::uint8_t { violates, ends, runs_on };

  std::uint64_t work_of_handler(const World& world, std::size_t actor) const;
  bool is_silent(std::size_t actor) const;
  bool is_faultless(const Transition& transition) const;
  std::vector<Way> ways(const World& world);
  Step take(World& world, const Way& way);
  bool is_the_fault(Id fault) const;
  Id node_of(const World& world);
  const std::vector<Id>& next(Id node);
  std::optional<std::vector<Id>> closure(Id from, Fate& fate);
  bool seal(const std::vector<Id>& closed);
  End walk(std::size_t event, std::uint64_t number);

  const Model& model_;
  const Counterexample& run_;
  std::vector<const Property*> properties_;
  Evaluator evaluator_;
  Machine machine_;
  std::vector<World> worlds_;  // of the run, behind each event but the last
  std::vector<Node> nodes_;
  std::unordered_map<World, Id, WorldHash> index_;
  std::uint32_t visits_ = 0;
  std::uint64_t work_ = 0;
};

}  // namespace gainsay
