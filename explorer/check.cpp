// A check as a whole: its passes, and the second search for the shortest counterexample.
#include "explorer/check.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "explorer/histories.hpp"
#include "explorer/search.hpp"

namespace gainsay {

std::span<const NamedReduction> all_reductions() {
  static constexpr NamedReduction all[] = {
      {"dead-messages", &Reductions::dead_messages}, {"eager", &Reductions::eager},
      {"subsumption", &Reductions::subsumption},     {"silent", &Reductions::silent},
      {"minimise", &Reductions::minimise},           {"symmetry", &Reductions::symmetry},
      {"histories", &Reductions::histories}};
  return all;
}

std::vector<std::string> names(const Reductions& reductions) {
  std::vector<std::string> names;
  for (const NamedReduction& one : all_reductions()) {
    if (reductions.*one.is_on) names.emplace_back(one.name);
  }
  return names;
}

bool has_recovery(const Model& model) {
  return std::ranges::any_of(model.properties, [](const Property& property) {
    return property.kind == PropertyKind::recovers;
  });
}

Reductions sound_reductions(const Model& model) {
  std::vector<const Property*> properties;
  for (const Property& property : model.properties) properties.push_back(&property);
  const bool monotone = model.system.bounds.network == Network::async;
  const bool timeless = !model.system.bounds.skew;
  const bool only_views = !has_recovery(model) && timeless;
  return {.dead_messages = true,
          .eager = monotone,
          .subsumption = monotone,
          .silent = monotone && only_views,
          .minimise = monotone && only_views,
          .symmetry = timeless,
          .histories = timeless && futures_are_read(model.system, properties)};
}

namespace {

void require_symmetry(const Model& model, const Asymmetries& known) {
  if (!interchangeable(model.system, known, Group::size_max).empty()) return;
  const bool only_processes = Points(model.system).sets().empty();
  throw UsageError("symmetry: no two processes " + std::string(only_processes ? "" : "or values ") +
                   "are interchangeable" + (known.reason.empty() ? "" : "; " + known.reason));
}

// A pass that could not be certified has learnt which messages to keep, and is repeated. What it
// found is real all the same (but for fifo, where it is not reported); it is told when no later
// pass gets as far.
CheckReport check_in_passes(const Model& model, const CheckOptions& options, bool must_be_symmetric,
                            Search::Passes& passes) {
  std::optional<CheckReport> found;
  for (;; ++passes.number) {
    passes.merges = passes.learnt_merges;
    CheckReport report = Search(model, options, passes).run();
    if (passes.asymmetric) {  // again with fewer renamings: what this pass has learnt is void
      if (must_be_symmetric) require_symmetry(model, passes.asymmetries);
      passes.keep.clear();
      passes.learnt_merges = {};
      passes.heard.clear();
      passes.number = 0;
      found.reset();
      continue;
    }
    if (report.certified) return report;
    const bool is_last = !passes.learnt || passes.number >= options.passes_max;
    if (report.verdict == Verdict::violated) found = std::move(report);
    if (!is_last) continue;
    if (found) return *std::move(found);
    report.verdict = Verdict::incomplete;
    if (report.incomplete_because.empty()) {
      report.incomplete_because = "no certificate in so many passes";
    }
    settle_properties(report, false);
    return report;
  }
}

// Dead messages do not change the length of a counterexample, but in fifo they stand in the way of
// others and are put back.
bool keeps_length(const Model& model, const Reductions& reduce) {
  const bool puts_back = reduce.dead_messages && model.system.bounds.network == Network::fifo;
  return !reduce.eager && !reduce.subsumption && !reduce.silent && !reduce.minimise && !puts_back;
}

// Some reductions keep the least fault cost, but not the least length: a second search without
// them, no deeper than what was found and not much larger, looks for it. Which processes differ is
// known by then.
void shorten(const Model& model, const CheckOptions& options, const Asymmetries& known,
             CheckReport& report) {
  constexpr std::uint64_t states_at_least = 1'000'000;
  const std::size_t events = report.counterexample->events.size() - model.system.size();
  CheckOptions again = options;
  again.reduce = Reductions{.dead_messages = report.reductions.dead_messages,
                            .symmetry = report.reductions.symmetry};
  if (!keeps_length(model, *again.reduce)) again.reduce = Reductions{};
  again.reduce->histories = report.reductions.histories;
  again.max_depth = static_cast<std::uint32_t>(events + 1);
  again.max_states = std::max(4 * report.states, states_at_least);
  if (options.max_states) again.max_states = std::min(*again.max_states, *options.max_states);
  again.resume.clear();
  again.audit = again.profile = false;
  if (options.seconds) again.seconds = std::max(0.0, *options.seconds - report.seconds);
  Search::Passes passes{.asymmetries = known};
  CheckReport shortest = check_in_passes(model, again, false, passes);
  if (shortest.verdict != Verdict::violated || !shortest.certified) return;
  const bool another = shortest.counterexample->property != report.counterexample->property;
  report.counterexample = std::move(shortest.counterexample);
  report.story = std::move(shortest.story);
  report.shortest = true;
  if (another) settle_properties(report, false);
}

// Two texts of one program that disagree: nothing that rests on the certificate may be believed. A
// counterexample does not, it was run.
void heed_audit(CheckReport& report) {
  if (!report.audit || report.audit->disagreement.empty()) return;
  report.certified = false;
  if (report.verdict == Verdict::violated) return;
  report.verdict = Verdict::incomplete;
  report.incomplete_because = "the audit disagrees with the search";
  settle_properties(report, false);
}

// Silence is the worst that faulty processes can do to reaching a good world, and not to staying
// there.
void refuse_lasting_among_liars(const Model& model) {
  const bool lasts = std::ranges::any_of(
      model.properties, [](const Property& property) { return property.lasting.has_value(); });
  const Bounds& bounds = model.system.bounds;
  const std::uint32_t liars = bounds.byzantine + bounds.twins + bounds.traitors;
  if (!lasts || liars == 0) return;
  throw UsageError(
      "what must last is not asked of systems with Byzantine processes, twins or traitors, which "
      "could end it at any time");
}

// What has no argument with bounded clocks: see clock.cpp for what has.
void refuse_with_clocks(const Model& model, const CheckOptions& options) {
  if (!model.system.bounds.skew) return;
  if (has_recovery(model)) {
    throw UsageError("--skew does not go with a property of recovery, which knows no time");
  }
  if (options.audit) throw UsageError("--verify-certificate does not know of --skew");
  if (!options.reduce) return;
  for (const std::string& name : names(*options.reduce)) {
    if (name == "dead-messages" || name == "eager" || name == "subsumption") continue;
    throw UsageError(name + " does not go with --skew: it has not been thought through with time");
  }
}

}  // namespace

CheckReport check(const Model& model, const CheckOptions& options) {
  refuse_lasting_among_liars(model);
  refuse_with_clocks(model, options);
  if (!options.resume.empty()) {
    // The second text looks at what this run did, not at what was done before the checkpoint.
    if (options.audit) throw UsageError("--verify-certificate does not go with --resume");
    std::filesystem::create_directories(options.resume);  // better now than after hours
  }
  const bool must_be_symmetric = options.reduce && options.reduce->symmetry;
  if (must_be_symmetric) require_symmetry(model, {});
  Search::Passes passes;
  CheckReport report = check_in_passes(model, options, must_be_symmetric, passes);
  heed_audit(report);
  if (!report.counterexample) return report;
  report.shortest = report.certified && keeps_length(model, report.reductions);
  if (!report.shortest) shorten(model, options, passes.asymmetries, report);
  return report;
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::holds:
      return "holds";
    case Verdict::violated:
      return "violated";
    case Verdict::incomplete:
      return "incomplete";
    case Verdict::vacuous:
      return "vacuous";
  }
  return "";
}

}  // namespace gainsay
