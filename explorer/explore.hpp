// Walking by hand: any world of a system by the path that leads to it, what has happened on the
// way, what can happen next, and what each of that leads to.
//
// What is asked for is a function of the model and the path alone; worlds that were met are kept,
// so that a step more or less costs one step.
//
// Thread-safety: none; one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/leaves.hpp"
#include "explorer/path.hpp"
#include "properties/evaluate.hpp"

namespace gainsay {

// Of a property and one world: what was violated or reached before does not count.
enum class PropertyState : std::uint8_t {
  holds,
  violated,  // by the world, or by the step that led to it
  reached,   // `sometimes`
  not_reached,
  not_judged  // before world 0, and a property that is not of single worlds
};
std::string_view to_string(PropertyState state);

// A step that was taken.
struct Taken {
  PathStep step;
  std::vector<Event> events;  // the one that was chosen, and the starts that follow by themselves
  Hash128 world;              // behind it; of no meaning where a handler failed
  std::vector<PropertyState> properties;  // in the model's order
  std::vector<std::size_t> newly;         // what it violates and the world before did not
  std::optional<Violation> fault{};       // its handler failed: there is no world behind it
  std::vector<LeafChange> changes;        // of the process of the event
  std::vector<Sent> sends;
  std::vector<std::string> notes;
};

// What can happen next.
struct Choice {
  Event event;
  std::optional<Taken> taken{};            // what it would lead to; none: that was not looked at
  std::vector<std::size_t> reaches{};      // `sometimes` that it would reach, and here are not
  std::optional<std::uint32_t> back_to{};  // a world of the path: behind so many steps
  PathStep step;
};

class Exploration {
 public:
  // Of a world that was met; good until the next `go`.
  using Place = std::uint32_t;
  static constexpr Place root = 0;

  // REQUIRES: the model outlives this.
  explicit Exploration(const Model& model);

  const Model& model() const { return *model_; }
  // Throws PathError.
  Place go(std::span<const PathStep> path);
  // The worlds on the way to one, the first and itself included.
  std::vector<Place> way(Place place) const;
  const Taken& taken(Place place) const { return nodes_[place].taken; }
  Place before(Place place) const { return nodes_[place].before; }
  std::uint32_t steps(Place place) const { return nodes_[place].steps; }
  // Behind a handler that failed: the world before it. Good until the next call of anything.
  const LiveWorld& world(Place place);
  // Roughly what that takes in memory, and as long to copy.
  std::size_t bytes(Place place);
  // From the unstarted world on.
  std::vector<Event> events(Place place) const;
  // By property, the first step of the path, counted from 0 for the first world, by which it was
  // violated or reached.
  std::vector<std::optional<std::uint32_t>> first(Place place) const;
  // All that can happen, in canonical order; of the first `judged` what they lead to.
  std::vector<Choice> choices(Place place, std::size_t judged = ~std::size_t{0});

 private:
  struct Node {
    Place before = root;
    std::uint32_t steps = 0;
    Taken taken;
    std::map<PathStep, Place> next{};
  };
  struct Kept {
    std::uint64_t used = 0;
    std::size_t bytes = 0;
    std::unique_ptr<const LiveWorld> world;
  };

  Place extend(Place from, LiveWorld& world, const PathStep& step);
  void take(LiveWorld& world, const Event& event, Taken& taken) const;
  void take_forced(LiveWorld& world, Taken& taken) const;
  const LiveWorld& keep(Place place, const LiveWorld& world);
  void make_room(std::size_t bytes);
  void forget();

  const Model* model_;
  std::vector<Node> nodes_;  // a tree
  std::map<Place, Kept> kept_;
  std::size_t kept_bytes_ = 0;
  std::uint64_t uses_ = 0;
};

}  // namespace gainsay
