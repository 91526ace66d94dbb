#include "explorer/hunt/report.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "engine/story.hpp"
#include "engine/text.hpp"
#include "engine/trace_json.hpp"
#include "engine/version.hpp"
#include "explorer/simulate/simulate.hpp"

namespace gainsay {

namespace {

using nlohmann::ordered_json;

constexpr std::uint32_t of_100000 = 100'000;

// What happened so often in so much time, by the second and with three digits.
std::string by_the_second(std::uint64_t count, Nanoseconds time) {
  __extension__ using Wide = unsigned __int128;
  if (time == 0) return "0/s";
  const auto thousandths = static_cast<std::uint64_t>(Wide{count} * second * 1000 / time);
  if (thousandths >= 100'000) return with_commas((thousandths + 500) / 1000) + "/s";
  const std::uint64_t tenths = (thousandths + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "/s";
}

std::string latencies(const Histogram& histogram) {
  const auto at = [&](std::uint32_t quantile) {
    return describe_duration(histogram.quantile(quantile));
  };
  return "p50 " + at(50'000) + ", p90 " + at(90'000) + ", p99 " + at(99'000) + ", p99.9 " +
         at(99'900) + ", max " + describe_duration(histogram.greatest());
}

std::string counted(std::uint64_t count, const std::string& noun) {
  return with_commas(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string row(const std::string& name, const std::string& text) {
  return wrap("  " + name + std::string(12 - std::min<std::size_t>(11, name.size()), ' ') + text,
              14, 80);
}

// Of the steps of all nodes, in thousandths: how much the busiest has, were all equal 1,000.
std::uint64_t imbalance(const Metrics& metrics) {
  std::uint64_t sum = 0;
  std::uint64_t most = 0;
  for (const NodeCounts& node : metrics.nodes()) {
    sum += node.steps;
    most = std::max(most, node.steps);
  }
  return sum == 0 ? 1000 : most * 1000 * metrics.nodes().size() / sum;
}

std::string verdict_line(const SimulateReport& report) {
  for (const SimulatedProperty& property : report.properties) {
    if (property.verdict == Verdict::violated) {
      return "\"" + property.name + "\" is violated";
    }
  }
  if (report.properties.empty()) return "no property was asked";
  if (report.verdict() == Verdict::incomplete) return "not all was judged";
  if (report.verdict() == Verdict::vacuous) return "vacuous: something was never evaluated";
  return "nothing violated in this run (which does not say that it holds)";
}

std::string requests_text(const SimulateReport& report) {
  const Metrics& metrics = *report.metrics;
  if (report.bounds.clients == 0) return "";
  std::string text = row("requests", with_commas(metrics.requests()) + ", answered " +
                                         with_commas(metrics.answers()) + " (" +
                                         by_the_second(metrics.answers(), report.simulated) +
                                         "), sent again " + with_commas(metrics.retries()));
  if (metrics.answers() > 0) text += row("latency", latencies(metrics.latency()));
  if (metrics.unavailable_time() > 0) {
    text += row("unavailable",
                counted(metrics.unavailable().size(), "window") + ", " +
                    describe_duration(metrics.unavailable_time()) + " in all (none answered for " +
                    describe_duration(metrics.options().unavailable_after) + " or more)");
  }
  return text;
}

std::string leaders_text(const Metrics& metrics) {
  if (metrics.elections_count() == 0) return "";
  std::string text = counted(metrics.elections_count(), "election");
  if (const Histogram& took = metrics.time_to_elect(); took.count() > 0) {
    text += ", without a leader " + describe_duration(took.quantile(of_100000 / 2)) +
            " in the middle, at most " + describe_duration(took.greatest());
  }
  std::string result = row("leaders", text);
  if (metrics.commit_latency().count() > 0) {
    result += row("commit", latencies(metrics.commit_latency()));
  }
  return result;
}

std::string faults_text(const System& system, const Metrics& metrics) {
  std::string text;
  constexpr std::size_t most = 10;
  for (std::size_t i = 0; i < std::min(most, metrics.faults().size()); ++i) {
    const FaultRecord& record = metrics.faults()[i];
    std::string line = describe_duration(record.fault.at) + ": " + describe(system, record.fault);
    line += record.answered ? ", answered again after " + describe_duration(*record.answered)
                            : ", not answered again";
    if (record.led) line += ", a newer leader after " + describe_duration(*record.led);
    text += row(i == 0 ? "faults" : "", line);
  }
  if (metrics.faults().size() > most) {
    text += row("", "and " + with_commas(metrics.faults().size() - most) + " more");
  }
  return text;
}

std::string messages_text(const SimulateReport& report) {
  const MessageCounts& all = report.metrics->all_messages();
  std::string text = with_commas(all.sent) + " sent, " + with_commas(all.delivered) +
                     " delivered, " + with_commas(all.lost) + " lost";
  if (all.cut > 0) text += ", " + with_commas(all.cut) + " cut off";
  if (all.duplicated > 0) text += ", " + with_commas(all.duplicated) + " duplicated";
  if (all.refused > 0) text += ", " + with_commas(all.refused) + " refused";
  if (all.to_down > 0) text += ", " + with_commas(all.to_down) + " to nodes that were down";
  std::string bytes = by_the_second(all.bytes, report.simulated);
  bytes.insert(bytes.size() - 2, " bytes");
  text += "; " + bytes;
  if (all.bytes_on_link != all.bytes) {
    std::string on_links = by_the_second(all.bytes_on_link, report.simulated);
    text += ", on links " + on_links;
  }
  return row("messages", text);
}

std::string signatures_text(const Metrics& metrics) {
  if (metrics.signatures_made() == 0) return "";
  return row("signatures", with_commas(metrics.signatures_made()) + " made, " +
                               with_commas(metrics.signatures_verified()) + " verified");
}

}  // namespace

std::string summary(const System& system, const SimulationOptions& options,
                    const SimulateReport& report) {
  const Metrics& metrics = *report.metrics;
  std::string text = wrap(report.system + (report.bug.empty() ? "" : " (bug " + report.bug + ")") +
                              ": " + verdict_line(report),
                          2, 80);
  text += wrap("  " + describe(report.bounds, report.options), 2, 80);
  text += row("network",
              "latency " + options.links.latency.name() + ", seed " + seed_text(report.seed));
  const double speed = report.seconds > 0 ? static_cast<double>(report.simulated) /
                                                static_cast<double>(second) / report.seconds
                                          : 0;
  char rate[96];
  std::snprintf(
      rate, sizeof rate, " in %.2f s (%.0f times as fast; %.2f M steps/s)", report.seconds, speed,
      report.seconds > 0 ? static_cast<double>(metrics.steps()) / report.seconds / 1e6 : 0.0);
  text += row("time", describe_duration(report.simulated) + " simulated" + rate);
  text += requests_text(report) + leaders_text(metrics) + faults_text(system, metrics);
  text += messages_text(report) + signatures_text(metrics);
  const std::uint64_t share = imbalance(metrics) / 10;
  const std::string decimals = std::to_string(100 + share % 100).substr(1);
  text += row("load", "the busiest node has " + std::to_string(share / 100) + "." + decimals +
                          " times its share of the steps");
  if (report.judged_steps < report.node_steps) {
    text += row("judged", "behind " + with_commas(report.judged_steps) + " of " +
                              with_commas(report.node_steps) +
                              " steps of nodes, and at the end: what there is to see has grown");
  }
  for (const auto& [name, why] : report.not_judged) {
    text += row("not judged", name + ": " + why);
  }
  std::string unreached;
  for (const SimulatedProperty& property : report.properties) {
    if (property.kind != PropertyKind::sometimes || property.verdict != Verdict::vacuous) continue;
    unreached += (unreached.empty() ? "" : ", ") + property.name;
  }
  if (!unreached.empty()) text += row("unreached", unreached);
  for (const Expectation& expectation : report.expectations) {
    text += row(expectation.is_met ? "as expected" : "NOT SO", expectation.what);
  }
  return text;
}

namespace {

ordered_json histogram_json(const Histogram& histogram) {
  return {{"count", histogram.count()},         {"mean", histogram.mean()},
          {"min", histogram.least()},           {"p50", histogram.quantile(50'000)},
          {"p90", histogram.quantile(90'000)},  {"p99", histogram.quantile(99'000)},
          {"p999", histogram.quantile(99'900)}, {"max", histogram.greatest()}};
}

ordered_json counts_json(const MessageCounts& counts) {
  return {{"sent", counts.sent},
          {"delivered", counts.delivered},
          {"lost", counts.lost},
          {"cut", counts.cut},
          {"duplicated", counts.duplicated},
          {"to_down", counts.to_down},
          {"refused", counts.refused},
          {"bytes", counts.bytes},
          {"bytes_on_link", counts.bytes_on_link}};
}

ordered_json optional_json(const std::optional<Nanoseconds>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json disk_json(const std::optional<Distribution>& disk) {
  return disk ? ordered_json(disk->name()) : ordered_json(nullptr);
}

// What is not as the rest of the network.
void add_particular(ordered_json& network, const System& system, const SimulationOptions& options) {
  for (const ParticularLink& link : options.particular_links) {
    network["links"].push_back({{"from", system.process_name(link.from)},
                                {"to", system.process_name(link.to)},
                                {"latency", link.model.latency.name()},
                                {"loss_of_2_32", link.model.loss},
                                {"duplicates_of_2_32", link.model.duplicates},
                                {"reordering_of_2_32", link.model.reordering},
                                {"tampering_of_2_32", link.model.tampering},
                                {"bytes_per_second", link.model.bytes_per_second}});
  }
  for (const std::optional<Distribution>& disk : options.disks) {
    network["disks"].push_back(disk_json(disk));
  }
}

ordered_json network_json(const System& system, const SimulationOptions& options) {
  ordered_json drifts = ordered_json::array();
  for (const ClockModel& clock : options.clocks) drifts.push_back(clock.drift_millionths);
  ordered_json network = {{"latency", options.links.latency.name()},
                          {"loss_of_2_32", options.links.loss},
                          {"duplicates_of_2_32", options.links.duplicates},
                          {"keeps_order", options.links.keeps_order},
                          {"reordering_of_2_32", options.links.reordering},
                          {"tampering_of_2_32", options.links.tampering},
                          {"bytes_per_second", options.links.bytes_per_second},
                          {"compressed", options.compresses},
                          {"disk", disk_json(options.disk)},
                          {"clock_drift_ppm", std::move(drifts)}};
  add_particular(network, system, options);
  return network;
}

// Of more than can be listed the busiest.
std::vector<LinkCounts::Link> links_to_list(const Metrics& metrics, std::size_t& left_out) {
  constexpr std::size_t listed_max = 10'000;
  std::vector<LinkCounts::Link> used = metrics.links().used();
  left_out = used.size() > listed_max ? used.size() - listed_max : 0;
  if (left_out == 0) return used;
  using Link = LinkCounts::Link;
  std::ranges::stable_sort(used, std::greater<>(),
                           [](const Link& link) { return link.counts.sent; });
  used.resize(listed_max);
  std::ranges::sort(used, {}, [](const Link& link) { return std::pair(link.from, link.to); });
  return used;
}

ordered_json messages_json(const System& system, const Metrics& metrics) {
  ordered_json result = {{"all", counts_json(metrics.all_messages())}};
  result["kinds"] = ordered_json::array();
  for (std::size_t i = 0; i < metrics.kinds().size(); ++i) {
    if (metrics.kinds()[i].sent == 0) continue;
    ordered_json kind = {{"kind", metrics.kind_name(i)}};
    kind.update(counts_json(metrics.kinds()[i]));
    result["kinds"].push_back(std::move(kind));
  }
  result["links"] = ordered_json::array();
  std::size_t left_out = 0;
  for (const LinkCounts::Link& one : links_to_list(metrics, left_out)) {
    ordered_json link = {{"from", system.process_name(one.from)},
                         {"to", system.process_name(one.to)}};
    link.update(counts_json(one.counts));
    result["links"].push_back(std::move(link));
  }
  if (left_out > 0) result["links_left_out"] = left_out;
  return result;
}

ordered_json nodes_json(const System& system, const Metrics& metrics) {
  ordered_json nodes = ordered_json::array();
  for (std::size_t i = 0; i < metrics.nodes().size(); ++i) {
    const NodeCounts& node = metrics.nodes()[i];
    nodes.push_back({{"node", system.process_name(node_id(i))},
                     {"steps", node.steps},
                     {"sent", node.sent},
                     {"bytes_sent", node.bytes_sent},
                     {"requests", node.requests},
                     {"answers", node.answers}});
  }
  return nodes;
}

ordered_json leaders_json(const System& system, const Metrics& metrics) {
  ordered_json result = {{"elections", metrics.elections_count()},
                         {"time_to_elect_ns", histogram_json(metrics.time_to_elect())},
                         {"time_to_commit_ns", histogram_json(metrics.commit_latency())}};
  result["list"] = ordered_json::array();
  for (const Election& election : metrics.elections()) {
    result["list"].push_back({{"at_ns", election.at},
                              {"leader", system.process_name(election.leader)},
                              {"term", election.term},
                              {"took_ns", election.took}});
  }
  return result;
}

ordered_json faults_json(const System& system, const Metrics& metrics) {
  ordered_json faults = ordered_json::array();
  for (const FaultRecord& record : metrics.faults()) {
    faults.push_back({{"at_ns", record.fault.at},
                      {"until_ns", optional_json(record.ended)},
                      {"fault", describe(system, record.fault)},
                      {"answered_after_ns", optional_json(record.answered)},
                      {"new_leader_after_ns", optional_json(record.led)}});
  }
  return faults;
}

ordered_json timeline_json(const Metrics& metrics) {
  ordered_json intervals = ordered_json::array();
  for (const Interval& interval : metrics.intervals()) {
    intervals.push_back({{"requests", interval.requests},
                         {"answers", interval.answers},
                         {"messages", interval.messages},
                         {"elections", interval.elections},
                         {"p50_ns", interval.latency.quantile(50'000)},
                         {"p99_ns", interval.latency.quantile(99'000)},
                         {"max_ns", interval.latency.greatest()}});
  }
  return {{"interval_ns", metrics.options().interval}, {"intervals", std::move(intervals)}};
}

ordered_json properties_json(const SimulateReport& report) {
  ordered_json properties = ordered_json::array();
  for (const SimulatedProperty& property : report.properties) {
    const bool sometimes = property.kind == PropertyKind::sometimes;
    const char* verdict = property.verdict == Verdict::violated  ? "violated"
                          : property.verdict == Verdict::vacuous ? "vacuous"
                          : sometimes                            ? "reached"
                                                                 : "not violated";
    properties.push_back({{"name", property.name},
                          {"kind", to_string(property.kind)},
                          {"verdict", verdict},
                          {"evaluated", property.evaluated}});
  }
  return properties;
}

}  // namespace

std::string simulate_json(const System& system, const SimulationOptions& options,
                          const SimulateReport& report) {
  const Metrics& metrics = *report.metrics;
  const Verdict verdict = report.verdict();
  ordered_json result = {{"system", report.system}, {"verb", "simulate"}};
  if (!report.bug.empty()) result["bug"] = report.bug;
  result["verdict"] = verdict == Verdict::holds ? "not violated" : to_string(verdict);
  result["bounds"] = bounds_json(report.bounds);
  result["options"] = report.options;
  result["seed"] = seed_text(report.seed);
  result["duration_ns"] = options.duration;
  result["simulated_ns"] = report.simulated;
  result["network"] = network_json(system, options);
  result["load"] = {{"arrivals_per_hour", options.arrivals_an_hour},
                    {"regular", options.arrivals_are_regular},
                    {"think", options.think.name()},
                    {"client_timeout_ns", options.client_timeout}};
  result["steps"] = metrics.steps();
  result["requests"] = {{"made", metrics.requests()},
                        {"answered", metrics.answers()},
                        {"retries", metrics.retries()},
                        {"latency_ns", histogram_json(metrics.latency())}};
  result["unavailable"] = {{"after_ns", metrics.options().unavailable_after},
                           {"total_ns", metrics.unavailable_time()}};
  result["unavailable"]["windows"] = ordered_json::array();
  for (const Window& window : metrics.unavailable()) {
    result["unavailable"]["windows"].push_back(
        {{"begin_ns", window.begin}, {"end_ns", window.end}});
  }
  result["leaders"] = leaders_json(system, metrics);
  result["faults"] = faults_json(system, metrics);
  result["messages"] = messages_json(system, metrics);
  result["signatures"] = {{"real", options.signatures != nullptr},
                          {"made", metrics.signatures_made()},
                          {"verified", metrics.signatures_verified()},
                          {"refused", metrics.all_messages().refused}};
  result["nodes"] = nodes_json(system, metrics);
  result["imbalance_thousandths"] = imbalance(metrics);
  result["properties"] = properties_json(report);
  result["judged"] = {{"node_steps", report.node_steps}, {"judged_steps", report.judged_steps}};
  result["not_of_runs"] = report.not_of_runs;
  result["not_judged"] = ordered_json::array();
  for (const auto& [name, why] : report.not_judged) {
    result["not_judged"].push_back({{"name", name}, {"why", why}});
  }
  if (!report.expectations.empty()) result["expectations"] = ordered_json::array();
  for (const Expectation& expectation : report.expectations) {
    result["expectations"].push_back({{"what", expectation.what}, {"met", expectation.is_met}});
  }
  result["timeline"] = timeline_json(metrics);
  result["version"] = version;
  return result.dump(1) + "\n";
}

std::string prometheus_text(const System& system, const Metrics& metrics, Nanoseconds now) {
  std::string text;
  const auto add = [&](const std::string& name, const std::string& type, const std::string& help) {
    text += "# HELP gainsay_" + name + " " + help + "\n# TYPE gainsay_" + name + " " + type + "\n";
  };
  const auto value = [&](const std::string& name, const std::string& labels, std::uint64_t number) {
    text += "gainsay_" + name + (labels.empty() ? "" : "{" + labels + "}") + " " +
            std::to_string(number) + "\n";
  };
  add("simulated_nanoseconds", "counter", "Virtual time since the start.");
  value("simulated_nanoseconds", "", now);
  add("requests_total", "counter", "Requests that clients made.");
  value("requests_total", "", metrics.requests());
  add("answers_total", "counter", "Requests that were answered.");
  value("answers_total", "", metrics.answers());
  add("elections_total", "counter", "Nodes that became leader.");
  value("elections_total", "", metrics.elections_count());
  add("request_latency_nanoseconds", "summary", "From a request's arrival to its answer.");
  const Histogram& latency = metrics.latency();
  for (const auto& [name, quantile] : {std::pair("0.5", 50'000U), {"0.99", 99'000U}}) {
    value("request_latency_nanoseconds", "quantile=\"" + std::string(name) + "\"",
          latency.quantile(quantile));
  }
  value("request_latency_nanoseconds_sum", "", latency.mean() * latency.count());
  value("request_latency_nanoseconds_count", "", latency.count());
  add("messages_sent_total", "counter", "Messages sent, by kind.");
  for (std::size_t i = 0; i < metrics.kinds().size(); ++i) {
    value("messages_sent_total", "kind=\"" + metrics.kind_name(i) + "\"", metrics.kinds()[i].sent);
  }
  add("node_steps_total", "counter", "Steps of a node.");
  for (std::size_t i = 0; i < metrics.nodes().size(); ++i) {
    const std::string name = system.process_name(node_id(i));
    value("node_steps_total", "node=\"" + name + "\"", metrics.nodes()[i].steps);
  }
  return text;
}

}  // namespace gainsay
