// Smooth weighted round robin for many backends: the picks of SmoothRoundRobin,
// one by one, without asking every backend each time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "protocols/balancer/pick.hpp"

namespace gainsay::balancer {

// Between two picks a backend's credit grows with its weight, so who has most
// is the highest of straight lines over the number of picks: a kinetic
// tournament (Basch, Guibas and Hershberger, "Data Structures for Mobile Data",
// 1999). Each match knows until when its winner stays ahead, and only what has
// run out, and the way up from who was picked, is played again: O(log n)
// matches a pick and few more. Not thread-safe.
class SmoothTournament {
 public:
  static SmoothTournament of(std::span<const Weight> weights);
  void set_weight(Backend backend, Weight weight);
  // As with SmoothRoundRobin, who goes or comes begins without credit.
  void set_available(Backend backend, bool available);
  std::optional<Backend> pick();

 private:
  static constexpr std::uint64_t for_ever = ~std::uint64_t{0};
  static constexpr Backend nobody = ~Backend{0};
  struct Seat {
    Weight weight = 0;
    bool available = true;
    std::int64_t credit = 0;  // after `since` picks
    std::uint64_t since = 0;
  };
  struct Match {
    Backend winner = nobody;
    std::uint64_t until = for_ever;  // the last pick for which it, and all below, are right
  };

  bool takes_part(const Seat& seat) const { return seat.available && seat.weight > 0; }
  std::int64_t credit(const Seat& seat) const {
    return seat.credit + std::int64_t{seat.weight} * static_cast<std::int64_t>(picks_ - seat.since);
  }
  void change(Backend backend, const Seat& after);
  void play(std::size_t at);
  void play_up_from(Backend backend);
  void play_what_has_run_out(std::size_t at);
  std::uint64_t ahead_until(Backend winner, Backend other) const;

  std::vector<Seat> seats_;
  std::vector<Match> matches_;  // [1] is the final, the second half the seats
  std::uint64_t picks_ = 0;
  std::int64_t given_ = 0;  // the sum of the weights that take part
};

}  // namespace gainsay::balancer
