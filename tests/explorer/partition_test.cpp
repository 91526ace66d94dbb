// Partitions in the search: exact with and without dead messages, on both networks, for every shape
// and both fates of the messages across; in traces; and a split brain that fifo alone does not
// have.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>

#include "engine/random.hpp"
#include "explorer/check.hpp"
#include "explorer/replay.hpp"
#include "protocols/catalog.hpp"
#include "tests/explorer/compare.hpp"
#include "tests/explorer/slow_search.hpp"
#include "tests/explorer/small_systems.hpp"
#include "tests/explorer/symmetric_table.hpp"
#include "tests/explorer/table_protocol.hpp"
#include "tests/sanitized.hpp"
#include "tests/scratch.hpp"

namespace gainsay::testing {
namespace {

constexpr Reductions none{};
constexpr Reductions dead_messages{.dead_messages = true};
constexpr Reductions symmetry{.symmetry = true};
constexpr Reductions dead_and_symmetry{.dead_messages = true, .symmetry = true};
constexpr Network networks[] = {Network::unordered, Network::fifo};
constexpr Across fates[] = {Across::lost, Across::held};

constexpr std::uint64_t states_max = 20'000;

CheckReport run(const Model& model, const Reductions& reduce, unsigned jobs = 1) {
  return check(model, {.reduce = reduce, .jobs = jobs, .max_states = states_max, .digest = true});
}

PartitionShapes some_shapes(RandomStream& random) {
  PartitionShapes shapes{.symmetric = random.chance(1, 2),
                         .one_way = random.chance(1, 2),
                         .bridged = random.chance(1, 2)};
  if (list(shapes).empty()) shapes.symmetric = true;
  return shapes;
}

// A random system with partitions of any shapes, on a network and with a fate of messages across
// that go round with the seed, so that all are met equally often.
TableShape shape_of(std::uint64_t seed) {
  RandomStream random(seed, Purpose::test);
  TableShape shape{.seed = seed, .bounds = {}, .violating = random.chance(1, 3)};
  Bounds& bounds = shape.bounds;
  bounds.network = networks[seed % 2];
  bounds.across = fates[seed / 2 % 2];
  bounds.crashes = random.below(2);
  bounds.restarts = bounds.crashes;
  bounds.drops = random.below(2);
  bounds.partitions = 1 + random.below(2);
  bounds.partition_shapes = some_shapes(random);
  if (random.chance(1, 3)) bounds.timeouts = random.below(4);
  bounds.unsynced = random.below(bounds.crashes + 1);
  return shape;
}

std::string difference(const CheckReport& full, const CheckReport& reduced) {
  if (full.verdict != reduced.verdict) return "other verdict";
  if (full.verdict == Verdict::violated) {
    return full.counterexample->faults == reduced.counterexample->faults ? "" : "other fault cost";
  }
  if (full.digest != reduced.digest) return "other local states";
  return reduced.certified ? "" : "no certificate";
}

// Where a wrong search was met: the kinds of system.
using Kinds = std::set<std::pair<Network, Across>>;
Kinds::value_type kind_of(const Bounds& bounds) { return {bounds.network, bounds.across}; }

TEST(Partitions, DeadMessagesAreExactOnRandomTables) {
  const std::uint64_t systems = random_systems(300);
  Kinds smaller;
  std::uint64_t compared = 0;
  std::uint64_t repeated = 0;
  for (std::uint64_t seed = 0; seed < systems; ++seed) {
    const TableShape shape = shape_of(seed);
    const Model model = table_model(shape);
    const CheckReport full = run(model, none);
    if (full.verdict == Verdict::incomplete || full.states > 15'000) continue;
    const CheckReport reduced = run(model, dead_messages);
    ASSERT_EQ(difference(full, reduced), "") << "seed " << seed << "\n" << full << reduced;
    if (reduced.states < full.states) smaller.insert(kind_of(shape.bounds));
    repeated += reduced.passes > 1 ? 1U : 0U;
    ++compared;
  }
  EXPECT_EQ(smaller.size(), 4U);
  EXPECT_GT(compared, systems / 3);
  EXPECT_GT(repeated, systems / 50);
  std::cout << compared << " compared, " << repeated << " with more than one pass\n";
}

// What a random system reaches with a partition and without.
struct WithAndWithout {
  CheckReport cut;
  CheckReport whole;
};

TableShape shape_with_partition(std::uint64_t seed) {
  TableShape shape = shape_of(seed);
  shape.violating = false;
  shape.bounds.drops = 0;
  shape.bounds.partitions = 1;
  return shape;
}

WithAndWithout with_and_without_partition(TableShape shape) {
  const CheckReport cut = run(table_model(shape), none);
  shape.bounds.partitions = 0;
  return {cut, run(table_model(shape), none)};
}

bool is_lost_in_fifo(const Bounds& bounds) {
  return kind_of(bounds) == std::pair(Network::fifo, Across::lost);
}

class PartitionsOfSome : public ::testing::TestWithParam<std::uint64_t> {};

// Delay is in both networks already, and in unordered, where nothing must arrive, so is loss. A run
// with such partitions is a run without them, once these events are left out of it.
TEST_P(PartitionsOfSome, ReachNothingThatDelayDoesNotButForLossesInFifo) {
  std::uint64_t compared = 0;
  for (std::uint64_t seed = GetParam(); seed < GetParam() + 100; ++seed) {
    const TableShape shape = shape_with_partition(seed);
    if (is_lost_in_fifo(shape.bounds)) continue;
    const auto [cut, whole] = with_and_without_partition(shape);
    if (cut.verdict != Verdict::holds || whole.verdict != Verdict::holds) continue;
    ASSERT_GT(cut.states, whole.states);
    ASSERT_EQ(cut.digest, whole.digest) << seed;
    ++compared;
  }
  EXPECT_GT(compared, 10U);
  std::cout << compared << " compared\n";
}

INSTANTIATE_TEST_SUITE_P(Random, PartitionsOfSome, ::testing::Values(0, 100, 200, 300));

TEST(Partitions, OfWhichSomeReachMoreByLossesInFifo) {
  bool more = false;
  for (std::uint64_t seed = 0; seed < 400 && !more; ++seed) {
    const TableShape shape = shape_with_partition(seed);
    if (!is_lost_in_fifo(shape.bounds)) continue;
    const auto [cut, whole] = with_and_without_partition(shape);
    more = cut.verdict == Verdict::holds && whole.verdict == Verdict::holds &&
           cut.digest != whole.digest;
  }
  EXPECT_TRUE(more);
}

// The same of a random system whose nodes are alike, or nearly.
SymmetricShape symmetric_shape_of(std::uint64_t seed, bool nearly) {
  RandomStream random(seed, Purpose::test, NodeId{3});
  SymmetricShape shape{.seed = seed, .bounds = {}, .violating = random.chance(1, 3)};
  Bounds& bounds = shape.bounds;
  bounds.network = networks[seed % 2];
  bounds.across = fates[seed / 2 % 2];
  bounds.nodes = random.chance(1, 4) ? 4 : 3;
  bounds.crashes = bounds.restarts = random.below(2);
  bounds.partitions = 1 + random.below(2);
  bounds.partition_shapes = some_shapes(random);
  bounds.timeouts = 1 + random.below(3);
  shape.names_a_node = random.chance(1, 2);
  if (nearly) shape.quirk = static_cast<Quirk>(1 + random.below(4));
  return shape;
}

TEST(Partitions, SymmetryIsExactOnRandomTables) {
  const std::uint64_t systems = random_systems(300);
  Kinds smaller;
  std::uint64_t compared = 0;
  std::uint64_t violated = 0;
  for (std::uint64_t seed = 0; seed < systems; ++seed) {
    const SymmetricShape shape = symmetric_shape_of(seed, seed % 5 == 4);
    const Model model = symmetric_model(shape);
    const CheckReport full = run(model, none);
    if (full.verdict == Verdict::incomplete) continue;
    for (const Reductions& reduce : {symmetry, dead_and_symmetry}) {
      const auto reduced = check_if_accepted(model, reduce, states_max);
      if (!reduced) continue;
      ASSERT_EQ(difference(full, *reduced), "") << "seed " << seed << "\n" << full << *reduced;
      ASSERT_GE(reduced->states * reduced->renamings,
                full.verdict == Verdict::violated || reduce.dead_messages ? 0 : full.states);
      EXPECT_TRUE(!reduced->counterexample || replays(model, *reduced)) << seed;
      if (reduced->states < full.states) smaller.insert(kind_of(shape.bounds));
      violated += full.verdict == Verdict::violated ? 1U : 0U;
      ++compared;
    }
  }
  std::cout << compared << " compared, " << violated << " violated\n";
  EXPECT_EQ(smaller.size(), 4U);
  EXPECT_GT(compared, systems / 5);
  EXPECT_GT(violated, systems / 50);
}

TEST(Partitions, ACutGoesWithTheNamesOfThoseItCutsOff) {
  const CheckReport full = check(speakers_model(0), {.reduce = none});
  ASSERT_EQ(full.verdict, Verdict::holds);
  bool caught = false;
  for (std::uint32_t variant = 0; variant < 16; ++variant) {
    const Model model = speakers_model(variant);
    CheckOptions options{.reduce = symmetry};
    const CheckReport reduced = check(model, options);
    EXPECT_EQ(reduced.verdict, Verdict::holds);
    EXPECT_EQ(reduced.local_state_vectors, full.local_state_vectors);
    options.sabotage = Sabotage::symmetry_cuts_not_renamed;
    try {
      caught = caught || check(model, options).local_state_vectors != full.local_state_vectors;
    } catch (const std::logic_error&) {  // a ring, which the live world has not
      caught = true;
    }
  }
  EXPECT_TRUE(caught);
}

TEST(Partitions, OfAlikeNodesAreExploredOncePerOrbit) {
  for (const Across across : fates) {
    const Bounds bounds{.nodes = 3,
                        .network = Network::unordered,
                        .partitions = 1,
                        .timeouts = 2,
                        .partition_shapes = {.symmetric = true, .one_way = true, .bridged = true},
                        .across = across,
                        .limits = {{"term", 1}, {"log", 1}}};
    const Model model = find_system("raft-core")->make({.bounds = bounds});
    const CheckReport full = check(model, {.reduce = none, .digest = true});
    const CheckReport reduced = check(model, {.reduce = symmetry, .digest = true});
    ASSERT_EQ(full.verdict, Verdict::holds);
    EXPECT_EQ(reduced.renamings, 6U);
    EXPECT_EQ(difference(full, reduced), "") << full << reduced;
    EXPECT_LT(reduced.states * 5, full.states);
  }
}

TEST(Partitions, GiveTheSameForOneAndTwoThreads) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Model model = table_model(shape_of(seed));
    const CheckReport one = run(model, dead_messages, 1);
    const CheckReport two = run(model, dead_messages, 2);
    ASSERT_EQ(one.states, two.states) << seed;
    ASSERT_EQ(one.transitions, two.transitions) << seed;
    ASSERT_EQ(one.dropped_pairs, two.dropped_pairs) << seed;
    ASSERT_EQ(one.story, two.story) << seed;
  }
}

// A random run that is fond of partitions, from the unstarted world.
std::vector<Event> random_run(const System& system, RandomStream& random) {
  LiveWorld world(system);
  std::vector<Event> run;
  while (run.size() < 30) {
    std::vector<Event> events = world.enabled();
    if (run.size() < system.size()) {
      std::erase_if(events, [&](const Event& event) { return event.process.value != run.size(); });
    } else if (random.chance(1, 3)) {
      std::vector<Event> of_network;
      std::ranges::copy_if(events, std::back_inserter(of_network),
                           [](const Event& event) { return !has_process(event.kind); });
      if (!of_network.empty()) events = of_network;
    }
    if (events.empty()) break;
    run.push_back(events[random.below(static_cast<std::uint32_t>(events.size()))]);
    if (world.apply(run.back()).step.fault != StepResult::Fault::none) break;
  }
  return run;
}

TEST(Partitions, AreWrittenReadAndReplayedStrictlyAndLeniently) {
  Kinds replayed;
  std::set<std::optional<PartitionShape>> shapes;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const TableShape shape = shape_of(seed);
    const Model model = table_model(shape);
    RandomStream random(seed, Purpose::test);
    const std::vector<Event> run = random_run(model.system, random);
    const std::string text =
        trace_text(model.system, record_trace(model.system, run, std::nullopt), run);
    const Trace trace = parse_trace(text, "written");
    for (const bool lenient : {false, true}) {
      const ReplayReport report = replay(model, trace, {.lenient = lenient});
      EXPECT_FALSE(report.divergence) << seed << ": " << report.divergence->found;
      EXPECT_EQ(report.events, run);
      EXPECT_EQ(report.skipped, 0U);
    }
    EXPECT_EQ(trace_text(model.system, trace, run), text);
    for (const Event& event : run) {
      if (event.kind == EventKind::heal) replayed.insert(kind_of(shape.bounds));
      if (event.kind == EventKind::partition) shapes.insert(gainsay::shape_of(event.cut, 3));
    }
  }
  EXPECT_EQ(replayed.size(), 4U);
  EXPECT_EQ(shapes.size(), 3U);
}

TEST(Partitions, ResumingGivesTheSameAnswer) {
  for (const Network network : networks) {
    for (const Across across : fates) {
      Configuration configuration = find_system("paxos")->defaults;
      configuration.bounds = {.clients = 1,
                              .network = network,
                              .partitions = 1,
                              .partition_shapes = {.one_way = true},
                              .across = across};
      const Model model = find_system("paxos")->make(configuration);
      const Scratch scratch("cut-resume");
      const std::filesystem::path& directory = scratch.path();
      const CheckReport whole = run(model, none);
      const CheckReport first =
          check(model, {.reduce = none, .max_states = whole.states / 2, .resume = directory});
      EXPECT_EQ(first.verdict, Verdict::incomplete);
      const CheckReport second =
          check(model, {.reduce = none, .resume = directory, .digest = true});
      EXPECT_TRUE(second.resumed);
      EXPECT_EQ(second.states, whole.states);
      EXPECT_EQ(second.transitions, whole.transitions);
      EXPECT_EQ(second.digest, whole.digest);
      // A checkpoint of other partitions is of another check.
      check(model, {.reduce = none, .max_states = 10, .resume = directory});
      configuration.bounds.partition_shapes.bridged = true;
      const Model other = find_system("paxos")->make(configuration);
      EXPECT_THROW(check(other, {.reduce = none, .resume = directory}), UsageError);
    }
  }
}

Configuration split_brain(const std::string& bug) {
  Configuration configuration = find_system("raft")->defaults;
  configuration.bounds = {
      .network = Network::fifo, .partitions = 1, .timeouts = 4, .limits = {{"term", 2}}};
  configuration.options = {{"propose", "1"}};
  configuration.bug = bug;
  return configuration;
}

// An old leader is cut off from the majority, which has a leader of its own. Raft survives it; a
// follower that takes the leader's commit index for its own log, without regard to what the message
// covers, does not.
TEST(Partitions, ASplitBrainContradictsWhatFifoAloneDoesNot) {
  Configuration faulty = split_brain("commit-no-min");
  const CheckReport found = check(find_system("raft")->make(faulty));
  ASSERT_EQ(found.verdict, Verdict::violated);
  EXPECT_EQ(found.counterexample->property, "state machine safety");
  EXPECT_EQ(found.counterexample->faults, 1U);
  EXPECT_TRUE(found.shortest);
  EXPECT_NE(found.story.find("partition n1 n3 | n2"), std::string::npos) << found.story;
  EXPECT_EQ(check(find_system("raft")->make(split_brain(""))).verdict, Verdict::holds);
  faulty.bounds.across = Across::held;
  EXPECT_EQ(check(find_system("raft")->make(faulty)).verdict, Verdict::holds);
  faulty.bounds.partitions = 0;
  EXPECT_EQ(check(find_system("raft")->make(faulty)).verdict, Verdict::holds);
}

TEST(Sabotage, APartitionThatSparesMessagesOnTheirWayIsCaught) {
  Kinds caught;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    if (is_sanitized() && caught.size() == 2) break;
    TableShape shape = shape_of(seed);
    shape.violating = false;
    const Model model = table_model(shape);
    const CheckReport wrong = check(model, {.reduce = none,
                                            .jobs = 1,
                                            .max_states = 4'000,
                                            .sabotage = Sabotage::partition_spares_messages});
    if (wrong.verdict != Verdict::holds) continue;
    try {
      if (slow_check(model, 4'000).states != wrong.states) caught.insert(kind_of(shape.bounds));
    } catch (const std::length_error&) {
    }
  }
  EXPECT_EQ(caught, (Kinds{{Network::unordered, Across::lost}, {Network::fifo, Across::lost}}));
}

}  // namespace
}  // namespace gainsay::testing
