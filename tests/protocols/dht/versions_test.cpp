#include "protocols/dht/versions.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>
#include <string>

#include "tests/any.hpp"

namespace gainsay::dht {
namespace {

// The definition: each value has an event of its own and the set of all events that it has
// replaced, and a replica keeps what no other value that it has heard of has replaced.
struct Plain {
  std::set<int> heard;    // all events, each by the value that it wrote
  std::set<int> current;  // those that stand
};
using Histories = std::map<int, std::set<int>>;  // by event: those that it replaces

void settle(Plain& replica, const Histories& replaced) {
  for (const int event : replica.heard) {
    for (const int old : replaced.at(event)) replica.current.erase(old);
  }
}

TEST(Versions, AreWhatCausalHistoriesSay) {
  EXPECT_TRUE(rc::check([] {
    constexpr std::uint8_t servers = 3;
    std::map<std::uint8_t, Versions<int>> replicas;
    std::map<std::uint8_t, Plain> plain;
    Histories replaced;
    // What each client read last.
    std::map<int, std::pair<VersionVector, std::set<int>>> clients;
    int next = 0;
    for (int step = 0; step < 60; ++step) {
      const auto server = any<std::uint8_t>(0, servers);
      const int client = any(0, 3);
      Versions<int>& replica = replicas[server];
      Plain& slow = plain[server];
      switch (any(0, 4)) {
        case 0:
          clients[client] = {context(replica), slow.heard};
          break;
        case 1: {
          const auto other = any<std::uint8_t>(0, servers);
          join(replica, replicas[other]);
          slow.heard.insert(plain[other].heard.begin(), plain[other].heard.end());
          slow.current.insert(plain[other].current.begin(), plain[other].current.end());
          settle(slow, replaced);
          break;
        }
        default: {
          const auto& [seen, read] = clients[client];
          write(replica, seen, NodeId{server}, next);
          replaced[next] = read;
          slow.heard.insert(read.begin(), read.end());
          slow.heard.insert(next);
          slow.current.insert(next++);
          settle(slow, replaced);
        }
      }
      const std::vector<int> values = siblings(replica);
      RC_ASSERT(std::set<int>(values.begin(), values.end()) == slow.current);
      RC_ASSERT(values.size() == slow.current.size());
    }
  }));
}

TEST(Versions, JoiningIsAssociativeCommutativeAndIdempotent) {
  EXPECT_TRUE(rc::check([] {
    // Three replicas that wrote and exchanged at random.
    std::vector<Versions<int>> of(3);
    for (int step = 0; step < 20; ++step) {
      const auto at = any<std::size_t>(0, 3);
      if (any(0, 2) == 0) {
        join(of[at], of[any<std::size_t>(0, 3)]);
      } else {
        const VersionVector seen = context(of[any<std::size_t>(0, 3)]);
        write(of[at], any(0, 2) == 0 ? seen : VersionVector(), node_id(at), step);
      }
    }
    const auto joined = [](Versions<int> a, const Versions<int>& b) {
      join(a, b);
      return siblings(a);
    };
    Versions<int> left = of[0];
    join(left, of[1]);
    Versions<int> right = of[1];
    join(right, of[2]);
    RC_ASSERT(joined(left, of[2]) == joined(of[0], right));
    RC_ASSERT(joined(of[0], of[1]) == joined(of[1], of[0]));
    RC_ASSERT(joined(of[0], of[0]) == siblings(of[0]));
  }));
}

TEST(Versions, WhoHasReadReplacesAndWhoHasNotStandsBeside) {
  Versions<std::string> cart;
  write(cart, {}, NodeId{0}, std::string("milk"));
  const VersionVector seen = context(cart);
  write(cart, seen, NodeId{0}, std::string("milk, flour"));
  write(cart, seen, NodeId{1}, std::string("milk, eggs"));
  EXPECT_EQ(siblings(cart), (std::vector<std::string>{"milk, flour", "milk, eggs"}));
  write(cart, context(cart), NodeId{1}, std::string("milk, flour, eggs"));
  EXPECT_EQ(siblings(cart), (std::vector<std::string>{"milk, flour, eggs"}));
}

}  // namespace
}  // namespace gainsay::dht
