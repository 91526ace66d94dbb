#include "protocols/dht/merkle_tree.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>
#include <string>

#include "engine/system.hpp"
#include "tests/any.hpp"

namespace gainsay::dht {
namespace {

Hash128 hash_of(int entry) { return mix(7, {.high = 0, .low = static_cast<std::uint64_t>(entry)}); }

// Goes down from the root, level by level, as two replicas do by messages.
std::vector<std::size_t> differing_buckets(const MerkleTree& ours, const MerkleTree& theirs,
                                           std::size_t& hashes) {
  hashes = 1;
  if (ours.hash(MerkleTree::root) == theirs.hash(MerkleTree::root)) return {};
  std::vector<std::size_t> nodes = {MerkleTree::root};
  while (!nodes.empty() && !ours.is_bucket(nodes.front())) {
    const std::vector<Hash128> sent = theirs.children(nodes);
    hashes += sent.size();
    nodes = ours.differing(nodes, sent);
  }
  for (std::size_t& node : nodes) node = ours.bucket_of(node);
  return nodes;
}

TEST(MerkleTree, FindsTheBucketsThatDifferAndNoOthers) {
  EXPECT_TRUE(rc::check([] {
    const auto levels = any<unsigned>(0, 7);
    MerkleTree ours(levels);
    MerkleTree theirs(levels);
    std::vector<std::multiset<int>> our_buckets(ours.buckets());
    std::vector<std::multiset<int>> their_buckets(ours.buckets());
    for (int step = any(0, 200); step > 0; --step) {
      const int entry = any(0, 50);
      const std::size_t bucket = static_cast<std::size_t>(entry) % ours.buckets();
      const bool mine = any(0, 2) == 0;
      std::multiset<int>& plain = (mine ? our_buckets : their_buckets)[bucket];
      MerkleTree& tree = mine ? ours : theirs;
      if (plain.contains(entry)) {
        plain.erase(plain.find(entry));
        tree.remove(bucket, hash_of(entry));
      } else {
        plain.insert(entry);
        tree.add(bucket, hash_of(entry));
      }
    }
    std::vector<std::size_t> differ;
    for (std::size_t i = 0; i < our_buckets.size(); ++i) {
      if (our_buckets[i] != their_buckets[i]) differ.push_back(i);
    }
    std::size_t hashes = 0;
    RC_ASSERT(differing_buckets(ours, theirs, hashes) == differ);
    RC_ASSERT(hashes <= 1 + 2 * levels * std::max<std::size_t>(1, differ.size()));
  }));
}

TEST(MerkleTree, DoesNotDependOnTheOrderOfWhatCame) {
  MerkleTree one(4);
  MerkleTree other(4);
  for (int i = 0; i < 20; ++i) one.add(static_cast<std::size_t>(i % 16), hash_of(i));
  for (int i = 19; i >= 0; --i) other.add(static_cast<std::size_t>(i % 16), hash_of(i));
  EXPECT_EQ(one.hash(MerkleTree::root), other.hash(MerkleTree::root));
}

TEST(MerkleTree, IsBounded) { EXPECT_THROW(MerkleTree(25), UsageError); }

}  // namespace
}  // namespace gainsay::dht
