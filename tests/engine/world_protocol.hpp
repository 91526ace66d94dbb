// A protocol without meaning for tests of the live world: its nodes send what a plan says, and do
// with a message what its type says.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/world.hpp"

namespace gainsay::testing {

struct Push {  // always changes its receiver
  std::uint8_t number = 0;
};
struct Once {  // changes it the first time
  std::uint8_t number = 0;
};
struct Nothing {};
struct Ask {};   // answered by Push{9}; changes nothing
struct Pick {};  // makes two choices
struct Relay {   // passed on as a Push; changes nothing
  std::uint8_t to = 0;
  std::uint8_t number = 0;
};
struct Fail {};
using Message = std::variant<Push, Once, Nothing, Ask, Pick, Relay, Fail>;

// A start sends it, once.
struct Planned {
  std::uint8_t from = 0;
  std::uint8_t to = 0;
  Message message;
};
struct Durable {
  bool sent = false;
};

struct Node {
  using Message = testing::Message;
  using Context = gainsay::Context<Node>;
  using Label = Push;
  struct Options {
    std::vector<Planned> plan;
    bool ticking = false;
    bool start_fails = false;
  };
  enum class Timer : std::uint8_t { tick };

  Durable durable;
  std::vector<std::uint8_t> pushed;
  flat_set<std::uint8_t> once;

  void start(Context& ctx) {
    expect(!ctx.options().start_fails, "a start that fails");
    if (ctx.options().ticking) ctx.set(Timer::tick);
    if (durable.sent) return ctx.send(ctx.self(), Once{7});  // a restart
    durable.sent = true;
    for (const Planned& planned : ctx.options().plan) {
      if (planned.from == ctx.self().value) ctx.send({planned.to}, planned.message);
    }
  }
  void on(Context& ctx, Timer) { ctx.set(Timer::tick); }
  void on(Context& ctx, NodeId, Push message) {
    pushed.push_back(message.number);
    ctx.observe(message);
  }
  void on(Context&, NodeId, Once message) { once.insert(message.number); }
  void on(Context&, NodeId, Nothing) {}
  void on(Context& ctx, NodeId from, Ask) { ctx.send(from, Push{9}); }
  void on(Context& ctx, NodeId, Pick) {
    pushed.push_back(static_cast<std::uint8_t>(100 + 10 * ctx.choose(2)));
    if (pushed.back() > 100) pushed.back() += static_cast<std::uint8_t>(ctx.choose(3));
  }
  void on(Context& ctx, NodeId, Relay message) { ctx.send({message.to}, Push{message.number}); }
  void on(Context&, NodeId, Fail) {
    pushed.push_back(0);
    expect(false, "told to fail");
  }
};

using Plan = std::vector<Planned>;

inline System system_of(Bounds bounds, Plan plan, bool ticking = false) {
  return make_system<Node>("test", bounds, {.plan = std::move(plan), .ticking = ticking});
}
inline NodeId id(int value) { return node_id(value); }
inline Event message_event(EventKind kind, int to, int from, const Message& message) {
  return {.kind = kind, .process = id(to), .from = id(from), .message = encoded(message)};
}
inline Event deliver(int to, int from, const Message& message) {
  return message_event(EventKind::deliver, to, from, message);
}
inline Event at(EventKind kind, int process) { return {.kind = kind, .process = id(process)}; }
inline Event partition(NodeSet first, NodeSet second, bool one_way = false) {
  return {.kind = EventKind::partition,
          .cut = {.first = first, .second = second, .one_way = one_way}};
}
inline const Event heal{.kind = EventKind::heal};
inline const Node& node(const LiveWorld& world, int process) {
  return *static_cast<const Node*>(world.state(id(process)).process->state());
}
inline bool is_enabled(const LiveWorld& world, const Event& event) {
  const std::vector<Event> events = world.enabled();
  return std::ranges::find(events, event) != events.end();
}
// All that makes a world.
inline std::string content(const LiveWorld& world) {
  Writer writer;
  for (std::size_t i = 0; i < world.system().size(); ++i) {
    writer.text(world.local(id(static_cast<int>(i))));
    for (const auto& [envelope, count] : world.inbox(id(static_cast<int>(i)))) {
      writer.text(std::to_string(envelope.first.value) + " " + std::to_string(count));
      writer.text(envelope.second);
    }
    writer.text("");
  }
  writer.integer(world.used().packed());
  writer.integer(world.cut().first.bits());
  writer.integer(world.cut().second.bits());
  writer.integer(world.cut().one_way ? 1 : 0);
  for (const Bytes& observer : world.observers()) writer.text(observer);
  return writer.take();
}

// Refused, whatever the reason, and nothing changed.
inline void expect_refused(LiveWorld& world, const Event& event, Outcome::Status status) {
  const std::string before = content(world);
  EXPECT_EQ(world.apply(event).status, status) << describe(world.system(), event);
  EXPECT_EQ(content(world), before);
  EXPECT_FALSE(is_enabled(world, event));
}
inline void expect_applied(LiveWorld& world, const Event& event) {
  EXPECT_TRUE(is_enabled(world, event)) << describe(world.system(), event);
  const Outcome outcome = world.apply(event);
  EXPECT_EQ(outcome.status, Outcome::Status::applied) << outcome.reason;
}

}  // namespace gainsay::testing
