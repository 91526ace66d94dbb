// A simulation within the bounds of a search: what lies outside them does not happen.
#include <bit>

#include "engine/simulator/simulation.hpp"

namespace gainsay {

// Counts it, too: a timer that runs out is an event, whatever comes of it.
bool Simulation::may_time_out() {
  const auto& most = system_->bounds.timeouts;
  if (!most) return true;
  if (timeouts_ == *most) return false;
  ++timeouts_;
  return true;
}

// Timers are what mostly leads outside: they are few, so that a copy for each costs little.
bool Simulation::can_be_taken_back(const SimulatedStep& step) const {
  if (system_->limits.empty() || !is_node(step.process)) return false;
  return step.kind == EventKind::timer || step.kind == EventKind::restart ||
         options_.takes_back_deliveries;
}

bool Simulation::is_outside_limits(const SimulatedStep& step) const {
  if (!is_node(step.process)) return false;
  if (step.fault != StepResult::Fault::none) return false;  // it has no result
  const void* const state = processes_[step.process.value].local.process->state();
  for (const Limit& limit : system_->limits) {
    if (limit.value(state) > limit.greatest) return true;
  }
  return false;
}

// In async a message may never come, and a timer may run out at any later moment: it is held until
// the node has taken another step, as from where it is it leads outside again.
void Simulation::take_back(const SimulatedStep& step, std::optional<LocalState> before) {
  --steps_;
  if (!before) {
    stopped_ = true;
    ended_by_bounds_ = true;
    return;
  }
  Running& process = processes_[step.process.value];
  process.local = *std::move(before);
  if (step.kind != EventKind::timer) return;
  if (system_->bounds.timeouts) --timeouts_;
  process.held |= std::uint64_t{1} << step.timer;
}

// Before what the step itself has set.
void Simulation::release_timers(NodeId id) {
  Running& process = processes_[id.value];
  for (std::uint64_t left = process.held & process.local.timers; left != 0; left &= left - 1) {
    const auto timer = static_cast<std::uint32_t>(std::countr_zero(left));
    process.timers[timer].deadline = now_ + duration_of(id, {.timer = timer, .duration = {}});
    queue_timer(id, timer);
  }
  process.held = 0;
}

void Simulation::crash_behind(NodeId id) {
  const CrashBehind crash = options_.crashes_behind[crashes_behind_];
  if (steps_ < crash.step || !system_->may_crash(id)) return;
  ++crashes_behind_;
  fail_node(id);
  if (crash.down == nanoseconds_never) return;
  const ScheduledFault restart{
      .kind = ScheduledFault::Kind::restart, .at = now_ + crash.down, .process = id};
  options_.faults.push_back(restart);
  queue_.push(restart.at, static_cast<std::uint32_t>(Kind::fault),
              static_cast<std::uint32_t>(options_.faults.size() - 1));
}

}  // namespace gainsay
