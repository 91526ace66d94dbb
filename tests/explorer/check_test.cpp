// The exhaustive search: counts, limits, checkpoints, and what it says of them.
#include "explorer/check.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "explorer/memory.hpp"
#include "protocols/two_phase_commit/two_phase_commit.hpp"
#include "tests/explorer/table_protocol.hpp"
#include "tests/scratch.hpp"

namespace gainsay::testing {
namespace {

Model managers(std::uint32_t count) {
  Bounds bounds;
  bounds.nodes = count;
  return two_phase_commit::make_model({.bounds = bounds});
}

TEST(Check, TwoPhaseCommitHasTheKnownCounts) {
  struct Known {
    std::uint32_t managers;
    std::uint64_t states;
    std::uint32_t depth;
  };
  for (const Known known : {Known{3, 288, 11}, Known{5, 8'832, 17}, Known{7, 296'448, 23}}) {
    for (const unsigned jobs : {1U, 2U}) {
      const CheckReport report =
          check(managers(known.managers), {.reduce = Reductions{}, .jobs = jobs});
      EXPECT_EQ(report.verdict, Verdict::holds);
      EXPECT_EQ(report.states, known.states);
      EXPECT_EQ(report.depth, known.depth);
    }
  }
}

TEST(Check, ALimitIsIncompleteNeverHolds) {
  const Model model = managers(5);
  for (const CheckOptions& options : {CheckOptions{.reduce = Reductions{}, .max_states = 100},
                                      CheckOptions{.reduce = Reductions{}, .max_depth = 5},
                                      CheckOptions{.reduce = Reductions{}, .seconds = 0.0},
                                      CheckOptions{.reduce = Reductions{}, .memory_bytes = 1}}) {
    const CheckReport report = check(model, options);
    EXPECT_EQ(report.verdict, Verdict::incomplete);
    EXPECT_FALSE(report.incomplete_because.empty());
    EXPECT_LT(report.states, 8'832U);
  }
}

TEST(Check, MaxStatesCutsAtTheSameLayerForAnyNumberOfThreads) {
  const CheckReport one =
      check(managers(7), {.reduce = Reductions{}, .jobs = 1, .max_states = 50'000});
  const CheckReport two =
      check(managers(7), {.reduce = Reductions{}, .jobs = 2, .max_states = 50'000});
  EXPECT_EQ(one.states, two.states);
  EXPECT_EQ(one.transitions, two.transitions);
  EXPECT_EQ(one.depth, two.depth);
}

void expect_equal_reports(const CheckReport& a, const CheckReport& b) {
  EXPECT_EQ(a.verdict, b.verdict);
  EXPECT_EQ(a.states, b.states);
  EXPECT_EQ(a.transitions, b.transitions);
  EXPECT_EQ(a.depth, b.depth);
  EXPECT_EQ(a.local_states, b.local_states);
  EXPECT_EQ(a.handler_runs, b.handler_runs);
  ASSERT_EQ(a.properties.size(), b.properties.size());
  for (std::size_t i = 0; i < a.properties.size(); ++i) {
    EXPECT_EQ(a.properties[i].verdict, b.properties[i].verdict) << a.properties[i].name;
    EXPECT_EQ(a.properties[i].evaluated, b.properties[i].evaluated) << a.properties[i].name;
  }
}

TEST(Check, ResumingGivesTheSameAnswerAsAnUninterruptedRun) {
  const Model model = managers(7);
  const CheckReport whole = check(model, {.reduce = Reductions{}, .jobs = 1});
  for (const std::uint64_t cut : {1ULL, 1'000ULL, 100'000ULL, 290'000ULL}) {
    const Scratch directory("resume");
    const CheckReport first = check(
        model, {.reduce = Reductions{}, .jobs = 2, .max_states = cut, .resume = directory.path()});
    EXPECT_EQ(first.verdict, Verdict::incomplete);
    const CheckReport second =
        check(model, {.reduce = Reductions{}, .jobs = 2, .resume = directory.path()});
    EXPECT_TRUE(second.resumed);
    expect_equal_reports(whole, second);
  }
}

TEST(Check, ResumingFindsTheSameCounterexample) {
  std::uint32_t compared = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Model model =
        table_model({.seed = seed, .bounds = {.crashes = 1, .restarts = 1}, .violating = true});
    const CheckReport whole =
        check(model, {.reduce = Reductions{}, .jobs = 1, .max_states = 20'000});
    if (!whole.counterexample || whole.states < 20) continue;
    const Scratch directory("resume-violation");
    check(model, {.reduce = Reductions{},
                  .jobs = 1,
                  .max_states = whole.states / 2,
                  .resume = directory.path()});
    const CheckReport second =
        check(model, {.reduce = Reductions{}, .jobs = 1, .resume = directory.path()});
    ASSERT_TRUE(second.counterexample) << seed;
    EXPECT_EQ(second.counterexample->events, whole.counterexample->events) << seed;
    EXPECT_EQ(second.states, whole.states) << seed;
    ++compared;
  }
  EXPECT_GT(compared, 20U);
}

TEST(Check, ACheckpointOfAnotherCheckIsRefused) {
  const Scratch directory("other");
  check(managers(5), {.reduce = Reductions{}, .max_states = 100, .resume = directory.path()});
  EXPECT_THROW(check(managers(7), {.reduce = Reductions{}, .resume = directory.path()}),
               UsageError);
}

TEST(Check, ADamagedCheckpointIsRefused) {
  const Scratch directory("damaged");
  check(managers(5), {.reduce = Reductions{}, .max_states = 1'000, .resume = directory.path()});
  const auto file = directory.path() / "check.checkpoint";
  const auto size = std::filesystem::file_size(file);
  for (const std::uintmax_t at : {size / 2, size - 1}) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(stream.get());
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(static_cast<char>(byte ^ 1));
    stream.close();
    EXPECT_THROW(check(managers(5), {.reduce = Reductions{}, .resume = directory.path()}),
                 DecodeError);
  }
  std::filesystem::resize_file(file, size / 2);
  EXPECT_THROW(check(managers(5), {.reduce = Reductions{}, .resume = directory.path()}),
               DecodeError);
}

TEST(Check, AnUnreachedSometimesIsVacuous) {
  Model model = managers(3);
  model.properties.push_back(sometimes<two_phase_commit::Node>(
      "never", [](const two_phase_commit::View&) { return false; }));
  EXPECT_EQ(check(model).verdict, Verdict::vacuous);
}

TEST(Check, NoPropertiesIsVacuous) {
  Model model = managers(3);
  model.properties.clear();
  EXPECT_EQ(check(model).verdict, Verdict::vacuous);
}

TEST(Check, AnUnknownPropertyIsAUsageError) {
  EXPECT_THROW(check(managers(3), {.properties = {"agreemnt"}}), UsageError);
}

TEST(Check, AViolationHasTheLeastDepthAndTheSameEventsForAnyNumberOfThreads) {
  Model model = managers(7);
  model.properties.push_back(
      always<two_phase_commit::Node>("nobody commits", [](const two_phase_commit::View& node) {
        return node.state != two_phase_commit::State::committed;
      }));
  const CheckReport one = check(model, {.reduce = Reductions{}, .jobs = 1});
  const CheckReport two = check(model, {.reduce = Reductions{}, .jobs = 2});
  ASSERT_TRUE(one.counterexample && two.counterexample);
  EXPECT_EQ(one.counterexample->property, "nobody commits");
  // 8 starts, 7 prepares, 7 deliveries, and the commit.
  EXPECT_EQ(one.counterexample->events.size(), 8U + 7U + 7U + 1U);
  EXPECT_EQ(one.counterexample->events, two.counterexample->events);
  EXPECT_EQ(one.states, two.states);
}

TEST(Check, TheStoreIsSmall) {
  const CheckReport report = check(managers(7), {.reduce = Reductions{}, .jobs = 1});
  EXPECT_LT(report.bytes_per_state, 60.0);
}

}  // namespace
}  // namespace gainsay::testing
