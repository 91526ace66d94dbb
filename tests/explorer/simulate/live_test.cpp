// A session: paced, told and directed from other threads, and still the same run again.
#include "explorer/simulate/live.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "explorer/replay.hpp"
#include "protocols/catalog.hpp"

namespace gainsay {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

MakeModel raft() {
  return [](std::uint32_t crashes, std::uint32_t restarts) {
    Configuration configuration = *find_system("raft")->simulated;
    configuration.bounds.network = Network::async;
    configuration.bounds.clients = 4;
    configuration.bounds.crashes = crashes;
    configuration.bounds.restarts = restarts;
    return find_system("raft")->make(configuration);
  };
}

LiveOptions paused() {
  LiveOptions options{.paused = true, .tell_every = 5ms};
  options.run.simulation.duration = 3600 * second;
  options.run.simulation.arrivals_an_hour = 5 * 3600;
  return options;
}

// What was told, by whichever thread.
class Told {
 public:
  std::function<void(std::string)> listener() {
    return [this](std::string text) {
      const std::lock_guard lock(mutex_);
      ++count_;
      last_ = std::move(text);
      changed_.notify_all();
    };
  }
  // The first snapshot from now on for which that is true; null after ten seconds.
  json wait(const std::function<bool(const json&)>& is_it) {
    std::unique_lock lock(mutex_);
    json found;
    changed_.wait_for(lock, 10s, [&] {
      if (last_.empty()) return false;
      found = json::parse(last_);
      return is_it(found);
    });
    return !found.is_null() && is_it(found) ? found : json();
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string last_;
  std::size_t count_ = 0;
};

bool is_at(const json& shown, Nanoseconds time) { return shown.value("now_ns", 0ULL) == time; }

TEST(LiveSession, StepsRunsAndStops) {
  Told told;
  LiveSession session(raft(), paused(), told.listener());
  session.start();
  json shown = told.wait([](const json& now) { return now.contains("steps"); });
  EXPECT_EQ(shown["state"], "paused");
  const std::uint64_t steps = shown["steps"];
  session.command("step");
  shown = told.wait([&](const json& now) { return now["steps"] == steps + 1; });
  ASSERT_FALSE(shown.is_null());
  session.command("speed max");
  session.command("run 1s");
  const Nanoseconds until = shown["now_ns"].get<Nanoseconds>() + second;
  shown = told.wait([&](const json& now) { return is_at(now, until) && now["state"] == "paused"; });
  ASSERT_FALSE(shown.is_null());
  EXPECT_EQ(shown["commands"]["count"], 1);
  session.command("crash n3");
  shown = told.wait([](const json& now) { return now["nodes"][2]["up"] == false; });
  EXPECT_EQ(shown["commands"]["last"].back()["do"], "crash n3");
  EXPECT_TRUE(is_at(shown, until));
  session.command("partition n1|n2,n4,n5");
  shown = told.wait([](const json& now) { return !now["partitions"].empty(); });
  EXPECT_EQ(shown["partitions"][0]["groups"], (json{{"n1"}, {"n2", "n4", "n5"}}));
  session.command("loss 10%");
  shown = told.wait([](const json& now) { return now["network"]["loss"] > 0.09; });
  EXPECT_FALSE(shown.is_null());
  EXPECT_THROW(session.command("crash n9"), UsageError);
  EXPECT_THROW(session.command("speed 0"), UsageError);
  EXPECT_THROW(session.command("seed xyz"), UsageError);
  EXPECT_THROW(session.command("play "), UsageError);
  EXPECT_EQ(session.log().commands.size(), 4U) << "what is refused is not logged";
}

TEST(LiveSession, WhatWasDoneInTimeHappensAgain) {
  Told told;
  LiveSession session(raft(), paused(), told.listener());
  session.start();
  session.command("speed 20");
  session.command("play");
  const auto wait_until = [&](Nanoseconds time) {
    told.wait([&](const json& now) { return now["now_ns"] >= time; });
  };
  wait_until(second / 2);
  session.command("crash n1");
  wait_until(second);
  session.command("partition n2,n3|n4,n5");
  wait_until(3 * second / 2);
  session.command("restart n1");
  session.command("heal");
  wait_until(2 * second);
  session.command("pause");
  const LiveLog log = session.log();
  EXPECT_EQ(log.commands.size(), 4U);
  const json shown = told.wait([&](const json& now) { return now["state"] == "paused"; });
  ASSERT_FALSE(shown.is_null());

  const Model model = raft()(0, 0);
  LiveRun again(model, paused().run);
  again.repeat(log);
  EXPECT_EQ(again.log(), log);
  EXPECT_EQ(again.simulation().steps(), shown["steps"]);

  const Trace trace = parse_trace(session.trace(), "live");
  const ReplayReport report = replay(model_of(trace), trace);
  EXPECT_FALSE(report.divergence);
  EXPECT_EQ(report.steps, trace.events.size());
  EXPECT_NE(session.metrics().find("gainsay_requests_total "), std::string::npos);

  // Another session goes on from there.
  Told told_again;
  LiveOptions options = paused();
  options.paused = false;
  options.repeat = log;
  LiveSession later(raft(), options, told_again.listener());
  later.start();
  const json same = told_again.wait([](const json& now) { return now.contains("steps"); });
  EXPECT_EQ(same["steps"], shown["steps"]);
  EXPECT_EQ(same["state"], "paused");
  EXPECT_EQ(later.log(), log);
}

TEST(LiveSession, KeepsPaceAndTellsNoOftenerThanAsked) {
  Told told;
  LiveOptions options = paused();
  options.tell_every = 50ms;
  LiveSession session(raft(), options, told.listener());
  session.start();
  session.command("speed 2");
  session.command("play");
  const auto begin = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(500ms);
  session.command("pause");
  const auto took = std::chrono::steady_clock::now() - begin;
  const Nanoseconds now = session.log().until;
  const auto twice = static_cast<Nanoseconds>(2 * std::chrono::nanoseconds(took).count());
  EXPECT_LE(now, twice);
  EXPECT_GT(now, 0U);
  EXPECT_LE(told.count(), 2 + static_cast<std::size_t>(took / 50ms));
}

// However fast it goes, nobody waits for it longer than for some of its slices.
TEST(LiveSession, WhoAsksHasATurn) {
  Told told;
  LiveOptions options = paused();
  options.run.simulation.duration = 1'000'000 * second;
  LiveSession session(raft(), options, told.listener());
  session.start();
  session.command("speed max");
  session.command("play");
  told.wait([](const json& now) { return now.value("now_ns", 0ULL) > second; });
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i) {
    session.command(i % 2 == 0 ? "crash n1" : "restart n1");
    (void)session.log();
  }
  session.command("pause");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_EQ(session.log().commands.size(), 5U);
}

TEST(LiveSession, AnotherSeedBeginsAnew) {
  Told told;
  LiveSession session(raft(), paused(), told.listener());
  session.start();
  session.command("speed max");
  session.command("run 2s");
  told.wait([](const json& now) { return is_at(now, 2 * second); });
  session.command("crash n1");
  session.command("seed 1f");
  const json shown = told.wait([](const json& now) { return now["seed"] == "000000000000001f"; });
  EXPECT_TRUE(is_at(shown, 0));
  EXPECT_EQ(session.log(), (LiveLog{.seed = 0x1f, .commands = {}, .until = 0}));
}

TEST(LiveSession, EndsWithItsTime) {
  Told told;
  LiveOptions options = paused();
  options.run.simulation.duration = 2 * second;
  LiveSession session(raft(), options, told.listener());
  session.start();
  session.command("speed max");
  session.command("play");
  EXPECT_FALSE(told.wait([](const json& now) { return now["state"] == "ended"; }).is_null());
  EXPECT_THROW(session.command("crash n1"), UsageError);
  session.command("seed 2");
  EXPECT_FALSE(told.wait([](const json& now) { return now["state"] == "ended"; }).is_null());
}

}  // namespace
}  // namespace gainsay
