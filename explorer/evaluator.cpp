#include "explorer/evaluator.hpp"

#include <algorithm>
#include <set>

namespace gainsay {

namespace {

// Vectors of local states are counted only in systems this small: it costs a look-up a node.
constexpr std::size_t counted_nodes_max = 5;

constexpr std::uint64_t no_word = ~std::uint64_t{0};

std::size_t index_of(Scope scope) { return static_cast<std::size_t>(scope); }

bool has_result(const History& history) {
  return std::ranges::any_of(history.clients, [](const std::vector<HistoryOperation>& client) {
    return std::ranges::any_of(client, [](const auto& one) { return one.result.has_value(); });
  });
}

// Keeps the first of the properties that are violated; index + 1, 0: none.
void worsen(Id& result, std::size_t property) {
  const Id violated = static_cast<Id>(property + 1);
  if (result == 0 || violated < result) result = violated;
}

}  // namespace

Evaluator::Evaluator(const System& system, const std::vector<const Property*>& properties,
                     bool counts_vectors)
    : system_(system),
      nodes_(system.bounds.nodes),
      counts_vectors_(counts_vectors && nodes_ <= counted_nodes_max),
      fine_(dense_locals * dense_row),
      shown_(dense_locals),
      folds_(nodes_) {
  fine_.reach(dense_locals * dense_row);
  shown_.reach(dense_locals);
  for (std::size_t i = 0; i < properties.size(); ++i) {
    Counted& counted = properties_.emplace_back();
    counted.property = properties[i];
    if (properties[i]->futures) {
      counted.futures.emplace(*properties[i]->futures, system.bounds.nodes);
    }
    if (properties[i]->kind == PropertyKind::recovers) continue;  // judged behind the search
    of_scope_[index_of(properties[i]->scope)].push_back(i);
  }
  wants_vectors_ = !of_scope_[index_of(Scope::world)].empty() || counts_vectors_;
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

bool Evaluator::has_step_properties() const { return !of_scope_[index_of(Scope::step)].empty(); }

// Of an argument and its renamings the verdict is one and the same: the worst.
std::size_t Evaluator::inspect_node(const Machine& machine, Id local) {
  const Id known = locals_.find(local);
  if (known != ReadMap::none) return verdict(known);
  const std::lock_guard lock(mutex_);
  if (const Id met = locals_.find(local); met != ReadMap::none) return verdict(met);
  Id result = 0;
  const std::vector<Id> images =
      symmetry_ == nullptr ? std::vector<Id>{local} : symmetry_->locals_of(local);
  for (const Id image : images) {
    const LocalEntry& entry = machine.local(image);
    if (entry.view == nullptr) continue;
    const void* views[] = {entry.view.get()};
    for (const std::size_t property : of_scope_[index_of(Scope::node)]) {
      if (!holds(property, views)) worsen(result, property);
    }
  }
  for (const Id image : images) {
    locals_.insert(image, result);
    if (image < dense_locals) {
      shown_[image].store(machine.local(image).shown + 1, std::memory_order_relaxed);
    }
    if (result == 0) set_fine(image, image);
  }
  return verdict(result);
}

std::size_t Evaluator::evaluate_pair(const Machine& machine, Id a, Id b) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t key = pair_key(a, b);
  if (const Id met = pairs_.find(key); met != ReadMap::none) return verdict(met);
  Id result = 0;
  const auto images =
      symmetry_ == nullptr ? std::vector<std::pair<Id, Id>>{{a, b}} : symmetry_->pairs_of(a, b);
  for (const auto& [first, second] : images) {
    const void* views[] = {machine.local(first).view.get(), machine.local(second).view.get()};
    const void* swapped[] = {views[1], views[0]};
    for (const std::size_t property : of_scope_[index_of(Scope::pair)]) {
      const bool one = holds(property, views);
      const bool other = holds(property, swapped);
      if (!(one && other)) worsen(result, property);
    }
  }
  for (const auto& [first, second] : images) {
    pairs_.insert(pair_key(first, second), result);
    if (result == 0) set_fine(first, second);
  }
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

std::size_t Evaluator::inspect_pair(const Machine& machine, Id a, Id b) {
  if (is_known_fine(a, b)) return none;
  const Id known = pairs_.find(pair_key(a, b));
  return known != ReadMap::none ? verdict(known) : evaluate_pair(machine, a, b);
}

// The keys of all nodes side by side, where they fit. If all of them are ones, that is for the
// other tables as well.
template <class At>
std::uint64_t Evaluator::word_of_vector(At&& key_at) const {
  const std::size_t bits = std::min<std::size_t>(32, 64 / nodes_);
  std::uint64_t word = 0;
  std::uint64_t above = 0;  // what does not fit
  for (std::size_t node = 0; node < nodes_; ++node) {
    const std::uint64_t id = key_at(node);
    word = (word << bits) | id;
    above |= id >> bits;
  }
  return above == 0 ? word : no_word;
}

template <class At>
Id Evaluator::find_vector(At&& key_at) const {
  const std::uint64_t word = word_of_vector(key_at);
  if (word != no_word) return words_.find(word);
  Id prefix = 0;
  for (std::size_t node = 0; node < nodes_ && prefix != ReadMap::none; ++node) {
    prefix = folds_[node].find(pair_key(prefix, key_at(node)));
  }
  return prefix;
}

std::size_t Evaluator::inspect_vector(const Machine& machine, const Id* world) {
  if (!wants_vectors_) return none;
  const Id known =
      find_vector([&](std::size_t node) { return key_of(machine, machine.local_of(world[node])); });
  return known != ReadMap::none ? verdict(known) : evaluate_vector(machine, world);
}

std::size_t Evaluator::evaluate_vector(const Machine& machine, const Id* world) {
  const std::lock_guard lock(mutex_);
  const std::vector<std::vector<Id>> images = vectors_of(machine, world);
  const std::vector<Id>& one = images.front();
  const Id met = find_vector([&](std::size_t node) { return key_of(machine, one[node]); });
  if (met != ReadMap::none) return verdict(met);
  Id result = 0;
  for (const std::vector<Id>& locals : images) {
    std::vector<const void*> views;
    for (const Id local : locals) views.push_back(machine.local(local).view.get());
    for (const std::size_t property : of_scope_[index_of(Scope::world)]) {
      if (!holds(property, views)) worsen(result, property);
    }
  }
  for (const std::vector<Id>& locals : images) insert_vector(machine, locals, result);
  return verdict(result);
}

// The vectors of local states of the world's nodes and of its renamings.
std::vector<std::vector<Id>> Evaluator::vectors_of(const Machine& machine, const Id* world) {
  std::vector<Id> vector;
  for (std::size_t i = 0; i < nodes_; ++i) vector.push_back(machine.local_of(world[i]));
  if (symmetry_ == nullptr) return {vector};
  std::set<std::vector<Id>> images;
  std::vector<Id> image(nodes_);
  for (std::size_t h = 0; h < symmetry_->group().size(); ++h) {
    const auto g = static_cast<Symmetry::Index>(h);
    for (std::size_t i = 0; i < nodes_; ++i) {
      const NodeId to = symmetry_->group().image(g, node_id(i));
      image[to.value] = symmetry_->local(vector[i], g);
    }
    images.insert(image);
  }
  return {images.begin(), images.end()};
}

void Evaluator::insert_vector(const Machine& machine, const std::vector<Id>& locals, Id result) {
  ++vectors_;
  const auto key_at = [&](std::size_t node) { return key_of(machine, locals[node]); };
  const std::uint64_t word = word_of_vector(key_at);
  if (word != no_word) {
    words_.insert(word, result);
    return;
  }
  Id prefix = 0;
  for (std::size_t node = 0; node < nodes_; ++node) {
    const std::uint64_t key = pair_key(prefix, key_at(node));
    prefix = folds_[node].find(key);
    if (prefix != ReadMap::none) continue;
    prefix = node + 1 == nodes_ ? result : static_cast<Id>(folds_[node].size());
    folds_[node].insert(key, prefix);
  }
}

// A history or observer word and its renamings.
std::vector<Id> Evaluator::words_of(std::size_t slot, Id word) {
  if (symmetry_ == nullptr) return {word};
  std::set<Id> images;
  for (std::size_t g = 0; g < symmetry_->group().size(); ++g) {
    images.insert(symmetry_->word(slot, word, static_cast<Symmetry::Index>(g)));
  }
  return {images.begin(), images.end()};
}

bool Evaluator::holds_of_history(std::size_t property, const Machine& machine, Id word) {
  Counted& counted = properties_[property];
  if (machine.keeps_futures()) return counted.property->futures->holds(machine.future(word));
  const History& history = machine.history(word);
  if (!counted.futures) return counted.property->history_holds(history);
  return counted.futures->holds(counted.futures->of(history));
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
      const bool counts = machine.keeps_futures()
                              ? properties_[of_history.front()].property->futures->has_result(
                                    machine.future(history))
                              : has_result(machine.history(history));
      Id result = 0;
      for (const Id image : words_of(machine.history_slot(), history)) {
        for (const std::size_t property : of_history) {
          if (counts) properties_[property].evaluated.fetch_add(1, std::memory_order_relaxed);
          if (holds_of_history(property, machine, image)) continue;
          worsen(result, property);
          break;
        }
      }
      return result;
    });
  }
  for (const std::size_t property : of_scope_[index_of(Scope::observer)]) {
    const Property& observed = *properties_[property].property;
    const std::size_t slot = machine.first_observer_slot() + observed.observer;
    const Id state = world[slot];
    evaluate(observers_, pair_key(static_cast<Id>(property), state), [&]() -> Id {
      Id result = 0;
      for (const Id image : words_of(slot, state)) {
        properties_[property].evaluated.fetch_add(1, std::memory_order_relaxed);
        if (!observed.observer_holds(machine.observer(image))) worsen(result, property);
      }
      return result;
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

// REQUIRES: the mutex is held.
void Evaluator::set_fine(Id a, Id b) {
  if (a >= dense_locals || b >= dense_locals) return;
  fine_[a * dense_row + b / 64].fetch_or(std::uint64_t{1} << b % 64, std::memory_order_relaxed);
  fine_[b * dense_row + a / 64].fetch_or(std::uint64_t{1} << a % 64, std::memory_order_relaxed);
}

bool Evaluator::is_fine(const Id* before, std::size_t process, Id local, VectorMemo& memo) const {
  if (!is_known_fine(local, local)) return false;
  if (process >= nodes_) return true;
  if (!of_scope_[index_of(Scope::pair)].empty()) {
    for (std::size_t other = 0; other < nodes_; ++other) {
      if (other != process && !is_known_fine(local, before[other])) return false;
    }
  }
  return !wants_vectors_ || is_fine_vector(before, process, local, memo);
}

bool Evaluator::is_fine_vector(const Id* before, std::size_t process, Id local,
                               VectorMemo& memo) const {
  const auto local_at = [&](std::size_t node) { return node == process ? local : before[node]; };
  if (shows_only()) {
    return is_fine_word([&](std::size_t node) { return shown(local_at(node)); }, memo);
  }
  return is_fine_word(local_at, memo);
}

template <class At>
bool Evaluator::is_fine_word(At&& key_at, VectorMemo& memo) const {
  const std::uint64_t word = word_of_vector(key_at);
  std::uint64_t& known = memo[spread(word) >> (64 - memo_bits)];
  if (word != no_word && known == word) return true;
  if (find_vector(key_at) != 0) return false;
  if (word != no_word) known = word;
  return true;
}

std::size_t Evaluator::inspect_all(const Machine& machine, const Id* world) {
  std::size_t worst = inspect_labelled(machine, world);
  for (std::size_t process = 0; process < system_.size(); ++process) {
    worst = std::min(worst, inspect(machine, world, process, false));
  }
  return worst;
}

bool Evaluator::is_violated(std::size_t property, const Machine& machine, const Id* world) const {
  const Property& of = *properties_[property].property;
  if (of.scope == Scope::history) {
    const Id word = world[machine.history_slot()];
    if (machine.keeps_futures()) return !of.futures->holds(machine.future(word));
    return !of.history_holds(machine.history(word));
  }
  if (of.scope == Scope::observer) {
    return !of.observer_holds(machine.observer(world[machine.first_observer_slot() + of.observer]));
  }
  std::vector<const void*> views;
  for (std::size_t i = 0; i < nodes_; ++i) {
    views.push_back(machine.local(machine.local_of(world[i])).view.get());
  }
  if (of.scope == Scope::world) return !of.holds(views);
  for (std::size_t i = 0; i < nodes_; ++i) {
    for (std::size_t j = 0; j < nodes_; ++j) {
      const void* two[] = {views[i], views[j]};
      if (of.scope == Scope::node && i == j && !of.holds({two, 1})) return true;
      if (of.scope == Scope::pair && i != j && !of.holds(two)) return true;
    }
  }
  return false;
}

bool Evaluator::is_broken(std::size_t property, const LocalEntry& before,
                          const LocalEntry& after) const {
  const void* views[] = {before.view.get(), after.view.get()};
  return !properties_[property].property->holds(views);
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
