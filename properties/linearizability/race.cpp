#include "properties/linearizability/race.hpp"

#include <algorithm>
#include <array>

#include "properties/linearizability/search.hpp"

namespace gainsay::linearizability {

namespace {

constexpr std::size_t slice = 2'048;  // steps between looks at the limits

Judgement unknown(const char* why) { return {.verdict = Verdict::unknown, .unknown_because = why}; }

Judgement decided(Status status, const Search& search, const Problem& problem,
                  const Transitions& transitions) {
  if (status == Status::linearizable) {
    return {.verdict = Verdict::linearizable, .order = search.order()};
  }
  Judgement judgement{.verdict = Verdict::not_linearizable,
                      .broken_by = problem.required[search.reached()].operation};
  for (const Id state : search.states_reached()) {
    judgement.states_before.emplace_back(transitions.state(state));
  }
  std::ranges::sort(judgement.states_before);  // numbers of states depend on who met them first
  return judgement;
}

// Both searches, and what they share. At once they share nothing that is written: each has its own
// memory of transitions. Either way they take turns of the same length, so that which one ends the
// race, and so the order that is found, does not depend on threads.
class Race {
 public:
  Race(const Model& model, const Problem& problem, const RaceLimits& limits)
      : problem_(problem),
        limits_(limits),
        at_once_(limits.for_each != nullptr && *limits.for_each),
        transitions_(model, problem.kinds, limits.stop),
        foresight_(model, problem, transitions_),
        depth_first_(problem, transitions_, foresight_, Strategy::depth_first),
        breadth_transitions_(model, problem.kinds, limits.stop),
        breadth_foresight_(model, problem, breadth_transitions_),
        breadth_first_(problem, at_once_ ? breadth_transitions_ : transitions_,
                       at_once_ ? breadth_foresight_ : foresight_, Strategy::breadth_first) {}

  Judgement run() {
    // Most problems are so small that waking a thread would take longer.
    constexpr std::size_t turns_alone = 16;
    for (std::size_t turn = 0;; ++turn) {
      if (bytes() > limits_.bytes_max) return unknown("memory");
      const std::size_t left = limits_.bytes_max - bytes();
      transitions_.allow(at_once_ ? left / 2 : left);
      breadth_transitions_.allow(left / 2);
      if (at_once_ && turn >= turns_alone) {
        if (auto judgement = turn_at_once()) return *std::move(judgement);
      } else {
        if (auto judgement = after(depth_first_.run(slice), depth_first_)) return *judgement;
        if (expanded() < limits_.expansions_max) {
          if (auto judgement = after(breadth_first_.run(slice), breadth_first_)) return *judgement;
        }
      }
      if (expanded() >= limits_.expansions_max) return unknown("stopped");
      if (limits_.stop != nullptr && *limits_.stop && (*limits_.stop)()) return unknown("stopped");
    }
  }

 private:
  std::size_t expanded() const { return depth_first_.expanded() + breadth_first_.expanded(); }
  std::size_t bytes() const {
    return problem_.bytes() + depth_first_.bytes() + breadth_first_.bytes() + transitions_.bytes() +
           foresight_.bytes() +
           (at_once_ ? breadth_transitions_.bytes() + breadth_foresight_.bytes() : 0);
  }

  std::optional<Judgement> after(Status status, const Search& search) const {
    if (status == Status::running) return std::nullopt;
    const bool breadth = &search == &breadth_first_ && at_once_;
    Judgement judgement =
        decided(status, search, problem_, breadth ? breadth_transitions_ : transitions_);
    judgement.configurations = expanded();
    return judgement;
  }

  std::optional<Judgement> turn_at_once() {
    const std::size_t breadth_before = breadth_first_.expanded();
    std::array<Status, 2> statuses{};
    (*limits_.for_each)(2, [&](std::size_t i) {
      statuses[i] = (i == 0 ? depth_first_ : breadth_first_).run(slice);
    });
    if (auto judgement = after(statuses[0], depth_first_)) {
      // In turns, the other one would not have had this one.
      judgement->configurations -= breadth_first_.expanded() - breadth_before;
      return judgement;
    }
    return after(statuses[1], breadth_first_);
  }

  const Problem& problem_;
  const RaceLimits& limits_;
  const bool at_once_;
  Transitions transitions_;
  Foresight foresight_;
  Search depth_first_;
  Transitions breadth_transitions_;  // at once
  Foresight breadth_foresight_;
  Search breadth_first_;
};

// A limit may be reached before there is a race at all.
Judgement run_race(const Model& model, const Problem& problem, const RaceLimits& limits) {
  try {
    return Race(model, problem, limits).run();
  } catch (const LimitReached& limit) {
    return unknown(limit.which);
  }
}

}  // namespace

Judgement race(const Model& model, const TimedHistory& history, std::span<const Id> operations,
               const RaceLimits& limits) {
  const std::optional<Problem> problem = lay_out(model, history, operations, limits.bytes_max / 2);
  if (!problem) return unknown("memory");
  Judgement judgement = run_race(model, *problem, limits);
  if (judgement.unknown_because == "memory" && limits.for_each != nullptr && *limits.for_each) {
    // Two memories of transitions take more than one, and the number of threads should not decide.
    RaceLimits in_turns = limits;
    in_turns.for_each = nullptr;
    return run_race(model, *problem, in_turns);
  }
  return judgement;
}

}  // namespace gainsay::linearizability
