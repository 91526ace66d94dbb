#include "explorer/shortest_run.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>

#include "explorer/confirm.hpp"
#include "explorer/evaluator.hpp"
#include "explorer/histories.hpp"
#include "explorer/local_distance.hpp"
#include "explorer/machine.hpp"
#include "properties/evaluate.hpp"

namespace gainsay {

namespace {

class Shortest {
 public:
  Shortest(const Model& model, const Counterexample& known, const ShortestRunOptions& options);
  ShortestRunReport run();

 private:
  static constexpr std::uint32_t nobody = ~std::uint32_t{0};
  struct Step {
    std::uint32_t before = nobody;
    std::uint32_t transition = 0;
    std::uint8_t actor = 0;
  };
  struct World {
    Step step;
    std::uint32_t faults = 0;
    std::uint32_t events = 0;
    std::uint32_t to_come = 0;  // as far as is known
  };
  // In the order of faults, then of events so far and to come.
  using Cost = std::pair<std::uint32_t, std::uint32_t>;
  struct Item {
    std::uint32_t world = nobody;  // nobody: the step below, which violates by itself
    Step step;
    std::uint32_t events = 0;
  };

  LocalDistance::Goal make_goal();
  void start(std::size_t process, std::vector<Id> world, std::vector<Step> steps);
  World& add(const std::vector<Id>& words, std::uint32_t& id);
  void reach(const std::vector<Id>& words, World world);
  void queue(Cost cost, const Item& item);
  std::optional<Item> next();
  bool is_violated(std::uint32_t at);
  void expand(std::uint32_t at);
  void take(std::uint32_t at, std::size_t actor, const Expansion& expansion, std::uint32_t index);
  bool violates_by_itself(const Transition& transition) const;
  Counterexample counterexample(const Item& end);
  const Id* words_of(std::uint32_t world) const { return words_.data() + world * slots_; }

  const Model& model_;
  const Counterexample& known_;
  const ShortestRunOptions& options_;
  const std::vector<const Property*> properties_;
  const std::optional<Futures> futures_;
  Evaluator evaluator_;
  Machine machine_;
  const std::size_t slots_;
  const Cost most_;
  const LocalDistance::Goal goal_;
  std::optional<LocalDistance> distance_;
  std::vector<std::vector<Step>> starts_;  // by initial world
  std::vector<World> worlds_;
  std::vector<Id> words_;  // of the worlds, one after the other
  std::unordered_multimap<std::uint64_t, std::uint32_t> index_;  // hash of words -> world
  std::map<Cost, std::vector<Item>> queue_;  // the last comes first: it is furthest on
};

Shortest::Shortest(const Model& model, const Counterexample& known,
                   const ShortestRunOptions& options)
    : model_(model),
      known_(known),
      options_(options),
      properties_(violated_by(model, known)),
      futures_(model.system.bounds.skew ? std::nullopt
                                        : futures_of_histories(model.system, properties_)),
      evaluator_(model.system, properties_),
      machine_(model.system,
               {.judge_step =
                    [this](const LocalEntry& before, const LocalEntry& after, bool counts) {
                      return evaluator_.judge_step(before, after, counts);
                    },
                .futures = futures_ ? &*futures_ : nullptr}),
      slots_(machine_.slots()),
      most_(faults_of(model.system, known.events),
            static_cast<std::uint32_t>(known.events.size() - model.system.size())),
      goal_(make_goal()) {}

LocalDistance::Goal Shortest::make_goal() {
  if (!properties_.empty()) return {.property = properties_.front(), .is_fault = nullptr};
  return {.property = nullptr, .is_fault = [this](Id fault) {
            return violation_of_fault(machine_.fault_kind(fault), "").property == known_.property &&
                   machine_.fault(fault) == known_.message;
          }};
}

void Shortest::queue(Cost cost, const Item& item) {
  if (cost <= most_) queue_[cost].push_back(item);
}

// --- worlds ---

// All choices of the initial starts.
void Shortest::start(std::size_t process, std::vector<Id> world, std::vector<Step> steps) {
  if (process == model_.system.size()) {
    starts_.push_back(std::move(steps));
    const World initial{.step = {.transition = static_cast<std::uint32_t>(starts_.size() - 1)}};
    reach(world, initial);
    return;
  }
  const Expansion& expansion = machine_.expand(world.data(), process);
  // Messages that are there at once wait until everybody has started.
  for (std::uint32_t i = 0; i < expansion.transitions.size(); ++i) {
    const Transition& transition = expansion.transitions[i];
    if (transition.fault != 0 || transition.from != 0xff) continue;
    std::vector<Id> next = world;
    machine_.apply(next.data(), process, expansion, transition);
    std::vector<Step> more = steps;
    more.push_back({.transition = i, .actor = static_cast<std::uint8_t>(process)});
    start(process + 1, std::move(next), std::move(more));
  }
}

std::uint64_t hash_of(const std::vector<Id>& words) {
  std::uint64_t hash = 0;
  for (const Id word : words) hash = spread(hash ^ word) + word;
  return hash;
}

// The world of these words, made if need be.
Shortest::World& Shortest::add(const std::vector<Id>& words, std::uint32_t& id) {
  const std::uint64_t hash = hash_of(words);
  const auto [first, last] = index_.equal_range(hash);
  for (auto at = first; at != last; ++at) {
    id = at->second;
    if (std::equal(words.begin(), words.end(), words_of(id))) return worlds_[id];
  }
  id = static_cast<std::uint32_t>(worlds_.size());
  words_.insert(words_.end(), words.begin(), words.end());
  index_.emplace(hash, id);
  return worlds_.emplace_back(World{.events = nobody});  // not reached yet
}

// Where nobody was, it is as far as it was before the step.
void Shortest::reach(const std::vector<Id>& words, World world) {
  world.to_come = distance_->of(words.data()).value_or(world.to_come);
  if (world.to_come == LocalDistance::unreachable) return;
  const Cost cost{world.faults, world.events + world.to_come};
  if (cost > most_) return;
  std::uint32_t id = nobody;
  World& known = add(words, id);
  if (known.events != nobody &&
      Cost(known.faults, known.events) <= Cost(world.faults, world.events)) {
    return;
  }
  known = world;
  queue(cost, {.world = id, .step = world.step, .events = world.events});
}

// --- the search ---

bool Shortest::violates_by_itself(const Transition& transition) const {
  if (transition.fault == 0) return transition.step_violation != 0;
  return properties_.empty() && goal_.is_fault(transition.fault);
}

void Shortest::take(std::uint32_t at, std::size_t actor, const Expansion& expansion,
                    std::uint32_t index) {
  const Transition& transition = expansion.transitions[index];
  std::vector<Id> words(words_of(at), words_of(at) + slots_);
  if (!machine_.affordable(words.data(), transition)) return;
  const World next{
      .step = {.before = at, .transition = index, .actor = static_cast<std::uint8_t>(actor)},
      .faults = worlds_[at].faults + transition.cost,
      .events = worlds_[at].events + 1,
      .to_come = worlds_[at].to_come};
  if (violates_by_itself(transition)) {
    queue({next.faults, next.events}, {.step = next.step, .events = next.events});
  } else if (transition.fault == 0) {
    machine_.apply(words.data(), actor, expansion, transition);
    reach(words, next);
  }
}

void Shortest::expand(std::uint32_t at) {
  const std::vector<Id> words(words_of(at), words_of(at) + slots_);  // others move those
  for (std::size_t actor = 0; actor < machine_.actors(); ++actor) {
    const Expansion& expansion = machine_.expand(words.data(), actor);
    for (std::uint32_t i = 0; i < expansion.transitions.size(); ++i) take(at, actor, expansion, i);
  }
}

bool Shortest::is_violated(std::uint32_t at) {
  return distance_->of(words_of(at)).value_or(0) == 0 &&
         evaluator_.inspect_all(machine_, words_of(at)) != Evaluator::none;
}

// Goes along the run again: a step is known by its place in the expansion of its world.
Counterexample Shortest::counterexample(const Item& end) {
  std::vector<Step> steps;
  if (end.world == nobody) steps.push_back(end.step);
  std::uint32_t at = end.world == nobody ? end.step.before : end.world;
  for (; worlds_[at].step.before != nobody; at = worlds_[at].step.before) {
    steps.push_back(worlds_[at].step);
  }
  const std::vector<Step>& starts = starts_[worlds_[at].step.transition];
  steps.insert(steps.end(), starts.rbegin(), starts.rend());
  std::ranges::reverse(steps);
  Counterexample result{
      .property = known_.property, .kind = known_.kind, .message = known_.message};
  std::vector<Id> world = machine_.unstarted();
  for (const Step& step : steps) {
    const Expansion& expansion = machine_.expand(world.data(), step.actor);
    const Transition& transition = expansion.transitions[step.transition];
    result.events.push_back(machine_.event_of({step.actor}, transition));
    if (transition.fault == 0) machine_.apply(world.data(), step.actor, expansion, transition);
  }
  result.faults = faults_of(model_.system, result.events);
  return result;
}

// The best one that was not reached more cheaply since.
std::optional<Shortest::Item> Shortest::next() {
  while (!queue_.empty()) {
    std::vector<Item>& best = queue_.begin()->second;
    const Item item = best.back();
    best.pop_back();
    if (best.empty()) queue_.erase(queue_.begin());
    if (item.world == nobody || worlds_[item.world].events == item.events) return item;
  }
  return std::nullopt;
}

ShortestRunReport Shortest::run() {
  ShortestRunReport report;
  distance_.emplace(
      machine_, evaluator_, goal_, known_.events,
      LocalDistance::Options{.events = options_.events, .must_stop = options_.must_stop});
  if (!distance_->is_known()) {
    report.because = "there are too many local states";
    return report;
  }
  start(0, machine_.unstarted(), {});
  while (const auto item = next()) {
    if (item->world == nobody || is_violated(item->world)) {
      report.run = counterexample(*item);
      return report;
    }
    const bool stopped = report.states % 256 == 0 && options_.must_stop && options_.must_stop();
    if (stopped || worlds_.size() >= options_.max_states) {
      report.because = stopped ? "stopped" : "there are too many worlds";
      return report;
    }
    ++report.states;
    expand(item->world);
  }
  report.because = "nothing as good was met";
  return report;
}

}  // namespace

std::string obstacle_to_shortest_run(const Model& model, const Counterexample& known) {
  const auto properties = violated_by(model, known);
  const LocalDistance::Goal goal{.property = properties.empty() ? nullptr : properties.front(),
                                 .is_fault = nullptr};
  return LocalDistance::obstacle(model.system, goal);
}

ShortestRunReport shortest_run(const Model& model, const Counterexample& known,
                               const ShortestRunOptions& options) {
  if (std::string obstacle = obstacle_to_shortest_run(model, known); !obstacle.empty()) {
    return {.run = std::nullopt, .because = std::move(obstacle)};
  }
  return Shortest(model, known, options).run();
}

}  // namespace gainsay
