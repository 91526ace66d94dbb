// What a handler is given: Context<Node>. See docs for the contract; in short, a handler may change
// its own struct, send, set or clear a timer, ask for a choice, sync its disk and answer a client.
// No more.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include "engine/reflect.hpp"
#include "engine/signed.hpp"
#include "engine/step.hpp"

namespace gainsay {

// Names one request of one client; unique in a run, repeated by retries.
struct RequestId {
  NodeId client;
  std::uint32_t number = 0;
  friend auto operator<=>(const RequestId&, const RequestId&) = default;
};

// A client's request as it arrives at a node that declares `using Operation` and `using Result`.
template <class Operation>
struct Request {
  RequestId id;
  Operation operation;
  friend auto operator<=>(const Request&, const Request&) = default;
};

template <class Result>
struct Reply {
  std::uint32_t number = 0;
  Result result;
};

namespace detail {
template <class Node>
struct LaterMessageOf {
  using type = std::variant<>;
};
template <class Node>
requires requires { typename Node::LaterMessage; }
struct LaterMessageOf<Node> {
  using type = typename Node::LaterMessage;
};
}  // namespace detail

// The alternatives of Node::Message, and requests and replies where the node serves clients. What a
// protocol gains when traces of it are already kept goes into Node::LaterMessage: its alternatives
// stand last, so that the others are encoded as before.
template <class Node, class Message = typename Node::Message,
          class Later = typename detail::LaterMessageOf<Node>::type>
struct WireOf;
template <class Node, class... M, class... L>
struct WireOf<Node, std::variant<M...>, std::variant<L...>> {
  using type = std::variant<M..., L...>;
};
template <class Node, class... M, class... L>
requires requires {
  typename Node::Operation;
  typename Node::Result;
}
struct WireOf<Node, std::variant<M...>, std::variant<L...>> {
  using type =
      std::variant<M..., Request<typename Node::Operation>, Reply<typename Node::Result>, L...>;
};
template <class Node>
using Wire = typename WireOf<Node>::type;

// A message of Node's as a value.
template <class Node>
class WireValue final : public MessageValue {
 public:
  explicit WireValue(Wire<Node> message) : value(std::move(message)) {}
  void encode(Writer& writer) const override { gainsay::encode(value, writer); }
  std::size_t size() const override { return encoded_size(value); }
  std::size_t alternative() const override { return value.index(); }
  std::unique_ptr<MessageValue> clone() const override {
    return std::make_unique<WireValue>(value);
  }

  Wire<Node> value;
};

// In the memory of one that is not needed any more, if there is one.
template <class Node, class Message>
std::unique_ptr<MessageValue> wire_value(StepContext& step, Message message) {
  std::unique_ptr<MessageValue> place = step.spare();
  if (!place) return std::make_unique<WireValue<Node>>(Wire<Node>(std::move(message)));
  static_cast<WireValue<Node>&>(*place).value = std::move(message);
  return place;
}

// The one way by which messages leave.
template <class Node, class Message>
void send_wire(StepContext& step, NodeId to, Message message) {
  if (step.keeps_values()) {
    step.send_value(to, wire_value<Node>(step, std::move(message)));
  } else {
    step.send(to, encoded(Wire<Node>(std::move(message))));
  }
}

template <class Node>
class Context {
 public:
  Context(StepContext& step, const void* options) : step_(step), options_(options) {}

  NodeId self() const { return step_.place().self; }
  // How many nodes there are, clients not counted.
  std::uint32_t nodes() const { return step_.place().nodes; }
  // The protocol's options, constant during a run.
  template <class N = Node>
  const typename N::Options& options() const {
    return *static_cast<const typename N::Options*>(options_);
  }

  // The value with this process's signature.
  template <class T>
  Signed<T> sign(T value) const {
    return {.signer = self(), .value = std::move(value)};
  }

  template <class Message>
  void send(NodeId to, Message message) {
    send_wire<Node>(step_, to, std::move(message));
  }
  // To every node but this one, in id order.
  template <class Message>
  void broadcast(const Message& message) {
    const bool once = !step_.keeps_values();
    const Bytes bytes = once ? encoded(Wire<Node>(message)) : Bytes();
    for (std::uint16_t id = 0; id < nodes(); ++id) {
      if (id == self().value) continue;
      if (once) {
        step_.send({id}, bytes);
      } else {
        send(NodeId{id}, message);
      }
    }
  }

  // Arms a one-shot timer; again is once. Its time, which counts where clocks are bounded, begins
  // anew.
  template <class Timer>
  requires std::is_enum_v<Timer>
  void set(Timer timer, Duration duration = {}, Ticks ticks = {}) {
    step_.set_timer(static_cast<std::uint32_t>(timer), duration, ticks);
  }
  template <class Timer>
  requires std::is_enum_v<Timer>
  void set(Timer timer, Ticks ticks) { set(timer, Duration{}, ticks); }
  template <class Timer>
  void clear(Timer timer) {
    step_.clear_timer(static_cast<std::uint32_t>(timer));
  }
  // Arms the timer exactly when `wanted`: keeps the armed set a function of the state. One that is
  // armed already runs on.
  template <class Timer>
  void arm(Timer timer, bool wanted, Duration duration, Ticks ticks = {}) {
    const bool armed = step_.armed(static_cast<std::uint32_t>(timer));
    if (!wanted) {
      clear(timer);
    } else if (!armed) {
      set(timer, duration, ticks);
    }
  }
  template <class Timer>
  void arm(Timer timer, bool wanted, Ticks ticks = {}) {
    arm(timer, wanted, Duration{}, ticks);
  }

  // A number below `options`: the explorer takes all, the simulator draws, a replay reads.
  std::uint32_t choose(std::uint32_t options) { return step_.choose(options); }

  // For a Node that says itself when its writes are safe, by `static constexpr bool syncs = true`;
  // any other's are before its sends leave. What `durable` is now is one write: a crash may come
  // behind it, and may lose the last writes that were not synced. What a handler changes without
  // saying so is one write at its end.
  void write() { step_.write(); }
  // Makes all writes so far safe, what was changed since the last one included.
  void sync() { step_.sync(); }

  // Answers a client's request.
  template <class Result>
  void reply(const RequestId& request, Result result) {
    using NodeResult = typename Node::Result;
    send_wire<Node>(step_, request.client,
                    Reply<NodeResult>{.number = request.number, .result = std::move(result)});
  }

  // Tells the observers something: a value of Node::Label.
  template <class N = Node>
  void observe(const typename N::Label& label) {
    step_.label(Label::Kind::observe, encoded(label));
  }

 private:
  StepContext& step_;
  const void* options_;
};

}  // namespace gainsay
