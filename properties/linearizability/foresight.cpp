#include "properties/linearizability/foresight.hpp"

#include <algorithm>

namespace gainsay::linearizability {

namespace {

constexpr int observers_looked_at = 8;

}  // namespace

Foresight::Foresight(const Model& model, const Problem& problem, Transitions& transitions)
    : model_(model), problem_(problem), transitions_(transitions) {
  if (!model.leads) return;
  group_kinds();
  required_of_kind_.resize(problem.kinds.size());
  unreturned_of_kind_.resize(problem.kinds.size(), no_id);
  resets_for_.resize(problem.kinds.size());
  for (Id kind = 0; kind < problem.kinds.size(); ++kind) {
    if (model.resets(*problem.kinds[kind])) reset_kinds_.push_back(kind);
  }
  for (Id index = 0; index < problem.required.size(); ++index) {
    const Id kind = problem.required[index].kind;
    required_of_kind_[kind].push_back(index);
    if (!transitions.observes(kind)) continue;
    for (const Id group : groups_of_kind_[kind]) observers_of_group_[group].push_back(index);
  }
  for (Id i = 0; i < problem.unreturned.size(); ++i) {
    unreturned_of_kind_[problem.unreturned[i].kind] = i;
  }
}

void Foresight::group_kinds() {
  boost::unordered_flat_map<std::string, Id> index;
  for (const Kind* kind : problem_.kinds) {
    std::vector<Id>& groups = groups_of_kind_.emplace_back();
    const auto keys = model_.keys ? model_.keys(kind->call) : std::vector<std::string>{""};
    for (const std::string& key : keys) {
      groups.push_back(index.try_emplace(key, static_cast<Id>(index.size())).first->second);
    }
  }
  observers_of_group_.resize(index.size());
}

bool Foresight::hopeless(const Shape& shape, const std::uint64_t* words, Id placed_kind) {
  if (!model_.leads) return false;
  const Id position = Shape::position(words);
  for (const Id group : groups_of_kind_[placed_kind]) {
    const std::vector<Id>& observers = observers_of_group_[group];
    auto observer = std::ranges::lower_bound(observers, position);
    for (int i = 0; observer != observers.end() && i < observers_looked_at; ++observer, ++i) {
      const Required& required = problem_.required[*observer];
      const bool open = required.first <= position;
      if (open && Shape::done(words, required.slot)) continue;
      if (!can_see(shape, words, *observer)) return true;
      if (!open) break;  // those behind it are mostly seen to when they are nearer
    }
  }
  return false;
}

std::int64_t Foresight::last_use(Id state, Id group) {
  const auto [place, added] = outlooks_.try_emplace(std::uint64_t{state} << 32 | group);
  if (!added) return place->second.last_use;
  const std::vector<Id>& observers = observers_of_group_[group];
  for (std::size_t i = observers.size(); i-- > 0;) {
    if (!transitions_.leads(state, problem_.required[observers[i]].kind)) continue;
    place->second.last_use = observers[i];
    break;
  }
  return place->second.last_use;
}

Id Foresight::merged_state(const std::uint64_t* words, Id placed_kind) {
  const Id state = Shape::state(words);
  if (!model_.leads || !model_.forget || groups_of_kind_[placed_kind].size() != 1) return state;
  const Id group = groups_of_kind_[placed_kind][0];
  const auto position = static_cast<std::int64_t>(Shape::position(words));
  if (last_use(state, group) >= position) return state;
  const std::uint64_t key = std::uint64_t{state} << 32 | group;
  if (outlooks_[key].forgotten == no_id) {
    outlooks_[key].forgotten = transitions_.forget(state, placed_kind);
  }
  const Id forgotten = outlooks_[key].forgotten;
  // The model's word is not enough.
  return last_use(forgotten, group) < 0 ? forgotten : state;
}

bool Foresight::can_see(const Shape& shape, const std::uint64_t* words, Id observer) {
  const Id kind = problem_.required[observer].kind;
  if (transitions_.leads(Shape::state(words), kind)) return true;
  return std::ranges::any_of(
      resets_for(kind), [&](Id reset) { return still_to_come(shape, words, observer, reset); });
}

// May an operation of this kind still be placed, before the observer returns?
bool Foresight::still_to_come(const Shape& shape, const std::uint64_t* words, Id observer,
                              Id kind) const {
  const Id position = Shape::position(words);
  const std::vector<Id>& required = required_of_kind_[kind];
  for (auto i = std::ranges::lower_bound(required, position); i != required.end(); ++i) {
    const Required& reset = problem_.required[*i];
    const bool done = reset.first <= position && Shape::done(words, reset.slot);
    if (!done && reset.first <= observer) return true;
  }
  if (unreturned_of_kind_[kind] == no_id) return false;
  const Unreturned& unreturned = problem_.unreturned[unreturned_of_kind_[kind]];
  const std::size_t used = shape.count(words, unreturned_of_kind_[kind]);
  return used < unreturned.first.size() && unreturned.first[used] <= observer;
}

const std::vector<Id>& Foresight::resets_for(Id observer_kind) {
  std::optional<std::vector<Id>>& result = resets_for_[observer_kind];
  if (result) return *result;
  result.emplace();
  const std::vector<Id>& groups = groups_of_kind_[observer_kind];
  for (const Id reset : reset_kinds_) {
    if (std::ranges::find_first_of(groups, groups_of_kind_[reset]) == groups.end()) continue;
    // What was there before does not matter, so it may have been the first state.
    const auto next = transitions_.next(Transitions::initial, reset);
    const std::vector<Id> after(next.begin(), next.end());
    const auto leads = [&](Id state) { return transitions_.leads(state, observer_kind); };
    if (std::ranges::any_of(after, leads)) result->push_back(reset);
  }
  return *result;
}

}  // namespace gainsay::linearizability
