// Bounded clocks in the search: a lock that is leased holds exactly where its times and the skew
// say so; random systems have the same worlds as in the slow search, and the reductions that are
// accepted are exact on them; in traces; and what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "engine/random.hpp"
#include "explorer/check.hpp"
#include "explorer/replay.hpp"
#include "explorer/report.hpp"
#include "protocols/catalog.hpp"
#include "tests/explorer/compare.hpp"
#include "tests/explorer/lease_lock.hpp"
#include "tests/explorer/slow_search.hpp"
#include "tests/explorer/table_protocol.hpp"
#include "tests/sanitized.hpp"
#include "tests/scratch.hpp"

namespace gainsay::testing {
namespace {

using Lock = lease_lock::Options;

constexpr Reductions none{};
constexpr Reductions dead_messages{.dead_messages = true};

Bounds clocks(std::optional<std::uint32_t> skew) { return {.nodes = 3, .skew = skew}; }

Verdict verdict(const Bounds& bounds, const Lock& options) {
  return check(lease_lock::model(bounds, options), {.jobs = 1}).verdict;
}

// --- a lock that is leased ---

// The holder's clock is at most `skew` ticks late, the server's as many early.
TEST(LeaseLock, HoldsExactlyWhereItsLeaseEndsBeforeTheGrantByAnyClocks) {
  for (std::uint32_t skew = 0; skew <= 2; ++skew) {
    for (std::uint32_t lease = 1; lease <= 2; ++lease) {
      for (std::uint32_t grant = lease; grant <= 7; ++grant) {
        const bool right = lease + skew + skew < grant;
        EXPECT_EQ(verdict(clocks(skew), {.lease = lease, .grant = grant}),
                  right ? Verdict::holds : Verdict::violated)
            << "skew " << skew << ", lease " << lease << ", grant " << grant;
      }
    }
  }
}

TEST(LeaseLock, IsWrongWithoutClocksHoweverShortItsLeaseAndSaysSo) {
  const Model model = lease_lock::model(clocks(std::nullopt), {.lease = 1, .grant = 7});
  const CheckReport report = check(model, {.jobs = 1});
  EXPECT_EQ(report.verdict, Verdict::violated);
  EXPECT_NE(summary(report, false).find("--skew"), std::string::npos) << report;
  EXPECT_TRUE(report.story.find("tick") == std::string::npos) << report.story;
}

TEST(LeaseLock, IsWrongWhenTheLeaseIsCountedFromTheAnswer) {
  EXPECT_EQ(verdict(clocks(0), {.lease = 1, .grant = 7, .from_answer = true}), Verdict::violated);
}

TEST(LeaseLock, SurvivesARestartOnlyWhenTheServerWaitsForWhatItMayHaveGranted) {
  Bounds bounds = clocks(0);
  bounds.crashes = bounds.restarts = 1;
  EXPECT_EQ(verdict(bounds, {}), Verdict::holds);
  EXPECT_EQ(verdict(clocks(0), {.forgets = true}), Verdict::holds);
  EXPECT_EQ(verdict(bounds, {.forgets = true}), Verdict::violated);
}

TEST(LeaseLock, TellsWhatATickBringsAbout) {
  const CheckReport report =
      check(lease_lock::model(clocks(1), {.lease = 1, .grant = 3}), {.jobs = 1});
  ASSERT_EQ(report.verdict, Verdict::violated);
  EXPECT_TRUE(report.shortest);
  EXPECT_NE(report.story.find("one tick passes: n1 grant may fire"), std::string::npos)
      << report.story;
  EXPECT_NE(summary(report, false).find("give or take 1"), std::string::npos) << report;
}

// --- random systems ---

TableShape shape_of(std::uint64_t seed) {
  RandomStream random(seed, Purpose::test);
  TableShape shape{.seed = seed, .bounds = {}, .violating = random.chance(1, 3)};
  Bounds& bounds = shape.bounds;
  bounds.network = static_cast<Network>(seed % 3);
  bounds.skew = random.below(2);
  bounds.crashes = random.below(2);
  bounds.restarts = bounds.crashes;
  bounds.unsynced = random.below(bounds.crashes + 1);
  if (random.chance(1, 3)) bounds.timeouts = random.below(5);
  if (random.chance(1, 3)) bounds.clients = 1;
  const bool async = bounds.network == Network::async;
  if (!async && random.chance(1, 4)) {
    bounds.partitions = 1;
    bounds.across = random.chance(1, 2) ? Across::lost : Across::held;
  }
  shape.answers = async && random.chance(1, 2);
  return shape;
}

std::optional<SlowReport> slow_report(const Model& model) {
  try {
    return slow_check(model, 1'500);
  } catch (const std::length_error&) {
    return std::nullopt;
  }
}

bool has_tick(const CheckReport& report) {
  return report.counterexample &&
         std::ranges::any_of(report.counterexample->events,
                             [](const Event& event) { return event.kind == EventKind::tick; });
}

TEST(Clocks, RandomTablesHaveTheSameWorldsAsInTheSlowSearch) {
  std::set<Network> compared;
  std::uint64_t with_ticks = 0;
  for (std::uint64_t seed = 0; seed < random_systems(60); ++seed) {
    const Model model = table_model(shape_of(seed));
    const std::optional<SlowReport> slow = slow_report(model);
    if (!slow) continue;
    const unsigned jobs = seed % 2 == 0 ? 1 : 2;
    const CheckReport fast = check(model, {.reduce = none, .jobs = jobs});
    ASSERT_EQ(fast.verdict == Verdict::violated, slow->violated) << "seed " << seed << "\n" << fast;
    if (slow->violated) {
      ASSERT_EQ(fast.counterexample->faults, slow->faults) << seed;
      ASSERT_EQ(fast.counterexample->events.size() - model.system.size() + 1, slow->violation_depth)
          << seed;
      with_ticks += has_tick(fast) ? 1U : 0U;
      continue;
    }
    ASSERT_EQ(fast.states, slow->states) << seed;
    ASSERT_EQ(fast.transitions, slow->transitions) << seed;
    ASSERT_EQ(fast.depth, slow->depth) << seed;
    ASSERT_EQ(fast.local_state_vectors, slow->vectors.size()) << seed;
    compared.insert(model.system.bounds.network);
  }
  if (is_sanitized()) return;  // a third of the tables covers less
  EXPECT_EQ(compared.size(), 3U);
  EXPECT_GT(with_ticks, 0U);
}

TEST(Clocks, WhatIsAcceptedOfReductionsIsExactOnRandomTables) {
  const std::uint64_t systems = random_systems(100);
  std::uint64_t compared = 0;
  std::uint64_t smaller = 0;
  std::uint64_t repeated = 0;
  for (std::uint64_t seed = 0; seed < systems; ++seed) {
    const Model model = table_model(shape_of(seed));
    const auto full = check_if_accepted(model, none, 4'000);
    if (full->verdict == Verdict::incomplete) continue;
    std::vector<std::optional<Reductions>> requests = {std::nullopt};
    for (const Reductions& reduce : reduction_sets()) requests.emplace_back(reduce);
    for (const auto& request : requests) {
      const auto reduced = check_if_accepted(model, request, 80'000);
      if (!reduced) continue;
      ASSERT_EQ(difference(model, *full, *reduced), "")
          << "seed " << seed << " with " << text_of(request) << "\n"
          << *full << *reduced;
      ++compared;
      smaller += reduced->states < full->states ? 1U : 0U;
      repeated += reduced->passes > 1 ? 1U : 0U;
    }
  }
  EXPECT_GT(compared, systems);
  EXPECT_GT(smaller, compared / 4);
  EXPECT_GT(repeated, systems / 20);
}

// Clocks only take runs away: what is reached with them is reached without.
TEST(Clocks, ReachNothingThatTimersAtAnyMomentDoNot) {
  std::uint64_t compared = 0;
  std::uint64_t fewer = 0;
  for (std::uint64_t seed = 0; seed < random_systems(36); ++seed) {
    TableShape shape = shape_of(seed);
    shape.violating = false;
    Model model = table_model(shape);
    const std::optional<SlowReport> with = slow_report(model);
    model.system.bounds.skew = model.system.asked.skew = std::nullopt;
    const std::optional<SlowReport> without = slow_report(model);
    if (!with || !without || with->violated || without->violated) continue;
    std::set<std::vector<Bytes>> timeless;
    for (std::vector<Bytes> vector : with->vectors) {
      for (Bytes& local : vector) {
        LocalParts parts = split_local(local);
        parts.times = {};
        local = join_local(parts);
      }
      timeless.insert(std::move(vector));
    }
    ASSERT_TRUE(std::ranges::includes(without->vectors, timeless)) << seed;
    ++compared;
    fewer += timeless.size() < without->vectors.size() ? 1U : 0U;
  }
  if (is_sanitized()) return;  // a third of the tables covers less
  EXPECT_GT(compared, 3U);
  EXPECT_GT(fewer, 0U);
}

TEST(Clocks, OfWhichNoTimerMakesUseChangeNothing) {
  for (const Network network : {Network::async, Network::unordered}) {
    Configuration configuration = find_system("paxos")->defaults;
    configuration.bounds.network = network;
    const Model without = find_system("paxos")->make(configuration);
    configuration.bounds.skew = 0;
    const Model with = find_system("paxos")->make(configuration);
    const CheckReport one = check(without, {.reduce = dead_messages, .jobs = 1});
    const CheckReport other = check(with, {.reduce = dead_messages, .jobs = 1});
    EXPECT_EQ(one.states, other.states);
    EXPECT_EQ(one.transitions, other.transitions);
    EXPECT_NE(summary(other, false).find("time plays no part"), std::string::npos) << other;
  }
}

// --- traces and checkpoints ---

std::vector<Event> random_run(const System& system, RandomStream& random) {
  LiveWorld world(system);
  std::vector<Event> run;
  while (run.size() < 30) {
    std::vector<Event> events = world.enabled();
    if (run.size() < system.size()) {
      std::erase_if(events, [&](const Event& event) { return event.process.value != run.size(); });
    }
    if (events.empty()) break;
    run.push_back(events[random.below(static_cast<std::uint32_t>(events.size()))]);
    if (world.apply(run.back()).step.fault != StepResult::Fault::none) break;
  }
  return run;
}

TEST(Clocks, AreWrittenReadAndReplayedStrictlyAndLeniently) {
  std::uint64_t ticks_told = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Model model = table_model(shape_of(seed));
    RandomStream random(seed, Purpose::test);
    const std::vector<Event> run = random_run(model.system, random);
    const std::string text =
        trace_text(model.system, record_trace(model.system, run, std::nullopt), run);
    const Trace trace = parse_trace(text, "written");
    EXPECT_EQ(trace.bounds.skew, model.system.bounds.skew);
    for (const bool lenient : {false, true}) {
      const ReplayReport report = replay(model, trace, {.lenient = lenient});
      EXPECT_FALSE(report.divergence) << seed << ": " << report.divergence->found;
      EXPECT_EQ(report.events, run);
      EXPECT_EQ(report.skipped, 0U);
    }
    EXPECT_EQ(trace_text(model.system, trace, run), text);
    ticks_told += text.find(R"("kind": "tick")") != std::string::npos ? 1U : 0U;
  }
  EXPECT_GT(ticks_told, 20U);
}

TEST(Clocks, ResumingGivesTheSameAnswer) {
  const Model model = lease_lock::model(clocks(1), {.lease = 1, .grant = 4});
  for (const Reductions& reduce : {none, dead_messages}) {
    const Scratch scratch("clock-resume");
    const CheckReport whole = check(model, {.reduce = reduce, .digest = true});
    const CheckReport first =
        check(model, {.reduce = reduce, .max_states = whole.states / 2, .resume = scratch.path()});
    EXPECT_EQ(first.verdict, Verdict::incomplete);
    const CheckReport second =
        check(model, {.reduce = reduce, .resume = scratch.path(), .digest = true});
    EXPECT_TRUE(second.resumed || second.passes > 1);  // each pass begins anew
    EXPECT_EQ(second.states, whole.states);
    EXPECT_EQ(second.digest, whole.digest);
    EXPECT_EQ(second.certified, whole.certified);
    // A checkpoint of other clocks is of another check.
    check(model, {.reduce = reduce, .max_states = 10, .resume = scratch.path()});
    const Model other = lease_lock::model(clocks(0), {.lease = 1, .grant = 4});
    EXPECT_THROW(check(other, {.reduce = reduce, .resume = scratch.path()}), UsageError);
  }
}

TEST(Clocks, GoWithFingerprintsAndAProfile) {
  const Model model = lease_lock::model(clocks(1), {.lease = 1, .grant = 4});
  const CheckReport exact = check(model, {.profile = true, .digest = true});
  const CheckReport other = check(model, {.store = StoreKind::fingerprint, .digest = true});
  EXPECT_EQ(exact.states, other.states);
  EXPECT_EQ(exact.digest, other.digest);
  EXPECT_TRUE(exact.profile);
}

// --- what is refused ---

TEST(Clocks, RefuseWhatHasNotBeenThoughtThroughWithThem) {
  const Model model = lease_lock::model(clocks(0), {});
  for (const Reductions& reduce :
       {Reductions{.silent = true}, Reductions{.minimise = true}, Reductions{.symmetry = true}}) {
    EXPECT_THROW(check(model, {.reduce = reduce}), UsageError) << text_of(reduce);
  }
  EXPECT_THROW(check(model, {.audit = true}), UsageError);
  Configuration raft = find_system("raft")->defaults;  // asks for recovery
  raft.bounds.skew = 0;
  EXPECT_THROW(check(find_system("raft")->make(raft)), UsageError);
  Configuration pbft = find_system("pbft")->defaults;
  pbft.bounds.skew = 0;
  EXPECT_THROW(check(find_system("pbft")->make(pbft)), UsageError);
}

// --- sabotage ---

TEST(Sabotage, TicksThatPassDueTimersAreCaught) {
  bool caught = false;
  for (std::uint64_t seed = 0; seed < 50 && !caught; ++seed) {
    TableShape shape = shape_of(seed);
    shape.violating = false;
    const Model model = table_model(shape);
    const std::optional<SlowReport> slow = slow_report(model);
    if (!slow || slow->violated) continue;
    const CheckReport wrong =
        check(model, {.reduce = none, .jobs = 1, .sabotage = Sabotage::ticks_pass_due_timers});
    caught = wrong.states != slow->states;
  }
  EXPECT_TRUE(caught);
}

TEST(Sabotage, DeadMessagesThatForgetTicksAreCaught) {
  bool caught = false;
  for (std::uint64_t seed = 0; seed < 2'000 && !caught; ++seed) {
    TableShape shape = shape_of(seed);
    shape.violating = false;
    const Model model = table_model(shape);
    const auto full = check_if_accepted(model, none, 4'000);
    if (full->verdict == Verdict::incomplete) continue;
    const auto wrong =
        check_if_accepted(model, dead_messages, 80'000, Sabotage::dead_messages_forget_ticks);
    caught = difference(model, *full, *wrong) != "";
  }
  EXPECT_TRUE(caught);
}

}  // namespace
}  // namespace gainsay::testing
