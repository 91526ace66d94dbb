// What the readers of all formats make: operations with names and values, before a model gives them
// a meaning.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "properties/linearizability/datum.hpp"
#include "properties/linearizability/history.hpp"
#include "properties/linearizability/model.hpp"

namespace gainsay::linearizability {

enum class Outcome : std::uint8_t {
  ok,
  failed,    // it did not take effect; where the model knows why, that is an observation
  rejected,  // it did not take effect, for a reason outside the object
  open,      // nobody knows
};

struct RecordedOperation {
  std::uint64_t line = 0;
  Id client = 0;
  Id object = 0;  // independent objects of one model
  std::string function;
  std::optional<Datum> key;
  Datum argument;
  Datum answer;
  bool answered = true;  // false: nothing is said of its answer, not even that it is nil
  Outcome outcome = Outcome::open;
  Moment invoked = 0;
  Moment returned = never;
};

// A model by the name that users know it by.
struct NamedModel {
  std::string name;
  std::string functions;  // for people: what it understands
  Model model;
  // Throws HistoryError where the operation is none of the model's.
  std::function<void(const RecordedOperation&, TimedHistory&)> add;
  std::function<std::string(const Kind&)> describe;
  std::function<std::string(BytesView state)> describe_state;
};

const std::vector<NamedModel>& named_models();
// None where there is none of that name.
const NamedModel* find_model(const std::string& name);

}  // namespace gainsay::linearizability
