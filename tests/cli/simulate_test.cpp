#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.hpp"

namespace gainsay::testing {
namespace {

using nlohmann::json;

TEST(SimulateVerb, ASeedGivesTheSameBytes) {
  const Scratch scratch("simulate-bytes");
  const auto results = [&](const std::string& seed) {
    const Ran ran = run_gainsay(scratch.path(),
                                "simulate raft --nodes 5 --duration 5 --latency 5 "
                                "20 --packet-loss 0.1 --output results.json "
                                "--seed " +
                                    seed);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.out.find("nothing violated in this run"), std::string::npos);
    return read_text(scratch.path() / "results.json");
  };
  const std::string once = results("1");
  EXPECT_EQ(once, results("1"));
  EXPECT_NE(once, results("2"));
  const json result = json::parse(once);
  EXPECT_EQ(result["verdict"], "not violated");
  EXPECT_EQ(result["network"]["latency"], "5ms..20ms");
  EXPECT_EQ(result["simulated_ns"], 5'000'000'000);
}

TEST(SimulateVerb, OtherNamesOfSystems) {
  const Scratch scratch("simulate-names");
  EXPECT_EQ(run_gainsay(scratch.path(), "simulate --algorithm pbft --duration 1").code, 0);
  EXPECT_EQ(run_gainsay(scratch.path(), "simulate raft --algorithm pbft").code, 2);
}

TEST(SimulateVerb, SignaturesAreRealUnlessToldOtherwise) {
  const Scratch scratch("simulate-signatures");
  const auto figures = [&](const std::string& flags) {
    const Ran ran = run_gainsay(scratch.path(), "simulate pbft --duration 1s --json " + flags);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return json::parse(ran.out)["signatures"];
  };
  EXPECT_GT(figures("")["verified"], figures("")["made"]);
  EXPECT_EQ(figures("--signatures ideal")["made"], 0);
  EXPECT_GT(figures("--tampering 1%")["refused"], 0);
  for (const char* bad :
       {"pbft --signatures rsa", "raft --tampering 1%", "pbft --signatures ideal --tampering 1%",
        "pbft --tampering 2", "raft --unsynced 1 --crash n1@1s", "raft --unsynced 1 --disk 1ms",
        "pbft --unsynced 1 --disk 1ms --crash n1@1s", "raft --disk n9=1ms",
        "raft --disk n1=", "raft --link n1", "raft --clock-step n1"}) {
    EXPECT_EQ(run_gainsay(scratch.path(), "simulate " + std::string(bad)).code, 2) << bad;
  }
}

TEST(SimulateVerb, MoreTraitorsThanPbftBears) {
  const Scratch scratch("simulate-traitors");
  const std::string command =
      "simulate pbft --duration 2s --no-minimize --option behaviour=two-faced@";
  EXPECT_EQ(run_gainsay(scratch.path(), command + "n1").code, 0);
  const Ran broken = run_gainsay(scratch.path(), command + "n1+n2");
  EXPECT_EQ(broken.code, 1) << broken.err;
  EXPECT_NE(broken.out.find("\"agreement\" is violated"), std::string::npos);
}

TEST(SimulateVerb, AHistoryWithoutAnswersIsNotJudged) {
  const Scratch scratch("simulate-silent");
  const Ran ran =
      run_gainsay(scratch.path(),
                  "simulate raft --nodes 3 --clients 1 --loss 100% --duration 3s -o figures.json");
  const json figures = json::parse(read_text(scratch.path() / "figures.json"));
  for (const json& property : figures["properties"]) {
    if (property["name"] != "linearizability") continue;
    EXPECT_EQ(property["evaluated"], 0) << property;
  }
  EXPECT_EQ(ran.code, 4) << ran.err;
}

TEST(SimulateVerb, ScenariosAreAsExpected) {
  const Scratch scratch("simulate-scenarios");
  for (const char* name : {"split-brain", "leader-loss", "data-consistency", "stress"}) {
    const Ran ran = run_gainsay(scratch.path(), "simulate scenario/" + std::string(name));
    EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
    EXPECT_NE(ran.out.find("as expected"), std::string::npos);
    EXPECT_EQ(ran.out.find("NOT SO"), std::string::npos);
  }
}

// A run that ends in the middle: flags replace the scenario's own.
TEST(SimulateVerb, AScenarioMayNotBeAsExpected) {
  const Scratch scratch("simulate-unexpected");
  const Ran ran =
      run_gainsay(scratch.path(), "simulate scenario/split-brain --duration 15s --json");
  EXPECT_EQ(ran.code, 1) << ran.err;
  const json result = json::parse(ran.out);
  bool missed = false;
  for (const auto& one : result["expectations"]) missed = missed || !one["met"].get<bool>();
  EXPECT_TRUE(missed);
}

TEST(SimulateVerb, LinesFitInEightyColumns) {
  const Scratch scratch("simulate-columns");
  for (const char* arguments :
       {"raft --duration 3 --crash n1@1s+1s --partition '1s-2s:n1,n2|n3,n4,n5'",
        "multi-paxos --duration 3", "scenario/leader-loss", "balancer --duration 2"}) {
    const Ran ran = run_gainsay(scratch.path(), "simulate " + std::string(arguments));
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  }
}

TEST(SimulateVerb, MistakesAreNamed) {
  const Scratch scratch("simulate-usage");
  const auto error_of = [&](const std::string& arguments) {
    const Ran ran = run_gainsay(scratch.path(), "simulate " + arguments);
    EXPECT_EQ(ran.code, 2) << arguments << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    return ran.err;
  };
  EXPECT_NE(error_of("").find("needs a system"), std::string::npos);
  EXPECT_NE(error_of("raff").find("did you mean 'raft'"), std::string::npos);
  EXPECT_NE(error_of("scenario/split-brian").find("did you mean 'split-brain'"), std::string::npos);
  EXPECT_NE(error_of("raft --latency 5x").find("--latency"), std::string::npos);
  EXPECT_NE(error_of("raft --loss 2").find("at most 1"), std::string::npos);
  EXPECT_NE(error_of("raft --crash n9@1s").find("no node 'n9'"), std::string::npos);
  EXPECT_NE(error_of("raft --partition 1s-2s").find("--partition"), std::string::npos);
  EXPECT_NE(error_of("raft --load 0").find("at least one"), std::string::npos);
  EXPECT_NE(error_of("raft --nodes 5000").find("at most 4,096 processes"), std::string::npos);
  EXPECT_NE(error_of("pbft --crash n1@1s+1s").find("stays down"), std::string::npos);
  EXPECT_NE(error_of("raft --option load-keys=0").find("load-keys"), std::string::npos);
}

TEST(SimulateVerb, TimersMayBeLongerOnTopOfDrift) {
  const Scratch scratch("timers");
  const Ran ran = run_gainsay(
      scratch.path(), "simulate raft --nodes 3 --duration 1s --timers 3 --drift n2=1000 --json");
  EXPECT_EQ(ran.code, 0) << ran.err;
  const json drifts = json::parse(ran.out)["network"]["clock_drift_ppm"];
  EXPECT_EQ(drifts, json({2'000'000, 2'003'000, 2'000'000}));
  EXPECT_EQ(run_gainsay(scratch.path(), "simulate raft --timers 0").code, 2);
  EXPECT_EQ(run_gainsay(scratch.path(), "simulate raft --timers 101").code, 2);
}

}  // namespace
}  // namespace gainsay::testing
