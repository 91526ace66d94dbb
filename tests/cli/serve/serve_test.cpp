// The program as a server: of a system that runs, and of a trace.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/program.hpp"
#include "tests/cli/serve/http.hpp"

namespace gainsay::testing {
namespace {

using nlohmann::json;

const std::string as_json = "Content-Type: application/json\r\n";

// Runs until it is told to end.
class Serving {
 public:
  explicit Serving(std::vector<std::string> words) {
    int ends[2];
    if (::pipe(ends) != 0) return;
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(ends[1], 1);
      ::close(ends[0]);
      std::vector<char*> arguments;
      words.insert(words.begin(), GAINSAY_PROGRAM);
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      ::execv(GAINSAY_PROGRAM, arguments.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    for (char c = 0; c != '\n' && ::read(ends[0], &c, 1) == 1;) line_ += c;
    ::close(ends[0]);
    const std::string start = "http://127.0.0.1:";
    if (!line_.starts_with(start)) return;
    port_ = static_cast<std::uint16_t>(std::stoi(line_.substr(start.size())));
    const std::size_t slash = line_.find('/', start.size());
    path_ = line_.substr(slash, line_.find(' ') - slash);
  }
  ~Serving() {
    if (child_ > 0) end(SIGKILL);
  }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  const std::string& line() const { return line_; }
  std::uint16_t port() const { return port_; }
  Asked get(const std::string& route) const {
    return {.path = path_ + route, .host = "127.0.0.1:" + std::to_string(port_)};
  }
  std::string answer(const std::string& route) const { return ask(port_, get(route)); }
  std::string act(const std::string& command) const {
    Asked asked = get("command");
    asked.method = "POST";
    asked.headers = as_json;
    asked.body = json{{"do", command}}.dump();
    return ask(port_, asked);
  }
  // What it ended with; -1 where a signal ended it.
  int end(int signal) {
    ::kill(child_, signal);
    int status = 0;
    ::waitpid(std::exchange(child_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t child_ = 0;
  std::string line_;
  std::string path_;
  std::uint16_t port_ = 0;
};

TEST(Serve, ASystemRunsAndIsDirected) {
  const Scratch scratch("serve");
  Serving serving({"serve", "raft"});
  ASSERT_NE(serving.port(), 0) << serving.line();
  EXPECT_TRUE(serving.line().ends_with("/  (Ctrl-C ends it)\n"));
  const std::string page = serving.answer("");
  EXPECT_EQ(status_of(page), 200);
  EXPECT_NE(page.find(R"("kind":"live")"), std::string::npos);
  EXPECT_NE(body_of(page).find("default-src 'none'; connect-src 'self';"), std::string::npos);
  EXPECT_EQ(status_of(serving.act("pause")), 200);
  EXPECT_EQ(status_of(serving.act("seed 2a")), 200);
  EXPECT_EQ(status_of(serving.act("pause")), 200);
  EXPECT_EQ(status_of(serving.act("crash n1")), 200);
  EXPECT_EQ(status_of(serving.act("step")), 200);
  const std::string refused = serving.act("crash n9");
  EXPECT_EQ(status_of(refused), 400);
  EXPECT_NE(body_of(refused).find("there is no node 'n9'"), std::string::npos);

  Connection viewer(serving.port());
  viewer.say(text_of(serving.get("events")));
  const std::string heard = viewer.hear("\"step\"");
  EXPECT_NE(heard.find(R"("state":"paused")"), std::string::npos);
  EXPECT_NE(heard.find(R"("seed":"000000000000002a")"), std::string::npos);

  const json log = json::parse(body_of(serving.answer("log")));
  EXPECT_EQ(log["seed"], "000000000000002a");
  EXPECT_EQ(log["command"], "gainsay simulate raft --duration 24h --load 20/s --live");
  ASSERT_GE(log["commands"].size(), 2U);
  EXPECT_EQ(log["commands"][0]["do"], "crash n1");
  const std::string metrics = serving.answer("metrics");
  EXPECT_NE(metrics.find("text/plain; version=0.0.4"), std::string::npos);
  EXPECT_NE(metrics.find("gainsay_node_steps_total{node=\"n1\"}"), std::string::npos);

  const std::string trace = serving.answer("trace");
  EXPECT_NE(trace.find("attachment; filename=\"raft-live.trace.json\""), std::string::npos);
  std::ofstream(scratch.path() / "t.trace.json") << body_of(trace);
  const Ran replayed = run_gainsay(scratch.path(), "replay t.trace.json");
  EXPECT_EQ(replayed.code, 0) << replayed.err;
  EXPECT_NE(replayed.out.find("crash n1"), std::string::npos);
  // What was done gives the same run again.
  std::ofstream(scratch.path() / "done.json") << log;
  const Serving again({"simulate", "raft", "--duration", "24h", "--load", "20/s", "--live",
                       "--repeat", (scratch.path() / "done.json").string()});
  EXPECT_EQ(body_of(again.answer("trace")), body_of(trace));
  EXPECT_EQ(serving.end(SIGINT), 0);
}

TEST(Serve, BodiesThatAreNoCommandAreRefused) {
  const Serving serving({"serve", "raft"});
  for (const char* body : {"", "{", "[]", "{}", R"({"do":1})", R"({"do":"play","x":1})", "null",
                           R"("play")", R"({"do":"\u0000"})"}) {
    Asked asked = serving.get("command");
    asked.method = "POST";
    asked.headers = as_json;
    asked.body = body;
    if (asked.body.empty()) asked.headers += "Content-Length: 0\r\n";
    EXPECT_EQ(status_of(ask(serving.port(), asked)), 400) << body;
  }
  EXPECT_EQ(status_of(ask(serving.port(), serving.get("command"))), 405);
}

TEST(Serve, ATraceIsItsPage) {
  const Scratch scratch("serve-trace");
  const std::string file = std::string(GAINSAY_SOURCE_DIR) + "/traces/";
  std::string trace;
  for (const auto& entry : std::filesystem::directory_iterator(file)) {
    if (entry.path().filename().string().find("two-phase") != std::string::npos) {
      trace = entry.path().string();
    }
  }
  ASSERT_FALSE(trace.empty());
  Serving serving({"serve", trace});
  const std::string page = serving.answer("");
  EXPECT_EQ(status_of(page), 200);
  EXPECT_NE(page.find(R"("kind":"trace")"), std::string::npos);
  EXPECT_EQ(status_of(serving.answer("events")), 404);
  EXPECT_EQ(serving.end(SIGTERM), 0);
}

TEST(Serve, ACampaignIsAListOfItsFailures) {
  const Scratch scratch("serve-campaign");
  const Ran hunted = run_gainsay(
      scratch.path(), "hunt two-phase-commit --bug abort-in-doubt --runs 200 --campaign found");
  ASSERT_EQ(hunted.code, 1) << hunted.err;
  Serving serving({"serve", (scratch.path() / "found").string()});
  const std::string page = body_of(serving.answer(""));
  EXPECT_NE(page.find(R"("kind":"failures")"), std::string::npos);
  const std::string mark = "failure?identity=";
  const std::size_t at = page.find("\"page\":\"" + mark);
  ASSERT_NE(at, std::string::npos);
  const std::size_t begin = page.find(mark, at);
  const std::string link = page.substr(begin, page.find('"', begin) - begin);
  const std::string trace = serving.answer(link);
  EXPECT_EQ(status_of(trace), 200);
  EXPECT_NE(trace.find(R"("kind":"trace")"), std::string::npos);
  EXPECT_EQ(status_of(serving.answer("failure?identity=../../etc/passwd")), 404);
  EXPECT_EQ(status_of(serving.answer("failure")), 404);
  EXPECT_EQ(serving.end(SIGTERM), 0);
  EXPECT_EQ(run_gainsay(scratch.path(), "serve ./").code, 6) << "no campaign";
}

TEST(Serve, WhatCannotBeServedIsSaid) {
  const Scratch scratch("serve-refused");
  const auto refused = [&](const std::string& words) {
    const Ran ran = run_gainsay(scratch.path(), words);
    EXPECT_EQ(ran.code, 2) << words << ran.out << ran.err;
    return ran.err;
  };
  EXPECT_NE(refused("serve rafft").find("did you mean 'raft'?"), std::string::npos);

  const Serving serving({"simulate", "raft", "--live", "--bug", "commit-goes-back"});
  EXPECT_NE(serving.port(), 0);
  EXPECT_NE(refused("serve raft --port " + std::to_string(serving.port())).find("--port 0"),
            std::string::npos);
  refused("serve raft --port 70000");
  refused("simulate raft --live -o x.json");
  refused("simulate raft --port 8080");
  refused("simulate raft --repeat x.json");
  std::ofstream(scratch.path() / "other.json")
      << R"({"seed":"1","commands":[{"at_ns":1,"do":"crash n9"}],"until_ns":2})";
  EXPECT_NE(refused("simulate raft --live --repeat other.json").find("n9"), std::string::npos);
  refused("simulate scenario/stress --live");
  std::ofstream(scratch.path() / "bad.trace.json") << "{";
  EXPECT_EQ(run_gainsay(scratch.path(), "serve bad.trace.json").code, 6);
  EXPECT_EQ(run_gainsay(scratch.path(), "serve nothing.trace.json").code, 6);
  EXPECT_EQ(run_gainsay(scratch.path(), "simulate raft --live --repeat bad.trace.json").code, 6);
}

}  // namespace
}  // namespace gainsay::testing
