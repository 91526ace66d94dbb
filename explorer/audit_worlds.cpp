// Worlds: what was kept is closed. From every kept world, each event that the tables have leads to
// a kept world, or to one that a kept world covers: with the same local states, history and
// observers, at least the same messages and no more of any budget used; with symmetry, after some
// renaming. A world may be left by one event that only sends, which comes to the same since what it
// leads to has more messages and nothing else.
#include <algorithm>

#include "explorer/audit.hpp"

namespace gainsay {

namespace {

// Walking more worlds again takes longer than most want to wait, and memory for all of them.
constexpr std::size_t worlds_max = 500'000;

}  // namespace

void Audit::check_worlds() {
  if (!setting_.worlds || renames_histories() || system_.bounds.partitions > 0) return;
  if (!system_.adversary.byzantine.empty()) return;
  std::vector<World> worlds;
  setting_.worlds([&](const Id* words) {
    if (worlds.size() <= worlds_max) worlds.emplace_back(words, words + machine_.slots_);
  });
  if (worlds.size() > worlds_max) return;
  for (const World& world : worlds) {
    kept_[rest_text(world, 0)].push_back({.inboxes = inboxes(world, 0), .used = used(world)});
  }
  for (const World& initial : setting_.starts) {
    if (!is_covered(initial)) disagree("an initial world is not covered");
  }
  for (const World& world : worlds) {
    if (!agrees()) return;
    check_world(world);
    ++report_.worlds;
  }
}

// Whether some renaming makes another history of one that was met. Where none does, a world has its
// own history in all names.
bool Audit::renames_histories() const {
  if (setting_.group == nullptr || machine_.history_slot_ == Machine::npos) return false;
  constexpr std::size_t looks_max = 20'000'000;
  const bool merged = machine_.options_.futures != nullptr;
  const std::size_t count = merged ? machine_.futures_.size() : machine_.histories_.size();
  if (count * setting_.group->size() > looks_max) return true;
  for (std::size_t h = 0; h < setting_.group->size(); ++h) {
    const auto g = static_cast<Element>(h);
    for (std::size_t i = system_.bounds.nodes; i < system_.size(); ++i) {
      if (setting_.group->image(g, node_id(i)) != node_id(i)) return true;
    }
    const auto is_same = [&](const Type* type, const Bytes& bytes) {
      return rename_encoding(*type, bytes, renaming(g)) == bytes;
    };
    for (Id id = 0; id < count; ++id) {
      if (merged) {
        if (!is_same(machine_.options_.futures->type, machine_.futures_[id])) return true;
        continue;
      }
      for (const auto& client : machine_.histories_[id].clients) {
        for (const HistoryOperation& one : client) {
          if (!is_same(system_.operation_type, one.operation)) return true;
          if (one.result && !is_same(system_.result_type, *one.result)) return true;
        }
      }
    }
  }
  return false;
}

std::uint32_t Audit::used(const World& world) const {
  return machine_.budget_slot_ == Machine::npos ? 0 : world[machine_.budget_slot_];
}

// Local states up to merges, history and observers, renamed.
std::string Audit::rest_text(const World& world, Element g) {
  std::vector<Id> states(system_.size());
  for (std::size_t i = 0; i < system_.size(); ++i) {
    const Id state = image(locals_[machine_.local_of(world[i])], g);
    states[states_[state].process] = root(state);
  }
  Writer writer;
  for (const Id state : states) writer.integer(state);
  if (machine_.history_slot_ != Machine::npos) writer.integer(world[machine_.history_slot_]);
  for (std::size_t i = 0; i < system_.observers.size(); ++i) {
    const Bytes& state = machine_.observers_[world[machine_.first_observer_slot_ + i]];
    writer.text(g == 0 ? state
                       : rename_encoding(*system_.observers[i].state_type, state, renaming(g)));
  }
  return writer.take();
}

// Numbers of inboxes by process, renamed.
std::vector<Id> Audit::inboxes(const World& world, Element g) {
  std::vector<Id> all(system_.size());
  for (std::size_t i = 0; i < system_.size(); ++i) {
    const auto process = static_cast<std::uint8_t>(i);
    const std::size_t to =
        setting_.group == nullptr ? i : setting_.group->image(g, {process}).value;
    const std::uint64_t key = pair_key(machine_.inbox_of(world[i]), g);
    const auto [at, is_new] = inbox_numbers_.try_emplace(key, 0);
    if (is_new) {
      std::vector<Id> messages;
      for (const Id message : inbox(world[i])) messages.push_back(message_image(message, g));
      if (system_.bounds.network == Network::fifo) {
        std::ranges::stable_sort(messages, {}, [&](Id id) { return messages_[id].from; });
      } else {
        std::ranges::sort(messages);
      }
      const auto number = static_cast<Id>(inbox_index_.size());
      at->second = inbox_index_.try_emplace(messages, number).first->second;
      if (at->second == number) inbox_messages_.push_back(std::move(messages));
    }
    all[to] = at->second;
  }
  return all;
}

bool Audit::covers(const Kept& kept, const std::vector<Id>& inboxes, std::uint32_t used) const {
  if (!setting_.reduce.subsumption) return kept.inboxes == inboxes && kept.used == used;
  for (std::size_t kind = 0; kind < budget_kinds; ++kind) {
    const auto budget = static_cast<BudgetKind>(kind);
    if (BudgetUsed(kept.used).count(budget) > BudgetUsed(used).count(budget)) return false;
  }
  for (std::size_t i = 0; i < inboxes.size(); ++i) {
    const std::vector<Id>& all = inbox_messages_[kept.inboxes[i]];
    const std::vector<Id>& some = inbox_messages_[inboxes[i]];
    if (kept.inboxes[i] != inboxes[i] && !std::ranges::includes(all, some)) return false;
  }
  return true;
}

bool Audit::is_covered(const World& world) {
  for (std::size_t h = 0; h < elements(); ++h) {
    const auto g = static_cast<Element>(h);
    const auto found = kept_.find(rest_text(world, g));
    if (found == kept_.end()) continue;
    const std::vector<Id> waiting = inboxes(world, g);
    for (const Kept& kept : found->second) {
      if (covers(kept, waiting, used(world))) return true;
    }
  }
  return false;
}

// The world behind a transition, by the tables; empty where they do not know it.
Audit::World Audit::after(const World& world, std::size_t process, const Transition& transition) {
  World next = world;
  next[process] = transition.cell;
  const Expansion& expansion = *machine_.cells_[world[process]].expansion.load();
  for (std::size_t i = 0; i < transition.send_count; ++i) {
    const SendRef& send = expansion.sends[transition.sends + i];
    const Id cell = next[send.to];
    next[send.to] = machine_.received_.find(pair_key(cell, send.envelope));
    if (next[send.to] != ReadMap::none) continue;
    // Of two orders of events the search takes one.
    next[send.to] = setting_.receive(cell, send.envelope);
    check_arrival(cell, send.envelope, next[send.to]);
  }
  if (!transition.budget.empty()) {
    Id& word = next[machine_.budget_slot_];
    word = BudgetUsed(word).plus(transition.budget).packed();
  }
  for (std::size_t slot = machine_.first_labelled_slot_;
       transition.labels != 0 && slot < machine_.slots_; ++slot) {
    next[slot] =
        machine_.relabelled_[slot - system_.size()].find(pair_key(next[slot], transition.labels));
    if (next[slot] == ReadMap::none) return {};
  }
  return next;
}

void Audit::check_world(const World& world) {
  const auto each = [&](const auto& visit) {
    for (std::size_t process = 0; process < system_.size(); ++process) {
      const Expansion* expansion = machine_.cells_[world[process]].expansion.load();
      if (!visit(process, expansion)) return;
    }
  };
  const auto can_happen = [&](const Transition& transition) {
    if (transition.fault != 0) return false;
    return system_.affords(BudgetUsed(used(world)), transition.budget);
  };
  bool left = false;  // by an event that only sends
  each([&](std::size_t process, const Expansion* expansion) {
    for (std::size_t i = 0; setting_.reduce.eager && expansion != nullptr && !left &&
                            i < expansion->transitions.size();
         ++i) {
      const Transition& transition = expansion->transitions[i];
      if (transition.only_sends == 0 || !can_happen(transition)) continue;
      const World next = after(world, process, transition);
      left = !next.empty() && next != world && is_covered(next);
    }
    return !left;
  });
  if (left) return;
  each([&](std::size_t process, const Expansion* expansion) {
    if (expansion == nullptr) disagree("a kept world was not expanded");
    for (std::size_t i = 0; agrees() && i < expansion->transitions.size(); ++i) {
      const Transition& transition = expansion->transitions[i];
      if (!can_happen(transition)) continue;
      const World next = after(world, process, transition);
      if (!next.empty() && is_covered(next)) continue;
      disagree("a world is not followed at \"" +
               describe(system_, machine_.event_of(node_id(process), transition)) + "\" of " +
               text(locals_[machine_.local_of(world[process])]));
    }
    return agrees();
  });
}

}  // namespace gainsay
