#include "explorer/hunt/weather.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace gainsay {

namespace {

// From a shortest time on, each twice the one before: as long as any is as likely.
Nanoseconds draw_time(RandomStream& random, Nanoseconds shortest, std::uint32_t octaves) {
  const Nanoseconds octave = shortest << random.below(octaves);
  return octave + octave * random.below(16) / 16;
}

// As likely in each octave: 0, then 1 to 2, 3 to 6 and so on. REQUIRES: below > 0.
std::uint32_t draw_number(RandomStream& random, std::uint32_t below) {
  const std::uint32_t octave =
      1U << random.below(static_cast<std::uint32_t>(std::bit_width(below)));
  return std::min(octave - 1 + random.below(octave), below - 1);
}

// Tables of quantiles cost more to make than a short run: there are so many, made once.
constexpr std::uint32_t scales = 14;  // 50 us to 400 ms
constexpr std::uint32_t shapes = 4;
using Latencies = std::array<std::array<Distribution, shapes>, scales>;

std::array<Distribution, shapes> latencies_of(Nanoseconds scale) {
  return {Distribution::fixed(scale), Distribution::uniform(scale / 2, 2 * scale),
          Distribution::exponential(scale), Distribution::pareto(scale / 2, 1'100'000)};
}

template <std::size_t... Scale>
Latencies all_latencies(std::index_sequence<Scale...>) {
  return {latencies_of(50 * microsecond << Scale)...};
}

const Distribution& draw_latency(RandomStream& random, std::uint32_t slowest = scales) {
  static const Latencies all = all_latencies(std::make_index_sequence<scales>());
  // As long as timers run, mostly: then they race.
  const bool is_slow = random.below(2) == 0;
  const std::uint32_t scale = is_slow ? slowest - 1 - random.below(5) : random.below(slowest);
  const auto& some = all[scale];
  return some[random.below(shapes)];
}

const Distribution& at_once() {
  static const Distribution none = Distribution::fixed(0);
  return none;
}

// One of 2, 4, ... 512.
std::uint64_t draw_chance(RandomStream& random) { return always_chance >> (1 + random.below(9)); }

LinkModel draw_links(RandomStream& random) {
  LinkModel links{.latency = draw_latency(random)};
  if (random.below(2) == 0) links.loss = draw_chance(random) / 2;
  if (random.below(2) == 0) links.duplicates = draw_chance(random);
  links.keeps_order = random.below(2) == 0;
  if (links.keeps_order && random.below(2) == 0) links.reordering = draw_chance(random);
  return links;
}

// Some links, or all those of one node, are as no others are.
void draw_particular_links(const System& system, RandomStream& random, SimulationOptions& options) {
  const auto count = static_cast<std::uint32_t>(system.size());
  const NodeId one = node_id(random.below(count));
  const bool is_of_one = random.below(2) == 0;
  LinkModel model = options.links;
  model.latency = draw_latency(random);
  for (std::uint32_t from = 0; from < count; ++from) {
    for (std::uint32_t to = 0; to < count; ++to) {
      if (from == to) continue;
      const bool touches = node_id(from) == one || node_id(to) == one;
      if (is_of_one ? !touches : random.below(4) != 0) continue;
      if (!is_of_one) model.latency = draw_latency(random);
      options.particular_links.push_back(
          {.from = node_id(from), .to = node_id(to), .model = model});
    }
  }
}

// A little off, or running at a speed of their own: a tenth of it to five times as slow.
std::vector<ClockModel> draw_clocks(const System& system, RandomStream& random) {
  std::vector<ClockModel> clocks;
  const bool is_wild = random.below(2) == 0;
  for (std::uint32_t i = 0; i < system.bounds.nodes; ++i) {
    const std::int64_t little = draw_number(random, 500'000);
    const std::int64_t wild = std::int64_t{random.below(49)} * 100'000 - 900'000;
    const bool is_fast = random.below(2) == 0;
    clocks.push_back({.drift_millionths = is_wild ? wild : is_fast ? -little : little});
  }
  return clocks;
}

// --- Partitions ---

// Two sides that may be anything: where a node is on both it is a bridge.
Cut draw_cut(const System& system, RandomStream& random) {
  Cut cut{.one_way = random.below(3) == 0};
  const std::uint32_t nodes = system.bounds.nodes;
  const std::uint32_t alone = random.below(nodes);
  const bool isolates = random.below(3) == 0;
  for (std::uint32_t i = 0; i < nodes; ++i) {
    const bool is_first = isolates ? i == alone : random.below(2) == 0;
    (is_first ? cut.first : cut.second).insert(node_id(i));
  }
  if (random.below(4) == 0) {
    const NodeId bridge = node_id(random.below(nodes));
    cut.first.insert(bridge);
    cut.second.insert(bridge);
  }
  if (random.below(2) == 0) std::swap(cut.first, cut.second);
  return cut;
}

void draw_partition(const System& system, RandomStream& random, FaultSchedule& faults) {
  const Cut cut = draw_cut(system, random);
  Nanoseconds at = draw_time(random, 100 * microsecond, 15);
  const Nanoseconds length = draw_time(random, millisecond, 12);
  const bool flaps = random.below(4) == 0;
  const std::uint32_t times = flaps ? 2 + random.below(8) : 1;
  for (std::uint32_t i = 0; i < times; ++i) {
    ScheduledFault fault{
        .kind = ScheduledFault::Kind::partition, .at = at, .process = {}, .cut = cut};
    faults.push_back(fault);
    fault.kind = ScheduledFault::Kind::heal;
    fault.at += length;
    faults.push_back(fault);
    at += length + draw_time(random, millisecond, 8);
  }
}

// --- Crashes ---

// Right behind some step, where what was written has been said and not been heard; or at a moment.
void draw_crash(const System& system, RandomStream& random, bool comes_back,
                SimulationOptions& options) {
  const Nanoseconds down =
      comes_back ? draw_time(random, 100 * microsecond, 15) : nanoseconds_never;
  if (random.below(2) == 0) {
    // Early, mostly: many runs come to rest long before they are as long as they may be.
    constexpr std::uint32_t early = 64;
    auto steps = static_cast<std::uint32_t>(options.steps_max - system.size());
    if (random.below(4) != 0) steps = std::min(steps, early);
    options.crashes_behind.push_back(
        {.step = system.size() + 1 + draw_number(random, steps), .down = down});
    return;
  }
  ScheduledFault fault{.kind = ScheduledFault::Kind::crash,
                       .at = draw_time(random, 100 * microsecond, 15),
                       .process = node_id(random.below(system.bounds.nodes))};
  options.faults.push_back(fault);
  if (!comes_back) return;
  fault.kind = ScheduledFault::Kind::restart;
  fault.at += down;
  options.faults.push_back(fault);
}

void draw_crashes(const System& system, RandomStream& random, SimulationOptions& options) {
  const std::uint32_t most = system.bounds.crashes;
  const std::uint32_t crashes = random.below(4) != 0 ? most : random.below(most + 1);
  std::uint32_t restarts = random.below(8) != 0 ? system.bounds.restarts : 0;
  for (std::uint32_t i = 0; i < crashes; ++i) {
    const bool comes_back = restarts > 0 && random.below(8) != 0;
    if (comes_back) --restarts;
    draw_crash(system, random, comes_back, options);
  }
  std::ranges::sort(options.crashes_behind, {}, &CrashBehind::step);
}

}  // namespace

std::string why_no_weather(const System& system) {
  const Bounds& bounds = system.bounds;
  if (bounds.network != Network::async) {
    return "what a simulated network does is a run under async, and none under " +
           std::string(to_string(bounds.network));
  }
  if (bounds.skew) return "a simulation has real time, and no clocks that count ticks";
  if (!system.adversary.byzantine.empty()) {
    return "a simulation has no Byzantine process that may say anything at any time";
  }
  if (bounds.unsynced > 0) return "no weather has crashes that lose writes";
  return "";
}

SimulationOptions draw_weather(const System& system, RandomStream& random,
                               std::uint32_t steps_max) {
  constexpr Nanoseconds day = 24 * 3600 * second;
  SimulationOptions options{.seed = random.next(),
                            .duration = day,
                            .steps_max = system.size() + steps_max,
                            .links = draw_links(random),
                            .think = at_once(),
                            .client_timeout = draw_time(random, 10 * millisecond, 8),
                            .keeps_bounds = true,
                            .takes_back_deliveries = true};
  if (random.below(4) == 0) options.think = draw_latency(random);
  if (random.below(4) == 0) options.disk = draw_latency(random, 8);
  if (random.below(3) == 0) draw_particular_links(system, random, options);
  if (random.below(2) == 0) options.clocks = draw_clocks(system, random);
  const auto least = std::chrono::nanoseconds(draw_time(random, millisecond, 10));
  options.unspecified = {least, least * (1 + random.below(4))};
  if (random.below(2) == 0) {
    const std::uint32_t partitions = 1 + random.below(3);
    for (std::uint32_t i = 0; i < partitions; ++i) draw_partition(system, random, options.faults);
  }
  draw_crashes(system, random, options);
  // Clients that do not repeat their requests depend on the network to do so.
  const bool has_clients = system.bounds.clients > 0;
  if (random.below(8) < (has_clients ? 7U : 4U)) {
    options.echoes = {.remembered = 64, .every = draw_time(random, 100 * microsecond, 13)};
  }
  return options;
}

}  // namespace gainsay
