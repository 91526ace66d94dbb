// What handlers do, as content.
#include "explorer/audit.hpp"

#include <chrono>

#include "engine/reflect.hpp"

namespace gainsay {

Audit::Audit(const Machine& machine, Setting setting)
    : machine_(machine), system_(machine.system()), points_(system_), setting_(std::move(setting)) {
  for (const Property* property : setting_.properties) {
    watches_steps_ = watches_steps_ || property->kind == PropertyKind::always_step;
  }
  for (std::size_t i = 0; i < machine_.locals_.size(); ++i) {
    const LocalEntry& entry = machine_.locals_[i];
    locals_.push_back(state_of(entry.process, entry.bytes));
    states_[locals_.back()].in_table = true;
  }
  for (std::size_t i = 0; i < machine_.envelopes_.size(); ++i) {
    mail_.push_back(message_of(machine_.envelopes_[i].from, machine_.envelopes_[i].message));
  }
}

AuditReport Audit::run() {
  const auto begin = std::chrono::steady_clock::now();
  read_merges();
  read_drops();
  check_cells();
  if (agrees()) check_received();
  if (agrees()) check_drops();
  if (agrees()) check_merges();
  if (agrees()) check_renamings();
  if (agrees()) check_observers();
  if (agrees()) check_starts();
  if (agrees()) check_worlds();
  cover();
  report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return std::move(report_);
}

void Audit::disagree(const std::string& what) {
  if (agrees()) report_.disagreement = what;
}

Id Audit::state_of(std::uint8_t process, const Bytes& bytes) {
  const auto [at, is_new] =
      state_index_.try_emplace(static_cast<char>(process) + bytes, static_cast<Id>(states_.size()));
  if (!is_new) return at->second;
  const LocalState local = decode_local(*system_.processes[process], bytes);
  Writer shown;
  local.process->encode_view(shown);
  State state{.process = process,
              .status = local.status,
              .timers = local.timers,
              .bytes = bytes,
              .shown = shown.take(),
              .view = nullptr};
  if (watches_steps_ && !system_.is_client({process})) state.view = local.process->view();
  states_.push_back(std::move(state));
  return at->second;
}

Id Audit::message_of(NodeId from, const Bytes& bytes) {
  const auto [at, is_new] = message_index_.try_emplace(static_cast<char>(from.value) + bytes,
                                                       static_cast<Id>(messages_.size()));
  if (is_new) messages_.push_back({.from = from, .bytes = bytes});
  return at->second;
}

LocalEvent Audit::event_of(Id input) const {
  if (input == start) return {.kind = LocalEvent::Kind::start};
  if (input == crash) return {.kind = LocalEvent::Kind::crash};
  if (input == restart) return {.kind = LocalEvent::Kind::restart};
  if (!is_message(input)) return {.kind = LocalEvent::Kind::timer, .timer = input - first_timer};
  return {.kind = LocalEvent::Kind::deliver,
          .from = messages_[input].from,
          .message = messages_[input].bytes};
}

// A crash happens whatever the limits say; but a handler that crashes is a handler.
bool Audit::is_outside(const State& before, Id input, const LocalState& after) const {
  if (system_.is_client({before.process}) || input == crash) return false;
  for (const Limit& limit : system_.limits) {
    if (limit.value(after.process->state()) > limit.greatest) return true;
  }
  return false;
}

// What an event uses, by how it came out.
BudgetSet Audit::budget_of(Id input, const std::vector<std::uint32_t>& answers) const {
  BudgetSet used;
  const bool timer = !is_message(input) && input < crash;
  if (timer && system_.bounds.timeouts) used.insert(BudgetKind::timeout);
  if (input == restart) used.insert(BudgetKind::restart);
  const DiskCrash inside = crash_of(answers);
  if (input == crash || inside.at > 0) used.insert(BudgetKind::crash);
  if (inside.lost > 0) used.insert(BudgetKind::unsynced);
  return used;
}

const Audit::Runs& Audit::runs(Id state, Id input) {
  const std::uint64_t key = pair_key(state, input);
  if (const auto known = runs_.find(key); known != runs_.end()) return known->second;
  const std::uint8_t process = states_[state].process;
  const LocalEvent event = event_of(input);
  Runs runs;
  std::vector<std::uint32_t> script;
  for (bool more = true; more;) {
    LocalState after = decode_local(*system_.processes[process], states_[state].bytes);
    StepResult step = run_event(after, event, system_.place({process}), script);
    more = next_script(script, step);
    if (step.fault == StepResult::Fault::none && is_outside(states_[state], input, after)) {
      runs.limited = true;
    } else {
      runs.dids.push_back(did_of(state, input, after, step));
    }
  }
  return runs_.emplace(key, std::move(runs)).first->second;
}

Audit::Did Audit::did_of(Id before, Id input, LocalState& after, StepResult& step) {
  const std::uint8_t process = states_[before].process;
  const BudgetSet budgets = budget_of(input, step.answers);
  Did did{.answers = std::move(step.answers)};
  Writer effect;
  Writer to_itself;
  effect.integer(budgets.bits());
  if (step.fault != StepResult::Fault::none) {
    did.fault = step.message;
    effect.text("!" + step.message);
  } else {
    did.after = state_of(process, encode_local(after));
    did.breaks = breaks_step(before, did.after);
    effect.text(did.breaks ? "breaks" : "");
    for (const Sent& sent : step.sends) {
      did.sends.emplace_back(sent.to.value, message_of({process}, sent.message));
      Writer& writer = sent.to.value == process ? to_itself : effect;
      writer.integer(sent.to.value + 1U);
      writer.text(sent.message);
    }
    effect.integer(0);
    for (const Label& label : step.labels) {
      effect.integer(static_cast<std::uint64_t>(label.kind));
      effect.text(label.value);
    }
    did.labels = std::move(step.labels);
    did.quiet = !did.breaks && did.sends.empty() && did.labels.empty() && budgets.empty();
  }
  did.outward = effect.take();
  did.effect = did.outward + to_itself.take();
  return did;
}

// Of the step, or of one of its renamings.
bool Audit::breaks_step(Id before, Id after) {
  if (!watches_steps_) return false;
  for (std::size_t g = 0; g < elements(); ++g) {
    const auto element = static_cast<Element>(g);
    if (breaks_step_here(image(before, element), image(after, element))) return true;
  }
  return false;
}

bool Audit::breaks_step_here(Id before, Id after) const {
  const State& from = states_[before];
  if (from.status == LocalState::Status::unstarted || from.view == nullptr) return false;
  const void* views[] = {from.view.get(), states_[after].view.get()};
  for (const Property* property : setting_.properties) {
    if (property->kind == PropertyKind::always_step && !property->holds(views)) return true;
  }
  return false;
}

// What a process may do without a message.
std::vector<Id> Audit::own_inputs(Id state) const {
  const State& of = states_[state];
  const Bounds& bounds = system_.bounds;
  if (of.status == LocalState::Status::unstarted) return {start};
  if (of.status == LocalState::Status::down) {
    return bounds.restarts > 0 ? std::vector<Id>{restart} : std::vector<Id>{};
  }
  std::vector<Id> own;
  for (Id timer = 0; timer < 64; ++timer) {
    const bool armed = ((of.timers >> timer) & 1) != 0;
    if (armed && (!bounds.timeouts || *bounds.timeouts > 0)) own.push_back(first_timer + timer);
  }
  if (bounds.crashes > 0 && system_.may_crash({of.process})) own.push_back(crash);
  return own;
}

std::vector<Id> Audit::inputs(Id state, const std::vector<Id>& messages) const {
  std::vector<Id> all = own_inputs(state);
  if (states_[state].status == LocalState::Status::up) {
    all.insert(all.end(), messages.begin(), messages.end());
  }
  return all;
}

// What the search has in the place of a local state.
Id Audit::stand_in(Id state) const {
  while (states_[state].into != none) state = states_[state].into;
  return state;
}

// The same for local states that are merged, directly or by renaming.
Id Audit::root(Id state) {
  Id top = state;
  while (states_[top].above != none) top = states_[top].above;
  while (states_[state].above != none) {
    const Id next = states_[state].above;
    states_[state].above = top;
    state = next;
  }
  return top;
}

std::string Audit::text(Id state) const {
  const State& of = states_[state];
  std::string text = describe(system_.processes[of.process]->state_type(),
                              split_local(of.bytes).state, system_.naming());
  if (of.status == LocalState::Status::down) text += " (down)";
  return system_.process_name({of.process}) + " in " + text;
}

std::string Audit::text(Id state, Id input) const {
  constexpr EventKind kinds[] = {EventKind::start, EventKind::deliver, EventKind::timer,
                                 EventKind::crash, EventKind::restart};
  const LocalEvent local = event_of(input);
  return text(state) + " at \"" +
         describe(system_, Event{.kind = kinds[static_cast<std::size_t>(local.kind)],
                                 .process = {states_[state].process},
                                 .from = local.from,
                                 .message = local.message,
                                 .timer = local.timer}) +
         "\"";
}

}  // namespace gainsay
