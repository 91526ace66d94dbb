// PBFT with a traitor in live runs, its signatures verified.
#include <gtest/gtest.h>

#include <set>

#include "engine/mutations.hpp"
#include "engine/signed_run.hpp"
#include "explorer/replay.hpp"
#include "properties/evaluate.hpp"
#include "protocols/catalog.hpp"
#include "tests/random_step.hpp"

namespace gainsay {
namespace {

Model pbft(std::uint32_t nodes, const std::string& behaviour, Network network) {
  const CatalogEntry& entry = *find_system("pbft");
  Configuration configuration = entry.defaults;
  configuration.bounds.nodes = nodes;
  configuration.bounds.network = network;
  configuration.bounds.limits = {{"view", nodes == 4 ? 2 : 0}, {"seq", nodes == 4 ? 2 : 1}};
  configuration.options = {{"byzantine", "none"}, {"behaviour", behaviour}, {"requests", "1"}};
  return entry.make(configuration);
}

struct Seen {
  std::uint64_t applied = 0;
  std::uint64_t verified = 0;
  std::vector<Event> events;
  std::optional<Violation> violation;
};

Seen random_run(const Model& model, const Signatures& signatures, std::uint64_t seed,
                std::uint32_t steps) {
  SignedRun run(model.system, signatures);
  RandomStream random(seed, Purpose::schedule);
  Seen seen;
  for (std::uint32_t step = 0; step < steps && !seen.violation; ++step) {
    const auto event = testing::random_event(run.world(), random);
    if (!event) break;
    const Outcome outcome = run.apply(*event);
    // What a traitor says has the signatures that it needs.
    EXPECT_NE(outcome.status, Outcome::Status::not_enabled) << outcome.reason;
    if (outcome.status != Outcome::Status::applied) continue;
    ++seen.applied;
    seen.events.push_back(*event);
    seen.violation = find_violation(model, run.world());
  }
  seen.verified = run.verified();
  return seen;
}

class PbftTraitor : public ::testing::TestWithParam<const char*> {};

TEST_P(PbftTraitor, FourReplicasAgree) {
  const auto real = ed25519_signatures(4, 1);
  const auto ideal = ideal_signatures();
  for (const std::string node : {"n1", "n2", "n4"}) {
    const Model model = pbft(4, GetParam() + ("@" + node), Network::unordered);
    std::uint64_t verified = 0;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      const Seen seen = random_run(model, seed < 3 ? *real : *ideal, seed, 150);
      EXPECT_FALSE(seen.violation) << seen.violation->message;
      EXPECT_GT(seen.applied, 20U);
      verified += seen.verified;
    }
    EXPECT_GT(verified, 100U);
  }
}

INSTANTIATE_TEST_SUITE_P(Behaviours, PbftTraitor,
                         ::testing::Values("silent", "equivocate", "delay", "mutate", "replay",
                                           "silent+equivocate+delay+mutate+replay"));

// What a run does is a function of its events: they replay, and say the same.
TEST(PbftTraitors, ThreeReplicasDisagreeAndTheRunReplays) {
  const Model model = pbft(3, "equivocate@n1", Network::unordered);
  const auto ideal = ideal_signatures();
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    const Seen seen = random_run(model, *ideal, seed, 50);
    if (!seen.violation) continue;
    EXPECT_EQ(seen.violation->property, "agreement");
    const Trace trace =
        record_trace(model.system, seen.events,
                     TraceVerdict{.property = seen.violation->property,
                                  .step = static_cast<std::uint32_t>(seen.events.size() - 1)});
    EXPECT_TRUE(replay(model, trace).reproduced);
    EXPECT_EQ(model.system.bounds.traitors, 1U);
    return;
  }
  FAIL() << "no run disagrees";
}

Seal sealed(const Signatures& signatures, const std::vector<SignedPart>& parts) {
  Seal seal;
  for (const SignedPart& part : parts) seal.push_back(signatures.sign(part.signer, part.value));
  return seal;
}

// Who changes what somebody else has signed has only the signature of what it was.
TEST(PbftTraitors, WhatOthersHaveSignedIsRefusedWhenItIsChanged) {
  const Model model = pbft(4, "delay@n4", Network::unordered);
  const Type& type = *model.system.message_type;
  const auto real = ed25519_signatures(4, 1);
  std::uint64_t refused = 0;
  LiveWorld world = started_world(model.system);
  RandomStream random(1, Purpose::schedule);
  for (std::uint32_t step = 0; step < 40; ++step) {
    const auto event = testing::random_event(world, random);
    if (!event) break;
    if (event->kind == EventKind::deliver) {
      const std::vector<SignedPart> before = signed_parts(type, event->message);
      for (const Bytes& lie :
           mutations(type, event->message, {.self = event->from, .nodes = 4, .known = {}})) {
        const std::vector<SignedPart> after = signed_parts(type, lie);
        EXPECT_EQ(why_refused(model.system, *real, lie, sealed(*real, after)), "");
        const bool is_refused =
            !why_refused(model.system, *real, lie, sealed(*real, before)).empty();
        EXPECT_EQ(is_refused, before != after);
        refused += is_refused ? 1 : 0;
      }
    }
    world.apply(*event);
  }
  EXPECT_GT(refused, 20U);
}

}  // namespace
}  // namespace gainsay
