// Consistent hashing (Karger et al., "Consistent Hashing and Random Trees", 1997): members lie at
// many points of a ring, and a key belongs to the member at the first point that is not before it.
//
// What is where is a function of the members' names and weights, and of the options, alone: neither
// the order in which they came nor what was there before matters, and the same holds for any
// machine and compiler. Point i of a member is the first `bits` bits of XXH3-64 (with `seed`) of
// its name followed by i in four bytes, the least significant first; a key's position is that of
// its bytes alone.
//
// Points that fall on one place all stay: the one whose (hash of the name, name) is least has it,
// and another has it again when that one leaves.
//
// A ring is a value. It is immutable, so any number of threads may read it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gainsay::dht {

class Ring {
 public:
  using Position = std::uint64_t;
  using Index = std::uint32_t;  // of a member, in `members()`

  struct Member {
    std::string name;
    std::uint32_t weight = 1;
    friend bool operator==(const Member&, const Member&) = default;
  };
  struct Options {
    std::uint32_t points = 160;  // of a member, for each unit of weight
    std::uint64_t seed = 0;
    unsigned bits = 64;  // of a position; few make collisions, for tests and models
    friend bool operator==(const Options&, const Options&) = default;
  };
  struct Point {
    Position position = 0;
    Index member = 0;
    friend bool operator==(const Point&, const Point&) = default;
  };

  // Throws UsageError: a name twice, a weight or a number of points of 0, more than 2^31 points in
  // all, not 1 to 64 bits.
  Ring(std::vector<Member> members, const Options& options);
  explicit Ring(std::vector<Member> members) : Ring(std::move(members), Options()) {}

  const std::vector<Member>& members() const { return members_; }  // by name
  std::optional<Index> find(std::string_view name) const;
  const std::vector<Point>& points() const { return points_; }  // in order
  const Options& options() const { return options_; }
  Position position_of(std::string_view key) const;

  // REQUIRES, as the next two: there is a member.
  Index owner(Position of) const { return points_[first_point(of)].member; }
  // The first so many distinct members from a position on, the owner first: the replicas of what
  // lies there. All members where there are fewer than asked for.
  std::vector<Index> owners(Position of, std::size_t count) const;
  // The first member from a position on that accepts; none when none does. With `fits` below this
  // is consistent hashing with bounded loads.
  template <class Accepts>
  std::optional<Index> owner_if(Position of, Accepts&& accepts) const;

  // The ring with one member more (in place of one of the same name), or less.
  Ring with(Member member) const;
  Ring without(std::string_view name) const;

  friend bool operator==(const Ring&, const Ring&) = default;

 private:
  struct Seat {  // a point, while it is put into order
    Position position = 0;
    std::uint64_t tie = 0;  // the hash of the member's name
    Index member = 0;       // in the order of names
    friend auto operator<=>(const Seat&, const Seat&) = default;
  };
  std::size_t first_point(Position of) const {
    const std::size_t bucket = of >> bucket_shift_;
    const auto begin = points_.begin();
    const auto end = begin + first_of_[bucket + 1];
    const auto at = std::partition_point(begin + first_of_[bucket], end,
                                         [of](const Point& point) { return point.position < of; });
    return at == points_.end() ? 0 : static_cast<std::size_t>(at - begin);
  }
  void add_seats(Index member, std::vector<Seat>& seats) const;
  void fill_buckets();

  Options options_;
  std::vector<Member> members_;
  std::vector<Point> points_;
  // As many buckets as points, by the first bits of a position: where the points of each begin.
  unsigned bucket_shift_ = 0;
  std::vector<std::uint32_t> first_of_;
};

// Whether a member of so much weight may take one key more, where each may have at most `most`
// (above one) times its share of all keys, rounded up. Source: Mirrokni, Thorup and Zadimoghaddam,
// "Consistent Hashing with Bounded Loads", 2018.
struct LoadBound {
  std::uint64_t numerator = 5;
  std::uint64_t denominator = 4;
};
bool fits(std::uint64_t load, std::uint64_t weight, std::uint64_t all_loads,
          std::uint64_t all_weights, const LoadBound& most);

// Positions from behind `after` up to and with `last`; the whole ring where both are the same.
struct Arc {
  Ring::Position after = 0;
  Ring::Position last = 0;
  friend bool operator==(const Arc&, const Arc&) = default;
};
// What lies in an arc comes to the members `to`, and goes from `from`, by name.
struct Handover {
  Arc arc;
  std::vector<std::string> from;
  std::vector<std::string> to;
  friend bool operator==(const Handover&, const Handover&) = default;
};
// What changes hands between two rings of the same options, where each key has so many replicas:
// the fewest arcs, in order, and nothing that stays where it was. REQUIRES: both have a member.
std::vector<Handover> handovers(const Ring& before, const Ring& after, std::size_t replicas);

template <class Accepts>
std::optional<Ring::Index> Ring::owner_if(Position of, Accepts&& accepts) const {
  std::vector<bool> asked(members_.size());
  std::size_t left = members_.size();
  for (std::size_t at = first_point(of); left > 0; at = at + 1 == points_.size() ? 0 : at + 1) {
    const Index member = points_[at].member;
    if (asked[member]) continue;
    if (accepts(member)) return member;
    asked[member] = true;
    --left;
  }
  return std::nullopt;
}

}  // namespace gainsay::dht
