#include "explorer/explore.hpp"

#include <algorithm>
#include <array>

#include "explorer/shown.hpp"

namespace gainsay {

namespace {

constexpr std::size_t nodes_max = 100'000;
constexpr std::size_t kept_max = 64;  // worlds
constexpr std::size_t kept_bytes_max = std::size_t{256} << 20;
constexpr std::uint32_t kept_every = 256;  // of a long path

bool has_started(const LiveWorld& world) {
  for (std::size_t i = 0; i < world.system().size(); ++i) {
    const auto status = world.state(node_id(i)).status;
    if (status == LocalState::Status::unstarted) return false;
  }
  return true;
}

// Roughly what it takes.
std::size_t bytes_of(const LiveWorld& world) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < world.system().size(); ++i) {
    const NodeId id = node_id(i);
    bytes += world.local(id).size();
    for (const auto& [envelope, count] : world.inbox(id)) bytes += envelope.second.size() + 100;
  }
  return bytes;
}

// Can the event have changed what the property is of?
bool concerns(const Property& property, const Event& event, const Outcome& outcome,
              const System& system) {
  if (property.scope == Scope::history || property.scope == Scope::observer) {
    return !outcome.step.labels.empty();
  }
  return is_step(event.kind) && !system.is_client(event.process);
}

// An event, and what was there before it.
struct Before {
  Before(const LiveWorld& world, const Event& event)
      : has_started(gainsay::has_started(world)), told(world, event) {
    const bool is_of_node = !world.system().is_client(event.process);
    if (is_of_node && is_step(event.kind) && event.kind != EventKind::start) {
      local = world.state(event.process).copy();
      view = local.process->view();
    }
  }
  bool has_started;
  BeforeEvent told;
  // What properties of steps see, which are of nodes' steps but their first starts: as
  // holds_of_step has it, without a copy of the world. Null: they are not of this one.
  std::shared_ptr<const void> view;
  LocalState local;
};

PropertyState judged(const Property& property, const Before& before, const Event& event,
                     const LiveWorld& after) {
  if (property.kind == PropertyKind::recovers) return PropertyState::not_judged;
  if (property.kind == PropertyKind::sometimes) {
    return is_reached_in(property, after) ? PropertyState::reached : PropertyState::not_reached;
  }
  if (property.scope == Scope::step) {
    if (before.view == nullptr) return PropertyState::holds;
    const auto view = after.state(event.process).process->view();
    const void* views[] = {before.view.get(), view.get()};
    return property.holds(views) ? PropertyState::holds : PropertyState::violated;
  }
  const bool holds = holds_in(property, after);
  return holds ? PropertyState::holds : PropertyState::violated;
}

// Of the world behind an event, by what was so before it.
std::vector<PropertyState> judge(const Model& model, const std::vector<PropertyState>& states,
                                 const Before& before, const Event& event, const Outcome& outcome,
                                 const LiveWorld& after) {
  std::vector<PropertyState> now(model.properties.size(), PropertyState::not_judged);
  if (!has_started(after)) return now;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const Property& property = model.properties[i];
    const bool is_same = before.has_started && property.scope != Scope::step &&
                         !concerns(property, event, outcome, model.system);
    now[i] = is_same ? states[i] : judged(property, before, event, after);
  }
  return now;
}

std::vector<std::size_t> newly(const std::vector<PropertyState>& before,
                               const std::vector<PropertyState>& now, const Model& model,
                               PropertyState state) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const bool of_step = model.properties[i].scope == Scope::step;
    if (now[i] == state && (of_step || before[i] != state)) found.push_back(i);
  }
  return found;
}

}  // namespace

std::string_view to_string(PropertyState state) {
  constexpr std::array<std::string_view, 5> names = {"holds", "violated", "reached", "not reached",
                                                     "not judged"};
  return names[static_cast<std::size_t>(state)];
}

Exploration::Exploration(const Model& model) : model_(&model) { forget(); }

void Exploration::forget() {
  nodes_.clear();
  kept_.clear();
  kept_bytes_ = 0;
  auto world = std::make_unique<const LiveWorld>(model_->system);
  Taken first;
  first.properties.assign(model_->properties.size(), PropertyState::not_judged);
  first.world = world->hash();
  while (const auto start = forced_start(*world)) {
    auto after = std::make_unique<LiveWorld>(*world);
    take(*after, *start, first);
    if (first.fault) break;
    world = std::move(after);
  }
  nodes_.push_back({.taken = std::move(first)});
  kept_[root].world = std::move(world);
}

// REQUIRES that the event can be applied.
void Exploration::take(LiveWorld& world, const Event& event, Taken& taken) const {
  const Before before(world, event);
  const Outcome outcome = world.apply(event);
  if (taken.events.empty()) {
    ShownStep shown = shown_step(before.told, event, outcome.step, world);
    taken.changes = std::move(shown.changes);
    taken.notes = std::move(shown.notes);
    taken.sends = outcome.step.sends;
  }
  taken.events.push_back(event);
  if (outcome.step.fault != StepResult::Fault::none) {
    taken.fault = violation_of_fault(outcome.step.fault, outcome.step.message);
    return;
  }
  auto states = judge(*model_, taken.properties, before, event, outcome, world);
  for (const std::size_t one : newly(taken.properties, states, *model_, PropertyState::violated)) {
    taken.newly.push_back(one);
  }
  taken.properties = std::move(states);
  taken.world = world.hash();
}

void Exploration::take_forced(LiveWorld& world, Taken& taken) const {
  while (!taken.fault) {
    const auto start = forced_start(world);
    if (!start) return;
    take(world, *start, taken);
  }
}

Exploration::Place Exploration::extend(Place from, LiveWorld& world, const PathStep& step) {
  if (nodes_[from].taken.fault) {
    throw PathError("step " + std::to_string(nodes_[from].steps + 1) +
                    " of the path does not fit: nothing follows a handler that fails");
  }
  Taken taken{.step = step};
  taken.properties = nodes_[from].taken.properties;
  take(world, event_of(world, step, nodes_[from].steps + 1), taken);
  take_forced(world, taken);
  const auto place = static_cast<Place>(nodes_.size());
  nodes_.push_back({.before = from, .steps = nodes_[from].steps + 1, .taken = std::move(taken)});
  nodes_[from].next.emplace(step, place);
  return place;
}

// The first world stays, whatever it takes.
void Exploration::make_room(std::size_t bytes) {
  while (kept_.size() > 1 && (kept_.size() >= kept_max || kept_bytes_ + bytes > kept_bytes_max)) {
    auto oldest = std::next(kept_.begin());
    for (auto one = oldest; one != kept_.end(); ++one) {
      if (one->second.used < oldest->second.used) oldest = one;
    }
    kept_bytes_ -= oldest->second.bytes;
    kept_.erase(oldest);
  }
}

const LiveWorld& Exploration::keep(Place place, const LiveWorld& world) {
  const auto known = kept_.find(place);
  if (known != kept_.end()) {
    known->second.used = ++uses_;
    return *known->second.world;
  }
  const std::size_t bytes = bytes_of(world);
  make_room(bytes);
  kept_bytes_ += bytes;
  Kept& kept = kept_[place];
  kept = {.used = ++uses_, .bytes = bytes, .world = std::make_unique<const LiveWorld>(world)};
  return *kept.world;
}

const LiveWorld& Exploration::world(Place place) {
  if (nodes_[place].taken.fault) place = nodes_[place].before;
  std::vector<Place> missing;
  Place from = place;
  for (; !kept_.contains(from); from = nodes_[from].before) missing.push_back(from);
  Kept& kept = kept_.at(from);
  kept.used = ++uses_;
  if (missing.empty()) return *kept.world;
  LiveWorld world(*kept.world);
  for (auto one = missing.rbegin(); one != missing.rend(); ++one) {
    for (const Event& event : nodes_[*one].taken.events) world.apply(event);
    if (*one != place && nodes_[*one].steps % kept_every == 0) keep(*one, world);
  }
  return keep(place, world);
}

std::size_t Exploration::bytes(Place place) { return bytes_of(world(place)); }

Exploration::Place Exploration::go(std::span<const PathStep> path) {
  if (nodes_.size() + path.size() > nodes_max) forget();
  Place place = root;
  std::size_t known = 0;
  for (; known < path.size(); ++known) {
    const auto next = nodes_[place].next.find(path[known]);
    if (next == nodes_[place].next.end()) break;
    place = next->second;
  }
  if (known == path.size()) return place;
  LiveWorld moving(world(place));
  for (; known < path.size(); ++known) {
    place = extend(place, moving, path[known]);
    const bool is_near_end = known + 2 >= path.size();
    const bool is_stage = nodes_[place].steps % kept_every == 0;
    if (!nodes_[place].taken.fault && (is_near_end || is_stage)) keep(place, moving);
  }
  return place;
}

std::vector<Exploration::Place> Exploration::way(Place place) const {
  std::vector<Place> places = {place};
  while (places.back() != root) places.push_back(nodes_[places.back()].before);
  std::ranges::reverse(places);
  return places;
}

std::vector<Event> Exploration::events(Place place) const {
  std::vector<Event> events;
  for (const Place one : way(place)) {
    std::ranges::copy(nodes_[one].taken.events, std::back_inserter(events));
  }
  return events;
}

std::vector<std::optional<std::uint32_t>> Exploration::first(Place place) const {
  std::vector<std::optional<std::uint32_t>> found(model_->properties.size());
  for (const Place one : way(place)) {
    const auto& states = nodes_[one].taken.properties;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const bool is_met =
          states[i] == PropertyState::violated || states[i] == PropertyState::reached;
      if (is_met && !found[i]) found[i] = nodes_[one].steps;
    }
  }
  return found;
}

std::vector<Choice> Exploration::choices(Place place, std::size_t judged) {
  if (nodes_[place].taken.fault) return {};
  std::map<Hash128, std::uint32_t> met;
  for (const Place one : way(place)) met.try_emplace(nodes_[one].taken.world, nodes_[one].steps);
  const LiveWorld& here = world(place);
  const auto& states = nodes_[place].taken.properties;
  std::vector<Choice> found;
  const std::vector<Event> all = choosable(here);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (Event& event : here.answered(all[i])) {
      PathStep step = step_of(i, event);
      found.push_back({.event = std::move(event), .step = std::move(step)});
    }
  }
  for (std::size_t i = 0; i < std::min(judged, found.size()); ++i) {
    Choice& choice = found[i];
    LiveWorld after(here);
    Taken taken{.step = choice.step};
    taken.properties = states;
    take(after, choice.event, taken);
    take_forced(after, taken);
    choice.reaches = newly(states, taken.properties, *model_, PropertyState::reached);
    const auto known = met.find(taken.world);
    if (!taken.fault && known != met.end()) choice.back_to = known->second;
    choice.taken = std::move(taken);
  }
  return found;
}

}  // namespace gainsay
