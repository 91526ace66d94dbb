// Which backend the next request goes to, as plain values that anybody can use: each algorithm is
// told which backends may be picked, and what they have to do. None reads a clock or a random
// number; where chance is part of an algorithm the caller brings it. Not thread-safe.
//
// Backends are the numbers below `size`. A weight of 0 is a backend that is never picked, as is one
// that is not available (down, draining, or full).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "protocols/balancer/index_set.hpp"

namespace gainsay::balancer {

using Backend = std::uint32_t;
using Weight = std::uint32_t;
constexpr Weight weight_max = Weight{1} << 20;  // where quotients of weights are compared

// In turn. Among k available backends any k picks in a row are k different ones, also where others
// came or went before: the turn belongs to a place, not to a count. O(log n) to the base 64.
struct RoundRobin {
  IndexSet available;
  std::uint64_t next = 0;

  static RoundRobin of(std::size_t size) { return {.available = IndexSet::below(size)}; }
  void set_available(Backend backend, bool is_available) {
    is_available ? available.insert(backend) : available.erase(backend);
  }
  std::optional<Backend> pick() {
    std::size_t picked = available.from(next);
    if (picked == IndexSet::none) picked = available.from(0);
    if (picked == IndexSet::none) return std::nullopt;
    next = picked + 1;
    return static_cast<Backend>(picked);
  }
};

// Smooth weighted round robin, as nginx has it since 1.3.1: each pick gives every available backend
// credit of its weight, and takes all that was given from the one that has most. In as many picks
// as the weights sum to, from the start, each backend is picked as often as its weight says; they
// are spread out, not in bursts. O(n); SmoothTournament picks the same among many.
struct SmoothRoundRobin {
  struct Seat {
    Weight weight = 0;
    bool available = true;
    std::int64_t credit = 0;
  };
  std::vector<Seat> seats;

  static SmoothRoundRobin of(std::span<const Weight> weights);
  void set_weight(Backend backend, Weight weight) { seats[backend].weight = weight; }
  // Who goes loses its credit or debt: coming back is no reason to be picked at once, or late.
  void set_available(Backend backend, bool available) {
    seats[backend].available = available;
    seats[backend].credit = 0;
  }
  std::optional<Backend> pick();
};

// Least connections, weighted: the backend for which open / weight is least; of several they take
// turns as their weights say, so that all are served where requests come one at a time. Who comes
// back has missed its turns. Quotients are compared to 32 bits, exactly where the weights divide
// 720,720. O(log n) to pick and to release.
struct LeastConnections {
  static constexpr std::uint64_t never = ~std::uint64_t{0};
  struct Seat {
    std::uint64_t open = 0;
    std::uint64_t turn = 0;      // the later, the more was picked for the weight
    std::uint64_t quotient = 0;  // what one connection weighs
    bool available = true;
  };
  // In the tournament: the least (load, turn) wins.
  struct Entry {
    std::uint64_t load = never;
    std::uint64_t turn = never;
    std::uint64_t backend = 0;
  };
  std::vector<Seat> seats;
  std::vector<Entry> rounds;  // [1] is the final, the second half the seats

  // Throws UsageError: a weight above 2^20.
  static LeastConnections of(std::span<const Weight> weights);
  // As it was with these seats, which are all that it knows.
  static LeastConnections on(std::vector<Seat> seats);
  void set_available(Backend backend, bool available);
  // Throws UsageError: a weight above 2^20.
  void set_weight(Backend backend, Weight weight);
  std::optional<Backend> pick();
  // A connection is closed, or was never opened. False when none was open: nothing is done then.
  bool release(Backend backend);
  std::uint64_t open(Backend backend) const { return seats[backend].open; }

  Entry entry_of(Backend backend) const;
  void miss_turns(Seat& seat) const;
  void play(Backend backend);  // the tournament anew, as this seat has changed
};

// The less loaded of two backends that chance has drawn (Mitzenmacher, "The Power of Two Choices in
// Randomized Load Balancing", 2001), by (open + 1) / weight; the first where both are the same.
Backend of_two(Backend first, Backend second, std::span<const std::uint64_t> open,
               std::span<const Weight> weights);

// Maglev's lookup table (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load
// Balancer", 2016, section 3.4): `size` places, a prime, each of which belongs to a backend. All
// backends get the same number of places, but for one, and few places change hands when a backend
// comes or goes. Weighted: a backend takes so many turns of those in which places are chosen.
// Throws UsageError where the size is no prime, or below the number of backends.
class MaglevTable {
 public:
  static constexpr std::uint32_t usual_size = 65537;
  struct Member {
    std::string_view name;
    Weight weight = 1;
  };
  explicit MaglevTable(std::span<const Member> members, std::uint32_t size = usual_size);
  // By the hash of whatever must stay with its backend. REQUIRES: there is a member with a weight.
  Backend pick(std::uint64_t hash) const { return places_[hash % places_.size()]; }
  const std::vector<Backend>& places() const { return places_; }

 private:
  std::vector<Backend> places_;
};

}  // namespace gainsay::balancer
