// Single-decree Paxos (Lamport, "Paxos Made Simple") serving a write-once register: every server is
// proposer, acceptor and learner. The names are those of the paper; the model is one with published
// counts.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "engine/node.hpp"
#include "properties/sequential_models.hpp"
#include "protocols/catalog.hpp"

namespace gainsay::paxos {

struct Ballot {
  std::uint32_t round = 0;
  NodeId id;
  friend auto operator<=>(const Ballot&, const Ballot&) = default;
};
struct Proposal {
  RequestId request;
  std::string value;
};
// What an acceptor accepted last.
struct AcceptedProposal {
  Ballot ballot;
  Proposal proposal;
};

struct Prepare {
  Ballot ballot;
};
struct Prepared {
  Ballot ballot;
  std::optional<AcceptedProposal> last;
};
struct Accept {
  Ballot ballot;
  Proposal proposal;
};
struct Accepted {
  Ballot ballot;
};
struct Decided {
  Ballot ballot;
  Proposal proposal;
};

enum class Bug : std::uint8_t {
  none,
  ignore_accepted,
  first_not_highest,
  promise_not_persisted,
  accept_below_promise,
  quorum_half,
  promise_not_synced,
};

struct Node {
  using Message = std::variant<Prepare, Prepared, Accept, Accepted, Decided>;
  using Operation = reg::Model::Operation;
  using Result = reg::Model::Result;
  using Context = gainsay::Context<Node>;
  struct Options {
    Bug bug = Bug::none;
  };
  static constexpr bool syncs = true;  // before it answers
  // Of the acceptor; a proposer never reuses a ballot, since its own is at most `ballot`.
  struct Durable {
    Ballot ballot;  // the highest one promised
    std::optional<AcceptedProposal> accepted;
  };

  Durable durable;
  std::optional<Proposal> proposal;  // of the proposer
  flat_map<NodeId, std::optional<AcceptedProposal>> prepares;
  NodeSet accepts;
  bool decided = false;

  void start(Context& ctx);
  void on(Context& ctx, NodeId from, const Request<Operation>& request);
  void on(Context& ctx, NodeId from, Prepare prepare);
  void on(Context& ctx, NodeId from, const Prepared& prepared);
  void on(Context& ctx, NodeId from, const Accept& accept);
  void on(Context& ctx, NodeId from, Accepted accepted);
  void on(Context& ctx, NodeId from, const Decided& decision);

  Proposal proposal_to_make(const Context& ctx) const;
};

struct View {
  bool decided;
  std::optional<AcceptedProposal> accepted;
};
inline View view(const Node& node) { return {node.decided, node.durable.accepted}; }

Model make_model(const Configuration& configuration);
CatalogEntry catalog_entry();

}  // namespace gainsay::paxos
