#include "explorer/moves.hpp"

#include <algorithm>
#include <memory>

namespace gainsay {

// Nothing but the cell of the process and, by one message each, those of others changes, and it may
// be taken in every world. What a process sends to itself is part of its own cell.
bool Moves::is_simple(const Expansion& expansion, const Transition& transition) const {
  if (transition.fault != 0 || transition.step_violation != 0 || transition.cost != 0) return false;
  if (!transition.budget.empty() || transition.labels != 0) return false;
  std::uint64_t receivers = 0;
  for (std::size_t i = 0; i < transition.send_count; ++i) {
    const Id to = expansion.sends[transition.sends + i].to;
    if ((receivers >> to & 1) != 0) return false;
    receivers |= std::uint64_t{1} << to;
  }
  return true;
}

// False when the store must make room first.
bool Moves::sort(const Expansion& expansion, Id cell) {
  const std::size_t process = machine_.process_of(cell);
  plain_.clear();
  sending_.clear();
  others_.clear();
  for (std::uint32_t i = 0; i < expansion.transitions.size(); ++i) {
    const Transition& transition = expansion.transitions[i];
    if (!is_simple(expansion, transition)) {
      others_.push_back({.index = i});
      continue;
    }
    std::uint64_t change = 0;
    if (!store_.change(process, cell, transition.cell, change)) return false;
    const Id local = machine_.local_of(transition.cell);
    if (transition.send_count > 0 || !store_.lies_in_root(process)) {
      sending_.push_back({.change = change, .index = i, .local = local});
    } else {
      const bool changes = transition.local_changed != 0;
      plain_.push_back({.change = change,
                        .local = local,
                        .process = changes ? static_cast<std::uint8_t>(process) : no_process});
    }
  }
  return true;
}

const Moves::List* Moves::make(Id cell) {
  const Expansion& expansion = machine_.expand(cell);
  const std::lock_guard lock(mutex_);
  lists_.reach(std::size_t{cell} + 1);
  if (const List* met = lists_[cell].load(std::memory_order_relaxed)) return met;
  if (!sort(expansion, cell)) return nullptr;
  const std::size_t plain_space = std::max<std::size_t>(plain_.size(), copied_at_once);
  const std::size_t moves = sending_.size() + others_.size();
  std::byte* at =
      arena_.allocate(sizeof(List) + plain_space * sizeof(Plain) + moves * sizeof(Move));
  auto* const plain = reinterpret_cast<Plain*>(at + sizeof(List));
  std::uninitialized_default_construct_n(plain, plain_space);
  std::ranges::copy(plain_, plain);
  auto* const first = reinterpret_cast<Move*>(plain + plain_space);
  std::uninitialized_copy(others_.begin(), others_.end(),
                          std::uninitialized_copy(sending_.begin(), sending_.end(), first));
  const List* made = new (at) List{.expansion = &expansion,
                                   .plain = plain,
                                   .moves = first,
                                   .local = machine_.local_of(cell),
                                   .plain_count = static_cast<std::uint32_t>(plain_.size()),
                                   .sending_count = static_cast<std::uint32_t>(sending_.size()),
                                   .move_count = static_cast<std::uint32_t>(moves)};
  lists_[cell].store(made, std::memory_order_release);
  return made;
}

void Moves::forget() {
  for (std::size_t cell = 0; cell < lists_.size(); ++cell) {
    lists_[cell].store(nullptr, std::memory_order_relaxed);
  }
  arena_ = Arena();
}

}  // namespace gainsay
