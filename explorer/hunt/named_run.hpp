// Parts of one run, tried again by the names of its events: on the interned
// machine, where a try costs a few look-ups an event.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "explorer/hunt/walk.hpp"

namespace gainsay {

class NamedRun {
 public:
  using Events = std::vector<std::uint32_t>;  // by their places in the run

  // Only the property that the run violates is judged. REQUIRES: the model
  // outlives this.
  NamedRun(const Model& model, Counterexample run);

  const Event& event(std::uint32_t index) const { return run_.events[index]; }
  std::size_t size() const { return run_.events.size(); }
  bool is_start(std::uint32_t index) const { return index < model_.system.size(); }
  std::uint32_t faults(const Events& events) const;
  // Those of the events that could be taken, up to the one that violates the
  // property; none: it is not violated. The initial starts are taken in any
  // case.
  std::optional<Events> try_events(const Events& events);
  // Those of the events that the last one depends on. REQUIRES: they can all be
  // taken.
  Events cone(const Events& events);
  std::uint64_t tries() const { return tries_; }
  Counterexample counterexample(const Events& events) const;

 private:
  std::optional<Move> move_of(std::uint32_t index);
  std::uint32_t part_of(std::size_t actor, std::uint32_t index);
  std::uint32_t index_of(std::size_t actor, std::uint32_t part, std::uint32_t index);
  bool is_violated() const;

  const Model& model_;
  Counterexample run_;
  std::vector<const Property*> properties_;
  Evaluator evaluator_;
  Machine machine_;
  Walk walk_;
  std::unordered_map<std::uint64_t, std::uint32_t> moves_;  // (cell, event) -> index
  std::vector<Id> envelopes_;  // by event, where it is about a message and that was met
  std::uint64_t tries_ = 0;
};

}  // namespace gainsay
