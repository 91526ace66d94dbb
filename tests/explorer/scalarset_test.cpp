// Scalarsets: values that are renamed as processes are. Random protocols that only carry and
// compare them are reduced exactly; those that look at one are refused.
#include <gtest/gtest.h>

#include <array>

#include "engine/random.hpp"
#include "gainsay.hpp"
#include "tests/explorer/compare.hpp"

namespace gainsay::testing {

// Random tables: what a node does depends on its level, on what reached it and on how the colour
// compares with the one it keeps. Every outcome that is not a no-op raises the level.
namespace scalar_table {

struct Colour {
  static constexpr std::uint8_t values = 3;
};
using Paint = Scalar<Colour>;

struct Show {
  std::uint8_t kind = 0;
  Paint paint;
};
struct Painted {
  Paint paint;
};

struct Node {
  using Message = std::variant<Show>;
  using Context = gainsay::Context<Node>;
  using Label = Painted;
  struct Options {
    std::uint64_t seed = 0;
    bool peeks = false;  // one rule looks at which colour it is
  };
  enum class Timer : std::uint8_t { act };

  std::uint8_t level = 0;
  std::optional<Paint> kept;
  flat_set<Paint> seen;

  void start(Context& ctx) { ctx.set(Timer::act); }
  void on(Context& ctx, Timer) { take(ctx, 2, ctx.self(), kept); }
  void on(Context& ctx, NodeId from, Show show) { take(ctx, show.kind, from, show.paint); }

 private:
  static constexpr std::uint8_t levels = 4;
  std::uint32_t relation(const std::optional<Paint>& paint) const {
    if (!paint) return 0;
    if (kept) return *kept == *paint ? 1 : 2;
    return seen.contains(*paint) ? 3 : 4;
  }
  void take(Context& ctx, std::uint32_t input, NodeId from, std::optional<Paint> paint) {
    const std::uint64_t place = (level * 3U + input) * 5U + relation(paint);
    RandomStream random(ctx.options().seed, Purpose::test, node_id(place));
    const bool odd = ctx.options().peeks && paint && paint->value == 1 && random.below(3) == 0;
    if (level + 1 == levels || (random.below(3) == 0 && !odd)) return;
    level = static_cast<std::uint8_t>(level + 1 + (odd && level + 2 < levels ? 1 : 0));
    if (!paint || random.below(4) == 0) {
      paint = Paint{static_cast<std::uint8_t>(ctx.choose(Colour::values))};
    }
    if (random.below(2) == 0) kept = paint;
    if (random.below(5) == 0) kept.reset();
    if (random.below(2) == 0) seen.insert(*paint);
    if (random.below(4) == 0) ctx.observe(Painted{*paint});
    if (random.below(2) == 0) ctx.set(Timer::act);
    for (std::uint32_t left = random.below(3); left > 0; --left) {
      const Show show{.kind = static_cast<std::uint8_t>(random.below(2)), .paint = *paint};
      if (random.below(2) == 0) {
        ctx.broadcast(show);
      } else {
        ctx.send(from, show);
      }
    }
  }
};

struct LastPainted {
  std::optional<Paint> paint;
  void on(NodeId, Painted label) { paint = label.paint; }
};

struct Shape {
  std::uint64_t seed = 0;
  Bounds bounds;
  bool peeks = false;
  bool violating = false;
};

Shape shape_of(std::uint64_t seed, bool peeks) {
  RandomStream random(seed, Purpose::test, NodeId{1});
  Shape shape{.seed = seed, .bounds = {}, .peeks = peeks, .violating = random.chance(1, 2)};
  shape.bounds.nodes = 2;
  shape.bounds.network = static_cast<Network>(random.below(3));
  shape.bounds.crashes = shape.bounds.restarts = random.below(2);
  shape.bounds.timeouts = 1 + random.below(3);
  return shape;
}

Model model_of(const Shape& shape) {
  Model model =
      make_model<Node>(shape.bounds, {}, {.options = {.seed = shape.seed, .peeks = shape.peeks}});
  if (shape.violating) {
    // The second names a colour: it must be seen in whatever names the kept worlds have.
    model.properties = {always_pair<Node>("no two keep what they have seen of each other",
                                          [](const Node& a, const Node& b) {
                                            return !(a.kept && b.kept && a.seen.contains(*b.kept) &&
                                                     b.seen.contains(*a.kept) && a.level > 2);
                                          }),
                        always<Node>("nobody ends with the second colour", [](const Node& node) {
                          return node.level < 3 || node.kept != Paint{1};
                        })};
  } else {
    model.properties = {
        always<Node>("levels end", [](const Node& node) { return node.level < 9; })};
  }
  model.properties.push_back(
      always_observer<Node>(model.system, "something was painted last", LastPainted{},
                            [violating = shape.violating](const LastPainted& last) {
                              return !violating || last.paint != Paint{0};
                            }));
  return model;
}

}  // namespace scalar_table

namespace {

using scalar_table::model_of;
using scalar_table::shape_of;

std::optional<CheckReport> run_if_symmetric(const Model& model, const Reductions& reduce) {
  try {
    return check(model, {.reduce = reduce, .max_states = 60'000, .digest = true});
  } catch (const UsageError&) {
    return std::nullopt;
  }
}

void expect_same(const Model& model, const CheckReport& full, const CheckReport& reduced) {
  ASSERT_EQ(full.verdict, reduced.verdict) << full << reduced;
  EXPECT_TRUE(reduced.equivariant);
  if (full.verdict == Verdict::violated) {
    EXPECT_EQ(full.counterexample->faults, reduced.counterexample->faults);
    EXPECT_TRUE(replays(model, reduced));
    return;
  }
  EXPECT_EQ(full.digest, reduced.digest) << full << reduced;
  EXPECT_EQ(full.local_state_vectors, reduced.local_state_vectors);
}

TEST(Scalarset, IsExactOnRandomTables) {
  std::uint64_t compared = 0;
  std::uint64_t smaller = 0;
  std::uint64_t values_renamed = 0;
  for (std::uint64_t seed = 0; seed < random_systems(150); ++seed) {
    const Model model = model_of(shape_of(seed, false));
    const CheckReport full =
        check(model, {.reduce = Reductions{}, .max_states = 30'000, .digest = true});
    if (full.verdict == Verdict::incomplete) continue;
    const bool monotone = model.system.bounds.network == Network::async;
    const Reductions all{
        .dead_messages = true, .eager = monotone, .subsumption = monotone, .symmetry = true};
    for (const Reductions& reduce : {Reductions{.symmetry = true}, all}) {
      const auto reduced = run_if_symmetric(model, reduce);
      ASSERT_TRUE(reduced) << seed;
      SCOPED_TRACE("seed " + std::to_string(seed));
      expect_same(model, full, *reduced);
      const bool renamed =
          reduced->interchangeable.find("Colour1, Colour2, Colour3") != std::string::npos;
      values_renamed += renamed ? 1U : 0U;
      smaller += reduced->states < full.states ? 1U : 0U;
      ++compared;
    }
  }
  std::cout << compared << " compared, " << smaller << " smaller\n";
  EXPECT_GT(compared, random_systems(150) / 2);
  EXPECT_EQ(values_renamed, compared);
  EXPECT_GT(smaller, compared / 2);
}

TEST(Scalarset, AHandlerThatLooksAtAValueIsRefusedThatValue) {
  std::uint64_t refused = 0;
  for (std::uint64_t seed = 0; seed < random_systems(150); ++seed) {
    const Model model = model_of(shape_of(seed, true));
    const CheckReport full =
        check(model, {.reduce = Reductions{}, .max_states = 30'000, .digest = true});
    if (full.verdict == Verdict::incomplete) continue;
    const auto reduced = run_if_symmetric(model, {.symmetry = true});
    if (!reduced) continue;
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_same(model, full, *reduced);
    const bool renamed =
        reduced->interchangeable.find("Colour1, Colour2, Colour3") != std::string::npos;
    if (renamed) continue;  // the rule that looks was never met
    EXPECT_NE(reduced->asymmetry.find("exchanging "), std::string::npos) << reduced->asymmetry;
    ++refused;
  }
  EXPECT_GT(refused, random_systems(150) / 20);
}

// Nodes that each keep the first value they hear of: three values are one up to renaming.
TEST(Scalarset, TheReportNamesTheValues) {
  const CheckReport report =
      check(model_of(shape_of(3, false)), {.reduce = Reductions{.symmetry = true}});
  EXPECT_NE(report.interchangeable.find("Colour1, Colour2, Colour3"), std::string::npos)
      << report.interchangeable;
  EXPECT_EQ(report.renamings, 12U);  // two nodes, three colours
}

}  // namespace
}  // namespace gainsay::testing
