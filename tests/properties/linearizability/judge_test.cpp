// The fast checker against the slow twin, on random small histories of every model.
#include "properties/linearizability/judge.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>

#include "properties/linearizability/core.hpp"
#include "properties/linearizability/models.hpp"
#include "tests/properties/linearizability/random_history.hpp"
#include "tests/properties/linearizability/twin.hpp"

namespace gainsay::linearizability {
namespace {

// GAINSAY_TWIN_HISTORIES=100000 for a thorough run.
std::uint32_t histories_each() {
  const char* wanted = std::getenv("GAINSAY_TWIN_HISTORIES");
  return wanted != nullptr ? static_cast<std::uint32_t>(std::atoi(wanted)) : 400;
}

struct Tally {
  std::uint32_t good = 0, bad = 0, fast = 0, unreturned = 0;
};

std::vector<Id> all_of(const TimedHistory& history) {
  std::vector<Id> all(history.operations().size());
  std::iota(all.begin(), all.end(), Id{0});
  return all;
}

// The core has no order by itself, nor with the others relaxed; a minimal one has, once any of its
// operations is left out.
void expect_core(const Model& model, const TimedHistory& history, const Judgement& judgement,
                 std::uint64_t seed) {
  ASSERT_FALSE(judgement.core.empty()) << seed;
  EXPECT_TRUE(judgement.core_is_minimal && judgement.prefix_has_order) << seed;
  EXPECT_FALSE(twin_says_linearizable(model, only(history, judgement.core))) << seed;
  const auto all = all_of(history);
  EXPECT_FALSE(twin_says_linearizable(model, relaxed(model, history, all, judgement.core))) << seed;
  // What returned before the one that broke it has an order.
  std::vector<Id> prefix;
  for (const Id id : all) {
    const Operation& operation = history.operations()[id];
    if (operation.returned < history.operations()[judgement.broken_by].returned) {
      prefix.push_back(id);
    }
  }
  EXPECT_TRUE(twin_says_linearizable(model, relaxed(model, history, all, prefix))) << seed;
  prefix.push_back(judgement.broken_by);
  for (const Id id : all) {  // what returned at the same moment counts as before
    if (id != judgement.broken_by &&
        history.operations()[id].returned == history.operations()[judgement.broken_by].returned) {
      prefix.push_back(id);
    }
  }
  EXPECT_FALSE(twin_says_linearizable(model, relaxed(model, history, all, prefix))) << seed;
  for (const Id left_out : judgement.core) {
    std::vector<Id> rest;
    std::ranges::remove_copy(judgement.core, std::back_inserter(rest), left_out);
    EXPECT_TRUE(twin_says_linearizable(model, relaxed(model, history, all, rest))) << seed;
  }
}

template <class M>
Tally compare(const Size& size, std::uint64_t first_seed = 0) {
  const Model model = make_model<M>("model");
  Tally tally;
  for (std::uint64_t seed = first_seed; seed < first_seed + histories_each(); ++seed) {
    RandomStream random(seed, Purpose::test);
    const TimedHistory history = random_history<M>(random, size);
    const bool expected = twin_says_linearizable(model, history);
    for (const bool partition : {true, false}) {
      const Judgement judgement = judge(model, history, {.partition = partition});
      EXPECT_EQ(judgement.verdict, expected ? Verdict::linearizable : Verdict::not_linearizable)
          << seed;
      if (judgement.verdict == Verdict::linearizable) {
        EXPECT_EQ(wrong_with_order(model, history, judgement.order), "") << seed;
      } else {
        expect_core(model, history, judgement, seed);
      }
      tally.fast += judgement.by_fast_path == judgement.partitions ? 1 : 0;
      if (::testing::Test::HasFailure()) return tally;
    }
    ++(expected ? tally.good : tally.bad);
    const auto open = [](const Operation& o) { return o.returned == never; };
    tally.unreturned += std::ranges::any_of(history.operations(), open) ? 1 : 0;
  }
  return tally;
}

template <class M>
void expect_agreement(const Size& size = {}) {
  const Tally tally = compare<M>(size);
  EXPECT_GT(tally.good, histories_each() / 4);
  EXPECT_GT(tally.bad, histories_each() / 50);
  EXPECT_GT(tally.unreturned, histories_each() / 4);
}

TEST(LinearizabilityTwin, CasRegister) { expect_agreement<models::CasRegister>(); }
TEST(LinearizabilityTwin, KeyValue) { expect_agreement<models::KeyValue>(); }
TEST(LinearizabilityTwin, Queue) { expect_agreement<models::Queue>(); }
TEST(LinearizabilityTwin, Stack) { expect_agreement<models::Stack>(); }
TEST(LinearizabilityTwin, Bag) { expect_agreement<models::Bag>(); }
TEST(LinearizabilityTwin, Set) { expect_agreement<models::Set>(); }
TEST(LinearizabilityTwin, Counter) { expect_agreement<models::Counter>(); }
TEST(LinearizabilityTwin, Mutex) { expect_agreement<models::Mutex>(); }
TEST(LinearizabilityTwin, MultiRegister) { expect_agreement<models::MultiRegister>(); }
TEST(LinearizabilityTwin, ManyThatNeverReturned) {
  expect_agreement<models::CasRegister>({.clients = 6, .operations = 7});
}
TEST(LinearizabilityTwin, UniqueWritesTakeTheFastWay) {
  const Tally tally =
      compare<models::CasRegister>({.clients = 4, .operations = 7, .unique_writes = true});
  EXPECT_EQ(tally.fast, 2 * histories_each());
  EXPECT_GT(tally.bad, histories_each() / 20);
}

}  // namespace
}  // namespace gainsay::linearizability
