// Is a recorded history sequentially consistent (Lamport, 1979)? Some order of its operations that
// keeps the order of each client gives all results; real time between clients does not count.
//
// Nothing may be judged by itself here, neither keys nor objects: orders of parts need not go
// together. One search over (how far each client is, states of the objects) remembers where it was.
#pragma once

#include "properties/linearizability/judge.hpp"
#include "properties/linearizability/linearizable.hpp"

namespace gainsay::linearizability {

// Of the judgement, Verdict::linearizable says that there is such an order, and `order` is one; no
// core is sought. A client's operations are ordered by invocation; one that never returned may take
// effect at any time after what its client asked for before, or never.
Judgement judge_sequential(const Model& model, const TimedHistory& history,
                           const Limits& limits = {});

template <class M>
Judgement sequentially_consistent(const ClientHistory<M>& history, const Limits& limits = {}) {
  return judge_sequential(make_model<M>("model"), history.timed(), limits);
}

}  // namespace gainsay::linearizability
