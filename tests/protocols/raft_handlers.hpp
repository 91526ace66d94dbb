// One node of Raft whose handlers a test calls directly.
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "protocols/raft/raft.hpp"

namespace gainsay::raft {

inline constexpr NodeId n1{0};
inline constexpr NodeId n2{1};
inline constexpr NodeId n3{2};
inline constexpr NodeId c1{3};

inline Entry entry(Term term) { return {.term = term, .command = {}}; }

// Node n1 of three.
struct Handlers {
  Options options{.heartbeat = false};
  StepContext step{{.self = n1, .nodes = 3, .processes = 4}, 0, {}};
  Node::Context ctx{step, &options};
  Node node;

  Handlers() = default;
  // With these options, started.
  explicit Handlers(Options with) : options(with) {
    options.heartbeat = false;
    node.start(ctx);
  }

  // The last message sent, if it is of this type.
  template <class Message>
  std::optional<Message> last_sent() const {
    if (step.sends().empty()) return std::nullopt;
    const auto wire = decoded<Wire<Node>>(step.sends().back().message);
    const auto* message = std::get_if<Message>(&wire);
    return message == nullptr ? std::nullopt : std::optional(*message);
  }
  bool armed(Node::Timer timer) const { return step.armed(static_cast<std::uint32_t>(timer)); }
  // Makes it the leader of the next term, by n2's vote.
  void lead() {
    node.start_election(ctx);
    node.on(ctx, n2, Vote{.term = node.durable.term});
  }
  void acknowledge(NodeId from, Index index) {
    node.on(ctx, from, AppendReply{.term = node.durable.term, .success = true, .index = index});
  }
};

}  // namespace gainsay::raft
