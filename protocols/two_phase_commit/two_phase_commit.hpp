// Two-phase commit, as in Gray and Lamport, "Consensus on Transaction Commit" (TwoPhase.tla): one
// transaction manager (the last node) and N resource managers. Spontaneous steps are timers that
// are armed while the step is possible.
#pragma once

#include <cstdint>
#include <variant>

#include "engine/node.hpp"
#include "properties/property.hpp"
#include "protocols/catalog.hpp"

namespace gainsay::two_phase_commit {

enum class State : std::uint8_t { working, prepared, committed, aborted };
struct Prepared {};
struct Commit {};
struct Abort {};

enum class Bug : std::uint8_t { none, abort_in_doubt };

struct Node {
  using Message = std::variant<Prepared, Commit, Abort>;
  using Context = gainsay::Context<Node>;
  struct Options {
    Bug bug = Bug::none;
  };
  // prepare and choose_to_abort are the resource manager's, commit and abort the transaction
  // manager's own steps.
  enum class Timer : std::uint8_t { prepare, choose_to_abort, commit, abort };

  State state = State::working;  // the transaction manager is working until it decides
  NodeSet prepared;              // whom the transaction manager has heard from

  void start(Context& ctx) { arm(ctx); }

  void on(Context& ctx, Timer timer) {
    switch (timer) {
      case Timer::prepare:
        state = State::prepared;
        ctx.send(transaction_manager(ctx), Prepared{});
        break;
      case Timer::choose_to_abort:
        state = State::aborted;
        break;
      case Timer::commit:
        state = State::committed;
        ctx.broadcast(Commit{});
        break;
      case Timer::abort:
        state = State::aborted;
        ctx.broadcast(Abort{});
        break;
    }
    arm(ctx);
  }
  void on(Context& ctx, NodeId from, Prepared) {
    if (state == State::working) prepared.insert(from);
    arm(ctx);
  }
  void on(Context& ctx, NodeId, Commit) {
    state = State::committed;
    arm(ctx);
  }
  void on(Context& ctx, NodeId, Abort) {
    state = State::aborted;
    arm(ctx);
  }

  static NodeId transaction_manager(const Context& ctx) { return node_id(ctx.nodes() - 1); }
  void arm(Context& ctx) const {
    const bool working = state == State::working;
    const bool manager = ctx.self() == transaction_manager(ctx);
    // Once prepared, a manager is in doubt: it must wait for the decision, however long that takes.
    const bool in_doubt = state == State::prepared;
    const bool gives_up = in_doubt && ctx.options().bug == Bug::abort_in_doubt;  // T01
    ctx.arm(Timer::prepare, working && !manager);
    ctx.arm(Timer::choose_to_abort, (working || gives_up) && !manager);
    ctx.arm(Timer::commit, working && manager && prepared.size() + 1 == ctx.nodes());
    ctx.arm(Timer::abort, working && manager);
  }
};

struct View {
  State state;
};
inline View view(const Node& node) { return {node.state}; }

Model make_model(const Configuration& configuration);
CatalogEntry catalog_entry();

}  // namespace gainsay::two_phase_commit
