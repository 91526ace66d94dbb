// What a hash table promises, by what was acknowledged and what lies where.
#include <algorithm>

#include "properties/linearizability.hpp"
#include "protocols/dht/dht.hpp"

namespace gainsay::dht {

View view(const Node& node) {
  const bool writes_back = std::ranges::any_of(node.pending, [](const auto& one) {
    return one.second.storing && std::holds_alternative<Get>(one.second.operation);
  });
  return {.epoch = node.durable.epoch,
          .entries = node.durable.entries,
          .acknowledged = node.durable.acknowledged,
          .collected = node.durable.collected,
          .has_hints = !node.durable.hints.empty(),
          .has_handed_off = node.has_handed_off,
          .writes_back = writes_back};
}

namespace {

// A register for each key.
struct Registers {
  using State = flat_map<Key, std::string>;
  using Operation = Node::Operation;
  using Result = Node::Result;
  static Result apply(State& state, const Operation& operation) {
    const Key& key = key_of(operation);
    if (const auto* put = std::get_if<Put>(&operation)) {
      state[key] = put->value;
      return Done{};
    }
    if (std::holds_alternative<Delete>(operation)) {
      state.erase(key);
      return Done{};
    }
    const auto found = state.find(key);
    if (found == state.end()) return Values{};
    return Values{{found->second}};
  }

  // For the checker of long histories. A key without a value has the empty access, one with a value
  // that value behind a mark; several values at once are none that a write has left.
  static bool observes(const Operation& operation, const std::optional<Result>&) {
    return std::holds_alternative<Get>(operation);
  }
  static std::vector<std::string> keys(const Operation& operation) { return {key_of(operation)}; }
  static std::string access_initial() { return ""; }
  static std::optional<linearizability::Access> access(const Operation& operation,
                                                       const std::optional<Result>& result) {
    if (const auto* put = std::get_if<Put>(&operation)) {
      return linearizability::Access{.write = true, .value = "=" + put->value};
    }
    if (std::holds_alternative<Delete>(operation)) {
      return linearizability::Access{.write = true, .value = access_initial()};
    }
    const auto* read = result ? std::get_if<Values>(&*result) : nullptr;
    if (read == nullptr || read->values.size() > 1) return std::nullopt;
    return linearizability::Access{.value = read->values.empty() ? access_initial()
                                                                 : "=" + read->values.front()};
  }
};

std::uint32_t smallest_quorum(const Placement& placement, std::uint32_t size) {
  std::size_t smallest = std::min(size, placement.plan().replicas);
  for (const NodeSet& members : placement.plan().members) {
    smallest = std::min(smallest, members.size());
  }
  return static_cast<std::uint32_t>(smallest);
}

NodeId id_of(std::size_t index) { return node_id(index); }

// Where a tombstone that is gone has taken the place of what was acknowledged, the tombstone.
std::vector<Entry> acknowledged(const Nodes<View>& nodes, const Key& key) {
  std::vector<Entry> all;
  for (const View& node : nodes) {
    const auto found = node.acknowledged.find(key);
    if (found == node.acknowledged.end()) continue;
    for (const auto& [client, entry] : found->second) all.push_back(entry);
  }
  for (Entry& entry : all) {
    for (const View& node : nodes) {
      const auto gone = node.collected.find(key);
      if (gone != node.collected.end() && covers(gone->second, entry)) entry = gone->second;
    }
  }
  return all;
}

// Every acknowledged write is at W nodes or more, or what has replaced it.
bool is_durable(const Nodes<View>& nodes, const Placement& placement, std::uint32_t writes) {
  for (const Key& key : placement.plan().keys) {
    for (const Entry& entry : acknowledged(nodes, key)) {
      if (is_deleted(entry)) continue;
      std::uint32_t holders = 0;
      for (const View& node : nodes) {
        const auto found = node.entries.find(key);
        const bool holds = found != node.entries.end() && covers(found->second, entry);
        holders += holds ? 1 : 0;
      }
      if (holders < writes) return false;
    }
  }
  return true;
}

// --- what a read can find ---

struct Reads {
  std::shared_ptr<const Placement> placement;
  std::uint32_t r;

  // Whether a coordinator may take these nodes' answers, which are of one epoch, for a read's.
  bool is_quorum(Epoch epoch, const Key& key, NodeSet from) const {
    const auto memberships = placement->active_owners({0}, epoch, key);
    return std::ranges::all_of(memberships, [&](const NodeSet& owners) {
      const NodeSet common = owners & from;
      return common.size() >= std::min<std::size_t>(r, owners.size());
    });
  }

  // What each read quorum has of a key.
  std::vector<std::optional<Entry>> of(const Nodes<View>& nodes, Epoch epoch,
                                       const Key& key) const {
    std::vector<NodeId> replicas;
    for (const NodeId node : placement->replicas({0}, epoch, key)) {
      if (nodes[node.value].epoch == epoch) replicas.push_back(node);
    }
    std::vector<std::optional<Entry>> found;
    // All subsets, the greatest first.
    for (std::uint64_t some = std::uint64_t{1} << replicas.size(); some-- > 0;) {
      NodeSet quorum;
      for (std::size_t i = 0; i < replicas.size(); ++i) {
        if ((some >> i & 1) != 0) quorum.insert(replicas[i]);
      }
      if (is_quorum(epoch, key, quorum)) found.push_back(joined(nodes, quorum, key));
    }
    return found;
  }

  static std::optional<Entry> joined(const Nodes<View>& nodes, NodeSet some, const Key& key) {
    std::optional<Entry> all;
    for (const NodeId id : some) {
      const View& node = nodes[id.value];
      const auto entry = node.entries.find(key);
      if (entry == node.entries.end()) continue;
      if (!all) all = entry->second;
      join(*all, entry->second);
    }
    return all;
  }
};

using Judge = bool (*)(const std::optional<Entry>& read, const Entry& acknowledged);

bool every_read(const Nodes<View>& nodes, const Reads& reads, Judge judge) {
  std::vector<Epoch> epochs;
  for (const View& node : nodes) {
    if (std::ranges::find(epochs, node.epoch) == epochs.end()) epochs.push_back(node.epoch);
  }
  for (const Key& key : reads.placement->plan().keys) {
    const std::vector<Entry> written = acknowledged(nodes, key);
    if (written.empty()) continue;
    for (const Epoch epoch : epochs) {
      for (const std::optional<Entry>& read : reads.of(nodes, epoch, key)) {
        const bool good =
            std::ranges::all_of(written, [&](const Entry& entry) { return judge(read, entry); });
        if (!good) return false;
      }
    }
  }
  return true;
}

bool finds_it(const std::optional<Entry>& read, const Entry& written) {
  return is_deleted(written) || (read && covers(*read, written));
}

bool stays_deleted(const std::optional<Entry>& read, const Entry& written) {
  return !is_deleted(written) || !read || !denies(*read, written);
}

// --- who has what ---

bool only_owners_hold(const Nodes<View>& nodes, const Placement& placement) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const auto& [key, entry] : nodes[i].entries) {
      if (!placement.replicas(id_of(i), nodes[i].epoch, key).contains(id_of(i))) return false;
    }
  }
  return true;
}

// All owners have the same, and the last change is over.
bool has_converged(const Nodes<View>& nodes, const Placement& placement) {
  const Epoch last = placement.last_epoch();
  for (const View& node : nodes) {
    if (node.epoch != last) return false;
  }
  for (const Key& key : placement.plan().keys) {
    std::vector<std::optional<Entry>> held;
    for (const NodeId owner : placement.replicas({0}, last, key)) {
      held.push_back(Reads::joined(nodes, {owner}, key));
    }
    const bool same = std::ranges::all_of(held, [&](const std::optional<Entry>& entry) {
      return entry.has_value() == held[0].has_value() && (!entry || equal(*entry, *held[0]));
    });
    if (!same) return false;
  }
  return true;
}

// Between two memberships, as a node sees them, a key goes only to who has come, and from who has
// gone.
bool moves_least(const Placement& placement, NodeId seen_by, std::size_t before) {
  const NodeSet old_members = placement.plan().members[before];
  const NodeSet new_members = placement.plan().members[before + 1];
  for (const Key& key : placement.plan().keys) {
    const NodeSet old_owners = placement.owners(seen_by, before, key);
    const NodeSet new_owners = placement.owners(seen_by, before + 1, key);
    for (const NodeId node : new_owners) {
      const bool has_come = !old_members.contains(node);
      const bool some_have_gone = !(old_members - new_members).empty();
      if (!old_owners.contains(node) && !has_come && !some_have_gone) return false;
    }
    for (const NodeId node : old_owners) {
      const bool has_gone = !new_members.contains(node);
      const bool some_have_come = !(new_members - old_members).empty();
      if (!new_owners.contains(node) && !has_gone && !some_have_come) return false;
    }
  }
  return true;
}

bool all_move_least(const Nodes<View>& nodes, const Placement& placement) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (Epoch passed = 0; passed + 2 <= nodes[i].epoch; passed += 2) {
      if (!moves_least(placement, id_of(i), passed / 2)) return false;
    }
  }
  return true;
}

// --- what is reached ---

void add_reached(std::vector<Property>& all, const Node::Options& options, const Work& work) {
  const Placement& placement = *options.placement;
  const Epoch last = placement.last_epoch();
  const bool leaves_some_out = options.w < smallest_quorum(placement, placement.plan().replicas);
  if (work.writes) {
    all.push_back(sometimes<Node>("a write is acknowledged",
                                  [](const View& node) { return !node.acknowledged.empty(); }));
  }
  const bool writes_back = options.repair == Repair::before_answer && options.w > 1;
  if (work.reads_of_others && writes_back) {
    all.push_back(sometimes<Node>("a read is written back",
                                  [](const View& node) { return node.writes_back; }));
  }
  if (last > 0) {
    all.push_back(sometimes<Node>("the last change is over",
                                  [last](const View& node) { return node.epoch == last; }));
  }
  if (last > 0 && work.deletes) {
    all.push_back(sometimes<Node>("a tombstone is collected",
                                  [](const View& node) { return !node.collected.empty(); }));
  }
  if (options.hints && work.writes && leaves_some_out) {
    all.push_back(
        sometimes<Node>("a hint is kept", [](const View& node) { return node.has_hints; }));
    all.push_back(sometimes<Node>("a hint is handed off",
                                  [](const View& node) { return node.has_handed_off; }));
  }
}

}  // namespace

bool promises_registers(const Node::Options& options) {
  return !options.siblings && options.repair == Repair::before_answer &&
         options.r + options.w > options.placement->plan().replicas;
}

std::vector<Property> properties(const Node::Options& options, const Work& work) {
  const auto placement = options.placement;
  const std::uint32_t writes = smallest_quorum(*placement, options.w);
  std::vector<Property> all = {
      // While at most W - 1 replicas fail somebody has each write that was acknowledged.
      always<Node>("durability",
                   [=](const Nodes<View>& nodes) { return is_durable(nodes, *placement, writes); }),
      // A node has only what it owns.
      always<Node>("only owners hold a key",
                   [=](const Nodes<View>& nodes) { return only_owners_hold(nodes, *placement); }),
      // A change of the membership moves no key between those who stay.
      always<Node>("minimal moves",
                   [=](const Nodes<View>& nodes) { return all_move_least(nodes, *placement); }),
  };
  if (options.r + options.w > placement->plan().replicas) {
    const Reads reads{placement, options.r};
    // Whichever owners a read asks, it finds each write that was acknowledged, or a later one.
    all.push_back(always<Node>("reads find writes", [=](const Nodes<View>& nodes) {
      return every_read(nodes, reads, finds_it);
    }));
    // And nothing that an acknowledged deletion has replaced.
    all.push_back(always<Node>("deleted stays deleted", [=](const Nodes<View>& nodes) {
      return every_read(nodes, reads, stays_deleted);
    }));
  }
  const bool promised = promises_registers(options) && !work.resends;
  if (work.any && (options.linearizable || promised)) {
    all.push_back(linearizable<Registers>());
  }
  if (options.recovers) {
    // All owners of a key get to have the same, and nobody else.
    all.push_back(recovers<Node>(
        "convergence", [=](const Nodes<View>& nodes) { return has_converged(nodes, *placement); }));
  }
  add_reached(all, options, work);
  return all;
}

}  // namespace gainsay::dht
