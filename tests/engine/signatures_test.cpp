#include "engine/signatures.hpp"

#include <gtest/gtest.h>

#include "engine/adversary.hpp"
#include "engine/random.hpp"
#include "engine/signed_run.hpp"

namespace gainsay {
namespace {

constexpr NodeId n1{0};
constexpr NodeId n2{1};
constexpr NodeId n3{2};

// n1 signs a word, n2 passes it on with a signature of its own around it; `forges`: n2 passes on
// what nobody has signed.
struct Word {
  std::uint32_t number = 0;
};
struct Passed {
  std::vector<Signed<Word>> words;
};
struct Node {
  using Message = std::variant<Signed<Word>, Signed<Passed>>;
  using Context = gainsay::Context<Node>;
  struct Options {
    bool forges = false;
  };
  std::uint32_t heard = 0;

  void start(Context& ctx) {
    if (ctx.self() == n1) ctx.send(n2, ctx.sign(Word{.number = 7}));
  }
  void on(Context& ctx, NodeId, Signed<Word> word) {
    if (ctx.options().forges) word.value.number = 8;
    ctx.send(n3, ctx.sign(Passed{.words = {word}}));
  }
  void on(Context&, NodeId, const Signed<Passed>& passed) {
    heard = passed.value.words.front().value.number;
  }
};

System system_of(bool forges) {
  return make_system<Node>("words", {.nodes = 3, .network = Network::unordered},
                           {.forges = forges});
}

Bytes message(std::uint32_t number, NodeId signer) {
  return encoded(Wire<Node>(Signed<Word>{.signer = signer, .value = {.number = number}}));
}

// All events that there are, in any order.
std::string run_all(SignedRun& run) {
  std::string refused;
  for (bool more = true; more;) {
    more = false;
    for (const Event& event : run.world().enabled()) {
      const Outcome outcome = run.apply(event);
      if (outcome.status == Outcome::Status::applied) {
        more = true;
        break;
      }
      refused = outcome.reason;
    }
  }
  return refused;
}

TEST(Signatures, PartsAreFoundAtAnyDepth) {
  const Signed<Passed> passed{.signer = n2,
                              .value = {.words = {{.signer = n1, .value = {.number = 7}}}}};
  const auto parts = signed_parts(type_of<Wire<Node>>(), encoded(Wire<Node>(passed)));
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].signer, n2);
  EXPECT_EQ(parts[1], (SignedPart{.signer = n1, .value = "Word\n" + encoded(Word{.number = 7})}));
}

TEST(Signatures, ForgedAndAlteredMessagesAreRefused) {
  const System system = system_of(false);
  const auto keys = ed25519_signatures(3, 1);
  const auto part = signed_parts(*system.message_type, message(7, n1)).front();
  const Seal seal = {keys->sign(n1, part.value)};
  EXPECT_EQ(why_refused(system, *keys, message(7, n1), seal), "");
  EXPECT_EQ(why_refused(system, *keys, message(8, n1), seal),
            "the signature of n1 on a Word is not valid");
  EXPECT_NE(why_refused(system, *keys, message(7, n2), seal), "");
  EXPECT_NE(why_refused(system, *keys, message(7, n1), {keys->sign(n2, part.value)}), "");
  EXPECT_NE(why_refused(system, *keys, message(7, n1), {}), "");
  Seal damaged = seal;
  damaged.front().back() = static_cast<char>(damaged.front().back() ^ 1);
  EXPECT_NE(why_refused(system, *keys, message(7, n1), damaged), "");
  EXPECT_NE(why_refused(system, *ed25519_signatures(3, 2), message(7, n1), seal), "")
      << "another seed has other keys";
}

TEST(SignedRun, WhatWasSignedIsPassedOnAndWhatWasNotIsRefused) {
  const auto keys = ed25519_signatures(3, 1);
  for (const bool forges : {false, true}) {
    const System system = system_of(forges);
    SignedRun run(system, *keys);
    const std::string refused = run_all(run);
    const auto* node = static_cast<const Node*>(run.world().state(n3).process->state());
    EXPECT_EQ(node->heard, forges ? 0U : 7U);
    EXPECT_EQ(refused, forges ? "the signature of n1 on a Word is not valid" : "");
    EXPECT_EQ(run.verified(), forges ? 1U : 3U);
    const auto ideal = ideal_signatures();
    SignedRun trusting(system, *ideal);
    EXPECT_EQ(run_all(trusting), "");
  }
}

}  // namespace
}  // namespace gainsay
