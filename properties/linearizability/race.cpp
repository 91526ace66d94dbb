#include "properties/linearizability/race.hpp"

#include <algorithm>
#include <array>

#include "properties/linearizability/search.hpp"

namespace gainsay::linearizability {

namespace {

constexpr std::size_t slice = 256;  // expansions between looks at the limits

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
  return judgement;
}

}  // namespace

Judgement race(const Model& model, const TimedHistory& history, std::span<const Id> operations,
               const RaceLimits& limits) {
  const std::optional<Problem> problem = lay_out(model, history, operations, limits.bytes_max / 2);
  if (!problem) return unknown("memory");
  Transitions transitions(model, problem->kinds);
  Foresight foresight(model, *problem, transitions);
  Search depth_first(*problem, transitions, foresight, Strategy::depth_first);
  Search breadth_first(*problem, transitions, foresight, Strategy::breadth_first);
  const std::array searches = {&depth_first, &breadth_first};
  const std::size_t laid_out = problem->bytes();
  for (std::size_t turn = 0;; ++turn) {
    Search& search = *searches[turn % 2];
    const Status status = search.run(slice);
    const std::size_t expanded = depth_first.expanded() + breadth_first.expanded();
    if (status != Status::running) {
      Judgement judgement = decided(status, search, *problem, transitions);
      judgement.configurations = expanded;
      return judgement;
    }
    if (expanded >= limits.expansions_max) return unknown("stopped");
    if (limits.stop != nullptr && *limits.stop && (*limits.stop)()) return unknown("stopped");
    if (laid_out + depth_first.bytes() + breadth_first.bytes() + transitions.bytes() >
        limits.bytes_max) {
      return unknown("memory");
    }
  }
}

}  // namespace gainsay::linearizability
