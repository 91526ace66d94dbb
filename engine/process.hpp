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
  virtual void fire(StepContext& context, std::uint32_t timer) = 0;
  // Everything but the durable part returns to its default.
  virtual void crash() = 0;
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
};

// A process with what the engine adds to it: is it up, and which timers are armed.
struct LocalState {
  enum class Status : std::uint8_t { unstarted, up, down };
  Status status = Status::unstarted;
  std::uint64_t timers = 0;
  std::unique_ptr<Process> process;

  LocalState copy() const { return {status, timers, process->clone()}; }
};

Bytes encode_local(const LocalState& local);
LocalState decode_local(const ProcessType& type, BytesView bytes);
// The part of an encoded local state that is the process's own.
struct LocalParts {
  LocalState::Status status = LocalState::Status::unstarted;
  std::uint64_t timers = 0;
  BytesView state;
};
LocalParts split_local(BytesView bytes);

// An event as one process sees it.
struct LocalEvent {
  enum class Kind : std::uint8_t { start, deliver, timer, crash, restart };
  Kind kind = Kind::start;
  NodeId from;              // deliver
  Bytes message;            // deliver
  std::uint32_t timer = 0;  // timer
};

struct StepResult {
  enum class Fault : std::uint8_t { none, expectation, exception };
  Fault fault = Fault::none;
  std::string message;  // of the fault
  std::vector<Sent> sends;
  std::vector<Label> labels;
  std::vector<std::uint32_t> answers;
  std::vector<std::uint32_t> options;
};

// The step boundary: applies one event to a local state, in place, with scripted choices. A failed
// `expect` or an exception of the handler becomes a fault; the state is then unspecified.
StepResult run_event(LocalState& local, const LocalEvent& event, const StepContext::Place& place,
                     std::span<const std::uint32_t> script);

// The script after this one, in the order of an odometer; false when it was the last.
bool next_script(std::vector<std::uint32_t>& answers, const std::vector<std::uint32_t>& options);

}  // namespace gainsay
