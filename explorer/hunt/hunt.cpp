#include "explorer/hunt/hunt.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>

#include "engine/text.hpp"
#include "engine/trace.hpp"
#include "explorer/confirm.hpp"
#include "explorer/explain.hpp"
#include "explorer/histories.hpp"
#include "explorer/hunt/report.hpp"
#include "explorer/hunt/round.hpp"
#include "explorer/hunt/weather.hpp"
#include "explorer/memory.hpp"
#include "explorer/minimize.hpp"
#include "explorer/parallel.hpp"
#include "explorer/report.hpp"
#include "explorer/simulate/recorder.hpp"
#include "properties/evaluate.hpp"

namespace gainsay {

namespace {

constexpr double minimize_seconds = 10;  // a guard: what it may do is bounded otherwise

bool is_live(std::size_t strategy) { return strategies()[strategy].make == nullptr; }

class Hunter {
 public:
  Hunter(const Model& model, const HuntOptions& options);
  HuntReport run();

 private:
  // What is interned begins anew when it has grown too large.
  struct Tables {
    Tables(const Model& model, const std::vector<const Property*>& properties,
           const Futures* futures);
    Evaluator evaluator;
    Machine machine;
    std::uint64_t bytes_before;
  };
  struct Task {
    std::uint64_t round = 0;
    std::uint64_t runs = 0;
  };

  void require_cuts() const;
  void require_weather() const;
  void choose_worlds();
  void describe_hunt();
  void renew_tables();
  bool must_stop();
  std::vector<Task> next_tasks();
  void take_in(const Round& round);
  Counterexample met_in(const Hit& hit);
  HuntFinding finding_of(const Hit& hit);
  void shorten(HuntFinding& finding);
  void save(const Counterexample& as_met, HuntFinding& finding);
  void keep(const HuntFinding& finding);
  void report_properties();
  void add_watched();
  void report_progress();
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

  const Model& model_;
  const HuntOptions& options_;
  const unsigned jobs_;
  std::vector<std::size_t> order_;  // strategies, by run
  std::vector<const Property*> properties_;
  Model judged_;  // the system with these
  std::optional<Futures> futures_;
  std::unique_ptr<Tables> tables_;
  std::vector<std::unique_ptr<RoundRunner>> runners_;
  std::uint64_t next_round_ = 0;
  std::size_t side_by_side_ = jobs_;
  std::set<std::uint64_t> local_states_;
  std::vector<WatchTally> watched_;  // by property
  HuntReport report_;
  std::vector<PropertyReport> properties_before_;  // of earlier tables
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

Hunter::Tables::Tables(const Model& model, const std::vector<const Property*>& properties,
                       const Futures* futures)
    : evaluator(model.system, properties),
      machine(model.system,
              {.judge_step =
                   [this](const LocalEntry& before, const LocalEntry& after, bool counts) {
                     return evaluator.judge_step(before, after, counts);
                   },
               .futures = futures}),
      bytes_before(resident_bytes()) {}

Hunter::Hunter(const Model& model, const HuntOptions& options)
    : model_(model),
      options_(options),
      jobs_(options.jobs == 0 ? default_jobs() : options.jobs),
      order_(strategy_order(options.strategy)) {
  validate(model.system);
  validate_search(model.system);
  for (const Property* property : select_properties(model, options.properties)) {
    if (property->kind == PropertyKind::recovers) {
      report_.not_judged.push_back(property->name);
    } else {
      properties_.push_back(property);
    }
  }
  const bool judges = std::ranges::any_of(
      properties_, [](const Property* one) { return one->kind != PropertyKind::sometimes; });
  if (!judges && !report_.not_judged.empty()) {
    throw UsageError("\"" + report_.not_judged.front() +
                     "\" is not of runs, but of what lies behind them; `gainsay check` asks it");
  }
  judged_ = {.system = model.system, .properties = {}, .filter = model.filter};
  for (const Property* property : properties_) judged_.properties.push_back(*property);
  watched_.resize(properties_.size());
  if (options.cuts) require_cuts();
  require_weather();
  if (properties_.size() > 250) throw UsageError("at most 250 properties are judged at once");
  if (!model.system.bounds.skew && futures_are_read(model.system, properties_)) {
    futures_ = futures_of_histories(model.system, properties_);
  }
  describe_hunt();
  renew_tables();
}

void Hunter::require_cuts() const {
  const std::string why_not = Cuts::why_not(model_.system);
  if (!why_not.empty()) throw UsageError("--cuts: " + why_not);
  const auto is_of_pairs = [](const Property* one) { return one->scope == Scope::pair; };
  if (std::ranges::none_of(properties_, is_of_pairs)) {
    throw UsageError("--cuts: there is no property of pairs");
  }
}

void Hunter::require_weather() const {
  if (std::ranges::none_of(order_, is_live)) return;
  const std::string why_not = why_no_weather(model_.system);
  if (!why_not.empty()) throw UsageError("--strategy weather: " + why_not);
  if (options_.cuts)
    throw UsageError("--cuts is for runs on the interned machine, not for weather");
}

// Where local states come again the interned machine is quick, and where logs are long live worlds
// are. Whoever has a part of the runs chooses the same.
void Hunter::choose_worlds() {
  report_.worlds = order_.size() == 1 && is_live(order_.front()) ? "live" : "interned";
  if (options_.strategy != "portfolio") return;
  const std::string why_not =
      options_.cuts ? "cuts are of runs on the machine" : why_no_weather(model_.system);
  if (!why_not.empty()) {
    report_.worlds_because = why_not;
    return;
  }
  Tables tables(model_, properties_, futures_ ? &*futures_ : nullptr);
  RoundRunner runner(tables.machine, tables.evaluator, judged_, options_, order_);
  report_.reuse = runner.look();
  report_.worlds_because = with_commas(report_.reuse->met) + " of " +
                           with_commas(report_.reuse->events) +
                           " events led to a local state that was new";
  if (!report_.reuse->is_low()) return;
  order_ = live_portfolio();
  report_.worlds = "interned and live";
}

void Hunter::describe_hunt() {
  const System& system = model_.system;
  report_.system = system.name + (system.bug.empty() ? "" : " with " + system.bug);
  report_.bounds = system.asked;
  report_.options = system.options;
  report_.strategy = options_.strategy;
  report_.seed = options_.seed;
  report_.cuts = options_.cuts;
  report_.only = options_.properties;
  report_.max_depth = options_.max_depth;
  for (const NamedStrategy& one : strategies()) {
    report_.strategies.push_back({.name = std::string(one.name)});
  }
}

void Hunter::renew_tables() {
  if (tables_) report_properties();
  runners_.clear();
  tables_.reset();
  tables_ = std::make_unique<Tables>(model_, properties_, futures_ ? &*futures_ : nullptr);
  for (unsigned i = 0; i < jobs_; ++i) {
    runners_.push_back(std::make_unique<RoundRunner>(tables_->machine, tables_->evaluator, judged_,
                                                     options_, order_));
  }
}

bool Hunter::must_stop() {
  if (options_.interrupted != nullptr && options_.interrupted->load()) {
    report_.stopped_by = "interrupted";
  } else if (report_.findings.size() >= options_.findings_max) {
    report_.stopped_by = "findings";
  } else if (options_.runs && next_round_ * runs_in_round >= *options_.runs) {
    report_.stopped_by = "runs";
  } else if (options_.seconds && seconds() >= *options_.seconds) {
    report_.stopped_by = "time";
  }
  return !report_.stopped_by.empty();
}

// Rounds that run side by side, before anybody looks at the clock. How many has no influence on
// what comes out.
std::vector<Hunter::Task> Hunter::next_tasks() {
  std::vector<Task> tasks;
  constexpr int looked_at = 1'000'000;  // at once, where few are wanted
  for (int i = 0; i < looked_at && tasks.size() < side_by_side_; ++i, ++next_round_) {
    const std::uint64_t first = next_round_ * runs_in_round;
    if (options_.runs && first >= *options_.runs) break;
    if (options_.wanted && !options_.wanted(next_round_)) continue;
    const std::uint64_t runs =
        options_.runs ? std::min(runs_in_round, *options_.runs - first) : runs_in_round;
    tasks.push_back({.round = next_round_, .runs = runs});
  }
  return tasks;
}

HuntReport Hunter::run() {
  choose_worlds();
  while (!must_stop()) {
    const double before = seconds();
    const std::vector<Task> tasks = next_tasks();
    std::vector<Round> rounds(tasks.size());
    std::atomic<std::uint64_t> given_up{~std::uint64_t{0}};
    parallel_chunks(tasks.size(), 1, jobs_, [&](unsigned worker, std::size_t at, std::size_t) {
      rounds[at] = runners_[worker]->run(tasks[at].round, tasks[at].runs, given_up);
    });
    for (const Round& round : rounds) {
      if (report_.findings.size() >= options_.findings_max) break;
      take_in(round);
    }
    report_progress();
    // Threads that are woken for less than this do not pay.
    const double took = seconds() - before;
    if (took < 0.1) side_by_side_ = std::min<std::size_t>(2 * side_by_side_, 64 * jobs_);
    if (took > 0.5) side_by_side_ = std::max<std::size_t>(side_by_side_ / 2, jobs_);
    if (resident_bytes() > tables_->bytes_before + options_.memory_bytes) renew_tables();
  }
  report_properties();
  report_.properties = properties_before_;
  add_watched();
  report_.local_states = local_states_.size();
  report_.seconds = seconds();
  return report_;
}

void Hunter::report_progress() {
  if (!options_.progress) return;
  options_.progress({.runs = report_.runs,
                     .events = report_.events,
                     .local_states = local_states_.size(),
                     .findings = report_.findings.size(),
                     .seconds = seconds()});
}

// --- what rounds came to, in their order ---

void Hunter::take_in(const Round& round) {
  RoundReport told{.round = round.number,
                   .runs = round.runs,
                   .events = round.events,
                   .local_states = round.local_states};
  report_.runs += round.runs;
  report_.events += round.events;
  report_.longest = std::max(report_.longest, round.longest);
  report_.digest += round.digest;
  for (std::size_t i = 0; i < round.strategies.size(); ++i) {
    report_.strategies[i].runs += round.strategies[i].runs;
    report_.strategies[i].events += round.strategies[i].events;
    report_.strategies[i].findings += round.strategies[i].findings;
  }
  for (std::size_t i = 0; i < watched_.size(); ++i) watched_[i] += round.watched.properties[i];
  report_.live_steps += round.watched.node_steps;
  report_.live_steps_judged += round.watched.judged_steps;
  local_states_.insert(round.local_states.begin(), round.local_states.end());
  for (const Hit& hit : round.hits) {
    told.findings.push_back(finding_of(hit));
    keep(told.findings.back());
  }
  if (options_.done) options_.done(told);
}

std::vector<Event> picked(const std::vector<Event>& events,
                          const std::vector<std::uint32_t>& kept) {
  std::vector<Event> some;
  for (const std::uint32_t place : kept) some.push_back(events[place]);
  return some;
}

// The run that was met, as the live world runs it.
Counterexample Hunter::met_in(const Hit& hit) {
  if (hit.live) {
    const SimulationOptions options =
        WeatherRunner::weather_of(judged_, hit.live->seed, hit.live->steps);
    return kept_run(model_, options, hit.live->violation, hit.live->violated_by);
  }
  Counterexample met;
  const Machine& machine = tables_->machine;
  if (hit.broken.fault != 0) {
    met.property = violation_of_fault(machine.fault_kind(hit.broken.fault), "").property;
    met.message = machine.fault(hit.broken.fault);
  } else {
    const Property& property = *properties_[hit.broken.property];
    met.property = property.name;
    met.kind = property.kind;
    met.message = "\"" + property.name + "\" does not hold";
  }
  met.events = runners_.front()->walk().events_of(hit.path);
  if (!hit.kept.empty()) met.events = picked(met.events, hit.kept);
  met.faults = faults_of(model_.system, met.events);
  confirm(model_, met);
  return met;
}

HuntFinding Hunter::finding_of(const Hit& hit) {
  HuntFinding finding{.run = hit.run,
                      .strategy = std::string(strategies()[hit.strategy].name),
                      .by_cut = !hit.kept.empty(),
                      .hits = hit.hits};
  const Counterexample met = met_in(hit);
  finding.counterexample = met;
  finding.events_before = static_cast<std::uint32_t>(met.events.size());
  finding.faults_before = met.faults;
  if (options_.minimize) shorten(finding);
  finding.identity = identity_of(model_, finding.counterexample);
  save(met, finding);
  return finding;
}

// What was met is a finding, whatever becomes of it then.
void Hunter::shorten(HuntFinding& finding) {
  try {
    MinimizeReport shrunk = minimize(model_, finding.counterexample,
                                     {.seconds = minimize_seconds,
                                      .max_states = options_.minimize_states,
                                      .jobs = jobs_,
                                      .interrupted = options_.interrupted});
    finding.counterexample = std::move(shrunk.counterexample);
    finding.shortest = shrunk.shortest;
  } catch (const Nondeterminism&) {
    throw;
  } catch (const std::exception& error) {
    finding.not_shortened = error.what();
  }
}

// A violation is told even when its trace cannot be kept.
void Hunter::save(const Counterexample& as_met, HuntFinding& finding) {
  if (options_.output.empty()) return;
  Provenance how{.mode = "hunt",
                 .strategy = finding.strategy,
                 .seed = seed_text(options_.seed) + ":" + std::to_string(finding.run)};
  if (options_.minimize) how.minimized = minimized(model_, as_met, finding.counterexample);
  try {
    add_explanation(model_, finding.counterexample);
    // Of one failure one file, however often it is met.
    const auto known =
        std::ranges::find(report_.findings, finding.identity, &HuntFinding::identity);
    if (known != report_.findings.end() && !known->trace.empty()) {
      finding.trace = known->trace;
      return;
    }
    finding.trace = save_trace(model_, finding.counterexample, how, options_.output);
  } catch (const FileError& error) {
    report_.cannot_write = error.what();
  } catch (const std::filesystem::filesystem_error& error) {
    report_.cannot_write = error.what();
  }
}

void Hunter::keep(const HuntFinding& finding) {
  const auto known = std::ranges::find(report_.findings, finding.identity, &HuntFinding::identity);
  if (known == report_.findings.end()) {
    report_.findings.push_back(finding);
  } else {
    known->hits += finding.hits;
  }
}

void Hunter::report_properties() {
  std::vector<PropertyReport> reports = tables_->evaluator.reports();
  for (std::size_t i = 0; i < reports.size(); ++i) {
    PropertyReport& report = reports[i];
    if (i < properties_before_.size()) {
      report.evaluated += properties_before_[i].evaluated;
      const bool known = properties_before_[i].verdict != Verdict::vacuous;
      if (known && report.verdict == Verdict::vacuous) report.verdict = Verdict::holds;
    }
    const bool broken = std::ranges::any_of(report_.findings, [&](const HuntFinding& finding) {
      return finding.counterexample.property == report.name;
    });
    if (broken) report.verdict = Verdict::violated;
  }
  properties_before_ = std::move(reports);
}

// What was watched on live worlds.
void Hunter::add_watched() {
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    PropertyReport& property = report_.properties[i];
    const WatchTally& tally = watched_[i];
    property.evaluated += tally.evaluated;
    const bool is_known =
        property.kind == PropertyKind::sometimes ? tally.reached : tally.evaluated > 0;
    if (is_known && property.verdict == Verdict::vacuous) property.verdict = Verdict::holds;
    if (tally.not_judged == 0) continue;
    report_.not_judged_runs.emplace_back(property.name, tally.not_judged);
  }
}

}  // namespace

HuntReport hunt(const Model& model, const HuntOptions& options) {
  return Hunter(model, options).run();
}

std::vector<std::string> strategy_names() {
  std::vector<std::string> names;
  for (auto& [name, what] : described_strategies()) names.push_back(std::move(name));
  return names;
}

std::vector<std::pair<std::string, std::string>> described_strategies() {
  std::string shares;
  for (const NamedStrategy& one : strategies()) {
    if (one.share == 0) continue;
    shares +=
        (shares.empty() ? "" : ", ") + std::string(one.name) + " " + std::to_string(one.share);
  }
  std::vector<std::pair<std::string, std::string>> all = {
      {"portfolio", "these; of 16 runs: " + shares + "; and weather"}};
  for (const NamedStrategy& one : strategies()) {
    all.emplace_back(std::string(one.name), std::string(one.what));
  }
  return all;
}

}  // namespace gainsay
