// The slow twin of the linearizability checker, and what re-validates its witnesses. Both follow
// the definition and nothing else.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "properties/linearizability/history.hpp"
#include "properties/linearizability/model.hpp"

namespace gainsay::linearizability {

// Tries every order: an operation may come next when no other one returned before its invocation.
inline bool twin_extends(const Model& model, const TimedHistory& history, const Bytes& state,
                         std::vector<bool>& placed) {
  const auto& operations = history.operations();
  bool all_returned_placed = true;
  for (Id id = 0; id < operations.size(); ++id) {
    if (placed[id]) continue;
    all_returned_placed = all_returned_placed && operations[id].returned == never;
    bool first = true;
    for (Id other = 0; other < operations.size(); ++other) {
      first = first && (placed[other] || !precedes(operations[other], operations[id]));
    }
    if (!first) continue;
    for (const Bytes& next : model.next(state, history.kind_of(id))) {
      placed[id] = true;
      const bool found = twin_extends(model, history, next, placed);
      placed[id] = false;
      if (found) return true;
    }
  }
  return all_returned_placed;
}

inline bool twin_says_linearizable(const Model& model, const TimedHistory& history) {
  std::vector<bool> placed(history.operations().size());
  return twin_extends(model, history, model.initial, placed);
}

// Empty when this is an order of the history, else what is wrong with it.
inline std::string wrong_with_order(const Model& model, const TimedHistory& history,
                                    const std::vector<Id>& order) {
  const auto& operations = history.operations();
  std::vector<bool> placed(operations.size());
  std::vector<Bytes> states = {model.initial};  // more than one where the object had a choice
  Moment latest_invoked = 0;
  for (const Id id : order) {
    const std::string name = "operation " + std::to_string(id);
    if (id >= operations.size() || placed[id]) return name + " is none, or twice";
    placed[id] = true;
    if (operations[id].returned < latest_invoked) return name + " comes too late";
    latest_invoked = std::max(latest_invoked, operations[id].invoked);
    std::vector<Bytes> after;
    for (const Bytes& state : states) {
      for (Bytes& next : model.next(state, history.kind_of(id))) after.push_back(std::move(next));
    }
    std::sort(after.begin(), after.end());
    after.erase(std::unique(after.begin(), after.end()), after.end());
    if (after.empty()) return name + " is impossible there";
    states = std::move(after);
  }
  for (Id id = 0; id < operations.size(); ++id) {
    if (!placed[id] && operations[id].returned != never) {
      return "operation " + std::to_string(id) + " is missing";
    }
  }
  return "";
}

// These operations alone, as they were recorded.
inline TimedHistory only(const TimedHistory& history, const std::vector<Id>& operations) {
  TimedHistory result;
  for (const Id id : operations) {
    const Operation& operation = history.operations()[id];
    const Kind& kind = history.kind_of(id);
    result.add(operation.client, kind.call, kind.result, operation.invoked, operation.returned);
  }
  return result;
}

}  // namespace gainsay::linearizability
