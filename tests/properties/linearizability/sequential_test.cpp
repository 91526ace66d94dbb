// Sequential consistency of recorded histories against plain backtracking, on random small ones of
// every model, and on those whose answer is known.
#include "properties/linearizability/sequential.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/properties/linearizability/random_history.hpp"
#include "tests/properties/linearizability/twin.hpp"
#include "tests/sanitized.hpp"

namespace gainsay::linearizability {
namespace {

std::uint64_t histories_each() { return is_sanitized() ? 150 : 1'500; }

// In the order of its client; what never returned keeps nothing waiting.
bool comes_first(const TimedHistory& history, Id a, Id b) {
  const Operation& one = history.operations()[a];
  const Operation& other = history.operations()[b];
  return one.client == other.client && one.returned != never &&
         std::pair(one.invoked, a) < std::pair(other.invoked, b);
}

bool twin_extends_programs(const Model& model, const TimedHistory& history, const Bytes& state,
                           std::vector<bool>& placed) {
  bool all_returned_placed = true;
  for (Id id = 0; id < placed.size(); ++id) {
    if (placed[id]) continue;
    all_returned_placed = all_returned_placed && history.operations()[id].returned == never;
    bool first = true;
    for (Id other = 0; other < placed.size(); ++other) {
      first = first && (placed[other] || !comes_first(history, other, id));
    }
    if (!first) continue;
    for (const Bytes& next : model.next(state, history.kind_of(id))) {
      placed[id] = true;
      const bool found = twin_extends_programs(model, history, next, placed);
      placed[id] = false;
      if (found) return true;
    }
  }
  return all_returned_placed;
}

// Empty when this is an order of all that returned, and keeps those of the clients.
std::string wrong_with_programs(const Model& model, const TimedHistory& history,
                                const std::vector<Id>& order) {
  TimedHistory untimed;  // the same, as if everything were concurrent
  for (const Operation& operation : history.operations()) {
    const Kind& kind = history.kinds()[operation.kind];
    untimed.add(operation.client, kind.call, kind.result, 0,
                operation.returned == never ? never : 1);
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      if (comes_first(history, order[j], order[i])) return "a client's order is not kept";
    }
  }
  return wrong_with_order(model, untimed, order);
}

template <class M>
void expect_agreement() {
  const Model model = make_model<M>("model");
  std::uint64_t good = 0;
  for (std::uint64_t seed = 0; seed < histories_each(); ++seed) {
    RandomStream random(seed, Purpose::test);
    const TimedHistory history = random_history<M>(random, {});
    std::vector<bool> placed(history.operations().size());
    const bool expected = twin_extends_programs(model, history, model.initial, placed);
    const Judgement judgement = judge_sequential(model, history);
    ASSERT_EQ(judgement.verdict, expected ? Verdict::linearizable : Verdict::not_linearizable)
        << seed;
    if (!expected) continue;
    ++good;
    ASSERT_EQ(wrong_with_programs(model, history, judgement.order), "") << seed;
  }
  EXPECT_GT(good, histories_each() / 4);
  EXPECT_GT(histories_each() - good, histories_each() / 100);
}

TEST(SequentialTwin, CasRegister) { expect_agreement<models::CasRegister>(); }
TEST(SequentialTwin, KeyValue) { expect_agreement<models::KeyValue>(); }
TEST(SequentialTwin, Queue) { expect_agreement<models::Queue>(); }
TEST(SequentialTwin, Bag) { expect_agreement<models::Bag>(); }
TEST(SequentialTwin, Mutex) { expect_agreement<models::Mutex>(); }
TEST(SequentialTwin, MultiRegister) { expect_agreement<models::MultiRegister>(); }

using Store = models::KeyValue;

// Each key by itself is sequentially consistent, both together are not: one client writes x and
// reads y unset, the other writes y and reads x unset.
TEST(Sequential, IsNotJudgedKeyByKey) {
  const auto put = [](std::string key) {
    return Store::Operation{.action = Store::Action::put, .key = std::move(key), .value = "\"1"};
  };
  const auto get = [](std::string key) {
    return Store::Operation{.action = Store::Action::get, .key = std::move(key)};
  };
  ClientHistory<Store> history;
  history.add(0, put("x"), {}, 0, 1);
  history.add(1, put("y"), {}, 0, 1);
  history.add(0, get("y"), {Store::empty()}, 2, 3);
  history.add(1, get("x"), {Store::empty()}, 2, 3);
  EXPECT_EQ(sequentially_consistent(history).verdict, Verdict::not_linearizable);
  ClientHistory<Store> stale;
  stale.add(0, put("x"), {}, 0, 1);
  stale.add(1, get("x"), {Store::empty()}, 2, 3);
  EXPECT_EQ(sequentially_consistent(stale).verdict, Verdict::linearizable);
  EXPECT_EQ(linearizable(stale).verdict, Verdict::not_linearizable);
}

TEST(Sequential, IsUnknownAtALimit) {
  ClientHistory<models::Queue> history;  // many ways to put, none of which gives what was taken
  for (Id client = 0; client < 8; ++client) {
    history.add(client, {.put = true, .value = std::to_string(client)}, {}, client, client + 9);
    history.add(client, {.put = true, .value = "again"}, {}, client + 10, client + 19);
  }
  history.add(9, {}, {"none of these"}, 0, 30);
  EXPECT_EQ(sequentially_consistent(history, {.bytes_max = 1 << 20}).unknown_because, "memory");
  int asked = 0;
  const Limits stops{.stop = [&] { return ++asked > 3; }};
  EXPECT_EQ(sequentially_consistent(history, stops).unknown_because, "stopped");
}

}  // namespace
}  // namespace gainsay::linearizability
