// Live runs at random that do not list every choice of every event.
#pragma once

#include <optional>
#include <vector>

#include "engine/random.hpp"
#include "engine/world.hpp"

namespace gainsay::testing {

// An event that may happen, with its choices; nothing when the run is at its end. Deliveries,
// timers and starts only.
inline std::optional<Event> random_event(const LiveWorld& world, RandomStream& random) {
  const System& system = world.system();
  std::vector<Event> events;
  for (std::uint8_t i = 0; i < system.size(); ++i) {
    const LocalState& local = world.state({i});
    if (local.status == LocalState::Status::unstarted) {
      events = {{.kind = EventKind::start, .process = {i}}};
      break;
    }
    for (std::uint32_t timer = 0; timer < 64; ++timer) {
      if (((local.timers >> timer) & 1) == 0) continue;
      events.push_back({.kind = EventKind::timer, .process = {i}, .timer = timer});
    }
    for (const auto& [envelope, count] : world.inbox({i})) {
      events.push_back({.kind = EventKind::deliver,
                        .process = {i},
                        .from = envelope.first,
                        .message = envelope.second});
    }
  }
  if (events.empty()) return std::nullopt;
  Event event = events[random.below(static_cast<std::uint32_t>(events.size()))];
  LocalEvent local_event{.kind = LocalEvent::Kind::start,
                         .from = event.from,
                         .message = event.message,
                         .timer = event.timer};
  if (event.kind == EventKind::timer) local_event.kind = LocalEvent::Kind::timer;
  if (event.kind == EventKind::deliver) local_event.kind = LocalEvent::Kind::deliver;
  for (;;) {
    LocalState local = world.state(event.process).copy();
    const StepResult step =
        run_event(local, local_event, system.place(event.process), event.choices);
    if (step.answers.size() <= event.choices.size()) return event;
    event.choices.push_back(random.below(step.options[event.choices.size()]));
  }
}

}  // namespace gainsay::testing
