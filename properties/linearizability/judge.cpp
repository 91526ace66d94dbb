#include "properties/linearizability/judge.hpp"

#include <algorithm>
#include <tuple>

#include "properties/linearizability/core.hpp"
#include "properties/linearizability/partitions.hpp"
#include "properties/linearizability/race.hpp"
#include "properties/linearizability/unique_writes.hpp"

namespace gainsay::linearizability {

namespace {

// One order of all operations from orders of the partitions: each operation takes effect as early
// as the order of its partition allows, which is before it returns.
std::vector<Id> merged(const TimedHistory& history, const std::vector<std::vector<Id>>& orders) {
  std::vector<std::tuple<Moment, std::size_t, std::size_t>> points;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    Moment point = 0;
    for (std::size_t j = 0; j < orders[i].size(); ++j) {
      point = std::max(point, history.operations()[orders[i][j]].invoked);
      points.emplace_back(point, i, j);
    }
  }
  std::ranges::sort(points);
  std::vector<Id> order;
  order.reserve(points.size());
  for (const auto& [point, i, j] : points) order.push_back(orders[i][j]);
  return order;
}

// One partition; `part` becomes what of it cannot be ordered.
Judgement judge_partition(const Model& model, const TimedHistory& history, std::vector<Id>& part,
                          const Limits& limits) {
  // Partitions of keys are plain registers of their own; a whole store is not one.
  if (limits.partition || !model.keys) {
    if (auto fast = judge_unique_writes(model, history, part)) {
      if (fast->verdict == Verdict::not_linearizable) part = fast->core;
      return std::move(*fast);
    }
  }
  Judgement judgement =
      race(model, history, part,
           {.bytes_max = limits.bytes_max, .stop = &limits.stop, .for_each = &limits.for_each});
  if (judgement.verdict == Verdict::not_linearizable && limits.explain) {
    Break found = find_break(model, history, part, judgement.broken_by, limits);
    judgement.broken_by = found.broken_by;
    judgement.prefix_has_order = found.prefix_has_order;
    judgement.states_before = std::move(found.states_before);
  }
  return judgement;
}

// The judgements of the partitions, put together.
class Verdicts {
 public:
  Verdicts(const TimedHistory& history, std::size_t partitions) : history_(history) {
    whole_.verdict = Verdict::linearizable;
    whole_.partitions = partitions;
  }

  void add(Judgement one, std::vector<Id> part) {
    whole_.configurations += one.configurations;
    whole_.by_fast_path += one.by_fast_path;
    switch (one.verdict) {
      case Verdict::linearizable:
        orders_.push_back(std::move(one.order));
        return;
      case Verdict::not_linearizable:
        if (broken_.empty() || returned(one.broken_by) < returned(whole_.broken_by)) {
          whole_.broken_by = one.broken_by;
          whole_.prefix_has_order = one.prefix_has_order;
          whole_.states_before = std::move(one.states_before);
          broken_ = std::move(part);
        }
        whole_.verdict = Verdict::not_linearizable;
        return;
      case Verdict::unknown:
        whole_.unknown_because = one.unknown_because;
        if (whole_.verdict == Verdict::linearizable) whole_.verdict = Verdict::unknown;
        return;
    }
  }

  Judgement finish(const Model& model, const Limits& limits) {
    if (whole_.verdict == Verdict::linearizable || limits.explain) {
      whole_.order = merged(history_, orders_);
    }
    if (whole_.verdict != Verdict::not_linearizable) return std::move(whole_);
    whole_.prefix_has_order = whole_.prefix_has_order && whole_.unknown_because.empty();
    whole_.unknown_because.clear();
    if (limits.explain) {
      Core core = find_core(model, history_, broken_, whole_.broken_by, limits);
      whole_.core = std::move(core.operations);
      whole_.core_is_minimal = core.minimal;
    }
    return std::move(whole_);
  }

 private:
  Moment returned(Id id) const { return history_.operations()[id].returned; }

  const TimedHistory& history_;
  Judgement whole_;
  std::vector<std::vector<Id>> orders_;
  std::vector<Id> broken_;  // what cannot be ordered
};

}  // namespace

Judgement judge(const Model& model, const TimedHistory& history, const Limits& limits) {
  auto parts = partitions(model, history, limits.partition);
  std::vector<Judgement> judgements(parts.size());
  const auto judge_one = [&](std::size_t i, const Limits& its_limits) {
    judgements[i] = limits.stop && limits.stop()
                        ? Judgement{.unknown_because = "stopped"}
                        : judge_partition(model, history, parts[i], its_limits);
  };
  if (limits.for_each && parts.size() > 1) {
    // At once they have less memory each; what needs more is judged again by itself, so that the
    // number of threads does not decide.
    Limits share = limits;
    share.bytes_max /= std::max(limits.at_once, 1U);
    share.for_each = nullptr;
    limits.for_each(parts.size(), [&](std::size_t i) { judge_one(i, share); });
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (judgements[i].unknown_because == "memory") judge_one(i, limits);
    }
  } else {
    for (std::size_t i = 0; i < parts.size(); ++i) judge_one(i, limits);
  }
  Verdicts verdicts(history, parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    verdicts.add(std::move(judgements[i]), std::move(parts[i]));
  }
  return verdicts.finish(model, limits);
}

}  // namespace gainsay::linearizability
