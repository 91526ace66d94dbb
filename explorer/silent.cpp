// Silent steps, in async. A step that changes no view, sends nothing, labels nothing and uses no
// budget can be put off until just before the next step of its process that depends on it, or for
// ever: nobody else notices, and its message stays available. So worlds need to exist only behind
// visible steps. A transition is then a macro step: a chain of silent steps and a visible one, all
// of one process.
//
// Only tight chains are kept: those of which no step can wait until behind the visible one. Where
// one can, the visible step after the shorter chain leads to a world from which the silent step,
// still available, leads on to the same; the shorter chain is at hand, as all local states that
// silent steps reach are looked at, by the least number of steps. By induction on that number a
// tight chain is left for every run. So every run's views, sends, labels and faults are those of a
// run of macro steps.
//
// Soundness conditions, each enforced: the network is async (nothing that waits can be lost, and no
// partition forbids it); crashes, restarts and counted timeouts are visible, as they use a budget;
// a step that a property of steps objects to is visible; properties read views only.
#include <algorithm>
#include <set>
#include <string>
#include <unordered_set>

#include "explorer/check.hpp"
#include "explorer/machine.hpp"

namespace gainsay {

// Includes steps that change nothing at all.
bool Machine::is_silent(Id before, Id input, const Outcome& outcome) const {
  return outcome.fault == 0 && outcome.step_violation == 0 && outcome.labels == 0 &&
         outcome.sends.empty() && budget_of(input, outcome.answers).empty() &&
         locals_[before].status == locals_[outcome.local].status &&
         locals_[before].shown == locals_[outcome.local].shown;
}

// What an event with the same answers does at another local state; null where it does not exist.
const Machine::Outcome* Machine::outcome_of(Id local, Id input, Id answers) {
  const LocalEntry& entry = locals_[local];
  if (entry.status != LocalState::Status::up) return nullptr;
  if (is_timer(input) && ((split_local(entry.bytes).timers >> (input - timer_input)) & 1) == 0) {
    return nullptr;
  }
  for (const Outcome& outcome : outcomes(local, input)) {
    if (outcome.answers == answers) return &outcome;
  }
  return nullptr;
}

const Machine::Outcome* Machine::silent_outcome(Id local, const Silent& step) {
  const Outcome* outcome = outcome_of(local, step.input, step.answers);
  return outcome != nullptr && is_silent(local, step.input, *outcome) ? outcome : nullptr;
}

// Can a step of the chain be moved right, past all that follow and the visible one, so that it is
// still silent there and everything comes out the same?
bool Machine::can_wait(const Chain& chain, std::size_t which, Id input, const Outcome& visible) {
  const Silent& waits = chain.steps[which];
  Id at = chain.locals[which];
  for (std::size_t next = which + 1; next < chain.steps.size(); ++next) {
    const Outcome* moved = silent_outcome(at, chain.steps[next]);
    if (moved == nullptr) return false;
    at = moved->local;
    const Outcome* late = silent_outcome(at, waits);
    if (late == nullptr || late->local != chain.locals[next + 1]) return false;
    if (options_.sabotage == Sabotage::silent_passes_one_neighbour) return true;
  }
  const Outcome* seen = outcome_of(at, input, visible.answers);
  if (seen == nullptr || seen->labels != visible.labels ||
      seen->step_violation != visible.step_violation ||
      (seen->fault != 0) != (visible.fault != 0)) {
    return false;
  }
  const auto same = [](const SendRef& a, const SendRef& b) {
    return a.to == b.to && a.envelope == b.envelope;
  };
  if (!std::equal(seen->sends.begin(), seen->sends.end(), visible.sends.begin(),
                  visible.sends.end(), same)) {
    return options_.sabotage == Sabotage::silent_ignores_sends;
  }
  if (visible.fault != 0) return faults_[seen->fault - 1] == faults_[visible.fault - 1];
  if (seen->local == visible.local) return true;  // the step is not needed at all
  const Outcome* late = silent_outcome(seen->local, waits);
  return late != nullptr && late->local == visible.local;
}

bool Machine::is_loose(const Chain& chain, Id input, const Outcome& visible) {
  for (std::size_t which = chain.steps.size(); which-- > 0;) {
    if (can_wait(chain, which, input, visible)) return true;
  }
  return false;
}

// Equal for transitions of one cell that do the same to the world.
std::string Machine::effect_of(const Transition& transition, const Successors& successors) const {
  Writer effect;
  effect.integer(transition.cell);
  effect.integer(transition.labels);
  effect.integer(transition.budget.bits());
  effect.integer(transition.step_violation);
  effect.text(transition.fault == 0 ? "" : "!" + faults_[transition.fault - 1]);
  for (std::size_t i = 0; i < transition.send_count; ++i) {
    const SendRef& send = successors.sends[transition.sends + i];
    effect.integer(send.to);
    effect.integer(send.envelope);
  }
  return effect.take();
}

void Machine::macro_steps(Id cell, Successors& out) {
  struct Reached {
    Id local = 0;
    std::size_t before = 0;
    Silent by{};
  };
  const std::vector<Id> envelopes = in_order(cells_[cell].inbox);
  std::vector<Reached> reached = {{.local = cells_[cell].local}};
  std::unordered_set<Id> met = {cells_[cell].local};
  std::set<std::string> effects;
  for (std::size_t i = 0; i < reached.size(); ++i) {
    Chain chain{.locals = {reached[i].local}, .steps = {}};
    for (std::size_t at = i; at != 0; at = reached[at].before) {
      chain.steps.push_back(reached[at].by);
      chain.locals.push_back(reached[reached[at].before].local);
    }
    std::ranges::reverse(chain.steps);
    std::ranges::reverse(chain.locals);
    const Id local = reached[i].local;
    std::vector<Id> inputs = envelopes;
    const std::vector<Id> own =
        own_inputs(locals_[local].process, split_local(locals_[local].bytes).timers);
    inputs.insert(inputs.end(), own.begin(), own.end());
    for (const Id input : inputs) {
      for (const Outcome& outcome : outcomes(local, input)) {
        if (outcome.no_op && is_delivery(input)) continue;  // no event
        if (is_silent(local, input, outcome)) {
          if (!met.insert(outcome.local).second) continue;
          reached.push_back({.local = outcome.local,
                             .before = i,
                             .by = {.input = input, .answers = outcome.answers}});
          continue;
        }
        if (is_loose(chain, input, outcome)) continue;
        add_outcome(cell, input, outcome, intern_path(chain.steps, paths_[outcome.answers].answers),
                    out);
        const bool is_new = effects.insert(effect_of(out.transitions.back(), out)).second;
        if (!is_new) out.transitions.pop_back();  // shorter chains come first
      }
    }
  }
}

}  // namespace gainsay
