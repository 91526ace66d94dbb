#include "explorer/search.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "engine/reflect.hpp"
#include "engine/story.hpp"
#include "explorer/parallel.hpp"

namespace gainsay {

namespace {

constexpr std::size_t task_worlds = 256;
constexpr std::size_t round_tasks = 1024;
constexpr std::size_t batch = 1024;
// A layer with fewer worlds than this is not worth waking other threads for.
constexpr std::size_t parallel_worlds = 2 * task_worlds;

std::vector<const Property*> select(const Model& model, const std::vector<std::string>& names) {
  std::vector<const Property*> selected;
  for (const Property& property : model.properties) {
    if (names.empty() || std::ranges::find(names, property.name) != names.end()) {
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

void refuse_unsound(const Reductions& reduce, const System& system) {
  if ((reduce.eager || reduce.subsumption) && system.bounds.network != Network::async) {
    throw UsageError(std::string(reduce.eager ? "eager" : "subsumption") +
                     " is sound for --network async only, where messages stay for ever");
  }
}

}  // namespace

Search::Search(const Model& model, const CheckOptions& options, Passes& passes)
    : model_(model),
      options_(options),
      asked_(options.reduce.value_or(sound_reductions(model))),
      reduce_(asked_),
      passes_(passes),
      properties_(select(model, options.properties)),
      evaluator_(model.system, properties_),
      machine_(
          model.system,
          evaluator_.has_step_properties()
              ? [this](const LocalEntry& before,
                       const LocalEntry& after) { return evaluator_.judge_step(before, after); }
              : Machine::JudgeStep(),
          reduce_.dead_messages ? &passes.keep : nullptr),
      store_(machine_.slots()),
      antichains_(machine_, options.sabotage == Sabotage::subsumption_sums_budgets),
      jobs_(options.jobs == 0 ? default_jobs() : options.jobs),
      workers_(jobs_),
      memory_max_(options.memory_bytes.value_or(resident_bytes() + available_bytes() / 10 * 9)) {
  validate(model.system);
  refuse_unsound(reduce_, model.system);
  machine_.sabotage(options.sabotage);
  use_symmetry();
  if (properties_.size() > 250) throw UsageError("at most 250 properties are checked at once");
}

double Search::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - passes_.begin).count();
}

// --- expanding ---

bool Search::successor(Worker& worker, std::size_t process, const Expansion& expansion,
                       const Transition& transition, std::uint64_t& root) {
  Id* next = worker.next.data();
  std::memcpy(next, worker.items.data(), store_.items() * sizeof(Id));
  std::uint64_t changed = machine_.apply(next, process, expansion, transition);
  worker.acted = static_cast<std::uint32_t>(process);
  if (symmetry_) {
    const Symmetry::Index element = symmetry_->canonicalise(next);
    if (element != 0) {
      worker.acted = symmetry_->group().image(element, {static_cast<std::uint8_t>(process)}).value;
      changed = 0;
      for (std::size_t slot = 0; slot < machine_.slots(); ++slot) {
        if (next[slot] != worker.items[slot]) changed |= std::uint64_t{1} << slot;
      }
    }
  }
  root = store_.fold(next, changed, worker.store);
  return root != WorldStore::no_root;
}

// In async more messages only add behaviour: the world behind an event that only sends can do all
// that this one can, at the same cost. So this one needs no other event. Sending ends, as inboxes
// grow and are finite.
Search::Sent Search::send_first(Worker& worker, std::uint64_t root) {
  for (std::size_t process = 0; process < model_.system.size(); ++process) {
    const Expansion& expansion = machine_.expand(worker.items[process]);
    for (std::uint32_t i = 0; i < expansion.sending; ++i) {
      Sent sent{.transition = &expansion.transitions[i],
                .process = static_cast<std::uint32_t>(process),
                .index = i};
      if (!machine_.affordable(worker.items.data(), *sent.transition)) continue;
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
void Search::note_step(Worker& worker, std::uint64_t root, std::uint32_t process,
                       std::uint32_t transition, const Transition& edge) {
  const Hash128 parent = machine_.hash(worker.items.data());
  const Event event = machine_.event_of({static_cast<std::uint8_t>(process)}, edge);
  const std::size_t property = edge.fault != 0 ? Evaluator::none : edge.step_violation - 1U;
  note(worker.found, {.content = mix(0, parent, content_hash(describe(model_.system, event))),
                      .property = property,
                      .root = root,
                      .by_step = true,
                      .process = process,
                      .transition = transition});
}

bool Search::run_task(Worker& worker, const Task& task) {
  std::uint64_t transitions = 0;
  worker.candidates.clear();
  for (std::size_t i = task.begin; i < task.end; ++i) {
    const std::uint64_t root = store_.roots()[i];
    const bool fits = expand(worker, root, task.cost,
                             [&](std::uint32_t process, std::uint32_t index, const Transition& edge,
                                 std::uint64_t next) {
                               if (edge.fault != 0 || edge.step_violation != 0) {
                                 note_step(worker, root, process, index, edge);
                               }
                               if (edge.fault != 0) return;
                               ++transitions;
                               store_.visited().prefetch(next);
                               worker.candidates.push_back(
                                   {.root = next,
                                    .process = edge.local_changed != 0 ? worker.acted : no_process,
                                    .labelled = edge.labels != 0});
                             });
    if (!fits) return false;
    if (worker.candidates.size() >= batch && !flush(worker)) return false;
  }
  if (!flush(worker)) return false;
  worker.transitions += transitions;
  return true;
}

bool Search::flush(Worker& worker) {
  const std::size_t count = worker.candidates.size();
  if (!store_.visited().reserve(count)) {
    visited_is_full_.store(true, std::memory_order_relaxed);
    return false;
  }
  worker.fresh.clear();
  for (const Candidate& candidate : worker.candidates) {
    if (!store_.visited().insert(candidate.root)) continue;
    worker.fresh.push_back(candidate.root);
    if (candidate.process != no_process || candidate.labelled) inspect_new(worker, candidate);
  }
  store_.visited().release(count - worker.fresh.size());
  if (!worker.fresh.empty()) {
    const std::size_t first = store_.roots().allocate(worker.fresh.size());
    for (std::size_t i = 0; i < worker.fresh.size(); ++i) {
      store_.roots()[first + i] = worker.fresh[i];
    }
  }
  worker.candidates.clear();
  return true;
}

void Search::inspect_new(Worker& worker, const Candidate& candidate) {
  Id* world = worker.next.data();
  store_.unfold(candidate.root, world);
  const std::size_t process = candidate.process == no_process ? Machine::npos : candidate.process;
  const std::size_t property = evaluator_.inspect(machine_, world, process, candidate.labelled);
  if (property == Evaluator::none) return;
  note(worker.found,
       {.content = machine_.hash(world), .property = property, .root = candidate.root});
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
  add({key.first, key.second - 1}, 0);
  if (key.first > 0) add({key.first - 1, key.second - 1}, 1);
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
  if (must_grow_.exchange(false)) store_.make_room(jobs_, visited_is_full_.exchange(false));
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
    if (next < tasks.size() && out_of_resources(key)) break;
  }
  // Whether --max-states cuts must not depend on when it was looked at.
  if (options_.max_states && store_.roots().size() > *options_.max_states) out_of_resources(key);
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
  if (end > begin) layers_[key] = {.begin = begin, .end = end};
  return true;
}

bool Search::out_of_resources(LayerKey key) {
  if (!incomplete_because_.empty()) return true;
  const std::uint64_t states = store_.roots().size();
  if (options_.interrupted != nullptr && options_.interrupted->load()) {
    incomplete_because_ = "interrupted";
  } else if (options_.max_states && states > *options_.max_states) {
    incomplete_because_ = "--max-states " + std::to_string(*options_.max_states);
  } else if (options_.seconds && seconds() > *options_.seconds) {
    incomplete_because_ = "--time";
  } else if (resident_bytes() > memory_max_) {
    incomplete_because_ =
        options_.memory_bytes ? "--memory" : "no memory left; --memory sets how much";
  } else if (options_.max_depth && key.second > *options_.max_depth) {
    incomplete_because_ = "--max-depth " + std::to_string(*options_.max_depth);
    cut_by_depth_ = true;
  }
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
    std::array<Id, WorldStore::items_max> items{};
    std::vector<Event> events;
  };
  Worker& worker = workers_.front();
  std::vector<Partial> partial(1);
  std::ranges::copy(machine_.unstarted(), partial.front().items.begin());
  for (std::size_t process = 0; process < model_.system.size(); ++process) {
    std::vector<Partial> started;
    for (const Partial& before : partial) {
      const Expansion& expansion = machine_.expand(before.items[process]);
      for (const Transition& transition : expansion.transitions) {
        const Event event = machine_.event_of({static_cast<std::uint8_t>(process)}, transition);
        if (transition.fault != 0) {
          throw UsageError("the start of " +
                           model_.system.process_name({static_cast<std::uint8_t>(process)}) +
                           " fails: " + machine_.fault(transition.fault));
        }
        Partial after = before;
        machine_.apply(after.items.data(), process, expansion, transition);
        after.events.push_back(event);
        started.push_back(std::move(after));
      }
    }
    partial = std::move(started);
  }
  if (partial.empty()) throw UsageError("no initial world lies within the limits");
  for (Partial& initial : partial) {
    const auto words = initial.items.begin();
    const auto [at, is_new] = starts_.try_emplace(
        {words, words + static_cast<std::ptrdiff_t>(machine_.slots())}, initial.events);
    if (!is_new) at->second = std::min(at->second, initial.events);
    if (!is_new || resumed_) continue;
    if (symmetry_) symmetry_->canonicalise(initial.items.data());
    std::uint64_t root = WorldStore::no_root;
    while ((root = store_.fold(initial.items.data(), ~std::uint64_t{0}, worker.store)) ==
           WorldStore::no_root) {
      store_.make_room(1, false);
    }
    while (!store_.visited().reserve(1)) store_.make_room(1, true);
    if (!store_.visited().insert(root)) continue;
    store_.roots()[store_.roots().allocate(1)] = root;
    const std::size_t property = evaluator_.inspect_all(machine_, initial.items.data());
    if (property != Evaluator::none) {
      note(found_,
           {.content = machine_.hash(initial.items.data()), .property = property, .root = root});
      found_at_ = {0, 1};
    }
  }
  if (resumed_) return;
  if (reduce_.subsumption) subsume(0);
  layers_[{0, 1}] = {.begin = 0, .end = store_.roots().size()};
}

void Search::explore() {
  const Bounds& bounds = model_.system.bounds;
  const std::uint32_t cost_max = bounds.crashes + bounds.drops + bounds.duplicates;
  for (std::uint32_t cost = 0; cost <= cost_max; ++cost) {
    std::uint32_t deepest_source = 1;
    for (const auto& [key, layer] : layers_) {
      if (key.first <= cost) deepest_source = std::max(deepest_source, key.second);
    }
    for (std::uint32_t depth = 2; depth <= deepest_source + 1; ++depth) {
      const LayerKey key{cost, depth};
      if (layers_.contains(key)) continue;  // resumed
      if (out_of_resources(key) || !make_layer(key) || found_) return;
      if (layers_.contains(key)) deepest_source = std::max(deepest_source, depth);
      if (store_.roots().size() >= next_plan_) replan();
      if (store_.roots().size() >= next_symmetry_ && !certify_symmetry()) return;
      if (store_.roots().size() >= next_certificate_ && !certify()) return;
      if (!options_.resume.empty() && options_.checkpoint_seconds &&
          seconds() - last_checkpoint_ > *options_.checkpoint_seconds) {
        save_checkpoint();
        last_checkpoint_ = seconds();
      }
    }
  }
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

// What the worlds are like shows in the first of them; what it costs is paid back many times.
void Search::replan() {
  next_plan_ = store_.roots().size() * 32;
  if (!store_.replan()) return;
  for (Worker& worker : workers_) worker.store = {};
}

// What was dropped too early shows soon: the sooner the pass is given up, the better.
bool Search::certify() {
  next_certificate_ = store_.roots().size() * 2;
  certified_ = machine_.certify(passes_.keep, jobs_);
  passes_.learnt = !certified_;
  return certified_;
}

CheckReport Search::run() {
  // A checkpoint is of one pass: the next one starts anew, with what was learnt.
  passes_.learnt = passes_.asymmetric = false;
  const bool first = !std::exchange(passes_.started, true);
  resumed_ = first && !options_.resume.empty() && load_checkpoint();
  try {
    start();
    if (certify_starts() && !found_) explore();
    if (!passes_.asymmetric) certify_symmetry();
  } catch (const CannotRename& refusal) {
    passes_.asymmetric = passes_.asymmetries.hopeless = true;
    passes_.asymmetries.reason = refusal.what();
  }
  if (passes_.asymmetric) return {};
  if (certified_ && (found_ || incomplete_because_.empty() || cut_by_depth_)) certify();
  CheckReport result = report();
  if (!options_.resume.empty() && result.verdict == Verdict::incomplete) save_checkpoint();
  return result;
}

CheckReport Search::report() {
  CheckReport report;
  report.system = model_.system.bug.empty()
                      ? model_.system.name
                      : model_.system.name + " (bug " + model_.system.bug + ")";
  report.bounds = model_.system.asked;
  report.options = model_.system.options;
  report.incomplete_because = incomplete_because_;
  report.properties = evaluator_.reports();
  for (const auto& [key, layer] : layers_) {
    report.states += layer.end - layer.begin;
    report.depth = std::max(report.depth, key.second);
  }
  report.transitions = transitions_;
  report.local_states = evaluator_.local_states();
  report.local_state_vectors = evaluator_.vectors();
  report.messages = machine_.messages();
  report.handler_runs = machine_.handler_runs();
  report.cells = machine_.cells();
  const System& system = model_.system;
  for (std::size_t i = 0; i < system.limits.size(); ++i) {
    report.limits.push_back({.name = system.limits[i].name,
                             .greatest = system.limits[i].greatest,
                             .cuts = machine_.cuts()[i],
                             .found_new_at_limit = machine_.greatest_reached()[i]});
  }
  report.reductions = reduce_;
  report.passes = passes_.number;
  report.certified = certified_ && incomplete_because_.empty();
  report.dropped_pairs = machine_.dropped();
  report_symmetry(report);
  if (options_.digest) report.digest = digest();
  // In fifo a message that was dropped too early is a loss, which the network does not know.
  const bool is_real = certified_ || model_.system.bounds.network != Network::fifo;
  if (found_ && is_real) {
    report.verdict = Verdict::violated;
    report.counterexample = rebuild(*found_, found_at_);
    report.story = tell_story(model_.system, report.counterexample->events);
  } else if (!incomplete_because_.empty()) {
    report.verdict = Verdict::incomplete;
    report.hint = hint();
  } else {
    const auto vacuous = [](const PropertyReport& p) { return p.verdict == Verdict::vacuous; };
    report.verdict = std::ranges::any_of(report.properties, vacuous) || properties_.empty()
                         ? Verdict::vacuous
                         : Verdict::holds;
  }
  for (std::size_t i = 0; i < report.properties.size(); ++i) {
    PropertyReport& property = report.properties[i];
    if (found_ && found_->property == i) {
      property.verdict = Verdict::violated;
    } else if (report.verdict == Verdict::violated || report.verdict == Verdict::incomplete) {
      // Nothing is known of the rest of the space, but what was reached was reached.
      const bool reached =
          property.kind == PropertyKind::sometimes && property.verdict == Verdict::holds;
      property.verdict = reached ? Verdict::holds : Verdict::incomplete;
    }
  }
  report.resumed = resumed_;
  report.seconds = seconds();
  report.peak_memory_bytes = peak_resident_bytes();
  report.bytes_per_state =
      report.states == 0 ? 0
                         : static_cast<double>(store_.bytes()) / static_cast<double>(report.states);
  return report;
}

Hash128 Search::digest() {
  const std::size_t budget = machine_.budget_slot();
  std::set<std::vector<Hash128>> met;
  std::vector<Id> items(store_.items());
  const auto meet = [&](const std::vector<Id>& words) {
    std::vector<Hash128> parts;
    for (std::size_t slot = 0; slot < machine_.slots(); ++slot) {
      if (slot < model_.system.size()) {
        parts.push_back(machine_.local(machine_.local_of(words[slot])).hash);
      } else if (slot == machine_.history_slot()) {
        parts.push_back(content_hash(encoded(machine_.history(words[slot]))));
      } else if (slot != budget) {
        parts.push_back(content_hash(machine_.observer(words[slot])));
      }
    }
    met.insert(std::move(parts));
  };
  std::vector<Id> image(machine_.slots());
  for (std::size_t i = 0; i < store_.roots().size(); ++i) {
    store_.unfold(store_.roots()[i], items.data());
    meet(items);
    for (std::size_t g = 1; symmetry_ && g < symmetry_->group().size(); ++g) {
      symmetry_->image(items.data(), static_cast<Symmetry::Index>(g), image.data());
      meet(image);
    }
  }
  Hash128 sum;
  for (const std::vector<Hash128>& parts : met) {
    Hash128 one;
    for (std::size_t i = 0; i < parts.size(); ++i) one += mix(i, parts[i]);
    sum += mix(~std::uint64_t{0}, one);
  }
  return sum;
}

}  // namespace gainsay
