#include "explorer/hunt/weather_run.hpp"

#include <algorithm>

#include "engine/bytes.hpp"
#include "explorer/hunt/weather.hpp"

namespace gainsay {

namespace {

// What judging a run's client history may take.
constexpr std::size_t history_bytes = std::size_t{256} << 20;

Hash128 end_of(const Simulation& simulation) {
  Writer writer;
  writer.integer(simulation.now());
  for (std::size_t i = 0; i < simulation.system().size(); ++i) {
    const LocalState& local = simulation.state(node_id(i));
    if (local.process) local.process->encode(writer);
  }
  return content_hash(writer.bytes());
}

}  // namespace

WatchTally& WatchTally::operator+=(const WatchTally& other) {
  evaluated += other.evaluated;
  reached = reached || other.reached;
  not_judged += other.not_judged;
  return *this;
}

WeatherRunner::WeatherRunner(const Model& model) : model_(model) { (void)take_watched(); }

SimulationOptions WeatherRunner::weather_of(const Model& model, std::uint64_t seed,
                                            std::uint32_t steps_max) {
  RandomStream random(seed, Purpose::fault);
  return draw_weather(model.system, random, steps_max);
}

// To be able to take deliveries back changes no run but makes it slower: mostly there is no need.
WeatherRun WeatherRunner::run(std::uint64_t seed, std::uint32_t steps_max) {
  SimulationOptions options = weather_of(model_, seed, steps_max);
  options.takes_back_deliveries = takes_back_;
  WeatherRun result;
  if (!finish(options, result)) {
    takes_back_ = options.takes_back_deliveries = true;
    finish(options, result);
  }
  return result;
}

// False where it met a delivery that must be taken back.
bool WeatherRunner::finish(const SimulationOptions& options, WeatherRun& run) {
  PropertyWatch watch(model_);
  Simulation simulation(model_.system, options, {&watch});
  watch.attach(simulation);
  while (simulation.step()) {
  }
  if (simulation.ended_by_bounds() && !options.takes_back_deliveries) return false;
  watch.finish(simulation.now(), {.bytes_max = history_bytes, .explain = false});
  run.events = simulation.steps();
  run.end = end_of(simulation);
  run.violation = watch.violation();
  run.violated_by = watch.violated_by();
  tell(watch);
  return true;
}

void WeatherRunner::tell(const PropertyWatch& watch) {
  watched_.node_steps += watch.node_steps();
  watched_.judged_steps += watch.judged_steps();
  for (const WatchedProperty& watched : watch.properties()) {
    const auto index = watched.property - model_.properties.data();
    WatchTally& tally = watched_.properties[static_cast<std::size_t>(index)];
    tally.evaluated += watched.evaluated;
    tally.reached = tally.reached || watched.reached;
    tally.not_judged += static_cast<std::uint64_t>(std::ranges::count_if(
        watch.not_judged(), [&](const auto& one) { return one.first == watched.property->name; }));
  }
}

Watched WeatherRunner::take_watched() {
  Watched empty{.properties = std::vector<WatchTally>(model_.properties.size())};
  return std::exchange(watched_, std::move(empty));
}

}  // namespace gainsay
