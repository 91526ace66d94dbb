// Times of timers by themselves, in handlers, in encodings and in the live world.
#include "engine/clock.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/process.hpp"
#include "engine/story.hpp"
#include "engine/trace.hpp"
#include "engine/world.hpp"

namespace gainsay::testing {
namespace {

// --- times ---

// How many ticks may pass, at most a hundred, before a timer must fire; and before it may.
std::pair<int, int> run_out(Times times, std::uint32_t timer) {
  int least = 0;
  int most = 0;
  for (; most < 100 && !times.is_due(timer); ++most) {
    if (times.holds_back(timer)) least = most + 1;
    times.tick();
  }
  return {least, most};
}

TEST(Times, RunBetweenTheirBoundsGiveOrTakeTheSkew) {
  for (std::uint32_t least = 0; least < 5; ++least) {
    for (std::uint32_t most = least; most < 7; ++most) {
      for (std::uint32_t skew = 0; skew < 4; ++skew) {
        Times times;
        times.set(3, ticks(least, most), skew);
        const auto [soonest, latest] = run_out(times, 3);
        EXPECT_EQ(soonest, std::max(0, static_cast<int>(least) - static_cast<int>(skew)));
        EXPECT_EQ(latest, static_cast<int>(most + skew));
      }
    }
  }
  Times times;
  times.set(3, at_least(2), 1);
  EXPECT_EQ(run_out(times, 3), std::pair(1, 100));
}

TEST(Times, AreListedByNumberAndOnlyWhileTheySaySomething) {
  Times times;
  times.set(5, ticks(1), 0);
  times.set(2, at_least(2), 0);
  times.set(4, {}, 0);
  EXPECT_EQ(times.all(), (std::vector<TimeLeft>{{2, at_least(2)}, {5, ticks(1)}}));
  times.tick();
  EXPECT_EQ(times.all(), (std::vector<TimeLeft>{{2, at_least(1)}, {5, ticks(0)}}));
  EXPECT_TRUE(times.has_due());
  EXPECT_FALSE(times.holds_back(5));
  EXPECT_FALSE(times.holds_back(4));
  times.set(5, ticks(2), 0);  // anew
  EXPECT_FALSE(times.has_due());
  times.tick();
  EXPECT_EQ(times.all(), (std::vector<TimeLeft>{{5, ticks(1)}}));
  times.clear(5);
  EXPECT_TRUE(times.empty());
}

TEST(Times, RefuseBoundsThatMakeNoSense) {
  Times times;
  EXPECT_THROW(times.set(0, ticks(2, 1), 0), std::logic_error);
  EXPECT_THROW(times.set(0, ticks(ticks_max + 1), 0), std::logic_error);
  EXPECT_THROW(times.set(0, at_least(ticks_max + 1), 0), std::logic_error);
}

// --- a protocol ---

struct Wake {
  std::uint8_t level;
};

struct Node {
  using Message = std::variant<Wake>;
  using Context = gainsay::Context<Node>;
  enum class Timer : std::uint8_t { nap, watch, any };
  std::uint8_t woken = 0;

  void start(Context& ctx) {
    ctx.set(Timer::nap, ticks(1, 2));
    ctx.set(Timer::watch, at_least(3));
    ctx.set(Timer::any);
  }
  void on(Context& ctx, Timer timer) {
    ++woken;
    if (timer == Timer::nap) ctx.arm(Timer::watch, true, at_least(9));  // which runs on
    if (timer == Timer::watch) ctx.clear(Timer::nap);
  }
  void on(Context&, NodeId, const Wake&) {}
};

System system_of(std::optional<std::uint32_t> skew, std::uint32_t nodes = 1) {
  return make_system<Node>("naps", {.nodes = nodes, .crashes = 1, .restarts = 1, .skew = skew});
}

const Event tick{.kind = EventKind::tick};
Event fires(Node::Timer timer) {
  return {.kind = EventKind::timer, .timer = static_cast<std::uint32_t>(timer)};
}

bool is_enabled(const LiveWorld& world, const Event& event) {
  const std::vector<Event> events = world.enabled();
  const bool listed = std::ranges::find(events, event) != events.end();
  const bool applied = LiveWorld(world).apply(event).status == Outcome::Status::applied;
  EXPECT_EQ(listed, applied) << describe(world.system(), event);
  return applied;
}

TEST(WorldWithClocks, LetsATimerFireFromItsLeastTimeOnAndNoTickPassBehindItsMost) {
  const System system = system_of(0);
  LiveWorld world = started_world(system);
  EXPECT_FALSE(is_enabled(world, fires(Node::Timer::nap)));
  EXPECT_TRUE(is_enabled(world, fires(Node::Timer::any)));
  world.apply(tick);
  EXPECT_TRUE(is_enabled(world, fires(Node::Timer::nap)));
  EXPECT_FALSE(is_enabled(world, fires(Node::Timer::watch)));
  world.apply(tick);
  EXPECT_FALSE(is_enabled(world, tick));
  EXPECT_EQ(world.apply(tick).reason, "a timer must fire first");
  EXPECT_EQ(world.apply(fires(Node::Timer::watch)).reason, "the timer has not run long enough");
  world.apply(fires(Node::Timer::nap));
  world.apply(tick);
  EXPECT_TRUE(is_enabled(world, fires(Node::Timer::watch)));
  EXPECT_EQ(world.apply(tick).reason, "no timer waits for time to pass");
}

TEST(WorldWithClocks, WidensTimesByTheSkew) {
  const System system = system_of(1);
  LiveWorld world = started_world(system);
  EXPECT_TRUE(is_enabled(world, fires(Node::Timer::nap)));
  for (int passed = 0; passed < 3; ++passed) world.apply(tick);
  EXPECT_FALSE(is_enabled(world, tick));
}

TEST(WorldWithClocks, ForgetsTimesInACrashAndTheyBeginAnewAtARestart) {
  const System system = system_of(0);
  LiveWorld world = started_world(system);
  world.apply(tick);
  world.apply({.kind = EventKind::crash});
  EXPECT_FALSE(is_enabled(world, tick));
  world.apply({.kind = EventKind::restart});
  EXPECT_FALSE(is_enabled(world, fires(Node::Timer::nap)));
  EXPECT_EQ(encode_local(world.state({0})), encode_local(started_world(system).state({0})));
}

TEST(WorldWithClocks, PassesNoTimeBeforeAllHaveStartedAndWaitsForEveryOne) {
  const System system = system_of(0, 2);
  LiveWorld world(system);
  world.apply({.kind = EventKind::start, .process = {0}});
  EXPECT_EQ(world.apply(tick).reason, "not all processes have started");
  world.apply({.kind = EventKind::start, .process = {1}});
  world.apply(tick);
  world.apply(tick);
  world.apply(fires(Node::Timer::nap));
  EXPECT_FALSE(is_enabled(world, tick));  // the other one has not fired
  Event other = fires(Node::Timer::nap);
  other.process = {1};
  world.apply(other);
  EXPECT_TRUE(is_enabled(world, tick));
}

TEST(WorldWithoutClocks, HasNoTicksAndFiresTimersAtAnyMoment) {
  const System system = system_of(std::nullopt);
  LiveWorld world = started_world(system);
  EXPECT_EQ(world.apply(tick).reason, "the bounds have no clock");
  EXPECT_TRUE(is_enabled(world, fires(Node::Timer::watch)));
  EXPECT_TRUE(world.state({0}).times.empty());
}

TEST(LocalEncodingWithTimes, ComesBackAndRefusesAPartOfItself) {
  const System system = system_of(0);
  LiveWorld world = started_world(system);
  const Bytes bytes = world.local({0});
  EXPECT_EQ(encode_local(decode_local(*system.processes[0], bytes)), bytes);
  EXPECT_EQ(join_local(split_local(bytes)), bytes);
  EXPECT_EQ(split_local(bytes).times, world.state({0}).times);
  world.apply(tick);
  EXPECT_NE(world.local({0}), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(decode_local(*system.processes[0], BytesView(bytes).substr(0, size)), DecodeError);
  }
}

TEST(TicksInTraces, HappenAtAllProcessesAndAreTold) {
  const System system = system_of(0, 2);
  const std::vector<Event> run = {{.kind = EventKind::start, .process = {0}},
                                  {.kind = EventKind::start, .process = {1}},
                                  tick,
                                  tick,
                                  fires(Node::Timer::nap)};
  const Trace trace = record_trace(system, run, std::nullopt);
  EXPECT_EQ(trace.events[2].causes, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(trace.events[3].causes, (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(trace.events[4].causes, (std::vector<std::uint32_t>{3}));
  const std::string story = tell_story(system, run);
  EXPECT_NE(story.find("one tick passes: n1 nap may fire, n2 nap may fire"), std::string::npos)
      << story;
  EXPECT_NE(story.find("n1 nap must fire, n2 nap must fire"), std::string::npos) << story;
}

}  // namespace
}  // namespace gainsay::testing
