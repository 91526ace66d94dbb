// The faults of a run. Each run allows a random subset of the kinds that the
// budgets do, each with a random weight (swarm testing: Groce and others, ISSTA
// 2012), and has them often or rarely. A crash is likelier right after a step
// that changed what is durable, where it separates what a process has written
// from what others have heard of it.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "explorer/hunt/walk.hpp"

namespace gainsay {

class Swarm {
 public:
  void draw(const System& system, RandomStream& random);
  // A fault that comes now; mostly none.
  std::optional<Move> pick(const Walk& walk, RandomStream& random) {
    if (!any_) return std::nullopt;
    if (risky_ != Machine::npos) {
      const auto crash = crash_at_risk(walk, random);
      if (crash) return crash;
    }
    // Whoever is down comes back at a rate of its own.
    const std::uint32_t rate = walk.down() > 0 ? std::min(rate_, restart_rate_) : rate_;
    return random.below(rate) == 0 ? any(walk, random) : std::nullopt;
  }
  // One of those that are allowed, whatever the rate; for a run that is stuck.
  std::optional<Move> any(const Walk& walk, RandomStream& random) const;
  // Before and after a step of the walk.
  void before(const Walk& walk, Move move) {
    if (crash_bias_ > 0) remember(walk, move);
  }
  void after(const Walk& walk) {
    if (crash_bias_ > 0) compare(walk);
  }

 private:
  static constexpr std::size_t heal = budget_kinds;  // behind the kinds that have a budget
  static constexpr std::size_t kinds = budget_kinds + 1;
  std::size_t kind_of(const Walk& walk, Move move) const;
  void remember(const Walk& walk, Move move);
  void compare(const Walk& walk);
  std::optional<Move> crash_at_risk(const Walk& walk, RandomStream& random);

  std::array<std::uint32_t, kinds> weights_{};
  bool any_ = false;
  std::uint32_t rate_ = 1;          // one of so many steps is followed by a fault
  std::uint32_t restart_rate_ = 1;  // the same where a process is down
  std::uint32_t crash_bias_ = 0;    // of 16
  std::size_t stepped_ = Machine::npos;
  std::optional<std::uint64_t> durable_;  // of it: what a crash leaves
  std::size_t risky_ = Machine::npos;
};

}  // namespace gainsay
