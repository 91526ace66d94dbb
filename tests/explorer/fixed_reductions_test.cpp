// One small system for each soundness condition of the reductions but symmetry (symmetry_test.cpp
// has those): its violation is found, and is lost when the condition is taken out. And some whose
// traces were once wrong.
#include <gtest/gtest.h>

#include "gainsay.hpp"
#include "tests/explorer/compare.hpp"

namespace gainsay::testing {
namespace fixed_reductions {

constexpr NodeId n1{0};
constexpr NodeId n2{1};

// n1 sends three messages; the second does nothing at a node that has not had the first.
struct Listener {
  struct First {};
  struct Second {};
  struct Third {};
  using Message = std::variant<First, Second, Third>;
  using Context = gainsay::Context<Listener>;
  enum class Stage : std::uint8_t { waiting, one, two, right, wrong };
  struct Options {
    Stage behind_two = Stage::wrong;  // where the third leads
    Stage behind_one = Stage::right;
  };

  Stage stage = Stage::waiting;

  void start(Context& ctx) const {
    if (ctx.self() != n1) return;
    ctx.send(n2, First{});
    ctx.send(n2, Second{});
    ctx.send(n2, Third{});
  }
  void on(Context&, NodeId, First) {
    if (stage == Stage::waiting) stage = Stage::one;
  }
  void on(Context&, NodeId, Second) {
    if (stage == Stage::one) stage = Stage::two;
  }
  void on(Context& ctx, NodeId, Third) {
    if (stage == Stage::waiting) stage = Stage::right;
    if (stage == Stage::one) stage = ctx.options().behind_one;
    if (stage == Stage::two) stage = ctx.options().behind_two;
  }
};

// n1 can only send, again and again; n2 goes wrong. Both use the same budget: of timeouts, or,
// after their crash, of restarts.
struct Caller {
  struct Ring {};
  using Message = std::variant<Ring>;
  using Context = gainsay::Context<Caller>;
  enum class Timer : std::uint8_t { ring };
  struct Durable {
    bool started = false;
  };

  bool wrong = false;
  Durable durable;

  void start(Context& ctx) {
    if (durable.started) return act(ctx);
    durable.started = true;
    ctx.set(Timer::ring);
  }
  void on(Context& ctx, Timer) {
    act(ctx);
    if (ctx.self() == n1) ctx.set(Timer::ring);
  }
  void on(Context&, NodeId, Ring) {}
  void act(Context& ctx) {
    if (ctx.self() == n1) ctx.send(n2, Ring{});
    if (ctx.self() == n2) wrong = true;
  }
};

// A node gets to its middle by a timeout, or by a crash and a restart; another timeout goes wrong.
struct Walker {
  struct Nothing {};
  using Message = std::variant<Nothing>;
  using Context = gainsay::Context<Walker>;
  enum class Timer : std::uint8_t { walk };
  enum class Stage : std::uint8_t { begin, middle, wrong };
  struct Durable {
    bool started = false;
  };

  Stage stage = Stage::begin;
  Durable durable;

  void start(Context& ctx) {
    if (durable.started) stage = Stage::middle;
    durable.started = true;
    ctx.set(Timer::walk);
  }
  void on(Context& ctx, Timer) {
    stage = stage == Stage::begin ? Stage::middle : Stage::wrong;
    ctx.set(Timer::walk);
  }
  void on(Context&, NodeId, Nothing) {}
};

// n2 takes two notes, which nobody sees; what it reports at its timeout depends on both.
struct Reporter {
  struct Note {
    bool second = false;
  };
  struct Report {
    bool complete = false;
  };
  using Message = std::variant<Note, Report>;
  using Context = gainsay::Context<Reporter>;
  enum class Timer : std::uint8_t { report };
  struct Options {
    bool armed_by_note = false;  // the second arms the timer
  };

  bool first = false;
  bool second = false;
  bool reported = false;
  bool told = false;

  void start(Context& ctx) const {
    if (ctx.self() == n2 && !ctx.options().armed_by_note) ctx.set(Timer::report);
    if (ctx.self() != n1) return;
    ctx.send(n2, Note{.second = false});
    ctx.send(n2, Note{.second = true});
  }
  void on(Context& ctx, NodeId, const Note& note) {
    (note.second ? second : first) = true;
    if (note.second && ctx.options().armed_by_note && !reported) ctx.set(Timer::report);
  }
  void on(Context& ctx, Timer) {
    reported = true;
    ctx.send(n1, Report{.complete = first && second});
  }
  void on(Context&, NodeId, const Report& report) { told = told || report.complete; }
};
struct ReporterView {
  bool reported;
  bool told;
};
inline ReporterView view(const Reporter& node) { return {node.reported, node.told}; }

// n2 takes a note twice: the first time it may do so in silence, by choosing 0, and then the second
// time goes wrong; or it makes two other choices.
struct Chooser {
  struct Note {};
  using Message = std::variant<Note>;
  using Context = gainsay::Context<Chooser>;
  enum class Stage : std::uint8_t { waiting, noted, done, wrong };

  Stage stage = Stage::waiting;

  void start(Context& ctx) const {
    if (ctx.self() == n1) ctx.send(n2, Note{});
  }
  void on(Context& ctx, NodeId, Note) {
    if (stage == Stage::noted) stage = Stage::wrong;
    if (stage != Stage::waiting) return;
    stage = ctx.choose(2) == 0 || ctx.choose(2) == 0 ? Stage::noted : Stage::done;
  }
};
struct ChooserView {
  bool done;
  bool wrong;
};
inline ChooserView view(const Chooser& node) {
  return {node.stage == Chooser::Stage::done, node.stage == Chooser::Stage::wrong};
}

// n1 chooses in secret. Only the question tells its choices apart, and n2 asks at the end of a way
// that is longer than what is known when the choices are merged.
struct Keeper {
  struct Question {};
  using Message = std::variant<Question>;
  using Context = gainsay::Context<Keeper>;
  enum class Timer : std::uint8_t { choose, walk };

  std::uint8_t secret = 0;
  std::uint8_t walked = 0;
  bool wrong = false;

  void start(Context& ctx) const { ctx.set(ctx.self() == n1 ? Timer::choose : Timer::walk); }
  void on(Context& ctx, Timer timer) {
    if (timer == Timer::choose) {
      secret = static_cast<std::uint8_t>(1 + ctx.choose(5));
    } else if (++walked < 6) {
      ctx.set(Timer::walk);
    } else {
      ctx.send(n1, Question{});
    }
  }
  void on(Context&, NodeId, Question) { wrong = wrong || secret == 5; }
};
struct KeeperView {
  std::uint8_t walked;
  bool wrong;
};
inline KeeperView view(const Keeper& node) { return {node.walked, node.wrong}; }

// n1 makes a choice of no consequence where n2 makes none.
struct Idler {
  struct Nothing {};
  using Message = std::variant<Nothing>;
  using Context = gainsay::Context<Idler>;
  enum class Timer : std::uint8_t { act };
  struct Options {
    std::uint32_t variant = 0;  // decides which world stands for the others
  };

  bool acted = false;
  std::uint32_t variant = 0;

  void start(Context& ctx) {
    variant = ctx.options().variant;
    ctx.set(Timer::act);
  }
  void on(Context& ctx, Timer) {
    if (ctx.self() == n1) ctx.choose(2);
    acted = true;
  }
  void on(Context&, NodeId, Nothing) {}
};

}  // namespace fixed_reductions

namespace {

using namespace fixed_reductions;

constexpr Reductions none{};
constexpr Reductions dead_messages{.dead_messages = true};
constexpr Reductions eager{.eager = true};
constexpr Reductions subsumption{.subsumption = true};
constexpr Reductions silent{.silent = true};
constexpr Reductions minimise{.minimise = true};

CheckReport run(const Model& model, const Reductions& reduce, Sabotage sabotage = Sabotage::none) {
  return check_if_accepted(model, reduce, 100'000, sabotage).value();
}

// Every set of reductions that goes together keeps what the unreduced search finds.
void expect_exact(const Model& model, Verdict verdict) {
  const CheckReport full = run(model, none);
  ASSERT_EQ(full.verdict, verdict) << full;
  for (const Reductions& reduce : reduction_sets()) {
    const auto reduced = check_if_accepted(model, reduce, 100'000);
    if (!reduced) continue;
    EXPECT_EQ(difference(model, full, *reduced), "") << text_of(reduce) << *reduced;
  }
}

// The violation is found, and lost without the condition.
void expect_needed(const Model& model, const Reductions& reduce, Sabotage sabotage) {
  expect_exact(model, Verdict::violated);
  EXPECT_EQ(run(model, reduce, sabotage).verdict, Verdict::holds);
}

Model listener_model(Network network, const Listener::Options& options) {
  return make_model<Listener>(
      {.nodes = 2, .network = network},
      {always<Listener>("nothing goes wrong",
                        [](const Listener& node) { return node.stage != Listener::Stage::wrong; })},
      {.options = options});
}

Model caller_model(const Bounds& bounds) {
  return make_model<Caller>(
      bounds,
      {always<Caller>("nothing goes wrong", [](const Caller& node) { return !node.wrong; })});
}

Model reporter_model(bool armed_by_note) {
  return make_model<Reporter>(
      {.nodes = 2},
      {always<Reporter>("no complete report", [](const ReporterView& node) { return !node.told; })},
      {.options = {.armed_by_note = armed_by_note}});
}

TEST(FixedReductions, DeadMessages_AMiddleMessageThatIsNotDeadIsKept) {
  for (const Network network : {Network::async, Network::unordered, Network::fifo}) {
    SCOPED_TRACE(to_string(network));
    expect_needed(listener_model(network, {}), dead_messages, Sabotage::dead_messages_skip_a_pass);
  }
}

// The third message behind the first is a run that only a loss in the middle of a link gives.
TEST(FixedReductions, DeadMessages_InFifoNoMessageIsLostInTheMiddle) {
  using Stage = Listener::Stage;
  const Model model =
      listener_model(Network::fifo, {.behind_two = Stage::right, .behind_one = Stage::wrong});
  expect_exact(model, Verdict::holds);
  EXPECT_GT(run(model, dead_messages).passes, 1U);
}

TEST(FixedReductions, Eager_ATimeoutThatOnlySendsUsesNoBudgetOfOthers) {
  expect_needed(caller_model({.nodes = 2, .timeouts = 1}), eager, Sabotage::eager_uses_budgets);
}

TEST(FixedReductions, Eager_ARestartThatOnlySendsUsesNoBudgetOfOthers) {
  expect_exact(caller_model({.nodes = 2, .crashes = 2, .restarts = 1, .timeouts = 0}),
               Verdict::violated);
}

TEST(FixedReductions, Subsumption_ComparesBudgetsKindByKind) {
  const Model model = make_model<Walker>(
      {.nodes = 1, .crashes = 1, .restarts = 1, .timeouts = 1},
      {always<Walker>("nothing goes wrong",
                      [](const Walker& node) { return node.stage != Walker::Stage::wrong; })});
  expect_needed(model, subsumption, Sabotage::subsumption_sums_budgets);
}

TEST(FixedReductions, Silent_AStepThatMattersToALaterTimeoutDoesNotWait) {
  expect_needed(reporter_model(false), silent, Sabotage::silent_ignores_sends);
  expect_exact(reporter_model(true), Verdict::violated);
}

TEST(FixedReductions, Silent_AStepThatPassesItsNeighbourOnlyDoesNotWait) {
  expect_needed(reporter_model(false), silent, Sabotage::silent_passes_one_neighbour);
}

// "Choosing 1, 1" and "choosing 0, then" are different ways.
TEST(FixedReductions, Silent_ATraceHasTheStepsOfItsChain) {
  expect_exact(
      make_model<Chooser>({.nodes = 2},
                          {always<Chooser>("nothing goes wrong",
                                           [](const ChooserView& node) { return !node.wrong; })}),
      Verdict::violated);
}

TEST(FixedReductions, Symmetry_ATraceMakesTheChoicesOfTheRenamedProcess) {
  std::uint64_t symmetric = 0;
  for (std::uint32_t variant = 0; variant < 8; ++variant) {
    const auto model = [&](std::size_t who) {
      return make_model<Idler>(
          {.nodes = 2},
          {always<Idler>("one never acts",
                         [who](const Nodes<Idler>& nodes) { return !nodes[who].acted; })},
          {.options = {.variant = variant}});
    };
    expect_exact(model(0), Verdict::violated);
    expect_exact(model(1), Verdict::violated);
    symmetric += run(model(0), {.symmetry = true}).renamings == 2 ? 1U : 0U;
  }
  EXPECT_EQ(symmetric, 8U);
}

TEST(FixedReductions, Minimise_StatesThatAMessageOfTheLastPassTellsApartAreNotMerged) {
  const Model model = make_model<Keeper>(
      {.nodes = 2},
      {always<Keeper>("nothing goes wrong", [](const KeeperView& node) { return !node.wrong; })});
  expect_needed(model, minimise, Sabotage::merges_unchecked);
}

}  // namespace
}  // namespace gainsay::testing
