#include <algorithm>
#include <set>

#include "engine/client.hpp"
#include "protocols/dht/dht.hpp"
#include "protocols/kv_workload.hpp"

namespace gainsay::dht {

namespace {

using Items = std::vector<WorkItem<Node::Operation>>;

// --- options ---

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(by, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// Of names, which one. Throws UsageError.
std::size_t one_of(const std::string& option, const std::string& text,
                   const std::vector<std::string>& names) {
  const auto found = std::ranges::find(names, text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const std::string near = nearest(text, names);
  throw UsageError("dht: option " + option + " is not \"" + text + "\"" +
                   (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
}

// "join.collect": the last node joins, then nobody does, and tombstones are collected.
std::vector<NodeSet> memberships(std::uint32_t nodes, const std::string& text) {
  const std::vector<std::string> names = {"none", "join", "leave", "collect"};
  const NodeId last = leader_of(nodes);
  std::vector<NodeSet> all;
  for (const std::string& change : split(text, '.')) {
    const std::size_t which = one_of("changes", change, names);
    const bool joins = which == 1;
    const bool leaves = which == 2;
    if (all.empty()) all.push_back(NodeSet::first(joins ? nodes - 1 : nodes));
    if (which == 0) continue;
    NodeSet next = all.back();
    if ((joins && next.contains(last)) || (leaves && !next.contains(last))) {
      throw UsageError("dht: n" + std::to_string(nodes) + " cannot " + change + " now");
    }
    if (joins) next.insert(last);
    if (leaves) next.erase(last);
    if (next.empty()) throw UsageError("dht: somebody must be a member");
    all.push_back(next);
  }
  if (all.front().empty()) throw UsageError("dht: somebody must be a member");
  return all;
}

struct Settings {
  Plan plan;
  Node::Options options;
  std::string work;
};

void set_option(Settings& settings, const std::string& name, const std::string& text) {
  Node::Options& options = settings.options;
  if (name == "work") {
    settings.work = text;
  } else if (name == "versions") {
    options.siblings = one_of(name, text, {"last-writer", "siblings"}) == 1;
  } else if (name == "repair") {
    options.repair = static_cast<Repair>(one_of(name, text, {"before", "after", "never"}));
  } else if (name != "changes") {
    const std::uint32_t value = option_number("dht", name, text);
    if (name == "n") settings.plan.replicas = value;
    if (name == "r") options.r = value;
    if (name == "w") options.w = value;
    if (name == "hints") options.hints = value != 0;
    if (name == "anti-entropy") options.anti_entropy = value != 0;
    if (name == "linearizable") options.linearizable = value != 0;
    if (name == "recovers") options.recovers = value != 0;
    if (name == "points") settings.plan.ring.points = value;
    if (name == "bits") settings.plan.ring.bits = value;
    if (name == "seed") settings.plan.ring.seed = value;
  }
}

void require_sense(const Settings& settings, std::uint32_t nodes) {
  const std::uint32_t n = settings.plan.replicas;
  const Node::Options& options = settings.options;
  if (n == 0 || options.r == 0 || options.w == 0) {
    throw UsageError("dht: n, r and w are at least 1");
  }
  if (options.r > n || options.w > n) throw UsageError("dht: r and w are at most n");
  if (n > nodes) throw UsageError("dht: n is at most the number of nodes");
  if (options.linearizable && options.siblings) {
    throw UsageError(
        "dht: option linearizable needs versions=last-writer: siblings are no register");
  }
  if (options.recovers && !options.anti_entropy) {
    throw UsageError("dht: option recovers needs anti-entropy=1");
  }
}

std::vector<Key> keys_of(const Load& load) {
  if (load.keys > 100'000) throw UsageError("dht: load-keys is at most 100,000");
  std::vector<Key> keys;
  for (std::uint32_t i = 0; i < load.keys; ++i) keys.push_back("k" + std::to_string(i));
  return keys;
}

Settings settings_of(const Configuration& configuration) {
  Settings settings;
  settings.options.bug = bug_named<Bug>(configuration.bug);
  settings.plan.keys = {"x", "y"};
  settings.plan.ring = {.points = 4, .seed = 0, .bits = 64};
  if (const auto load = load_of("dht", configuration.options)) {
    settings.plan.keys = keys_of(*load);
  }
  std::string changes = "none";
  for (const auto& [name, text] : configuration.options) {
    if (name == "changes") changes = text;
    set_option(settings, name, text);
  }
  const std::uint32_t nodes = configuration.bounds.nodes;
  require_sense(settings, nodes);
  settings.plan.members = memberships(nodes, changes);
  const bool overwrites = settings.options.bug == Bug::vnode_collision_overwrite;
  settings.options.placement = std::make_shared<const Placement>(settings.plan, overwrites);
  return settings;
}

// --- what the clients do ---

// Each writes its own of the keys, reads the next one and deletes its own.
std::string usual_work(const Bounds& bounds, const std::vector<Key>& keys) {
  std::string text;
  for (std::uint32_t client = 0; client < bounds.clients; ++client) {
    if (client > 0) text += '/';
    const Key& own = keys[client % keys.size()];
    const Key& next = keys[(client + 1) % keys.size()];
    for (std::uint32_t i = 0; i < bounds.operations; ++i) {
      const std::vector<std::string> all = {"put-" + own, "get-" + next, "delete-" + own};
      text += (i > 0 ? "." : "") + all[i % all.size()];
    }
  }
  return text;
}

// "put-x", of the client's request of that number.
Node::Operation operation_of(const std::string& text, const std::vector<Key>& keys,
                             std::uint32_t client, std::uint32_t number) {
  const std::size_t dash = std::min(text.find('-'), text.size());
  const Key key = text.substr(std::min(dash + 1, text.size()));
  if (std::ranges::find(keys, key) == keys.end()) {
    throw UsageError("dht: option work: there is no key in \"" + text + "\"");
  }
  const std::string letter(1, static_cast<char>('a' + client % 26));
  switch (one_of("work", text.substr(0, dash), {"put", "get", "delete"})) {
    case 0:
      return Put{.key = key, .value = letter + std::to_string(number)};
    case 1:
      return Get{.key = key};
    default:
      return Delete{.key = key};
  }
}

// Clients begin at one node after the other, and go on to the next one with each operation.
Workload<Node::Operation> workload(const std::string& work, const Bounds& bounds,
                                   const std::vector<Key>& keys) {
  Workload<Node::Operation> all;
  if (bounds.clients == 0) return all;
  for (const std::string& script : split(work, '/')) {
    const auto client = static_cast<std::uint32_t>(all.clients.size());
    Items items;
    for (const std::string& text : split(script, '.')) {
      const auto i = static_cast<std::uint32_t>(items.size());
      const NodeId server = node_id((client + i) % bounds.nodes);
      items.push_back({.operation = operation_of(text, keys, client, i + 1), .servers = {server}});
    }
    if (items.size() != bounds.operations) {
      throw UsageError("dht: option work: each client has " + std::to_string(bounds.operations) +
                       " operations (--ops)");
    }
    all.clients.push_back(std::move(items));
  }
  if (all.clients.size() != bounds.clients) {
    throw UsageError("dht: option work: there are " + std::to_string(bounds.clients) +
                     " clients (--clients)");
  }
  return all;
}

// Any node coordinates any operation.
Workload<Node::Operation> workload(const Load& load, const Bounds& bounds) {
  Workload<Node::Operation> all{.retry = true, .paced = true};
  all.client_count = bounds.clients;
  all.operations = bounds.operations;
  all.item = [items = items_of(load), nodes = bounds.nodes](std::uint32_t client,
                                                            std::uint32_t position) {
    LoadItem item = items(client, position);
    const Key key = "k" + std::to_string(item.key);
    WorkItem<Node::Operation> work{.operation = Get{.key = key}, .servers = {}};
    if (!item.reads) work.operation = Put{.key = key, .value = std::move(item.value)};
    for (std::uint32_t i = 0; i < nodes; ++i) {
      work.servers.push_back(node_id((client + position + i) % nodes));
    }
    return work;
  };
  return all;
}

Work work_of(const Workload<Node::Operation>& workload) {
  Work work{.any = !workload.clients.empty()};
  std::set<std::pair<Key, std::size_t>> puts;
  for (std::size_t client = 0; client < workload.clients.size(); ++client) {
    for (const auto& item : workload.clients[client]) {
      const bool deletes = std::holds_alternative<Delete>(item.operation);
      const bool is_put = std::holds_alternative<Put>(item.operation);
      if (is_put) puts.emplace(key_of(item.operation), client);
      work.writes = work.writes || is_put;
      work.deletes = work.deletes || deletes;
    }
  }
  for (std::size_t client = 0; client < workload.clients.size(); ++client) {
    for (const auto& item : workload.clients[client]) {
      if (!std::holds_alternative<Get>(item.operation)) continue;
      work.reads_of_others =
          work.reads_of_others || std::ranges::any_of(puts, [&](const auto& put) {
            return put.first == key_of(item.operation) && put.second != client;
          });
    }
  }
  return work;
}

// --- bugs ---

Configuration scenario(std::uint32_t nodes, std::uint32_t operations, OptionTexts options) {
  return {.bounds = {.nodes = nodes,
                     .clients = operations > 0 ? 1U : 0U,
                     .operations = std::max(operations, 1U)},
          .options = std::move(options),
          .bug = ""};
}

std::vector<gainsay::Bug> bugs() {
  return {
      {"D08", "join-no-key-transfer", "durability",
       "who joins is an owner at once, before it has been handed the keys",
       scenario(3, 1, {{"changes", "join"}})},
      {"D10", "transfer-delete-before-ack", "durability",
       "who hands keys over forgets them before they have arrived",
       scenario(3, 1, {{"changes", "join"}})},
      {"D13", "stale-replica-read", "linearizability",
       "a read is answered with what one replica has, whatever the others have",
       scenario(3, 2, {{"n", "3"}, {"work", "put-x.get-x"}})},
      {"D15", "tombstone-early-gc", "deleted stays deleted",
       "a tombstone goes when a write quorum has it, though another replica has the value",
       scenario(3, 2, {{"n", "3"}, {"changes", "collect"}, {"work", "put-x.delete-x"}})},
      {"D16", "hint-replay-after-gc", "deleted stays deleted",
       "a hint outlives the tombstone of what it says, and is handed off",
       scenario(2, 2,
                {{"r", "2"},
                 {"w", "1"},
                 {"hints", "1"},
                 {"changes", "collect"},
                 {"work", "put-x.delete-x"}})},
      {"D22", "vnode-collision-overwrite", "only owners hold a key",
       "of points at one position the last one that came is kept",
       scenario(3, 1, {{"bits", "3"}, {"seed", "4"}, {"changes", "leave"}})},
  };
}

Configuration defaults() {
  Configuration configuration = scenario(3, 2, {{"changes", "join"}});
  configuration.bounds.clients = 2;
  configuration.bounds.crashes = 1;
  return configuration;
}

}  // namespace

Model make_model(const Configuration& configuration) {
  const Bounds& bounds = configuration.bounds;
  const Settings settings = settings_of(configuration);
  const std::vector<Key>& keys = settings.plan.keys;
  const bool is_usual = settings.work.empty() && bounds.operations <= 1000;
  const std::string work = is_usual ? usual_work(bounds, keys) : settings.work;
  const auto load = load_of("dht", configuration.options);
  const Workload<Node::Operation> clients =
      load ? workload(*load, bounds) : workload(work, bounds, keys);
  Model model{.system = make_system<Node>("dht", bounds, settings.options), .properties = {}};
  if (bounds.clients > 0) add_clients<Node>(model.system, clients);
  const Work does =
      load ? Work{.any = true, .writes = true, .reads_of_others = true, .resends = true}
           : work_of(clients);
  model.properties = properties(settings.options, does);
  return model;
}

NodeFactsOf facts_of(const Configuration& configuration) {
  const Plan plan = settings_of(configuration).plan;
  std::vector<std::vector<std::uint32_t>> positions;  // by node
  for (std::uint32_t i = 0; i < configuration.bounds.nodes; ++i) {
    std::vector<std::uint32_t>& of_node = positions.emplace_back();
    const Ring alone({{.name = ring_name(node_id(i))}}, plan.ring);
    for (const Ring::Point& point : alone.points()) {
      __extension__ using Wide = unsigned __int128;
      of_node.push_back(
          static_cast<std::uint32_t>(Wide{point.position} * 1'000'000 >> plan.ring.bits));
    }
  }
  return [plan, positions](NodeId id, const void* state) {
    const auto& durable = static_cast<const Node*>(state)->durable;
    const std::size_t membership = (durable.epoch + 1) / 2;
    const NodeSet& members = plan.members[std::min(membership, plan.members.size() - 1)];
    return NodeFacts{.positions = positions[id.value],
                     .is_member = members.contains(id),
                     .keys = durable.entries.size()};
  };
}

CatalogEntry catalog_entry() {
  return {
      .name = "dht",
      .version = "1",
      .summary = "a distributed hash table on a ring, with N, R and W, while members change",
      .client_bounds = ClientBounds::clients_and_operations,
      .defaults = defaults(),
      .simulated = simulated(5, {{"n", "3"}}),
      .limits = {},
      .options = with_load({"n", "r", "w", "versions", "repair", "hints", "anti-entropy", "changes",
                            "work", "linearizable", "recovers", "points", "bits", "seed"}),
      .bugs = bugs(),
      .make = make_model};
}

}  // namespace gainsay::dht
