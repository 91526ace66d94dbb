#include "engine/simulator/simulation.hpp"

#include <algorithm>

namespace gainsay {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr auto next_timer = static_cast<std::uint32_t>(ClientTimer::next);
constexpr std::uint32_t timers_of_process = 64;

NodeId id_of(std::size_t process) { return node_id(process); }

bool happens(RandomStream& random, std::uint64_t chance) {
  return chance > 0 && (random.next() >> 32) < chance;
}

bool is_armed(const LocalState& local, std::uint32_t timer) {
  return ((local.timers >> timer) & 1) != 0;
}

// Messages can stay values: all processes take them so, and nobody wants their bytes.
bool keeps_values(const System& system, const SimulationOptions& options,
                  const std::vector<SimulationWatch*>& watches) {
  const auto reads = [](const SimulationWatch* watch) { return watch->reads_messages(); };
  const bool needs_bytes = options.encodes_messages || options.signatures || options.compresses ||
                           system.bounds.unsynced > 0;
  return !needs_bytes && std::ranges::none_of(watches, reads) &&
         std::ranges::all_of(system.processes, [&](const auto& type) {
           return type->value_type() != nullptr && type->value_type() == system.message_type;
         });
}

void refuse_what_is_not_simulated(const System& system) {
  if (!system.adversary.byzantine.empty()) {
    throw UsageError(
        "a Byzantine process that may say anything at any time is for checks and hunts; twins and "
        "traitors can be simulated");
  }
  if (system.bounds.skew) {
    throw UsageError(
        "clocks that count ticks are for checks and hunts: a simulation has real time");
  }
}

}  // namespace

Simulation::Simulation(const System& system, SimulationOptions options,
                       std::vector<SimulationWatch*> watches)
    : system_(&system),
      options_(std::move(options)),
      watches_(std::move(watches)),
      echoes_(options_.seed, Purpose::loss),
      arrivals_(options_.seed, Purpose::workload),
      between_arrivals_(Distribution::fixed(0)),
      context_({}, 0, {}) {
  refuse_what_is_not_simulated(system);
  if (keeps_values(system, options_, watches_)) context_.keep_values();
  for (std::size_t i = 0; i < system.size(); ++i) {
    const NodeId id = id_of(i);
    StepContext::Place place = system.place(id);
    place.unsynced = false;
    processes_.push_back({.local = {LocalState::Status::unstarted, 0, system.processes[i]->make()},
                          .place = place,
                          .timers = std::vector<Timer>(system.processes[i]->timer_names().size()),
                          .choices = RandomStream(options_.seed, Purpose::choice, id),
                          .durations = RandomStream(options_.seed, Purpose::timer, id),
                          .network = RandomStream(options_.seed, Purpose::latency, id)});
  }
  const std::size_t links = system.size() * system.size();
  if (!options_.particular_links.empty()) particular_.assign(links, nullptr);
  bool has_bandwidth = options_.links.bytes_per_second > 0;
  for (const ParticularLink& one : options_.particular_links) {
    particular_[link(one.from, one.to)] = &one.model;
    has_bandwidth = has_bandwidth || one.model.bytes_per_second > 0;
  }
  if (has_bandwidth) link_free_.assign(links, 0);
  if (options_.links.keeps_order) last_arrival_.assign(links, 0);
  cuts_.assign(std::size_t{system.bounds.nodes} * system.bounds.nodes, 0);
  invoked_for_.assign(system.size(), 0);
  if (options_.arrivals_an_hour > 0) {
    const Nanoseconds mean = hour / options_.arrivals_an_hour;
    between_arrivals_ =
        options_.arrivals_are_regular ? Distribution::fixed(mean) : Distribution::exponential(mean);
  }
  sort(options_.faults);
  prepare_disks();
  if (options_.signatures) seals_ = std::make_unique<Seals>(system, *options_.signatures);
}

void Simulation::start() {
  started_ = true;
  for (std::size_t i = 0; i < processes_.size() && !stopped_; ++i) {
    SimulatedStep step{.kind = EventKind::start, .process = id_of(i)};
    event_ = {.kind = LocalEvent::Kind::start};
    run(step, event_);
  }
  for (std::size_t i = 0; i < options_.faults.size(); ++i) {
    queue_.push(options_.faults[i].at, static_cast<std::uint32_t>(Kind::fault),
                static_cast<std::uint32_t>(i));
  }
  const bool has_clients = system_->bounds.clients > 0;
  if (has_clients && options_.arrivals_an_hour > 0) schedule_arrival();
  if (options_.echoes.remembered > 0) schedule_echo(0);
}

bool Simulation::run_until(Nanoseconds time) {
  time = std::min(time, options_.duration);
  if (!started_) start();
  while (!stopped_ && !queue_.empty() && queue_.front().time <= time) handle(queue_.pop());
  if (stopped_) return false;
  now_ = time;
  return time < options_.duration;
}

bool Simulation::step() {
  if (!started_) {
    start();
    return !stopped_;
  }
  if (stopped_ || queue_.empty() || queue_.front().time > options_.duration) return false;
  handle(queue_.pop());
  return !stopped_;
}

void Simulation::handle(const EventQueue::Entry& entry) {
  now_ = entry.time;
  switch (static_cast<Kind>(entry.kind)) {
    case Kind::deliver:
      deliver(entry.index);
      return;
    case Kind::timer:
      fire(entry.index, entry.time);
      return;
    case Kind::arrival:
      arrive();
      return;
    case Kind::invoke:
      invoke(id_of(entry.index), invoked_for_[entry.index]);
      return;
    case Kind::fault:
      apply(options_.faults[entry.index]);
      return;
    case Kind::echo:
      echo();
      return;
  }
}

// --- Steps of processes ---

void Simulation::run(SimulatedStep& step, const LocalEvent& event) {
  Running& process = processes_[step.process.value];
  const std::uint64_t before = process.local.timers;
  // The step is taken by a copy: who watches may keep the address of a state until it is told of
  // the next step of its process.
  std::optional<LocalState> earlier;
  if (options_.keeps_bounds && can_be_taken_back(step))
    earlier = std::exchange(process.local, process.local.copy());
  StepContext::Place place = process.place;
  place.unsynced = keeps_versions(step.process);
  const bool is_late = place.unsynced && std::max(now_, process.disk_free) + process.next_write >=
                                             process.crashes_ahead.back();
  std::optional<LocalState> unwritten;
  if (is_late) unwritten = process.local.copy();
  context_.begin(place, event.kind == LocalEvent::Kind::restart ? 0 : before, &process.choices);
  step.number = ++steps_;
  step.at = now_;
  step.fault = run_in_place(process.local, event, context_, fault_message_);
  step.fault_message = fault_message_;
  if (options_.keeps_bounds && is_outside_limits(step)) return take_back(step, std::move(earlier));
  if (is_late && step.fault == StepResult::Fault::none && !context_.points().empty()) {
    process.local = std::move(*unwritten);
    return crash_within(step, event);
  }
  step.choices = context_.answers();
  step.labels = context_.labels();
  take_timers(step.process, before);
  const bool goes_on = tell(step) && step.fault == StepResult::Fault::none;
  stopped_ = stopped_ || !goes_on;
  if (stopped_) return;
  transmit_all(step.process, write_until(step.process));
  if (crashes_behind_ < options_.crashes_behind.size()) crash_behind(step.process);
}

// When what the step has sent leaves: not before all that the node has written is safe.
Nanoseconds Simulation::write_until(NodeId id) {
  Running& process = processes_[id.value];
  if (process.disk == nullptr) return now_;
  const ProcessType& type = *system_->processes[id.value];
  const bool writes = type.syncs() ? context_.synced() : type.durable_type() != nullptr;
  process.disk_free = std::max(now_, process.disk_free);
  if (writes) {
    process.disk_free += process.next_write;
    process.next_write = process.disk->draw(process.durations);
  }
  return process.disk_free;
}

Nanoseconds Simulation::duration_of(NodeId id, const TimerSet& set) {
  if (system_->is_client(id)) return options_.client_timeout;
  const bool says = set.duration.most.count() > 0;
  const Duration& duration = says ? set.duration : options_.unspecified;
  const auto least = static_cast<std::uint64_t>(duration.least.count());
  const auto width = static_cast<std::uint64_t>(duration.most.count()) - least;
  Nanoseconds result = least;
  if (width > 0) {
    const std::uint64_t random = processes_[id.value].durations.next();
    result += static_cast<Nanoseconds>((Wide{width + 1} * random) >> 64);
  }
  if (id.value >= options_.clocks.size()) return result;
  const std::int64_t drift = options_.clocks[id.value].drift_millionths;
  return result + static_cast<Nanoseconds>(static_cast<std::int64_t>(result / 1000) * drift / 1000);
}

void Simulation::take_timers(NodeId id, std::uint64_t before) {
  Running& process = processes_[id.value];
  if (process.held != 0) release_timers(id);
  for (const TimerSet& set : context_.set()) {
    if (!is_armed(process.local, set.timer)) continue;
    if (system_->is_client(id) && set.timer == next_timer) {
      client_is_free(id);
      continue;
    }
    process.timers[set.timer].deadline = now_ + duration_of(id, set);
    queue_timer(id, set.timer);
  }
  for (std::uint64_t left = before & ~process.local.timers; left != 0; left &= left - 1) {
    process.timers[static_cast<std::size_t>(std::countr_zero(left))].deadline = nanoseconds_never;
  }
}

// A timer that is set again and again has one entry, which moves on when its time has come.
void Simulation::queue_timer(NodeId id, std::uint32_t number) {
  Timer& timer = processes_[id.value].timers[number];
  if (timer.queued <= timer.deadline) return;
  timer.queued = timer.deadline;
  queue_.push(timer.deadline, static_cast<std::uint32_t>(Kind::timer),
              id.value * timers_of_process + number);
}

void Simulation::fire(std::uint32_t packed, Nanoseconds time) {
  const NodeId id = id_of(packed / timers_of_process);
  const std::uint32_t number = packed % timers_of_process;
  Running& process = processes_[id.value];
  Timer& timer = process.timers[number];
  if (timer.queued != time) return;  // an earlier one took its place
  timer.queued = nanoseconds_never;
  if (timer.deadline == nanoseconds_never) return;
  if (timer.deadline > time) {
    queue_timer(id, number);
    return;
  }
  timer.deadline = nanoseconds_never;
  if (options_.keeps_bounds && !may_time_out()) return;
  SimulatedStep step{.kind = EventKind::timer, .process = id, .timer = number};
  event_.kind = LocalEvent::Kind::timer;
  event_.timer = number;
  run(step, event_);
}

// --- Messages ---

bool Simulation::blocks(NodeId from, NodeId to) const {
  return !partitions_.empty() && is_node(from) && is_node(to) && cuts_[between(from, to)] > 0;
}

// The first byte of an encoded variant is its alternative; there are fewer than 128.
Simulation::Parcel Simulation::parcel_of(Bytes message) {
  Parcel parcel{.value = nullptr, .bytes = std::move(message)};
  parcel.size = parcel.bytes.size();
  parcel.alternative = parcel.bytes.empty() ? 0 : static_cast<unsigned char>(parcel.bytes[0]);
  return parcel;
}

void Simulation::transmit_all(NodeId from, Nanoseconds leaves) {
  for (SentValue& sent : context_.sent_values()) {
    Parcel parcel{.value = std::move(sent.message), .bytes = {}};
    parcel.size = parcel.value->size();
    parcel.alternative = parcel.value->alternative();
    transmit(from, sent.to, parcel, leaves);
  }
  for (Sent& sent : context_.sends()) {
    Parcel parcel = parcel_of(std::move(sent.message));
    transmit(from, sent.to, parcel, leaves);
  }
}

void Simulation::give_back(Parcel& parcel) {
  if (parcel.value) context_.give_back(std::move(parcel.value));
}

Simulation::Parcel Simulation::copy_of(const Parcel& parcel) {
  return {.value = parcel.value ? parcel.value->clone() : nullptr,
          .bytes = parcel.bytes,
          .size = parcel.size,
          .alternative = parcel.alternative};
}

void Simulation::transmit(NodeId from, NodeId to, Parcel& parcel, Nanoseconds leaves) {
  RandomStream& random = processes_[from.value].network;
  const LinkModel& model = model_of(from, to);
  put_on_link(from, parcel, model);
  if (from == to) {
    put_under_way(from, to, std::move(parcel), leaves);
    return;
  }
  if (blocks(from, to)) {
    tell(from, to, parcel.seen(), Fate::cut, nanoseconds_never);
    remember(from, to, parcel);
    return;
  }
  if (!link_free_.empty() && model.bytes_per_second > 0) {
    Nanoseconds& free = link_free_[link(from, to)];
    const Wide bits = Wide{bytes_on_link_} * second;
    leaves = std::max(free, leaves) + static_cast<Nanoseconds>(bits / model.bytes_per_second);
    free = leaves;
  }
  const bool is_lost = happens(random, model.loss);
  Nanoseconds arrives = leaves + model.latency.draw(random);
  if (is_lost) {
    tell(from, to, parcel.seen(), Fate::lost, nanoseconds_never);
    remember(from, to, parcel);
    return;
  }
  if (!last_arrival_.empty() && !happens(random, model.reordering)) {
    Nanoseconds& last = last_arrival_[link(from, to)];
    arrives = std::max(arrives, last);
    last = arrives;
  }
  if (happens(random, model.duplicates)) {
    const Nanoseconds again = leaves + model.latency.draw(random);
    tell(from, to, parcel.seen(), Fate::duplicated, again);
    put_under_way(from, to, copy_of(parcel), again);
  }
  if (options_.echoes.remembered > 0) remember_some(from, to, parcel);
  tell(from, to, parcel.seen(), Fate::sent, arrives);
  put_under_way(from, to, std::move(parcel), arrives);
}

void Simulation::put_on_link(NodeId from, const Parcel& parcel, const LinkModel& model) {
  bytes_on_link_ = options_.compresses ? compressor_.size_of(parcel.bytes) : parcel.size;
  if (!seals_) return;
  seal_ = seals_->seal(from, parcel.bytes);
  for (const Bytes& signature : seal_) bytes_on_link_ += signature.size();
  RandomStream& random = processes_[from.value].network;
  if (seal_.empty() || !happens(random, model.tampering)) return;
  Bytes& signature = seal_[random.below(static_cast<std::uint32_t>(seal_.size()))];
  if (signature.empty()) return;
  char& byte = signature[random.below(static_cast<std::uint32_t>(signature.size()))];
  byte = static_cast<char>(byte ^ (1 << random.below(8)));
}

// Who receives it verifies what is signed in it.
bool Simulation::is_refused(std::uint32_t slot, const SimulatedStep& delivery) {
  if (!seals_) return false;
  const Seal seal = std::move(seals_of_[slot]);
  return !seals_->open(delivery.process, delivery.message.bytes, seal);
}

void Simulation::put_under_way(NodeId from, NodeId to, Parcel parcel, Nanoseconds arrives) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(messages_.size());
    messages_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  messages_[slot] = {.from = from, .to = to, .sent = now_, .parcel = std::move(parcel)};
  if (seals_) {
    seals_of_.resize(messages_.size());
    seals_of_[slot] = seal_;
  }
  ++under_way_;
  queue_.push(arrives, static_cast<std::uint32_t>(Kind::deliver), slot);
}

void Simulation::deliver(std::uint32_t slot) {
  Message& message = messages_[slot];
  event_.kind = LocalEvent::Kind::deliver;
  event_.from = message.from;
  Parcel parcel = std::move(message.parcel);
  std::swap(event_.message, parcel.bytes);
  event_.value = parcel.value.get();
  SimulatedStep step{
      .kind = EventKind::deliver,
      .process = message.to,
      .from = message.from,
      .message = {.size = parcel.size, .alternative = parcel.alternative, .bytes = event_.message},
      .sent = message.sent};
  free_.push_back(slot);
  --under_way_;
  if (processes_[step.process.value].local.status != LocalState::Status::up) {
    tell(step.from, step.process, step.message, Fate::to_down, now_);
    miss(step, parcel);
  } else if (blocks(step.from, step.process)) {
    tell(step.from, step.process, step.message, Fate::cut, now_);
    miss(step, parcel);
  } else if (is_refused(slot, step)) {
    tell(step.from, step.process, step.message, Fate::refused, now_);
    give_back(parcel);
  } else {
    run(step, event_);
    give_back(parcel);
  }
}

// It has come to somebody whom it does not reach.
void Simulation::miss(const SimulatedStep& step, Parcel& parcel) {
  std::swap(event_.message, parcel.bytes);
  remember(step.from, step.process, parcel);
}

// --- Clients ---

void Simulation::schedule_arrival() {
  queue_.push(now_ + between_arrivals_.draw(arrivals_), static_cast<std::uint32_t>(Kind::arrival),
              0);
}

void Simulation::arrive() {
  schedule_arrival();
  if (free_clients_.empty()) {
    backlog_.push_back(now_);
    return;
  }
  const NodeId client = free_clients_.front();
  free_clients_.pop_front();
  invoke(client, now_);
}

// In a closed loop a client makes its next request by itself.
void Simulation::client_is_free(NodeId client) {
  Nanoseconds begins = now_;
  invoked_for_[client.value] = now_;
  if (options_.arrivals_an_hour == 0) {
    begins += options_.think.draw(processes_[client.value].durations);
    invoked_for_[client.value] = begins;
  } else if (backlog_.empty()) {
    free_clients_.push_back(client);
    return;
  } else {
    invoked_for_[client.value] = backlog_.front();
    backlog_.pop_front();
  }
  queue_.push(begins, static_cast<std::uint32_t>(Kind::invoke), client.value);
}

void Simulation::invoke(NodeId client, Nanoseconds arrived) {
  if (options_.keeps_bounds && !may_time_out()) return;
  for (SimulationWatch* watch : watches_) watch->request(now_, client, arrived);
  SimulatedStep step{.kind = EventKind::timer, .process = client, .timer = next_timer};
  event_ = {.kind = LocalEvent::Kind::timer, .timer = next_timer};
  run(step, event_);
}

// --- Whoever watches ---

// Asked by several, behind each step.
const NodeStatus& Simulation::status(NodeId node) const {
  const std::uint64_t step = steps_ << 12 | node.value;
  if (status_step_ != step) {
    status_ = system_->status(node, state(node).process->state());
    status_step_ = step;
  }
  return status_;
}

bool Simulation::tell(const SimulatedStep& step) {
  bool goes_on = step.number < options_.steps_max;
  for (SimulationWatch* watch : watches_) goes_on = watch->step(step) && goes_on;
  return goes_on;
}

void Simulation::tell(NodeId from, NodeId to, const MessageSeen& message, Fate fate,
                      Nanoseconds arrives) {
  for (SimulationWatch* watch : watches_) watch->message(now_, from, to, message, fate, arrives);
}

}  // namespace gainsay
