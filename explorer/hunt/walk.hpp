// One run on the interned machine, event by event: each step is a few look-ups.
//
// Of each process a walk has its local state and the list of messages that wait
// for it. What a message does is looked up in the cell of the local state and
// this one message, when a strategy asks for it and not before: cells with all
// that waits would nearly all be new.
//
// A run is a list of moves. Lists are in the order in which messages came, and
// transitions of a cell in one that depends on their content alone, so the same
// moves are the same run in every machine of the system, whatever its ids are.
//
// Thread-safety: one walk for each thread; they may share the machine and the
// evaluator.
#pragma once

#include <bit>
#include <optional>
#include <span>
#include <vector>

#include "engine/random.hpp"
#include "explorer/evaluator.hpp"
#include "explorer/hunt/idle_deliveries.hpp"
#include "explorer/machine.hpp"

namespace gainsay {

// A transition in the world at hand: of what the actor does by itself (part 0),
// or of the message with that place in its list, from 1 on.
struct Move {
  std::uint8_t actor = 0;
  std::uint32_t part = 0;
  std::uint32_t index = 0;
  friend bool operator==(const Move&, const Move&) = default;
};
using Path = std::vector<Move>;

// What a step broke: a property by index, or the fault of a handler.
struct Broken {
  std::size_t property = Evaluator::none;
  Id fault = 0;
};

class Walk {
 public:
  // Runs that are given need neither what may be drawn nor their path, and may be long.
  enum class Use : std::uint8_t { draws, replays };
  // REQUIRES: both outlive this.
  Walk(Machine& machine, Evaluator& evaluator, Use use = Use::draws);

  // The initial starts, in id order, their choices drawn. Throws UsageError
  // where a start fails.
  void start(RandomStream& random);
  // From the beginning of another run of this system. What it breaks is known,
  // and not judged.
  void follow(std::span<const Move> path);
  // Before the starts, and one step that is not judged. REQUIRES: it has no
  // fault.
  void begin();
  void pass(Move move) { step(move, false); }
  // Judges the world as it is.
  void judge_world();
  // REQUIRES: can_take(move), and nothing is broken.
  void take(Move move);
  // Where a walk that replays is, to go on from there again. REQUIRES: nothing is broken; of
  // restore that it was saved by a walk on the same machine.
  struct Saved {
    std::vector<Id> world;
    std::vector<std::vector<Id>> inboxes;
    std::vector<Id> heard;
    std::vector<Id> locals;
    std::vector<const Expansion*> own;
    std::uint64_t down = 0;
  };
  Saved save() const;
  void restore(const Saved& saved);
  // The events of a run, which may end in a fault. Goes along it. REQUIRES: no
  // other thread is in the machine.
  std::vector<Event> events_of(std::span<const Move> path);

  Machine& machine() const { return machine_; }
  std::size_t actors() const { return own_.size(); }
  // What an actor has as its words of the world: of a process, a cell without
  // messages.
  Id cell(std::size_t actor) const { return world_[actor]; }
  const Id* world() const { return world_.data(); }
  // The messages that wait for an actor, as envelopes; they are the parts from
  // 1 on.
  const std::vector<Id>& inbox(std::size_t actor) const { return inboxes_[actor]; }
  // Of part 0 all transitions are its own; of another part those whose input is
  // its message.
  const Expansion& part(std::size_t actor, std::uint32_t part) const {
    if (part == 0) return *own_[actor];
    const Id cell = world_[actor];
    const Id envelope = inboxes_[actor][part - 1];
    if (cell != asked_.cell || envelope != asked_.envelope || asked_.expansion == nullptr) {
      asked_ = {cell, envelope, &machine_.expand(machine_.receive(cell, envelope))};
    }
    return *asked_.expansion;
  }
  bool is_of_part(const Transition& transition, std::size_t actor, std::uint32_t part) const {
    return part == 0 || transition.input == inboxes_[actor][part - 1];
  }
  const Transition& transition(Move move) const {
    return part(move.actor, move.part).transitions[move.index];
  }
  bool is_message(std::size_t actor, Id input) const {
    return is_process(actor) && Machine::is_delivery(input);
  }
  // Another number whenever what an actor may do may be something else.
  std::uint64_t version(std::size_t actor) const { return versions_[actor]; }
  // What can do nothing now can do nothing as long as this number is the same; 0: nobody knows. In
  // async messages stay and budgets are only used up, so that this goes by the local state.
  std::uint64_t epoch(std::size_t actor) const { return epochs_[actor]; }

  // The world allows it, and it changes something: in async a message may come
  // again.
  bool can_take(Move move) const {
    const Expansion& expansion = part(move.actor, move.part);
    return can_take(move.actor, move.part, expansion, expansion.transitions[move.index]);
  }
  // A fault, a restart or the end of a partition: what a schedule of faults
  // decides.
  bool is_fault(Move move) const { return is_fault(move.actor, transition(move)); }
  bool is_fault(std::size_t actor, const Transition& transition) const {
    return actor == machine_.cut_slot() || (transition.budget.bits() & ~timeout_bit) != 0;
  }
  // Moves that are no faults. Each message and each own transition is as likely
  // to be drawn; false where that can do nothing now. (An optional, on its way
  // through registers, would cost more than all that most draws do.)
  bool draw(RandomStream& random, Move& move) {
    return draw_if(
        random, [](std::size_t, Id) { return true; }, move);
  }
  // False as well where accept(actor, input) is, which costs less than looking at what it does.
  template <class Accept>
  bool draw_if(RandomStream& random, Accept&& accept, Move& move);
  // Each as likely as weight(actor, input) says; false where that can do nothing now. REQUIRES: a
  // draw may give one, and no weight is 0.
  template <class Weight>
  bool draw_by(RandomStream& random, Weight&& weight, Move& move);
  // Whether a draw may still give one.
  bool may_draw() const { return slots_ > 0; }
  // What an input of an actor does, its choices drawn; none where that is
  // nothing now.
  std::optional<Move> move_of(std::size_t actor, Id input, RandomStream& random) const;
  // Calls f(input) for each input of an actor, own ones first, each once:
  // messages and what is no fault.
  template <class F>
  void for_each_input(std::size_t actor, F&& f) const;
  // Calls f(move) for all moves that can be taken: faults, or the others.
  template <class F>
  void for_each_move(bool faults, F&& f) const;

  // How many processes are down.
  std::uint32_t down() const { return static_cast<std::uint32_t>(std::popcount(down_)); }
  const Path& path() const { return path_; }
  const std::optional<Broken>& broken() const { return broken_; }
  // The process whose local state the last step changed; npos: none.
  std::size_t changed() const { return changed_; }

 private:
  static constexpr unsigned timeout_bit = 1U << static_cast<unsigned>(BudgetKind::timeout);
  bool is_process(std::size_t actor) const { return actor < inboxes_.size(); }
  bool is_down(Id local) const { return machine_.local(local).status == LocalState::Status::down; }

  void step(Move move, bool judged);
  void judge(const Transition& transition, std::size_t actor, Id local);
  void consume(Move move, const Transition& transition);
  void settle(std::uint64_t changed);
  void settle(std::size_t process, Id cell);
  void lose_across();
  void refresh(std::size_t actor);
  void revive(std::size_t actor, bool grew);
  // A place among those alive.
  struct Drawn {
    std::size_t actor = 0;
    std::uint32_t at = 0;
  };
  // Without a branch that goes by the number drawn: it would be guessed wrong each time.
  Drawn drawn(RandomStream& random) const {
    const std::uint32_t at = random.below(slots_);
    std::size_t actor = 0;
    std::uint32_t before = 0;
    std::uint32_t sum = 0;
    for (const auto& slots : alive_) {
      sum += static_cast<std::uint32_t>(slots.size());
      actor += at >= sum ? 1U : 0U;
      before = at >= sum ? sum : before;
    }
    return {.actor = actor, .at = at - before};
  }
  Id input_of(Drawn drawn) const {
    const auto& own = own_[drawn.actor]->transitions;
    const std::uint32_t slot = alive_[drawn.actor][drawn.at];
    return slot < own.size() ? own[slot].input : inboxes_[drawn.actor][slot - own.size()];
  }
  bool take_out_if_nothing(Drawn drawn, RandomStream& random, Move& move) {
    // Most messages that are drawn do nothing, and are known to.
    if (!async_ || !is_message(drawn) || !idle_.holds(world_[drawn.actor], input_of(drawn))) {
      return ask(drawn, random, move);
    }
    take_out(drawn);
    return false;
  }
  bool can_take(std::size_t actor, std::uint32_t part, const Expansion& expansion,
                const Transition& transition) const;
  // The move is that of the place drawn, even where it is none.
  bool ask(Drawn drawn, RandomStream& random, Move& move);
  void take_out(Drawn drawn) {
    std::vector<std::uint32_t>& slots = alive_[drawn.actor];
    slots[drawn.at] = slots.back();
    slots.pop_back();
    --slots_;
  }
  bool is_message(Drawn drawn) const {
    return is_process(drawn.actor) &&
           alive_[drawn.actor][drawn.at] >= own_[drawn.actor]->transitions.size();
  }
  bool move_at(std::size_t actor, std::uint32_t slot, RandomStream& random, Move& move) const;
  bool draw_of(std::size_t actor, std::uint32_t part, Id input, RandomStream& random,
               Move& move) const;
  bool is_idle(std::size_t actor, Id envelope, const Expansion& expansion) const;
  bool is_new(std::size_t to, Id envelope) const;
  bool teaches(const SendRef& send) const;
  bool says_something(const Expansion& expansion, const Transition& transition,
                      std::size_t actor) const;

  Machine& machine_;
  Evaluator& evaluator_;
  const bool replays_;
  const bool async_;
  const bool fifo_;
  const bool faults_at_messages_;
  std::vector<Id> unstarted_;
  std::vector<Id> world_;                 // processes without their messages
  std::vector<std::vector<Id>> inboxes_;  // by process
  std::vector<Id> heard_;                 // by forgers, whoever it was sent to
  std::vector<Id> locals_;                // by process
  std::vector<const Expansion*> own_;     // by actor
  std::vector<std::uint64_t> versions_;   // by actor
  std::vector<std::uint64_t> epochs_;     // by actor
  std::uint64_t version_ = 0;
  // By actor, what may be drawn: own transitions, then messages, but for those that were seen to do
  // nothing in this epoch.
  std::vector<std::vector<std::uint32_t>> alive_;
  std::vector<std::uint32_t> all_;  // by actor: how many there are, those left out too
  std::uint32_t slots_ = 0;         // the number of those alive
  IdleDeliveries idle_;             // in async
  // A move that is looked at is then taken.
  struct Asked {
    Id cell = 0;
    Id envelope = 0;
    const Expansion* expansion = nullptr;
  };
  mutable Asked asked_;
  std::uint64_t down_ = 0;  // a bit for each process
  Evaluator::VectorMemo fine_ = Evaluator::empty_memo();
  Path path_;
  std::optional<Broken> broken_;
  std::size_t changed_ = Machine::npos;
};

// Each move that is no fault is as likely, messages with several outcomes
// counted once; none: there is none.
std::optional<Move> uniform_move(Walk& walk, RandomStream& random);

template <class Accept>
bool Walk::draw_if(RandomStream& random, Accept&& accept, Move& move) {
  if (slots_ == 0) return false;
  const Drawn one = drawn(random);
  return accept(one.actor, input_of(one)) && take_out_if_nothing(one, random, move);
}

template <class Weight>
bool Walk::draw_by(RandomStream& random, Weight&& weight, Move& move) {
  std::uint32_t total = 0;
  for (Drawn one; one.actor < alive_.size(); ++one.actor) {
    for (one.at = 0; one.at < alive_[one.actor].size(); ++one.at) {
      total += weight(one.actor, input_of(one));
    }
  }
  std::uint32_t left = random.below(total);
  for (Drawn one;; ++one.actor) {
    for (one.at = 0; one.at < alive_[one.actor].size(); ++one.at) {
      const std::uint32_t share = weight(one.actor, input_of(one));
      if (left < share) return take_out_if_nothing(one, random, move);
      left -= share;
    }
  }
}

template <class F>
void Walk::for_each_input(std::size_t actor, F&& f) const {
  const auto& own = own_[actor]->transitions;
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (is_fault(actor, own[i])) continue;
    bool is_first = true;
    for (std::size_t k = 0; k < i && is_first; ++k) {
      is_first = own[k].input != own[i].input || is_fault(actor, own[k]);
    }
    if (is_first) f(own[i].input);
  }
  if (!is_process(actor)) return;
  const std::vector<Id>& inbox = inboxes_[actor];
  for (std::size_t i = 0; i < inbox.size(); ++i) {
    bool is_first = true;
    for (std::size_t k = 0; k < i && is_first && !async_; ++k) {
      is_first = fifo_ ? machine_.sender_of(inbox[k]) != machine_.sender_of(inbox[i])
                       : inbox[k] != inbox[i];
    }
    if (is_first) f(inbox[i]);
  }
}

template <class F>
void Walk::for_each_move(bool faults, F&& f) const {
  for (std::size_t actor = 0; actor < own_.size(); ++actor) {
    const bool messages = is_process(actor) && (!faults || faults_at_messages_);
    const auto parts = static_cast<std::uint32_t>(messages ? inboxes_[actor].size() + 1 : 1);
    for (std::uint32_t at = 0; at < parts; ++at) {
      const auto transitions = part(actor, at).transitions;
      for (std::uint32_t i = 0; i < transitions.size(); ++i) {
        const Move move{.actor = static_cast<std::uint8_t>(actor), .part = at, .index = i};
        const bool fits =
            is_of_part(transitions[i], actor, at) && is_fault(actor, transitions[i]) == faults;
        if (fits && can_take(move)) f(move);
      }
    }
  }
}

}  // namespace gainsay
