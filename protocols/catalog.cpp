#include "protocols/catalog.hpp"

#include <algorithm>
#include <charconv>

#include "protocols/balancer/balancer.hpp"
#include "protocols/chord/chord.hpp"
#include "protocols/dht/dht.hpp"
#include "protocols/multi_paxos/multi_paxos.hpp"
#include "protocols/paxos/paxos.hpp"
#include "protocols/pbft/pbft.hpp"
#include "protocols/raft/raft.hpp"
#include "protocols/raft_core/raft_core.hpp"
#include "protocols/two_phase_commit/two_phase_commit.hpp"

namespace gainsay {

namespace {

void require_meaningful(const CatalogEntry& entry, const Bounds& bounds) {
  if (entry.client_bounds == ClientBounds::none && bounds.clients > 0) {
    throw UsageError("--clients means nothing to " + entry.name + ", which serves none");
  }
  if (entry.client_bounds != ClientBounds::clients_and_operations && bounds.operations != 1) {
    throw UsageError("--ops means nothing to " + entry.name + ", whose clients' work is fixed");
  }
  if (bounds.clients == 0 && bounds.operations != 1) {
    throw UsageError("--ops means nothing without --clients");
  }
  if (bounds.restarts > 0 && bounds.crashes == 0) {
    throw UsageError("--restarts means nothing without --crashes");
  }
}

// What a trace must know of a system is filled in here, so that no protocol can forget it.
CatalogEntry without_make(CatalogEntry entry) {
  entry.make = nullptr;
  return entry;
}

CatalogEntry complete(CatalogEntry entry) {
  entry.make = [make = entry.make,
                named = without_make(entry)](const Configuration& configuration) {
    validate(configuration.bounds);
    require_known(named, configuration);
    require_meaningful(named, configuration.bounds);
    Model model = make(configuration);
    model.system.asked = configuration.bounds;
    // Which ones, the system's options say.
    model.system.asked.byzantine = model.system.bounds.byzantine;
    model.system.asked.twins = model.system.bounds.twins;
    model.system.version = named.version;
    model.system.bug = configuration.bug;
    model.system.options = configuration.options;
    validate(model.system);
    return model;
  };
  return entry;
}

}  // namespace

const std::vector<CatalogEntry>& catalog() {
  static const std::vector<CatalogEntry> entries = {
      complete(two_phase_commit::catalog_entry()),
      complete(paxos::catalog_entry()),
      complete(multi_paxos::catalog_entry()),
      complete(raft_core::catalog_entry()),
      complete(raft::catalog_entry()),
      complete(pbft::catalog_entry()),
      complete(balancer::catalog_entry()),
      complete(chord::catalog_entry()),
      complete(dht::catalog_entry()),
  };
  return entries;
}

const CatalogEntry* find_system(std::string_view name) {
  const auto& entries = catalog();
  const auto found =
      std::ranges::find_if(entries, [&](const CatalogEntry& entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

Model model_of(const Trace& trace) {
  const CatalogEntry* entry = find_system(trace.system);
  if (entry == nullptr)
    throw TraceError("run.system.name: there is no system '" + trace.system + "'");
  Configuration configuration{.bounds = trace.bounds, .options = trace.options, .bug = trace.bug};
  try {
    return entry->make(configuration);
  } catch (const UsageError& error) {
    throw TraceError(std::string("run: ") + error.what());
  }
}

std::string bug_name(std::uint64_t value, const Type& enumeration) {
  std::string name(enumeration.enumerators.at(value));
  std::ranges::replace(name, '_', '-');
  return name;
}

std::uint64_t bug_value(const std::string& name, const Type& enumeration) {
  if (name.empty()) return 0;
  std::string enumerator = name;
  std::ranges::replace(enumerator, '-', '_');
  const auto found = std::ranges::find(enumeration.enumerators, enumerator);
  return static_cast<std::uint64_t>(found - enumeration.enumerators.begin());
}

std::uint32_t option_number(std::string_view system, std::string_view option,
                            std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw UsageError(std::string(system) + ": option " + std::string(option) +
                     " takes a number, not '" + std::string(text) + "'");
  }
  return value;
}

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({substituted, above + 1, row[j - 1] + 1});
      diagonal = above;
    }
  }
  return row[b.size()];
}

void require_one(const CatalogEntry& entry, std::string_view kind, const std::string& name,
                 const std::vector<std::string>& known) {
  if (std::ranges::find(known, name) != known.end()) return;
  std::string message = entry.name + " has no " + std::string(kind) + " '" + name + "'";
  if (const std::string near = nearest(name, known); !near.empty()) {
    message += "; did you mean '" + near + "'?";
  } else if (known.empty()) {
    message += "; it has none";
  } else {
    message += "; it has";
    for (const std::string& one : known) message += (one == known.front() ? " " : ", ") + one;
  }
  throw UsageError(message);
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(name.size() / 3, 1) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

void require_known(const CatalogEntry& entry, const Configuration& configuration) {
  for (const auto& [name, value] : configuration.bounds.limits) {
    require_one(entry, "limit", name, entry.limits);
  }
  for (const auto& [name, value] : configuration.options) {
    require_one(entry, "option", name, entry.options);
  }
  if (configuration.bug.empty()) return;
  std::vector<std::string> bugs;
  for (const Bug& bug : entry.bugs) bugs.push_back(bug.name);
  require_one(entry, "bug", configuration.bug, bugs);
}

}  // namespace gainsay
