// Client histories in a check: merged by what may follow them, and judged as linearizable or as
// sequentially consistent. A register with a copy, which lags behind.
#include <gtest/gtest.h>

#include <string>

#include "explorer/replay.hpp"
#include "gainsay.hpp"
#include "tests/explorer/compare.hpp"
#include "tests/explorer/table_process.hpp"
#include "tests/explorer/table_protocol.hpp"
#include "tests/scratch.hpp"

namespace gainsay::testing {
namespace register_with_copies {

struct Copy {
  std::optional<std::string> value;
};

// n1 takes writes and sends copies; everyone answers reads from what it has.
struct Server {
  using Message = std::variant<Copy>;
  using Context = gainsay::Context<Server>;
  using Operation = reg::Model::Operation;
  using Result = reg::Model::Result;
  std::optional<std::string> value;

  void start(Context&) {}
  void on(Context& ctx, NodeId, const Request<Operation>& request) {
    ctx.reply(request.id, reg::Model::apply(value, request.operation));
    if (std::holds_alternative<reg::Put>(request.operation)) ctx.broadcast(Copy{value});
  }
  void on(Context&, NodeId, const Copy& copy) { value = copy.value; }
};

}  // namespace register_with_copies

namespace {

using register_with_copies::Server;
using Items = std::vector<WorkItem<Server::Operation>>;

WorkItem<Server::Operation> put(std::string value, std::uint8_t server = 0) {
  return {.operation = reg::Put{std::move(value)}, .servers = {NodeId{server}}};
}
WorkItem<Server::Operation> get(std::uint8_t server) {
  return {.operation = reg::Get{}, .servers = {NodeId{server}}};
}

struct System {
  std::vector<Items> clients;
  Network network = Network::fifo;
  std::uint32_t nodes = 2;

  Workload<Server::Operation> workload() const { return {.clients = clients}; }
  Model model(Properties<Server> properties) const {
    return make_model<Server>({.nodes = nodes, .network = network}, std::move(properties),
                              {.workload = workload()});
  }
  Model linearizable_model() const { return model({linearizable<reg::Model>()}); }
  CheckReport sequential(const CheckOptions& options = {}) const {
    return check(model({sequentially_consistent<reg::Model>(workload())}), options);
  }
};

// One writes at n1, the other reads at n2.
System stale_reads(Network network) {
  return {.clients = {{put("a"), put("b")}, {get(1), get(1)}}, .network = network};
}

constexpr Reductions none{};
constexpr Reductions histories{.histories = true};

// --- merged histories ---

System three_clients() {
  return {.clients = {{put("a"), get(0)}, {put("b"), get(0)}, {put("b"), get(0)}},
          .network = Network::unordered,
          .nodes = 1};
}

TEST(MergedHistories, AreFewerWorldsAndTheSameVerdict) {
  const Model model = three_clients().linearizable_model();
  const CheckReport whole = check(model, {.reduce = none, .digest = true});
  const CheckReport merged = check(model, {.reduce = histories, .digest = true});
  EXPECT_EQ(whole.verdict, Verdict::holds);
  EXPECT_EQ(difference(model, whole, merged), "");
  EXPECT_LT(merged.states, whole.states / 2);
  EXPECT_EQ(merged.depth, whole.depth);
}

TEST(MergedHistories, FindARunAsShortThatReplaysWithItsWholeHistory) {
  const Model model = stale_reads(Network::fifo).linearizable_model();
  const CheckReport whole = check(model, {.reduce = none});
  const CheckReport merged = check(model, {.reduce = histories});
  ASSERT_EQ(merged.verdict, Verdict::violated);
  EXPECT_TRUE(merged.shortest);
  EXPECT_EQ(merged.counterexample->events.size(), whole.counterexample->events.size());
  EXPECT_TRUE(replays(model, merged));
}

TEST(MergedHistories, AreTheSameForAnyNumberOfThreadsAndWhenResumed) {
  const Model model = three_clients().linearizable_model();
  const CheckReport one = check(model, {.reduce = histories, .jobs = 1, .digest = true});
  const CheckReport two = check(model, {.reduce = histories, .jobs = 2, .digest = true});
  EXPECT_EQ(one.states, two.states);
  EXPECT_EQ(one.digest, two.digest);
  const Scratch scratch("histories");
  const auto go_on = [&](std::optional<std::uint64_t> states) {
    return check(
        model,
        {.reduce = histories, .max_states = states, .resume = scratch.path(), .digest = true});
  };
  ASSERT_EQ(go_on(one.states / 2).verdict, Verdict::incomplete);
  const CheckReport resumed = go_on(std::nullopt);
  EXPECT_TRUE(resumed.resumed);
  EXPECT_EQ(resumed.states, one.states);
  EXPECT_EQ(resumed.digest, one.digest);
}

TEST(MergedHistories, AreRenamedWithTheirClients) {
  const System system{.clients = {{put("a"), get(0)}, {put("a"), get(0)}, {put("a"), get(0)}},
                      .network = Network::unordered,
                      .nodes = 1};
  const Model model = system.linearizable_model();
  const CheckReport whole = check(model, {.reduce = none, .digest = true});
  const CheckReport merged = check(model, {.reduce = histories, .digest = true});
  const CheckReport both = check(
      model,
      {.reduce = Reductions{.symmetry = true, .histories = true}, .audit = true, .digest = true});
  EXPECT_TRUE(both.equivariant) << both;
  EXPECT_EQ(both.audit->disagreement, "");
  EXPECT_LT(both.states, merged.states);
  EXPECT_EQ(difference(model, whole, both), "");
}

TEST(MergedHistories, WhatNoPropertyReadsIsForgotten) {
  const Model model = three_clients().model(
      {always<Server>("some value", [](const Server& server) { return server.value != "c"; })});
  const CheckReport merged = check(model, {.reduce = histories});
  const CheckReport judged = check(three_clients().linearizable_model(), {.reduce = histories});
  EXPECT_EQ(merged.verdict, Verdict::holds);
  EXPECT_LT(merged.states, judged.states);
  EXPECT_FALSE(check(model).reductions.histories);  // only when it is asked for
}

// Whether a server that answers nothing was looked at in vain does not depend on reductions.
TEST(MergedHistories, CountWhatReturned) {
  const System system{.clients = {{put("a")}}, .nodes = 1};
  const CheckReport report = check(system.linearizable_model(), {.reduce = histories});
  EXPECT_EQ(report.properties[0].evaluated, 1U);
  const System unanswered{.clients = {{}}, .nodes = 1};
  EXPECT_EQ(check(unanswered.linearizable_model(), {.reduce = histories}).verdict,
            Verdict::vacuous);
}

std::string refusal(const Model& model) {
  try {
    check(model, {.reduce = histories});
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(MergedHistories, AreRefusedWhereWholeOnesAreRead) {
  const System system = stale_reads(Network::fifo);
  const Model two =
      system.model({linearizable<reg::Model>("one"), linearizable<reg::Model>("two")});
  EXPECT_EQ(refusal(two), "histories: they are not merged where more than one property reads them");
  const Model whole = system.model({sequentially_consistent<reg::Model>(system.workload())});
  EXPECT_EQ(
      refusal(whole),
      "histories: they are not merged where \"sequential consistency\" is judged by the whole "
      "history");
  EXPECT_EQ(refusal(table_model({.bounds = {.network = Network::async}})),
            "histories: they are not merged where there are no clients");
  EXPECT_FALSE(check(two).reductions.histories);
  EXPECT_FALSE(check(whole).reductions.histories);
  EXPECT_TRUE(check(two, {.properties = {"one"}}).reductions.histories);
}

// Futures that forget which operations came late merge too much, and comparing shows it.
TEST(MergedHistories, TooMuchMergedIsNoticed) {
  std::uint64_t noticed = 0;
  for (std::uint64_t seed = 0; seed < 40 && noticed == 0; ++seed) {
    Model model = table_model({.seed = seed,
                               .bounds = {.clients = 2, .operations = 2, .network = Network::async},
                               .violating = false});
    model.properties.push_back(order_of_results(0, 1));
    const auto full = check_if_accepted(model, none, 5'000);
    model.properties.back().futures = futures_of_order(0, 1, true);
    try {
      const auto merged = check_if_accepted(model, histories, 5'000);
      if (full->verdict == Verdict::incomplete) continue;
      if (difference(model, *full, *merged) != "") ++noticed;
    } catch (const std::logic_error&) {  // the live world does not violate it
      ++noticed;
    }
  }
  EXPECT_GT(noticed, 0U);
}

// --- sequential consistency ---

TEST(SequentiallyConsistent, StaleReadsThatLinearizabilityForbids) {
  const System system = stale_reads(Network::fifo);
  EXPECT_EQ(check(system.linearizable_model()).verdict, Verdict::violated);
  const CheckReport report = system.sequential();
  EXPECT_EQ(report.verdict, Verdict::holds) << report;
  EXPECT_GT(report.properties[0].evaluated, 5U);
}

TEST(SequentiallyConsistent, ACopyThatGoesBackIsFoundAndReplayed) {
  const System system = stale_reads(Network::unordered);
  const CheckReport report = system.sequential();
  ASSERT_EQ(report.verdict, Verdict::violated);
  EXPECT_EQ(report.counterexample->kind, PropertyKind::sequentially_consistent);
  const Model model = system.model({sequentially_consistent<reg::Model>(system.workload())});
  EXPECT_TRUE(replays(model, report));
}

TEST(SequentiallyConsistent, AClientReadsWhatItWrote) {
  const System system{.clients = {{put("a"), get(1)}}};
  EXPECT_EQ(system.sequential().verdict, Verdict::violated);
}

}  // namespace
}  // namespace gainsay::testing
