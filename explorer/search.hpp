// The exhaustive search: breadth first by (fault cost, depth), level by level, in parallel.
//
// A layer is the worlds of one (fault cost, depth): one range of the store's roots. The layer
// (c, d) is made from the free events of layer (c, d - 1) and from the fault events of layer
// (c - 1, d - 1), so a world enters the visited set exactly when its own layer is made; since the
// budget used is part of a world, its cost is a function of the world, and depths come out right.
//
// Determinism: which worlds a layer holds does not depend on threads. Violations are compared by
// content at the end of a layer, and the trace is found afterwards by scanning backwards for the
// least predecessor by content.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "explorer/check.hpp"
#include "explorer/evaluator.hpp"
#include "explorer/fingerprint_set.hpp"
#include "explorer/fingerprints.hpp"
#include "explorer/machine.hpp"
#include "explorer/moves.hpp"
#include "explorer/recovery.hpp"
#include "explorer/sleep.hpp"
#include "explorer/store.hpp"
#include "explorer/subsumption.hpp"
#include "explorer/symmetry.hpp"

namespace gainsay {

// Gives each property the verdict that goes with that of the check; again is once. Recovery is
// judged behind a search: when that was `whole`, what it says of the other properties stands.
void settle_properties(CheckReport& report, bool whole);

class Search {
 public:
  // What goes from one pass of a check to the next.
  struct Passes {
    KeepSet keep;
    Merges merges;         // in use by this pass
    Merges learnt_merges;  // and those that the next one will use
    Heard heard;           // what merges are checked against
    std::uint32_t number = 1;
    bool started = false;
    bool resumed = false;  // the first pass went on from a checkpoint
    bool learnt = false;   // the last pass has added to `keep`, so another may get further
    Asymmetries asymmetries;
    bool asymmetric = false;  // the last pass was given up: its renamings are none
    std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
  };
  Search(const Model& model, const CheckOptions& options, Passes& passes);
  CheckReport run();

 private:
  struct Layer {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  using LayerKey = std::pair<std::uint32_t, std::uint32_t>;  // fault cost, depth
  // Consecutive worlds to expand by their events of one cost.
  struct Task {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::uint8_t cost = 0;
  };
  // A successor that may be new.
  struct Candidate {
    std::uint64_t root = 0;
    std::uint64_t home = 0;       // where the visited set has it, or would have it
    Id local = 0;                 // of `process` afterwards, where the parent is known
    std::uint32_t receivers = 0;  // of what was sent, as Sleep has them
    std::uint16_t parent = no_parent;
    std::uint8_t process = no_process;  // whose local state changed
    bool labelled = false;
  };
  static constexpr std::uint16_t no_parent = 0xffff;
  static constexpr std::uint8_t no_process = Moves::no_process;
  // A violation: a world, or a transition of a world.
  struct Found {
    Hash128 content;                         // decides between several
    std::size_t property = Evaluator::none;  // none: a handler's fault
    std::vector<Id> world;
    bool by_step = false;  // the transition below, taken in `world`
    std::uint32_t process = 0;
    std::uint32_t transition = 0;
    friend bool operator<(const Found& a, const Found& b) {
      return std::tie(a.content, a.property) < std::tie(b.content, b.property);
    }
  };
  // On cache lines of its own: two workers write their parts all the time.
  struct alignas(128) Worker {
    WorldStore::Worker store{};
    WorldStore::World world{};                     // the one that is expanded
    std::array<Id, WorldStore::words_max> next{};  // its words, but while a successor is made
    Hash128 content;                               // of `world`, and
    Hash128 next_content;     // of the successor: only where worlds are known by fingerprints
    std::uint32_t acted = 0;  // where the process of the last successor is in its canonical world
    // Successors that are yet to be looked up in the visited set; those behind `count` are unused.
    std::vector<Candidate> candidates;
    std::size_t count = 0;
    std::vector<Hash128> contents;  // of the candidates, where worlds are known by fingerprints
    std::vector<std::uint32_t> open;
    std::vector<Moves::Plain> plain;    // of the world that is expanded
    std::vector<Id> parents;            // local states of the worlds that were expanded for them
    std::vector<std::uint64_t> recent;  // roots met lately, direct mapped
    Moves::Memo memo;
    Evaluator::VectorMemo fine_vectors = Evaluator::empty_memo();
    std::vector<std::uint64_t> fresh;
    std::vector<Sleep> fresh_sleep;
    std::uint64_t transitions = 0;
    std::uint64_t probes = 0;
    std::optional<Found> found;
    std::vector<Task> left_over;
  };
  struct Predecessor {
    Hash128 content;
    std::vector<Event> events;  // silent steps, then the one that leads on
    std::vector<Id> world;
    std::uint32_t process = 0;
    std::uint32_t transition = 0;
    friend bool operator<(const Predecessor& a, const Predecessor& b) {
      return std::tie(a.content, a.events) < std::tie(b.content, b.events);
    }
  };

  // The one expand: calls sink(process, transition index, transition, root) for every event
  // of the given cost of a world; root is no_root for a handler's fault. Those that sleep are
  // counted only. False when a table of the store must grow first.
  template <class Sink>
  bool expand(Worker& worker, std::uint64_t root, std::uint8_t cost, Sleep sleep, Sink&& sink);
  // One of them, where the world allows it.
  template <class Sink>
  bool take(Worker& worker, std::size_t process, const Expansion& expansion, std::uint32_t index,
            Sink&& sink);
  // The event that a world is left by when it has one that only sends something new.
  struct Sent {
    const Transition* transition = nullptr;
    std::uint32_t process = 0;
    std::uint32_t index = 0;
    std::uint64_t root = 0;  // no_root when a table must grow first
  };
  Sent send_first(Worker& worker, std::uint64_t root);
  bool successor(Worker& worker, std::size_t process, const Expansion& expansion,
                 const Transition& transition, std::uint64_t& root);

  // The visited set of either kind.
  bool by_fingerprint() const { return seen_.has_value(); }
  Hash128 content_of(const WorldStore::World& world);
  Hash128 content_after(const Worker& worker, std::uint64_t changed);
  bool reserve(std::size_t count);
  void release(std::size_t count);
  // Most successors were met a moment ago, as events of different processes commute: those are
  // not looked up in the visited set, nor even fetched from memory. A root is a world, so this is
  // exact; whoever does not insert what he has noted must `forget_recent`.
  void note_candidate(Worker& worker, Candidate candidate) {
    candidate.home =
        by_fingerprint() ? spread(candidate.root) : store_.visited().home_of(candidate.root);
    std::uint64_t& recent = worker.recent[candidate.home >> (64 - recent_bits)];
    const bool is_fresh = recent != candidate.root;
    recent = candidate.root;
    worker.candidates[worker.count] = candidate;
    if (by_fingerprint()) worker.contents[worker.count] = worker.next_content;
    worker.count += is_fresh ? 1U : 0U;  // without a branch: nobody can predict it
    const void* look = by_fingerprint() ? seen_->first_look(worker.next_content)
                                        : store_.visited().first_look(candidate.home);
    __builtin_prefetch(is_fresh ? look : &worker);
  }
  static constexpr unsigned recent_bits = 13;
  static void forget_recent(Worker& worker);
  void make_space(Worker& worker, std::size_t more) {
    if (worker.count + more > worker.candidates.size()) make_space_anew(worker, more);
  }
  void make_space_anew(Worker& worker, std::size_t more);
  WordSet::Insertion mark(const Worker& worker, std::size_t candidate) {
    return by_fingerprint() ? seen_->insert(worker.contents[candidate])
                            : store_.visited().insert_at(worker.candidates[candidate].home);
  }
  void mark_fingerprint(const Id* words);
  void make_room();  // REQUIRES: no worker is at work
  // Where memory is short, worlds go to disk. False when that is not enough for so much more.
  bool fits_in_memory(std::uint64_t more);
  void unload_worlds(bool now);

  void start();
  std::uint64_t fold(const Id* words, Worker& worker);
  std::vector<Id> words_of(const Id* words) const { return {words, words + store_.items()}; }
  void explore();
  void replan();
  bool certify();
  bool certify_merges();
  bool learn();
  void use_symmetry();
  bool certify_symmetry();
  bool certify_starts();
  void subsume(std::size_t begin);
  bool make_layer(LayerKey key);
  bool ends_before(LayerKey key);
  bool is_known(Worker& worker, std::uint64_t root);
  void note_discoveries(LayerKey key);
  std::vector<Task> tasks_of(LayerKey key) const;
  void run_round(std::vector<Task>& tasks);
  bool run_task(Worker& worker, const Task& task);
  bool expand_all(Worker& worker, const Task& task);
  bool expand_by_moves(Worker& worker, std::size_t at, std::uint8_t cost);
  std::uint32_t add_plain(Worker& worker, const Moves::List& list, std::uint32_t count);
  void note_plain(Worker& worker, std::uint64_t root, std::uint16_t parent, std::uint32_t count);
  bool take_sending(Worker& worker, const Moves::List& list, std::size_t process,
                    std::uint16_t parent, Sleep sleep);
  bool take_others(Worker& worker, const Moves::List& list, std::size_t process, std::uint8_t cost);
  void note_successor(Worker& worker, std::uint32_t process, std::uint32_t index,
                      const Transition& edge, std::uint64_t root);
  // Who sleeps in the worlds found last, where this is known of them.
  Sleep sleep_of(std::size_t world) const {
    return sleep_ && sleep_->covers(world) ? (*sleep_)[world] : Sleep();
  }
  bool may_sleep(Sleep sleep, const Expansion& expansion, const Transition& transition) const {
    return Moves::is_plain_step(transition) &&
           !sleep.is_woken_by(Moves::receivers_of(expansion, transition) & heeded_now_);
  }
  void keep_worlds(Worker& worker);
  void follow_plan();
  bool flush(Worker& worker);
  void inspect_new(Worker& worker, const Candidate& candidate);
  void note(std::optional<Found>& best, Found found);
  void note_step(Worker& worker, std::uint32_t process, std::uint32_t transition,
                 const Transition& edge);
  bool out_of_resources();
  std::string memory_text() const;
  // Why resources allow no more, for so many states; empty while they do.
  std::string exhausted(std::uint64_t states);
  std::string_view hint() const;
  void report_progress(LayerKey key);

  // Visits the words of every kept world, in the order of discovery.
  template <class Visit>
  void for_each_world(const Visit& visit) {
    std::vector<Id> items(store_.items());
    for (std::size_t i = 0; i < store_.roots().size(); ++i) {
      store_.unfold(store_.roots()[i], items.data());
      visit(items.data());
    }
  }

  CheckReport report();
  void audit(CheckReport& report);
  void profile(CheckReport& report);
  void report_counts(CheckReport& report) const;
  void report_symmetry(CheckReport& report) const;
  void report_limits(CheckReport& report) const;
  void report_discovery(CheckReport& report) const;
  Hash128 digest(bool of_views, FutureTable* futures = nullptr);
  Hash128 future_digest();
  Counterexample rebuild(const Found& found, LayerKey key);
  // With symmetry: to the image of the world under `element`.
  std::vector<Event> path_to(std::vector<Id> world, LayerKey key, Symmetry::Index element);
  const std::vector<Event>& start_of(const std::vector<Id>& world, Symmetry::Index element);
  Symmetry::Index canonicaliser(const Predecessor& before);
  Symmetry::Index violating_image(const Found& found);
  // The events of a transition, renamed.
  std::vector<Event> images_of(const std::vector<Id>& world, std::uint32_t process,
                               std::uint32_t transition, Symmetry::Index element);
  // The least predecessor of a world of a layer, and the layer where it is.
  std::pair<Predecessor, LayerKey> predecessor(const std::vector<Id>& world, LayerKey key);
  std::optional<Predecessor> least_predecessor(std::uint64_t root, const std::vector<Task>& tasks);
  // Runs it on the live world. In fifo, what was dropped is delivered where it is in the way.
  void verify(Counterexample& counterexample) const;

  // A vector of local states, of which `recovers` is asked.
  struct Start {
    LayerKey layer;  // the first that has it
    Hash128 content;
    std::vector<Id> locals;
  };
  void judge_recoveries();
  std::vector<Start> recovery_starts();
  std::size_t renamings_of_starts() const;
  void locals_of(const std::vector<Id>& words, std::vector<Id>& locals) const;
  void renamed_locals(const std::vector<Id>& locals, Symmetry::Index element,
                      std::vector<Id>& renamed);
  Found found_at(const Start& start, std::size_t property);
  void report_recoveries(std::vector<PropertyReport>& properties) const;

  Hash128 signature() const;
  void save_checkpoint();
  bool load_checkpoint();
  double seconds() const;

  const Model& model_;
  CheckOptions options_;
  std::vector<const Property*> properties_;
  const Reductions asked_;
  Reductions reduce_;               // symmetry: only where some processes may be renamed
  std::optional<Futures> futures_;  // what stands for histories in worlds
  Passes& passes_;
  Evaluator evaluator_;
  Machine machine_;
  WorldStore store_;
  std::optional<Fingerprints> fingerprints_;
  std::optional<FingerprintSet> seen_;  // in place of the store's own visited set
  Antichains antichains_;
  std::optional<Symmetry> symmetry_;
  unsigned jobs_;
  std::optional<Moves> moves_;  // where worlds are taken as they are, and kept exactly
  // By world, of the last layer and the one that is made; where worlds are taken as they are, and
  // all of them.
  std::optional<GrowingArray<Sleep>> sleep_;
  std::size_t made_from_ = 0;          // the first world of the last layer
  const std::uint32_t heeded_before_;  // receivers that a sleeper must not be; all but in tests
  const std::uint32_t heeded_now_;     // and those that he must not have
  std::uint64_t plan_ = 0;  // of the store, that `moves_` and what workers remember is of
  std::vector<Worker> workers_;
  const std::uint64_t memory_max_;
  std::map<LayerKey, Layer> layers_;
  std::map<LayerKey, std::uint64_t> discoveries_;         // local states that were new there
  std::uint64_t discovered_ = 0;                          // the sum
  std::map<std::vector<Id>, std::vector<Event>> starts_;  // initial worlds and how they came about
  std::uint64_t transitions_ = 0;
  std::uint64_t next_plan_ = std::uint64_t{1} << 14;  // how many worlds make it worth planning anew
  std::uint64_t next_certificate_ = std::uint64_t{1} << 12;
  std::uint64_t next_learning_ = 0;
  std::uint64_t next_symmetry_ = std::uint64_t{1} << 6;
  std::atomic<bool> must_grow_{false};
  std::atomic<bool> visited_is_full_{false};
  std::optional<Found> found_;
  LayerKey found_at_{};
  std::string incomplete_because_;
  const std::uint64_t spill_from_;
  std::vector<std::optional<RecoveryResult>> recoveries_;  // by property
  std::string recovery_incomplete_;   // why one of them is, behind a search that is not
  std::string recovery_explanation_;  // of the one that is violated
  std::vector<Id> stuck_;             // and the local states without a way back
  bool resumed_ = false;              // this pass
  bool certified_ = true;
  bool cut_by_depth_ = false;
  double last_progress_ = 0;
  double last_checkpoint_ = 0;
  double seconds_before_ = 0;  // of the runs that this one resumes
};

template <class Sink>
bool Search::expand(Worker& worker, std::uint64_t root, std::uint8_t cost, Sleep sleep,
                    Sink&& sink) {
  store_.unfold(root, worker.world);
  std::copy_n(worker.world.words.begin(), store_.items(), worker.next.begin());
  if (by_fingerprint()) worker.content = content_of(worker.world);
  if (reduce_.eager) {
    const Sent sent = send_first(worker, root);
    if (sent.root == WorldStore::no_root && sent.transition != nullptr) return false;
    if (sent.transition != nullptr) {
      if (cost == 0) sink(sent.process, sent.index, *sent.transition, sent.root);
      return true;
    }
  }
  for (std::size_t process = 0; process < machine_.actors(); ++process) {
    const Expansion& expansion = machine_.expand(worker.world.words.data(), process);
    const auto count = static_cast<std::uint32_t>(expansion.transitions.size());
    const bool sleeps = cost == 0 && sleep.holds(process);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (expansion.transitions[i].cost != cost) continue;
      if (sleeps && may_sleep(sleep, expansion, expansion.transitions[i])) {
        ++worker.transitions;
        continue;
      }
      if (!take(worker, process, expansion, i, sink)) return false;
    }
  }
  return true;
}

template <class Sink>
bool Search::take(Worker& worker, std::size_t process, const Expansion& expansion,
                  std::uint32_t index, Sink&& sink) {
  const Transition& transition = expansion.transitions[index];
  if (!machine_.affordable(worker.world.words.data(), transition)) return true;
  std::uint64_t next = WorldStore::no_root;
  if (transition.fault == 0 && !successor(worker, process, expansion, transition, next)) {
    return false;
  }
  sink(static_cast<std::uint32_t>(process), index, transition, next);
  return true;
}

}  // namespace gainsay
