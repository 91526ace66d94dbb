// An event of a run: one atomic step of one process, one fault of the network, or one tick of the
// clock, named by content so that it means the same in every run, executor and machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "engine/bytes.hpp"
#include "engine/ids.hpp"
#include "engine/process.hpp"
#include "engine/system.hpp"

namespace gainsay {

enum class EventKind : std::uint8_t {
  start,
  deliver,
  timer,
  crash,
  restart,
  drop,
  duplicate,
  partition,
  heal,
  tick
};
inline constexpr std::size_t event_kinds = 10;
std::string_view to_string(EventKind kind);
// A process takes a step; else the network has a fault, or time passes.
constexpr bool is_step(EventKind kind) { return kind < EventKind::drop; }
// It happens at one process; a partition, its healing and a tick do not.
constexpr bool has_process(EventKind kind) { return kind < EventKind::partition; }

struct Event {
  EventKind kind = EventKind::start;
  // Where it happens: the receiver for deliver, drop and duplicate; 0 for what happens at no one.
  NodeId process;
  NodeId from;              // deliver, drop, duplicate: the sender
  Bytes message;            // deliver, drop, duplicate; a fifo drop resets the link: empty
  std::uint32_t timer = 0;  // timer
  // The handler's choices, in order, and its crash at a disk operation: the answers of its step. Of
  // a crash: how many writes it loses.
  std::vector<std::uint32_t> choices;
  Cut cut{};  // partition

  // The canonical order of events.
  friend auto operator<=>(const Event& a, const Event& b) {
    return std::tie(a.kind, a.process, a.from, a.message, a.timer, a.choices, a.cut) <=>
           std::tie(b.kind, b.process, b.from, b.message, b.timer, b.choices, b.cut);
  }
  friend bool operator==(const Event&, const Event&) = default;
};

// The budgets that an event uses; timeouts only where they are counted.
BudgetSet budget_of(const System& system, const Event& event);
// What a crash adds to the budgets of an event.
void add_crash(BudgetSet& budgets, DiskCrash crash);

// One line: "deliver n2 <- n1 Vote{yes=true}", "timer n1 election", "partition n1 n2 | n3".
std::string describe(const System& system, const Event& event);

// The hashes that both executors compute from content.
Hash128 hash_envelope(NodeId from, BytesView message);
Hash128 hash_link(const Hash128& link, const Hash128& envelope);  // fifo: one more on the queue
Hash128 hash_inbox_link(NodeId from, const Hash128& link);        // fifo: the queue of one sender
Hash128 hash_cell(const Hash128& local, const Hash128& inbox);
// The part of slot `slot` in the hash of a world, which is the sum over slots.
Hash128 hash_slot(std::size_t slot, const Hash128& content);
Hash128 hash_budget(BudgetUsed used);
// What a cut adds to the sum; nothing where there is none.
Hash128 hash_cut(const Cut& cut);

}  // namespace gainsay
