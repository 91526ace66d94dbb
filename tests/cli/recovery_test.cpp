// Recovery as a script sees it: exit codes, JSON, and the replay of a run to where there is no way
// back.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "tests/cli/program.hpp"

namespace gainsay::testing {
namespace {

using nlohmann::json;

json recovery_of(const json& result) {
  for (const json& property : result["properties"]) {
    if (property["kind"] == "recovers") return property;
  }
  return nullptr;
}

TEST(Recovers, HoldsWithWhatItWasAskedOfInTheResult) {
  const Scratch scratch("recovers");
  for (const std::string jobs : {"1", "2"}) {
    const Ran ran = run_gainsay(
        scratch.path(), "check raft --clients 0 --crashes 1 --restarts 1 --json -j " + jobs);
    EXPECT_EQ(ran.code, 0) << ran.err;
    const json property = recovery_of(json::parse(ran.out));
    EXPECT_EQ(property["verdict"], "holds");
    EXPECT_EQ(property["recovery"]["vectors"], 1098);
    EXPECT_EQ(property["recovery"]["limits"]["term"], 4);
    EXPECT_EQ(property["recovery"]["undecided"], 0);
    EXPECT_EQ(property["recovery"]["worlds"], 2796);
  }
  const Ran ran = run_gainsay(scratch.path(), "list properties");
  EXPECT_NE(ran.out.find("recovers      a leader again"), std::string::npos) << ran.out;
}

TEST(Recovers, OneThatIsCutShortSaysOfHowManyNothingIsKnown) {
  const Scratch scratch("recovers-cut");
  const Ran ran =
      run_gainsay(scratch.path(),
                  "check raft --clients 0 --crashes 1 --restarts 1 --max-states 1200 --json -q");
  EXPECT_EQ(ran.code, 3) << ran.err;
  const json result = json::parse(ran.out);
  EXPECT_EQ(result["incomplete_because"], "--max-states 1200, asking \"a leader again\"");
  EXPECT_EQ(recovery_of(result)["recovery"]["undecided"], 1098);
}

// A whole search has judged the others, whatever `recovers` says behind it.
TEST(Recovers, WhatMustLastIsVacuousWhereNoStartIsGood) {
  const Scratch scratch("settles-vacuous");
  const Ran ran = run_gainsay(scratch.path(),
                              "check raft --nodes 3 --option stays=1,propose=0 --limit "
                              "term=0,log=1 --property 'a leader that stays' --json");
  EXPECT_EQ(ran.code, 4) << ran.err;
  EXPECT_EQ(recovery_of(json::parse(ran.out))["verdict"], "vacuous");
}

TEST(Recovers, AViolationOfItLeavesTheOthersAsTheyAre) {
  const Scratch scratch("recovers-others");
  for (const std::string reduce : {"none", "auto", "dead-messages,eager", "symmetry"}) {
    const Ran ran = run_gainsay(scratch.path(),
                                "check raft --bug no-retry-of-election --json --reduce " + reduce);
    EXPECT_EQ(ran.code, 1) << ran.err;
    const json result = json::parse(ran.out);
    for (const json& property : result["properties"]) {
      const bool recovers = property["kind"] == "recovers";
      EXPECT_EQ(property["verdict"], recovers ? "violated" : "holds") << reduce << property;
    }
  }
}

TEST(Recovers, WithTwoVotersTheOneThatHearsNobodyMayLeadForEver) {
  const Scratch scratch("two-voters");
  const Ran ran =
      run_gainsay(scratch.path(), "check raft --nodes 2 --clients 0 --option prevote=1,stays=2");
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("--option stays needs three voters"), std::string::npos) << ran.err;
}

TEST(Recovers, AViolationReplaysAndIsNoneWithoutTheBug) {
  const Scratch scratch("no-way-back");
  const Ran found =
      run_gainsay(scratch.path(), "check raft --bug no-timer-after-restart --json -o out");
  EXPECT_EQ(found.code, 1) << found.err;
  const json result = json::parse(found.out);
  EXPECT_EQ(result["violated"], "a leader again");
  EXPECT_TRUE(result["shortest"].get<bool>());
  const std::string trace = result["traces"][0];
  const Ran replayed = run_gainsay(scratch.path(), "replay '" + trace + "'");
  EXPECT_EQ(replayed.code, 1) << replayed.err;
  EXPECT_NE(replayed.out.find("Faults stop here"), std::string::npos) << replayed.out;
  EXPECT_NE(replayed.out.find("as recorded"), std::string::npos) << replayed.out;
  EXPECT_EQ(run_gainsay(scratch.path(), "replay -q --to 2 '" + trace + "'").code, 0);
  // The run is the same without the bug, which shows in the restarts that come behind it.
  const auto file = scratch.path() / trace;
  const std::string text =
      std::regex_replace(read_text(file), std::regex("\"bug\": \"[a-z-]+\""), "\"bug\": \"\"");
  std::ofstream(file) << text;
  const Ran correct = run_gainsay(scratch.path(), "replay -q '" + trace + "'");
  EXPECT_EQ(correct.code, 5);
  EXPECT_NE(correct.err.find("none, in the same world"), std::string::npos) << correct.err;
}

}  // namespace
}  // namespace gainsay::testing
