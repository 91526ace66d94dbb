// Sequential models. One is a struct with
//
//   State, Operation, Result      values; State{} is the initial one
//   static Result apply(State&, const Operation&)
//   or, where the object has a choice: static std::vector<State> next(
//       const State&, const Operation&, const std::optional<Result>&)
//     the states it may be in after answering so (any answer, where there is none)
//
// and, each of them optional, what makes checking faster:
//
//   static bool observes(const Operation&, const std::optional<Result>&)
//     wherever this can happen it leaves the state alone. Checked at each transition.
//   static std::vector<std::string> keys(const Operation&)
//     it touches these keys alone, and objects under different keys are independent: histories are
//     judged key by key (Herlihy and Wing, theorem 1; keys that one operation joins stay together)
//   static std::optional<Access> access(const Operation&, const std::optional<Result>&)
//     it is a read that saw, or a write that wrote, this value of a plain register, whose first
//     value is access_initial()
//   static bool leads(const State&, const Operation&, const Result&)
//   static bool resets(const Operation&)
//     where this observation can be made after some operations, then `leads` says so of the state
//     before them, or one of them resets: what of the state its keys show afterwards does not
//     depend on the state before, and leads to the observation
//   static State forget(const State&, const Operation&)
//     the state with what the operation's key shows replaced by something that is never observed;
//     what is about to be overwritten becomes equal. Only for models whose operations are possible
//     in every state unless they observe, and change what they touch alone.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/reflect.hpp"
#include "properties/linearizability/access.hpp"
#include "properties/linearizability/history.hpp"

namespace gainsay::linearizability {

// A model without its types. Absent functions are empty.
struct Model {
  std::string name;
  Bytes initial;
  std::function<std::vector<Bytes>(BytesView state, const Kind& kind)> next;
  std::function<bool(const Kind& kind)> observes;
  std::function<std::vector<std::string>(BytesView call)> keys;
  std::function<std::optional<Access>(const Kind& kind)> access;
  std::string access_initial;
  std::function<bool(BytesView state, const Kind& kind)> leads;
  std::function<bool(const Kind& kind)> resets;
  std::function<Bytes(BytesView state, const Kind& kind)> forget;
};

namespace detail {

template <class M>
std::optional<typename M::Result> result_of(const Kind& kind) {
  if (!kind.result) return std::nullopt;
  return decoded<typename M::Result>(*kind.result);
}

template <class M>
std::vector<Bytes> next_states(BytesView state_bytes, const Kind& kind) {
  auto state = decoded<typename M::State>(state_bytes);
  const auto operation = decoded<typename M::Operation>(kind.call);
  std::vector<Bytes> states;
  if constexpr (requires { M::next(state, operation, result_of<M>(kind)); }) {
    for (const auto& next : M::next(state, operation, result_of<M>(kind))) {
      states.push_back(encoded<typename M::State>(next));  // vector<bool> has proxies
    }
  } else {
    const typename M::Result result = M::apply(state, operation);
    if (!kind.result || encoded(result) == *kind.result) states.push_back(encoded(state));
  }
  return states;
}

}  // namespace detail

template <class M>
Model make_model(std::string name) {
  using Call = typename M::Operation;
  Model model{.name = std::move(name),
              .initial = encoded(typename M::State{}),
              .next = detail::next_states<M>};
  if constexpr (requires(const Call& o) { M::observes(o, std::nullopt); }) {
    model.observes = [](const Kind& kind) {
      return M::observes(decoded<Call>(kind.call), detail::result_of<M>(kind));
    };
  }
  if constexpr (requires(const Call& o) { M::keys(o); }) {
    model.keys = [](BytesView call) { return M::keys(decoded<Call>(call)); };
  }
  if constexpr (requires(const Call& o) { M::access(o, std::nullopt); }) {
    model.access = [](const Kind& kind) {
      return M::access(decoded<Call>(kind.call), detail::result_of<M>(kind));
    };
    model.access_initial = M::access_initial();
  }
  if constexpr (requires(const Call& o) { M::resets(o); }) {
    model.resets = [](const Kind& kind) { return M::resets(decoded<Call>(kind.call)); };
    model.leads = [](BytesView state, const Kind& kind) {
      return !kind.result || M::leads(decoded<typename M::State>(state), decoded<Call>(kind.call),
                                      decoded<typename M::Result>(*kind.result));
    };
  }
  if constexpr (requires(const typename M::State& s, const Call& o) { M::forget(s, o); }) {
    model.forget = [](BytesView state, const Kind& kind) {
      return encoded(M::forget(decoded<typename M::State>(state), decoded<Call>(kind.call)));
    };
  }
  return model;
}

}  // namespace gainsay::linearizability
