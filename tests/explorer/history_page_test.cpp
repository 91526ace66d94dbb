// What the page is told of a history: rows, order, states, the core, faults, and what was cut.
#include "explorer/history_page.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "explorer/page.hpp"
#include "properties/linearizability/core.hpp"
#include "properties/linearizability/partitions.hpp"

namespace gainsay::linearizability {
namespace {

using nlohmann::json;

// A row of an operation.
enum Column { line, client, text, flags, invoked, returned, position, point, before, after };

struct Drawn {
  Recording recording;
  Judgement judgement;
  std::vector<Id> prefix;

  explicit Drawn(const std::string& history) {
    std::istringstream input(history);
    recording = read_history(input, {});
    const Model& model = recording.model->model;
    judgement = judge(model, recording.history);
    if (judgement.verdict != Verdict::not_linearizable) return;
    for (const auto& part : partitions(model, recording.history, true)) {
      if (std::ranges::find(part, judgement.broken_by) == part.end()) continue;
      prefix = prefix_order(model, recording.history, part, judgement.broken_by, {});
    }
  }

  HistoryReport report() const {
    return {.name = "a history",
            .recording = recording,
            .judgement = judgement,
            .prefix_order = prefix};
  }
  json data(const PageLimits& limits = {}) const {
    return json::parse(history_data(report(), limits));
  }
};

std::string sample(const std::string& name) {
  std::ifstream file(std::string(GAINSAY_SOURCE_DIR) +
                     "/tests/properties/linearizability/samples/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string text_of(const json& data, const json& row, Column column = text) {
  return data.at("texts").at(row.at(column).get<std::size_t>());
}

// Rows that have a place, by it.
std::vector<json> in_order(const json& part) {
  std::vector<json> rows;
  for (const json& row : part.at("operations")) {
    if (row.size() > position) rows.push_back(row);
  }
  std::ranges::sort(rows, {}, [](const json& row) { return row.at(position).get<int>(); });
  return rows;
}

// Each takes effect within its interval, one after the other, from state to state.
void expect_an_order(const json& data, const json& part) {
  const auto rows = in_order(part);
  EXPECT_EQ(rows.size(), part.at("order"));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].at(position), i + 1);
    EXPECT_GE(rows[i].at(point), rows[i].at(invoked));
    if (!rows[i].at(returned).is_null()) {
      EXPECT_LE(rows[i].at(point), rows[i].at(returned));
    }
    if (i == 0) continue;
    EXPECT_GE(rows[i].at(point), rows[i - 1].at(point));
    EXPECT_EQ(text_of(data, rows[i], before), text_of(data, rows[i - 1], after));
  }
}

TEST(HistoryPage, OfAnOrderTellsTheStates) {
  const json data = Drawn(sample("kv.txt")).data();
  EXPECT_EQ(data.at("kind"), "history");
  EXPECT_EQ(data.at("verdict"), "linearizable");
  EXPECT_EQ(data.at("cut"), "");
  EXPECT_FALSE(data.contains("violation"));
  ASSERT_EQ(data.at("parts").size(), 2U);
  for (const json& part : data.at("parts")) expect_an_order(data, part);
  const json& x = data.at("parts").at(0);
  EXPECT_EQ(x.at("name"), "\"x\"");
  const auto rows = in_order(x);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(text_of(data, rows[0]), "append \"x\" \"b\": ok");
  EXPECT_NE(text_of(data, rows[1], after).find("ba"), std::string::npos);
  EXPECT_EQ(text_of(data, rows[2]), "get \"x\": \"ba\"");
  EXPECT_EQ(rows[2].at(before), rows[2].at(after));
  EXPECT_EQ(rows[2].at(flags), 1) << "it observes";
}

TEST(HistoryPage, OfAViolationTellsTheCoreAndTheLongestPrefix) {
  const Drawn drawn(sample("register.ops"));
  const json data = drawn.data();
  EXPECT_EQ(data.at("verdict"), "not linearizable");
  const json& part = data.at("parts").at(0);
  EXPECT_TRUE(part.at("broken"));
  expect_an_order(data, part);
  EXPECT_GT(part.at("order"), 0);
  const json& violation = data.at("violation");
  const json& broken = part.at("operations").at(violation.at("broken_by").get<std::size_t>());
  EXPECT_EQ(broken.at(line), 7);
  EXPECT_LE(broken.size(), std::size_t{position}) << "it has no place";
  EXPECT_EQ(violation.at("core").size(), drawn.judgement.core.size());
  EXPECT_EQ(violation.at("core_size"), drawn.judgement.core.size());
  EXPECT_TRUE(violation.at("core_is_minimal"));
  EXPECT_FALSE(violation.at("states_before").empty());
}

TEST(HistoryPage, TellsFailuresAndFaults) {
  const json data = Drawn(R"({:process 0, :type :invoke, :f :write, :value 1}
{:process :nemesis, :type :info, :f :start, :value nil}
{:process :nemesis, :type :info, :f :start, :value "cut off n1"}
{:process 0, :type :ok, :f :write, :value 1}
{:process 1, :type :invoke, :f :cas, :value [2 3]}
{:process 1, :type :fail, :f :cas, :value [2 3]}
{:process :nemesis, :type :info, :f :stop, :value nil}
{:process 1, :type :invoke, :f :write, :value 4}
{:process 1, :type :fail, :f :write, :value 4, :error :refused}
)")
                        .data();
  const json& rows = data.at("parts").at(0).at("operations");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows.at(1).at(flags), 3) << "it failed, which observes";
  EXPECT_EQ(rows.at(2).at(flags), 4) << "it says nothing";
  EXPECT_EQ(text_of(data, rows.at(2)), "write 4: failed");
  ASSERT_EQ(data.at("faults").size(), 1U);
  const json& fault = data.at("faults").at(0);
  EXPECT_EQ(fault.at("text"), "start cut off n1");
  EXPECT_EQ(fault.at("from"), 1);
  EXPECT_EQ(fault.at("to"), 4);
}

TEST(HistoryPage, MayHaveNothingToShow) {
  const json data = Drawn(
                        "{:process 0, :type :invoke, :f :write, :value 1}\n"
                        "{:process 0, :type :fail, :f :write, :value 1}\n")
                        .data();
  EXPECT_EQ(data.at("operations"), 0);
  EXPECT_TRUE(data.at("parts").empty());
  EXPECT_EQ(data.at("verdict"), "vacuous");
}

TEST(HistoryPage, CallsNothingLinearizableOfWhichNothingReturned) {
  const json data = Drawn("{:process 0, :type :invoke, :f :write, :value 1}\n").data();
  EXPECT_EQ(data.at("operations"), 1);
  EXPECT_EQ(data.at("verdict"), "vacuous");
}

TEST(HistoryPage, MomentsThatAPageCannotCountAreTexts) {
  const json data = Drawn("# model register\n0 9007199254740993 1700000000000000001 w 1\n").data();
  EXPECT_EQ(data.at("moments").at(0), "9007199254740993");
  EXPECT_EQ(data.at("moments").at(1), "1700000000000000001");
}

// Puts to three keys, and after so many of them a get of what was never put.
std::string many(std::size_t count, std::size_t wrong, const std::string& value) {
  std::string history = "# model kv\n";
  const auto add = [&](std::size_t i, const std::string& what) {
    history += std::to_string(i % 5) + " " + std::to_string(2 * i) + " " +
               std::to_string(2 * i + 1) + " " + what + "\n";
  };
  for (std::size_t i = 0; i < count; ++i) {
    const std::string key = "key" + std::to_string(i % 3);
    add(2 * i, "put " + key + " " + value + std::to_string(i));
    if (i == wrong) add(2 * i + 1, "get " + key + " nothing");
  }
  return history;
}

TEST(HistoryPage, SaysWhatWasCut) {
  const Drawn legal(many(30, 1000, "v"));  // 30 operations, 10 of each key
  json data = legal.data({.operations_max = 25});
  EXPECT_EQ(data.at("cut"), "Shown are 20 of 30 operations, in 2 of 3 independent parts.");
  EXPECT_EQ(data.at("parts").size(), 2U);
  expect_an_order(data, data.at("parts").at(1));
  data = legal.data({.operations_max = 4});
  EXPECT_EQ(data.at("cut"),
            "Shown are 4 of 30 operations, in 1 of 3 independent parts; of the first part those at "
            "the beginning.");

  const Drawn broken(many(30, 16, "v"));
  data = broken.data({.operations_max = 4});
  EXPECT_NE(data.at("cut").get<std::string>().find("those nearest to it, and its core"),
            std::string::npos);
  const json& part = data.at("parts").at(0);
  EXPECT_TRUE(part.at("broken"));
  EXPECT_LE(part.at("operations").size(), 6U);
  const json& row =
      part.at("operations").at(data.at("violation").at("broken_by").get<std::size_t>());
  EXPECT_EQ(text_of(data, row), "get \"key1\": \"nothing\"");
  std::size_t counted = 0;
  for (const json& count : data.at("overview").at("counts")) counted += count.get<std::size_t>();
  EXPECT_EQ(counted, 31U) << "all of them are in the overview";
}

// Of a value only so much is shown; a quotation mark takes two characters, "<" takes six.
TEST(HistoryPage, IsNeverLargerThanItMayBe) {
  const Drawn drawn(many(3'000, 1'500, std::string(300, '<')));
  const std::size_t code = gainsay::detail::page_html.size();
  for (const std::size_t room : {std::size_t{400'000}, std::size_t{100'000}, std::size_t{40'000}}) {
    const std::string page = history_page(drawn.report(), {.bytes_max = code + room});
    EXPECT_LE(page.size(), code + room);
    EXPECT_GT(page.size(), code + room / 8) << "and not much smaller";
    EXPECT_NE(page.find("Shown are "), std::string::npos);
  }
}

TEST(HistoryPage, StrangeTextsStayTexts) {
  const std::string value = "</script><script>alert(1)//\\u003c\\n";
  const Drawn drawn("{\"model\": \"kv\", \"faults\": [{\"from\": 0, \"text\": \"" + value +
                    "\"}], \"operations\": [{\"client\": \"" + value +
                    "\", \"invoked\": 0, \"returned\": 1, \"f\": \"put\", \"key\": \"" + value +
                    "\", \"value\": \"" + value + "\"}]}");
  const json data = drawn.data();
  const std::string read = json::parse("\"" + value + "\"");
  EXPECT_EQ(data.at("faults").at(0).at("text"), read);
  EXPECT_NE(data.at("clients").at(0).get<std::string>().find(read), std::string::npos);
  const std::string page = history_page(drawn.report());
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  // What is no UTF-8 is replaced.
  const Drawn bytes("# model kv\n0 0 1 put \xff\xfe v\xc3\n");
  EXPECT_EQ(bytes.data().at("parts").size(), 1U);
}

}  // namespace
}  // namespace gainsay::linearizability
