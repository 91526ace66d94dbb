// The audit agrees with every certificate that is right, and with none that is not: each way to
// break one is caught on a fixed system whose check would otherwise say `holds`.
#include <gtest/gtest.h>

#include "engine/random.hpp"
#include "explorer/report.hpp"
#include "gainsay.hpp"
#include "protocols/catalog.hpp"
#include "tests/bugs.hpp"
#include "tests/explorer/compare.hpp"
#include "tests/explorer/small_systems.hpp"
#include "tests/explorer/symmetric_table.hpp"
#include "tests/explorer/table_protocol.hpp"
#include "tests/sanitized.hpp"

namespace gainsay::testing {
namespace audited_systems {

// n1 sends two votes to n2, which tells how many it has when its timer fires. Votes are not seen.
struct Voter {
  struct Vote {
    std::uint8_t which = 0;
  };
  struct Count {
    std::uint8_t votes = 0;
  };
  using Message = std::variant<Vote, Count>;
  using Context = gainsay::Context<Voter>;
  enum class Timer : std::uint8_t { tell };

  std::uint8_t votes = 0;  // bits
  bool told = false;
  std::uint8_t heard = 0;

  void start(Context& ctx) {
    if (ctx.self() == NodeId{1}) return ctx.set(Timer::tell);
    ctx.send(NodeId{1}, Vote{1});
    ctx.send(NodeId{1}, Vote{2});
  }
  void on(Context& ctx, Timer) {
    told = true;
    ctx.send(NodeId{0}, Count{votes});
  }
  void on(Context&, NodeId, Vote vote) { votes = static_cast<std::uint8_t>(votes | vote.which); }
  void on(Context&, NodeId, Count count) { heard = std::max(heard, count.votes); }
};
struct VoterView {
  bool told = false;
  std::uint8_t heard = 0;
};
VoterView view(const Voter& node) { return {.told = node.told, .heard = node.heard}; }

// n1 pokes n2, which sleeps; when it has woken, a poke goes wrong.
struct Sleeper {
  struct Poke {};
  using Message = std::variant<Poke>;
  using Context = gainsay::Context<Sleeper>;
  enum class Timer : std::uint8_t { wake };
  enum class Stage : std::uint8_t { asleep, awake, wrong };

  Stage stage = Stage::asleep;

  void start(Context& ctx) {
    if (ctx.self() == NodeId{1}) return ctx.set(Timer::wake);
    ctx.send(NodeId{1}, Poke{});
  }
  void on(Context&, Timer) { stage = Stage::awake; }
  void on(Context&, NodeId, Poke) {
    if (stage == Stage::awake) stage = Stage::wrong;
  }
};

// n1 marks n2, which nobody sees until, much later, n1 asks.
struct Marked {
  struct Mark {
    std::uint8_t which = 0;
  };
  struct Ask {};
  using Message = std::variant<Mark, Ask>;
  using Context = gainsay::Context<Marked>;
  enum class Timer : std::uint8_t { tick };
  static constexpr std::uint8_t ticks_max = 40;

  std::uint8_t ticks = 0;
  std::uint8_t marks = 0;  // bits
  bool wrong = false;

  void start(Context& ctx) {
    if (ctx.self() == NodeId{1}) return;
    for (std::uint32_t bit = 0; bit < 3; ++bit) {
      ctx.send(NodeId{1}, Mark{static_cast<std::uint8_t>(1U << bit)});
    }
    ctx.set(Timer::tick);
  }
  void on(Context& ctx, Timer) {
    ++ticks;
    if (ticks == ticks_max) ctx.send(NodeId{1}, Ask{});
    ctx.arm(Timer::tick, ticks < ticks_max);
  }
  void on(Context&, NodeId, Mark mark) { marks = static_cast<std::uint8_t>(marks | mark.which); }
  void on(Context&, NodeId, Ask) { wrong = wrong || marks != 0; }
};
struct MarkedView {
  std::uint8_t ticks = 0;
  bool wrong = false;
};
MarkedView view(const Marked& node) { return {.ticks = node.ticks, .wrong = node.wrong}; }

// Repeats a message by timer, of which there are few.
struct Repeater {
  struct Again {
    std::uint8_t which = 0;
  };
  using Message = std::variant<Again>;
  using Context = gainsay::Context<Repeater>;
  enum class Timer : std::uint8_t { repeat };

  std::uint8_t heard = 0;

  void start(Context& ctx) { ctx.set(Timer::repeat); }
  void on(Context& ctx, Timer) {
    ctx.broadcast(Again{byte_of(ctx.self())});
    ctx.set(Timer::repeat);
  }
  void on(Context&, NodeId, Again again) { heard = std::max(heard, again.which); }
};

}  // namespace audited_systems

namespace {

constexpr Reductions silent{.silent = true};
constexpr Reductions minimise{.minimise = true};
constexpr Reductions dead_messages{.dead_messages = true};
constexpr Reductions dead_and_symmetry{.dead_messages = true, .symmetry = true};

CheckReport audited(const Model& model, const Reductions& reduce,
                    Sabotage sabotage = Sabotage::none) {
  return check(model, {.reduce = reduce,
                       .jobs = 1,
                       .max_states = 30'000,
                       .audit = true,
                       .minimise_from = 8,
                       .sabotage = sabotage});
}

// It was looked at, and nothing is wrong.
::testing::AssertionResult agrees(const CheckReport& report) {
  if (!report.audit) {
    if (!report.certified) return ::testing::AssertionSuccess();  // there was nothing to audit
    return ::testing::AssertionFailure() << "no audit\n" << report;
  }
  if (report.audit->disagreement.empty()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << report;
}

// Broken, it would hold; the audit says so, and the check does not say `holds`.
void expect_caught(const Model& model, const Reductions& reduce, Sabotage sabotage,
                   const std::string& why) {
  EXPECT_TRUE(agrees(audited(model, reduce)));
  const CheckReport careless =
      check(model, {.reduce = reduce, .jobs = 1, .minimise_from = 8, .sabotage = sabotage});
  EXPECT_EQ(careless.verdict, Verdict::holds) << careless;
  const CheckReport report = audited(model, reduce, sabotage);
  EXPECT_EQ(report.verdict, Verdict::incomplete);
  EXPECT_FALSE(report.certified);
  ASSERT_TRUE(report.audit);
  EXPECT_NE(report.audit->disagreement.find(why), std::string::npos) << report;
}

// --- what is right ---

Reductions some_of(RandomStream& random, Network network) {
  Reductions reduce{.dead_messages = random.chance(2, 3)};
  if (network != Network::async) return reduce;
  reduce.eager = random.chance(1, 2);
  reduce.subsumption = random.chance(1, 2);
  reduce.silent = random.chance(1, 2);
  reduce.minimise = random.chance(1, 2);
  return reduce;
}

TEST(Audit, AgreesOnRandomTables) {
  AuditReport sum;
  for (std::uint64_t seed = 0; seed < random_systems(400); ++seed) {
    RandomStream random(seed, Purpose::test, NodeId{3});
    TableShape shape{.seed = seed, .bounds = {}, .violating = random.chance(1, 2)};
    Bounds& bounds = shape.bounds;
    bounds.network = static_cast<Network>(random.below(3));
    bounds.crashes = random.below(3);
    bounds.restarts = bounds.crashes > 0 ? random.below(3) : 0;
    if (bounds.network != Network::async) bounds.drops = random.below(2);
    if (bounds.network == Network::unordered) bounds.duplicates = random.below(2);
    if (random.chance(1, 3)) bounds.timeouts = random.below(4);
    shape.answers = bounds.network == Network::async && random.chance(2, 3);
    shape.hides = random.chance(1, 2);
    bounds.unsynced = random.below(bounds.crashes + 1);
    const CheckReport report = audited(table_model(shape), some_of(random, bounds.network));
    ASSERT_TRUE(agrees(report)) << seed;
    if (!report.audit) continue;
    sum.transitions += report.audit->transitions;
    sum.drops += report.audit->drops;
    sum.merges += report.audit->merges;
    sum.put_off += report.audit->put_off;
    sum.eager += report.audit->eager;
  }
  // Not vacuous.
  EXPECT_GT(sum.transitions, 10'000U);
  EXPECT_GT(sum.drops, 500U);
  EXPECT_GT(sum.merges, 100U);
  EXPECT_GT(sum.put_off, 100U);
  EXPECT_GT(sum.eager, 1'000U);
}

TEST(Audit, AgreesOnRandomSymmetricTables) {
  std::uint64_t renamed = 0;
  for (std::uint64_t seed = 0; seed < random_systems(60); ++seed) {
    RandomStream random(seed, Purpose::test, NodeId{4});
    SymmetricShape shape{.seed = seed, .bounds = {}, .violating = random.chance(1, 2)};
    Bounds& bounds = shape.bounds;
    bounds.network = static_cast<Network>(random.below(3));
    bounds.nodes = random.chance(1, 3) ? 2 : 3;
    bounds.crashes = random.below(2);
    bounds.restarts = bounds.crashes;
    bounds.timeouts = 1 + random.below(3);
    Reductions reduce{.dead_messages = random.chance(2, 3), .symmetry = true};
    reduce.eager = bounds.network == Network::async && random.chance(1, 2);
    shape.hides = random.chance(2, 3);
    reduce.silent = bounds.network == Network::async && random.chance(1, 2);
    reduce.minimise = bounds.network == Network::async && random.chance(1, 2);
    reduce.subsumption = reduce.eager && random.chance(1, 2);
    bounds.unsynced = random.below(bounds.crashes + 1);
    const CheckReport report = audited(symmetric_model(shape), reduce);
    ASSERT_TRUE(agrees(report)) << seed;
    renamed += report.audit ? report.audit->renamed : 0;
  }
  EXPECT_GT(renamed, 2'000U);
}

TEST(Audit, AgreesOnEverySystemAndNetwork) {
  for (const CatalogEntry& entry : catalog()) {
    for (const Network network : {Network::async, Network::unordered, Network::fifo}) {
      Configuration configuration = entry.defaults;
      configuration.bounds.network = network;
      if (network != Network::async) configuration.bounds.timeouts = 2;
      if (has_adversary(entry) && network != Network::async) continue;
      const Model model = entry.make(configuration);
      const std::uint64_t most = is_sanitized() ? 20'000 : 100'000;
      const CheckReport report = check(model, {.max_states = most, .audit = true});
      EXPECT_TRUE(agrees(report)) << entry.name << " " << to_string(network);
    }
  }
}

class AuditOfBug : public ::testing::TestWithParam<Seeded> {};

TEST_P(AuditOfBug, AgreesWhereAViolationWasFound) {
  const Model model = GetParam().entry->make(variant(*GetParam().bug));
  EXPECT_TRUE(agrees(check(model, {.audit = true})));
}

INSTANTIATE_TEST_SUITE_P(Catalog, AuditOfBug, ::testing::ValuesIn(quick_bugs_of_each_kind()),
                         Seeded::id);

// --- what is not ---

using audited_systems::Marked;
using audited_systems::Repeater;
using audited_systems::Sleeper;
using audited_systems::Voter;

Model voters(std::uint8_t never_heard) {
  const auto is_fine = [never_heard](const audited_systems::VoterView& node) {
    return node.heard != never_heard;
  };
  return make_model<Voter>({.nodes = 2}, {always<Voter>("not heard", is_fine)}, {});
}

TEST(Audit, CatchesASilentStepThatPassesOtherSends) {
  expect_caught(voters(1), silent, Sabotage::silent_ignores_sends, "leaves out n2");
}

TEST(Audit, CatchesASilentStepThatPassesOneNeighbourOnly) {
  expect_caught(voters(3), silent, Sabotage::silent_passes_one_neighbour, "leaves out n2");
}

TEST(Audit, CatchesDropsThatNobodyLookedAt) {
  const auto is_fine = [](const Sleeper& node) { return node.stage != Sleeper::Stage::wrong; };
  expect_caught(make_model<Sleeper>({.nodes = 2}, {always<Sleeper>("fine", is_fine)}, {}),
                dead_messages, Sabotage::dead_messages_skip_a_pass,
                "dropped that does something later: n2 in Sleeper{stage=awake}");
}

TEST(Audit, CatchesMergesThatALateMessageTellsApart) {
  const auto is_fine = [](const audited_systems::MarkedView& node) { return !node.wrong; };
  expect_caught(make_model<Marked>({.nodes = 2}, {always<Marked>("fine", is_fine)}, {}), minimise,
                Sabotage::merges_unchecked, "merged local states do not do the same");
}

// Which needs no reduction that was asked for: of two orders of events only one is ever explored.
TEST(Audit, CatchesASleeperWhoWasSentSomething) {
  const Model model = find_system("two-phase-commit")->make({.bounds = {.nodes = 3}});
  EXPECT_TRUE(agrees(audited(model, Reductions{})));
  const CheckReport report = audited(model, Reductions{}, Sabotage::sleep_through_receiving);
  ASSERT_FALSE(agrees(report));
  EXPECT_NE(report.audit->disagreement.find("a world is not followed"), std::string::npos);
}

TEST(Audit, CatchesAnEagerEventThatUsesABudget) {
  const Model model = make_model<Repeater>(
      {.nodes = 3, .timeouts = 2},
      {always<Repeater>("fine", [](const Repeater& node) { return node.heard < 9; })}, {});
  EXPECT_TRUE(agrees(audited(model, {.eager = true})));
  const CheckReport report = audited(model, {.eager = true}, Sabotage::eager_uses_budgets);
  EXPECT_EQ(report.verdict, Verdict::incomplete);
  EXPECT_FALSE(agrees(report));
}

// A timer and then a crash use as much, summed, as a crash and then a timer.
TEST(Audit, CatchesBudgetsThatAreSummed) {
  constexpr Reductions subsumption{.subsumption = true};
  std::uint32_t caught = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    TableShape shape{.seed = seed, .bounds = {}, .violating = false, .answers = true};
    shape.bounds.crashes = shape.bounds.restarts = 2;
    shape.bounds.timeouts = 3;
    const Model model = table_model(shape);
    ASSERT_TRUE(agrees(audited(model, subsumption))) << seed;
    const CheckReport report = audited(model, subsumption, Sabotage::subsumption_sums_budgets);
    if (agrees(report)) continue;
    EXPECT_EQ(report.verdict, Verdict::incomplete);
    EXPECT_NE(report.audit->disagreement.find("a world is not followed"), std::string::npos);
    if (++caught == 3) break;
  }
  EXPECT_EQ(caught, 3U);
}

// Which variant goes wrong depends on hashes; that of a wrong one is what the audit must say.
TEST(Audit, CatchesAKeepThatIsNotRenamed) {
  std::uint32_t wrong = 0;
  for (std::uint32_t variant = 0; variant < 16; ++variant) {
    const Model model = renamed_path_model(variant);
    EXPECT_TRUE(agrees(audited(model, dead_and_symmetry)));
    CheckOptions options{
        .reduce = dead_and_symmetry, .jobs = 1, .sabotage = Sabotage::symmetry_keep_not_renamed};
    if (check(model, options).verdict != Verdict::holds) continue;
    ++wrong;
    options.audit = true;
    const CheckReport report = check(model, options);
    EXPECT_EQ(report.verdict, Verdict::incomplete);
    EXPECT_FALSE(agrees(report));
  }
  EXPECT_GT(wrong, 0U);
}

TEST(Audit, CatchesAnAsymmetryBeyondTheGenerators) {
  std::uint32_t wrong = 0;
  for (std::uint8_t pair = 0; pair < 6; ++pair) {
    const auto who = static_cast<std::uint8_t>(pair / 2);
    const auto whom = static_cast<std::uint8_t>((who + 1 + pair % 2) % 3);
    CheckOptions options{.reduce = Reductions{.symmetry = true},
                         .jobs = 1,
                         .sabotage = Sabotage::symmetry_certifies_generators};
    const Model model = one_odd_pair_model({who}, {whom});
    try {
      if (check(model, options).verdict != Verdict::holds) continue;
    } catch (const UsageError&) {
      continue;
    }
    ++wrong;
    options.audit = true;
    const CheckReport report = check(model, options);
    EXPECT_EQ(report.verdict, Verdict::incomplete);
    ASSERT_TRUE(report.audit);
    EXPECT_NE(report.audit->disagreement.find("a renaming changes what a handler does"),
              std::string::npos)
        << report;
  }
  EXPECT_GT(wrong, 0U);
}

// --- coverage ---

TEST(Audit, CountsWhichStatesMetWhichEvents) {
  const CheckReport report =
      audited(make_model<Sleeper>({.nodes = 2},
                                  {always<Sleeper>("any", [](const auto&) { return true; })}, {}),
              dead_messages);
  ASSERT_TRUE(report.audit);
  std::string cells;
  for (const CoverageCell& cell : report.audit->coverage) {
    cells += cell.state + " " + cell.event + " " + std::to_string(cell.runs) + "/" +
             std::to_string(cell.effective) + "\n";
  }
  EXPECT_EQ(cells,
            "asleep Poke 1/0\nasleep timer wake 1/1\nawake Poke 1/1\nawake timer wake 0/0\n"
            "unstarted start 2/2\nwrong Poke 1/0\nwrong timer wake 0/0\n");
  const std::string text = summary(report, false);
  EXPECT_NE(text.find("awake never met timer wake"), std::string::npos) << text;
}

}  // namespace
}  // namespace gainsay::testing
