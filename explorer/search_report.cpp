// What a search has to say when it ends.
#include <algorithm>
#include <set>

#include "engine/reflect.hpp"
#include "engine/story.hpp"
#include "explorer/adequacy.hpp"
#include "explorer/audit.hpp"
#include "explorer/histories.hpp"
#include "explorer/profile.hpp"
#include "explorer/search.hpp"

namespace gainsay {

void settle_properties(CheckReport& report, bool whole) {
  const bool cut = report.verdict == Verdict::violated || report.verdict == Verdict::incomplete;
  for (PropertyReport& property : report.properties) {
    if (report.counterexample && property.name == report.counterexample->property) {
      property.verdict = Verdict::violated;
    } else if (cut && !whole) {
      // Nothing is known of the rest of the space, but what was reached was reached.
      const bool reached =
          property.kind == PropertyKind::sometimes && property.verdict == Verdict::holds;
      property.verdict = reached ? Verdict::holds : Verdict::incomplete;
    }
  }
}

void Search::report_counts(CheckReport& report) const {
  for (const auto& [key, layer] : layers_) {
    report.states += layer.end - layer.begin;
    if (layer.end > layer.begin) report.depth = std::max(report.depth, key.second);
  }
  report.transitions = transitions_;
  for (const Worker& worker : workers_) report.probes += worker.probes;
  report.local_states = evaluator_.local_states();
  report.local_state_vectors = evaluator_.vectors();
  report.messages = machine_.messages();
  report.handler_runs = machine_.handler_runs();
  report.cells = machine_.cells();
  report.partition_cuts = model_.system.cuts().size();
  report_limits(report);
  report_discovery(report);
}

void Search::report_limits(CheckReport& report) const {
  const System& system = model_.system;
  if (system.limits.empty()) return;
  for (std::size_t i = 0; i < system.limits.size(); ++i) {
    report.limits.push_back({.name = system.limits[i].name,
                             .greatest = system.limits[i].greatest,
                             .cuts = machine_.cuts()[i]});
  }
  std::vector<NodeState> states;
  for (std::size_t i = 0; i < machine_.locals(); ++i) {
    const LocalEntry& entry = machine_.local(static_cast<Id>(i));
    const bool started = entry.status != LocalState::Status::unstarted;
    if (!started || system.is_client({entry.process})) continue;
    states.push_back({.process = entry.process, .bytes = entry.bytes});
  }
  judge_limits(system, states, report.limits);
}

void Search::report_discovery(CheckReport& report) const {
  std::vector<std::uint64_t>& by_faults = report.discovery.by_faults;
  for (const auto& [key, layer] : layers_) {
    if (layer.end > layer.begin)
      by_faults.resize(std::max<std::size_t>(by_faults.size(), key.first + 1));
  }
  for (const auto& [key, found] : discoveries_) {
    by_faults.resize(std::max<std::size_t>(by_faults.size(), key.first + 1));
    by_faults[key.first] += found;
    report.discovery.last_faults = key.first;
    report.discovery.last_depth = key.second;
  }
}

CheckReport Search::report() {
  CheckReport report;
  report.system = model_.system.bug.empty()
                      ? model_.system.name
                      : model_.system.name + " (bug " + model_.system.bug + ")";
  report.bounds = model_.system.asked;
  report.options = model_.system.options;
  report.only = options_.properties;
  report.incomplete_because =
      incomplete_because_.empty() ? recovery_incomplete_ : incomplete_because_;
  report.properties = evaluator_.reports();
  report_recoveries(report.properties);
  report_counts(report);
  report.reductions = reduce_;
  report.passes = passes_.number;
  // A `recovers` that is violated is so by what was searched.
  const bool recovery = found_ && found_->property != Evaluator::none &&
                        properties_[found_->property]->kind == PropertyKind::recovers;
  report.certified = certified_ && (incomplete_because_.empty() || recovery);
  report.dropped_pairs = machine_.dropped();
  report.merged = reduce_.minimise ? passes_.merges.all().size() : 0;
  report.views = machine_.views();
  report.unsynced_sends.assign(machine_.unsynced_sends().begin(), machine_.unsynced_sends().end());
  report.uses_ticks = machine_.uses_ticks();
  report_symmetry(report);
  if (options_.digest) {
    report.digest = digest(false);
    report.view_digest = digest(true);
    report.future_digest = future_digest();
  }
  // In fifo a message that was dropped too early is a loss, which the network does not know.
  const bool is_real =
      certified_ || (model_.system.bounds.network != Network::fifo && !reduce_.minimise);
  if (found_ && is_real) {
    report.verdict = Verdict::violated;
    report.counterexample = rebuild(*found_, found_at_);
    report.story = tell_story(model_.system, report.counterexample->events) + recovery_explanation_;
    if (!report.bounds.skew && machine_.uses_ticks()) {
      report.hint =
          "timers say how many ticks they run, and here any armed timer fires at any moment: "
          "--skew "
          "0 is for protocols that rely on clocks";
    }
  } else if (!report.incomplete_because.empty()) {
    report.verdict = Verdict::incomplete;
    report.hint = hint();
  } else {
    const auto vacuous = [](const PropertyReport& p) { return p.verdict == Verdict::vacuous; };
    report.verdict = std::ranges::any_of(report.properties, vacuous) || properties_.empty()
                         ? Verdict::vacuous
                         : Verdict::holds;
  }
  settle_properties(report, incomplete_because_.empty() && (!found_ || recovery));
  report.resumed = passes_.resumed;
  report.seconds = seconds();
  report.peak_memory_bytes = peak_resident_bytes();
  report.store = options_.store;
  const bool on_disk = store_.roots().is_in_file();
  if (on_disk) report.disk_bytes = store_.roots().bytes();
  if (by_fingerprint()) report.omission_probability = omission_probability(seen_->size());
  const std::uint64_t bytes =
      store_.bytes() + (by_fingerprint() ? seen_->bytes() : 0) - report.disk_bytes;
  report.bytes_per_state =
      report.states == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(report.states);
  return report;
}

void Search::audit(CheckReport& report) {
  Audit::Setting setting{
      .reduce = reduce_,
      .group = symmetry_ ? &symmetry_->group() : nullptr,
      .properties = properties_,
      .starts = {},
      .worlds = {},
      .receive = [this](Id cell, Id envelope) { return machine_.receive(cell, envelope); }};
  for (const auto& [words, events] : starts_) setting.starts.push_back(words);
  const bool whole = report.verdict == Verdict::holds || report.verdict == Verdict::vacuous;
  if (whole) {
    setting.worlds = [this](const std::function<void(const Id*)>& visit) { for_each_world(visit); };
  }
  report.audit = Audit(machine_, std::move(setting)).run();
}

void Search::profile(CheckReport& report) {
  Profile profile(machine_);
  for_each_world([&](const Id* words) { profile.add(words); });
  report.profile = profile.report(report);
}

// As if histories were merged, whether they are or not.
Hash128 Search::future_digest() {
  const auto futures = futures_of_histories(model_.system, properties_);
  if (!futures || machine_.keeps_futures()) return digest(true);
  FutureTable table(*futures, model_.system.bounds.nodes);
  return digest(true, &table);
}

Hash128 Search::digest(bool of_views, FutureTable* futures) {
  const std::size_t budget = machine_.budget_slot();
  std::set<std::vector<Hash128>> met;
  const auto meet = [&](const Id* words) {
    std::vector<Hash128> parts;
    for (std::size_t slot = 0; slot < machine_.slots(); ++slot) {
      if (slot < model_.system.size()) {
        const Id local = machine_.local_of(words[slot]);
        parts.push_back(of_views ? machine_.view_hash(local) : machine_.local(local).hash);
      } else if (slot == machine_.history_slot()) {
        parts.push_back(futures == nullptr
                            ? machine_.history_hash(words[slot])
                            : futures->content_hash_of(machine_.history(words[slot])));
      } else if (slot != budget && slot != machine_.clock_slot() && slot != machine_.cut_slot() &&
                 slot != machine_.knowledge_slot()) {
        parts.push_back(content_hash(machine_.observer(words[slot])));
      }
    }
    met.insert(std::move(parts));
  };
  std::vector<Id> image(machine_.slots());
  for_each_world([&](const Id* words) {
    meet(words);
    for (std::size_t g = 1; symmetry_ && g < symmetry_->group().size(); ++g) {
      symmetry_->image(words, static_cast<Symmetry::Index>(g), image.data());
      meet(image.data());
    }
  });
  Hash128 sum;
  for (const std::vector<Hash128>& parts : met) {
    Hash128 one;
    for (std::size_t i = 0; i < parts.size(); ++i) one += mix(i, parts[i]);
    sum += mix(~std::uint64_t{0}, one);
  }
  return sum;
}

}  // namespace gainsay
