// gainsay.json: what it sets, what wins over it, and how a bad one is refused.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.hpp"

namespace gainsay::testing {
namespace {

using nlohmann::json;

void write(const Scratch& scratch, const std::string& text, const char* name = "gainsay.json") {
  std::ofstream(scratch.path() / name) << text;
}

json figures(const Scratch& scratch, const std::string& flags,
             const std::string& environment = "") {
  const Ran ran =
      run_gainsay(scratch.path(), "simulate raft --duration 3s --json " + flags, environment);
  EXPECT_EQ(ran.code, 0) << ran.err;
  return ran.code == 0 ? json::parse(ran.out) : json();
}

constexpr const char* weather = R"({
  "simulate": {
    "nodes": 3, "loss": "1%", "latency": [5, 10], "seed": "2a", "value_size": 64, "regular": true,
    "options": {"pipeline": 1}, "drift": {"n1": 200, "n2": -50},
    "crashes": [{"node": "n1", "at": "1s", "for": "500ms"}, "n2@2s+100ms"],
    "partitions": [{"at": "1s", "until": "2s", "groups": [["n1"], ["n2", "n3"]], "one_way": true}],
    "clock_steps": [{"node": "n3", "at": "1500ms", "by": "-20ms"}],
    "disk": "1ms", "links": {"n1>n2": {"latency": "80ms", "loss": 0.5}}
  },
  "check": {"nodes": "3"}
})";

TEST(Configuration, IsTheFlagsItNames) {
  const Scratch by_file("configuration-file");
  write(by_file, weather);
  const Scratch by_flags("configuration-flags");
  const std::string flags =
      "--nodes 3 --loss 1% --latency 5 10 --seed 2a --value-size 64 --regular --option pipeline=1 "
      "--drift n1=200,n2=-50 --crash n1@1s+500ms --crash n2@2s+100ms "
      "--partition '1s-2s:n1>n2,n3' --clock-step n3@1500ms-20ms --disk 1ms "
      "--link 'n1>n2:latency=80ms,loss=0.5'";
  const json figures_of_file = figures(by_file, "");
  EXPECT_EQ(figures_of_file, figures(by_flags, flags));
  EXPECT_EQ(figures_of_file["faults"].size(), 4U);
  EXPECT_EQ(figures_of_file["network"]["links"][0]["latency"], "80ms");
}

TEST(Configuration, FlagsWinThenTheEnvironment) {
  const Scratch scratch("configuration-order");
  write(scratch, R"({"simulate": {"seed": "5", "crashes": ["n1@1s"], "loss": "90%"}})");
  const std::string environment = "GAINSAY_SEED=6 GAINSAY_LOSS=0";
  EXPECT_EQ(figures(scratch, "--loss 0")["seed"], "0000000000000005");
  EXPECT_EQ(figures(scratch, "", environment)["seed"], "0000000000000006");
  const json by_flag = figures(scratch, "--seed 7 --crash n2@2s", environment);
  EXPECT_EQ(by_flag["seed"], "0000000000000007");
  ASSERT_EQ(by_flag["faults"].size(), 1U);
  EXPECT_EQ(by_flag["faults"][0]["fault"], "crash n2");
}

TEST(Configuration, AnotherFileMayBeNamed) {
  const Scratch scratch("configuration-named");
  write(scratch, R"({"simulate": {"seed": "5"}})", "storm.json");
  EXPECT_EQ(figures(scratch, "--config storm.json")["seed"], "0000000000000005");
  EXPECT_EQ(run_gainsay(scratch.path(), "simulate raft --config none.json").code, 2);
}

TEST(Configuration, ScenariosTakeNothingFromIt) {
  const Scratch scratch("configuration-scenario");
  const std::string command = "simulate scenario/split-brain --json";
  const Ran before = run_gainsay(scratch.path(), command);
  write(scratch, R"({"simulate": {"loss": "90%"}})");
  EXPECT_EQ(run_gainsay(scratch.path(), command).out, before.out);
}

TEST(Configuration, OtherVerbsReadItToo) {
  const Scratch scratch("configuration-check");
  write(scratch, R"({"check": {"max_states": 10, "allow": "incomplete", "crashes": 1,
                              "limits": {"term": 1}}})");
  const Ran ran = run_gainsay(scratch.path(), "check raft-core --json");
  EXPECT_EQ(ran.code, 0) << ran.err;
  const json result = json::parse(ran.out);
  EXPECT_EQ(result["verdict"], "incomplete");
  EXPECT_EQ(result["bounds"]["crashes"], 1);
  EXPECT_EQ(result["bounds"]["limits"]["term"], 1);
}

// One line, with the place of what is wrong.
TEST(Configuration, BadFilesAreRefused) {
  struct Bad {
    const char* text;
    const char* place;
  };
  const std::vector<Bad> all = {
      {"", "not JSON"},
      {"[]", "the file is not an object"},
      {R"({"simulate": 3})", "simulate is not an object"},
      {R"({"simulte": {}})", "did you mean 'simulate'?"},
      {R"({"simulate": {"losss": 1}})", "simulate.losss: there is no such setting; did you mean"},
      {R"({"check": {"losss": 1}})", "check.losss: there is no such setting"},
      {R"({"simulate": {"loss": 2}})", "gainsay.json: simulate.loss: --loss"},
      {R"({"simulate": {"loss": null}})", "simulate.loss is neither a string nor a number"},
      {R"({"simulate": {"loss": {}}})", "simulate.loss is an object"},
      {R"({"simulate": {"loss": [1, 2]}})", "simulate.loss: is a list"},
      {R"({"simulate": {"loss": 1, "loss": 2}})", "twice"},
      {R"({"simulate": {"crash": [], "crashes": []}})", "simulate.crashes is set twice"},
      {R"({"simulate": {"closed": 3}})", "simulate.closed: is true or false"},
      {R"({"simulate": {"clients": "x"}})", "simulate.clients: "},
      {R"({"simulate": {"clients": -1}})", "simulate.clients: "},
      {R"({"simulate": {"seed": "a\nb"}})", "simulate.seed has control characters"},
      {R"({"simulate": {"crashes": ["n1@1s", "n1@x"]}})", "simulate.crashes[1]: --crash n1@x"},
      {R"({"simulate": {"crashes": [{"at": "1s"}]}})", "simulate.crashes[0] lacks \"node\""},
      {R"({"simulate": {"crashes": [{"node": "n1", "at": "1s", "to": 3}]}})",
       "simulate.crashes[0].to is not known"},
      {R"({"simulate": {"crashes": [{"node": [], "at": "1s"}]}})", "simulate.crashes[0].node is"},
      {R"({"simulate": {"partitions": [{"at": "1s", "groups": [["n1"]]}]}})",
       "simulate.partitions[0].groups is not a list of two"},
      {R"({"simulate": {"partitions": [{"at": "1s", "groups": [["n1"], []]}]}})",
       "simulate.partitions[0].groups[1] is empty"},
      {R"({"simulate": {"partitions": [{"at": 2, "until": 1, "groups": [["n1"], ["n2"]]}]}})",
       "simulate.partitions[0]: --partition 2-1:n1|n2 ends before it begins"},
      {R"({"simulate": {"links": {"n1>n2": {"speed": 3}}}})", "simulate.links.n1>n2: --link"},
      {R"({"simulate": {"links": {"n1>n2": 3}}})", "simulate.links.n1>n2 is not an object"},
      {R"({"simulate": {"disks": {"n9": "3ms"}}})", "simulate.disks.n9: --disk n9=3ms"},
      {R"({"simulate": {"drift": {"n1,n2": 3}}})", "simulate.drift.n1,n2 has ',' or '='"},
      {R"({"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}}}})", "nested"},
  };
  const Scratch scratch("configuration-bad");
  for (const Bad& bad : all) {
    write(scratch, bad.text);
    const Ran ran = run_gainsay(scratch.path(), "simulate raft --duration 1s");
    EXPECT_EQ(ran.code, 2) << bad.text << "\n" << ran.err;
    EXPECT_NE(ran.err.find("gainsay.json: "), std::string::npos) << bad.text << "\n" << ran.err;
    EXPECT_NE(ran.err.find(bad.place), std::string::npos) << bad.text << "\n" << ran.err;
    EXPECT_EQ(ran.err.find('\n'), ran.err.size() - 1) << bad.text << "\n" << ran.err;
  }
  write(scratch, std::string(2'000'000, ' '));
  EXPECT_EQ(run_gainsay(scratch.path(), "simulate raft").code, 2);
}

}  // namespace
}  // namespace gainsay::testing
