#include "explorer/hunt/round.hpp"

#include <algorithm>
#include <limits>

#include "properties/evaluate.hpp"

namespace gainsay {

namespace {

constexpr std::uint32_t steps_max = 512;        // of a run, where nothing else is asked for
constexpr std::uint32_t live_steps_max = 8192;  // the same of a simulation

// Shares spread as evenly as they go.
std::vector<std::size_t> portfolio() {
  const auto all = strategies();
  std::vector<std::size_t> order;
  std::vector<std::uint32_t> given(all.size(), 0);
  for (std::uint32_t i = 1; i <= portfolio_runs; ++i) {
    std::size_t neediest = 0;
    std::int64_t most = std::numeric_limits<std::int64_t>::min();
    for (std::size_t k = 0; k < all.size(); ++k) {
      const std::int64_t need =
          std::int64_t{all[k].share} * i - std::int64_t{given[k]} * portfolio_runs;
      if (need > most) neediest = k;
      most = std::max(most, need);
    }
    ++given[neediest];
    order.push_back(neediest);
  }
  return order;
}

}  // namespace

std::vector<std::size_t> live_portfolio() {
  const auto is_live = [](const NamedStrategy& one) { return one.make == nullptr; };
  const auto live =
      static_cast<std::size_t>(std::ranges::find_if(strategies(), is_live) - strategies().begin());
  std::vector<std::size_t> order;
  for (const std::size_t interned : portfolio()) {
    order.push_back(interned);
    order.insert(order.end(), live_runs, live);
  }
  return order;
}

std::vector<std::size_t> strategy_order(const std::string& name) {
  if (name == "portfolio") return portfolio();
  const auto all = strategies();
  const auto found = std::ranges::find(all, name, &NamedStrategy::name);
  if (found == all.end()) {
    std::string known = "portfolio";
    for (const NamedStrategy& one : all) known += ", " + std::string(one.name);
    throw UsageError("there is no strategy '" + name + "'; they are " + known);
  }
  return {static_cast<std::size_t>(found - all.begin())};
}

RoundRunner::RoundRunner(Machine& machine, Evaluator& evaluator, const Model& judged,
                         const HuntOptions& options, const std::vector<std::size_t>& order)
    : options_(options),
      order_(order),
      judged_(judged),
      walk_(machine, evaluator),
      weather_(judged) {
  if (options.cuts) cuts_.emplace(machine, evaluator);
  for (const NamedStrategy& one : strategies()) {
    strategies_.push_back(one.make == nullptr ? nullptr : one.make());
  }
}

Round RoundRunner::run(std::uint64_t number, std::uint64_t count,
                       std::atomic<std::uint64_t>& given_up) {
  Round round{.number = number, .strategies = std::vector<StrategyReport>(strategies_.size())};
  forget();
  const bool stops = !options_.done && options_.findings_max == 1;
  for (std::uint64_t i = 0; i < count && given_up.load() >= number; ++i) {
    run_one(number * runs_in_round + i, round);
    if (!stops || round.hits.empty()) continue;
    // Rounds behind the first that finds something are not asked for.
    std::uint64_t least = given_up.load();
    while (number < least && !given_up.compare_exchange_weak(least, number)) {
    }
    break;
  }
  for (const Id local : met_) round.local_states.push_back(walk_.machine().local(local).hash.low);
  std::ranges::sort(round.local_states);
  round.watched = weather_.take_watched();
  return round;
}

void RoundRunner::forget() {
  pool_.clear();
  typical_ = steps_max;
  seen_.clear();
  met_.clear();
}

// The first states of all are new in any system.
Reuse RoundRunner::look() {
  constexpr std::uint64_t passed_over = 2048;
  constexpr std::uint64_t looked_at = 2048;
  Round round{.strategies = std::vector<StrategyReport>(strategies_.size())};
  forget();
  Reuse before;
  for (std::uint64_t i = 0; i < runs_in_round && round.events < passed_over + looked_at; ++i) {
    if (round.events < passed_over) before = {.events = round.events, .met = met_.size()};
    run_one(i, round);
  }
  return {.events = round.events - before.events, .met = met_.size() - before.met};
}

void RoundRunner::run_one(std::uint64_t number, Round& round) {
  RandomStream seeds(options_.seed);
  seeds.seek(number);
  const std::uint64_t seed = seeds.next();
  Streams streams{.schedule = RandomStream(seed), .faults = RandomStream(seed, Purpose::fault)};
  which_ = order_[number % order_.size()];
  if (!strategies_[which_]) {
    run_live(number, seed, round);
    return;
  }
  swarm_.draw(walk_.machine().system(), streams.faults);
  std::optional<std::size_t> from;
  std::vector<Novelty> novelties;
  const std::uint32_t steps = begin(streams, from);
  go(steps, streams, novelties);
  if (strategies()[which_].guided) {
    pool_.learn(from, walk_.path(), novelties);
    pool_.trim();
  }
  take_in(number, round);
}

// A fault of a handler has no number here.
Broken RoundRunner::broken_by(const Violation& violation) const {
  const auto& properties = judged_.properties;
  const auto found = std::ranges::find(properties, violation.property, &Property::name);
  if (found == properties.end()) return {.fault = ~Id{0}};
  return {.property = static_cast<std::size_t>(found - properties.begin())};
}

void RoundRunner::run_live(std::uint64_t number, std::uint64_t seed, Round& round) {
  RandomStream random(seed);
  const std::uint32_t longest = options_.max_depth.value_or(live_steps_max);
  const std::uint32_t steps = std::max(1U, longest >> random.below(6));
  const WeatherRun run = weather_.run(seed, steps);
  count(number, run.events, run.end, round);
  if (!run.violation) return;
  keep({.run = number,
        .strategy = which_,
        .broken = broken_by(*run.violation),
        .path = {},
        .live = LiveHit{.violation = *run.violation,
                        .seed = seed,
                        .steps = steps,
                        .violated_by = run.violated_by}},
       round);
}

// How many steps the run may have; and where in the pool it starts from.
std::uint32_t RoundRunner::begin(Streams& streams, std::optional<std::size_t>& from) {
  RandomStream& random = streams.schedule;
  const std::size_t starts = walk_.machine().system().size();
  const std::uint32_t longest = options_.max_depth.value_or(steps_max);
  std::uint32_t steps = std::max(1U, longest >> random.below(5));
  if (strategies()[which_].guided && !pool_.empty() && random.below(8) != 0) {
    from = pool_.pick(random);
    follow(pool_.path(*from));
    steps = 8U << random.below(4);
  } else {
    walk_.start(random);
    if (cuts_) cuts_->begin(walk_);
    for (std::size_t process = 0; process < starts; ++process) see(process);
  }
  const auto before = static_cast<std::uint32_t>(walk_.path().size() - starts);
  steps = std::min(steps, longest - std::min(longest, before));
  // Few runs are as long as they may be: moments that are drawn in advance should be in them.
  strategies_[which_]->begin(random, std::clamp(2 * typical_, 1U, std::max(steps, 1U)));
  return steps;
}

// What a pair in it violates was found when the path was made.
void RoundRunner::follow(const Path& path) {
  if (!cuts_) {
    walk_.follow(path);
    return;
  }
  walk_.begin();
  const std::size_t starts = walk_.machine().system().size();
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i == starts) cuts_->begin(walk_);
    if (i >= starts) cuts_->before(walk_, path[i]);
    walk_.pass(path[i]);
    if (i >= starts) cuts_->after(walk_);
  }
  if (path.size() == starts) cuts_->begin(walk_);
}

// False where the run ends by something broken.
bool RoundRunner::take(Move move) {
  if (cuts_) cuts_->before(walk_, move);
  walk_.take(move);
  if (walk_.broken()) return false;
  return !cuts_ || !cuts_->after(walk_);
}

void RoundRunner::go(std::uint32_t steps, Streams& streams, std::vector<Novelty>& novelties) {
  Strategy& strategy = *strategies_[which_];
  const bool guided = strategies()[which_].guided;
  for (std::uint32_t i = 0; i < steps && !walk_.broken(); ++i) {
    std::optional<Move> move = swarm_.pick(walk_, streams.faults);
    if (!move) move = strategy.pick(walk_, streams.schedule);
    if (!move) move = swarm_.any(walk_, streams.faults);
    if (!move) return;
    swarm_.before(walk_, *move);
    if (!take(*move)) return;
    strategy.taken(walk_, *move);
    swarm_.after(walk_);
    if (walk_.changed() == Machine::npos) continue;
    see(walk_.changed());
    if (guided) pool_.look(walk_, novelties);
  }
}

void RoundRunner::see(std::size_t process) {
  const Id local = walk_.machine().local_of(walk_.cell(process));
  if (local >= seen_.size()) seen_.resize(2 * std::size_t{local} + 64);
  if (seen_[local]) return;
  seen_[local] = true;
  met_.push_back(local);
}

void RoundRunner::take_in(std::uint64_t number, Round& round) {
  const std::uint64_t events = walk_.path().size();
  typical_ = (3 * typical_ + static_cast<std::uint32_t>(events)) / 4;
  count(number, events, walk_.machine().hash(walk_.world()), round);
  const bool by_cut = cuts_ && cuts_->found() && !walk_.broken();
  if (!walk_.broken() && !by_cut) return;
  Hit hit{.run = number,
          .strategy = which_,
          .broken = by_cut ? Broken{.property = cuts_->found()->property} : *walk_.broken(),
          .path = walk_.path()};
  if (by_cut) hit.kept = cuts_->found()->kept;
  keep(std::move(hit), round);
}

void RoundRunner::count(std::uint64_t number, std::uint64_t events, const Hash128& end,
                        Round& round) const {
  StrategyReport& strategy = round.strategies[which_];
  ++round.runs;
  ++strategy.runs;
  round.events += events;
  strategy.events += events;
  round.longest = std::max(round.longest, events);
  round.digest += mix(number, end, Hash128{0, events});
}

// Empty where no handler failed.
std::string RoundRunner::property_of_fault(const Hit& hit) const {
  if (hit.broken.fault == 0) return "";
  if (hit.live) return hit.live->violation.property;
  return violation_of_fault(walk_.machine().fault_kind(hit.broken.fault), "").property;
}

void RoundRunner::keep(Hit hit, Round& round) const {
  ++round.strategies[which_].findings;
  const std::string property = property_of_fault(hit);
  const auto known = std::ranges::find_if(round.hits, [&](const Hit& other) {
    return other.broken.property == hit.broken.property && property_of_fault(other) == property;
  });
  if (known != round.hits.end()) {
    ++known->hits;
  } else {
    round.hits.push_back(std::move(hit));
  }
}

}  // namespace gainsay
