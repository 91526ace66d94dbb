// Partitions in the live world: what they hold back or lose, on both networks, and when they may
// come and go.
#include <gtest/gtest.h>

#include <set>

#include "tests/engine/world_protocol.hpp"

namespace gainsay::testing {
namespace {

using Pushed = std::vector<std::uint8_t>;
using Status = Outcome::Status;

constexpr PartitionShapes all{.symmetric = true, .one_way = true, .bridged = true};
constexpr Network networks[] = {Network::unordered, Network::fifo};

Bounds cut_bounds(Network network, Across across, std::uint32_t partitions = 1) {
  return {.network = network, .partitions = partitions, .partition_shapes = all, .across = across};
}

TEST(Partition, HeldMessagesWaitUntilItHeals) {
  for (const Network network : networks) {
    const System system = system_of(cut_bounds(network, Across::held),
                                    {{0, 1, Relay{2, 7}}, {0, 2, Push{1}}, {2, 1, Push{2}}});
    LiveWorld world = started_world(system);
    expect_applied(world, partition({id(0), id(1)}, {id(2)}));
    expect_refused(world, deliver(2, 0, Push{1}), Status::not_enabled);
    expect_refused(world, deliver(1, 2, Push{2}), Status::not_enabled);
    expect_applied(world, deliver(1, 0, Relay{2, 7}));  // sends across
    EXPECT_EQ(world.inbox(id(2)).size(), 2U);
    expect_refused(world, deliver(2, 1, Push{7}), Status::not_enabled);
    expect_applied(world, heal);
    expect_applied(world, deliver(2, 1, Push{7}));
    expect_applied(world, deliver(2, 0, Push{1}));
    expect_applied(world, deliver(1, 2, Push{2}));
    EXPECT_EQ(node(world, 2).pushed, (Pushed{7, 1}));
    EXPECT_EQ(world.used().count(BudgetKind::partition), 1U);
    EXPECT_EQ(world.used().cost(), 1U);
  }
}

TEST(Partition, LostIsWhatIsOnItsWayAndWhatIsSentAcross) {
  for (const Network network : networks) {
    const System system =
        system_of(cut_bounds(network, Across::lost),
                  {{0, 1, Relay{2, 7}}, {0, 1, Relay{2, 8}}, {0, 2, Push{1}}, {2, 1, Push{2}}});
    LiveWorld world = started_world(system);
    expect_applied(world, partition({id(0), id(1)}, {id(2)}));
    EXPECT_TRUE(world.inbox(id(2)).empty());
    EXPECT_EQ(world.inbox(id(1)).size(), 2U);
    expect_applied(world, deliver(1, 0, Relay{2, 7}));
    EXPECT_TRUE(world.inbox(id(2)).empty());
    expect_applied(world, heal);
    EXPECT_TRUE(world.inbox(id(2)).empty());
    expect_applied(world, deliver(1, 0, Relay{2, 8}));
    expect_applied(world, deliver(2, 1, Push{8}));
    EXPECT_EQ(node(world, 2).pushed, (Pushed{8}));
  }
}

TEST(Partition, OneWayTheWayBackIsOpen) {
  for (const Network network : networks) {
    for (const Across across : {Across::held, Across::lost}) {
      const System system =
          system_of(cut_bounds(network, across), {{0, 2, Push{1}}, {2, 0, Push{2}}});
      LiveWorld world = started_world(system);
      expect_applied(world, partition({id(0), id(1)}, {id(2)}, true));
      expect_refused(world, deliver(2, 0, Push{1}), Status::not_enabled);
      expect_applied(world, deliver(0, 2, Push{2}));
      EXPECT_EQ(world.inbox(id(2)).size(), across == Across::held ? 1U : 0U);
    }
  }
}

TEST(Partition, ABridgeReachesBothSidesAndAProcessReachesItself) {
  for (const Network network : networks) {
    const System system = system_of(
        cut_bounds(network, Across::held),
        {{0, 1, Push{1}}, {1, 2, Push{2}}, {2, 0, Push{3}}, {0, 2, Push{4}}, {2, 2, Push{5}}});
    LiveWorld world = started_world(system);
    expect_applied(world, partition({id(0), id(1)}, {id(1), id(2)}));
    expect_applied(world, deliver(1, 0, Push{1}));
    expect_applied(world, deliver(2, 1, Push{2}));
    expect_applied(world, deliver(2, 2, Push{5}));
    expect_refused(world, deliver(0, 2, Push{3}), Status::not_enabled);
    expect_refused(world, deliver(2, 0, Push{4}), Status::not_enabled);
  }
}

TEST(Partition, ThereIsOneAtATimeWithinTheBudgetAndAfterTheStarts) {
  for (const Network network : networks) {
    const System system = system_of(cut_bounds(network, Across::lost, 2), {});
    LiveWorld world(system);
    expect_refused(world, partition({id(0)}, {id(1), id(2)}), Status::not_enabled);
    expect_refused(world, heal, Status::not_enabled);
    for (int i = 0; i < 3; ++i) expect_applied(world, at(EventKind::start, i));
    expect_refused(world, heal, Status::not_enabled);
    expect_applied(world, partition({id(0)}, {id(1), id(2)}));
    expect_refused(world, partition({id(0), id(1)}, {id(2)}), Status::not_enabled);
    expect_applied(world, heal);
    expect_applied(world, partition({id(0), id(1)}, {id(2)}));
    expect_applied(world, heal);
    expect_refused(world, partition({id(0), id(1)}, {id(2)}), Status::not_enabled);
  }
}

TEST(Partition, OnlyWhatTheBoundsListComes) {
  Bounds bounds = cut_bounds(Network::fifo, Across::lost);
  bounds.partition_shapes = {};
  const System system = system_of(bounds, {});
  LiveWorld world = started_world(system);
  expect_refused(world, partition({id(0), id(1)}, {id(2)}, true), Status::not_enabled);
  expect_refused(world, partition({id(0), id(1)}, {id(1), id(2)}), Status::not_enabled);
  expect_refused(world, partition({id(1), id(2)}, {id(0)}),
                 Status::not_enabled);  // not the canonical way round
  expect_refused(world, partition({id(0)}, {id(1)}), Status::not_enabled);
  expect_refused(world, partition({}, {id(0), id(1), id(2)}), Status::not_enabled);
  const System none = system_of({.network = Network::fifo}, {});
  LiveWorld whole = started_world(none);
  expect_refused(whole, partition({id(0), id(1)}, {id(2)}), Status::not_enabled);
}

TEST(Partition, TheCutIsPartOfTheWorld) {
  const System system = system_of(cut_bounds(Network::unordered, Across::held, 1), {});
  std::set<Hash128> hashes;
  LiveWorld world = started_world(system);
  hashes.insert(world.hash());
  const std::vector<Cut> cuts = system.cuts();
  for (const Cut& cut : cuts) {
    LiveWorld other(world);
    expect_applied(other, {.kind = EventKind::partition, .cut = cut});
    EXPECT_TRUE(hashes.insert(other.hash()).second);
    expect_applied(other, heal);
    hashes.insert(other.hash());  // equal for all: one partition was used up
  }
  EXPECT_EQ(cuts.size(), 12U);
  EXPECT_EQ(hashes.size(), cuts.size() + 2);
}

TEST(Partition, DropsStillFindWhatIsHeld) {
  for (const Network network : networks) {
    Bounds bounds = cut_bounds(network, Across::held);
    bounds.drops = 1;
    const System system = system_of(bounds, {{0, 2, Push{1}}});
    LiveWorld world = started_world(system);
    expect_applied(world, partition({id(0), id(1)}, {id(2)}));
    Event drop = message_event(EventKind::drop, 2, 0, Push{1});
    if (network == Network::fifo) drop.message.clear();
    expect_applied(world, drop);
    EXPECT_TRUE(world.inbox(id(2)).empty());
  }
}

TEST(Partition, IsSaidInWords) {
  const System system = system_of(cut_bounds(Network::fifo, Across::lost), {});
  EXPECT_EQ(describe(system, partition({id(0), id(1)}, {id(2)})), "partition n1 n2 | n3");
  EXPECT_EQ(describe(system, partition({id(0), id(1)}, {id(2)}, true)),
            "partition n1 n2 cannot reach n3");
  EXPECT_EQ(describe(system, partition({id(0), id(1)}, {id(1), id(2)})), "partition n1 n2 | n2 n3");
  EXPECT_EQ(describe(system, heal), "heal");
  EXPECT_EQ(describe(system.bounds),
            "3 nodes, fifo, partitions 1 (symmetric, one-way, bridged, lost)");
}

TEST(Partition, BoundsThatMakeNoSenseAreRefused) {
  const auto refused = [](const Bounds& bounds) {
    EXPECT_THROW(validate(system_of(bounds, {})), UsageError) << describe(bounds);
  };
  Bounds bounds = cut_bounds(Network::fifo, Across::lost);
  EXPECT_NO_THROW(validate(system_of(bounds, {})));
  bounds.partitions = partitions_max + 1;
  refused(bounds);
  bounds = cut_bounds(Network::async, Across::lost);
  refused(bounds);
  bounds = cut_bounds(Network::fifo, Across::lost);
  bounds.partition_shapes = {.symmetric = false};
  refused(bounds);
  bounds = cut_bounds(Network::fifo, Across::lost);
  bounds.nodes = 2;  // no bridge
  refused(bounds);
  bounds.partition_shapes = {.one_way = true};
  EXPECT_NO_THROW(validate(system_of(bounds, {})));
  bounds.nodes = 1;
  refused(bounds);
  bounds.nodes = partition_nodes_max + 1;
  refused(bounds);
}

}  // namespace
}  // namespace gainsay::testing
