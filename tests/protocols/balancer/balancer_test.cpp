#include "protocols/balancer/balancer.hpp"

#include <gtest/gtest.h>

#include "explorer/check.hpp"

namespace gainsay::balancer {
namespace {

Model model(OptionTexts options, Bounds bounds) {
  return find_system("balancer")
      ->make({.bounds = std::move(bounds), .options = std::move(options)});
}

Bounds small(std::uint32_t nodes, std::uint32_t clients, std::uint32_t operations) {
  return {.nodes = nodes,
          .clients = clients,
          .operations = operations,
          .network = Network::unordered,
          .timeouts = 2};
}

class OfAlgorithm : public ::testing::TestWithParam<const char*> {};

// Late answers, lost ones, probes that come too late; a backend or the balancer crashes.
TEST_P(OfAlgorithm, HoldsWhateverComesLateOrCrashes) {
  Bounds bounds = small(2, 1, 1);
  bounds.crashes = 1;
  bounds.restarts = 1;
  EXPECT_EQ(check(model({{"algorithm", GetParam()}}, bounds)).verdict, Verdict::holds);
}

TEST_P(OfAlgorithm, HoldsWhileABackendIsDrained) {
  EXPECT_EQ(check(model({{"algorithm", GetParam()}, {"drains", "1"}}, small(2, 2, 1))).verdict,
            Verdict::holds);
}

TEST_P(OfAlgorithm, KeepsCaps) {
  const CheckReport report =
      check(model({{"algorithm", GetParam()}, {"cap", "1"}}, small(2, 2, 1)));
  EXPECT_EQ(report.verdict, Verdict::holds) << report;
}

// Each sees what it sees, and keeps what it promises.
TEST_P(OfAlgorithm, HoldsOfTwoBalancersThatAPartitionParts) {
  Bounds bounds = small(2, 1, 1);
  bounds.timeouts = 1;
  bounds.partitions = 1;
  const CheckReport report = check(model({{"algorithm", GetParam()}, {"balancers", "2"}}, bounds));
  EXPECT_EQ(report.verdict, Verdict::holds) << report;
}

INSTANTIATE_TEST_SUITE_P(Balancer, OfAlgorithm,
                         ::testing::Values("round-robin", "smooth", "least-connections",
                                           "two-choices", "sticky", "hash", "maglev"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(Balancer, IsSmoothByWeight) {
  Bounds bounds = small(3, 1, 4);
  bounds.timeouts = 1;
  const Model weighted = model({{"algorithm", "smooth"}, {"weights", "4-1-1"}}, bounds);
  EXPECT_EQ(check(weighted).verdict, Verdict::holds);
}

TEST(Balancer, StartsSlowlyByWeight) {
  for (const char* algorithm : {"smooth", "least-connections"}) {
    Bounds bounds = small(2, 1, 2);
    const CheckReport report =
        check(model({{"algorithm", algorithm}, {"slow-start", "1"}, {"weights", "2-1"}}, bounds));
    EXPECT_EQ(report.verdict, Verdict::holds) << report;
  }
}

std::string broken(OptionTexts options, Bounds bounds) {
  const CheckReport report = check(model(std::move(options), std::move(bounds)));
  return report.counterexample ? report.counterexample->property : "";
}

// What one balancer promises, two that do not talk to each other cannot.
TEST(Balancer, TwoAreNotOne) {
  Bounds bounds = small(2, 2, 1);
  bounds.timeouts = 1;
  EXPECT_EQ(broken({{"balancers", "2"}, {"cap", "1"}, {"as-one", "1"}}, bounds),
            "caps kept together");
  bounds.clients = 1;
  bounds.timeouts = 2;
  EXPECT_EQ(broken({{"balancers", "2"}, {"algorithm", "sticky"}, {"as-one", "1"}}, bounds),
            "one backend a client");
}

TEST(Balancer, WhatItDoesNotHaveIsRefused) {
  const auto refusal = [](OptionTexts options) -> std::string {
    try {
      model(std::move(options), small(2, 1, 1));
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal({{"algorithm", "sticki"}}),
            "balancer: there is no algorithm \"sticki\"; did you mean \"sticky\"?");
  EXPECT_EQ(refusal({{"weights", "1-2-3"}}), "balancer: more weights than backends");
  EXPECT_NE(refusal({{"weights", "1-"}}), "");
  EXPECT_NE(refusal({{"weights", "1048577"}}), "");
  EXPECT_NE(refusal({{"balancers", "0"}}), "");
  EXPECT_NE(refusal({{"balancers", "5000"}}), "");
  EXPECT_NE(refusal({{"slow-start", "1"}}), "");
  EXPECT_NE(refusal({{"slow-start", "101"}, {"algorithm", "smooth"}}), "");
  EXPECT_NE(refusal({{"as-one", "1"}}), "");
  EXPECT_NE(refusal({{"as-one", "1"}, {"balancers", "2"}}), "");
  EXPECT_EQ(refusal({{"as-one", "1"}, {"balancers", "2"}, {"cap", "1"}}), "");
}

}  // namespace
}  // namespace gainsay::balancer
