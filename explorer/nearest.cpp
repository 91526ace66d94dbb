#include "explorer/nearest.hpp"

#include <algorithm>
#include <unordered_map>

#include "explorer/evaluator.hpp"
#include "explorer/way.hpp"

namespace gainsay {

namespace {

// Those that could be violated anew.
std::vector<const Property*> not_violated(const Model& model, const std::vector<Event>& events) {
  LiveWorld world(model.system);
  for (const Event& event : events) world.apply(event);
  std::vector<const Property*> found;
  for (const Property& property : model.properties) {
    const bool is_of_worlds =
        property.kind != PropertyKind::sometimes && property.kind != PropertyKind::recovers;
    if (is_of_worlds && holds_in(property, world)) found.push_back(&property);
  }
  return found;
}

class Search {
 public:
  Search(const Model& model, const std::vector<Event>& events)
      : properties_(not_violated(model, events)),
        evaluator_(model.system, properties_),
        machine_(model.system, {.judge_step = [this](const LocalEntry& before,
                                                     const LocalEntry& after, bool counts) {
                   return evaluator_.judge_step(before, after, counts);
                 }}) {
    World world = machine_.unstarted();
    for (const Event& event : events) {
      const Way way = way_of(machine_, world, event);
      machine_.apply(world.data(), way.actor, *way.expansion, *way.transition);
    }
    meet(world, {});
  }

  NearestReport run(const NearestOptions& options);

 private:
  struct Met {
    const World* world = nullptr;
    Id before = 0;
    std::size_t actor = 0;
    std::size_t transition = 0;
    std::uint32_t depth = 0;
  };

  void meet(const World& world, Met met) {
    const auto [at, is_new] = index_.try_emplace(world, static_cast<Id>(met_.size()));
    if (!is_new) return;
    met.world = &at->first;
    met_.push_back(met);
  }
  bool expand(Id from);
  std::string broken_by(const Transition& transition, const World& after);
  std::vector<Event> events_to(Met last);

  std::vector<const Property*> properties_;
  Evaluator evaluator_;
  Machine machine_;
  std::unordered_map<World, Id, WorldHash> index_;  // does not move its worlds
  std::vector<Met> met_;
  std::uint64_t transitions_ = 0;
  NearestReport report_;
};

// What a handler that fails violates has a name of its own; empty: nothing.
std::string Search::broken_by(const Transition& transition, const World& after) {
  if (transition.step_violation != 0) return properties_[transition.step_violation - 1U]->name;
  if (index_.contains(after)) return "";
  const std::size_t violated = evaluator_.inspect_all(machine_, after.data());
  return violated == Evaluator::none ? "" : properties_[violated]->name;
}

// False where it has found what it looks for.
bool Search::expand(Id from) {
  const World& world = *met_[from].world;
  for (std::size_t actor = 0; actor < machine_.actors(); ++actor) {
    const Expansion& expansion = machine_.expand(world.data(), actor);
    for (std::size_t i = 0; i < expansion.transitions.size(); ++i) {
      const Transition& transition = expansion.transitions[i];
      if (!machine_.affordable(world.data(), transition)) continue;
      ++transitions_;
      const Met met{.before = from, .actor = actor, .transition = i, .depth = met_[from].depth + 1};
      if (transition.fault != 0) {
        report_.property = violation_of_fault(machine_.fault_kind(transition.fault), "").property;
      } else {
        World after = world;
        machine_.apply(after.data(), actor, expansion, transition);
        report_.property = broken_by(transition, after);
        if (report_.property.empty()) meet(after, met);
      }
      if (report_.property.empty()) continue;
      report_.events = events_to(met);
      return false;
    }
  }
  return true;
}

std::vector<Event> Search::events_to(Met last) {
  std::vector<Event> events;
  for (;;) {
    const World& before = *met_[last.before].world;
    const Expansion& expansion = machine_.expand(before.data(), last.actor);
    events.push_back(
        machine_.event_of(node_id(last.actor), expansion.transitions[last.transition]));
    if (last.before == 0) break;
    last = met_[last.before];
  }
  std::ranges::reverse(events);
  return events;
}

NearestReport Search::run(const NearestOptions& options) {
  Id next = 0;
  for (; next < met_.size(); ++next) {
    if (met_.size() >= options.max_worlds || transitions_ >= options.max_transitions) break;
    if (!expand(next)) break;
  }
  report_.worlds = met_.size();
  report_.is_found = !report_.property.empty();
  if (report_.is_found) return std::move(report_);
  report_.complete = next == met_.size();
  // All that the worlds of a smaller depth lead to has been looked at.
  report_.depth = report_.complete ? met_.back().depth : met_[next].depth;
  return std::move(report_);
}

}  // namespace

NearestReport nearest_violation(const Model& model, const std::vector<Event>& events,
                                const NearestOptions& options) {
  return Search(model, events).run(options);
}

}  // namespace gainsay
