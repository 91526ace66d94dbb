#include "explorer/way.hpp"

#include <stdexcept>

namespace gainsay {

Way way_of(Machine& machine, std::span<const Id> world, const Event& event) {
  std::size_t actor = event.process.value;
  if (!has_process(event.kind)) {
    actor = event.kind == EventKind::tick ? machine.clock_slot() : machine.cut_slot();
  }
  const Expansion& expansion = machine.expand(world.data(), actor);
  for (const Transition& transition : expansion.transitions) {
    if (!machine.affordable(world.data(), transition)) continue;
    if (machine.event_of(node_id(actor), transition) != event) continue;
    return {.actor = actor, .expansion = &expansion, .transition = &transition};
  }
  throw std::logic_error("the interned machine does not run an event of the live world: " +
                         describe(machine.system(), event));
}

}  // namespace gainsay
