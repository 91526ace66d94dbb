// Bad input: each gives one clear line and its exit code, never a crash.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.hpp"

namespace gainsay::testing {
namespace {

using nlohmann::json;

void expect_one_line(const Ran& ran, int code, const std::string& what) {
  EXPECT_EQ(ran.code, code) << what << "\n" << ran.out << ran.err;
  EXPECT_EQ(ran.err.rfind("error: ", 0), 0U) << what << "\n" << ran.err;
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << what << "\n" << ran.err;
  EXPECT_GT(ran.err.size(), 15U) << what;
  EXPECT_LT(ran.err.size(), 400U) << what;
}

TEST(BadInput, Flags) {
  const Scratch scratch("flags");
  for (const std::string arguments : {"chek raft",
                                      "check rafft",
                                      "check raft --nodes 0",
                                      "check raft --nodes -3",
                                      "check raft --nodes 99999999999999999999",
                                      "check raft --nodes 5..3",
                                      "check raft --nodes three",
                                      "check raft --nodes 70",
                                      "check raft --crashes -1",
                                      "check raft --crashes 64",
                                      "check raft --crashes 1e3",
                                      "check raft --drops 1",
                                      "check raft --network fifo --duplicates 1",
                                      "check raft --duplicates 1",
                                      "check raft --network asynch",
                                      "check raft --limit term",
                                      "check raft --limit term=x",
                                      "check raft --limit trem=2",
                                      "check raft --limit term=2,term=3",
                                      "check raft --option x=1",
                                      "check raft --bug fig9",
                                      "check raft --bug",
                                      "check raft --nodes 3 --nodes 4",
                                      "check raft --jobs 9999",
                                      "check raft --time 10q",
                                      "check raft --time -5s",
                                      "check raft --memory lots",
                                      "check raft --reduce everything",
                                      "check raft --store magic",
                                      "check raft --progress loud",
                                      "check raft --allow everything",
                                      "check raft --property nonsense",
                                      "check raft --unknown-flag",
                                      "check raft --jsn",
                                      "check raft --checkpoint 10s",
                                      "check --bug no-dedupe",
                                      "check raft --ops 5000",
                                      "check raft --clients 0 --ops 2",
                                      "check two-phase-commit --clients 1",
                                      "check raft --restarts 1",
                                      "check raft --nodes 65",
                                      "check raft-core --nodes 256",
                                      "check chord --nodes 300",
                                      "check raft --nodes 5000",
                                      "hunt raft --nodes 257 --time 1s",
                                      "check --resume here",
                                      "list nonsense",
                                      "replay",
                                      "show",
                                      "bugs rft"}) {
    expect_one_line(run_gainsay(scratch.path(), arguments), 2, arguments);
  }
}

class Broken : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const Scratch scratch("broken-base");
    const Ran found =
        run_gainsay(scratch.path(), "check paxos --bug ignore-accepted --json -o out");
    const std::string name = json::parse(found.out)["traces"][0];
    text_ = read_text(scratch.path() / name);
  }

  // The file as changed by `change`; replay and show must both refuse it.
  static void refuse(const std::string& what, const std::function<void(json&)>& change) {
    json trace = json::parse(text_);
    change(trace);
    refuse_text(what, trace.dump());
  }
  static void refuse_text(const std::string& what, const std::string& text) {
    const Scratch scratch("broken");
    std::ofstream(scratch.path() / "bad.trace.json", std::ios::binary) << text;
    expect_one_line(run_gainsay(scratch.path(), "replay bad.trace.json"), 6, what);
    const Ran shown = run_gainsay(scratch.path(), "show bad.trace.json");
    EXPECT_EQ(shown.code, 6) << what;
  }

  static std::string text_;
};
std::string Broken::text_;

// A result that nobody could read is no success; a violation stays one.
TEST(Output, ThatCannotBeWrittenIsAnError) {
  const Scratch scratch("full");
  const auto code_of = [&](const std::string& arguments) {
    return run_gainsay(scratch.path(), arguments + " >/dev/full 2>errors; echo $?").out;
  };
  EXPECT_EQ(code_of("check two-phase-commit --json"), "74\n");
  EXPECT_EQ(read_text(scratch.path() / "errors"), "error: standard output cannot be written\n");
  EXPECT_EQ(code_of("hunt two-phase-commit --runs 10 --json"), "74\n");
  EXPECT_EQ(code_of("check two-phase-commit --bug abort-in-doubt -q"), "1\n");
}

TEST_F(Broken, Files) {
  refuse_text("empty", "");
  refuse_text("not JSON", "hello");
  refuse_text("truncated", text_.substr(0, text_.size() / 2));
  refuse_text("binary", std::string("\0\xff\xfe\x01", 4));
  refuse_text("a list", "[]");
  refuse_text("a number", "12");
  refuse_text("an empty object", "{}");
  refuse_text("deep", std::string(100'000, '[') + std::string(100'000, ']'));
  refuse_text("not UTF-8", "{\"run\": \"\xff\"}");
  const Scratch scratch("missing");
  expect_one_line(run_gainsay(scratch.path(), "replay nowhere.trace.json"), 6, "missing");
  expect_one_line(run_gainsay(scratch.path(), "replay ."), 6, "a directory");
}

TEST_F(Broken, Fields) {
  const auto run = [](json& trace) -> json& { return trace["run"]; };
  refuse("no run", [](json& t) { t.erase("run"); });
  refuse("run is a list", [](json& t) { t["run"] = json::array(); });
  refuse("other schema", [&](json& t) { run(t)["schema"] = "something"; });
  refuse("newer major", [&](json& t) { run(t)["schema_version"] = "2.0"; });
  refuse("huge version", [&](json& t) { run(t)["schema_version"] = "99999999999999.0"; });
  refuse("no version", [&](json& t) { run(t).erase("schema_version"); });
  refuse("version is a number", [&](json& t) { run(t)["schema_version"] = 1; });
  refuse("unknown system", [&](json& t) { run(t)["system"]["name"] = "zab"; });
  refuse("system without name", [&](json& t) { run(t)["system"].erase("name"); });
  refuse("long name", [&](json& t) { run(t)["system"]["name"] = std::string(5'000, 'x'); });
  refuse("unknown bug", [&](json& t) { run(t)["bug"] = "no-such-bug"; });
  refuse("unknown option", [&](json& t) { run(t)["options"]["quorum"] = "2"; });
  refuse("unknown limit", [&](json& t) { run(t)["bounds"]["limits"]["height"] = 2; });
  refuse("negative budget", [&](json& t) { run(t)["bounds"]["crashes"] = -1; });
  refuse("huge budget", [&](json& t) { run(t)["bounds"]["crashes"] = 1'000'000'000'000; });
  refuse("fractional nodes", [&](json& t) { run(t)["bounds"]["nodes"] = 2.5; });
  refuse("no nodes", [&](json& t) { run(t)["bounds"]["nodes"] = 0; });
  refuse("too many nodes", [&](json& t) { run(t)["bounds"]["nodes"] = 5'000; });
  refuse("unknown network", [&](json& t) { run(t)["bounds"]["network"] = "pigeon"; });
  refuse("events missing", [&](json& t) { run(t).erase("events"); });
  refuse("events an object", [&](json& t) { run(t)["events"] = json::object(); });
  refuse("event out of order", [&](json& t) { run(t)["events"][3]["index"] = 7; });
  refuse("unknown kind", [&](json& t) { run(t)["events"][3]["kind"] = "explode"; });
  refuse("an explanation behind the end", [&](json& t) { run(t)["explain"]["step"] = 1'000; });
  refuse("an explanation without lines", [&](json& t) { run(t)["explain"].erase("lines"); });
  refuse("an explanation of too many lines", [&](json& t) {
    run(t)["explain"]["lines"] = json::array();
    for (int i = 0; i < 101; ++i) run(t)["explain"]["lines"].push_back("x");
  });
  refuse("a line that is a number", [&](json& t) { run(t)["explain"]["lines"] = {1}; });
  refuse("ways without their count", [&](json& t) { run(t)["explain"].erase("violating"); });
  refuse("unknown process", [&](json& t) { run(t)["events"][5]["process"] = "n9"; });
  refuse("unknown sender", [&](json& t) { run(t)["events"][5]["from"] = "c7"; });
  refuse("unknown message", [&](json& t) { run(t)["events"][5]["message"]["tag"] = "Hello"; });
  refuse("message a string", [&](json& t) { run(t)["events"][5]["message"] = "Prepare"; });
  refuse("message number huge", [&](json& t) {
    run(t)["events"][6]["message"]["value"]["ballot"]["round"] = {
        {"#bigint", "99999999999999999999999"}};
  });
  refuse("message number negative", [&](json& t) {
    run(t)["events"][6]["message"]["value"]["ballot"]["round"] = {{"#bigint", "-1"}};
  });
  refuse("hash too short", [&](json& t) { run(t)["events"][4]["hash"] = "abc"; });
  refuse("hash no hex", [&](json& t) { run(t)["events"][4]["hash"] = std::string(32, 'z'); });
  refuse("cause in the future", [&](json& t) { run(t)["events"][4]["causes"] = {9}; });
  refuse("step behind the end", [&](json& t) { run(t)["verdict"]["step"] = 999; });
  refuse("choices a string", [&](json& t) { run(t)["events"][4]["choices"] = "1"; });
}

}  // namespace
}  // namespace gainsay::testing
