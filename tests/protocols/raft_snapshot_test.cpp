// Log compaction, against chapter 5 of Ongaro's thesis.
#include <gtest/gtest.h>

#include "explorer/check.hpp"
#include "protocols/catalog.hpp"
#include "tests/protocols/raft_handlers.hpp"

namespace gainsay::raft {
namespace {

Command append(std::uint32_t number, const std::string& value) {
  return {.request = {.client = c1, .number = number},
          .operation = {.action = kv::Action::append, .key = "x", .value = value}};
}

// A node that has applied two entries of three and put a snapshot in their place.
struct Compacted : Handlers {
  Compacted() : Handlers(Options{.compact = 2}) {
    node.durable = {.term = 2, .log = {{1, append(1, "a")}, {1, append(2, "b")}, {2, {}}}};
    node.commit_to(ctx, 2);
  }
  InstallSnapshot snapshot() const { return {.term = 2, .snapshot = node.durable.log.front()}; }
};

// Kept by runs, and a list from outside.
TEST(RaftSnapshot, TermsAreAList) {
  RandomStream random(1, Purpose::test);
  for (int round = 0; round < 100; ++round) {
    std::vector<Term> list;
    Terms terms;
    for (std::uint32_t left = random.below(20); left > 0; --left) {
      list.push_back(random.below(3));
      terms.push_back(list.back());
    }
    EXPECT_EQ(terms.size(), list.size());
    EXPECT_EQ(encoded(terms), encoded(list));
    EXPECT_EQ(encoded_size(terms), encoded(list).size());
    EXPECT_EQ(encoded(decoded<Terms>(encoded(list))), encoded(list));
    std::vector<Term> back;
    for (const Term term : terms) back.push_back(term);
    EXPECT_EQ(back, list);
    back.clear();
    terms.for_each_run([&](Term term, std::size_t count) { back.insert(back.end(), count, term); });
    EXPECT_EQ(back, list);
  }
}

TEST(RaftSnapshot, StandsForTheAppliedEntries) {  // section 5.1
  const Compacted h;
  ASSERT_NE(h.node.snapshot(), nullptr);
  EXPECT_EQ(h.node.base(), 2U);
  EXPECT_EQ(h.node.last_index(), 3U);
  EXPECT_EQ(h.node.durable.log.size(), 2U);
  EXPECT_EQ(h.node.term_at(1), 0U);  // is not known any more
  EXPECT_EQ(h.node.term_at(2), 1U);
  EXPECT_EQ(h.node.term_at(3), 2U);
  EXPECT_EQ(h.node.snapshot()->store, (kv::Store{{"x", "ab"}}));
  EXPECT_EQ(encoded(h.node.snapshot()->covered), encoded(std::vector<Term>{1}));
  EXPECT_EQ(view(h.node).log.size(), 3U);
}

TEST(RaftSnapshot, TheStateMachineStartsFromIt) {  // section 5.1
  Compacted before;
  Handlers h;
  h.node.durable = before.node.durable;
  h.node.start(h.ctx);
  EXPECT_EQ(h.node.commit, 2U);
  EXPECT_EQ(h.node.store["x"], "ab");
  EXPECT_EQ(h.node.sessions.at(c1).number, 2U);
}

TEST(RaftSnapshot, AWholeLogIsDiscardedThatDoesNotAgree) {  // figure 5.3, step 7
  const Compacted sender;
  Handlers h(Options{.compact = 2});
  h.node.durable = {.term = 2, .log = {entry(1), entry(2), entry(2)}};
  h.node.on(h.ctx, n2, sender.snapshot());
  EXPECT_EQ(h.node.last_index(), 2U);
  EXPECT_EQ(h.node.commit, 2U);
  EXPECT_EQ(h.node.store["x"], "ab");
  EXPECT_EQ(h.last_sent<AppendReply>()->index, 2U);
}

TEST(RaftSnapshot, EntriesBehindItStayIfItsLastOneIsThere) {  // figure 5.3, step 6
  const Compacted sender;
  Handlers h(Options{.compact = 2});
  h.node.durable = {.term = 2, .log = {entry(1), entry(1), entry(2)}};
  h.node.on(h.ctx, n2, sender.snapshot());
  EXPECT_EQ(h.node.base(), 2U);
  EXPECT_EQ(h.node.last_index(), 3U);
  EXPECT_EQ(h.node.commit, 2U);
}

TEST(RaftSnapshot, ALateOneChangesNothing) {
  const Compacted sender;
  Compacted h;
  h.node.commit_to(h.ctx, 3);
  h.node.on(h.ctx, n2, sender.snapshot());
  EXPECT_EQ(h.node.commit, 3U);
  EXPECT_FALSE(h.node.extras->snapshot_installed);
}

TEST(RaftSnapshot, IsSentToWhoeverLacksWhatItCovers) {  // section 5.3
  Compacted h;
  h.lead();
  h.node.on(h.ctx, n3, AppendReply{.term = 3, .success = false, .index = 3});
  EXPECT_TRUE(h.last_sent<AppendEntries>());
  h.node.on(h.ctx, n3, AppendReply{.term = 3, .success = false, .index = 2});
  ASSERT_TRUE(h.last_sent<InstallSnapshot>());
  h.acknowledge(n3, 2);
  ASSERT_TRUE(h.last_sent<AppendEntries>());
  EXPECT_EQ(h.last_sent<AppendEntries>()->prev_index, 2U);
}

TEST(RaftSnapshot, EntriesThatItCoversAreTakenForGranted) {  // committed entries agree
  Compacted h;
  h.node.on(h.ctx, n2,
            AppendEntries{.term = 2,
                          .prev_index = 0,
                          .prev_term = 0,
                          .entries = {{1, append(1, "a")}, {1, append(2, "b")}, {2, {}}},
                          .commit = 3});
  EXPECT_EQ(h.node.last_index(), 3U);
  EXPECT_EQ(h.node.commit, 3U);
}

TEST(RaftSnapshot, SnapshotsOfTheSameEntryMustBeTheSame) {
  Compacted a;
  Compacted b;
  std::get<Boxed<Snapshot>>(b.node.durable.log.front().command)->store["x"] = "ba";
  const View of_a = view(a.node);
  const View of_b = view(b.node);
  for (const Property& property : properties({}, a.options)) {
    if (property.name != "state machine safety") continue;
    EXPECT_TRUE(property.holds(std::vector<const void*>{&of_a, &of_a}));
    EXPECT_FALSE(property.holds(std::vector<const void*>{&of_a, &of_b}));
  }
}

TEST(RaftSnapshot, HoldsWithElectionsCrashesAndClients) {
  const auto holds = [](Configuration configuration) {
    configuration.options["compact"] = "1";
    configuration.options["candidates"] = "2";
    const CheckReport report = check(find_system("raft")->make(configuration));
    EXPECT_EQ(report.verdict, Verdict::holds) << report;
  };
  Configuration writes;
  writes.bounds.limits = {{"term", 2}};
  writes.options["propose"] = "2";
  holds(writes);
  Configuration crashes = writes;
  crashes.options["propose"] = "1";
  crashes.bounds.crashes = crashes.bounds.restarts = 1;
  holds(crashes);
  Configuration client;
  client.bounds.limits = {{"term", 1}};
  client.bounds.clients = 1;
  client.bounds.operations = 2;
  client.options["read-index"] = "1";
  holds(client);
}

}  // namespace
}  // namespace gainsay::raft
