#include "explorer/continuations.hpp"

#include <algorithm>

#include "engine/random.hpp"
#include "properties/evaluate.hpp"

namespace gainsay {

namespace {

// None where a handler failed.
std::vector<const Property*> violated_property(const Model& model, const Counterexample& run) {
  for (const Property& property : model.properties) {
    if (property.name == run.property) return {&property};
  }
  return {};
}

}  // namespace

Continuations::Continuations(const Model& model, const Counterexample& run)
    : model_(model),
      run_(run),
      properties_(violated_property(model, run)),
      evaluator_(model.system, properties_),
      machine_(model.system, {.judge_step = [this](const LocalEntry& before,
                                                   const LocalEntry& after, bool counts) {
                 return evaluator_.judge_step(before, after, counts);
               }}) {
  World world = machine_.unstarted();
  std::uint64_t work = 0;
  for (std::size_t i = 0; i + 1 < run.events.size() && work < work_of_run_max; ++i) {
    const std::uint64_t before = machine_.handler_runs();
    const Way way = way_of(machine_, world, run.events[i]);
    work += work_of_handler(world, way.actor) * (machine_.handler_runs() - before);
    machine_.apply(world.data(), way.actor, *way.expansion, *way.transition);
    worlds_.push_back(world);
  }
}

bool Continuations::is_silent(std::size_t actor) const {
  return actor < model_.system.size() && model_.system.is_faulty(node_id(actor));
}

// REQUIRES: the actor is not silent.
bool Continuations::is_faultless(const Transition& transition) const {
  if (transition.cost > 0) return false;
  return transition.from == 0xff || !model_.system.is_byzantine({transition.from});
}

std::uint64_t Continuations::work_of_handler(const World& world, std::size_t actor) const {
  if (actor >= model_.system.size()) return 0;
  return 10 + machine_.local(machine_.local_of(world[actor])).bytes.size() / 16;
}

std::vector<Way> Continuations::ways(const World& world) {
  std::vector<Way> all;
  for (std::size_t actor = 0; actor < machine_.actors(); ++actor) {
    if (is_silent(actor)) continue;  // what it could say may be much
    const std::uint64_t before = machine_.handler_runs();
    const Expansion& expansion = machine_.expand(world.data(), actor);
    work_ += work_of_handler(world, actor) * (machine_.handler_runs() - before);
    for (const Transition& transition : expansion.transitions) {
      ++work_;
      if (!is_faultless(transition)) continue;
      if (!machine_.affordable(world.data(), transition)) continue;
      all.push_back({.actor = actor, .expansion = &expansion, .transition = &transition});
    }
  }
  return all;
}

bool Continuations::is_the_fault(Id fault) const {
  if (!properties_.empty()) return false;
  return violation_of_fault(machine_.fault_kind(fault), "").property == run_.property &&
         machine_.fault(fault) == run_.message;
}

Continuations::Step Continuations::take(World& world, const Way& way) {
  const Transition& transition = *way.transition;
  if (transition.fault != 0) {
    return is_the_fault(transition.fault) ? Step::violates : Step::fails;
  }
  if (transition.step_violation != 0) return Step::violates;
  machine_.apply(world.data(), way.actor, *way.expansion, transition);
  const bool fine = evaluator_.inspect_all(machine_, world.data()) == Evaluator::none;
  return fine ? Step::goes_on : Step::violates;
}

// --- all ways: exact ---

Id Continuations::node_of(const World& world) {
  const auto [at, is_new] = index_.try_emplace(world, static_cast<Id>(nodes_.size()));
  if (is_new) nodes_.push_back({.world = world});
  return at->second;
}

// A step that leaves the world as it is leads nowhere.
const std::vector<Id>& Continuations::next(Id node) {
  if (nodes_[node].expanded) return nodes_[node].next;
  const World world = nodes_[node].world;
  std::vector<Id> successors;
  for (const Way& way : ways(world)) {
    World after = world;
    const Step step = take(after, way);
    if (step == Step::goes_on && after == world) continue;
    successors.push_back(step == Step::violates ? violation
                         : step == Step::fails  ? failure
                                                : node_of(after));
  }
  std::ranges::sort(successors);
  const auto repeated = std::unique(successors.begin(), successors.end());
  successors.erase(repeated, successors.end());
  nodes_[node].next = std::move(successors);
  nodes_[node].expanded = true;
  return nodes_[node].next;
}

// All worlds that one leads to, but for those that are sealed; nothing where one of them ends
// without the violation, or where they are too many.
std::optional<std::vector<Id>> Continuations::closure(Id from, Fate& fate) {
  ++visits_;
  nodes_[from].visit = visits_;
  std::vector<Id> found = {from};
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (nodes_.size() >= worlds_max || work_ >= work_exact_max) {
      fate = Fate::unknown;
      return std::nullopt;
    }
    const std::vector<Id> successors = next(found[i]);
    if (successors.empty() || std::ranges::binary_search(successors, failure)) {
      fate = Fate::escapes;
      return std::nullopt;
    }
    for (const Id other : successors) {
      if (other == violation || nodes_[other].sealed || nodes_[other].visit == visits_) continue;
      nodes_[other].visit = visits_;
      found.push_back(other);
    }
  }
  return found;
}

// Of a closed set: true, and all are sealed, where the violation can be reached from each.
bool Continuations::seal(const std::vector<Id>& closed) {
  std::unordered_map<Id, std::vector<Id>> before;
  std::vector<Id> reaching;
  ++visits_;
  const auto reach = [&](Id node) {
    if (nodes_[node].visit == visits_) return;
    nodes_[node].visit = visits_;
    reaching.push_back(node);
  };
  for (const Id node : closed) {
    for (const Id other : nodes_[node].next) {
      if (other == violation || nodes_[other].sealed) {
        reach(node);
      } else {
        before[other].push_back(node);
      }
    }
  }
  for (std::size_t i = 0; i < reaching.size(); ++i) {
    for (const Id node : before[reaching[i]]) reach(node);
  }
  if (reaching.size() < closed.size()) return false;
  for (const Id node : closed) nodes_[node].sealed = true;
  return true;
}

Continuations::Fate Continuations::fate(std::size_t event) {
  const Id from = node_of(worlds_[event]);
  if (nodes_[from].sealed) return Fate::violates;
  // Most that escape do so on the first ways, however many worlds there are.
  for (std::uint32_t i = 0; i < first_walks; ++i) {
    if (walk(event, i) == End::ends) return Fate::escapes;
  }
  Fate fate = Fate::unknown;
  const auto closed = closure(from, fate);
  if (!closed) return fate;
  return seal(*closed) ? Fate::violates : Fate::escapes;
}

// --- some ways: random ---

Continuations::End Continuations::walk(std::size_t event, std::uint64_t number) {
  World world = worlds_[event];
  RandomStream random(std::uint64_t{event} * samples + number);
  for (std::uint32_t i = 0; i < steps_of_walk_max && !exhausted(); ++i) {
    std::vector<Way> all = ways(world);
    for (bool moved = false; !moved;) {
      if (all.empty()) return End::ends;
      const std::uint32_t at = random.below(static_cast<std::uint32_t>(all.size()));
      World after = world;
      const Step step = take(after, all[at]);
      if (step != Step::goes_on) return step == Step::violates ? End::violates : End::ends;
      moved = after != world;
      if (!moved) all.erase(all.begin() + at);
      world = std::move(after);
    }
  }
  return End::runs_on;
}

std::uint32_t Continuations::violating(std::size_t event) {
  std::uint32_t count = 0;
  for (std::uint64_t i = 0; i < samples; ++i) count += walk(event, i) == End::violates ? 1 : 0;
  return count;
}

}  // namespace gainsay
