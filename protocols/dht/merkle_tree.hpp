// A Merkle tree over buckets of keys, by which two replicas find out where they differ in as few
// messages as there are levels, and with as few hashes as differ (DeCandia et al., "Dynamo", 2007,
// section 4.7).
//
// A bucket's hash is the sum of the hashes of what it contains: in any order the same, and brought
// up to date by what comes and goes. A node's hash is that of its two children. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/bytes.hpp"

namespace gainsay::dht {

class MerkleTree {
 public:
  // With 2^levels buckets; at most 2^24. Throws UsageError.
  explicit MerkleTree(unsigned levels);

  std::size_t buckets() const { return hashes_.size() / 2; }
  // Something with this hash comes into a bucket, or goes. O(levels).
  void add(std::size_t bucket, const Hash128& entry);
  void remove(std::size_t bucket, const Hash128& entry);

  // Nodes are numbered from the root, 1, on: the children of k are 2k and 2k + 1, and the buckets
  // are the last ones.
  static constexpr std::size_t root = 1;
  bool is_bucket(std::size_t node) const { return node >= buckets(); }
  std::size_t bucket_of(std::size_t node) const { return node - buckets(); }
  const Hash128& hash(std::size_t node) const { return hashes_[node]; }

  // One exchange: of the nodes that differ (at first the root) those children, or buckets, that do,
  // given the other replica's hashes of the children in order. REQUIRES: none of `nodes` is a
  // bucket.
  std::vector<std::size_t> differing(const std::vector<std::size_t>& nodes,
                                     const std::vector<Hash128>& children) const;
  // The hashes of the children of these nodes, in order: what the other replica asks for.
  std::vector<Hash128> children(const std::vector<std::size_t>& nodes) const;

 private:
  void carry(std::size_t bucket);

  std::vector<Hash128> hashes_;  // by node; [0] is not used
};

}  // namespace gainsay::dht
