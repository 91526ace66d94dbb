// Committed traces and results in the forms of continuous integration.
#include <gtest/gtest.h>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/program.hpp"

namespace gainsay::testing {
namespace {

using boost::property_tree::ptree;
using nlohmann::json;

constexpr const char* traces = GAINSAY_SOURCE_DIR "/traces";

std::filesystem::path copy_of(const Scratch& scratch, const std::string& name) {
  const auto path = scratch.path() / name;
  std::filesystem::copy_file(std::filesystem::path(traces) / name, path);
  return path;
}

// The same trace of a system from which the bug was taken away.
void mend(const std::filesystem::path& path) {
  std::string text = read_text(path);
  const std::size_t at = text.find("\"bug\"");
  ASSERT_NE(at, std::string::npos);
  const std::size_t value = text.find('"', text.find(':', at));
  text.replace(value, text.find('"', value + 1) + 1 - value, "\"\"");
  std::ofstream(path, std::ios::binary) << text;
}

ptree xml_of(const std::filesystem::path& path) {
  ptree tree;
  boost::property_tree::read_xml(path.string(), tree);
  return tree;
}

TEST(CampaignReplay, EveryCommittedTraceIsOfASeededBugAndStillViolates) {
  const Scratch scratch("replay_all");
  const Ran ran =
      run_gainsay(scratch.path(), "campaign replay --expect violated " + std::string(traces));
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("still violates"), std::string::npos) << ran.out;
}

TEST(CampaignReplay, ViolatedFixedDivergedAndUnreadableAreFourOutcomes) {
  const Scratch scratch("replay_four");
  copy_of(scratch, "raft-no-dedupe.trace.json");
  mend(copy_of(scratch, "paxos-quorum-half.trace.json"));
  const auto other = copy_of(scratch, "raft-split-brain.trace.json");
  std::string text = read_text(other);
  for (std::size_t at = 0; (at = text.find("RequestVote", at)) != std::string::npos; at += 4) {
    text.replace(at, 11, "AskForAVote");
  }
  std::ofstream(other, std::ios::binary) << text;
  std::ofstream(scratch.path() / "torn.trace.json") << "{\"#meta\":";

  const Ran ran = run_gainsay(scratch.path(), "campaign replay --json --junit out.xml .");
  EXPECT_EQ(ran.code, 6) << ran.out << ran.err;  // the worst of the four
  std::map<std::string, std::string> outcomes;
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) {
    const json row = json::parse(line);
    outcomes[std::filesystem::path(std::string(row["trace"])).filename().string()] = row["outcome"];
  }
  EXPECT_EQ(outcomes["raft-no-dedupe.trace.json"], "still violates");
  EXPECT_EQ(outcomes["paxos-quorum-half.trace.json"], "fixed");
  EXPECT_EQ(outcomes["raft-split-brain.trace.json"], "diverged");
  EXPECT_EQ(outcomes["torn.trace.json"], "unreadable");

  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t tests = 0;
  const ptree all = xml_of(scratch.path() / "out.xml").get_child("testsuites");
  for (const auto& [name, suite] : all) {
    if (name != "testsuite") continue;
    tests += suite.get<std::size_t>("<xmlattr>.tests");
    failures += suite.get<std::size_t>("<xmlattr>.failures");
    errors += suite.get<std::size_t>("<xmlattr>.errors");
  }
  EXPECT_EQ(tests, 4U);
  EXPECT_EQ(failures, 1U);
  EXPECT_EQ(errors, 2U);
}

TEST(CampaignReplay, AMendedTracePassesUnlessItsBugIsExpected) {
  const Scratch scratch("replay_fixed");
  mend(copy_of(scratch, "paxos-quorum-half.trace.json"));
  EXPECT_EQ(run_gainsay(scratch.path(), "campaign replay .").code, 0);
  EXPECT_EQ(run_gainsay(scratch.path(), "campaign replay --expect violated .").code, 5);
}

TEST(CampaignReplay, NoTraceAtAllIsNoSuccess) {
  const Scratch scratch("replay_none");
  EXPECT_EQ(run_gainsay(scratch.path(), "campaign replay .").code, 2);
  EXPECT_EQ(run_gainsay(scratch.path(), "campaign replay nowhere").code, 6);
}

TEST(CiReports, GitHubGetsAnnotationsAndATable) {
  const Scratch scratch("github");
  copy_of(scratch, "raft-no-dedupe.trace.json");
  EXPECT_EQ(run_gainsay(scratch.path(), "campaign replay .").out.find("::error"),
            std::string::npos);
  const Ran ran = run_gainsay(scratch.path(), "campaign replay .",
                              "GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=summary.md");
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_NE(ran.out.find("::error file=./raft-no-dedupe.trace.json,title=raft%3A raft-no-dedupe"),
            std::string::npos)
      << ran.out;
  const std::string table = read_text(scratch.path() / "summary.md");
  EXPECT_NE(table.find("| raft | raft-no-dedupe.trace.json | **failed** |"), std::string::npos)
      << table;
}

TEST(CiReports, ACheckWritesACaseForEachProperty) {
  const Scratch scratch("junit_check");
  const Ran ran =
      run_gainsay(scratch.path(), "check two-phase-commit --bug abort-in-doubt -q --junit out.xml");
  EXPECT_EQ(ran.code, 1) << ran.err;
  const ptree suite = xml_of(scratch.path() / "out.xml").get_child("testsuites.testsuite");
  std::size_t failures = 0;
  for (const auto& [name, one] : suite) {
    if (name != "testcase" || !one.get_child_optional("failure")) continue;
    ++failures;
    EXPECT_EQ(one.get<std::string>("<xmlattr>.name"), "agreement");
    EXPECT_NE(one.get<std::string>("failure").find("gainsay replay gainsay-out/"),
              std::string::npos);
  }
  EXPECT_EQ(failures, 1U);
  EXPECT_EQ(suite.get<std::size_t>("<xmlattr>.failures"), 1U);
}

TEST(CiReports, ACheckThatIsCutShortPassesNoProperty) {
  const Scratch scratch("junit_incomplete");
  const Ran ran = run_gainsay(scratch.path(), "check raft -q --max-states 100 --junit out.xml");
  EXPECT_EQ(ran.code, 3) << ran.err;
  const ptree suite = xml_of(scratch.path() / "out.xml").get_child("testsuites.testsuite");
  for (const auto& [name, one] : suite) {
    if (name != "testcase") continue;
    const bool is_reached = !one.get_child_optional("error");
    // Only what was seen to happen is an answer before the end.
    if (is_reached) {
      EXPECT_NE(ran.out.find("sometimes"), std::string::npos)
          << one.get<std::string>("<xmlattr>.name");
    }
  }
  EXPECT_GT(suite.get<std::size_t>("<xmlattr>.errors"), 5U);
}

// What was not settled is skipped where that is waived, or another property is violated first.
TEST(CiReports, WhatIsNotSettledIsSkippedNotPassed) {
  const Scratch scratch("junit_skipped");
  const auto skipped = [&](const std::string& command, int code) {
    EXPECT_EQ(run_gainsay(scratch.path(), command + " -q --junit out.xml").code, code);
    const ptree suite = xml_of(scratch.path() / "out.xml").get_child("testsuites.testsuite");
    EXPECT_EQ(suite.get<std::size_t>("<xmlattr>.errors"), 0U);
    std::size_t count = 0;
    for (const auto& [name, one] : suite) {
      count += name == "testcase" && one.get_child_optional("skipped") ? 1 : 0;
    }
    EXPECT_EQ(suite.get<std::size_t>("<xmlattr>.skipped"), count);
    return count;
  };
  EXPECT_GT(skipped("check raft --max-states 5 --allow incomplete", 0), 10U);
  EXPECT_GT(skipped("check raft --bug stale-vote-reply", 1), 5U);
  EXPECT_EQ(skipped("check two-phase-commit", 0), 0U);
}

// Annotations leave the one line of JSON alone.
TEST(CiReports, JsonStaysJsonInsideGitHub) {
  const Scratch scratch("github_json");
  const Ran ran =
      run_gainsay(scratch.path(), "check two-phase-commit --bug abort-in-doubt -q --json",
                  "GITHUB_ACTIONS=true");
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out.find("::error"), std::string::npos) << ran.out;
  EXPECT_NE(ran.err.find("::error"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace gainsay::testing
