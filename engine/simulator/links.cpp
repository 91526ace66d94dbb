#include "engine/simulator/links.hpp"

#include <algorithm>

namespace gainsay {

namespace {

using Setting = std::pair<std::string, std::string>;

// "latency=normal:5ms,1ms,loss=1%": what has no "=" belongs to what is before it.
std::vector<Setting> settings_of(const std::string& text, const std::string& what) {
  std::vector<Setting> settings;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const std::size_t equals = part.find('=');
    if (equals != std::string::npos) {
      settings.emplace_back(part.substr(0, equals), part.substr(equals + 1));
    } else if (settings.empty()) {
      throw UsageError(what + ": '" + part + "' is not NAME=VALUE");
    } else {
      settings.back().second += "," + part;
    }
    begin = end + 1;
  }
  return settings;
}

void set(LinkModel& model, const Setting& setting, const std::string& link) {
  const auto& [name, value] = setting;
  const std::string what = link + ": " + name;
  if (name == "latency") {
    model.latency = Distribution::parse(value, what);
  } else if (name == "loss") {
    model.loss = parse_chance(value, what);
  } else if (name == "duplication") {
    model.duplicates = parse_chance(value, what);
  } else if (name == "reordering") {
    model.reordering = parse_chance(value, what);
  } else if (name == "tampering") {
    model.tampering = parse_chance(value, what);
  } else if (name == "bandwidth") {
    model.bytes_per_second = parse_bandwidth(value, what);
  } else {
    throw UsageError(link + " has no '" + name +
                     "'; there is latency, loss, duplication, reordering, tampering and bandwidth");
  }
}

LinkModel& model_of(std::vector<ParticularLink>& links, const LinkModel& usual, NodeId from,
                    NodeId to) {
  const auto is_it = [&](const ParticularLink& one) { return one.from == from && one.to == to; };
  const auto found = std::ranges::find_if(links, is_it);
  if (found != links.end()) return found->model;
  links.push_back({.from = from, .to = to, .model = usual});
  return links.back().model;
}

}  // namespace

void add_links(std::vector<ParticularLink>& links, const System& system, const LinkModel& usual,
               const std::string& text) {
  const std::string what = "--link " + text;
  const std::size_t sign = text.find_first_of(">|");
  const std::size_t colon = text.find(':', sign == std::string::npos ? 0 : sign);
  if (sign == std::string::npos || colon == std::string::npos) {
    throw UsageError(what + " is not n1>n2:NAME=VALUE or n1|n2:NAME=VALUE");
  }
  const std::vector<NodeId> ends = nodes_named(system, text.substr(0, sign), what);
  const std::vector<NodeId> others =
      nodes_named(system, text.substr(sign + 1, colon - sign - 1), what);
  const std::vector<Setting> settings = settings_of(text.substr(colon + 1), what);
  const auto change = [&](NodeId from, NodeId to) {
    if (from == to) throw UsageError(what + ": a node has no link to itself");
    LinkModel& model = model_of(links, usual, from, to);
    for (const Setting& setting : settings) set(model, setting, what);
  };
  for (const NodeId from : ends) {
    for (const NodeId to : others) {
      change(from, to);
      if (text[sign] == '|') change(to, from);
    }
  }
}

std::uint64_t parse_bandwidth(std::string_view text, std::string_view what) {
  constexpr std::string_view units = "BKMG";
  const std::size_t unit = text.empty() ? text.npos : units.find(text.back());
  if (unit != text.npos) text.remove_suffix(1);
  __extension__ using Wide = unsigned __int128;
  const Wide factor = Wide{1} << (unit == units.npos ? 0 : 10 * unit);
  const Wide bytes = Wide{parse_millionths(text, what)} * factor / 1'000'000;
  constexpr std::uint64_t most = std::uint64_t{1} << 50;
  if (bytes == 0 || bytes > most) {
    throw UsageError(std::string(what) + " is from 1 byte a second to 1048576G");
  }
  return static_cast<std::uint64_t>(bytes);
}

}  // namespace gainsay
