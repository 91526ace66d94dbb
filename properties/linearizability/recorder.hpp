// A timed history, from invocations and responses as they come: each client has one operation open
// at a time.
#pragma once

#include <vector>

#include "engine/step.hpp"
#include "properties/linearizability/history.hpp"

namespace gainsay::linearizability {

class HistoryRecorder {
 public:
  explicit HistoryRecorder(std::size_t clients) : open_(clients) {}

  // REQUIRES: an invocation, or a response to the operation that is open; moments do not go back.
  void take(std::size_t client, const Label& label, Moment moment) {
    Open& open = open_[client];
    if (label.kind == Label::Kind::invoke) {
      open = {.call = label.value, .invoked = moment, .is_open = true};
      return;
    }
    history_.add(static_cast<Id>(client), open.call, label.value, open.invoked, moment);
    open.is_open = false;
  }
  // What is open now never returns. To be called once.
  void finish() {
    for (std::size_t client = 0; client < open_.size(); ++client) {
      const Open& open = open_[client];
      if (!open.is_open) continue;
      history_.add(static_cast<Id>(client), open.call, std::nullopt, open.invoked, never);
    }
  }
  const TimedHistory& history() const { return history_; }

 private:
  struct Open {
    Bytes call;
    Moment invoked = 0;
    bool is_open = false;
  };
  std::vector<Open> open_;
  TimedHistory history_;
};

}  // namespace gainsay::linearizability
