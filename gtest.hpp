// GoogleTest: a check as an assertion, and committed traces as regression tests.
//
//   EXPECT_HOLDS(gainsay::check<Node>({.nodes = 4, .crashes = 1}, properties));
//   EXPECT_HOLDS(model, {.max_states = 1'000'000});
//   EXPECT_FIXED(model, "traces/lost-vote.trace.json");
//
// A failure prints the shortest story and names the trace, which is written into the directory that
// GAINSAY_OUTPUT names (else gainsay-out).
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>

#include "explorer/campaign/review.hpp"
#include "explorer/check.hpp"
#include "explorer/explain.hpp"
#include "explorer/report.hpp"

namespace gainsay::gtest {

inline std::filesystem::path output_directory() {
  const char* set = std::getenv("GAINSAY_OUTPUT");
  return set == nullptr || *set == '\0' ? "gainsay-out" : set;
}

struct Checked {
  CheckReport report;
  std::string trace;  // where it lies, or why it could not be written; empty: there is none
};

// `save` writes the trace and says where.
template <class Save>
Checked checked_and_saved(CheckReport report, Save save) {
  Checked result{.report = std::move(report)};
  try {
    const std::filesystem::path path = save(result.report);
    if (!path.empty()) result.trace = "the trace is " + path.string();
  } catch (const std::exception& error) {  // the story is told all the same
    result.trace = std::string("the trace could not be kept: ") + error.what();
  }
  return result;
}
inline Checked checked(CheckReport report) {
  return checked_and_saved(
      std::move(report), [](const CheckReport& of) { return save_trace(of, output_directory()); });
}
inline Checked checked(const Model& model, const CheckOptions& options = {}) {
  CheckReport report = check(model, options);
  if (report.counterexample) add_explanation(model, *report.counterexample);
  return checked_and_saved(std::move(report), [&](const CheckReport& of) {
    return save_trace(model, of, output_directory());
  });
}

inline ::testing::AssertionResult holds(const char*, const Checked& checked) {
  if (checked.report.holds()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << summary(checked.report, false) << checked.trace;
}

inline ::testing::AssertionResult fixed(const char*, const char* file, const Model& model,
                                        const std::filesystem::path& path) {
  const TraceReview result = review(model, read_trace(path));
  if (result.fate == TraceFate::fixed || result.fate == TraceFate::reproduced) {
    return ::testing::AssertionSuccess();
  }
  auto failure = ::testing::AssertionFailure();
  failure << file << ": " << to_string(result.fate);
  if (result.fate == TraceFate::violates) {
    failure << " \"" << result.property << "\" at step " << result.step;
  }
  return failure << (result.detail.empty() ? "" : "; ") << result.detail;
}

}  // namespace gainsay::gtest

// Takes a model with or without CheckOptions, or the report of a check.
#define EXPECT_HOLDS(...) \
  EXPECT_PRED_FORMAT1(::gainsay::gtest::holds, ::gainsay::gtest::checked(__VA_ARGS__))
#define ASSERT_HOLDS(...) \
  ASSERT_PRED_FORMAT1(::gainsay::gtest::holds, ::gainsay::gtest::checked(__VA_ARGS__))
// The trace's run no longer violates what it did: a test that a bug stays mended.
#define EXPECT_FIXED(model, file) EXPECT_PRED_FORMAT2(::gainsay::gtest::fixed, model, file)
