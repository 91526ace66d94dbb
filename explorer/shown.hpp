// What a reader is shown of a process and of a step, for pages: a trace's, and a walk's by hand.
#pragma once

#include <string>
#include <vector>

#include "engine/leaves.hpp"
#include "engine/story.hpp"

namespace gainsay {

// "node", "client", "Byzantine", "twins", "traitor"
std::string role_of(const System& system, NodeId id);

// Of a local state, encoded: what the engine adds to it, then the process's own fields.
std::vector<Leaf> shown_state(const System& system, NodeId id, BytesView local);

struct ShownStep {
  std::vector<LeafChange> changes;  // of the event's process
  std::vector<std::string> notes;
};
// Of an event that has led to `now`.
ShownStep shown_step(const BeforeEvent& before, const Event& event, const StepResult& step,
                     const LiveWorld& now);

}  // namespace gainsay
