// Every reduction alone and many together are exact: on random systems of all kinds, on every
// built-in system, variant and network, and on every seeded bug. Which reductions go together is
// asked of the program: what it accepts must be right.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <stdexcept>

#include "engine/random.hpp"
#include "protocols/catalog.hpp"
#include "tests/bugs.hpp"
#include "tests/explorer/compare.hpp"
#include "tests/explorer/symmetric_table.hpp"
#include "tests/explorer/table_protocol.hpp"

namespace gainsay::testing {
namespace {

constexpr Reductions none{};
using Request = std::optional<Reductions>;  // none: what the program picks

struct Count {
  std::uint64_t systems = 0;
  std::uint64_t compared = 0;  // checks with reductions
  std::uint64_t refused = 0;   // requests for them
  std::uint64_t smaller = 0;   // systems of which some check looked at fewer worlds
  std::uint64_t violated = 0;  // systems
};

void add(Count& total, const Count& more) {
  total.systems += more.systems;
  total.compared += more.compared;
  total.refused += more.refused;
  total.smaller += more.smaller;
  total.violated += more.violated;
}

// A check that throws anything but a refusal says which it was.
std::optional<CheckReport> checked(const Model& model, const Request& request,
                                   std::uint64_t states_max, const std::string& what) {
  try {
    return check_if_accepted(model, request, states_max);
  } catch (const std::exception& error) {
    throw std::runtime_error(what + " with " + text_of(request) + ": " + error.what());
  }
}

// Compares the unreduced search with each request. Nothing is counted where it does not end within
// so many states.
Count compare(const Model& model, const std::vector<Request>& requests, std::uint64_t states_max,
              const std::string& what) {
  const auto full = checked(model, none, states_max, what);
  if (!full || full->verdict == Verdict::incomplete) return {};
  Count count{.systems = 1};
  count.violated = full->verdict == Verdict::violated ? 1 : 0;
  for (const Request& request : requests) {
    // A pass without its certificate may look at more than there is.
    const auto reduced = checked(model, request, 20 * states_max, what);
    if (!reduced) {
      ++count.refused;
      EXPECT_TRUE(request) << what << ": what the program picks is refused";
      continue;
    }
    ++count.compared;
    if (reduced->states < full->states) count.smaller = 1;
    EXPECT_EQ(difference(model, *full, *reduced), "")
        << what << " with " << text_of(request) << "\n"
        << *full << *reduced;
  }
  return count;
}

std::vector<Request> each_and_auto() {
  std::vector<Request> requests = {std::nullopt};
  for (const Reductions& one : single_reductions()) requests.emplace_back(one);
  return requests;
}

// Those and two other sets.
std::vector<Request> each_auto_and_some(RandomStream& random) {
  static const std::vector<Reductions> sets = reduction_sets();
  std::vector<Request> requests = each_and_auto();
  for (int i = 0; i < 2; ++i) {
    requests.emplace_back(sets[random.below(static_cast<std::uint32_t>(sets.size()))]);
  }
  return requests;
}

// --- random systems ---

// Network, budgets and clients of a random system.
Bounds random_bounds(RandomStream& random, bool clients) {
  Bounds bounds;
  bounds.network = static_cast<Network>(random.below(3));
  const bool async = bounds.network == Network::async;
  bounds.crashes = random.below(async ? 3 : 2);
  bounds.restarts = random.below(3);
  if (!async) bounds.drops = random.below(2);
  if (bounds.network == Network::unordered) bounds.duplicates = random.below(2);
  if (random.chance(1, 3)) bounds.timeouts = random.below(4);
  if (clients) {
    bounds.clients = 1 + random.below(2);
    bounds.operations = 1 + random.below(2);
  }
  if (!async && random.chance(1, 4)) {
    bounds.partitions = 1;
    bounds.partition_shapes.one_way = random.chance(1, 2);
    bounds.across = random.chance(1, 2) ? Across::lost : Across::held;
  }
  return bounds;
}

// Of some systems with and without clients the disks forget, which makes them larger.
std::uint32_t unsynced_of(std::uint64_t seed, const Bounds& bounds) {
  return seed / 2 % 4 == 1 ? std::min(bounds.crashes, 1U) : 0;
}

struct RandomSystem {
  std::string kind;
  Model model;
};

RandomSystem random_table_system(std::uint64_t seed, RandomStream& random) {
  const bool clients = seed % 2 == 0;
  TableShape shape{.seed = seed, .bounds = random_bounds(random, clients)};
  shape.bounds.unsynced = unsynced_of(seed, shape.bounds);
  shape.violating = random.chance(1, 2);
  shape.answers = shape.bounds.network == Network::async && random.chance(2, 3);
  shape.hides = random.chance(1, 2);
  return {.kind = std::string("table, ") + std::string(to_string(shape.bounds.network)) +
                  (clients ? ", clients" : ""),
          .model = table_model(shape)};
}

RandomSystem random_symmetric_system(std::uint64_t seed, RandomStream& random) {
  const bool clients = seed % 2 == 0;
  SymmetricShape shape{.seed = seed, .bounds = random_bounds(random, clients)};
  shape.bounds.nodes = random.chance(1, 3) ? 2 : 3;
  shape.bounds.crashes = std::min(shape.bounds.crashes, 1U);
  shape.bounds.unsynced = unsynced_of(seed, shape.bounds);
  if (!shape.bounds.timeouts) shape.bounds.timeouts = 1 + random.below(3);
  shape.violating = random.chance(1, 2);
  shape.names_a_node = random.chance(1, 2);
  shape.hides = !shape.names_a_node && random.chance(1, 2);
  const bool nearly = random.chance(1, 4);
  if (nearly) shape.quirk = static_cast<Quirk>(1 + random.below(3));
  return {.kind = std::string(nearly ? "nearly symmetric, " : "symmetric, ") +
                  std::string(to_string(shape.bounds.network)) + (clients ? ", clients" : ""),
          .model = symmetric_model(shape)};
}

// One of each, added to what is counted of its kind.
void compare_random(std::uint64_t seed, std::map<std::string, Count>& counts) {
  RandomStream random(seed, Purpose::test, NodeId{3});
  for (const RandomSystem& system :
       {random_table_system(seed, random), random_symmetric_system(seed, random)}) {
    add(counts[system.kind], compare(system.model, each_auto_and_some(random), 3'000,
                                     system.kind + ", seed " + std::to_string(seed)));
  }
}

// GAINSAY_RANDOM_SYSTEMS says how many of each, and GAINSAY_RANDOM_FIRST from where on.
TEST(Exactness, OfRandomSystemsOfEveryKind) {
  std::map<std::string, Count> counts;
  const std::uint64_t first = first_random_system();
  for (std::uint64_t seed = first; seed < first + random_systems(120) && !HasFailure(); ++seed) {
    compare_random(seed, counts);
  }
  Count all;
  for (const auto& [kind, count] : counts) {
    add(all, count);
    std::cout << kind << ": " << count.systems << " systems, " << count.compared << " compared, "
              << count.smaller << " smaller, " << count.violated << " violated\n";
    EXPECT_GT(count.systems, 0U) << kind;
  }
  std::cout << all.systems << " systems, " << all.compared << " compared\n";
  EXPECT_EQ(counts.size(), 18U);
  EXPECT_GT(all.systems, random_systems(120));
  EXPECT_GT(all.smaller, all.systems / 2);
  EXPECT_GT(all.violated, all.systems / 10);
}

// A violation is searched for again within its depth. Looking behind that limit, the search outgrew
// the bits of a root, and what comes next must not use what was remembered of the roots before.
TEST(Exactness, OfARootThatIsOutgrownBehindALimitOnDepth) {
  std::map<std::string, Count> counts;
  compare_random(31'034, counts);
  EXPECT_EQ(counts.size(), 2U);
}

// --- built-in systems ---

std::uint32_t one_of(RandomStream& random, std::initializer_list<std::uint32_t> values) {
  return values.begin()[random.below(static_cast<std::uint32_t>(values.size()))];
}

bool syncs(const CatalogEntry& entry) {
  return entry.make(entry.defaults).system.processes.front()->syncs();
}

// Small bounds of a system, of which it may refuse some.
Configuration random_configuration(const CatalogEntry& entry, const std::string& bug,
                                   Network network, RandomStream& random) {
  Configuration configuration{.bounds = random_bounds(random, false), .options = {}, .bug = bug};
  Bounds& bounds = configuration.bounds;
  if (network == Network::async) {
    bounds.drops = bounds.duplicates = bounds.partitions = 0;
  } else if (!bounds.timeouts) {
    bounds.timeouts = 1 + random.below(3);
  }
  if (network == Network::fifo) bounds.duplicates = 0;
  bounds.network = network;
  bounds.crashes = std::min(bounds.crashes, 1U);
  bounds.restarts = bounds.crashes == 0 ? 0 : std::min(bounds.restarts, 1U);
  bounds.nodes = one_of(random, {2, 3, 3, 4});
  if (entry.client_bounds != ClientBounds::none) bounds.clients = random.below(3);
  const bool counts_operations =
      entry.client_bounds == ClientBounds::clients_and_operations && bounds.clients > 0;
  if (counts_operations) bounds.operations = 1 + random.below(2);
  for (const std::string& limit : entry.limits) bounds.limits[limit] = one_of(random, {0, 1, 1, 2});
  for (const std::string& option : entry.options) {
    if (option == "propose") configuration.options[option] = std::to_string(random.below(2));
    if (option == "recovers" && random.chance(1, 3)) configuration.options[option] = "2";
  }
  if (syncs(entry)) bounds.unsynced = random.below(bounds.crashes + 1);
  return configuration;
}

std::optional<Model> made(const CatalogEntry& entry, const Configuration& configuration) {
  try {
    return entry.make(configuration);
  } catch (const UsageError&) {
    return std::nullopt;  // the system does not have such bounds
  }
}

// Every system, and every variant of one.
std::vector<Seeded> all_variants() {
  static const Bug none_seeded{
      .id = "correct", .name = "", .breaks = "", .what = "", .scenario = {}};
  std::vector<Seeded> all = all_bugs();
  for (const CatalogEntry& entry : catalog()) all.push_back({&entry, &none_seeded});
  return all;
}

std::string variant_id(const ::testing::TestParamInfo<Seeded>& test) {
  std::string id = test.param.entry->name + "_" + test.param.bug->id;
  std::ranges::replace(id, '-', '_');
  return id;
}

class ExactnessOfVariant : public ::testing::TestWithParam<Seeded> {};

// At random small bounds where the unreduced search ends soon: a few on each network, or many more
// with GAINSAY_SLOW_TESTS, which also lets it take up to a minute.
TEST_P(ExactnessOfVariant, OnEveryNetwork) {
  const std::uint64_t wanted = runs_slow_tests() ? 20 : 2;
  const std::uint64_t states_max = runs_slow_tests() ? 300'000 : 3'000;
  const CatalogEntry& entry = *GetParam().entry;
  const std::string& name = GetParam().bug->name;
  Count of_variant;
  for (const Network network : {Network::async, Network::unordered, Network::fifo}) {
    Count count;
    RandomStream random(name.size(), Purpose::test, NodeId{4});
    for (int tries = 0; tries < 200 && count.systems < wanted; ++tries) {
      const Configuration configuration = random_configuration(entry, name, network, random);
      const auto model = made(entry, configuration);
      if (!model) continue;
      add(count, compare(*model, each_and_auto(), states_max,
                         entry.name + " " + name + " within " +
                             describe(configuration.bounds, configuration.options)));
    }
    EXPECT_EQ(count.systems, wanted) << to_string(network);
    add(of_variant, count);
  }
  EXPECT_GT(of_variant.smaller, 0U);
  std::cout << of_variant.systems << " bounds, " << of_variant.compared << " compared, "
            << of_variant.smaller << " smaller, " << of_variant.violated << " violated\n";
}

INSTANTIATE_TEST_SUITE_P(Catalog, ExactnessOfVariant, ::testing::ValuesIn(all_variants()),
                         variant_id);

// --- seeded bugs ---

// Within 10 minutes each; nothing where it is refused.
std::optional<CheckReport> look_for(const Model& model, const Reductions& reduce,
                                    std::uint64_t states_max) {
  try {
    return check(model, {.reduce = reduce, .max_states = states_max, .seconds = 600});
  } catch (const UsageError&) {
    return std::nullopt;
  }
}

class ExactnessOfBug : public ::testing::TestWithParam<Seeded> {};

// The larger ones with GAINSAY_SLOW_TESTS only. Subsumption alone takes time with the square of
// what it keeps, so what does not end is told.
TEST_P(ExactnessOfBug, IsFoundWithEveryCombinationAndTheTraceReplays) {
  const std::uint64_t states_max = runs_slow_tests() ? 40'000'000 : 2'000;
  const Model model = GetParam().entry->make(variant(*GetParam().bug));
  const auto full = look_for(model, none, states_max);
  if (full->verdict == Verdict::incomplete && !runs_slow_tests()) {
    GTEST_SKIP() << "is large: runs with GAINSAY_SLOW_TESTS=1";
  }
  ASSERT_EQ(full->verdict, Verdict::violated);
  std::uint64_t found = 0;
  std::uint64_t unended = 0;
  for (const Reductions& reduce : reduction_sets()) {
    const auto reduced = look_for(model, reduce, 2 * states_max);
    if (!reduced) continue;
    if (reduced->verdict == Verdict::incomplete && reduce.subsumption && !reduce.dead_messages) {
      std::cout << text_of(reduce) << " does not end\n";
      ++unended;
      continue;
    }
    EXPECT_EQ(difference(model, *full, *reduced), "") << text_of(reduce);
    EXPECT_TRUE(reduced->certified) << text_of(reduce);
    ++found;
  }
  const bool async = model.system.bounds.network == Network::async;
  EXPECT_GE(found + unended, !async ? 1U : has_recovery(model) ? 7U : 31U);
  std::cout << "found with " << found << " combinations\n";
}

INSTANTIATE_TEST_SUITE_P(Catalog, ExactnessOfBug, ::testing::ValuesIn(bugs_of_each_kind()),
                         Seeded::id);

}  // namespace
}  // namespace gainsay::testing
