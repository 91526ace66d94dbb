#include "explorer/trace_content.hpp"

#include <stdexcept>

#include "explorer/message_flow.hpp"
#include "explorer/shown.hpp"

namespace gainsay {

namespace {

class Recorder {
 public:
  explicit Recorder(const System& system)
      : system_(system), world_(system), flow_(system), open_(system.bounds.clients) {
    for (std::size_t i = 0; i < system.size(); ++i) {
      const NodeId id = node_id(i);
      content_.processes.push_back({.name = system.process_name(id),
                                    .role = role_of(system, id),
                                    .unstarted = shown_state(system, id, world_.local(id))});
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
    ShownStep step = shown_step(before, event, outcome.step, world_);
    shown.changes = std::move(step.changes);
    shown.notes = std::move(step.notes);
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
