// gainsay serve of a system and of a trace, asked as its page asks.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/program.hpp"
#include "tests/cli/serve/http.hpp"

namespace gainsay::testing {
namespace {

using nlohmann::json;

const std::string traces = std::string(GAINSAY_SOURCE_DIR) + "/traces/";

// The program, for as long as this lives.
class Serving {
 public:
  explicit Serving(const std::string& arguments) : scratch_("explore-routes") {
    const std::string command = "cd '" + scratch_.path().string() + "' && exec '" +
                                GAINSAY_PROGRAM + "' serve " + arguments + " >out 2>err </dev/null";
    child_ = ::fork();
    if (child_ == 0) {
      ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
    for (int i = 0; i < 500 && address().empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const std::string url = address();
    EXPECT_TRUE(url.starts_with("http://127.0.0.1:")) << read_text(scratch_.path() / "err");
    const std::size_t path = url.find('/', 7);
    host_ = url.substr(7, path - 7);
    port_ = static_cast<std::uint16_t>(std::stoi("0" + host_.substr(host_.find(':') + 1)));
    path_ = path == std::string::npos ? "" : url.substr(path);
  }
  ~Serving() { stop(); }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  int stop() {
    if (child_ <= 0) return -1;
    ::kill(child_, SIGTERM);
    int status = 0;
    ::waitpid(std::exchange(child_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string told() const { return read_text(scratch_.path() / "out"); }

  std::string get(const std::string& below) const {
    return ask(port_, {.path = path_ + below, .host = host_});
  }
  std::string post(const std::string& below, const std::string& body) const {
    return ask(port_,
               {.method = "POST",
                .path = path_ + below,
                .host = host_,
                .headers = "Origin: http://" + host_ + "\r\nContent-Type: application/json\r\n",
                .body = body});
  }
  json world(const std::string& path) const {
    return json::parse(body_of(get("/world?path=" + path)));
  }

 private:
  // Of the page of a walk; empty while the line is not there.
  std::string address() const {
    const std::string text = told();
    const std::size_t end = text.find("/explore ");
    if (end == std::string::npos) return "";
    const std::size_t begin = text.rfind("http://", end);
    return text.substr(begin, end + 8 - begin);
  }

  Scratch scratch_;
  pid_t child_ = -1;
  std::string host_, path_;
  std::uint16_t port_ = 0;
};

TEST(ExploreRoutes, ASystemIsWalkedThrough) {
  Serving serving("raft --bug vote-not-persisted");
  const std::string page = serving.get("");
  EXPECT_EQ(status_of(page), 200);
  EXPECT_NE(page.find("\"command\":\"gainsay serve raft --bug vote-not-persisted\""),
            std::string::npos);
  EXPECT_NE(page.find("connect-src 'self'"), std::string::npos);

  const json first = serving.world("");
  const std::string step = first.at("choices").at(0).at("step");
  const json second = serving.world(step);
  EXPECT_EQ(second.at("path"), step);
  EXPECT_EQ(second.at("taken").at(0).at("words"), first.at("choices").at(0).at("words"));
  const json posted =
      json::parse(body_of(serving.post("/world", json({{"path", step}, {"known", 1}}).dump())));
  EXPECT_EQ(posted.at("world"), second.at("world"));
  EXPECT_TRUE(posted.at("taken").empty());
  EXPECT_EQ(serving.stop(), 0);
}

// The flags of `check` say which system it is.
TEST(ExploreRoutes, BoundsMeanWhatTheyMeanInACheck) {
  Serving serving("paxos --nodes 4 --clients 1 --network unordered --drops 2 --timeouts 3");
  const json first = serving.world("");
  EXPECT_EQ(first.at("processes").size(), 5U);
  EXPECT_EQ(first.at("budgets"), json::parse(R"([["drops", 0, 2], ["timeouts", 0, 3]])"));
}

TEST(ExploreRoutes, ATraceIsThereWithAllItsSteps) {
  Serving serving(traces + "two-phase-commit-abort-in-doubt.trace.json");
  EXPECT_EQ(std::ranges::count(serving.told(), '\n'), 2);  // its own page, too
  const std::string page = serving.get("");
  const std::size_t begin = page.find("\"path\":\"") + 8;
  const std::string path = page.substr(begin, page.find('"', begin) - begin);
  ASSERT_FALSE(path.empty());
  const json end = serving.world(path);
  EXPECT_EQ(end.at("taken").back().at("violates").size(), 1U);

  // And is a trace again.
  const std::string file = body_of(serving.get("/file?path=" + path));
  const Scratch scratch("explore-file");
  std::ofstream(scratch.path() / "again.trace.json") << file;
  const Ran replayed = run_gainsay(scratch.path(), "replay again.trace.json");
  EXPECT_EQ(replayed.code, 1) << replayed.err;
  EXPECT_NE(replayed.out.find("as recorded"), std::string::npos) << replayed.out;

  const json nearest = json::parse(body_of(serving.get("/nearest?path=")));
  EXPECT_EQ(nearest.at("found"), true);
  EXPECT_EQ(json::parse(body_of(serving.get("/run?path=" + path))).at("kind"), "trace");
}

TEST(ExploreRoutes, WrongQuestionsAreRefusedInALine) {
  Serving serving("two-phase-commit");
  for (const char* question : {"?path=x", "?path=1..2", "?path=99999", "?path=0.0.0-99",
                               "?path=&world=zz", "?path=&world=00", "?known=x", "?known=-1",
                               "?known=99999999999999999999", "?path=%00", "?path=%3Cscript%3E"}) {
    const std::string answer = serving.get("/world" + std::string(question));
    EXPECT_EQ(status_of(answer), 400) << question << "\n" << answer;
    const json said = json::parse(body_of(answer), nullptr, false);
    ASSERT_TRUE(said.contains("error")) << question << "\n" << answer;
    EXPECT_EQ(said["error"].get<std::string>().find('\n'), std::string::npos);
  }
  for (const char* body : {"[]", "{", "7", "\"path\"", R"({"path": "x"})", R"({"known": "x"})"}) {
    EXPECT_EQ(status_of(serving.post("/world", body)), 400) << body;
  }
  // What is no question about a path is taken for none.
  EXPECT_EQ(status_of(serving.post("/world", R"({"path": ["1"], "known": -1, "other": null})")),
            200);
  EXPECT_EQ(serving.world("").at("steps"), 0);  // it still answers
}

TEST(ExploreRoutes, WhatCannotBeServedIsRefused) {
  const Scratch scratch("explore-refused");
  const auto run = [&](const std::string& arguments) {
    return run_gainsay(scratch.path(), "serve " + arguments);
  };
  EXPECT_EQ(run("raff").code, 2);
  EXPECT_NE(run("raff").err.find("did you mean 'raft'?"), std::string::npos);
  EXPECT_EQ(run("raft --nodes 3..5").code, 2);
  EXPECT_EQ(run("raft --bug nonsense").code, 2);
  EXPECT_EQ(run("raft --drops 1").code, 2);  // async has lost all that it could
  EXPECT_EQ(run("no-such.trace.json").code, 6);
  const Ran flags = run("'" + traces + "raft-split-brain.trace.json' --nodes 5 --crashes 1");
  EXPECT_EQ(flags.code, 2);
  EXPECT_NE(flags.err.find("leave out --nodes --crashes"), std::string::npos) << flags.err;
}

}  // namespace
}  // namespace gainsay::testing
