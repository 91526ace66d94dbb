#include "protocols/dht/ring.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <set>
#include <tuple>

#include "engine/system.hpp"
#include "tests/any.hpp"

namespace gainsay::dht {
namespace {

// The plain reference: one sorted map from (position, tie) to name, walked.
class MapRing {
 public:
  explicit MapRing(const Ring& of) {
    for (const Ring::Member& member : of.members()) {
      const Ring alone({member}, of.options());
      for (const Ring::Point& point : alone.points())
        add(point.position, tie(member, of), member.name);
    }
  }
  std::vector<std::string> owners(Ring::Position position, std::size_t count) const {
    std::vector<std::string> found;
    auto at = places_.lower_bound({position, 0, ""});
    for (std::size_t step = 0; step < places_.size() && found.size() < count; ++step, ++at) {
      if (at == places_.end()) at = places_.begin();
      const std::string& name = std::get<2>(*at);
      if (std::ranges::find(found, name) == found.end()) found.push_back(name);
    }
    return found;
  }

 private:
  static std::uint64_t tie(const Ring::Member& member, const Ring& of) {
    return Ring({}, {.points = 1, .seed = of.options().seed}).position_of(member.name);
  }
  void add(Ring::Position position, std::uint64_t tie, const std::string& name) {
    places_.insert({position, tie, name});
  }
  std::set<std::tuple<Ring::Position, std::uint64_t, std::string>> places_;
};

std::vector<std::string> names(const Ring& ring, const std::vector<Ring::Index>& members) {
  std::vector<std::string> names;
  for (const Ring::Index index : members) names.push_back(ring.members()[index].name);
  return names;
}

std::vector<Ring::Member> any_members(std::size_t least) {
  const auto count = any<std::size_t>(least, 7);
  const auto first = any<int>(0, 40);
  std::vector<Ring::Member> members;
  for (std::size_t i = 0; i < count; ++i) {
    members.push_back({.name = "m" + std::to_string(static_cast<std::size_t>(first) + 7 * i % 40),
                       .weight = any<std::uint32_t>(1, 4)});
  }
  return members;
}
// Few bits, so that points collide.
Ring::Options any_options() {
  return {.points = any<std::uint32_t>(1, 5),
          .seed = any<std::uint64_t>(0, 3),
          .bits = any<unsigned>(1, 9)};
}
Ring::Position positions_of(const Ring& ring) { return Ring::Position{1} << ring.options().bits; }

TEST(Ring, IsWhatASortedMapIs) {
  EXPECT_TRUE(rc::check([] {
    const Ring ring(any_members(1), any_options());
    const MapRing plain(ring);
    const auto count = any<std::size_t>(1, 8);
    for (Ring::Position at = 0; at < positions_of(ring); ++at) {
      RC_ASSERT(names(ring, ring.owners(at, count)) == plain.owners(at, count));
      RC_ASSERT(ring.owner(at) == ring.owners(at, 1).front());
    }
  }));
}

TEST(Ring, IsTheSameInAnyOrderAndAfterAnyDetour) {
  EXPECT_TRUE(rc::check([] {
    std::vector<Ring::Member> members = any_members(2);
    const Ring::Options options = any_options();
    const Ring ring(members, options);
    std::ranges::reverse(members);
    RC_ASSERT(Ring(members, options) == ring);
    Ring grown({}, options);
    for (const Ring::Member& member : members) grown = grown.with({member.name, member.weight + 1});
    for (const Ring::Member& member : members) grown = grown.with(member);
    RC_ASSERT(grown.with({.name = "stranger", .weight = 2}).without("stranger") == ring);
  }));
}

// Whoever leaves takes nothing from the others, and nobody else's keys move.
TEST(Ring, RemovingAMemberMovesItsOwnKeysOnly) {
  EXPECT_TRUE(rc::check([] {
    const Ring ring(any_members(2), any_options());
    const std::string gone = ring.members()[any<std::size_t>(0, ring.members().size())].name;
    const Ring after = ring.without(gone);
    for (Ring::Position at = 0; at < positions_of(ring); ++at) {
      const std::string& owner = ring.members()[ring.owner(at)].name;
      if (owner != gone) RC_ASSERT(after.members()[after.owner(at)].name == owner);
    }
  }));
}

bool lies_in(Ring::Position at, const Arc& arc) {
  if (arc.after < arc.last) return arc.after < at && at <= arc.last;
  return at > arc.after || at <= arc.last;
}

TEST(Ring, HandoversAreWhatOwnersDifferBy) {
  EXPECT_TRUE(rc::check([] {
    const Ring::Options options = any_options();
    const Ring before(any_members(1), options);
    const Ring after(any_members(1), options);
    const auto replicas = any<std::size_t>(1, 4);
    const std::vector<Handover> all = handovers(before, after, replicas);
    for (Ring::Position at = 0; at < positions_of(before); ++at) {
      const auto owned = names(before, before.owners(at, replicas));
      const auto owns = names(after, after.owners(at, replicas));
      const std::set<std::string> old_set(owned.begin(), owned.end());
      const std::set<std::string> new_set(owns.begin(), owns.end());
      std::vector<std::string> from;
      std::vector<std::string> to;
      std::ranges::set_difference(old_set, new_set, std::back_inserter(from));
      std::ranges::set_difference(new_set, old_set, std::back_inserter(to));
      std::size_t arcs = 0;
      for (const Handover& handover : all) {
        if (!lies_in(at, handover.arc)) continue;
        ++arcs;
        RC_ASSERT(handover.from == from);
        RC_ASSERT(handover.to == to);
      }
      RC_ASSERT(arcs == (from.empty() && to.empty() ? 0U : 1U));
    }
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {  // the fewest
      const bool touch = all[i].arc.last == all[i + 1].arc.after;
      RC_ASSERT(!(touch && all[i].from == all[i + 1].from && all[i].to == all[i + 1].to));
    }
  }));
}

// No member has more than its bound, whatever the keys are, and the bound has room for all.
TEST(Ring, BoundedLoadsAreBounded) {
  EXPECT_TRUE(rc::check([] {
    const Ring ring(any_members(1), any_options());
    const LoadBound most{.numerator = any<std::uint64_t>(11, 20), .denominator = 10};
    std::uint64_t weights = 0;
    for (const Ring::Member& member : ring.members()) weights += member.weight;
    std::vector<std::uint64_t> loads(ring.members().size());
    const auto keys = any<std::uint64_t>(1, 200);
    for (std::uint64_t key = 0; key < keys; ++key) {
      const auto owner =
          ring.owner_if(ring.position_of(std::to_string(key)), [&](Ring::Index member) {
            return fits(loads[member], ring.members()[member].weight, key, weights, most);
          });
      RC_ASSERT(owner.has_value());
      ++loads[*owner];
    }
    for (std::size_t i = 0; i < loads.size(); ++i) {
      const double share =
          static_cast<double>(keys) * ring.members()[i].weight / static_cast<double>(weights);
      RC_ASSERT(static_cast<double>(loads[i]) <
                share * static_cast<double>(most.numerator) / 10 + 1);
    }
  }));
}

// Published by nobody else: these places are the contract, on any machine and with any compiler.
TEST(Ring, PlacesAreWhatTheyAlwaysWere) {
  const Ring ring({{.name = "n1"}, {.name = "n2"}, {.name = "n3"}});
  EXPECT_EQ(ring.position_of("apple"), Ring::Position{5871078790819449344});
  std::vector<std::string> owners;
  for (const char* key : {"apple", "pear", "plum"}) {
    owners.push_back(ring.members()[ring.owner(ring.position_of(key))].name);
  }
  EXPECT_EQ(owners, (std::vector<std::string>{"n3", "n2", "n1"}));
}

TEST(Ring, AThousandMembersShareTheKeysEvenly) {
  std::vector<Ring::Member> members;
  for (int i = 0; i < 1000; ++i) members.push_back({.name = "node-" + std::to_string(i)});
  const Ring ring(members);
  std::vector<double> share(members.size());
  Ring::Position last = ring.points().back().position;
  for (const Ring::Point& point : ring.points()) {  // arcs: the load of infinitely many keys
    share[point.member] += static_cast<double>(point.position - last) / 18446744073709551616.0;
    last = point.position;
  }
  const double mean = 1.0 / 1000;
  double variance = 0;
  for (const double one : share) variance += (one - mean) * (one - mean) / 1000;
  EXPECT_LT(std::sqrt(variance), 0.10 * mean);
}

TEST(Ring, WhatMakesNoSenseIsRefused) {
  EXPECT_THROW(Ring({{.name = "a"}, {.name = "a"}}), UsageError);
  EXPECT_THROW(Ring({{.name = "a", .weight = 0}}), UsageError);
  EXPECT_THROW(Ring({{.name = "a"}}, {.points = 0}), UsageError);
  EXPECT_THROW(Ring({{.name = "a"}}, {.bits = 0}), UsageError);
  EXPECT_THROW(Ring({{.name = "a"}}, {.bits = 65}), UsageError);
  EXPECT_THROW(Ring({{.name = "a", .weight = ~0U}}, {.points = ~0U}), UsageError);
}

}  // namespace
}  // namespace gainsay::dht
