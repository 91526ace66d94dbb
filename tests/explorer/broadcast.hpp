// Reliable broadcast among n processes of which f lie: right for n = 3f + 1, and wrong for n = 3f.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "gainsay.hpp"

namespace gainsay::testing {

// Bracha, "Asynchronous Byzantine agreement protocols" (1987): node 1 broadcasts.
namespace broadcast {

enum class Value : std::uint8_t { a, b };
struct Initial {
  Value value;
};
struct Echo {
  Value value;
};
struct Ready {
  Value value;
};

struct Node {
  using Message = std::variant<Initial, Echo, Ready>;
  using Context = gainsay::Context<Node>;
  struct Options {
    std::uint32_t faults = 1;  // f
  };

  std::optional<Value> echoed;
  std::optional<Value> ready;
  std::optional<Value> delivered;
  flat_map<Value, NodeSet> echoes;
  flat_map<Value, NodeSet> readies;

  void start(Context& ctx) {
    if (ctx.self() == NodeId{0}) to_all(ctx, Initial{Value::a});
  }
  void on(Context& ctx, NodeId from, Initial initial) {
    if (from != NodeId{0} || echoed) return;
    echoed = initial.value;
    to_all(ctx, Echo{initial.value});
  }
  void on(Context& ctx, NodeId from, Echo echo) {
    echoes[echo.value].insert(from);
    if (echoes[echo.value].size() >= quorum(ctx)) be_ready(ctx, echo.value);
  }
  void on(Context& ctx, NodeId from, Ready message) {
    NodeSet& senders = readies[message.value];
    senders.insert(from);
    if (senders.size() > ctx.options().faults) be_ready(ctx, message.value);
    if (senders.size() >= quorum(ctx) && !delivered) delivered = message.value;
  }

  static void forge(Forger<Node>& forger) {
    for (const Value value : {Value::a, Value::b}) {
      if (forger.self() == NodeId{0}) forger.say(Initial{value});
      forger.say(Echo{value});
      forger.say(Ready{value});
    }
  }

 private:
  static std::size_t quorum(Context& ctx) { return ctx.nodes() - ctx.options().faults; }
  void be_ready(Context& ctx, Value value) {
    if (ready) return;
    ready = value;
    to_all(ctx, Ready{value});
  }
  template <class Message>
  static void to_all(Context& ctx, Message message) {
    for (std::uint8_t id = 0; id < ctx.nodes(); ++id) ctx.send({id}, message);
  }
};

struct View {
  std::optional<Value> delivered;
};
inline View view(const Node& node) { return {node.delivered}; }

inline Model model(std::uint32_t nodes, NodeSet byzantine, Network network = Network::async) {
  Model model = make_model<Node>(
      {.nodes = nodes, .network = network},
      {always_pair<Node>("agreement",
                         [](const View& a, const View& b) {
                           return !a.delivered || !b.delivered || a.delivered == b.delivered;
                         }),
       sometimes<Node>("something is delivered",
                       [](const View& v) { return v.delivered.has_value(); })});
  if (!byzantine.empty()) add_adversary<Node>(model.system, byzantine);
  if (!byzantine.contains({0})) {
    model.properties.push_back(always<Node>(
        "validity", [](const View& v) { return !v.delivered || *v.delivered == Value::a; }));
  }
  return model;
}

}  // namespace broadcast

}  // namespace gainsay::testing
