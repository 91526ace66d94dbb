// gainsay linearize: verdicts, exit codes, what is said of them, and limits.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/program.hpp"

namespace gainsay::testing {
namespace {

using nlohmann::json;

const std::string samples =
    std::string(GAINSAY_SOURCE_DIR) + "/tests/properties/linearizability/samples/";

std::string write(const Scratch& scratch, const std::string& name, const std::string& text) {
  std::ofstream(scratch.path() / name) << text;
  return (scratch.path() / name).string();
}

TEST(Linearize, GivesAnOrder) {
  const Scratch scratch("linearize-order");
  const Ran ran = run_gainsay(scratch.path(), "linearize --order " + samples + "kv.txt");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(
      ran.out.find("kv.txt: linearizable; kv, 4 operations of 3 clients, 2 independent parts"),
      std::string::npos)
      << ran.out;
  const std::size_t b = ran.out.find("append \"x\" \"b\": ok");
  const std::size_t a = ran.out.find("append \"x\" \"a\": ok");
  const std::size_t get = ran.out.find("get \"x\": \"ba\"");
  EXPECT_LT(b, a) << ran.out;
  EXPECT_LT(a, get) << ran.out;
  EXPECT_NE(get, std::string::npos) << ran.out;
}

TEST(Linearize, SaysWhatBrokeIt) {
  const Scratch scratch("linearize-broken");
  const Ran ran = run_gainsay(scratch.path(), "linearize " + samples + "register.ops");
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_NE(ran.out.find("not linearizable"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("line 7  client 1  read: 1"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("it takes all of them"), std::string::npos) << ran.out;
  EXPECT_EQ(run_gainsay(scratch.path(),
                        "linearize -q " + samples + "register.ops " + samples + "queue.json")
                .code,
            1);
}

TEST(Linearize, AsJson) {
  const Scratch scratch("linearize-json");
  const Ran broken = run_gainsay(scratch.path(), "linearize --json " + samples + "register.ops");
  const json result = json::parse(broken.out);
  EXPECT_EQ(result.at("verdict"), "not linearizable");
  EXPECT_EQ(result.at("broken_by").at("line"), 7);
  EXPECT_TRUE(result.at("core_is_minimal"));
  const Ran good = run_gainsay(scratch.path(), "linearize --json " + samples + "queue.json");
  EXPECT_EQ(json::parse(good.out).at("order").size(), 5U);
  const Ran keys = run_gainsay(scratch.path(), "linearize --json " + samples + "independent.edn");
  EXPECT_EQ(json::parse(keys.out).at("broken_by").at("object"), "7");
}

// Forty values were put into a queue at once, and then another one was taken: all orders of all
// sets of them come before the verdict.
std::string hard_history() {
  std::string text;
  const auto event = [&](int process, const char* type, const char* f, int value) {
    text += "{:process " + std::to_string(process) + ", :type :" + type + ", :f :" + f +
            ", :value " + std::to_string(value) + "}\n";
  };
  for (int i = 0; i < 40; ++i) event(i, "invoke", "enqueue", i);
  for (int i = 0; i < 40; ++i) event(i, "ok", "enqueue", i);
  event(0, "invoke", "dequeue", 0);
  event(0, "ok", "dequeue", 77);
  return text;
}

TEST(Linearize, LimitsGiveUnknown) {
  const Scratch scratch("linearize-limits");
  const std::string path = write(scratch, "hard.edn", hard_history());
  const Ran time = run_gainsay(scratch.path(), "linearize --time 0.2s --json " + path);
  EXPECT_EQ(time.code, 3) << time.out << time.err;
  EXPECT_EQ(json::parse(time.out).at("limit"), "--time");
  EXPECT_LT(json::parse(time.out).at("seconds"), 1.5);
  const Ran memory = run_gainsay(scratch.path(), "linearize --memory 1M " + path);
  EXPECT_EQ(memory.code, 3) << memory.out << memory.err;
  EXPECT_NE(memory.out.find("unknown (--memory)"), std::string::npos) << memory.out;
}

TEST(Linearize, DrawsAPage) {
  const Scratch scratch("linearize-html");
  const Ran broken =
      run_gainsay(scratch.path(), "linearize --html out/page.html " + samples + "register.ops");
  EXPECT_EQ(broken.code, 1) << broken.err;
  EXPECT_NE(broken.err.find("out/page.html"), std::string::npos) << broken.err;
  const std::string page = read_text(scratch.path() / "out" / "page.html");
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_NE(page.find("\"verdict\":\"not linearizable\""), std::string::npos);
  const std::filesystem::directory_iterator files(scratch.path() / "out");
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "a temporary file was left";
  const std::string two = samples + "register.ops " + samples + "kv.txt";
  EXPECT_EQ(run_gainsay(scratch.path(), "linearize --html page.html " + two).code, 2);
  const std::string sequential = "linearize --consistency sequential --html page.html ";
  EXPECT_EQ(run_gainsay(scratch.path(), sequential + samples + "kv.txt").code, 2);
  EXPECT_EQ(run_gainsay(scratch.path(), "linearize --html . " + samples + "kv.txt").code, 74);
}

TEST(Linearize, ThreadsDoNotShow) {
  const Scratch scratch("linearize-jobs");
  std::string keys = "# model kv\n";  // one get is wrong
  for (int i = 0; i < 400; ++i) {
    const std::string key = "k" + std::to_string(i % 40);
    const std::string begin = std::to_string(i % 7) + " " + std::to_string(2 * i);
    keys += begin + " " + std::to_string(2 * i + 9) + " append " + key + " " +
            std::to_string(i % 10) + "\n";
    if (i == 200) keys += "8 401 402 get " + key + " 7\n";
  }
  const std::string path = write(scratch, "keys.ops", keys);
  for (const std::string& history : {path, samples + "kv.txt", samples + "register.ops"}) {
    std::string first;
    for (const std::string jobs : {"1", "2", "5"}) {
      const Ran ran = run_gainsay(scratch.path(),
                                  "linearize --json --html page.html -j " + jobs + " " + history);
      json result = json::parse(ran.out);
      result.erase("seconds");
      const std::string all = result.dump() + read_text(scratch.path() / "page.html");
      if (first.empty()) first = all;
      EXPECT_EQ(all, first) << history << " with " << jobs;
    }
  }
}

TEST(Linearize, SequentialConsistencyDropsRealTimeBetweenClients) {
  const Scratch scratch("linearize-sequential");
  const auto read = [](const char* process) {
    const std::string map = std::string("{:process ") + process + ", :f :read, :value nil, :type ";
    return map + ":invoke}\n" + map + ":ok}\n";
  };
  const std::string written =
      "{:process 0, :type :invoke, :f :write, :value 1}\n"
      "{:process 0, :type :ok, :f :write, :value 1}\n";
  const std::string stale = write(scratch, "stale.edn", written + read("1"));
  EXPECT_EQ(run_gainsay(scratch.path(), "linearize " + stale).code, 1);
  const std::string sequential = "linearize --consistency sequential ";
  const Ran good = run_gainsay(scratch.path(), sequential + "--order " + stale);
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_NE(good.out.find("stale.edn: sequentially consistent;"), std::string::npos) << good.out;
  EXPECT_LT(good.out.find("read: nil"), good.out.find("write 1: ok")) << good.out;
  const std::string own = write(scratch, "own.edn", written + read("0"));
  const Ran bad = run_gainsay(scratch.path(), sequential + own);
  EXPECT_EQ(bad.code, 1) << bad.err;
  EXPECT_NE(bad.out.find("not sequentially consistent"), std::string::npos) << bad.out;
  const json result = json::parse(run_gainsay(scratch.path(), sequential + "--json " + own).out);
  EXPECT_EQ(result.at("consistency"), "sequential");
  EXPECT_EQ(result.at("verdict"), "not sequentially consistent");
  EXPECT_FALSE(result.contains("core"));
}

// Any order is right where nothing returned.
TEST(Linearize, NothingThatReturnedIsVacuous) {
  const Scratch scratch("linearize-vacuous");
  const std::string invoked = "{:process 0, :type :invoke, :f :read, :value nil}\n";
  for (const std::string type : {"fail", "info"}) {
    const std::string path =
        write(scratch, type + ".edn",
              invoked + "{:process 0, :type :" + type + ", :f :read, :value nil}\n");
    const Ran ran = run_gainsay(scratch.path(), "linearize " + path);
    EXPECT_EQ(ran.code, 4) << ran.out;
    EXPECT_NE(ran.out.find("vacuous"), std::string::npos) << ran.out;
    const Ran as_json = run_gainsay(scratch.path(), "linearize --json " + path);
    EXPECT_EQ(json::parse(as_json.out).at("verdict"), "vacuous");
  }
}

TEST(Linearize, ThePictureDoesNotReplaceTheHistory) {
  const Scratch scratch("linearize-same");
  const std::string path = write(scratch, "h.ops", "# model register\n0 0 1 w 1\n");
  EXPECT_EQ(run_gainsay(scratch.path(), "linearize " + path + " --html h.ops").code, 2);
  EXPECT_EQ(read_text(path).rfind("# model", 0), 0U);
}

// Thousands of answers stand at one moment: the limit comes while the search is being laid out.
TEST(Linearize, ALimitBeforeTheFirstStepGivesUnknown) {
  const Scratch scratch("linearize-early");
  std::string text = R"({"model": "set", "operations": [)";
  for (int i = 0; i < 9000; ++i) {
    text += (i > 0 ? "," : "") + std::string(R"({"client": )") + std::to_string(i) +
            R"(, "invoked": 0, "returned": 1, "f": "contains", "value": )" + std::to_string(i) +
            R"(, "result": false})";
  }
  const std::string path = write(scratch, "wide.json", text + "]}");
  const Ran ran = run_gainsay(scratch.path(), "linearize --time 0.01s " + path);
  EXPECT_TRUE(ran.code == 3 || ran.code == 0) << ran.code << ran.err;
}

TEST(Linearize, BadInputIsOneLine) {
  const Scratch scratch("linearize-bad");
  const std::string cut = write(scratch, "cut.edn", "{:process 0, :type :invoke, :f :read");
  const std::string words = write(scratch, "words.txt", "a story\n");
  for (const auto& [arguments, code] :
       std::vector<std::pair<std::string, int>>{{"nothing.edn", 74},
                                                {".", 74},
                                                {cut, 6},
                                                {words, 6},
                                                {"--format json " + cut, 6},
                                                {"--model regster " + cut, 2},
                                                {"--format odd " + cut, 2},
                                                {"--time soon " + samples + "kv.txt", 2},
                                                {"--memory lots " + samples + "kv.txt", 2},
                                                {"--model queue " + samples + "kv.txt", 6},
                                                {"--consistency eventual " + cut, 2},
                                                {"--consistency sequential --whole " + cut, 2},
                                                {"", 2}}) {
    const Ran ran = run_gainsay(scratch.path(), "linearize " + arguments);
    EXPECT_EQ(ran.code, code) << arguments << "\n" << ran.out << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << arguments << "\n" << ran.err;
  }
}

}  // namespace
}  // namespace gainsay::testing
