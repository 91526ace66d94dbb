// A system to run: its processes, network, fault budget and limits, type-erased. What the live
// world and the explorer work on.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/client.hpp"
#include "engine/node.hpp"
#include "engine/partition.hpp"
#include "engine/process.hpp"

namespace gainsay {

enum class Network : std::uint8_t { async, unordered, fifo };
std::string_view to_string(Network network);

// The kinds of event that a budget counts. Crashes, drops, duplicates, partitions and crashes that
// lose writes are faults and cost one each, the last on top of the crash; restarts and timeouts are
// limited, but cost nothing.
enum class BudgetKind : std::uint8_t {
  crash,
  restart,
  drop,
  duplicate,
  timeout,
  partition,
  unsynced
};
inline constexpr std::size_t budget_kinds = 7;
std::string_view to_string(BudgetKind kind);
inline constexpr std::array<std::uint32_t, budget_kinds> fault_cost = {1, 0, 1, 1, 0, 1, 1};
// Used counts are packed into a word of 32 bits: where each kind has its own, and how many.
struct BudgetBits {
  std::uint8_t first = 0;
  std::uint8_t count = 0;
};
inline constexpr std::array<BudgetBits, budget_kinds> budget_bits = {
    {{0, 6}, {6, 6}, {12, 6}, {18, 4}, {24, 6}, {30, 2}, {22, 2}}};
// The greatest budget of one kind.
constexpr std::uint32_t greatest_budget(BudgetKind kind) {
  return (1U << budget_bits[static_cast<std::size_t>(kind)].count) - 1;
}
inline constexpr std::uint32_t partitions_max = greatest_budget(BudgetKind::partition);

// What one event uses: a timer's handler may crash and lose writes.
class BudgetSet {
 public:
  constexpr BudgetSet() = default;
  constexpr explicit BudgetSet(std::uint8_t bits) : bits_(bits) {}
  constexpr BudgetSet(std::initializer_list<BudgetKind> kinds) {
    for (const BudgetKind kind : kinds) insert(kind);
  }
  constexpr void insert(BudgetKind kind) {
    bits_ = static_cast<std::uint8_t>(bits_ | (1U << static_cast<unsigned>(kind)));
  }
  constexpr bool contains(BudgetKind kind) const {
    return ((bits_ >> static_cast<unsigned>(kind)) & 1U) != 0;
  }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::uint8_t bits() const { return bits_; }
  // The sum of the faults.
  constexpr std::uint8_t cost() const {
    std::uint32_t cost = 0;
    for (std::size_t i = 0; i < budget_kinds; ++i) {
      if (contains(static_cast<BudgetKind>(i))) cost += fault_cost[i];
    }
    return static_cast<std::uint8_t>(cost);
  }
  friend bool operator==(const BudgetSet&, const BudgetSet&) = default;

 private:
  std::uint8_t bits_ = 0;
};
// The most that one event costs.
inline constexpr std::uint32_t cost_of_event_max = 2;

// What a check covers.
struct Bounds {
  std::uint32_t nodes = 3;
  std::uint32_t clients = 0;
  std::uint32_t operations = 1;  // of each client
  Network network = Network::async;
  // Budgets: how many events of each kind a run may have.
  std::uint32_t crashes = 0;
  std::uint32_t restarts = 0;
  std::uint32_t drops = 0;
  std::uint32_t duplicates = 0;
  std::uint32_t partitions = 0;
  std::uint32_t unsynced = 0;               // crashes that lose writes which were not synced
  std::uint32_t byzantine = 0;              // how many nodes are; which ones, the system says
  std::uint32_t twins = 0;                  // the same of twins
  std::uint32_t traitors = 0;               // and of traitors
  std::optional<std::uint32_t> timeouts{};  // none: not counted
  // What a partition may be, and what becomes of messages across.
  PartitionShapes partition_shapes{};
  Across across = Across::lost;
  // Clocks are bounded: a timer runs at most so many ticks shorter or longer than it says. None:
  // any armed timer may fire at any moment.
  std::optional<std::uint32_t> skew{};
  std::map<std::string, std::uint64_t, std::less<>> limits{};  // name -> greatest value
};

// In words, in the order of the fields: "3 nodes, 2 clients, unordered, crashes 1".
std::string describe(const Bounds& bounds);
// Protocol options by name, as text.
using OptionTexts = std::map<std::string, std::string, std::less<>>;
// The same with options: "3 nodes, async, propose=1".
std::string describe(const Bounds& bounds, const OptionTexts& options);

// How much of each kind has been used, packed; world 0 has used nothing.
class BudgetUsed {
 public:
  BudgetUsed() = default;
  explicit BudgetUsed(std::uint32_t packed) : packed_(packed) {}
  std::uint32_t packed() const { return packed_; }
  std::uint32_t count(BudgetKind kind) const {
    return (packed_ >> budget_bits[static_cast<std::size_t>(kind)].first) & greatest_budget(kind);
  }
  BudgetUsed plus(BudgetSet kinds) const {
    std::uint32_t packed = packed_;
    for (std::size_t i = 0; i < budget_kinds; ++i) {
      const bool used = kinds.contains(static_cast<BudgetKind>(i));
      if (used) packed += 1U << budget_bits[i].first;
    }
    return BudgetUsed(packed);
  }
  // The sum of the faults.
  std::uint32_t cost() const;

 private:
  std::uint32_t packed_ = 0;
};

// A bound on local states: an event whose result lies outside does not exist.
struct Limit {
  std::string name;
  std::uint64_t greatest = 0;
  std::function<std::uint64_t(const void* state)> value;  // of a node's state
};

// A small monitor fed by the labels of `ctx.observe`.
struct Observer {
  std::string name;
  const Type* state_type = nullptr;
  Bytes initial;
  std::function<Bytes(BytesView state, NodeId process, BytesView label)> next;
};

// A message that a Byzantine process can say.
struct Forged {
  NodeId from;
  NodeId to;
  Bytes message;
  friend auto operator<=>(const Forged&, const Forged&) = default;
};

// What the Byzantine processes of a system can do; see engine/adversary.hpp.
struct Adversary {
  NodeSet byzantine;
  const Type* fact_type = nullptr;  // null: messages of correct processes help no forger
  std::function<std::vector<Bytes>(NodeId from, BytesView message)> facts{};
  std::function<std::vector<Forged>(const std::vector<Bytes>& facts)> forge{};  // sorted
};

// What people want to know of a node while it runs.
struct NodeStatus {
  std::string_view role{};      // "leader"
  bool leads = false;           // it is the one that clients wait for
  std::uint64_t term = 0;       // or ballot, or view
  std::uint64_t log = 0;        // how far its log goes
  std::uint64_t committed = 0;  // and up to where it is decided
  friend bool operator==(const NodeStatus&, const NodeStatus&) = default;
};

struct System {
  std::string name;
  std::string version;
  Bounds bounds;
  Bounds asked;         // as the user gave them: a system may add nodes of its own to `bounds`
  std::string bug;      // name of the variant, empty for the correct one
  OptionTexts options;  // as given
  std::vector<std::shared_ptr<const ProcessType>> processes;  // nodes, then clients
  const Type* message_type = nullptr;
  const Type* operation_type = nullptr;  // null without clients
  const Type* result_type = nullptr;
  const Type* label_type = nullptr;  // of observed labels; null without
  std::vector<Limit> limits;
  std::vector<Observer> observers;
  Adversary adversary{};
  NodeSet twins{};     // see engine/twins.hpp
  NodeSet traitors{};  // see engine/traitors.hpp
  // Nodes that the fault model says never crash: Chord's stable base.
  NodeSet steadfast{};
  // What a node is about, from its state; null where the protocol does not say. Measured and shown,
  // never judged.
  std::function<NodeStatus(NodeId node, const void* state)> status{};

  std::size_t size() const { return processes.size(); }
  StepContext::Place place(NodeId self) const {
    return {.self = self,
            .nodes = bounds.nodes,
            .processes = static_cast<std::uint32_t>(processes.size()),
            .unsynced = bounds.unsynced > 0 && processes[self.value]->syncs(),
            .skew = bounds.skew};
  }
  bool is_client(NodeId id) const { return id.value >= bounds.nodes; }
  bool is_byzantine(NodeId id) const { return adversary.byzantine.contains(id); }
  // Its state says nothing to properties.
  bool is_faulty(NodeId id) const { return is_byzantine(id) || is_bent(id); }
  // Correct code inside a process whose local states have other fields.
  bool is_bent(NodeId id) const { return twins.contains(id) || traitors.contains(id); }
  // Clients do not crash, and for faulty processes it would make no difference that matters.
  bool may_crash(NodeId id) const {
    return !is_client(id) && !is_faulty(id) && !steadfast.contains(id);
  }
  // "n1" for the first node, "c1" for the first client, "#255" for an id of no process.
  std::string process_name(NodeId id) const;
  NodeName naming() const {
    return [this](NodeId id) { return process_name(id); };
  }
  // True when a budget is part of the world.
  bool has_budget() const;
  // The partitions that a run may have; empty without a budget of them.
  std::vector<Cut> cuts() const;
  // How much of a kind there is; nullopt where it is not counted (timeouts).
  std::optional<std::uint32_t> available(BudgetKind kind) const;
  bool affords(BudgetUsed used, BudgetSet kinds) const;
};

// Throws UsageError when the bounds make no sense together.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
void validate(const Bounds& bounds);
void validate(const System& system);
// What only a system that is run may have, and no search: throws UsageError.
void validate_search(const System& system);

// The nodes of a system: `bounds.nodes` of one Node struct, without clients.
template <class Node>
System make_system(std::string name, const Bounds& bounds,
                   typename detail::OptionsOf<Node>::type options = {}) {
  System system;
  system.name = std::move(name);
  system.version = "1";
  system.bounds = bounds;
  system.asked = bounds;
  system.message_type = &type_of<Wire<Node>>();
  if constexpr (requires { typename Node::Label; }) {
    system.label_type = &type_of<typename Node::Label>();
  }
  const auto type = std::make_shared<const NodeType<Node>>(std::move(options));
  system.processes.assign(bounds.nodes, type);
  return system;
}

// The part of `add_adversary` that is no template.
void make_byzantine(System& system, NodeSet byzantine);

// The facts that Byzantine processes have learnt so far; it only grows.
class Knowledge {
 public:
  // From a message that a correct process has sent.
  void learn(const System& system, NodeId from, BytesView message);
  // All that can be said now. REQUIRES an adversary.
  std::vector<Forged> forge(const System& system) const;
  Bytes encode() const;
  static Knowledge decode(BytesView bytes);
  const std::set<Bytes>& facts() const { return facts_; }

 private:
  std::set<Bytes> facts_;
};
// What can be said in addition. Throws UsageError where something cannot be said any more.
std::vector<Forged> gained(const std::vector<Forged>& before, const std::vector<Forged>& after);

// Throws UsageError when there are none, or one that is no node.
void require_servers(const System& system, const std::vector<NodeId>& servers);

// Adds the client processes of a workload. Throws UsageError.
template <class Node>
void add_clients(System& system, const Workload<typename Node::Operation>& workload) {
  system.operation_type = &type_of<typename Node::Operation>();
  system.result_type = &type_of<typename Node::Result>();
  for (const auto& items : workload.clients) {
    for (const auto& item : items) require_servers(system, item.servers);
    system.processes.push_back(std::make_shared<const ClientType<Node>>(
        typename ClientType<Node>::Script{items, workload.retry, workload.to_all, workload.matching,
                                          workload.paced, workload.seeks}));
  }
  for (std::uint32_t client = 0; client < workload.client_count; ++client) {
    require_servers(system, workload.item(client, 0).servers);
    const auto item = [make = workload.item, client](std::uint32_t position) {
      return make(client, position);
    };
    system.processes.push_back(std::make_shared<const ClientType<Node>>(
        typename ClientType<Node>::Script{{},
                                          workload.retry,
                                          workload.to_all,
                                          workload.matching,
                                          workload.paced,
                                          workload.seeks,
                                          item,
                                          workload.operations}));
  }
  system.bounds.clients =
      static_cast<std::uint32_t>(workload.clients.size()) + workload.client_count;
}

// Says what a node is about: `status` is a function of `const Node&` and its id.
template <class Node, class Status>
void set_status(System& system, Status status) {
  system.status = [status](NodeId id, const void* state) -> NodeStatus {
    return status(*static_cast<const Node*>(state), id);
  };
}

// Adds a limit declared by the protocol, if the bounds set it.
template <class Node, class Value>
void add_limit(System& system, std::string_view name, Value value) {
  const auto found = system.bounds.limits.find(name);
  if (found == system.bounds.limits.end()) return;
  system.limits.push_back(
      {.name = std::string(name), .greatest = found->second, .value = [value](const void* state) {
         return static_cast<std::uint64_t>(value(*static_cast<const Node*>(state)));
       }});
}

}  // namespace gainsay
