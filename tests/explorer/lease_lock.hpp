// A lock that is leased: the smallest protocol that is right by its clocks alone.
#pragma once

#include "engine/node.hpp"
#include "properties/property.hpp"

namespace gainsay::testing::lease_lock {

// A holder counts its lease from when it asked, so that it ends before the grant does, however long
// messages take; but by its own clock, which may be slower than the server's.
struct Options {
  std::uint32_t lease = 1;   // ticks
  std::uint32_t grant = 2;   // ticks
  std::uint32_t asks = 2;    // how often each client does
  bool from_answer = false;  // wrong: the lease is counted from when the grant arrives
  bool forgets = false;      // wrong: a server that restarts takes the lock for free
};

struct Ask {
  std::uint32_t number;
};
struct Grant {
  std::uint32_t number;
};

inline constexpr NodeId server{0};

struct Node {
  using Message = std::variant<Ask, Grant>;
  using Context = gainsay::Context<Node>;
  using Options = lease_lock::Options;
  enum class Timer : std::uint8_t { ask, lease, grant };

  struct Durable {
    std::uint32_t number = 0;  // of the last time that a client asked: no answer is of another one
  };
  Durable durable;
  bool granted = false;  // of the server: to one of the clients
  bool waits = false;    // of a client
  bool holds = false;

  void start(Context& ctx) {
    if (ctx.self() != server) {
      ctx.arm(Timer::ask, durable.number < ctx.options().asks);
    } else if (!ctx.options().forgets) {
      grant(ctx);  // it may be a restart, and it has no memory of what it has granted
    }
  }
  void on(Context& ctx, Timer timer) {
    switch (timer) {
      case Timer::ask:
        waits = true;
        ctx.send(server, Ask{.number = ++durable.number});
        if (!ctx.options().from_answer) ctx.set(Timer::lease, ticks(ctx.options().lease));
        return;
      case Timer::lease:
        waits = holds = false;
        ctx.arm(Timer::ask, durable.number < ctx.options().asks);
        return;
      case Timer::grant:
        granted = false;
        return;
    }
  }
  void on(Context& ctx, NodeId from, const Ask& ask) {
    if (granted) return;
    grant(ctx);
    ctx.send(from, Grant{.number = ask.number});
  }
  void on(Context& ctx, NodeId, const Grant& answer) {
    if (!waits || answer.number != durable.number) return;
    waits = false;
    holds = true;
    if (ctx.options().from_answer) ctx.set(Timer::lease, ticks(ctx.options().lease));
  }
  void grant(Context& ctx) {
    granted = true;
    ctx.set(Timer::grant, ticks(ctx.options().grant));
  }
};

inline Model model(const Bounds& bounds, const Options& options) {
  Model made{.system = make_system<Node>("lease-lock", bounds, options), .properties = {}};
  made.properties = {
      always_pair<Node>("one holder",
                        [](const Node& a, const Node& b) { return !(a.holds && b.holds); }),
      sometimes<Node>("a holder", [](const Node& node) { return node.holds; }),
      sometimes<Node>("a later holder",
                      [](const Node& node) { return node.holds && node.durable.number > 1; })};
  return made;
}

}  // namespace gainsay::testing::lease_lock
