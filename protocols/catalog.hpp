// The built-in systems: what `gainsay list` shows and what every verb looks a name up in. One line
// in catalog.cpp registers a protocol.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/trace.hpp"
#include "properties/property.hpp"

namespace gainsay {

// What a user may set of a system.
struct Configuration {
  Bounds bounds;
  OptionTexts options;
  std::string bug;  // name of a variant, or empty
};

// A seeded bug: a variant that must be contradicted.
struct Bug {
  std::string id;          // of the public table: "R13"
  std::string name;        // "vote-cleared-same-term"
  std::string breaks;      // the property that it breaks, by name
  std::string what;        // what the faulty code does
  Configuration scenario;  // documented bounds: a check finds it here, and the correct twin holds
};

// The faulty variant at its documented bounds.
inline Configuration variant(const Bug& bug) {
  Configuration configuration = bug.scenario;
  configuration.bug = bug.name;
  return configuration;
}

// What a system lets a user say of clients: a bound that it ignores would make "holds within 3
// clients" a lie.
enum class ClientBounds : std::uint8_t { none, clients, clients_and_operations };

struct CatalogEntry {
  std::string name;
  std::string version;
  std::string summary;
  ClientBounds client_bounds = ClientBounds::none;
  Configuration defaults;  // of the default suite; a check ends in seconds
  // In virtual time: without limits, and with clients that go on and on. None: the same as a check.
  std::optional<Configuration> simulated{};
  std::vector<std::string> limits;   // names for --limit
  std::vector<std::string> options;  // names for --option
  std::vector<Bug> bugs;
  // Throws UsageError for bounds or options that the system does not have.
  std::function<Model(const Configuration&)> make;
};

const std::vector<CatalogEntry>& catalog();
// Null when there is none.
const CatalogEntry* find_system(std::string_view name);

// The built-in system that a trace was recorded of. Throws TraceError where there is none, or none
// with such bounds and options.
Model model_of(const Trace& trace);

// Throws UsageError, with the nearest spelling, for a limit, an option or a bug that the entry does
// not have.
void require_known(const CatalogEntry& entry, const Configuration& configuration);
// "vote-not-persisted" for the enumerator vote_not_persisted.
std::string bug_name(std::uint64_t value, const Type& enumeration);
// The value of "vote-not-persisted", which the enumeration has; an empty name is its first, `none`.
std::uint64_t bug_value(const std::string& name, const Type& enumeration);
template <class Bug>
Bug bug_named(const std::string& name) {
  return static_cast<Bug>(bug_value(name, type_of<Bug>()));
}
// What --option gives a system as a number. Throws UsageError for other texts.
std::uint32_t option_number(std::string_view system, std::string_view option,
                            std::string_view text);
// The candidate that is closest to a misspelt name; empty when none is near.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace gainsay
