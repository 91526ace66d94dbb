// Raft: its handlers against the sections of Ongaro's thesis, and figure 3.7 step by step.
#include "protocols/raft/raft.hpp"

#include <gtest/gtest.h>

#include "explorer/check.hpp"
#include "protocols/catalog.hpp"
#include "tests/protocols/raft_handlers.hpp"
#include "tests/protocols/raft_run.hpp"

namespace gainsay::raft {
namespace {

TEST(RaftElection, TimeoutIncrementsTheTermAndVotesForItself) {  // section 3.4
  Handlers h;
  h.node.start(h.ctx);
  EXPECT_TRUE(h.armed(Node::Timer::election));
  h.node.on(h.ctx, Node::Timer::election);
  EXPECT_EQ(h.node.role, Role::candidate);
  EXPECT_EQ(h.node.durable.term, 1U);
  EXPECT_EQ(h.node.durable.voted_for, n1);
  EXPECT_EQ(h.step.sends().size(), 2U);
}

TEST(RaftElection, OneVoteInATermFirstComeFirstServed) {  // section 3.4
  Handlers h;
  h.node.on(h.ctx, n2, RequestVote{.term = 1, .last_index = 0, .last_term = 0});
  EXPECT_EQ(h.node.durable.voted_for, n2);
  ASSERT_TRUE(h.last_sent<Vote>());
  h.node.on(h.ctx, n3, RequestVote{.term = 1, .last_index = 0, .last_term = 0});
  EXPECT_EQ(h.node.durable.voted_for, n2);
  EXPECT_EQ(h.step.sends().size(), 1U);
}

TEST(RaftElection, MajorityMakesALeaderAndStaleVotesDoNotCount) {  // section 3.4
  Handlers h;
  h.node.on(h.ctx, Node::Timer::election);
  h.node.on(h.ctx, Node::Timer::election);
  h.node.on(h.ctx, n2, Vote{.term = 1});
  EXPECT_EQ(h.node.role, Role::candidate);
  h.node.on(h.ctx, n2, Vote{.term = 2});
  EXPECT_EQ(h.node.role, Role::leader);
  EXPECT_FALSE(h.armed(Node::Timer::election));
  EXPECT_TRUE(h.last_sent<AppendEntries>());
}

TEST(RaftElection, TheMoreUpToDateLogHasTheLaterLastTermThenTheLength) {  // section 3.6.1
  const auto votes = [](Index last_index, Term last_term) {
    Handlers h;
    h.node.durable = {.term = 2, .log = {entry(1), entry(2)}};
    h.node.on(h.ctx, n2, RequestVote{.term = 3, .last_index = last_index, .last_term = last_term});
    return h.node.durable.voted_for == n2;
  };
  EXPECT_FALSE(votes(5, 1));
  EXPECT_FALSE(votes(1, 2));
  EXPECT_TRUE(votes(2, 2));
  EXPECT_TRUE(votes(1, 3));
}

TEST(RaftElection, ACrashKeepsTermVoteAndLogOnly) {  // section 3.8
  const NodeType<Node> type(Options{});
  LocalState local{LocalState::Status::unstarted, 0, type.make()};
  const StepContext::Place place{.self = n1, .nodes = 1, .processes = 1};
  const auto run = [&](LocalEvent event) {
    EXPECT_EQ(run_event(local, event, place, {}).fault, StepResult::Fault::none);
    return *static_cast<const Node*>(local.process->state());
  };
  run({.kind = LocalEvent::Kind::start});
  EXPECT_EQ(run({.kind = LocalEvent::Kind::timer, .timer = 0}).role, Role::leader);
  run({.kind = LocalEvent::Kind::crash});
  const Node node = run({.kind = LocalEvent::Kind::restart});
  EXPECT_EQ(node.role, Role::follower);
  EXPECT_EQ(node.durable.term, 1U);
  EXPECT_EQ(node.durable.voted_for, n1);
}

TEST(RaftLog, RefusesWhatDoesNotFollowOnFromItsLog) {  // section 3.5, consistency check
  Handlers h;
  h.node.durable = {.term = 2, .log = {entry(1)}};
  h.node.on(h.ctx, n2, AppendEntries{.term = 2, .prev_index = 1, .prev_term = 2, .commit = 1});
  ASSERT_TRUE(h.last_sent<AppendReply>());
  EXPECT_FALSE(h.last_sent<AppendReply>()->success);
  EXPECT_EQ(h.last_sent<AppendReply>()->index, 1U);
  EXPECT_EQ(h.node.commit, 0U);
}

TEST(RaftLog, DeletesFromTheFirstConflictOn) {  // section 3.5
  Handlers h;
  h.node.durable = {.term = 2, .log = {entry(1), entry(1), entry(1)}};
  h.node.on(h.ctx, n2,
            AppendEntries{
                .term = 3, .prev_index = 1, .prev_term = 1, .entries = {entry(3)}, .commit = 0});
  ASSERT_EQ(h.node.last_index(), 2U);
  EXPECT_EQ(h.node.term_at(1), 1U);
  EXPECT_EQ(h.node.term_at(2), 3U);
}

TEST(RaftLog, ALateShorterMessageDeletesNothing) {  // section 3.5: only conflicts are deleted
  Handlers h;
  h.node.durable = {.term = 1, .log = {entry(1), entry(1)}};
  h.node.on(h.ctx, n2,
            AppendEntries{
                .term = 1, .prev_index = 0, .prev_term = 0, .entries = {entry(1)}, .commit = 2});
  EXPECT_EQ(h.node.last_index(), 2U);
  EXPECT_EQ(h.node.commit, 1U);  // min(leaderCommit, index of the last new entry)
  EXPECT_EQ(h.last_sent<AppendReply>()->index, 1U);
}

TEST(RaftLog, ARefusalMovesNextIndexBackOnceAndTriesAgain) {  // section 3.5
  Handlers h;
  h.node.durable = {.term = 1, .log = {entry(1), entry(1)}};
  h.node.on(h.ctx, Node::Timer::election);
  h.node.on(h.ctx, n2, Vote{.term = 2});
  const AppendReply refusal{.term = 2, .success = false, .index = 2};
  h.node.on(h.ctx, n3, refusal);
  EXPECT_EQ(h.node.next[n3], 2U);
  EXPECT_EQ(h.last_sent<AppendEntries>()->prev_index, 1U);
  EXPECT_EQ(h.last_sent<AppendEntries>()->entries.size(), 1U);
  h.node.on(h.ctx, n3, refusal);  // repeated by the network
  EXPECT_EQ(h.node.next[n3], 2U);
  h.node.on(h.ctx, n3, AppendReply{.term = 2, .success = true, .index = 2});
  EXPECT_EQ(h.node.match[n3], 2U);
  EXPECT_EQ(h.node.commit, 0U);  // both entries are of an older term: section 3.6.2
}

TEST(RaftClient, ARequestTwiceInTheLogIsAppliedOnce) {  // section 6.3
  Handlers h;
  const Command command{.request = {.client = {3}, .number = 1},
                        .operation = {.action = kv::Action::append, .key = "x", .value = "a"}};
  h.node.durable = {.term = 2, .log = {{1, command}, {2, command}}};
  h.node.commit_to(h.ctx, 2);
  EXPECT_EQ(h.node.store["x"], "a");
}

Configuration proposing(const std::string& bug = "") {
  Configuration configuration;
  configuration.options["propose"] = "1";
  configuration.bug = bug;
  return configuration;
}

// Figure 3.7 with three servers; true when the entry of term 1 is committed by counting replicas.
bool figure_3_7(const std::string& bug) {
  SteeredRun run(proposing(bug));
  run.elect(n1, n3, 1);
  run.timer(n1, Node::Timer::propose);  // in n1's log only
  run.elect(n2, n3, 2);
  run.timer(n2, Node::Timer::propose);  // in n2's log only
  run.elect(n1, n3, 3);
  const auto of_term_3 = [](const auto& message) { return message.term == 3; };
  const auto with_entries = [](const AppendEntries& append) { return !append.entries.empty(); };
  run.deliver<AppendEntries>(n3, n1, of_term_3);  // refused: n3 has nothing
  run.deliver<AppendReply>(n1, n3, [](const AppendReply& reply) { return !reply.success; });
  run.deliver<AppendEntries>(n3, n1, [&](const AppendEntries& append) {
    return of_term_3(append) && with_entries(append);
  });
  run.deliver<AppendReply>(n1, n3, [](const AppendReply& reply) { return reply.success; });
  const bool committed = run.node(n1).commit == 1;
  if (!committed) return false;
  run.elect(n2, n3, 4);  // and n2, which lacks it, is elected
  return true;
}

TEST(RaftCommit, Figure37) {  // section 3.6.2
  EXPECT_TRUE(figure_3_7("fig8-old-term-commit"));
}

TEST(RaftCommit, Figure37ByTheRule) {  // section 3.6.2
  SteeredRun run(proposing());
  run.elect(n1, n3, 1);
  run.timer(n1, Node::Timer::propose);
  run.elect(n2, n3, 2);
  run.timer(n2, Node::Timer::propose);
  run.elect(n1, n3, 3);
  run.settle();
  EXPECT_EQ(run.node(n3).last_index(), 1U);
  EXPECT_EQ(run.node(n1).commit, 0U);
}

TEST(RaftRun, AClientIsServedAndReadsItsWrite) {  // chapter 6
  Configuration served;
  served.bounds.clients = 1;
  served.bounds.operations = 2;
  SteeredRun run(served);
  run.elect(n1, n2, 1);
  run.settle();
  const auto& operations = run.world().history().clients[0];
  ASSERT_EQ(operations.size(), 2U);
  ASSERT_TRUE(operations[1].result);
  EXPECT_EQ(decoded<kv::Result>(*operations[1].result).value, "a");
  for (const NodeId id : {n1, n2, n3}) EXPECT_EQ(run.node(id).commit, 2U);
}

TEST(RaftRun, HeartbeatsMakeUpForLostMessages) {  // sections 3.4 and 3.5: retried for ever
  Configuration lossy = proposing();
  lossy.bounds.network = Network::unordered;
  lossy.bounds.drops = 63;
  SteeredRun run(lossy);
  run.elect(n1, n2, 1);
  run.timer(n1, Node::Timer::propose);
  run.lose_everything();
  EXPECT_EQ(run.node(n2).last_index(), 0U);
  run.timer(n1, Node::Timer::heartbeat);
  run.settle();
  for (const NodeId id : {n1, n2, n3}) EXPECT_EQ(run.node(id).commit, 1U);
}

bool refused(const Configuration& configuration) {
  try {
    find_system("raft")->make(configuration);
  } catch (const UsageError&) {
    return true;
  }
  return false;
}

TEST(RaftCatalog, UnknownNamesAreRefused) {
  for (const char* bug : {"no-such-bug", "none"}) {
    Configuration configuration;
    configuration.bug = bug;
    EXPECT_TRUE(refused(configuration)) << bug;
  }
  for (const auto& [option, value] : {std::pair("propose", "x"), std::pair("candidates", "-1")}) {
    Configuration configuration;
    configuration.options[option] = value;
    EXPECT_TRUE(refused(configuration)) << option;
  }
}

TEST(RaftCatalog, TheDefaultBoundsHold) {
  const CheckReport report = check(make_model(catalog_entry().defaults), {.reduce = Reductions{}});
  EXPECT_EQ(report.verdict, Verdict::holds) << report.incomplete_because;
  EXPECT_EQ(report.states, 4'002'942U);
}

// --- recovery ---

Configuration one_candidate(const std::string& heartbeat) {
  Configuration configuration;
  configuration.bounds.limits["term"] = 1;
  configuration.options = {{"propose", "1"}, {"candidates", "1"}, {"heartbeat", heartbeat}};
  return configuration;
}

// What a leader has sent can be lost for good; it is its heartbeat that finds out.
TEST(RaftRecovery, ACommitNeedsTheHeartbeat) {
  for (const bool beats : {false, true}) {
    Model model = make_model(one_candidate(beats ? "1" : "0"));
    model.properties.push_back(recovers<Node>(
        "a commit", [](const View& node) { return node.commit > 0; }, {.more = {{"term", 1}}}));
    const CheckReport report = check(model);
    EXPECT_EQ(report.verdict, beats ? Verdict::holds : Verdict::violated) << report << report.story;
    if (!beats) {
      EXPECT_EQ(report.counterexample->kind, PropertyKind::recovers);
    }
  }
}

TEST(RaftRecovery, ALeaderIsInReachWithinTwoMoreTermsWhateverTheNetwork) {
  for (const Network network : {Network::async, Network::unordered, Network::fifo}) {
    Configuration configuration;
    configuration.bounds.network = network;
    configuration.bounds.crashes = configuration.bounds.restarts = 1;
    configuration.options = {{"recovers", "2"}, {"heartbeat", "0"}};
    configuration.bounds.limits["term"] = network == Network::async ? 2 : 1;
    const CheckReport report = check(find_system("raft")->make(configuration));
    EXPECT_EQ(report.verdict, Verdict::holds) << report;
    EXPECT_EQ(report.properties.back().recovery->limits.at("term"),
              network == Network::async ? 4U : 3U);
  }
}

// All may stand in the last term at once: then only another term helps.
TEST(RaftRecovery, WithoutATermMoreItIsNotKnown) {
  Configuration configuration;
  configuration.bounds.limits["term"] = 1;
  Model model = make_model(configuration);
  model.properties.push_back(
      recovers<Node>("a leader", [](const View& node) { return node.role == Role::leader; }));
  const CheckReport report = check(model);
  EXPECT_EQ(report.verdict, Verdict::incomplete);
  EXPECT_NE(report.incomplete_because.find("term<=1"), std::string::npos) << report;
}

}  // namespace
}  // namespace gainsay::raft
