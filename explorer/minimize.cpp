#include "explorer/minimize.hpp"

#include <algorithm>
#include <chrono>

#include "explorer/confirm.hpp"
#include "explorer/hunt/named_run.hpp"

namespace gainsay {

namespace {

class Minimizer {
 public:
  Minimizer(const Model& model, const Counterexample& found, const MinimizeOptions& options)
      : model_(model), options_(options), run_(model, found) {}
  MinimizeReport run();

 private:
  using Events = NamedRun::Events;

  bool must_stop();
  bool adopt(const Events& candidate);
  bool drop(std::size_t first, std::size_t count);
  void drop_what_no_end_needs();
  void drop_faults();
  void drop_processes();
  void drop_events();
  void put_in_order();
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

bool Minimizer::must_stop() {
  const bool out_of_time = options_.seconds && seconds() >= *options_.seconds;
  const bool interrupted = options_.interrupted != nullptr && options_.interrupted->load();
  cut_ = cut_ || out_of_time || interrupted;
  return cut_;
}

bool Minimizer::adopt(const Events& candidate) {
  std::optional<Events> taken = run_.try_events(candidate);
  if (!taken) return false;
  best_ = *std::move(taken);
  return true;
}

// Without some events, and without what cannot be taken then.
bool Minimizer::drop(std::size_t first, std::size_t count) {
  Events rest(best_.begin(), best_.begin() + static_cast<std::ptrdiff_t>(first));
  const std::size_t end = std::min(best_.size(), first + count);
  rest.insert(rest.end(), best_.begin() + static_cast<std::ptrdiff_t>(end), best_.end());
  return adopt(rest);
}

// For properties of what one process knows that is all there is to it; others need more than the
// past of the last event, and go on with the whole.
void Minimizer::drop_what_no_end_needs() { adopt(run_.cone(best_)); }

void Minimizer::drop_faults() {
  for (std::size_t i = best_.size(); i-- > model_.system.size() && !must_stop();) {
    if (i < best_.size() && run_.faults({best_[i]}) > 0) drop(i, 1);
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
    adopt(rest);
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

// Neighbours that are out of order change places where that makes no difference.
void Minimizer::put_in_order() {
  const auto precedes = [&](std::uint32_t a, std::uint32_t b) {
    return run_.event(a) < run_.event(b);
  };
  for (bool again = true; again && !must_stop();) {
    again = false;
    for (std::size_t i = model_.system.size() + 1; i < best_.size(); ++i) {
      if (!precedes(best_[i], best_[i - 1])) continue;
      Events swapped = best_;
      std::swap(swapped[i - 1], swapped[i]);
      const auto taken = run_.try_events(swapped);
      if (!taken || *taken != swapped) continue;
      best_ = swapped;
      again = true;
    }
  }
}

// Fewest faults first, then fewest events: what the program does best where it ends.
void Minimizer::search(MinimizeReport& report) {
  Counterexample& best = report.counterexample;
  const bool is_property = std::ranges::any_of(
      model_.properties, [&](const Property& one) { return one.name == best.property; });
  if (options_.max_states == 0 || !is_property || must_stop()) return;
  CheckOptions options{.jobs = options_.jobs,
                       .max_states = options_.max_states,
                       .memory_bytes = std::uint64_t{1} << 30,
                       .properties = {best.property},
                       .interrupted = options_.interrupted};
  if (options_.seconds) options.seconds = std::max(0.0, *options_.seconds - seconds());
  const CheckReport found = check(model_, options);
  must_stop();
  if (!found.counterexample || found.counterexample->property != best.property) return;
  const Counterexample& other = *found.counterexample;
  const auto size = [](const Counterexample& one) {
    return std::pair(one.faults, one.events.size());
  };
  if (size(other) > size(best)) return;
  best = other;
  report.shortest = found.shortest;
}

MinimizeReport Minimizer::run() {
  MinimizeReport report;
  Events all(run_.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  report.events_before = static_cast<std::uint32_t>(all.size());
  report.faults_before = run_.faults(all);
  if (!adopt(all)) throw UsageError("the run does not violate what it is said to");
  drop_what_no_end_needs();
  drop_faults();
  drop_processes();
  drop_events();
  put_in_order();
  report.counterexample = run_.counterexample(best_);
  search(report);
  confirm(model_, report.counterexample);
  report.candidates = run_.tries();
  report.cut = cut_;
  report.seconds = seconds();
  return report;
}

}  // namespace

MinimizeReport minimize(const Model& model, const Counterexample& found,
                        const MinimizeOptions& options) {
  if (found.kind == PropertyKind::recovers) {
    throw UsageError("\"" + found.property +
                     "\" is not of runs, but of what lies behind them: its traces are not shrunk");
  }
  return Minimizer(model, found, options).run();
}

}  // namespace gainsay
