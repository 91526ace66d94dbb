// What the page is told of a simulation: all that the results say, and how to have them again.
#include "explorer/simulate/report_page.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "explorer/page.hpp"

namespace gainsay {
namespace {

using nlohmann::json;

json results(std::size_t intervals) {
  json result = {{"system", "raft"}, {"verb", "simulate"}, {"nodes", {{{"node", "</script>"}}}}};
  result["timeline"] = {{"interval_ns", 1'000}, {"intervals", json::array()}};
  for (std::size_t i = 0; i < intervals; ++i) {
    result["timeline"]["intervals"].push_back(
        {{"requests", i}, {"answers", 2 * i}, {"max_ns", std::uint64_t{1} << 62}});
  }
  return result;
}

TEST(ReportPage, HasTheTimeLineByColumnsAndAllElseAsItIs) {
  json expected = results(3);
  const json data = json::parse(report_data(expected.dump(1), "gainsay simulate raft"));
  EXPECT_EQ(data.at("kind"), "report");
  EXPECT_EQ(data.at("command"), "gainsay simulate raft");
  expected["timeline"] = {{"interval_ns", 1'000},
                          {"requests", {0, 1, 2}},
                          {"answers", {0, 2, 4}},
                          {"max_ns", json(3, std::uint64_t{1} << 62)}};
  EXPECT_EQ(data.at("results"), expected);
}

// A run of no length has no intervals, and the page takes a column that is not there as zeros.
TEST(ReportPage, ARunWithoutIntervalsHasNoColumns) {
  const json data = json::parse(report_data(results(0).dump()));
  EXPECT_EQ(data.at("results").at("timeline"), (json{{"interval_ns", 1'000}}));
  EXPECT_EQ(data.at("command"), "");
}

TEST(ReportPage, IsThePageWithThisData) {
  const std::string text = results(2).dump(1);
  const std::string command = "gainsay simulate '</script><script>alert(1)</script>'";
  const std::string html = report_page(text, command);
  EXPECT_EQ(html, page(report_data(text, command)));
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_NE(html.find("\\u003cscript>alert(1)"), std::string::npos);
}

TEST(ReportPage, RefusesWhatIsNoSimulation) {
  json other = results(1);
  other["verb"] = "check";
  EXPECT_THROW(report_data(other.dump()), std::invalid_argument);
  other["verb"] = "simulate";
  other["timeline"]["intervals"].push_back({{"requests", 1}});
  EXPECT_THROW(report_data(other.dump()), std::exception) << "a row that lacks a column";
  EXPECT_THROW(report_data("{"), std::exception);
}

}  // namespace
}  // namespace gainsay
