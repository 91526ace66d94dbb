// Who the members are, and their elections: against chapter 4 and sections 3.10 and 9.6 of Ongaro's
// thesis.
#include <gtest/gtest.h>

#include <array>

#include "explorer/check.hpp"
#include "explorer/recovery.hpp"
#include "protocols/catalog.hpp"
#include "tests/protocols/raft_handlers.hpp"
#include "tests/protocols/raft_run.hpp"
#include "tests/sanitized.hpp"

namespace gainsay::raft {
namespace {

NodeSet nodes(std::initializer_list<NodeId> list) {
  NodeSet set;
  for (const NodeId id : list) set.insert(id);
  return set;
}

Entry configuration(Term term, const Members& members) {
  return {.term = term, .command = members};
}

// A leader of term 1.
struct Changing : Handlers {
  explicit Changing(Options with) : Handlers(with) { lead(); }
  void commit_first() {
    node.on(ctx, Node::Timer::propose);
    acknowledge(n2, 1);
  }
  // The timer for changes fires, and the leader takes this one of those that it may.
  void change(std::uint32_t choice) {
    const std::array script{choice};
    StepContext chosen(step.place(), step.timers(), script);
    Node::Context with_choice(chosen, &options);
    node.on(with_choice, Node::Timer::change);
  }
  Members latest() const { return std::get<Members>(node.durable.log.back().command); }
};

// --- Single-server changes (sections 4.1 and 4.2) ---

TEST(RaftMembership, NothingChangesBeforeAnEntryOfTheTermIsCommitted) {  // Ongaro, July 2015
  Changing h({.propose = 1, .changes = 1});
  EXPECT_FALSE(h.armed(Node::Timer::change));
  EXPECT_FALSE(h.node.may_change(h.ctx));
  h.commit_first();
  EXPECT_TRUE(h.armed(Node::Timer::change));
}

TEST(RaftMembership, AChangeIsInForceAsSoonAsItIsInTheLog) {  // section 4.1
  Changing h({.propose = 1, .changes = 2});
  h.commit_first();
  h.change(2);
  EXPECT_EQ(h.latest().voters, nodes({n1, n2}));
  EXPECT_EQ(h.node.members(h.ctx).voters, nodes({n1, n2}));
  EXPECT_EQ(h.node.replicas(h.ctx), nodes({n2}));  // who was removed is sent nothing any more
  EXPECT_FALSE(h.node.is_quorum(h.ctx, nodes({n1, n3})));
  EXPECT_FALSE(h.node.may_change(h.ctx));  // one at a time
  h.acknowledge(n2, 2);
  EXPECT_EQ(h.node.commit, 2U);
  EXPECT_TRUE(h.node.may_change(h.ctx));
}

TEST(RaftMembership, AChangeThatIsCutOffTheLogIsNoLongerInForce) {  // section 4.1
  for (const Bug bug : {Bug::none, Bug::config_no_rollback}) {
    Handlers h(Options{.bug = bug, .changes = 1});
    const Entry change = configuration(1, {.voters = nodes({n1}), .incoming = {}, .learners = {}});
    h.node.on(h.ctx, n2,
              AppendEntries{
                  .term = 1, .prev_index = 0, .prev_term = 0, .entries = {change}, .commit = 0});
    EXPECT_EQ(h.node.members(h.ctx).voters, nodes({n1}));
    h.node.on(h.ctx, n3,
              AppendEntries{
                  .term = 2, .prev_index = 0, .prev_term = 0, .entries = {entry(2)}, .commit = 0});
    EXPECT_EQ(h.node.members(h.ctx).voters.size(), bug == Bug::none ? 3U : 1U);
  }
}

TEST(RaftMembership, ALeaderThatIsNotInTheConfigurationLeadsUntilItIsCommitted) {  // 4.2.2
  Changing h({.propose = 1, .changes = 1});
  h.commit_first();
  h.change(0);
  EXPECT_EQ(h.latest().voters, nodes({n2, n3}));
  h.acknowledge(n2, 2);
  EXPECT_EQ(h.node.role, Role::leader);  // its own entry does not count
  h.acknowledge(n3, 2);
  EXPECT_EQ(h.node.commit, 2U);
  EXPECT_EQ(h.node.role, Role::follower);
  EXPECT_FALSE(h.armed(Node::Timer::change));
}

TEST(RaftMembership, ASnapshotHasTheLatestConfiguration) {  // section 5.1
  Handlers h(Options{.compact = 2, .changes = 1});
  const Members two{.voters = nodes({n1, n2}), .incoming = {}, .learners = {}};
  h.node.durable = {.term = 1, .log = {entry(1), configuration(1, two), entry(1)}};
  h.node.commit_to(h.ctx, 3);
  ASSERT_NE(h.node.snapshot(), nullptr);
  EXPECT_EQ(h.node.members(h.ctx).voters, two.voters);
}

// --- Learners (section 4.2.1) ---

TEST(RaftMembership, ALearnerIsSentTheLogAndCountsForNothing) {
  Handlers h(Options{.voters = 2});
  h.lead();
  EXPECT_EQ(h.node.replicas(h.ctx), nodes({n2, n3}));
  EXPECT_EQ(h.node.other_voters(h.ctx), nodes({n2}));
  h.node.append(h.ctx, entry(1));
  h.acknowledge(n3, 1);
  EXPECT_EQ(h.node.commit, 0U);
  h.acknowledge(n2, 1);
  EXPECT_EQ(h.node.commit, 1U);
}

TEST(RaftMembership, ALearnerDoesNotStandForElection) {
  Options options{.voters = 1};
  StepContext step{{.self = n2, .nodes = 3, .processes = 3}, 0, {}};
  Node::Context ctx{step, &options};
  Node node;
  node.start(ctx);
  EXPECT_FALSE(step.armed(static_cast<std::uint32_t>(Node::Timer::election)));
}

TEST(RaftMembership, ALearnerCanBecomeAVoter) {
  Changing h({.propose = 1, .voters = 2, .changes = 1});
  h.commit_first();
  h.change(2);
  EXPECT_EQ(h.latest().voters, nodes({n1, n2, n3}));
  EXPECT_TRUE(h.latest().learners.empty());
}

// --- Joint consensus (section 4.3) ---

TEST(RaftMembership, AJointConfigurationTakesAMajorityOfEach) {
  Handlers h(Options{.changes = 1, .joint = true});
  const Members joint{.voters = nodes({n1, n2, n3}), .incoming = nodes({n3}), .learners = {}};
  h.node.durable = {.term = 1, .log = {configuration(1, joint)}};
  EXPECT_FALSE(h.node.is_quorum(h.ctx, nodes({n1, n2})));
  EXPECT_FALSE(h.node.is_quorum(h.ctx, nodes({n3})));
  EXPECT_TRUE(h.node.is_quorum(h.ctx, nodes({n1, n3})));
}

TEST(RaftMembership, TheNewConfigurationFollowsTheJointOne) {
  Changing h({.propose = 1, .changes = 2, .joint = true});  // to n1 and n2
  h.commit_first();
  h.change(2);
  EXPECT_EQ(h.latest().voters, nodes({n1, n2, n3}));
  EXPECT_EQ(h.latest().incoming, nodes({n1, n2}));
  h.acknowledge(n3, 2);  // a majority of the old one
  EXPECT_EQ(h.node.commit, 1U);
  h.acknowledge(n2, 2);
  EXPECT_EQ(h.node.commit, 2U);
  EXPECT_EQ(h.node.last_index(), 3U);
  EXPECT_EQ(h.latest().voters, nodes({n1, n2}));
  EXPECT_TRUE(h.latest().incoming.empty());
}

// --- Leadership transfer (section 3.10) ---

TEST(RaftTransfer, OnlyWhoeverHasTheWholeLogIsToldToStand) {
  Handlers h(Options{.transfer = true});
  h.lead();
  EXPECT_TRUE(h.armed(Node::Timer::transfer));  // the log is empty
  h.node.append(h.ctx, entry(1));
  EXPECT_FALSE(h.armed(Node::Timer::transfer));
  h.acknowledge(n3, 1);
  EXPECT_EQ(h.node.successors(h.ctx), nodes({n3}));
  h.node.on(h.ctx, Node::Timer::transfer);
  EXPECT_TRUE(h.last_sent<TimeoutNow>());
  EXPECT_EQ(h.node.role, Role::leader);
}

TEST(RaftTransfer, WhoeverIsToldStandsAtOnceInItsTermOnly) {
  Handlers h(Options{.transfer = true, .prevote = true});
  h.node.durable.term = 2;
  h.node.on(h.ctx, n2, TimeoutNow{.term = 1});
  EXPECT_EQ(h.node.durable.term, 2U);
  h.node.on(h.ctx, n2, TimeoutNow{.term = 2});
  EXPECT_EQ(h.node.durable.term, 3U);
  EXPECT_EQ(h.node.role, Role::candidate);  // without asking whether it could win
}

// --- Pre-votes (section 9.6) ---

AppendEntries heartbeat(Term term) {
  return {.term = term, .prev_index = 0, .prev_term = 0, .entries = {}, .commit = 0};
}
PreVote prevote(Term term, Index last_index = 0, Term last_term = 0) {
  return {.term = term, .last_index = last_index, .last_term = last_term};
}

TEST(RaftPreVote, NothingChangesBeforeAMajorityWouldVote) {
  Handlers h(Options{.prevote = true});
  h.node.on(h.ctx, Node::Timer::election);
  EXPECT_EQ(h.node.durable.term, 0U);
  EXPECT_FALSE(h.node.durable.voted_for);
  EXPECT_TRUE(h.last_sent<PreVote>());
  h.node.on(h.ctx, n2, PreVoteReply{.term = 2, .given = true});  // of another asking
  EXPECT_EQ(h.node.durable.term, 0U);
  h.node.on(h.ctx, n2, PreVoteReply{.term = 1, .given = true});
  EXPECT_EQ(h.node.durable.term, 1U);
  EXPECT_EQ(h.node.role, Role::candidate);
}

TEST(RaftPreVote, WhoeverHearsALeaderGivesNone) {
  Handlers h(Options{.prevote = true});
  h.node.on(h.ctx, n3, prevote(1));
  ASSERT_TRUE(h.last_sent<PreVoteReply>());
  EXPECT_TRUE(h.last_sent<PreVoteReply>()->given);
  h.node.on(h.ctx, n2, heartbeat(1));
  h.node.on(h.ctx, n3, prevote(2));
  EXPECT_FALSE(h.last_sent<PreVoteReply>());
  h.node.on(h.ctx, Node::Timer::election);  // the leader is silent
  h.node.on(h.ctx, n3, prevote(2));
  ASSERT_TRUE(h.last_sent<PreVoteReply>());
  EXPECT_EQ(h.node.durable.term, 1U);
}

TEST(RaftPreVote, ALeaderGivesNoneAndOldLogsGetNone) {
  Handlers h(Options{.prevote = true});
  h.node.durable = {.term = 1, .log = {entry(1)}};
  h.node.on(h.ctx, n3, prevote(2));
  EXPECT_TRUE(h.step.sends().empty());
  h.node.on(h.ctx, n3, prevote(2, 1, 1));
  EXPECT_EQ(h.step.sends().size(), 1U);
  h.lead();
  const std::size_t before = h.step.sends().size();
  h.node.on(h.ctx, n3, prevote(3, 1, 1));
  EXPECT_EQ(h.step.sends().size(), before);
}

TEST(RaftPreVote, WhoeverIsBehindIsTold) {
  Handlers h(Options{.prevote = true});
  h.node.durable.term = 3;
  h.node.on(h.ctx, n3, prevote(2));
  ASSERT_TRUE(h.last_sent<PreVoteReply>());
  EXPECT_FALSE(h.last_sent<PreVoteReply>()->given);
  EXPECT_EQ(h.last_sent<PreVoteReply>()->term, 3U);
  h.node.on(h.ctx, n3, PreVoteReply{.term = 4, .given = false});
  EXPECT_EQ(h.node.durable.term, 4U);
  EXPECT_EQ(h.node.role, Role::leaderless);
}

TEST(RaftPreVote, AnOldLeaderIsToldOfTheNewerTerm) {
  Handlers h(Options{.prevote = true});
  h.node.durable.term = 3;
  h.node.on(h.ctx, n2, heartbeat(2));
  ASSERT_TRUE(h.last_sent<AppendReply>());
  EXPECT_EQ(h.last_sent<AppendReply>()->term, 3U);
  EXPECT_FALSE(h.last_sent<AppendReply>()->success);
}

// --- checks ---

void expect_holds(Configuration configuration, const OptionTexts& options) {
  for (const auto& [name, value] : options) configuration.options[name] = value;
  const CheckReport report = check(find_system("raft")->make(configuration));
  EXPECT_EQ(report.verdict, Verdict::holds) << report << report.story;
}

Configuration of_terms(std::uint64_t terms, std::uint32_t nodes = 3) {
  return {.bounds = {.nodes = nodes, .limits = {{"term", terms}}}, .options = {}, .bug = ""};
}

TEST(RaftMembership, ChangesHoldOneByOneAndJoint) {
  Configuration one = of_terms(2);
  one.bounds.limits["log"] = 2;
  const OptionTexts changing = {{"candidates", "2"}, {"propose", "1"}, {"changes", "1"}};
  expect_holds(one, changing);
  Configuration joint = of_terms(1);
  joint.bounds.limits["log"] = 3;
  expect_holds(joint, {{"candidates", "1"}, {"propose", "1"}, {"changes", "2"}, {"joint", "1"}});
}

TEST(RaftPreVote, HoldsWithTheOtherOptions) {
  const OptionTexts two = {{"candidates", "2"}, {"propose", "1"}, {"prevote", "1"}};
  const auto with = [&](const std::string& name) {
    OptionTexts options = two;
    options[name] = "1";
    return options;
  };
  expect_holds(of_terms(2), two);
  if (is_sanitized()) return;  // minutes
  expect_holds(of_terms(2), with("compact"));
  expect_holds(of_terms(2), with("transfer"));
  expect_holds(of_terms(2), with("noop"));
  Configuration crashes = of_terms(2);
  crashes.bounds.crashes = crashes.bounds.restarts = 1;
  expect_holds(crashes, {{"candidates", "2"}, {"propose", "0"}, {"prevote", "1"}});
}

// A server that was removed and does not know it (section 4.2.3): what it does to the two others.
Verdict with_removed_server(const std::string& bug) {
  Configuration removing = of_terms(1);
  removing.bounds.limits["log"] = 2;
  removing.options = {
      {"propose", "1"}, {"changes", "1"}, {"prevote", "1"}, {"stays", "2"}, {"heartbeat", "1"}};
  removing.bug = bug;
  SteeredRun run(removing);
  run.timer(n1, Node::Timer::election);
  run.settle();
  run.timer(n1, Node::Timer::propose);
  run.settle();
  run.timer(n1, Node::Timer::change, {2});
  run.deliver<AppendEntries>(n2, n1, [](const AppendEntries& append) {
    return append.prev_index == 1 && !append.entries.empty();
  });
  run.deliver<AppendReply>(n1, n2, [](const AppendReply& reply) { return reply.index == 2; });
  run.deliver<AppendEntries>(n2, n1,
                             [](const AppendEntries& append) { return append.commit == 2; });
  EXPECT_EQ(run.node(n2).commit, 2U);
  EXPECT_EQ(run.node(n3).last_index(), 1U);
  const Model model = make_model(removing);
  const Property& stays = model.properties.back();
  const auto go_on = [](std::uint64_t) { return std::string(); };
  LocalVector locals;
  for (const NodeId id : {n1, n2, n3}) locals.push_back(run.world().local(id));
  return judge_recovery(model.system, stays, {locals}, go_on).verdict;
}

TEST(RaftPreVote, ARemovedServerDeposesNoLeader) {
  EXPECT_EQ(with_removed_server(""), Verdict::holds);
  EXPECT_EQ(with_removed_server("disruptive-server"), Verdict::violated);
}

TEST(RaftPreVote, ALeaderIsInReachAndStaysAfterCrashes) {
  Configuration crashes = of_terms(1);
  crashes.bounds.crashes = crashes.bounds.restarts = 1;
  if (!is_sanitized()) {  // minutes
    expect_holds(crashes, {{"prevote", "1"}, {"recovers", "2"}, {"stays", "2"}});
  }
  expect_holds(of_terms(1),
               {{"candidates", "2"}, {"propose", "1"}, {"prevote", "1"}, {"stays", "2"}});
  Configuration alone = of_terms(1);
  alone.options = {{"candidates", "1"}, {"prevote", "1"}, {"stays", "2"}};
  EXPECT_THROW(find_system("raft")->make(alone), UsageError);
}

// Plain Raft has nothing against it.
TEST(RaftPreVote, WithoutThemALeaderDoesNotStay) {
  Configuration plain = of_terms(1);
  plain.options = {{"stays", "2"}};
  const CheckReport report = check(find_system("raft")->make(plain));
  ASSERT_EQ(report.verdict, Verdict::violated) << report;
  EXPECT_EQ(report.counterexample->property, "a leader that stays");
}

}  // namespace
}  // namespace gainsay::raft
