// A check as a whole: its passes, and the second search for the shortest counterexample.
#include "explorer/check.hpp"

#include <algorithm>
#include <utility>

#include "explorer/search.hpp"

namespace gainsay {

std::vector<std::string> names(const Reductions& reductions) {
  std::vector<std::string> names;
  if (reductions.dead_messages) names.emplace_back("dead-messages");
  if (reductions.eager) names.emplace_back("eager");
  if (reductions.subsumption) names.emplace_back("subsumption");
  if (reductions.symmetry) names.emplace_back("symmetry");
  return names;
}

Reductions sound_reductions(const Model& model) {
  const bool monotone = model.system.bounds.network == Network::async;
  return {.dead_messages = true, .eager = monotone, .subsumption = monotone, .symmetry = true};
}

namespace {

void require_symmetry(const Model& model, const Asymmetries& known) {
  if (!interchangeable(model.system, known, Group::size_max).empty()) return;
  throw UsageError("symmetry: no two processes are interchangeable" +
                   (known.reason.empty() ? "" : "; " + known.reason));
}

// A pass that could not be certified has learnt which messages to keep, and is repeated. What it
// found is real all the same (but for fifo, where it is not reported); it is told when no later
// pass gets as far.
CheckReport check_in_passes(const Model& model, const CheckOptions& options,
                            bool must_be_symmetric) {
  Search::Passes passes;
  std::optional<CheckReport> found;
  for (;; ++passes.number) {
    CheckReport report = Search(model, options, passes).run();
    if (passes.asymmetric) {  // again with fewer renamings: what this pass has learnt is void
      if (must_be_symmetric) require_symmetry(model, passes.asymmetries);
      passes.keep.clear();
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
    return report;
  }
}

// Eager sends and subsumption keep the least fault cost, but not the least length: a second search
// without them, no deeper than what was found and not much larger, looks for it.
void shorten(const Model& model, const CheckOptions& options, CheckReport& report) {
  constexpr std::uint64_t states_at_least = 1'000'000;
  const std::size_t events = report.counterexample->events.size() - model.system.size();
  CheckOptions again = options;
  again.reduce = Reductions{.dead_messages = report.reductions.dead_messages,
                            .symmetry = report.reductions.symmetry};
  again.max_depth = static_cast<std::uint32_t>(events + 1);
  again.max_states = std::max(4 * report.states, states_at_least);
  again.resume.clear();
  if (options.seconds) again.seconds = std::max(0.0, *options.seconds - report.seconds);
  CheckReport shortest = check_in_passes(model, again, false);
  if (shortest.verdict != Verdict::violated || !shortest.certified) return;
  report.counterexample = std::move(shortest.counterexample);
  report.story = std::move(shortest.story);
  report.shortest = true;
}

}  // namespace

CheckReport check(const Model& model, const CheckOptions& options) {
  const bool must_be_symmetric = options.reduce && options.reduce->symmetry;
  if (must_be_symmetric) require_symmetry(model, {});
  CheckReport report = check_in_passes(model, options, must_be_symmetric);
  if (!report.counterexample) return report;
  report.shortest = report.certified && !report.reductions.eager && !report.reductions.subsumption;
  if (!report.shortest) shorten(model, options, report);
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
