#include "protocols/dht/dht.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>

#include "engine/random.hpp"
#include "explorer/check.hpp"
#include "properties/linearizability.hpp"

namespace gainsay::dht {
namespace {

CheckReport report_of(Bounds bounds, OptionTexts options) {
  return check(
      find_system("dht")->make({.bounds = std::move(bounds), .options = std::move(options)}));
}

Bounds within(std::uint32_t nodes, std::uint32_t clients, std::uint32_t operations) {
  return {.nodes = nodes, .clients = clients, .operations = operations};
}

struct Case {
  std::string name;
  Bounds bounds;
  OptionTexts options;
};

class Holds : public ::testing::TestWithParam<Case> {};

TEST_P(Holds, Within) {
  const CheckReport report = report_of(GetParam().bounds, GetParam().options);
  EXPECT_EQ(report.verdict, Verdict::holds) << report;
}

std::vector<Case> holding() {
  const Bounds one = within(3, 1, 1);
  const Bounds two = within(3, 1, 2);
  Bounds crashing = one;
  crashing.crashes = 1;
  crashing.restarts = 1;
  Bounds led = crashing;
  led.clients = 0;
  return {
      {"leaving", one, {{"changes", "leave"}}},
      {"joining_and_leaving", one, {{"changes", "join.leave"}}},
      {"few_reads", one, {{"n", "3"}, {"r", "3"}, {"w", "1"}}},
      {"few_writes", two, {{"n", "3"}, {"r", "1"}, {"w", "3"}, {"work", "put-x.get-x"}}},
      {"siblings", within(3, 2, 1), {{"versions", "siblings"}, {"work", "put-x/put-x"}}},
      {"deleting_siblings",
       within(2, 1, 2),
       {{"versions", "siblings"}, {"changes", "collect"}, {"work", "put-x.delete-x"}}},
      {"hints", two, {{"r", "2"}, {"w", "1"}, {"hints", "1"}, {"work", "put-x.get-x"}}},
      // Dynamo's reads are less than registers, and promise none.
      {"repair_after", within(3, 2, 1), {{"repair", "after"}, {"work", "put-x/get-x"}}},
      {"no_quorums", within(3, 1, 2), {{"r", "1"}, {"w", "1"}, {"work", "put-x.get-x"}}},
      {"joining_while_two_write_one_key",
       within(3, 2, 1),
       {{"changes", "join"}, {"work", "put-x/put-x"}}},
      {"collecting", within(2, 1, 3), {{"changes", "collect"}, {"work", "put-x.delete-x.get-x"}}},
      {"writing_again_behind_a_collection",
       within(2, 1, 3),
       {{"changes", "collect"}, {"work", "delete-x.put-x.get-x"}}},
      {"collecting_while_another_writes",
       within(2, 2, 1),
       {{"changes", "collect"}, {"work", "delete-x/put-x"}}},
      {"collecting_while_another_reads",
       within(2, 2, 2),
       {{"changes", "collect"}, {"work", "put-x.delete-x/get-x.get-y"}}},
      // What an owner acknowledged before it left it does not have when it comes back.
      {"writing_while_one_comes_and_goes",
       within(3, 2, 1),
       {{"changes", "join.leave"}, {"work", "get-y/put-x"}}},
      {"crashing_and_coming_back", crashing, {{"changes", "join"}}},
      {"converging_behind_a_join",
       within(3, 1, 1),
       {{"changes", "join"}, {"anti-entropy", "1"}, {"recovers", "1"}}},
      // Whoever leads the changes forgets in a crash who was ready.
      {"changing_twice_with_a_crash",
       led,
       {{"changes", "join.leave"}, {"anti-entropy", "1"}, {"recovers", "1"}}},
      {"converging", within(2, 1, 1), {{"anti-entropy", "1"}, {"recovers", "1"}, {"w", "1"}}},
  };
}

INSTANTIATE_TEST_SUITE_P(Dht, Holds, ::testing::ValuesIn(holding()),
                         [](const auto& test) { return test.param.name; });

class IsNoRegister : public ::testing::TestWithParam<Case> {};

// Where one of the conditions is missing there is a run that shows it.
TEST_P(IsNoRegister, Within) {
  const CheckReport report = report_of(GetParam().bounds, GetParam().options);
  ASSERT_EQ(report.verdict, Verdict::violated) << report;
  EXPECT_EQ(report.counterexample->property, "linearizability");
}

std::vector<Case> not_registers() {
  const OptionTexts read_own = {{"linearizable", "1"}, {"work", "put-x.get-x"}};
  OptionTexts no_overlap = read_own;
  no_overlap.insert({{"r", "1"}, {"w", "1"}});
  const OptionTexts inversion = {{"linearizable", "1"}, {"work", "put-x.get-y/get-x.get-x"}};
  OptionTexts after = inversion;
  after.insert({{"repair", "after"}, {"r", "1"}});
  OptionTexts never = inversion;
  never.insert({{"repair", "never"}, {"n", "3"}});
  return {{"quorums_that_do_not_meet", within(2, 1, 2), no_overlap},
          {"repair_behind_the_answer", within(3, 2, 2), after},
          {"no_repair", within(3, 2, 2), never}};
}

INSTANTIATE_TEST_SUITE_P(Dht, IsNoRegister, ::testing::ValuesIn(not_registers()),
                         [](const auto& test) { return test.param.name; });

TEST(Dht, WhatItDoesNotHaveIsRefused) {
  const auto refusal = [](OptionTexts options) -> std::string {
    try {
      find_system("dht")->make({.bounds = within(3, 1, 1), .options = std::move(options)});
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal({{"changes", "joing"}}),
            "dht: option changes is not \"joing\"; did you mean \"join\"?");
  EXPECT_EQ(refusal({{"changes", "leave.leave"}}), "dht: n3 cannot leave now");
  EXPECT_EQ(refusal({{"r", "3"}}), "dht: r and w are at most n");
  EXPECT_EQ(refusal({{"n", "4"}}), "dht: n is at most the number of nodes");
  EXPECT_EQ(refusal({{"w", "0"}}), "dht: n, r and w are at least 1");
  EXPECT_EQ(refusal({{"recovers", "1"}}), "dht: option recovers needs anti-entropy=1");
  EXPECT_EQ(refusal({{"versions", "siblings"}, {"linearizable", "1"}}),
            "dht: option linearizable needs versions=last-writer: siblings are no register");
  EXPECT_EQ(refusal({{"work", "put-z"}}), "dht: option work: there is no key in \"put-z\"");
  EXPECT_EQ(refusal({{"work", "put-x.get-x"}}),
            "dht: option work: each client has 1 operations (--ops)");
  EXPECT_EQ(refusal({{"work", "put-x/get-x"}}),
            "dht: option work: there are 1 clients (--clients)");
}

// Three clients put, delete and get under two keys, and are answered by what may be there or not.
History random_history(RandomStream& random) {
  using Operation = Node::Operation;
  using Result = Node::Result;
  History history;
  history.clients.resize(3);
  std::array<std::optional<Operation>, 3> open;
  for (std::uint32_t written = 0, steps = 0; steps < 16; ++steps) {
    const std::uint32_t client = random.below(3);
    const Key key = random.below(4) == 0 ? "y" : "x";
    if (!open[client]) {
      const std::uint32_t kind = random.below(5);
      if (kind < 2) open[client] = Get{.key = key};
      if (kind == 2) open[client] = Delete{.key = key};
      if (kind > 2) open[client] = Put{.key = key, .value = std::to_string(written++ % 3)};
      record(history, client, {.kind = Label::Kind::invoke, .value = encoded(*open[client])});
      continue;
    }
    Result result = Done{};
    if (std::holds_alternative<Get>(*open[client])) {
      const std::uint32_t seen = random.below(written + 1);
      result = seen == 0 ? Values{} : Values{{std::to_string((seen - 1) % 3)}};
    }
    record(history, client, {.kind = Label::Kind::respond, .value = encoded(result)});
    open[client].reset();
  }
  return history;
}

TEST(Dht, BothCheckersJudgeRegistersAlike) {
  const Model model = find_system("dht")->make({.bounds = within(3, 1, 1)});
  const auto property = std::ranges::find(model.properties, "linearizability", &Property::name);
  ASSERT_NE(property, model.properties.end());
  RandomStream random(5, Purpose::test);
  int linearizable = 0;
  constexpr int histories = 3000;
  for (int i = 0; i < histories; ++i) {
    const History history = random_history(random);
    const bool plain = is_linearizable(history, *property->object);
    EXPECT_EQ(is_linearizable(history, *property->model), plain) << i;
    linearizable += plain ? 1 : 0;
  }
  EXPECT_GT(linearizable, histories / 10);
  EXPECT_LT(linearizable, histories * 9 / 10);
}

TEST(Dht, RegistersAreNotPromisedToClientsThatAskAnotherCoordinator) {
  const auto has_it = [](const Model& model) {
    return std::ranges::find(model.properties, "linearizability", &Property::name) !=
           model.properties.end();
  };
  Configuration simulated = *find_system("dht")->simulated;
  EXPECT_FALSE(has_it(find_system("dht")->make(simulated)));
  simulated.options["linearizable"] = "1";
  EXPECT_TRUE(has_it(find_system("dht")->make(simulated)));
}

TEST(Dht, RegistersArePromisedWhereQuorumsMeetAndReadsAreWrittenBack) {
  const auto options = [](std::uint32_t r, std::uint32_t w) {
    const auto placement = std::make_shared<const Placement>(
        Plan{.members = {NodeSet{{0}, {1}, {2}}}, .keys = {"x"}, .replicas = 3});
    return Node::Options{.r = r, .w = w, .placement = placement};
  };
  EXPECT_TRUE(promises_registers(options(2, 2)));
  EXPECT_TRUE(promises_registers(options(1, 3)));
  EXPECT_FALSE(promises_registers(options(1, 2)));
  Node::Options late = options(2, 2);
  late.repair = Repair::after_answer;
  EXPECT_FALSE(promises_registers(late));
  Node::Options siblings = options(2, 2);
  siblings.siblings = true;
  EXPECT_FALSE(promises_registers(siblings));
}

}  // namespace
}  // namespace gainsay::dht
