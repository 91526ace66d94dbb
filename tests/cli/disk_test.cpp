// Storage faults as a script sees them: bounds, warnings, the trace and its story, and what is
// refused.
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "tests/cli/program.hpp"

namespace gainsay::testing {
namespace {

using nlohmann::json;

class DiskVerb : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const Scratch scratch("disk");
    const Ran ran =
        run_gainsay(scratch.path(), "check raft --bug ack-before-durable -j 1 --json -o out");
    ASSERT_EQ(ran.code, 1) << ran.err;
    result_ = json::parse(ran.out);
    trace_ = read_text(scratch.path() / std::string(result_["traces"][0]));
  }
  // The event whose handler crashes.
  static json& crashing(json& trace) {
    json& events = trace["run"]["events"];
    const auto found = std::find_if(events.begin(), events.end(),
                                    [](const json& event) { return event.contains("crash_at"); });
    return found == events.end() ? events[0] : *found;
  }
  static json result_;
  static std::string trace_;
};
json DiskVerb::result_;
std::string DiskVerb::trace_;

TEST_F(DiskVerb, TheResultHasTheBoundAndTheWarnings) {
  EXPECT_EQ(result_["bounds"]["unsynced"], 1);
  EXPECT_EQ(result_["faults"], 2);
  EXPECT_EQ(result_["unsynced_sends"],
            json::array({{{"handler", "deliver AppendEntries"}, {"message", "AppendReply"}}}));
  const Scratch scratch("disk-right");
  const Ran right = run_gainsay(scratch.path(),
                                "check raft --crashes 1 --restarts 1 --unsynced 1 --clients 0 "
                                "--option recovers=0 --json -o out");
  EXPECT_EQ(right.code, 0) << right.out << right.err;
  EXPECT_EQ(json::parse(right.out)["unsynced_sends"], json::array());
  const Ran without = run_gainsay(scratch.path(), "check two-phase-commit --json -o out");
  EXPECT_FALSE(json::parse(without.out)["bounds"].contains("unsynced"));
  EXPECT_FALSE(json::parse(without.out).contains("unsynced_sends"));
}

TEST_F(DiskVerb, TheTraceSaysWhereAHandlerCrashesAndReplays) {
  json trace = json::parse(trace_);
  EXPECT_EQ(crashing(trace)["lost"], 1);
  EXPECT_EQ(trace["states"].back()["used"]["unsynced"], json({{"#bigint", "1"}}));
  const Scratch scratch("disk-replay");
  std::ofstream(scratch.path() / "a.trace.json") << trace_;
  const Ran strict = run_gainsay(scratch.path(), "replay a.trace.json");
  EXPECT_EQ(strict.code, 1) << strict.err;
  EXPECT_NE(strict.out.find("as recorded"), std::string::npos) << strict.out;
  EXPECT_NE(strict.out.find("crashing at disk"), std::string::npos) << strict.out;
  EXPECT_EQ(run_gainsay(scratch.path(), "replay --lenient -q a.trace.json").code, 1);
}

TEST_F(DiskVerb, ABrokenCrashInATraceIsRefused) {
  const auto code = [](const std::function<void(json&)>& change) {
    json trace = json::parse(trace_);
    change(trace);
    const Scratch scratch("disk-broken");
    std::ofstream(scratch.path() / "bad.trace.json") << trace.dump();
    return run_gainsay(scratch.path(), "replay -q bad.trace.json").code;
  };
  EXPECT_EQ(code([](json& t) { crashing(t)["crash_at"] = -1; }), 6);
  EXPECT_EQ(code([](json& t) { crashing(t)["crash_at"] = 100'000; }), 6);
  EXPECT_EQ(code([](json& t) { crashing(t)["lost"] = 1U << 31; }), 6);
  EXPECT_EQ(code([](json& t) { crashing(t).erase("crash_at"); }), 6);
  EXPECT_EQ(code([](json& t) { t["run"]["bounds"]["unsynced"] = 4; }), 6);
  EXPECT_EQ(code([](json& t) { crashing(t)["crash_at"] = 9; }), 5);  // no such operation
  EXPECT_EQ(code([](json& t) { crashing(t)["lost"] = 9; }), 5);
  EXPECT_EQ(code([](json& t) { t["run"]["bounds"]["unsynced"] = 0; }), 5);
}

TEST_F(DiskVerb, FlagsThatMeanNothingAreRefused) {
  const Scratch scratch("disk-flags");
  for (const std::string arguments :
       {"raft --unsynced 1", "raft --crashes 1 --unsynced 2", "raft --crashes 9 --unsynced 4",
        "raft --crashes 1 --unsynced -1", "pbft --crashes 1 --unsynced 1"}) {
    const Ran ran = run_gainsay(scratch.path(), "check " + arguments);
    EXPECT_EQ(ran.code, 2) << arguments << ran.out;
    EXPECT_EQ(ran.err.rfind("error: ", 0), 0U) << arguments << ran.err;
  }
  const Ran ran = run_gainsay(scratch.path(), "check raft-core --crashes 1 --unsynced 1");
  EXPECT_NE(ran.err.find("sync their disks themselves"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace gainsay::testing
