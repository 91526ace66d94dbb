// The interned machine: the system as tables. Handlers run once for each distinct (process, local
// state, event, choices); afterwards an event is a look-up, and a world is a short vector of ids.
//
// Ids depend on the order in which things were met, so on thread timing; nothing visible depends on
// them. Content hashes decide everything that is seen.
//
// Thread-safety: `expand`, `receive` and `relabel` may be called by all threads. Look-ups that hit
// take no lock; the first time each thing is met, one mutex is taken. The rest is for one thread at
// a time.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/event.hpp"
#include "engine/history.hpp"
#include "engine/system.hpp"
#include "explorer/check.hpp"
#include "explorer/memory.hpp"
#include "explorer/merges.hpp"
#include "explorer/tables.hpp"
#include "properties/property.hpp"

namespace gainsay {

// What one actor does at one event: an edge between cells. The actors are the processes, the clock
// where clocks are bounded, and the network where there is a budget of partitions.
struct Transition {
  Id cell = 0;              // the process's cell afterwards; of the network: its word
  Id input = 0;             // which event; see Machine::event_of
  Id answers = 0;           // the choices
  Id labels = 0;            // for history and observers; 0: none
  Id fault = 0;             // index + 1 of the fault message: there is no successor
  std::uint32_t sends = 0;  // first of the sends, in Expansion::sends
  std::uint16_t send_count = 0;
  BudgetSet budget;
  std::uint8_t cost = 0;            // fault cost
  std::uint8_t local_changed = 0;   // or a step property is violated
  std::uint8_t step_violation = 0;  // index + 1 of the always_step property it breaks
  std::uint8_t only_sends = 0;      // no local state, label, budget or fault: only messages
  std::uint8_t from = 0xff;         // the sender of what is delivered; 0xff: no delivery
};

// A message on its way.
struct SendRef {
  Id to = 0;
  Id envelope = 0;
};

// All transitions of one cell. Lies in memory directly before what it points to: looking a
// successor up should cost one cache miss, not three.
struct Expansion {
  std::span<const Transition> transitions;  // those that only send come first; by content
  const SendRef* sends = nullptr;
  std::uint64_t sending = 0;  // how many only send
};

struct LocalEntry {
  std::uint8_t process = 0;
  LocalState::Status status = LocalState::Status::unstarted;
  Bytes bytes;
  Hash128 hash;
  std::shared_ptr<const void> view;  // null for clients
  Hash128 view_hash;
  Id shown = 0;  // which view: equal exactly for equal ones
};

// Pairs of a local state and a message that must not be dropped, by content: another pass, or the
// run that resumes this one, has other ids. A collision would only keep more.
using KeepSet = std::set<Hash128>;

class Symmetry;

class Machine {
 public:
  // `judge_step` gives the index + 1 of the always_step property that a local step breaks, or 0;
  // `counts` is false for steps that may never be taken.
  using JudgeStep =
      std::function<std::uint8_t(const LocalEntry& before, const LocalEntry& after, bool counts)>;

  struct Options {
    JudgeStep judge_step{};
    // Messages that seem dead are dropped unless it names them; see `certify`. Null: none is.
    const KeepSet* keep = nullptr;
    // Local states are replaced by what stands for them; see `learn_merges`. Null: none is.
    const Merges* merges = nullptr;
    const Futures* futures = nullptr;  // they stand for histories in worlds; null: whole histories
    bool silent = false;  // transitions take silent steps together with what they lead to
    Sabotage sabotage = Sabotage::none;
  };
  // REQUIRES: the system and what the options point to outlive the machine.
  explicit Machine(const System& system) : Machine(system, Options{}) {}
  Machine(const System& system, Options options);
  // Worlds are explored up to these renamings; null: as they are. Before anything is expanded.
  void use(Symmetry* symmetry) { symmetry_ = symmetry; }
  ~Machine();

  const System& system() const { return system_; }

  // A world: the cells of the processes, then the words below, each only where it exists.
  std::size_t slots() const { return slots_; }
  // Always 0: the clock is an actor like the processes, and has its place behind them; npos where
  // clocks are not bounded. See clock.cpp.
  std::size_t clock_slot() const { return clock_slot_; }
  // The cut that is there: its number in System::cuts() + 1, 0 for none. Behind the processes and
  // the clock, as the network is an actor like them; npos without a budget of partitions.
  std::size_t cut_slot() const { return cut_slot_; }
  std::size_t budget_slot() const { return budget_slot_; }  // packed BudgetUsed; npos: none
  // What the adversary has learnt; npos: nothing could help it.
  std::size_t knowledge_slot() const { return knowledge_slot_; }
  std::size_t history_slot() const { return history_slot_; }  // npos: none
  std::size_t first_observer_slot() const { return first_observer_slot_; }
  static constexpr std::size_t npos = ~std::size_t{0};

  // The world before the starts.
  std::vector<Id> unstarted();
  const Expansion& expand(Id cell) {
    const Expansion* known = cells_[cell].expansion.load(std::memory_order_acquire);
    return known != nullptr ? *known : expand_first(cell);
  }
  // The actors of a world: the processes, then the clock and the network where they act.
  std::size_t actors() const { return actors_; }
  const Expansion& expand(const Id* world, std::size_t actor) {
    if (actor < size_) return expand(world[actor]);
    return actor == clock_slot_ ? expand_clock(world) : *cut_expansions_[world[actor]];
  }
  // The cell with one more message.
  Id receive(Id cell, Id envelope) {
    const Id known = received_.find(pair_key(cell, envelope));
    return known != ReadMap::none ? known : receive_first(cell, envelope);
  }
  // Takes a transition of one actor in a world; returns which words may have changed, one bit
  // each. REQUIRES: the transition has no fault, and the world allows it.
  std::uint64_t apply(Id* world, std::size_t process, const Expansion& expansion,
                      const Transition& transition) {
    std::uint64_t changed = std::uint64_t{1} << process;
    world[process] = transition.cell;
    const std::uint64_t lost = lossy_cut_slot_ == npos ? 0 : cut_off_[cut_row(world) + process].to;
    for (std::size_t i = 0; i < transition.send_count; ++i) {
      const SendRef& send = expansion.sends[transition.sends + i];
      if (((lost >> send.to) & 1) != 0) continue;
      world[send.to] = receive(world[send.to], send.envelope);
      changed |= std::uint64_t{1} << send.to;
    }
    if (knowledge_slot_ != npos && transition.send_count > 0) {
      changed |= teach(world, expansion, transition);
    }
    if (!transition.budget.empty()) {
      Id& used = world[budget_slot_];
      used = BudgetUsed(used).plus(transition.budget).packed();
      changed |= std::uint64_t{1} << budget_slot_;
    }
    if (transition.labels != 0) {
      for (std::size_t slot = first_labelled_slot_; slot < slots_; ++slot) {
        world[slot] = relabel(slot, world[slot], transition.labels);
        changed |= std::uint64_t{1} << slot;
      }
    }
    if (process >= size_) changed |= act_beside(world, process);
    return changed;
  }
  // False where a budget of the transition is used up, or where a cut holds back its message.
  bool affordable(const Id* world, const Transition& transition) const {
    if (holding_cut_slot_ != npos && transition.from != 0xff && is_held(world, transition)) {
      return false;
    }
    return transition.budget.empty() ||
           system_.affords(BudgetUsed(world[budget_slot_]), transition.budget);
  }
  // The cell without its messages.
  Id bare(Id cell) {
    return inboxes_[cells_[cell].inbox].envelopes.empty() ? cell : bare_of(cell);
  }
  // The messages that wait in a cell, in an order that depends on content alone.
  std::vector<Id> waiting(Id cell) const { return in_order(cells_[cell].inbox); }
  // Messages of `from` to a process are lost in the world's cut, or were when it came.
  bool is_cut_off(const Id* world, std::size_t process, NodeId from) const {
    if (lossy_cut_slot_ == npos) return false;
    return ((cut_off_[cut_row(world) + process].from >> from.value) & 1) != 0;
  }
  // A history or observer word after the labels of a step.
  Id relabel(std::size_t slot, Id word, Id labels) {
    const Id known = relabelled_[slot - size_].find(pair_key(word, labels));
    return known != ReadMap::none ? known : relabel_first(slot, word, labels);
  }

  // A timer that no budget counts has sent a message that the network keeps: worlds have no end.
  bool grows_without_end() const { return grows_without_end_.load(std::memory_order_relaxed); }

  Id local_of(Id cell) const { return cells_[cell].local; }
  std::size_t process_of(Id cell) const { return cells_[cell].process; }
  Id inbox_of(Id cell) const { return cells_[cell].inbox; }
  const std::vector<Id>& envelopes_of(Id inbox) const { return inboxes_[inbox].envelopes; }
  const Bytes& message_of(Id envelope) const { return envelopes_[envelope].message; }
  NodeId sender_of(Id envelope) const { return envelopes_[envelope].from; }
  // An input of a transition that is a message, by its envelope.
  static bool is_delivery(Id input) { return input < timer_input; }
  const LocalEntry& local(Id id) const { return locals_[id]; }
  // A history word is that of a future, or of a whole history.
  bool keeps_futures() const { return options_.futures != nullptr; }
  const Bytes& future(Id id) const { return futures_[id]; }
  const History& history(Id id) const { return histories_[id]; }
  Hash128 history_hash(Id word) const;
  const Bytes& observer(Id id) const { return observers_[id]; }
  // A crash between two steps.
  static bool is_crash(const Transition& transition) { return transition.input == crash_input; }
  // The event of a transition: the last one, where it has several.
  Event event_of(NodeId process, const Transition& transition) const;
  // All of them: silent steps first.
  std::vector<Event> events_of(NodeId process, const Transition& transition) const;
  // The local states before each of these. REQUIRES: no other thread is in the machine.
  std::vector<Id> locals_before(Id cell, const Transition& transition);
  const std::string& fault(Id fault) const { return faults_[fault - 1]; }
  StepResult::Fault fault_kind(Id fault) const {
    return fault_is_expectation_[fault - 1] ? StepResult::Fault::expectation
                                            : StepResult::Fault::exception;
  }
  Hash128 hash(const Id* world) const;
  // Equal exactly for equal status and view.
  Hash128 view_hash(Id local) const {
    return mix(static_cast<std::uint64_t>(locals_[local].status), locals_[local].view_hash);
  }
  // The part of one word in the hash of a world: worlds that differ in some words differ in their
  // hashes by the differences of these.
  Hash128 hash_of(std::size_t slot, Id word) const;

  // Counts, deterministic between levels.
  std::uint64_t handler_runs() const { return handler_runs_; }
  std::uint64_t cells() const { return cells_.size(); }
  std::uint64_t locals() const { return locals_.size(); }
  std::uint64_t messages() const { return envelopes_.size(); }
  std::uint64_t views() const { return view_index_.size(); }
  std::uint64_t histories() const { return histories_.size(); }
  const std::vector<std::uint64_t>& cuts() const { return cuts_; }
  const std::set<UnsyncedSend>& unsynced_sends() const { return unsynced_sends_; }
  // A timer has said how many ticks it runs; without bounded clocks that was ignored.
  bool uses_ticks() const { return uses_ticks_; }

  // --- dead messages ---
  // A message waiting at a process is dropped where its delivery is a no-op: it changes nothing,
  // sends nothing, labels nothing and cannot fail. That is sound where the message is dead: where
  // it stays a no-op in every local state that the process can get to from there. What is not is
  // added to `keep`, and the search must run again. True when nothing was: then every drop of this
  // search was of a dead message, and a real run that delivers dropped messages has the same local
  // states, labels and sends as a run of this search. With symmetry a run goes on from renamings of
  // what was explored, so the local graph, the drops and `keep` are closed under renaming.
  // REQUIRES: no other thread is in the machine.
  bool certify(KeepSet& keep, unsigned jobs);
  std::uint64_t dropped() const { return dropped_.size(); }

  // --- local minimisation: see minimise.cpp. REQUIRES: no other thread is in the machine. ---
  // Replaces `merges` by all that no future tells apart, as far as is known; how many local states
  // of this pass others then stand for.
  std::size_t learn_merges(Merges& merges, Heard& heard, unsigned jobs);
  // True when nothing that is known contradicts the merges in use.
  bool certify_merges(Heard& heard, unsigned jobs);

  // The content of all that was expanded: equal exactly when the handlers did the same.
  Hash128 behaviour() const;
  // The content of a world and back, for checkpoints: canonical bytes, the same on every machine.
  void save_tables(Writer& writer) const;
  // Restores into a machine that has met nothing yet; ids are those of the saved machine.
  void load_tables(Reader& reader);

 private:
  friend class Symmetry;
  friend class Audit;
  friend class Profile;
  // Inputs: an envelope's id, or one of these.
  static constexpr Id timer_input = 0x80000000U;  // + timer
  static constexpr Id crash_input = 0xc0000000U;
  static constexpr Id restart_input = 0xc0000001U;
  static constexpr Id start_input = 0xc0000002U;

  struct Cell {
    std::atomic<const Expansion*> expansion;
    Id local;
    Id inbox;
    std::uint8_t process;
  };
  struct Envelope {
    NodeId from;
    Bytes message;
    Hash128 hash;
  };
  struct Inbox {
    std::vector<Id> envelopes;  // sorted by id; fifo: by sender, each link in order
    Hash128 hash;
  };
  // One outcome of a handler.
  struct Outcome {
    Id local = 0;
    Id answers = 0;
    Id labels = 0;
    Id fault = 0;
    bool no_op = false;
    bool crashed = false;  // it is down behind
    std::uint8_t step_violation = 0;
    std::vector<SendRef> sends;
  };
  struct LabelSet {
    NodeId process;
    std::vector<Label> labels;
  };

  struct Successors {
    std::vector<Transition> transitions;
    std::vector<SendRef> sends;
  };
  // A silent step, and how a transition came about: silent steps, then an event with its answers,
  // the crash of its handler included.
  struct Silent {
    Id input = 0;
    Id answers = 0;
  };
  struct Path {
    std::vector<Silent> silent;
    std::vector<std::uint32_t> answers;
  };
  // Silent steps one after the other, with the local states before, between and behind them.
  struct Chain {
    std::vector<Id> locals;
    std::vector<Silent> steps;
  };
  struct Behaviour;
  struct LocalGraph;
  bool is_dropped(Id local, Id envelope);
  void count_cuts(Id local, Id envelope);
  void forget_dead(Id local, std::vector<Id>& envelopes);
  bool is_no_op(const LocalState& local, const LocalEntry& entry, Id envelope) const;
  Hash128 pair_content(Id local, Id envelope) const;
  // --- partitions ---
  // Of one actor under one cut: the processes whose messages it does not get, and those that do not
  // get its messages, one bit each.
  struct CutOff {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
  };
  void prepare_cuts();
  std::size_t cut_row(const Id* world) const { return std::size_t{world[cut_slot_]} * actors_; }
  bool is_held(const Id* world, const Transition& transition) const {
    const std::uint64_t from = cut_off_[cut_row(world) + cells_[transition.cell].process].from;
    return ((from >> transition.from) & 1) != 0;
  }
  std::uint64_t lose_across(Id* world);
  Id lose(Id cell, Id cut);

  // --- bounded clocks: clock.cpp ---
  void prepare_clock();
  const Expansion& expand_clock(const Id* world);
  std::uint64_t pass_tick(Id* world);
  Id tick_of(Id cell);
  void add_ticks(std::vector<std::vector<Id>>& next) const;
  // What an actor that is no process does besides changing its own word.
  std::uint64_t act_beside(Id* world, std::size_t actor) {
    if (actor == clock_slot_) return pass_tick(world);
    return actor == lossy_cut_slot_ ? lose_across(world) : 0;
  }

  // What a memo says of two ids; the first time, `make` is asked, under the mutex.
  template <class Make>
  Id memoised(ReadMap& memo, Id a, Id b, Make make) {
    const std::uint64_t key = pair_key(a, b);
    if (const Id known = memo.find(key); known != ReadMap::none) return known;
    const std::lock_guard lock(mutex_);
    if (const Id known = memo.find(key); known != ReadMap::none) return known;
    const Id made = make();
    memo.insert(key, made);
    return made;
  }
  // --- the adversary ---
  Id intern_knowledge(const Knowledge& knowledge);
  void let_say(std::vector<Id>& world);
  std::uint64_t teach(Id* world, const Expansion& expansion, const Transition& transition);
  Id learn(Id word, Id envelope);
  Id lesson_between(Id before, Id after);
  Id gain(Id cell, Id lesson);
  Hash128 hash_of_forging() const;

  const Expansion& expand_first(Id cell);
  const Expansion& keep(const Successors& successors);
  Id receive_first(Id cell, Id envelope);
  Id relabel_first(std::size_t slot, Id word, Id labels);
  // All below: REQUIRES the mutex.
  void deliveries(Id cell, Successors& out);
  void add_step(Id cell, Id input, Successors& out);
  void add_network_faults(Id cell, Successors& out);
  void add_outcome(Id cell, Id input, const Outcome& outcome, Id path, Successors& out);
  BudgetSet budget_of(Id input, Id answers) const;
  std::vector<Id> in_order(Id inbox) const;
  void macro_steps(Id cell, Successors& out);
  bool is_silent(Id before, Id input, const Outcome& outcome) const;
  const Outcome* outcome_of(Id local, Id input, Id answers);
  const Outcome* silent_outcome(Id local, const Silent& step);
  bool can_wait(const Chain& chain, std::size_t which, Id input, const Outcome& visible);
  bool is_loose(const Chain& chain, Id input, const Outcome& visible);
  std::string effect_of(const Transition& transition, const Successors& successors) const;
  void run_all(std::uint8_t process, const LocalState& local, const LocalEvent& event,
               std::vector<Behaviour>& out) const;
  std::vector<Behaviour> behaviour_of(std::uint8_t process, const Bytes& local,
                                      const Heard& heard) const;
  void hear(Heard& heard) const;
  void draw(LocalGraph& graph, const Heard& heard, unsigned jobs) const;
  bool renames_merges() const;
  bool is_uncounted(const LocalEvent& event) const;  // it uses no budget
  const Bytes& stand_in(std::uint8_t process, const Bytes& local) const;
  const std::vector<Outcome>& outcomes(Id local, Id input);
  std::vector<Outcome> run_handlers(Id local, Id input);
  bool make_outcome(Id before, Id input, LocalState& after, StepResult& step, Outcome& outcome);
  bool is_cut(NodeId process, const LocalState& local);
  std::string handler_name(std::uint8_t process, Id input) const;
  bool is_outside_limits(NodeId process, const LocalState& local) const;
  LocalEvent event_of_input(Id input) const;
  static bool is_timer(Id input);
  std::vector<Id> own_inputs(std::uint8_t process, std::uint64_t timers,
                             const Times& times = {}) const;
  std::vector<std::vector<Id>> local_graph() const;
  std::vector<std::uint64_t> all_dropped() const;
  void keep_pair(std::uint64_t pair, KeepSet& keep) const;
  class Rows;
  static void spread_rows(Rows& rows, const std::vector<std::vector<Id>>& edges);
  Rows acting(const Rows& rows, const std::vector<Id>& messages, unsigned jobs) const;
  void keep_ahead(const std::vector<std::uint64_t>& dropped, const std::vector<Id>& messages,
                  const std::vector<std::vector<Id>>& before, KeepSet& keep, unsigned jobs) const;
  Id cell_of(std::uint8_t process, Id local, Id inbox);
  Id with_message(Id cell, Id envelope);
  Id bare_of(Id cell);
  std::vector<Id> without(const std::vector<Id>& envelopes, Id envelope) const;
  Id intern_local(std::uint8_t process, const Bytes& bytes, const Process* value);
  Id intern_envelope(NodeId from, const Bytes& message);
  Id intern_inbox(std::vector<Id> envelopes);
  Id intern_path(const std::vector<Silent>& silent, const std::vector<std::uint32_t>& answers);
  Id intern_labels(NodeId process, std::vector<Label> labels);
  Id intern_history(const History& history);
  Id intern_future(const Bytes& future);
  // Of futures and observers: what a word says, and what it says after the labels of a step.
  const Bytes& content(std::size_t slot, Id word) const;
  Bytes relabelled_content(std::size_t slot, Bytes content, const LabelSet& set) const;
  Id intern_observer(const Bytes& state);
  Hash128 hash_inbox(const std::vector<Id>& envelopes) const;
  void load_interned(Reader& reader, std::vector<Id>& expanded);

  using Index = std::unordered_map<std::string, Id>;

  const System& system_;
  Options options_;
  Symmetry* symmetry_ = nullptr;
  std::size_t size_;
  std::size_t slots_;
  std::size_t actors_;
  std::size_t clock_slot_ = npos;
  std::size_t cut_slot_ = npos;
  std::size_t lossy_cut_slot_ = npos;    // of these two one is the cut slot, where there is any
  std::size_t holding_cut_slot_ = npos;  //
  std::size_t budget_slot_ = npos;
  std::size_t knowledge_slot_ = npos;
  std::size_t first_labelled_slot_ = 0;  // from here on labels change the words
  std::size_t history_slot_ = npos;
  std::size_t first_observer_slot_ = npos;

  BriefMutex mutex_;
  StableVector<LocalEntry> locals_;
  StableVector<Envelope> envelopes_;
  StableVector<Inbox> inboxes_;
  StableVector<Path> paths_;
  StableVector<LabelSet> labels_;
  StableVector<History> histories_;
  StableVector<Bytes> futures_;
  StableVector<Bytes> observers_;
  StableVector<std::string> faults_;
  std::vector<bool> fault_is_expectation_;  // read between levels only
  Index local_index_;
  Index envelope_index_;
  Index inbox_index_;
  Index path_index_;
  Index view_index_;
  Index label_index_;
  Index history_index_;
  Index future_index_;
  Index observer_index_;
  std::unordered_map<std::uint64_t, std::vector<Outcome>> outcomes_;
  std::unordered_map<std::uint64_t, bool> is_dropped_;  // (local, envelope)
  std::vector<std::uint64_t> dropped_;                  // the pairs of it that are
  std::vector<std::set<Id>> known_;                     // by process: the messages ever sent to it
  Arena expansions_;
  std::vector<Cut> partitions_;
  std::vector<CutOff> cut_off_;                   // by cut word, then actor
  std::vector<const Expansion*> cut_expansions_;  // of the network, by cut word
  ReadMap lost_across_;                           // (cell, cut word) -> cell
  const Expansion* tick_ = nullptr;               // of the clock: where time may pass
  const Expansion* no_tick_ = nullptr;            // and where not
  ReadMap ticked_;                                // cell -> cell
  bool uses_ticks_ = false;                       // read between levels only
  StableVector<Bytes> knowledge_;                 // of the adversary: facts
  Index knowledge_index_;
  StableVector<std::vector<Forged>> forged_;  // by knowledge: all that can be said
  StableVector<std::vector<Forged>> taught_;  // by lesson: what can be said in addition
  ReadMap learnt_;                            // (knowledge, envelope) -> knowledge
  ReadMap lessons_;                           // (knowledge, knowledge) -> lesson
  ReadMap gained_;                            // (cell, lesson) -> cell
  std::atomic<bool> grows_without_end_{false};
  GrowingArray<Cell> cells_;
  std::vector<ReadMap> cell_index_;  // by process: (local, inbox) -> cell
  ReadMap received_;
  ReadMap bare_;  // cell -> cell
  std::vector<ReadMap> relabelled_;  // by slot behind the processes
  std::uint64_t handler_runs_ = 0;
  std::vector<std::uint64_t> cuts_;  // by limit
  std::set<UnsyncedSend> unsynced_sends_;
};

}  // namespace gainsay
