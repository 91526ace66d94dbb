#include "engine/story.hpp"

#include <algorithm>

#include "engine/text.hpp"
#include "engine/world.hpp"

namespace gainsay {

namespace {

std::string status_change(const LocalParts& before, const LocalParts& after) {
  if (before.status == after.status) return "";
  return after.status == LocalState::Status::down ? "it is down" : "it is up";
}

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
    for (const auto& [envelope, count] : world.inbox({static_cast<std::uint8_t>(i)})) {
      messages += count;
    }
  }
  return messages;
}

// What a cut has lost: messages on their way when it comes, and those that a step sends across it.
std::string told_lost(const LiveWorld& world, const Event& event, const StepResult& step,
                      std::size_t waiting_before) {
  const System& system = world.system();
  if (system.bounds.partitions == 0 || system.bounds.across == Across::held) return "";
  if (event.kind == EventKind::partition) {
    const std::size_t lost = waiting_before - waiting(world);
    if (lost == 0) return "";
    return with_commas(lost) + (lost == 1 ? " message" : " messages") + " on the way across lost";
  }
  NodeSet to;
  for (const Sent& sent : step.sends) {
    if (world.cut().blocks(event.process, sent.to)) to.insert(sent.to);
  }
  std::string text;
  for (const NodeId id : to) text += " " + system.process_name(id);
  return text.empty() ? "" : "what it sends to" + text + " is lost";
}

// Which timers a tick has brought so far that they may fire, or must.
std::string told_tick(const LiveWorld& before, const LiveWorld& now) {
  const System& system = now.system();
  std::string text;
  for (std::size_t i = 0; i < system.size(); ++i) {
    const NodeId id{static_cast<std::uint8_t>(i)};
    const Times& old_times = before.state(id).times;
    const Times& times = now.state(id).times;
    for (const TimeLeft& one : old_times.all()) {
      const bool due = times.is_due(one.timer);
      const bool ready = old_times.holds_back(one.timer) && !times.holds_back(one.timer);
      if (!due && !ready) continue;
      text += (text.empty() ? ": " : ", ") + system.process_name(id) + " " +
              std::string(system.processes[i]->timer_names().at(one.timer)) +
              (due ? " must fire" : " may fire");
    }
  }
  return "one tick passes" + text;
}

}  // namespace

std::string tell_story(const System& system, const std::vector<Event>& events,
                       const StoryOptions& options) {
  LiveWorld world(system);
  std::string text;
  const std::size_t width = std::to_string(events.size()).size();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    const Bytes before = world.local(event.process);
    const std::size_t waiting_before = waiting(world);
    const LiveWorld old_world(world);
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
    if (outcome.step.fault != StepResult::Fault::none) {
      text += wrap(margin + "fails: " + outcome.step.message, width + 6, options.columns);
      continue;
    }
    const Bytes now = world.local(event.process);
    const LocalParts old_parts = split_local(before);
    const LocalParts new_parts = split_local(now);
    if (const std::string change = status_change(old_parts, new_parts); !change.empty()) {
      text += margin + change + "\n";
    }
    const Type& type = system.processes[event.process.value]->state_type();
    for (const Difference& change :
         difference(type, old_parts.state, new_parts.state, system.naming())) {
      text += wrap(margin + change.path + ": " + change.before + " -> " + change.after, width + 6,
                   options.columns);
    }
    if (event.kind == EventKind::tick) {
      text += wrap(margin + told_tick(old_world, world), width + 6, options.columns);
    }
    if (const std::string unsynced = told_unsynced(old_parts, new_parts); !unsynced.empty()) {
      text += margin + unsynced + "\n";
    }
    if (const std::string lost = told_lost(world, event, outcome.step, waiting_before);
        !lost.empty()) {
      text += wrap(margin + lost, width + 6, options.columns);
    }
  }
  return text;
}

}  // namespace gainsay
