#include "protocols/dht/ring.hpp"

#include <xxhash.h>

#include <bit>
#include <tuple>
#include <utility>

#include "engine/system.hpp"

namespace gainsay::dht {

namespace {

__extension__ typedef unsigned __int128 Wide;

constexpr std::uint64_t points_max = std::uint64_t{1} << 31;

std::uint64_t hash_of(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

void validate(const std::vector<Ring::Member>& members, const Ring::Options& options) {
  if (options.bits < 1 || options.bits > 64) throw UsageError("a ring has 1 to 64 bits");
  if (options.points == 0) throw UsageError("a member of a ring has at least one point");
  std::uint64_t points = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Ring::Member& member = members[i];
    if (i > 0 && member.name == members[i - 1].name) {
      throw UsageError("\"" + member.name + "\" is twice in a ring");
    }
    if (member.weight == 0) throw UsageError("\"" + member.name + "\" has no weight");
    points +=
        std::uint64_t{member.weight} * options.points;  // each below 2^64, caught before a sum is
    if (points > points_max) throw UsageError("a ring has at most 2^31 points");
  }
}

}  // namespace

Ring::Ring(std::vector<Member> members, const Options& options)
    : options_(options), members_(std::move(members)) {
  std::ranges::sort(members_, {}, &Member::name);
  validate(members_, options_);
  std::vector<Seat> seats;
  for (Index i = 0; i < members_.size(); ++i) add_seats(i, seats);
  std::ranges::sort(seats);
  points_.reserve(seats.size());
  for (const Seat& seat : seats) {
    points_.push_back({.position = seat.position, .member = seat.member});
  }
  fill_buckets();
}

void Ring::add_seats(Index member, std::vector<Seat>& seats) const {
  const Member& of = members_[member];
  std::string bytes = of.name;
  const std::uint64_t tie = hash_of(bytes, options_.seed);
  bytes.resize(of.name.size() + 4);
  const auto count = static_cast<std::uint32_t>(of.weight * std::uint64_t{options_.points});
  for (std::uint32_t i = 0; i < count; ++i) {
    for (unsigned k = 0; k < 4; ++k) {
      bytes[of.name.size() + k] = static_cast<char>(static_cast<std::uint8_t>(i >> (8 * k)));
    }
    seats.push_back({.position = position_of(bytes), .tie = tie, .member = member});
  }
}

void Ring::fill_buckets() {
  const unsigned wanted = static_cast<unsigned>(std::bit_width(points_.size()));
  const unsigned bits = std::clamp(wanted, 1U, options_.bits);
  bucket_shift_ = options_.bits - bits;
  first_of_.assign((std::size_t{1} << bits) + 1, static_cast<std::uint32_t>(points_.size()));
  for (std::size_t i = points_.size(); i-- > 0;) {
    first_of_[points_[i].position >> bucket_shift_] = static_cast<std::uint32_t>(i);
  }
  for (std::size_t bucket = first_of_.size() - 1; bucket-- > 0;) {
    first_of_[bucket] = std::min(first_of_[bucket], first_of_[bucket + 1]);
  }
}

std::optional<Ring::Index> Ring::find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(members_, name, {}, &Member::name);
  if (at == members_.end() || at->name != name) return std::nullopt;
  return static_cast<Index>(at - members_.begin());
}

Ring::Position Ring::position_of(std::string_view key) const {
  return hash_of(key, options_.seed) >> (64 - options_.bits);
}

std::vector<Ring::Index> Ring::owners(Position of, std::size_t count) const {
  const std::size_t most = std::min(count, members_.size());
  std::vector<Index> found;
  found.reserve(most);
  for (std::size_t at = first_point(of); found.size() < most;
       at = at + 1 == points_.size() ? 0 : at + 1) {
    const Index member = points_[at].member;
    if (std::ranges::find(found, member) == found.end()) found.push_back(member);
  }
  return found;
}

Ring Ring::with(Member member) const {
  std::vector<Member> members = without(member.name).members_;
  members.push_back(std::move(member));
  return Ring(std::move(members), options_);
}

Ring Ring::without(std::string_view name) const {
  std::vector<Member> members = members_;
  std::erase_if(members, [&](const Member& member) { return member.name == name; });
  return Ring(std::move(members), options_);
}

bool fits(std::uint64_t load, std::uint64_t weight, std::uint64_t all_loads,
          std::uint64_t all_weights, const LoadBound& most) {
  // load + 1 <= ceil(most * (all_loads + 1) * weight / all_weights)
  const Wide share = Wide{all_loads + 1} * weight * most.numerator;
  const Wide whole = Wide{all_weights} * most.denominator;
  return Wide{load} * whole < share;
}

namespace {

// The names of the members that only `these` has.
std::vector<std::string> only_in(const Ring& ring, const std::vector<Ring::Index>& these,
                                 const std::vector<std::string>& others) {
  std::vector<std::string> names;
  for (const Ring::Index index : these) {
    const std::string& name = ring.members()[index].name;
    if (std::ranges::find(others, name) == others.end()) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> names_of(const Ring& ring, const std::vector<Ring::Index>& members) {
  std::vector<std::string> names;
  for (const Ring::Index index : members) names.push_back(ring.members()[index].name);
  return names;
}

}  // namespace

std::vector<Handover> handovers(const Ring& before, const Ring& after, std::size_t replicas) {
  std::vector<Ring::Position> ends;
  for (const Ring* ring : {&before, &after}) {
    for (const Ring::Point& point : ring->points()) ends.push_back(point.position);
  }
  std::ranges::sort(ends);
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  std::vector<Handover> all;
  Ring::Position last = ends.back();
  // Between two neighbouring points of either ring all positions have the same owners.
  for (const Ring::Position end : ends) {
    const std::vector<Ring::Index> old_owners = before.owners(end, replicas);
    const std::vector<Ring::Index> new_owners = after.owners(end, replicas);
    Handover handover{.arc = {.after = std::exchange(last, end), .last = end},
                      .from = only_in(before, old_owners, names_of(after, new_owners)),
                      .to = only_in(after, new_owners, names_of(before, old_owners))};
    if (handover.from.empty() && handover.to.empty()) continue;
    const bool goes_on = !all.empty() && all.back().arc.last == handover.arc.after &&
                         all.back().from == handover.from && all.back().to == handover.to;
    if (goes_on) {
      all.back().arc.last = end;
    } else {
      all.push_back(std::move(handover));
    }
  }
  // The first arc comes around from the last point.
  if (all.size() > 1 && all.back().arc.last == all.front().arc.after &&
      all.back().from == all.front().from && all.back().to == all.front().to) {
    all.front().arc.after = all.back().arc.after;
    all.pop_back();
  }
  return all;
}

}  // namespace gainsay::dht
