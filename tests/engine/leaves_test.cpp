// States as lines: every value is there once, and the changes lead from one to the next.
#include "engine/leaves.hpp"

#include <gtest/gtest.h>

#include <map>
#include <variant>

#include "engine/containers.hpp"
#include "engine/reflect.hpp"

namespace gainsay {
namespace {

struct Entry {
  std::uint32_t term = 0;
  std::string value;
};
struct Idle {};
struct Busy {
  std::vector<std::string> with;
};
struct Durable {
  std::uint32_t term = 0;
  std::optional<NodeId> vote;
};
struct State {
  Durable durable;
  std::vector<Entry> log;
  flat_map<NodeId, std::uint32_t> next;
  flat_set<std::string> seen;
  PerNode<Entry> peers;
  std::variant<Idle, Busy> work;
};

std::string name(NodeId id) { return "n" + std::to_string(id.value + 1); }

using Lines = std::map<std::string, std::string>;
Lines lines(const State& state) {
  Lines found;
  for (const Leaf& leaf : leaves(type_of<State>(), encoded(state), name)) {
    EXPECT_TRUE(found.emplace(leaf.path, leaf.text).second) << leaf.path << " is there twice";
  }
  return found;
}

TEST(Leaves, TakeApartWhatIsNotShort) {
  State state;
  state.durable = {.term = 3, .vote = NodeId{1}};
  state.log = {{1, "a"}};
  state.next = {{NodeId{0}, 4}};
  state.peers.assign(2, Entry{2, "x"});
  const Lines found = lines(state);
  EXPECT_EQ(found.at("durable.term"), "3");
  EXPECT_EQ(found.at("durable.vote"), "n2");
  EXPECT_EQ(found.at("log"), "[Entry{term=1, value=\"a\"}]");
  EXPECT_EQ(found.at("next[n1]"), "4");
  EXPECT_EQ(found.at("seen"), "{}");
  EXPECT_EQ(found.at("peers[n2].value"), "\"x\"");
  EXPECT_EQ(found.at("work"), "Idle");

  for (std::uint32_t i = 0; i < 10; ++i) state.log.push_back({i, "a long enough value"});
  for (const char c : {'a', 'b'}) state.seen.insert(std::string(60, c));
  state.work = Busy{{std::string(120, 'z')}};
  const Lines longer = lines(state);
  EXPECT_FALSE(longer.contains("log"));
  EXPECT_EQ(longer.at("log[10].term"), "9");
  EXPECT_EQ(longer.at("seen{\"" + std::string(60, 'b') + "\"}"), "in");
  EXPECT_EQ(longer.at("work"), "Busy");
  EXPECT_EQ(longer.at("work.Busy.with[0]"), "\"" + std::string(120, 'z') + "\"");
}

// Applies changes as the page does.
void apply(Lines& lines, const std::vector<LeafChange>& changes) {
  for (const LeafChange& change : changes) {
    const auto at = lines.find(change.path);
    EXPECT_EQ(at != lines.end(), change.before.has_value()) << change.path;
    if (at != lines.end()) {
      EXPECT_EQ(at->second, *change.before);
    }
    if (change.after) {
      lines[change.path] = *change.after;
    } else {
      lines.erase(change.path);
    }
  }
}

TEST(Leaves, ChangesLeadFromOneStateToTheNext) {
  std::vector<State> states(1);
  const auto then = [&](const auto& change) {
    states.push_back(states.back());
    change(states.back());
  };
  then([](State& state) { state.durable.term = 1; });
  then([](State& state) { state.durable.vote = NodeId{2}; });
  then([](State& state) { state.next.emplace(NodeId{2}, 1); });
  then([](State& state) { state.peers.assign(3, Entry{}); });
  for (std::uint32_t i = 0; i < 8; ++i) {
    then([&](State& state) { state.log.push_back({i, "a value"}); });
  }
  then([](State& state) { state.work = Busy{{std::string(150, 'q')}}; });
  then([](State& state) { state.work = Busy{{"short"}}; });
  then([](State& state) { state.log.resize(1); });
  then([](State& state) { state = {}; });
  Lines now = lines(states.front());
  for (std::size_t i = 1; i < states.size(); ++i) {
    const auto changes =
        leaf_changes(type_of<State>(), encoded(states[i - 1]), encoded(states[i]), name);
    EXPECT_FALSE(changes.empty());
    apply(now, changes);
    EXPECT_EQ(now, lines(states[i])) << "step " << i;
  }
}

TEST(Leaves, OneMoreOfManyIsOneChange) {
  State before;
  for (std::uint32_t i = 0; i < 1000; ++i) before.log.push_back({i, "a value"});
  State after = before;
  after.log.push_back({7, "b"});
  const auto changes = leaf_changes(type_of<State>(), encoded(before), encoded(after), name);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].path, "log[1000].term");
  EXPECT_FALSE(changes[0].before.has_value());
}

}  // namespace
}  // namespace gainsay
