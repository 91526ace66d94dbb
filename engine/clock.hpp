// Bounded clocks. Time is counted in ticks that pass at all processes at once, and a timer says how
// many of them it runs: the timed transition systems of Henzinger, Manna and Pnueli ("Temporal
// proof methodologies for timed transition systems", 1994). That time goes by whole ticks leaves
// nothing out: bounds that a timer may reach and must not pass have, in real time, no order of
// events that they have not in whole ticks (the same, "What good are digital clocks?", 1992).
//
// Clocks that run fast or slow are timers that run shorter or longer: by at most `skew` ticks each.
// No process can compare its clock with that of another, so how far the two are apart in the long
// run, which nothing bounds, is of no account.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace gainsay {

// How long a timer runs: it may fire once `least` ticks have passed, and must before more than
// `most` have. Where clocks are not bounded, and for a timer that does not say, any moment will do.
struct Ticks {
  static constexpr std::uint32_t unbounded = ~std::uint32_t{0};
  std::uint32_t least = 0;
  std::uint32_t most = unbounded;
  friend bool operator==(const Ticks&, const Ticks&) = default;
};
inline Ticks ticks(std::uint32_t least, std::uint32_t most) {
  return {.least = least, .most = most};
}
inline Ticks ticks(std::uint32_t exactly) { return ticks(exactly, exactly); }
inline Ticks at_least(std::uint32_t least) { return ticks(least, Ticks::unbounded); }

inline constexpr std::uint32_t ticks_max = 1000;

// A running timer, and what is left of its time. One that may fire at any moment is not listed.
struct TimeLeft {
  std::uint8_t timer = 0;
  Ticks left;
  friend bool operator==(const TimeLeft&, const TimeLeft&) = default;
};

// The running timers of one process, by number.
class Times {
 public:
  // Time begins anew. Throws std::logic_error when a bound is above ticks_max, or `most` is less
  // than `least`.
  void set(std::uint32_t timer, Ticks ticks, std::uint32_t skew);
  void clear(std::uint32_t timer);
  // Not yet, by its clock.
  bool holds_back(std::uint32_t timer) const;
  // It must fire before the next tick.
  bool is_due(std::uint32_t timer) const;
  bool has_due() const;
  // REQUIRES: no timer is due.
  void tick();

  const std::vector<TimeLeft>& all() const { return all_; }
  bool empty() const { return all_.empty(); }
  // For decoding. REQUIRES: in order, and none that may fire at any moment.
  void push_back(const TimeLeft& one) { all_.push_back(one); }
  friend bool operator==(const Times&, const Times&) = default;

 private:
  const TimeLeft* find(std::uint32_t timer) const;
  std::vector<TimeLeft> all_;
};

}  // namespace gainsay
