// Chord's ring with successor lists, as Zave corrected it ("Reasoning about Identifier Spaces: How
// to Make Chord Correct", 2017). Members stand on a ring of identifiers, which here are the numbers
// of the nodes. Each knows the next members behind it, so that the ring closes where one fails, and
// the one before it. Newcomers join between two members; who is there then finds out by
// stabilizing.
//
// Failures are detected as the paper assumes: who has failed gives no answer, and whoever asks
// takes that for nothing else. Here a node that has crashed is told apart once it "restarts": from
// then on its address answers that nobody is there. Nobody else is ever told to be gone, and nobody
// who is gone comes back.
//
// Whoever asks does not wait. An answer is taken for what it says whenever it comes, so that the
// network may lose, repeat and delay: what it says of others was true once, and that is enough.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "engine/node.hpp"
#include "properties/property.hpp"
#include "protocols/catalog.hpp"

namespace gainsay::chord {

enum class Bug : std::uint8_t { none, chord_original_join, chord_dead_successor_adopted };

// A newcomer looks for the member that it will stand behind.
struct Seek {};
struct Welcome {
  std::vector<NodeId> successors;
};
struct Ask {};
struct Answer {
  std::vector<NodeId> successors;
  NodeId predecessor;
};
struct Gone {};
// "I think that I stand before you."
struct Notify {};

enum class Standing : std::uint8_t { down, newcomer, member, gone };

struct Durable {
  bool was_here = false;
};

struct Node {
  using Message = std::variant<Seek, Welcome, Ask, Answer, Gone, Notify>;
  using Context = gainsay::Context<Node>;
  struct Options {
    Bug bug = Bug::none;
    std::uint32_t successors = 2;  // length of the lists
    std::uint32_t newcomers = 1;   // the nodes behind the base; all others begin as members
  };
  enum class Timer : std::uint8_t { join, stabilize };

  Durable durable;
  Standing standing = Standing::down;
  std::vector<NodeId> successors;
  NodeId predecessor;
  std::optional<NodeId> notifier;  // stands before us if our predecessor is gone

  void start(Context& ctx);
  void on(Context& ctx, NodeId from, Seek);
  void on(Context& ctx, NodeId from, const Welcome& welcome);
  void on(Context& ctx, NodeId from, Ask);
  void on(Context& ctx, NodeId from, const Answer& answer);
  void on(Context& ctx, NodeId from, Gone);
  void on(Context& ctx, NodeId from, Notify);
  void on(Context& ctx, Timer timer);

 private:
  void become_member(Context& ctx, std::vector<NodeId> list, NodeId before);
  void stabilize_from_successor(Context& ctx, const Answer& answer);
  void take_successor(Context& ctx, NodeId first, const std::vector<NodeId>& others);
  bool stands_closer(const Context& ctx, NodeId other) const;
};

// Whether a node begins as a member.
bool begins_as_member(const Node::Options& options, NodeId id);
// On the way round from `from` to `to`, without the two; all others, where they are the same.
bool between(NodeId from, NodeId other, NodeId to);

struct View {
  bool is_member;
  bool has_failed;
  std::vector<NodeId> successors;
  NodeId predecessor;
};
View view(const Node& node);

// The members that never fail: the first nodes, one more than successor lists have entries.
NodeSet base(const Node::Options& options);
std::vector<Property> properties(const Bounds& bounds, const Node::Options& options);
Model make_model(const Configuration& configuration);
CatalogEntry catalog_entry();

}  // namespace gainsay::chord
