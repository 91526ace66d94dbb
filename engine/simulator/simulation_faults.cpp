// What goes wrong in a simulation: crashes, with what they lose, partitions, and clocks that are
// set.
#include <algorithm>
#include <cstdlib>

#include "engine/simulator/simulation.hpp"

namespace gainsay {

void Simulation::apply(const ScheduledFault& fault) {
  switch (fault.kind) {
    case ScheduledFault::Kind::crash:
      fail_node(fault.process);
      return;
    case ScheduledFault::Kind::restart:
      recover_node(fault.process);
      return;
    case ScheduledFault::Kind::partition:
      create_partition(fault.cut);
      return;
    case ScheduledFault::Kind::heal: {
      const auto same = [&](const auto& one) { return one.second == fault.cut; };
      const auto found = std::ranges::find_if(partitions_, same);
      if (found != partitions_.end()) heal(found->first);
      return;
    }
    case ScheduledFault::Kind::clock:
      tell(fault);
      jump(fault.process, fault.jump);
      return;
  }
}

void Simulation::fail_node(NodeId node) {
  Running& process = processes_[node.value];
  if (process.local.status != LocalState::Status::up || !system_->may_crash(node)) return;
  const ScheduledFault fault{.kind = ScheduledFault::Kind::crash, .at = now_, .process = node};
  tell(fault);
  std::vector<std::uint32_t> script;
  const std::size_t versions = process.local.unsynced.size() + 1;
  const std::uint32_t lost = draw_lost(process, versions);
  if (lost > 0) add_crash(script, {.at = 1, .lost = lost});
  const StepResult result =
      run_event(process.local, {.kind = LocalEvent::Kind::crash}, system_->place(node), script);
  stop_timers(process);
  const SimulatedStep step{.number = ++steps_,
                           .at = now_,
                           .kind = EventKind::crash,
                           .process = node,
                           .choices = result.answers};
  stopped_ = !tell(step) || stopped_;
}

// A timer runs by its node's clock.
void Simulation::jump(NodeId node, std::int64_t nanoseconds) {
  const auto far = static_cast<Nanoseconds>(std::abs(nanoseconds));
  Running& process = processes_[node.value];
  for (std::uint32_t i = 0; i < process.timers.size(); ++i) {
    Nanoseconds& deadline = process.timers[i].deadline;
    if (deadline == nanoseconds_never) continue;
    const Nanoseconds left = deadline - now_;
    if (nanoseconds < 0) deadline += far;
    if (nanoseconds > 0) deadline = now_ + (left > far ? left - far : 0);
    queue_timer(node, i);
  }
}

void Simulation::recover_node(NodeId node) {
  if (processes_[node.value].local.status != LocalState::Status::down) return;
  const ScheduledFault fault{.kind = ScheduledFault::Kind::restart, .at = now_, .process = node};
  tell(fault);
  SimulatedStep step{.kind = EventKind::restart, .process = node};
  event_ = {.kind = LocalEvent::Kind::restart};
  run(step, event_);
}

void Simulation::tell(const ScheduledFault& fault) {
  for (SimulationWatch* watch : watches_) watch->fault(now_, fault);
}

// `change`: 1 where there is one partition more, -1 where there is one less.
void Simulation::count_cuts(const Cut& cut, int change) {
  const auto count = [&](NodeId from, NodeId to) {
    if (!cut.blocks(from, to)) return;
    std::uint8_t& partitions = cuts_[between(from, to)];
    partitions = static_cast<std::uint8_t>(partitions + change);
  };
  for (const NodeId from : cut.first) {
    for (const NodeId to : cut.second) {
      count(from, to);
      count(to, from);
    }
  }
}

std::uint32_t Simulation::create_partition(const Cut& cut) {
  const std::uint32_t number = ++partitions_made_;
  partitions_.emplace_back(number, cut);
  const ScheduledFault fault{.kind = ScheduledFault::Kind::partition,
                             .at = now_,
                             .process = {},
                             .cut = cut,
                             .number = number};
  tell(fault);
  count_cuts(cut, 1);
  return number;
}

void Simulation::heal(std::uint32_t number) {
  const auto found =
      std::ranges::find_if(partitions_, [&](const auto& one) { return one.first == number; });
  if (found == partitions_.end()) return;
  const Cut cut = found->second;
  partitions_.erase(found);
  count_cuts(cut, -1);
  const ScheduledFault fault{
      .kind = ScheduledFault::Kind::heal, .at = now_, .process = {}, .cut = cut, .number = number};
  tell(fault);
}

void Simulation::heal_all() {
  while (!partitions_.empty()) heal(partitions_.front().first);
}

// --- Writes that are lost ---

// Where crashes lose writes it is looked ahead to them: a handler whose writes would be safe only
// behind the next crash does not get to its end.
void Simulation::prepare_disks() {
  for (std::uint32_t i = 0; i < system_->bounds.nodes; ++i) {
    const bool own = i < options_.disks.size() && options_.disks[i].has_value();
    const std::optional<Distribution>& disk = own ? options_.disks[i] : options_.disk;
    processes_[i].disk = disk ? &*disk : nullptr;
  }
  for (Running& process : processes_) {
    if (process.disk != nullptr) process.next_write = process.disk->draw(process.durations);
  }
  losing_crashes_ = system_->bounds.unsynced;
  if (losing_crashes_ == 0) return;
  for (auto next = options_.faults.rbegin(); next != options_.faults.rend(); ++next) {
    const ScheduledFault& fault = *next;
    Running& process = processes_[fault.process.value];
    if (fault.kind != ScheduledFault::Kind::crash || process.disk == nullptr) continue;
    if (system_->processes[fault.process.value]->syncs()) process.crashes_ahead.push_back(fault.at);
  }
}

bool Simulation::keeps_versions(NodeId id) {
  if (losing_crashes_ == 0) return false;
  std::vector<Nanoseconds>& ahead = processes_[id.value].crashes_ahead;
  while (!ahead.empty() && ahead.back() < now_) ahead.pop_back();
  return !ahead.empty();
}

// How many of the last writes a crash loses.
std::uint32_t Simulation::draw_lost(Running& process, std::size_t versions) {
  if (losing_crashes_ == 0) return 0;
  const std::uint32_t lost = process.choices.below(static_cast<std::uint32_t>(versions));
  losing_crashes_ -= lost > 0 ? 1 : 0;
  return lost;
}

// The handler has just been tried, in `context_`, on a copy: it runs again up to one of its disk
// operations, where the node waits for its disk until it crashes.
void Simulation::crash_within(SimulatedStep& step, const LocalEvent& event) {
  Running& process = processes_[step.process.value];
  const auto number = process.choices.below(static_cast<std::uint32_t>(context_.points().size()));
  const DiskPoint& point = context_.points()[number];
  const DiskCrash crash{.at = number + 1, .lost = draw_lost(process, point.versions)};
  std::vector<std::uint32_t> script(context_.answers().begin(),
                                    context_.answers().begin() + point.choices);
  add_crash(script, crash);
  const ScheduledFault fault{
      .kind = ScheduledFault::Kind::crash, .at = now_, .process = step.process};
  tell(fault);
  StepResult result = run_event(process.local, event, system_->place(step.process), script);
  stop_timers(process);
  step.choices = result.answers;
  step.labels = result.labels;
  stopped_ = !tell(step) || stopped_;
  for (Sent& sent : result.sends) {
    Parcel parcel = parcel_of(std::move(sent.message));
    transmit(step.process, sent.to, parcel, now_);
  }
}

void Simulation::stop_timers(Running& process) {
  for (Timer& timer : process.timers) timer.deadline = nanoseconds_never;
  process.held = 0;
  process.disk_free = 0;
}

}  // namespace gainsay
