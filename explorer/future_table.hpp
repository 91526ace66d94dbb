// Futures of histories, each step from one to the next made once: a history is judged by looking up
// its events.
//
// Thread-safety: none.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "engine/history.hpp"
#include "explorer/tables.hpp"
#include "properties/property.hpp"

namespace gainsay {

class FutureTable {
 public:
  // Clients have the ids behind those of the nodes. REQUIRES: `futures` outlives the table.
  FutureTable(const Futures& futures, std::uint32_t nodes);

  Id of(const History& history);
  bool holds(Id future) const { return verdicts_[future]; }
  Hash128 content_hash_of(const History& history) { return content_hash(*contents_[of(history)]); }

 private:
  Id next(Id future, const HistoryEvent& event);
  Id intern(const Bytes& future);

  const Futures& futures_;
  std::uint32_t nodes_;
  std::unordered_map<std::string, Id> index_;
  std::vector<const Bytes*> contents_;
  std::vector<bool> verdicts_;
  std::unordered_map<std::string, Id> steps_;
};

}  // namespace gainsay
