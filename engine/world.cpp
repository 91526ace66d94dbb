#include "engine/world.hpp"

#include "engine/reflect.hpp"

namespace gainsay {

LiveWorld::LiveWorld(const System& system) : system_(&system), inboxes_(system.size()) {
  for (const auto& type : system.processes) {
    processes_.push_back({LocalState::Status::unstarted, 0, type->make()});
  }
  history_.clients.resize(system.size() - system.bounds.nodes);
  for (const Observer& observer : system.observers) observers_.push_back(observer.initial);
  if (!system.adversary.byzantine.empty()) say(knowledge_.forge(system));
}

LiveWorld::LiveWorld(const LiveWorld& other)
    : system_(other.system_),
      inboxes_(other.inboxes_),
      used_(other.used_),
      cut_(other.cut_),
      history_(other.history_),
      observers_(other.observers_),
      knowledge_(other.knowledge_) {
  for (const LocalState& local : other.processes_) processes_.push_back(local.copy());
}

bool LiveWorld::has_message(const Event& event) const {
  const Inbox& inbox = inboxes_[event.process.value];
  if (system_->bounds.network != Network::fifo) {
    return inbox.bag.contains({event.from, event.message});
  }
  const auto queue = inbox.queues.find(event.from);
  if (queue == inbox.queues.end() || queue->second.empty()) return false;
  return event.kind == EventKind::drop || queue->second.front() == event.message;
}

std::string LiveWorld::why_not_enabled(const Event& event) const {
  if (event.process.value >= processes_.size()) return "no such process";
  const LocalState& local = processes_[event.process.value];
  const BudgetSet budgets = budget_of(*system_, event);
  for (std::size_t i = 0; i < budget_kinds; ++i) {
    const auto kind = static_cast<BudgetKind>(i);
    if (!budgets.contains(kind) || system_->affords(used_, {kind})) continue;
    return "the budget of " + std::string(to_string(kind)) + " is used up";
  }
  const bool up = local.status == LocalState::Status::up;
  switch (event.kind) {
    case EventKind::start:
      return local.status == LocalState::Status::unstarted ? "" : "already started";
    case EventKind::deliver:
      if (!up) return "the process is not up";
      if (!has_message(event)) return "not pending";
      return cut_.blocks(event.from, event.process) ? "a partition holds it back" : "";
    case EventKind::timer:
      return up ? why_no_timer(event.process, event.timer) : "the process is not up";
    case EventKind::crash:
      if (system_->is_client(event.process)) return "clients do not crash";
      if (system_->is_faulty(event.process)) return "Byzantine processes do not crash";
      if (!system_->may_crash(event.process)) return "this node does not crash";
      return up ? "" : "the process is not up";
    case EventKind::restart:
      return local.status == LocalState::Status::down ? "" : "the process is not down";
    case EventKind::drop:
      if (local.status == LocalState::Status::unstarted) return "the process has not started";
      return has_message(event) ? "" : "not pending";
    case EventKind::duplicate:
      if (local.status == LocalState::Status::unstarted) return "the process has not started";
      if (system_->bounds.network != Network::unordered) return "this network does not duplicate";
      return has_message(event) ? "" : "not pending";
    case EventKind::partition:
      return why_no_partition(event.cut);
    case EventKind::heal:
      return cut_.is_none() ? "there is no partition" : "";
    case EventKind::tick:
      return why_no_tick();
  }
  return "no such kind of event";
}

std::string LiveWorld::why_no_timer(NodeId process, std::uint32_t timer) const {
  const LocalState& local = processes_[process.value];
  const bool armed = timer < 64 && ((local.timers >> timer) & 1) != 0;
  if (!armed) return "the timer is not armed";
  return local.times.holds_back(timer) ? "the timer has not run long enough" : "";
}

bool LiveWorld::all_started() const {
  return std::ranges::none_of(processes_, [](const LocalState& local) {
    return local.status == LocalState::Status::unstarted;
  });
}

// A tick that brings no timer nearer to firing is no event.
std::string LiveWorld::why_no_tick() const {
  if (!system_->bounds.skew) return "the bounds have no clock";
  if (!all_started()) return "not all processes have started";
  const auto runs = [](const LocalState& local) { return !local.times.empty(); };
  const auto is_due = [](const LocalState& local) { return local.times.has_due(); };
  if (std::ranges::any_of(processes_, is_due)) return "a timer must fire first";
  return std::ranges::any_of(processes_, runs) ? "" : "no timer waits for time to pass";
}

// One at a time: to replace a cut by another is to heal it first, which costs nothing.
std::string LiveWorld::why_no_partition(const Cut& cut) const {
  if (!cut_.is_none()) return "there is a partition already";
  if (!all_started()) return "not all processes have started";
  const auto shape = shape_of(cut, system_->bounds.nodes);
  const bool known = shape && contains(system_->bounds.partition_shapes, *shape);
  return known ? "" : "the bounds have no such partition";
}

Outcome LiveWorld::apply(const Event& event) {
  if (std::string reason = why_not_enabled(event); !reason.empty()) {
    return {.status = Outcome::Status::not_enabled, .reason = std::move(reason), .step = {}};
  }
  Outcome outcome;
  if (is_step(event.kind)) {
    outcome = apply_step(event);
  } else if (event.kind == EventKind::tick) {
    pass_tick();
  } else {
    apply_fault(event);
  }
  if (outcome.status == Outcome::Status::applied) {
    used_ = used_.plus(budget_of(*system_, event));
  }
  return outcome;
}

void LiveWorld::pass_tick() {
  for (LocalState& local : processes_) local.times.tick();
}

void LiveWorld::apply_fault(const Event& event) {
  Inbox& inbox = inboxes_[event.process.value];
  if (!has_process(event.kind)) {
    cut_ = event.kind == EventKind::partition ? event.cut : Cut{};
    if (system_->bounds.across == Across::lost) lose_across();
  } else if (event.kind == EventKind::duplicate) {
    inbox.add({event.from, event.message});
  } else if (system_->bounds.network == Network::fifo) {
    inbox.queues.erase(event.from);  // a connection reset loses what is on the link
  } else {
    consume(event);
  }
}

// What is on its way across the cut is gone; in fifo the connections are reset.
void LiveWorld::lose_across() {
  for (std::size_t i = 0; i < inboxes_.size(); ++i) {
    const NodeId to = node_id(i);
    Inbox whole = std::exchange(inboxes_[i], {});
    inboxes_[i].queues = std::move(whole.queues);
    for (const auto& [envelope, count] : whole.bag) {
      for (std::uint32_t k = 0; k < count && !cut_.blocks(envelope.first, to); ++k) {
        inboxes_[i].add(envelope);
      }
    }
    std::erase_if(inboxes_[i].queues,
                  [&](const auto& entry) { return cut_.blocks(entry.first, to); });
  }
}

namespace {

LocalEvent local_event(const Event& event) {
  switch (event.kind) {
    case EventKind::deliver:
      return {.kind = LocalEvent::Kind::deliver, .from = event.from, .message = event.message};
    case EventKind::timer:
      return {.kind = LocalEvent::Kind::timer, .timer = event.timer};
    case EventKind::crash:
      return {.kind = LocalEvent::Kind::crash};
    case EventKind::restart:
      return {.kind = LocalEvent::Kind::restart};
    default:
      return {.kind = LocalEvent::Kind::start};
  }
}

}  // namespace

std::string LiveWorld::limit_cutting(NodeId process, const LocalState& local) const {
  if (system_->is_client(process)) return "";
  for (const Limit& limit : system_->limits) {
    if (limit.value(local.process->state()) > limit.greatest) return limit.name;
  }
  return "";
}

// What a step comes to that has led to a local state: the world is not changed.
Outcome LiveWorld::judge_step(const Event& event, const LocalState& local, StepResult step) const {
  const NodeId id = event.process;
  Outcome outcome{.step = std::move(step)};
  if (outcome.step.answers != event.choices) {
    outcome.status = Outcome::Status::not_enabled;
    outcome.reason = "the handler makes other choices";
    return outcome;
  }
  const bool failed = outcome.step.fault != StepResult::Fault::none;
  if (!failed && event.kind == EventKind::deliver && system_->bounds.network != Network::fifo &&
      outcome.step.sends.empty() && outcome.step.labels.empty() &&
      encode_local(local) == encode_local(processes_[id.value])) {
    outcome.status = Outcome::Status::no_op;
    return outcome;
  }
  if (!failed && event.kind != EventKind::crash) {
    outcome.reason = limit_cutting(id, local);
    if (!outcome.reason.empty()) outcome.status = Outcome::Status::cut;
  }
  return outcome;
}

Outcome LiveWorld::apply_step(const Event& event) {
  const NodeId id = event.process;
  LocalState local = processes_[id.value].copy();
  StepResult step = run_event(local, local_event(event), system_->place(id), event.choices);
  Outcome outcome = judge_step(event, local, std::move(step));
  if (outcome.status != Outcome::Status::applied) return outcome;
  processes_[id.value] = std::move(local);
  if (event.kind == EventKind::deliver && system_->bounds.network != Network::async) consume(event);
  const bool is_down = processes_[id.value].status == LocalState::Status::down;
  if (is_down && system_->bounds.network == Network::fifo) {
    inboxes_[id.value].queues.clear();  // its connections are reset
  }
  for (const Sent& sent : outcome.step.sends) receive(sent.to, id, sent.message);
  if (!system_->adversary.byzantine.empty()) learn(id, outcome.step.sends);
  for (const Label& label : outcome.step.labels) take_label(id, label);
  return outcome;
}

// Byzantine processes see every message of a correct one; what they can say is there at once.
void LiveWorld::learn(NodeId from, const std::vector<Sent>& sends) {
  Knowledge more = knowledge_;
  for (const Sent& sent : sends) {
    if (sent.to != from) more.learn(*system_, from, sent.message);
  }
  if (more.facts().size() == knowledge_.facts().size()) return;
  say(gained(knowledge_.forge(*system_), more.forge(*system_)));
  knowledge_ = std::move(more);
}

void LiveWorld::say(const std::vector<Forged>& messages) {
  for (const Forged& forged : messages) receive(forged.to, forged.from, forged.message);
}

void LiveWorld::consume(const Event& event) {
  Inbox& inbox = inboxes_[event.process.value];
  if (system_->bounds.network == Network::fifo) {
    auto& queue = inbox.queues.at(event.from);
    queue.pop_front();
    if (queue.empty()) inbox.queues.erase(event.from);
    return;
  }
  inbox.remove({event.from, event.message});
}

void LiveWorld::Inbox::add(Envelope envelope) {
  bag_hash += hash_envelope(envelope.first, envelope.second);
  ++bag[std::move(envelope)];
}

void LiveWorld::Inbox::remove(const Envelope& envelope) {
  const auto found = bag.find(envelope);
  bag_hash -= hash_envelope(envelope.first, envelope.second);
  if (--found->second == 0) bag.erase(found);
}

void LiveWorld::receive(NodeId to, NodeId from, const Bytes& message) {
  if (system_->bounds.across == Across::lost && cut_.blocks(from, to)) return;
  if (system_->is_byzantine(to)) return;  // what it knows is kept elsewhere
  Inbox& inbox = inboxes_[to.value];
  switch (system_->bounds.network) {
    case Network::async:
      if (!inbox.bag.contains({from, message})) inbox.add({from, message});
      return;
    case Network::unordered:
      inbox.add({from, message});
      return;
    case Network::fifo:
      // Nobody listens at a process that is down.
      if (processes_[to.value].status != LocalState::Status::down) {
        inbox.queues[from].push_back(message);
      }
      return;
  }
}

void LiveWorld::take_label(NodeId process, const Label& label) {
  if (label.kind != Label::Kind::observe) {
    record(history_, process.value - system_->bounds.nodes, label);
    return;
  }
  for (std::size_t i = 0; i < observers_.size(); ++i) {
    observers_[i] = system_->observers[i].next(observers_[i], process, label.value);
  }
}

std::vector<Event> LiveWorld::answered(Event event) const {
  if (!is_step(event.kind)) return {std::move(event)};
  std::vector<Event> events;
  for (bool more = true; more;) {
    LocalState local = processes_[event.process.value].copy();
    const StepResult step =
        run_event(local, local_event(event), system_->place(event.process), event.choices);
    event.choices = step.answers;
    const bool applies = why_not_enabled(event).empty() &&
                         judge_step(event, local, step).status == Outcome::Status::applied;
    if (applies) events.push_back(event);
    more = next_script(event.choices, step);
  }
  return events;
}

// What happens at a process, in canonical order.
void LiveWorld::add_possible(NodeId process, std::vector<Event>& out) const {
  const LocalState& local = processes_[process.value];
  const Inbox& inbox = inboxes_[process.value];
  const auto add = [&](const Event& event) {
    if (why_not_enabled(event).empty()) out.push_back(event);
  };
  const auto add_of_messages = [&](EventKind kind) {
    if (!system_->affords(used_, budget_of(*system_, {.kind = kind}))) return;
    const bool is_delivery = kind == EventKind::deliver;
    const bool is_reset = kind == EventKind::drop;  // of a connection
    for (const auto& [envelope, count] : inbox.bag) {
      if (is_delivery && cut_.blocks(envelope.first, process)) continue;
      out.push_back(
          {.kind = kind, .process = process, .from = envelope.first, .message = envelope.second});
    }
    for (const auto& [from, queue] : inbox.queues) {
      if (queue.empty() || (is_delivery && cut_.blocks(from, process))) continue;
      out.push_back({.kind = kind,
                     .process = process,
                     .from = from,
                     .message = is_reset ? Bytes{} : queue.front()});
    }
  };
  add({.kind = EventKind::start, .process = process});
  if (local.status == LocalState::Status::up) add_of_messages(EventKind::deliver);
  for (std::uint32_t timer = 0; timer < 64; ++timer) {
    if (((local.timers >> timer) & 1) == 0) continue;
    add({.kind = EventKind::timer, .process = process, .timer = timer});
  }
  add({.kind = EventKind::crash, .process = process});
  add({.kind = EventKind::restart, .process = process});
  if (local.status == LocalState::Status::unstarted) return;
  add_of_messages(EventKind::drop);
  if (system_->bounds.network == Network::unordered) add_of_messages(EventKind::duplicate);
}

std::vector<Event> LiveWorld::possible() const {
  std::vector<std::vector<Event>> of_process(processes_.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    add_possible(node_id(i), of_process[i]);
    count += of_process[i].size();
  }
  std::vector<Event> events;
  events.reserve(count);
  std::vector<std::size_t> next(processes_.size(), 0);  // of each process: those before are listed
  for (std::size_t kind = 0; kind < event_kinds; ++kind) {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      std::size_t& at = next[i];
      while (at < of_process[i].size() && of_process[i][at].kind == static_cast<EventKind>(kind)) {
        events.push_back(std::move(of_process[i][at++]));
      }
    }
  }
  std::vector<Event> of_no_process = {{.kind = EventKind::heal}, {.kind = EventKind::tick}};
  for (const Cut& cut : system_->cuts()) {
    of_no_process.push_back({.kind = EventKind::partition, .cut = cut});
  }
  std::ranges::sort(of_no_process);
  std::ranges::copy_if(of_no_process, std::back_inserter(events),
                       [this](const Event& event) { return why_not_enabled(event).empty(); });
  return events;
}

std::vector<Event> LiveWorld::enabled() const {
  std::vector<Event> events;
  for (Event& event : possible()) {
    std::ranges::move(answered(std::move(event)), std::back_inserter(events));
  }
  std::ranges::sort(events);
  return events;
}

std::vector<std::pair<std::pair<NodeId, Bytes>, std::uint32_t>> LiveWorld::inbox(
    NodeId process) const {
  const Inbox& inbox = inboxes_[process.value];
  std::vector<std::pair<Envelope, std::uint32_t>> messages(inbox.bag.begin(), inbox.bag.end());
  for (const auto& [from, queue] : inbox.queues) {
    for (const Bytes& message : queue) messages.push_back({{from, message}, 1});
  }
  return messages;
}

Hash128 LiveWorld::hash_inbox(const Inbox& inbox) const {
  Hash128 sum = inbox.bag_hash;
  for (const auto& [from, queue] : inbox.queues) {
    Hash128 link;
    for (const Bytes& message : queue) link = hash_link(link, hash_envelope(from, message));
    sum += hash_inbox_link(from, link);
  }
  return sum;
}

Hash128 LiveWorld::hash() const {
  Hash128 sum;
  std::size_t slot = 0;
  for (; slot < processes_.size(); ++slot) {
    sum += hash_slot(
        slot, hash_cell(content_hash(encode_local(processes_[slot])), hash_inbox(inboxes_[slot])));
  }
  sum += hash_slot(slot++, hash_budget(used_));
  sum += hash_slot(slot++, content_hash(encoded(history_)));
  for (const Bytes& observer : observers_) sum += hash_slot(slot++, content_hash(observer));
  if (system_->adversary.fact_type != nullptr) {
    sum += hash_slot(slot, content_hash(knowledge_.encode()));
  }
  return sum + hash_cut(cut_);
}

LiveWorld started_world(const System& system) {
  LiveWorld world(system);
  for (std::size_t i = 0; i < system.size(); ++i) {
    Event event{.kind = EventKind::start, .process = node_id(i)};
    LocalState probe = world.state(event.process).copy();
    const StepResult step = run_event(probe, {}, system.place(event.process), {});
    event.choices = step.answers;
    const Outcome outcome = world.apply(event);
    if (outcome.status != Outcome::Status::applied ||
        outcome.step.fault != StepResult::Fault::none) {
      throw UsageError("the start of " + system.process_name(event.process) +
                       " fails: " + outcome.reason + outcome.step.message);
    }
  }
  return world;
}

}  // namespace gainsay
