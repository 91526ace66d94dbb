// Byzantine processes that may say anything within their protocol's `forge`: reliable broadcast,
// forged certificates, and random protocols against the slow twin.
#include <gtest/gtest.h>

#include "engine/random.hpp"
#include "engine/twins.hpp"
#include "explorer/replay.hpp"
#include "gainsay.hpp"
#include "tests/explorer/broadcast.hpp"
#include "tests/explorer/compare.hpp"
#include "tests/explorer/slow_recovery.hpp"
#include "tests/explorer/slow_search.hpp"
#include "tests/sanitized.hpp"

namespace gainsay::testing {

// Nodes sign at most one vote each and only the Byzantine last node collects votes: to everybody
// else they are dead. Who sees a certificate decides.
namespace certificates {

enum class Value : std::uint8_t { a, b };
struct Vote {
  Value value;
};
struct Certificate {
  Value value;
  NodeSet voters;  // each has signed
};
struct Signed {
  NodeId voter;
  Value value;
  friend auto operator<=>(const Signed&, const Signed&) = default;
};

struct Node {
  using Message = std::variant<Vote, Certificate>;
  using Context = gainsay::Context<Node>;
  using Fact = Signed;
  struct Options {
    std::uint32_t quorum = 3;
  };
  enum class Timer : std::uint8_t { vote };

  bool voted = false;
  std::optional<Value> decided;

  void start(Context& ctx) { ctx.set(Timer::vote); }
  void on(Context& ctx, Timer) {
    voted = true;
    ctx.broadcast(Vote{static_cast<Value>(ctx.choose(2))});
  }
  void on(Context&, NodeId, Vote) {}
  void on(Context& ctx, NodeId, Certificate certificate) {
    if (certificate.voters.size() >= ctx.options().quorum && !decided) decided = certificate.value;
  }

  static std::vector<Signed> facts(NodeId from, const Vote& vote) {
    return {{.voter = from, .value = vote.value}};
  }
  static void forge(Forger<Node>& forger, const flat_set<Signed>& facts) {
    for (const Value value : {Value::a, Value::b}) {
      Certificate certificate{.value = value, .voters = forger.byzantine()};
      for (const Signed& vote : facts) {
        if (vote.value == value) certificate.voters.insert(vote.voter);
      }
      // All it ever could have said: what it could say before it must stay.
      add_subsets(forger, certificate);
    }
  }

 private:
  static void add_subsets(Forger<Node>& forger, const Certificate& all) {
    const std::uint64_t bits = all.voters.bits();
    for (std::uint64_t subset = bits;; subset = (subset - 1) & bits) {
      forger.say(Certificate{.value = all.value, .voters = NodeSet::from_bits(subset)});
      if (subset == 0) return;
    }
  }
};

struct View {
  bool voted;
  std::optional<Value> decided;
};
View view(const Node& node) { return {node.voted, node.decided}; }

Model model(std::uint32_t nodes, std::uint32_t quorum) {
  Model model = make_model<Node>(
      {.nodes = nodes},
      {always_pair<Node>("agreement",
                         [](const View& a, const View& b) {
                           return !a.decided || !b.decided || a.decided == b.decided;
                         }),
       sometimes<Node>("something is decided",
                       [](const View& v) { return v.decided.has_value(); })},
      {.options = {.quorum = quorum}});
  add_adversary<Node>(model.system, {node_id(nodes - 1)}, {.quorum = quorum});
  return model;
}

}  // namespace certificates

// What a node does is a function of its level and of the kind of message; facts are kinds of
// messages, and which kind allows which forgery is random as well.
namespace liars {

struct Word {
  std::uint8_t kind = 0;
};

struct Node {
  using Message = std::variant<Word>;
  using Context = gainsay::Context<Node>;
  using Fact = std::uint8_t;
  struct Options {
    std::uint64_t seed = 0;
  };
  enum class Timer : std::uint8_t { act };
  static constexpr std::uint8_t kinds = 4;
  static constexpr std::uint8_t levels = 4;

  std::uint8_t level = 0;
  NodeSet heard;

  void start(Context& ctx) { ctx.set(Timer::act); }
  void on(Context& ctx, Timer) { take(ctx, kinds, ctx.self()); }
  void on(Context& ctx, NodeId from, Word word) { take(ctx, word.kind, from); }

  static std::vector<std::uint8_t> facts(NodeId from, Word word) {
    return {static_cast<std::uint8_t>(from.value * kinds + word.kind)};
  }
  static void forge(Forger<Node>& forger, const flat_set<std::uint8_t>& facts) {
    RandomStream random(forger.options().seed, Purpose::test, NodeId{200});
    if (random.below(2) == 0) forger.say(Word{static_cast<std::uint8_t>(random.below(kinds))});
    for (std::uint8_t fact = 0; fact < 3 * kinds; ++fact) {
      const Word allowed{static_cast<std::uint8_t>(random.below(kinds))};
      const bool helps = random.below(2) == 0;
      if (helps && facts.contains(fact)) forger.say(allowed);
    }
  }

 private:
  void take(Context& ctx, std::uint32_t input, NodeId from) {
    const auto place = static_cast<std::uint8_t>(level * (kinds + 1U) + input);
    RandomStream random(ctx.options().seed, Purpose::test, NodeId{place});
    if (level + 1 == levels || random.below(3) == 0) return;
    const std::uint32_t answer = random.below(3) == 0 ? ctx.choose(2) : 0;
    if (random.below(3) > 0) ++level;
    if (random.below(3) == 0) heard.insert(from);
    if (random.below(3) == 0) ctx.set(Timer::act);
    expect(random.below(60) > 0, "a random expectation");
    for (std::uint32_t left = random.below(3); left > 0; --left) {
      const Word word{static_cast<std::uint8_t>((random.below(kinds) + answer) % kinds)};
      if (random.below(2) == 0) {
        ctx.broadcast(word);
      } else {
        ctx.send(from, word);
      }
    }
  }
};

struct View {
  std::uint8_t level;
};
View view(const Node& node) { return {node.level}; }

// Of every second system two nodes must not have so many levels together.
Model correct_model(std::uint64_t seed, Network network = Network::async,
                    unsigned too_many = 2 * (Node::levels - 1)) {
  RandomStream random(seed, Purpose::test, NodeId{201});
  Bounds bounds{.nodes = 3, .network = network};
  bounds.crashes = bounds.restarts = random.below(2);
  bounds.timeouts = 1 + random.below(3);
  return make_model<Node>(bounds,
                          {always_pair<Node>("not both end",
                                             [seed, too_many](const View& a, const View& b) {
                                               return seed % 2 == 0 ||
                                                      unsigned{a.level} + b.level < too_many;
                                             })},
                          {.options = {.seed = seed}});
}

NodeId faulty(std::uint64_t seed) {
  RandomStream random(seed, Purpose::test, NodeId{203});
  return node_id(random.below(3));
}
Model model(std::uint64_t seed) {
  Model model = correct_model(seed);
  add_adversary<Node>(model.system, {faulty(seed)}, {.seed = seed});
  return model;
}

}  // namespace liars

namespace {

constexpr Reductions dead{.dead_messages = true};
constexpr Reductions monotone{.dead_messages = true, .eager = true, .subsumption = true};
constexpr Reductions views{
    .dead_messages = true, .eager = true, .subsumption = true, .silent = true, .minimise = true};

bool replays(const Model& model, const Counterexample& found) {
  const Trace trace =
      record_trace(model.system, found.events,
                   TraceVerdict{.property = found.property,
                                .step = static_cast<std::uint32_t>(found.events.size() - 1)});
  return replay(model, parse_trace(trace_text(model.system, trace, found.events), "trace"))
      .reproduced;
}

TEST(Adversary, ReliableBroadcastHoldsWithOneOfFour) {
  for (const NodeId byzantine : {NodeId{0}, NodeId{3}}) {
    if (is_sanitized() && byzantine != NodeId{3}) continue;
    for (const auto& reduce : {std::optional<Reductions>(views), std::optional<Reductions>()}) {
      const CheckReport report =
          check(broadcast::model(4, {byzantine}), {.reduce = reduce, .audit = true});
      EXPECT_EQ(report.verdict, Verdict::holds) << report;
      ASSERT_TRUE(report.audit);
      EXPECT_EQ(report.audit->disagreement, "");
    }
  }
}

TEST(Adversary, ReliableBroadcastBreaksWithOneOfThree) {
  for (const Reductions& reduce : {Reductions{}, dead, monotone, views}) {
    const Model model = broadcast::model(3, {NodeId{0}});
    const CheckReport report = check(model, {.reduce = reduce});
    ASSERT_EQ(report.verdict, Verdict::violated) << report;
    EXPECT_TRUE(replays(model, *report.counterexample));
  }
}

TEST(Adversary, VerdictsPrintItsSize) {
  std::ostringstream text;
  text << check(broadcast::model(4, {NodeId{0}}), {.reduce = views});
  EXPECT_NE(text.str().find("async, Byzantine 1"), std::string::npos) << text.str();
}

TEST(Adversary, ADeadMessageFeedsAForgedCertificate) {
  for (const Reductions& reduce : {Reductions{}, dead, monotone, views}) {
    const Model broken = certificates::model(4, 2);
    const CheckReport report = check(broken, {.reduce = reduce});
    ASSERT_EQ(report.verdict, Verdict::violated) << report;
    EXPECT_TRUE(replays(broken, *report.counterexample));
    const CheckReport holds = check(certificates::model(4, 3), {.reduce = reduce, .audit = true});
    EXPECT_EQ(holds.verdict, Verdict::holds) << holds;
    EXPECT_EQ(holds.audit ? holds.audit->disagreement : "", "");
  }
}

TEST(Adversary, IsExactOnRandomTables) {
  std::uint64_t compared = 0;
  std::uint64_t taught = 0;
  for (std::uint64_t seed = 0; seed < random_systems(150); ++seed) {
    const Model model = liars::model(seed);
    SCOPED_TRACE("seed " + std::to_string(seed));
    SlowReport slow;
    try {
      slow = slow_check(model, 4'000);
    } catch (const std::length_error&) {
      continue;
    }
    const CheckReport full = check(model, {.reduce = Reductions{}, .digest = true});
    EXPECT_EQ(full.verdict == Verdict::violated, slow.violated);
    if (!slow.violated) {
      EXPECT_EQ(full.states, slow.states);
      EXPECT_EQ(full.transitions, slow.transitions);
    }
    for (const Reductions& reduce : {dead, monotone, views}) {
      const CheckReport reduced = check(model, {.reduce = reduce, .digest = true});
      ASSERT_EQ(full.verdict, reduced.verdict) << full << reduced;
      if (full.verdict == Verdict::violated) {
        EXPECT_EQ(full.counterexample->faults, reduced.counterexample->faults);
        EXPECT_TRUE(replays(model, *reduced.counterexample));
      } else if (reduce == views) {
        EXPECT_EQ(full.view_digest, reduced.view_digest) << full << reduced;
      } else {
        EXPECT_EQ(full.digest, reduced.digest) << full << reduced;
      }
    }
    ++compared;
    taught += full.states > 1 ? 1U : 0U;
  }
  std::cout << compared << " compared\n";
  EXPECT_GT(compared, random_systems(150) / 3);
  EXPECT_GT(taught, compared / 2);
}

// --- recovery: Byzantine processes fall silent ---

TEST(Adversary, ItFallsSilentWhereRecoveryIsAsked) {
  const auto verdict = [](auto predicate) {
    Model model = certificates::model(4, 3);
    model.properties = {recovers<certificates::Node>("good", predicate)};
    const CheckReport report = check(model);
    EXPECT_TRUE(!report.counterexample || replays(model, *report.counterexample));
    return report.verdict;
  };
  EXPECT_EQ(verdict([](const certificates::View& node) { return node.voted; }), Verdict::holds);
  // Only it makes certificates of votes.
  EXPECT_EQ(verdict([](const certificates::View& node) { return node.decided.has_value(); }),
            Verdict::violated);
  // It looks like a node that has not voted, and is none.
  EXPECT_EQ(verdict([](const certificates::View& node) { return !node.voted; }), Verdict::violated);
}

TEST(Adversary, RecoveryAgreesWithTheSlowTwinOnRandomTables) {
  std::map<Verdict, std::uint64_t> met;
  for (std::uint64_t seed = 0; seed < random_systems(60); ++seed) {
    Model model = liars::model(seed);
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomStream random(seed, Purpose::test, NodeId{202});
    const std::uint32_t level = 1 + random.below(2);
    const bool all = random.below(2) == 0;
    model.properties = {recovers<liars::Node>(
        "one is high", [level](const liars::View& node) { return node.level >= level; })};
    if (all) {
      const NodeSet byzantine = model.system.adversary.byzantine;
      model.properties = {recovers<liars::Node>(
          "all are high", [level, byzantine](const Nodes<liars::View>& nodes) {
            for (std::uint8_t i = 0; i < nodes.size(); ++i) {
              if (!byzantine.contains({i}) && nodes[i].level < level) return false;
            }
            return true;
          })};
    }
    SlowRecovery slow;
    try {
      const SlowReport search = slow_check(model, 4'000);
      if (search.violated || search.vectors.size() > 300) continue;
      slow = slow_recovery(model.system, model.properties[0], search.vectors, 3'000);
    } catch (const std::length_error&) {
      continue;
    }
    for (const Reductions& reduce : {Reductions{}, monotone}) {
      const CheckReport report = check(model, {.reduce = reduce});
      if (report.verdict == Verdict::incomplete && slow.verdict != Verdict::incomplete) continue;
      ASSERT_EQ(report.verdict, slow.verdict) << report << report.story;
      ++met[slow.verdict];
      if (report.counterexample) {
        EXPECT_TRUE(replays(model, *report.counterexample));
      }
    }
  }
  std::cout << met[Verdict::holds] << " hold, " << met[Verdict::violated] << " violated\n";
  EXPECT_GT(met[Verdict::holds], random_systems(60) / 20);
  EXPECT_GT(met[Verdict::violated], random_systems(60) / 10);
}

// --- twins ---

// Each node tells the others a value of its choice, once.
namespace twins {

struct Say {
  std::uint8_t value = 0;
};
struct Node {
  using Message = std::variant<Say>;
  using Context = gainsay::Context<Node>;
  enum class Timer : std::uint8_t { say };
  std::optional<std::uint8_t> heard;
  bool told_two = false;

  void start(Context& ctx) {
    if (ctx.self() == NodeId{0}) ctx.set(Timer::say);
  }
  void on(Context& ctx, Timer) { ctx.broadcast(Say{static_cast<std::uint8_t>(ctx.choose(2))}); }
  void on(Context&, NodeId from, Say say) {
    told_two = told_two || (heard && *heard != say.value);
    heard = say.value;
    expect(from == NodeId{0}, "only the first one speaks");
  }
};

Verdict verdict(Network network, NodeSet pairs) {
  Model model = make_model<Node>(
      {.nodes = 3, .network = network},
      {always<Node>("nobody is told two values", [](const Node& node) { return !node.told_two; })});
  if (!pairs.empty()) add_twins<Node>(model.system, pairs);
  const CheckReport report = check(model);
  EXPECT_TRUE(!report.counterexample || replays(model, *report.counterexample));
  return report.verdict;
}

TEST(Twins, SayTwoThingsByCorrectCode) {
  for (const Network network : {Network::async, Network::unordered, Network::fifo}) {
    EXPECT_EQ(verdict(network, {}), Verdict::holds);
    EXPECT_EQ(verdict(network, {NodeId{0}}), Verdict::violated);
    EXPECT_EQ(verdict(network, {NodeId{1}}), Verdict::holds) << "properties do not see them";
  }
  EXPECT_THROW(verdict(Network::async, {NodeId{3}}), UsageError);
  EXPECT_THROW(verdict(Network::async, {NodeId{0}, NodeId{1}, NodeId{2}}), UsageError);
}

}  // namespace twins

TEST(Twins, AreExactOnRandomTables) {
  std::uint64_t compared = 0;
  std::uint64_t violated = 0;
  for (std::uint64_t seed = 0; seed < random_systems(60); ++seed) {
    const Network network = static_cast<Network>(seed % 3);
    Model model = liars::correct_model(seed, network, 2);
    add_twins<liars::Node>(model.system, {liars::faulty(seed)});
    SCOPED_TRACE("seed " + std::to_string(seed));
    SlowReport slow;
    try {
      slow = slow_check(model, 3'000);
    } catch (const std::length_error&) {
      continue;
    }
    const CheckReport full = check(model, {.reduce = Reductions{}, .digest = true});
    ASSERT_EQ(full.verdict == Verdict::violated, slow.violated) << full;
    if (!slow.violated) {
      EXPECT_EQ(full.states, slow.states);
      EXPECT_EQ(full.transitions, slow.transitions);
    }
    for (const Reductions& reduce : {dead, monotone, views}) {
      if (network != Network::async && reduce != dead) continue;
      const CheckReport reduced = check(model, {.reduce = reduce, .digest = true});
      ASSERT_EQ(full.verdict, reduced.verdict) << full << reduced;
      if (full.verdict == Verdict::violated) {
        EXPECT_TRUE(replays(model, *reduced.counterexample));
      } else {
        EXPECT_EQ(full.view_digest, reduced.view_digest) << full << reduced;
      }
    }
    ++compared;
    violated += slow.violated ? 1 : 0;
  }
  std::cout << compared << " compared, " << violated << " violated\n";
  EXPECT_GT(compared, random_systems(60) / 3);
  EXPECT_GT(violated, 0U);
}

TEST(Adversary, WhatMustLastIsNotAskedAmongLiars) {
  const auto has_level = [](const Nodes<liars::View>&) { return true; };
  const Property settled = settles<liars::Node>("stays", has_level, has_level,
                                                [](NodeId, liars::Node::Timer) { return true; });
  Model among_liars = liars::model(1);
  Model among_twins = liars::correct_model(1);
  Model among_honest = liars::correct_model(1);
  add_twins<liars::Node>(among_twins.system, {liars::faulty(1)});
  for (Model* model : {&among_liars, &among_twins, &among_honest}) {
    model->properties.push_back(settled);
  }
  EXPECT_THROW(check(among_liars), UsageError);
  EXPECT_THROW(check(among_twins), UsageError);
  EXPECT_NO_THROW(check(among_honest));
}

TEST(Adversary, WhatMakesNoSenseIsRefused) {
  Model model = broadcast::model(4, {NodeId{0}});
  model.system.bounds.network = model.system.asked.network = Network::unordered;
  EXPECT_THROW(check(model), UsageError);
  EXPECT_THROW(broadcast::model(4, {NodeId{4}}), UsageError);
  EXPECT_THROW(broadcast::model(2, {NodeId{0}, NodeId{1}}), UsageError);
}

}  // namespace
}  // namespace gainsay::testing
