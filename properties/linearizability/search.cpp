#include "properties/linearizability/search.hpp"

#include <algorithm>

namespace gainsay::linearizability {

Search::Search(const Problem& problem, Transitions& transitions, Foresight& foresight,
               Strategy strategy)
    : problem_(problem),
      transitions_(transitions),
      foresight_(foresight),
      strategy_(strategy),
      shape_(problem),
      current_(shape_.words()),
      next_(shape_.words()),
      led_by_call_(problem.call_count, no_id) {
  Shape::set_state(next_.data(), Transitions::initial);
  if (!problem.required.empty()) settle(next_.data(), nullptr);
  add(next_.data(), {});
}

Status Search::run(std::size_t steps) {
  for (const std::size_t end = steps_ + steps; steps_ < end;) {
    if (goal_ != no_id) return Status::linearizable;
    if (!expand_next()) return Status::not_linearizable;
  }
  return goal_ != no_id ? Status::linearizable : Status::running;
}

bool Search::expand_next() {
  if (strategy_ == Strategy::depth_first) {
    if (stack_.empty()) return false;
    const Id member = stack_.back();
    stack_.pop_back();
    const Layer& layer = layers_.begin()->second;
    expand(layer.set[member], layer.links[member]);
    return true;
  }
  while (!layers_.empty() && cursor_ == layers_.begin()->second.set.size()) {
    layers_.erase(layers_.begin());
    cursor_ = 0;
  }
  if (layers_.empty()) return false;
  const Layer& layer = layers_.begin()->second;
  const Id member = cursor_++;
  expand(layer.set[member], layer.links[member]);
  return true;
}

void Search::expand(const std::uint64_t* words, Id link) {
  ++expanded_;
  std::copy_n(words, shape_.words(), current_.data());
  candidates_.clear();
  collect_required();
  collect_unreturned();
  std::ranges::stable_sort(candidates_, {}, &Candidate::rank);
  steps_ += 1 + candidates_.size();
  const std::size_t first = stack_.size();
  for (const Candidate& candidate : candidates_) {
    next_ = current_;
    apply(next_.data(), candidate.choice);
    settle(next_.data(), nullptr);
    const bool placed_all = Shape::position(next_.data()) == problem_.required.size();
    if (!placed_all && foresight_.hopeless(shape_, next_.data(), kind_of(candidate.choice))) {
      continue;
    }
    Link child{.parent = link, .choice = candidate.choice, .merged = candidate.choice.state};
    if (!placed_all) child.merged = foresight_.merged_state(next_.data(), kind_of(child.choice));
    Shape::set_state(next_.data(), child.merged);
    add(next_.data(), child);
    if (goal_ != no_id) return;
  }
  // The best one is expanded first.
  std::reverse(stack_.begin() + static_cast<std::ptrdiff_t>(first), stack_.end());
}

bool Search::waits_for_twin(Id index) const {
  const Id position = Shape::position(current_.data());
  for (Id twin = problem_.required[index].twin; twin != no_id && twin >= position;
       twin = problem_.required[twin].twin) {
    const Required& other = problem_.required[twin];
    if (other.first <= position && !Shape::done(current_.data(), other.slot)) return true;
  }
  return false;
}

void Search::collect_required() {
  const Id position = Shape::position(current_.data());
  const Id state = Shape::state(current_.data());
  const Required& due = problem_.required[position];
  for (const Id call : calls_here_) led_by_call_[call] = no_id;
  calls_here_.clear();
  for (const Id index : problem_.effects[position]) {
    const Required& required = problem_.required[index];
    if (Shape::done(current_.data(), required.slot) || waits_for_twin(index)) continue;
    const auto next = transitions_.next(state, required.kind);
    if (next.size() == 1) {
      const Id call = problem_.calls[required.kind];
      led_by_call_[call] = next[0];
      calls_here_.push_back(call);
    }
    for (const Id after : next) {
      candidates_.push_back({{.index = index, .state = after}, index == position ? 0U : 3U});
    }
  }
  for (Candidate& candidate : candidates_) {
    if (candidate.rank != 0 && transitions_.possible(candidate.choice.state, due.kind)) {
      candidate.rank = 1;
    }
  }
}

void Search::collect_unreturned() {
  const Id position = Shape::position(current_.data());
  const Id state = Shape::state(current_.data());
  const Required& due = problem_.required[position];
  const std::size_t begin = candidates_.size();
  for (std::size_t i = 0; i < problem_.unreturned.size(); ++i) {
    const Unreturned& unreturned = problem_.unreturned[i];
    const std::size_t used = shape_.count(current_.data(), i);
    if (used == unreturned.first.size() || unreturned.first[used] > position) continue;
    const Id same_call = led_by_call_[problem_.calls[unreturned.kind]];
    for (const Id after : transitions_.next(state, unreturned.kind)) {
      if (after == state || after == same_call) continue;
      const Choice choice{.unreturned = true, .index = static_cast<Id>(i), .state = after};
      candidates_.push_back({choice, 4});
    }
  }
  for (std::size_t i = begin; i < candidates_.size(); ++i) {
    if (transitions_.possible(candidates_[i].choice.state, due.kind)) candidates_[i].rank = 2;
  }
}

Id Search::kind_of(const Choice& choice) const {
  return choice.unreturned ? problem_.unreturned[choice.index].kind
                           : problem_.required[choice.index].kind;
}

void Search::apply(std::uint64_t* words, const Choice& choice) const {
  Shape::set_state(words, choice.state);
  if (choice.unreturned) {
    shape_.add_one(words, choice.index);
  } else {
    Shape::flip(words, problem_.required[choice.index].slot);
  }
}

void Search::place_observers(std::uint64_t* words, std::span<const Id> open,
                             std::vector<Id>* placed) const {
  const Id state = Shape::state(words);
  for (const Id index : open) {
    const Required& required = problem_.required[index];
    if (Shape::done(words, required.slot) || !transitions_.possible(state, required.kind)) continue;
    Shape::flip(words, required.slot);
    if (placed != nullptr) placed->push_back(required.operation);
  }
}

void Search::settle(std::uint64_t* words, std::vector<Id>* placed) const {
  Id position = Shape::position(words);
  place_observers(words, problem_.observers[position], placed);
  while (Shape::done(words, problem_.required[position].slot)) {
    Shape::flip(words, problem_.required[position].slot);
    Shape::set_position(words, ++position);
    if (position == problem_.required.size()) return;
    place_observers(words, problem_.new_observers[position], placed);
  }
}

void Search::note_reached(Id position, Id state) {
  if (position < reached_) return;
  if (position > reached_) states_reached_.clear();
  reached_ = position;
  if (states_reached_.size() == 100) return;
  const auto place = std::ranges::lower_bound(states_reached_, state);
  if (place == states_reached_.end() || *place != state) states_reached_.insert(place, state);
}

void Search::add(const std::uint64_t* words, const Link& link) {
  const Id position = Shape::position(words);
  const auto link_id = static_cast<Id>(links_.size());
  if (position == problem_.required.size()) {
    links_.push_back(link);
    goal_ = link_id;
    return;
  }
  const Id key = strategy_ == Strategy::depth_first ? 0 : position;
  Layer& layer = layers_.try_emplace(key, shape_).first->second;
  const std::optional<Id> member = layer.set.insert(words);
  if (!member) return;
  note_reached(position, Shape::state(words));
  links_.push_back(link);
  layer.links.push_back(link_id);
  if (strategy_ == Strategy::depth_first) stack_.push_back(*member);
}

std::vector<Id> Search::order() const {
  std::vector<const Link*> path;
  for (Id link = goal_; links_[link].parent != no_id; link = links_[link].parent) {
    path.push_back(&links_[link]);
  }
  std::ranges::reverse(path);
  std::vector<Id> order;
  std::vector<std::uint64_t> words(shape_.words());
  if (!problem_.required.empty()) settle(words.data(), &order);
  for (const Link* link : path) {
    const Id index = link->choice.index;
    order.push_back(link->choice.unreturned
                        ? problem_.unreturned[index].operations[shape_.count(words.data(), index)]
                        : problem_.required[index].operation);
    apply(words.data(), link->choice);
    settle(words.data(), &order);
    Shape::set_state(words.data(), link->merged);
  }
  return order;
}

std::size_t Search::bytes() const {
  std::size_t bytes = links_.capacity() * sizeof(Link) * 2 + stack_.capacity() * sizeof(Id) * 2;
  for (const auto& [key, layer] : layers_) {
    bytes += layer.set.bytes() + layer.links.capacity() * sizeof(Id) * 2;
  }
  return bytes;
}

}  // namespace gainsay::linearizability
