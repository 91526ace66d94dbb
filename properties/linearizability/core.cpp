#include "properties/linearizability/core.hpp"

#include <algorithm>
#include <numeric>

#include "properties/linearizability/race.hpp"

namespace gainsay::linearizability {

namespace {

// What one question may cost, and all together: explaining should not take longer than judging.
constexpr std::size_t expansions_each = 20'000;
constexpr std::size_t expansions_together = 2'000'000;

bool observes(const Model& model, const Kind& kind) {
  return model.observes && model.observes(kind);
}

class Shrinker {
 public:
  Shrinker(const Model& model, const TimedHistory& history, std::span<const Id> all, Id broken_by,
           const Limits& limits)
      : model_(model), history_(history), limits_(limits) {
    const Moment end = history.operations()[broken_by].returned;
    for (const Id id : all) {
      const Operation& operation = history.operations()[id];
      if (operation.invoked > end) continue;
      all_.push_back(id);
      if (operation.returned <= end) kept_.push_back(id);
    }
  }

  Core shrink() {
    // What observes first: without it the other questions are cheaper.
    const auto observing = std::stable_partition(
        kept_.begin(), kept_.end(), [&](Id id) { return !observes(model_, history_.kind_of(id)); });
    shrink_range(static_cast<std::size_t>(observing - kept_.begin()), kept_.size());
    for (bool again = true; again;) {
      const std::size_t before = kept_.size();
      shrink_range(0, kept_.size());
      again = kept_.size() < before;
    }
    std::ranges::sort(kept_, {}, [&](Id id) { return history_.operations()[id].invoked; });
    return {kept_, !undecided_};
  }

 private:
  // Leaves out ever smaller pieces of kept_[from, to).
  void shrink_range(std::size_t from, std::size_t to) {
    undecided_ = false;
    for (std::size_t piece = std::max<std::size_t>(1, (to - from) / 2);; piece /= 2) {
      for (std::size_t end = to; end > from;) {
        const std::size_t begin = end - std::min(piece, end - from);
        std::vector<Id> rest(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(begin));
        rest.insert(rest.end(), kept_.begin() + static_cast<std::ptrdiff_t>(end), kept_.end());
        if (still_not_linearizable(rest)) {
          to -= end - begin;
          kept_ = std::move(rest);
        }
        end = begin;
      }
      if (piece <= 1) return;
    }
  }

  bool still_not_linearizable(const std::vector<Id>& kept) {
    if (spent_ >= expansions_together || (limits_.stop && limits_.stop())) {
      undecided_ = true;
      return false;
    }
    const TimedHistory history = relaxed(model_, history_, all_, kept);
    std::vector<Id> every(history.operations().size());
    std::iota(every.begin(), every.end(), Id{0});
    const Judgement judgement = race(model_, history, every,
                                     {.bytes_max = limits_.bytes_max / 2,
                                      .expansions_max = expansions_each,
                                      .stop = &limits_.stop});
    spent_ += judgement.verdict == Verdict::unknown ? expansions_each : judgement.configurations;
    if (judgement.verdict == Verdict::unknown) undecided_ = true;
    return judgement.verdict == Verdict::not_linearizable;
  }

  const Model& model_;
  const TimedHistory& history_;
  const Limits& limits_;
  std::vector<Id> all_, kept_;
  std::size_t spent_ = 0;
  bool undecided_ = false;  // whether something could be left out is not known
};

}  // namespace

TimedHistory relaxed(const Model& model, const TimedHistory& history, std::span<const Id> all,
                     std::span<const Id> kept, std::vector<Id>* origin) {
  std::vector<Id> sorted(kept.begin(), kept.end());
  std::ranges::sort(sorted);
  TimedHistory result;
  for (const Id id : all) {
    const Operation& operation = history.operations()[id];
    const Kind& kind = history.kind_of(id);
    const bool keep = std::ranges::binary_search(sorted, id);
    if (!keep && observes(model, kind)) continue;
    result.add(operation.client, kind.call, keep ? kind.result : std::nullopt, operation.invoked,
               keep ? operation.returned : never, operation.object);
    if (origin != nullptr) origin->push_back(id);
  }
  return result;
}

Break find_break(const Model& model, const TimedHistory& history, std::span<const Id> all,
                 Id not_before, const Limits& limits) {
  const auto returned = [&](Id id) { return history.operations()[id].returned; };
  std::vector<Id> candidates;
  for (const Id id : all) {
    if (returned(id) != never && returned(id) >= returned(not_before)) candidates.push_back(id);
  }
  std::ranges::stable_sort(candidates, {}, returned);
  const auto judged_until = [&](Id last) {
    std::vector<Id> before, kept;
    for (const Id id : all) {
      if (history.operations()[id].invoked > returned(last)) continue;
      before.push_back(id);
      if (returned(id) <= returned(last)) kept.push_back(id);
    }
    const TimedHistory prefix = relaxed(model, history, before, kept);
    std::vector<Id> every(prefix.operations().size());
    std::iota(every.begin(), every.end(), Id{0});
    return race(
        model, prefix, every,
        {.bytes_max = limits.bytes_max, .stop = &limits.stop, .for_each = &limits.for_each});
  };
  Break result{.prefix_has_order = true};
  const auto may_have_order = [&](Id last) {
    const Judgement judgement = judged_until(last);
    if (judgement.verdict == Verdict::not_linearizable) {
      result.states_before = judgement.states_before;
    }
    if (judgement.verdict == Verdict::unknown) result.prefix_has_order = false;
    return judgement.verdict != Verdict::not_linearizable;
  };
  // Mostly the first one already.
  auto first = candidates.begin();
  if (may_have_order(*first) && candidates.size() > 1) {
    first = std::ranges::partition_point(first + 1, candidates.end() - 1, may_have_order);
  }
  result.broken_by = *first;
  return result;
}

std::vector<Id> prefix_order(const Model& model, const TimedHistory& history,
                             std::span<const Id> all, Id broken_by, const Limits& limits) {
  const Moment end = history.operations()[broken_by].returned;
  std::vector<Id> before, kept, origin;
  for (const Id id : all) {
    if (history.operations()[id].invoked > end) continue;
    before.push_back(id);
    if (history.operations()[id].returned < end) kept.push_back(id);
  }
  const TimedHistory prefix = relaxed(model, history, before, kept, &origin);
  Limits without_core = limits;
  without_core.explain = false;
  std::vector<Id> order = judge(model, prefix, without_core).order;
  for (Id& id : order) id = origin[id];
  return order;
}

Core find_core(const Model& model, const TimedHistory& history, std::span<const Id> all,
               Id broken_by, const Limits& limits) {
  return Shrinker(model, history, all, broken_by, limits).shrink();
}

}  // namespace gainsay::linearizability
