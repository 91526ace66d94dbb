// Reads by lease, against section 6.4.1 of Ongaro's thesis, and the clocks that they need.
#include <gtest/gtest.h>

#include <string>

#include "protocols/catalog.hpp"
#include "tests/protocols/raft_handlers.hpp"

namespace gainsay::raft {
namespace {

Request<kv::Operation> get(std::uint32_t number) {
  return {.id = {.client = c1, .number = number},
          .operation = {.action = kv::Action::get, .key = "x", .value = ""}};
}

// A leader of term 1 whose first entry is committed, and which has asked for a lease.
struct Leader : Handlers {
  Leader() : Handlers(with_lease({})) {
    lead();
    acknowledge(n2, 1);
    node.on(ctx, Node::Timer::renew);
  }
  static Options with_lease(Options chosen) {
    chosen.noop = true;
    chosen.lease = 1;
    chosen.renewals = 3;
    return chosen;
  }
  void confirm(NodeId from, std::uint32_t number, Term term = 1) {
    node.on(ctx, from, LeaderConfirmed{.term = term, .read = {.client = n1, .number = number}});
  }
  bool reads(std::uint32_t number) {
    const std::size_t before = step.sends().size();
    node.on(ctx, c1, get(number));
    return step.sends().size() > before && last_sent<Reply<kv::Result>>();
  }
};

TEST(RaftLease, IsHeldFromTheAnswerOfAMajorityUntilItsTimerFires) {
  Leader h;
  EXPECT_TRUE(h.armed(Node::Timer::odd_lease));
  EXPECT_FALSE(h.node.holds_lease(h.ctx));
  h.confirm(n3, 1);
  EXPECT_TRUE(h.node.holds_lease(h.ctx));
  EXPECT_TRUE(h.reads(1));
  EXPECT_EQ(h.node.last_index(), 1U);  // the log has not grown
  h.node.on(h.ctx, Node::Timer::odd_lease);
  EXPECT_FALSE(h.node.holds_lease(h.ctx));
  EXPECT_FALSE(h.reads(2));
}

TEST(RaftLease, IsNotBroughtByAnswersThatComeAfterItsEndOrOfOtherTerms) {
  Leader h;
  h.confirm(n2, 1, 0);
  h.confirm(n2, 2);
  EXPECT_FALSE(h.node.holds_lease(h.ctx));
  h.node.on(h.ctx, Node::Timer::odd_lease);
  h.confirm(n2, 1);
  h.confirm(n3, 1);
  EXPECT_FALSE(h.node.holds_lease(h.ctx));
}

TEST(RaftLease, IsRenewedBeforeItEnds) {
  Leader h;
  h.confirm(n2, 1);
  h.node.on(h.ctx, Node::Timer::renew);
  EXPECT_TRUE(h.node.holds_lease(h.ctx));  // the first
  h.confirm(n2, 1);                        // which says nothing of the second
  h.node.on(h.ctx, Node::Timer::odd_lease);
  EXPECT_FALSE(h.node.holds_lease(h.ctx));
  h.confirm(n3, 2);
  EXPECT_TRUE(h.node.holds_lease(h.ctx));
  h.node.on(h.ctx, Node::Timer::renew);
  EXPECT_FALSE(h.armed(Node::Timer::renew));  // three times were allowed
  h.node.on(h.ctx, Node::Timer::even_lease);
  EXPECT_FALSE(h.node.holds_lease(h.ctx));
  h.confirm(n2, 1);
  EXPECT_FALSE(h.node.holds_lease(h.ctx));  // of the first lease, not of the third
  h.confirm(n2, 3);
  EXPECT_TRUE(h.node.holds_lease(h.ctx));
}

TEST(RaftLease, OfALeaderThatMayNotKnowAllCommitsIsOfNoUse) {  // section 6.4, step 1
  for (const Term term : {1U, 2U}) {
    Handlers h(Leader::with_lease({}));
    h.node.durable.term = term - 1;
    h.lead();
    h.node.on(h.ctx, Node::Timer::renew);
    h.node.on(h.ctx, n2, LeaderConfirmed{.term = term, .read = {.client = n1, .number = 1}});
    ASSERT_TRUE(h.node.holds_lease(h.ctx));
    h.node.on(h.ctx, c1, get(1));
    // Before the first term there is nothing to know.
    EXPECT_EQ(h.last_sent<Reply<kv::Result>>().has_value(), term == 1);
  }
}

TEST(RaftLease, EndsWithTheLeadership) {
  Leader h;
  h.confirm(n2, 1);
  h.node.on(h.ctx, n3, AppendReply{.term = 2, .success = false, .index = 0});
  EXPECT_FALSE(h.node.holds_lease(h.ctx));
  EXPECT_FALSE(h.armed(Node::Timer::odd_lease));
}

// --- voters (section 4.2.3) ---

const RequestVote stands{.term = 2, .last_index = 5, .last_term = 1};

TEST(RaftLease, AVoterThatHearsALeaderVotesForNobodyStaysInItsTermAndDoesNotStand) {
  Handlers h(Leader::with_lease({}));
  h.node.on(h.ctx, n2, ConfirmLeader{.term = 1, .read = {.client = n2, .number = 1}});
  EXPECT_TRUE(h.last_sent<LeaderConfirmed>());
  h.node.on(h.ctx, n3, stands);
  EXPECT_FALSE(h.last_sent<Vote>());
  EXPECT_EQ(h.node.durable.term, 1U);
  h.node.on(h.ctx, Node::Timer::election);  // the least election timeout has passed, no more
  EXPECT_EQ(h.node.role, Role::leaderless);
  EXPECT_TRUE(h.armed(Node::Timer::election));
  h.node.on(h.ctx, n3, stands);
  EXPECT_TRUE(h.last_sent<Vote>());
}

TEST(RaftLease, APromiseOutlastsANewerLeader) {
  Handlers h(Leader::with_lease({}));
  h.node.on(h.ctx, n2, ConfirmLeader{.term = 1, .read = {.client = n2, .number = 1}});
  h.node.on(h.ctx, n3,
            AppendEntries{.term = 2, .prev_index = 0, .prev_term = 0, .entries = {}, .commit = 0});
  EXPECT_EQ(h.node.durable.term, 2U);
  h.node.on(h.ctx, n2, RequestVote{.term = 3, .last_index = 5, .last_term = 2});
  EXPECT_FALSE(h.last_sent<Vote>());
}

TEST(RaftLease, OneThatRestartsWaitsAsIfItHadHeardALeader) {
  for (const bool forgets : {false, true}) {
    Handlers h;
    h.options = Leader::with_lease({.bug = forgets ? Bug::lease_forgotten : Bug::none});
    h.node.durable.term = 1;
    h.node.start(h.ctx);
    h.node.on(h.ctx, n3, stands);
    EXPECT_EQ(h.last_sent<Vote>().has_value(), forgets);
  }
}

// --- options ---

Configuration leasing(std::optional<std::uint32_t> skew) {
  return {.bounds = {.nodes = 3,
                     .clients = 1,
                     .operations = 2,
                     .skew = skew,
                     .limits = {{"term", 2}, {"log", 1}}},
          .options = {{"candidates", "2"}, {"lease", "1"}, {"election", "2"}},
          .bug = ""};
}

TEST(RaftLease, IsRefusedWhereItHasNotBeenThoughtThrough) {
  for (const char* option : {"read-index", "prevote", "transfer", "changes", "joint"}) {
    Configuration configuration = leasing(0);
    configuration.options[option] = "1";
    EXPECT_THROW(make_model(configuration), UsageError) << option;
  }
  Configuration configuration = leasing(0);
  configuration.options["election"] = "1001";
  EXPECT_THROW(make_model(configuration), UsageError);
}

}  // namespace
}  // namespace gainsay::raft
