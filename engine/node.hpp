// From a Node struct to a ProcessType: the compile-time checks of the contract, and the adapter.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include "engine/containers.hpp"
#include "engine/context.hpp"
#include "engine/process.hpp"

namespace gainsay {

namespace detail {

struct NoSuchMessage {};
struct NoOptions {};

template <class Node>
struct OptionsOf {
  using type = NoOptions;
};
template <class Node>
requires requires { typename Node::Options; }
struct OptionsOf<Node> {
  using type = typename Node::Options;
};

template <class Node, class Message>
concept Handles = requires {
  static_cast<void (Node::*)(Context<Node>&, NodeId, Message)>(&Node::on);
}
|| requires { static_cast<void (Node::*)(Context<Node>&, NodeId, const Message&)>(&Node::on); };

template <class Node>
concept HasTimers = requires {
  typename Node::Timer;
};
template <class Node>
concept ServesClients = requires {
  typename Node::Operation;
  typename Node::Result;
};
template <class Node>
concept HasDurable = requires(Node node) {
  node.durable;
};
template <class Node>
concept Syncs = requires {
  requires Node::syncs;
};

template <class Node>
constexpr bool handles_all(std::type_identity<std::variant<>>) {
  return true;
}

template <class Node, class... M, class... L>
consteval bool check_contract(std::type_identity<std::variant<M...>>,
                              std::type_identity<std::variant<L...>>) {
  static_assert(std::is_aggregate_v<Node>, "gainsay: a Node must be an aggregate");
  static_assert(
      requires(Node node, Context<Node> & context) { node.start(context); },
      "gainsay: a Node needs `void start(Context&)`");
  static_assert((Handles<Node, M> && ...) && (Handles<Node, L> && ...),
                "gainsay: a message has no handler of exactly its type: "
                "`void on(Context&, NodeId from, Message)`");
  static_assert(!Syncs<Node> || HasDurable<Node>,
                "gainsay: a Node that syncs has a member `Durable durable`");
  static_assert(
      !requires(Node node, Context<Node> & context) {
        node.on(context, NodeId{}, NoSuchMessage{});
      },
      "gainsay: a catch-all `on` would swallow a forgotten message; write one overload each");
  if constexpr (ServesClients<Node>) {
    static_assert(Handles<Node, Request<typename Node::Operation>>,
                  "gainsay: a Node with an Operation needs "
                  "`void on(Context&, NodeId from, Request<Operation>)`");
  }
  return true;
}

}  // namespace detail

// The view of a node: what `view(node)` returns, found beside the Node, or the node itself.
template <class Node>
struct ViewOf {
  using type = Node;
};
template <class Node>
requires requires(const Node& node) { view(node); }
struct ViewOf<Node> {
  using type = std::remove_cvref_t<decltype(view(std::declval<const Node&>()))>;
};
template <class Node>
using View = typename ViewOf<Node>::type;

template <class Node>
class NodeProcess final : public Process {
 public:
  using Options = typename detail::OptionsOf<Node>::type;
  explicit NodeProcess(std::shared_ptr<const Options> options, Node node = {})
      : options_(std::move(options)), node_(std::move(node)) {}

  std::unique_ptr<Process> clone() const override {
    return std::make_unique<NodeProcess>(options_, node_);
  }
  void encode(Writer& writer) const override { gainsay::encode(node_, writer); }
  void start(StepContext& step) override {
    Context<Node> context(step, options_.get());
    node_.start(context);
  }
  void deliver(StepContext& step, NodeId from, BytesView message) override {
    auto wire = decoded<Wire<Node>>(message);
    take(step, from, wire);
  }
  void deliver_value(StepContext& step, NodeId from, MessageValue& message) override {
    take(step, from, static_cast<WireValue<Node>&>(message).value);
  }
  void fire(StepContext& step, std::uint32_t timer) override {
    Context<Node> context(step, options_.get());
    if constexpr (detail::HasTimers<Node>) {
      node_.on(context, static_cast<typename Node::Timer>(timer));
    }
  }
  void crash() override {
    Node fresh{};
    if constexpr (detail::HasDurable<Node>) fresh.durable = std::move(node_.durable);
    node_ = std::move(fresh);
  }
  void encode_durable(Writer& writer) const override {
    if constexpr (detail::HasDurable<Node>) gainsay::encode(node_.durable, writer);
  }
  void restore(BytesView durable) override {
    if constexpr (detail::HasDurable<Node>) {
      node_.durable = decoded<decltype(node_.durable)>(durable);
    }
  }
  const void* state() const override { return &node_; }
  std::shared_ptr<const void> view() const override {
    if constexpr (std::is_same_v<View<Node>, Node>) {
      return std::make_shared<const Node>(node_);
    } else {
      using gainsay::detail::NoOptions;  // so that the argument-dependent `view` is found
      return std::make_shared<const View<Node>>(call_view(node_));
    }
  }
  void encode_view(Writer& writer) const override {
    if constexpr (std::is_same_v<View<Node>, Node>) {
      gainsay::encode(node_, writer);
    } else {
      gainsay::encode(call_view(node_), writer);
    }
  }

 private:
  static View<Node> call_view(const Node& node);
  void take(StepContext& step, NodeId from, Wire<Node>& wire) {
    Context<Node> context(step, options_.get());
    std::visit(
        [&]<class M>(M& value) {
          // Only clients take replies; one that reaches a node is the engine's own error.
          if constexpr (requires { node_.on(context, from, std::move(value)); }) {
            node_.on(context, from, std::move(value));
          } else {
            throw std::logic_error("a reply was sent to a node");
          }
        },
        wire);
  }
  std::shared_ptr<const Options> options_;
  Node node_;
};

namespace detail {
template <class Node>
auto view_of(const Node& node) {
  return view(node);
}
}  // namespace detail

template <class Node>
View<Node> NodeProcess<Node>::call_view(const Node& node) {
  return detail::view_of(node);
}

template <class Node>
class NodeType final : public ProcessType {
 public:
  using Options = typename detail::OptionsOf<Node>::type;
  static_assert(detail::check_contract<Node>(
      std::type_identity<typename Node::Message>{},
      std::type_identity<typename detail::LaterMessageOf<Node>::type>{}));

  explicit NodeType(Options options = {})
      : options_(std::make_shared<const Options>(std::move(options))) {
    if constexpr (detail::HasTimers<Node>) {
      timer_names_ = type_of<typename Node::Timer>().enumerators;
    }
  }

  std::unique_ptr<Process> make() const override {
    return std::make_unique<NodeProcess<Node>>(options_);
  }
  std::unique_ptr<Process> decode(Reader& reader) const override {
    Node node{};
    gainsay::decode(reader, node);
    return std::make_unique<NodeProcess<Node>>(options_, std::move(node));
  }
  const Type& state_type() const override { return type_of<Node>(); }
  const std::vector<std::string_view>& timer_names() const override { return timer_names_; }
  const Type* durable_type() const override {
    if constexpr (detail::HasDurable<Node>) return &type_of<decltype(Node::durable)>();
    return nullptr;
  }
  const Type* value_type() const override { return &type_of<Wire<Node>>(); }
  bool syncs() const override { return detail::Syncs<Node>; }

 private:
  std::shared_ptr<const Options> options_;
  std::vector<std::string_view> timer_names_;
};

}  // namespace gainsay
