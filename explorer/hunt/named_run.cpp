#include "explorer/hunt/named_run.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "properties/evaluate.hpp"

namespace gainsay {

namespace {

std::vector<const Property*> violated_by(const Model& model, const Counterexample& run) {
  for (const Property& property : model.properties) {
    if (property.name == run.property) return {&property};
  }
  return {};  // a handler failed
}

bool is_about_message(EventKind kind) {
  return kind == EventKind::deliver || kind == EventKind::drop || kind == EventKind::duplicate;
}

}  // namespace

NamedRun::NamedRun(const Model& model, Counterexample run)
    : model_(model),
      run_(std::move(run)),
      properties_(violated_by(model, run_)),
      evaluator_(model.system, properties_),
      machine_(model.system,
               {.judge_step =
                    [this](const LocalEntry& before, const LocalEntry& after, bool counts) {
                      return evaluator_.judge_step(before, after, counts);
                    }}),
      walk_(machine_, evaluator_),
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
    const Event other = machine_.event_of({static_cast<std::uint8_t>(actor)}, transitions[i]);
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

// The move that is the event, where the world has one.
std::optional<Move> NamedRun::move_of(std::uint32_t index) {
  const Event& wanted = event(index);
  std::size_t actor = wanted.process.value;
  if (!has_process(wanted.kind)) {
    actor = wanted.kind == EventKind::tick ? machine_.clock_slot() : machine_.cut_slot();
  }
  std::uint32_t part = 0;
  if (is_about_message(wanted.kind)) {
    part = part_of(actor, index);
    if (part == 0) return std::nullopt;
  }
  const std::uint32_t at = index_of(actor, part, index);
  if (at == ~std::uint32_t{0}) return std::nullopt;
  return Move{.actor = static_cast<std::uint8_t>(actor), .part = part, .index = at};
}

bool NamedRun::is_violated() const {
  if (!walk_.broken()) return false;
  const Id fault = walk_.broken()->fault;
  if (fault == 0) return !properties_.empty();
  const auto kind = machine_.fault_is_expectation(fault) ? StepResult::Fault::expectation
                                                         : StepResult::Fault::exception;
  return violation_of_fault(kind, "").property == run_.property &&
         machine_.fault(fault) == run_.message;
}

std::optional<NamedRun::Events> NamedRun::try_events(const Events& events) {
  ++tries_;
  walk_.begin();
  Events taken;
  for (std::uint32_t i = 0; is_start(i); ++i) {
    const auto move = move_of(i);
    if (!move) return std::nullopt;
    walk_.pass(*move);
    taken.push_back(i);
  }
  walk_.judge_world();
  for (const std::uint32_t index : events) {
    if (walk_.broken()) break;
    if (is_start(index)) continue;
    const auto move = move_of(index);
    if (!move || !walk_.can_take(*move)) continue;
    walk_.take(*move);
    taken.push_back(index);
  }
  if (!is_violated()) return std::nullopt;
  return taken;
}

// A message is taken to come from the first event that sent it, which keeps the
// cone small; a later try shows whether that is enough.
NamedRun::Events NamedRun::cone(const Events& events) {
  constexpr std::uint32_t nobody = ~std::uint32_t{0};
  std::vector<std::uint32_t> last(model_.system.size(),
                                  nobody);  // by process: place in `events`
  std::map<std::tuple<NodeId, NodeId, Bytes>, std::uint32_t> senders;
  std::vector<std::array<std::uint32_t, 2>> causes;
  walk_.begin();
  for (std::uint32_t place = 0; place < events.size(); ++place) {
    const Event& of = event(events[place]);
    const auto move = move_of(events[place]);
    if (!move || !has_process(of.kind)) return events;
    causes.push_back({std::exchange(last[of.process.value], place), nobody});
    const auto sender = senders.find({of.from, of.process, of.message});
    const bool sent = of.kind == EventKind::deliver && sender != senders.end();
    if (sent) causes.back()[1] = sender->second;
    const Transition& transition = walk_.transition(*move);
    if (transition.fault != 0) break;
    for (std::size_t i = 0; i < transition.send_count; ++i) {
      const SendRef& send = walk_.part(move->actor, move->part).sends[transition.sends + i];
      const NodeId to{static_cast<std::uint8_t>(send.to)};
      senders.try_emplace({of.process, to, machine_.message_of(send.envelope)}, place);
    }
    walk_.pass(*move);
  }
  std::vector<bool> in_cone(causes.size(), false);
  in_cone.back() = true;
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

}  // namespace gainsay
