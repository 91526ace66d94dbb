#include "explorer/machine.hpp"

#include <algorithm>
#include <memory>
#include <new>

#include "engine/reflect.hpp"
#include "explorer/check.hpp"
#include "explorer/kinds.hpp"
#include "explorer/symmetry.hpp"

namespace gainsay {

namespace {

constexpr std::size_t cells_max = std::size_t{1} << 31;

std::string key_of(const std::vector<Id>& ids) {
  return {reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(Id)};
}

}  // namespace

Machine::Machine(const System& system, Options options)
    : system_(system),
      options_(std::move(options)),
      size_(system.size()),
      slots_(system.size()),
      actors_(system.size()),
      known_(system.size()),
      cells_(cells_max),
      cell_index_(system.size()),
      cuts_(system.limits.size()) {
  validate_search(system);
  if (system.bounds.skew) prepare_clock();
  if (system.bounds.partitions > 0) prepare_cuts();
  actors_ = slots_;
  if (system.has_budget()) budget_slot_ = slots_++;
  if (system.adversary.fact_type != nullptr) knowledge_slot_ = slots_++;
  first_labelled_slot_ = slots_;
  if (system.operation_type != nullptr) history_slot_ = slots_++;
  if (!system.observers.empty()) {
    first_observer_slot_ = slots_;
    slots_ += system.observers.size();
  }
  if (slots_ > processes_max) {
    throw UsageError("a world that is searched has at most " + std::to_string(processes_max) +
                     " components; this system's " + std::to_string(size_) +
                     " processes, its history, observers and budgets are " +
                     std::to_string(slots_));
  }
  relabelled_ = std::vector<ReadMap>(slots_ - size_);
  intern_path({}, {});
  labels_.push_back({});  // id 0: none
  label_index_.emplace(std::string(), 0);
}

Machine::~Machine() = default;

std::vector<Id> Machine::unstarted() {
  const std::lock_guard lock(mutex_);
  std::vector<Id> world;
  const Id empty = intern_inbox({});
  for (std::size_t i = 0; i < size_; ++i) {
    LocalState local{LocalState::Status::unstarted, 0, system_.processes[i]->make()};
    const auto process = static_cast<std::uint8_t>(i);
    world.push_back(
        cell_of(process, intern_local(process, encode_local(local), local.process.get()), empty));
  }
  if (clock_slot_ != npos) world.push_back(0);
  if (cut_slot_ != npos) world.push_back(0);
  if (budget_slot_ != npos) world.push_back(BudgetUsed().packed());
  if (!system_.adversary.byzantine.empty()) let_say(world);
  if (knowledge_slot_ != npos) world.push_back(intern_knowledge({}));
  if (history_slot_ != npos) {
    History history;
    history.clients.resize(size_ - system_.bounds.nodes);
    world.push_back(keeps_futures() ? intern_future(options_.futures->initial)
                                    : intern_history(history));
  }
  for (const Observer& observer : system_.observers) {
    world.push_back(intern_observer(observer.initial));
  }
  return world;
}

// --- interning ---

Id Machine::intern_local(std::uint8_t process, const Bytes& bytes, const Process* value) {
  std::string key(1, static_cast<char>(process));
  key += bytes;
  const auto [id, is_new] = intern(local_index_, std::move(key));
  if (!is_new) return id;
  const LocalParts parts = split_local(bytes);
  uses_ticks_ = uses_ticks_ || !parts.times.empty();
  LocalEntry entry{.process = process,
                   .status = parts.status,
                   .bytes = bytes,
                   .hash = content_hash(bytes),
                   .view = nullptr};
  if (!system_.is_client({process})) entry.view = value->view();
  Writer view;
  value->encode_view(view);
  entry.view_hash = content_hash(view.bytes());
  entry.shown = intern(view_index_, view.take()).first;
  locals_.push_back(std::move(entry));
  return id;
}

Id Machine::intern_envelope(NodeId from, const Bytes& message) {
  std::string key(1, static_cast<char>(from.value));
  key += message;
  const auto [id, is_new] = intern(envelope_index_, std::move(key));
  if (is_new) {
    envelopes_.push_back({.from = from, .message = message, .hash = hash_envelope(from, message)});
  }
  return id;
}

Hash128 Machine::hash_inbox(const std::vector<Id>& envelopes) const {
  Hash128 sum;
  if (system_.bounds.network != Network::fifo) {
    for (const Id id : envelopes) sum += envelopes_[id].hash;
    return sum;
  }
  for (std::size_t i = 0; i < envelopes.size();) {
    const NodeId from = envelopes_[envelopes[i]].from;
    Hash128 link;
    for (; i < envelopes.size() && envelopes_[envelopes[i]].from == from; ++i) {
      link = hash_link(link, envelopes_[envelopes[i]].hash);
    }
    sum += hash_inbox_link(from, link);
  }
  return sum;
}

Id Machine::intern_inbox(std::vector<Id> envelopes) {
  const auto [id, is_new] = intern(inbox_index_, key_of(envelopes));
  if (is_new) {
    const Hash128 hash = hash_inbox(envelopes);
    inboxes_.push_back({.envelopes = std::move(envelopes), .hash = hash});
  }
  return id;
}

Id Machine::intern_path(const std::vector<Silent>& silent,
                        const std::vector<std::uint32_t>& answers) {
  // How many steps comes first: no two paths have one key.
  std::vector<Id> key = {static_cast<Id>(silent.size())};
  for (const Silent& step : silent) key.insert(key.end(), {step.input, step.answers});
  key.insert(key.end(), answers.begin(), answers.end());
  const auto [id, is_new] = intern(path_index_, key_of(key));
  if (is_new) paths_.push_back({.silent = silent, .answers = answers});
  return id;
}

Id Machine::intern_labels(NodeId process, std::vector<Label> labels) {
  if (labels.empty()) return 0;
  Writer key;
  key.integer(process.value);
  for (const Label& label : labels) {
    key.integer(static_cast<std::uint64_t>(label.kind));
    key.text(label.value);
  }
  const auto [id, is_new] = intern(label_index_, key.take());
  if (is_new) labels_.push_back({.process = process, .labels = std::move(labels)});
  return id;
}

Id Machine::intern_history(const History& history) {
  const auto [id, is_new] = intern(history_index_, encoded(history));
  if (is_new) histories_.push_back(history);
  return id;
}

Id Machine::intern_future(const Bytes& future) {
  const auto [id, is_new] = intern(future_index_, future);
  if (is_new) futures_.push_back(future);
  return id;
}

Id Machine::intern_observer(const Bytes& state) {
  const auto [id, is_new] = intern(observer_index_, state);
  if (is_new) observers_.push_back(state);
  return id;
}

Id Machine::cell_of(std::uint8_t process, Id local, Id inbox) {
  const std::uint64_t key = pair_key(local, inbox);
  const Id known = cell_index_[process].find(key);
  if (known != ReadMap::none) return known;
  const auto id = static_cast<Id>(cells_.allocate(1));
  cells_[id].local = local;
  cells_[id].inbox = inbox;
  cells_[id].process = process;
  cell_index_[process].insert(key, id);
  return id;
}

// --- messages ---

Id Machine::with_message(Id cell, Id envelope) {
  const Cell& from = cells_[cell];
  if (system_.is_byzantine({from.process})) return cell;
  const bool fifo = system_.bounds.network == Network::fifo;
  if (options_.merges != nullptr) known_[from.process].insert(envelope);
  if (fifo && locals_[from.local].status == LocalState::Status::down) return cell;
  std::vector<Id> envelopes = inboxes_[from.inbox].envelopes;
  if (fifo) {
    const NodeId sender = envelopes_[envelope].from;
    const auto after =
        std::ranges::upper_bound(envelopes, sender, {}, [&](Id id) { return envelopes_[id].from; });
    envelopes.insert(after, envelope);
  } else {
    const auto at = std::ranges::lower_bound(envelopes, envelope);
    const bool there = at != envelopes.end() && *at == envelope;
    if (there && system_.bounds.network == Network::async) return cell;
    envelopes.insert(at, envelope);
  }
  const Id local = from.local;  // `from` may move: dropping interns
  const std::uint8_t process = from.process;
  forget_dead(local, envelopes);
  return cell_of(process, local, intern_inbox(std::move(envelopes)));
}

Id Machine::receive_first(Id cell, Id envelope) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t key = pair_key(cell, envelope);
  const Id known = received_.find(key);
  if (known != ReadMap::none) return known;
  const Id after = with_message(cell, envelope);
  received_.insert(key, after);
  return after;
}

std::vector<Id> Machine::without(const std::vector<Id>& envelopes, Id envelope) const {
  std::vector<Id> rest = envelopes;
  rest.erase(std::ranges::find(rest, envelope));
  return rest;
}

Id Machine::relabel_first(std::size_t slot, Id word, Id labels) {
  const std::lock_guard lock(mutex_);
  ReadMap& memo = relabelled_[slot - size_];
  const std::uint64_t key = pair_key(word, labels);
  const Id known = memo.find(key);
  if (known != ReadMap::none) return known;
  const LabelSet& set = labels_[labels];
  const bool whole = slot == history_slot_ && !keeps_futures();
  Id after = word;
  if (whole) {
    History history = histories_[word];
    for (const Label& label : set.labels) {
      if (label.kind == Label::Kind::observe) continue;
      record(history, set.process.value - system_.bounds.nodes, label);
    }
    after = intern_history(history);
  } else {
    const Bytes next = relabelled_content(slot, content(slot, word), set);
    after = slot == history_slot_ ? intern_future(next) : intern_observer(next);
  }
  memo.insert(key, after);
  if (symmetry_ != nullptr && !whole) symmetry_->note_relabelled(slot, word, labels, after);
  return after;
}

const Bytes& Machine::content(std::size_t slot, Id word) const {
  return slot == history_slot_ ? futures_[word] : observers_[word];
}

Bytes Machine::relabelled_content(std::size_t slot, Bytes content, const LabelSet& set) const {
  for (const Label& label : set.labels) {
    const bool observed = label.kind == Label::Kind::observe;
    if (slot == history_slot_) {
      if (!observed) content = options_.futures->next(content, set.process, label);
    } else if (observed) {
      const Observer& observer = system_.observers[slot - first_observer_slot_];
      content = observer.next(content, set.process, label.value);
    }
  }
  return content;
}

// --- handlers ---

bool Machine::is_timer(Id input) { return input >= timer_input && input < crash_input; }

// What a process that is up may do without a message: its armed timers that have run long enough, a
// crash.
std::vector<Id> Machine::own_inputs(std::uint8_t process, std::uint64_t timers,
                                    const Times& times) const {
  std::vector<Id> inputs;
  const Bounds& bounds = system_.bounds;
  for (Id timer = 0; timer < 64 && bounds.timeouts.value_or(1) > 0; ++timer) {
    const bool armed = ((timers >> timer) & 1) != 0;
    if (armed && !times.holds_back(timer)) inputs.push_back(timer_input + timer);
  }
  if (system_.may_crash({process}) && bounds.crashes > 0) inputs.push_back(crash_input);
  return inputs;
}

LocalEvent Machine::event_of_input(Id input) const {
  if (input == crash_input) return {.kind = LocalEvent::Kind::crash};
  if (input == restart_input) return {.kind = LocalEvent::Kind::restart};
  if (input == start_input) return {.kind = LocalEvent::Kind::start};
  if (input >= timer_input) {
    return {.kind = LocalEvent::Kind::timer, .timer = input - timer_input};
  }
  const Envelope& envelope = envelopes_[input];
  return {.kind = LocalEvent::Kind::deliver, .from = envelope.from, .message = envelope.message};
}

bool Machine::is_outside_limits(NodeId process, const LocalState& local) const {
  return !system_.is_client(process) &&
         std::ranges::any_of(system_.limits, [&](const Limit& limit) {
           return limit.value(local.process->state()) > limit.greatest;
         });
}

bool Machine::is_cut(NodeId process, const LocalState& local) {
  if (system_.is_client(process)) return false;
  bool cut = false;
  for (std::size_t i = 0; i < system_.limits.size(); ++i) {
    const Limit& limit = system_.limits[i];
    if (limit.value(local.process->state()) <= limit.greatest) continue;
    ++cuts_[i];
    cut = true;
  }
  return cut;
}

std::string Machine::handler_name(std::uint8_t process, Id input) const {
  if (is_delivery(input)) {
    return "deliver " + alternative_name(*system_.message_type, envelopes_[input].message);
  }
  if (!is_timer(input)) return input == start_input ? "start" : "restart";
  const auto& names = system_.processes[process]->timer_names();
  return "timer " + std::string(names.at(input - timer_input));
}

// False when the outcome lies outside a limit, so does not exist.
bool Machine::make_outcome(Id before, Id input, LocalState& after, StepResult& step,
                           Outcome& outcome) {
  const std::uint8_t process = locals_[before].process;
  outcome.answers = intern_path({}, step.answers);
  if (step.fault != StepResult::Fault::none) {
    faults_.push_back(step.message);
    fault_is_expectation_.push_back(step.fault == StepResult::Fault::expectation);
    outcome.fault = static_cast<Id>(faults_.size());
    return true;
  }
  if (input != crash_input && is_cut({process}, after)) return false;
  const Bytes bytes = encode_local(after);
  if (const Bytes& other = stand_in(process, bytes); other != bytes) {
    after = decode_local(*system_.processes[process], other);
    outcome.local = intern_local(process, other, after.process.get());
  } else {
    outcome.local = intern_local(process, bytes, after.process.get());
  }
  uses_ticks_ = uses_ticks_ || step.ignores_ticks;
  for (const std::uint32_t place : step.unsynced_sends) {
    const Bytes& message = step.sends[place].message;
    unsynced_sends_.insert({.handler = handler_name(process, input),
                            .message = alternative_name(*system_.message_type, message)});
  }
  outcome.crashed = after.status == LocalState::Status::down;
  outcome.no_op = outcome.local == before && step.sends.empty() && step.labels.empty();
  for (const Sent& sent : step.sends) {
    outcome.sends.push_back(
        {.to = sent.to.value, .envelope = intern_envelope({process}, sent.message)});
  }
  outcome.labels = intern_labels({process}, std::move(step.labels));
  if (options_.judge_step) {
    // A step that changes nothing says nothing of a property of steps, and may be no event at all.
    outcome.step_violation =
        symmetry_ != nullptr
            ? symmetry_->judge_step(before, outcome.local, !outcome.no_op)
            : options_.judge_step(locals_[before], locals_[outcome.local], !outcome.no_op);
  }
  return true;
}

std::vector<Machine::Outcome> Machine::run_handlers(Id local, Id input) {
  const LocalEvent event = event_of_input(input);
  const NodeId process{locals_[local].process};
  const ProcessType& type = *system_.processes[process.value];
  std::vector<Outcome> outcomes;
  std::vector<std::uint32_t> script;
  for (bool more = true; more;) {
    LocalState after = decode_local(type, locals_[local].bytes);
    StepResult step = run_event(after, event, system_.place(process), script);
    // Determinism is checked, not assumed: the same question once more.
    LocalState again = decode_local(type, locals_[local].bytes);
    const StepResult second = run_event(again, event, system_.place(process), script);
    if (step.fault != second.fault || step.sends != second.sends || step.labels != second.labels ||
        step.answers != second.answers ||
        (step.fault == StepResult::Fault::none && encode_local(after) != encode_local(again))) {
      throw Nondeterminism("a handler of " + system_.process_name(process) +
                           " gives two answers to the same event");
    }
    ++handler_runs_;
    more = next_script(script, step);
    Outcome outcome;
    if (make_outcome(local, input, after, step, outcome)) outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

const std::vector<Machine::Outcome>& Machine::outcomes(Id local, Id input) {
  const std::uint64_t key = pair_key(local, input);
  const auto found = outcomes_.find(key);
  if (found != outcomes_.end()) return found->second;
  return outcomes_.emplace(key, run_handlers(local, input)).first->second;
}

// --- expansion ---

const Expansion& Machine::expand_first(Id cell) {
  const std::lock_guard lock(mutex_);
  const Expansion* known = cells_[cell].expansion.load(std::memory_order_acquire);
  if (known != nullptr) return *known;
  Successors successors;
  const LocalEntry& local = locals_[cells_[cell].local];
  const Bounds& bounds = system_.bounds;
  switch (local.status) {
    case LocalState::Status::unstarted:
      add_step(cell, start_input, successors);
      break;
    case LocalState::Status::down:
      if (bounds.restarts > 0) add_step(cell, restart_input, successors);
      break;
    case LocalState::Status::up: {
      if (options_.silent) {
        macro_steps(cell, successors);
        break;
      }
      deliveries(cell, successors);
      const LocalParts parts = split_local(local.bytes);
      for (const Id input : own_inputs(local.process, parts.timers, parts.times)) {
        add_step(cell, input, successors);
      }
      break;
    }
  }
  const bool started = local.status != LocalState::Status::unstarted;
  if (started && bounds.drops + bounds.duplicates > 0) add_network_faults(cell, successors);
  std::vector<Transition>& all = successors.transitions;
  std::stable_partition(all.begin(), all.end(),
                        [](const Transition& t) { return t.only_sends != 0; });
  const Expansion& kept = keep(successors);
  cells_[cell].expansion.store(&kept, std::memory_order_release);
  return kept;
}

const Expansion& Machine::keep(const Successors& successors) {
  static_assert(std::is_trivially_copyable_v<Transition> && std::is_trivially_copyable_v<SendRef>);
  static_assert(sizeof(Expansion) % alignof(Transition) == 0);
  static_assert(sizeof(Transition) % alignof(SendRef) == 0);
  const auto& [transitions, sends] = successors;
  const auto sending = static_cast<std::uint64_t>(
      std::ranges::count_if(transitions, [](const Transition& t) { return t.only_sends != 0; }));
  std::byte* at = expansions_.allocate(sizeof(Expansion) + transitions.size() * sizeof(Transition) +
                                       sends.size() * sizeof(SendRef));
  auto* const first = reinterpret_cast<Transition*>(at + sizeof(Expansion));
  auto* const first_send = reinterpret_cast<SendRef*>(first + transitions.size());
  std::uninitialized_copy(transitions.begin(), transitions.end(), first);
  std::uninitialized_copy(sends.begin(), sends.end(), first_send);
  return *new (at) Expansion{
      .transitions = {first, transitions.size()}, .sends = first_send, .sending = sending};
}

// The messages of an inbox: ids depend on threads, but what is taken first must not. In fifo the
// senders are the order.
std::vector<Id> Machine::in_order(Id inbox) const {
  std::vector<Id> envelopes = inboxes_[inbox].envelopes;
  if (system_.bounds.network != Network::fifo) {
    std::ranges::sort(envelopes, {}, [&](Id id) { return std::pair(envelopes_[id].hash, id); });
  }
  return envelopes;
}

void Machine::deliveries(Id cell, Successors& out) {
  const std::vector<Id> envelopes = in_order(cells_[cell].inbox);
  for (std::size_t i = 0; i < envelopes.size(); ++i) {
    if (i > 0) {
      // unordered: equal messages are one event. fifo: only the head of each link is deliverable.
      const bool repeated = system_.bounds.network == Network::fifo
                                ? envelopes_[envelopes[i]].from == envelopes_[envelopes[i - 1]].from
                                : envelopes[i] == envelopes[i - 1];
      if (repeated) continue;
    }
    add_step(cell, envelopes[i], out);
  }
}

void Machine::add_step(Id cell, Id input, Successors& out) {
  for (const Outcome& outcome : outcomes(cells_[cell].local, input)) {
    const bool delivery = is_delivery(input);
    if (outcome.no_op && delivery && system_.bounds.network != Network::fifo) continue;
    add_outcome(cell, input, outcome, outcome.answers, out);
  }
}

BudgetSet Machine::budget_of(Id input, Id answers) const {
  BudgetSet budgets;
  if (input == crash_input) budgets.insert(BudgetKind::crash);
  if (input == restart_input) budgets.insert(BudgetKind::restart);
  if (is_timer(input) && system_.bounds.timeouts) budgets.insert(BudgetKind::timeout);
  add_crash(budgets, crash_of(paths_[answers].answers));
  return budgets;
}

void Machine::add_outcome(Id cell, Id input, const Outcome& outcome, Id path, Successors& out) {
  const std::uint8_t process = cells_[cell].process;
  Transition transition{.cell = cell,
                        .input = input,
                        .answers = path,
                        .labels = outcome.labels,
                        .fault = outcome.fault,
                        .sends = static_cast<std::uint32_t>(out.sends.size()),
                        .budget = budget_of(input, outcome.answers),
                        .step_violation = outcome.step_violation};
  if (is_delivery(input)) transition.from = byte_of(envelopes_[input].from);
  transition.cost = transition.budget.cost();
  const bool sends_by_timer = is_timer(input) && !outcome.sends.empty();
  if (sends_by_timer && !system_.bounds.timeouts && system_.bounds.network != Network::async) {
    grows_without_end_.store(true, std::memory_order_relaxed);
  }
  if (outcome.fault == 0) {
    std::vector<Id> inbox = inboxes_[cells_[cell].inbox].envelopes;
    if (is_delivery(input) && system_.bounds.network != Network::async) {
      inbox = without(inbox, input);
    }
    if (outcome.crashed && system_.bounds.network == Network::fifo) inbox.clear();
    forget_dead(outcome.local, inbox);
    transition.local_changed = outcome.local != cells_[cell].local ? 1 : 0;
    transition.cell = cell_of(process, outcome.local, intern_inbox(std::move(inbox)));
    for (const SendRef& send : outcome.sends) {
      if (send.to == process) {
        transition.cell = with_message(transition.cell, send.envelope);
      } else {
        out.sends.push_back(send);
        if (++transition.send_count == 0) throw UsageError("a handler sends 65,536 messages");
      }
    }
  }
  const bool free_of_charge =
      options_.sabotage == Sabotage::eager_uses_budgets && transition.cost == 0;
  transition.only_sends = transition.local_changed == 0 && transition.labels == 0 &&
                                  (transition.budget.empty() || free_of_charge) &&
                                  transition.fault == 0 && transition.step_violation == 0 &&
                                  !outcome.sends.empty()
                              ? 1
                              : 0;
  out.transitions.push_back(transition);
}

void Machine::add_network_faults(Id cell, Successors& out) {
  const Bounds& bounds = system_.bounds;
  const bool fifo = system_.bounds.network == Network::fifo;
  const std::vector<Id> envelopes = in_order(cells_[cell].inbox);
  const auto add = [&](BudgetKind kind, Id input, std::vector<Id> after) {
    if (!fifo) std::ranges::sort(after);  // as inboxes are
    out.transitions.push_back(
        {.cell = cell_of(cells_[cell].process, cells_[cell].local, intern_inbox(std::move(after))),
         .input = input,
         .budget = {kind},
         .cost = BudgetSet{kind}.cost()});
  };
  for (std::size_t i = 0; i < envelopes.size(); ++i) {
    const NodeId from = envelopes_[envelopes[i]].from;
    if (i > 0 &&
        (fifo ? envelopes_[envelopes[i - 1]].from == from : envelopes[i] == envelopes[i - 1])) {
      continue;
    }
    if (bounds.drops > 0) {
      std::vector<Id> after = envelopes;
      if (fifo) {  // a connection reset loses what is on the link
        std::erase_if(after, [&](Id id) { return envelopes_[id].from == from; });
      } else {
        after.erase(after.begin() + static_cast<std::ptrdiff_t>(i));
      }
      add(BudgetKind::drop, envelopes[i], std::move(after));
    }
    if (bounds.duplicates > 0 && !fifo) {
      std::vector<Id> after = envelopes;
      after.push_back(envelopes[i]);
      add(BudgetKind::duplicate, envelopes[i], std::move(after));
    }
  }
}

}  // namespace gainsay
