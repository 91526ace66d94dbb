// Bounded clocks in the interned machine. What is left of a timer's time is part of the local state
// that the timer is armed in; the clock is an actor with one event, the tick, which takes every
// process to the local state that has a tick less. Tables know a tick as an edge between local
// states that no handler makes. The clock has a word, which never changes: no tick is counted, and
// what is left of times is finite.
//
// Dead messages, eager sends and subsumption stay sound, since whether a tick may pass and what it
// does are functions of the local states alone.
// - Dead messages: a real run and the one that follows it in the reduced search have the same local
//   states, so a tick is in both or in neither, and leads to the same ones. That a message stays a
//   no-op from one local state on is looked at along ticks as well: see `local_graph`. A delivery
//   that sets a timer anew changes what is left of its time, and is no no-op unless nothing was
//   gone of it.
// - Eager sends: an event that only sends changes no local state, times included, so whatever could
//   come before it, ticks among it, can come behind it: in async what it sends stays there.
// - Subsumption: two worlds that it compares have the same local states, so a tick that the poorer
//   one has the richer one has, and behind it they compare as before.
// The others are refused: a silent step that waits until it is needed, local states that no future
// tells apart, recovery and renamings have not been thought through with time.
#include "explorer/machine.hpp"

namespace gainsay {

namespace {

// In place of a cell: a timer must fire first.
constexpr Id due = ReadMap::none - 1;

// The local state with a tick less. REQUIRES: no timer is due.
Bytes ticked(LocalParts parts) {
  parts.times.tick();
  return join_local(parts);
}

}  // namespace

void Machine::prepare_clock() {
  clock_slot_ = slots_++;
  no_tick_ = &keep({});
  tick_ = &keep({.transitions = {Transition{.local_changed = 1}}, .sends = {}});
}

const Expansion& Machine::expand_clock(const Id* world) {
  bool changes = false;
  for (std::size_t process = 0; process < size_; ++process) {
    const Id after = tick_of(world[process]);
    if (after == due) return *no_tick_;
    changes = changes || after != world[process];
  }
  return changes ? *tick_ : *no_tick_;
}

std::uint64_t Machine::pass_tick(Id* world) {
  for (std::size_t process = 0; process < size_; ++process) {
    world[process] = tick_of(world[process]);
  }
  return (std::uint64_t{1} << size_) - 1;
}

Id Machine::tick_of(Id cell) {
  return memoised(ticked_, cell, 0, [&] {
    const std::uint8_t process = cells_[cell].process;
    const LocalEntry& entry = locals_[cells_[cell].local];
    const LocalParts parts = split_local(entry.bytes);
    if (parts.times.empty()) return cell;
    const bool passes_due = options_.sabotage == Sabotage::ticks_pass_due_timers;
    if (parts.times.has_due() && !passes_due) return due;
    const Bytes bytes = ticked(parts);
    const LocalState after = decode_local(*system_.processes[process], bytes);
    const Id local = intern_local(process, bytes, after.process.get());
    std::vector<Id> inbox = inboxes_[cells_[cell].inbox].envelopes;
    forget_dead(local, inbox);
    return cell_of(process, local, intern_inbox(std::move(inbox)));
  });
}

// Of the local states that were met: where a tick takes them. One that it was never taken from may
// be among them, which only adds edges.
void Machine::add_ticks(std::vector<std::vector<Id>>& next) const {
  if (clock_slot_ == npos || options_.sabotage == Sabotage::dead_messages_forget_ticks) return;
  for (std::size_t from = 0; from < locals_.size(); ++from) {
    const LocalParts parts = split_local(locals_[from].bytes);
    if (parts.times.empty() || parts.times.has_due()) continue;
    std::string key(1, static_cast<char>(locals_[from].process));
    key += ticked(parts);
    const auto found = local_index_.find(key);
    if (found != local_index_.end()) next[from].push_back(found->second);
  }
}

}  // namespace gainsay
