// What one handler call may do, and the record of what it did. Not a template: Context<Node> is the
// thin typed face of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/bytes.hpp"
#include "engine/ids.hpp"

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

// How long a timer runs. The simulator draws from it; the explorer lets an armed timer fire at any
// moment, which is the strongest adversary.
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

// What a step tells the history or the observers.
struct Label {
  enum class Kind : std::uint8_t { invoke, respond, observe };
  Kind kind = Kind::invoke;
  Bytes value;  // operation, result, or the protocol's own label
  friend bool operator==(const Label&, const Label&) = default;
};

class StepContext {
 public:
  struct Place {
    NodeId self;
    std::uint32_t nodes = 0;      // servers; clients have the ids behind them
    std::uint32_t processes = 0;  // servers and clients
  };

  // `timers`: the armed ones, one bit each. `script`: answers to the first choices; 0 afterwards.
  StepContext(Place place, std::uint64_t timers, std::span<const std::uint32_t> script)
      : place_(place), timers_(timers), script_(script) {}

  const Place& place() const { return place_; }

  // Throws std::logic_error for a receiver outside the system.
  void send(NodeId to, Bytes message);
  // Timers have numbers below 64; throw std::logic_error for others.
  void set_timer(std::uint32_t timer) { timers_ |= bit(timer); }
  void clear_timer(std::uint32_t timer) { timers_ &= ~bit(timer); }
  bool armed(std::uint32_t timer) const { return (timers_ & bit(timer)) != 0; }
  // An answer below `options`; throws std::logic_error when `options` is 0 or the script's answer
  // does not fit.
  std::uint32_t choose(std::uint32_t options);
  void label(Label::Kind kind, Bytes value) {
    labels_.push_back({.kind = kind, .value = std::move(value)});
  }

  std::uint64_t timers() const { return timers_; }
  const std::vector<Sent>& sends() const { return sends_; }
  const std::vector<Label>& labels() const { return labels_; }
  const std::vector<std::uint32_t>& answers() const { return answers_; }
  const std::vector<std::uint32_t>& options() const { return options_; }

 private:
  static std::uint64_t bit(std::uint32_t timer) {
    if (timer >= 64) throw std::logic_error("a timer's enumerator is at most 63");
    return std::uint64_t{1} << timer;
  }
  Place place_;
  std::uint64_t timers_;
  std::span<const std::uint32_t> script_;
  std::vector<Sent> sends_;
  std::vector<Label> labels_;
  std::vector<std::uint32_t> answers_;
  std::vector<std::uint32_t> options_;  // of each answer: how many there were
};

}  // namespace gainsay
