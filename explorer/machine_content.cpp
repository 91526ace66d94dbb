// What ids stand for: events and hashes, the same on every machine and for any number of threads.
#include "engine/reflect.hpp"
#include "explorer/machine.hpp"

namespace gainsay {

std::vector<Event> Machine::events_of(NodeId process, const Transition& transition) const {
  std::vector<Event> events;
  for (const Silent& step : paths_[transition.answers].silent) {
    events.push_back(event_of(process, Transition{.input = step.input, .answers = step.answers}));
  }
  events.push_back(event_of(process, transition));
  return events;
}

std::vector<Id> Machine::locals_before(Id cell, const Transition& transition) {
  std::vector<Id> locals = {cells_[cell].local};
  for (const Silent& step : paths_[transition.answers].silent) {
    locals.push_back(outcome_of(locals.back(), step.input, step.answers)->local);
  }
  return locals;
}

Id Machine::bare_of(Id cell) {
  return memoised(bare_, cell, 0, [&] {
    return cell_of(cells_[cell].process, cells_[cell].local, intern_inbox({}));
  });
}

Event Machine::event_of(NodeId process, const Transition& transition) const {
  if (process.value == clock_slot_) return {.kind = EventKind::tick};
  if (process.value == cut_slot_) {
    if (transition.cell == 0) return {.kind = EventKind::heal};
    return {.kind = EventKind::partition, .cut = partitions_[transition.cell - 1]};
  }
  Event event{.process = process, .choices = paths_[transition.answers].answers};
  const LocalEvent local = event_of_input(transition.input);
  switch (local.kind) {
    case LocalEvent::Kind::start:
      event.kind = EventKind::start;
      break;
    case LocalEvent::Kind::crash:
      event.kind = EventKind::crash;
      break;
    case LocalEvent::Kind::restart:
      event.kind = EventKind::restart;
      break;
    case LocalEvent::Kind::timer:
      event.kind = EventKind::timer;
      event.timer = local.timer;
      break;
    case LocalEvent::Kind::deliver:
      event.kind = EventKind::deliver;
      break;
  }
  if (transition.budget.contains(BudgetKind::drop)) {
    event.kind = EventKind::drop;
  } else if (transition.budget.contains(BudgetKind::duplicate)) {
    event.kind = EventKind::duplicate;
  }
  if (local.kind == LocalEvent::Kind::deliver) {
    event.from = local.from;
    const bool reset = event.kind == EventKind::drop && system_.bounds.network == Network::fifo;
    if (!reset) event.message = local.message;
  }
  return event;
}

Hash128 Machine::history_hash(Id word) const {
  return content_hash(keeps_futures() ? futures_[word] : encoded(histories_[word]));
}

Hash128 Machine::hash_of(std::size_t slot, Id word) const {
  if (slot < size_) {
    const Cell& cell = cells_[word];
    return hash_slot(slot, hash_cell(locals_[cell.local].hash, inboxes_[cell.inbox].hash));
  }
  if (slot == clock_slot_) return {};
  if (slot == cut_slot_) return word == 0 ? Hash128{} : hash_cut(partitions_[word - 1]);
  if (slot == knowledge_slot_) {
    return hash_slot(size_ + 2 + system_.observers.size(), content_hash(knowledge_[word]));
  }
  if (slot == budget_slot_) return hash_slot(size_, hash_budget(BudgetUsed(word)));
  if (slot == history_slot_) return hash_slot(size_ + 1, history_hash(word));
  return hash_slot(size_ + 2 + slot - first_observer_slot_, content_hash(observers_[word]));
}

Hash128 Machine::hash(const Id* world) const {
  Hash128 sum;
  for (std::size_t slot = 0; slot < slots_; ++slot) sum += hash_of(slot, world[slot]);
  if (budget_slot_ == npos) sum += hash_slot(size_, hash_budget(BudgetUsed()));
  if (history_slot_ == npos) {
    History none;
    none.clients.resize(size_ - system_.bounds.nodes);
    sum += hash_slot(size_ + 1, content_hash(encoded(none)));
  }
  return sum;
}

}  // namespace gainsay
