#include "explorer/simulate/simulate.hpp"

#include <algorithm>
#include <chrono>

#include "explorer/minimize.hpp"
#include "explorer/simulate/progress_watch.hpp"
#include "explorer/simulate/recorder.hpp"

namespace gainsay {

namespace {

struct Run {
  std::unique_ptr<Metrics> metrics;
  std::unique_ptr<PropertyWatch> watch;
  std::unique_ptr<ProgressWatch> progress;
  std::vector<Event> recorded;
  Nanoseconds simulated = 0;
  bool interrupted = false;
};

Run run(const Model& model, const SimulateOptions& options) {
  Run result;
  result.metrics = std::make_unique<Metrics>(model.system, options.metrics);
  std::vector<SimulationWatch*> watches = {result.metrics.get()};
  if (options.properties) {
    result.watch = std::make_unique<PropertyWatch>(model, options.each_step, options.history_max);
    watches.push_back(result.watch.get());
  }
  if (options.answers_within) {
    result.progress =
        std::make_unique<ProgressWatch>(model.system, options.simulation, *options.answers_within);
    watches.push_back(result.progress.get());
  }
  Recorder recorder(options.recorded_max);
  if (options.recorded_max > 0) watches.push_back(&recorder);
  Simulation simulation(model.system, options.simulation, std::move(watches));
  result.metrics->attach(simulation);
  if (result.watch) result.watch->attach(simulation);
  bool goes_on = true;
  for (Nanoseconds time = options.tell_every; goes_on; time += options.tell_every) {
    goes_on = simulation.run_until(time);
    if (options.progress) options.progress(simulation, *result.metrics);
    result.interrupted = options.interrupted != nullptr && options.interrupted->load();
    if (result.interrupted) break;
  }
  result.simulated = simulation.now();
  result.metrics->finish(result.simulated);
  if (result.watch) {
    result.watch->finish(result.simulated, {.bytes_max = options.history_bytes, .explain = false});
  }
  if (result.progress) result.progress->finish(result.simulated, simulation.steps());
  result.recorded = recorder.take();
  return result;
}

// What the run violates, if anything, and with which step. What it did comes before what it did not
// do.
std::pair<std::optional<Violation>, std::uint64_t> violation_of(const Run& run) {
  if (run.watch && run.watch->violation())
    return {run.watch->violation(), run.watch->violated_by()};
  if (run.progress) return {run.progress->violation(), run.progress->violated_by()};
  return {};
}

// A run again, up to the step that broke a property, kept and made short.
void keep(const Model& model, const SimulateOptions& options, const Run& run_once,
          SimulateReport& report) {
  const auto [violation, steps] = violation_of(run_once);
  if (steps > kept_steps_max) {
    report.not_kept = "it came with step " + std::to_string(steps) + ", and runs of more than " +
                      std::to_string(kept_steps_max) + " are not kept";
    return;
  }
  const Counterexample found = kept_run(model, options.simulation, *violation, steps);
  report.events_before = static_cast<std::uint32_t>(found.events.size());
  report.faults_before = found.faults;
  report.counterexample = found;
  const bool can_be_searched =
      model.system.size() <= processes_max && found.kind != PropertyKind::progress;
  if (options.minimize_seconds <= 0 || !can_be_searched) return;
  const MinimizeReport shorter = minimize(model, found,
                                          {.seconds = options.minimize_seconds,
                                           .max_states = 0,
                                           .jobs = 1,
                                           .interrupted = options.interrupted});
  report.counterexample = shorter.counterexample;
}

void report_watched(const PropertyWatch& watch, SimulateReport& report) {
  const auto& violation = watch.violation();
  for (const WatchedProperty& watched : watch.properties()) {
    const Property& property = *watched.property;
    SimulatedProperty one{
        .name = property.name, .kind = property.kind, .evaluated = watched.evaluated};
    const bool sometimes = property.kind == PropertyKind::sometimes;
    if (sometimes ? !watched.reached : watched.evaluated == 0) one.verdict = Verdict::vacuous;
    if (violation && violation->property == property.name) one.verdict = Verdict::violated;
    report.properties.push_back(std::move(one));
  }
  const auto is_known = [&](const SimulatedProperty& one) {
    return violation && one.name == violation->property;
  };
  if (violation && std::ranges::none_of(report.properties, is_known)) {
    report.properties.push_back(
        {.name = violation->property, .verdict = Verdict::violated, .evaluated = 1});
  }
  report.node_steps = watch.node_steps();
  report.judged_steps = watch.judged_steps();
  report.not_of_runs = watch.not_of_runs();
  report.not_judged = watch.not_judged();
}

void report_progress(const ProgressWatch& watch, SimulateReport& report) {
  const Verdict verdict = watch.violation()        ? Verdict::violated
                          : watch.evaluated() == 0 ? Verdict::vacuous
                                                   : Verdict::holds;
  report.properties.push_back({.name = std::string(progress_property),
                               .kind = PropertyKind::progress,
                               .verdict = verdict,
                               .evaluated = watch.evaluated()});
}

}  // namespace

Verdict SimulateReport::verdict() const {
  const auto is = [](Verdict verdict) {
    return [verdict](const SimulatedProperty& one) {
      return one.verdict == verdict && one.kind != PropertyKind::sometimes;
    };
  };
  if (std::ranges::any_of(properties, is(Verdict::violated))) return Verdict::violated;
  if (interrupted || !not_judged.empty()) return Verdict::incomplete;
  return std::ranges::any_of(properties, is(Verdict::vacuous)) ? Verdict::vacuous : Verdict::holds;
}

SimulateReport simulate(const Model& model, const SimulateOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  Run once = run(model, options);
  SimulateReport report{.system = model.system.name,
                        .version = model.system.version,
                        .bounds = model.system.asked,
                        .options = model.system.options,
                        .bug = model.system.bug,
                        .seed = options.simulation.seed,
                        .simulated = once.simulated,
                        .interrupted = once.interrupted};
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (once.watch) report_watched(*once.watch, report);
  if (once.progress) report_progress(*once.progress, report);
  if (violation_of(once).first) keep(model, options, once, report);
  report.metrics = std::move(once.metrics);
  report.recorded = std::move(once.recorded);
  return report;
}

}  // namespace gainsay
