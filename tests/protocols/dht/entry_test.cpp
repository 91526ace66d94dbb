#include "protocols/dht/entry.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "tests/any.hpp"

namespace gainsay::dht {
namespace {

constexpr NodeId client(int number) { return node_id(number); }

// Three clients write, each replica at random having heard of what another has.
std::vector<Entry> any_replicas(bool with_siblings) {
  std::vector<std::optional<Entry>> replicas(3);
  std::map<int, std::uint32_t> requests;
  for (int step = 0; step < 12; ++step) {
    auto& replica = replicas[any<std::size_t>(0, 3)];
    const int who = any(0, 3);
    const auto& other = replicas[any<std::size_t>(0, 3)];
    if (any(0, 2) == 0 && other) {
      if (!replica) replica = other;
      join(*replica, *other);
      continue;
    }
    const RequestId id{.client = client(who), .number = ++requests[who]};
    // A client's write follows its last one, which it waited for.
    std::optional<Entry> read = replica;
    for (const auto& one : replicas) {
      if (read && one) join(*read, *one);
    }
    if (any(0, 2) == 0) read = replica;
    const Value value = any(0, 3) == 0 ? Value() : Value(std::to_string(step));
    replica = with_siblings ? written_sibling(read, id, value) : written_latest(read, 0, id, value);
  }
  std::vector<Entry> all;
  for (const auto& one : replicas) {
    if (one) all.push_back(*one);
  }
  return all;
}

class OfVersions : public ::testing::TestWithParam<bool> {};

// So replicas that tell each other everything have the same, in whatever order they do.
TEST_P(OfVersions, JoiningIsALeastUpperBound) {
  EXPECT_TRUE(rc::check([siblings = GetParam()] {
    const std::vector<Entry> all = any_replicas(siblings);
    for (const Entry& a : all) {
      RC_ASSERT(covers(a, a));
      for (const Entry& b : all) {
        Entry ab = a;
        join(ab, b);
        Entry ba = b;
        join(ba, a);
        RC_ASSERT(equal(ab, ba));
        RC_ASSERT(covers(ab, a) && covers(ab, b));
        for (const Entry& c : all) {
          Entry left = ab;
          join(left, c);
          Entry right = b;
          join(right, c);
          Entry whole = a;
          join(whole, right);
          RC_ASSERT(equal(left, whole));
        }
      }
    }
  }));
}

INSTANTIATE_TEST_SUITE_P(Dht, OfVersions, ::testing::Bool());

TEST(Entry, OfTheLastWriterIsOne) {
  const Entry a = written_latest(std::nullopt, 2, {client(3), 1}, "a");
  const Entry b = written_latest(std::nullopt, 2, {client(4), 1}, "b");
  const Entry later = written_latest(a, 2, {client(3), 2}, std::nullopt);
  Entry both = a;
  join(both, b);
  EXPECT_EQ(values(both), std::vector<std::string>{"b"});
  join(both, later);
  EXPECT_TRUE(is_deleted(both));
  EXPECT_TRUE(denies(a, later));
  EXPECT_FALSE(denies(later, later));
}

// What was written before a change of the membership is older than what was written behind it.
TEST(Entry, OfALaterEpochIsLater) {
  const Entry old =
      written_latest(written_latest(std::nullopt, 1, {client(3), 1}, "a"), 1, {client(3), 2}, "b");
  EXPECT_TRUE(covers(written_latest(std::nullopt, 2, {client(3), 3}, "c"), old));
  EXPECT_TRUE(covers(written_latest(old, 2, {client(3), 3}, "c"), old));
}

TEST(Entry, OfTwoWhoHaveNotReadEachOtherIsBoth) {
  const Entry a = written_sibling(std::nullopt, {client(3), 1}, "a");
  const Entry b = written_sibling(std::nullopt, {client(4), 1}, "b");
  Entry both = a;
  join(both, b);
  EXPECT_EQ(values(both), (std::vector<std::string>{"a", "b"}));
  const Entry gone = written_sibling(a, {client(4), 2}, std::nullopt);
  EXPECT_TRUE(denies(a, gone));
  const Entry later = written_sibling(both, {client(3), 2}, "c");
  join(both, later);
  EXPECT_EQ(values(both), std::vector<std::string>{"c"});
  // The same request again is the same event.
  join(both, written_sibling(std::nullopt, {client(3), 1}, "a"));
  EXPECT_TRUE(equal(both, later));
}

}  // namespace
}  // namespace gainsay::dht
