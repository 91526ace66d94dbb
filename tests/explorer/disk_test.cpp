// Writes that a crash loses: what a check finds of them, at which cost, and that every reduction
// leaves it as it is. Random systems with such disks are in the tests of each reduction.
#include <gtest/gtest.h>

#include "gainsay.hpp"
#include "tests/explorer/compare.hpp"

namespace gainsay::testing {
namespace disks {

constexpr NodeId n1{0};
constexpr NodeId n2{1};

// n1 writes an entry in two parts and tells n2, which remembers that it was told.
struct Ledger {
  struct Told {};
  using Message = std::variant<Told>;
  using Context = gainsay::Context<Ledger>;
  enum class Timer : std::uint8_t { write, sync };
  enum class Way : std::uint8_t {
    right,             // both parts, sync, tell
    tells_first,       // both parts, tell, sync
    syncs_later,       // both parts, tell; a timer syncs
    in_two_writes,     // one part, another write for the other, sync, tell
    mends_at_restart,  // in two writes; a restart mends what it finds, and syncs too late
  };
  struct Options {
    Way way = Way::right;
  };
  static constexpr bool syncs = true;
  struct Durable {
    bool first = false;
    bool second = false;
  };

  Durable durable;
  bool told = false;
  bool running = false;

  void start(Context& ctx) {
    running = true;
    if (ctx.self() != n1) return;
    if (!durable.first) ctx.set(Timer::write);
    if (ctx.options().way != Way::mends_at_restart || durable.first == durable.second) return;
    durable.second = true;
    ctx.send(n2, Told{});
    ctx.sync();
  }
  void on(Context& ctx, Timer timer) {
    if (timer == Timer::sync) return ctx.sync();
    const Way way = ctx.options().way;
    durable.first = true;
    if (way == Way::in_two_writes || way == Way::mends_at_restart) ctx.write();
    durable.second = true;
    const bool early = way == Way::tells_first || way == Way::syncs_later;
    if (!early) ctx.sync();
    ctx.send(n2, Told{});
    if (way == Way::tells_first) ctx.sync();
    if (way == Way::syncs_later) ctx.set(Timer::sync);
  }
  void on(Context&, NodeId, Told) { told = true; }
};

struct LedgerView {
  bool told;
  bool running;
  Ledger::Durable durable;
};
inline LedgerView view(const Ledger& node) { return {node.told, node.running, node.durable}; }

Model ledger(Ledger::Way way, const Bounds& bounds) {
  Bounds all = bounds;
  all.nodes = 2;
  return make_model<Ledger>(
      all,
      {always<Ledger>("what was told is there",
                      [](const Nodes<LedgerView>& nodes) {
                        return !nodes[1].told || nodes[0].durable.second;
                      }),
       always<Ledger>("the entry is whole where it can be seen",
                      [](const LedgerView& node) {
                        return !node.running || node.durable.first == node.durable.second;
                      }),
       sometimes<Ledger>("n2 is told", [](const LedgerView& node) { return node.told; })},
      {.options = {.way = way}});
}

CheckReport looked_at(const Model& model, const std::optional<Reductions>& reduce) {
  return check(model, {.reduce = reduce, .minimise_from = 1, .digest = true});
}

const Bounds lossy{.crashes = 1, .restarts = 1, .unsynced = 1};

// The violated property, with all reductions and with none; empty: it holds.
std::string broken(Ledger::Way way, const Bounds& bounds, std::uint32_t faults = 0) {
  const Model model = ledger(way, bounds);
  const CheckReport full = looked_at(model, Reductions{});
  for (const Reductions& reduce : reduction_sets()) {
    const auto reduced = check_if_accepted(model, reduce, 100'000);
    if (!reduced) continue;
    EXPECT_EQ(difference(model, full, *reduced), "") << text_of(reduce);
    EXPECT_EQ(reduced->unsynced_sends, full.unsynced_sends) << text_of(reduce);
  }
  const CheckReport audited = check(model, {.audit = true, .minimise_from = 1});
  EXPECT_TRUE(!audited.audit || audited.audit->disagreement.empty());
  if (!full.counterexample) {
    EXPECT_TRUE(full.holds()) << full;
    return "";
  }
  EXPECT_EQ(full.counterexample->faults, faults);
  return full.counterexample->property;
}

using Way = Ledger::Way;

TEST(Disks, WhatIsToldBeforeItIsSyncedIsLost) {
  EXPECT_EQ(broken(Way::right, lossy), "");
  EXPECT_EQ(broken(Way::tells_first, lossy, 2), "what was told is there");
  EXPECT_EQ(broken(Way::syncs_later, lossy, 2), "what was told is there");
}

TEST(Disks, OnEveryNetwork) {
  for (const Network network : {Network::unordered, Network::fifo}) {
    Bounds bounds = lossy;
    bounds.network = network;
    bounds.timeouts = 3;
    EXPECT_EQ(broken(Way::right, bounds), "");
    EXPECT_EQ(broken(Way::tells_first, bounds, 2), "what was told is there");
    EXPECT_EQ(broken(Way::syncs_later, bounds, 2), "what was told is there");
    EXPECT_EQ(broken(Way::in_two_writes, bounds, 1), "the entry is whole where it can be seen");
  }
}

TEST(Disks, ACrashBetweenTwoWritesLosesNothingAndLeavesHalf) {
  EXPECT_EQ(broken(Way::in_two_writes, lossy, 1), "the entry is whole where it can be seen");
}

TEST(Disks, ARestartMayCrashAndLoseWhatItMended) {
  EXPECT_EQ(broken(Way::mends_at_restart, lossy), "");
  EXPECT_EQ(broken(Way::mends_at_restart, {.crashes = 2, .restarts = 2, .unsynced = 1}, 3),
            "what was told is there");
}

TEST(Disks, WithoutTheBudgetAHandlersWritesAreOneAndSafe) {
  for (const Way way : {Way::right, Way::tells_first, Way::syncs_later, Way::in_two_writes,
                        Way::mends_at_restart}) {
    EXPECT_EQ(broken(way, {.crashes = 2, .restarts = 2}), "");
  }
}

TEST(Disks, TheReportNamesWhatIsSentBeforeItIsSynced) {
  EXPECT_TRUE(looked_at(ledger(Way::right, lossy), std::nullopt).unsynced_sends.empty());
  const CheckReport report = looked_at(ledger(Way::syncs_later, lossy), std::nullopt);
  ASSERT_EQ(report.unsynced_sends.size(), 1U);
  EXPECT_EQ(report.unsynced_sends[0].handler, "timer write");
  EXPECT_EQ(report.unsynced_sends[0].message, "Told");
  std::ostringstream text;
  text << report;
  EXPECT_NE(text.str().find("warning: at timer write a node sends Told"), std::string::npos);
  EXPECT_NE(text.str().find("losing 1 write"), std::string::npos) << text.str();
  EXPECT_TRUE(looked_at(ledger(Way::syncs_later, {.crashes = 1, .restarts = 1}), std::nullopt)
                  .unsynced_sends.empty());
}

// n2 writes what it takes back before it syncs: nothing comes of the message but by a crash.
struct Flipper {
  struct Flip {};
  using Message = std::variant<Flip>;
  using Context = gainsay::Context<Flipper>;
  static constexpr bool syncs = true;
  struct Durable {
    bool flipped = false;
  };

  Durable durable;
  bool running = false;

  void start(Context& ctx) {
    running = true;
    if (ctx.self() == n1) ctx.send(n2, Flip{});
  }
  void on(Context& ctx, NodeId, Flip) {
    durable.flipped = !durable.flipped;
    ctx.write();
    durable.flipped = !durable.flipped;
    ctx.sync();
  }
};

TEST(Disks, AMessageOfWhichOnlyACrashLeavesSomethingIsNotDead) {
  for (const Network network : {Network::async, Network::unordered, Network::fifo}) {
    Bounds bounds = lossy;
    bounds.nodes = 2;
    bounds.network = network;
    const auto model = [&](const Bounds& within) {
      return make_model<Flipper>(within, {always<Flipper>("is never flipped", [](const Flipper& n) {
                                   return !(n.running && n.durable.flipped);
                                 })});
    };
    const CheckReport full = looked_at(model(bounds), Reductions{});
    ASSERT_EQ(full.verdict, Verdict::violated);
    EXPECT_EQ(full.counterexample->faults, 1U);
    for (const Reductions& reduce : reduction_sets()) {
      const auto reduced = check_if_accepted(model(bounds), reduce, 100'000);
      if (!reduced) continue;
      EXPECT_EQ(difference(model(bounds), full, *reduced), "") << text_of(reduce);
    }
    bounds.unsynced = 0;
    EXPECT_TRUE(looked_at(model(bounds), std::nullopt).holds());
  }
}

}  // namespace disks
}  // namespace gainsay::testing
