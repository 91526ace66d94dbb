// Protocols in virtual time: right ones stay so, bugs break their properties, and what is found is
// a run of the network async like any other.
#include "explorer/simulate/simulate.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "explorer/replay.hpp"
#include "explorer/report.hpp"
#include "properties/linearizability.hpp"
#include "protocols/catalog.hpp"
#include "protocols/kv_workload.hpp"
#include "tests/explorer/simulate/busy.hpp"
#include "tests/sanitized.hpp"

namespace gainsay {
namespace {

// Bad weather: loss, reordering, duplicates, a crash and two partitions.
SimulateOptions stormy(std::uint64_t seed, Nanoseconds duration, bool crashes) {
  SimulateOptions options = busy(seed, duration);
  LinkModel& links = options.simulation.links;
  links.loss = always_chance / 20;
  links.duplicates = links.reordering = always_chance / 10;
  links.latency = Distribution::exponential(5 * millisecond);
  FaultSchedule& faults = options.simulation.faults;
  const auto at = [&](std::uint64_t part) { return duration / 10 * part; };
  const Cut two{.first = {NodeId{0}}, .second = {NodeId{1}, NodeId{2}}};
  const Cut one{.first = {NodeId{1}}, .second = {NodeId{0}, NodeId{2}}, .one_way = true};
  using Kind = ScheduledFault::Kind;
  faults = {{.kind = Kind::partition, .at = at(2), .process = {}, .cut = two},
            {.kind = Kind::heal, .at = at(4), .process = {}, .cut = two},
            {.kind = Kind::partition, .at = at(5), .process = {}, .cut = one},
            {.kind = Kind::heal, .at = at(7), .process = {}, .cut = one}};
  if (crashes) {
    faults.push_back({.kind = Kind::crash, .at = at(3), .process = {2}});
    faults.push_back({.kind = Kind::restart, .at = at(6), .process = {2}});
  }
  return options;
}

TEST(Simulate, RightProtocolsStandAStorm) {
  for (const char* name : {"raft", "multi-paxos", "pbft", "dht", "balancer"}) {
    const bool is_pbft = std::string_view(name) == "pbft";
    const Model model = model_of(name, is_pbft ? 4 : 3);
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const SimulateReport report = simulate(model, stormy(seed, 4 * second, !is_pbft));
      EXPECT_NE(report.verdict(), Verdict::violated)
          << name << " " << seed << "\n"
          << summary(model.system, stormy(seed, 4 * second, !is_pbft).simulation, report);
      EXPECT_GT(report.metrics->answers(), 100U) << name << " " << seed;
    }
  }
}

TEST(Simulate, SystemsWithoutClientsRun) {
  for (const char* name : {"chord", "two-phase-commit", "paxos", "raft-core"}) {
    const CatalogEntry& entry = *find_system(name);
    Configuration configuration = entry.defaults;
    configuration.bounds.network = Network::async;
    configuration.bounds.limits.clear();
    const Model model = entry.make(configuration);
    const SimulateReport report = simulate(model, {.simulation = {.duration = second}});
    EXPECT_NE(report.verdict(), Verdict::violated) << name;
    EXPECT_GT(report.metrics->steps(), model.system.size()) << name;
  }
}

// Many seeds in a storm, until one breaks something; then it is kept, replayed and made short.
TEST(Simulate, ABugIsFoundKeptAndMinimized) {
  const Model model = model_of("raft", 3, "vote-no-log-check", {{"propose", "0"}});
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SimulateOptions options = stormy(seed, 4 * second, true);
    options.simulation.links.latency = Distribution::exponential(40 * millisecond);
    const SimulateReport report = simulate(model, options);
    if (report.verdict() != Verdict::violated) continue;
    ASSERT_TRUE(report.counterexample) << report.not_kept;
    const Trace trace =
        parse_trace(counterexample_text(model, *report.counterexample, {.mode = "simulate"}), "it");
    const ReplayReport replayed = replay(model_of(trace), trace);
    EXPECT_TRUE(replayed.reproduced) << seed;
    EXPECT_LT(report.counterexample->events.size(), report.events_before);
    return;
  }
  FAIL() << "50 storms, and the bug was not found";
}

// It is not made shorter, and nobody says which step decided it: both are searches.
TEST(Simulate, AViolationAmongMoreProcessesThanASearchMayHaveIsKept) {
  if (is_sanitized()) GTEST_SKIP() << "takes more than a minute";
  const CatalogEntry& raft = *find_system("raft");
  Configuration configuration = *raft.simulated;
  configuration.bounds.clients = 2 + processes_max;
  configuration.bounds.network = Network::async;
  configuration.bounds.crashes = configuration.bounds.restarts = 9;
  configuration.options["load-keys"] = "3";
  configuration.options["read-index"] = "1";
  configuration.bug = "local-read-no-check";
  const Model model = raft.make(configuration);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const SimulateReport report = simulate(model, stormy(seed, 10 * second, true));
    if (report.verdict() != Verdict::violated) continue;
    ASSERT_TRUE(report.counterexample) << report.not_kept;
    const Trace trace =
        parse_trace(counterexample_text(model, *report.counterexample, {.mode = "simulate"}), "it");
    EXPECT_TRUE(replay(model_of(trace), trace).reproduced) << seed;
    return;
  }
  FAIL() << "50 storms, and the bug was not found";
}

// The filter of long logs misses nothing that is judged after each step without it.
TEST(Simulate, WithItsFilterRaftIsJudgedAsWithout) {
  std::uint32_t violated = 0;
  for (const Bug& bug : find_system("raft")->bugs) {
    OptionTexts options = bug.scenario.options;
    const auto has = [&](const char* name) { return options.contains(name); };
    if (has("changes") || has("voters") || has("stays")) continue;  // no filter
    options.erase("recovers");
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      if (seed >= 3) options["compact"] = seed == 3 ? "1" : "7";  // with snapshots as well
      const Model model = model_of("raft", 3, bug.name, options);
      ASSERT_TRUE(model.filter != nullptr) << bug.name;
      SimulateOptions storm = stormy(seed, second, true);
      storm.minimize_seconds = 0;
      storm.simulation.links.latency = Distribution::exponential(20 * millisecond);
      storm.simulation.arrivals_an_hour = 3600 * 50;
      const SimulateReport fast = simulate(model, storm);
      storm.each_step = true;
      const SimulateReport slow = simulate(model, storm);
      ASSERT_EQ(fast.counterexample.has_value(), slow.counterexample.has_value())
          << bug.name << " " << seed;
      EXPECT_EQ(slow.judged_steps, slow.node_steps) << "the twin judges every step";
      if (!fast.counterexample) continue;
      ++violated;
      EXPECT_TRUE(fast.counterexample->events == slow.counterexample->events) << bug.name << seed;
      EXPECT_EQ(fast.counterexample->property, slow.counterexample->property) << bug.name << seed;
    }
  }
  EXPECT_GT(violated, 10U) << "the comparison would be empty";
}

std::string results(const Model& model, const SimulateOptions& options) {
  return simulate_json(model.system, options.simulation, simulate(model, options));
}

TEST(Simulate, ASeedGivesTheSameBytes) {
  const Model model = model_of("raft", 5);
  const SimulateOptions options = stormy(7, 3 * second, true);
  const std::string once = results(model, options);
  EXPECT_EQ(once, results(model, options));
  EXPECT_NE(once, results(model, stormy(8, 3 * second, true)));
  const auto json = nlohmann::json::parse(once);
  EXPECT_EQ(json["system"], "raft");
  EXPECT_EQ(json["requests"]["answered"], json["requests"]["latency_ns"]["count"]);
}

// Messages that stay values, beside ones that are encoded when they are sent and decoded when they
// come: the same results, to the byte, of all systems in a storm.
TEST(Simulate, ValuesAndBytesAreTheSameMessages) {
  for (const CatalogEntry& entry : catalog()) {
    for (std::uint64_t seed = 0; seed < 2; ++seed) {
      Configuration configuration = entry.simulated.value_or(entry.defaults);
      configuration.bounds.network = Network::async;
      configuration.bounds.nodes = std::max(configuration.bounds.nodes, 4U);
      configuration.bounds.limits.clear();
      configuration.bounds.clients = std::min(configuration.bounds.clients, 8U);
      const Model model = entry.make(configuration);
      SimulateOptions options = stormy(seed, second / 2, false);
      const std::string values = results(model, options);
      options.simulation.encodes_messages = true;
      EXPECT_EQ(values, results(model, options)) << entry.name << " " << seed;
    }
  }
}

TEST(Simulate, BugsBreakTheSameWithValuesAndBytes) {
  for (const char* bug : {"commit-goes-back", "vote-no-log-check", "no-dedupe"}) {
    const Model model = model_of("raft", 3, bug, {{"propose", "0"}});
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      SimulateOptions options = stormy(seed, second, true);
      options.minimize_seconds = 0;
      const SimulateReport values = simulate(model, options);
      options.simulation.encodes_messages = true;
      const SimulateReport bytes = simulate(model, options);
      ASSERT_EQ(values.counterexample.has_value(), bytes.counterexample.has_value());
      if (!values.counterexample) continue;
      EXPECT_TRUE(values.counterexample->events == bytes.counterexample->events) << bug << seed;
    }
  }
}

namespace forgetful {
// One server that keeps a store, and now and then answers a read as if nothing were in it.
struct Node {
  using Message = std::variant<>;
  using Context = gainsay::Context<Node>;
  using Operation = kv::Operation;
  using Result = kv::Result;
  struct Options {
    std::uint32_t of = 0;  // one read of so many; 0: never
  };
  kv::Store store;

  void start(Context&) {}
  void on(Context& ctx, NodeId, const Request<Operation>& request) {
    const Result result = kv::Model::apply(store, request.operation);
    const bool reads = request.operation.action == kv::Action::get;
    const std::uint32_t of = ctx.options().of;
    const bool forgets = reads && of > 0 && ctx.choose(of) == 0;
    ctx.reply(request.id, forgets ? Result{} : result);
  }
};
}  // namespace forgetful

Model forgetful_model(std::uint32_t of) {
  const Bounds bounds{.nodes = 1, .clients = 6, .operations = operations_max};
  Model model{.system = make_system<forgetful::Node>("forgetful", bounds, {.of = of}),
              .properties = {linearizable<kv::Model>()}};
  add_clients<forgetful::Node>(model.system, loaded(bounds, {.keys = 3}));
  return model;
}

// Histories that are kept, beside ones that are judged as they grow, from the first operation on or
// from the fortieth.
TEST(Simulate, LongHistoriesAreJudgedAsShortOnes) {
  std::uint32_t violated = 0;
  for (const std::uint32_t of : {0U, 30U, 300U}) {
    const Model model = forgetful_model(of);
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      SimulateOptions options = busy(seed, second);
      options.minimize_seconds = 0;
      options.simulation.client_timeout = second;
      const SimulateReport kept = simulate(model, options);
      options.history_max = seed % 2 == 0 ? 0 : 40;
      const SimulateReport grown = simulate(model, options);
      EXPECT_EQ(kept.verdict(), grown.verdict()) << of << " " << seed;
      if (kept.verdict() != Verdict::violated) continue;
      ++violated;
      EXPECT_TRUE(kept.counterexample && grown.counterexample) << of << " " << seed;
    }
  }
  EXPECT_GT(violated, 8U);
  EXPECT_LT(violated, 30U);
}

TEST(Simulate, FiguresAddUp) {
  const Model model = model_of("raft", 5);
  const SimulateOptions options = stormy(3, 5 * second, true);
  const SimulateReport report = simulate(model, options);
  const Metrics& metrics = *report.metrics;
  const MessageCounts& all = metrics.all_messages();
  MessageCounts sum;
  for (const MessageCounts& kind : metrics.kinds()) {
    sum.sent += kind.sent;
    sum.delivered += kind.delivered;
    sum.lost += kind.lost;
    sum.cut += kind.cut;
    sum.to_down += kind.to_down;
    sum.duplicated += kind.duplicated;
    sum.bytes += kind.bytes;
  }
  EXPECT_EQ(sum.sent, all.sent);
  EXPECT_EQ(sum.delivered, all.delivered);
  EXPECT_EQ(sum.bytes, all.bytes);
  const std::uint64_t ended = all.delivered + all.lost + all.cut + all.to_down;
  EXPECT_LE(ended, all.sent + all.duplicated);
  EXPECT_LE(all.sent + all.duplicated - ended, 500U) << "but for what is under way";
  std::uint64_t answers = 0;
  std::uint64_t requests = 0;
  for (const Interval& interval : metrics.intervals()) {
    answers += interval.answers;
    requests += interval.requests;
  }
  EXPECT_EQ(answers, metrics.answers());
  EXPECT_EQ(requests, metrics.requests());
  EXPECT_EQ(metrics.faults().size(), 3U) << "two partitions and a crash";
}

TEST(Simulate, WhoLeadsIsMeasured) {
  const Model model = model_of("raft", 3);
  SimulateOptions options = busy(1, 6 * second);
  using Kind = ScheduledFault::Kind;
  for (std::uint8_t node = 0; node < 3; ++node) {
    const Nanoseconds at = (std::uint64_t{node} + 1) * 1500 * millisecond;
    options.simulation.faults.push_back({.kind = Kind::crash, .at = at, .process = {node}});
    options.simulation.faults.push_back(
        {.kind = Kind::restart, .at = at + 700 * millisecond, .process = {node}});
  }
  const SimulateReport report = simulate(model, options);
  const Metrics& metrics = *report.metrics;
  EXPECT_EQ(report.verdict(), Verdict::holds);
  EXPECT_GE(metrics.elections_count(), 2U);
  EXPECT_GE(metrics.time_to_elect().least(), 100 * millisecond);
  EXPECT_LE(metrics.time_to_elect().greatest(), 2 * second);
  EXPECT_GT(metrics.commit_latency().count(), 100U);
  EXPECT_GE(metrics.commit_latency().least(), millisecond) << "there and back at 0.5 ms at least";
  bool leader_was_lost = false;
  for (const FaultRecord& record : metrics.faults()) {
    ASSERT_TRUE(record.answered);
    leader_was_lost = leader_was_lost || record.led.has_value();
  }
  EXPECT_TRUE(leader_was_lost);
}

// A traitor says ids that no process has: that is refused by the protocol, and no fault of ours.
TEST(Simulate, ATraitorsMadeUpIdsAreNoError) {
  for (const char* behaviour : {"mutate@n1", "mutate@n2"}) {
    const Model model = model_of("pbft", 4, "", {{"behaviour", behaviour}, {"byzantine", "none"}});
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      SimulateOptions options = busy(seed, second);
      options.minimize_seconds = 0;
      const SimulateReport report = simulate(model, options);
      EXPECT_GT(report.metrics->steps(), 20U) << behaviour << " " << seed;
      for (const SimulatedProperty& one : report.properties) {
        EXPECT_FALSE(one.name == "agreement" && one.verdict == Verdict::violated) << seed;
      }
    }
  }
}

TEST(Simulate, TheMinorityServesNothing) {
  const Model model = model_of("raft", 5);
  SimulateOptions options = busy(2, 10 * second);
  const Cut cut{.first = {NodeId{0}, NodeId{1}, NodeId{2}}, .second = {NodeId{3}, NodeId{4}}};
  using Kind = ScheduledFault::Kind;
  options.simulation.faults = {
      {.kind = Kind::partition, .at = 3 * second, .process = {}, .cut = cut}};
  std::uint64_t minority_before = 0;
  options.tell_every = 4 * second;  // one second behind the cut, what was decided is answered
  options.progress = [&](const Simulation& simulation, const Metrics& metrics) {
    const std::uint64_t now = metrics.nodes()[3].answers + metrics.nodes()[4].answers;
    if (simulation.now() > 5 * second) {
      EXPECT_EQ(now, minority_before);
    }
    minority_before = now;
  };
  const SimulateReport report = simulate(model, options);
  EXPECT_EQ(report.verdict(), Verdict::holds);
  EXPECT_GT(report.metrics->answers(), 1000U);
}

TEST(Simulate, PrometheusText) {
  const Model model = model_of("raft", 3);
  const SimulateReport report = simulate(model, busy(1, second));
  const std::string text = prometheus_text(model.system, *report.metrics, report.simulated);
  EXPECT_NE(text.find("# TYPE gainsay_answers_total counter"), std::string::npos);
  EXPECT_NE(text.find("gainsay_node_steps_total{node=\"n3\"} "), std::string::npos);
  EXPECT_NE(text.find("gainsay_simulated_nanoseconds 1000000000\n"), std::string::npos);
}

}  // namespace
}  // namespace gainsay
