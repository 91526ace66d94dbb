// Signatures are ideal: who has not seen one cannot say it, at whatever depth it is hidden.
#include "engine/signed.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <variant>
#include <vector>

#include "engine/adversary.hpp"
#include "explorer/check.hpp"
#include "gainsay.hpp"

namespace gainsay {
namespace {

constexpr NodeId n1{0};
constexpr NodeId n2{1};
constexpr NodeId n3{2};

struct Vote {
  std::uint32_t value = 0;
  friend auto operator<=>(const Vote&, const Vote&) = default;
};
struct Other {
  std::uint32_t value = 0;
  [[maybe_unused]] friend auto operator<=>(const Other&, const Other&) = default;
};
struct Deep {
  std::vector<std::optional<Signed<Vote>>> votes;
  flat_map<std::uint32_t, std::variant<Vote, Signed<Other>>> others;
};

Signed<Vote> vote(NodeId signer, std::uint32_t value) {
  return {.signer = signer, .value = {value}};
}

TEST(SignedValues, OnesOwnCanBeMadeAndOthersOnlyRepeated) {
  SignedValues known;
  EXPECT_TRUE(known.can_say(vote(n1, 7), {n1}));
  EXPECT_FALSE(known.can_say(vote(n2, 7), {n1}));
  known.add(vote(n2, 7));
  EXPECT_TRUE(known.can_say(vote(n2, 7), {n1}));
  EXPECT_FALSE(known.can_say(vote(n2, 8), {n1})) << "of another value";
  EXPECT_FALSE(known.can_say(vote(n3, 7), {n1})) << "of another process";
  EXPECT_FALSE(known.can_say(Signed<Other>{.signer = n2, .value = {7}}, {n1})) << "another type";
}

TEST(SignedValues, AreFoundAtAnyDepth) {
  const SignedValues none;
  EXPECT_TRUE(none.can_say(Deep{.votes = {vote(n1, 1), std::nullopt}, .others = {}}, {n1}));
  EXPECT_FALSE(none.can_say(Deep{.votes = {std::nullopt, vote(n2, 1)}, .others = {}}, {n1}));
  Deep deep;
  deep.others[1] = Signed<Other>{.signer = n2, .value = {3}};
  EXPECT_FALSE(none.can_say(deep, {n1}));
  EXPECT_FALSE(none.can_say(Signed<Deep>{.signer = n1, .value = deep}, {n1}));
  SignedValues known;
  known.add(Signed<Deep>{.signer = n3, .value = deep});
  EXPECT_TRUE(known.can_say(deep, {n1}));
}

TEST(SignedValues, ACertificateNeedsSoManySigners) {
  const auto claim = [](std::uint32_t signers) {
    return Certificate<Vote>{.value = {7}, .signers = signers};
  };
  SignedValues known;
  EXPECT_TRUE(known.can_say(claim(1), {n1}));
  EXPECT_FALSE(known.can_say(claim(2), {n1}));
  known.add(vote(n2, 7));
  known.add(vote(n2, 7));
  known.add(vote(n3, 8));
  EXPECT_TRUE(known.can_say(claim(2), {n1}));
  EXPECT_FALSE(known.can_say(claim(3), {n1}));
  known.add(claim(3));
  EXPECT_TRUE(known.can_say(claim(3), {n1})) << "one that was seen is repeated";
  EXPECT_FALSE(known.can_say(claim(4), {n1}));
}

TEST(SignedValues, InTracesHaveTheNameOfWhatIsSigned) {
  EXPECT_EQ(type_of<Signed<Vote>>().name, "Vote");
  const auto& wire = type_of<std::variant<Signed<Vote>, Signed<Other>>>();
  EXPECT_EQ(wire.alternatives.at(1)->name, "Other");
}

// Its forger says what n2 has signed, whether it was seen or not.
struct Node {
  using Message = std::variant<Signed<Vote>>;
  using Context = gainsay::Context<Node>;
  using Fact = Signed<Vote>;
  struct Options {
    bool learns = true;
  };
  bool heard = false;
  void start(Context& ctx) {
    if (ctx.self() == n2) ctx.broadcast(ctx.sign(Vote{1}));
  }
  void on(Context&, NodeId, const Signed<Vote>&) { heard = true; }
  static std::vector<Fact> facts(const Options& options, NodeId, const Signed<Vote>& seen) {
    if (!options.learns) return {};
    return {seen};
  }
  static void forge(Forger<Node>& forger, const flat_set<Fact>& facts) {
    for (const Fact& fact : facts) forger.say(fact);
    if (!forger.options().learns) forger.say(vote(n2, 1));
  }
};

CheckReport checked(bool learns) {
  Model model = make_model<Node>({.nodes = 3},
                                 {sometimes<Node>("all hear it",
                                                  [](const Nodes<View<Node>>& nodes) {
                                                    return nodes[1].heard && nodes[2].heard;
                                                  })},
                                 {.options = {.learns = learns}});
  add_adversary<Node>(model.system, {n1}, {.learns = learns});
  return check(model);
}

TEST(SignedValues, AForgerThatSaysWhatItHasNotSeenIsRefused) {
  EXPECT_EQ(checked(true).verdict, Verdict::holds);  // n2 hears its own vote from n1
  EXPECT_THROW(checked(false), UsageError);
}

}  // namespace
}  // namespace gainsay
