#include "explorer/random_run.hpp"

#include <algorithm>

#include "engine/story.hpp"
#include "explorer/confirm.hpp"
#include "explorer/minimize.hpp"

namespace gainsay {

namespace {

// Applies the event where that is possible, and judges what comes of it.
bool extend(const Model& model, LiveWorld& world, const Event& event, RandomRun& run) {
  const LiveWorld before(world);
  const Outcome outcome = world.apply(event);
  if (outcome.status != Outcome::Status::applied) return false;
  run.events.push_back(event);
  const bool failed = outcome.step.fault != StepResult::Fault::none;
  const bool starting = run.events.size() < model.system.size();
  if (failed || !starting) run.violation = find_violation(model, before, event, outcome, world);
  return true;
}

}  // namespace

std::string describe(const Model& model, const RandomRun& run) {
  return tell_story(model.system, run.events) +
         (run.violation ? "violates \"" + run.violation->property + "\"\n" : "");
}

RandomRun random_run(const Model& model, RandomStream& random, std::uint32_t steps) {
  RandomRun run;
  LiveWorld world(model.system);
  const std::size_t length = model.system.size() + steps;
  while (run.events.size() < length && !run.violation) {
    std::vector<Event> events = world.enabled();
    if (run.events.size() < model.system.size()) {  // world 0 is behind all starts, in id order
      const NodeId next = node_id(run.events.size());
      std::erase_if(events, [&](const Event& event) {
        return event.kind != EventKind::start || event.process != next;
      });
    }
    if (events.empty()) break;
    extend(model, world, events[random.below(static_cast<std::uint32_t>(events.size()))], run);
  }
  return run;
}

RandomRun run_of(const Model& model, const std::vector<Event>& events) {
  RandomRun run;
  LiveWorld world(model.system);
  for (const Event& event : events) {
    if (run.violation) break;
    extend(model, world, event, run);
  }
  return run;
}

ShorterRuns::ShorterRuns(const Model& model, RandomRun run)
    : model_(&model), run_(std::move(run)), part_(run_.events.size() / 2) {}

std::optional<RandomRun> ShorterRuns::minimized() const {
  if (!run_.violation) return std::nullopt;
  const Counterexample found = run_to(*model_, *run_.violation, run_.events);
  RandomRun shorter = run_of(*model_, minimize(*model_, found).counterexample.events);
  if (shorter.events.size() >= run_.events.size()) return std::nullopt;
  return shorter;
}

std::optional<RandomRun> ShorterRuns::next() {
  if (!std::exchange(tried_minimizer_, true)) {
    if (auto shorter = minimized()) return shorter;
  }
  const std::size_t starts = model_->system.size();
  for (; part_ > 0; part_ /= 2, at_ = 0) {
    while (starts + at_ < run_.events.size()) {
      const auto first = run_.events.begin() + static_cast<std::ptrdiff_t>(starts + at_);
      const auto left = static_cast<std::size_t>(run_.events.end() - first);
      at_ += part_;
      std::vector<Event> events(run_.events.begin(), first);
      events.insert(events.end(), first + static_cast<std::ptrdiff_t>(std::min(part_, left)),
                    run_.events.end());
      RandomRun shorter = run_of(*model_, events);
      if (shorter.events.size() < run_.events.size()) return shorter;
    }
  }
  return std::nullopt;
}

}  // namespace gainsay
