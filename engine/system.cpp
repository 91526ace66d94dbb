#include "engine/system.hpp"

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
  constexpr std::array<std::string_view, budget_kinds> names = {"crashes", "restarts", "drops",
                                                                "duplicates", "timeouts"};
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
  if (is_client(id)) return "c" + std::to_string(id.value - bounds.nodes + 1);
  return "n" + std::to_string(id.value + 1);
}

bool System::has_budget() const {
  const Budget& budget = bounds.budget;
  return budget.crashes + budget.restarts + budget.drops + budget.duplicates > 0 ||
         budget.timeouts.has_value();
}

namespace {

std::optional<std::uint32_t> available(const Budget& budget, BudgetKind kind) {
  switch (kind) {
    case BudgetKind::crash:
      return budget.crashes;
    case BudgetKind::restart:
      return budget.restarts;
    case BudgetKind::drop:
      return budget.drops;
    case BudgetKind::duplicate:
      return budget.duplicates;
    case BudgetKind::timeout:
      return budget.timeouts;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint32_t> System::available(BudgetKind kind) const {
  return gainsay::available(bounds.budget, kind);
}

void validate(const Bounds& bounds) {
  if (bounds.nodes == 0) throw UsageError("--nodes is at least 1");
  if (std::uint64_t{bounds.nodes} + bounds.clients > processes_max) {
    throw UsageError("a system has at most 64 processes, nodes and clients together");
  }
  if (bounds.operations > 1000) throw UsageError("--ops is at most 1000");
  for (std::size_t kind = 0; kind < budget_kinds; ++kind) {
    if (available(bounds.budget, static_cast<BudgetKind>(kind)).value_or(0) <= budget_max) continue;
    throw UsageError("--" + std::string(to_string(static_cast<BudgetKind>(kind))) +
                     " is at most 63");
  }
  if (bounds.network == Network::async && bounds.budget.drops + bounds.budget.duplicates > 0) {
    throw UsageError(
        "--drops and --duplicates are refused with --network async, which already loses and "
        "repeats every message");
  }
}

void validate(const System& system) {
  validate(system.bounds);
  if (system.processes.size() > processes_max) {
    throw UsageError("a system has at most 64 processes; this one adds some to those asked for");
  }
}

}  // namespace gainsay
