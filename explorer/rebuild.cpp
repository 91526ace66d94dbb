// The counterexample: found after the search, by scanning the layers backwards for the least
// predecessor by content. So no parents are stored, and the trace does not depend on threads.
#include <algorithm>
#include <stdexcept>

#include "engine/world.hpp"
#include "explorer/confirm.hpp"
#include "explorer/parallel.hpp"
#include "explorer/search.hpp"
#include "properties/evaluate.hpp"

namespace gainsay {

std::optional<Search::Predecessor> Search::least_predecessor(std::uint64_t root,
                                                             const std::vector<Task>& tasks) {
  std::vector<std::optional<Predecessor>> best(jobs_);
  parallel_chunks(tasks.size(), 1, jobs_, [&](unsigned id, std::size_t at, std::size_t) {
    Worker& worker = workers_[id];
    for (std::size_t i = tasks[at].begin; i < tasks[at].end; ++i) {
      const std::uint64_t from = store_.roots()[i];
      const bool fits =
          expand(worker, from, tasks[at].cost, Sleep(),
                 [&](std::uint32_t process, std::uint32_t index, const Transition& edge,
                     std::uint64_t next) {
                   if (edge.fault != 0 || next != root) return;
                   Predecessor found{.content = machine_.hash(worker.world.words.data()),
                                     .events = machine_.events_of(node_id(process), edge),
                                     .world = words_of(worker.world.words.data()),
                                     .process = process,
                                     .transition = index};
                   if (!best[id] || found < *best[id]) best[id] = std::move(found);
                 });
      if (!fits) must_grow_.store(true);
    }
  });
  std::optional<Predecessor> least;
  for (auto& found : best) {
    if (found && (!least || *found < *least)) least = std::move(found);
  }
  return least;
}

// A layer that a limit cut short was not folded whole, so that tables may still have to grow.
std::pair<Search::Predecessor, Search::LayerKey> Search::predecessor(const std::vector<Id>& world,
                                                                     LayerKey key) {
  const std::vector<Task> tasks = tasks_of(key);
  std::optional<Predecessor> least;
  do {
    if (must_grow_.exchange(false)) store_.make_room(jobs_, false);
    least = least_predecessor(fold(world.data(), workers_.front()), tasks);
  } while (must_grow_.load());
  if (!least) throw std::logic_error("a world has no predecessor in the layers before it");
  const std::uint32_t cost = budget_of(model_.system, least->events.back()).cost();
  const LayerKey at{key.first - cost, key.second - 1};
  return {std::move(*least), at};
}

std::uint64_t Search::fold(const Id* words, Worker& worker) {
  std::uint64_t root = WorldStore::no_root;
  while ((root = store_.fold(words, worker.store)) == WorldStore::no_root) {
    store_.make_room(1, false);
  }
  return root;
}

std::vector<Event> Search::path_to(std::vector<Id> world, LayerKey key, Symmetry::Index element) {
  std::vector<Event> backwards;
  while (key.second > 1) {
    auto [before, at] = predecessor(world, key);
    if (symmetry_) {
      element = symmetry_->group().product(element, canonicaliser(before));
      before.events = images_of(before.world, before.process, before.transition, element);
    }
    backwards.insert(backwards.end(), before.events.rbegin(), before.events.rend());
    world = std::move(before.world);
    key = at;
  }
  std::vector<Event> events = start_of(world, element);
  events.insert(events.end(), backwards.rbegin(), backwards.rend());
  return events;
}

Counterexample Search::rebuild(const Found& found, LayerKey key) {
  Counterexample counterexample;
  if (found.property != Evaluator::none) {
    counterexample.property = properties_[found.property]->name;
    counterexample.kind = properties_[found.property]->kind;
    counterexample.message = counterexample.kind == PropertyKind::recovers
                                 ? recovery_message(*properties_[found.property])
                                 : "\"" + counterexample.property + "\" does not hold";
  }
  const Symmetry::Index element = symmetry_ ? violating_image(found) : Symmetry::Index{0};
  if (!found.by_step) {
    counterexample.events = path_to(found.world, key, element);
  } else {
    const Transition& edge =
        machine_.expand(found.world[found.process]).transitions[found.transition];
    const LayerKey before{key.first - edge.cost, key.second - 1};
    counterexample.events = path_to(found.world, before, element);
    for (Event& event : images_of(found.world, found.process, found.transition, element)) {
      counterexample.events.push_back(std::move(event));
    }
    if (edge.fault != 0) {
      const Violation violation =
          violation_of_fault(machine_.fault_kind(edge.fault), machine_.fault(edge.fault));
      counterexample.property = violation.property;
      counterexample.message = machine_.fault(edge.fault);
    }
  }
  counterexample.faults = faults_of(model_.system, counterexample.events);
  verify(counterexample);
  return counterexample;
}

namespace {

// In fifo: delivers what a link holds before the event's message. Those were dropped as dead, so
// they change nothing.
void clear_the_way(LiveWorld& world, const Event& event, std::vector<Event>& run) {
  for (;;) {
    const std::vector<Event> enabled = world.enabled();
    const auto head = std::ranges::find_if(enabled, [&](const Event& other) {
      return other.kind == EventKind::deliver && other.process == event.process &&
             other.from == event.from;
    });
    if (head == enabled.end() || head->message == event.message) return;
    const Event dead = *head;
    const Bytes before = world.local(dead.process);
    const Outcome outcome = world.apply(dead);
    if (outcome.step.fault != StepResult::Fault::none || world.local(dead.process) != before) {
      throw std::logic_error("a message that was dropped as dead is not");
    }
    run.push_back(dead);
  }
}

}  // namespace

// A counterexample is not believed before the live world has run it.
void Search::verify(Counterexample& counterexample) const {
  LiveWorld world(model_.system);
  const bool fifo = model_.system.bounds.network == Network::fifo;
  std::vector<Event> run;
  for (std::size_t i = 0; i < counterexample.events.size(); ++i) {
    const Event& event = counterexample.events[i];
    if (fifo && event.kind == EventKind::deliver) clear_the_way(world, event, run);
    const bool last = i + 1 == counterexample.events.size();
    const LiveWorld before(world);
    const Outcome outcome = world.apply(event);
    // What stood for a local state may have changed where that one itself does not.
    if (reduce_.minimise && !last && outcome.status == Outcome::Status::no_op) continue;
    const bool failed = outcome.step.fault != StepResult::Fault::none;
    if (outcome.status != Outcome::Status::applied || (failed && !last)) {
      throw std::logic_error("the live world does not run the counterexample: step " +
                             std::to_string(i) + ", " + describe(model_.system, event) + ": " +
                             outcome.reason + outcome.step.message);
    }
    run.push_back(event);
    if (!last) continue;
    if (counterexample.kind == PropertyKind::recovers) {  // judged by what lies behind the world
      for (std::size_t process = 0; process < stuck_.size(); ++process) {
        if (world.local(node_id(process)) == machine_.local(stuck_[process]).bytes) continue;
        throw std::logic_error("the live world does not end where there is no way back");
      }
      continue;
    }
    const auto violation =
        find_violation(model_, before, event, outcome, world, counterexample.property);
    if (!violation || violation->property != counterexample.property) {
      throw std::logic_error("the live world does not violate \"" + counterexample.property +
                             "\" where the explorer does");
    }
  }
  counterexample.events = std::move(run);
}

}  // namespace gainsay
