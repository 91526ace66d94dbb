// Draws by weight, and the strategy whose links, timers and kinds of messages have random speeds.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "explorer/hunt/strategy.hpp"
#include "explorer/hunt/swarm.hpp"
#include "protocols/catalog.hpp"

namespace gainsay {
namespace {

class Drawing {
 public:
  explicit Drawing(const Model& model)
      : evaluator_(model.system, {}), machine_(model.system, {}), walk_(machine_, evaluator_) {
    walk_.start(random_);
    for (int i = 0; i < 2; ++i) walk_.take(*uniform_move(walk_, random_));
    path_ = walk_.path();
  }
  // The world behind a few steps, each time the same.
  Walk& anew() {
    walk_.follow(path_);
    return walk_;
  }
  Machine& machine() { return machine_; }
  RandomStream random{7, Purpose::test};

 private:
  RandomStream random_{1, Purpose::test};
  Evaluator evaluator_;
  Machine machine_;
  Walk walk_;
  Path path_;
};

using Counts = std::map<std::pair<std::uint8_t, Id>, int>;  // by actor and input

TEST(Skewed, ADrawByWeightIsInProportion) {
  const CatalogEntry& entry = *find_system("raft");
  const Model model = entry.make(entry.defaults);
  Drawing drawing(model);
  const auto weight = [](std::size_t actor, Id) { return static_cast<std::uint32_t>(actor + 1); };
  Counts counts;
  constexpr int draws = 20'000;
  for (int i = 0; i < draws; ++i) {
    Walk& walk = drawing.anew();
    Move move;
    bool is_drawn = false;
    while (!is_drawn && walk.may_draw()) is_drawn = walk.draw_by(drawing.random, weight, move);
    ASSERT_TRUE(is_drawn);
    ++counts[{move.actor, walk.transition(move).input}];
  }
  Walk& walk = drawing.anew();
  double total = 0;
  std::size_t possible = 0;
  walk.for_each_move(false, [&](Move move) {
    ++possible;
    total += move.actor + 1;
  });
  ASSERT_GT(possible, 2U);
  EXPECT_EQ(counts.size(), possible);
  for (const auto& [what, count] : counts) {
    const double expected = draws * (what.first + 1) / total;
    EXPECT_NEAR(count, expected, 5 * std::sqrt(expected)) << int{what.first};
  }
}

// Of what may come everything comes first in some runs; in some runs one thing nearly always does.
TEST(Skewed, RunsDifferInWhatComesFirst) {
  const CatalogEntry& entry = *find_system("raft");
  const Model model = entry.make(entry.defaults);
  Drawing drawing(model);
  const std::unique_ptr<Strategy> strategy = make_skewed();
  Counts all;
  int lopsided = 0;
  int even = 0;
  constexpr int runs = 300;
  constexpr int picks = 40;
  for (int run = 0; run < runs; ++run) {
    Counts counts;
    for (int i = 0; i < picks; ++i) {
      RandomStream same(static_cast<std::uint64_t>(run), Purpose::test);
      strategy->begin(same, 40);
      Walk& walk = drawing.anew();
      ASSERT_TRUE(strategy->pick(walk, same));  // draws the speeds
      drawing.anew();
      const auto move = strategy->pick(walk, drawing.random);
      ASSERT_TRUE(move && walk.can_take(*move));
      ++counts[{move->actor, walk.transition(*move).input}];
    }
    int most = 0;
    for (const auto& [what, count] : counts) {
      all[what] += count;
      most = std::max(most, count);
    }
    lopsided += most > picks * 3 / 4 ? 1 : 0;
    even += most < picks / 2 ? 1 : 0;
  }
  std::size_t possible = 0;
  drawing.anew().for_each_move(false, [&](Move) { ++possible; });
  EXPECT_EQ(all.size(), possible);
  EXPECT_GT(lopsided, runs / 20);
  EXPECT_GT(even, runs / 20);
}

// A network that is cut, healed and cut again within a few steps.
TEST(Swarm, PartitionsFlapInSomeRuns) {
  Configuration flapping = find_system("two-phase-commit")->defaults;
  flapping.bounds.network = Network::unordered;
  flapping.bounds.partitions = 3;
  const Model model = find_system("two-phase-commit")->make(flapping);
  Evaluator evaluator(model.system, {});
  Machine machine(model.system, {});
  Walk walk(machine, evaluator);
  int flaps = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    RandomStream random(seed, Purpose::fault);
    Swarm swarm;
    swarm.draw(model.system, random);
    walk.start(random);
    int changes = 0;
    for (int i = 0; i < 16; ++i) {
      std::optional<Move> move = swarm.pick(walk, random);
      if (!move) move = uniform_move(walk, random);
      if (!move) break;
      changes += move->actor == machine.cut_slot() ? 1 : 0;
      walk.take(*move);
    }
    flaps += changes >= 5 ? 1 : 0;
  }
  EXPECT_GT(flaps, 4);
}

}  // namespace
}  // namespace gainsay
