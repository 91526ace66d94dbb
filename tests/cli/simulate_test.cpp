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
                                "simulate raft --nodes 5 --duration 5 --latency 50 "
                                "200 --packet-loss 0.1 --output results.json "
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
  EXPECT_EQ(result["network"]["latency"], "50ms..200ms");
  EXPECT_EQ(result["simulated_ns"], 5'000'000'000);
}

TEST(SimulateVerb, OtherNamesOfSystems) {
  const Scratch scratch("simulate-names");
  EXPECT_EQ(run_gainsay(scratch.path(), "simulate --algorithm pbft --duration 1").code, 0);
  EXPECT_EQ(run_gainsay(scratch.path(), "simulate raft --algorithm pbft").code, 2);
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

// Without its other half the minority cannot be told from a majority: flags replace the scenario's.
TEST(SimulateVerb, AScenarioMayNotBeAsExpected) {
  const Scratch scratch("simulate-unexpected");
  const Ran ran = run_gainsay(scratch.path(),
                              "simulate scenario/split-brain --partition '10s-29s:n1|n2' --json");
  EXPECT_EQ(ran.code, 1) << ran.err;
  const json result = json::parse(ran.out);
  bool missed = false;
  for (const auto& one : result["expectations"]) missed = missed || !one["met"].get<bool>();
  EXPECT_TRUE(missed);
}

// Its data are the figures, with when each fault ended, and the command that gives them again.
TEST(SimulateVerb, APageHasTheFiguresAndTheCommand) {
  const Scratch scratch("simulate-page");
  const std::string command =
      "simulate raft --nodes 5 --duration 4 --crash n1@1s+1s --crash n2@3s --partition "
      "'1s-2s:n1|n3,n4' --partition '2s-9s:n1>n2' --latency 1 2";
  const Ran ran =
      run_gainsay(scratch.path(), command + " -o out.json --visualize --report other.html");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("the page is in out.html"), std::string::npos);
  const std::string html = read_text(scratch.path() / "out.html");
  EXPECT_EQ(html, read_text(scratch.path() / "other.html"));
  const std::string begin = R"(id="data">)";
  const std::size_t at = html.find(begin) + begin.size();
  const json data = json::parse(html.substr(at, html.find("</script>", at) - at));
  EXPECT_EQ(data["kind"], "report");
  json figures = json::parse(read_text(scratch.path() / "out.json"));
  EXPECT_EQ(data["results"]["timeline"]["answers"].size(), figures["timeline"]["intervals"].size());
  EXPECT_EQ(data["results"]["faults"], figures["faults"]);
  std::vector<json> ends;
  for (const json& fault : figures["faults"]) ends.push_back(fault["until_ns"]);
  EXPECT_EQ(ends, (std::vector<json>{2'000'000'000, 2'000'000'000, nullptr, nullptr}));

  // Run again, as it is written there.
  const std::string again =
      data["command"].get<std::string>().substr(std::string("gainsay ").size());
  ASSERT_EQ(run_gainsay(scratch.path(), again + " -o again.json").code, 0) << again;
  EXPECT_EQ(read_text(scratch.path() / "again.json"), read_text(scratch.path() / "out.json"));
}

TEST(SimulateVerb, APageIsNeverInPlaceOfTheFigures) {
  const Scratch scratch("simulate-page-place");
  const std::string run = "simulate raft --duration 1 --no-properties";
  EXPECT_EQ(run_gainsay(scratch.path(), run + " -o x.html --visualize").code, 2);
  EXPECT_FALSE(std::filesystem::exists(scratch.path() / "x.html"));
  EXPECT_EQ(run_gainsay(scratch.path(), run + " --visualize").code, 0);
  EXPECT_TRUE(std::filesystem::exists(scratch.path() / "gainsay-out" / "simulation.html"));
  EXPECT_EQ(run_gainsay(scratch.path(), run + " -o x.json --report x.json/page.html").code, 74);
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
  EXPECT_NE(error_of("raft --nodes 100").find("at most 64 nodes"), std::string::npos);
  EXPECT_NE(error_of("pbft --crash n1@1s+1s").find("stays down"), std::string::npos);
  EXPECT_NE(error_of("raft --option load-keys=0").find("load-keys"), std::string::npos);
}

}  // namespace
}  // namespace gainsay::testing
