// Runs on live worlds: each is a run of a check's system within its bounds, whatever the weather.
#include "explorer/hunt/weather.hpp"

#include <gtest/gtest.h>

#include <set>

#include "explorer/confirm.hpp"
#include "explorer/hunt/hunt.hpp"
#include "explorer/hunt/weather_run.hpp"
#include "explorer/simulate/recorder.hpp"
#include "explorer/simulate/simulate.hpp"
#include "protocols/catalog.hpp"
#include "tests/bugs.hpp"

namespace gainsay {
namespace {

// As a hunt judges it.
Model judged(Model model) {
  std::erase_if(model.properties,
                [](const Property& one) { return one.kind == PropertyKind::recovers; });
  return model;
}

std::vector<Seeded> bugs_in_weather() {
  std::vector<Seeded> bugs;
  for (const CatalogEntry& entry : catalog()) {
    for (const Bug& bug : entry.bugs) {
      if (why_no_weather(entry.make(variant(bug)).system).empty()) bugs.push_back({&entry, &bug});
    }
  }
  return bugs;
}

class Weather : public ::testing::TestWithParam<Seeded> {};
INSTANTIATE_TEST_SUITE_P(Hunt, Weather, ::testing::ValuesIn(bugs_in_weather()), Seeded::id);

// Limits, timeouts, crashes and restarts: the live world refuses what lies outside.
TEST_P(Weather, EveryRunLiesWithinTheBounds) {
  const Model model = GetParam().entry->make(variant(*GetParam().bug));
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const SimulationOptions options = WeatherRunner::weather_of(model, seed, 150);
    Recorder recorder(1000);
    Simulation simulation(model.system, options, {&recorder});
    while (simulation.step()) {
    }
    EXPECT_LE(simulation.steps(), 150U + model.system.size());
    EXPECT_NO_THROW((void)applied(model.system, recorder.take())) << seed;
  }
}

// It is not known before whether deliveries must be taken back, and makes no difference.
TEST_P(Weather, ARunIsAFunctionOfItsSeed) {
  const Model model = judged(GetParam().entry->make(variant(*GetParam().bug)));
  WeatherRunner one(model);
  for (std::uint64_t seed = 10; seed < 20; ++seed) {
    WeatherRunner other(model);
    const WeatherRun first = one.run(seed, 200);
    const WeatherRun again = other.run(seed, 200);
    EXPECT_EQ(first.events, again.events);
    EXPECT_EQ(first.end, again.end);
    EXPECT_EQ(first.violated_by, again.violated_by);
  }
}

// A simulation with the same circumstances, its properties judged behind each step and its messages
// encoded, violates the same.
TEST(WeatherRun, IsViolatedExactlyWhenASimulationIs) {
  std::uint64_t violated = 0;
  for (const auto& [system, bug] :
       {std::pair("raft", "vote-no-log-check"), std::pair("raft", "ack-own-last-index"),
        std::pair("raft", "local-read-no-check"), std::pair("raft", "index-only-completion"),
        std::pair("dht", "stale-replica-read"), std::pair("multi-paxos", "gap-ignored"),
        std::pair("raft", "")}) {
    const Model model = judged(model_with(system, bug));
    WeatherRunner runner(model);
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      const WeatherRun run = runner.run(seed, 300);
      SimulateOptions slow{.simulation = WeatherRunner::weather_of(model, seed, 300),
                           .each_step = true,
                           .minimize_seconds = 0};
      slow.simulation.encodes_messages = true;
      slow.tell_every = slow.simulation.duration;
      const SimulateReport report = simulate(model, slow);
      ASSERT_EQ(report.verdict() == Verdict::violated, run.violation.has_value())
          << system << " " << bug << " " << seed;
      if (!run.violation) continue;
      ++violated;
      EXPECT_EQ(report.counterexample->property, run.violation->property);
    }
  }
  EXPECT_GT(violated, 15U);
  EXPECT_LT(violated, 300U);
}

// Each kind of circumstance is there in some runs and not in others.
TEST(WeatherRun, SomeHaveAKindOfFaultAndOthersNot) {
  const Model model = model_with("raft", "vote-not-persisted");
  std::map<std::string, std::uint64_t> seen;
  constexpr std::uint64_t runs = 400;
  for (std::uint64_t seed = 0; seed < runs; ++seed) {
    const SimulationOptions options = WeatherRunner::weather_of(model, seed, 500);
    seen["loss"] += options.links.loss > 0;
    seen["duplicates"] += options.links.duplicates > 0;
    seen["reordering"] += !options.links.keeps_order || options.links.reordering > 0;
    seen["slow disks"] += options.disk.has_value();
    seen["drift"] += !options.clocks.empty();
    seen["links of their own"] += !options.particular_links.empty();
    seen["echoes"] += options.echoes.remembered > 0;
    seen["a crash behind a step"] += !options.crashes_behind.empty();
    std::set<ScheduledFault::Kind> kinds;
    bool is_one_way = false;
    bool is_bridged = false;
    for (const ScheduledFault& fault : options.faults) {
      kinds.insert(fault.kind);
      if (fault.kind != ScheduledFault::Kind::partition) continue;
      is_one_way = is_one_way || fault.cut.one_way;
      is_bridged = is_bridged || fault.cut.first.size() + fault.cut.second.size() > 3;
    }
    seen["a crash"] += kinds.contains(ScheduledFault::Kind::crash);
    seen["a restart"] += kinds.contains(ScheduledFault::Kind::restart);
    seen["a partition"] += kinds.contains(ScheduledFault::Kind::partition);
    seen["one way"] += is_one_way;
    seen["a bridge"] += is_bridged;
  }
  EXPECT_EQ(seen.size(), 13U);
  for (const auto& [kind, count] : seen) {
    EXPECT_GT(count, runs / 20) << kind;
    EXPECT_LT(count, runs) << kind;
  }
}

// Filters of properties keep addresses.
class AddressWatch final : public SimulationWatch {
 public:
  bool reads_messages() const override { return false; }
  bool step(const SimulatedStep& step) override {
    known_.resize(simulation->system().size());
    for (std::size_t i = 0; i < known_.size(); ++i) {
      const void* now = simulation->state(node_id(i)).process->state();
      if (step.process == node_id(i)) known_[i] = now;
      moved += known_[i] != nullptr && known_[i] != now;
    }
    return true;
  }
  const Simulation* simulation = nullptr;
  std::uint64_t moved = 0;

 private:
  std::vector<const void*> known_;
};

TEST(WeatherRun, AStateStaysWhereItIsUntilItsNextStepIsTold) {
  for (const char* bug : {"index-only-completion", "vote-not-persisted"}) {
    const Model model = model_with("raft", bug);
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      AddressWatch watch;
      Simulation simulation(model.system, WeatherRunner::weather_of(model, seed, 200), {&watch});
      watch.simulation = &simulation;
      while (simulation.step()) {
      }
      EXPECT_EQ(watch.moved, 0U) << bug << " " << seed;
    }
  }
}

HuntReport hunt_of(const Model& model, std::uint64_t runs, unsigned jobs = 1) {
  return hunt(model,
              {.strategy = "weather", .runs = runs, .jobs = jobs, .minimize_states = 20'000});
}

TEST(WeatherHunt, FindsBugsAndMakesThemShort) {
  for (const auto& [system, bug] :
       {std::pair("raft", "vote-not-persisted"), std::pair("raft", "snapshot-lowers-term"),
        std::pair("raft", "vote-no-log-check"), std::pair("multi-paxos", "gap-ignored"),
        std::pair("multi-paxos", "flexible-quorum-misconfig"),
        std::pair("raft", "index-only-completion"), std::pair("dht", "join-no-key-transfer"),
        std::pair("chord", "chord-original-join")}) {
    const Model model = model_with(system, bug);
    const HuntReport report = hunt_of(model, 4 * runs_in_round);
    ASSERT_EQ(report.findings.size(), 1U) << bug;
    const HuntFinding& finding = report.findings.front();
    EXPECT_EQ(finding.strategy, "weather");
    EXPECT_LT(finding.counterexample.events.size(), 40U) << bug;
    EXPECT_LE(finding.counterexample.events.size(), finding.events_before);
    confirm(model, finding.counterexample);
  }
}

TEST(WeatherHunt, ThreadsFindTheSame) {
  const Model model = model_with("raft", "ack-own-last-index");
  const auto hunted = [&](unsigned jobs) {
    return hunt(model, {.strategy = "weather",
                        .runs = 3 * runs_in_round,
                        .jobs = jobs,
                        .max_depth = 200,
                        .findings_max = 100,
                        .minimize_states = 1000});
  };
  const HuntReport one = hunted(1);
  const HuntReport two = hunted(2);
  EXPECT_EQ(one.digest, two.digest);
  EXPECT_EQ(one.events, two.events);
  ASSERT_EQ(one.findings.size(), two.findings.size());
  ASSERT_FALSE(one.findings.empty());
  for (std::size_t i = 0; i < one.findings.size(); ++i) {
    EXPECT_EQ(one.findings[i].run, two.findings[i].run);
    EXPECT_EQ(one.findings[i].identity, two.findings[i].identity);
    EXPECT_EQ(one.findings[i].hits, two.findings[i].hits);
  }
  EXPECT_LE(one.longest, 200U + model.system.size());
}

TEST(WeatherHunt, FindsNothingInCorrectSystems) {
  for (const char* system : {"raft", "multi-paxos", "dht", "chord", "paxos", "two-phase-commit"}) {
    const CatalogEntry& entry = *find_system(system);
    Configuration configuration = entry.defaults;
    configuration.bounds.network = Network::async;
    configuration.bounds.crashes = configuration.bounds.restarts = 1;
    const Model model = entry.make(configuration);
    const HuntReport report = hunt_of(model, 300);
    EXPECT_TRUE(report.findings.empty()) << system;
    EXPECT_GT(report.events, 300 * model.system.size()) << system;
    for (const PropertyReport& property : report.properties) {
      if (property.kind == PropertyKind::sometimes) continue;
      EXPECT_GT(property.evaluated, 0U) << system << " " << property.name;
    }
  }
}

// Of raft a filter says what a step can have broken; others are judged as often as can be paid.
TEST(WeatherHunt, SaysHowOftenStatesWereJudged) {
  const HuntReport raft = hunt_of(model_with("raft"), 50);
  EXPECT_GT(raft.live_steps, 0U);
  EXPECT_EQ(raft.live_steps_judged, raft.live_steps);
  Configuration long_logs = find_system("multi-paxos")->defaults;
  long_logs.bounds.clients = 3;
  long_logs.bounds.operations = 1000;
  long_logs.bounds.limits["slot"] = 100'000;
  const HuntReport other = hunt_of(find_system("multi-paxos")->make(long_logs), 40);
  EXPECT_LT(other.live_steps_judged, other.live_steps);
  EXPECT_GT(other.live_steps_judged, 0U);
}

// --- which worlds ---

Model with_bounds(const std::string& system, const std::function<void(Bounds&)>& change) {
  const CatalogEntry& entry = *find_system(system);
  Configuration configuration = entry.defaults;
  change(configuration.bounds);
  return entry.make(configuration);
}

Model with_long_logs() {
  return with_bounds("raft", [](Bounds& bounds) {
    bounds.clients = 2;
    bounds.operations = 100;
  });
}

std::uint64_t runs_of(const HuntReport& report, const std::string& strategy) {
  for (const StrategyReport& one : report.strategies) {
    if (one.name == strategy) return one.runs;
  }
  return 0;
}

TEST(Worlds, AreLiveWhereLogsAreLong) {
  const HuntReport report = hunt(with_long_logs(), {.runs = 64, .jobs = 1, .max_depth = 96});
  EXPECT_EQ(report.worlds, "interned and live");
  ASSERT_TRUE(report.reuse);
  EXPECT_TRUE(report.reuse->is_low());
  EXPECT_EQ(runs_of(report, "weather"), 62U);
  EXPECT_EQ(report.runs, 64U);
}

TEST(Worlds, AreInternedWhereLocalStatesComeAgain) {
  for (const char* system : {"raft", "multi-paxos", "dht", "chord"}) {
    const HuntReport report = hunt(model_with(system), {.runs = 32, .jobs = 1});
    EXPECT_EQ(report.worlds, "interned") << system;
    ASSERT_TRUE(report.reuse) << system;
    EXPECT_EQ(runs_of(report, "weather"), 0U) << system;
  }
}

TEST(Worlds, AreInternedWhereThereIsNoWeather) {
  const Model model = with_bounds("raft", [](Bounds& bounds) {
    bounds.clients = 2;
    bounds.operations = 100;
    bounds.network = Network::fifo;
    bounds.timeouts = 5;
  });
  const HuntReport report = hunt(model, {.runs = 8, .jobs = 1, .max_depth = 32});
  EXPECT_EQ(report.worlds, "interned");
  EXPECT_FALSE(report.reuse);
  EXPECT_NE(report.worlds_because.find("none under fifo"), std::string::npos);
}

TEST(Worlds, ANamedStrategyIsNotAskedAbout) {
  const Model model = with_long_logs();
  EXPECT_EQ(hunt(model, {.strategy = "uniform", .runs = 1}).worlds, "interned");
  EXPECT_EQ(hunt(model, {.strategy = "weather", .runs = 1}).worlds, "live");
}

// Whoever takes part in a hunt chooses the same worlds, and makes the same runs.
TEST(Worlds, AreTheSameForThreadsAndShards) {
  const Model model = with_long_logs();
  const auto hunted = [&](unsigned jobs, std::function<bool(std::uint64_t)> wanted) {
    return hunt(model, {.seed = 3,
                        .runs = runs_in_round + 100,
                        .jobs = jobs,
                        .max_depth = 96,
                        .wanted = std::move(wanted)});
  };
  const HuntReport all = hunted(2, {});
  const HuntReport first = hunted(1, [](std::uint64_t round) { return round == 0; });
  const HuntReport last = hunted(1, [](std::uint64_t round) { return round == 1; });
  Hash128 sum = first.digest;
  sum += last.digest;
  EXPECT_EQ(all.digest, sum);
  EXPECT_EQ(all.worlds, "interned and live");
  EXPECT_EQ(last.worlds, all.worlds);
  EXPECT_EQ(last.reuse->met, all.reuse->met);
  EXPECT_EQ(last.reuse->events, all.reuse->events);
}

// --- what is refused ---

std::string refusal_of(const Model& model, HuntOptions options = {}) {
  options.strategy = "weather";
  options.runs = 1;
  try {
    (void)hunt(model, options);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(WeatherHunt, WhatCannotBeSimulatedIsRefusedWithAReason) {
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  for (const Network network : {Network::unordered, Network::fifo}) {
    const auto model = with_bounds("raft", [&](Bounds& bounds) { bounds.network = network; });
    EXPECT_TRUE(has(refusal_of(model), "none under " + std::string(to_string(network))));
  }
  EXPECT_TRUE(has(refusal_of(model_with("raft", "term-vote-not-atomic")), "lose writes"));
  EXPECT_TRUE(has(refusal_of(with_bounds("pbft", [](Bounds& bounds) { bounds.byzantine = 1; })),
                  "Byzantine"));
  EXPECT_TRUE(has(refusal_of(model_with("raft"), {.cuts = true}), "--cuts"));
  EXPECT_EQ(refusal_of(model_with("raft")), "");
}

}  // namespace
}  // namespace gainsay
