#include "explorer/hunt/walk.hpp"

#include <algorithm>
#include <bit>

namespace gainsay {

namespace {

const Expansion nothing{};

// But what it sends.
bool changes_nothing(const Transition& transition) {
  return transition.local_changed == 0 && transition.labels == 0 && transition.fault == 0 &&
         transition.budget.empty();
}

bool needs_messages(const Bounds& bounds) {
  return bounds.drops + bounds.duplicates + bounds.unsynced > 0;
}

}  // namespace

Walk::Walk(Machine& machine, Evaluator& evaluator, Use use)
    : machine_(machine),
      evaluator_(evaluator),
      replays_(use == Use::replays),
      async_(machine.system().bounds.network == Network::async),
      fifo_(machine.system().bounds.network == Network::fifo),
      faults_at_messages_(needs_messages(machine.system().bounds)),
      unstarted_(machine.unstarted()),
      inboxes_(machine.system().size()),
      locals_(machine.system().size()),
      own_(machine.actors(), &nothing),
      versions_(machine.actors(), 0),
      epochs_(machine.actors(), 0),
      alive_(machine.actors()),
      all_(machine.actors(), 0),
      idle_(async_ && !replays_) {}

void Walk::begin() {
  world_ = unstarted_;
  path_.clear();
  broken_.reset();
  changed_ = Machine::npos;
  slots_ = 0;
  down_ = 0;
  std::ranges::fill(own_, &nothing);
  for (auto& slots : alive_) slots.clear();
  std::ranges::fill(all_, 0U);
  for (auto& inbox : inboxes_) inbox.clear();
  heard_.clear();
  for (std::size_t i = 0; i < inboxes_.size(); ++i) settle(i, world_[i]);
}

void Walk::start(RandomStream& random) {
  begin();
  const System& system = machine_.system();
  for (std::uint16_t i = 0; i < system.size(); ++i) {
    const auto count = static_cast<std::uint32_t>(own_[i]->transitions.size());
    if (count == 0) throw UsageError("no initial world lies within the limits");
    const Move move{.actor = byte_of({i}), .index = random.below(count)};
    const Id fault = transition(move).fault;
    if (fault != 0) {
      throw UsageError("the start of " + system.process_name({i}) +
                       " fails: " + machine_.fault(fault));
    }
    step(move, false);
  }
  judge_world();
}

void Walk::judge_world() {
  const std::size_t property = evaluator_.inspect_all(machine_, world_.data());
  if (property != Evaluator::none) broken_ = Broken{.property = property};
}

void Walk::follow(std::span<const Move> path) {
  begin();
  for (const Move move : path) step(move, false);
}

Walk::Saved Walk::save() const {
  return {.world = world_,
          .inboxes = inboxes_,
          .heard = heard_,
          .locals = locals_,
          .own = own_,
          .down = down_};
}

void Walk::restore(const Saved& saved) {
  world_ = saved.world;
  inboxes_ = saved.inboxes;
  heard_ = saved.heard;
  locals_ = saved.locals;
  own_ = saved.own;
  down_ = saved.down;
  broken_.reset();
  changed_ = Machine::npos;
}

void Walk::take(Move move) { step(move, true); }

std::vector<Event> Walk::events_of(std::span<const Move> path) {
  begin();
  std::vector<Event> events;
  for (const Move move : path) {
    events.push_back(machine_.event_of({move.actor}, transition(move)));
    if (transition(move).fault == 0) step(move, false);
  }
  return events;
}

// --- one step ---

void Walk::step(Move move, bool judged) {
  const Expansion& expansion = part(move.actor, move.part);
  const Transition& transition = expansion.transitions[move.index];
  if (!replays_) path_.push_back(move);
  changed_ = Machine::npos;
  if (judged && transition.fault != 0) {
    broken_ = Broken{.fault = transition.fault};
    return;
  }
  if (judged && transition.step_violation != 0) {
    broken_ = Broken{.property = transition.step_violation - 1U};
    return;
  }
  if (move.part != 0) consume(move, transition);
  // The machine does what a step does to others, as if nothing had waited for
  // them.
  const std::uint64_t changed = machine_.apply(world_.data(), move.actor, expansion, transition);
  if (judged) judge(transition, move.actor, machine_.local_of(world_[move.actor]));
  for (std::size_t i = 0; i < transition.send_count; ++i) {
    const SendRef& send = expansion.sends[transition.sends + i];
    if (teaches(send)) heard_.push_back(send.envelope);
  }
  settle(changed);
  if (move.actor == machine_.cut_slot()) lose_across();
  for (std::size_t actor = inboxes_.size(); actor < own_.size(); ++actor) refresh(actor);
}

void Walk::judge(const Transition& transition, std::size_t actor, Id local) {
  std::size_t property = Evaluator::none;
  if (actor == machine_.clock_slot()) {  // all processes change
    property = evaluator_.inspect_all(machine_, world_.data());
  } else {
    if (is_process(actor) && transition.local_changed != 0) changed_ = actor;
    const bool labelled = transition.labels != 0;
    if (changed_ == Machine::npos && !labelled) return;
    if (!labelled && evaluator_.is_fine(locals_.data(), actor, local, fine_)) return;
    property = evaluator_.inspect(machine_, world_.data(), changed_, labelled);
  }
  if (property != Evaluator::none) broken_ = Broken{.property = property};
}

// Takes the message out of the list; the cell behind the step says what is left
// of it.
void Walk::consume(Move move, const Transition& transition) {
  if (async_) return;  // it stays
  std::vector<Id>& inbox = inboxes_[move.actor];
  const auto at = inbox.begin() + static_cast<std::ptrdiff_t>(move.part - 1);
  if (fifo_ && transition.budget.contains(BudgetKind::drop)) {  // a reset of the link
    const NodeId from = machine_.sender_of(*at);
    std::erase_if(inbox, [&](Id id) { return machine_.sender_of(id) == from; });
  } else {
    inbox.erase(at);
  }
}

void Walk::settle(std::uint64_t changed) {
  for (; changed != 0; changed &= changed - 1) {
    const auto slot = static_cast<std::size_t>(std::countr_zero(changed));
    if (is_process(slot)) settle(slot, world_[slot]);
  }
}

// Of a cell with what has come: the messages go to the end of the list.
void Walk::settle(std::size_t process, Id cell) {
  std::vector<Id>& inbox = inboxes_[process];
  const Id local = machine_.local_of(cell);
  const std::uint64_t bit = std::uint64_t{1} << process;
  if (own_[process] == &nothing || local != locals_[process]) {
    down_ = is_down(local) ? down_ | bit : down_ & ~bit;
  }
  if (fifo_ && (down_ & bit) != 0) inbox.clear();
  const Id bare = machine_.bare(cell);
  if (bare != cell) {
    const std::vector<Id>& come = machine_.envelopes_of(machine_.inbox_of(cell));
    if (come.size() == 1) {
      if (!async_ || is_new(process, come.front())) inbox.push_back(come.front());
    } else {
      for (const Id envelope : machine_.waiting(cell)) {
        if (!async_ || is_new(process, envelope)) inbox.push_back(envelope);
      }
    }
  }
  world_[process] = bare;
  locals_[process] = local;
  refresh(process);
}

void Walk::lose_across() {
  for (std::size_t process = 0; process < inboxes_.size(); ++process) {
    std::vector<Id>& inbox = inboxes_[process];
    std::erase_if(inbox, [&](Id envelope) {
      return machine_.is_cut_off(world_.data(), process, machine_.sender_of(envelope));
    });
    refresh(process);
  }
}

void Walk::refresh(std::size_t actor) {
  const Expansion& now = machine_.expand(world_.data(), actor);
  versions_[actor] = ++version_;
  const bool grew = async_ && is_process(actor) && &now == own_[actor];
  own_[actor] = &now;
  if (!replays_) revive(actor, grew);
}

// `grew`: the same local state has more messages, and those that were there do what they did.
void Walk::revive(std::size_t actor, bool grew) {
  std::vector<std::uint32_t>& slots = alive_[actor];
  const std::size_t before = slots.size();
  const std::size_t messages = is_process(actor) ? inboxes_[actor].size() : 0;
  const auto all = static_cast<std::uint32_t>(own_[actor]->transitions.size() + messages);
  if (!grew) {
    slots.clear();
    all_[actor] = 0;
    epochs_[actor] = async_ ? version_ : 0;
  }
  for (std::uint32_t slot = all_[actor]; slot < all; ++slot) slots.push_back(slot);
  all_[actor] = all;
  slots_ += static_cast<std::uint32_t>(slots.size()) - static_cast<std::uint32_t>(before);
}

// --- what may be taken ---

bool Walk::is_new(std::size_t to, Id envelope) const {
  return std::ranges::find(inboxes_[to], envelope) == inboxes_[to].end();
}

// A forger hears something for the first time, which it keeps no message of.
bool Walk::teaches(const SendRef& send) const {
  return machine_.knowledge_slot() != Machine::npos &&
         machine_.system().is_byzantine(node_id(send.to)) &&
         std::ranges::find(heard_, send.envelope) == heard_.end();
}

// In async: something is sent that does not wait already. To the actor itself,
// too: that is in the cell behind the step.
bool Walk::says_something(const Expansion& expansion, const Transition& transition,
                          std::size_t actor) const {
  const auto is_kept = [&](const SendRef& send) {
    return machine_.receive(world_[send.to], send.envelope) != world_[send.to];
  };
  for (std::size_t i = 0; i < transition.send_count; ++i) {
    const SendRef& send = expansion.sends[transition.sends + i];
    const bool waits = !is_new(send.to, send.envelope);
    if (waits ? teaches(send) && !is_kept(send) : is_kept(send) || teaches(send)) return true;
  }
  return std::ranges::any_of(machine_.envelopes_of(machine_.inbox_of(transition.cell)),
                             [&](Id envelope) { return is_new(actor, envelope); });
}

bool Walk::can_take(std::size_t actor, std::uint32_t part, const Expansion& expansion,
                    const Transition& transition) const {
  if (!machine_.affordable(world_.data(), transition)) return false;
  if (fifo_ && part > 1) {  // only the first of each link
    const auto& inbox = inboxes_[actor];
    const NodeId from = machine_.sender_of(inbox[part - 1]);
    for (std::uint32_t i = 0; i + 1 < part; ++i) {
      if (machine_.sender_of(inbox[i]) == from) return false;
    }
  }
  if (!async_ || !is_process(actor) || !changes_nothing(transition)) return true;
  return says_something(expansion, transition, actor);
}

bool Walk::draw_of(std::size_t actor, std::uint32_t at, Id input, RandomStream& random,
                   Move& move) const {
  const Expansion& expansion = part(actor, at);
  std::uint32_t index = 0;
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < expansion.transitions.size(); ++i) {
    const Transition& one = expansion.transitions[i];
    if (one.input != input || is_fault(actor, one) || !can_take(actor, at, expansion, one)) {
      continue;
    }
    ++count;
    if (count == 1 || random.below(count) == 0) index = i;
  }
  move = {.actor = static_cast<std::uint8_t>(actor), .part = at, .index = index};
  return count > 0;
}

std::optional<Move> Walk::move_of(std::size_t actor, Id input, RandomStream& random) const {
  std::uint32_t at = 0;
  if (is_message(actor, input)) {
    const auto& inbox = inboxes_[actor];
    const auto found = std::ranges::find(inbox, input);
    if (found == inbox.end()) return std::nullopt;
    at = static_cast<std::uint32_t>(found - inbox.begin() + 1);
  }
  Move move;
  if (!draw_of(actor, at, input, random, move)) return std::nullopt;
  return move;
}

bool Walk::move_at(std::size_t actor, std::uint32_t slot, RandomStream& random, Move& move) const {
  const auto own = static_cast<std::uint32_t>(own_[actor]->transitions.size());
  if (slot >= own) {
    return draw_of(actor, slot - own + 1, inboxes_[actor][slot - own], random, move);
  }
  move = {.actor = static_cast<std::uint8_t>(actor), .part = 0, .index = slot};
  return !is_fault(move) && can_take(move);
}

// In async, whatever else waits and whatever may still be paid for.
bool Walk::is_idle(std::size_t actor, Id envelope, const Expansion& expansion) const {
  return std::ranges::all_of(expansion.transitions, [&](const Transition& one) {
    if (one.input != envelope || is_fault(actor, one)) return true;
    // The message itself stays; what the process sends to itself would wait beside it.
    const bool sends =
        one.send_count > 0 || machine_.envelopes_of(machine_.inbox_of(one.cell)).size() > 1;
    return !sends && changes_nothing(one);
  });
}

bool Walk::ask(Drawn drawn, RandomStream& random, Move& move) {
  if (move_at(drawn.actor, alive_[drawn.actor][drawn.at], random, move)) return true;
  if (!async_ || !is_process(drawn.actor)) return false;
  if (is_message(drawn)) {
    const Id envelope = input_of(drawn);
    const Expansion& asked = part(drawn.actor, move.part);
    if (is_idle(drawn.actor, envelope, asked)) idle_.add(world_[drawn.actor], envelope);
  }
  take_out(drawn);
  return false;
}

std::optional<Move> uniform_move(Walk& walk, RandomStream& random) {
  constexpr int tries = 64;  // then it is quicker to look at all
  Move move;
  for (int i = 0; i < tries && walk.may_draw(); ++i) {
    if (walk.draw(random, move)) return move;
  }
  if (!walk.may_draw()) return std::nullopt;
  std::vector<Move> moves;
  walk.for_each_move(false, [&](Move move) { moves.push_back(move); });
  if (moves.empty()) return std::nullopt;
  return moves[random.below(static_cast<std::uint32_t>(moves.size()))];
}

}  // namespace gainsay
