// A timed history, from invocations and responses as they come: each client has one operation open
// at a time.
#pragma once

#include <algorithm>
#include <tuple>
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
  // All of it once more, what is open included.
  template <class Judge>
  void replay(Judge& judge) const {
    std::vector<std::tuple<Moment, bool, std::size_t, const Bytes*>> events;
    for (const Operation& operation : history_.operations()) {
      const Kind& kind = history_.kinds()[operation.kind];
      events.emplace_back(operation.invoked, false, operation.client, &kind.call);
      events.emplace_back(operation.returned, true, operation.client, &*kind.result);
    }
    for (std::size_t client = 0; client < open_.size(); ++client) {
      const Open& open = open_[client];
      if (open.is_open) events.emplace_back(open.invoked, false, client, &open.call);
    }
    std::ranges::sort(events);
    for (const auto& [moment, returns, client, value] : events) {
      if (returns) {
        judge.respond(client, *value, moment);
      } else {
        judge.invoke(client, *value);
      }
    }
  }

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
