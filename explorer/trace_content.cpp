#include "explorer/trace_content.hpp"

#include <array>
#include <stdexcept>

#include "engine/story.hpp"
#include "explorer/message_flow.hpp"

namespace gainsay {

namespace {

std::string role_of(const System& system, NodeId id) {
  if (system.is_client(id)) return "client";
  if (system.is_byzantine(id)) return "Byzantine";
  if (system.twins.contains(id)) return "twins";
  return system.traitors.contains(id) ? "traitor" : "node";
}

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

class Recorder {
 public:
  explicit Recorder(const System& system)
      : system_(system), world_(system), flow_(system), open_(system.bounds.clients) {
    for (std::size_t i = 0; i < system.size(); ++i) {
      const NodeId id = node_id(i);
      const Bytes bytes = world_.local(id);
      const LocalParts parts = split_local(bytes);
      std::vector<Leaf> state = own_leaves(system, id, parts);
      for (Leaf& leaf : leaves(system.processes[i]->state_type(), parts.state, system.naming())) {
        state.push_back(std::move(leaf));
      }
      content_.processes.push_back({.name = system.process_name(id),
                                    .role = role_of(system, id),
                                    .unstarted = std::move(state)});
    }
  }

  void apply(const Event& event) {
    const auto index = static_cast<std::uint32_t>(content_.events.size());
    const BeforeEvent before(world_, event);
    const Outcome outcome = world_.apply(event);
    if (outcome.status != Outcome::Status::applied) {
      throw std::logic_error("an event cannot be drawn: " + describe(system_, event));
    }
    ShownEvent shown;
    if (has_process(event.kind)) shown.process = event.process.value;
    flow_.happened(index, event, outcome.step, world_);
    shown.message = flow_.of_last_event();
    if (outcome.step.fault == StepResult::Fault::none) {
      add_changes(before.local(), event, shown);
      if (const std::string status = before.told_status(world_, event); !status.empty()) {
        shown.notes.push_back(status);
      }
      for (std::string& line : before.told_besides(world_, event, outcome.step)) {
        shown.notes.push_back(std::move(line));
      }
    } else {
      shown.notes.push_back("its handler fails: " + outcome.step.message);
    }
    for (const Label& label : outcome.step.labels) add_operation(index, event.process, label);
    content_.events.push_back(std::move(shown));
  }

  TraceContent finish() {
    for (const FlowMessage& one : flow_.messages()) {
      content_.messages.push_back(
          {.from = one.from.value,
           .to = one.to.value,
           .text = describe(*system_.message_type, one.content, system_.naming()),
           .sent = one.sent,
           .delivered = one.delivered,
           .lost = one.lost,
           .repeated = one.repeated,
           .overheard = one.overheard,
           .copied = one.copied});
    }
    return std::move(content_);
  }

 private:
  void add_changes(const Bytes& before, const Event& event, ShownEvent& shown) {
    if (!is_step(event.kind)) return;
    const Bytes now = world_.local(event.process);
    const LocalParts old_parts = split_local(before);
    const LocalParts new_parts = split_local(now);
    shown.changes = changes(own_leaves(system_, event.process, old_parts),
                            own_leaves(system_, event.process, new_parts));
    const Type& type = system_.processes[event.process.value]->state_type();
    for (LeafChange& change :
         leaf_changes(type, old_parts.state, new_parts.state, system_.naming())) {
      shown.changes.push_back(std::move(change));
    }
  }

  void add_operation(std::uint32_t index, NodeId process, const Label& label) {
    if (label.kind == Label::Kind::observe) return;
    const std::size_t client = process.value - system_.bounds.nodes;
    std::optional<std::size_t>& open = open_.at(client);
    if (label.kind == Label::Kind::invoke) {
      open = content_.operations.size();
      content_.operations.push_back({.client = client, .operation = label.value, .invoked = index});
    } else if (open) {
      content_.operations[*open].result = label.value;
      content_.operations[*open].returned = index;
    }
  }

  const System& system_;
  LiveWorld world_;
  MessageFlow flow_;
  std::vector<std::optional<std::size_t>> open_;  // by client, place among the operations
  TraceContent content_;
};

}  // namespace

TraceContent content_of_run(const System& system, const std::vector<Event>& events) {
  Recorder recorder(system);
  for (const Event& event : events) recorder.apply(event);
  return recorder.finish();
}

}  // namespace gainsay
