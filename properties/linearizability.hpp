// Linearizability (Herlihy and Wing, 1990) of the client history. A check judges it by what the
// history leaves open (properties/future.hpp), event by event; a replay by plain backtracking over
// the whole history: slow, obvious, and kept for ever as the twin that faster checkers are compared
// with.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "engine/history.hpp"
#include "engine/reflect.hpp"
#include "properties/future.hpp"
#include "properties/linearizability/model.hpp"
#include "properties/property.hpp"

namespace gainsay {

// A sequential model is a struct with `State`, `Operation`, `Result` and
// `static Result apply(State&, const Operation&)`.
template <class SequentialModel>
SequentialObject sequential_object() {
  return {.state_type = &type_of<typename SequentialModel::State>(),
          .initial = encoded(typename SequentialModel::State{}),
          .apply = [](BytesView state_bytes, BytesView operation_bytes) {
            auto state = decoded<typename SequentialModel::State>(state_bytes);
            const auto operation = decoded<typename SequentialModel::Operation>(operation_bytes);
            const typename SequentialModel::Result result =
                SequentialModel::apply(state, operation);
            return std::pair(encoded(state), encoded(result));
          }};
}

// True when the operations, in some order that respects real time, give the recorded results on the
// object. Open operations may have taken effect, or not.
bool is_linearizable(const History& history, const SequentialObject& object);
// The same by the checker of long histories.
bool is_linearizable(const History& history, const linearizability::Model& model);
// So few operations that every order can be tried.
bool is_short(const History& history);

template <class SequentialModel>
Property linearizable(std::string name = "linearizability") {
  Property property{
      .name = std::move(name), .kind = PropertyKind::linearizable, .scope = Scope::history};
  property.model = std::make_shared<const linearizability::Model>(
      linearizability::make_model<SequentialModel>(property.name));
  property.history_holds = [object = sequential_object<SequentialModel>(),
                            model = property.model](const History& history) {
    return is_short(history) ? is_linearizable(history, object) : is_linearizable(history, *model);
  };
  property.futures = futures_of_linearizability<SequentialModel>();
  property.object = sequential_object<SequentialModel>();
  return property;
}

}  // namespace gainsay
