// Histories that come as events: an invocation, and later what became of it.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "properties/linearizability/faults.hpp"
#include "properties/linearizability/reader.hpp"

namespace gainsay::linearizability {

struct Event {
  std::uint64_t line = 0;
  std::string process;
  std::string type;  // invoke, ok, fail, info
  std::string function;
  std::optional<Datum> key;
  Datum value;
  bool has_error = false;  // a reason from outside the object
  bool is_fault = false;   // the process is no client: only line, function and value count
};

// Pairs them. Of a history with independent keys, where values are [key value] (as every read's
// invocation shows, [key nil]), each key is an object of its own.
class Events {
 public:
  explicit Events(Recorder& recorder) : recorder_(recorder) {}
  void add(Event event);
  void finish();

 private:
  void settle_keys(const Event& event);
  void take(Event event);
  void invoke(Event event);
  void complete(Event event);
  void require_key(const Event& event) const;
  void split_key(RecordedOperation& operation, Datum& value) const;

  Recorder& recorder_;
  std::deque<Event> waiting_;  // until it is known whether keys are independent
  std::optional<bool> independent_;
  std::map<std::string, RecordedOperation, std::less<>> open_;  // by process
  Faults faults_;
  Moment now_ = 0;
};

}  // namespace gainsay::linearizability
