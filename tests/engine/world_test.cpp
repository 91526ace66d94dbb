// The live world: what each network delivers and when, what each budget allows, which events there
// are, and that worlds are equal exactly when their hashes are.
#include "engine/world.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "tests/engine/world_protocol.hpp"

namespace gainsay::testing {
namespace {

using Pushed = std::vector<std::uint8_t>;
using Status = Outcome::Status;

// --- async ---

TEST(Async, TheSetOfMessagesOnlyGrows) {
  const System system = system_of({.network = Network::async}, {{0, 1, Push{1}}, {0, 1, Push{2}}});
  LiveWorld world = started_world(system);
  expect_applied(world, deliver(1, 0, Push{2}));
  expect_applied(world, deliver(1, 0, Push{2}));  // again
  expect_applied(world, deliver(1, 0, Push{1}));
  EXPECT_EQ(node(world, 1).pushed, (Pushed{2, 2, 1}));
  EXPECT_EQ(world.inbox(id(1)).size(), 2U);
}

TEST(Async, ARepeatedSendChangesNothing) {
  const System system = system_of({.network = Network::async}, {{0, 1, Ask{}}});
  LiveWorld world = started_world(system);
  expect_applied(world, deliver(1, 0, Ask{}));
  const Hash128 once = world.hash();
  EXPECT_EQ(world.apply(deliver(1, 0, Ask{})).status, Status::applied);
  EXPECT_EQ(world.hash(), once);
  EXPECT_EQ(world.inbox(id(0)),
            (decltype(world.inbox(id(0))){{{id(1), encoded(Message(Push{9}))}, 1U}}));
}

TEST(Async, ADeliveryThatDoesNothingIsNoEvent) {
  const System system =
      system_of({.network = Network::async}, {{0, 1, Nothing{}}, {0, 1, Once{1}}});
  LiveWorld world = started_world(system);
  expect_refused(world, deliver(1, 0, Nothing{}), Status::no_op);
  expect_applied(world, deliver(1, 0, Once{1}));
  expect_refused(world, deliver(1, 0, Once{1}), Status::no_op);
}

TEST(Async, AProcessThatIsDownReceivesNothingAndItsInboxStays) {
  const System system = system_of({.network = Network::async, .crashes = 1, .restarts = 1},
                                  {{0, 1, Push{1}}, {1, 2, Ask{}}});
  LiveWorld world = started_world(system);
  expect_applied(world, at(EventKind::crash, 1));
  expect_refused(world, deliver(1, 0, Push{1}), Status::not_enabled);
  expect_applied(world, deliver(2, 1, Ask{}));  // its answer waits
  expect_refused(world, deliver(1, 2, Push{9}), Status::not_enabled);
  expect_applied(world, at(EventKind::restart, 1));
  expect_applied(world, deliver(1, 0, Push{1}));
  expect_applied(world, deliver(1, 2, Push{9}));
  expect_applied(world, deliver(1, 1, Once{7}));  // sent by its restart
  EXPECT_EQ(node(world, 1).pushed, (Pushed{1, 9}));
}

// --- unordered ---

TEST(Unordered, AMessageArrivesAsOftenAsItWasSent) {
  const System system = system_of({.network = Network::unordered},
                                  {{0, 1, Push{1}}, {0, 1, Push{1}}, {0, 1, Push{2}}});
  LiveWorld world = started_world(system);
  expect_applied(world, deliver(1, 0, Push{2}));
  expect_refused(world, deliver(1, 0, Push{2}), Status::not_enabled);
  expect_applied(world, deliver(1, 0, Push{1}));
  expect_applied(world, deliver(1, 0, Push{1}));
  expect_refused(world, deliver(1, 0, Push{1}), Status::not_enabled);
  EXPECT_TRUE(world.inbox(id(1)).empty());
}

TEST(Unordered, ADeliveryThatDoesNothingIsNoEventAndTheMessageStays) {
  const System system =
      system_of({.network = Network::unordered}, {{0, 1, Once{1}}, {0, 1, Once{1}}, {0, 1, Ask{}}});
  LiveWorld world = started_world(system);
  expect_applied(world, deliver(1, 0, Once{1}));
  expect_refused(world, deliver(1, 0, Once{1}), Status::no_op);
  expect_applied(world, deliver(1, 0, Ask{}));  // it sends
  EXPECT_EQ(world.inbox(id(1)).size(), 1U);
}

TEST(Unordered, DropsAndDuplicatesAreOfOneMessage) {
  const System system = system_of({.network = Network::unordered, .drops = 2, .duplicates = 1},
                                  {{0, 1, Push{1}}, {0, 1, Push{2}}});
  LiveWorld world = started_world(system);
  expect_applied(world, message_event(EventKind::duplicate, 1, 0, Push{1}));
  EXPECT_EQ(world.inbox(id(1))[0].second, 2U);
  expect_applied(world, message_event(EventKind::drop, 1, 0, Push{1}));
  expect_applied(world, message_event(EventKind::drop, 1, 0, Push{2}));
  expect_refused(world, deliver(1, 0, Push{2}), Status::not_enabled);
  expect_applied(world, deliver(1, 0, Push{1}));
  EXPECT_TRUE(node(world, 1).pushed == (Pushed{1}));
  EXPECT_EQ(world.used().count(BudgetKind::drop), 2U);
  EXPECT_EQ(world.used().cost(), 3U);
}

// --- fifo ---

TEST(Fifo, EachLinkKeepsItsOrder) {
  const System system =
      system_of({.network = Network::fifo}, {{0, 1, Push{1}}, {0, 1, Push{2}}, {2, 1, Push{3}}});
  LiveWorld world = started_world(system);
  expect_refused(world, deliver(1, 0, Push{2}), Status::not_enabled);
  expect_applied(world, deliver(1, 2, Push{3}));  // another link
  expect_applied(world, deliver(1, 0, Push{1}));
  expect_refused(world, deliver(1, 0, Push{1}), Status::not_enabled);
  expect_applied(world, deliver(1, 0, Push{2}));
  EXPECT_EQ(node(world, 1).pushed, (Pushed{3, 1, 2}));
}

TEST(Fifo, TheOrderOfAQueueIsPartOfTheWorld) {
  for (const Network network : {Network::fifo, Network::unordered}) {
    const System system =
        system_of({.network = network}, {{0, 1, Relay{2, 1}}, {2, 1, Relay{2, 2}}});
    LiveWorld one = started_world(system);
    LiveWorld two = started_world(system);
    one.apply(deliver(1, 0, Relay{2, 1}));
    one.apply(deliver(1, 2, Relay{2, 2}));
    two.apply(deliver(1, 2, Relay{2, 2}));
    two.apply(deliver(1, 0, Relay{2, 1}));
    EXPECT_EQ(one.inbox(id(2)).size(), 2U);
    EXPECT_EQ(one.hash() == two.hash(), network == Network::unordered);
  }
}

TEST(Fifo, ADeliveryThatDoesNothingConsumesTheMessage) {
  const System system = system_of({.network = Network::fifo}, {{0, 1, Nothing{}}, {0, 1, Push{1}}});
  LiveWorld world = started_world(system);
  expect_applied(world, deliver(1, 0, Nothing{}));
  expect_applied(world, deliver(1, 0, Push{1}));
  EXPECT_TRUE(world.inbox(id(1)).empty());
}

TEST(Fifo, ADropResetsTheWholeLinkAndNoOther) {
  const System system =
      system_of({.network = Network::fifo, .drops = 1, .duplicates = 1},
                {{0, 1, Push{1}}, {0, 1, Push{2}}, {2, 1, Push{3}}, {0, 2, Push{4}}});
  LiveWorld world = started_world(system);
  expect_refused(world, message_event(EventKind::duplicate, 1, 0, Push{1}), Status::not_enabled);
  expect_applied(world, {.kind = EventKind::drop, .process = id(1), .from = id(0)});
  expect_refused(world, deliver(1, 0, Push{1}), Status::not_enabled);
  expect_refused(world, deliver(1, 0, Push{2}), Status::not_enabled);
  expect_applied(world, deliver(1, 2, Push{3}));
  expect_applied(world, deliver(2, 0, Push{4}));
}

TEST(Fifo, ACrashResetsTheLinksToAProcessAndNobodyListensWhileItIsDown) {
  const System system = system_of({.network = Network::fifo, .crashes = 1, .restarts = 1},
                                  {{0, 1, Push{1}}, {1, 2, Ask{}}, {2, 0, Push{3}}});
  LiveWorld world = started_world(system);
  expect_applied(world, at(EventKind::crash, 1));
  EXPECT_TRUE(world.inbox(id(1)).empty());
  expect_applied(world, deliver(2, 1, Ask{}));  // what it sent is on its way; the answer is lost
  EXPECT_TRUE(world.inbox(id(1)).empty());
  expect_applied(world, at(EventKind::restart, 1));
  expect_refused(world, deliver(1, 2, Push{9}), Status::not_enabled);
  expect_applied(world, deliver(0, 2, Push{3}));
}

// --- budgets ---

// Applies events of one kind as long as there are any (and what makes them possible), and says how
// many there were, up to 20.
std::uint32_t spend(const System& system, EventKind kind) {
  LiveWorld world = started_world(system);
  for (std::uint32_t count = 0; count < 20;) {
    const std::vector<Event> events = world.enabled();
    auto event = std::ranges::find(events, kind, &Event::kind);
    if (event != events.end()) {
      ++count;
    } else {
      if (kind == EventKind::restart)
        event = std::ranges::find(events, EventKind::crash, &Event::kind);
      if (event == events.end()) return count;
    }
    EXPECT_EQ(world.apply(*event).status, Status::applied);
    if (kind == EventKind::crash && std::ranges::count(events, kind, &Event::kind) == 1) {
      for (int i = 0; i < 3; ++i) world.apply(at(EventKind::restart, i));
    }
  }
  return 20;
}

TEST(Budgets, AreUsedUpAtExactlyTheirNumber) {
  Plan plan;
  for (std::uint8_t i = 0; i < 6; ++i) plan.push_back({0, 1, Push{i}});
  for (std::uint8_t i = 0; i < 6; ++i)
    plan.push_back({static_cast<std::uint8_t>(i % 3), 2, Push{i}});
  for (std::uint32_t budget = 0; budget <= 5; ++budget) {
    const System crashes = system_of({.crashes = budget, .restarts = 20}, plan);
    EXPECT_EQ(spend(crashes, EventKind::crash), budget);
    const System restarts = system_of({.crashes = 20, .restarts = budget}, plan);
    EXPECT_EQ(spend(restarts, EventKind::restart), budget);
    const System drops = system_of({.network = Network::unordered, .drops = budget}, plan);
    EXPECT_EQ(spend(drops, EventKind::drop), budget);
    const System duplicates =
        system_of({.network = Network::unordered, .duplicates = budget}, plan);
    EXPECT_EQ(spend(duplicates, EventKind::duplicate), budget);
    const System timeouts = system_of({.timeouts = budget}, plan, true);
    EXPECT_EQ(spend(timeouts, EventKind::timer), budget);
  }
  // Four links carry messages: 0 -> 1, and 0, 1 and 2 -> 2.
  EXPECT_EQ(spend(system_of({.network = Network::fifo, .drops = 3}, plan), EventKind::drop), 3U);
  EXPECT_EQ(spend(system_of({.network = Network::fifo, .drops = 9}, plan), EventKind::drop), 4U);
  EXPECT_EQ(spend(system_of({}, plan, true), EventKind::timer), 20U) << "not counted";
}

TEST(Budgets, ArePartOfTheWorld) {
  const System system =
      system_of({.network = Network::unordered, .drops = 1, .duplicates = 1}, {{0, 1, Push{1}}});
  LiveWorld world = started_world(system);
  const Hash128 before = world.hash();
  world.apply(message_event(EventKind::duplicate, 1, 0, Push{1}));
  world.apply(message_event(EventKind::drop, 1, 0, Push{1}));
  EXPECT_NE(world.hash(), before);
  EXPECT_EQ(world.inbox(id(1)), started_world(system).inbox(id(1)));
}

// --- events ---

TEST(Events, BeforeTheStartsThereIsNothingElse) {
  const System system = system_of({.crashes = 1}, {{0, 1, Push{1}}}, true);
  LiveWorld world(system);
  expect_applied(world, at(EventKind::start, 0));
  EXPECT_FALSE(is_enabled(world, at(EventKind::crash, 1)));
  expect_refused(world, deliver(1, 0, Push{1}), Status::not_enabled);
  expect_refused(world, at(EventKind::start, 0), Status::not_enabled);
  expect_refused(world, at(EventKind::restart, 0), Status::not_enabled);
  expect_refused(world, at(EventKind::start, 3), Status::not_enabled);
  const System failing = make_system<Node>("test", {}, {.start_fails = true});
  EXPECT_THROW(started_world(failing), UsageError);
}

TEST(Events, WhoIsSteadfastDoesNotCrash) {
  System system = system_of({.crashes = 2}, {});
  system.steadfast = {id(1)};
  validate(system);
  LiveWorld world = started_world(system);
  EXPECT_FALSE(is_enabled(world, at(EventKind::crash, 1)));
  expect_refused(world, at(EventKind::crash, 1), Status::not_enabled);
  expect_applied(world, at(EventKind::crash, 2));
  system.steadfast = {id(3)};
  EXPECT_THROW(validate(system), UsageError);
}

TEST(Events, HaveEveryAnswerToTheirChoicesAndOnlyThose) {
  const System system = system_of({}, {{0, 1, Pick{}}});
  LiveWorld world = started_world(system);
  Event event = deliver(1, 0, Pick{});
  std::vector<Event> expected;
  for (const auto& choices : std::vector<std::vector<std::uint32_t>>{{0}, {1, 0}, {1, 1}, {1, 2}}) {
    event.choices = choices;
    expected.push_back(event);
  }
  EXPECT_EQ(world.enabled(), expected);
  for (const auto& choices : std::vector<std::vector<std::uint32_t>>{{}, {1}, {0, 0}, {1, 2, 0}}) {
    event.choices = choices;
    expect_refused(world, event, Status::not_enabled);
  }
  event.choices = {1, 2};
  expect_applied(world, event);
  EXPECT_EQ(node(world, 1).pushed, (Pushed{112}));
}

TEST(Events, OfHandlersThatFailAreThereAndThoseBeyondALimitAreNot) {
  System system = system_of({.limits = {{"length", 1}}}, {{0, 1, Fail{}}, {0, 1, Push{1}}});
  add_limit<Node>(system, "length", [](const Node& state) { return state.pushed.size(); });
  LiveWorld world = started_world(system);
  expect_applied(world, deliver(1, 0, Push{1}));
  const std::string before = content(world);
  const Outcome cut = world.apply(deliver(1, 0, Push{1}));
  EXPECT_EQ(cut.status, Status::cut);
  EXPECT_EQ(cut.reason, "length");
  EXPECT_EQ(content(world), before);
  EXPECT_EQ(world.enabled(), (std::vector<Event>{deliver(1, 0, Fail{})}));
  const Outcome failed = world.apply(deliver(1, 0, Fail{}));
  EXPECT_EQ(failed.status, Status::applied);
  EXPECT_EQ(failed.step.fault, StepResult::Fault::expectation);
}

// --- hashes ---

struct Sum {
  std::uint32_t total = 0;
};
System any_system() {
  Plan plan;
  const auto process = [] { return *rc::gen::inRange<std::uint8_t>(0, 3); };
  const auto number = [] { return *rc::gen::inRange<std::uint8_t>(0, 2); };
  for (int i = *rc::gen::inRange(3, 9); i > 0; --i) {
    plan.push_back({process(), process(),
                    *rc::gen::element<Message>(Push{number()}, Once{number()}, Nothing{}, Ask{},
                                               Pick{}, Relay{process(), number()})});
  }
  Bounds bounds{.network = static_cast<Network>(*rc::gen::inRange(0, 3)),
                .crashes = 1,
                .restarts = 1,
                .timeouts = 1};
  if (bounds.network != Network::async) bounds.drops = 1;
  if (bounds.network == Network::unordered) bounds.duplicates = 1;
  if (bounds.network != Network::async) {
    bounds.partitions = 2;
    bounds.partition_shapes = {.one_way = true, .bridged = true};
    bounds.across = *rc::gen::element(Across::lost, Across::held);
  }
  System system = system_of(bounds, std::move(plan), *rc::gen::arbitrary<bool>());
  // A sum does not depend on the order of what is observed.
  system.observers.push_back({.name = "sum",
                              .state_type = &type_of<Sum>(),
                              .initial = encoded(Sum{}),
                              .next = [](BytesView state, NodeId, BytesView label) {
                                auto sum = decoded<Sum>(state);
                                sum.total += decoded<Push>(label).number;
                                return encoded(sum);
                              }});
  return system;
}

TEST(Hash, IsEqualExactlyForEqualWorldsAndIndependentDeliveriesCommute) {
  std::size_t commuted = 0;
  std::size_t met_again = 0;
  const bool success = rc::check([&] {
    const System system = any_system();
    std::map<std::string, Hash128> hash_of;
    std::map<Hash128, std::string> content_of;
    const auto meet = [&](const LiveWorld& world) {
      const auto [known, fresh] = hash_of.emplace(content(world), world.hash());
      met_again += fresh ? 0 : 1;
      RC_ASSERT(known->second == world.hash());
      RC_ASSERT(content_of.emplace(world.hash(), content(world)).first->second == content(world));
    };
    LiveWorld world = started_world(system);
    for (int step = 0; step < 15; ++step) {
      meet(world);
      const std::vector<Event> events = world.enabled();
      RC_ASSERT(std::ranges::is_sorted(events));
      RC_ASSERT(std::ranges::adjacent_find(events) == events.end());
      RC_ASSERT(LiveWorld(world).enabled() == events);
      if (events.empty()) return;
      const Event one = *rc::gen::elementOf(events);
      for (const Event& other : events) {
        LiveWorld first(world);
        RC_ASSERT(first.apply(other).status == Status::applied);
        meet(first);
        const bool deliveries = one.kind == EventKind::deliver && other.kind == EventKind::deliver;
        if (!deliveries || one.process == other.process) continue;
        LiveWorld second(world);
        RC_ASSERT(first.apply(one).status == Status::applied);
        RC_ASSERT(second.apply(one).status == Status::applied);
        RC_ASSERT(second.apply(other).status == Status::applied);
        RC_ASSERT(first.hash() == second.hash());
        meet(first);
        meet(second);
        ++commuted;
      }
      RC_ASSERT(world.apply(one).status == Status::applied);
    }
  });
  EXPECT_TRUE(success);
  EXPECT_GT(commuted, 100U);
  EXPECT_GT(met_again, 100U);
}

}  // namespace
}  // namespace gainsay::testing
