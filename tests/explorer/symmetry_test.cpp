// Symmetry is exact: the same verdict, the same least fault cost and, closed under renaming, the
// same local states, histories and observers reached together as in the unreduced search. What is
// not symmetric is refused with a reason.
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/random.hpp"
#include "explorer/check.hpp"
#include "explorer/group.hpp"
#include "protocols/catalog.hpp"
#include "tests/explorer/compare.hpp"
#include "tests/explorer/small_systems.hpp"
#include "tests/explorer/symmetric_table.hpp"
#include "tests/sanitized.hpp"

namespace gainsay::testing {
namespace {

constexpr Reductions none{};
constexpr Reductions symmetry{.symmetry = true};
constexpr Reductions dead_and_symmetry{.dead_messages = true, .symmetry = true};
constexpr Reductions eager_and_symmetry{.eager = true, .symmetry = true};
constexpr Reductions subsumption_and_symmetry{.subsumption = true, .symmetry = true};
constexpr Reductions all_but_views{
    .dead_messages = true, .eager = true, .subsumption = true, .symmetry = true};
constexpr Reductions silent_and_symmetry{.silent = true, .symmetry = true};
constexpr Reductions minimise_and_symmetry{.minimise = true, .symmetry = true};
constexpr Reductions views_and_symmetry{.silent = true, .minimise = true, .symmetry = true};
constexpr Reductions without_subsumption{
    .dead_messages = true, .eager = true, .silent = true, .minimise = true, .symmetry = true};
constexpr Reductions all{.dead_messages = true,
                         .eager = true,
                         .subsumption = true,
                         .silent = true,
                         .minimise = true,
                         .symmetry = true};

constexpr std::uint64_t states_max = 300'000;

CheckReport run(const Model& model, const Reductions& reduce, unsigned jobs = 1,
                Sabotage sabotage = Sabotage::none) {
  return check(model, {.reduce = reduce,
                       .jobs = jobs,
                       .max_states = states_max,
                       .minimise_from = 8,
                       .sabotage = sabotage,
                       .digest = true});
}

// A property of steps is not evaluated where no step is left; nothing was lost by that.
Verdict verdict_of(const CheckReport& report) {
  return report.verdict == Verdict::vacuous ? Verdict::holds : report.verdict;
}

std::string difference_of(const Model& model, const CheckReport& full, const CheckReport& reduced) {
  if (verdict_of(full) != verdict_of(reduced)) {
    return std::string(to_string(full.verdict)) + " became " +
           std::string(to_string(reduced.verdict));
  }
  if (full.verdict == Verdict::violated) {
    if (full.counterexample->faults != reduced.counterexample->faults) return "other fault cost";
    if (reduced.reductions == symmetry &&
        full.counterexample->events.size() != reduced.counterexample->events.size()) {
      return "other length";
    }
    return replays(model, reduced) ? "" : "the trace does not replay";
  }
  if (full.view_digest != reduced.view_digest) return "other views";
  const bool of_views = reduced.reductions.silent || reduced.reductions.minimise;
  if (!of_views && full.digest != reduced.digest) return "other local states";
  if (!of_views && full.local_state_vectors != reduced.local_state_vectors) return "other vectors";
  if (!reduced.certified || !reduced.equivariant) return "no certificate";
  return "";
}

bool is_sound(const Reductions& reduce, Network network) {
  return network == Network::async ||
         !(reduce.eager || reduce.subsumption || reduce.silent || reduce.minimise);
}

SymmetricShape shape_of(std::uint64_t seed, bool nearly) {
  RandomStream random(seed, Purpose::test, NodeId{2});
  SymmetricShape shape{.seed = seed, .bounds = {}, .violating = random.chance(1, 2)};
  Bounds& bounds = shape.bounds;
  bounds.network = static_cast<Network>(random.below(3));
  bounds.nodes = random.chance(1, 3) ? 2 : 3;
  bounds.crashes = random.below(2);
  bounds.restarts = random.below(2);
  if (bounds.network != Network::async) bounds.drops = random.below(2);
  if (bounds.network == Network::unordered) bounds.duplicates = random.below(2);
  bounds.timeouts = 1 + random.below(4);
  shape.names_a_node = random.chance(1, 2);
  if (nearly) shape.quirk = static_cast<Quirk>(1 + random.below(4));
  shape.hides = random.chance(1, 2);
  if (bounds.network == Network::async && random.chance(1, 2)) bounds.timeouts = std::nullopt;
  bounds.unsynced = random.below(bounds.crashes + 1);
  return shape;
}

// For reductions that are sound for async only.
SymmetricShape async_shape_of(std::uint64_t seed, bool nearly) {
  SymmetricShape shape = shape_of(seed, nearly);
  shape.bounds.network = Network::async;
  shape.bounds.drops = shape.bounds.duplicates = 0;
  if (seed % 2 == 0) shape.bounds.timeouts = std::nullopt;
  return shape;
}

struct Compared {
  std::uint64_t compared = 0;
  std::uint64_t smaller = 0;
  std::uint64_t refused = 0;
  std::uint64_t merged = 0;    // where local states were merged
  std::uint64_t violated = 0;  //
};

void compare_on_table(const Reductions& reduce, bool nearly, std::uint64_t seed, Compared& result) {
  SymmetricShape shape = shape_of(seed, nearly);
  if (!is_sound(reduce, shape.bounds.network)) shape = async_shape_of(seed, nearly);
  const Model model = symmetric_model(shape);
  const CheckReport full = check(model, {.reduce = none, .max_states = 40'000, .digest = true});
  if (full.verdict == Verdict::incomplete) return;
  const auto reduced = check_if_accepted(model, reduce, states_max);
  result.refused += reduced ? 0U : 1U;
  if (!reduced) return;
  EXPECT_EQ(difference_of(model, full, *reduced), "") << "seed " << seed << "\n"
                                                      << full << *reduced;
  ++result.compared;
  result.smaller += reduced->states < full.states ? 1U : 0U;
  result.merged += reduced->merged > 0 ? 1U : 0U;
  result.violated += full.verdict == Verdict::violated ? 1U : 0U;
}

Compared compare_on_tables(const Reductions& reduce, bool nearly) {
  Compared result;
  for (std::uint64_t seed = 0; seed < random_systems(250); ++seed) {
    try {
      compare_on_table(reduce, nearly, seed, result);
    } catch (const std::exception& error) {
      ADD_FAILURE() << "seed " << seed << ": " << error.what();
    }
  }
  std::cout << result.compared << " compared, " << result.smaller << " smaller, " << result.violated
            << " violated, " << result.refused << " refused, " << result.merged << " with merges\n";
  return result;
}

void expect_exact(const Reductions& reduce) {
  const Compared symmetric = compare_on_tables(reduce, false);
  EXPECT_EQ(symmetric.refused, 0U);
  EXPECT_GT(symmetric.compared, random_systems(250) / 10);
  EXPECT_GT(symmetric.smaller, symmetric.compared / 3);
  if (reduce.minimise) {
    EXPECT_GT(symmetric.merged, symmetric.compared / 10);
  }
}

TEST(Symmetry, IsExactOnRandomTables) { expect_exact(symmetry); }
TEST(Symmetry, WithDeadMessagesIsExactOnRandomTables) { expect_exact(dead_and_symmetry); }
TEST(Symmetry, WithEagerSendsIsExactOnRandomTables) { expect_exact(eager_and_symmetry); }
TEST(Symmetry, WithSubsumptionIsExactOnRandomTables) { expect_exact(subsumption_and_symmetry); }
TEST(Symmetry, WithAllButViewsIsExactOnRandomTables) { expect_exact(all_but_views); }
TEST(Symmetry, WithSilentStepsIsExactOnRandomTables) { expect_exact(silent_and_symmetry); }
TEST(Symmetry, WithMinimisationIsExactOnRandomTables) { expect_exact(minimise_and_symmetry); }
TEST(Symmetry, WithSilentStepsAndMinimisationIsExactOnRandomTables) {
  expect_exact(views_and_symmetry);
}
TEST(Symmetry, WithAllButSubsumptionIsExactOnRandomTables) { expect_exact(without_subsumption); }
TEST(Symmetry, WithAllOthersIsExactOnRandomTables) { expect_exact(all); }

// A step that stays in its class looked like an asymmetry where a limit forbids it to another
// member; and a chain without answers was taken for a step with some.
TEST(Symmetry, IsExactOnTablesThatWentWrong) {
  Compared compared;
  for (const std::uint64_t seed : {1213U, 2491U, 2963U, 4565U, 5428U}) {
    const Model model = symmetric_model(async_shape_of(seed, false));
    EXPECT_TRUE(check_if_accepted(model, views_and_symmetry, states_max)) << seed;
    compare_on_table(views_and_symmetry, false, seed, compared);
  }
  EXPECT_GT(compared.compared, 0U);
}

class NearlySymmetric : public ::testing::TestWithParam<Reductions> {};

TEST_P(NearlySymmetric, IsExactOrRefusedOnRandomTables) {
  const Compared nearly = compare_on_tables(GetParam(), true);
  EXPECT_GT(nearly.refused, 0U);
  EXPECT_GT(nearly.compared, 0U);
}

INSTANTIATE_TEST_SUITE_P(Symmetry, NearlySymmetric,
                         ::testing::Values(symmetry, dead_and_symmetry, all_but_views,
                                           views_and_symmetry, all));

TEST(Symmetry, GoesOnWithoutWhereItIsNotAskedFor) {
  std::uint64_t refused = 0;
  for (std::uint64_t seed = 0; seed < random_systems(60); ++seed) {
    const Model model = symmetric_model(shape_of(seed, true));
    const CheckReport full = run(model, none);
    if (full.verdict == Verdict::incomplete) continue;
    const CheckReport reduced = check(model, {.max_states = 300'000});
    EXPECT_EQ(verdict_of(full), verdict_of(reduced)) << seed;
    refused += reduced.asymmetry.empty() ? 0U : 1U;
    EXPECT_EQ(reduced.reductions.symmetry, reduced.equivariant) << seed;
  }
  EXPECT_GT(refused, is_sanitized() ? 1U : 5U);
}

TEST(Symmetry, TheSameForOneAndTwoThreads) {
  for (std::uint64_t seed = 0; seed < random_systems(30); ++seed) {
    const SymmetricShape shape = shape_of(seed, seed % 2 == 0);
    const Model model = symmetric_model(shape);
    const Reductions& reduce = is_sound(all, shape.bounds.network) ? all : dead_and_symmetry;
    try {
      const CheckReport one = run(model, reduce, 1);
      const CheckReport two = run(model, reduce, 2);
      ASSERT_EQ(one.states, two.states) << seed;
      ASSERT_EQ(one.transitions, two.transitions) << seed;
      ASSERT_EQ(one.messages, two.messages) << seed;
      ASSERT_EQ(one.cells, two.cells) << seed;
      ASSERT_EQ(one.passes, two.passes) << seed;
      ASSERT_EQ(one.interchangeable, two.interchangeable) << seed;
      ASSERT_EQ(one.asymmetry, two.asymmetry) << seed;
      ASSERT_EQ(one.story, two.story) << seed;
    } catch (const UsageError&) {
      std::string reasons[2];
      for (unsigned jobs : {1U, 2U}) {
        try {
          run(model, reduce, jobs);
        } catch (const UsageError& error) {
          reasons[jobs - 1] = error.what();
        }
      }
      ASSERT_EQ(reasons[0], reasons[1]) << seed;
      ASSERT_NE(reasons[0], "") << seed;
    }
  }
}

TEST(Symmetry, HasTheOrbitsOfTwoPhaseCommit) {
  for (const auto& [managers, orbits] :
       std::vector<std::pair<std::uint32_t, std::uint64_t>>{{3, 80}, {5, 314}, {7, 920}}) {
    if (managers == 7 && is_sanitized()) continue;  // most of a minute
    const Model model = find_system("two-phase-commit")->make({.bounds = {.nodes = managers}});
    const CheckReport report = check(model, {.reduce = symmetry});
    EXPECT_EQ(report.verdict, Verdict::holds);
    EXPECT_EQ(report.states, orbits);
    EXPECT_EQ(report.depth, 3 * managers + 2);
  }
}

TEST(Symmetry, MakesRaftCoreSmaller) {
  struct Known {
    std::uint32_t nodes;
    std::uint64_t log;
    std::uint64_t states;  // without
    std::uint64_t times;   // at least so many times fewer
  };
  for (const Known known :
       {Known{3, 1, 4'145, 5}, Known{3, 2, 64'373, 5}, Known{5, 0, 3'335'177, 60}}) {
    const Bounds bounds{.nodes = known.nodes, .limits = {{"term", 1}, {"log", known.log}}};
    const CheckReport report =
        check(find_system("raft-core")->make({.bounds = bounds}), {.reduce = symmetry});
    EXPECT_EQ(report.verdict, Verdict::holds);
    EXPECT_LE(report.states * known.times, known.states);
    EXPECT_GE(report.states * report.renamings, known.states);
  }
}

TEST(Symmetry, HasThePublishedVectorsOfRaftCoreWithAllReductions) {
  const Bounds bounds{.nodes = 3, .limits = {{"term", 2}, {"log", 1}}};
  const Model model = find_system("raft-core")->make({.bounds = bounds});
  const CheckReport report = run(model, all_but_views);
  EXPECT_EQ(report.verdict, Verdict::holds);
  EXPECT_EQ(report.local_state_vectors, 2'400U);
  EXPECT_TRUE(report.certified && report.equivariant);
  const CheckReport of_views = run(model, all);
  EXPECT_EQ(of_views.verdict, Verdict::holds);
  EXPECT_EQ(of_views.view_digest, report.view_digest);
  EXPECT_LE(of_views.states, 1'500U);
  EXPECT_TRUE(of_views.certified && of_views.equivariant);
}

TEST(Symmetry, RenamesClientsWithTheirHistory) {
  for (const Network network : {Network::async, Network::unordered, Network::fifo}) {
    const Model model = register_model({.nodes = 2, .clients = 2, .network = network});
    const CheckReport full = run(model, none);
    ASSERT_NE(full.verdict, Verdict::incomplete);
    for (const Reductions& reduce : {symmetry, dead_and_symmetry, all_but_views, all}) {
      if (!is_sound(reduce, network)) continue;
      const CheckReport reduced = run(model, reduce);
      EXPECT_EQ(difference_of(model, full, reduced), "") << full << reduced;
      EXPECT_EQ(reduced.interchangeable, "n1, n2; c1, c2");
      EXPECT_EQ(reduced.renamings, 4U);
    }
  }
}

TEST(Symmetry, WhoNeverCrashesIsNotLikeWhoMay) {
  const Bounds bounds{.nodes = 3, .crashes = 1, .limits = {{"term", 1}, {"log", 0}}};
  Model model = find_system("raft-core")->make({.bounds = bounds});
  model.system.steadfast = {NodeId{0}};
  const CheckReport full = run(model, none);
  const CheckReport reduced = run(model, symmetry);
  EXPECT_EQ(difference_of(model, full, reduced), "") << full << reduced;
  EXPECT_EQ(reduced.interchangeable, "n2, n3");
}

TEST(Symmetry, AClientBoundToAServerIsRefused) {
  Bounds bounds{.nodes = 3, .clients = 2, .network = Network::unordered};
  const Model model = find_system("paxos")->make({.bounds = bounds});
  try {
    check(model, {.reduce = symmetry});
    FAIL();
  } catch (const UsageError& error) {
    const std::string reason = error.what();
    EXPECT_NE(reason.find("no two processes are interchangeable; exchanging "), std::string::npos);
    EXPECT_NE(reason.find("does at \"start "), std::string::npos) << reason;
  }
  const CheckReport report = check(model);
  EXPECT_FALSE(report.reductions.symmetry);
  EXPECT_NE(report.asymmetry, "");
}

TEST(Symmetry, ResumingGoesOnWithTheSameRenamings) {
  const auto directory = std::filesystem::path(::testing::TempDir()) / "gainsay-symmetry-resume";
  std::filesystem::remove_all(directory);
  const Model model = find_system("two-phase-commit")->make({.bounds = {.nodes = 4}});
  for (const Reductions& reduce : {symmetry, all}) {
    const CheckReport whole = check(model, {.reduce = reduce, .digest = true});
    CheckReport last;
    std::uint32_t cuts = 0;
    const std::uint64_t step = whole.states / 3;
    for (std::uint64_t most = step; last.verdict != Verdict::holds; most += step, ++cuts) {
      last =
          check(model, {.reduce = reduce, .max_states = most, .resume = directory, .digest = true});
      ASSERT_LT(cuts, 20U);
    }
    std::filesystem::remove_all(directory);
    EXPECT_GT(cuts, 1U);
    EXPECT_TRUE(last.resumed);
    EXPECT_EQ(last.states, whole.states);
    EXPECT_EQ(last.transitions, whole.transitions);
    EXPECT_EQ(last.digest, whole.digest);
    EXPECT_EQ(last.interchangeable, whole.interchangeable);
    EXPECT_TRUE(last.equivariant);
  }
}

// --- fixed systems; several variants each, as the choice of representatives is by hashes ---

constexpr std::uint32_t variants = 16;

TEST(Symmetry, KeepsAMessageThatMattersOnARenamedPath) {
  bool caught = false;
  for (std::uint32_t variant = 0; variant < variants; ++variant) {
    const Model model = renamed_path_model(variant);
    ASSERT_EQ(run(model, none).verdict, Verdict::violated);
    const CheckReport reduced = run(model, dead_and_symmetry);
    EXPECT_EQ(difference_of(model, run(model, none), reduced), "") << variant;
    EXPECT_TRUE(reduced.equivariant);
    caught =
        caught || run(model, dead_and_symmetry, 1, Sabotage::symmetry_keep_not_renamed).verdict !=
                      Verdict::violated;
  }
  EXPECT_TRUE(caught);
}

TEST(Symmetry, MergesAreCheckedAgainstWhatIsSentUnderAnotherName) {
  std::uint32_t wrong = 0;
  std::uint32_t refused = 0;
  for (std::uint32_t variant = 0; variant < 64; ++variant) {
    const Model model = secret_model(variant);
    const CheckReport full = run(model, none);
    ASSERT_EQ(full.verdict, Verdict::violated);
    for (const Reductions& reduce : {minimise_and_symmetry, views_and_symmetry, all}) {
      CheckOptions options{.reduce = reduce, .jobs = 1, .minimise_from = 1, .digest = true};
      EXPECT_EQ(difference_of(model, full, check(model, options)), "") << variant;
      options.sabotage = Sabotage::merges_not_renamed;
      try {
        wrong += check(model, options).verdict != Verdict::violated ? 1U : 0U;
      } catch (const UsageError&) {  // what is merged here and not there is no symmetry
        ++refused;
      }
    }
  }
  std::cout << wrong << " wrong, " << refused << " refused\n";
  EXPECT_GT(wrong, 0U);
  EXPECT_GT(refused, 0U);
}

TEST(Symmetry, APropertyMayNameANode) {
  bool caught = false;
  for (std::uint32_t variant = 0; variant < variants; ++variant) {
    const Model model = named_node_model(variant);
    const CheckReport reduced = run(model, symmetry);
    EXPECT_EQ(difference_of(model, run(model, none), reduced), "") << variant;
    EXPECT_TRUE(reduced.equivariant);
    caught = caught ||
             run(model, symmetry, 1, Sabotage::symmetry_properties_of_representatives).verdict !=
                 Verdict::violated;
  }
  EXPECT_TRUE(caught);
}

TEST(Symmetry, AnAsymmetryBeyondTheGeneratorsIsSeen) {
  bool caught = false;
  for (std::uint8_t who = 0; who < 3; ++who) {
    for (std::uint8_t whom = 0; whom < 3; ++whom) {
      if (who == whom) continue;
      const Model model = one_odd_pair_model({who}, {whom});
      ASSERT_EQ(run(model, none).verdict, Verdict::violated);
      EXPECT_FALSE(check_if_accepted(model, symmetry, states_max)) << who << whom;
      const CheckReport found = check(model);
      EXPECT_EQ(found.verdict, Verdict::violated);
      EXPECT_NE(found.asymmetry, "");
      const auto careless =
          check_if_accepted(model, symmetry, states_max, Sabotage::symmetry_certifies_generators);
      caught = caught || (careless && careless->verdict != Verdict::violated);
    }
  }
  EXPECT_TRUE(caught);
}

// Some random table has another answer with the broken reduction.
bool is_caught(const Reductions& reduce, Sabotage sabotage, Quirk quirk) {
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    SymmetricShape shape = async_shape_of(seed, false);
    shape.quirk = quirk;
    const Model model = symmetric_model(shape);
    const CheckReport full = check(model, {.reduce = none, .max_states = 20'000, .digest = true});
    if (full.verdict == Verdict::incomplete) continue;
    const auto careless = check_if_accepted(model, reduce, states_max, sabotage);
    if (!careless || difference_of(model, full, *careless).empty()) continue;
    const auto careful = check_if_accepted(model, reduce, states_max);
    EXPECT_TRUE(!careful || difference_of(model, full, *careful).empty()) << seed;
    return true;
  }
  return false;
}

TEST(Symmetry, AViewThatTellsProcessesApartIsSeen) {
  EXPECT_TRUE(
      is_caught(silent_and_symmetry, Sabotage::symmetry_views_unchecked, Quirk::shows_more));
}

// --- groups ---

TEST(Group, IsOneAndKnowsItsProducts) {
  const std::vector<std::vector<NodeId>> classes = {{{0}, {2}, {3}}, {{4}, {5}}};
  const Group group(6, classes);
  ASSERT_EQ(group.size(), 12U);
  for (std::uint8_t id = 0; id < 6; ++id) EXPECT_EQ(group.image(0, {id}), NodeId{id});
  for (Group::Index g = 0; g < group.size(); ++g) {
    for (Group::Index h = 0; h < group.size(); ++h) {
      const Group::Index product = group.product(g, h);
      for (std::uint8_t id = 0; id < 6; ++id) {
        EXPECT_EQ(group.image(product, {id}), group.image(g, group.image(h, {id})));
      }
    }
  }
  EXPECT_EQ(group.exchanges().size(), 4U);
  const Group::Index exchange = group.exchange({2}, {3});
  EXPECT_EQ(group.image(exchange, {2}), NodeId{3});
  EXPECT_EQ(group.image(exchange, {3}), NodeId{2});
  EXPECT_EQ(group.image(exchange, {0}), NodeId{0});
}

TEST(Group, ClassesLeaveOutWhatIsKnownToDifferAndStaySmall) {
  const Model model = find_system("two-phase-commit")->make({.bounds = {.nodes = 9}});
  EXPECT_EQ(interchangeable(model.system, {}, Group::size_max).front().size(),
            7U);  // 7! renamings are the most
  Asymmetries known;
  for (std::uint8_t id = 1; id < 10; ++id) known.broken.emplace(NodeId{0}, NodeId{id});
  EXPECT_EQ(interchangeable(model.system, known, Group::size_max).front().front(), NodeId{1});
  known.hopeless = true;
  EXPECT_TRUE(interchangeable(model.system, known, Group::size_max).empty());
}

}  // namespace
}  // namespace gainsay::testing
