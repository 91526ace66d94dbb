// Partitions in the interned machine. The cut is a word of the world, and the network an actor
// whose events are partitions and healings; local tables know nothing of it. Where messages across
// are held, a delivery is asked for its sender (`affordable`); where they are lost, a send is asked
// for its receiver (`apply`), and a partition takes what is on its way across out of every inbox.
//
// Dead messages stay sound. Follow a real run with the reduced search, which has the same local
// states, cut and budgets, and the same inboxes but for messages that are dead where they wait.
// - A partition or a healing changes the cut of both. What it loses, or holds back, depends on the
//   sender and the receiver only: of both inboxes the same messages are lost, but for dead ones,
//   and they still differ in dead ones alone. Sends are lost in both or in neither.
// - A delivery of a message that both have is enabled in both: the cut is the same. One of a dead
//   message changes nothing, and need not be matched at all; a cut can only make it rarer.
// - Back again, what the reduced search delivers the real run can deliver: in unordered at once.
//   In fifo dead messages may be before it in its queue. They came over the same link, which is
//   whole at this moment, so the real run delivers them first, and nothing changes. While a cut
//   holds the link both wait; when one loses it, both lose the whole queue. So the reduced run is
//   never ahead of what the real one can do in the same stretch between two events of the network.
// - A message whose delivery sends something is never dead, even where the cut would lose all that
//   it sends: no-ops are judged without the cut, so what a handler does is a function of the local
//   state and the message, as ever. The local graph has the edges of every cut, which is more than
//   any run needs.
// Eager sends and subsumption are for async, which refuses partitions.
#include "explorer/machine.hpp"

namespace gainsay {

void Machine::prepare_cuts() {
  const Bounds& bounds = system_.bounds;
  partitions_ = system_.cuts();
  cut_slot_ = slots_++;
  actors_ = slots_;
  (bounds.across == Across::lost ? lossy_cut_slot_ : holding_cut_slot_) = cut_slot_;
  cut_off_.resize((partitions_.size() + 1) * actors_);
  Successors partitions;
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    const auto word = static_cast<Id>(i + 1);
    for (std::uint16_t a = 0; a < bounds.nodes; ++a) {
      for (std::uint16_t b = 0; b < bounds.nodes; ++b) {
        if (!partitions_[i].blocks({a}, {b})) continue;
        cut_off_[word * actors_ + a].to |= std::uint64_t{1} << b;
        cut_off_[word * actors_ + b].from |= std::uint64_t{1} << a;
      }
    }
    constexpr auto kind = BudgetKind::partition;
    partitions.transitions.push_back(
        {.cell = word, .budget = {kind}, .cost = BudgetSet{kind}.cost()});
  }
  cut_expansions_.push_back(&keep(partitions));
  const Expansion& healing = keep({.transitions = {Transition{.cell = 0}}, .sends = {}});
  cut_expansions_.resize(partitions_.size() + 1, &healing);
}

// Takes what is on its way across the cut out of every inbox; which words changed.
std::uint64_t Machine::lose_across(Id* world) {
  if (options_.sabotage == Sabotage::partition_spares_messages) return 0;
  std::uint64_t changed = 0;
  const Id cut = world[cut_slot_];
  for (std::size_t process = 0; process < size_; ++process) {
    if (cut_off_[cut_row(world) + process].from == 0) continue;
    world[process] = lose(world[process], cut);
    changed |= std::uint64_t{1} << process;
  }
  return changed;
}

Id Machine::lose(Id cell, Id cut) {
  return memoised(lost_across_, cell, cut, [&] {
    const std::uint8_t process = cells_[cell].process;
    const std::uint64_t lost = cut_off_[cut * actors_ + process].from;
    std::vector<Id> envelopes = inboxes_[cells_[cell].inbox].envelopes;
    std::erase_if(envelopes, [&](Id envelope) {
      return ((lost >> envelopes_[envelope].from.value) & 1) != 0;
    });
    return cell_of(process, cells_[cell].local, intern_inbox(std::move(envelopes)));
  });
}

}  // namespace gainsay
