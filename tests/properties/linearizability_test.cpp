// The linearizability checker against every permutation of small histories, and on histories whose
// answer is known.
#include "properties/linearizability.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "properties/sequential_models.hpp"

namespace gainsay {
namespace {

// One operation with the moments of its invocation and its response.
template <class Model>
struct Timed {
  std::size_t client = 0;
  typename Model::Operation operation;
  std::optional<typename Model::Result> result;
  std::size_t invoked = 0;
  std::size_t returned = 0;  // with a result
};
template <class Model>
using TimedHistory = std::vector<Timed<Model>>;  // in order of invocation

// What the engine would have recorded.
template <class Model>
History recorded(const TimedHistory<Model>& operations) {
  History history;
  for (const auto& operation : operations) {
    history.clients.resize(std::max(history.clients.size(), operation.client + 1));
  }
  std::map<std::size_t, std::pair<std::size_t, Label>> moments;
  for (const auto& o : operations) {
    moments[o.invoked] = {o.client, {Label::Kind::invoke, encoded(o.operation)}};
    if (o.result) moments[o.returned] = {o.client, {Label::Kind::respond, encoded(*o.result)}};
  }
  for (const auto& [time, moment] : moments) record(history, moment.first, moment.second);
  return history;
}
template <class Model>
bool checker_says(const TimedHistory<Model>& operations) {
  return is_linearizable(recorded<Model>(operations), sequential_object<Model>());
}

// --- the slow oracle, with sequential objects of its own ---

struct PlainRegister {
  using Model = reg::Model;
  std::optional<std::string> value;
  reg::Model::Result apply(const reg::Model::Operation& operation) {
    if (operation.index() == 1) return reg::Value{value};
    value = std::get<reg::Put>(operation).value;
    return reg::Done{};
  }
};
struct PlainStore {
  using Model = kv::Model;
  std::map<std::string, std::string> values;
  kv::Result apply(const kv::Operation& operation) {
    std::string& value = values[operation.key];
    if (operation.action == kv::Action::get) return {value};
    value = (operation.action == kv::Action::append ? value : "") + operation.value;
    return {};
  }
};

template <class Plain>
using HistoryOf = TimedHistory<typename Plain::Model>;

// Is this order one of real time that gives the recorded results?
template <class Plain>
bool explains(const HistoryOf<Plain>& operations, const std::vector<std::size_t>& order) {
  Plain object;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto& operation = operations[order[i]];
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      const auto& later = operations[order[j]];
      if (later.result && later.returned < operation.invoked) return false;
    }
    const auto result = object.apply(operation.operation);
    if (operation.result && !equal(result, *operation.result)) return false;
  }
  return true;
}

// Every choice of the open operations that took effect, and every order of all that did.
template <class Plain>
bool brute_force(const HistoryOf<Plain>& operations) {
  for (std::size_t kept = 0; kept < (std::size_t{1} << operations.size()); ++kept) {
    std::vector<std::size_t> order;
    bool drops_a_returned_one = false;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      const bool keep = ((kept >> i) & 1) != 0;
      if (keep) order.push_back(i);
      drops_a_returned_one = drops_a_returned_one || (!keep && operations[i].result);
    }
    if (drops_a_returned_one) continue;
    do {
      if (explains<Plain>(operations, order)) return true;
    } while (std::next_permutation(order.begin(), order.end()));
  }
  return false;
}

// --- random histories ---

reg::Model::Operation any_operation(const PlainRegister&) {
  if (*rc::gen::arbitrary<bool>()) return reg::Get{};
  return reg::Put{*rc::gen::element<std::string>("a", "b")};
}
reg::Model::Result any_result(const PlainRegister&) {
  if (*rc::gen::inRange(0, 4) == 0) return reg::Done{};
  return *rc::gen::element(reg::Value{{}}, reg::Value{"a"}, reg::Value{"b"});
}
kv::Operation any_operation(const PlainStore&) {
  const auto action = static_cast<kv::Action>(*rc::gen::inRange(0, 3));
  return {.action = action,
          .key = *rc::gen::element<std::string>("x", "x", "y"),
          .value = action == kv::Action::get ? "" : *rc::gen::element<std::string>("a", "b")};
}
kv::Result any_result(const PlainStore&) {
  return {*rc::gen::element<std::string>("", "a", "b", "ab", "aa", "ba")};
}

// Up to five operations of up to three clients on one object. Each takes effect somewhere between
// its invocation and its response, or, in one of six, answers at random.
template <class Plain>
HistoryOf<Plain> any_history() {
  Plain object;
  HistoryOf<Plain> operations;
  std::array<std::optional<std::size_t>, 3> open;  // index of the operation of a client
  std::array<std::optional<typename Plain::Model::Result>, 3> effect;
  const auto count = *rc::gen::inRange<std::size_t>(0, 6);
  for (std::size_t now = 0; now < 30; ++now) {
    const auto client = *rc::gen::inRange<std::size_t>(0, 3);
    if (!open[client]) {
      if (operations.size() == count) continue;
      open[client] = operations.size();
      operations.push_back({.client = client, .operation = any_operation(object), .invoked = now});
    } else if (!effect[client]) {
      effect[client] = object.apply(operations[*open[client]].operation);
    } else if (*rc::gen::inRange(0, 3) != 0) {
      auto& operation = operations[*open[client]];
      const bool wrong = *rc::gen::inRange(0, 6) == 0;
      operation.result = wrong ? any_result(object) : *effect[client];
      operation.returned = now;
      open[client].reset();
      effect[client].reset();
    }
    if (operations.size() == count && *rc::gen::inRange(0, 6) == 0) break;
  }
  return operations;
}

struct Tally {
  std::size_t good = 0;
  std::size_t bad = 0;
  std::size_t with_open_operations = 0;
};

template <class Plain>
Tally compare_with_brute_force() {
  Tally tally;
  EXPECT_TRUE(rc::check([&] {
    for (int i = 0; i < 40; ++i) {
      const HistoryOf<Plain> operations = any_history<Plain>();
      const bool expected = brute_force<Plain>(operations);
      RC_ASSERT(checker_says<typename Plain::Model>(operations) == expected);
      ++(expected ? tally.good : tally.bad);
      tally.with_open_operations +=
          std::ranges::any_of(operations, [](const auto& o) { return !o.result; }) ? 1 : 0;
    }
  }));
  return tally;
}

TEST(Linearizability, AgreesWithEveryPermutationOfARegistersHistories) {
  const Tally tally = compare_with_brute_force<PlainRegister>();
  EXPECT_GT(tally.good, 500U);
  EXPECT_GT(tally.bad, 200U);
  EXPECT_GT(tally.with_open_operations, 500U);
}

TEST(Linearizability, AgreesWithEveryPermutationOfAStoresHistories) {
  const Tally tally = compare_with_brute_force<PlainStore>();
  EXPECT_GT(tally.good, 500U);
  EXPECT_GT(tally.bad, 200U);
  EXPECT_GT(tally.with_open_operations, 500U);
}

// --- known histories ---

using Register = TimedHistory<reg::Model>;

Timed<reg::Model> put(std::size_t client, std::string value, std::size_t from, std::size_t to) {
  return {client, reg::Put{std::move(value)}, reg::Done{}, from, to};
}
Timed<reg::Model> open_put(std::size_t client, std::string value, std::size_t from) {
  return {client, reg::Put{std::move(value)}, std::nullopt, from, 0};
}
Timed<reg::Model> get(std::size_t client, std::optional<std::string> value, std::size_t from,
                      std::size_t to) {
  return {client, reg::Get{}, reg::Value{std::move(value)}, from, to};
}

void expect_verdict(const Register& history, bool good) {
  EXPECT_EQ(checker_says<reg::Model>(history), good);
  EXPECT_EQ(brute_force<PlainRegister>(history), good) << "the oracle";
}

TEST(Linearizability, OfRegistersThatBehave) {
  expect_verdict({}, true);
  expect_verdict({get(0, {}, 1, 2)}, true);
  // A read beside a write gives the old value or the new one.
  expect_verdict({put(0, "a", 1, 4), get(1, {}, 2, 3)}, true);
  expect_verdict({put(0, "a", 1, 4), get(1, "a", 2, 3)}, true);
  // An open write has taken effect, or not, or will.
  expect_verdict({open_put(0, "a", 1), get(1, "a", 2, 3)}, true);
  expect_verdict({open_put(0, "a", 1), get(1, {}, 2, 3), get(1, "a", 4, 5)}, true);
  expect_verdict({open_put(0, "a", 1), get(1, {}, 2, 3), get(1, {}, 4, 5)}, true);
  // Writes beside each other take effect in either order.
  expect_verdict({put(0, "a", 1, 3), put(1, "b", 2, 4), get(2, "a", 5, 6)}, true);
  expect_verdict({put(0, "a", 1, 3), put(1, "b", 2, 4), get(2, "b", 5, 6)}, true);
}

TEST(Linearizability, OfRegistersThatDoNot) {
  // A stale read: the write had returned.
  expect_verdict({put(0, "a", 1, 2), get(1, {}, 3, 4)}, false);
  expect_verdict({put(0, "a", 1, 2), put(0, "b", 3, 4), get(1, "a", 5, 6)}, false);
  // A value from the future, and one from nowhere.
  expect_verdict({get(1, "a", 1, 2), put(0, "a", 3, 4)}, false);
  expect_verdict({open_put(0, "a", 1), get(1, "b", 2, 3)}, false);
  // New and then old again, though the write is open.
  expect_verdict({open_put(0, "a", 1), get(1, "a", 2, 3), get(2, {}, 4, 5)}, false);
  // Two readers that see two writes in different orders.
  expect_verdict({put(0, "a", 1, 3), put(1, "b", 2, 4), get(2, "a", 5, 6), get(2, "b", 7, 8)},
                 false);
  // A client's own writes are in order even where nobody else looks.
  expect_verdict({put(0, "a", 1, 2), open_put(0, "b", 3), get(1, {}, 4, 5)}, false);
}

using Store = TimedHistory<kv::Model>;

Timed<kv::Model> append(std::size_t client, std::string value, std::size_t from, std::size_t to) {
  return {client, {kv::Action::append, "x", std::move(value)}, kv::Result{}, from, to};
}
Timed<kv::Model> read(std::size_t client, std::string value, std::size_t from, std::size_t to) {
  return {client, {kv::Action::get, "x", ""}, kv::Result{std::move(value)}, from, to};
}

TEST(Linearizability, OfAppends) {
  const Store both = {append(0, "a", 1, 3), append(1, "b", 2, 4)};
  for (const auto& [value, good] : std::map<std::string, bool>{
           {"ab", true}, {"ba", true}, {"a", false}, {"aab", false}, {"", false}}) {
    Store history = both;
    history.push_back(read(2, value, 5, 6));
    EXPECT_EQ(checker_says<kv::Model>(history), good) << value;
  }
}

TEST(Linearizability, AsAPropertyJudgesHistories) {
  const Property property = linearizable<reg::Model>("reads are fresh");
  EXPECT_EQ(property.name, "reads are fresh");
  EXPECT_EQ(property.kind, PropertyKind::linearizable);
  EXPECT_EQ(property.scope, Scope::history);
  EXPECT_TRUE(property.history_holds(recorded<reg::Model>({put(0, "a", 1, 2), get(1, "a", 3, 4)})));
  EXPECT_FALSE(property.history_holds(recorded<reg::Model>({put(0, "a", 1, 2), get(1, {}, 3, 4)})));
}

}  // namespace
}  // namespace gainsay
