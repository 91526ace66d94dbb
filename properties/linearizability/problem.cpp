#include "properties/linearizability/problem.hpp"

#include <algorithm>

namespace gainsay::linearizability {

namespace {

class Layout {
 public:
  Layout(const Model& model, const TimedHistory& history, std::span<const Id> operations)
      : model_(model), history_(history) {
    for (const Id operation : operations) place(operation);
    const auto by_return = [&](const Required& a, const Required& b) {
      return at(a).returned < at(b).returned;
    };
    std::ranges::stable_sort(problem_.required, by_return);
    for (Unreturned& unreturned : problem_.unreturned) {
      std::ranges::stable_sort(unreturned.operations, {}, [&](Id operation) {
        return history_.operations()[operation].invoked;
      });
      for (const Id operation : unreturned.operations) {
        unreturned.first.push_back(first_position(history_.operations()[operation].invoked));
      }
    }
    for (Required& required : problem_.required) {
      required.first = first_position(at(required).invoked);
    }
  }

  std::size_t bytes() const {
    std::size_t open = 0;
    for (std::size_t i = 0; i < problem_.required.size(); ++i) {
      open += i - problem_.required[i].first + 1;
    }
    return (open + problem_.required.size() * 16) * sizeof(Id);
  }

  Problem finish() {
    link_twins();
    sweep();
    return std::move(problem_);
  }

 private:
  const Operation& at(const Required& required) const {
    return history_.operations()[required.operation];
  }
  // The first position whose operation had not returned before this moment.
  Id first_position(Moment invoked) const {
    const auto found = std::ranges::lower_bound(problem_.required, invoked, {},
                                                [&](const Required& r) { return at(r).returned; });
    return static_cast<Id>(found - problem_.required.begin());
  }

  Id local_kind(Id global) {
    const auto [place, added] = kinds_.try_emplace(global, static_cast<Id>(problem_.kinds.size()));
    if (!added) return place->second;
    const Kind& kind = history_.kinds()[global];
    problem_.kinds.push_back(&kind);
    observes_.push_back(model_.observes && model_.observes(kind));
    unreturned_of_.push_back(no_id);
    const auto call = calls_.try_emplace(kind.call, static_cast<Id>(calls_.size())).first->second;
    problem_.calls.push_back(call);
    problem_.call_count = static_cast<Id>(calls_.size());
    return place->second;
  }

  void place(Id operation) {
    const Operation& recorded = history_.operations()[operation];
    const Id kind = local_kind(recorded.kind);
    if (recorded.returned != never) {
      problem_.required.push_back({.operation = operation, .kind = kind});
      return;
    }
    if (observes_[kind]) return;
    if (unreturned_of_[kind] == no_id) {
      unreturned_of_[kind] = static_cast<Id>(problem_.unreturned.size());
      problem_.unreturned.push_back({.kind = kind});
    }
    problem_.unreturned[unreturned_of_[kind]].operations.push_back(operation);
  }

  void link_twins() {
    std::vector<Id> last(problem_.kinds.size(), no_id);
    for (std::size_t i = 0; i < problem_.required.size(); ++i) {
      Required& required = problem_.required[i];
      required.twin = last[required.kind];
      last[required.kind] = static_cast<Id>(i);
    }
  }

  // Walks the positions with the sets of what is open.
  void sweep() {
    const auto count = static_cast<Id>(problem_.required.size());
    std::vector<Id> arrivals(count);
    for (Id i = 0; i < count; ++i) arrivals[i] = i;
    std::ranges::stable_sort(arrivals, {}, [&](Id i) { return problem_.required[i].first; });
    std::vector<Id> effects, observers, arrived, free;
    auto next = arrivals.begin();
    for (Id position = 0; position < count; ++position) {
      arrived.clear();
      for (; next != arrivals.end() && problem_.required[*next].first == position; ++next) {
        Required& required = problem_.required[*next];
        if (free.empty()) free.push_back(problem_.slots++);
        required.slot = free.back();
        free.pop_back();
        std::vector<Id>& open = observes_[required.kind] ? observers : effects;
        open.insert(std::ranges::upper_bound(open, *next), *next);
        if (observes_[required.kind]) arrived.push_back(*next);
      }
      problem_.effects.add(effects);
      problem_.observers.add(observers);
      problem_.new_observers.add(arrived);
      // The operation of this position has the earliest return of all that are open.
      std::vector<Id>& open = observes_[problem_.required[position].kind] ? observers : effects;
      open.erase(open.begin());
      free.push_back(problem_.required[position].slot);
    }
  }

  const Model& model_;
  const TimedHistory& history_;
  Problem problem_;
  boost::unordered_flat_map<Id, Id> kinds_;
  boost::unordered_flat_map<BytesView, Id> calls_;
  std::vector<bool> observes_;
  std::vector<Id> unreturned_of_;  // by kind
};

}  // namespace

std::optional<Problem> lay_out(const Model& model, const TimedHistory& history,
                               std::span<const Id> operations, std::size_t bytes_max) {
  Layout layout(model, history, operations);
  if (layout.bytes() > bytes_max) return std::nullopt;
  return layout.finish();
}

}  // namespace gainsay::linearizability
