// Expanding worlds, many at a time: their successors are noted and fetched from memory first, then
// looked up in the visited set, and only what is not found there is inserted.
#include <algorithm>

#include "explorer/search.hpp"

namespace gainsay {

namespace {

// So many candidates are looked up together: they and their buckets fit in the first cache.
constexpr std::size_t batch = 512;

// A line that another core has read must be taken from it before it can be written: that takes as
// long as fetching it did.
inline void prefetch_to_write(const void* line) {
#if defined(__x86_64__)
  asm volatile("prefetchw %0" ::"m"(*static_cast<const char*>(line)));
#else
  __builtin_prefetch(line, 1);
#endif
}

}  // namespace

bool Search::run_task(Worker& worker, const Task& task) {
  const std::uint64_t before = worker.transitions;
  if (expand_all(worker, task)) return true;
  // It is run again, when there is room.
  worker.transitions = before;
  forget_recent(worker);
  return false;
}

bool Search::expand_all(Worker& worker, const Task& task) {
  worker.count = 0;
  worker.parents.clear();
  const auto sink = [&](std::uint32_t process, std::uint32_t index, const Transition& edge,
                        std::uint64_t root) { note_successor(worker, process, index, edge, root); };
  for (std::size_t i = task.begin; i < task.end; ++i) {
    const bool fits = moves_ ? expand_by_moves(worker, i, task.cost)
                             : expand(worker, store_.roots()[i], task.cost, sleep_of(i), sink);
    if (!fits || (worker.count >= batch && !flush(worker))) return false;
  }
  return flush(worker);
}

void Search::note_successor(Worker& worker, std::uint32_t process, std::uint32_t index,
                            const Transition& edge, std::uint64_t root) {
  if (edge.fault != 0 || edge.step_violation != 0) note_step(worker, process, index, edge);
  if (edge.fault != 0) return;
  ++worker.transitions;
  make_space(worker, 1);
  const std::uint32_t receivers =
      sleep_ ? Moves::receivers_of(machine_.expand(worker.world.words[process]), edge) : 0;
  note_candidate(
      worker,
      {.root = root,
       .receivers = receivers,
       .process = edge.local_changed != 0 ? static_cast<std::uint8_t>(worker.acted) : no_process,
       .labelled = edge.labels != 0});
}

void Search::make_space_anew(Worker& worker, std::size_t more) {
  worker.candidates.resize(std::max(worker.count + more, 2 * batch));
  if (by_fingerprint()) worker.contents.resize(worker.candidates.size());
}

void Search::forget_recent(Worker& worker) {
  worker.recent.assign(std::size_t{1} << recent_bits, WorldStore::no_root);
}

// REQUIRES: no worker is at work.
void Search::follow_plan() {
  if (plan_ == store_.plan_number()) return;
  plan_ = store_.plan_number();
  if (moves_) moves_->forget();
  for (Worker& worker : workers_) {
    worker.memo.assign(std::size_t{1} << Moves::memo_bits, {});
    forget_recent(worker);
  }
}

bool Search::expand_by_moves(Worker& worker, std::size_t at, std::uint8_t cost) {
  const std::uint64_t root = store_.roots()[at];
  const Sleep sleep = cost == 0 ? sleep_of(at) : Sleep();
  store_.unfold(root, worker.world);
  const std::size_t size = model_.system.size();
  const std::size_t parents = worker.parents.size();
  const auto parent = static_cast<std::uint16_t>(parents / size);
  worker.parents.resize(parents + size);
  std::uint32_t plain = 0;
  for (std::size_t process = 0; process < size; ++process) {
    const Moves::List* list = moves_->of(worker.world.words[process]);
    if (list == nullptr) return false;
    worker.parents[parents + process] = list->local;
    if (cost == 0) {
      worker.transitions += list->plain_count;
      if (!sleep.holds(process)) plain = add_plain(worker, *list, plain);
    }
    if (list->sending_count + list->other_count == 0) continue;
    make_space(worker, list->sending_count + list->other_count);
    if (cost == 0 && !take_sending(worker, *list, process, parent, sleep)) return false;
    if (list->other_count > 0 && !take_others(worker, *list, process, cost)) return false;
  }
  note_plain(worker, root, parent, plain);
  return true;
}

// How many moves there are behind `count` is different each time: copying two, or three, costs less
// than a wrongly predicted branch.
std::uint32_t Search::add_plain(Worker& worker, const Moves::List& list, std::uint32_t count) {
  if (worker.plain.size() < count + list.plain_count + Moves::copied_at_once) {
    worker.plain.resize(2 * (count + list.plain_count + Moves::copied_at_once));
  }
  Moves::Plain* const next = worker.plain.data() + count;
  std::copy_n(list.plain, Moves::copied_at_once, next);
  for (std::uint32_t i = Moves::copied_at_once; i < list.plain_count; ++i) next[i] = list.plain[i];
  return count + list.plain_count;
}

// As note_candidate, for the many that are one addition each; all that the loop needs is at hand.
void Search::note_plain(Worker& worker, std::uint64_t root, std::uint16_t parent,
                        std::uint32_t count) {
  make_space(worker, count);
  const WordSet::Places places = store_.visited().places();
  std::uint64_t* const recent = worker.recent.data();
  Candidate* candidate = worker.candidates.data() + worker.count;  // there may be none
  Candidate* const first = candidate;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Moves::Plain& move = worker.plain[i];
    const std::uint64_t next = root + move.change;
    const std::uint64_t home = places.home_of(next);
    std::uint64_t& met = recent[home >> (64 - recent_bits)];
    const bool is_fresh = met != next;
    met = next;
    *candidate = {
        .root = next, .home = home, .local = move.local, .parent = parent, .process = move.process};
    candidate += is_fresh ? 1 : 0;
    __builtin_prefetch(is_fresh ? places.first_look(home) : first);
  }
  worker.count += static_cast<std::size_t>(candidate - first);
}

bool Search::take_sending(Worker& worker, const Moves::List& list, std::size_t process,
                          std::uint16_t parent, Sleep sleep) {
  const WorldStore::World& world = worker.world;
  const bool sleeps = sleep.holds(process);
  for (std::uint32_t i = 0; i < list.sending_count; ++i) {
    const Moves::Sending& move = list.sending[i];
    if (sleeps && !sleep.is_woken_by(move.receivers & heeded_now_)) continue;
    WorldStore::Successor next{.from = world, .root = store_.root(world)};
    store_.add(next, process, move.change, worker.store);
    for (std::size_t k = 0; k < move.send_count; ++k) {
      const SendRef& send = list.sends[move.sends + k];
      std::uint64_t change = 0;
      if (!moves_->received(worker.memo, send, world.words[send.to], change)) return false;
      store_.add(next, send.to, change, worker.store);
    }
    const std::uint64_t root = store_.root_of(next, worker.store);
    if (root == WorldStore::no_root) return false;
    note_candidate(worker, {.root = root,
                            .local = move.local,
                            .receivers = move.receivers,
                            .parent = parent,
                            .process = move.process});
  }
  worker.transitions += list.sending_count;
  return true;
}

bool Search::take_others(Worker& worker, const Moves::List& list, std::size_t process,
                         std::uint8_t cost) {
  const auto sink = [&](std::uint32_t actor, std::uint32_t index, const Transition& edge,
                        std::uint64_t root) { note_successor(worker, actor, index, edge, root); };
  std::copy_n(worker.world.words.begin(), store_.items(), worker.next.begin());
  for (std::uint32_t i = 0; i < list.other_count; ++i) {
    const std::uint32_t index = list.others[i];
    if (list.expansion->transitions[index].cost != cost) continue;
    if (!take(worker, process, *list.expansion, index, sink)) return false;
  }
  return true;
}

// Looks the candidates up, and inserts those that are new.
bool Search::flush(Worker& worker) {
  worker.probes += worker.count;
  worker.open.resize(std::max(worker.open.size(), worker.count));
  std::size_t count = 0;
  for (std::size_t i = 0; i < worker.count; ++i) {
    worker.open[count] = static_cast<std::uint32_t>(i);
    const std::uint64_t home = worker.candidates[i].home;
    const bool known = !by_fingerprint() && store_.visited().is_at_home(home);
    const void* line = by_fingerprint() ? seen_->first_look(worker.contents[i])
                                        : store_.visited().first_look(home);
    prefetch_to_write(known ? &worker : line);
    count += known ? 0U : 1U;
  }
  if (!reserve(count)) {
    visited_is_full_.store(true, std::memory_order_relaxed);
    return false;
  }
  worker.fresh.clear();
  worker.fresh_sleep.clear();
  bool is_full = false;
  for (std::size_t i = 0; i < count; ++i) {
    const WordSet::Insertion insertion = mark(worker, worker.open[i]);
    is_full = insertion == WordSet::Insertion::full;
    if (is_full) break;
    if (insertion == WordSet::Insertion::present) continue;
    const Candidate& candidate = worker.candidates[worker.open[i]];
    worker.fresh.push_back(candidate.root);
    if (sleep_) {
      // Where its local state is as it was, who acted is not noted: nobody sleeps.
      worker.fresh_sleep.push_back(
          Sleep::behind(candidate.process, candidate.receivers & heeded_before_));
    }
    if (candidate.process != no_process || candidate.labelled) inspect_new(worker, candidate);
  }
  release(count - worker.fresh.size());
  if (!worker.fresh.empty()) keep_worlds(worker);
  worker.count = 0;
  worker.parents.clear();
  if (is_full) visited_is_full_.store(true, std::memory_order_relaxed);
  return !is_full;
}

void Search::keep_worlds(Worker& worker) {
  const std::size_t first = store_.roots().allocate(worker.fresh.size());
  std::ranges::copy(worker.fresh, &store_.roots()[first]);
  if (!sleep_) return;
  sleep_->cover(first + worker.fresh.size());
  std::ranges::copy(worker.fresh_sleep, &(*sleep_)[first]);
}

void Search::inspect_new(Worker& worker, const Candidate& candidate) {
  if (candidate.parent != no_parent) {
    const Id* locals = &worker.parents[candidate.parent * model_.system.size()];
    const std::size_t process = candidate.process;
    if (evaluator_.is_fine(locals, process, candidate.local, worker.fine_vectors)) return;
  }
  Id* world = worker.next.data();
  store_.unfold(candidate.root, world);
  const std::size_t changed = candidate.process == no_process ? Machine::npos : candidate.process;
  // By a tick all processes change.
  const bool by_tick = changed == machine_.clock_slot() && changed != Machine::npos;
  const std::size_t property =
      by_tick ? evaluator_.inspect_all(machine_, world)
              : evaluator_.inspect(machine_, world, changed, candidate.labelled);
  if (property == Evaluator::none) return;
  note(worker.found,
       {.content = machine_.hash(world), .property = property, .world = words_of(world)});
}

}  // namespace gainsay
