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

}  // namespace

std::string tell_story(const System& system, const std::vector<Event>& events,
                       const StoryOptions& options) {
  LiveWorld world(system);
  std::string text;
  const std::size_t width = std::to_string(events.size()).size();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    const Bytes before = world.local(event.process);
    const Outcome outcome = world.apply(event);
    if (event.kind == EventKind::start && !options.full) {
      if (i + 1 == system.size()) {
        text += std::string(width, ' ') + "  all " + std::to_string(system.size()) +
                " processes start\n";
      }
      continue;
    }
    if (!options.node.empty() && system.process_name(event.process) != options.node) continue;
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
  }
  return text;
}

}  // namespace gainsay
