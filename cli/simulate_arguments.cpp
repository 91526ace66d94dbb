#include "cli/simulate_arguments.hpp"

#include <algorithm>

#include "cli/command.hpp"
#include "engine/simulator/links.hpp"
#include "protocols/kv_workload.hpp"

namespace gainsay::cli {

namespace {

LinkModel links_of(const SimulateArguments& arguments);

// As many as wait at a time where an answer takes a dozen messages' time, and some more.
std::uint32_t clients_for(const SimulateArguments& arguments) {
  constexpr std::uint32_t least = 8;
  constexpr std::uint32_t most = 200;
  if (arguments.closed) return 32;
  __extension__ using Wide = unsigned __int128;
  const Wide busy = Wide{parse_rate(arguments.load, "--load")} *
                    links_of(arguments).latency.mean() * 12 / (3600 * second);
  return busy > most ? most : std::max(least, static_cast<std::uint32_t>(busy));
}

LinkModel links_of(const SimulateArguments& arguments) {
  LinkModel links;
  if (!arguments.latency.empty()) {
    std::string text = arguments.latency.front();
    if (arguments.latency.size() == 2) text += ".." + arguments.latency.back();
    links.latency = Distribution::parse(text, "--latency");
  }
  const auto chance = [](const std::string& text, const char* flag) {
    return text.empty() ? 0 : parse_chance(text, flag);
  };
  links.loss = chance(arguments.loss, "--loss");
  links.duplicates = chance(arguments.duplication, "--duplication");
  links.reordering = chance(arguments.reordering, "--reordering");
  links.tampering = chance(arguments.tampering, "--tampering");
  if (!arguments.bandwidth.empty()) {
    links.bytes_per_second = parse_bandwidth(arguments.bandwidth, "--bandwidth");
  }
  return links;
}

// Timers of a protocol for a slower network: of all nodes so many times as long.
std::vector<ClockModel> stretched(std::vector<ClockModel> clocks,
                                  const SimulateArguments& arguments, const System& system) {
  const std::uint64_t times = parse_millionths(arguments.timers, "--timers");
  constexpr std::uint64_t one = 1'000'000;
  if (times < one / 100 || times > 100 * one) throw UsageError("--timers is from 0.01 to 100");
  clocks.resize(system.bounds.nodes);
  for (ClockModel& clock : clocks) {
    const std::int64_t length = (std::int64_t{one} + clock.drift_millionths) *
                                static_cast<std::int64_t>(times) / std::int64_t{one};
    clock.drift_millionths = length - std::int64_t{one};
  }
  return clocks;
}

// "n1=200,n2=-50": in millionths.
std::vector<ClockModel> clocks_of(const SimulateArguments& arguments, const System& system) {
  std::vector<ClockModel> clocks;
  for (const auto& [name, value] : parse_pairs(arguments.drift, "--drift")) {
    const NodeId node = node_named(system, name, "--drift");
    const bool is_slow = value.starts_with('-');
    const std::uint64_t ppm =
        parse_millionths(value.substr(is_slow ? 1 : 0), "--drift") / 1'000'000;
    if (ppm > 500'000) throw UsageError("--drift is at most 500000 millionths");
    if (clocks.size() <= node.value) clocks.resize(std::size_t{node.value} + 1);
    const auto drift = static_cast<std::int64_t>(ppm);
    clocks[node.value].drift_millionths = is_slow ? -drift : drift;
  }
  return arguments.timers.empty() ? clocks : stretched(std::move(clocks), arguments, system);
}

// Where something is signed.
std::shared_ptr<const Signatures> signatures_of(const SimulateArguments& arguments,
                                                const System& system) {
  const bool are_real = arguments.signatures == "ed25519";
  if (!are_real && arguments.signatures != "ideal") {
    throw UsageError("--signatures is ed25519 or ideal, not '" + arguments.signatures + "'");
  }
  const bool may_be_altered = !arguments.tampering.empty();
  if (are_real && contains_signed(*system.message_type)) {
    const auto processes = static_cast<std::uint32_t>(system.size());
    return ed25519_signatures(processes, parse_seed(arguments.seed));
  }
  if (may_be_altered) throw UsageError("--tampering is for signatures, and none is real here");
  return nullptr;
}

// "5ms" is every node's, "n1,n2=50ms" that of some.
void add_disk(SimulationOptions& options, const System& system, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) {
    options.disk = Distribution::parse(text, "--disk");
    return;
  }
  const std::string what = "--disk " + text;
  const Distribution takes = Distribution::parse(text.substr(equals + 1), what);
  options.disks.resize(system.bounds.nodes);
  for (const NodeId node : nodes_named(system, text.substr(0, equals), what)) {
    options.disks[node.value] = takes;
  }
}

}  // namespace

Configuration configuration_of(const SimulateArguments& arguments, const CatalogEntry& entry) {
  Configuration configuration = entry.simulated.value_or(entry.defaults);
  configuration.bounds.network = Network::async;  // whatever this network does lies within it
  configuration.bounds.crashes = static_cast<std::uint32_t>(arguments.crashes.size());
  configuration.bounds.restarts = static_cast<std::uint32_t>(std::ranges::count_if(
      arguments.crashes, [](const std::string& crash) { return crash.find('+') != crash.npos; }));
  configuration.bounds.unsynced = arguments.unsynced.value_or(0);
  if (configuration.bounds.unsynced > 0 && arguments.disks.empty()) {
    throw UsageError("--unsynced means nothing without --disk: what takes no time is safe at once");
  }
  if (!arguments.bug.empty()) {
    const Bug& bug = require_bug(entry, arguments.bug);
    for (const auto& [name, value] : bug.scenario.options) configuration.options[name] = value;
    configuration.bug = bug.name;
  }
  const auto number = [&](const std::string& text) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(parse_millionths(text, "--nodes") / 1'000'000, ids_max + 1));
  };
  if (!arguments.nodes.empty()) configuration.bounds.nodes = number(arguments.nodes);
  if (configuration.bounds.clients > 0) {
    configuration.bounds.clients = arguments.clients.value_or(clients_for(arguments));
  }
  if (configuration.bounds.clients == 0) configuration.bounds.operations = 1;
  const auto set = [&](const char* name, const std::optional<std::uint32_t>& value) {
    if (value) configuration.options[name] = std::to_string(*value);
  };
  set("load-keys", arguments.keys);
  set("load-reads", arguments.reads);
  set("load-value", arguments.value_size);
  if (!arguments.zipf.empty()) {
    configuration.options["load-zipf"] =
        std::to_string(parse_millionths(arguments.zipf, "--zipf") / 1000);
  }
  for (const auto& [name, value] : parse_pairs(arguments.options, "--option")) {
    configuration.options[name] = value;
  }
  return configuration;
}

SimulationOptions simulation_of(const SimulateArguments& arguments, const System& system) {
  SimulationOptions options{.seed = parse_seed(arguments.seed),
                            .duration = parse_duration(arguments.duration, second, "--duration"),
                            .links = links_of(arguments),
                            .clocks = clocks_of(arguments, system)};
  for (const std::string& text : arguments.links) {
    add_links(options.particular_links, system, options.links, text);
  }
  options.signatures = signatures_of(arguments, system);
  for (const std::string& text : arguments.disks) add_disk(options, system, text);
  if (!arguments.closed) options.arrivals_an_hour = parse_rate(arguments.load, "--load");
  if (!arguments.closed && options.arrivals_an_hour == 0) {
    throw UsageError("--load is at least one request an hour");
  }
  options.arrivals_are_regular = arguments.regular;
  options.compresses = arguments.compresses;
  if (!arguments.think.empty()) options.think = Distribution::parse(arguments.think, "--think");
  // Long enough for an answer that takes its time.
  const Nanoseconds slow = 20 * options.links.latency.mean();
  options.client_timeout =
      arguments.client_timeout.empty()
          ? std::max<Nanoseconds>(200 * millisecond, slow)
          : parse_duration(arguments.client_timeout, millisecond, "--client-timeout");
  if (options.client_timeout == 0) throw UsageError("--client-timeout is more than 0");
  for (const std::string& text : arguments.partitions) {
    add_partition(options.faults, system, text);
  }
  for (const std::string& text : arguments.crashes) add_crash(options.faults, system, text);
  for (const std::string& text : arguments.clock_steps) {
    add_clock_step(options.faults, system, text);
  }
  return options;
}

MetricsOptions metrics_of(const SimulateArguments& arguments, Nanoseconds duration) {
  MetricsOptions metrics;
  // A hundred intervals, of whole tenths of a second.
  const Nanoseconds tenth = second / 10;
  metrics.interval = std::max<Nanoseconds>(tenth, (duration / 100 + tenth - 1) / tenth * tenth);
  if (!arguments.interval.empty()) {
    metrics.interval = parse_duration(arguments.interval, second, "--interval");
  }
  if (metrics.interval < millisecond) throw UsageError("--interval is at least 1ms");
  if (duration / metrics.interval > 100'000) {
    throw UsageError("--interval is too short: there would be more than 100,000");
  }
  if (!arguments.unavailable.empty()) {
    metrics.unavailable_after = parse_duration(arguments.unavailable, second, "--unavailable");
  }
  return metrics;
}

void add_simulate_options(CLI::App& simulate, SimulateArguments& arguments) {
  std::string group = "System";
  const auto add = [&](const std::string& flag, auto& value, const std::string& what,
                       const std::string& type) {
    return simulate.add_option(flag, value, what)->group(group)->type_name(type);
  };
  add("--algorithm", arguments.algorithm, "the system, by a flag", "NAME");
  add("--nodes", arguments.nodes, "how many nodes", "N");
  add("--clients", arguments.clients, "how many requests at a time", "N");
  add("--option", arguments.options, "of the protocol, as pipeline=0", "LIST");
  add("--bug", arguments.bug, "the named faulty variant", "NAME");
  group = "Run";
  add("--duration", arguments.duration, "of virtual time: 60s, 2h (60s)", "TIME");
  add("--seed", arguments.seed, "the same run again, or another (0)", "HEX");
  const auto add_each = [&](const std::string& flag, std::vector<std::string>& values,
                            const std::string& what, const std::string& type) {
    add(flag, values, what, type)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  add_each("--crash", arguments.crashes, "n1@5s+3s: down at 5 s, for 3 s", "WHEN");
  add("--unsynced", arguments.unsynced, "so many crashes lose unsynced writes", "N");
  add_each("--partition", arguments.partitions, "10s-20s:n1,n2|n3 (one way: n1>n2)", "WHEN");
  add_each("--disk", arguments.disks, "how long a write takes: 5ms, or n1=50ms", "TIME");
  add("--drift", arguments.drift, "slow clocks, in millionths: n1=200", "LIST");
  add("--timers", arguments.timers, "of nodes, so many times as long (1)", "SCALE");
  add_each("--clock-step", arguments.clock_steps, "n1@5s+200ms: put forward (- back)", "WHEN");
  group = "Network";
  add("--latency", arguments.latency, "5ms, 10..100ms, two numbers of ms, or as below", "TIME")
      ->expected(1, 2);
  add("--loss,--packet-loss", arguments.loss, "share of messages: 0.01 or 1%", "SHARE");
  add("--duplication", arguments.duplication, "share that comes twice", "SHARE");
  add("--reordering", arguments.reordering, "share that overtakes or is overtaken (0)", "SHARE");
  add("--tampering", arguments.tampering, "share with a signature that is altered", "SHARE");
  add("--signatures", arguments.signatures, "of what is signed: ed25519 or ideal", "NAME");
  add("--bandwidth", arguments.bandwidth, "of each link, in bytes a second", "SIZE");
  simulate.add_flag("--compress", arguments.compresses, "messages on links, each with LZ4")
      ->group(group);
  add_each("--link", arguments.links, "n1>n2:latency=80ms,loss=5% (both ways: n1|n2)", "LINK");
  group = "Load";
  add("--load", arguments.load, "requests come at this rate (100/s)", "RATE");
  simulate.add_flag("--regular", arguments.regular, "evenly, not at random")->group(group);
  simulate.add_flag("--closed", arguments.closed, "each client asks again once it is answered")
      ->group(group);
  add("--think", arguments.think, "with --closed: after so long", "TIME");
  add("--client-timeout", arguments.client_timeout, "then another node is asked", "TIME");
  add("--keys", arguments.keys, "how many there are (1000)", "N");
  add("--zipf", arguments.zipf, "the i-th key in proportion to i^-S (0)", "S");
  add("--reads", arguments.reads, "share of reads, in percent (50)", "N");
  add("--value-size", arguments.value_size, "bytes of a value (16)", "N");
  group = "Output";
  add("-o,--output", arguments.output, "all figures, as JSON", "FILE");
  add("--report", arguments.report, "all figures, as a page for a browser", "FILE");
  simulate.add_flag("--visualize", arguments.visualize, "the same page, beside --output")
      ->group(group);
  add("--traces", arguments.traces, "directory for a trace (gainsay-out)", "DIR");
  add("--interval", arguments.interval, "of the time line (a hundredth)", "TIME");
  add("--unavailable", arguments.unavailable, "no answer for so long (1s)", "TIME");
  add("--answers-within", arguments.answers_within, "so soon again after the last fault", "TIME");
  simulate.add_flag("--no-properties", arguments.no_properties, "measure only")->group(group);
  simulate.add_flag("--no-minimize", arguments.keep_long, "a trace of all of the run")
      ->group(group);
  add("--progress", arguments.progress, "auto, always or never", "NAME");
  simulate.add_flag("--json", arguments.json, "the figures, on stdout")->group(group);
  simulate.add_flag("--live", arguments.live, "in a browser, as it runs and by hand")->group(group);
  add("--repeat", arguments.repeat, "with --live: what was done, as its page saves it", "FILE");
  add("--port", arguments.port, "with --live: where to listen (any that is free)", "N");
  simulate.add_flag("-q,--quiet", arguments.quiet, "no progress")->group(group);
}

}  // namespace gainsay::cli
