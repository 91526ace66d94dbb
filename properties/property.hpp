// What must hold. A property is a named predicate on views of nodes, on local steps, on the client
// history or on an observer; the typed makers below turn lambdas into the type-erased form.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/history.hpp"
#include "engine/node.hpp"
#include "engine/system.hpp"

namespace gainsay {

namespace linearizability {
struct Model;
}

// An observer that is fed and asked in place.
class RunningObserver {
 public:
  virtual ~RunningObserver() = default;
  virtual void take(NodeId process, BytesView label) = 0;
  virtual bool holds() const = 0;
};

enum class PropertyKind : std::uint8_t {
  always,
  always_step,
  sometimes,
  linearizable,
  sequentially_consistent,
  recovers,
  progress,  // of a simulation, in its time; no model has it
};
std::string_view to_string(PropertyKind kind);
inline constexpr std::string_view progress_property = "progress";

// What the predicate is applied to.
enum class Scope : std::uint8_t {
  node,      // one view: each node
  pair,      // two views: each ordered pair of different nodes
  world,     // the views of all nodes, in id order
  step,      // two views of one node: before and after a local step
  history,   // the client history
  observer,  // the state of an observer
};

// What a property of kind `recovers` allows once faults have stopped.
struct RecoveryOptions {
  // By how much limits on local states are greater then: {{"term", 2}} allows two more terms.
  std::map<std::string, std::uint64_t, std::less<>> more{};
};

// What must last from a good world on.
struct Lasting {
  std::function<bool(std::span<const void* const>)>
      holds;  // of the views of all nodes, in id order
  // Which timers run out from then on; none: all of them may. Others are reset in time.
  std::function<bool(NodeId node, std::uint32_t timer)> runs_out;
};

// What a property of the client history needs to know of it, as a value: histories with the same
// one are judged alike, whatever follows.
struct Futures {
  const Type* type = nullptr;
  Bytes initial;  // of the empty history
  // After an invocation or a response of a client.
  std::function<Bytes(BytesView future, NodeId client, const Label& label)> next;
  std::function<bool(BytesView)> holds;
  std::function<bool(BytesView)> has_result;  // something has returned
};

// A sequential object without its types: applying an operation to a state gives the state after it
// and the result that it must have.
struct SequentialObject {
  const Type* state_type = nullptr;
  Bytes initial;
  std::function<std::pair<Bytes, Bytes>(BytesView state, BytesView operation)> apply;
};

struct Property {
  std::string name;
  PropertyKind kind = PropertyKind::always;
  Scope scope = Scope::node;
  // node, pair, world, step: pointers to views.
  std::function<bool(std::span<const void* const>)> holds;
  std::function<bool(const History&)> history_holds;
  std::optional<Futures> futures{};          // history: agrees with `history_holds`
  std::optional<SequentialObject> object{};  // of kind `linearizable`
  // The same object for the checker of long histories.
  std::shared_ptr<const linearizability::Model> model{};
  std::size_t observer = 0;  // index into System::observers
  // Of an observer, for long runs: the same one, but it is not encoded after each label.
  std::function<std::unique_ptr<RunningObserver>()> running{};
  std::function<bool(BytesView)> observer_holds;
  RecoveryOptions recovery{};
  std::optional<Lasting> lasting{};  // of kind `recovers`
};

// Of a long run: what a step can have broken, by looking at what it changed alone. Properties are
// judged where it says so and nowhere else; it must not be silent where one is broken.
class RunFilter {
 public:
  virtual ~RunFilter() = default;
  // // After a step of the node: its state, as the protocol's own type. All starts are behind.
  virtual bool may_break(NodeId node, const void* state, bool is_up) = 0;
  // The property of steps that this step has broken, by name; empty: none.
  virtual std::string_view broken_step() const = 0;
};

// A system with what must hold of it.
struct Model {
  System system;
  std::vector<Property> properties;
  // For its long runs; empty: properties are judged after each step that changes a view.
  std::function<std::unique_ptr<RunFilter>()> filter{};
};

// The views of all nodes, in id order.
template <class V>
class Nodes {
 public:
  class Iterator {
   public:
    explicit Iterator(const void* const* at) : at_(at) {}
    const V& operator*() const { return *static_cast<const V*>(*at_); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const void* const* at_;
  };
  explicit Nodes(std::span<const void* const> views) : views_(views) {}
  std::size_t size() const { return views_.size(); }
  const V& operator[](std::size_t i) const { return *static_cast<const V*>(views_[i]); }
  Iterator begin() const { return Iterator(views_.data()); }
  Iterator end() const { return Iterator(views_.data() + views_.size()); }

 private:
  std::span<const void* const> views_;
};

namespace detail {

template <class Node, class F>
Property over_views(std::string name, PropertyKind kind, F predicate) {
  using V = View<Node>;
  Property property{.name = std::move(name), .kind = kind};
  if constexpr (std::predicate<F, const V&>) {
    property.scope = Scope::node;
    property.holds = [predicate](std::span<const void* const> views) {
      return predicate(*static_cast<const V*>(views[0]));
    };
  } else {
    static_assert(std::predicate<F, const Nodes<V>&>,
                  "gainsay: a property takes `const View&` or `const Nodes<View>&`");
    property.scope = Scope::world;
    property.holds = [predicate](std::span<const void* const> views) {
      return predicate(Nodes<V>(views));
    };
  }
  return property;
}

template <class Node, class F>
Property over_two(std::string name, PropertyKind kind, Scope scope, F predicate) {
  using V = View<Node>;
  static_assert(std::predicate<F, const V&, const V&>,
                "gainsay: this property takes two of `const View&`");
  Property property{.name = std::move(name), .kind = kind, .scope = scope};
  property.holds = [predicate](std::span<const void* const> views) {
    return predicate(*static_cast<const V*>(views[0]), *static_cast<const V*>(views[1]));
  };
  return property;
}

}  // namespace detail

// Of every node's view (predicate on `const View&`) or of all together (`const Nodes<View>&`).
template <class Node, class F>
Property always(std::string name, F predicate) {
  return detail::over_views<Node>(std::move(name), PropertyKind::always, std::move(predicate));
}
// Of every ordered pair of different nodes.
template <class Node, class F>
Property always_pair(std::string name, F predicate) {
  return detail::over_two<Node>(std::move(name), PropertyKind::always, Scope::pair,
                                std::move(predicate));
}
// Of a node's view before and after each of its local steps; a crash and its restart count as two
// steps, and see only the durable state in between.
template <class Node, class F>
Property always_step(std::string name, F predicate) {
  return detail::over_two<Node>(std::move(name), PropertyKind::always_step, Scope::step,
                                std::move(predicate));
}
// Reached in some world: by some node (`const View&`) or by all together (`const Nodes<View>&`).
// The guard against vacuous checks.
template <class Node, class F>
Property sometimes(std::string name, F predicate) {
  return detail::over_views<Node>(std::move(name), PropertyKind::sometimes, std::move(predicate));
}

// However bad it got, once faults stop a good world can still be reached: one where the predicate
// holds of some node (`const View&`) or of all together (`const Nodes<View>&`). Asked of each
// reachable vector of local states, with no message under way. From then on whoever is down
// restarts, nothing is lost or repeated, and there is no further fault. There is no other fairness:
// a way to the good world must exist, and a fair random scheduler finds it.
template <class Node, class F>
Property recovers(std::string name, F predicate, RecoveryOptions options = {}) {
  Property property =
      detail::over_views<Node>(std::move(name), PropertyKind::recovers, std::move(predicate));
  property.recovery = std::move(options);
  return property;
}

// `recovers`, and more: from each reachable good world on, `lasting` (predicate on
// `const Nodes<View>&`) holds for ever, whatever the healed system does. Its good worlds are taken
// without the messages under way, which may say what was true long ago; and as any armed timer may
// run out in a check, `runs_out` says of whom one does. A disturbance shows as a run that ends
// `lasting`; to find it, none has to go on for ever.
template <class Node, class F, class G>
Property settles(std::string name, F good, G lasting,
                 std::function<bool(NodeId, typename Node::Timer)> runs_out,
                 RecoveryOptions options = {}) {
  Property property = recovers<Node>(std::move(name), std::move(good), std::move(options));
  property.lasting = Lasting{.holds =
                                 [lasting](std::span<const void* const> views) {
                                   return lasting(Nodes<View<Node>>(views));
                                 },
                             .runs_out =
                                 [runs_out](NodeId node, std::uint32_t timer) {
                                   return runs_out(node, static_cast<typename Node::Timer>(timer));
                                 }};
  return property;
}

namespace detail {

template <class Node, class Monitor, class F>
class RunningMonitor final : public RunningObserver {
 public:
  RunningMonitor(Monitor monitor, F predicate)
      : monitor_(std::move(monitor)), predicate_(std::move(predicate)) {}
  void take(NodeId process, BytesView label) override {
    monitor_.on(process, decoded<typename Node::Label>(label));
  }
  bool holds() const override { return predicate_(monitor_); }

 private:
  Monitor monitor_;
  F predicate_;
};

}  // namespace detail

// Adds an observer to the system and the property that its predicate always holds. The observer is
// an aggregate with `void on(NodeId process, const Node::Label&)`.
template <class Node, class Monitor, class F>
Property always_observer(System& system, std::string name, Monitor initial, F predicate) {
  Property property{.name = name, .kind = PropertyKind::always, .scope = Scope::observer};
  property.observer = system.observers.size();
  property.running = [initial, predicate] {
    return std::make_unique<detail::RunningMonitor<Node, Monitor, F>>(initial, predicate);
  };
  property.observer_holds = [predicate](BytesView state) {
    return predicate(decoded<Monitor>(state));
  };
  system.observers.push_back({.name = std::move(name),
                              .state_type = &type_of<Monitor>(),
                              .initial = encoded(initial),
                              .next = [](BytesView state, NodeId process, BytesView label) {
                                auto monitor = decoded<Monitor>(state);
                                monitor.on(process, decoded<typename Node::Label>(label));
                                return encoded(monitor);
                              }});
  return property;
}

}  // namespace gainsay
