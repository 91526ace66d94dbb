#include "cli/command.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace gainsay::cli {

std::atomic<bool> stop_requested{false};
std::atomic<int> stop_signal{0};

int worse(int a, int b) {
  constexpr std::array<int, 9> order = {internal, io,         unreadable, usage, diverged,
                                        violated, incomplete, vacuous,    ok};
  const auto rank = [&](int code) { return std::ranges::find(order, code) - order.begin(); };
  return rank(a) <= rank(b) ? a : b;
}

int unless_stopped(int code) {
  return stop_requested && code != violated ? 128 + stop_signal.load() : code;
}

namespace {

std::uint64_t parse_number(std::string_view text, const std::string& what) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > 1'000'000'000) {
    throw UsageError(what + " takes a number from 0 to 1000000000, not '" + std::string(text) +
                     "'");
  }
  return number;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_pairs(const std::string& text,
                                                             const std::string& flag) {
  std::vector<std::pair<std::string, std::string>> pairs;
  std::istringstream stream(text);
  for (std::string item; std::getline(stream, item, ',');) {
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw UsageError(flag + " takes name=value,name=value, not '" + text + "'");
    }
    const std::string name = item.substr(0, equals);
    if (std::ranges::any_of(pairs, [&](const auto& pair) { return pair.first == name; })) {
      throw UsageError(flag + " names '" + name + "' twice");
    }
    pairs.emplace_back(name, item.substr(equals + 1));
  }
  return pairs;
}

namespace {

std::pair<std::uint32_t, std::uint32_t> parse_range(const std::string& text) {
  const std::size_t dots = text.find("..");
  const auto number = [](std::string_view part) {
    return static_cast<std::uint32_t>(parse_number(part, "--nodes"));
  };
  if (dots == std::string::npos) return {number(text), number(text)};
  const auto first = number(std::string_view(text).substr(0, dots));
  const auto last = number(std::string_view(text).substr(dots + 2));
  if (first > last || last - first > processes_max) {
    throw UsageError("--nodes " + text + " is an empty range");
  }
  return {first, last};
}

// The value that is called `text`; throws UsageError with the nearest spelling.
template <class Enum, std::size_t size>
Enum parse_name(const std::string& flag, const std::string& text,
                const std::array<Enum, size>& all) {
  std::vector<std::string> names;
  std::string listed;
  for (const Enum one : all) {
    names.emplace_back(to_string(one));
    listed += (listed.empty() ? "" : one == all.back() ? " or " : ", ") + names.back();
    if (names.back() == text) return one;
  }
  const std::string near = nearest(text, names);
  throw UsageError(flag + " is " + listed + ", not '" + text + "'" +
                   (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

PartitionShapes parse_shapes(const std::string& text) {
  PartitionShapes shapes{.symmetric = false};
  std::istringstream stream(text);
  for (std::string name; std::getline(stream, name, ',');) {
    add(shapes, parse_name("--partition-shapes", name,
                           std::array{PartitionShape::symmetric, PartitionShape::one_way,
                                      PartitionShape::bridged}));
  }
  return shapes;
}

}  // namespace

void ModelArguments::add_to(CLI::App& app) {
  const std::string bounds = "Bounds (what is not given is as `gainsay list` says)";
  const auto add = [&](const std::string& flag, auto& value, const std::string& what,
                       const std::string& type) {
    app.add_option(flag, value, what)->group(bounds)->type_name(type);
  };
  add("--nodes", nodes, "how many nodes; a range 3..5 checks each", "N|N..M");
  add("--clients", clients, "how many clients", "N");
  add("--ops", operations, "operations of each client", "N");
  add("--network", network, "async, unordered or fifo", "NAME");
  add("--timeouts", timeouts, "at most so many timer events (else any)", "N");
  add("--crashes", crashes, "at most so many crashes", "N");
  add("--restarts", restarts, "at most so many restarts", "N");
  add("--drops", drops, "at most so many lost messages (not async)", "N");
  add("--duplicates", duplicates, "at most so many repeated ones (unordered)", "N");
  add("--partitions", partitions, "at most so many (unordered, fifo)", "N");
  add("--unsynced", unsynced, "at most so many that lose unsynced writes", "N");
  add("--skew", skew, "timers run the ticks they say, give or take N", "N");
  add("--partition-shapes", partition_shapes, "some of symmetric,one-way,bridged", "LIST");
  add("--across", across, "messages across are lost or held", "NAME");
  add("--limit", limits, "of local states, as term=3,log=2", "LIST");
  add("--option", options, "of the protocol, as quorum=2", "LIST");
  add("--bug", bug, "the named faulty variant, at its bounds", "NAME");
}

std::vector<Configuration> ModelArguments::configurations(const CatalogEntry& entry) const {
  Configuration base = bug.empty() ? entry.defaults : variant(require_bug(entry, bug));
  Bounds& bounds = base.bounds;
  if (!network.empty()) {
    bounds.network = parse_name("--network", network,
                                std::array{Network::async, Network::unordered, Network::fifo});
  }
  bounds.clients = clients.value_or(bounds.clients);
  bounds.operations = operations.value_or(bounds.operations);
  if (bounds.operations > 1000) throw UsageError("--ops is at most 1000");
  bounds.crashes = crashes.value_or(bounds.crashes);
  bounds.restarts = restarts.value_or(bounds.restarts);
  bounds.drops = drops.value_or(bounds.drops);
  bounds.duplicates = duplicates.value_or(bounds.duplicates);
  if (timeouts) bounds.timeouts = timeouts;
  bounds.partitions = partitions.value_or(bounds.partitions);
  bounds.unsynced = unsynced.value_or(bounds.unsynced);
  if (skew) bounds.skew = skew;
  if (bounds.partitions == 0 && !(partition_shapes.empty() && across.empty())) {
    throw UsageError(std::string(across.empty() ? "--partition-shapes" : "--across") +
                     " means nothing without --partitions");
  }
  if (!partition_shapes.empty()) bounds.partition_shapes = parse_shapes(partition_shapes);
  if (!across.empty()) {
    bounds.across = parse_name("--across", across, std::array{Across::lost, Across::held});
  }
  for (const auto& [name, value] : parse_pairs(limits, "--limit")) {
    bounds.limits[name] = parse_number(value, "--limit " + name);
  }
  for (const auto& [name, value] : parse_pairs(options, "--option")) base.options[name] = value;
  const auto [first, last] =
      nodes.empty() ? std::pair(bounds.nodes, bounds.nodes) : parse_range(nodes);
  std::vector<Configuration> configurations;
  for (std::uint32_t count = first; count <= last; ++count) {
    base.bounds.nodes = count;
    validate(base.bounds);
    configurations.push_back(base);
  }
  return configurations;
}

void add_report_options(CLI::App& command, CiReports& reports) {
  const char* actions = std::getenv("GITHUB_ACTIONS");
  reports.github = actions != nullptr && std::string_view(actions) == "true";
  command.add_option("--junit", reports.junit, "write the results as JUnit XML")
      ->group("Output")
      ->type_name("FILE");
  command.add_flag("--github", reports.github, "annotations and step summary of GitHub Actions")
      ->group("Output");
}

void refuse_same_file(const std::string& read, const std::string& written) {
  std::error_code error;
  if (!std::filesystem::equivalent(read, written, error) || error) return;
  throw UsageError("'" + written + "' is the file that is read; what is written would replace it");
}

CLI::Validator is_count() {
  const auto check = [](const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool fits = error == std::errc() && end == text.data() + text.size();
    return fits ? std::string() : "takes a number from 0 on, not '" + text + "'";
  };
  return {check, ""};
}

void refuse_name(const std::string& what, const std::string& name,
                 const std::vector<std::string>& names, const std::string& otherwise) {
  const std::string near = nearest(name, names);
  std::string hint = "did you mean '" + near + "'?";
  if (near.empty()) hint = otherwise;
  if (hint.empty()) {
    hint = "they are ";
    for (const std::string& one : names) hint += (&one == &names.front() ? "" : ", ") + one;
  }
  throw UsageError(what + " '" + name + "'; " + hint);
}

const CatalogEntry& require_system(const std::string& name) {
  if (const CatalogEntry* entry = find_system(name)) return *entry;
  std::vector<std::string> names;
  for (const CatalogEntry& entry : catalog()) names.push_back(entry.name);
  refuse_name("there is no system", name, names, "see `gainsay list`");
}

const Bug& require_bug(const CatalogEntry& entry, const std::string& name) {
  std::vector<std::string> names;
  for (const Bug& bug : entry.bugs) {
    if (bug.name == name) return bug;
    names.push_back(bug.name);
  }
  refuse_name(entry.name + " has no bug", name, names, "see `gainsay list bugs`");
}

namespace {

// A number with one of the units; throws UsageError.
double with_unit(const std::string& text, const std::string& flag, std::string_view units,
                 const std::vector<double>& factors, const std::string& example) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::size_t at = unit.empty() ? 0 : units.find(unit);
  if (error != std::errc() || !(number >= 0) || number > 1e15 || unit.size() > 1 ||
      at == std::string_view::npos) {
    throw UsageError(flag + " takes " + example + ", not '" + text + "'");
  }
  return number * factors[at];
}

}  // namespace

std::uint64_t parse_seed(const std::string& text) {
  std::string_view digits = text;
  if (digits.starts_with("0x")) digits.remove_prefix(2);
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seed, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    throw UsageError("--seed takes at most 16 hexadecimal digits, not '" + text + "'");
  }
  return seed;
}

double parse_seconds(const std::string& text, const std::string& flag) {
  return with_unit(text, flag, "smh", {1, 60, 3600}, "a time such as 90s, 10m or 2h");
}

std::uint64_t parse_bytes(const std::string& text, const std::string& flag) {
  return static_cast<std::uint64_t>(
      with_unit(text, flag, "BKMG", {1, 1024, 1048576, 1073741824}, "a size such as 512M or 4G"));
}

std::vector<std::string> words_of(const CLI::Option& option) {
  if (option.get_lnames().empty()) return option.results();
  const std::string name = "--" + option.get_lnames().front();
  std::vector<std::string> words{name};
  if (option.get_expected_min() == 0) return words;
  for (const std::string& value : option.results()) {
    if (words.back() != name && option.get_expected_max() == 1) words.push_back(name);
    words.push_back(value);
  }
  return words;
}

std::string shell_word(const std::string& word) {
  const auto is_plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("_./+:@%,=-").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::ranges::all_of(word, is_plain)) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

std::string command_of(const CLI::App& given, const std::vector<std::string_view>& left_out) {
  std::string command = "gainsay " + given.get_name();
  for (const CLI::Option* option : given.get_options()) {
    const auto& names = option->get_lnames();
    if (option->count() == 0) continue;
    if (!names.empty() && std::ranges::find(left_out, names.front()) != left_out.end()) continue;
    if (!names.empty() && names.front() == "config") continue;  // what it says is in the others
    for (const std::string& word : words_of(*option)) command += " " + shell_word(word);
  }
  return command;
}

}  // namespace gainsay::cli
