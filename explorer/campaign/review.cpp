#include "explorer/campaign/review.hpp"

#include <algorithm>

#include "explorer/replay.hpp"

namespace gainsay {

namespace {

std::string quoted(const std::string& property) { return "\"" + property + "\""; }

// Why no answer is possible, before anything is run; empty if one is.
std::string foreign(const Model& model, const Trace& trace) {
  const auto is_recorded = [&](const Property& one) { return one.name == trace.verdict->property; };
  // That a handler failed is a finding without a property of its own.
  const bool failed = !trace.events.empty() && trace.events.back().hash.empty();
  if (trace.verdict && !failed && std::ranges::none_of(model.properties, is_recorded)) {
    return "there is no property " + quoted(trace.verdict->property) + " any more";
  }
  for (std::size_t step = 0; step < trace.events.size(); ++step) {
    try {
      (void)event_of(model.system, trace.events[step], step);
    } catch (const TraceError& error) {
      return error.what();
    }
  }
  return "";
}

// A trace of recovery ends where there was no way back; whether there is one now is not of the run.
bool is_of_recovery(const Trace& trace) {
  return trace.verdict->kind == to_string(PropertyKind::recovers);
}

// What is said of a run that could be replayed, strictly or as far as it goes.
TraceReview judge(const Trace& trace, const ReplayReport& report, bool same_run) {
  TraceReview review{.step = report.violation_step, .skipped = report.skipped};
  if (!report.incomplete_because.empty() && !report.violation) {
    review.fate = TraceFate::unknown;
    review.detail = "whether there is a way back: " + report.incomplete_because;
  } else if (report.violation && trace.verdict &&
             report.violation->property == trace.verdict->property) {
    review.fate = TraceFate::violates;
  } else if (report.violation) {
    review.detail = "violates " + quoted(report.violation->property) + " now";
  } else if (!same_run || (trace.verdict && is_of_recovery(trace))) {
    review.fate = TraceFate::fixed;
  } else if (trace.verdict) {
    review.detail = "the same run, but the property says otherwise now: it was changed";
  } else {
    review.fate = TraceFate::reproduced;
  }
  return review;
}

}  // namespace

std::string_view to_string(TraceFate fate) {
  switch (fate) {
    case TraceFate::violates:
      return "still violates";
    case TraceFate::fixed:
      return "fixed";
    case TraceFate::diverged:
      return "diverged";
    case TraceFate::reproduced:
      return "reproduced";
    case TraceFate::unknown:
      return "unknown";
  }
  return "";
}

TraceReview review(const Model& model, const Trace& trace, const std::atomic<bool>* interrupted) {
  TraceReview result;
  result.detail = foreign(model, trace);
  if (result.detail.empty()) {
    const ReplayReport strict = replay(model, trace, {.interrupted = interrupted});
    result = judge(trace, strict, true);
    if (strict.divergence) {
      const ReplayReport lenient =
          replay(model, trace, {.lenient = true, .interrupted = interrupted});
      result = judge(trace, lenient, false);
      if (result.fate != TraceFate::violates) result.step = strict.divergence->step;
      if (result.detail.empty()) {
        result.detail = "differs from step " + std::to_string(strict.divergence->step) + " on";
        if (result.skipped > 0) {
          result.detail += "; events not there any more: " + std::to_string(result.skipped);
        }
      }
      if (!trace.verdict && result.fate == TraceFate::fixed) result.fate = TraceFate::diverged;
    }
  }
  if (trace.verdict) result.property = trace.verdict->property;
  return result;
}

}  // namespace gainsay
