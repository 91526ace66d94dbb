// A run of Raft that a test steers, message by message.
#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <variant>
#include <vector>

#include "engine/world.hpp"
#include "protocols/catalog.hpp"
#include "tests/protocols/raft_handlers.hpp"

namespace gainsay::raft {

class SteeredRun {
 public:
  explicit SteeredRun(const Configuration& configuration)
      : model_(make_model(configuration)), world_(started_world(model_.system)) {}

  void timer(NodeId id, Node::Timer timer, std::vector<std::uint32_t> choices = {}) {
    apply({.kind = EventKind::timer,
           .process = id,
           .timer = static_cast<std::uint32_t>(timer),
           .choices = std::move(choices)});
  }
  // Delivers the message of this type that satisfies the predicate.
  template <class Message, class Predicate>
  void deliver(NodeId to, NodeId from, Predicate wanted) {
    for (const auto& [envelope, count] : world_.inbox(to)) {
      if (envelope.first != from) continue;
      const auto wire = decoded<Wire<Node>>(envelope.second);
      const auto* message = std::get_if<Message>(&wire);
      if (message == nullptr || !wanted(*message)) continue;
      apply({.kind = EventKind::deliver, .process = to, .from = from, .message = envelope.second});
      return;
    }
    ADD_FAILURE() << "no such message";
  }
  // Times out until the candidate is in the term, is heard by all, and wins with the voter's vote.
  void elect(NodeId leader, NodeId voter, Term term) {
    while (node(leader).durable.term < term) timer(leader, Node::Timer::election);
    const auto of_term = [term](const auto& message) { return message.term == term; };
    for (const NodeId id : {n1, n2, n3}) {
      if (id != leader) deliver<RequestVote>(id, leader, of_term);
    }
    deliver<Vote>(leader, voter, of_term);
    EXPECT_EQ(node(leader).role, Role::leader);
  }
  // Lets the network deliver in order until it is quiet.
  void settle() {
    for (int events = 0; events < 1000; ++events) {
      bool moved = false;
      for (const Event& event : world_.enabled()) {
        if (event.kind != EventKind::deliver || changes_nothing(event)) continue;
        apply(event);
        moved = true;
        break;
      }
      if (!moved) return;
    }
    ADD_FAILURE() << "the network does not become quiet";
  }
  void lose_everything() {
    for (bool more = true; more;) {
      more = false;
      for (const Event& event : world_.enabled()) {
        if (event.kind != EventKind::drop) continue;
        apply(event);
        more = true;
        break;
      }
    }
  }
  const Node& node(NodeId id) const {
    return *static_cast<const Node*>(world_.state(id).process->state());
  }
  const LiveWorld& world() const { return world_; }

 private:
  // In async a delivery that only repeats what was sent before is an event for ever.
  bool changes_nothing(const Event& event) const {
    LiveWorld copy(world_);
    copy.apply(event);
    return copy.hash() == world_.hash();
  }
  void apply(const Event& event) {
    const auto outcome = world_.apply(event);
    EXPECT_EQ(outcome.status, gainsay::Outcome::Status::applied) << outcome.reason;
    EXPECT_EQ(outcome.step.fault, StepResult::Fault::none) << outcome.step.message;
  }
  Model model_;
  LiveWorld world_;
};

}  // namespace gainsay::raft
