// Counts published elsewhere, or agreed on by independent models: they must be met exactly.
#include <gtest/gtest.h>

#include <cstdlib>

#include "explorer/check.hpp"
#include "protocols/catalog.hpp"

namespace gainsay {
namespace {

struct Known {
  std::string system;
  Bounds bounds;
  std::uint64_t states;
  std::uint64_t transitions;  // 0: not published
  std::uint32_t depth;        // 0: not published
  std::uint64_t vectors;      // distinct vectors of the nodes' local states; 0: not published
};

Known managers(std::uint32_t nodes, std::uint64_t states, std::uint32_t depth) {
  return {"two-phase-commit", {.nodes = nodes}, states, 0, depth, 0};
}
Known paxos(std::uint32_t clients, std::uint64_t states, std::uint64_t transitions,
            std::uint32_t depth) {
  const Bounds bounds{.nodes = 3, .clients = clients, .network = Network::unordered};
  // The published number of transitions counts the initial state too.
  return {"paxos", bounds, states, transitions - 1, depth, 0};
}
Known raft_core(std::uint32_t nodes, std::uint64_t term, std::uint64_t log, std::uint64_t states,
                std::uint64_t vectors) {
  const Bounds bounds{.nodes = nodes, .limits = {{"term", term}, {"log", log}}};
  return {"raft-core", bounds, states, 0, 0, vectors};
}

void expect_known(const Known& known, const CheckOptions& options) {
  const Model model = find_system(known.system)->make({.bounds = known.bounds});
  const CheckReport report = check(model, options);
  EXPECT_EQ(report.verdict, Verdict::holds) << report.incomplete_because;
  EXPECT_EQ(report.states, known.states);
  const auto expect_published = [](std::uint64_t found, std::uint64_t published) {
    if (published > 0) {
      EXPECT_EQ(found, published);
    }
  };
  expect_published(report.transitions, known.transitions);
  expect_published(report.depth, known.depth);
  expect_published(report.local_state_vectors, known.vectors);
}

void expect_known(const Known& known) {
  for (const unsigned jobs : {1U, 2U}) {
    expect_known(known, {.reduce = Reductions{}, .jobs = jobs});
  }
  expect_known(known, {.reduce = Reductions{}, .store = StoreKind::fingerprint});
  expect_known(known, {.reduce = Reductions{}, .spill_from = 1'000});  // on disk
}

TEST(KnownAnswers, TwoPhaseCommit) {
  expect_known(managers(3, 288, 11));
  expect_known(managers(5, 8'832, 17));
  expect_known(managers(7, 296'448, 23));
}

TEST(KnownAnswers, Paxos) {
  expect_known(paxos(1, 265, 482, 14));
  expect_known(paxos(2, 16'668, 32'971, 21));
}

TEST(KnownAnswers, RaftCore) {
  expect_known(raft_core(3, 1, 0, 365, 50));
  expect_known(raft_core(3, 1, 1, 4'145, 221));
  expect_known(raft_core(3, 1, 2, 64'373, 1'187));
}

TEST(KnownAnswers, Millions) {
  if (std::getenv("GAINSAY_SLOW_TESTS") == nullptr) {
    GTEST_SKIP() << "runs with GAINSAY_SLOW_TESTS=1";
  }
  expect_known(managers(9, 10'340'352, 29));
  expect_known(paxos(3, 1'194'428, 2'420'477, 28));
  expect_known(raft_core(3, 2, 0, 1'279'461, 297));
  expect_known(raft_core(4, 1, 1, 145'193, 1'272));
  expect_known(raft_core(3, 2, 1, 32'825'361, 2'400));
}

}  // namespace
}  // namespace gainsay
