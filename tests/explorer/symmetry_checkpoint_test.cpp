// A checkpoint is trusted by whoever goes on from it: all that was done on the way there is
// certified before it is written.
#include <gtest/gtest.h>

#include <filesystem>
#include <variant>

#include "explorer/check.hpp"

namespace gainsay::testing {
namespace {

struct Nothing {};
struct Climbed {};

struct Climber {
  using Message = std::variant<Nothing>;
  using Context = gainsay::Context<Climber>;
  using Label = Climbed;
  enum class Timer : std::uint8_t { climb };
  std::uint8_t height = 0;

  void start(Context& ctx) { ctx.set(Timer::climb); }
  void on(Context& ctx, Timer) {
    if (height == 9) return;
    ++height;
    ctx.observe({});
    ctx.set(Timer::climb);
  }
  void on(Context&, NodeId, Nothing) {}
};

// Looks at who climbs once, at a step that no later world takes again.
struct Tally {
  static constexpr std::uint32_t odd_step = 15;
  std::uint32_t steps = 0;
  bool by_first = false;
  void on(NodeId process, Climbed) {
    ++steps;
    by_first = steps == odd_step && process == NodeId{0};
  }
};

TEST(SymmetryCheckpoint, WhatAnObserverDidBeforeItIsCertified) {
  namespace fs = std::filesystem;
  const fs::path directory = fs::path(::testing::TempDir()) / "gainsay-symmetry-checkpoint";
  const fs::path copy = fs::path(::testing::TempDir()) / "gainsay-symmetry-checkpoint-copy";
  fs::remove_all(directory);
  fs::remove_all(copy);
  bool copies = true;
  Model model{.system = make_system<Climber>("climbers", {.nodes = 3}), .properties = {}};
  // As if the run were killed two layers behind that step: what it has written is kept.
  model.properties = {
      always_observer<Climber>(model.system, "climbs", Tally{}, [&](const Tally& tally) {
        if (copies && tally.steps == Tally::odd_step + 2 && fs::exists(directory)) {
          fs::remove_all(copy);
          fs::copy(directory, copy);
        }
        return true;
      })};
  const Reductions symmetry{.symmetry = true};
  EXPECT_THROW(check(model, {.reduce = symmetry, .jobs = 1}),
               UsageError);  // nobody is like another
  const CheckOptions options{
      .reduce = symmetry, .jobs = 1, .resume = directory, .checkpoint_seconds = 0.0};
  EXPECT_THROW(check(model, options), UsageError);
  copies = false;
  const fs::path written = fs::exists(copy) ? copy : directory;
  ASSERT_TRUE(fs::exists(written));
  EXPECT_THROW(check(model, {.reduce = symmetry, .jobs = 1, .resume = written}), UsageError);
}

}  // namespace
}  // namespace gainsay::testing
