// The seeded bugs of the catalog, one parameter each for the tests that go over all of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "protocols/catalog.hpp"
#include "tests/sanitized.hpp"

namespace gainsay {

struct Seeded {
  const CatalogEntry* entry;
  const Bug* bug;
  friend void PrintTo(const Seeded& seeded, std::ostream* out) {
    *out << seeded.entry->name << " " << seeded.bug->name;
  }
  static std::string id(const ::testing::TestParamInfo<Seeded>& test) { return test.param.bug->id; }
};

inline std::vector<Seeded> all_bugs() {
  std::vector<Seeded> all;
  for (const CatalogEntry& entry : catalog()) {
    for (const Bug& bug : entry.bugs) all.push_back({&entry, &bug});
  }
  return all;
}

// At the bug's scenario; without one the system as it is by default.
inline Model model_with(const std::string& system, const std::string& bug = "") {
  const CatalogEntry& entry = *find_system(system);
  if (bug.empty()) return entry.make(entry.defaults);
  const auto found = std::ranges::find(entry.bugs, bug, &Bug::name);
  if (found == entry.bugs.end()) throw std::logic_error(system + " has no bug " + bug);
  return entry.make(variant(*found));
}

// Millions of worlds without reductions.
inline bool is_large(const Bug& bug) {
  return bug.id == "R01" || bug.id == "R49" || bug.id == "R55" || bug.id == "R58" ||
         bug.id == "D15";
}

// Many seconds, in a sanitized build or in any.
inline bool takes_many_seconds(const Bug& bug) {
  const bool is_slow_if_sanitized =
      bug.id == "B05" || bug.id == "B14" || bug.id == "B15" || bug.id == "B18";
  if (is_sanitized() && is_slow_if_sanitized) return true;
  return bug.id == "R49" || bug.id == "R55" || bug.id == "R58" || bug.id == "B17" ||
         bug.id == "B21";
}

// All of them; in a sanitized build without those. There their scenarios and twins are cut, and
// what is found in them is run by the kept traces.
inline std::vector<Seeded> bugs_in_time() {
  std::vector<Seeded> bugs = all_bugs();
  if (is_sanitized()) {
    std::erase_if(bugs, [](const Seeded& seeded) { return takes_many_seconds(*seeded.bug); });
  }
  return bugs;
}

// For tests of what is the same code for all bugs: all of them; in a sanitized build, which looks
// at code and not at bugs, the first of each system on each network.
inline std::vector<Seeded> bugs_of_each_kind() {
  std::vector<Seeded> bugs = bugs_in_time();
  if (!is_sanitized()) return bugs;
  std::set<std::pair<std::string, Network>> met;
  std::erase_if(bugs, [&](const Seeded& seeded) {
    return !met.emplace(seeded.entry->name, variant(*seeded.bug).bounds.network).second;
  });
  return bugs;
}

// The same without those that take many seconds: other tests of them go over all.
inline std::vector<Seeded> quick_bugs_of_each_kind() {
  std::vector<Seeded> bugs = bugs_of_each_kind();
  std::erase_if(bugs, [](const Seeded& seeded) { return takes_many_seconds(*seeded.bug); });
  return bugs;
}

}  // namespace gainsay
