// Reads outside the log, against section 6.4 of Ongaro's thesis.
#include <gtest/gtest.h>

#include "explorer/check.hpp"
#include "protocols/catalog.hpp"
#include "tests/protocols/raft_handlers.hpp"

namespace gainsay::raft {
namespace {

Request<kv::Operation> get(std::uint32_t number) {
  return {.id = {.client = c1, .number = number},
          .operation = {.action = kv::Action::get, .key = "x", .value = ""}};
}
LeaderConfirmed confirmed(Term term, std::uint32_t number) {
  return {.term = term, .read = {.client = c1, .number = number}};
}

// A leader of term 1 whose first entry is committed.
struct Leader : Handlers {
  Leader() : Handlers(Options{.noop = true, .read_index = true}) {
    lead();
    acknowledge(n2, 1);
  }
};

TEST(RaftReads, ALeaderThatHasCommittedNothingInItsTermDoesNotRead) {  // step 1
  Handlers h(Options{.noop = true, .read_index = true});
  h.lead();
  ASSERT_EQ(h.node.last_index(), 1U);
  h.node.on(h.ctx, c1, get(1));
  EXPECT_TRUE(h.node.extras->reads.empty());
  h.acknowledge(n2, 1);
  h.node.on(h.ctx, c1, get(1));
  EXPECT_EQ(h.node.extras->reads.size(), 1U);
  EXPECT_TRUE(h.last_sent<ConfirmLeader>());
}

TEST(RaftReads, AMajorityConfirmsAndTheReadIsAnswered) {  // steps 3 to 5
  Leader h;
  h.node.store["x"] = "a";
  h.node.on(h.ctx, c1, get(1));
  EXPECT_FALSE(h.last_sent<Reply<kv::Result>>());
  h.node.on(h.ctx, n3, confirmed(1, 1));
  ASSERT_TRUE(h.last_sent<Reply<kv::Result>>());
  EXPECT_EQ(h.last_sent<Reply<kv::Result>>()->result.value, "a");
  EXPECT_TRUE(h.node.extras->reads.empty());
  EXPECT_EQ(h.node.last_index(), 1U);  // the log has not grown
}

TEST(RaftReads, AConfirmationOfAnEarlierReadIsNone) {  // step 3: "a new round of heartbeats"
  Leader h;
  h.node.on(h.ctx, c1, get(1));
  h.node.on(h.ctx, n2, confirmed(1, 1));
  h.node.on(h.ctx, c1, get(2));
  h.node.on(h.ctx, n3, confirmed(1, 1));
  EXPECT_EQ(h.node.extras->reads.size(), 1U);
  h.node.on(h.ctx, n3, confirmed(1, 2));
  EXPECT_TRUE(h.node.extras->reads.empty());
}

TEST(RaftReads, WhoeverIsDeposedForgetsItsReads) {  // section 6.4
  Leader h;
  h.node.on(h.ctx, c1, get(1));
  h.node.on(h.ctx, n2, confirmed(2, 1));
  EXPECT_EQ(h.node.role, Role::follower);
  EXPECT_TRUE(h.node.extras->reads.empty());
}

TEST(RaftReads, OnlyAFollowerOfTheLeaderConfirms) {
  Handlers h(Options{.read_index = true});
  h.node.durable.term = 2;
  h.node.on(h.ctx, n2, ConfirmLeader{.term = 1, .read = {}});
  EXPECT_TRUE(h.step.sends().empty());
  h.node.on(h.ctx, n2, ConfirmLeader{.term = 2, .read = {}});
  EXPECT_TRUE(h.last_sent<LeaderConfirmed>());
}

TEST(RaftReads, HoldWithAndWithoutTheEntryThatBeginsATerm) {
  for (const char* noop : {"0", "1"}) {
    Configuration configuration;
    configuration.bounds.clients = 1;
    configuration.bounds.operations = 2;
    configuration.bounds.limits = {{"term", noop[0] == '1' ? 1 : 2}};
    configuration.options = {{"candidates", "2"}, {"read-index", "1"}, {"noop", noop}};
    const CheckReport report = check(find_system("raft")->make(configuration));
    EXPECT_EQ(report.verdict, Verdict::holds) << report;
  }
}

}  // namespace
}  // namespace gainsay::raft
