// Traitors in a reliable broadcast, which breaks with n = 3f and holds with n = 3f + 1: in live
// runs and in checks of what they can say.
#include <gtest/gtest.h>

#include "engine/traitors.hpp"
#include "explorer/replay.hpp"
#include "gainsay.hpp"
#include "properties/evaluate.hpp"
#include "tests/explorer/broadcast.hpp"
#include "tests/random_step.hpp"

namespace gainsay::testing {
namespace {

Model with_traitor(std::uint32_t nodes, NodeId traitor, Behaviours behaviours,
                   Network network = Network::async) {
  Model model = broadcast::model(nodes, {}, network);
  if (traitor == NodeId{0}) {  // then anything may be delivered
    std::erase_if(model.properties, [](const Property& one) { return one.name == "validity"; });
  }
  add_traitors<broadcast::Node>(model.system, {traitor}, behaviours);
  return model;
}

constexpr Behaviours everything{
    .silent = true, .equivocate = true, .delay = true, .mutate = true, .replay = true};
constexpr std::array<Behaviours, 6> each{{{.silent = true},
                                          {.equivocate = true},
                                          {.delay = true},
                                          {.mutate = true},
                                          {.replay = true},
                                          everything}};

// Of runs at random until one violates something: does one?
bool violates(const Model& model, std::uint64_t runs, std::uint32_t steps) {
  const auto& delivers =
      *std::ranges::find(model.properties, "something is delivered", &Property::name);
  std::uint64_t delivered = 0;
  for (std::uint64_t seed = 0; seed < runs; ++seed) {
    LiveWorld world(model.system);
    RandomStream random(seed, Purpose::schedule);
    for (std::uint32_t step = 0; step < steps; ++step) {
      const auto event = random_event(world, random);
      if (!event) break;
      if (world.apply(*event).status != Outcome::Status::applied) continue;
      if (find_violation(model, world)) return true;
    }
    delivered += holds_in(delivers, world) ? 1 : 0;
  }
  EXPECT_GT(delivered, 0U);
  return false;
}

TEST(Traitors, OneOfFourDoesNoHarmInLiveRuns) {
  for (const Behaviours& behaviours : each) {
    for (const Network network : {Network::async, Network::unordered, Network::fifo}) {
      EXPECT_FALSE(violates(with_traitor(4, {0}, behaviours, network), 10, 200));
      EXPECT_FALSE(violates(with_traitor(4, {3}, behaviours, network), 10, 200));
    }
  }
}

TEST(Traitors, OneOfThreeDoesInLiveRuns) {
  EXPECT_TRUE(violates(with_traitor(3, {0}, {.equivocate = true}, Network::unordered), 5'000, 50));
}

// Who broadcasts says b where a is right, to everybody.
TEST(Traitors, ALieIsFoundByACheckAndItsTraceReplays) {
  Model model = broadcast::model(3, {});
  add_traitors<broadcast::Node>(model.system, {NodeId{0}}, {.mutate = true});
  const CheckReport report = check(model, {.max_states = 200'000});
  ASSERT_EQ(report.verdict, Verdict::violated) << report;
  EXPECT_EQ(report.counterexample->property, "validity");
  const Counterexample& found = *report.counterexample;
  const Trace trace =
      record_trace(model.system, found.events,
                   TraceVerdict{.property = found.property,
                                .step = static_cast<std::uint32_t>(found.events.size() - 1)});
  EXPECT_TRUE(replay(model, trace).reproduced);
}

TEST(Traitors, OneOfFourHoldsInACheck) {
  for (const Behaviours& behaviours : {Behaviours{.silent = true}, Behaviours{.delay = true}}) {
    const CheckReport report = check(with_traitor(4, {0}, behaviours), {.max_states = 2'000'000});
    EXPECT_EQ(report.verdict, Verdict::holds) << report;
    EXPECT_NE(describe(with_traitor(4, {0}, behaviours).system.bounds).find("traitors 1"),
              std::string::npos);
  }
}

// What is known, and withheld, is part of the state: a world that is decoded goes on the same.
TEST(Traitors, StatesAreWhatTheyEncode) {
  const Model model = with_traitor(4, {0}, everything);
  LiveWorld world(model.system);
  RandomStream random(1, Purpose::schedule);
  for (std::uint32_t step = 0; step < 60; ++step) {
    const auto event = random_event(world, random);
    if (!event) break;
    world.apply(*event);
    const Bytes bytes = world.local({0});
    const LocalState again = decode_local(*model.system.processes[0], bytes);
    EXPECT_EQ(encode_local(again), bytes);
    const auto state = decoded<Traitor<broadcast::Node>>(split_local(bytes).state);
    EXPECT_LE(state.known.size(), 8U);
    EXPECT_EQ(encoded(state), split_local(bytes).state);
  }
}

TEST(Traitors, AreNamedByWhatTheyDoAndWhoTheyAre) {
  const TraitorOption option = traitor_option("equivocate+delay@n2", 4);
  EXPECT_EQ(option.nodes, NodeSet{NodeId{1}});
  EXPECT_EQ(traitor_option("silent@n1+n3", 4).nodes, (NodeSet{NodeId{0}, NodeId{2}}));
  EXPECT_EQ(option.behaviours, (Behaviours{.equivocate = true, .delay = true}));
  for (const char* wrong : {"", "silent", "silent@", "silent@n5", "@n1", "lie@n1", "silent+@n1",
                            "silent@n1@n2", "silent@n1+", "silent@n1+n1", "none"}) {
    EXPECT_THROW(traitor_option(wrong, 4), UsageError) << wrong;
  }
}

TEST(Traitors, AreRefusedWhereTheyMakeNoSense) {
  const auto add = [](Model model, NodeSet who, Behaviours what) {
    add_traitors<broadcast::Node>(model.system, who, what);
  };
  EXPECT_THROW(add(broadcast::model(3, {}), {NodeId{0}}, {}), UsageError);
  EXPECT_THROW(add(broadcast::model(3, {}), {NodeId{3}}, everything), UsageError);
  EXPECT_THROW(add(broadcast::model(3, {NodeId{0}}), {NodeId{0}}, everything), UsageError);
  EXPECT_THROW(add(broadcast::model(1, {}), {NodeId{0}}, everything), UsageError);
  EXPECT_THROW(add(broadcast::model(4, {}), {NodeId{0}}, {.two_faced = true}), UsageError);
}

}  // namespace
}  // namespace gainsay::testing
