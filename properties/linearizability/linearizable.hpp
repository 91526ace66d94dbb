// Is what clients saw linearizable? For programs and tests that record histories themselves:
//
//   linearizability::ClientHistory<models::CasRegister> history;
//   history.add(0, {.action = write, .value = "1"}, Result{}, 0, 3);   // client, moments
//   EXPECT_EQ(linearizable(history).verdict, linearizability::Verdict::linearizable);
#pragma once

#include "properties/linearizability/judge.hpp"

namespace gainsay::linearizability {

template <class M>
class ClientHistory {
 public:
  void add(Id client, const typename M::Operation& operation, const typename M::Result& result,
           Moment invoked, Moment returned) {
    history_.add(client, encoded(operation), encoded(result), invoked, returned);
  }
  void add_unreturned(Id client, const typename M::Operation& operation, Moment invoked) {
    history_.add(client, encoded(operation), std::nullopt, invoked, never);
  }
  // Operations by their number, in order of adding.
  const TimedHistory& timed() const { return history_; }

 private:
  TimedHistory history_;
};

template <class M>
Judgement linearizable(const ClientHistory<M>& history, const Limits& limits = {}) {
  return judge(make_model<M>("model"), history.timed(), limits);
}

}  // namespace gainsay::linearizability
