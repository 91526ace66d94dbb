// Futures of histories against the plain checker, on random runs of clients: after each event, for
// other orders of the same events, and for whatever may follow.
#include "properties/future.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "engine/random.hpp"
#include "properties/linearizability.hpp"
#include "properties/sequential_models.hpp"
#include "tests/sanitized.hpp"

namespace gainsay {
namespace {

constexpr std::uint8_t first_client = 2;  // behind two nodes

template <class M>
typename M::Operation any_operation(RandomStream& random);
template <>
reg::Model::Operation any_operation<reg::Model>(RandomStream& random) {
  if (random.chance(1, 2)) return reg::Get{};
  return reg::Put{random.chance(1, 2) ? "a" : "b"};
}
template <>
kv::Operation any_operation<kv::Model>(RandomStream& random) {
  const auto action = static_cast<kv::Action>(random.below(3));
  return {.action = action,
          .key = random.chance(2, 3) ? "x" : "y",
          .value = action == kv::Action::get ? ""
                   : random.chance(1, 2)     ? "a"
                                             : "b"};
}

// Clients of one object whose operations take effect when they are invoked or when they return;
// some answers are those of another object, which does nothing.
template <class M>
class RandomRun {
 public:
  RandomRun(std::uint64_t seed, std::size_t clients) : random_(seed), open_(clients) {}

  HistoryEvent next() {
    const auto client = random_.below(static_cast<std::uint32_t>(open_.size()));
    std::optional<Open>& open = open_[client];
    if (!open) {
      open = Open{.operation = any_operation<M>(random_), .result = {}};
      if (random_.chance(1, 2)) open->result = M::apply(object_, open->operation);
      return {client, {.kind = Label::Kind::invoke, .value = encoded(open->operation)}};
    }
    typename M::State idle{};
    auto& object = random_.chance(1, 4) ? idle : object_;
    if (!open->result) open->result = M::apply(object, open->operation);
    const Bytes result = encoded(*open->result);
    open.reset();
    return {client, {.kind = Label::Kind::respond, .value = result}};
  }

 private:
  struct Open {
    typename M::Operation operation;
    std::optional<typename M::Result> result;
  };
  RandomStream random_;
  typename M::State object_{};
  std::vector<std::optional<Open>> open_;
};

// A history with its future.
template <class M>
struct Followed {
  explicit Followed(std::size_t clients) { history.clients.resize(clients); }
  void add(const HistoryEvent& event) {
    record(history, event.client, event.label);
    future = futures.next(future, id(event.client), event.label);
  }
  static NodeId id(std::size_t client) { return node_id(first_client + client); }
  bool twin_holds() const { return is_linearizable(history, object); }

  SequentialObject object = sequential_object<M>();
  Futures futures = futures_of_linearizability<M>();
  History history;
  Bytes future = futures.initial;
};

std::uint64_t runs() { return is_sanitized() ? 300 : 3'000; }

template <class M>
class FutureOf : public ::testing::Test {};
using Models = ::testing::Types<reg::Model, kv::Model>;
TYPED_TEST_SUITE(FutureOf, Models);

TYPED_TEST(FutureOf, HoldsExactlyWhereThePlainCheckerSays) {
  std::uint64_t violated = 0;
  for (std::uint64_t seed = 0; seed < runs(); ++seed) {
    RandomRun<TypeParam> random(seed, 1 + seed % 3);
    Followed<TypeParam> run(1 + seed % 3);
    EXPECT_FALSE(run.futures.has_result(run.future));
    bool has_result = false;
    for (int i = 0; i < 10; ++i) {
      const HistoryEvent event = random.next();
      run.add(event);
      has_result = has_result || event.label.kind == Label::Kind::respond;
      ASSERT_EQ(run.futures.holds(run.future), run.twin_holds()) << seed << ", event " << i;
      ASSERT_EQ(run.futures.has_result(run.future), has_result) << seed;
    }
    if (!run.twin_holds()) ++violated;
  }
  EXPECT_GT(violated, runs() / 10);
  EXPECT_GT(runs() - violated, runs() / 10);
}

TYPED_TEST(FutureOf, DependsOnTheRealTimeOrderAlone) {
  std::uint64_t reordered = 0;
  for (std::uint64_t seed = 0; seed < runs(); ++seed) {
    RandomRun<TypeParam> random(seed, 3);
    Followed<TypeParam> run(3);
    std::string order;
    for (int i = 0; i < 10; ++i) {
      const HistoryEvent event = random.next();
      order += std::to_string(event.client);
      run.add(event);
    }
    Followed<TypeParam> again(3);
    std::string other;
    for (const HistoryEvent& event : events_of(run.history)) {
      other += std::to_string(event.client);
      again.add(event);
    }
    ASSERT_EQ(encoded(again.history), encoded(run.history)) << seed;
    ASSERT_EQ(again.future, run.future) << seed;
    if (other != order) ++reordered;
  }
  EXPECT_GT(reordered, runs() / 10);
}

// Each history goes on in the same way as the first one that had the same future.
TYPED_TEST(FutureOf, DecidesWhatMayFollow) {
  std::map<Bytes, Followed<TypeParam>> met;
  std::uint64_t merged = 0;
  for (std::uint64_t seed = 0; seed < runs(); ++seed) {
    RandomRun<TypeParam> random(seed, 2);
    Followed<TypeParam> run(2);
    for (int i = 0; i < 7; ++i) run.add(random.next());
    const auto [place, is_new] = met.try_emplace(run.future, run);
    if (is_new || encoded(place->second.history) == encoded(run.history)) continue;
    ++merged;
    Followed<TypeParam> other = place->second;
    for (int i = 0; i < 4; ++i) {
      const HistoryEvent event = random.next();
      run.add(event);
      other.add(event);
      ASSERT_EQ(run.twin_holds(), other.twin_holds()) << seed;
    }
  }
  EXPECT_GT(merged, runs() / 10);
}

TYPED_TEST(FutureOf, IsRenamedAsItsEventsAre) {
  const std::vector<NodeId> swap = {{0}, {1}, {3}, {2}};
  for (std::uint64_t seed = 0; seed < runs() / 10; ++seed) {
    RandomRun<TypeParam> random(seed, 2);
    Followed<TypeParam> run(2);
    Followed<TypeParam> renamed(2);
    for (int i = 0; i < 8; ++i) {
      const HistoryEvent event = random.next();
      run.add(event);
      renamed.add({1 - event.client, event.label});
    }
    ASSERT_EQ(rename_encoding(*run.futures.type, run.future, swap), renamed.future) << seed;
  }
}

TEST(Future, KnowsOneOpenOperationAClient) {
  Followed<reg::Model> run(1);
  const Label get{.kind = Label::Kind::invoke, .value = encoded(reg::Model::Operation(reg::Get{}))};
  const Label unset{.kind = Label::Kind::respond,
                    .value = encoded(reg::Model::Result(reg::Value{}))};
  EXPECT_THROW(run.futures.next(run.future, Followed<reg::Model>::id(0), unset), std::logic_error);
  run.add({0, get});
  EXPECT_THROW(run.futures.next(run.future, Followed<reg::Model>::id(0), get), std::logic_error);
}

}  // namespace
}  // namespace gainsay
