// What the page shows of a recorded history and its judgement: lanes of operations, one order, the
// object's states, the core of a violation, faults. Never larger than it may be: what is cut is
// said.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "properties/linearizability/judge.hpp"
#include "properties/linearizability/reader.hpp"

namespace gainsay::linearizability {

struct HistoryReport {
  std::string name;  // of the history
  const Recording& recording;
  const Judgement& judgement;
  bool partition = true;  // as it was judged
  // Of a violation: what returned before, in the part that is broken. May be unknown.
  std::vector<Id> prefix_order;
  std::string limit;  // of an unknown verdict
};

struct PageLimits {
  std::size_t bytes_max = 5'000'000;  // of the page
  std::size_t operations_max = 40'000;
};

// A JSON object, kind "history"; web/src/history/data.ts says what is in it.
std::string history_data(const HistoryReport& report, const PageLimits& limits = {});
// The HTML file.
std::string history_page(const HistoryReport& report, const PageLimits& limits = {});

}  // namespace gainsay::linearizability
