#include "explorer/replay.hpp"

#include <algorithm>

#include "explorer/memory.hpp"
#include "explorer/recovery.hpp"

namespace gainsay {

namespace {

std::string key_text(const System& system, const Event& event, const TraceEvent& recorded) {
  std::string text = describe(system, event);
  if (recorded.occurrence > 1) text += "#" + std::to_string(recorded.occurrence);
  return text;
}

std::string pending(const System& system, const LiveWorld& world) {
  std::string text;
  std::size_t shown = 0;
  const auto events = world.enabled();
  for (const Event& event : events) {
    if (shown == 4) {
      text += ", and " + std::to_string(events.size() - shown) + " more";
      break;
    }
    if (shown++ > 0) text += ", ";
    text += describe(system, event);
  }
  return text.empty() ? "nothing is pending" : "pending are " + text;
}

std::string likely_cause(const System& system, const Trace& trace) {
  if (trace.system_version != system.version) {
    return "the system changed since the trace was recorded (" + trace.system + " " +
           trace.system_version + ", here " + system.name + " " + system.version + ")";
  }
  return "a handler of " + system.name +
         " changed since the trace was recorded (both say version " + system.version + ")";
}

// What happened is what was recorded, and at its end a request waits; when it happened is not in
// the trace.
void judge_progress(const Trace& trace, const LiveWorld& world, ReplayReport& report) {
  if (report.violation || !is_open(world.history())) return;
  report.violation = Violation{.property = trace.verdict->property,
                               .kind = trace.verdict->kind,
                               .message = "\"progress\" does not hold: a request waits at the end"};
  report.violation_step = static_cast<std::uint32_t>(trace.events.size() - 1);
  report.reproduced = trace.verdict->step == report.violation_step && report.skipped == 0;
}

void judge_end(const Model& model, const Trace& trace, const LiveWorld& world,
               const ReplayOptions& options, ReplayReport& report) {
  if (trace.verdict->kind == to_string(PropertyKind::progress)) {
    return judge_progress(trace, world, report);
  }
  const auto recorded = std::ranges::find_if(model.properties, [&](const Property& property) {
    return property.kind == PropertyKind::recovers && property.name == trace.verdict->property;
  });
  if (recorded == model.properties.end()) return;
  LocalVector locals;
  for (std::size_t i = 0; i < model.system.size(); ++i) {
    const NodeId id = node_id(i);
    if (world.state(id).status == LocalState::Status::unstarted) return;
    locals.push_back(world.local(id));
  }
  const std::uint64_t memory_max = resident_bytes() + available_bytes() / 10 * 9;
  const auto stop = [&](std::uint64_t) -> std::string {
    if (options.interrupted != nullptr && options.interrupted->load()) return "interrupted";
    return resident_bytes() > memory_max ? "no memory left" : "";
  };
  const RecoveryResult result = judge_recovery(model.system, *recorded, {locals}, stop);
  report.incomplete_because = result.incomplete_because;
  if (result.verdict != Verdict::violated) return;
  report.explanation = result.explanation;
  report.violation = Violation{.property = recorded->name,
                               .kind = std::string(to_string(recorded->kind)),
                               .message = recovery_message(*recorded)};
  report.violation_step = static_cast<std::uint32_t>(trace.events.size() - 1);
  report.reproduced = options.lenient || trace.verdict->step == report.violation_step;
}

}  // namespace

ReplayReport replay(const Model& model, const Trace& trace, const ReplayOptions& options) {
  const System& system = model.system;
  ReplayReport report;
  LiveWorld world(system);
  const auto diverge = [&](std::uint32_t step, std::string expected, std::string found) {
    report.divergence = Divergence{.step = step,
                                   .expected = std::move(expected),
                                   .found = std::move(found),
                                   .likely = likely_cause(system, trace)};
  };
  for (std::uint32_t step = 0; step < trace.events.size(); ++step) {
    if (options.to && step > *options.to) break;
    const TraceEvent& recorded = trace.events[step];
    Event event;
    try {
      event = event_of(system, recorded, step);
    } catch (const TraceError&) {
      if (!options.lenient) throw;
      ++report.skipped;
      continue;
    }
    const LiveWorld before(world);
    const Outcome outcome = world.apply(event);
    if (outcome.status != Outcome::Status::applied) {
      if (options.lenient) {
        ++report.skipped;
        continue;
      }
      const std::string reason =
          outcome.status == Outcome::Status::no_op ? "it changes nothing now" : outcome.reason;
      diverge(step, key_text(system, event, recorded), reason + "; " + pending(system, before));
      return report;
    }
    const bool failed = outcome.step.fault != StepResult::Fault::none;
    const std::string hash = failed ? "" : to_hex(world.hash());
    if (!options.lenient && hash != recorded.hash) {
      diverge(step,
              key_text(system, event, recorded) + " to lead to world " +
                  (recorded.hash.empty() ? "(a handler fails)" : recorded.hash.substr(0, 12)),
              failed ? "its handler fails: " + outcome.step.message
                     : "it leads to world " + hash.substr(0, 12));
      return report;
    }
    ++report.steps;
    report.events.push_back(event);
    if (options.each) options.each(step, event, world);
    const bool starting = report.events.size() < system.size();  // before world 0
    const std::string recorded_property = trace.verdict ? trace.verdict->property : "";
    const auto violation = starting && !failed ? std::nullopt
                                               : find_violation(model, before, event, outcome,
                                                                world, recorded_property);
    if (violation) {
      const bool recorded_one = trace.verdict && violation->property == trace.verdict->property;
      const bool at_its_step = trace.verdict && step == trace.verdict->step;
      if (!report.violation || (recorded_one && at_its_step)) {
        report.violation = violation;
        report.violation_step = step;
      }
      report.reproduced = report.reproduced || (recorded_one && (at_its_step || options.lenient));
    }
    if (failed) return report;
  }
  const bool to_the_end = !options.to || *options.to + 1 >= trace.events.size();
  if (trace.verdict && to_the_end) judge_end(model, trace, world, options, report);
  return report;
}

}  // namespace gainsay
