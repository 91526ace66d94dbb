#include "explorer/simulate/scenario.hpp"

#include <algorithm>

#include "engine/text.hpp"

namespace gainsay {

namespace {

using Samples = std::vector<Sample>;

// How many answers came between two whole seconds; of all nodes, or of one.
std::uint64_t answers_between(const Samples& samples, std::uint64_t from, std::uint64_t to,
                              const std::vector<std::size_t>& nodes = {}) {
  const auto counted = [&](std::uint64_t at) {
    const auto found = std::ranges::find(samples, at * second, &Sample::at);
    if (found == samples.end()) return std::uint64_t{0};
    if (nodes.empty()) return found->answers;
    std::uint64_t sum = 0;
    for (const std::size_t node : nodes) sum += found->answers_of[node];
    return sum;
  };
  return counted(to) - counted(from);
}

Expectation nothing_violated(const SimulateReport& report) {
  return {.what = "no property is violated, the history of all clients is linearizable",
          .is_met = report.verdict() == Verdict::holds};
}

// What was asked before the last two seconds has been answered.
Expectation all_answered(const SimulateReport& report) {
  const std::uint64_t open = report.metrics->requests() - report.metrics->answers();
  return {.what = "whoever asks is answered in the end: " + with_commas(open) + " of " +
                  with_commas(report.metrics->requests()) + " requests are open",
          .is_met = open * 100 <= report.metrics->requests()};
}

std::vector<Expectation> split_brain(const SimulateReport& report, const Samples& samples) {
  const std::uint64_t minority = answers_between(samples, 11, 20, {0, 1});
  const std::uint64_t majority = answers_between(samples, 12, 20, {2, 3, 4});
  const std::uint64_t behind = answers_between(samples, 22, 30);
  return {nothing_violated(report),
          {.what = "the minority answers nobody: " + with_commas(minority) +
                   " answers from 11 s to 20 s",
           .is_met = minority == 0},
          {.what = "the majority goes on: " + with_commas(majority) + " answers from 12 s to 20 s",
           .is_met = majority >= 8 * 50},
          {.what = "together again: " + with_commas(behind) + " answers from 22 s to 30 s",
           .is_met = behind >= 8 * 90},
          all_answered(report)};
}

std::vector<Expectation> leader_loss(const SimulateReport& report, const Samples&) {
  const Metrics& metrics = *report.metrics;
  Nanoseconds longest = 0;
  bool all_recovered = true;
  std::uint64_t new_leaders = 0;
  for (const FaultRecord& record : metrics.faults()) {
    all_recovered = all_recovered && record.answered.has_value();
    longest = std::max(longest, record.answered.value_or(0));
    new_leaders += record.led && *record.led <= 2 * second ? 1 : 0;
  }
  const Nanoseconds elected = metrics.time_to_elect().greatest();
  return {nothing_violated(report),
          {.what = "after each crash clients are answered again, within " +
                   describe_duration(longest) + " at most",
           .is_met = all_recovered && longest <= 2 * second},
          {.what = "a crash of the leader is followed by an election within 2 s: " +
                   with_commas(new_leaders),
           .is_met = new_leaders >= 1},
          {.what = "never longer without a leader than " + describe_duration(elected),
           .is_met = elected <= 2 * second},
          all_answered(report)};
}

std::vector<Expectation> consistency(const SimulateReport& report, const Samples&) {
  const MessageCounts& all = report.metrics->all_messages();
  return {nothing_violated(report),
          {.what = "the weather is bad: " + with_commas(all.lost) + " messages lost, " +
                   with_commas(all.duplicated) + " repeated",
           .is_met = all.lost > 0 && all.duplicated > 0},
          all_answered(report)};
}

std::vector<Expectation> stress(const SimulateReport& report, const Samples& samples) {
  const Metrics& metrics = *report.metrics;
  const std::uint64_t steady = answers_between(samples, 5, 20) / 15;
  const Nanoseconds p99 = metrics.latency().quantile(99'000);
  return {nothing_violated(report),
          {.what = "as many are answered as ask: " + with_commas(steady) + " a second, of 5,000",
           .is_met = steady >= 4'900},
          {.what = "99 of 100 within " + describe_duration(p99), .is_met = p99 <= second},
          {.what = "one leader throughout: " + with_commas(metrics.elections_count()) + " election",
           .is_met = metrics.elections_count() == 1},
          all_answered(report)};
}

std::vector<Scenario> make_scenarios() {
  return {
      {.name = "split-brain",
       .what = "two of five nodes are cut off for ten seconds",
       .system = "raft",
       .flags = {{"--nodes", "5"},
                 {"--duration", "30s"},
                 {"--load", "100/s"},
                 {"--partition", "10s-20s:n1,n2|n3,n4,n5"}},
       .expect = split_brain},
      {.name = "leader-loss",
       .what = "each of five nodes crashes once, the leader with them",
       .system = "raft",
       .flags = {{"--nodes", "5"},
                 {"--duration", "35s"},
                 {"--load", "100/s"},
                 {"--crash", "n1@5s+2s"},
                 {"--crash", "n2@10s+2s"},
                 {"--crash", "n3@15s+2s"},
                 {"--crash", "n4@20s+2s"},
                 {"--crash", "n5@25s+2s"}},
       .expect = leader_loss},
      {.name = "data-consistency",
       .what = "few keys, many clients, and a network that loses, repeats and reorders",
       .system = "raft",
       .flags = {{"--nodes", "5"},
                 {"--duration", "30s"},
                 {"--load", "100/s"},
                 {"--keys", "10"},
                 {"--zipf", "1"},
                 {"--loss", "2%"},
                 {"--duplication", "5%"},
                 {"--reordering", "5%"},
                 {"--crash", "n3@12s+3s"},
                 {"--partition", "18s-22s:n1>n2"}},
       .expect = consistency},
      {.name = "stress",
       .what = "5,000 requests a second on five nodes",
       .system = "raft",
       .flags = {{"--nodes", "5"}, {"--duration", "20s"}, {"--load", "5000/s"}, {"--zipf", "1"}},
       .expect = stress},
  };
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = make_scenarios();
  return all;
}

const Scenario* find_scenario(const std::string& name) {
  const auto found = std::ranges::find(scenarios(), name, &Scenario::name);
  return found == scenarios().end() ? nullptr : &*found;
}

std::function<void(const Simulation&, const Metrics&)> sampling(std::vector<Sample>& samples) {
  return [&samples](const Simulation& simulation, const Metrics& metrics) {
    Sample sample{.at = simulation.now(), .answers = metrics.answers(), .answers_of = {}};
    for (const NodeCounts& node : metrics.nodes()) sample.answers_of.push_back(node.answers);
    samples.push_back(std::move(sample));
  };
}

}  // namespace gainsay
