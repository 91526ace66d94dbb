// Raft without clients: elections, log replication and the commit rule, bounded by limits on the
// term and the length of the log. A small model with exact counts, for cross-checking explorers;
// the built-in `raft` is the whole protocol. Names as in Ongaro and Ousterhout (2014).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "engine/node.hpp"
#include "protocols/catalog.hpp"

namespace gainsay::raft_core {

using Term = std::uint32_t;
using Index = std::uint32_t;  // how many entries; 0: none

enum class Role : std::uint8_t { follower, candidate, leader };

struct RequestVote {
  Term term = 0;
  Index last_index = 0;
  Term last_term = 0;
};
struct Vote {
  Term term = 0;
  bool granted = false;
};
struct AppendEntries {
  Term term = 0;
  Index prev = 0;
  Term prev_term = 0;
  std::vector<Term> entries;
  Index commit = 0;
};
struct AppendReply {
  Term term = 0;
  bool success = false;
  Index index = 0;
};

struct Node {
  using Message = std::variant<RequestVote, Vote, AppendEntries, AppendReply>;
  using Context = gainsay::Context<Node>;
  enum class Timer : std::uint8_t { timeout, propose };

  Term term = 0;
  Role role = Role::follower;
  std::optional<NodeId> voted_for;
  NodeSet votes;          // of a candidate
  std::vector<Term> log;  // the term of each entry
  Index commit = 0;
  PerNode<Index> next;
  PerNode<Index> match;

  void start(Context& ctx);
  void on(Context& ctx, Timer timer);
  void on(Context& ctx, NodeId from, RequestVote request);
  void on(Context& ctx, NodeId from, Vote vote);
  void on(Context& ctx, NodeId from, AppendEntries append);
  void on(Context& ctx, NodeId from, AppendReply reply);

  Index last_index() const { return static_cast<Index>(log.size()); }
  Term term_at(Index index) const { return index == 0 ? 0 : log[index - 1]; }
  Term last_term() const { return term_at(last_index()); }
  void see_term(const Context& ctx, Term seen);
  void become_leader(Context& ctx);
  void send_append(Context& ctx, NodeId to) const;
  void append_to_all(Context& ctx) const;
  void arm(Context& ctx) const;
};

// What the properties look at.
struct View {
  Term leads = 0;  // the term of a leader; 0 for others
  std::vector<Term> committed;
};
View view(const Node& node);

Model make_model(const Configuration& configuration);
CatalogEntry catalog_entry();

}  // namespace gainsay::raft_core
