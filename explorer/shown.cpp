#include "explorer/shown.hpp"

#include <array>

namespace gainsay {

namespace {

// What the engine adds to a state; no field has such a name.
std::vector<Leaf> own_leaves(const System& system, NodeId id, const LocalParts& parts) {
  const ProcessType& type = *system.processes[id.value];
  constexpr std::array<const char*, 3> status = {"not started", "up", "down"};
  std::vector<Leaf> found = {{"process is", status[static_cast<std::size_t>(parts.status)]}};
  const auto& names = type.timer_names();
  if (!names.empty()) {
    std::string armed;
    for (std::size_t timer = 0; timer < names.size(); ++timer) {
      if (((parts.timers >> timer) & 1) == 0) continue;
      armed += (armed.empty() ? "" : ", ") + std::string(names[timer]);
    }
    found.push_back({"timers armed", armed.empty() ? "none" : armed});
  }
  for (std::size_t i = 0; i < parts.unsynced.size(); ++i) {
    found.push_back({"disk may hold[" + std::to_string(i) + "]",
                     describe(*type.durable_type(), parts.unsynced[i], system.naming())});
  }
  return found;
}

std::vector<LeafChange> shown_changes(const System& system, const Event& event, const Bytes& before,
                                      const Bytes& now) {
  const LocalParts old_parts = split_local(before);
  const LocalParts new_parts = split_local(now);
  std::vector<LeafChange> found = changes(own_leaves(system, event.process, old_parts),
                                          own_leaves(system, event.process, new_parts));
  const Type& type = system.processes[event.process.value]->state_type();
  for (LeafChange& change : leaf_changes(type, old_parts.state, new_parts.state, system.naming())) {
    found.push_back(std::move(change));
  }
  return found;
}

}  // namespace

std::string role_of(const System& system, NodeId id) {
  if (system.is_client(id)) return "client";
  if (system.is_byzantine(id)) return "Byzantine";
  if (system.twins.contains(id)) return "twins";
  return system.traitors.contains(id) ? "traitor" : "node";
}

std::vector<Leaf> shown_state(const System& system, NodeId id, BytesView local) {
  const LocalParts parts = split_local(local);
  std::vector<Leaf> state = own_leaves(system, id, parts);
  for (Leaf& leaf :
       leaves(system.processes[id.value]->state_type(), parts.state, system.naming())) {
    state.push_back(std::move(leaf));
  }
  return state;
}

ShownStep shown_step(const BeforeEvent& before, const Event& event, const StepResult& step,
                     const LiveWorld& now) {
  if (step.fault != StepResult::Fault::none) {
    return {.changes = {}, .notes = {"its handler fails: " + step.message}};
  }
  ShownStep shown;
  if (is_step(event.kind)) {
    shown.changes = shown_changes(now.system(), event, before.local(), now.local(event.process));
  }
  if (std::string status = before.told_status(now, event); !status.empty()) {
    shown.notes.push_back(std::move(status));
  }
  for (std::string& line : before.told_besides(now, event, step)) {
    shown.notes.push_back(std::move(line));
  }
  return shown;
}

}  // namespace gainsay
