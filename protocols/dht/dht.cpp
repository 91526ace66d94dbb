// What a coordinator and an owner do for a client's operation.
#include "protocols/dht/dht.hpp"

#include <algorithm>
#include <chrono>

namespace gainsay::dht {

using namespace std::chrono_literals;

const Key& key_of(const Node::Operation& operation) {
  return std::visit([](const auto& some) -> const Key& { return some.key; }, operation);
}

void Node::start(Context& ctx) {
  const Options& options = ctx.options();
  ctx.arm(Timer::change, leads(ctx) && options.placement->last_epoch() > 0, between(10s, 10s));
  ctx.arm(Timer::compare, options.anti_entropy, between(1s, 2s));
  arm_replay(ctx);
  // What a crash has cut off before it was said.
  if (is_changing(durable.epoch)) hand_over(ctx);
}

void Node::on(Context& ctx, Timer timer) {
  switch (timer) {
    case Timer::change:
      lead(ctx);
      break;
    case Timer::replay:
      replay(ctx);
      break;
    case Timer::compare:
      compare_with_all(ctx);
      break;
  }
}

NodeSet Node::replicas(const Context& ctx, const Key& key) const {
  return ctx.options().placement->replicas(ctx.self(), durable.epoch, key);
}

// Of each membership that counts.
bool Node::is_quorum(const Context& ctx, const Key& key, NodeSet nodes, std::uint32_t size) const {
  const Placement& placement = *ctx.options().placement;
  return std::ranges::all_of(placement.active_owners(ctx.self(), durable.epoch, key),
                             [&](const NodeSet& owners) {
                               const NodeSet common = owners & nodes;
                               return common.size() >= std::min<std::size_t>(size, owners.size());
                             });
}

std::optional<Entry> Node::entry_of(const Key& key) const {
  const auto found = durable.entries.find(key);
  if (found == durable.entries.end()) return std::nullopt;
  return found->second;
}

void Node::apply(const Key& key, const Entry& entry) {
  const auto [at, is_new] = durable.entries.try_emplace(key, entry);
  if (!is_new) join(at->second, entry);
}

// A request is coordinated once, also when it comes again after a crash: as two writes it could
// undo another that came between them.
void Node::on(Context& ctx, NodeId, const Request<Operation>& request) {
  std::uint32_t& last = durable.taken[request.id.client];
  if (request.id.number <= last) return;
  last = request.id.number;
  pending[request.id].operation = request.operation;
  ask(ctx, request.id);
}

// --- asking ---

void Node::ask(Context& ctx, const RequestId& id) {
  Pending& asking = pending[id];
  asking = {.operation = asking.operation};
  const Key key = key_of(asking.operation);
  const NodeSet owners = replicas(ctx, key);
  for (const NodeId owner : owners) {
    if (owner == ctx.self()) continue;
    ctx.send(owner, Query{.request = id, .epoch = durable.epoch, .key = key});
  }
  if (owners.contains(ctx.self())) take_answer(ctx, id, ctx.self(), entry_of(key));
}

void Node::on(Context& ctx, NodeId from, const Query& query) {
  if (query.epoch != durable.epoch) return;
  ctx.send(from,
           Found{.request = query.request, .epoch = query.epoch, .entry = entry_of(query.key)});
}

void Node::on(Context& ctx, NodeId from, const Found& found) {
  const auto asking = pending.find(found.request);
  if (found.epoch != durable.epoch || asking == pending.end() || asking->second.storing) return;
  if (asking->second.answered.contains(from)) return;
  take_answer(ctx, found.request, from, found.entry);
}

void Node::take_answer(Context& ctx, const RequestId& id, NodeId from,
                       const std::optional<Entry>& entry) {
  Pending& asking = pending[id];
  asking.answered.insert(from);
  if (entry) {
    if (!asking.entry || !covers(*asking.entry, *entry)) asking.agree.clear();
    if (!asking.entry) asking.entry = entry;
    join(*asking.entry, *entry);
    const bool is_read = std::holds_alternative<Get>(asking.operation);
    if (is_read && equal(*entry, *asking.entry)) asking.agree.insert(from);
  }
  const Key key = key_of(asking.operation);
  const bool is_stale =
      ctx.options().bug == Bug::stale_replica_read && std::holds_alternative<Get>(asking.operation);
  if (is_stale) return finish(ctx, id);  // what one replica has is the answer
  if (is_quorum(ctx, key, asking.answered, ctx.options().r)) decide(ctx, id);
}

namespace {

// What the operation writes; no value at all when it reads.
std::optional<Value> written_value(const Node::Operation& operation) {
  if (const auto* put = std::get_if<Put>(&operation)) return Value(put->value);
  if (std::holds_alternative<Delete>(operation)) return Value();
  return std::nullopt;
}

}  // namespace

// Enough have answered: a write is given its place in the order, a read may have to be stored.
void Node::decide(Context& ctx, const RequestId& id) {
  Pending& asked = pending[id];
  if (const auto value = written_value(asked.operation)) {
    asked.entry = ctx.options().siblings ? written_sibling(asked.entry, id, *value)
                                         : written_latest(asked.entry, durable.epoch, id, *value);
  } else if (!asked.entry || ctx.options().repair != Repair::before_answer) {
    return finish(ctx, id);
  }
  tell(ctx, id);
}

// --- storing ---

void Node::tell(Context& ctx, const RequestId& id) {
  Pending& telling = pending[id];
  const NodeSet agreed = telling.agree;
  telling.storing = true;
  telling.answered = {};
  telling.agree = {};
  const Key key = key_of(telling.operation);
  const NodeSet owners = replicas(ctx, key);
  NodeSet have = agreed;
  if (owners.contains(ctx.self())) {
    apply(key, *telling.entry);
    have.insert(ctx.self());
  }
  for (const NodeId owner : owners) {
    if (have.contains(owner)) continue;
    ctx.send(owner,
             Store{.request = id, .epoch = durable.epoch, .key = key, .entry = *telling.entry});
  }
  take_ack(ctx, id, have);
}

void Node::on(Context& ctx, NodeId from, const Store& store) {
  if (store.epoch != durable.epoch) return;
  apply(store.key, store.entry);
  ctx.send(from, Stored{.request = store.request, .epoch = store.epoch});
}

void Node::on(Context& ctx, NodeId from, Stored stored) {
  const auto telling = pending.find(stored.request);
  if (stored.epoch != durable.epoch || telling == pending.end() || !telling->second.storing) return;
  take_ack(ctx, stored.request, {from});
}

void Node::take_ack(Context& ctx, const RequestId& id, NodeSet from) {
  Pending& telling = pending[id];
  telling.answered |= from;
  const Key key = key_of(telling.operation);
  if (is_quorum(ctx, key, telling.answered, ctx.options().w)) finish(ctx, id);
}

// --- answering ---

void Node::finish(Context& ctx, const RequestId& id) {
  const Pending done = pending[id];
  pending.erase(id);
  const Key key = key_of(done.operation);
  if (written_value(done.operation)) {
    durable.acknowledged[key].insert_or_assign(id.client, *done.entry);
    if (ctx.options().hints) {
      keep_hints(ctx, key, done);
      arm_replay(ctx);
    }
    return ctx.reply(id, Done{});
  }
  if (ctx.options().repair == Repair::after_answer) mend_lagging(ctx, key, done);
  ctx.reply(id, done.entry ? Values{values(*done.entry)} : Values{});
}

}  // namespace gainsay::dht
