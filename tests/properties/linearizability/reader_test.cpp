// The readers on a sample of each format, and on input that means harm.
#include "properties/linearizability/reader.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "properties/linearizability/judge.hpp"
#include "tests/properties/linearizability/twin.hpp"

namespace gainsay::linearizability {
namespace {

Recording read_text(const std::string& text, const std::string& model = "") {
  std::istringstream input(text);
  ReadOptions options;
  options.model = model;
  options.limits = {.line_bytes_max = 10'000, .operations_max = 1'000};
  return read_history(input, options);
}

Recording read_sample(const std::string& name) {
  std::ifstream file(std::string(GAINSAY_SOURCE_DIR) +
                     "/tests/properties/linearizability/samples/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return read_text(text.str());
}

Verdict verdict_of(const Recording& recording) {
  const Judgement judgement = judge(recording.model->model, recording.history);
  if (judgement.verdict == Verdict::linearizable) {
    EXPECT_EQ(wrong_with_order(recording.model->model, recording.history, judgement.order), "");
  }
  return judgement.verdict;
}

void expect_sample(const std::string& name, const std::string& model, std::size_t operations,
                   Verdict verdict) {
  const Recording recording = read_sample(name);
  EXPECT_EQ(recording.model->name, model);
  EXPECT_EQ(recording.history.operations().size(), operations);
  EXPECT_EQ(recording.lines.size(), operations);
  EXPECT_EQ(verdict_of(recording), verdict);
}

TEST(LinearizabilityReader, ReadsTheLogOfJepsen) {
  expect_sample("register.log", "cas-register", 5, Verdict::linearizable);
}
TEST(LinearizabilityReader, ReadsEdnInAVector) {
  expect_sample("register.edn", "cas-register", 2, Verdict::linearizable);
}
TEST(LinearizabilityReader, ReadsIndependentKeys) {
  expect_sample("independent.edn", "cas-register", 4, Verdict::not_linearizable);
  EXPECT_EQ(read_sample("independent.edn").objects, (std::vector<std::string>{"7", "8"}));
}
TEST(LinearizabilityReader, ReadsKeyValueText) {
  expect_sample("kv.txt", "kv", 4, Verdict::linearizable);
}
TEST(LinearizabilityReader, ReadsOps) {
  expect_sample("register.ops", "cas-register", 6, Verdict::not_linearizable);
}
TEST(LinearizabilityReader, ReadsJson) {
  expect_sample("queue.json", "queue", 5, Verdict::linearizable);
}

std::string json_of(const std::string& model, const std::string& operations) {
  return R"({"model": ")" + model + R"(", "operations": [)" + operations + "]}";
}

// Each model, by the operations that it understands.
TEST(LinearizabilityReader, GivesOperationsTheirMeaning) {
  const auto verdict = [](const std::string& model, const std::string& operations) {
    return verdict_of(read_text("# model " + model + "\n" + operations));
  };
  EXPECT_EQ(verdict("register", "0 0 1 w 1\n0 2 3 r 1\n"), Verdict::linearizable);
  EXPECT_EQ(verdict("kv", "0 0 1 put k a\n0 2 3 append k b\n1 4 5 get k ab\n"),
            Verdict::linearizable);
  EXPECT_EQ(verdict("kv", "0 0 1 put k a\n1 2 3 get k\n"), Verdict::not_linearizable);
  const auto json = [](const std::string& f, const std::string& more) {
    return R"({"client": 0, "f": ")" + f + R"(", )" + more + "}";
  };
  const auto of = [&](const std::string& model, const std::vector<std::string>& operations) {
    std::string text;
    for (std::size_t i = 0; i < operations.size(); ++i) text += (i > 0 ? "," : "") + operations[i];
    return verdict_of(read_text(json_of(model, text)));
  };
  const std::string a = R"("value": "a", "invoked": 0, "returned": 1)";
  const std::string b = R"("value": "b", "invoked": 2, "returned": 3)";
  const auto got = [](const std::string& result) {
    return R"("invoked": 4, "returned": 5, "result": )" + result;
  };
  for (const auto& [model, put, take, first, verdict_expected] :
       std::vector<std::tuple<std::string, std::string, std::string, std::string, Verdict>>{
           {"queue", "enqueue", "dequeue", "\"a\"", Verdict::linearizable},
           {"queue", "enqueue", "dequeue", "\"b\"", Verdict::not_linearizable},
           {"stack", "push", "pop", "\"b\"", Verdict::linearizable},
           {"stack", "push", "pop", "\"a\"", Verdict::not_linearizable},
           {"bag", "add", "take", "\"a\"", Verdict::linearizable},
           {"bag", "add", "take", "\"c\"", Verdict::not_linearizable},
           {"set", "add", "read", "[\"b\", \"a\"]", Verdict::linearizable},
           {"set", "add", "read", "[\"b\"]", Verdict::not_linearizable},
       }) {
    EXPECT_EQ(of(model, {json(put, a), json(put, b), json(take, got(first))}), verdict_expected)
        << model << " " << first;
  }
  const std::string add = json("add", R"("value": 2, "invoked": 0, "returned": 1)");
  EXPECT_EQ(of("counter", {add, json("read", got("2"))}), Verdict::linearizable);
  EXPECT_EQ(of("counter", {add, json("read", got("0"))}), Verdict::not_linearizable);
  const std::string lock = json("acquire", R"("invoked": 0, "returned": 1)");
  const std::string other_unlock = R"({"client": 1, "f": "release", "invoked": 2, "returned": 3})";
  const std::string lock_again = json("acquire", R"("invoked": 4, "returned": 5)");
  EXPECT_EQ(of("mutex", {lock, other_unlock, lock_again}), Verdict::linearizable);
  EXPECT_EQ(of("mutex", {lock, lock_again}), Verdict::not_linearizable);
  EXPECT_EQ(of("owned-mutex", {lock, other_unlock}), Verdict::not_linearizable);
  const std::string txn = json("txn", R"("value": [["w", "x", 1], ["r", "y", null]],)"
                                      R"("result": [["w", "x", 1], ["r", "y", null]],)"
                                      R"("invoked": 0, "returned": 1)");
  const auto read_x = [&](const std::string& value) {
    return json("txn", R"("value": [["r", "x", null]], "result": [["r", "x", )" + value +
                           R"(]], "invoked": 2, "returned": 3)");
  };
  EXPECT_EQ(of("multi-register", {txn, read_x("1")}), Verdict::linearizable);
  EXPECT_EQ(of("multi-register", {txn, read_x("null")}), Verdict::not_linearizable);
}

TEST(LinearizabilityReader, ValuesThatDifferStayDifferent) {
  const auto value = [](std::string_view text) {
    Datum datum;
    EXPECT_TRUE(read_edn(text, datum)) << text;
    return to_value(datum);
  };
  EXPECT_NE(value("7"), value("\"7\""));
  EXPECT_NE(value("nil"), value("\"nil\""));
  EXPECT_NE(value(R"(["a" "b"])"), value(R"(["a\" 1\"b"])"));
  EXPECT_NE(value("[1 2]"), value("[2 1]"));
  EXPECT_NE(value("[1 2]"), value("#{1 2}"));
  EXPECT_EQ(value("#{1 2}"), value("#{2 1}"));
  EXPECT_EQ(value("{:a 1, :b 2}"), value("{:b 2 :a 1}"));
  EXPECT_EQ(value("(1 #_2 3) ; a remark"), value("[1,3]"));
}

TEST(LinearizabilityReader, TellsStatesAsItTellsValues) {
  const auto last_state = [](const std::string& text) {
    const Recording recording = read_text(text);
    Bytes state = recording.model->model.initial;
    for (Id id = 0; id < recording.history.operations().size(); ++id) {
      state = recording.model->model.next(state, recording.history.kind_of(id)).at(0);
    }
    return recording.model->describe_state(state);
  };
  EXPECT_EQ(last_state("# model register\n0 0 1 w 3\n"), "3");
  EXPECT_EQ(last_state("# model kv\n0 0 1 put k a\n0 2 3 put l b\\\"c\n"),
            "{\"k\": \"a\", \"l\": \"b\\\"c\"}");
  EXPECT_EQ(
      last_state(R"({"model": "queue", "operations": [)"
                 R"({"client": 0, "f": "enqueue", "value": 7, "invoked": 0, "returned": 1},)"
                 R"({"client": 0, "f": "enqueue", "value": "x", "invoked": 2, "returned": 3}]})"),
      "[7, \"x\"]");
}

// [from, to) text, one after another.
std::string told(const std::vector<Fault>& faults) {
  std::string text;
  for (const Fault& fault : faults) {
    text += "[" + std::to_string(fault.from) + "," +
            (fault.to == never ? "end" : std::to_string(fault.to)) + ") " + fault.text + "; ";
  }
  return text;
}

TEST(LinearizabilityReader, KnowsFaultsFromTheNemesis) {
  const auto nemesis = [](const std::string& f, const std::string& value) {
    return "{:process :nemesis, :type :info, :f :" + f + ", :value " + value + "}\n";
  };
  const std::string one = "{:process 0, :type :invoke, :f :write, :value 1}\n";
  const std::string two = "{:process 0, :type :ok, :f :write, :value 1}\n";
  // Each is written twice. What stops has stopped when that is done, and may start again.
  const std::string text = nemesis("start-partition", "nil") + one +
                           nemesis("start-partition", "\"n1\"") + nemesis("kill", "nil") + two +
                           nemesis("kill", "\"n2\"") + nemesis("stop-partition", "nil") + one +
                           nemesis("stop-partition", "nil") + nemesis("stop", "nil") +
                           nemesis("partition-start", "7") + two + nemesis("kill", "nil");
  EXPECT_EQ(told(read_text(text).faults),
            "[0,3) start-partition n1; [1,2) kill n2; [3,end) partition-start 7; [4,4) kill; ");
  EXPECT_EQ(read_text(text).history.operations().size(), 2U);
  const std::string log = "INFO  jepsen.util - ";
  const std::string write = "0\t:invoke\t:write\t1\n";
  EXPECT_EQ(told(read_text(log + ":nemesis\t:info\n" + log + write).faults), "[0,0) ; ");
  EXPECT_EQ(told(read_text(log + "0\t:invoke\t:write\t1\n" + log +
                           ":nemesis\t:info\t:start\tcut { off\n" + log + "0\t:ok\t:write\t1\n")
                     .faults),
            "[1,end) start cut { off; ");
}

TEST(LinearizabilityReader, ReadsFaultsOfJson) {
  const auto faults = [](const std::string& list) {
    return read_text(R"({"operations": [{"client": 0, "invoked": 0, "returned": 1, "f": "write",)"
                     R"( "value": 1}], "faults": )" +
                     list + "}")
        .faults;
  };
  EXPECT_EQ(told(faults(R"([{"from": 3, "to": 9, "text": "a"}, {"from": 4, "text": "b"}])")),
            "[3,9) a; [4,end) b; ");
  for (const char* wrong :
       {"{}", "[1]", R"([{"from": 3}])", R"([{"text": "a"}])", R"([{"from": -1, "text": "a"}])",
        R"([{"from": 3, "to": 2, "text": "a"}])", R"([{"from": 3, "text": ["a"]}])"}) {
    EXPECT_THROW(faults(wrong), HistoryError) << wrong;
  }
}

TEST(LinearizabilityReader, KeepsWhatFailed) {
  const Recording recording = read_text(
      "{:process 0, :type :invoke, :f :cas, :value [1 2]}\n"
      "{:process 0, :type :fail, :f :cas, :value [1 2]}\n"
      "{:process 0, :type :invoke, :f :read, :value nil}\n"
      "{:process 0, :type :fail, :f :read, :value nil}\n");
  EXPECT_EQ(recording.failed, std::vector<bool>{true});
  ASSERT_EQ(recording.omitted.size(), 1U);
  EXPECT_EQ(recording.omitted[0].text, "read: failed");
  EXPECT_EQ(recording.omitted[0].line, 3U);
  EXPECT_EQ(recording.omitted[0].returned, 3U);
}

// Each of these, had it been passed over, would have made something linearizable that is not.
void expect_refused_rather_than_passed_over() {
  const std::string head = R"({"client": 0, "invoked": 1, )";
  for (const std::string& text : {
           json_of("register", head + R"("return": 4, "f": "read", "result": 5})"),
           json_of("register", head + R"("f": "read", "result": 5})"),
           json_of("register", head + R"("returned": null, "f": "read", "result": 5})"),
           json_of("register", head + R"("returned": 2, "f": "read", "value": 7})"),
           json_of("kv", head + R"("returned": 2, "f": "get", "key": "x"})"),
           json_of("queue", head + R"("returned": 2, "f": "dequeue"})"),
           json_of("cas-register",
                   head + R"("returned": 2, "f": "cas", "value": [2, 3], "result": false})"),
           json_of("register", head + R"("returned": 2, "f": "write", "value": 1, "result": 2})"),
           json_of("mutex", head + R"("returned": 2, "f": "acquire", "result": false})"),
           json_of("set",
                   head + R"("returned": 2, "f": "contains", "value": 1, "result": "true"})"),
           json_of("set", head + R"("returned": 2, "f": "contains", "value": 1})"),
           json_of("register", head +
                                   R"("returned": 2, "f": "write", "value": 1, "object": "a"},)" +
                                   head + R"("returned": 3, "f": "read", "result": null})"),
           std::string("{:process 0, :type :invoke, :f :write, :value 1}\n"
                       "{:process 0, :type :ok, :f :write, :value 2}\n"),
           std::string("{:process 0, :type :invoke, :f :read, :value [1 nil]}\n"
                       "{:process 0, :type :ok, :f :read, :value [1 nil]}\n"
                       "{:process 0, :type :invoke, :f :write, :value 5}\n"),
           std::string("{:process :b, :type :ok, :f :read, :value 77}\n"),
           std::string("jepsen.util - 0\t:invoke\t:read\tnil\n"
                       "jepsen.util - 0 :ok :read 77\n"),
       }) {
    EXPECT_THROW(read_text(text), HistoryError) << text;
  }
}

TEST(LinearizabilityReader, RefusesWhatItDoesNotUnderstand) {
  const std::string event = "{:process 0, :type :invoke, :f :read, :value nil}\n";
  const std::string deep(1000, '[');
  for (const std::string& text : {
           std::string(),
           std::string("\n\n"),
           std::string("hello"),
           std::string("\0\1\2", 3),
           std::string("# model nonsense\n0 0 1 w 1\n"),
           std::string("# model casreg 3\n"),
           std::string("0 0 1 w\n"),
           std::string("0 0 1 w 1 2\n"),
           std::string("0 1 0 w 1\n"),
           std::string("0 0 x w 1\n"),
           std::string("0 0 1 jump 1\n"),
           std::string("0 0\n"),
           std::string("0 0 -1 casfail 1 2\n"),
           std::string("0 -1 1 w 1\n"),
           std::string("0 0 18446744073709551615 w 1\n"),
           std::string("0 0 99999999999999999999 w 1\n"),
           std::string(20'000, '0'),
           event + event,
           std::string("{:process 0, :type :ok, :f :read, :value 1}\n"),
           event + "{:process 0, :type :ok, :f :write, :value 1}\n",
           std::string("{:process 0, :type :odd, :f :read, :value 1}\n"),
           std::string("{:type :invoke, :f :read}\n"),
           event + "{:process 0",
           event + "}",
           std::string("[") + event,
           event + "]",
           event + "{:process \"0",
           event + "{:process}",
           std::string("{:process 0, :type :invoke, :f :write, :value ") + deep,
           std::string("{:process 0, :type :invoke, :f :dance, :value 1}\n"),
           std::string("jepsen.util - 0\t:invoke\t:read\tnil\njepsen.util - x\t:ok\t:read\t1\n"),
           std::string("jepsen.util - 0\t:invoke\t:cas\t[1 2\n"),
           std::string("jepsen.util - 0\tinvoke\t:read\tnil\t:x\n"),
           std::string("{:process 0, :type :invoke, :f :enqueue, :value nil}\n"),
           std::string("{\"operations\": 3}"),
           std::string("{\"operations\": []}"),
           std::string("{\"operations\": [3]}"),
           std::string("{\"operations\": [{\"client\": 0}]}"),
           // As a double it is 18446744073709551616 as well.
           json_of("register",
                   R"({"client": 0, "f": "write", "value": 18446744073709551617, "invoked": 0, )"
                   R"("returned": 1})"),
           std::string("{\"operations\": [{\"client\": 0, \"f\": \"read\", \"invoked\": -1}]}"),
           std::string("{\"operations\": [{\"client\": 0, \"f\": \"read\", \"invoked\": 1.5}]}"),
           std::string("{\"operations\": ") + std::string(1000, '['),
           std::string("{\"model\": 3, \"operations\": []}"),
       }) {
    EXPECT_THROW(read_text(text), HistoryError) << text.substr(0, 200);
  }
  expect_refused_rather_than_passed_over();
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "0 0 1 w 1\n";
  EXPECT_THROW(read_text(many), HistoryError);
  EXPECT_THROW(read_text("0 0 1 cas 1 2\n", "register"), HistoryError);
}

}  // namespace
}  // namespace gainsay::linearizability
