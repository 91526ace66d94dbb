#include "protocols/balancer/pick.hpp"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "engine/system.hpp"

namespace gainsay::balancer {

namespace {

__extension__ typedef unsigned __int128 Wide;

// (a_open + 1) / a_weight against (b_open + 1) / b_weight, exactly.
bool is_less_loaded(std::uint64_t a_open, Weight a_weight, std::uint64_t b_open, Weight b_weight) {
  return Wide{a_open + 1} * b_weight < Wide{b_open + 1} * a_weight;
}

}  // namespace

// --- smooth weighted round robin ---

SmoothRoundRobin SmoothRoundRobin::of(std::span<const Weight> weights) {
  SmoothRoundRobin made;
  for (const Weight weight : weights) made.seats.push_back({.weight = weight});
  return made;
}

std::optional<Backend> SmoothRoundRobin::pick() {
  std::int64_t given = 0;
  std::size_t best = seats.size();
  for (std::size_t i = 0; i < seats.size(); ++i) {
    Seat& seat = seats[i];
    if (!seat.available || seat.weight == 0) continue;
    seat.credit += seat.weight;
    given += seat.weight;
    if (best == seats.size() || seat.credit > seats[best].credit) best = i;
  }
  if (best == seats.size()) return std::nullopt;
  seats[best].credit -= given;
  return static_cast<Backend>(best);
}

// --- least connections ---

namespace {

constexpr std::uint64_t whole = std::uint64_t{720'720} << 12;  // divisible by all up to 16
// Turns are counted more coarsely, so that 2^40 picks do not fill 64 bits.
constexpr unsigned turn_shift = 8;

std::uint64_t quotient_of(Weight weight) {
  if (weight > weight_max) throw UsageError("a weight of a backend is at most 2^20");
  return weight == 0 ? LeastConnections::never : whole / weight;
}

}  // namespace

LeastConnections LeastConnections::on(std::vector<Seat> seats) {
  LeastConnections made{.seats = std::move(seats), .rounds = {}};
  made.rounds.resize(2 * std::bit_ceil(std::max<std::size_t>(1, made.seats.size())));
  for (Backend i = 0; i < made.seats.size(); ++i) made.play(i);
  return made;
}

LeastConnections LeastConnections::of(std::span<const Weight> weights) {
  std::vector<Seat> seats(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) seats[i].quotient = quotient_of(weights[i]);
  return on(std::move(seats));
}

void LeastConnections::set_weight(Backend backend, Weight weight) {
  Seat& seat = seats[backend];
  const std::uint64_t quotient = quotient_of(weight);
  const bool comes = seat.available && seat.quotient == never && quotient != never;
  if (comes) miss_turns(seat);
  seat.quotient = quotient;
  play(backend);
}

LeastConnections::Entry LeastConnections::entry_of(Backend backend) const {
  const Seat& seat = seats[backend];
  if (!seat.available || seat.quotient == never) return {.backend = backend};
  return {.load = seat.open * seat.quotient, .turn = seat.turn, .backend = backend};
}

// The way up has one new player, who meets the winners of the other halves. Who wins is no better
// known than a coin, so it is computed and not branched on.
void LeastConnections::play(Backend backend) {
  std::size_t at = rounds.size() / 2 + backend;
  Entry winner = entry_of(backend);
  rounds[at] = winner;
  for (; at > 1; at /= 2) {
    const Entry& other = rounds[at ^ 1];
    const Wide mine = (Wide{winner.load} << 64) | winner.turn;
    const Wide its = (Wide{other.load} << 64) | other.turn;
    // Of equals the left one, which has the lower number, wins.
    const auto is_less = std::uint64_t{its < mine};
    const std::uint64_t loses =
        std::uint64_t{0} - (is_less | ((at & 1) & std::uint64_t{its == mine}));
    winner.load ^= (winner.load ^ other.load) & loses;
    winner.turn ^= (winner.turn ^ other.turn) & loses;
    winner.backend ^= (winner.backend ^ other.backend) & loses;
    rounds[at / 2] = winner;
  }
}

void LeastConnections::miss_turns(Seat& seat) const {
  if (rounds[1].load != never) seat.turn = std::max(seat.turn, rounds[1].turn);
}

void LeastConnections::set_available(Backend backend, bool available) {
  Seat& seat = seats[backend];
  if (available && !seat.available) miss_turns(seat);
  seat.available = available;
  play(backend);
}

std::optional<Backend> LeastConnections::pick() {
  const Entry best = rounds[1];
  if (best.load == never) return std::nullopt;
  const auto backend = static_cast<Backend>(best.backend);
  Seat& seat = seats[backend];
  ++seat.open;
  seat.turn += seat.quotient >> turn_shift;
  play(backend);
  return backend;
}

bool LeastConnections::release(Backend backend) {
  if (seats[backend].open == 0) return false;
  --seats[backend].open;
  play(backend);
  return true;
}

// --- two choices ---

Backend of_two(Backend first, Backend second, std::span<const std::uint64_t> open,
               std::span<const Weight> weights) {
  const bool takes_second =
      is_less_loaded(open[second], weights[second], open[first], weights[first]);
  return takes_second ? second : first;
}

// --- Maglev ---

namespace {

bool is_prime(std::uint32_t number) {
  if (number < 2) return false;
  for (std::uint64_t divisor = 2; divisor * divisor <= number; ++divisor) {
    if (number % divisor == 0) return false;
  }
  return true;
}

// A member goes through all places in an order of its own: from an offset on, by a step.
struct Walk {
  Backend backend = 0;
  Weight weight = 0;
  std::uint64_t place = 0;
  std::uint64_t step = 1;
};

std::vector<Walk> walks_of(std::span<const MaglevTable::Member> members, std::uint32_t size) {
  std::vector<Walk> walks;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::string_view name = members[i].name;
    if (members[i].weight == 0) continue;
    walks.push_back({.backend = static_cast<Backend>(i),
                     .weight = members[i].weight,
                     .place = XXH3_64bits_withSeed(name.data(), name.size(), 1) % size,
                     .step = XXH3_64bits_withSeed(name.data(), name.size(), 2) % (size - 1) + 1});
  }
  // In the order of names, so that the order in which members were listed is of no account.
  std::ranges::sort(walks, {}, [&](const Walk& walk) { return members[walk.backend].name; });
  return walks;
}

}  // namespace

MaglevTable::MaglevTable(std::span<const Member> members, std::uint32_t size) {
  if (!is_prime(size)) throw UsageError("the size of a Maglev table is a prime");
  std::vector<Walk> walks = walks_of(members, size);
  if (walks.size() > size) throw UsageError("a Maglev table has a place for each backend at least");
  constexpr Backend nobody = ~Backend{0};
  places_.assign(size, nobody);
  Weight most = 0;
  for (const Walk& walk : walks) most = std::max(most, walk.weight);
  // A turn is taken when a member's weight has added up to that of the heaviest.
  std::vector<std::uint64_t> due(walks.size());
  std::uint32_t left = walks.empty() ? 0 : size;
  while (left > 0) {
    for (std::size_t i = 0; i < walks.size() && left > 0; ++i) {
      due[i] += walks[i].weight;
      if (due[i] < most) continue;
      due[i] -= most;
      Walk& walk = walks[i];
      while (places_[walk.place] != nobody) walk.place = (walk.place + walk.step) % size;
      places_[walk.place] = walk.backend;
      --left;
    }
  }
}

}  // namespace gainsay::balancer
