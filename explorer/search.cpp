#include "explorer/search.hpp"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include "engine/reflect.hpp"
#include "engine/story.hpp"
#include "explorer/histories.hpp"
#include "explorer/parallel.hpp"

namespace gainsay {

namespace {

constexpr std::size_t task_worlds = 256;
constexpr std::size_t round_tasks = 1024;
// A layer with fewer worlds than this is not worth waking other threads for.
constexpr std::size_t parallel_worlds = 2 * task_worlds;

// Only properties that are checked need histories.
Reductions picked_reductions(const Model& model, const std::vector<const Property*>& properties) {
  Reductions reduce = sound_reductions(model);
  reduce.histories = !model.system.bounds.skew && futures_are_read(model.system, properties);
  return reduce;
}

// Of a request in so many words: `auto` picks what goes together.
void refuse_unsound(const Reductions& reduce, const Model& model,
                    const std::vector<const Property*>& properties) {
  if (reduce.histories) {
    const std::string obstacle = obstacle_to_futures(model.system, properties);
    if (!obstacle.empty()) throw UsageError("histories: they are not merged where " + obstacle);
  }
  if (has_recovery(model) && (reduce.silent || reduce.minimise)) {
    throw UsageError(
        std::string(reduce.silent ? "silent" : "minimise") +
        " does not go with a property of recovery, which is asked of all local states");
  }
  if (model.system.bounds.network == Network::async) return;
  for (const std::string& name : names(reduce)) {
    if (name == "dead-messages" || name == "symmetry" || name == "histories") continue;
    throw UsageError(name + " is sound for --network async only, where messages stay for ever");
  }
}

}  // namespace

std::vector<const Property*> select_properties(const Model& model,
                                               const std::vector<std::string>& names) {
  std::vector<const Property*> selected;
  for (const Property& property : model.properties) {
    // A `sometimes` always stays: it is the guard against a check of nothing.
    if (names.empty() || property.kind == PropertyKind::sometimes ||
        std::ranges::find(names, property.name) != names.end()) {
      selected.push_back(&property);
    }
  }
  for (const std::string& name : names) {
    if (std::ranges::none_of(model.properties, [&](const auto& p) { return p.name == name; })) {
      throw UsageError("no property is called '" + name + "'");
    }
  }
  return selected;
}

Search::Search(const Model& model, const CheckOptions& options, Passes& passes)
    : model_(model),
      options_(options),
      properties_(select_properties(model, options.properties)),
      asked_(options.reduce.value_or(picked_reductions(model, properties_))),
      reduce_(asked_),
      futures_(reduce_.histories ? futures_of_histories(model.system, properties_) : std::nullopt),
      passes_(passes),
      evaluator_(model.system, properties_, options.count_vectors),
      machine_(
          model.system,
          {.judge_step = evaluator_.has_step_properties()
                             ? Machine::JudgeStep([this](const LocalEntry& before,
                                                         const LocalEntry& after, bool counts) {
                                 return evaluator_.judge_step(before, after, counts);
                               })
                             : Machine::JudgeStep(),
           .keep = reduce_.dead_messages ? &passes.keep : nullptr,
           .merges = reduce_.minimise ? &passes.merges : nullptr,
           .futures = futures_ ? &*futures_ : nullptr,
           .silent = reduce_.silent,
           .sabotage = options.sabotage}),
      store_(machine_.slots(), options.store == StoreKind::exact),
      antichains_(machine_, options.sabotage == Sabotage::subsumption_sums_budgets),
      jobs_(options.jobs == 0 ? default_jobs() : options.jobs),
      heeded_before_(options.sabotage == Sabotage::sleep_through_receiving ? 0 : ~0U),
      heeded_now_(options.sabotage == Sabotage::sleep_through_sending ? 0 : ~0U),
      workers_(jobs_),
      memory_max_(options.memory_bytes.value_or(resident_bytes() + available_bytes() / 10 * 9)),
      spill_from_(options.spill_from.value_or(
          options.store == StoreKind::exact ? ~std::uint64_t{0} : std::uint64_t{1} << 17)) {
  if (options.store == StoreKind::fingerprint) {
    fingerprints_.emplace(machine_);
    seen_.emplace();
  }
  validate(model.system);
  validate_search(model.system);
  if (options.reduce) refuse_unsound(*options.reduce, model, properties_);
  next_learning_ = options.minimise_from;
  use_symmetry();
  const bool as_they_are = !symmetry_ && !reduce_.eager &&
                           machine_.actors() == model.system.size() &&
                           machine_.knowledge_slot() == Machine::npos;
  if (as_they_are && !by_fingerprint()) moves_.emplace(machine_, store_);
  if (as_they_are && !reduce_.subsumption) sleep_.emplace(WorldStore::worlds_max);
  if (properties_.size() > 250) throw UsageError("at most 250 properties are checked at once");
}

double Search::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - passes_.begin).count();
}

// --- expanding ---

bool Search::successor(Worker& worker, std::size_t process, const Expansion& expansion,
                       const Transition& transition, std::uint64_t& root) {
  Id* next = worker.next.data();
  std::uint64_t changed = machine_.apply(next, process, expansion, transition);
  worker.acted = static_cast<std::uint32_t>(process);
  if (symmetry_) {
    const Symmetry::Index element = symmetry_->canonicalise(next);
    if (element != 0) {
      if (process < model_.system.size()) {
        worker.acted = symmetry_->group().image(element, node_id(process)).value;
      }
      changed = 0;
      for (std::size_t slot = 0; slot < machine_.slots(); ++slot) {
        if (next[slot] != worker.world.words[slot]) changed |= std::uint64_t{1} << slot;
      }
    }
  }
  root = store_.fold(worker.world, next, changed, worker.store);
  const bool fits = root != WorldStore::no_root;
  if (fits && by_fingerprint()) worker.next_content = content_after(worker, changed);
  for (; changed != 0; changed &= changed - 1) {
    const auto slot = static_cast<std::size_t>(std::countr_zero(changed));
    next[slot] = worker.world.words[slot];
  }
  return fits;
}

// In async more messages only add behaviour: the world behind an event that only sends can do all
// that this one can, at the same cost. So this one needs no other event. Sending ends, as inboxes
// grow and are finite.
Search::Sent Search::send_first(Worker& worker, std::uint64_t root) {
  for (std::size_t process = 0; process < model_.system.size(); ++process) {
    const Expansion& expansion = machine_.expand(worker.world.words[process]);
    for (std::uint32_t i = 0; i < expansion.sending; ++i) {
      Sent sent{.transition = &expansion.transitions[i],
                .process = static_cast<std::uint32_t>(process),
                .index = i};
      if (!machine_.affordable(worker.world.words.data(), *sent.transition)) continue;
      const bool fits = successor(worker, process, expansion, *sent.transition, sent.root);
      if (!fits || sent.root != root) return sent;
    }
  }
  return {};
}

void Search::note(std::optional<Found>& best, Found found) {
  if (!best || found < *best) best = std::move(found);
}

// A transition that fails, or that breaks a property of steps.
void Search::note_step(Worker& worker, std::uint32_t process, std::uint32_t transition,
                       const Transition& edge) {
  const Hash128 parent = machine_.hash(worker.world.words.data());
  std::string events;
  for (const Event& event : machine_.events_of(node_id(process), edge)) {
    events += describe(model_.system, event) + "\n";
  }
  const std::size_t property = edge.fault != 0 ? Evaluator::none : edge.step_violation - 1U;
  note(worker.found, {.content = mix(0, parent, content_hash(events)),
                      .property = property,
                      .world = words_of(worker.world.words.data()),
                      .by_step = true,
                      .process = process,
                      .transition = transition});
}

// --- layers ---

std::vector<Search::Task> Search::tasks_of(LayerKey key) const {
  std::vector<Task> tasks;
  const auto add = [&](LayerKey source, std::uint8_t cost) {
    const auto layer = layers_.find(source);
    if (layer == layers_.end()) return;
    for (std::size_t begin = layer->second.begin; begin < layer->second.end; begin += task_worlds) {
      tasks.push_back(
          {.begin = begin, .end = std::min(begin + task_worlds, layer->second.end), .cost = cost});
    }
  };
  for (std::uint32_t cost = 0; cost <= std::min(key.first, cost_of_event_max); ++cost) {
    add({key.first - cost, key.second - 1}, static_cast<std::uint8_t>(cost));
  }
  return tasks;
}

// Runs tasks, and leaves those that found a table full: they are run again in a larger one.
void Search::run_round(std::vector<Task>& tasks) {
  const std::size_t count = tasks.size();
  const unsigned jobs = count * task_worlds < parallel_worlds ? 1 : jobs_;
  parallel_chunks(count, 1, jobs, [&](unsigned worker, std::size_t begin, std::size_t) {
    if (must_grow_.load(std::memory_order_relaxed) || !run_task(workers_[worker], tasks[begin])) {
      must_grow_.store(true, std::memory_order_relaxed);
      workers_[worker].left_over.push_back(tasks[begin]);
    }
  });
  tasks.clear();
  for (Worker& worker : workers_) {
    tasks.insert(tasks.end(), worker.left_over.begin(), worker.left_over.end());
    worker.left_over.clear();
  }
  unload_worlds(false);
  if (!must_grow_.exchange(false)) return;
  make_room();
  if (!incomplete_because_.empty()) tasks.clear();
}

// False when a resource limit ended it; what it had made of the layer is forgotten.
bool Search::make_layer(LayerKey key) {
  const std::vector<Task> tasks = tasks_of(key);
  const std::size_t begin = store_.roots().size();
  for (std::size_t next = 0; next < tasks.size();) {
    const std::size_t count = std::min(round_tasks, tasks.size() - next);
    const auto first = tasks.begin() + static_cast<std::ptrdiff_t>(next);
    std::vector<Task> round(first, first + static_cast<std::ptrdiff_t>(count));
    while (!round.empty()) run_round(round);
    next += count;
    report_progress(key);
    if (next < tasks.size() && out_of_resources()) break;
  }
  // Looked at behind whole layers only: which worlds a part of one holds depends on threads.
  const bool too_many = options_.max_states && store_.roots().size() > *options_.max_states;
  if (too_many && incomplete_because_.empty()) {
    incomplete_because_ = "--max-states " + std::to_string(*options_.max_states);
  }
  for (Worker& worker : workers_) {
    if (worker.found) note(found_, *worker.found);
    worker.found.reset();
  }
  if (found_) found_at_ = key;
  if (!incomplete_because_.empty()) {
    for (Worker& worker : workers_) worker.transitions = 0;
    if (!found_) store_.roots().truncate(begin);
    return false;
  }
  for (Worker& worker : workers_) {
    transitions_ += worker.transitions;
    worker.transitions = 0;
  }
  if (reduce_.subsumption) subsume(begin);
  const std::size_t end = store_.roots().size();
  if (sleep_) sleep_->discard(made_from_, begin);
  made_from_ = begin;
  layers_[key] = {.begin = begin, .end = end};
  note_discoveries(key);
  return true;
}

// Why resources allow no more, for so many states; empty while they do.
std::string Search::exhausted(std::uint64_t states) {
  if (options_.interrupted != nullptr && options_.interrupted->load()) return "interrupted";
  if (options_.max_states && states > *options_.max_states) {
    return "--max-states " + std::to_string(*options_.max_states);
  }
  if (options_.seconds && seconds() > *options_.seconds) return "--time";
  return fits_in_memory(0) ? "" : memory_text();
}

bool Search::out_of_resources() {
  if (!incomplete_because_.empty()) return true;
  incomplete_because_ = exhausted(0);
  return !incomplete_because_.empty();
}

std::string_view Search::hint() const {
  if (!machine_.grows_without_end()) return {};
  return "timers send and no budget counts them, so on this network there may be no end of "
         "worlds: bound them with --timeouts N";
}

void Search::report_progress(LayerKey key) {
  if (!options_.progress || seconds() - last_progress_ < 0.25) return;
  last_progress_ = seconds();
  const auto source = layers_.find({key.first, key.second - 1});
  const std::size_t frontier =
      source == layers_.end() ? 0 : source->second.end - source->second.begin;
  options_.progress({.cost = key.first,
                     .depth = key.second,
                     .states = store_.roots().size(),
                     .frontier = frontier,
                     .memory_bytes = resident_bytes(),
                     .seconds = seconds(),
                     .hint = hint()});
}

// The initial worlds: all starts in id order, with every answer to their choices.
void Search::start() {
  struct Partial {
    std::array<Id, WorldStore::words_max> words{};
    std::vector<Event> events;
  };
  Worker& worker = workers_.front();
  std::vector<Partial> partial(1);
  std::ranges::copy(machine_.unstarted(), partial.front().words.begin());
  for (std::size_t process = 0; process < model_.system.size(); ++process) {
    std::vector<Partial> started;
    for (const Partial& before : partial) {
      const Expansion& expansion = machine_.expand(before.words[process]);
      for (const Transition& transition : expansion.transitions) {
        const Event event = machine_.event_of(node_id(process), transition);
        if (transition.fault != 0) {
          throw UsageError("the start of " + model_.system.process_name(node_id(process)) +
                           " fails: " + machine_.fault(transition.fault));
        }
        Partial after = before;
        machine_.apply(after.words.data(), process, expansion, transition);
        after.events.push_back(event);
        started.push_back(std::move(after));
      }
    }
    partial = std::move(started);
  }
  if (partial.empty()) throw UsageError("no initial world lies within the limits");
  std::set<std::vector<Id>> canonical;
  for (Partial& initial : partial) {
    std::vector<Id> words = words_of(initial.words.data());
    const auto [at, is_new] = starts_.try_emplace(words, initial.events);
    if (!is_new) at->second = std::min(at->second, initial.events);
    if (!is_new || resumed_) continue;
    if (symmetry_) symmetry_->canonicalise(words.data());
    if (!canonical.insert(words).second) continue;
    store_.append(words.data(), worker.store);
    if (by_fingerprint()) mark_fingerprint(words.data());
    const std::size_t property = evaluator_.inspect_all(machine_, words.data());
    if (property != Evaluator::none) {
      note(found_, {.content = machine_.hash(words.data()),
                    .property = property,
                    .world = std::move(words)});
      found_at_ = {0, 1};
    }
  }
  if (resumed_) return;
  if (reduce_.subsumption) subsume(0);
  layers_[{0, 1}] = {.begin = 0, .end = store_.roots().size()};
  note_discoveries({0, 1});
}

void Search::explore() {
  follow_plan();
  const Bounds& bounds = model_.system.bounds;
  const std::uint32_t cost_max =
      bounds.crashes + bounds.drops + bounds.duplicates + bounds.partitions + bounds.unsynced;
  for (std::uint32_t cost = 0; cost <= cost_max; ++cost) {
    std::uint32_t deepest_source = 1;
    for (const auto& [key, layer] : layers_) {
      const bool is_source = key.first <= cost && layer.end > layer.begin;
      if (is_source) deepest_source = std::max(deepest_source, key.second);
    }
    for (std::uint32_t depth = 2; depth <= deepest_source + 1; ++depth) {
      const LayerKey key{cost, depth};
      if (layers_.contains(key)) continue;  // resumed
      if (options_.max_depth && depth > *options_.max_depth && !ends_before(key)) {
        cut_by_depth_ = true;  // what costs more faults may still be shallow
        break;
      }
      if (out_of_resources() || !make_layer(key) || found_) return;
      if (layers_[key].end > layers_[key].begin) deepest_source = std::max(deepest_source, depth);
      if (store_.roots().size() >= next_plan_) replan();
      if (store_.roots().size() >= next_symmetry_ && !certify_symmetry()) return;
      if (store_.roots().size() >= next_certificate_ && !certify()) return;
      if (reduce_.minimise && store_.roots().size() >= next_learning_ && learn()) return;
      if (!options_.resume.empty() && options_.checkpoint_seconds &&
          seconds() - last_checkpoint_ > *options_.checkpoint_seconds) {
        // What observers did on the way here is not seen again by whoever goes on from it.
        if (!certify_symmetry()) return;
        save_checkpoint();
        last_checkpoint_ = seconds();
      }
    }
  }
  if (cut_by_depth_) incomplete_because_ = "--max-depth " + std::to_string(*options_.max_depth);
}

// Keeps of the worlds from `begin` on those that no kept one subsumes; the richest come first, so
// that none is kept which another of its layer subsumes.
void Search::subsume(std::size_t begin) {
  struct World {
    std::uint64_t poverty;
    Hash128 content;
    std::uint64_t root;
    auto operator<=>(const World&) const = default;
  };
  std::vector<World> worlds;
  std::vector<Id> items(store_.items());
  for (std::size_t i = begin; i < store_.roots().size(); ++i) {
    store_.unfold(store_.roots()[i], items.data());
    std::uint64_t messages = 0;
    for (std::size_t process = 0; process < model_.system.size(); ++process) {
      messages += machine_.envelopes_of(machine_.inbox_of(items[process])).size();
    }
    worlds.push_back(
        {.poverty = ~messages, .content = machine_.hash(items.data()), .root = store_.roots()[i]});
  }
  std::ranges::sort(worlds);
  std::size_t end = begin;
  for (const World& world : worlds) {
    store_.unfold(world.root, items.data());
    if (antichains_.insert(items.data())) store_.roots()[end++] = world.root;
  }
  store_.roots().truncate(end);
}

// What the worlds are like shows in the first of them; what it costs is paid back many times. Later
// the store plans anew by itself, when a word has outgrown its bits.
void Search::replan() {
  constexpr std::uint64_t known_well = std::uint64_t{1} << 16;
  const std::uint64_t worlds = store_.roots().size();
  const bool is_first = worlds < known_well;
  next_plan_ = is_first ? worlds * 8 : ~std::uint64_t{0};
  // Nothing is better than to have all words side by side.
  if (is_first || store_.has_inner_keys()) store_.replan(jobs_);
  follow_plan();
}

// What was dropped too early shows soon: the sooner the pass is given up, the better.
bool Search::certify() {
  next_certificate_ = store_.roots().size() * 2;
  const bool dropped = machine_.certify(passes_.keep, jobs_);
  if (!dropped) certified_ = false;
  const bool merged = certify_merges();
  passes_.learnt = !dropped || !merged;
  return certified_;
}

// Of merges that fail, the next pass knows better.
bool Search::certify_merges() {
  if (machine_.certify_merges(passes_.heard, jobs_)) return true;
  machine_.learn_merges(passes_.learnt_merges, passes_.heard, jobs_);
  certified_ = false;
  passes_.learnt = true;
  return false;
}

// True when so much was learnt that a pass which uses it is worth starting anew.
bool Search::learn() {
  next_learning_ = store_.roots().size() * 4;
  const std::size_t merged = machine_.learn_merges(passes_.learnt_merges, passes_.heard, jobs_);
  if (merged * 8 < machine_.locals()) return false;
  certified_ = false;
  passes_.learnt = true;
  return true;
}

CheckReport Search::run() {
  // A checkpoint is of one pass: the next one starts anew, with what was learnt.
  passes_.learnt = passes_.asymmetric = false;
  const bool first = !std::exchange(passes_.started, true);
  resumed_ = first && !options_.resume.empty() && load_checkpoint();
  passes_.resumed = passes_.resumed || resumed_;
  try {
    start();
    if (certify_starts() && !found_) explore();
    if (!passes_.asymmetric && certify_symmetry() && certified_ &&
        (found_ || incomplete_because_.empty() || cut_by_depth_)) {
      certify();
    }
  } catch (const CannotRename& refusal) {
    passes_.asymmetric = passes_.asymmetries.hopeless = true;
    passes_.asymmetries.reason = refusal.what();
  }
  if (passes_.asymmetric) return {};
  judge_recoveries();
  CheckReport result = report();
  if (options_.audit && result.certified) audit(result);
  if (options_.profile) profile(result);
  // A pass that is not certified has nothing to go on with: the next one starts anew.
  if (!options_.resume.empty() && result.verdict == Verdict::incomplete && certified_) {
    save_checkpoint();
  }
  return result;
}

}  // namespace gainsay
