// Ids of 16 bits and sets of them: the same bytes as ever for the first 64, and a set of thousands
// is one number still.
#include "engine/ids.hpp"

#include <gtest/gtest.h>

#include <set>

#include "engine/json.hpp"
#include "engine/random.hpp"
#include "engine/reflect.hpp"

namespace gainsay {
namespace {

NodeSet of(const std::set<std::uint16_t>& ids) {
  NodeSet set;
  for (const std::uint16_t id : ids) set.insert({id});
  return set;
}

std::set<std::uint16_t> ids_of(const NodeSet& set) {
  std::set<std::uint16_t> ids;
  for (const NodeId id : set) ids.insert(id.value);
  return ids;
}

std::set<std::uint16_t> draw(RandomStream& random, std::uint32_t below) {
  std::set<std::uint16_t> ids;
  for (std::uint32_t left = random.below(40); left > 0; --left) {
    ids.insert(static_cast<std::uint16_t>(random.below(below)));
  }
  return ids;
}

// Beside std::set, on ids below 64, on both sides of each word's end, and far apart.
TEST(Ids, SetsAreThoseOfTheStandardLibrary) {
  RandomStream random(1, Purpose::test);
  for (int round = 0; round < 600; ++round) {
    const std::uint32_t below = round % 3 == 0 ? 64 : round % 3 == 1 ? 130 : ids_max;
    const auto a = draw(random, below);
    const auto b = draw(random, below);
    std::set<std::uint16_t> both, either = a, rest = a;
    for (const std::uint16_t id : b) {
      if (a.contains(id)) both.insert(id);
      either.insert(id);
      rest.erase(id);
    }
    EXPECT_EQ(ids_of(of(a)), a);
    EXPECT_EQ(of(a).size(), a.size());
    EXPECT_EQ(of(a) & of(b), of(both));
    EXPECT_EQ(of(a) | of(b), of(either));
    EXPECT_EQ(of(a) - of(b), of(rest));
    EXPECT_EQ((of(a) - of(b)).empty(), rest.empty());
    NodeSet erased = of(either);
    for (const std::uint16_t id : b) erased.erase({id});
    EXPECT_EQ(erased, of(rest)) << "equal sets are equal, whatever they were before";
    for (const std::uint16_t id : b) EXPECT_EQ(of(a).contains({id}), a.contains(id));
    // As numbers: the greatest id that only one of them has decides.
    std::set<std::uint16_t> other_rest = b;
    for (const std::uint16_t id : a) other_rest.erase(id);
    const int greatest = rest.empty() ? -1 : *rest.rbegin();
    const int other_greatest = other_rest.empty() ? -1 : *other_rest.rbegin();
    EXPECT_EQ(of(a) <=> of(b), greatest <=> other_greatest);
  }
}

TEST(Ids, TheFirstOnes) {
  for (const std::size_t count : {0U, 1U, 5U, 63U, 64U, 65U, 127U, 128U, 129U, 1000U, 4096U}) {
    std::set<std::uint16_t> ids;
    for (std::size_t id = 0; id < count; ++id) ids.insert(static_cast<std::uint16_t>(id));
    EXPECT_EQ(NodeSet::first(count), of(ids)) << count;
  }
}

TEST(Ids, WhatNoProcessCanHaveIsRefused) {
  NodeSet set;
  EXPECT_THROW(set.insert({ids_max}), std::out_of_range);
  EXPECT_FALSE(set.contains({ids_max}));
  EXPECT_THROW(NodeSet::first(ids_max + 1), std::out_of_range);
  EXPECT_THROW(node_id(0x10000), std::out_of_range);
  EXPECT_THROW(byte_of({256}), std::out_of_range);
  EXPECT_EQ(byte_of({255}), 255);
  EXPECT_THROW(NodeSet({NodeId{64}}).bits(), std::out_of_range) << "a word would lose it";
}

// A set is the number with its bits; up to 64 processes that is what a machine word was written as.
TEST(Ids, SetsAreEncodedAsOneNumber) {
  RandomStream random(2, Purpose::test);
  for (int round = 0; round < 300; ++round) {
    const std::uint64_t bits = random.next() >> random.below(64);
    Writer number;
    number.integer(bits);
    EXPECT_EQ(encoded(NodeSet::from_bits(bits)), number.bytes());
    EXPECT_EQ(decoded<NodeSet>(number.bytes()), NodeSet::from_bits(bits));
    const NodeSet wide = of(draw(random, round % 2 == 0 ? 200 : ids_max));
    const Bytes bytes = encoded(wide);
    EXPECT_EQ(decoded<NodeSet>(bytes), wide);
    Reader reader(bytes);
    EXPECT_EQ(skip(type_of<NodeSet>(), reader), bytes);
    // Bit by bit from the bytes, as LEB128 says.
    for (std::size_t bit = 0; bit < 7 * bytes.size(); ++bit) {
      const bool there = (static_cast<unsigned char>(bytes[bit / 7]) >> (bit % 7) & 1) != 0;
      EXPECT_EQ(bit < ids_max && wide.contains(node_id(bit)), there);
    }
    EXPECT_TRUE(bytes.size() == 1 || bytes.back() != 0) << "no longer than it must be";
  }
  for (const NodeId id : {NodeId{0}, NodeId{127}, NodeId{128}, NodeId{300}, NodeId{4095}}) {
    Writer number;
    number.integer(id.value);
    EXPECT_EQ(encoded(id), number.bytes());
    EXPECT_EQ(decoded<NodeId>(number.bytes()), id);
  }
}

TEST(Ids, DamagedSetsAreRefused) {
  EXPECT_THROW(decoded<NodeSet>(Bytes("\x80")), DecodeError);
  EXPECT_THROW(decoded<NodeSet>(Bytes(10'000, '\x80')), DecodeError) << "without an end";
  Bytes beyond(ids_max / 7, '\x80');
  beyond += '\x7f';
  EXPECT_THROW(decoded<NodeSet>(beyond), DecodeError) << "a bit behind the last process";
  Writer id;
  id.integer(0x10000);
  EXPECT_THROW(decoded<NodeId>(id.bytes()), DecodeError);
}

TEST(Ids, WideSetsInTextJsonAndOtherNames) {
  const NodeSet set{NodeId{1}, NodeId{70}, NodeId{300}};
  const Type& type = type_of<NodeSet>();
  const NodeName name = [](NodeId id) { return "n" + std::to_string(id.value + 1); };
  EXPECT_EQ(describe(type, encoded(set), name), "{n2, n71, n301}");
  std::vector<NodeId> shifted;
  for (std::uint16_t id = 0; id < 400; ++id) shifted.push_back(node_id((id + 1U) % 400));
  EXPECT_EQ(rename(set, Renaming(shifted)), NodeSet({NodeId{2}, NodeId{71}, NodeId{301}}));
}

// A process above 255 draws from a stream of its own, and the first ones from what they ever did.
TEST(Ids, EveryProcessHasItsOwnRandomNumbers) {
  std::set<std::uint64_t> first;
  for (std::uint16_t id = 0; id < 2000; ++id) {
    for (const Purpose purpose : {Purpose::choice, Purpose::timer, Purpose::latency}) {
      first.insert(RandomStream(3, purpose, {id}).next());
    }
  }
  EXPECT_EQ(first.size(), 6000U);
}

}  // namespace
}  // namespace gainsay
