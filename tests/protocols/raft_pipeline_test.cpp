// Batches of entries and pipelines of messages, against section 10.2.2 of Ongaro's thesis.
#include <gtest/gtest.h>

#include "explorer/check.hpp"
#include "protocols/catalog.hpp"
#include "tests/protocols/raft_handlers.hpp"

namespace gainsay::raft {
namespace {

// A leader with three entries.
struct Sending : Handlers {
  explicit Sending(Options with) : Handlers(with) {
    lead();
    for (int i = 0; i < 3; ++i) node.append(ctx, entry(1));
  }
  std::vector<AppendEntries> sent_to(NodeId to, std::size_t from) const {
    std::vector<AppendEntries> sent;
    for (std::size_t i = from; i < step.sends().size(); ++i) {
      const auto wire = decoded<Wire<Node>>(step.sends()[i].message);
      const auto* append = std::get_if<AppendEntries>(&wire);
      if (step.sends()[i].to == to && append != nullptr) sent.push_back(*append);
    }
    return sent;
  }
};

TEST(RaftBatch, AMessageHasAtMostSoManyEntriesAndTheRestFollows) {
  Sending h({.batch = 2});
  std::size_t before = h.step.sends().size();
  h.acknowledge(n2, 0);
  ASSERT_EQ(h.sent_to(n2, before).size(), 1U);
  EXPECT_EQ(h.sent_to(n2, before)[0].entries.size(), 2U);
  before = h.step.sends().size();
  h.acknowledge(n2, 2);
  const auto rest = h.sent_to(n2, before);
  EXPECT_EQ(rest.back().prev_index, 2U);
  EXPECT_EQ(rest.back().entries.size(), 1U);
}

TEST(RaftPipeline, WhatWasSentIsNotSentAgain) {
  Sending h({.pipeline = true});
  const auto sent = h.sent_to(n2, 0);
  ASSERT_GE(sent.size(), 3U);
  for (const AppendEntries& append : sent) EXPECT_LE(append.entries.size(), 1U);
  EXPECT_EQ(sent.back().prev_index, 2U);
  EXPECT_EQ(h.node.next[n2], 4U);
  h.acknowledge(n2, 1);
  EXPECT_EQ(h.node.next[n2], 4U);
  EXPECT_EQ(h.node.match[n2], 1U);
}

TEST(RaftPipeline, ARefusalTakesBackAllThatFollowed) {
  Sending h({.pipeline = true});
  const std::size_t before = h.step.sends().size();
  h.node.on(h.ctx, n2, AppendReply{.term = 1, .success = false, .index = 1});
  const auto again = h.sent_to(n2, before);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].prev_index, 0U);
  EXPECT_EQ(again[0].entries.size(), 3U);
  h.acknowledge(n2, 3);
  EXPECT_EQ(h.node.commit, 3U);
}

Verdict checked(Configuration configuration, const OptionTexts& more) {
  configuration.bounds.limits = {{"term", 1}};
  configuration.options = {{"batch", "1"}, {"pipeline", "1"}};
  configuration.options.insert(more.begin(), more.end());
  return check(find_system("raft")->make(configuration)).verdict;
}

TEST(RaftPipeline, HoldsWithBatchesCrashesAndClients) {
  EXPECT_EQ(checked({}, {{"candidates", "2"}, {"propose", "2"}}), Verdict::holds);
  Configuration crashes;
  crashes.bounds.crashes = crashes.bounds.restarts = 1;
  EXPECT_EQ(checked(crashes, {{"candidates", "2"}, {"propose", "2"}}), Verdict::holds);
  Configuration served;
  served.bounds.clients = 1;
  served.bounds.operations = 2;
  EXPECT_EQ(checked(served, {{"candidates", "1"}}), Verdict::holds);
}

// What was sent ahead and lost is found by the heartbeat, which no longer follows on.
TEST(RaftPipeline, WhatWasLostIsSentAgain) {
  for (const char* beats : {"0", "1"}) {
    Configuration configuration;
    configuration.bounds.limits = {{"term", 1}};
    configuration.options = {
        {"propose", "1"}, {"candidates", "1"}, {"pipeline", "1"}, {"heartbeat", beats}};
    Model model = make_model(configuration);
    model.properties.push_back(recovers<Node>(
        "a commit", [](const View& node) { return node.commit > 0; }, {.more = {{"term", 1}}}));
    const Verdict verdict = check(model).verdict;
    EXPECT_EQ(verdict, beats[0] == '1' ? Verdict::holds : Verdict::violated);
  }
}

}  // namespace
}  // namespace gainsay::raft
