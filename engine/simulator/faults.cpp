#include "engine/simulator/faults.hpp"

#include <algorithm>
#include <cstdlib>
#include <tuple>

namespace gainsay {

namespace {

NodeSet group_of(const System& system, const std::string& text, const std::string& what) {
  NodeSet group;
  for (const NodeId node : nodes_named(system, text, what)) group.insert(node);
  return group;
}

// "n1 n2 n5"; of many nodes "n1..n20 n25".
std::string names(const System& system, const NodeSet& group) {
  constexpr std::size_t listed_max = 16;
  std::string text;
  std::uint32_t next = 0;  // behind those that are named
  for (const NodeId id : group) {
    if (id.value < next) continue;
    if (!text.empty()) text += ' ';
    text += system.process_name(id);
    next = id.value + 1U;
    if (group.size() <= listed_max) continue;
    while (next < system.bounds.nodes && group.contains(node_id(next))) ++next;
    if (next > id.value + 1U) text += ".." + system.process_name(node_id(next - 1));
  }
  return text;
}

}  // namespace

NodeId node_named(const System& system, const std::string& name, const std::string& what) {
  for (std::uint32_t i = 0; i < system.bounds.nodes; ++i) {
    const NodeId id = node_id(i);
    if (system.process_name(id) == name) return id;
  }
  throw UsageError(what + ": there is no node '" + name + "'; they are n1 to n" +
                   std::to_string(system.bounds.nodes));
}

std::vector<NodeId> nodes_named(const System& system, const std::string& names,
                                const std::string& what) {
  std::vector<NodeId> nodes;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    const std::string name = names.substr(begin, end - begin);
    const std::size_t dots = name.find("..");
    const NodeId first = node_named(system, name.substr(0, dots), what);
    const NodeId last =
        dots == std::string::npos ? first : node_named(system, name.substr(dots + 2), what);
    if (last < first) throw UsageError(what + ": " + name + " are no nodes");
    for (std::uint32_t id = first.value; id <= last.value; ++id) nodes.push_back(node_id(id));
    begin = end + 1;
  }
  return nodes;
}

Cut cut_named(const System& system, const std::string& text, const std::string& what) {
  const std::size_t bar = text.find_first_of("|>");
  if (bar == std::string::npos) throw UsageError(what + ": two groups are n1,n2|n3 or n1>n2");
  return {.first = group_of(system, text.substr(0, bar), what),
          .second = group_of(system, text.substr(bar + 1), what),
          .one_way = text[bar] == '>'};
}

void add_crash(FaultSchedule& schedule, const System& system, const std::string& text) {
  const std::string what = "--crash " + text;
  const std::size_t at = text.find('@');
  if (at == std::string::npos) throw UsageError(what + " is not NODE@TIME or NODE@TIME+DURATION");
  const NodeId node = node_named(system, text.substr(0, at), what);
  if (!system.may_crash(node)) throw UsageError(what + ": this node does not crash");
  const std::size_t plus = text.find('+', at);
  const std::size_t length = plus == std::string::npos ? plus : plus - at - 1;
  const Nanoseconds begin = parse_duration(text.substr(at + 1, length), second, what);
  schedule.push_back({.kind = ScheduledFault::Kind::crash, .at = begin, .process = node});
  if (plus == std::string::npos) return;
  const Nanoseconds down = parse_duration(text.substr(plus + 1), second, what);
  schedule.push_back({.kind = ScheduledFault::Kind::restart, .at = begin + down, .process = node});
}

void add_partition(FaultSchedule& schedule, const System& system, const std::string& text) {
  const std::string what = "--partition " + text;
  const std::size_t colon = text.find(':');
  const std::size_t dash = text.find('-');
  const std::size_t bar = text.find_first_of("|>", colon == std::string::npos ? 0 : colon);
  if (colon == std::string::npos || bar == std::string::npos) {
    throw UsageError(what + " is not BEGIN-END:n1,n2|n3 or BEGIN-END:n1>n2");
  }
  const bool ends = dash < colon;
  const Nanoseconds begin = parse_duration(text.substr(0, ends ? dash : colon), second, what);
  const Cut cut = cut_named(system, text.substr(colon + 1), what);
  std::uint32_t number = 0;
  for (const ScheduledFault& fault : schedule) {
    if (fault.kind == ScheduledFault::Kind::partition) ++number;
  }
  schedule.push_back({.kind = ScheduledFault::Kind::partition,
                      .at = begin,
                      .process = {},
                      .cut = cut,
                      .number = number});
  if (!ends) return;
  const Nanoseconds end = parse_duration(text.substr(dash + 1, colon - dash - 1), second, what);
  if (end <= begin) throw UsageError(what + " ends before it begins");
  schedule.push_back(
      {.kind = ScheduledFault::Kind::heal, .at = end, .process = {}, .cut = cut, .number = number});
}

void add_clock_step(FaultSchedule& schedule, const System& system, const std::string& text) {
  const std::string what = "--clock-step " + text;
  const std::size_t at = text.find('@');
  const std::size_t sign = text.find_first_of("+-", at == std::string::npos ? 0 : at);
  if (at == std::string::npos || sign == std::string::npos) {
    throw UsageError(what + " is not NODE@TIME+DURATION or NODE@TIME-DURATION");
  }
  const NodeId node = node_named(system, text.substr(0, at), what);
  const Nanoseconds when = parse_duration(text.substr(at + 1, sign - at - 1), second, what);
  const Nanoseconds far = parse_duration(text.substr(sign + 1), millisecond, what);
  constexpr Nanoseconds most = 365 * 24 * 3600 * second;
  if (far > most) throw UsageError(what + ": a clock is put forward or back by a year at most");
  const auto jump = static_cast<std::int64_t>(far);
  schedule.push_back({.kind = ScheduledFault::Kind::clock,
                      .at = when,
                      .process = node,
                      .jump = text[sign] == '-' ? -jump : jump});
}

void sort(FaultSchedule& schedule) {
  const auto ends = [](const ScheduledFault& fault) {
    return fault.kind == ScheduledFault::Kind::restart || fault.kind == ScheduledFault::Kind::heal;
  };
  std::ranges::stable_sort(schedule, [&](const ScheduledFault& a, const ScheduledFault& b) {
    return std::tuple(a.at, !ends(a)) < std::tuple(b.at, !ends(b));
  });
}

std::string describe(const System& system, const Cut& cut) {
  return names(system, cut.first) + (cut.one_way ? " > " : " | ") + names(system, cut.second);
}

std::string describe(const System& system, const ScheduledFault& fault) {
  switch (fault.kind) {
    case ScheduledFault::Kind::crash:
      return "crash " + system.process_name(fault.process);
    case ScheduledFault::Kind::restart:
      return "restart " + system.process_name(fault.process);
    case ScheduledFault::Kind::partition:
      return "partition " + describe(system, fault.cut);
    case ScheduledFault::Kind::heal:
      return "heal " + describe(system, fault.cut);
    case ScheduledFault::Kind::clock:
      return "clock of " + system.process_name(fault.process) +
             (fault.jump < 0 ? " back by " : " forward by ") +
             describe_duration(static_cast<Nanoseconds>(std::abs(fault.jump)));
  }
  return "";
}

}  // namespace gainsay
