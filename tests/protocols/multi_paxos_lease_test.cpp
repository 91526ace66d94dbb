// Master leases of Multi-Paxos (PML 5.2: "Paxos Made Live"), and the clocks that they need.
#include <gtest/gtest.h>

#include <string>

#include "explorer/check.hpp"
#include "explorer/report.hpp"
#include "protocols/catalog.hpp"
#include "protocols/multi_paxos/multi_paxos.hpp"

namespace gainsay::multi_paxos {
namespace {

constexpr NodeId n1{0};
constexpr NodeId n2{1};
constexpr NodeId n3{2};
constexpr NodeId client{3};

Request<kv::Operation> get(std::uint32_t number) {
  return {.id = {.client = client, .number = number},
          .operation = {.action = kv::Action::get, .key = "x", .value = ""}};
}

// One node of three, n1, whose handlers are called directly.
struct Handlers {
  Options options{.resend = false, .lease = 1, .renewals = 3};
  StepContext step{{.self = n1, .nodes = 3, .processes = 4}, 0, {}};
  Node::Context ctx{step, &options};
  Node node;

  template <class Message>
  std::size_t sent(NodeId to) const {
    std::size_t count = 0;
    for (const auto& send : step.sends()) {
      const auto wire = decoded<Wire<Node>>(send.message);
      if (send.to == to && std::holds_alternative<Message>(wire)) ++count;
    }
    return count;
  }
  bool armed(Node::Timer timer) const { return step.armed(static_cast<std::uint32_t>(timer)); }
  void lead() {
    node.start(ctx);
    node.on(ctx, Node::Timer::election);
    node.on(ctx, n2, Promise{.ballot = node.ballot, .accepted = {}, .chosen = {}});
  }
  void grant(NodeId from, std::uint32_t number) {
    node.on(ctx, from, GrantLease{.ballot = node.ballot, .number = number});
  }
  bool reads(std::uint32_t number) {
    const std::size_t before = sent<Reply<kv::Result>>(client);
    node.on(ctx, client, get(number));
    return sent<Reply<kv::Result>>(client) > before;
  }
};

TEST(MasterLease, IsHeldFromTheGrantsOfAQuorumUntilItsTimerFires) {
  Handlers h;
  h.lead();
  h.node.on(h.ctx, Node::Timer::renew);
  EXPECT_EQ(h.sent<AskLease>(n2), 1U);
  EXPECT_TRUE(h.armed(Node::Timer::odd_lease));
  EXPECT_FALSE(h.node.holds_lease(h.ctx));
  h.grant(n3, 1);
  EXPECT_TRUE(h.reads(1));
  EXPECT_EQ(h.node.next, 1U);  // no slot was used
  h.node.on(h.ctx, Node::Timer::odd_lease);
  EXPECT_FALSE(h.reads(2));
  EXPECT_EQ(h.node.next, 2U);
  h.grant(n2, 1);
  h.grant(n3, 1);
  EXPECT_FALSE(h.node.holds_lease(h.ctx));  // too late
}

TEST(MasterLease, IsRenewedBeforeItEnds) {
  Handlers h;
  h.lead();
  h.node.on(h.ctx, Node::Timer::renew);
  h.grant(n2, 1);
  h.node.on(h.ctx, Node::Timer::renew);
  h.node.on(h.ctx, Node::Timer::odd_lease);
  EXPECT_FALSE(h.node.holds_lease(h.ctx));
  h.grant(n2, 2);
  EXPECT_TRUE(h.node.holds_lease(h.ctx));
  h.node.on(h.ctx, Node::Timer::renew);
  EXPECT_FALSE(h.armed(Node::Timer::renew));  // three times were allowed
  h.node.on(h.ctx, Node::Timer::even_lease);
  EXPECT_FALSE(h.node.holds_lease(h.ctx));
  h.grant(n2, 1);
  EXPECT_FALSE(h.node.holds_lease(h.ctx));
  h.grant(n2, 3);
  EXPECT_TRUE(h.node.holds_lease(h.ctx));
}

TEST(MasterLease, ServesNoReadsWhileSomethingThatItProposedIsOpen) {
  Handlers h;
  h.node.start(h.ctx);
  h.node.on(h.ctx, Node::Timer::election);
  h.node.on(h.ctx, n2,
            Promise{.ballot = h.node.ballot,
                    .accepted = {{1, {.ballot = {.round = 0, .id = n2}, .value = Noop{}}}},
                    .chosen = {}});
  h.node.on(h.ctx, Node::Timer::renew);
  h.grant(n2, 1);
  ASSERT_TRUE(h.node.holds_lease(h.ctx));
  EXPECT_FALSE(h.reads(1));
}

TEST(MasterLease, EndsWithTheLeadership) {
  Handlers h;
  h.lead();
  h.node.on(h.ctx, Node::Timer::renew);
  h.grant(n2, 1);
  h.node.on(h.ctx, n3, Prepare{.ballot = {.round = 5, .id = n3}, .first = 1});
  EXPECT_EQ(h.node.role, Role::follower);
  EXPECT_FALSE(h.node.holds_lease(h.ctx));
  EXPECT_FALSE(h.armed(Node::Timer::odd_lease));
}

TEST(MasterLease, WhoGrantsItListensToNobodyElseAndDoesNotStand) {
  Handlers h;
  h.node.start(h.ctx);
  h.node.on(h.ctx, n2, AskLease{.ballot = {.round = 1, .id = n2}, .number = 1});
  EXPECT_EQ(h.sent<GrantLease>(n2), 1U);
  EXPECT_FALSE(h.armed(Node::Timer::election));
  const Prepare other{.ballot = {.round = 2, .id = n3}, .first = 1};
  h.node.on(h.ctx, n3, other);
  h.node.on(h.ctx, n3, Accept{.ballot = other.ballot, .slot = 1, .value = Noop{}});
  h.node.on(h.ctx, n3, AskLease{.ballot = other.ballot, .number = 1});
  EXPECT_EQ(h.sent<Promise>(n3) + h.sent<Accepted>(n3) + h.sent<GrantLease>(n3), 0U);
  EXPECT_EQ(h.node.durable.promised, (Ballot{1, n2}));
  h.node.on(h.ctx, n2, Accept{.ballot = {1, n2}, .slot = 1, .value = Noop{}});
  EXPECT_EQ(h.sent<Accepted>(n2), 1U);
  EXPECT_FALSE(h.armed(Node::Timer::election));
  h.node.on(h.ctx, Node::Timer::grant);
  EXPECT_TRUE(h.armed(Node::Timer::election));
  h.node.on(h.ctx, n3, other);
  EXPECT_EQ(h.sent<Promise>(n3), 1U);
}

TEST(MasterLease, WhoHasPromisedANewerBallotGrantsNone) {
  Handlers h;
  h.node.start(h.ctx);
  h.node.on(h.ctx, n3, Prepare{.ballot = {.round = 2, .id = n3}, .first = 1});
  h.node.on(h.ctx, n2, AskLease{.ballot = {.round = 1, .id = n2}, .number = 1});
  EXPECT_EQ(h.sent<GrantLease>(n2), 0U);
}

TEST(MasterLease, WhoRestartsIsBoundByWhatItMayHaveGranted) {
  for (const bool forgets : {false, true}) {
    Handlers h;
    if (forgets) h.options.bug = Bug::lease_forgotten;
    h.node.durable.promised = {1, n2};
    h.node.start(h.ctx);
    EXPECT_EQ(h.armed(Node::Timer::election), forgets);
    h.node.on(h.ctx, n3, Prepare{.ballot = {.round = 2, .id = n3}, .first = 1});
    EXPECT_EQ(h.sent<Promise>(n3), forgets ? 1U : 0U);
  }
}

// --- checks ---

Configuration leasing(std::optional<std::uint32_t> skew) {
  return {.bounds = {.nodes = 3,
                     .clients = 1,
                     .operations = 2,
                     .skew = skew,
                     .limits = {{"round", 1}, {"slot", 1}}},
          .options = {{"candidates", "2"}, {"lease", "1"}, {"grant", "2"}},
          .bug = ""};
}

CheckReport checked(const Configuration& configuration) {
  return check(make_model(configuration), {.jobs = 1});
}

void expect_stale_read(const Configuration& configuration) {
  const CheckReport report = checked(configuration);
  ASSERT_EQ(report.verdict, Verdict::violated);
  EXPECT_EQ(report.counterexample->property, "linearizability");
}

TEST(MasterLease, HoldsByClocksAndReadsByLeaseAreReached) {
  const CheckReport report = checked(leasing(0));
  EXPECT_EQ(report.verdict, Verdict::holds) << report;
}

TEST(MasterLease, IsBrokenByClocksThatAreOffByMoreThanItAllowsFor) {
  expect_stale_read(leasing(1));
}

TEST(MasterLease, IsBrokenWhereItLastsAsLongAsTheGrant) {
  Configuration configuration = leasing(0);
  configuration.options["lease"] = "2";
  expect_stale_read(configuration);
}

TEST(MasterLease, IsBrokenWithoutClocksAndTheReportSaysWhatIsMissing) {
  const CheckReport report = checked(leasing(std::nullopt));
  ASSERT_EQ(report.verdict, Verdict::violated);
  EXPECT_NE(summary(report, false).find("--skew 0"), std::string::npos) << report;
}

TEST(MasterLease, IsBrokenWhenItIsCountedFromTheGrant) {
  Configuration configuration = leasing(0);
  configuration.bug = "lease-from-answer";
  expect_stale_read(configuration);
}

TEST(MasterLease, IsRefusedWhereItHasNotBeenThoughtThrough) {
  for (const char* option : {"alpha", "disk-loss"}) {
    Configuration configuration = leasing(0);
    configuration.options[option] = "1";
    EXPECT_THROW(make_model(configuration), UsageError) << option;
  }
  Configuration configuration = leasing(0);
  configuration.options["grant"] = "1001";
  EXPECT_THROW(make_model(configuration), UsageError);
}

}  // namespace
}  // namespace gainsay::multi_paxos
