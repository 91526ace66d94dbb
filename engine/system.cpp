#include "engine/system.hpp"

#include <algorithm>
#include <bit>

namespace gainsay {

std::string_view to_string(Network network) {
  switch (network) {
    case Network::async:
      return "async";
    case Network::unordered:
      return "unordered";
    case Network::fifo:
      return "fifo";
  }
  return "";
}

std::string_view to_string(BudgetKind kind) {
  constexpr std::array<std::string_view, budget_kinds> names = {
      "crashes", "restarts", "drops", "duplicates", "timeouts", "partitions", "unsynced"};
  return names[static_cast<std::size_t>(kind)];
}

std::uint32_t BudgetUsed::cost() const {
  std::uint32_t cost = 0;
  for (std::size_t kind = 0; kind < budget_kinds; ++kind) {
    cost += fault_cost[kind] * count(static_cast<BudgetKind>(kind));
  }
  return cost;
}

std::string System::process_name(NodeId id) const {
  if (id.value >= size()) return "#" + std::to_string(id.value);  // a protocol's own "nobody"
  if (is_client(id)) return "c" + std::to_string(id.value - bounds.nodes + 1);
  return "n" + std::to_string(id.value + 1);
}

bool System::has_budget() const {
  return bounds.crashes + bounds.restarts + bounds.drops + bounds.duplicates + bounds.partitions +
                 bounds.unsynced >
             0 ||
         bounds.timeouts.has_value();
}

std::vector<Cut> System::cuts() const {
  if (bounds.partitions == 0) return {};
  return cuts_of(bounds.nodes, bounds.partition_shapes);
}

namespace {

std::optional<std::uint32_t> available(const Bounds& bounds, BudgetKind kind) {
  switch (kind) {
    case BudgetKind::crash:
      return bounds.crashes;
    case BudgetKind::restart:
      return bounds.restarts;
    case BudgetKind::drop:
      return bounds.drops;
    case BudgetKind::duplicate:
      return bounds.duplicates;
    case BudgetKind::timeout:
      return bounds.timeouts;
    case BudgetKind::partition:
      return bounds.partitions;
    case BudgetKind::unsynced:
      return bounds.unsynced;
  }
  return std::nullopt;
}

// "1 (symmetric, bridged, lost)"
std::string describe_partitions(const Bounds& bounds) {
  std::string text = std::to_string(bounds.partitions) + " (";
  for (const PartitionShape shape : list(bounds.partition_shapes)) {
    if (text.back() != '(') text += ", ";
    text += to_string(shape);
  }
  return text + ", " + std::string(to_string(bounds.across)) + ")";
}

}  // namespace

std::optional<std::uint32_t> System::available(BudgetKind kind) const {
  return gainsay::available(bounds, kind);
}

bool System::affords(BudgetUsed used, BudgetSet kinds) const {
  for (unsigned left = kinds.bits(); left != 0; left &= left - 1) {
    const auto kind = static_cast<BudgetKind>(std::countr_zero(left));
    if (used.count(kind) >= available(kind).value_or(~0U)) return false;
  }
  return true;
}

std::string describe(const Bounds& bounds) {
  const auto count = [](std::uint64_t number, const std::string& noun) {
    return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
  };
  std::string text = count(bounds.nodes, "node");
  if (bounds.clients > 0) text += ", " + count(bounds.clients, "client");
  if (bounds.operations != 1) text += ", " + count(bounds.operations, "operation") + " each";
  text += ", " + std::string(to_string(bounds.network));
  if (bounds.crashes > 0) text += ", crashes " + std::to_string(bounds.crashes);
  if (bounds.restarts > 0) text += ", restarts " + std::to_string(bounds.restarts);
  if (bounds.drops > 0) text += ", drops " + std::to_string(bounds.drops);
  if (bounds.duplicates > 0) text += ", duplicates " + std::to_string(bounds.duplicates);
  if (bounds.partitions > 0) text += ", partitions " + describe_partitions(bounds);
  if (bounds.unsynced > 0) text += ", unsynced " + std::to_string(bounds.unsynced);
  if (bounds.byzantine > 0) text += ", Byzantine " + std::to_string(bounds.byzantine);
  if (bounds.twins > 0) text += ", twins " + std::to_string(bounds.twins);
  if (bounds.traitors > 0) text += ", traitors " + std::to_string(bounds.traitors);
  if (bounds.timeouts) text += ", timeouts " + std::to_string(*bounds.timeouts);
  if (bounds.skew) text += ", skew " + std::to_string(*bounds.skew);
  for (const auto& [name, greatest] : bounds.limits) {
    text += ", " + name + "<=" + std::to_string(greatest);
  }
  return text;
}

std::string describe(const Bounds& bounds, const OptionTexts& options) {
  std::string text = describe(bounds);
  for (const auto& [name, value] : options) text += ", " + name + "=" + value;
  return text;
}

void validate(const Bounds& bounds) {
  if (bounds.nodes == 0) throw UsageError("--nodes is at least 1");
  if (std::uint64_t{bounds.nodes} + bounds.clients > ids_max) {
    throw UsageError("a system has at most 4,096 processes, nodes and clients together");
  }
  if (bounds.operations > operations_max) throw UsageError("--ops is at most 1,000,000,000");
  for (std::size_t kind = 0; kind < budget_kinds; ++kind) {
    const auto which = static_cast<BudgetKind>(kind);
    if (available(bounds, which).value_or(0) <= greatest_budget(which)) continue;
    throw UsageError("--" + std::string(to_string(which)) + " is at most " +
                     std::to_string(greatest_budget(which)));
  }
  if (bounds.network == Network::async && bounds.drops + bounds.duplicates > 0) {
    throw UsageError(
        "--drops and --duplicates are refused with --network async, which already loses and "
        "repeats every message");
  }
  if (bounds.network == Network::fifo && bounds.duplicates > 0) {
    throw UsageError("--duplicates is refused with --network fifo, whose links do not repeat");
  }
  if (bounds.unsynced > bounds.crashes) {
    throw UsageError("--unsynced is at most --crashes: writes are lost in a crash");
  }
  if (bounds.skew && *bounds.skew > ticks_max) {
    throw UsageError("--skew is at most " + std::to_string(ticks_max));
  }
  if (bounds.partitions == 0) return;
  if (bounds.network == Network::async) {
    throw UsageError(
        "--partitions is refused with --network async, where any message may be delayed for ever: "
        "partitions of every shape are included already");
  }
  if (list(bounds.partition_shapes).empty()) {
    throw UsageError("--partitions needs at least one of --partition-shapes");
  }
}

void require_servers(const System& system, const std::vector<NodeId>& servers) {
  if (servers.empty()) throw UsageError("an operation of the workload names no server");
  for (const NodeId server : servers) {
    if (server.value >= system.bounds.nodes) {
      throw UsageError("an operation of the workload goes to a node that does not exist");
    }
  }
}

// What a verdict says of its bounds must be what was explored.
void validate(const System& system) {
  validate(system.bounds);
  const std::size_t clients = system.processes.size() - system.bounds.nodes;
  if (system.asked.clients != clients || system.bounds.clients != clients) {
    throw UsageError("the bounds ask for " + std::to_string(system.asked.clients) +
                     " clients, and the workload has " + std::to_string(clients));
  }
  for (const auto& asked : system.bounds.limits) {
    const bool known = std::ranges::any_of(
        system.limits, [&](const Limit& limit) { return limit.name == asked.first; });
    if (!known) throw UsageError("the system has no limit '" + asked.first + "'");
  }
  if (system.adversary.byzantine.size() != system.bounds.byzantine) {
    throw UsageError("the bounds ask for " + std::to_string(system.bounds.byzantine) +
                     " Byzantine processes, and the system has " +
                     std::to_string(system.adversary.byzantine.size()));
  }
  if (system.twins.size() != system.bounds.twins) {
    throw UsageError("the bounds ask for " + std::to_string(system.bounds.twins) +
                     " pairs of twins, and the system has " + std::to_string(system.twins.size()));
  }
  if (system.traitors.size() != system.bounds.traitors) {
    throw UsageError("the bounds ask for " + std::to_string(system.bounds.traitors) +
                     " traitors, and the system has " + std::to_string(system.traitors.size()));
  }
  for (const NodeId id : system.steadfast) {
    // A handler that syncs crashes at its disk operations, whoever runs it.
    if (id.value >= system.bounds.nodes || system.processes[id.value]->syncs()) {
      throw UsageError("who never crashes is a node that does not sync its disk by itself");
    }
  }
  if (system.bounds.byzantine > 0 && system.bounds.network != Network::async) {
    throw UsageError(
        "Byzantine processes are for --network async, where what they can say stays available");
  }
  if (system.bounds.skew && system.bounds.byzantine + system.bounds.twins > 0) {
    throw UsageError("--skew is for systems without Byzantine processes and twins");
  }
  if (system.processes.size() > ids_max) {
    throw UsageError("a system has at most 4,096 processes; this one adds some to those asked for");
  }
  const bool syncs =
      std::ranges::any_of(system.processes, [](const auto& t) { return t->syncs(); });
  if (system.bounds.unsynced > 0 && !syncs) {
    throw UsageError(
        "--unsynced is for systems that sync their disks themselves; what this one writes is safe "
        "before its sends leave");
  }
  if (system.bounds.partitions == 0) return;
  const std::uint32_t nodes = system.bounds.nodes;
  if (nodes > partition_nodes_max) {
    throw UsageError("--partitions is for at most 10 nodes; this system has " +
                     std::to_string(nodes));
  }
  for (const PartitionShape shape : list(system.bounds.partition_shapes)) {
    const std::uint32_t least = shape == PartitionShape::bridged ? 3 : 2;
    if (nodes >= least) continue;
    throw UsageError("a " + std::string(to_string(shape)) + " partition needs " +
                     std::to_string(least) + " nodes");
  }
}

void validate_search(const System& system) {
  if (system.size() > processes_max) {
    throw UsageError("what is searched has at most " + std::to_string(processes_max) +
                     " processes, nodes and clients together; this system has " +
                     std::to_string(system.size()));
  }
}

}  // namespace gainsay
