// Virtual time: when messages, timers and faults come, and what becomes of what is sent.
#include "engine/simulator/simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/node.hpp"
#include "engine/simulator/links.hpp"

namespace gainsay {
namespace {

using namespace std::chrono_literals;

namespace relay {
struct Ball {
  std::uint32_t hops = 0;
};
struct Node {
  using Message = std::variant<Ball>;
  using Context = gainsay::Context<Node>;
  enum class Timer : std::uint8_t { serve, again };
  struct Durable {
    std::uint32_t starts = 0;
  };
  Durable durable;
  std::uint32_t seen = 0;
  std::uint32_t drawn = 0;

  // The first node serves after 10 ms, and sets a timer again that it never lets run out.
  void start(Context& ctx) {
    ++durable.starts;
    if (ctx.self().value != 0) return;
    ctx.set(Timer::serve, between(10ms, 10ms));
    ctx.set(Timer::again, between(25ms, 25ms));
  }
  void on(Context& ctx, Timer timer) {
    expect(timer == Timer::serve, "only this one runs out");
    ctx.set(Timer::serve, between(20ms, 20ms));
    ctx.set(Timer::again, between(25ms, 25ms));
    drawn = ctx.choose(1000);
    ctx.broadcast(Ball{1});
  }
  void on(Context& ctx, NodeId from, const Ball& ball) {
    ++seen;
    if (ball.hops < 2) ctx.send(from, Ball{ball.hops + 1});
  }
};
}  // namespace relay

System system_of(std::uint32_t nodes) {
  Bounds bounds{.nodes = nodes, .crashes = 9, .restarts = 9};
  return make_system<relay::Node>("relay", bounds);
}

// One line a step, and one a message that was not delivered.
class Log final : public SimulationWatch {
 public:
  explicit Log(const System& system) : system_(system) {}
  bool step(const SimulatedStep& step) override {
    const std::string who = system_.process_name(step.process);
    line(step.at, std::string(to_string(step.kind)) + " " + who);
    drawn.insert(drawn.end(), step.choices.begin(), step.choices.end());
    return steps_max == 0 || step.number < steps_max;
  }
  void message(Nanoseconds now, NodeId from, NodeId to, const MessageSeen&, Fate fate,
               Nanoseconds) override {
    ++fates[static_cast<std::size_t>(fate)];
    if (fate == Fate::sent || fate == Fate::duplicated) return;
    line(now, (fate == Fate::lost  ? "lost "
               : fate == Fate::cut ? "cut "
                                   : "nobody ") +
                  system_.process_name(from) + " " + system_.process_name(to));
  }
  void line(Nanoseconds at, const std::string& what) {
    lines += std::to_string(at / 1000) + "us " + what + "\n";
  }
  std::string lines;
  std::vector<std::uint32_t> drawn;
  std::array<std::uint64_t, 5> fates{};
  std::uint64_t steps_max = 0;

 private:
  const System& system_;
};

SimulationOptions quiet(Nanoseconds duration) {
  SimulationOptions options{.seed = 1, .duration = duration};
  options.links.latency = Distribution::fixed(2 * millisecond);
  return options;
}

std::string run(const System& system, SimulationOptions options) {
  Log log(system);
  Simulation simulation(system, std::move(options), {&log});
  simulation.run_until(second);
  return log.lines;
}

TEST(Simulation, EventsComeInTheirTime) {
  EXPECT_EQ(run(system_of(2), quiet(31 * millisecond)),
            "0us start n1\n"
            "0us start n2\n"
            "10000us timer n1\n"
            "12000us deliver n2\n"
            "14000us deliver n1\n"
            "30000us timer n1\n");
}

TEST(Simulation, SlowClocksRunLonger) {
  SimulationOptions options = quiet(16 * millisecond);
  options.clocks = {{.drift_millionths = 500'000}};
  EXPECT_EQ(run(system_of(1), options), "0us start n1\n15000us timer n1\n");
}

TEST(Simulation, WhoIsDownHearsNothingAndItsTimersAreGone) {
  SimulationOptions options = quiet(40 * millisecond);
  options.faults = {{.kind = ScheduledFault::Kind::restart, .at = 15 * millisecond, .process = {1}},
                    {.kind = ScheduledFault::Kind::crash, .at = 11 * millisecond, .process = {1}},
                    {.kind = ScheduledFault::Kind::crash, .at = 16 * millisecond, .process = {0}}};
  EXPECT_EQ(run(system_of(2), options),
            "0us start n1\n"
            "0us start n2\n"
            "10000us timer n1\n"
            "11000us crash n2\n"
            "12000us nobody n1 n2\n"
            "15000us restart n2\n"
            "16000us crash n1\n");
}

TEST(Simulation, WhatIsDurableIsKept) {
  const System system = system_of(1);
  Simulation simulation(system, quiet(second), {});
  simulation.run_until(15 * millisecond);
  const auto state = [&] {
    return *static_cast<const relay::Node*>(simulation.state({0}).process->state());
  };
  EXPECT_EQ(state().durable.starts, 1U);
  simulation.recover_node({0});  // it is up: nothing happens
  EXPECT_EQ(state().durable.starts, 1U);
  simulation.fail_node({0});
  simulation.fail_node({0});
  EXPECT_EQ(state().drawn, 0U);
  simulation.recover_node({0});
  EXPECT_EQ(state().durable.starts, 2U);
}

TEST(Simulation, PartitionsCutWhatIsSentAndWhatIsUnderWay) {
  SimulationOptions options = quiet(35 * millisecond);
  const Cut cut{.first = {NodeId{0}}, .second = {NodeId{1}}};
  options.faults = {
      {.kind = ScheduledFault::Kind::partition, .at = 11 * millisecond, .process = {}, .cut = cut},
      {.kind = ScheduledFault::Kind::heal, .at = 31 * millisecond, .process = {}, .cut = cut}};
  EXPECT_EQ(run(system_of(3), options),
            "0us start n1\n"
            "0us start n2\n"
            "0us start n3\n"
            "10000us timer n1\n"
            "12000us cut n1 n2\n"
            "12000us deliver n3\n"
            "14000us deliver n1\n"
            "30000us timer n1\n"
            "30000us cut n1 n2\n"
            "32000us deliver n3\n"
            "34000us deliver n1\n");
}

TEST(Simulation, OneWay) {
  const System system = system_of(3);
  Simulation simulation(system, quiet(second), {});
  const std::uint32_t number =
      simulation.create_partition({.first = {NodeId{0}}, .second = {NodeId{1}}, .one_way = true});
  const std::uint32_t other =
      simulation.create_partition({.first = {NodeId{0}}, .second = {NodeId{1}, NodeId{2}}});
  EXPECT_TRUE(simulation.blocks({0}, {1}));
  EXPECT_TRUE(simulation.blocks({1}, {0}));
  simulation.heal(other);
  EXPECT_TRUE(simulation.blocks({0}, {1})) << "two partitions may cut one link";
  EXPECT_FALSE(simulation.blocks({1}, {0}));
  simulation.heal(number);
  simulation.heal(number);
  EXPECT_FALSE(simulation.blocks({0}, {1}));
}

std::array<std::uint64_t, 5> fates(std::uint64_t loss, std::uint64_t duplicates) {
  const System system = system_of(3);
  Log log(system);
  SimulationOptions options = quiet(100 * second);
  options.links.loss = loss;
  options.links.duplicates = duplicates;
  Simulation simulation(system, options, {&log});
  simulation.run_until(100 * second);
  return log.fates;
}

TEST(Simulation, LossAndDuplication) {
  const auto all = fates(always_chance, 0);
  EXPECT_EQ(all[static_cast<std::size_t>(Fate::sent)], 0U);
  const auto some = fates(always_chance / 10, always_chance / 4);
  const auto sent = static_cast<double>(some[0]);
  const auto lost = static_cast<double>(some[static_cast<std::size_t>(Fate::lost)]);
  const auto twice = static_cast<double>(some[static_cast<std::size_t>(Fate::duplicated)]);
  EXPECT_NEAR(lost / (sent + lost), 0.1, 0.01);
  EXPECT_NEAR(twice / sent, 0.25, 0.02);
}

TEST(Simulation, LinksKeepTheirOrder) {
  struct Order final : SimulationWatch {
    bool step(const SimulatedStep& step) override {
      if (step.kind == EventKind::deliver && step.process.value == 1) {
        overtakes += step.sent < last ? 1 : 0;
        last = std::max(last, step.sent);
      }
      return true;
    }
    Nanoseconds last = 0;
    std::uint64_t overtakes = 0;
  };
  const System system = system_of(2);
  const auto overtakes = [&](bool keeps, std::uint64_t reordering) {
    SimulationOptions options = quiet(20 * second);
    options.links.latency = Distribution::uniform(0, 100 * millisecond);
    options.links.keeps_order = keeps;
    options.links.reordering = reordering;
    Order order;
    Simulation simulation(system, options, {&order});
    simulation.run_until(20 * second);
    return order.overtakes;
  };
  EXPECT_EQ(overtakes(true, 0), 0U);
  EXPECT_GT(overtakes(false, 0), 100U);
  EXPECT_GT(overtakes(true, always_chance / 2), 20U);
}

TEST(Simulation, Bandwidth) {
  SimulationOptions options = quiet(20 * millisecond);
  options.links.bytes_per_second = 1000;  // a message of 2 bytes takes 2 ms
  EXPECT_NE(run(system_of(2), options).find("14000us deliver n2"), std::string::npos);
}

TEST(Simulation, ASeedIsARun) {
  const System system = system_of(3);
  const auto run_of = [&](std::uint64_t seed) {
    SimulationOptions options{.seed = seed, .duration = second};
    options.links.loss = always_chance / 10;
    return run(system, options);
  };
  EXPECT_EQ(run_of(3), run_of(3));
  EXPECT_NE(run_of(3), run_of(4));
}

TEST(Simulation, StepByStepIsTheSameRun) {
  const System system = system_of(3);
  const SimulationOptions options{.seed = 5, .duration = 200 * millisecond};
  Log whole(system);
  Simulation at_once(system, options, {&whole});
  at_once.run_until(second);
  Log parts(system);
  Simulation by_steps(system, options, {&parts});
  while (by_steps.step()) {
  }
  EXPECT_EQ(whole.lines, parts.lines);
  EXPECT_EQ(at_once.steps(), by_steps.steps());
}

TEST(Simulation, WhoWatchesMayEndIt) {
  const System system = system_of(2);
  Log log(system);
  log.steps_max = 3;
  Simulation simulation(system, quiet(second), {&log});
  EXPECT_FALSE(simulation.run_until(second));
  EXPECT_TRUE(simulation.ended_by_watch());
  EXPECT_EQ(simulation.steps(), 3U);
  EXPECT_FALSE(simulation.step());
}

TEST(Simulation, ADiskTakesItsTime) {
  SimulationOptions options = quiet(30 * millisecond);
  options.disk = Distribution::fixed(5 * millisecond);  // before a node's sends leave
  EXPECT_EQ(run(system_of(2), options),
            "0us start n1\n"
            "0us start n2\n"
            "10000us timer n1\n"
            "17000us deliver n2\n"
            "24000us deliver n1\n"
            "30000us timer n1\n");
}

TEST(Simulation, WhatIsSentBehindAWriteWaitsForIt) {
  SimulationOptions options = quiet(40 * millisecond);
  options.disks = {std::nullopt, Distribution::fixed(8 * millisecond)};  // of n2 alone
  EXPECT_EQ(run(system_of(2), options),
            "0us start n1\n"
            "0us start n2\n"
            "10000us timer n1\n"
            "12000us deliver n2\n"
            "22000us deliver n1\n"
            "30000us timer n1\n"
            "32000us deliver n2\n");
}

TEST(Simulation, LinksMayDiffer) {
  SimulationOptions options = quiet(40 * millisecond);
  const System system = system_of(3);
  add_links(options.particular_links, system, options.links, "n1>n2:latency=5ms");
  add_links(options.particular_links, system, options.links, "n1|n3:loss=1");
  EXPECT_EQ(run(system, options),
            "0us start n1\n"
            "0us start n2\n"
            "0us start n3\n"
            "10000us timer n1\n"
            "10000us lost n1 n3\n"
            "15000us deliver n2\n"
            "17000us deliver n1\n"
            "30000us timer n1\n"
            "30000us lost n1 n3\n"
            "35000us deliver n2\n"
            "37000us deliver n1\n");
}

TEST(Links, AreRead) {
  const System system = system_of(4);
  const LinkModel usual{.loss = 7};
  std::vector<ParticularLink> links;
  add_links(links, system, usual, "n1>n2:latency=normal:50ms,10ms,bandwidth=10K");
  add_links(links, system, usual, "n1,n3|n2:loss=50%,duplication=1%");
  ASSERT_EQ(links.size(), 4U);  // one of them is changed twice
  EXPECT_EQ(links[0].model.latency.name(), "normal:50ms,10ms");
  EXPECT_EQ(links[0].model.bytes_per_second, 10'240U);
  EXPECT_EQ(links[0].model.loss, always_chance / 2);
  EXPECT_EQ(links[1].from, NodeId{1});
  EXPECT_EQ(links[1].to, NodeId{0});
  EXPECT_EQ(links[3].model.latency.name(), usual.latency.name());
  for (const char* bad : {"", "n1", "n1>n2", "n1>n2:", "n1>n2:5ms", "n1>n2:speed=3", "n1>n1:loss=1",
                          "n1>n9:loss=1", "n1>n2:loss=2", "n1>n2:latency=", "n1>n2:bandwidth=0",
                          "n1>n2:bandwidth=9999999999G", ">:latency=1", "n1|n2:latency=1ms,loss"}) {
    EXPECT_THROW(add_links(links, system, usual, bad), UsageError) << bad;
  }
}

TEST(Simulation, AClockThatIsSetMovesTimers) {
  const System system = system_of(2);
  SimulationOptions options = quiet(50 * millisecond);
  add_clock_step(options.faults, system, "n1@5ms+3ms");    // the timer of 10 ms ends at 7 ms
  add_clock_step(options.faults, system, "n1@20ms-10ms");  // the next, of 27 ms, at 37 ms
  EXPECT_EQ(run(system, options),
            "0us start n1\n"
            "0us start n2\n"
            "7000us timer n1\n"
            "9000us deliver n2\n"
            "11000us deliver n1\n"
            "37000us timer n1\n"
            "39000us deliver n2\n"
            "41000us deliver n1\n");
  options.faults.clear();
  add_clock_step(options.faults, system, "n1@5ms+1h");  // what should have ended ends now
  EXPECT_EQ(run(system, options).substr(26, 15), "5000us timer n1");
  for (const char* bad :
       {"n1", "n1@5s", "n1+5s", "n1@x+5s", "n9@1s+1s", "n1@1s+", "n1@1s+9000000h"}) {
    EXPECT_THROW(add_clock_step(options.faults, system, bad), UsageError) << bad;
  }
}

TEST(Simulation, ClocksThatCountTicksAreRefused) {
  Bounds bounds{.nodes = 1, .skew = 1};
  const System system = make_system<relay::Node>("relay", bounds);
  EXPECT_THROW(Simulation(system, {}, {}), UsageError);
}

// Who received from whom.
class Deliveries final : public SimulationWatch {
 public:
  bool reads_messages() const override { return false; }
  bool step(const SimulatedStep& step) override {
    if (step.kind == EventKind::deliver) pairs_.emplace_back(step.from.value, step.process.value);
    return true;
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs_;
};

// Half of a thousand nodes is cut off the other half, and then it is not.
TEST(Simulation, AThousandNodesAndACut) {
  const System system = system_of(1000);
  SimulationOptions options{.duration = 60 * millisecond};
  add_partition(options.faults, system, "0s-40ms:n1..n500|n501..n1000");
  EXPECT_EQ(describe(system, options.faults[0]), "partition n1..n500 | n501..n1000");
  Deliveries deliveries;
  Simulation simulation(system, options, {&deliveries});
  simulation.run_until(39 * millisecond);
  EXPECT_GT(deliveries.pairs_.size(), 1000U);
  std::vector<bool> heard(1000, false);
  for (const auto& [from, to] : deliveries.pairs_) {
    EXPECT_EQ(from < 500, to < 500) << from << " " << to;
    heard[to] = true;
  }
  EXPECT_EQ(std::ranges::count(heard, true), 500) << "the first node's half, by its own id each";
  EXPECT_TRUE(simulation.blocks({0}, {999}));
  EXPECT_FALSE(simulation.blocks({0}, {499}));
  simulation.run_until(60 * millisecond);
  for (const auto& [from, to] : deliveries.pairs_) heard[to] = true;
  EXPECT_EQ(std::ranges::count(heard, true), 1000);
}

// Each of 300 nodes crashes and comes back by itself: above 256 none stands for another.
TEST(Simulation, EveryOneOfManyNodesCrashesByItself) {
  const System system = system_of(300);
  Simulation simulation(system, {.duration = second}, {});
  simulation.run_until(millisecond);
  for (std::uint16_t id = 0; id < 300; ++id) {
    simulation.fail_node({id});
    for (std::uint16_t other = 0; other < 300; ++other) {
      const bool down = simulation.state({other}).status == LocalState::Status::down;
      EXPECT_EQ(down, other == id);
    }
    simulation.recover_node({id});
  }
}

TEST(Faults, AreReadAndSaid) {
  const System system = system_of(5);
  FaultSchedule schedule;
  add_crash(schedule, system, "n1@5s+3s");
  add_crash(schedule, system, "n2@250ms");
  add_partition(schedule, system, "10s-20s:n1,n2|n3,n4,n5");
  add_partition(schedule, system, "8s-9s:n1>n2");
  sort(schedule);
  std::string text;
  for (const ScheduledFault& fault : schedule) {
    text += exact_duration(fault.at) + " " + describe(system, fault) + "\n";
  }
  EXPECT_EQ(text,
            "250ms crash n2\n"
            "5s crash n1\n"
            "8s restart n1\n"
            "8s partition n1 > n2\n"
            "9s heal n1 > n2\n"
            "10s partition n1 n2 | n3 n4 n5\n"
            "20s heal n1 n2 | n3 n4 n5\n");
  for (const char* bad : {"n1", "n9@1s", "n1@", "n1@1s+", "c1@1s", "n1@x"}) {
    EXPECT_THROW(add_crash(schedule, system, bad), UsageError) << bad;
  }
  for (const char* bad : {"1s-2s", "1s-2s:n1", "1s-2s:n3..n2|n1", "1s-2s:n1..n9|n2", "2s-1s:n1|n2",
                          "1s-2s:n1|n9", "1s-2s:|n1", ":n1|n2"}) {
    EXPECT_THROW(add_partition(schedule, system, bad), UsageError) << bad;
  }
}

}  // namespace
}  // namespace gainsay
