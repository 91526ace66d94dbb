// The adversary: Byzantine processes that are not scripted. At any time each of them may say, to
// anyone, whatever its protocol's `forge` allows within the bounds: this covers equivocation,
// silence, replay and conflicting votes at once. Under `async` all that can be said is simply
// available, in every inbox, from the moment on at which it can be made.
//
// What others have signed cannot be made, only repeated: a Node names, as facts, what a forger
// gains from each message that a correct process sends. Facts only accumulate, and more of them
// never allow less: `forge` is monotone, which is checked wherever it is asked.
#pragma once

#include <algorithm>
#include <concepts>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "engine/node.hpp"
#include "engine/process.hpp"
#include "engine/signed.hpp"
#include "engine/system.hpp"

namespace gainsay {

// Of one Byzantine process: what it knows, and where what it can say is put.
template <class Node>
class Forger {
 public:
  using Options = typename detail::OptionsOf<Node>::type;
  // `known`: the signatures among the facts.
  Forger(StepContext::Place place, const Options& options, NodeSet byzantine,
         const SignedValues& known)
      : place_(place), options_(options), byzantine_(byzantine), known_(known) {}

  NodeId self() const { return place_.self; }
  std::uint32_t nodes() const { return place_.nodes; }
  const Options& options() const { return options_; }
  // All Byzantine processes: they share what they know, and their keys.
  NodeSet byzantine() const { return byzantine_; }

  // A value with its own signature.
  template <class T>
  Signed<T> sign(T value) const {
    return {.signer = self(), .value = std::move(value)};
  }
  // It can say this to every node. Throws UsageError where the message contains a signature that no
  // Byzantine process can make, nor has seen.
  template <class Message>
  void say(Message message) {
    if (!known_.can_say(message, byzantine_)) {
      throw UsageError("a forged " + type_of<Message>().name +
                       " has a signature of somebody else that is not among the facts");
    }
    to_nodes_.push_back(encoded(Wire<Node>(std::move(message))));
  }
  // It can answer a client so.
  template <class Result>
  void answer(const RequestId& request, Result result) {
    using NodeResult = typename Node::Result;
    to_clients_.emplace_back(request.client,
                             encoded(Wire<Node>(Reply<NodeResult>{.number = request.number,
                                                                  .result = std::move(result)})));
  }

  const std::vector<Bytes>& to_nodes() const { return to_nodes_; }
  const std::vector<std::pair<NodeId, Bytes>>& to_clients() const { return to_clients_; }

 private:
  StepContext::Place place_;
  const Options& options_;
  NodeSet byzantine_;
  const SignedValues& known_;
  std::vector<Bytes> to_nodes_;
  std::vector<std::pair<NodeId, Bytes>> to_clients_;
};

// A Byzantine process has no state of its own, and to properties looks like one that did nothing.
class ByzantineType final : public ProcessType {
 public:
  explicit ByzantineType(std::shared_ptr<const ProcessType> correct)
      : correct_(std::move(correct)) {}
  std::unique_ptr<Process> make() const override;
  std::unique_ptr<Process> decode(Reader& reader) const override;
  const Type& state_type() const override { return correct_->state_type(); }
  const std::vector<std::string_view>& timer_names() const override {
    return correct_->timer_names();
  }

 private:
  std::shared_ptr<const ProcessType> correct_;
};

namespace detail {

template <class Node, class Message>
concept TellsFactsOf = requires(NodeId from, const Message& message) {
  Node::facts(from, message);
};
template <class Node, class Message>
concept TellsFactsByOptions = requires(const typename OptionsOf<Node>::type& options, NodeId from,
                                       const Message& message) {
  Node::facts(options, from, message);
};

// The facts of one message, encoded.
template <class Node>
std::vector<Bytes> facts_of(const typename OptionsOf<Node>::type& options, NodeId from,
                            BytesView message) {
  std::vector<Bytes> facts;
  const auto wire = decoded<Wire<Node>>(message);
  std::visit(
      [&]<class M>(const M& value) {
        if constexpr (TellsFactsOf<Node, M>) {
          for (const auto& fact : Node::facts(from, value)) facts.push_back(encoded(fact));
        } else if constexpr (TellsFactsByOptions<Node, M>) {
          for (const auto& fact : Node::facts(options, from, value)) facts.push_back(encoded(fact));
        }
      },
      wire);
  return facts;
}

// The signatures that the facts contain.
template <class Node>
SignedValues signatures_among(const std::vector<Bytes>& facts) {
  SignedValues known;
  if constexpr (requires { typename Node::Fact; }) {
    for (const Bytes& fact : facts) known.add(decoded<typename Node::Fact>(fact));
  }
  return known;
}

// Node::forge(forger), or Node::forge(forger, facts) with a flat_set of Node::Fact.
template <class Node>
void forge(Forger<Node>& forger, const std::vector<Bytes>& facts) {
  if constexpr (requires { typename Node::Fact; }) {
    flat_set<typename Node::Fact> known;
    for (const Bytes& fact : facts) known.insert(decoded<typename Node::Fact>(fact));
    Node::forge(forger, known);
  } else {
    Node::forge(forger);
  }
}

}  // namespace detail

// Makes these nodes Byzantine. A Node needs `static void forge(Forger<Node>&)`, or, where messages
// of correct processes help a forger, a `Fact`, `static std::vector<Fact> facts(NodeId from, const
// M&)` for each message or request M that does, and `forge(Forger<Node>&, const flat_set<Fact>&)`.
// Facts that cannot matter are best left out: `facts` may take the options as its first argument.
// Throws UsageError.
template <class Node>
void add_adversary(System& system, NodeSet byzantine,
                   typename detail::OptionsOf<Node>::type options = {}) {
  make_byzantine(system, byzantine);
  Adversary& adversary = system.adversary;
  const auto shared = std::make_shared<const decltype(options)>(std::move(options));
  if constexpr (requires { typename Node::Fact; }) {
    adversary.fact_type = &type_of<typename Node::Fact>();
    adversary.facts = [shared](NodeId from, BytesView message) {
      return detail::facts_of<Node>(*shared, from, message);
    };
  }
  const std::uint32_t nodes = system.bounds.nodes;
  adversary.forge = [shared, byzantine, nodes](const std::vector<Bytes>& facts) {
    std::vector<Forged> all;
    const SignedValues known = detail::signatures_among<Node>(facts);
    for (const NodeId self : byzantine) {
      const StepContext::Place place{.self = self, .nodes = nodes, .processes = nodes};
      Forger<Node> forger(place, *shared, byzantine, known);
      detail::forge(forger, facts);
      for (const Bytes& message : forger.to_nodes()) {
        for (std::uint16_t to = 0; to < nodes; ++to) {
          if (!byzantine.contains({to})) all.push_back({self, {to}, message});
        }
      }
      for (const auto& [client, message] : forger.to_clients()) {
        all.push_back({self, client, message});
      }
    }
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  };
}

}  // namespace gainsay
