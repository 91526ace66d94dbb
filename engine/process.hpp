// The one small type-erased interface through which the engine meets a protocol. Node structs get
// it from NodeType<Node> (engine/node.hpp); systems that are not structs implement it directly.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/bytes.hpp"
#include "engine/ids.hpp"
#include "engine/step.hpp"
#include "engine/type.hpp"

namespace gainsay {

// The state of one process: a value that handlers change in place.
class Process {
 public:
  virtual ~Process() = default;
  virtual std::unique_ptr<Process> clone() const = 0;
  virtual void encode(Writer& writer) const = 0;
  virtual void start(StepContext& context) = 0;
  virtual void deliver(StepContext& context, NodeId from, BytesView message) = 0;
  // The message may be used up. REQUIRES: its type is the process type's value_type().
  virtual void deliver_value(StepContext&, NodeId, MessageValue&) {
    throw std::logic_error("this process takes messages as bytes");
  }
  virtual void fire(StepContext& context, std::uint32_t timer) = 0;
  // Everything but the durable part returns to its default.
  virtual void crash() = 0;
  // The durable part, and its return to an earlier value.
  virtual void encode_durable(Writer&) const {}
  virtual void restore(BytesView) {}
  // The state itself, for limits; its type is the protocol's own.
  virtual const void* state() const = 0;
  // What properties may look at.
  virtual std::shared_ptr<const void> view() const = 0;
  // Equal exactly when the views are; unless a process says less, everything is in view.
  virtual void encode_view(Writer& writer) const { encode(writer); }
};

class ProcessType {
 public:
  virtual ~ProcessType() = default;
  virtual std::unique_ptr<Process> make() const = 0;
  // Throws DecodeError.
  virtual std::unique_ptr<Process> decode(Reader& reader) const = 0;
  virtual const Type& state_type() const = 0;
  virtual const std::vector<std::string_view>& timer_names() const = 0;
  // Of the durable part; null: there is none.
  virtual const Type* durable_type() const { return nullptr; }
  // The type of the messages that it sends and takes as values too (StepContext::keep_values);
  // null: it knows bytes only.
  virtual const Type* value_type() const { return nullptr; }
  // It says itself when its writes are safe, by `sync`.
  virtual bool syncs() const { return false; }
};

// A process with what the engine adds to it: is it up, which timers are armed, and what its disk
// may hold.
struct LocalState {
  enum class Status : std::uint8_t { unstarted, up, down };
  Status status = Status::unstarted;
  std::uint64_t timers = 0;
  std::unique_ptr<Process> process;
  // The versions of the durable state that a crash may leave besides the one that it has: oldest
  // first, each once, the safe one included. Empty: all is synced.
  std::vector<Bytes> unsynced{};
  Times times{};  // of those timers that run by a bounded clock

  LocalState copy() const { return {status, timers, process->clone(), unsynced, times}; }
};

Bytes encode_local(const LocalState& local);
LocalState decode_local(const ProcessType& type, BytesView bytes);
// The part of an encoded local state that is the process's own.
struct LocalParts {
  LocalState::Status status = LocalState::Status::unstarted;
  std::uint64_t timers = 0;
  std::vector<BytesView> unsynced{};
  Times times{};
  BytesView state;
};
LocalParts split_local(BytesView bytes);
Bytes join_local(const LocalParts& parts);

// An event as one process sees it.
struct LocalEvent {
  enum class Kind : std::uint8_t { start, deliver, timer, crash, restart };
  Kind kind = Kind::start;
  NodeId from;                    // deliver
  Bytes message;                  // deliver
  std::uint32_t timer = 0;        // timer
  MessageValue* value = nullptr;  // deliver: in place of the message's bytes
};

struct StepResult {
  enum class Fault : std::uint8_t { none, expectation, exception };
  Fault fault = Fault::none;
  std::string message;  // of the fault
  std::vector<Sent> sends;
  std::vector<Label> labels;
  std::vector<std::uint32_t> answers;         // choices, and the crash at a disk operation
  std::vector<std::uint32_t> options;         // of each choice: how many there were
  std::vector<DiskPoint> points;              // the disk operations that it got to
  std::vector<std::uint32_t> unsynced_sends;  // which of the sends left before writes were synced
  bool ignores_ticks = false;  // a timer has said how long it runs, and clocks are not bounded
};

// The step boundary: applies one event to a local state, in place, with scripted choices. A failed
// `expect` or an exception of the handler becomes a fault; the state is then unspecified.
StepResult run_event(LocalState& local, const LocalEvent& event, const StepContext::Place& place,
                     std::span<const std::uint32_t> script);

// The same where no clock is bounded and the script is empty, and what the step did stays in the
// context: for runs of many events. REQUIRES: the context has begun, and the event is no
// crash.
StepResult::Fault run_in_place(LocalState& local, const LocalEvent& event, StepContext& context,
                               std::string& message);

// The script after the one that the step had, in the order of an odometer; false when it was the
// last.
bool next_script(std::vector<std::uint32_t>& script, const StepResult& step);

}  // namespace gainsay
