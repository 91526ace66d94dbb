// gainsay show --html: one file, whatever the trace.
#include <gtest/gtest.h>

#include "tests/cli/program.hpp"

namespace gainsay::testing {
namespace {

const std::string trace =
    std::string(GAINSAY_SOURCE_DIR) + "/traces/raft-vote-not-persisted.trace.json";

TEST(Show, DrawsAPage) {
  const Scratch scratch("show-html");
  const Ran ran = run_gainsay(scratch.path(), "show --html out/page.html " + trace);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("out/page.html"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("warning"), std::string::npos) << ran.err;
  const std::string page = read_text(scratch.path() / "out" / "page.html");
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_NE(page.find("\"kind\":\"trace\""), std::string::npos);
  EXPECT_LT(page.find("Content-Security-Policy"), page.find("<script"));
  // The same trace gives the same bytes.
  run_gainsay(scratch.path(), "show --html again.html " + trace);
  EXPECT_EQ(read_text(scratch.path() / "again.html"), page);
  EXPECT_EQ(run_gainsay(scratch.path(), "show --html . " + trace).code, 74);
  EXPECT_EQ(run_gainsay(scratch.path(), "show --full --html page.html " + trace).code, 2);
  EXPECT_EQ(run_gainsay(scratch.path(), "show --node n1 --html page.html " + trace).code, 2);
}

std::string with(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  return at == std::string::npos ? text : std::string(text).replace(at, from.size(), to);
}

TEST(Show, DrawsWhatDoesNotRunHereFromItsFile) {
  const Scratch scratch("show-html-file");
  const std::string text = read_text(trace);
  const auto draw = [&](const std::string& changed) {
    std::ofstream(scratch.path() / "changed.json") << changed;
    const Ran ran = run_gainsay(scratch.path(), "show --html page.html changed.json");
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.err.find("warning"), std::string::npos) << ran.err;
    return read_text(scratch.path() / "page.html");
  };
  const std::string unknown = draw(with(text, "\"name\": \"raft\"", "\"name\": \"nobodys\""));
  EXPECT_NE(unknown.find("cannot be replayed here"), std::string::npos);
  EXPECT_NE(unknown.find("\"has_fates\":false"), std::string::npos);
  // Another protocol now: the correct one persists the vote.
  const std::string other = draw(with(text, "\"bug\": \"vote-not-persisted\"", "\"bug\": \"\""));
  EXPECT_NE(other.find("a replay diverges at step"), std::string::npos);

  std::ofstream(scratch.path() / "broken.json") << text.substr(0, text.size() / 2);
  EXPECT_EQ(run_gainsay(scratch.path(), "show --html page.html broken.json").code, 6);
}

}  // namespace
}  // namespace gainsay::testing
