// A run that somebody directs is a function of its seed and of the log of what was done to it.
#include "explorer/simulate/live_run.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "explorer/replay.hpp"
#include "explorer/simulate/live.hpp"
#include "protocols/node_facts.hpp"

namespace gainsay {
namespace {

using nlohmann::json;

Configuration configuration_of(const std::string& system, const std::string& bug = "") {
  const CatalogEntry& entry = *find_system(system);
  Configuration configuration = entry.simulated.value_or(entry.defaults);
  configuration.bounds.network = Network::async;
  configuration.bounds.crashes = 0;
  configuration.bounds.restarts = 0;
  if (configuration.bounds.clients > 0) configuration.bounds.clients = 4;
  configuration.bug = bug;
  return configuration;
}

MakeModel maker(const Configuration& configuration) {
  return [configuration, make = find_system("raft")->make](std::uint32_t crashes,
                                                           std::uint32_t restarts) {
    Configuration now = configuration;
    now.bounds.crashes = crashes;
    now.bounds.restarts = restarts;
    return make(now);
  };
}

LiveRunOptions options(std::uint64_t seed = 7) {
  LiveRunOptions options;
  options.simulation.seed = seed;
  options.simulation.duration = 60 * second;
  options.simulation.arrivals_an_hour = 8 * 3600;
  options.simulation.client_timeout = 200 * millisecond;
  return options;
}

std::string shown(const LiveRun& run) {
  std::vector<MessageCounts> before;
  return live_snapshot(run, {.state = "paused"}, before);
}

Bytes state(const LiveRun& run, std::uint8_t process) {
  Writer writer;
  run.simulation().state({process}).process->encode(writer);
  return writer.take();
}

void act(LiveRun& run, const std::string& text) {
  run.apply(parse_live_command(run.model().system, text));
}

// With everything that can be done to it, at moments between events and between equal times.
void direct(LiveRun& run) {
  run.run_until(500 * millisecond);
  act(run, "crash n1");
  act(run, "step");
  act(run, "partition n2,n3|n4,n5");
  run.run_until(700 * millisecond + 1);
  act(run, "loss 5%");
  act(run, "latency 1..20ms");
  run.run_until(900 * millisecond);
  act(run, "restart n1");
  act(run, "heal 1");
  act(run, "partition n1>n2,n3");
  for (int i = 0; i < 20; ++i) act(run, "step");
  act(run, "crash n2");
  run.run_until(1100 * millisecond);
  act(run, "heal");
  act(run, "loss 0");
}

TEST(LiveRun, TheLogGivesTheSameRunAgain) {
  const Model model = maker(configuration_of("raft"))(0, 0);
  LiveRun run(model, options());
  direct(run);
  run.run_until(1500 * millisecond);
  EXPECT_EQ(run.log().commands.size(), 31U);
  LiveRun again(model, options());
  again.repeat(run.log());
  EXPECT_EQ(again.log(), run.log());
  EXPECT_EQ(shown(again), shown(run));
  for (std::uint8_t i = 0; i < model.system.size(); ++i) {
    EXPECT_EQ(state(again, i), state(run, i));
  }
  LiveRun other(model, options(8));
  other.repeat(run.log());
  EXPECT_NE(shown(other), shown(run)) << "the seed matters";
  LiveLog less = run.log();
  less.commands.erase(less.commands.begin());
  LiveRun without(model, options());
  without.repeat(less);
  EXPECT_NE(shown(without), shown(run)) << "so does each command";
}

// In how many stretches time goes on is nobody's business.
TEST(LiveRun, PaceIsNoMatter) {
  const Model model = maker(configuration_of("raft"))(0, 0);
  LiveRun run(model, options());
  direct(run);
  for (Nanoseconds time = 0; time < 2 * second; time += 1'234'567) run.run_until(time);
  run.run_until(2 * second);
  LiveRun again(model, options());
  again.repeat(run.log());
  EXPECT_EQ(shown(again), shown(run));
}

TEST(LiveRun, EveryMomentCanBeKeptAndReplayed) {
  const Configuration configuration = configuration_of("raft");
  const Model model = maker(configuration)(0, 0);
  LiveRun run(model, options());
  direct(run);
  const std::string text = live_trace(maker(configuration), options(), run.log());
  const Trace trace = parse_trace(text, "live");
  EXPECT_EQ(trace.mode, "simulate");
  EXPECT_EQ(trace.strategy, "live");
  EXPECT_EQ(trace.seed, "0000000000000007");
  EXPECT_FALSE(trace.verdict);
  EXPECT_EQ(trace.bounds.crashes, 2U);
  EXPECT_EQ(trace.bounds.restarts, 1U);
  const ReplayReport report = replay(model_of(trace), trace);
  EXPECT_FALSE(report.divergence);
  EXPECT_EQ(report.steps, trace.events.size());
  EXPECT_GT(trace.events.size(), 100U);
}

TEST(LiveRun, OneLogIsOneTrace) {
  const Configuration configuration = configuration_of("raft");
  const LiveLog log{.seed = 3,
                    .commands = {{.at = 100 * millisecond, .text = "crash n2"},
                                 {.at = 200 * millisecond, .text = "restart n2"}},
                    .until = 300 * millisecond};
  const std::string text = live_trace(maker(configuration), options(), log);
  EXPECT_EQ(text, live_trace(maker(configuration), options(), log));
}

TEST(LiveRun, WhatBreaksEndsItAndIsKept) {
  Configuration configuration = configuration_of("raft", "commit-goes-back");
  configuration.bounds.nodes = 3;
  LiveRunOptions weather = options(0);
  weather.simulation.arrivals_an_hour = 20 * 3600;
  weather.simulation.links.latency = Distribution::exponential(20 * millisecond);
  weather.simulation.links.reordering = always_chance / 5;
  const Model model = maker(configuration)(0, 0);
  LiveRun run(model, weather);
  run.run_until(30 * second);
  ASSERT_NE(run.violation(), nullptr);
  EXPECT_TRUE(run.is_over());
  const std::size_t commands = run.commands().size();
  act(run, "crash n1");
  EXPECT_EQ(run.commands().size(), commands) << "it is over";
  EXPECT_NE(shown(run).find("\"state\":\"violated\""), std::string::npos);
  const Trace trace = parse_trace(live_trace(maker(configuration), weather, run.log()), "live");
  ASSERT_TRUE(trace.verdict);
  EXPECT_EQ(trace.verdict->property, run.violation()->property);
  const ReplayReport report = replay(model_of(trace), trace);
  EXPECT_TRUE(report.reproduced);
}

TEST(LiveRun, ALongRunIsNotKeptAndItIsSaidWhy) {
  LiveRunOptions busy = options();
  busy.properties = false;
  busy.simulation.arrivals_an_hour = 2000 * 3600;
  const Configuration configuration = configuration_of("raft");
  const Model model = maker(configuration)(0, 0);
  LiveRun run(model, busy);
  while (run.simulation().steps() <= 50'001) run.run_until(run.simulation().now() + second);
  EXPECT_THROW(live_trace(maker(configuration), busy, run.log()), UsageError);
}

TEST(LiveRun, CommandsAreReadStrictly) {
  const Model model = maker(configuration_of("raft"))(0, 0);
  const auto kind = [&](const std::string& text) {
    return parse_live_command(model.system, text).kind;
  };
  using Does = LiveCommand::Kind;
  EXPECT_EQ(kind("step"), Does::step);
  EXPECT_EQ(kind("heal"), Does::heal_all);
  EXPECT_EQ(kind("heal 2"), Does::heal);
  EXPECT_EQ(kind("crash n5"), Does::crash);
  EXPECT_EQ(kind("latency exponential:20ms"), Does::latency);
  EXPECT_TRUE(parse_live_command(model.system, "partition n1>n2,n3").cut.one_way);
  EXPECT_EQ(parse_live_command(model.system, "loss 50%").chance, always_chance / 2);
  for (const char* text : {"",
                           " ",
                           "crash",
                           "crash ",
                           "crash n6",
                           "crash c1",
                           "crash n1 ",
                           " crash n1",
                           "Crash n1",
                           "step 1",
                           "step ",
                           "heal x",
                           "heal -1",
                           "heal ",
                           "loss",
                           "loss 2",
                           "loss -1",
                           "latency",
                           "latency x",
                           "latency file:/etc/passwd",
                           "latency  file:/etc/passwd",
                           "partition",
                           "partition n1",
                           "partition n1|",
                           "partition |n1",
                           "partition n1|n9",
                           "quit"}) {
    EXPECT_THROW(kind(text), UsageError) << text;
  }
  EXPECT_THROW(kind("crash " + std::string(100'000, 'n')), UsageError);
}

TEST(LiveRun, TheLogIsText) {
  const Model model = maker(configuration_of("raft"))(0, 0);
  LiveRun run(model, options());
  run.run_until(second);
  act(run, "crash n1");
  const std::string text = log_json("gainsay serve raft", run.log());
  EXPECT_EQ(json::parse(text), (json{{"command", "gainsay serve raft"},
                                     {"seed", "0000000000000007"},
                                     {"commands", {{{"at_ns", second}, {"do", "crash n1"}}}},
                                     {"until_ns", second}}));
  EXPECT_EQ(parse_live_log(text, "x"), run.log());
}

TEST(LiveRun, ALogIsReadStrictly) {
  const json good = {
      {"seed", "7"}, {"commands", {{{"at_ns", 5}, {"do", "step"}}}}, {"until_ns", 9}};
  EXPECT_EQ(parse_live_log(good.dump(), "x").until, 9U);
  const auto refused = [&](const char* place, const json& value) {
    json bad = good;
    bad[json::json_pointer(place)] = value;
    EXPECT_THROW(parse_live_log(bad.dump(), "x"), TraceError) << bad;
  };
  refused("/seed", "xyz");
  refused("/seed", 7);
  refused("/commands", json::object());
  refused("/commands/0", "step");
  refused("/commands/0/at_ns", -5);
  refused("/commands/0/at_ns", 10);
  refused("/commands/0/do", nullptr);
  refused("/until_ns", 4);
  refused("/until_ns", "9");
  for (const char* text : {"", "[]", "{}", "null", "{\"seed\":"}) {
    EXPECT_THROW(parse_live_log(text, "x"), TraceError) << text;
  }
}

TEST(LiveRun, TheLastMinuteIsCountedBySecond) {
  const Model model = maker(configuration_of("raft"))(0, 0);
  LiveRunOptions longer = options();
  longer.simulation.duration = 200 * second;
  LiveRun run(model, longer);
  run.run_until(100 * second);
  const auto& seconds = run.recent().seconds();
  EXPECT_LE(seconds.size(), RecentFigures::seconds_max);
  EXPECT_GE(seconds.size(), 60U);
  EXPECT_GE(seconds.back().number, 99U);
  std::uint64_t answers = 0;
  for (const auto& one : seconds) {
    answers += one.answers;
    EXPECT_EQ(one.latency.count(), one.answers);
    EXPECT_EQ(one.steps.size(), 5U);
  }
  EXPECT_NEAR(static_cast<double>(answers), 480, 120);
}

TEST(NodeFacts, AreWhatTheStatesSay) {
  for (const char* name : {"chord", "dht", "balancer"}) {
    const Configuration configuration = configuration_of(name);
    const Model model = find_system(name)->make(configuration);
    LiveRunOptions with = options();
    with.facts = node_facts(name, configuration);
    ASSERT_TRUE(with.facts);
    LiveRun run(model, with);
    run.run_until(2 * second);
    const json snapshot = json::parse(shown(run));
    if (std::string(name) == "balancer") {
      EXPECT_EQ(snapshot["nodes"].back()["facts"]["backends"].size(), 4U);
      EXPECT_FALSE(snapshot["nodes"][0]["facts"].contains("backends"));
      continue;
    }
    std::set<int> positions;
    for (const json& node : snapshot["nodes"]) {
      for (const int position : node["facts"]["positions"]) positions.insert(position);
    }
    EXPECT_EQ(positions.size(), name == std::string("chord") ? 4U : 20U);
    EXPECT_GE(*positions.begin(), 0);
    EXPECT_LT(*positions.rbegin(), 1'000'000);
    EXPECT_EQ(snapshot["nodes"][0]["facts"].value("keys", 0) > 0, name == std::string("dht"));
  }
  EXPECT_FALSE(node_facts("raft", configuration_of("raft")));
}

}  // namespace
}  // namespace gainsay
