#include "explorer/moves.hpp"

#include <algorithm>
#include <memory>

namespace gainsay {

namespace {

constexpr std::size_t cell_sends_max = 0xffff;  // of one cell, see Moves::Sending

}  // namespace

// Nothing but the cell of the process and, by one message each, those of others changes, and it may
// be taken in every world. What a process sends to itself is part of its own cell.
bool Moves::is_simple(const Expansion& expansion, const Transition& transition) const {
  if (!is_plain_step(transition)) return false;
  if (sends_.size() + transition.send_count > cell_sends_max) return false;
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
  sends_.clear();
  others_.clear();
  for (std::uint32_t i = 0; i < expansion.transitions.size(); ++i) {
    const Transition& transition = expansion.transitions[i];
    if (!is_simple(expansion, transition)) {
      others_.push_back(i);
      continue;
    }
    std::uint64_t change = 0;
    if (!store_.change(process, cell, transition.cell, change)) return false;
    const Id local = machine_.local_of(transition.cell);
    const bool changes = transition.local_changed != 0;
    const auto changed = changes ? static_cast<std::uint8_t>(process) : no_process;
    if (transition.send_count == 0 && store_.lies_in_root(process)) {
      plain_.push_back({.change = change, .local = local, .process = changed});
      continue;
    }
    const SendRef* const first = expansion.sends + transition.sends;
    sending_.push_back({.change = change,
                        .local = local,
                        .receivers = receivers_of(expansion, transition),
                        .sends = static_cast<std::uint16_t>(sends_.size()),
                        .send_count = static_cast<std::uint8_t>(transition.send_count),
                        .process = changed});
    sends_.insert(sends_.end(), first, first + transition.send_count);
  }
  return true;
}

// Copies `values` to `at`, which moves on by `space` of them.
template <class T>
const T* Moves::place(std::byte*& at, const std::vector<T>& values, std::size_t space) {
  auto* const first = reinterpret_cast<T*>(at);
  std::uninitialized_default_construct_n(first, space);
  std::ranges::copy(values, first);
  at += space * sizeof(T);
  return first;
}

const Moves::List* Moves::make(Id cell) {
  const Expansion& expansion = machine_.expand(cell);
  const std::lock_guard lock(mutex_);
  lists_.reach(std::size_t{cell} + 1);
  if (const List* met = lists_[cell].load(std::memory_order_relaxed)) return met;
  if (!sort(expansion, cell)) return nullptr;
  const std::size_t plain_space = std::max<std::size_t>(plain_.size(), copied_at_once);
  std::byte* const begin = arena_.allocate(
      sizeof(List) + plain_space * sizeof(Plain) + sending_.size() * sizeof(Sending) +
      sends_.size() * sizeof(SendRef) + others_.size() * sizeof(std::uint32_t));
  std::byte* at = begin + sizeof(List);
  const List* made = new (begin) List{.plain = place(at, plain_, plain_space),
                                      .sending = place(at, sending_, sending_.size()),
                                      .sends = place(at, sends_, sends_.size()),
                                      .others = place(at, others_, others_.size()),
                                      .expansion = &expansion,
                                      .local = machine_.local_of(cell),
                                      .plain_count = static_cast<std::uint32_t>(plain_.size()),
                                      .sending_count = static_cast<std::uint32_t>(sending_.size()),
                                      .other_count = static_cast<std::uint32_t>(others_.size())};
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
