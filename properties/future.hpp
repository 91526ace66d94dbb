// A client history as what may follow it sees it: what is open, and every state that the object may
// be in with the operations that took effect for it (Wing and Gong's configurations). A history is
// linearizable exactly when there is such a configuration.
#pragma once

#include <stdexcept>
#include <utility>
#include <vector>

#include "engine/containers.hpp"
#include "engine/reflect.hpp"
#include "properties/property.hpp"

namespace gainsay {

template <class SequentialModel>
struct ObjectConfiguration {
  typename SequentialModel::State object{};
  // By client: the open operation has taken effect and will return this.
  flat_map<NodeId, typename SequentialModel::Result> effects;
  // Any order does, and results need have none.
  friend bool operator<(const ObjectConfiguration& a, const ObjectConfiguration& b) {
    return encoded(a) < encoded(b);
  }
};

template <class SequentialModel>
struct Future {
  bool has_result = false;
  flat_map<NodeId, typename SequentialModel::Operation> open;  // by client
  // With each one those where more of the open operations took effect. So the set depends on the
  // real-time order alone, and equal futures have equal sets.
  flat_set<ObjectConfiguration<SequentialModel>> configurations;
};

namespace detail {

template <class M>
void let_take_effect(Future<M>& future) {
  std::vector<ObjectConfiguration<M>> waiting(future.configurations.begin(),
                                              future.configurations.end());
  while (!waiting.empty()) {
    const ObjectConfiguration<M> one = std::move(waiting.back());
    waiting.pop_back();
    for (const auto& [client, operation] : future.open) {
      if (one.effects.contains(client)) continue;
      ObjectConfiguration<M> next = one;
      next.effects.emplace(client, M::apply(next.object, operation));
      if (future.configurations.insert(next).second) waiting.push_back(std::move(next));
    }
  }
}

template <class M>
void respond(Future<M>& future, NodeId client, const typename M::Result& result) {
  if (future.open.erase(client) == 0) {
    throw std::logic_error("a response without an open operation");
  }
  future.has_result = true;
  flat_set<ObjectConfiguration<M>> agreeing;
  for (ObjectConfiguration<M> one : future.configurations) {
    const auto effect = one.effects.find(client);
    if (effect == one.effects.end() || !equal(effect->second, result)) continue;
    one.effects.erase(effect);
    agreeing.insert(std::move(one));
  }
  future.configurations = std::move(agreeing);
}

template <class M>
void invoke(Future<M>& future, NodeId client, typename M::Operation operation) {
  if (!future.open.emplace(client, std::move(operation)).second) {
    throw std::logic_error("an invocation while an operation of the client is open");
  }
  let_take_effect(future);
}

template <class M>
Bytes next_future(BytesView bytes, NodeId client, const Label& label) {
  auto future = decoded<Future<M>>(bytes);
  if (label.kind == Label::Kind::invoke) {
    invoke(future, client, decoded<typename M::Operation>(label.value));
  } else {
    respond(future, client, decoded<typename M::Result>(label.value));
  }
  return encoded(future);
}

}  // namespace detail

template <class SequentialModel>
Futures futures_of_linearizability() {
  using Value = Future<SequentialModel>;
  Value empty;
  empty.configurations.insert(ObjectConfiguration<SequentialModel>{});
  return {.type = &type_of<Value>(),
          .initial = encoded(empty),
          .next = detail::next_future<SequentialModel>,
          .holds = [](BytesView bytes) { return !decoded<Value>(bytes).configurations.empty(); },
          .has_result = [](BytesView bytes) { return decoded<Value>(bytes).has_result; }};
}

}  // namespace gainsay
