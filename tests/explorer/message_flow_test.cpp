// What is under way is what waits in the live world, at every step of random runs of all systems.
#include "explorer/message_flow.hpp"

#include <gtest/gtest.h>

#include "explorer/random_run.hpp"
#include "protocols/catalog.hpp"

namespace gainsay {
namespace {

using Count = std::map<std::pair<NodeId, Bytes>, std::uint32_t>;

Count waiting(const LiveWorld& world, NodeId to) {
  Count count;
  for (const auto& [envelope, times] : world.inbox(to)) {
    if (!world.system().is_byzantine(envelope.first)) count[envelope] += times;
  }
  return count;
}

Count under_way(const MessageFlow& flow, const System& system, NodeId to) {
  Count count;
  for (const std::size_t number : flow.under_way(to)) {
    const FlowMessage& message = flow.messages()[number];
    EXPECT_EQ(message.to, to);
    EXPECT_FALSE(message.lost.has_value());
    if (!system.is_byzantine(message.from)) ++count[{message.from, message.content}];
  }
  return count;
}

// What each event says of its message is so, and everything sent is accounted for.
void expect_true_of_the_world(const Model& model, const RandomRun& run) {
  const System& system = model.system;
  LiveWorld world(system);
  MessageFlow flow(system);
  std::size_t sends = 0;
  std::size_t copies = 0;
  for (std::uint32_t i = 0; i < run.events.size(); ++i) {
    const Event& event = run.events[i];
    const Outcome outcome = world.apply(event);
    ASSERT_EQ(outcome.status, Outcome::Status::applied);
    flow.happened(i, event, outcome.step, world);
    if (is_step(event.kind)) sends += outcome.step.sends.size();
    copies += event.kind == EventKind::duplicate ? 1 : 0;
    if (event.kind == EventKind::deliver) {
      ASSERT_TRUE(flow.of_last_event().has_value());
      const FlowMessage& message = flow.messages()[*flow.of_last_event()];
      EXPECT_EQ(message.content, event.message);
      EXPECT_EQ(message.from, event.from);
      EXPECT_EQ(message.delivered.back(), i);
      EXPECT_EQ(message.sent.has_value(), !system.is_byzantine(event.from));
      if (message.sent) {
        EXPECT_LT(*message.sent, i);
      }
    }
    if (outcome.step.fault != StepResult::Fault::none) return;
    for (std::size_t to = 0; to < system.size(); ++to) {
      const NodeId id = node_id(to);
      ASSERT_EQ(under_way(flow, system, id), waiting(world, id)) << "step " << i;
    }
  }
  std::size_t said = 0;
  for (const FlowMessage& message : flow.messages()) said += message.sent ? 0 : 1;
  EXPECT_EQ(flow.messages().size(), sends + copies + said);
}

void try_random_runs(Model model, std::uint32_t steps, std::uint64_t seed) {
  RandomStream random(seed);
  for (int i = 0; i < 3; ++i) {
    expect_true_of_the_world(model, random_run(model, random, steps));
  }
}

TEST(MessageFlow, IsWhatWaitsInTheWorld) {
  std::uint64_t seed = 1;
  for (const CatalogEntry& entry : catalog()) {
    SCOPED_TRACE(entry.name);
    try_random_runs(entry.make(entry.defaults), 40, ++seed);
    for (const Bug& bug : entry.bugs) {
      SCOPED_TRACE(bug.name);
      try_random_runs(entry.make(bug.scenario), 15, ++seed);
    }
  }
}

// Bounds of a system with all that a network does to messages.
Model faulty_network(Network network, Across across) {
  Configuration configuration = find_system("raft")->defaults;
  Bounds& bounds = configuration.bounds;
  bounds.network = network;
  bounds.crashes = bounds.restarts = 2;
  bounds.timeouts = 8;
  bounds.drops = 3;
  bounds.duplicates = network == Network::unordered ? 3 : 0;
  if (network == Network::async) bounds.drops = 0;
  if (network != Network::async) bounds.partitions = 2;
  bounds.across = across;
  return find_system("raft")->make(configuration);
}

TEST(MessageFlow, KnowsWhatFaultsDoToMessages) {
  std::uint64_t seed = 100;
  for (const Network network : {Network::async, Network::unordered, Network::fifo}) {
    for (const Across across : {Across::lost, Across::held}) {
      SCOPED_TRACE(std::string(to_string(network)) + " " + std::string(to_string(across)));
      try_random_runs(faulty_network(network, across), 60, ++seed);
    }
  }
}

TEST(MessageFlow, SaysWhatBecameOfMessages) {
  const Model model = faulty_network(Network::unordered, Across::lost);
  RandomStream random(7);
  std::size_t lost = 0;
  std::size_t copied = 0;
  std::size_t waiting_at_end = 0;
  for (int i = 0; i < 20; ++i) {
    const RandomRun run = random_run(model, random, 60);
    LiveWorld world(model.system);
    MessageFlow flow(model.system);
    for (std::uint32_t step = 0; step < run.events.size(); ++step) {
      const Outcome outcome = world.apply(run.events[step]);
      flow.happened(step, run.events[step], outcome.step, world);
    }
    for (const FlowMessage& message : flow.messages()) {
      EXPECT_LE(message.delivered.size(), 1U) << "it arrives at most once";
      EXPECT_FALSE(message.lost && !message.delivered.empty());
      lost += message.lost ? 1 : 0;
      copied += message.copied ? 1 : 0;
      waiting_at_end += !message.lost && message.delivered.empty() ? 1 : 0;
    }
  }
  EXPECT_GT(lost, 0U);
  EXPECT_GT(copied, 0U);
  EXPECT_GT(waiting_at_end, 0U);
}

}  // namespace
}  // namespace gainsay
