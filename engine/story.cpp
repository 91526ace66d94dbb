#include "engine/story.hpp"

#include <algorithm>

#include "engine/text.hpp"

namespace gainsay {

namespace {

// How many writes a crash would lose at most, where that changes.
std::string told_unsynced(const LocalParts& before, const LocalParts& after) {
  const std::size_t writes = after.unsynced.size();
  if (writes == before.unsynced.size() || after.status == LocalState::Status::down) return "";
  if (writes == 0) return "its writes are synced";
  return std::to_string(writes) + (writes == 1 ? " write is not synced" : " writes are not synced");
}

std::size_t waiting(const LiveWorld& world) {
  std::size_t messages = 0;
  for (std::size_t i = 0; i < world.system().size(); ++i) {
    for (const auto& [envelope, count] : world.inbox(node_id(i))) {
      messages += count;
    }
  }
  return messages;
}

}  // namespace

BeforeEvent::BeforeEvent(const LiveWorld& world, const Event& event)
    : local_(world.local(event.process)) {
  if (event.kind == EventKind::partition) waiting_ = waiting(world);
  if (event.kind != EventKind::tick) return;
  for (std::size_t i = 0; i < world.system().size(); ++i) {
    times_.push_back(world.state(node_id(i)).times);
  }
}

std::string BeforeEvent::told_status(const LiveWorld& now, const Event& event) const {
  const LocalState::Status status = now.state(event.process).status;
  if (split_local(local_).status == status) return "";
  return status == LocalState::Status::down ? "it is down" : "it is up";
}

std::vector<std::string> BeforeEvent::told_besides(const LiveWorld& now, const Event& event,
                                                   const StepResult& step) const {
  const Bytes local = now.local(event.process);
  std::vector<std::string> lines;
  if (event.kind == EventKind::tick) lines.push_back(told_tick(now));
  lines.push_back(told_unsynced(split_local(local_), split_local(local)));
  lines.push_back(told_lost(now, event, step));
  std::erase(lines, "");
  return lines;
}

// What a cut has lost: messages on their way when it comes, and those that a step sends across it.
std::string BeforeEvent::told_lost(const LiveWorld& now, const Event& event,
                                   const StepResult& step) const {
  const System& system = now.system();
  if (system.bounds.partitions == 0 || system.bounds.across == Across::held) return "";
  if (event.kind == EventKind::partition) {
    const std::size_t lost = waiting_ - waiting(now);
    if (lost == 0) return "";
    return with_commas(lost) + (lost == 1 ? " message" : " messages") + " on the way across lost";
  }
  NodeSet to;
  for (const Sent& sent : step.sends) {
    if (now.cut().blocks(event.process, sent.to)) to.insert(sent.to);
  }
  std::string text;
  for (const NodeId id : to) text += " " + system.process_name(id);
  return text.empty() ? "" : "what it sends to" + text + " is lost";
}

// Which timers a tick has brought so far that they may fire, or must.
std::string BeforeEvent::told_tick(const LiveWorld& now) const {
  const System& system = now.system();
  std::string text;
  for (std::size_t i = 0; i < system.size(); ++i) {
    const NodeId id = node_id(i);
    const Times& times = now.state(id).times;
    for (const TimeLeft& one : times_[i].all()) {
      const bool due = times.is_due(one.timer);
      const bool ready = times_[i].holds_back(one.timer) && !times.holds_back(one.timer);
      if (!due && !ready) continue;
      text += (text.empty() ? ": " : ", ") + system.process_name(id) + " " +
              std::string(system.processes[i]->timer_names().at(one.timer)) +
              (due ? " must fire" : " may fire");
    }
  }
  return "one tick passes" + text;
}

std::string tell_story(const System& system, const std::vector<Event>& events,
                       const StoryOptions& options) {
  LiveWorld world(system);
  std::string text;
  const std::size_t width = std::to_string(events.size()).size();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    const BeforeEvent before(world, event);
    const Outcome outcome = world.apply(event);
    if (event.kind == EventKind::start && !options.full) {
      if (i + 1 == system.size()) {
        text += std::string(width, ' ') + "  all " + std::to_string(system.size()) +
                " processes start\n";
      }
      continue;
    }
    const bool elsewhere =
        has_process(event.kind) && system.process_name(event.process) != options.node;
    if (!options.node.empty() && elsewhere) continue;
    std::string number = std::to_string(i);
    number.insert(0, width - number.size(), ' ');
    text += wrap(number + "  " + describe(system, event), width + 4, options.columns);
    const std::string margin(width + 4, ' ');
    const auto add = [&](const std::string& line) {
      text += wrap(margin + line, width + 6, options.columns);
    };
    if (outcome.step.fault != StepResult::Fault::none) {
      add("fails: " + outcome.step.message);
      continue;
    }
    if (const std::string status = before.told_status(world, event); !status.empty()) add(status);
    const Bytes now = world.local(event.process);
    const Type& type = system.processes[event.process.value]->state_type();
    for (const Difference& change : difference(type, split_local(before.local()).state,
                                               split_local(now).state, system.naming())) {
      add(change.path + ": " + change.before + " -> " + change.after);
    }
    for (const std::string& line : before.told_besides(world, event, outcome.step)) add(line);
  }
  return text;
}

}  // namespace gainsay
