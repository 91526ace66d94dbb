// Recovery behind a search with symmetry, which keeps one world of each orbit: it is asked of all
// that was reached, as without.
#include <gtest/gtest.h>

#include <variant>

#include "engine/random.hpp"
#include "explorer/check.hpp"
#include "tests/explorer/compare.hpp"
#include "tests/explorer/symmetric_table.hpp"

namespace gainsay::testing {
namespace {

SymmetricShape symmetric_shape_of(std::uint64_t seed) {
  RandomStream random(seed, Purpose::test, NodeId{2});
  SymmetricShape shape{.seed = seed, .bounds = {}, .violating = false, .recovering = true};
  Bounds& bounds = shape.bounds;
  bounds.network = static_cast<Network>(random.below(3));
  bounds.nodes = random.chance(1, 3) ? 2 : 3;
  bounds.crashes = random.below(2);
  bounds.restarts = random.below(2);
  if (bounds.network != Network::async) {
    bounds.drops = random.below(2);
    bounds.partitions = random.below(2);
  }
  if (random.chance(1, 4)) {
    bounds.clients = 2;
    bounds.operations = 1;
  }
  bounds.timeouts = 1 + random.below(3);
  if (bounds.network == Network::async && random.chance(1, 2)) bounds.timeouts = std::nullopt;
  bounds.unsynced = random.below(bounds.crashes + 1);
  shape.names_a_node = random.chance(1, 2);
  if (random.chance(1, 8)) shape.quirk = Quirk::counts_around;
  return shape;
}

// What is said of recovery by two checks, and how both tell of it; empty: the same.
std::string difference_of_recovery(const CheckReport& full, const CheckReport& reduced) {
  if (full.verdict != reduced.verdict) return "another verdict";
  const auto& expected = full.properties.back().recovery;
  const auto& seen = reduced.properties.back().recovery;
  if (expected.has_value() != seen.has_value()) return "not asked by both";
  if (expected && expected->vectors != seen->vectors) return "other vectors";
  if (expected && expected->worlds != seen->worlds) return "other healed worlds";
  if (expected && expected->undecided != seen->undecided) return "others are undecided";
  if (!full.counterexample) return "";
  if (full.counterexample->faults != reduced.counterexample->faults) return "another fault cost";
  if (full.counterexample->property != reduced.counterexample->property) return "another property";
  return "";
}

// One thread and worlds as they are, or two and their fingerprints.
void expect_same_by_threads(const Model& model, const CheckReport& one, std::uint64_t seed) {
  const CheckReport two = check(
      model,
      {.reduce = one.reductions, .jobs = 2, .max_states = 40'000, .store = StoreKind::fingerprint});
  EXPECT_EQ(difference_of_recovery(one, two), "") << seed;
  EXPECT_EQ(one.states, two.states) << seed;
  EXPECT_EQ(one.story, two.story) << seed;
}

struct ComparedRecovery {
  std::uint64_t renamed = 0;
  std::uint64_t violated = 0;
  std::uint64_t different = 0;
};

ComparedRecovery compare_recovery(const Reductions& reduce, Sabotage sabotage, bool expected) {
  ComparedRecovery result;
  for (std::uint64_t seed = 0; seed < random_systems(250); ++seed) {
    SymmetricShape shape = symmetric_shape_of(seed);
    if (reduce.subsumption) {
      shape.bounds.network = Network::async;
      shape.bounds.drops = shape.bounds.partitions = 0;
    }
    const Model model = symmetric_model(shape);
    const CheckReport full = check(model, {.reduce = Reductions{}, .max_states = 20'000});
    if (full.incomplete_because.find("--max-states") != std::string::npos) continue;
    const auto reduced = check_if_accepted(model, reduce, 40'000, sabotage);
    if (!reduced || reduced->renamings < 2) continue;
    ++result.renamed;
    const std::string difference = difference_of_recovery(full, *reduced);
    result.different += difference.empty() ? 0U : 1U;
    if (!expected) continue;
    EXPECT_EQ(difference, "") << seed << "\n" << full << *reduced;
    if (seed % 4 == 0) expect_same_by_threads(model, *reduced, seed);
    if (full.verdict != Verdict::violated) continue;
    ++result.violated;
    EXPECT_TRUE(replays(model, *reduced)) << seed << "\n" << reduced->story;
  }
  std::cout << result.renamed << " compared, " << result.violated << " violated\n";
  return result;
}

TEST(SymmetricRecovery, AsksTheRenamingsOfWhatSymmetryKeeps) {
  const Reductions all_but_views{
      .dead_messages = true, .eager = true, .subsumption = true, .symmetry = true};
  for (const Reductions& reduce : {Reductions{.symmetry = true}, all_but_views}) {
    const ComparedRecovery result = compare_recovery(reduce, Sabotage::none, true);
    EXPECT_GT(result.renamed, random_systems(250) / 3);
    EXPECT_GT(result.violated, random_systems(250) / 20);
  }
}

TEST(SymmetricRecovery, ItMattersThatRenamingsAreAsked) {
  const ComparedRecovery result =
      compare_recovery({.symmetry = true}, Sabotage::recovery_forgets_renamings, false);
  EXPECT_GT(result.different, result.renamed / 4);  // of vectors, if nothing else
}

struct Nothing {};

// Dozes off, and then may fall asleep for ever.
struct Sleeper {
  using Message = std::variant<Nothing>;
  using Context = gainsay::Context<Sleeper>;
  enum class Timer : std::uint8_t { doze, wake };
  std::uint8_t state = 0;  // awake, dozing, asleep

  void start(Context& ctx) { ctx.set(Timer::doze); }
  void on(Context& ctx, Timer timer) {
    if (timer == Timer::wake) {
      state = 0;
    } else if (state++ == 0) {
      ctx.set(Timer::doze);
      ctx.set(Timer::wake);
    } else {
      ctx.clear(Timer::wake);
    }
  }
  void on(Context&, NodeId, Nothing) {}
};

TEST(SymmetricRecovery, APropertyOfItMayNameANode) {
  std::uint32_t longer = 0;
  for (std::uint8_t named = 0; named < 3; ++named) {
    const auto is_awake = [named](const Nodes<Sleeper>& nodes) { return nodes[named].state == 0; };
    const Model model{
        .system = make_system<Sleeper>("sleepers", {.nodes = 3, .network = Network::unordered}),
        .properties = {recovers<Sleeper>("awake", is_awake)}};
    const CheckReport full = check(model, {.reduce = Reductions{}});
    const CheckReport reduced = check(model, {.reduce = Reductions{.symmetry = true}});
    EXPECT_EQ(reduced.renamings, 6U);
    EXPECT_LT(reduced.states, full.states);
    EXPECT_EQ(difference_of_recovery(full, reduced), "") << full << reduced;
    ASSERT_TRUE(reduced.counterexample);
    EXPECT_EQ(reduced.counterexample->events.size(), full.counterexample->events.size());
    const Event& last = reduced.counterexample->events.back();
    EXPECT_EQ(last.process, node_id(named)) << reduced.story;
    EXPECT_TRUE(replays(model, reduced)) << reduced.story;
    const CheckReport broken = check(model, {.reduce = Reductions{.symmetry = true},
                                             .sabotage = Sabotage::recovery_forgets_renamings});
    longer += broken.counterexample->events.size() > full.counterexample->events.size() ? 1 : 0;
  }
  EXPECT_GT(longer, 0U);  // where only what was kept is asked
}

}  // namespace
}  // namespace gainsay::testing
