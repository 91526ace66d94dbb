// Partitions as a script sees them: the split brain and its trace, what the report says of the
// network, and what is refused.
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "tests/cli/program.hpp"

namespace gainsay::testing {
namespace {

using nlohmann::json;

const std::string split_brain =
    "check raft --bug commit-no-min --network fifo --timeouts 4 --partitions 1 ";

class PartitionVerb : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const Scratch scratch("split-brain");
    const Ran ran = run_gainsay(scratch.path(), split_brain + "-j 1 --json -o out");
    ASSERT_EQ(ran.code, 1) << ran.err;
    result_ = json::parse(ran.out);
    trace_ = read_text(scratch.path() / std::string(result_["traces"][0]));
  }
  static std::size_t index_of(const json& trace, const std::string& kind) {
    const json& events = trace["run"]["events"];
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (events[i]["kind"] == kind) return i;
    }
    return events.size();
  }

  static json result_;
  static std::string trace_;
};
json PartitionVerb::result_;
std::string PartitionVerb::trace_;

TEST_F(PartitionVerb, TheResultSaysItsBoundsAndIsTheSameForTwoThreads) {
  EXPECT_EQ(result_["violated"], "state machine safety");
  EXPECT_EQ(result_["faults"], 1);
  EXPECT_EQ(result_["bounds"]["partitions"], 1);
  EXPECT_EQ(result_["bounds"]["partition_shapes"], json({"symmetric"}));
  EXPECT_EQ(result_["bounds"]["across"], "lost");
  const Scratch scratch("split-brain-two");
  const Ran ran = run_gainsay(scratch.path(), split_brain + "-j 2 --json -o out");
  const json other = json::parse(ran.out);
  EXPECT_EQ(other["states"], result_["states"]);
  EXPECT_EQ(other["transitions"], result_["transitions"]);
  EXPECT_EQ(read_text(scratch.path() / std::string(other["traces"][0])), trace_);
}

TEST_F(PartitionVerb, TheTraceReplaysAndTellsThePartition) {
  const Scratch scratch("split-brain-replay");
  std::ofstream(scratch.path() / "a.trace.json") << trace_;
  const Ran strict = run_gainsay(scratch.path(), "replay a.trace.json");
  EXPECT_EQ(strict.code, 1);
  EXPECT_NE(strict.out.find("as recorded"), std::string::npos) << strict.out;
  EXPECT_NE(strict.out.find("partition n1 n3 | n2\n"), std::string::npos) << strict.out;
  EXPECT_NE(strict.out.find("messages on the way across lost"), std::string::npos) << strict.out;
  EXPECT_NE(strict.out.find("14  heal\n"), std::string::npos) << strict.out;
  EXPECT_EQ(run_gainsay(scratch.path(), "replay --lenient -q a.trace.json").code, 1);
  EXPECT_NE(run_gainsay(scratch.path(), "show --node n1 a.trace.json").out.find("partition"),
            std::string::npos);
}

TEST_F(PartitionVerb, EveryStateOfTheTraceHasTheCut) {
  const json trace = json::parse(trace_);
  const std::size_t partition = index_of(trace, "partition");
  const std::size_t heal = index_of(trace, "heal");
  ASSERT_LT(partition, heal);
  EXPECT_EQ(trace["vars"].back(), "cut");
  for (std::size_t i = 0; i < trace["states"].size(); ++i) {
    const bool is_cut = i > partition && i <= heal;
    EXPECT_EQ(trace["states"][i]["cut"]["#set"].size(), is_cut ? 4U : 0U) << i;
  }
  EXPECT_EQ(trace["states"][heal]["cut"]["#set"][0], json({{"#tup", {"n1", "n2"}}}));
  const json& events = trace["run"]["events"];
  EXPECT_EQ(events[partition]["groups"], json({{"n1", "n3"}, {"n2"}}));
  EXPECT_EQ(events[heal]["causes"], json({partition}));
}

TEST_F(PartitionVerb, ABrokenPartitionInATraceIsRefused) {
  const auto refuse = [](const std::string& what, const std::function<void(json&)>& change,
                         const std::string& kind = "partition") {
    json trace = json::parse(trace_);
    change(trace["run"]["events"][index_of(trace, kind)]);
    const Scratch scratch("broken-partition");
    std::ofstream(scratch.path() / "bad.trace.json") << trace.dump();
    for (const std::string verb : {"replay", "show"}) {
      const Ran ran = run_gainsay(scratch.path(), verb + " bad.trace.json");
      EXPECT_EQ(ran.code, 6) << what << ran.out << ran.err;
      EXPECT_EQ(ran.err.rfind("error: bad.trace.json: run.events[13]", 0), 0U) << what << ran.err;
    }
  };
  refuse("no groups", [](json& e) { e.erase("groups"); });
  refuse("groups a string", [](json& e) { e["groups"] = "n1 | n2"; });
  refuse("one group", [](json& e) { e["groups"] = {{"n1", "n2", "n3"}}; });
  refuse("three groups", [](json& e) { e["groups"] = {{"n1"}, {"n2"}, {"n3"}}; });
  refuse("an empty group", [](json& e) { e["groups"] = {json::array(), {"n1", "n2", "n3"}}; });
  refuse("a group a string", [](json& e) { e["groups"] = json::array({"n1", "n2"}); });
  refuse("a node a number", [](json& e) { e["groups"] = {{1}, {"n2", "n3"}}; });
  refuse("no such node", [](json& e) { e["groups"] = {{"n1", "n3"}, {"n4"}}; });
  refuse("a client", [](json& e) { e["groups"] = {{"n1", "n3"}, {"c1"}}; });
  refuse("a node twice", [](json& e) { e["groups"] = {{"n1", "n1", "n3"}, {"n2"}}; });
  refuse("a node nowhere", [](json& e) { e["groups"] = {{"n1"}, {"n2"}}; });
  refuse("the other way round", [](json& e) { e["groups"] = {{"n2"}, {"n1", "n3"}}; });
  refuse("two bridges", [](json& e) { e["groups"] = {{"n1", "n2", "n3"}, {"n2", "n3"}}; });
  refuse("one_way a number", [](json& e) { e["one_way"] = 1; });
  refuse("a deliver without process", [](json& e) { e["kind"] = "deliver"; });
}

TEST_F(PartitionVerb, BrokenBoundsInATraceAreRefused) {
  const auto refuse = [](const std::string& what, const std::function<void(json&)>& change) {
    json trace = json::parse(trace_);
    change(trace["run"]["bounds"]);
    const Scratch scratch("broken-bounds");
    std::ofstream(scratch.path() / "bad.trace.json") << trace.dump();
    EXPECT_EQ(run_gainsay(scratch.path(), "replay bad.trace.json").code, 6) << what;
  };
  refuse("too many", [](json& bounds) { bounds["partitions"] = 4; });
  refuse("negative", [](json& bounds) { bounds["partitions"] = -1; });
  refuse("no shapes", [](json& bounds) { bounds.erase("partition_shapes"); });
  refuse("empty shapes", [](json& bounds) { bounds["partition_shapes"] = json::array(); });
  refuse("unknown shape", [](json& bounds) { bounds["partition_shapes"] = {"round"}; });
  refuse("a shape twice", [](json& bounds) {
    bounds["partition_shapes"] = {"symmetric", "symmetric"};
  });
  refuse("unknown fate", [](json& bounds) { bounds["across"] = "eaten"; });
  refuse("too many nodes", [](json& bounds) { bounds["nodes"] = 11; });
  refuse("async", [](json& bounds) { bounds["network"] = "async"; });
}

TEST_F(PartitionVerb, APartitionThatTheBoundsDoNotHaveDiverges) {
  json trace = json::parse(trace_);
  json& event = trace["run"]["events"][index_of(trace, "partition")];
  event["one_way"] = true;
  const Scratch scratch("other-partition");
  std::ofstream(scratch.path() / "a.trace.json") << trace.dump();
  const Ran ran = run_gainsay(scratch.path(), "replay -q a.trace.json");
  EXPECT_EQ(ran.code, 5);
  EXPECT_NE(ran.err.find("expected  partition n1 n3 cannot reach n2"), std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("the bounds have no such partition"), std::string::npos) << ran.err;
}

TEST_F(PartitionVerb, FlagsThatMeanNothingAreRefused) {
  const Scratch scratch("partition-flags");
  for (const std::string arguments :
       {"--partitions 1", "--network fifo --partitions 4", "--network fifo --partitions -1",
        "--network fifo --partitions 1 --partition-shapes triangle",
        "--network fifo --partitions 1 --partition-shapes ,",
        "--network fifo --partitions 1 --across up", "--network fifo --partition-shapes bridged",
        "--network fifo --across held", "--network fifo --partitions 1 --nodes 1",
        "--network fifo --partitions 1 --nodes 11",
        "--network fifo --partitions 1 --nodes 2 "
        "--partition-shapes symmetric,bridged"}) {
    const Ran ran = run_gainsay(scratch.path(), "check raft " + arguments);
    EXPECT_EQ(ran.code, 2) << arguments << ran.out;
    EXPECT_EQ(ran.err.rfind("error: ", 0), 0U) << arguments << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << arguments << ran.err;
  }
}

TEST_F(PartitionVerb, TheReportSaysWhatTheNetworkIncludes) {
  const Scratch scratch("partition-report");
  const Ran async = run_gainsay(scratch.path(), "check two-phase-commit --nodes 3 -v");
  EXPECT_NE(async.out.find("delay and partitions are all included"), std::string::npos);
  const Ran cut = run_gainsay(scratch.path(),
                              "check paxos --clients 1 --network fifo --partitions 2 "
                              "--partition-shapes one-way,bridged --across held");
  EXPECT_EQ(cut.code, 0) << cut.err;
  EXPECT_NE(cut.out.find("9 cuts of the nodes; clients reach all nodes"), std::string::npos)
      << cut.out;
  EXPECT_NE(cut.out.find("partitions 2 (one-way, bridged,\n  held)"), std::string::npos) << cut.out;
  std::istringstream lines(async.out + cut.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
}

}  // namespace
}  // namespace gainsay::testing
