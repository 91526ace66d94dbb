// The assertions for GoogleTest, as they pass and as they fail.
#include "gtest.hpp"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "protocols/catalog.hpp"
#include "tests/scratch.hpp"

namespace gainsay {
namespace {

using testing::Scratch;

const CatalogEntry& entry() { return *find_system("two-phase-commit"); }
Model correct() { return entry().make(entry().defaults); }
Model faulty() { return entry().make(variant(entry().bugs.front())); }

std::string message_of(const std::function<void()>& assertion) {
  ::testing::TestPartResultArray failures;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
    assertion();
  }
  return failures.size() == 0 ? "" : failures.GetTestPartResult(0).message();
}

class Assertions : public ::testing::Test {
 protected:
  Assertions() : scratch_("gtest") { ::setenv("GAINSAY_OUTPUT", scratch_.path().c_str(), 1); }
  ~Assertions() override { ::unsetenv("GAINSAY_OUTPUT"); }

  std::filesystem::path the_trace() const {
    for (const auto& file : std::filesystem::directory_iterator(scratch_.path())) {
      return file.path();
    }
    return {};
  }

 private:
  Scratch scratch_;
};

TEST_F(Assertions, ACheckThatHoldsPassesAndLeavesNothing) {
  EXPECT_HOLDS(correct());
  EXPECT_HOLDS(correct(), {.jobs = 1});
  EXPECT_HOLDS(check(correct()));
  ASSERT_HOLDS(correct());
  EXPECT_TRUE(the_trace().empty());
}

TEST_F(Assertions, AViolationTellsItsStoryAndKeepsItsTrace) {
  const std::string message = message_of([] { EXPECT_HOLDS(faulty()); });
  EXPECT_NE(message.find("agreement"), std::string::npos) << message;
  EXPECT_NE(message.find("deliver n"), std::string::npos) << message;
  ASSERT_FALSE(the_trace().empty());
  EXPECT_NE(message.find("the trace is " + the_trace().string()), std::string::npos) << message;
}

TEST_F(Assertions, AReportMayBringItsTrace) {
  const Model model = faulty();
  CheckReport report = check(model);
  EXPECT_NE(message_of([&] { EXPECT_HOLDS(report); }), "");
  EXPECT_TRUE(the_trace().empty());
  report.trace = counterexample_text(model, *report.counterexample, {});
  const std::string message = message_of([&] { EXPECT_HOLDS(report); });
  ASSERT_FALSE(the_trace().empty());
  EXPECT_NE(message.find("the trace is " + the_trace().string()), std::string::npos) << message;
  EXPECT_TRUE(review(model, read_trace(the_trace())).fate == TraceFate::violates);
}

TEST_F(Assertions, WhatIsIncompleteDoesNotHold) {
  const std::string message = message_of([] { EXPECT_HOLDS(correct(), {.max_states = 3}); });
  EXPECT_NE(message.find("incomplete"), std::string::npos) << message;
}

TEST_F(Assertions, ATraceThatCannotBeKeptHidesNoViolation) {
  ::setenv("GAINSAY_OUTPUT", "/proc/nowhere", 1);
  const std::string message = message_of([] { EXPECT_HOLDS(faulty()); });
  EXPECT_NE(message.find("agreement"), std::string::npos) << message;
  EXPECT_NE(message.find("could not be kept"), std::string::npos) << message;
}

TEST_F(Assertions, ACommittedTraceStaysFixed) {
  EXPECT_NE(message_of([] { EXPECT_HOLDS(faulty()); }), "");
  const auto trace = the_trace();
  ASSERT_FALSE(trace.empty());
  EXPECT_FIXED(correct(), trace);
  const std::string message = message_of([&] { EXPECT_FIXED(faulty(), trace); });
  EXPECT_NE(message.find("still violates \"agreement\""), std::string::npos) << message;
}

}  // namespace
}  // namespace gainsay
