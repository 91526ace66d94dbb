// Multi-Paxos: its handlers against the papers, and its options at small bounds. PMS: "Paxos Made
// Simple"; PTP: "The Part-Time Parliament"; PML: "Paxos Made Live"; FP: "Flexible Paxos".
#include "protocols/multi_paxos/multi_paxos.hpp"

#include <gtest/gtest.h>

#include "engine/world.hpp"
#include "explorer/check.hpp"
#include "protocols/catalog.hpp"

namespace gainsay::multi_paxos {
namespace {

constexpr NodeId n1{0};
constexpr NodeId n2{1};
constexpr NodeId n3{2};
constexpr NodeId client{3};

Value write(std::uint32_t number) { return Write{.by = n2, .number = number}; }
Value append(std::uint32_t number) {
  return Command{.request = {.client = client, .number = number},
                 .operation = {.action = kv::Action::append, .key = "x", .value = "a"}};
}

// One node of three, n1, whose handlers are called directly.
struct Handlers {
  Options options{.resend = false};
  StepContext step{{.self = n1, .nodes = 3, .processes = 4}, 0, {}};
  Node::Context ctx{step, &options};
  Node node;

  template <class Message>
  std::vector<Message> sent(NodeId to) const {
    std::vector<Message> messages;
    for (const auto& send : step.sends()) {
      const auto wire = decoded<Wire<Node>>(send.message);
      const auto* message = std::get_if<Message>(&wire);
      if (send.to == to && message != nullptr) messages.push_back(*message);
    }
    return messages;
  }
  bool armed(Node::Timer timer) const { return step.armed(static_cast<std::uint32_t>(timer)); }
  void lead() {
    node.on(ctx, Node::Timer::election);
    node.on(ctx, n2, Promise{.ballot = node.ballot, .accepted = {}, .chosen = {}});
  }
};

TEST(MultiPaxosPhase1, ACandidateAsksForAllSlotsThatItDoesNotKnow) {  // PMS 3
  Handlers h;
  h.node.durable.ledger[1] = write(1);
  h.node.start(h.ctx);
  EXPECT_TRUE(h.armed(Node::Timer::election));
  h.node.on(h.ctx, Node::Timer::election);
  EXPECT_EQ(h.node.role, Role::candidate);
  EXPECT_EQ(h.node.durable.promised, (Ballot{1, n1}));
  ASSERT_EQ(h.sent<Prepare>(n3).size(), 1U);
  EXPECT_EQ(h.sent<Prepare>(n3)[0].first, 2U);
  h.node.on(h.ctx, Node::Timer::election);
  EXPECT_EQ(h.node.ballot, (Ballot{2, n1}));  // PMS 2.5: never the same one again
}

TEST(MultiPaxosPhase1, APromiseTellsWhatWasAcceptedAndWhatIsChosen) {  // PTP 3.1
  Handlers h;
  h.node.durable.promised = {1, n2};
  h.node.durable.ledger = {{1, write(1)}, {2, write(2)}};
  h.node.durable.accepted = {{4, {.ballot = {1, n2}, .value = write(4)}}};
  h.node.on(h.ctx, n3, Prepare{.ballot = {1, n1}, .first = 2});
  EXPECT_TRUE(h.step.sends().empty());  // PMS 2.2, P1b: it has promised a higher one
  h.node.on(h.ctx, n3, Prepare{.ballot = {1, n3}, .first = 2});
  ASSERT_EQ(h.sent<Promise>(n3).size(), 1U);
  const Promise promise = h.sent<Promise>(n3)[0];
  EXPECT_TRUE(equal(promise.chosen, Ledger{{2, write(2)}}));
  EXPECT_TRUE(equal(promise.accepted, h.node.durable.accepted));
  EXPECT_EQ(h.node.durable.promised, (Ballot{1, n3}));
}

TEST(MultiPaxosPhase1, PromisesOfAnotherBallotDoNotCount) {  // PMS 2.2
  Handlers h;
  h.node.on(h.ctx, Node::Timer::election);
  h.node.on(h.ctx, Node::Timer::election);
  h.node.on(h.ctx, n2, Promise{.ballot = {1, n1}, .accepted = {}, .chosen = {}});
  EXPECT_EQ(h.node.role, Role::candidate);
  h.node.on(h.ctx, n2, Promise{.ballot = {2, n1}, .accepted = {}, .chosen = {}});
  EXPECT_EQ(h.node.role, Role::leader);
  EXPECT_FALSE(h.armed(Node::Timer::election));
}

TEST(MultiPaxosPhase2, ProposesTheHighestBallotsValueAndFillsHolesWithNoops) {  // PMS 2.2 P2c, 3
  Handlers h;
  h.node.durable.promised = {2, n2};
  h.node.durable.accepted = {{2, {.ballot = {1, n2}, .value = write(1)}}};
  h.node.on(h.ctx, Node::Timer::election);
  const Proposals accepted{{2, {.ballot = {2, n2}, .value = write(2)}},
                           {4, {.ballot = {1, n2}, .value = write(4)}}};
  h.node.on(h.ctx, n3, Promise{.ballot = {3, n1}, .accepted = accepted, .chosen = {}});
  const auto proposals = h.sent<Accept>(n3);
  ASSERT_EQ(proposals.size(), 4U);
  for (Slot slot = 1; slot <= 4; ++slot) {
    const Value expected = slot % 2 == 1 ? Value{Noop{}} : write(slot);
    EXPECT_EQ(proposals[slot - 1].slot, slot);
    EXPECT_TRUE(equal(proposals[slot - 1].value, expected)) << slot;
    EXPECT_EQ(proposals[slot - 1].ballot, (Ballot{3, n1}));
  }
  EXPECT_EQ(h.node.next, 5U);
}

TEST(MultiPaxosPhase2, AnAcceptorKeepsItsPromise) {  // PMS 2.2, P1a
  Handlers h;
  h.node.durable.promised = {2, n2};
  h.node.on(h.ctx, n3, Accept{.ballot = {1, n3}, .slot = 1, .value = write(1)});
  EXPECT_TRUE(h.node.durable.accepted.empty());
  EXPECT_TRUE(h.step.sends().empty());
  h.node.on(h.ctx, n3, Accept{.ballot = {2, n3}, .slot = 1, .value = write(1)});
  EXPECT_EQ(h.node.durable.accepted[1].ballot, (Ballot{2, n3}));
  EXPECT_EQ(h.node.durable.promised, (Ballot{2, n3}));
  EXPECT_EQ(h.sent<Accepted>(n3).size(), 1U);
}

TEST(MultiPaxosPhase2, ALeaderThatHearsOfANewerBallotStepsDown) {  // PMS 2.4
  Handlers h;
  h.lead();
  h.node.on(h.ctx, n3, Prepare{.ballot = {1, n3}, .first = 1});
  EXPECT_EQ(h.node.role, Role::follower);
  EXPECT_TRUE(h.armed(Node::Timer::election));
  h.node.on(h.ctx, client, Request<kv::Operation>{{client, 1}, {}});
  EXPECT_TRUE(h.sent<Accept>(n2).empty());
}

TEST(MultiPaxosLearning, ASlotIsChosenByAQuorumOfOneBallot) {  // PMS 2.3
  Handlers h;
  h.options.all_learn = true;
  h.node.on(h.ctx, n2, Accepted{.ballot = {1, n2}, .slot = 1, .value = write(1)});
  h.node.on(h.ctx, n3, Accepted{.ballot = {2, n3}, .slot = 1, .value = write(2)});
  h.node.on(h.ctx, n3, Accepted{.ballot = {1, n2}, .slot = 1, .value = write(1)});
  EXPECT_TRUE(h.node.durable.ledger.empty());
  h.node.on(h.ctx, n2, Accepted{.ballot = {2, n3}, .slot = 1, .value = write(2)});
  EXPECT_TRUE(equal(h.node.durable.ledger, Ledger{{1, write(2)}}));
}

TEST(MultiPaxosLearning, CommandsWaitForTheSlotsBefore) {  // PMS 3
  Handlers h;
  h.node.on(h.ctx, n2, Chosen{.slot = 2, .value = append(1)});
  EXPECT_EQ(h.node.applied, 0U);
  h.node.on(h.ctx, n2, Chosen{.slot = 1, .value = Noop{}});
  EXPECT_EQ(h.node.applied, 2U);
  EXPECT_EQ(h.node.store["x"], "a");
}

TEST(MultiPaxosLearning, ARequestInTwoSlotsIsAppliedOnce) {
  Handlers h;
  h.node.on(h.ctx, n2, Chosen{.slot = 1, .value = append(1)});
  h.node.on(h.ctx, n2, Chosen{.slot = 2, .value = append(1)});
  EXPECT_EQ(h.node.store["x"], "a");
  h.lead();
  const Request<kv::Operation> again{{client, 1}, {kv::Action::append, "x", "a"}};
  h.node.on(h.ctx, client, again);
  EXPECT_EQ(h.sent<Reply<kv::Result>>(client).size(), 1U);  // from the session
  EXPECT_TRUE(h.sent<Accept>(n2).empty());
}

TEST(MultiPaxosLearning, WhatIsGatheredIsOneValueAppliedInItsOrder) {
  Handlers h;
  h.options.gather = 1000;
  h.lead();
  for (const std::uint32_t number : {1U, 1U, 2U}) {  // the client has asked twice
    const Command command = std::get<Command>(append(number));
    h.node.on(h.ctx, client,
              Request<kv::Operation>{.id = command.request, .operation = command.operation});
  }
  EXPECT_TRUE(h.sent<Accept>(n2).empty());
  EXPECT_TRUE(h.armed(Node::Timer::gather));
  h.node.on(h.ctx, Node::Timer::gather);
  ASSERT_EQ(h.sent<Accept>(n2).size(), 1U);
  const Accept accept = h.sent<Accept>(n2)[0];
  EXPECT_EQ(std::get<Batch>(accept.value).commands.size(), 2U);
  h.node.on(h.ctx, n2, Accepted{.ballot = accept.ballot, .slot = 1, .value = accept.value});
  EXPECT_EQ(h.node.applied, 1U);
  EXPECT_EQ(h.node.store.begin()->second, "aa");
  EXPECT_EQ(h.sent<Reply<kv::Result>>(client).size(), 2U);
}

TEST(MultiPaxosConfiguration, IsInForceFromAlphaSlotsOn) {  // PMS 3
  const Ledger ledger{{1, write(1)}, {2, Reconfigure{{n2, n3}}}};
  const NodeSet first{n1, n2};
  EXPECT_EQ(members_at(ledger, 2, 4, first, 3), first);
  EXPECT_EQ(members_at(ledger, 2, 5, first, 3), (NodeSet{n2, n3}));
  EXPECT_EQ(members_at(ledger, 2, 6, first, 3), std::nullopt);  // slot 3 may change it again
  EXPECT_EQ(members_at(ledger, 2, 6, first, 0), first);         // no change is ever in force
}

TEST(MultiPaxosConfiguration, ALeaderGoesNoFurtherThanAlphaAndAsksTheNewMembers) {  // PMS 3
  Handlers h;
  h.options.alpha = 1;
  h.options.propose = 9;
  h.options.spares = 2;  // n3 alone
  h.node.on(h.ctx, Node::Timer::election);
  h.node.on(h.ctx, n3, Promise{.ballot = {1, n1}, .accepted = {}, .chosen = {}});
  h.node.propose(h.ctx, Reconfigure{{n2}});
  EXPECT_FALSE(h.node.may_propose(h.ctx, 2));
  h.node.on(h.ctx, n3, Accepted{.ballot = {1, n1}, .slot = 1, .value = Reconfigure{{n2}}});
  EXPECT_EQ(h.node.applied, 1U);
  EXPECT_FALSE(h.node.may_propose(h.ctx, 2));  // n2 has not promised
  const Proposals accepted{{2, {.ballot = {0, n2}, .value = write(2)}}};
  h.node.on(h.ctx, n2, Promise{.ballot = {1, n1}, .accepted = accepted, .chosen = {}});
  ASSERT_EQ(h.sent<Accept>(n2).size(), 1U);
  EXPECT_TRUE(equal(h.sent<Accept>(n2)[0].value, write(2)));
}

TEST(MultiPaxosDisk, ANodeThatLostItsDiskOnlyLearns) {  // PML 5.1
  Handlers h;
  h.node.durable.disks_lost = 1;
  h.node.start(h.ctx);
  EXPECT_FALSE(h.armed(Node::Timer::election));
  h.node.on(h.ctx, n2, Prepare{.ballot = {1, n2}, .first = 1});
  h.node.on(h.ctx, n2, Accept{.ballot = {1, n2}, .slot = 1, .value = write(1)});
  EXPECT_TRUE(h.step.sends().empty());
  h.node.on(h.ctx, n2, Chosen{.slot = 1, .value = write(1)});
  EXPECT_EQ(h.node.applied, 1U);
}

TEST(MultiPaxosDisk, ARestartKeepsPromisesAcceptsAndTheLedger) {  // PMS 2.5
  const NodeType<Node> type(Options{.propose = 1});
  LocalState local{LocalState::Status::unstarted, 0, type.make()};
  const StepContext::Place place{.self = n1, .nodes = 1, .processes = 1};
  const auto run = [&](LocalEvent event) {
    EXPECT_EQ(run_event(local, event, place, {}).fault, StepResult::Fault::none);
    return *static_cast<const Node*>(local.process->state());
  };
  run({.kind = LocalEvent::Kind::start});
  run({.kind = LocalEvent::Kind::timer,
       .timer = static_cast<std::uint32_t>(Node::Timer::election)});
  run({.kind = LocalEvent::Kind::timer, .timer = static_cast<std::uint32_t>(Node::Timer::propose)});
  run({.kind = LocalEvent::Kind::crash});
  const Node node = run({.kind = LocalEvent::Kind::restart});
  EXPECT_EQ(node.role, Role::follower);
  EXPECT_EQ(node.durable.promised, (Ballot{1, n1}));
  EXPECT_EQ(node.applied, 1U);
}

TEST(MultiPaxosLoss, WhoHasMissedSlotsAsksForThem) {  // PTP 3.1
  Handlers h;
  h.node.on(h.ctx, n2, Heartbeat{.ballot = {1, n2}, .applied = 2});
  ASSERT_EQ(h.sent<Ask>(n2).size(), 1U);
  EXPECT_EQ(h.sent<Ask>(n2)[0].first, 1U);
  h.node.durable.ledger = {{1, write(1)}, {2, write(2)}};
  h.node.on(h.ctx, n3, Ask{.first = 2});
  ASSERT_EQ(h.sent<Chosen>(n3).size(), 1U);
  EXPECT_EQ(h.sent<Chosen>(n3)[0].slot, 2U);
}

// --- checks at small bounds ---

Configuration small(OptionTexts options, std::uint64_t slots) {
  Configuration configuration{.bounds = {}, .options = std::move(options), .bug = ""};
  configuration.options.emplace("candidates", "2");
  configuration.options.emplace("propose", "1");
  configuration.bounds.limits = {{"round", 1}, {"slot", slots}};
  return configuration;
}

CheckReport checked(const Configuration& configuration) {
  return check(find_system("multi-paxos")->make(configuration));
}

bool reaches(const CheckReport& report, const std::string& name) {
  return std::ranges::any_of(report.properties, [&](const PropertyReport& property) {
    return property.name == name && property.verdict == Verdict::holds;
  });
}

TEST(MultiPaxosCheck, AConfigurationChosenInASlotDecidesLaterOnes) {
  const CheckReport report = checked(small({{"alpha", "1"}, {"spares", "1"}, {"propose", "2"}}, 3));
  EXPECT_EQ(report.verdict, Verdict::holds) << report << report.story;
  EXPECT_TRUE(reaches(report, "a slot is decided by a new configuration")) << report;
}

TEST(MultiPaxosCheck, GatheredRequestsHold) {
  Configuration configuration = small({{"gather", "1"}, {"propose", "0"}}, 2);
  configuration.bounds.clients = 2;
  configuration.bounds.limits["slot"] = 2;
  const CheckReport report = checked(configuration);
  EXPECT_EQ(report.verdict, Verdict::holds) << report << report.story;
  EXPECT_TRUE(reaches(report, "a command is chosen")) << report;
}

// A node that answers from what it has applied answers from the past.
TEST(MultiPaxosCheck, LocalReadsAreNotLinearizable) {
  Configuration configuration = small({{"local-reads", "1"}, {"propose", "0"}}, 1);
  configuration.bounds.clients = 2;
  configuration.bounds.operations = 2;
  const CheckReport report = checked(configuration);
  EXPECT_EQ(report.verdict, Verdict::violated) << report;
  EXPECT_EQ(report.counterexample->property, "linearizability");
}

TEST(MultiPaxosCheck, QuorumsNeedToMeetOnlyAcrossPhases) {  // FP 3
  Configuration configuration = small({{"q1", "3"}, {"q2", "2"}}, 1);
  configuration.bounds.nodes = 4;
  EXPECT_EQ(checked(configuration).verdict, Verdict::holds);
  configuration.options["q1"] = "2";
  EXPECT_THROW(checked(configuration), UsageError);
  configuration.bug = "flexible-quorum-misconfig";
  EXPECT_EQ(checked(configuration).verdict, Verdict::violated);
}

TEST(MultiPaxosCheck, OptionsThatMakeNoSenseAreRefused) {
  for (const OptionTexts& options :
       {OptionTexts{{"q1", "4"}}, OptionTexts{{"values", "0"}}, OptionTexts{{"spares", "3"}},
        OptionTexts{{"alpha", "1"}, {"q1", "2"}}, OptionTexts{{"alpha", "1"}, {"all-learn", "1"}},
        OptionTexts{{"all-learn", "1"}, {"gather", "1"}}, OptionTexts{{"propose", "x"}}}) {
    EXPECT_THROW(checked(small(options, 1)), UsageError) << options.begin()->first;
  }
}

// What a leader has sent can be lost for good, and it does not stand again: it must repeat what is
// not answered.
TEST(MultiPaxosRecovery, AChoiceNeedsResending) {
  for (const bool resends : {false, true}) {
    Configuration configuration = small({{"candidates", "1"}, {"resend", resends ? "1" : "0"}}, 1);
    configuration.bounds.nodes = 2;
    Model model = make_model(configuration);
    model.properties.push_back(recovers<Node>(
        "a choice", [](const View& node) { return node.applied > 0; }, {.more = {{"round", 1}}}));
    const CheckReport report = check(model);
    EXPECT_EQ(report.verdict, resends ? Verdict::holds : Verdict::violated) << report;
    if (!resends) {
      EXPECT_EQ(report.counterexample->kind, PropertyKind::recovers);
    }
  }
}

TEST(MultiPaxosCheck, EveryOptionHoldsWithACrash) {
  for (const OptionTexts& options :
       {OptionTexts{}, OptionTexts{{"all-learn", "1"}}, OptionTexts{{"disk-loss", "1"}}}) {
    Configuration configuration = small(options, 1);
    configuration.bounds.crashes = configuration.bounds.restarts = 1;
    const CheckReport report = checked(configuration);
    EXPECT_EQ(report.verdict, Verdict::holds) << report << report.story;
  }
}

}  // namespace
}  // namespace gainsay::multi_paxos
