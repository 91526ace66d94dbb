// Who is answered and who is not, and that nobody who looks delays anything.
#include "cli/serve/http_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

#include "engine/system.hpp"
#include "tests/cli/serve/http.hpp"

namespace gainsay::cli {
namespace {

using gainsay::testing::ask;
using gainsay::testing::Asked;
using gainsay::testing::body_of;
using gainsay::testing::Connection;
using gainsay::testing::status_of;
using gainsay::testing::text_of;
using namespace std::chrono_literals;

const std::string json_type = "Content-Type: application/json\r\n";

class HttpServer : public ::testing::Test {
 protected:
  HttpServer() : server({.streams_max = 2, .body_max = 1000, .patience = 300ms}) {
    server.get("/", [](const Request&) { return Response{.type = "text/html", .body = "hello"}; });
    server.get("/file", [](const Request& request) {
      return Response{.body = request.query.at("x"), .download = "a.json"};
    });
    server.post("/act", [this](const Request& request) {
      if (request.body == "bad") throw UsageError("no \"such\" thing");
      if (request.body == "broken") throw std::logic_error("oh");
      ++acts;
      return Response{.body = request.body};
    });
    server.events("/events", feed);
    server.start();
  }

  std::string here() const { return "127.0.0.1:" + std::to_string(server.port()); }
  std::string path(const std::string& route) const { return "/" + server.token() + route; }
  Asked get(const std::string& route) const { return {.path = path(route), .host = here()}; }
  Asked post(const std::string& body, const std::string& headers = json_type) const {
    return {
        .method = "POST", .path = path("/act"), .host = here(), .headers = headers, .body = body};
  }
  int status(const Asked& asked) const { return status_of(ask(server.port(), asked)); }

  std::shared_ptr<Feed> feed = std::make_shared<Feed>();
  std::atomic<int> acts{0};
  Server server;
};

TEST_F(HttpServer, AnswersAndSaysWhatThePageMayDo) {
  const std::string answer = ask(server.port(), get("/"));
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(body_of(answer), "hello");
  for (const char* header :
       {"Content-Type: text/html", "connect-src 'self'", "default-src 'none'",
        "frame-ancestors 'none'", "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer",
        "Cache-Control: no-store", "Connection: close"}) {
    EXPECT_NE(answer.find(header), std::string::npos) << header;
  }
  const std::string file = ask(server.port(), get("/file?x=a%20b"));
  EXPECT_EQ(body_of(file), "a b");
  EXPECT_NE(file.find("attachment; filename=\"a.json\""), std::string::npos);
}

TEST_F(HttpServer, TheTokenCannotBeGuessedAndIsNeeded) {
  EXPECT_EQ(server.token().size(), 32U);
  EXPECT_EQ(server.token().find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(server.url(), "http://" + here() + path("/"));
  std::set<std::string> tokens = {server.token()};
  for (int i = 0; i < 20; ++i) tokens.insert(Server().token());
  EXPECT_EQ(tokens.size(), 21U);

  for (std::string wrong :
       {"/", "", "/act", "/favicon.ico", "/0123456789abcdef0123456789abcdef/"}) {
    EXPECT_NE(status({.path = wrong, .host = here()}), 200) << wrong;
  }
  EXPECT_EQ(status({.path = "/" + server.token(), .host = here()}), 404) << "no path behind it";
  EXPECT_EQ(status({.path = "/" + server.token().substr(1) + "/", .host = here()}), 404);
  EXPECT_EQ(status(get("/nothing")), 404);
  EXPECT_EQ(status(get("/")), 200);
}

TEST_F(HttpServer, AnotherNameForThisMachineIsRefused) {
  const auto host = [&](const std::string& name) {
    return status({.path = path("/"), .host = name});
  };
  const std::string port = std::to_string(server.port());
  EXPECT_EQ(host("localhost:" + port), 200);
  EXPECT_EQ(host("evil.example:" + port), 403);
  EXPECT_EQ(host("127.0.0.1"), 403);
  EXPECT_EQ(host("127.0.0.1:1"), 403);
  EXPECT_EQ(host(""), 403);
  Asked twice = get("/");
  twice.headers = "Host: evil.example\r\n";
  EXPECT_EQ(status(twice), 403);
}

TEST_F(HttpServer, APostComesFromThisSiteAsJson) {
  EXPECT_EQ(body_of(ask(server.port(), post("{}"))), "{}");
  const std::string ours = "Origin: http://" + here() + "\r\n";
  EXPECT_EQ(status(post("{}", json_type + ours)), 200);
  EXPECT_EQ(acts, 2);
  EXPECT_EQ(status(post("{}", json_type + "Origin: http://evil.example\r\n")), 403);
  EXPECT_EQ(status(post("{}", json_type + "Origin: null\r\n")), 403);
  EXPECT_EQ(status(post("{}", json_type + "Origin: http://127.0.0.1:1\r\n")), 403);
  // What a form of another site could send without asking.
  EXPECT_EQ(status(post("{}", "Content-Type: text/plain\r\n")), 415);
  EXPECT_EQ(status(post("{}", "")), 415);
  EXPECT_EQ(status(post("{}", "Content-Type: application/json-x\r\n")), 415);
  EXPECT_EQ(status(get("/act")), 405);
  Asked deletion = get("/");
  deletion.method = "DELETE";
  EXPECT_EQ(status(deletion), 405);
  EXPECT_EQ(acts, 2);
}

TEST_F(HttpServer, ALongBodyIsRefused) {
  EXPECT_EQ(status(post(std::string(1000, ' '))), 200);
  EXPECT_EQ(status(post(std::string(1001, ' '))), 413);
  Asked chunked = post("", json_type + "Transfer-Encoding: chunked\r\n");
  Connection connection(server.port());
  connection.say(text_of(chunked));
  const std::string chunk = "200\r\n" + std::string(512, ' ') + "\r\n";
  connection.say(chunk + chunk + "0\r\n\r\n");
  EXPECT_EQ(status_of(connection.hear()), 413);
  Asked huge = post("", json_type + "Content-Length: 18446744073709551615\r\n");
  EXPECT_EQ(status(huge), 413);
  EXPECT_EQ(acts, 1);
}

TEST_F(HttpServer, WhatAHandlerRefusesIsSaid) {
  const std::string refused = ask(server.port(), post("bad"));
  EXPECT_EQ(status_of(refused), 400);
  EXPECT_EQ(body_of(refused), R"({"error":"no \"such\" thing"})");
  EXPECT_EQ(status(post("broken")), 500);
  EXPECT_EQ(status(get("/file")), 500);
  EXPECT_EQ(status(get("/")), 200) << "and it goes on";
}

TEST_F(HttpServer, AViewerGetsWhatIsNewest) {
  feed->publish("1");
  feed->publish("2");
  Connection viewer(server.port());
  viewer.say(text_of(get("/events")));
  const std::string begin = viewer.hear("data: 2\n\n");
  EXPECT_EQ(status_of(begin), 200);
  EXPECT_NE(begin.find("text/event-stream"), std::string::npos);
  EXPECT_EQ(begin.find("data: 1"), std::string::npos) << "it was over";
  feed->publish("3\n4");
  EXPECT_NE(viewer.hear("4\n\n").find("data: 3\ndata: 4\n\n"), std::string::npos);
  feed->close();
  EXPECT_EQ(viewer.hear().find("data"), std::string::npos);
}

TEST_F(HttpServer, StreamsAreBoundedAndTheirPlacesAreFreed) {
  {
    Connection first(server.port());
    Connection second(server.port());
    first.say(text_of(get("/events")));
    second.say(text_of(get("/events")));
    feed->publish("x");
    first.hear("data: x");
    second.hear("data: x");
    EXPECT_EQ(status(get("/events")), 503);
    EXPECT_EQ(status(get("/")), 200) << "the rest is answered";
  }
  bool has_place = false;
  for (int i = 0; i < 100 && !has_place; ++i) {
    feed->publish("y");  // now it shows that they are gone
    Connection third(server.port());
    third.say(text_of(get("/events")));
    has_place = status_of(third.hear("\r\n\r\n")) == 200;
    if (!has_place) std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(has_place);
}

TEST_F(HttpServer, WhoTakesNothingDelaysNobodyAndIsCutOff) {
  Connection slow(server.port(), 2048);  // never hears
  slow.say(text_of(get("/events")));
  Connection quick(server.port());
  quick.say(text_of(get("/events")));
  const auto begin = std::chrono::steady_clock::now();
  const std::string large(4'000'000, 'x');
  for (int i = 0; i < 5; ++i) {
    const std::string mark = "mark " + std::to_string(i);
    feed->publish(large + mark);
    EXPECT_NE(quick.hear(mark).find(mark), std::string::npos);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  bool has_place = false;
  for (int i = 0; i < 300 && !has_place; ++i) {
    Connection third(server.port());
    third.say(text_of(get("/events")));
    has_place = status_of(third.hear("\r\n\r\n")) == 200;
    if (!has_place) std::this_thread::sleep_for(20ms);
  }
  EXPECT_TRUE(has_place) << "its place is free";
}

TEST_F(HttpServer, StopsAtOnceWhoeverIsThere) {
  Connection silent(server.port());
  Connection viewer(server.port());
  viewer.say(text_of(get("/events")));
  feed->publish("x");
  viewer.hear("data: x");
  const auto begin = std::chrono::steady_clock::now();
  server.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
  viewer.hear();
  EXPECT_FALSE(Connection(server.port()).is_open());
}

TEST(HttpServerPort, IsOursAlone) {
  Server first;
  EXPECT_GT(first.port(), 0);
  EXPECT_THROW(Server({.port = first.port()}), UsageError);
}

}  // namespace
}  // namespace gainsay::cli
