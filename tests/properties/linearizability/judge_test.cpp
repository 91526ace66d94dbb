// The fast checker against the slow twin, on random small histories of every model.
#include "properties/linearizability/judge.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>

#include "explorer/parallel.hpp"
#include "properties/linearizability/core.hpp"
#include "properties/linearizability/linearizable.hpp"
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

// A model of a user's own: a light that toggles, and whose switch may be stuck.
struct Light {
  using State = bool;
  struct Operation {
    bool toggle = false;
  };
  struct Result {
    bool on = false;
  };
  static std::vector<State> next(State on, const Operation& operation,
                                 const std::optional<Result>& result) {
    if (operation.toggle) return {on, !on};
    return !result || result->on == on ? std::vector<State>{on} : std::vector<State>{};
  }
};

TEST(Linearizable, OfAUsersOwnModelWithAChoice) {
  ClientHistory<Light> history;
  history.add(0, {.toggle = true}, {}, 0, 1);
  history.add(1, {}, {.on = true}, 2, 3);
  EXPECT_EQ(linearizable(history).order, (std::vector<Id>{0, 1}));
  history.add(1, {}, {.on = false}, 4, 5);
  const Judgement judgement = linearizable(history);
  EXPECT_EQ(judgement.verdict, Verdict::not_linearizable);
  EXPECT_EQ(judgement.broken_by, 2U);
  EXPECT_EQ(judgement.core, (std::vector<Id>{1, 2}));
  history.add_unreturned(0, {.toggle = true}, 4);
  EXPECT_EQ(linearizable(history).order, (std::vector<Id>{0, 1, 3, 2}));
}

// --- threads ---

Limits with_threads(unsigned count) {
  Limits limits{.at_once = count};
  limits.for_each = [count](std::size_t times, const std::function<void(std::size_t)>& body) {
    parallel_chunks(times, 1, count, [&](unsigned, std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) body(i);
    });
  };
  return limits;
}

void expect_equal(const Judgement& a, const Judgement& b, std::uint64_t seed) {
  EXPECT_EQ(a.verdict, b.verdict) << seed;
  EXPECT_EQ(a.unknown_because, b.unknown_because) << seed;
  EXPECT_EQ(a.order, b.order) << seed;
  EXPECT_EQ(a.broken_by, b.broken_by) << seed;
  EXPECT_EQ(a.core, b.core) << seed;
  EXPECT_EQ(a.states_before, b.states_before) << seed;
  EXPECT_EQ(a.configurations, b.configurations) << seed;
}

// Puts into a queue, all at once, and then what was taken, which decides their order.
TimedHistory queue_history(std::uint32_t puts, std::uint32_t takes, std::uint64_t seed,
                           bool wrong) {
  RandomStream random(seed, Purpose::test);
  TimedHistory history;
  using Queue = models::Queue;
  std::vector<std::string> values;
  for (std::uint32_t i = 0; i < puts; ++i) {
    values.push_back(std::to_string(i));
    history.add(i, encoded(Queue::Operation{.put = true, .value = values.back()}),
                encoded(Queue::Result{}), i, puts + i);
  }
  for (std::uint32_t i = 0; i < takes; ++i) {
    const std::size_t chosen = random.below(static_cast<std::uint32_t>(values.size()));
    const std::string value = wrong && i + 1 == takes ? "none" : values[chosen];
    history.add(0, encoded(Queue::Operation{}), encoded(Queue::Result{value}), 2 * puts + 2 * i,
                2 * puts + 2 * i + 1);
    values.erase(values.begin() + static_cast<std::ptrdiff_t>(chosen));
  }
  return history;
}

// Also while it is explained what is wrong.
TEST(Linearizable, MayBeStoppedAtAnyMoment) {
  const Model model = make_model<models::Queue>("queue");
  const TimedHistory history = queue_history(4, 2, 1, true);
  bool was_unknown = false, was_unexplained = false, was_explained = false;
  for (int last = 0; !was_explained; last = 2 * last + 1) {
    ASSERT_LT(last, 10'000'000);
    int questions = 0;
    const Judgement judgement = judge(model, history, {.stop = [&] { return ++questions > last; }});
    EXPECT_NE(judgement.verdict, Verdict::linearizable);
    const bool unknown = judgement.verdict == Verdict::unknown;
    was_unknown = was_unknown || unknown;
    was_explained = judgement.core_is_minimal;
    was_unexplained = was_unexplained || (!unknown && !judgement.core_is_minimal);
  }
  EXPECT_TRUE(was_unknown && was_unexplained);
}

TEST(LinearizabilityThreads, OfTheRaceDoNotShow) {
  const Model model = make_model<models::Queue>("queue");
  std::uint64_t most = 0;
  Limits threads = with_threads(2);
  threads.explain = false;
  for (std::uint64_t seed = 0; seed < 2; ++seed) {
    const TimedHistory history = queue_history(8, 3, seed, seed == 0);
    const Judgement alone = judge(model, history, {.explain = false});
    EXPECT_NE(alone.verdict, Verdict::unknown);
    expect_equal(judge(model, history, threads), alone, seed);
    most = std::max(most, alone.configurations);
  }
  EXPECT_GT(most, 2U * 16U * 2'048U) << "the threads had nothing to do";
}

TEST(LinearizabilityThreads, OfPartitionsDoNotShow) {
  const Model model = make_model<models::KeyValue>("kv");
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream random(seed, Purpose::test);
    TimedHistory history;
    const auto sizes = Size{.operations = 6};
    for (Id object = 0; object < 9; ++object) {
      const TimedHistory one = random_history<models::KeyValue>(random, sizes);
      for (const Operation& operation : one.operations()) {
        const Kind& kind = one.kinds()[operation.kind];
        history.add(operation.client, kind.call, kind.result, operation.invoked, operation.returned,
                    object);
      }
    }
    expect_equal(judge(model, history, with_threads(3)), judge(model, history), seed);
  }
}

// What is too large for its share of the memory is judged again with all of it.
TEST(LinearizabilityThreads, DoNotDecideWhatMemoryIsEnough) {
  const Model model = make_model<models::Queue>("queue");
  const TimedHistory one = queue_history(6, 3, 1, true);
  TimedHistory history;
  for (Id object = 0; object < 2; ++object) {
    for (const Operation& operation : one.operations()) {
      const Kind& kind = one.kinds()[operation.kind];
      history.add(operation.client, kind.call, kind.result, operation.invoked, operation.returned,
                  object);
    }
  }
  Limits alone{.explain = false};
  Limits threads = with_threads(4);
  threads.explain = false;
  bool was_enough = false, was_short = false;
  for (std::size_t bytes = 1 << 12; bytes <= 1 << 24; bytes *= 2) {
    alone.bytes_max = threads.bytes_max = bytes;
    const Judgement judgement = judge(model, history, alone);
    expect_equal(judge(model, history, threads), judgement, bytes);
    const bool unknown = judgement.verdict == Verdict::unknown;
    was_short = was_short || unknown;
    was_enough = was_enough || !unknown;
  }
  EXPECT_TRUE(was_enough && was_short);
}

TEST(Linearizable, UnknownWhenItIsStopped) {
  ClientHistory<models::Queue> history;
  for (Id client = 0; client < 30; ++client) {
    history.add(client, {.put = true, .value = std::to_string(client)}, {}, 0, 1);
  }
  history.add(0, {}, {.value = "none of these"}, 2, 3);
  int questions = 0;
  const Judgement stopped = linearizable(history, {.stop = [&] { return ++questions > 3; }});
  EXPECT_EQ(stopped.verdict, Verdict::unknown);
  EXPECT_EQ(stopped.unknown_because, "stopped");
  EXPECT_EQ(linearizable(history, {.bytes_max = 1 << 20}).unknown_because, "memory");
}

}  // namespace
}  // namespace gainsay::linearizability
