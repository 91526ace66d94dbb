#include "explorer/minimize.hpp"

#include <gtest/gtest.h>

#include "explorer/confirm.hpp"
#include "explorer/hunt/hunt.hpp"
#include "explorer/hunt/named_run.hpp"
#include "tests/bugs.hpp"

namespace gainsay {
namespace {

Model model_with(const std::string& system, const std::string& bug) {
  const CatalogEntry& entry = *find_system(system);
  for (const Bug& one : entry.bugs) {
    if (one.name == bug) return entry.make(variant(one));
  }
  throw std::logic_error("no such bug");
}

// The longest of several runs that break the system.
Counterexample long_run(const Model& model) {
  const HuntReport report =
      hunt(model, {.strategy = "uniform", .runs = 20'000, .jobs = 1, .findings_max = 5});
  Counterexample longest;
  for (const HuntFinding& finding : report.findings) {
    if (finding.counterexample.events.size() > longest.events.size()) {
      longest = finding.counterexample;
    }
  }
  return longest;
}

TEST(Minimize, WithoutASearchNoSingleEventCanBeLeftOut) {
  const Model model = model_with("raft", "vote-not-persisted");
  const Counterexample run = long_run(model);
  ASSERT_FALSE(run.events.empty());
  const MinimizeReport report = minimize(model, run, {.max_states = 0});
  EXPECT_EQ(report.events_before, run.events.size());
  EXPECT_EQ(report.counterexample.property, run.property);
  EXPECT_EQ(report.counterexample.faults, 1U);
  EXPECT_FALSE(report.shortest);
  confirm(model, report.counterexample);
  NamedRun again(model, report.counterexample);
  for (std::uint32_t left_out = 3; left_out < again.size(); ++left_out) {
    NamedRun::Events rest;
    for (std::uint32_t i = 0; i < again.size(); ++i) {
      if (i != left_out) rest.push_back(i);
    }
    EXPECT_FALSE(again.try_events(rest)) << left_out;
  }
}

TEST(Minimize, NeverChangesWhatIsBroken) {
  // Both runs break several properties somewhere.
  for (const char* bug : {"commit-no-min", "quorum-off-by-one"}) {
    const Model model = model_with("raft", bug);
    const HuntReport report =
        hunt(model, {.runs = 200'000, .jobs = 1, .findings_max = 2, .minimize = false});
    for (const HuntFinding& finding : report.findings) {
      const auto shrunk = minimize(model, finding.counterexample, {.max_states = 100'000});
      EXPECT_EQ(shrunk.counterexample.property, finding.counterexample.property);
      EXPECT_LE(shrunk.counterexample.events.size(), finding.counterexample.events.size());
      EXPECT_LE(shrunk.counterexample.faults, finding.counterexample.faults);
    }
  }
}

TEST(Minimize, ARunThatBreaksNothingIsRefused) {
  const Model model = model_with("raft", "vote-not-persisted");
  Counterexample run = long_run(model);
  run.events.pop_back();
  EXPECT_THROW(minimize(model, run), UsageError);
  run.kind = PropertyKind::recovers;
  EXPECT_THROW(minimize(model, run), UsageError);
}

TEST(Minimize, ASecondTimeChangesNothing) {
  const Model model = model_with("raft", "vote-not-persisted");
  const auto once = minimize(model, long_run(model), {.max_states = 0});
  const auto twice = minimize(model, once.counterexample, {.max_states = 0});
  EXPECT_EQ(twice.counterexample.events, once.counterexample.events);
}

}  // namespace
}  // namespace gainsay
