// What one handler call may do, and the record of what it did. Not a template: Context<Node> is the
// thin typed face of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "engine/bytes.hpp"
#include "engine/clock.hpp"
#include "engine/ids.hpp"
#include "engine/random.hpp"

namespace gainsay {

// A failed `expect`: a finding about the protocol, caught at the one step boundary (run_event).
class ExpectationFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The protocol author's assertion: a finding with a trace, in every build type.
inline void expect(bool condition, const char* why) {
  if (!condition) throw ExpectationFailed(why);
}

// How long a timer runs in real time, from which a simulator draws. The explorer lets an armed
// timer fire at any moment, which is the strongest adversary, unless clocks are bounded: see Ticks.
struct Duration {
  std::chrono::nanoseconds least{0};
  std::chrono::nanoseconds most{0};
};
inline Duration between(std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
  return {.least = least, .most = most};
}

struct Sent {
  NodeId to;
  Bytes message;  // encoding of the system's message type
  friend bool operator==(const Sent&, const Sent&) = default;
};

// A message that stays a value of the system's message type, as a simulation keeps it: it has no
// bytes until somebody asks for them.
class MessageValue {
 public:
  virtual ~MessageValue() = default;
  virtual void encode(Writer& writer) const = 0;
  virtual std::size_t size() const = 0;         // of its encoding
  virtual std::size_t alternative() const = 0;  // which of the message type's
  virtual std::unique_ptr<MessageValue> clone() const = 0;
};

struct SentValue {
  NodeId to;
  std::unique_ptr<MessageValue> message;
};

// What a step tells the history or the observers.
struct Label {
  enum class Kind : std::uint8_t { invoke, respond, observe };
  Kind kind = Kind::invoke;
  Bytes value;  // operation, result, or the protocol's own label
  friend bool operator==(const Label&, const Label&) = default;
};

// Where a handler that says itself when its writes are safe may crash: at a disk operation.
struct DiskPoint {
  std::uint32_t choices = 0;   // how many the handler had made
  std::uint32_t versions = 0;  // of the durable state that a crash may leave
  std::uint32_t least = 0;     // how many of them a crash loses at least that is not the first way
};

// A crash with what it costs of the writes that were not synced. In the answers of a step it stands
// behind the choices that came before it, as one number that no choice can be.
struct DiskCrash {
  std::uint32_t at = 0;    // which point of the handler, from 1 on; 0: none
  std::uint32_t lost = 0;  // how many of the last writes
  friend bool operator==(const DiskCrash&, const DiskCrash&) = default;
};
inline constexpr std::uint32_t disk_points_max = 0x7ff;
inline constexpr std::uint32_t versions_max = 0xfffff;
// The crash that the answers end with.
DiskCrash crash_of(std::span<const std::uint32_t> answers);
// The choices before it.
std::span<const std::uint32_t> choices_of(std::span<const std::uint32_t> answers);
void add_crash(std::vector<std::uint32_t>& answers, DiskCrash crash);

// A timer that was set, and how long it runs.
struct TimerSet {
  std::uint32_t timer = 0;
  Duration duration;
};

class Process;

class StepContext {
 public:
  struct Place {
    NodeId self;
    std::uint32_t nodes = 0;              // servers; clients have the ids behind them
    std::uint32_t processes = 0;          // servers and clients
    bool unsynced = false;                // writes are safe when they are synced, and not before
    std::optional<std::uint32_t> skew{};  // of bounded clocks; none: timers fire at any moment
  };

  // `timers`: the armed ones, one bit each. `script`: answers to the first choices; 0 afterwards.
  StepContext(Place place, std::uint64_t timers, std::span<const std::uint32_t> script)
      : place_(place),
        timers_(timers),
        script_(choices_of(script)),
        scripted_crash_(crash_of(script)) {}

  const Place& place() const { return place_; }

  // As new, but for the memory it has: choices behind the script's are drawn, where somebody draws.
  void begin(Place place, std::uint64_t timers, RandomStream* draws);

  // Throws std::logic_error for a receiver outside the system.
  void send(NodeId to, Bytes message);
  // From here on what is sent is kept as values, all of one type. REQUIRES: writes are safe at
  // once.
  void keep_values() { keeps_values_ = true; }
  bool keeps_values() const { return keeps_values_; }
  void send_value(NodeId to, std::unique_ptr<MessageValue> message);
  // One that is not needed any more, whose memory the next may use; null: there is none.
  std::unique_ptr<MessageValue> spare() {
    if (spare_.empty()) return nullptr;
    std::unique_ptr<MessageValue> last = std::move(spare_.back());
    spare_.pop_back();
    return last;
  }
  void give_back(std::unique_ptr<MessageValue> message) { spare_.push_back(std::move(message)); }
  // Timers have numbers below 64; throw std::logic_error for others.
  void set_timer(std::uint32_t timer, Duration duration = {}, Ticks ticks = {}) {
    timers_ |= bit(timer);
    set_.push_back({.timer = timer, .duration = duration});
    if (place_.skew) {
      times_.set(timer, ticks, *place_.skew);
    } else {
      ignores_ticks_ = ignores_ticks_ || ticks != Ticks{};
    }
  }
  void clear_timer(std::uint32_t timer) {
    timers_ &= ~bit(timer);
    if (!times_.empty()) times_.clear(timer);
  }
  bool armed(std::uint32_t timer) const { return (timers_ & bit(timer)) != 0; }
  // An answer below `options`; throws std::logic_error when `options` is 0 or the script's answer
  // does not fit.
  std::uint32_t choose(std::uint32_t options);
  void label(Label::Kind kind, Bytes value);

  // From here on writes are kept apart: `versions` are those that a crash may leave, oldest first;
  // the last is what the process has. It may crash at its disk operations only if `may_crash`.
  void use_disk(const Process& process, std::vector<Bytes> versions, bool may_crash);
  // What the durable state is now is one write, which follows those before it.
  void write();
  // Makes all writes so far safe, what was changed since the last one included.
  void sync();
  // Behind the handler: what it has changed since the last write is one more.
  void end_writes();
  bool crashed() const { return crashed_; }
  const std::vector<Bytes>& versions() const { return versions_; }
  const std::vector<DiskPoint>& points() const { return points_; }
  const std::vector<std::uint32_t>& unsynced_sends() const { return unsynced_sends_; }

  std::uint64_t timers() const { return timers_; }
  // Each time that a timer was set, in order.
  const std::vector<TimerSet>& set() const { return set_; }
  // Writes were made safe, or would have been where they are not at once.
  bool synced() const { return synced_; }
  // What is left of the time of running timers, those from before the handler included.
  void run_timers(Times times) { times_ = std::move(times); }
  const Times& times() const { return times_; }
  // A timer has said how long it runs, and clocks are not bounded.
  bool ignores_ticks() const { return ignores_ticks_; }
  const std::vector<Sent>& sends() const { return sends_; }
  std::vector<Sent>& sends() { return sends_; }
  std::vector<SentValue>& sent_values() { return sent_values_; }
  const std::vector<Label>& labels() const { return labels_; }
  const std::vector<std::uint32_t>& answers() const { return answers_; }
  const std::vector<std::uint32_t>& options() const { return options_; }

 private:
  static std::uint64_t bit(std::uint32_t timer) {
    if (timer >= 64) throw std::logic_error("a timer's enumerator is at most 63");
    return std::uint64_t{1} << timer;
  }
  struct Crashed {};
  void stop_if_crashed() const {
    if (crashed_) throw Crashed{};  // a handler that catches everything gets no further
  }
  void require_receiver(NodeId to) const;
  bool add_version();
  void pass_point();

  Place place_;
  std::uint64_t timers_;
  Times times_;
  bool ignores_ticks_ = false;
  std::span<const std::uint32_t> script_;
  RandomStream* draws_ = nullptr;  // null: choices behind the script's are 0
  bool synced_ = false;
  DiskCrash scripted_crash_;
  const Process* process_ = nullptr;  // null: writes are safe at once
  bool may_crash_ = false;
  bool crashed_ = false;
  bool moved_ = false;  // something was sent or told since the last point
  std::vector<TimerSet> set_;
  std::vector<Bytes> versions_;
  std::vector<DiskPoint> points_;
  std::vector<std::uint32_t> unsynced_sends_;  // places in sends_
  std::vector<Sent> sends_;
  bool keeps_values_ = false;
  std::vector<SentValue> sent_values_;  // in place of sends_
  std::vector<std::unique_ptr<MessageValue>> spare_;
  std::vector<Label> labels_;
  std::vector<std::uint32_t> answers_;
  std::vector<std::uint32_t> options_;  // of each answer: how many there were
};

}  // namespace gainsay
