// What brings replicas together that missed something: hints, read repair, anti-entropy.
#include <algorithm>
#include <chrono>

#include "protocols/dht/dht.hpp"
#include "protocols/dht/merkle_tree.hpp"

namespace gainsay::dht {

using namespace std::chrono_literals;

// --- hints ---

// An owner that has not acknowledged a write is told it again by its coordinator.
void Node::keep_hints(const Context& ctx, const Key& key, const Pending& done) {
  for (const NodeId owner : replicas(ctx, key)) {
    if (owner == ctx.self() || done.answered.contains(owner)) continue;
    const auto [at, is_new] = durable.hints[owner].try_emplace(key, *done.entry);
    if (!is_new) join(at->second, *done.entry);
  }
}

void Node::arm_replay(Context& ctx) {
  ctx.arm(Timer::replay, !durable.hints.empty(), between(100ms, 200ms));
}

void Node::replay(Context& ctx) {
  for (const auto& [owner, entries] : durable.hints) {
    for (const auto& [key, entry] : entries) {
      ctx.send(owner, Mend{.epoch = durable.epoch, .key = key, .entry = entry, .hinted = true});
    }
  }
  arm_replay(ctx);
}

void Node::on(Context& ctx, NodeId from, const Mend& mend) {
  if (mend.epoch != durable.epoch) return;
  apply(mend.key, mend.entry);
  if (!mend.hinted) return;
  ctx.send(from, Mended{.epoch = mend.epoch, .key = mend.key, .entry = mend.entry});
}

void Node::on(Context& ctx, NodeId from, const Mended& mended) {
  const auto hints = durable.hints.find(from);
  if (hints == durable.hints.end()) return;
  const auto hint = hints->second.find(mended.key);
  if (hint == hints->second.end() || !covers(mended.entry, hint->second)) return;
  hints->second.erase(hint);
  has_handed_off = true;
  if (hints->second.empty()) durable.hints.erase(hints);
  arm_replay(ctx);
}

// --- read repair ---

void Node::mend_lagging(Context& ctx, const Key& key, const Pending& read) {
  if (!read.entry) return;
  for (const NodeId owner : read.answered) {
    if (read.agree.contains(owner)) continue;
    if (owner == ctx.self()) {
      apply(key, *read.entry);
    } else {
      ctx.send(owner, Mend{.epoch = durable.epoch, .key = key, .entry = *read.entry});
    }
  }
}

// --- anti-entropy ---

namespace {

// Few buckets, as there are few keys in a check.
constexpr unsigned tree_levels = 1;

Hash128 hash_of(const Key& key, const Entry& entry) {
  Writer writer;
  encode(key, writer);
  encode(entry, writer);
  return content_hash(writer.bytes());
}

std::size_t bucket_of(const MerkleTree& tree, const Key& key) {
  return content_hash(key).low % tree.buckets();
}

MerkleTree tree_of(const Entries& entries) {
  MerkleTree tree(tree_levels);
  for (const auto& [key, entry] : entries) tree.add(bucket_of(tree, key), hash_of(key, entry));
  return tree;
}

}  // namespace

// Of the keys that both own.
Entries Node::shared_with(const Context& ctx, NodeId other) const {
  Entries shared;
  for (const auto& [key, entry] : durable.entries) {
    const NodeSet owners = replicas(ctx, key);
    if (owners.contains(ctx.self()) && owners.contains(other)) shared.emplace(key, entry);
  }
  return shared;
}

// With each of a greater id: the exchange goes both ways.
void Node::compare_with_all(Context& ctx) {
  for (auto id = static_cast<std::uint16_t>(ctx.self().value + 1); id < ctx.nodes(); ++id) {
    const MerkleTree tree = tree_of(shared_with(ctx, {id}));
    ctx.send({id}, Compare{.epoch = durable.epoch, .root = tree.hash(MerkleTree::root)});
  }
  ctx.set(Timer::compare, between(1s, 2s));
}

void Node::on(Context& ctx, NodeId from, const Compare& compare) {
  if (compare.epoch != durable.epoch) return;
  const MerkleTree tree = tree_of(shared_with(ctx, from));
  if (tree.hash(MerkleTree::root) == compare.root) return;
  ctx.send(from, Differ{.epoch = durable.epoch, .buckets = tree.children({MerkleTree::root})});
}

void Node::on(Context& ctx, NodeId from, const Differ& differ) {
  if (differ.epoch != durable.epoch) return;
  const Entries shared = shared_with(ctx, from);
  const MerkleTree tree = tree_of(shared);
  Exchange exchange{.epoch = durable.epoch};
  for (const std::size_t node : tree.differing({MerkleTree::root}, differ.buckets)) {
    const std::size_t bucket = tree.bucket_of(node);
    exchange.answer.push_back(static_cast<std::uint32_t>(bucket));
    for (const auto& [key, entry] : shared) {
      if (bucket_of(tree, key) == bucket) exchange.entries.emplace(key, entry);
    }
  }
  if (!exchange.answer.empty()) ctx.send(from, std::move(exchange));
}

void Node::on(Context& ctx, NodeId from, const Exchange& exchange) {
  if (exchange.epoch != durable.epoch) return;
  const Entries shared = shared_with(ctx, from);
  const MerkleTree tree = tree_of(shared);
  Exchange answer{.epoch = durable.epoch};
  for (const auto& [key, entry] : shared) {
    const auto bucket = static_cast<std::uint32_t>(bucket_of(tree, key));
    const auto& asked = exchange.answer;
    if (std::ranges::find(asked, bucket) == asked.end()) continue;
    const auto theirs = exchange.entries.find(key);
    const bool is_news = theirs == exchange.entries.end() || !covers(theirs->second, entry);
    if (is_news) answer.entries.emplace(key, entry);
  }
  for (const auto& [key, entry] : exchange.entries) apply(key, entry);
  if (!answer.entries.empty()) ctx.send(from, std::move(answer));
}

}  // namespace gainsay::dht
