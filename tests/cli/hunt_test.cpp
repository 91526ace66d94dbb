#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.hpp"
#include "tests/sanitized.hpp"

namespace gainsay::testing {
namespace {

using nlohmann::json;

TEST(HuntVerb, WhatItFindsIsReplayed) {
  const Scratch scratch("hunt");
  const Ran ran = run_gainsay(
      scratch.path(), "hunt raft --bug vote-not-persisted --runs 20000 --seed 5 --json -j2");
  EXPECT_EQ(ran.code, 1) << ran.err;
  const json result = json::parse(ran.out);
  EXPECT_EQ(result["verb"], "hunt");
  EXPECT_EQ(result["verdict"], "violated");
  EXPECT_EQ(result["seed"], "0000000000000005");
  ASSERT_EQ(result["findings"].size(), 1U);
  EXPECT_EQ(result["findings"][0]["property"], "election safety");
  const std::string trace = result["findings"][0]["trace"];
  const json file = json::parse(read_text(scratch.path() / trace));
  EXPECT_EQ(file["run"]["mode"], "hunt");
  const Ran replayed = run_gainsay(scratch.path(), "replay -q " + trace);
  EXPECT_EQ(replayed.code, 1) << replayed.err;
  EXPECT_NE(replayed.out.find("as recorded"), std::string::npos);
}

TEST(HuntVerb, TheSameBytesWithOneThreadAndWithTwo) {
  const Scratch scratch("hunt-bytes");
  const auto result_of = [&](const std::string& jobs) {
    const Ran ran = run_gainsay(scratch.path(), "hunt paxos --runs 1000 --json " + jobs);
    EXPECT_EQ(ran.code, 0) << ran.err;
    json result = json::parse(ran.out);
    result.erase("seconds");
    return result.dump();
  };
  EXPECT_EQ(result_of("-j1"), result_of("-j2"));
}

TEST(HuntVerb, NothingFoundIsNotCalledHolds) {
  const Scratch scratch("hunt-nothing");
  const Ran ran = run_gainsay(scratch.path(), "hunt two-phase-commit --runs 300");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("nothing found (which does not say that it holds)"), std::string::npos);
  EXPECT_NE(ran.out.find("300 runs"), std::string::npos);
  EXPECT_NE(ran.out.find("seed 0000000000000000"), std::string::npos);
}

// A campaign that has all of these runs: nothing is wrong, and nothing is said of what they met.
TEST(HuntVerb, NoRunLeftToMakeIsNotVacuous) {
  const Scratch scratch("hunt-again");
  const std::string command = "hunt two-phase-commit --runs 1024 --campaign store";
  EXPECT_EQ(run_gainsay(scratch.path(), command).code, 0);
  const Ran again = run_gainsay(scratch.path(), command);
  EXPECT_EQ(again.code, 0) << again.out;
  EXPECT_NE(again.out.find("no run was made"), std::string::npos) << again.out;
  EXPECT_EQ(again.out.find("never reached"), std::string::npos) << again.out;
  EXPECT_EQ(run_gainsay(scratch.path(), "campaign status store").code, 0);
  const Ran other = run_gainsay(scratch.path(), command + " --shard 2/2");
  EXPECT_NE(other.err.find("shard 2/2"), std::string::npos) << other.err;
}

// Whoever gives the same command again after it was killed must not see it pass.
TEST(HuntVerb, ACampaignWithAnOpenFailureFails) {
  const Scratch scratch("hunt-open");
  const std::string command =
      "hunt two-phase-commit --bug abort-in-doubt --runs 1024 --campaign store";
  EXPECT_EQ(run_gainsay(scratch.path(), command).code, 1);
  const Ran again = run_gainsay(scratch.path(), command);
  EXPECT_EQ(again.code, 1) << again.out;
  EXPECT_NE(again.err.find("1 failure of this system that is open"), std::string::npos)
      << again.err;
  const Ran status = run_gainsay(scratch.path(), "campaign status store --json");
  const std::string identity = json::parse(status.out)["failures"][0]["identity"];
  run_gainsay(scratch.path(), "campaign triage store " + identity + " --status known");
  EXPECT_EQ(run_gainsay(scratch.path(), command).code, 0);
}

TEST(HuntVerb, NoRunAtAllSaysNothing) {
  const Scratch scratch("hunt-empty");
  EXPECT_EQ(run_gainsay(scratch.path(), "hunt two-phase-commit --runs 0").code, 4);
  // Of one round the second shard has none.
  run_gainsay(scratch.path(), "hunt two-phase-commit --runs 1 --shard 2/2 --campaign store");
  const Ran status = run_gainsay(scratch.path(), "campaign status store");
  EXPECT_EQ(status.code, 4) << status.out;
  EXPECT_NE(status.out.find("vacuous: no run was made"), std::string::npos) << status.out;
}

// Whole histories, as with bounded clocks: they are not judged event by event there.
TEST(HuntVerb, ShortensAHistoryOfManyClientsWithClocks) {
  if (is_sanitized()) GTEST_SKIP() << "takes minutes";
  const Scratch scratch("hunt-skew");
  const Ran ran = run_gainsay(scratch.path(),
                              "hunt paxos --bug ignore-accepted --clients 9 --skew 0 --property "
                              "linearizability --runs 2000 --time 10 -j 1");
  EXPECT_EQ(ran.code, 1) << ran.err;
}

TEST(HuntVerb, SaysWhatDecidedARunAsShowDoes) {
  const Scratch scratch("hunt-explain");
  const Ran ran =
      run_gainsay(scratch.path(), "hunt raft --bug stale-vote-reply --runs 3000 --cuts");
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_NE(ran.out.find("pairs of nodes asked at all cuts"), std::string::npos);
  const std::size_t at = ran.out.find("  step ");
  ASSERT_NE(at, std::string::npos) << ran.out;
  const std::string told = ran.out.substr(at, ran.out.find("\n\n", at) - at);
  const std::size_t replay = ran.out.find("gainsay replay ");
  const std::string trace = ran.out.substr(replay + 15, ran.out.find('\n', replay) - replay - 15);
  const Ran shown = run_gainsay(scratch.path(), "show " + trace);
  EXPECT_NE(shown.out.find(told), std::string::npos) << told << shown.out;
}

TEST(HuntVerb, MistakesAreNamed) {
  const Scratch scratch("hunt-usage");
  const auto error_of = [&](const std::string& arguments) {
    const Ran ran = run_gainsay(scratch.path(), "hunt " + arguments);
    EXPECT_EQ(ran.code, 2) << arguments;
    return ran.err;
  };
  EXPECT_NE(error_of("raft --strategy gided").find("did you mean 'guided'"), std::string::npos);
  EXPECT_NE(error_of("raft --skew 0 --cuts").find("a tick is of all processes"), std::string::npos);
  EXPECT_NE(error_of("chord --cuts").find("no property of pairs"), std::string::npos);
  EXPECT_NE(error_of("raft --seed xyz").find("hexadecimal"), std::string::npos);
  EXPECT_NE(error_of("raft --findings 0").find("at least 1"), std::string::npos);
  error_of("raft --network async --drops 1");
  EXPECT_NE(error_of("raft --network fifo --strategy weather").find("none under fifo"),
            std::string::npos);
}

// Runs on live worlds are campaigned like others: kept, gone on from, and proved by a canary.
TEST(HuntVerb, WeatherGoesIntoCampaigns) {
  const Scratch scratch("hunt-weather");
  const std::string command =
      "hunt raft --bug truncate-always --strategy weather --max-depth 100 --campaign store -q";
  EXPECT_EQ(run_gainsay(scratch.path(), command + " --runs 1024").code, 1);
  EXPECT_EQ(run_gainsay(scratch.path(), command + " --runs 2048").code, 1);
  const Ran status = run_gainsay(scratch.path(), "campaign status store");
  EXPECT_NE(status.out.find("2,048 runs"), std::string::npos) << status.out;
  EXPECT_NE(status.out.find("match index"), std::string::npos) << status.out;
}

}  // namespace
}  // namespace gainsay::testing
