#include "explorer/simulate/progress_watch.hpp"

#include <algorithm>

namespace gainsay {

namespace {

// Those that would come when the run is over do not come.
Nanoseconds last_fault(const SimulationOptions& options) {
  Nanoseconds last = 0;
  for (const ScheduledFault& fault : options.faults) last = std::max(last, fault.at);
  return last;
}

}  // namespace

ProgressWatch::ProgressWatch(const System& system, const SimulationOptions& options,
                             Nanoseconds within)
    : system_(system), within_(within), quiet_(last_fault(options)) {
  if (system.operation_type == nullptr) {
    throw UsageError("--answers-within: " + system.name + " has no clients that ask");
  }
  if (within == 0) throw UsageError("--answers-within is more than 0");
  if (quiet_ + within <= options.duration) return;
  throw UsageError("--answers-within " + describe_duration(within) +
                   ": the last fault is over after " + describe_duration(quiet_) +
                   ", and the run ends after " + describe_duration(options.duration));
}

void ProgressWatch::request(Nanoseconds now, NodeId, Nanoseconds) {
  if (open_++ == 0) waiting_since_ = now;
}

bool ProgressWatch::has_progress(Nanoseconds now, std::uint64_t step) {
  const Nanoseconds since = std::max(waiting_since_, quiet_);
  if (open_ == 0 || now <= since + within_ || violation_) return !violation_;
  ++evaluated_;
  violation_ = {.property = std::string(progress_property),
                .kind = std::string(to_string(PropertyKind::progress)),
                .message = "\"progress\" does not hold: nothing was answered from " +
                           describe_duration(since) + " to " + describe_duration(now) +
                           ", while requests waited and nothing failed"};
  violated_by_ = step;
  return false;
}

bool ProgressWatch::step(const SimulatedStep& step) {
  if (!has_progress(step.at, step.number)) return false;
  if (!system_.is_client(step.process)) return true;
  for (const Label& label : step.labels) {
    if (label.kind != Label::Kind::respond) continue;
    open_ -= open_ > 0 ? 1 : 0;
    waiting_since_ = step.at;
    evaluated_ += step.at >= quiet_ ? 1 : 0;
  }
  return true;
}

}  // namespace gainsay
