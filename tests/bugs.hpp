// The seeded bugs of the catalog, one parameter each for the tests that go over all of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/catalog.hpp"

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

// Those that a check finds in a second or two. The others are for tests that say something of each
// bug by itself, as what goes for all checks is the same for the many that are small.
inline std::vector<Seeded> quick_bugs() {
  constexpr std::array<std::string_view, 4> slow = {"R01", "R49", "R55", "B17"};
  std::vector<Seeded> quick = all_bugs();
  std::erase_if(quick, [&](const Seeded& seeded) {
    return std::ranges::find(slow, seeded.bug->id) != slow.end();
  });
  return quick;
}

}  // namespace gainsay
