// The seeded bugs of the catalog, one parameter each for the tests that go over all of them.
#pragma once

#include <gtest/gtest.h>

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

// Millions of worlds without reductions.
inline bool is_large(const Bug& bug) {
  return bug.id == "R01" || bug.id == "R49" || bug.id == "R55" || bug.id == "R58";
}

// All of them; under a sanitizer, which makes a check ten times as slow, without those that take
// many seconds even so. Tests of their scenario and twin have these there, too.
inline std::vector<Seeded> bugs_in_time() {
  std::vector<Seeded> bugs = all_bugs();
  if (std::string_view(GAINSAY_SANITIZER_FLAGS).empty()) return bugs;
  std::erase_if(bugs, [](const Seeded& seeded) {
    return seeded.bug->id == "R49" || seeded.bug->id == "R55" || seeded.bug->id == "R58" ||
           seeded.bug->id == "B17";
  });
  return bugs;
}

}  // namespace gainsay
