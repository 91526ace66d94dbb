#include "tests/explorer/compare.hpp"

#include <algorithm>
#include <cstdlib>

#include "explorer/replay.hpp"
#include "tests/sanitized.hpp"

namespace gainsay::testing {

namespace {

// A property of steps is not evaluated where no step is left: nothing is lost by that.
bool same_verdict(const PropertyReport& full, const PropertyReport& reduced) {
  const auto settled = [](const PropertyReport& report) {
    const bool no_step =
        report.kind == PropertyKind::always_step && report.verdict == Verdict::vacuous;
    return no_step ? Verdict::holds : report.verdict;
  };
  return settled(full) == settled(reduced);
}

std::string difference_of_verdicts(const CheckReport& full, const CheckReport& reduced) {
  for (std::size_t i = 0; i < full.properties.size(); ++i) {
    if (same_verdict(full.properties[i], reduced.properties[i])) continue;
    return "\"" + full.properties[i].name + "\" was " +
           std::string(to_string(full.properties[i].verdict)) + ", is " +
           std::string(to_string(reduced.properties[i].verdict));
  }
  const auto is_one_of = [](Verdict verdict) {
    return verdict == Verdict::holds || verdict == Verdict::vacuous;
  };
  if (full.verdict == reduced.verdict) return "";
  if (is_one_of(full.verdict) && is_one_of(reduced.verdict)) return "";  // as its properties say
  return std::string(to_string(full.verdict)) + " became " +
         std::string(to_string(reduced.verdict));
}

}  // namespace

std::string difference(const Model& model, const CheckReport& full, const CheckReport& reduced) {
  if ((full.verdict == Verdict::violated) != (reduced.verdict == Verdict::violated)) {
    return std::string(to_string(full.verdict)) + " became " +
           std::string(to_string(reduced.verdict));
  }
  if (full.verdict == Verdict::violated) {
    if (full.counterexample->faults != reduced.counterexample->faults) return "other fault cost";
    return replays(model, reduced) ? "" : "the trace does not replay";
  }
  if (std::string other = difference_of_verdicts(full, reduced); !other.empty()) return other;
  const bool of_views = reduced.reductions.silent || reduced.reductions.minimise;
  const bool of_futures = reduced.reductions.histories;
  if (full.future_digest != reduced.future_digest) return "other views or futures";
  if (!of_futures && full.view_digest != reduced.view_digest) return "other views";
  if (!of_futures && !of_views && full.digest != reduced.digest) return "other local states";
  if (!of_views && full.local_state_vectors != reduced.local_state_vectors) return "other vectors";
  if (!reduced.certified) return "no certificate";
  if (reduced.reductions.symmetry && !reduced.equivariant) return "no certificate of symmetry";
  return "";
}

bool replays(const Model& model, const CheckReport& report) {
  const Counterexample& found = *report.counterexample;
  const Trace trace = record_trace(
      model.system, found.events,
      TraceVerdict{.property = found.property,
                   .kind = found.kind == PropertyKind::recovers ? "recovers" : "always",
                   .step = static_cast<std::uint32_t>(found.events.size() - 1)});
  return replay(model, trace).reproduced;
}

std::vector<Reductions> single_reductions() {
  std::vector<Reductions> all;
  for (const NamedReduction& one : all_reductions()) all.emplace_back().*one.is_on = true;
  return all;
}

std::vector<Reductions> reduction_sets() {
  const auto named = all_reductions();
  std::vector<Reductions> all;
  for (std::uint32_t set = 1; set < std::uint32_t{1} << named.size(); ++set) {
    Reductions& reduce = all.emplace_back();
    for (std::size_t i = 0; i < named.size(); ++i) reduce.*named[i].is_on = ((set >> i) & 1) != 0;
  }
  return all;
}

std::optional<CheckReport> check_if_accepted(const Model& model,
                                             const std::optional<Reductions>& reduce,
                                             std::uint64_t states_max, Sabotage sabotage) {
  try {
    return check(model, {.reduce = reduce,
                         .jobs = 1,
                         .max_states = states_max,
                         .minimise_from = 8,
                         .sabotage = sabotage,
                         .digest = true});
  } catch (const UsageError&) {
    return std::nullopt;
  }
}

std::string text_of(const std::optional<Reductions>& reduce) {
  if (!reduce) return "auto";
  if (*reduce == Reductions{}) return "none";
  std::string text;
  for (const std::string& name : names(*reduce)) text += (text.empty() ? "" : ",") + name;
  return text;
}

bool has_adversary(const CatalogEntry& entry) {
  return entry.make(entry.defaults).system.bounds.byzantine > 0;
}

std::uint64_t random_systems(std::uint64_t unasked) {
  const char* asked = std::getenv("GAINSAY_RANDOM_SYSTEMS");
  if (asked != nullptr) return std::strtoull(asked, nullptr, 10);
  return is_sanitized() ? unasked / 3 : unasked;
}

std::uint64_t first_random_system() {
  const char* asked = std::getenv("GAINSAY_RANDOM_FIRST");
  return asked == nullptr ? 0 : std::strtoull(asked, nullptr, 10);
}

bool runs_slow_tests() { return std::getenv("GAINSAY_SLOW_TESTS") != nullptr; }

}  // namespace gainsay::testing
