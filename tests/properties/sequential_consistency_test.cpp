// Sequential consistency of client histories against every interleaving, on random small programs
// and on histories whose answer is known.
#include "properties/sequential_consistency.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/random.hpp"
#include "properties/sequential_models.hpp"
#include "tests/sanitized.hpp"

namespace gainsay {
namespace {

using Operation = reg::Model::Operation;
using Result = reg::Model::Result;
using Results = std::vector<std::vector<Bytes>>;  // by client, of the whole programs

// The results of every interleaving of the programs.
void interleave(const Programs& programs, const std::optional<std::string>& value,
                const Results& results, std::vector<Results>& all) {
  bool ended = true;
  for (std::size_t client = 0; client < programs.size(); ++client) {
    const std::size_t next = results[client].size();
    if (next == programs[client].size()) continue;
    ended = false;
    std::optional<std::string> after = value;
    Results more = results;
    const auto operation = decoded<Operation>(programs[client][next]);
    more[client].push_back(encoded(reg::Model::apply(after, operation)));
    interleave(programs, after, more, all);
  }
  if (ended) all.push_back(results);
}

bool agrees(const History& history, const Results& results) {
  for (std::size_t client = 0; client < history.clients.size(); ++client) {
    const auto& operations = history.clients[client];
    for (std::size_t i = 0; i < operations.size(); ++i) {
      if (operations[i].result && *operations[i].result != results[client][i]) return false;
    }
  }
  return true;
}

Operation any_operation(RandomStream& random) {
  if (random.chance(1, 2)) return reg::Get{};
  return reg::Put{random.chance(1, 2) ? "a" : "b"};
}

// What some interleaving gives, or now and then something else.
Bytes any_result(RandomStream& random, const Bytes& operation, const Bytes& expected) {
  if (random.chance(4, 5) || decoded<Operation>(operation).index() == 0) return expected;
  return encoded(Result(reg::Value{random.chance(1, 2) ? "a" : "b"}));
}

TEST(SequentialConsistency, IsThatSomeInterleavingGivesTheResults) {
  std::uint64_t violated = 0;
  const std::uint64_t runs = is_sanitized() ? 200 : 2'000;
  for (std::uint64_t seed = 0; seed < runs; ++seed) {
    RandomStream random(seed, Purpose::test);
    Programs programs(1 + random.below(3));
    for (auto& program : programs) {
      for (std::uint32_t i = 1 + random.below(2); i > 0; --i) {
        program.push_back(encoded(any_operation(random)));
      }
    }
    std::vector<Results> all;
    interleave(programs, {}, Results(programs.size()), all);
    const Results& one = all[random.below(static_cast<std::uint32_t>(all.size()))];
    History history;
    history.clients.resize(programs.size());
    bool held = true;
    for (int i = 0; i < 8; ++i) {
      const std::size_t client = random.below(static_cast<std::uint32_t>(programs.size()));
      auto& operations = history.clients[client];
      const bool open = !operations.empty() && !operations.back().result;
      if (open) {
        const std::size_t at = operations.size() - 1;
        record(history, client,
               {Label::Kind::respond, any_result(random, programs[client][at], one[client][at])});
      } else if (operations.size() < programs[client].size()) {
        record(history, client, {Label::Kind::invoke, programs[client][operations.size()]});
      }
      const bool holds =
          is_sequentially_consistent(history, sequential_object<reg::Model>(), programs);
      ASSERT_EQ(holds, std::ranges::any_of(
                           all, [&](const Results& results) { return agrees(history, results); }))
          << seed;
      ASSERT_TRUE(held || !holds) << seed << ": what was violated stays so";
      held = holds;
    }
    if (!held) ++violated;
  }
  EXPECT_GT(violated, runs / 20);
  EXPECT_GT(runs - violated, runs / 20);
}

// --- histories whose answer is known ---

class Recorded {
 public:
  explicit Recorded(std::vector<std::vector<Operation>> programs) : programs_(programs.size()) {
    for (std::size_t i = 0; i < programs.size(); ++i) {
      for (const Operation& one : programs[i]) programs_[i].push_back(encoded(one));
    }
    history_.clients.resize(programs.size());
  }
  Recorded& invoke(std::size_t client) {
    const Bytes& operation = programs_[client][history_.clients[client].size()];
    record(history_, client, {Label::Kind::invoke, operation});
    return *this;
  }
  Recorded& respond(std::size_t client, const Result& result) {
    record(history_, client, {Label::Kind::respond, encoded(result)});
    return *this;
  }
  bool holds() const {
    return is_sequentially_consistent(history_, sequential_object<reg::Model>(), programs_);
  }
  bool is_linearizable() const {
    return gainsay::is_linearizable(history_, sequential_object<reg::Model>());
  }

 private:
  Programs programs_;
  History history_;
};

TEST(SequentialConsistency, RealTimeBetweenClientsDoesNotCount) {
  Recorded stale({{reg::Put{"a"}}, {reg::Get{}}});
  stale.invoke(0).respond(0, reg::Done{}).invoke(1).respond(1, reg::Value{});
  EXPECT_TRUE(stale.holds());
  EXPECT_FALSE(stale.is_linearizable());
}

TEST(SequentialConsistency, AClientsOwnOrderDoes) {
  Recorded forgets({{reg::Put{"a"}, reg::Get{}}});
  forgets.invoke(0).respond(0, reg::Done{}).invoke(0).respond(0, reg::Value{});
  EXPECT_FALSE(forgets.holds());
}

// A read of what is written later only: another client may still write it, so it is no violation
// yet; it is one where no program does.
TEST(SequentialConsistency, AsksForWhatClientsMayStillDo) {
  Recorded early({{reg::Get{}}, {reg::Put{"a"}}});
  early.invoke(0).respond(0, reg::Value{"a"});
  EXPECT_TRUE(early.holds());
  EXPECT_FALSE(early.is_linearizable());
  early.invoke(1).respond(1, reg::Done{});
  EXPECT_TRUE(early.holds());
  Recorded never({{reg::Get{}}, {reg::Put{"b"}}});
  never.invoke(0).respond(0, reg::Value{"a"});
  EXPECT_FALSE(never.holds());
}

TEST(SequentialConsistency, OfHistoriesWithAProgramForEachClient) {
  History history;
  history.clients.resize(2);
  EXPECT_THROW(is_sequentially_consistent(history, sequential_object<reg::Model>(), Programs(1)),
               std::logic_error);
}

}  // namespace
}  // namespace gainsay
