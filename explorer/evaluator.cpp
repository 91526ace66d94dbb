#include "explorer/evaluator.hpp"

#include <algorithm>

namespace gainsay {

namespace {

// Vectors of local states are counted only in systems this small: it costs a look-up a node.
constexpr std::size_t counted_nodes_max = 5;

std::size_t index_of(Scope scope) { return static_cast<std::size_t>(scope); }

bool has_result(const History& history) {
  return std::ranges::any_of(history.clients, [](const std::vector<HistoryOperation>& client) {
    return std::ranges::any_of(client, [](const auto& one) { return one.result.has_value(); });
  });
}

}  // namespace

Evaluator::Evaluator(const System& system, const std::vector<const Property*>& properties)
    : system_(system), nodes_(system.bounds.nodes), folds_(nodes_) {
  for (std::size_t i = 0; i < properties.size(); ++i) {
    properties_.emplace_back().property = properties[i];
    if (properties[i]->kind == PropertyKind::recovers) continue;  // judged behind the search
    of_scope_[index_of(properties[i]->scope)].push_back(i);
  }
  wants_vectors_ = !of_scope_[index_of(Scope::world)].empty() || nodes_ <= counted_nodes_max;
}

// False when the property is violated. A `sometimes` is never violated, only reached.
bool Evaluator::holds(std::size_t property, std::span<const void* const> views) {
  Counted& counted = properties_[property];
  counted.evaluated.fetch_add(1, std::memory_order_relaxed);
  const bool result = counted.property->holds(views);
  if (counted.property->kind != PropertyKind::sometimes) return result;
  if (result) counted.reached.store(true, std::memory_order_relaxed);
  return true;
}

std::uint8_t Evaluator::judge_step(const LocalEntry& before, const LocalEntry& after, bool counts) {
  const auto& properties = of_scope_[index_of(Scope::step)];
  if (properties.empty() || before.view == nullptr) return 0;
  if (before.status == LocalState::Status::unstarted) return 0;  // the first start is no step
  const void* views[] = {before.view.get(), after.view.get()};
  for (const std::size_t property : properties) {
    const bool result =
        counts ? holds(property, views) : properties_[property].property->holds(views);
    if (!result) return static_cast<std::uint8_t>(property + 1);
  }
  return 0;
}

std::size_t Evaluator::inspect_node(const Machine& machine, Id local) {
  const Id known = locals_.find(local);
  if (known != ReadMap::none) return verdict(known);
  const std::lock_guard lock(mutex_);
  if (const Id met = locals_.find(local); met != ReadMap::none) return verdict(met);
  Id result = 0;
  const LocalEntry& entry = machine.local(local);
  if (entry.view != nullptr) {
    const void* views[] = {entry.view.get()};
    for (const std::size_t property : of_scope_[index_of(Scope::node)]) {
      if (!holds(property, views) && result == 0) result = static_cast<Id>(property + 1);
    }
  }
  locals_.insert(local, result);
  return verdict(result);
}

std::size_t Evaluator::evaluate_pair(const Machine& machine, Id a, Id b) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t key = pair_key(a, b);
  if (const Id met = pairs_.find(key); met != ReadMap::none) return verdict(met);
  const void* views[] = {machine.local(a).view.get(), machine.local(b).view.get()};
  const void* swapped[] = {views[1], views[0]};
  Id result = 0;
  for (const std::size_t property : of_scope_[index_of(Scope::pair)]) {
    const bool one = holds(property, views);
    const bool other = holds(property, swapped);
    if (!(one && other) && result == 0) result = static_cast<Id>(property + 1);
  }
  pairs_.insert(key, result);
  return verdict(result);
}

std::size_t Evaluator::inspect_pairs(const Machine& machine, const Id* world, std::size_t process) {
  std::size_t worst = none;
  const Id changed = machine.local_of(world[process]);
  for (std::size_t other = 0; other < nodes_; ++other) {
    if (other == process) continue;
    const Id local = machine.local_of(world[other]);
    const Id a = process < other ? changed : local;
    const Id b = process < other ? local : changed;
    const Id known = pairs_.find(pair_key(a, b));
    worst = std::min(worst, known != ReadMap::none ? verdict(known) : evaluate_pair(machine, a, b));
  }
  return worst;
}

std::size_t Evaluator::inspect_vector(const Machine& machine, const Id* world) {
  if (!wants_vectors_) return none;
  Id prefix = 0;
  for (std::size_t node = 0; node < nodes_; ++node) {
    prefix = folds_[node].find(pair_key(prefix, machine.local_of(world[node])));
    if (prefix == ReadMap::none) return evaluate_vector(machine, world);
  }
  return verdict(prefix);
}

std::size_t Evaluator::evaluate_vector(const Machine& machine, const Id* world) {
  const std::lock_guard lock(mutex_);
  Id prefix = 0;
  bool is_new = false;
  Id result = 0;
  for (std::size_t node = 0; node < nodes_; ++node) {
    const std::uint64_t key = pair_key(prefix, machine.local_of(world[node]));
    const Id found = folds_[node].find(key);
    const bool last = node + 1 == nodes_;
    if (found != ReadMap::none) {
      prefix = found;
      continue;
    }
    is_new = true;
    if (last) {
      std::vector<const void*> views;
      for (std::size_t i = 0; i < nodes_; ++i) {
        views.push_back(machine.local(machine.local_of(world[i])).view.get());
      }
      for (const std::size_t property : of_scope_[index_of(Scope::world)]) {
        if (!holds(property, views) && result == 0) result = static_cast<Id>(property + 1);
      }
    }
    prefix = last ? result : static_cast<Id>(folds_[node].size());
    folds_[node].insert(key, prefix);
  }
  if (is_new) ++vectors_;
  return verdict(prefix);
}

std::size_t Evaluator::inspect_labelled(const Machine& machine, const Id* world) {
  std::size_t worst = none;
  const auto evaluate = [&](ReadMap& memo, std::uint64_t key, const auto& predicate) {
    Id known = memo.find(key);
    if (known == ReadMap::none) {
      const std::lock_guard lock(mutex_);
      known = memo.find(key);
      if (known == ReadMap::none) {
        known = predicate();
        memo.insert(key, known);
      }
    }
    worst = std::min(worst, verdict(known));
  };
  const auto& of_history = of_scope_[index_of(Scope::history)];
  if (machine.history_slot() != Machine::npos && !of_history.empty()) {
    const Id history = world[machine.history_slot()];
    evaluate(histories_, history, [&]() -> Id {
      // A history in which nothing has returned says nothing of the servers.
      const bool counts = has_result(machine.history(history));
      for (const std::size_t property : of_history) {
        if (counts) properties_[property].evaluated.fetch_add(1, std::memory_order_relaxed);
        if (!properties_[property].property->history_holds(machine.history(history))) {
          return static_cast<Id>(property + 1);
        }
      }
      return 0;
    });
  }
  for (const std::size_t property : of_scope_[index_of(Scope::observer)]) {
    const Property& observed = *properties_[property].property;
    const Id state = world[machine.first_observer_slot() + observed.observer];
    evaluate(observers_, pair_key(static_cast<Id>(property), state), [&]() -> Id {
      properties_[property].evaluated.fetch_add(1, std::memory_order_relaxed);
      return observed.observer_holds(machine.observer(state)) ? 0 : static_cast<Id>(property + 1);
    });
  }
  return worst;
}

std::size_t Evaluator::inspect(const Machine& machine, const Id* world, std::size_t process,
                               bool labelled) {
  std::size_t worst = none;
  if (process != Machine::npos) {
    worst = inspect_node(machine, machine.local_of(world[process]));
    if (process < nodes_) {
      if (!of_scope_[index_of(Scope::pair)].empty()) {
        worst = std::min(worst, inspect_pairs(machine, world, process));
      }
      worst = std::min(worst, inspect_vector(machine, world));
    }
  }
  if (labelled) worst = std::min(worst, inspect_labelled(machine, world));
  return worst;
}

std::size_t Evaluator::inspect_all(const Machine& machine, const Id* world) {
  std::size_t worst = inspect_labelled(machine, world);
  for (std::size_t process = 0; process < system_.size(); ++process) {
    worst = std::min(worst, inspect(machine, world, process, false));
  }
  return worst;
}

std::vector<PropertyReport> Evaluator::reports() const {
  std::vector<PropertyReport> reports;
  for (const Counted& counted : properties_) {
    PropertyReport report{.name = counted.property->name,
                          .kind = counted.property->kind,
                          .verdict = Verdict::holds,
                          .evaluated = counted.evaluated.load()};
    const bool unreached = report.kind == PropertyKind::sometimes && !counted.reached.load();
    if (unreached || report.evaluated == 0) report.verdict = Verdict::vacuous;
    reports.push_back(std::move(report));
  }
  return reports;
}

std::vector<bool> Evaluator::reached() const {
  std::vector<bool> reached;
  for (const Counted& counted : properties_) reached.push_back(counted.reached.load());
  return reached;
}

void Evaluator::set_reached(const std::vector<bool>& reached) {
  for (std::size_t i = 0; i < reached.size() && i < properties_.size(); ++i) {
    if (reached[i]) properties_[i].reached.store(true);
  }
}

}  // namespace gainsay
