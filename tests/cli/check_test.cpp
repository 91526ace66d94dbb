// The verbs as a script sees them: exit codes, JSON, traces and their replay.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "protocols/catalog.hpp"
#include "tests/bugs.hpp"
#include "tests/cli/program.hpp"

namespace gainsay::testing {
namespace {

using nlohmann::json;

// Times, rates and memory are the only things that may differ between runs.
json without_measurements(const std::string& text) {
  json result = json::parse(text);
  for (const char* name :
       {"seconds", "states_per_second", "peak_memory_bytes", "bytes_per_state", "audit_seconds"}) {
    result.erase(name);
  }
  return result;
}

TEST(CheckVerb, HoldsIsExitZeroWithEveryKeyOfTheContract) {
  const Scratch scratch("holds");
  const Ran ran =
      run_gainsay(scratch.path(), "check two-phase-commit --nodes 3 --reduce none --json");
  EXPECT_EQ(ran.code, 0) << ran.err;
  const json result = json::parse(ran.out);
  for (const char* key : {"system",
                          "verb",
                          "verdict",
                          "bounds",
                          "network",
                          "reductions",
                          "states",
                          "transitions",
                          "depth",
                          "local_states",
                          "messages",
                          "handler_runs",
                          "handler_reuse",
                          "passes",
                          "certificate",
                          "store",
                          "bytes_per_state",
                          "omission_probability",
                          "properties",
                          "seconds",
                          "states_per_second",
                          "peak_memory_bytes",
                          "seed",
                          "version",
                          "traces"}) {
    EXPECT_TRUE(result.contains(key)) << key;
  }
  EXPECT_EQ(result["verdict"], "holds");
  EXPECT_EQ(result["states"], 288);
  EXPECT_EQ(result["bounds"]["nodes"], 3);
}

TEST(CheckVerb, SymmetryIsCertifiedOrRefusedWithAReason) {
  const Scratch scratch("symmetry");
  const Ran ran =
      run_gainsay(scratch.path(), "check two-phase-commit --nodes 3 --reduce symmetry --json");
  EXPECT_EQ(ran.code, 0) << ran.err;
  const json result = json::parse(ran.out);
  EXPECT_EQ(result["states"], 80);
  EXPECT_EQ(result["reductions"], json::array({"symmetry"}));
  EXPECT_EQ(result["certificate"]["symmetry"], "equivariant");
  EXPECT_EQ(result["interchangeable"], "n1, n2, n3");
  const Ran refused = run_gainsay(scratch.path(), "check paxos --clients 1 --reduce symmetry");
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("no two processes are interchangeable"), std::string::npos);
  const Ran without = run_gainsay(scratch.path(), "check paxos --clients 1 --json");
  EXPECT_EQ(without.code, 0);
  const json plain = json::parse(without.out);
  EXPECT_NE(plain["certificate"]["symmetry"].dump().find("exchanging"), std::string::npos);
  EXPECT_EQ(plain["reductions"], json::array({"dead-messages", "histories"}));
}

class SuiteByVerb : public ::testing::TestWithParam<std::string> {};

TEST_P(SuiteByVerb, IsVerifiedAndReachesEverySometimes) {
  const std::string& system = GetParam();
  const Scratch scratch("audit-" + system);
  // Almost a million worlds are too many for a sanitized build.
  const std::map<std::string, std::string> small = {
      {"multi-paxos", " --limit slot=1 --option propose=1 --clients 0"}, {"dht", " --ops 1"}};
  const std::string smaller = is_sanitized() && small.contains(system) ? small.at(system) : "";
  const Ran ran =
      run_gainsay(scratch.path(), "check " + system + smaller + " --verify-certificate --json");
  EXPECT_EQ(ran.code, 0) << ran.err;
  const json result = json::parse(ran.out);
  EXPECT_EQ(result["verdict"], "holds");
  EXPECT_EQ(result["audit"]["agrees"], true);
  // Too many worlds are not walked, nor what an adversary knows, nor clients that are renamed.
  const bool walked =
      system != "pbft" && system != "balancer" && (system != "multi-paxos" || !smaller.empty());
  EXPECT_EQ(result["audit"]["worlds"], walked ? result["states"].get<int>() : 0);
  EXPECT_EQ(result["audit"]["drops"], result["dropped_pairs"]);
  EXPECT_FALSE(result["audit"]["coverage"].empty());
  std::size_t reached = 0;
  for (const json& property : result["properties"]) {
    if (property["kind"] != "sometimes") continue;
    EXPECT_EQ(property["verdict"], "holds") << property;
    ++reached;
  }
  EXPECT_GT(reached, 0U);
}

std::vector<std::string> all_systems() {
  std::vector<std::string> names;
  for (const CatalogEntry& entry : catalog()) names.push_back(entry.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Catalog, SuiteByVerb, ::testing::ValuesIn(all_systems()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(CheckVerb, ASuiteIsATableWithTheAuditBelowEachRow) {
  const Scratch scratch("suite");
  const Ran one = run_gainsay(scratch.path(), "check raft-core --verify-certificate");
  EXPECT_NE(one.out.find("verified by a second program text"), std::string::npos) << one.out;
  // All systems, each cut; a row is of what holds.
  const Ran cut = run_gainsay(scratch.path(), "check --max-states 2000");
  EXPECT_EQ(cut.code, 3) << cut.err;
  EXPECT_EQ(cut.out.rfind("system ", 0), 0U) << cut.out;
  for (const std::string& system : all_systems()) {
    EXPECT_NE(cut.out.find("\n" + system), std::string::npos) << cut.out;
  }
}

TEST(CheckVerb, LimitsAuditAndProfileFitIn80ColumnsAndInJson) {
  const Scratch scratch("profile");
  const std::string what = "check raft --limit term=1 --crashes 1 --verify-certificate --profile ";
  const Ran text = run_gainsay(scratch.path(), what + "-v");
  EXPECT_EQ(text.code, 0) << text.err;
  std::istringstream lines(text.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  for (const char* word : {"limit term<=1 cut ", "new local states by faults: 0: ", "verified by a",
                           "where the states come from", "try: "}) {
    EXPECT_NE(text.out.find(word), std::string::npos) << word;
  }
  const json one = without_measurements(run_gainsay(scratch.path(), what + "--json -j 1").out);
  EXPECT_EQ(one, without_measurements(run_gainsay(scratch.path(), what + "--json -j 2").out));
  EXPECT_GT(one["profile"]["processes"].size(), 3U);
  EXPECT_GT(one["limits"][0]["new_besides"], 0);
  EXPECT_EQ(one["new_local_states_by_faults"].size(), 2U);
}

TEST(CheckVerb, IncompleteIsExitThreeUnlessAllowed) {
  const Scratch scratch("incomplete");
  const std::string cut = "check two-phase-commit --nodes 5 --max-states 100";
  EXPECT_EQ(run_gainsay(scratch.path(), cut).code, 3);
  const Ran allowed = run_gainsay(scratch.path(), cut + " --allow incomplete");
  EXPECT_EQ(allowed.code, 0);
  EXPECT_NE(allowed.err.find("waived by --allow"), std::string::npos);
}

TEST(CheckVerb, TheVerdictSaysWhichPropertiesWereAsked) {
  const Scratch scratch("only");
  const Ran ran =
      run_gainsay(scratch.path(), "check raft --bug stale-vote-reply --property 'log matching'");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("only \"log matching\""), std::string::npos) << ran.out;
}

TEST(CheckVerb, ACountIsANumberFromZeroOn) {
  const Scratch scratch("counts");
  for (const std::string count : {"-1", "18446744073709551616", "1e3", "''", "0x10"}) {
    const Ran ran = run_gainsay(scratch.path(), "check two-phase-commit --max-states=" + count);
    EXPECT_EQ(ran.code, 2) << count;
    EXPECT_NE(ran.err.find("--max-states"), std::string::npos) << ran.err;
  }
  EXPECT_EQ(run_gainsay(scratch.path(), "hunt two-phase-commit --runs=-1").code, 2);
}

TEST(CheckVerb, AnEndlessSearchSaysWhy) {
  const Scratch scratch("endless");
  const Ran ran = run_gainsay(scratch.path(), "check raft --network fifo --max-states 20000");
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.out.find("--timeouts N"), std::string::npos) << ran.out;
  const Ran counted =
      run_gainsay(scratch.path(), "check raft --network fifo --timeouts 9 --max-states 20000");
  EXPECT_EQ(counted.code, 3);
  EXPECT_EQ(counted.out.find("--timeouts N"), std::string::npos) << counted.out;
}

TEST(CheckVerb, ARangeOfNodesRunsEach) {
  const Scratch scratch("range");
  const Ran ran = run_gainsay(scratch.path(), "check two-phase-commit --nodes 3..5 --json");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 3);
}

TEST(CheckVerb, TheSameBytesForOneAndTwoThreads) {
  const Scratch scratch("threads");
  for (const std::string what : {"raft-core --limit term=1,log=1", "paxos --bug ignore-accepted",
                                 "raft --bug stale-vote-reply", "two-phase-commit"}) {
    const Ran one = run_gainsay(scratch.path(), "check " + what + " -j 1 --json -o out");
    std::string trace;
    const json first = without_measurements(one.out);
    if (!first["traces"].empty()) trace = read_text(scratch.path() / first["traces"][0]);
    const Ran two = run_gainsay(scratch.path(), "check " + what + " -j 2 --json -o out");
    EXPECT_EQ(one.code, two.code);
    EXPECT_EQ(first, without_measurements(two.out)) << what;
    if (!trace.empty()) {
      EXPECT_EQ(trace, read_text(scratch.path() / first["traces"][0])) << what;
    }
  }
}

class BugByVerb : public ::testing::TestWithParam<Seeded> {};

TEST_P(BugByVerb, ReplaysInANewProcess) {
  const Bug& bug = *GetParam().bug;
  const Scratch scratch("bug-" + bug.id);
  const Ran found = run_gainsay(
      scratch.path(), "check " + GetParam().entry->name + " --bug " + bug.name + " --json -o out");
  ASSERT_EQ(found.code, 1) << found.err;
  const json result = json::parse(found.out);
  EXPECT_EQ(result["violated"], bug.breaks);
  const std::string trace = result["traces"][0];
  const Ran replayed = run_gainsay(scratch.path(), "replay -q '" + trace + "'");
  EXPECT_EQ(replayed.code, 1) << replayed.err;
  EXPECT_NE(replayed.out.find("as recorded"), std::string::npos) << replayed.out;
  EXPECT_EQ(run_gainsay(scratch.path(), "show '" + trace + "'").code, 0);
}

INSTANTIATE_TEST_SUITE_P(Catalog, BugByVerb, ::testing::ValuesIn(quick_bugs_of_each_kind()),
                         Seeded::id);

TEST(CheckVerb, AFailureFitsIn80Columns) {
  const Scratch scratch("columns");
  const Ran ran = run_gainsay(scratch.path(), "check paxos --bug ignore-accepted");
  EXPECT_EQ(ran.code, 1);
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
}

TEST(Help, FitsIn80ColumnsForEveryVerb) {
  const Scratch scratch("help");
  for (const std::string verb :
       {"", "list", "check", "hunt", "simulate", "replay", "minimize", "show", "serve", "bugs",
        "linearize", "campaign", "campaign status", "campaign triage", "campaign merge",
        "campaign replay"}) {
    const Ran ran = run_gainsay(scratch.path(), verb + " --help");
    EXPECT_EQ(ran.code, 0);
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  }
}

TEST(Help, AWrongWordIsToldWithWhatThereIs) {
  const Scratch scratch("wrong-words");
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"chek", "there is no verb 'chek'; did you mean 'check'?"},
      {"colour", "there is no verb 'colour'; the verbs are list, check, "},
      {"check rft", "there is no system 'rft'; did you mean 'raft'?"},
      {"check --crashs 1", "did you mean --crashes?"},
      {"check raft --crashes -1", "--crashes takes a number, not '-1'"},
      {"check raft --network fof", "--network is async, unordered or fifo, not 'fof'"},
      {"check raft --limit height=1", "raft has no limit 'height'; it has term, log"},
      {"bugs --json --markdown", "take one"},
  };
  for (const auto& [arguments, said] : wrong) {
    const Ran ran = run_gainsay(scratch.path(), arguments);
    EXPECT_EQ(ran.code, 2) << arguments;
    EXPECT_EQ(ran.err.rfind("error: ", 0), 0U) << ran.err;
    EXPECT_NE(ran.err.find(said), std::string::npos) << ran.err;
  }
}

TEST(CheckVerb, ReductionsGoTogetherButNotWithRecovery) {
  const Scratch scratch("together");
  for (const std::string list : {"symmetry,silent", "symmetry,minimise"}) {
    EXPECT_EQ(run_gainsay(scratch.path(), "check raft-core --reduce " + list).code, 0) << list;
  }
  EXPECT_EQ(run_gainsay(scratch.path(), "check raft --reduce silent").code, 2);  // it recovers
}

TEST(ReplayVerb, AChangedWorldDivergesWithExpectedFoundAndCause) {
  const Scratch scratch("diverged");
  const Ran found = run_gainsay(scratch.path(), "check raft --bug quorum-off-by-one --json -o out");
  const std::string name = json::parse(found.out)["traces"][0];
  const auto file = scratch.path() / name;
  // The correct twin does not follow the faulty variant's run.
  std::string text = read_text(file);
  text = std::regex_replace(text, std::regex("\"bug\": \"[a-z-]+\""), "\"bug\": \"\"");
  std::ofstream(file) << text;
  const Ran strict = run_gainsay(scratch.path(), "replay -q '" + name + "'");
  EXPECT_EQ(strict.code, 5);
  for (const char* word :
       {"error: replay diverged at step", "expected", "found", "likely", "try"}) {
    EXPECT_NE(strict.err.find(word), std::string::npos) << word << strict.err;
  }
  const Ran lenient = run_gainsay(scratch.path(), "replay -q --lenient '" + name + "'");
  EXPECT_EQ(lenient.code, 0) << lenient.out << lenient.err;
  EXPECT_NE(lenient.out.find("skipped"), std::string::npos);
}

TEST(CheckVerb, AViolationIsToldEvenWhenItsTraceCannotBeKept) {
  const Scratch scratch("unwritable");
  std::ofstream(scratch.path() / "file") << "in the way";
  const Ran ran = run_gainsay(scratch.path(), "check paxos --bug ignore-accepted -o file/out");
  EXPECT_EQ(ran.code, 74);
  EXPECT_NE(ran.out.find("violates \"agreement\""), std::string::npos) << ran.out;
  EXPECT_EQ(ran.err.rfind("error: ", 0), 0U) << ran.err;
}

TEST(ReplayVerb, SaysItInJson) {
  const Scratch scratch("replay-json");
  run_gainsay(scratch.path(), "check raft --bug no-dedupe -o out");
  const Ran ran = run_gainsay(scratch.path(), "replay --json out/*.json");
  EXPECT_EQ(ran.code, 1);
  const json result = json::parse(ran.out);
  EXPECT_EQ(result["verdict"], "reproduced");
  EXPECT_EQ(result["violated"], "linearizability");
  EXPECT_EQ(result["step"], 17);
}

TEST(ResumeFlag, AKilledCheckResumesToTheSameAnswer) {
  const Scratch scratch("killed");
  const std::string what = "check two-phase-commit --nodes 8 -j 2 --json -q ";
  const json whole = without_measurements(run_gainsay(scratch.path(), what).out);
  // Killed so long behind its first checkpoint, or behind the one that it resumed from; a run that
  // ended before leaves none, and is tried again with less delay.
  const auto checkpoint = scratch.path() / "again" / "check.checkpoint";
  for (const char* delay : {"0.05", "0.02", "0.01", "0", "0", "0", "0", "0", "0", "0"}) {
    if (std::string(delay) == "0" && std::filesystem::exists(checkpoint)) break;
    const std::string command =
        "cd '" + scratch.path().string() + "' && { '" GAINSAY_PROGRAM "' " + what +
        "--resume again --checkpoint 0.01s >/dev/null 2>&1 & } && " +
        "while kill -0 $! && [ ! -e again/check.checkpoint ]; do sleep 0.002; done; sleep " +
        delay + "; kill -KILL $!; wait $!";
    [[maybe_unused]] const int status = std::system(("{ " + command + "; } 2>/dev/null").c_str());
  }
  const Ran resumed = run_gainsay(scratch.path(), what + "--resume again");
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  json result = without_measurements(resumed.out);
  EXPECT_TRUE(result["resumed"].get<bool>());
  result["resumed"] = false;
  EXPECT_EQ(result, whole);
}

// Worlds that fingerprints left out are left out of whatever goes on from there.
TEST(ResumeFlag, AnExactCheckDoesNotGoOnFromFingerprints) {
  const Scratch scratch("resume-store");
  const std::string command = "check two-phase-commit --nodes 6 --reduce none --resume d -q ";
  EXPECT_EQ(run_gainsay(scratch.path(), command + "--store fingerprint --max-states 2000").code, 3);
  const Ran exact = run_gainsay(scratch.path(), command);
  EXPECT_NE(exact.out.find("holds"), 0U) << exact.out;
  EXPECT_EQ(exact.out.find("resumed"), std::string::npos) << exact.out;
}

TEST(BugsVerb, ContradictsEveryBugOfASystem) {
  const Scratch scratch("bugs-verb");
  const auto& bugs = find_system("multi-paxos")->bugs;
  const Ran ran = run_gainsay(scratch.path(), "bugs multi-paxos --json");
  EXPECT_EQ(ran.code, 0) << ran.err;
  const json rows = json::parse(ran.out);
  EXPECT_EQ(rows.size(), bugs.size());
  for (const json& row : rows) EXPECT_EQ(row["verdict"], "violated") << row;
  // The same as text, and as the README's table.
  const Ran text = run_gainsay(scratch.path(), "bugs multi-paxos");
  const Ran markdown = run_gainsay(scratch.path(), "bugs multi-paxos --markdown");
  for (const Bug& bug : bugs) {
    EXPECT_NE(text.out.find("\n" + bug.name + " "), std::string::npos) << text.out;
    EXPECT_NE(markdown.out.find(
                  "| multi-paxos | " + bug.id + " | `" + bug.name + "` | " + bug.breaks + " | " +
                  describe(bug.scenario.bounds, bug.scenario.options) + " | violated | "),
              std::string::npos)
        << markdown.out;
  }
}

// Every bug is found, or given up behind its first worlds, which needs the widest columns.
TEST(BugsVerb, FitsIn80ColumnsWithNothingCutOff) {
  const Scratch scratch("bugs-columns");
  const Ran ran = run_gainsay(scratch.path(), "bugs --max-states 10");
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  for (const Seeded& seeded : all_bugs()) {
    // A name that is too long for its column has a line of its own.
    const std::string& name = seeded.bug->name;
    const std::size_t at =
        std::min(ran.out.find("\n" + name + " "), ran.out.find("\n" + name + "\n"));
    ASSERT_NE(at, std::string::npos) << name;
    const std::size_t row = std::min(ran.out.find(' ', at), ran.out.size());
    const std::string line = ran.out.substr(at + 1, ran.out.find('\n', row) - at - 1);
    EXPECT_NE(line.find(" " + seeded.bug->breaks + " "), std::string::npos) << line;
  }
}

TEST(ListVerb, ListsWhatThereIs) {
  const Scratch scratch("list");
  for (const std::string what : {"", "systems", "properties", "bugs"}) {
    const Ran ran = run_gainsay(scratch.path(), "list " + what);
    EXPECT_EQ(ran.code, 0);
    EXPECT_NE(ran.out.find("raft"), std::string::npos);
    EXPECT_TRUE(json::accept(run_gainsay(scratch.path(), "list " + what + " --json").out));
  }
}

}  // namespace
}  // namespace gainsay::testing
