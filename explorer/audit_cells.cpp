// Cells: each transition is what the handlers do, and no visible outcome is missing.
#include <algorithm>
#include <tuple>

#include "explorer/audit.hpp"

namespace gainsay {

namespace {

std::string name_of(std::size_t cell) { return "cell " + std::to_string(cell) + ", "; }

}  // namespace

// The messages of a cell; fifo: by sender, each link in order.
std::vector<Id> Audit::inbox(Id cell) const {
  std::vector<Id> messages;
  for (const Id envelope : machine_.envelopes_of(machine_.inbox_of(cell))) {
    messages.push_back(mail_[envelope]);
  }
  return messages;
}

std::vector<Id> Audit::deliverable(Id cell) const {
  std::vector<Id> able;
  for (const Id message : inbox(cell)) {
    const bool fifo = system_.bounds.network == Network::fifo;
    const bool behind_another =
        !able.empty() && (fifo ? messages_[able.back()].from == messages_[message].from
                               : std::ranges::find(able, message) != able.end());
    if (!behind_another) able.push_back(message);
  }
  return able;
}

// Nobody else notices.
bool Audit::is_silent(Id state, const Did& did) const {
  return setting_.reduce.silent && did.quiet && states_[state].status == LocalState::Status::up &&
         states_[did.after].status == LocalState::Status::up &&
         states_[state].shown == states_[did.after].shown;
}

// Where silent steps lead to, itself included.
std::vector<Id> Audit::silent_from(Id state, const std::vector<Id>& messages) {
  std::vector<Id> reached = {state};
  if (!setting_.reduce.silent) return reached;
  for (std::size_t i = 0; i < reached.size(); ++i) {
    for (const Id input : inputs(reached[i], messages)) {
      for (const Did& did : runs(reached[i], input).dids) {
        if (!is_silent(reached[i], did)) continue;
        const Id next = stand_in(did.after);
        if (std::ranges::find(reached, next) == reached.end()) reached.push_back(next);
      }
    }
  }
  return reached;
}

// What is left of a cell by silent steps: of the classes of merged local states, one member each.
const std::set<Id>& Audit::reach(Id cell) {
  const auto known = reach_.find(cell);
  if (known != reach_.end()) return known->second;
  std::set<Id> classes;
  for (const Id state : silent_from(locals_[machine_.local_of(cell)], deliverable(cell))) {
    classes.insert(root(state));
  }
  return reach_.emplace(cell, std::move(classes)).first->second;
}

void Audit::check_cells() {
  for (std::size_t i = 0; i < machine_.cells_.size() && agrees(); ++i) {
    if (machine_.cells_[i].expansion.load() != nullptr) check_cell(static_cast<Id>(i));
  }
}

void Audit::check_cell(Id cell) {
  ++report_.cells;
  const Expansion& expansion = *machine_.cells_[cell].expansion.load();
  std::vector<Taken> taken;
  for (const Transition& transition : expansion.transitions) {
    if (is_network_fault(cell, transition)) continue;
    taken.push_back(replay(cell, transition));
    if (!agrees()) return;
    ++report_.transitions;
  }
  const std::vector<Id> messages = deliverable(cell);
  for (const Id state : silent_from(locals_[machine_.local_of(cell)], messages)) {
    if (!states_[state].in_table) disagree("a silent step leads out of the tables: " + text(state));
    for (const Id input : inputs(state, messages)) {
      met_.emplace(state, input);
      const bool may_be_none = is_message(input) && system_.bounds.network != Network::fifo;
      for (const Did& did : runs(state, input).dids) {
        const bool changes_nothing =
            did.fault.empty() && did.sends.empty() && did.labels.empty() && same(did.after, state);
        if (may_be_none && changes_nothing) continue;
        if (is_silent(state, did) || is_covered(taken, did)) continue;
        disagree("the search leaves out " + text(state, input));
        return;
      }
    }
  }
}

// Some transition has the same effects and leads to the same local state, or to one from which
// silent steps lead there.
bool Audit::is_covered(const std::vector<Taken>& taken, const Did& did) {
  for (const Taken& one : taken) {
    if (one.did->outward != did.outward || !has_sent_itself(one.cell, did)) continue;
    if (did.after == none || same(one.did->after, did.after)) return true;
  }
  if (!setting_.reduce.silent) return false;
  for (const Taken& one : taken) {
    if (one.did->outward != did.outward || !has_sent_itself(one.cell, did)) continue;
    if (!reach(one.cell).contains(root(did.after))) continue;
    ++report_.put_off;
    return true;
  }
  return false;
}

// What the process has sent itself waits in the cell, or is dead there.
bool Audit::has_sent_itself(Id cell, const Did& did) {
  if (did.after == none) return true;
  const bool down = states_[did.after].status == LocalState::Status::down;
  if (down && system_.bounds.network == Network::fifo) return true;  // it has no connections
  const std::vector<Id> messages = inbox(cell);
  const Id state = locals_[machine_.local_of(cell)];
  return std::ranges::all_of(did.sends, [&](const Send& send) {
    return send.first != machine_.cells_[cell].process ||
           std::ranges::find(messages, send.second) != messages.end() ||
           is_dropped(state, send.second);
  });
}

// --- what a transition does ---

// A lost or repeated message, or a connection reset: no process takes a step.
bool Audit::is_network_fault(Id cell, const Transition& transition) {
  const bool drop = transition.budget.contains(BudgetKind::drop);
  const bool duplicate = transition.budget.contains(BudgetKind::duplicate);
  if (!drop && !duplicate) return false;
  std::vector<Id> expected = inbox(cell);
  const Id message = mail_[transition.input];
  if (duplicate) {
    put(expected, message);
  } else if (system_.bounds.network == Network::fifo) {
    std::erase_if(expected, [&](Id id) { return messages_[id].from == messages_[message].from; });
  } else {
    expected.erase(std::ranges::find(expected, message));
  }
  if (machine_.local_of(transition.cell) != machine_.local_of(cell)) {
    disagree(name_of(cell) + "a fault of the network changes a local state");
  }
  check_inbox(transition.cell, std::move(expected), name_of(cell));
  return true;
}

Audit::Taken Audit::replay(Id cell, const Transition& transition) {
  const auto named = [&](Id input) {
    if (input == Machine::crash_input) return crash;
    if (input == Machine::restart_input) return restart;
    if (input == Machine::start_input) return start;
    return Machine::is_delivery(input) ? mail_[input]
                                       : first_timer + (input - Machine::timer_input);
  };
  const auto with = [&](Id state, Id input, const std::vector<std::uint32_t>& answers) {
    const Did* found = nullptr;
    for (const Did& did : runs(state, input).dids) {
      if (did.answers == answers) found = &did;
    }
    return found;
  };
  const auto& path = machine_.paths_[transition.answers];
  const Expansion& expansion = *machine_.cells_[cell].expansion.load();
  Id state = locals_[machine_.local_of(cell)];
  for (const auto& step : path.silent) {
    const Did* did = with(state, named(step.input), machine_.paths_[step.answers].answers);
    if (did == nullptr || !is_silent(state, *did)) {
      disagree("a step that is left out is not silent: " + text(state, named(step.input)));
      return {};
    }
    state = stand_in(did->after);
  }
  const Id input = named(transition.input);
  const Did* did = with(state, input, path.answers);
  if (did == nullptr || !agree(cell, transition, expansion, state, *did)) {
    disagree("a transition is not what the handler does: " + text(state, input));
    return {};
  }
  if (did->after != none) {
    check_inbox(transition.cell, behind(cell, input, *did), text(state, input) + ": ");
  }
  return {.did = did, .cell = transition.cell};
}

// The transition's own account of itself.
bool Audit::agree(Id cell, const Transition& transition, const Expansion& expansion, Id before,
                  const Did& did) {
  const std::string& fault = transition.fault == 0 ? "" : machine_.faults_[transition.fault - 1];
  if (fault != did.fault || (transition.fault != 0) != (did.after == none)) return false;
  if ((transition.step_violation != 0) != did.breaks) return false;
  if (machine_.labels_[transition.labels].labels != did.labels) return false;
  const std::uint8_t process = states_[before].process;
  std::vector<Send> others = did.sends;
  std::erase_if(others, [&](const Send& send) { return send.first == process; });
  std::vector<Send> told;
  for (std::size_t i = 0; i < transition.send_count; ++i) {
    const SendRef& send = expansion.sends[transition.sends + i];
    told.emplace_back(static_cast<std::uint8_t>(send.to), mail_[send.envelope]);
  }
  if (did.after == none) return true;
  if (told != others || !same(locals_[machine_.local_of(transition.cell)], did.after)) return false;
  if (transition.only_sends == 0) return true;
  // It is taken before all others: it must change nothing but inboxes, and cost nothing.
  ++report_.eager;
  return transition.budget.empty() && did.labels.empty() && !did.breaks && !did.sends.empty() &&
         locals_[machine_.local_of(transition.cell)] == locals_[machine_.local_of(cell)];
}

void Audit::put(std::vector<Id>& messages, Id message) const {
  const bool there = std::ranges::find(messages, message) != messages.end();
  if (there && system_.bounds.network == Network::async) return;
  messages.push_back(message);
}

// What waits at a process behind an event, before anything is dropped.
std::vector<Id> Audit::behind(Id cell, Id input, const Did& did) const {
  std::vector<Id> messages = inbox(cell);
  if (is_message(input) && system_.bounds.network != Network::async) {
    messages.erase(std::ranges::find(messages, input));
  }
  if (states_[did.after].status == LocalState::Status::down &&
      system_.bounds.network == Network::fifo) {
    messages.clear();  // its connections are reset, and it has no new ones
    return messages;
  }
  for (const auto& [to, message] : did.sends) {
    if (to == machine_.cells_[cell].process) put(messages, message);
  }
  return messages;
}

// What is there of the expected messages, in their order; what is not, was dropped as dead.
void Audit::check_inbox(Id cell, std::vector<Id> expected, const std::string& where) {
  const Id state = locals_[machine_.local_of(cell)];
  std::vector<Id> found = inbox(cell);
  const auto by_link = [&](Id message) { return messages_[message].from; };
  if (system_.bounds.network == Network::fifo) {
    std::ranges::stable_sort(expected, {}, by_link);
    std::ranges::stable_sort(found, {}, by_link);
  } else {
    std::ranges::sort(expected);
    std::ranges::sort(found);
  }
  std::size_t at = 0;
  for (const Id message : expected) {
    const bool there = at < found.size() && found[at] == message;
    if (there) {
      ++at;
    } else if (!is_dropped(state, message)) {
      disagree(where + "a message is lost that was not dropped");
    }
  }
  if (at != found.size()) disagree(where + "a message appears that was not sent");
}

// The same where a message from elsewhere arrives.
void Audit::check_received() {
  machine_.received_.for_each([&](std::uint64_t key, Id after) {
    if (agrees()) check_arrival(static_cast<Id>(key >> 32), static_cast<Id>(key), after);
  });
}

void Audit::check_arrival(Id cell, Id envelope, Id after) {
  if (machine_.local_of(cell) != machine_.local_of(after)) {
    disagree("a message that arrives changes a local state");
  }
  const State& state = states_[locals_[machine_.local_of(cell)]];
  const bool refused = system_.bounds.network == Network::fifo &&
                       state.status == LocalState::Status::down;  // no connection
  const bool ignored = system_.is_byzantine({state.process});
  std::vector<Id> expected = inbox(cell);
  if (!refused && !ignored) put(expected, mail_[envelope]);
  check_inbox(after, std::move(expected),
              "on arrival at " + text(locals_[machine_.local_of(cell)]) + ": ");
}

}  // namespace gainsay
