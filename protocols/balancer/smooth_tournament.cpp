#include "protocols/balancer/smooth_tournament.hpp"

#include <algorithm>
#include <bit>

namespace gainsay::balancer {

SmoothTournament SmoothTournament::of(std::span<const Weight> weights) {
  SmoothTournament made;
  made.seats_.resize(weights.size());
  const std::size_t half = std::bit_ceil(std::max<std::size_t>(1, weights.size()));
  made.matches_.resize(2 * half);
  for (Backend i = 0; i < weights.size(); ++i) {
    made.seats_[i].weight = weights[i];
    made.given_ += weights[i];
    if (weights[i] > 0) made.matches_[half + i].winner = i;
  }
  for (std::size_t at = half; at-- > 1;) made.play(at);
  return made;
}

void SmoothTournament::set_weight(Backend backend, Weight weight) {
  Seat after = seats_[backend];
  // Who does not take part gets nothing, and keeps what it has.
  if (takes_part(after)) after.credit = credit(after);
  after.weight = weight;
  change(backend, after);
}

void SmoothTournament::set_available(Backend backend, bool available) {
  Seat after = seats_[backend];
  after.available = available;
  after.credit = 0;
  change(backend, after);
}

void SmoothTournament::change(Backend backend, const Seat& after) {
  Seat& seat = seats_[backend];
  if (takes_part(seat)) given_ -= seat.weight;
  seat = after;
  seat.since = picks_;
  if (takes_part(seat)) given_ += seat.weight;
  matches_[matches_.size() / 2 + backend].winner = takes_part(seat) ? backend : nobody;
  play_up_from(backend);
}

std::optional<Backend> SmoothTournament::pick() {
  if (matches_[1].winner == nobody) return std::nullopt;
  ++picks_;
  play_what_has_run_out(1);
  const Backend picked = matches_[1].winner;
  Seat& seat = seats_[picked];
  seat.credit = credit(seat) - given_;
  seat.since = picks_;
  play_up_from(picked);
  return picked;
}

void SmoothTournament::play_up_from(Backend backend) {
  for (std::size_t at = (matches_.size() / 2 + backend) / 2; at > 0; at /= 2) play(at);
}

void SmoothTournament::play_what_has_run_out(std::size_t at) {
  if (matches_[at].until >= picks_) return;
  play_what_has_run_out(2 * at);
  play_what_has_run_out(2 * at + 1);
  play(at);
}

// REQUIRES: the two matches below are right for this pick.
void SmoothTournament::play(std::size_t at) {
  const Match& left = matches_[2 * at];
  const Match& right = matches_[2 * at + 1];
  Match played{.winner = left.winner, .until = std::min(left.until, right.until)};
  if (left.winner == nobody || right.winner == nobody) {
    if (left.winner == nobody) played.winner = right.winner;
  } else {
    // Of equals the left one, which has the lower number, wins.
    const bool right_wins = credit(seats_[right.winner]) > credit(seats_[left.winner]);
    played.winner = right_wins ? right.winner : left.winner;
    const Backend other = right_wins ? left.winner : right.winner;
    played.until = std::min(played.until, ahead_until(played.winner, other));
  }
  matches_[at] = played;
}

std::uint64_t SmoothTournament::ahead_until(Backend winner, Backend other) const {
  const Seat& ahead = seats_[winner];
  const Seat& behind = seats_[other];
  if (behind.weight <= ahead.weight) return for_ever;
  const auto gap = static_cast<std::uint64_t>(credit(ahead) - credit(behind));
  const std::uint64_t gain = behind.weight - ahead.weight;
  // In how many picks at the latest the other one is not ahead yet: of equals
  // the lower number is.
  return picks_ + (other < winner ? (gap - 1) / gain : gap / gain);
}

}  // namespace gainsay::balancer
