#include "explorer/minimize.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "explorer/canonical_run.hpp"
#include "explorer/confirm.hpp"
#include "explorer/hunt/named_run.hpp"
#include "explorer/memory.hpp"
#include "explorer/shortest_run.hpp"

namespace gainsay {

namespace {

class Minimizer {
 public:
  Minimizer(const Model& model, const Counterexample& found, const MinimizeOptions& options)
      : model_(model), options_(options), run_(model, found) {}
  MinimizeReport run();

 private:
  using Events = NamedRun::Events;
  // Of the time; the rest is for the search.
  static constexpr double shrinking = 0.8;
  static constexpr std::uint64_t guided_states_max = 300'000;

  bool must_stop(double share = shrinking);
  bool adopt(const Events& candidate, Match match = Match::exact);
  bool drop(std::size_t first, std::size_t count);
  void drop_what_no_end_needs();
  bool drop_a_loop();
  void drop_faults();
  void drop_two_faults();
  void drop_processes();
  void drop_events();
  bool lessen_choice(std::size_t place);
  void lessen_choices();
  void shrink();
  void take_if_less(const Counterexample& other, Counterexample& best) const;
  bool search_all(Counterexample& best);
  void search(MinimizeReport& report);
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

  const Model& model_;
  const MinimizeOptions& options_;
  NamedRun run_;
  Events best_;
  bool cut_ = false;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

bool Minimizer::must_stop(double share) {
  const bool out_of_time = options_.seconds && seconds() >= share * *options_.seconds;
  const bool interrupted = options_.interrupted != nullptr && options_.interrupted->load();
  cut_ = cut_ || out_of_time || interrupted;
  return out_of_time || interrupted;
}

bool Minimizer::adopt(const Events& candidate, Match match) {
  std::optional<Events> taken = run_.try_events(candidate, match);
  if (!taken) return false;
  best_ = *std::move(taken);
  return true;
}

// Without some events, and without what cannot be taken then, or with what is like it.
bool Minimizer::drop(std::size_t first, std::size_t count) {
  Events rest(best_.begin(), best_.begin() + static_cast<std::ptrdiff_t>(first));
  const std::size_t end = std::min(best_.size(), first + count);
  rest.insert(rest.end(), best_.begin() + static_cast<std::ptrdiff_t>(end), best_.end());
  return adopt(rest) || (!must_stop() && adopt(rest, Match::alike));
}

// What the violation does not depend on: for properties of what one process knows that is all but
// the past of the last event, for pairs the past of the other process is needed, too. The least
// that will do is taken.
void Minimizer::drop_what_no_end_needs() {
  if (adopt(run_.cone(best_))) return;
  std::vector<NodeId> all;
  for (std::uint16_t i = 0; i < model_.system.size() && !must_stop(); ++i) {
    all.push_back({i});
    if (adopt(run_.cone(best_, {{i}}))) return;
  }
  if (!must_stop()) adopt(run_.cone(best_, all));
}

// A long run comes back to the same local states: what lies between may be left out. The longest
// loops first.
bool Minimizer::drop_a_loop() {
  struct Loop {
    std::size_t first = 0;
    std::size_t last = 0;
  };
  const std::size_t starts = model_.system.size();
  constexpr std::size_t tries_max = 20;
  std::unordered_map<std::uint64_t, Loop> loops;
  const std::vector<std::uint64_t> marks = run_.marks(best_);
  for (std::size_t i = starts - 1; i < marks.size(); ++i) {
    loops.try_emplace(marks[i], Loop{.first = i}).first->second.last = i;
  }
  std::vector<Loop> longest;
  for (const auto& [mark, loop] : loops) {
    if (loop.last > loop.first) longest.push_back(loop);
  }
  std::ranges::sort(longest, [](const Loop& a, const Loop& b) {
    return std::pair(b.last - b.first, a.first) < std::pair(a.last - a.first, b.first);
  });
  for (std::size_t i = 0; i < std::min(longest.size(), tries_max) && !must_stop(); ++i) {
    if (drop(longest[i].first + 1, longest[i].last - longest[i].first)) return true;
  }
  return false;
}

void Minimizer::drop_faults() {
  for (std::size_t i = best_.size(); i-- > model_.system.size() && !must_stop();) {
    if (i < best_.size() && run_.faults({best_[i]}) > 0) drop(i, 1);
  }
  drop_two_faults();
}

// A crash and its restart, say, none of which can be left out alone.
void Minimizer::drop_two_faults() {
  constexpr std::size_t faults_max = 12;
  for (bool again = true; again && !must_stop();) {
    again = false;
    std::vector<std::size_t> places;
    for (std::size_t i = model_.system.size(); i < best_.size(); ++i) {
      if (run_.faults({best_[i]}) > 0) places.push_back(i);
    }
    if (places.size() > faults_max) return;
    for (std::size_t i = 0; i < places.size() && !again; ++i) {
      for (std::size_t k = i + 1; k < places.size() && !again && !must_stop(); ++k) {
        Events rest = best_;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(places[k]));
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(places[i]));
        again = adopt(rest) || adopt(rest, Match::alike);
      }
    }
  }
}

void Minimizer::drop_processes() {
  for (std::size_t process = 0; process < model_.system.size() && !must_stop(); ++process) {
    Events rest;
    for (const std::uint32_t index : best_) {
      const Event& event = run_.event(index);
      const bool of_it = has_process(event.kind) && event.process.value == process;
      if (run_.is_start(index) || !of_it) rest.push_back(index);
    }
    if (rest.size() < best_.size() && !adopt(rest)) adopt(rest, Match::alike);
  }
}

// Delta debugging: half of them, then quarters, until no single one can be left out.
void Minimizer::drop_events() {
  const std::size_t starts = model_.system.size();
  std::size_t chunk = std::max<std::size_t>(1, (best_.size() - starts) / 2);
  for (bool again = true; again || chunk > 1;) {
    if (!again) chunk = (chunk + 1) / 2;
    again = false;
    // From the end, where it is likelier that nothing else depends on it.
    for (std::size_t end = best_.size(); end > starts;) {
      if (must_stop()) return;
      end = std::min(end, best_.size());
      const std::size_t first = end > starts + chunk ? end - chunk : starts;
      if (drop(first, end - first)) again = true;
      end = first;
    }
  }
}

void Minimizer::take_if_less(const Counterexample& other, Counterexample& best) const {
  const auto size = [](const Counterexample& one) {
    return std::pair(one.faults, one.events.size());
  };
  if (other.property == best.property && size(other) <= size(best)) best = other;
}

// Fewest faults first, then fewest events: what the program does best where it ends. It has half of
// the time that is left, or all of it where no other search can follow.
bool Minimizer::search_all(Counterexample& best) {
  const bool is_property = std::ranges::any_of(
      model_.properties, [&](const Property& one) { return one.name == best.property; });
  if (options_.max_states == 0 || !is_property || must_stop(1)) return false;
  CheckOptions options{.jobs = options_.jobs,
                       .max_states = options_.max_states,
                       .memory_bytes = resident_bytes() + (std::uint64_t{1} << 30),
                       .properties = {best.property},
                       .interrupted = options_.interrupted};
  const double share = obstacle_to_shortest_run(model_, best).empty() ? 0.5 : 1;
  if (options_.seconds) options.seconds = share * std::max(0.0, *options_.seconds - seconds());
  const CheckReport found = check(model_, options);
  if (!found.counterexample || found.counterexample->property != best.property) return false;
  take_if_less(*found.counterexample, best);
  return found.shortest;
}

// Where that does not end, what is shorter is sought by how far it is to a violation.
void Minimizer::search(MinimizeReport& report) {
  Counterexample& best = report.counterexample;
  report.shortest = search_all(best);
  const std::uint64_t states =
      options_.guided_states.value_or(options_.max_states == 0 ? 0 : guided_states_max);
  if (report.shortest || states == 0 || must_stop(1)) return;
  const ShortestRunReport nearest = shortest_run(
      model_, best, {.max_states = states, .must_stop = [this] { return must_stop(1); }});
  if (nearest.run) take_if_less(*nearest.run, best);
}

// Of an event: one of its choices made less, where the rest, or what is like it, still violates and
// is no longer. A crash of a handler is a great number, and less of it no fault.
bool Minimizer::lessen_choice(std::size_t place) {
  constexpr std::uint32_t choices_max = 8;
  const Event was = run_.event(best_[place]);
  const auto before = std::pair(run_.faults(best_), best_.size());
  for (std::size_t i = 0; i < was.choices.size(); ++i) {
    const std::uint32_t end = std::min(was.choices[i], choices_max);
    for (std::uint32_t less = 0; less < end && !must_stop(); ++less) {
      Event event = was;
      event.choices[i] = less;
      Events candidate = best_;
      candidate[place] = run_.known(event);
      for (const Match match : {Match::exact, Match::alike}) {
        const auto taken = run_.try_events(candidate, match);
        if (!taken || std::pair(run_.faults(*taken), taken->size()) > before) continue;
        if (taken->size() <= place || run_.event((*taken)[place]) != event) continue;
        best_ = *taken;
        return true;
      }
    }
  }
  return false;
}

void Minimizer::lessen_choices() {
  for (std::size_t place = 0; place < best_.size(); ++place) {
    while (place < best_.size() && !must_stop() && lessen_choice(place)) {
    }
  }
}

// Each may make room for the others.
void Minimizer::shrink() {
  for (std::size_t before = 0; before != best_.size() && !must_stop();) {
    before = best_.size();
    drop_faults();
    drop_processes();
    drop_events();
    lessen_choices();
  }
}

MinimizeReport Minimizer::run() {
  MinimizeReport report;
  Events all(run_.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  report.events_before = static_cast<std::uint32_t>(all.size());
  report.faults_before = run_.faults(all);
  if (!adopt(all)) throw UsageError("the run does not violate what it is said to");
  drop_what_no_end_needs();
  while (!must_stop() && drop_a_loop()) {
  }
  shrink();
  report.counterexample = run_.counterexample(best_);
  search(report);
  report.counterexample =
      canonical_run(model_, report.counterexample, [this] { return must_stop(1); });
  confirm(model_, report.counterexample);
  report.candidates = run_.tries();
  report.cut = cut_;
  report.seconds = seconds();
  return report;
}

}  // namespace

MinimizeReport minimize(const Model& model, const Counterexample& found,
                        const MinimizeOptions& options) {
  if (found.kind == PropertyKind::progress) {
    throw UsageError("\"progress\" is of time, which is not in a trace: its traces are not shrunk");
  }
  if (found.kind == PropertyKind::recovers) {
    throw UsageError("\"" + found.property +
                     "\" is not of runs, but of what lies behind them: its traces are not shrunk");
  }
  return Minimizer(model, found, options).run();
}

}  // namespace gainsay
