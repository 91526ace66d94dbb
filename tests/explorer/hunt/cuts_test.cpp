// Cuts beside two slow twins: what they find is a run of the live world, and other orders of the
// events of a run, tried one by one, lead to nothing else.
#include "explorer/hunt/cuts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "explorer/confirm.hpp"
#include "explorer/hunt/hunt.hpp"
#include "properties/evaluate.hpp"
#include "protocols/catalog.hpp"
#include "tests/bugs.hpp"
#include "tests/explorer/table_protocol.hpp"

namespace gainsay::testing {
namespace {

// A random run, faults included, with all that the two ways find on it.
class CutRun {
 public:
  CutRun(const Model& model, const Property& pair, std::uint64_t seed)
      : evaluator_(model.system, {&pair}),
        machine_(model.system),
        walk_(machine_, evaluator_),
        cuts_(machine_, evaluator_),
        pair_(pair) {
    RandomStream random(seed, Purpose::test);
    walk_.start(random);
    violated_ = evaluator_.inspect_all(machine_, walk_.world()) != Evaluator::none;
    at_once_ = violated_;
    cuts_.begin(walk_);
    for (int i = 0; i < 25 && !violated_ && !cuts_.found(); ++i) {
      std::vector<Move> moves;
      for (const bool faults : {false, true}) {
        walk_.for_each_move(faults, [&](Move move) {
          if (walk_.transition(move).fault == 0) moves.push_back(move);
        });
      }
      if (moves.empty()) break;
      const Move move = moves[random.below(static_cast<std::uint32_t>(moves.size()))];
      cuts_.before(walk_, move);
      walk_.pass(move);
      cuts_.after(walk_);
      violated_ = evaluator_.inspect_all(machine_, walk_.world()) != Evaluator::none;
    }
    const Path path = walk_.path();
    events_ = walk_.events_of(path);
  }

  bool is_found() const { return cuts_.found().has_value(); }
  bool is_violated() const { return violated_; }
  bool is_violated_at_once() const { return at_once_; }
  const std::vector<Event>& events() const { return events_; }
  // What was found, as a run.
  Counterexample found() const {
    Counterexample run{.property = pair_.name};
    for (const std::uint32_t place : cuts_.found()->kept) run.events.push_back(events_[place]);
    return run;
  }

 private:
  Evaluator evaluator_;
  Machine machine_;
  Walk walk_;
  Cuts cuts_;
  const Property& pair_;
  std::vector<Event> events_;
  bool violated_ = false;
  bool at_once_ = false;  // in the world behind the starts
};

// All orders of the events, those of each process in its own: does one of them, or a part of it,
// violate the property?
bool violated_in_some_order(const Model& model, const Property& property,
                            const std::vector<Event>& events) {
  std::vector<std::vector<Event>> lanes(model.system.size());
  LiveWorld start(model.system);
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i < model.system.size()) {
      start.apply(events[i]);
    } else {
      lanes[events[i].process.value].push_back(events[i]);
    }
  }
  std::set<std::vector<std::size_t>> met;
  const auto go = [&](const auto& again, const LiveWorld& world,
                      const std::vector<std::size_t>& at) -> bool {
    if (!met.insert(at).second) return false;
    if (!holds_in(property, world)) return true;
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      if (at[lane] == lanes[lane].size()) continue;
      LiveWorld next(world);
      if (next.apply(lanes[lane][at[lane]]).status != Outcome::Status::applied) continue;
      std::vector<std::size_t> further = at;
      ++further[lane];
      if (again(again, next, further)) return true;
    }
    return false;
  };
  return go(go, start, std::vector<std::size_t>(lanes.size(), 0));
}

TEST(Cuts, WhatTheyFindIsARunAndTheyMissNothingSideBySide) {
  std::size_t found = 0;
  std::size_t only_by_cut = 0;
  for (std::uint64_t seed = 0; seed < 1'200; ++seed) {
    TableShape shape{.seed = seed / 4};
    const auto draw = [seed](std::uint64_t period, std::uint64_t values) {
      return static_cast<std::uint32_t>(seed / period % values);
    };
    shape.bounds.network = static_cast<Network>(seed % 3);
    shape.bounds.crashes = draw(3, 3);
    shape.bounds.restarts = draw(9, 2);
    shape.bounds.unsynced = std::min(shape.bounds.crashes, draw(5, 2));
    if (shape.bounds.network != Network::async) shape.bounds.drops = draw(7, 3);
    if (shape.bounds.network == Network::unordered) shape.bounds.duplicates = draw(11, 3);
    if (shape.bounds.network != Network::async) shape.bounds.partitions = draw(13, 3);
    shape.bounds.across = draw(17, 2) == 0 ? Across::lost : Across::held;
    shape.bounds.clients = draw(19, 2);
    const Model model = table_model(shape);
    const auto pair = std::ranges::find_if(model.properties, [](const Property& property) {
      return property.scope == Scope::pair && property.kind == PropertyKind::always;
    });
    if (pair == model.properties.end()) continue;
    const CutRun run(model, *pair, seed);
    if (run.is_violated_at_once()) continue;
    EXPECT_TRUE(run.is_found() || !run.is_violated()) << seed;
    if (!run.is_found()) continue;
    ++found;
    EXPECT_NO_THROW(confirm(model, run.found())) << seed;
    if (!run.is_violated()) ++only_by_cut;
  }
  EXPECT_GT(found, 100U);
  EXPECT_GT(only_by_cut, 5U);
}

TEST(Cuts, InAsyncTheyFindExactlyWhatOtherOrdersLeadTo) {
  std::size_t violated = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    TableShape shape{.seed = seed};
    shape.bounds.crashes = seed % 2;
    shape.bounds.restarts = static_cast<std::uint32_t>(seed / 2 % 2);
    const Model model = table_model(shape);
    const auto pair = std::ranges::find_if(model.properties, [](const Property& property) {
      return property.scope == Scope::pair && property.kind == PropertyKind::always;
    });
    if (pair == model.properties.end()) continue;
    const CutRun run(model, *pair, seed);
    if (run.is_violated_at_once()) continue;
    const bool slow = violated_in_some_order(model, *pair, run.events());
    EXPECT_EQ(run.is_found(), slow) << seed;
    violated += slow ? 1 : 0;
  }
  EXPECT_GT(violated, 20U);
}

TEST(Cuts, AreRefusedWhereTheyWouldBeUnsoundOrHaveNothingToAsk) {
  const auto refused = [](const Model& model) {
    EXPECT_THROW(hunt(model, {.runs = 10, .cuts = true}), UsageError);
  };
  const auto model_of = [](const char* system, auto change) {
    const CatalogEntry& entry = *find_system(system);
    Configuration configuration = entry.defaults;
    change(configuration.bounds);
    return entry.make(configuration);
  };
  refused(model_of("raft", [](Bounds& bounds) { bounds.skew = 0; }));
  refused(model_of("pbft", [](Bounds& bounds) { bounds.byzantine = 1; }));
  refused(model_of("chord", [](Bounds&) {}));
}

TEST(Cuts, AHuntFindsTheSameWithThemOnAnyNumberOfThreads) {
  const Model model = model_with("raft", "stale-vote-reply");
  const HuntOptions options{.strategy = "uniform",
                            .runs = 8'000,
                            .jobs = 1,
                            .findings_max = 1'000'000,
                            .minimize = false,
                            .cuts = true};
  HuntOptions more = options;
  more.jobs = 3;
  const HuntReport one = hunt(model, options);
  const HuntReport three = hunt(model, more);
  EXPECT_TRUE(one.cuts);
  EXPECT_EQ(one.digest, three.digest);
  ASSERT_EQ(one.findings.size(), three.findings.size());
  EXPECT_FALSE(one.findings.empty());
  for (std::size_t i = 0; i < one.findings.size(); ++i) {
    EXPECT_EQ(one.findings[i].identity, three.findings[i].identity);
    EXPECT_EQ(one.findings[i].by_cut, three.findings[i].by_cut);
  }
}

}  // namespace
}  // namespace gainsay::testing
