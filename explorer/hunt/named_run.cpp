#include "explorer/hunt/named_run.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "explorer/confirm.hpp"
#include "explorer/histories.hpp"
#include "properties/evaluate.hpp"

namespace gainsay {

namespace {

std::size_t acting_clients(const System& system, const Counterexample& run) {
  std::set<NodeId> clients;
  for (const Event& event : run.events) {
    if (has_process(event.kind) && event.process.value >= system.bounds.nodes) {
      clients.insert(event.process);
    }
  }
  return clients.size();
}

// What is open has a state for each set of operations that may have taken effect: too many where
// many clients act.
std::unique_ptr<HistoryTree> tree_for(const Model& model, const Counterexample& run,
                                      const std::vector<const Property*>& properties,
                                      std::size_t clients_event_by_event) {
  const bool judges = properties.size() == 1 && properties.front()->model != nullptr &&
                      properties.front()->kind == PropertyKind::linearizable;
  // As in `futures_for`, which has none there.
  if (!judges || model.system.bounds.skew ||
      acting_clients(model.system, run) <= clients_event_by_event)
    return nullptr;
  return std::make_unique<HistoryTree>(model.system, *properties.front());
}

// Histories are judged event by event where that can be: whole ones would be kept of each try.
std::optional<Futures> futures_for(const Model& model,
                                   const std::vector<const Property*>& properties,
                                   HistoryTree* tree) {
  if (model.system.bounds.skew || !futures_are_read(model.system, properties)) return std::nullopt;
  if (tree != nullptr) return tree->futures();
  return futures_of_histories(model.system, properties);
}

bool is_about_message(EventKind kind) {
  return kind == EventKind::deliver || kind == EventKind::drop || kind == EventKind::duplicate;
}

}  // namespace

NamedRun::NamedRun(const Model& model, Counterexample run, std::size_t clients_event_by_event)
    : model_(model),
      run_(std::move(run)),
      properties_(violated_by(model, run_)),
      tree_(tree_for(model, run_, properties_, clients_event_by_event)),
      futures_(futures_for(model, properties_, tree_.get())),
      evaluator_(model.system, tree_ ? std::vector<const Property*>() : properties_),
      machine_(model.system,
               {.judge_step =
                    [this](const LocalEntry& before, const LocalEntry& after, bool counts) {
                      return evaluator_.judge_step(before, after, counts);
                    },
                .futures = futures_ ? &*futures_ : nullptr}),
      walk_(machine_, evaluator_, Walk::Use::replays),
      events_(run_.events),
      envelopes_(run_.events.size(), ReadMap::none) {}

std::uint32_t NamedRun::faults(const Events& events) const {
  std::uint32_t faults = 0;
  for (const std::uint32_t index : events) {
    faults += budget_of(model_.system, event(index)).cost();
  }
  return faults;
}

Counterexample NamedRun::counterexample(const Events& events) const {
  Counterexample result{
      .property = run_.property, .kind = run_.kind, .message = run_.message, .faults = 0};
  for (const std::uint32_t index : events) result.events.push_back(event(index));
  result.faults = faults(events);
  return result;
}

// Which transition of a part is an event; ~0: none.
std::uint32_t NamedRun::index_of(std::size_t actor, std::uint32_t part, std::uint32_t index) {
  constexpr std::uint32_t none = ~std::uint32_t{0};
  const auto transitions = walk_.part(actor, part).transitions;
  const bool of_clock = actor == machine_.clock_slot();  // has one cell, but not always a tick
  const auto [at, is_new] = moves_.try_emplace(pair_key(walk_.cell(actor), index), none);
  if (!is_new && !of_clock) return at->second;
  at->second = none;
  for (std::uint32_t i = 0; i < transitions.size(); ++i) {
    if (!walk_.is_of_part(transitions[i], actor, part)) continue;
    const Event other = machine_.event_of(node_id(actor), transitions[i]);
    if (other == event(index)) at->second = i;
  }
  return at->second;
}

// The place in the actor's list of the message that an event is about, from 1
// on; 0: not there. In fifo a reset is about the first message of its link.
std::uint32_t NamedRun::part_of(std::size_t actor, std::uint32_t index) {
  const Event& wanted = event(index);
  const std::vector<Id>& inbox = walk_.inbox(actor);
  const bool is_reset =
      wanted.kind == EventKind::drop && model_.system.bounds.network == Network::fifo;
  Id& known = envelopes_[index];
  const auto at = std::ranges::find_if(inbox, [&](Id envelope) {
    if (known != ReadMap::none) return envelope == known;
    return machine_.sender_of(envelope) == wanted.from &&
           (is_reset || machine_.message_of(envelope) == wanted.message);
  });
  if (at == inbox.end()) return 0;
  if (!is_reset) known = *at;
  return static_cast<std::uint32_t>(at - inbox.begin() + 1);
}

std::size_t NamedRun::actor_of(const Event& event) const {
  if (has_process(event.kind)) return event.process.value;
  return event.kind == EventKind::tick ? machine_.clock_slot() : machine_.cut_slot();
}

// The move that is the event, where the world has one.
std::optional<Move> NamedRun::move_of(std::uint32_t index) {
  const Event& wanted = event(index);
  const std::size_t actor = actor_of(wanted);
  std::uint32_t part = 0;
  if (is_about_message(wanted.kind)) {
    part = part_of(actor, index);
    if (part == 0) return std::nullopt;
  }
  const std::uint32_t at = index_of(actor, part, index);
  if (at == ~std::uint32_t{0}) return std::nullopt;
  return Move{.actor = static_cast<std::uint8_t>(actor), .part = part, .index = at};
}

std::uint32_t NamedRun::known(Event event) {
  const auto [at, is_new] =
      others_.try_emplace(std::move(event), static_cast<std::uint32_t>(events_.size()));
  if (is_new) {
    events_.push_back(at->first);
    envelopes_.push_back(ReadMap::none);
  }
  return at->second;
}

// One of a part that can be taken and is of the same kind, with the same choices if there is one.
std::optional<NamedRun::Found> NamedRun::alike(std::size_t actor, std::uint32_t part,
                                               const Event& wanted) {
  std::optional<Move> found;
  Event met;
  const auto transitions = walk_.part(actor, part).transitions;
  for (std::uint32_t i = 0; i < transitions.size(); ++i) {
    if (!walk_.is_of_part(transitions[i], actor, part)) continue;
    const Move move{.actor = static_cast<std::uint8_t>(actor), .part = part, .index = i};
    if (!walk_.can_take(move)) continue;
    Event other = machine_.event_of(node_id(actor), transitions[i]);
    if (other.kind != wanted.kind || other.timer != wanted.timer) continue;
    if (found && other.choices != wanted.choices) continue;
    found = move;
    met = std::move(other);
    if (met.choices == wanted.choices) break;
  }
  if (!found) return std::nullopt;
  return Found{.move = *found, .index = known(std::move(met))};
}

// Newest messages first. In fifo what comes next, whatever it is.
std::optional<NamedRun::Found> NamedRun::alike(std::uint32_t index) {
  const Event wanted = event(index);
  if (!has_process(wanted.kind)) return std::nullopt;
  const std::size_t actor = actor_of(wanted);
  if (!is_about_message(wanted.kind)) return alike(actor, 0, wanted);
  const bool fifo = model_.system.bounds.network == Network::fifo;
  constexpr int looked_at = 8;
  int tries = 0;
  const std::vector<Id>& inbox = walk_.inbox(actor);
  for (std::size_t i = 0; i < inbox.size() && tries < looked_at; ++i) {
    const std::size_t place = fifo ? i : inbox.size() - 1 - i;
    if (machine_.sender_of(inbox[place]) != wanted.from) continue;
    const Bytes& message = machine_.message_of(inbox[place]);
    if (!fifo && message.substr(0, 1) != wanted.message.substr(0, 1)) continue;
    if (auto found = alike(actor, static_cast<std::uint32_t>(place + 1), wanted)) return found;
    if (fifo) break;
    ++tries;
  }
  return std::nullopt;
}

std::optional<NamedRun::Found> NamedRun::find(std::uint32_t index, Match match) {
  const auto move = move_of(index);
  if (move && walk_.can_take(*move)) return Found{.move = *move, .index = index};
  if (match == Match::exact) return std::nullopt;
  return alike(index);
}

std::uint32_t NamedRun::history_length() const {
  return tree_ ? tree_->length(machine_.future(walk_.world()[machine_.history_slot()])) : 0;
}

// Of `taken` what violates the property, with the history's length behind each; false: nothing.
bool NamedRun::end_at_violation(Events& taken, std::vector<std::uint32_t>& lengths) const {
  if (!tree_) return is_violated();
  const Id history = walk_.world()[machine_.history_slot()];
  const auto broken_by = tree_->broken_by(machine_.future(history));
  if (!broken_by) return false;
  const auto last = std::ranges::lower_bound(lengths, *broken_by);
  lengths.erase(last + 1, lengths.end());
  taken.resize(lengths.size());
  return true;
}

bool NamedRun::is_violated() const {
  if (!walk_.broken()) return false;
  const Id fault = walk_.broken()->fault;
  if (fault == 0) return !properties_.empty();
  return violation_of_fault(machine_.fault_kind(fault), "").property == run_.property &&
         machine_.fault(fault) == run_.message;
}

// The initial starts; false: there are none like these.
bool NamedRun::start(const Events& events, Events& taken) {
  walk_.begin();
  for (std::uint32_t i = 0; i < model_.system.size(); ++i) {
    const auto at = std::ranges::find_if(events, [&](std::uint32_t index) {
      return is_start(index) && event(index).process.value == i;
    });
    const std::uint32_t index = at == events.end() ? i : *at;
    const auto move = move_of(index);
    if (!move) return false;
    walk_.pass(*move);
    taken.push_back(index);
  }
  walk_.judge_world();
  return true;
}

// Goes to the last checkpoint that lies in what the events have in common with the run that was
// kept; says behind how many of them. The starts are the first one.
std::size_t NamedRun::resume(const Events& events, Events& taken) {
  const auto apart = std::ranges::mismatch(events, kept_).in1;
  const auto common = static_cast<std::size_t>(apart - events.begin());
  std::size_t at = checkpoints_.size();
  while (at > 0 && checkpoints_[at - 1].taken > common) --at;
  if (at == 0) return 0;
  walk_.restore(checkpoints_[at - 1].saved);
  const std::size_t behind = checkpoints_[at - 1].taken;
  taken.assign(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(behind));
  return behind;
}

std::optional<NamedRun::Events> NamedRun::try_events(const Events& events, Match match) {
  constexpr std::size_t moves_max = 4'000'000;
  if (moves_.size() > moves_max) moves_.clear();
  ++tries_;
  Events taken;
  std::size_t next = resume(events, taken);
  const std::size_t resumed = taken.size();
  if (next == 0) {
    if (!start(events, taken)) return std::nullopt;
  }
  std::vector<std::uint32_t> lengths(kept_lengths_.begin(),
                                     kept_lengths_.begin() + static_cast<std::ptrdiff_t>(resumed));
  lengths.resize(taken.size(), history_length());
  const std::size_t apart = std::max<std::size_t>(16, events.size() / 128);
  std::size_t last = next;
  std::vector<Checkpoint> fresh;
  for (; next < events.size() && !walk_.broken(); ++next) {
    if (is_start(events[next])) continue;
    const auto found = find(events[next], match);
    if (!found) continue;
    if (taken.size() == model_.system.size() || taken.size() >= last + apart) {
      fresh.push_back({.taken = taken.size(), .saved = walk_.save()});
      last = taken.size();
    }
    walk_.take(found->move);
    taken.push_back(found->index);
    lengths.push_back(history_length());
  }
  if (!end_at_violation(taken, lengths)) return std::nullopt;
  std::erase_if(checkpoints_, [&](const Checkpoint& one) { return one.taken > resumed; });
  for (Checkpoint& one : fresh) {
    if (one.taken > resumed && one.taken < taken.size()) checkpoints_.push_back(std::move(one));
  }
  kept_ = taken;
  kept_lengths_ = std::move(lengths);
  return taken;
}

// A message is taken to come from the first event that sent it, which keeps the cone small; a later
// try shows whether that is enough. What happens at no process is kept.
NamedRun::Events NamedRun::cone(const Events& events, const std::vector<NodeId>& ends) {
  constexpr std::uint32_t nobody = ~std::uint32_t{0};
  std::vector<std::uint32_t> last(model_.system.size(), nobody);  // by process: place in `events`
  std::map<std::tuple<NodeId, NodeId, Bytes>, std::uint32_t> senders;
  std::vector<std::array<std::uint32_t, 2>> causes;
  std::vector<bool> in_cone;
  walk_.begin();
  for (std::uint32_t place = 0; place < events.size(); ++place) {
    const Event& of = event(events[place]);
    const auto move = move_of(events[place]);
    if (!move) return events;
    causes.push_back({nobody, nobody});
    in_cone.push_back(!has_process(of.kind));
    const Transition& transition = walk_.transition(*move);
    if (has_process(of.kind)) {
      causes.back()[0] = std::exchange(last[of.process.value], place);
      const auto sender = senders.find({of.from, of.process, of.message});
      const bool sent = of.kind == EventKind::deliver && sender != senders.end();
      if (sent) causes.back()[1] = sender->second;
    }
    if (transition.fault != 0) break;
    for (std::size_t i = 0; i < transition.send_count; ++i) {
      const SendRef& send = walk_.part(move->actor, move->part).sends[transition.sends + i];
      const NodeId to = node_id(send.to);
      senders.try_emplace({NodeId{move->actor}, to, machine_.message_of(send.envelope)}, place);
    }
    walk_.pass(*move);
  }
  in_cone.back() = true;
  for (const NodeId end : ends) {
    if (last[end.value] != nobody) in_cone[last[end.value]] = true;
  }
  Events cone;
  for (std::size_t place = causes.size(); place-- > 0;) {
    if (!in_cone[place]) continue;
    cone.push_back(events[place]);
    for (const std::uint32_t cause : causes[place]) {
      if (cause != nobody) in_cone[cause] = true;
    }
  }
  std::ranges::reverse(cone);
  return cone;
}

// Starts and the network's own events; in fifo also what loses the messages of a link.
bool NamedRun::keeps_its_place(const Event& event) const {
  if (event.kind == EventKind::start || !has_process(event.kind)) return true;
  const bool loses = event.kind == EventKind::crash || event.kind == EventKind::restart ||
                     event.kind == EventKind::drop;
  return loses && model_.system.bounds.network == Network::fifo;
}

// A message that was sent several times is taken to arrive in the order in which it was sent.
std::vector<std::vector<std::uint32_t>> NamedRun::dependencies(const Events& events) {
  const bool async = model_.system.bounds.network == Network::async;
  const bool by_labels = !properties_.empty() && (properties_.front()->scope == Scope::history ||
                                                  properties_.front()->scope == Scope::observer);
  std::map<std::tuple<NodeId, NodeId, Bytes>, std::vector<std::uint32_t>> senders;
  std::map<std::tuple<NodeId, NodeId, Bytes>, std::size_t> arrived;
  std::vector<bool> labelled;
  std::vector<std::vector<std::uint32_t>> result;
  walk_.begin();
  for (std::uint32_t place = 0; place < events.size(); ++place) {
    const Event& of = event(events[place]);
    const auto move = move_of(events[place]);
    std::vector<std::uint32_t>& before = result.emplace_back();
    labelled.push_back(false);
    const Transition* transition = move ? &walk_.transition(*move) : nullptr;
    if (transition != nullptr) labelled.back() = by_labels && transition->labels != 0;
    for (std::uint32_t other = 0; other < place; ++other) {
      const Event& earlier = event(events[other]);
      const bool is_of_one = earlier.process == of.process;
      if (is_of_one || (labelled[other] && labelled[place]) || keeps_its_place(earlier) ||
          keeps_its_place(of)) {
        before.push_back(other);
      }
    }
    const std::tuple name(of.from, of.process, of.message);
    if (const auto sent = senders.find(name); is_about_message(of.kind) && sent != senders.end()) {
      const std::size_t turn = async ? 0 : arrived[name]++;
      before.push_back(sent->second[std::min(turn, sent->second.size() - 1)]);
    }
    if (transition == nullptr || transition->fault != 0) continue;
    for (std::size_t i = 0; i < transition->send_count; ++i) {
      const SendRef& send = walk_.part(move->actor, move->part).sends[transition->sends + i];
      const NodeId to = node_id(send.to);
      senders[{NodeId{move->actor}, to, machine_.message_of(send.envelope)}].push_back(place);
    }
    walk_.pass(*move);
  }
  return result;
}

std::vector<std::uint64_t> NamedRun::marks(const Events& events) {
  std::vector<std::uint64_t> marks;
  walk_.begin();
  for (const std::uint32_t index : events) {
    const auto move = move_of(index);
    if (!move || walk_.transition(*move).fault != 0) break;
    walk_.pass(*move);
    Hash128 sum;
    for (std::size_t slot = 0; slot < machine_.slots(); ++slot) {
      const bool is_told =
          slot == machine_.history_slot() || slot >= machine_.first_observer_slot();
      if (!is_told) sum += machine_.hash_of(slot, walk_.world()[slot]);
    }
    marks.push_back(sum.low ^ sum.high);
  }
  return marks;
}

}  // namespace gainsay
