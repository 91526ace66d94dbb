// Looking up the owner of a key among 1,000 members with 160 points each: our ring beside a plain
// sorted map, from the key's bytes on. `--benchmark_repetitions=9` for medians.
#include <benchmark/benchmark.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "protocols/dht/ring.hpp"

namespace gainsay::dht {
namespace {

constexpr int members_count = 1000;
constexpr std::size_t keys_count = std::size_t{1} << 16;

const Ring& ring() {
  static const Ring of_all = [] {
    std::vector<Ring::Member> members;
    for (int i = 0; i < members_count; ++i)
      members.push_back({.name = "node-" + std::to_string(i)});
    return Ring(members);
  }();
  return of_all;
}

// As session ids are: 16 random letters, met in no order.
const std::vector<std::string>& keys() {
  static const std::vector<std::string> all = [] {
    std::mt19937_64 random(1);
    std::vector<std::string> made(keys_count);
    for (std::string& key : made) {
      for (int i = 0; i < 16; ++i) key.push_back(static_cast<char>('a' + random() % 26));
    }
    return made;
  }();
  return all;
}

template <class Owner>
void look_up(benchmark::State& state, Owner&& owner) {
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(owner(keys()[i]));
    i = (i + 1) % keys_count;
  }
}

void of_ring(benchmark::State& state) {
  look_up(state, [](const std::string& key) { return ring().owner(ring().position_of(key)); });
}
BENCHMARK(of_ring);

void of_sorted_map(benchmark::State& state) {
  static const std::map<Ring::Position, Ring::Index> map = [] {
    std::map<Ring::Position, Ring::Index> made;
    for (const Ring::Point& point : ring().points()) made.emplace(point.position, point.member);
    return made;
  }();
  look_up(state, [](const std::string& key) {
    const auto at = map.lower_bound(ring().position_of(key));
    return at == map.end() ? map.begin()->second : at->second;
  });
}
BENCHMARK(of_sorted_map);

void three_owners_of_ring(benchmark::State& state) {
  look_up(state,
          [](const std::string& key) { return ring().owners(ring().position_of(key), 3).back(); });
}
BENCHMARK(three_owners_of_ring);

void one_member_leaves(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ring().without("node-500"));
}
BENCHMARK(one_member_leaves);

}  // namespace
}  // namespace gainsay::dht
