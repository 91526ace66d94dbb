// Parts of one run, tried again by the names of its events: on the interned machine, where a try
// costs a few look-ups an event, and goes on from where it departs from the last one that was kept.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "explorer/hunt/history_tree.hpp"
#include "explorer/hunt/walk.hpp"

namespace gainsay {

// What stands for an event that is not there: nothing, or one of the same kind (of the same sender
// and kind of message, or the same timer). A counter that is one less gives all later messages
// other names.
enum class Match : std::uint8_t { exact, alike };

class NamedRun {
 public:
  using Events = std::vector<std::uint32_t>;  // by their places in the run, then others as met

  // Only the property that the run violates is judged. A client history is judged event by event
  // where so many clients act at most, else when a try is at its end. REQUIRES: the model outlives
  // this.
  NamedRun(const Model& model, Counterexample run, std::size_t clients_event_by_event = 8);

  const Event& event(std::uint32_t index) const { return events_[index]; }
  std::size_t size() const { return run_.events.size(); }  // of the run
  bool is_start(std::uint32_t index) const { return event(index).kind == EventKind::start; }
  // A number for an event that may not be of the run.
  std::uint32_t known(Event event);
  std::uint32_t faults(const Events& events) const;
  // Those of the events that could be taken, up to the one that violates the property; none: it is
  // not violated. The initial starts are taken in any case: those of the run where others are
  // missing.
  std::optional<Events> try_events(const Events& events, Match match = Match::exact);
  // Those of the events that the last event of some processes depends on, that of the run and of
  // these. REQUIRES: they can all be taken.
  Events cone(const Events& events, const std::vector<NodeId>& ends = {});
  // For each event, earlier ones (by place) so that any order that keeps those before it is a run
  // with the same local states and messages: of one process, of what sent a message, of what is
  // labelled where the property is about labels. What concerns many keeps its place among all.
  // REQUIRES: they can all be taken.
  std::vector<std::vector<std::uint32_t>> dependencies(const Events& events);
  // What the local states and budgets are behind each event, as a number that is the same for equal
  // ones. REQUIRES: the same.
  std::vector<std::uint64_t> marks(const Events& events);
  std::uint64_t tries() const { return tries_; }
  Counterexample counterexample(const Events& events) const;

 private:
  struct Checkpoint {
    std::size_t taken = 0;  // so many events of `kept_`
    Walk::Saved saved;
  };
  struct Found {
    Move move;
    std::uint32_t index = 0;
  };

  bool start(const Events& events, Events& taken);
  std::size_t resume(const Events& events, Events& taken);
  std::optional<Found> find(std::uint32_t index, Match match);
  std::optional<Move> move_of(std::uint32_t index);
  std::optional<Found> alike(std::uint32_t index);
  std::optional<Found> alike(std::size_t actor, std::uint32_t part, const Event& wanted);
  std::size_t actor_of(const Event& event) const;
  std::uint32_t part_of(std::size_t actor, std::uint32_t index);
  std::uint32_t index_of(std::size_t actor, std::uint32_t part, std::uint32_t index);
  bool keeps_its_place(const Event& event) const;
  bool is_violated() const;
  std::uint32_t history_length() const;
  bool end_at_violation(Events& taken, std::vector<std::uint32_t>& lengths) const;

  const Model& model_;
  Counterexample run_;
  std::vector<const Property*> properties_;
  std::unique_ptr<HistoryTree> tree_;  // of histories that are judged as a whole
  std::optional<Futures> futures_;
  Evaluator evaluator_;
  Machine machine_;
  Walk walk_;
  std::vector<Event> events_;
  std::map<Event, std::uint32_t> others_;                   // met in place of those of the run
  std::unordered_map<std::uint64_t, std::uint32_t> moves_;  // (cell, event) -> index
  std::vector<Id> envelopes_;  // by event, where it is about a message and that was met
  Events kept_;                // the last try that violated
  std::vector<std::uint32_t> kept_lengths_;  // of its history, behind each event
  std::vector<Checkpoint> checkpoints_;
  std::uint64_t tries_ = 0;
};

}  // namespace gainsay
