// Changes of the membership, and the collection of tombstones that goes with one.
#include <algorithm>
#include <chrono>
#include <functional>

#include "protocols/dht/dht.hpp"

namespace gainsay::dht {

using namespace std::chrono_literals;

namespace {}  // namespace

bool Node::leads(const Context& ctx) const { return ctx.self() == leader_of(ctx.nodes()); }

// A change begins when all are through with the one before it, so that nobody misses two.
void Node::lead(Context& ctx) {
  // Itself too, again behind a crash.
  if (is_changing(durable.epoch)) hand_over(ctx);
  report(ctx);
  const Epoch last = ctx.options().placement->last_epoch();
  const bool all_here = durable.epoch == 0 || ready.size() == ctx.nodes();
  const bool no_transfer = ctx.options().bug == Bug::join_no_key_transfer;
  if (is_changing(durable.epoch)) {
    if (enough_are_ready(ctx)) enter(ctx, durable.epoch + 1, collectable(ctx));
  } else if (durable.epoch < last && all_here) {
    enter(ctx, durable.epoch + (no_transfer ? 2 : 1), {});
  }
  ctx.broadcast(EpochIs{.epoch = durable.epoch, .collected = durable.collected});
  ctx.set(Timer::change, between(10s, 10s));
}

void Node::on(Context& ctx, NodeId, const EpochIs& told) {
  if (told.epoch < durable.epoch) return;
  if (told.epoch > durable.epoch) return enter(ctx, told.epoch, told.collected);
  // Again, as what was said may be lost.
  if (is_changing(durable.epoch)) hand_over(ctx);
  report(ctx);
}

void Node::enter(Context& ctx, Epoch epoch, const Entries& collected) {
  durable.epoch = epoch;
  durable.heard = {};
  durable.collected = leads(ctx) ? collected : Entries{};
  ready.clear();
  if (is_changing(epoch)) {
    hand_over(ctx);
  } else {
    settle(ctx, collected);
  }
  resume(ctx, collected);
  report(ctx);
}

namespace {

// One of the tombstones that are gone, and this is older, or it.
bool is_covered(const Entries& collected, const Key& key, const Entry& entry) {
  const auto found = collected.find(key);
  return found != collected.end() && covers(found->second, entry);
}

Entries only(const Entries& entries, const std::function<bool(const Key&, const Entry&)>& stays) {
  Entries kept;
  for (const auto& [key, entry] : entries) {
    if (stays(key, entry)) kept.emplace(key, entry);
  }
  return kept;
}

}  // namespace

// What is not this node's any more goes, and the tombstones that all owners had: none of them has
// anything older.
void Node::settle(const Context& ctx, const Entries& collected) {
  durable.entries = only(durable.entries, [&](const Key& key, const Entry& entry) {
    const auto gone = collected.find(key);
    const bool is_gone = gone != collected.end() && equal(gone->second, entry);
    return replicas(ctx, key).contains(ctx.self()) && !is_gone;
  });
  const bool keeps_hints = ctx.options().bug == Bug::hint_replay_after_gc;
  flat_map<NodeId, Entries> hints;
  for (const auto& one : durable.hints) {
    Entries kept = only(one.second, [&](const Key& key, const Entry& entry) {
      const bool is_gone = is_covered(collected, key, entry) && !keeps_hints;
      return !is_gone && replicas(ctx, key).contains(one.first);
    });
    if (!kept.empty()) hints.emplace(one.first, std::move(kept));
  }
  durable.hints = std::move(hints);
  // Of what was written before a tombstone, that tombstone is what is known.
  for (auto& [key, by_client] : durable.acknowledged) {
    for (auto& [client, entry] : by_client) {
      if (is_covered(collected, key, entry)) entry = collected.at(key);
    }
  }
}

// Operations begin their phase anew with the owners of now. What is older than a tombstone that all
// owners had is stored: they all had something newer.
void Node::resume(Context& ctx, const Entries& collected) {
  arm_replay(ctx);
  std::vector<RequestId> ids;
  for (const auto& [id, operation] : pending) ids.push_back(id);
  for (const RequestId& id : ids) {
    Pending& one = pending[id];
    const Key key = key_of(one.operation);
    if (!one.storing) {
      ask(ctx, id);
    } else if (is_covered(collected, key, *one.entry)) {
      one.answered = replicas(ctx, key);
      if (!std::holds_alternative<Get>(one.operation)) one.entry = collected.at(key);
      finish(ctx, id);
    } else {
      tell(ctx, id);
    }
  }
}

// --- handing over ---

// Each old owner tells each new one what it has of their keys.
void Node::hand_over(Context& ctx) {
  const Placement& placement = *ctx.options().placement;
  const std::size_t before = durable.epoch / 2;
  durable.heard.insert(ctx.self());
  for (std::uint16_t id = 0; id < ctx.nodes(); ++id) {
    const NodeId to{id};
    Transfer transfer{.epoch = durable.epoch};
    bool is_owed = false;
    for (const Key& key : placement.plan().keys) {
      if (!placement.owners(ctx.self(), before, key).contains(ctx.self())) continue;
      if (!placement.owners(ctx.self(), before + 1, key).contains(to)) continue;
      is_owed = true;
      if (const auto entry = entry_of(key)) transfer.entries.emplace(key, *entry);
    }
    if (is_owed && to != ctx.self()) ctx.send(to, std::move(transfer));
  }
  if (ctx.options().bug != Bug::transfer_delete_before_ack) return;
  durable.entries = only(durable.entries, [&](const Key& key, const Entry&) {
    return placement.owners(ctx.self(), before + 1, key).contains(ctx.self());
  });
}

void Node::on(Context& ctx, NodeId from, const Transfer& transfer) {
  if (transfer.epoch != durable.epoch) return;
  for (const auto& [key, entry] : transfer.entries) apply(key, entry);
  durable.heard.insert(from);
  report(ctx);
}

// An owner is ready when it has heard so many of the old ones that every write which they have
// acknowledged is among what they said: of N all but W - 1.
void Node::report(Context& ctx) {
  const Placement& placement = *ctx.options().placement;
  if (!is_changing(durable.epoch)) {
    // Only a further change asks who is here.
    const bool is_last = durable.epoch == placement.last_epoch();
    if (leads(ctx)) ready.emplace(ctx.self(), Entries{});
    if (!leads(ctx) && !is_last) ctx.send(leader_of(ctx.nodes()), Ready{.epoch = durable.epoch});
    return;
  }
  const std::size_t before = durable.epoch / 2;
  for (const Key& key : placement.plan().keys) {
    if (!placement.owners(ctx.self(), before + 1, key).contains(ctx.self())) continue;
    const NodeSet old_owners = placement.owners(ctx.self(), before, key);
    const std::size_t writes = std::min<std::size_t>(ctx.options().w, old_owners.size());
    if ((durable.heard & old_owners).size() <= old_owners.size() - writes) return;
  }
  Ready mine{.epoch = durable.epoch};
  for (const auto& [key, entry] : durable.entries) {
    if (is_deleted(entry)) mine.tombstones.emplace(key, entry);
  }
  if (leads(ctx)) {
    ready.insert_or_assign(ctx.self(), mine.tombstones);
  } else {
    ctx.send(leader_of(ctx.nodes()), std::move(mine));
  }
}

void Node::on(Context& ctx, NodeId from, const Ready& told) {
  if (!leads(ctx) || told.epoch != durable.epoch) return;
  ready.insert_or_assign(from, told.tombstones);
}

// A write quorum of each key's new owners.
bool Node::enough_are_ready(const Context& ctx) const {
  const Placement& placement = *ctx.options().placement;
  NodeSet nodes;
  for (const auto& [node, tombstones] : ready) nodes.insert(node);
  return std::ranges::all_of(placement.plan().keys, [&](const Key& key) {
    const NodeSet owners = placement.owners(ctx.self(), durable.epoch / 2 + 1, key);
    const std::size_t writes = std::min<std::size_t>(ctx.options().w, owners.size());
    return (nodes & owners).size() >= writes;
  });
}

// The tombstones that every replica has reported, old or new: nothing older is left, nor comes.
Entries Node::collectable(const Context& ctx) const {
  Entries all;
  for (const Key& key : ctx.options().placement->plan().keys) {
    const NodeSet owners = replicas(ctx, key);
    std::optional<Entry> tombstone;
    NodeSet have;
    for (const auto& [node, tombstones] : ready) {
      const auto found = tombstones.find(key);
      if (found == tombstones.end()) continue;
      if (!tombstone) tombstone = found->second;
      if (equal(*tombstone, found->second)) have.insert(node);
    }
    const bool early = ctx.options().bug == Bug::tombstone_early_gc;
    const bool all_have = (owners & have) == owners;
    const bool goes = early ? is_quorum(ctx, key, have, ctx.options().w) : all_have;
    if (tombstone && goes) all.emplace(key, *tombstone);
  }
  return all;
}

}  // namespace gainsay::dht
