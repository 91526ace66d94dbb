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

INSTANTIATE_TEST_SUITE_P(Balancer, OfAlgorithm,
                         ::testing::Values("round-robin", "smooth", "least-connections",
                                           "two-choices", "sticky", "hash"),
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
}

}  // namespace
}  // namespace gainsay::balancer
