// A walk beside the live world: at every step the same events are possible, and they do the same.
#include "explorer/hunt/walk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "engine/world.hpp"
#include "protocols/catalog.hpp"

namespace gainsay {
namespace {

using Inbox = std::vector<std::pair<NodeId, Bytes>>;

class Beside {
 public:
  Beside(const Model& model, std::uint64_t seed)
      : model_(model),
        evaluator_(model.system, {}),
        machine_(model.system, {}),
        walk_(machine_, evaluator_),
        random_(seed, Purpose::test) {}

  void run(std::size_t steps) {
    live_.emplace(model_.system);
    walk_.start(random_);
    const Path starts = walk_.path();
    walk_.begin();
    for (const Move move : starts) take(move);
    for (std::size_t i = 0; i < steps; ++i) {
      const std::vector<Move> moves = compare_events();
      compare_draws(moves);
      if (moves.empty() || ::testing::Test::HasFatalFailure()) return;
      const Move move = moves[random_.below(static_cast<std::uint32_t>(moves.size()))];
      if (walk_.transition(move).fault != 0) return;
      take(move);
      compare_worlds();
      ++taken;
    }
  }
  std::size_t taken = 0;

 private:
  Event event_of(Move move) { return machine_.event_of({move.actor}, walk_.transition(move)); }
  void take(Move move) {
    const Event event = event_of(move);
    ASSERT_EQ(live_->apply(event).status, Outcome::Status::applied)
        << describe(model_.system, event);
    walk_.pass(move);
  }
  // In async the live world lists what changes nothing, too.
  bool does_nothing(const Event& event) const {
    LiveWorld after(*live_);
    const Outcome outcome = after.apply(event);
    return outcome.step.fault == StepResult::Fault::none && after.hash() == live_->hash();
  }
  std::vector<Move> compare_events() {
    std::vector<Move> moves;
    for (const bool faults : {false, true}) {
      walk_.for_each_move(faults, [&](Move move) { moves.push_back(move); });
    }
    std::vector<Event> events;
    for (const Move move : moves) events.push_back(event_of(move));
    std::ranges::sort(events);
    const std::vector<Event> expected = live_->enabled();
    for (const Event& event : events) {
      EXPECT_TRUE(std::ranges::find(expected, event) != expected.end())
          << describe(model_.system, event);
    }
    for (const Event& event : expected) {
      if (std::ranges::find(events, event) != events.end()) continue;
      EXPECT_TRUE(does_nothing(event)) << describe(model_.system, event);
    }
    return moves;
  }
  // What is drawn sooner or later is what can be taken, and nothing else.
  void compare_draws(const std::vector<Move>& moves) {
    const auto input_of = [&](Move move) {
      return std::pair(move.actor, walk_.transition(move).input);
    };
    std::set<std::pair<std::uint8_t, Id>> possible, drawn;
    for (const Move move : moves) {
      if (!walk_.is_fault(move)) possible.insert(input_of(move));
    }
    Move move;
    for (int i = 0; i < 10'000 && walk_.may_draw() && drawn != possible; ++i) {
      if (walk_.draw(random_, move)) drawn.insert(input_of(move));
    }
    EXPECT_EQ(drawn, possible);
  }
  void compare_worlds() {
    for (std::uint8_t i = 0; i < model_.system.size(); ++i) {
      EXPECT_EQ(machine_.local(machine_.local_of(walk_.cell(i))).bytes, live_->local({i}));
      Inbox inbox;
      for (const Id envelope : walk_.inbox(i)) {
        inbox.emplace_back(machine_.sender_of(envelope), machine_.message_of(envelope));
      }
      Inbox expected;
      for (const auto& [message, count] : live_->inbox({i})) {
        expected.insert(expected.end(), count, message);
      }
      const bool fifo = model_.system.bounds.network == Network::fifo;
      if (fifo) {
        std::ranges::stable_sort(inbox, {}, [](const auto& one) { return one.first; });
      } else {
        std::ranges::sort(inbox);
        std::ranges::sort(expected);
      }
      EXPECT_EQ(inbox, expected);
    }
  }

  const Model& model_;
  Evaluator evaluator_;
  Machine machine_;
  Walk walk_;
  std::optional<LiveWorld> live_;
  RandomStream random_;
};

void walk_beside(const Model& model) {
  std::size_t taken = 0;
  for (std::uint64_t seed = 0; seed < 4 && !::testing::Test::HasFailure(); ++seed) {
    Beside beside(model, seed);
    for (int run = 0; run < 2; ++run) beside.run(25);  // in the second, some things are known
    taken += beside.taken;
  }
  EXPECT_GT(taken, 12U);
}

TEST(Walk, DoesWhatTheLiveWorldDoesInEveryDefaultSystem) {
  for (const CatalogEntry& entry : catalog()) {
    SCOPED_TRACE(entry.name);
    walk_beside(entry.make(entry.defaults));
  }
}

TEST(Walk, AndInTheScenariosOfBugs) {
  for (const CatalogEntry& entry : catalog()) {
    for (const Bug& bug : entry.bugs) {
      // One of each: a network, a budget or an adversary that the defaults lack.
      for (const char* id : {"P04b", "R12", "R10", "B15", "B24", "L07"}) {
        SCOPED_TRACE(bug.id);
        if (bug.id == id) walk_beside(entry.make(variant(bug)));
      }
    }
  }
}

TEST(Walk, AndUnderEveryFaultOfTheNetwork) {
  const CatalogEntry& entry = *find_system("two-phase-commit");
  for (const Across across : {Across::lost, Across::held}) {
    for (const Network network : {Network::unordered, Network::fifo}) {
      Configuration faults = entry.defaults;
      faults.bounds.network = network;
      faults.bounds.timeouts = 3;
      faults.bounds.crashes = faults.bounds.restarts = 2;
      faults.bounds.drops = 2;
      faults.bounds.duplicates = network == Network::unordered ? 2 : 0;
      faults.bounds.partitions = 1;
      faults.bounds.across = across;
      SCOPED_TRACE(describe(faults.bounds));
      walk_beside(entry.make(faults));
    }
  }
}

TEST(Walk, AndByTheClock) {
  const CatalogEntry& entry = *find_system("raft");
  Configuration leases = entry.defaults;
  leases.options = {{"lease", "1"}, {"election", "2"}, {"renewals", "1"}, {"propose", "1"}};
  leases.bounds.skew = 1;
  walk_beside(entry.make(leases));
}

// Every message is as likely as any other, however many do nothing.
TEST(Walk, ADrawIsFair) {
  const CatalogEntry& entry = *find_system("raft");
  const Model model = entry.make(entry.defaults);
  Evaluator evaluator(model.system, {});
  Machine machine(model.system, {});
  Walk walk(machine, evaluator);
  std::map<std::pair<std::uint8_t, Id>, int> drawn;
  constexpr int draws = 3000;
  Path path;
  RandomStream random(1);
  walk.start(random);
  for (int i = 0; i < 2; ++i) walk.take(*uniform_move(walk, random));
  path = walk.path();
  for (int i = 0; i < draws; ++i) {
    walk.follow(path);
    const Move move = *uniform_move(walk, random);
    ++drawn[{move.actor, walk.transition(move).input}];
  }
  std::size_t possible = 0;
  for (std::size_t actor = 0; actor < walk.actors(); ++actor) {
    walk.follow(path);
    walk.for_each_input(
        actor, [&](Id input) { possible += walk.move_of(actor, input, random) ? 1U : 0U; });
  }
  ASSERT_EQ(drawn.size(), possible);
  ASSERT_GT(possible, 1U);
  const int mean = draws / static_cast<int>(possible);
  for (const auto& [which, count] : drawn) {
    EXPECT_GT(count, mean * 3 / 4);
    EXPECT_LT(count, mean * 5 / 4);
  }
}

}  // namespace
}  // namespace gainsay
