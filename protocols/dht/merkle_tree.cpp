#include "protocols/dht/merkle_tree.hpp"

#include "engine/system.hpp"

namespace gainsay::dht {

namespace {

constexpr unsigned levels_max = 24;
constexpr std::uint64_t seed_of_nodes = 1;

}  // namespace

MerkleTree::MerkleTree(unsigned levels) {
  if (levels > levels_max) throw UsageError("a Merkle tree has at most 2^24 buckets");
  hashes_.resize(std::size_t{2} << levels);
  for (std::size_t node = buckets(); --node > 0;) {
    hashes_[node] = mix(seed_of_nodes, hashes_[2 * node], hashes_[2 * node + 1]);
  }
}

void MerkleTree::add(std::size_t bucket, const Hash128& entry) {
  hashes_[buckets() + bucket] += entry;
  carry(bucket);
}

void MerkleTree::remove(std::size_t bucket, const Hash128& entry) {
  hashes_[buckets() + bucket] -= entry;
  carry(bucket);
}

void MerkleTree::carry(std::size_t bucket) {
  for (std::size_t node = (buckets() + bucket) / 2; node > 0; node /= 2) {
    hashes_[node] = mix(seed_of_nodes, hashes_[2 * node], hashes_[2 * node + 1]);
  }
}

std::vector<Hash128> MerkleTree::children(const std::vector<std::size_t>& nodes) const {
  std::vector<Hash128> hashes;
  hashes.reserve(2 * nodes.size());
  for (const std::size_t node : nodes) {
    hashes.push_back(hashes_[2 * node]);
    hashes.push_back(hashes_[2 * node + 1]);
  }
  return hashes;
}

std::vector<std::size_t> MerkleTree::differing(const std::vector<std::size_t>& nodes,
                                               const std::vector<Hash128>& children) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < children.size(); ++i) {
    const std::size_t child = 2 * nodes[i / 2] + i % 2;
    if (hashes_[child] != children[i]) found.push_back(child);
  }
  return found;
}

}  // namespace gainsay::dht
