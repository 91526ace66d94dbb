// What became of a committed trace.
#include "explorer/campaign/review.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <utility>

#include "protocols/catalog.hpp"

namespace gainsay {
namespace {

std::vector<Trace> committed_traces() {
  std::vector<Trace> traces;
  for (const auto& file : std::filesystem::directory_iterator(GAINSAY_SOURCE_DIR "/traces")) {
    traces.push_back(read_trace(file.path()));
  }
  return traces;
}

TraceReview reviewed(const Trace& trace) { return review(model_of(trace), trace); }

Trace trace_of_bug(const std::string& bug) {
  for (Trace& trace : committed_traces()) {
    if (trace.bug == bug) return trace;
  }
  throw std::logic_error("no trace of " + bug);
}

TEST(Review, ATraceOfABugStillViolates) {
  const Trace trace = trace_of_bug("no-dedupe");
  const TraceReview review = reviewed(trace);
  EXPECT_EQ(review.fate, TraceFate::violates) << review.detail;
  EXPECT_EQ(review.property, "linearizability");
  EXPECT_EQ(review.step, trace.verdict->step);
  EXPECT_EQ(review.skipped, 0U);
}

// The bug taken away is what a user does who mends it; the trace then is a test that it stays so.
TEST(Review, WithoutItsBugEveryTraceIsFixed) {
  std::size_t fixed = 0;
  for (Trace& trace : committed_traces()) {
    if (trace.bug.empty()) continue;
    // Where that ring puts keys is known to its properties alone: the same run is judged otherwise.
    if (trace.bug == "vnode-collision-overwrite") continue;
    const std::string bug = std::exchange(trace.bug, "");
    const TraceReview review = reviewed(trace);
    EXPECT_EQ(review.fate, TraceFate::fixed) << bug << ": " << review.detail;
    ++fixed;
  }
  EXPECT_GE(fixed, 40U);
}

TEST(Review, ARenamedMessageIsNoCure) {
  Trace trace = trace_of_bug("no-dedupe");
  for (TraceEvent& event : trace.events) {
    if (event.kind != EventKind::deliver) continue;
    event.message = R"({"tag":"Renamed","value":{}})";
    break;
  }
  const TraceReview review = reviewed(trace);
  EXPECT_EQ(review.fate, TraceFate::diverged);
  EXPECT_NE(review.detail.find("Renamed"), std::string::npos) << review.detail;
}

TEST(Review, APropertyThatIsThereNoMoreIsNoCure) {
  const Trace trace = trace_of_bug("no-dedupe");
  Model model = model_of(trace);
  std::erase_if(model.properties,
                [](const Property& one) { return one.name == "linearizability"; });
  EXPECT_EQ(review(model, trace).fate, TraceFate::diverged);
}

TEST(Review, AWeakerPropertyIsNoCure) {
  const Trace trace = trace_of_bug("quorum-half");
  Model model = model_of(trace);
  for (Property& one : model.properties) {
    if (one.name == "agreement") one.holds = [](std::span<const void* const>) { return true; };
  }
  const TraceReview review = gainsay::review(model, trace);
  EXPECT_EQ(review.fate, TraceFate::diverged);
  EXPECT_NE(review.detail.find("changed"), std::string::npos) << review.detail;
}

TEST(Review, ARunWithoutAViolationIsReproducedOrDiverges) {
  Trace trace = trace_of_bug("no-dedupe");
  trace.verdict.reset();
  trace.events.resize(trace.events.size() - 1);
  EXPECT_EQ(reviewed(trace).fate, TraceFate::reproduced);
  trace.events.back().hash.assign(32, '0');
  EXPECT_EQ(reviewed(trace).fate, TraceFate::diverged);
}

}  // namespace
}  // namespace gainsay
