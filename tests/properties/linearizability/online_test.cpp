// Histories judged while they grow, beside the judge that has all of them.
#include "properties/linearizability/online.hpp"

#include <gtest/gtest.h>

#include <tuple>

#include "tests/properties/linearizability/random_history.hpp"

namespace gainsay::linearizability {
namespace {

// Each operation is its own client's, as some return at the moment when another is invoked.
void feed(OnlineJudge& online, const TimedHistory& history) {
  std::vector<std::tuple<Moment, bool, Id>> events;
  for (Id id = 0; id < history.operations().size(); ++id) {
    const Operation& operation = history.operations()[id];
    events.emplace_back(operation.invoked, false, id);
    if (operation.returned != never) events.emplace_back(operation.returned, true, id);
  }
  std::ranges::sort(events);
  for (const auto& [moment, returns, id] : events) {
    if (returns) {
      online.respond(id, *history.kind_of(id).result, moment);
    } else {
      online.invoke(id, history.kind_of(id).call);
    }
  }
  online.finish();
}

// What was invoked until a moment; what returned later is open.
TimedHistory until(const TimedHistory& history, Moment end) {
  TimedHistory prefix;
  for (Id id = 0; id < history.operations().size(); ++id) {
    const Operation& operation = history.operations()[id];
    const Kind& kind = history.kind_of(id);
    if (operation.invoked > end) continue;
    const bool returned = operation.returned <= end;
    prefix.add(id, kind.call, returned ? kind.result : std::nullopt, operation.invoked,
               returned ? operation.returned : never);
  }
  return prefix;
}

template <class M>
void expect_agreement(const Size& size = {.clients = 4, .operations = 9}) {
  const Model model = make_model<M>("model");
  std::uint32_t bad = 0;
  std::uint32_t unknown = 0;
  constexpr std::uint32_t histories = 500;
  for (std::uint32_t seed = 0; seed < histories; ++seed) {
    RandomStream random(seed, Purpose::test);
    const TimedHistory history = random_history<M>(random, size);
    const Verdict expected = judge(model, history, {.explain = false}).verdict;
    OnlineJudge online(model);
    feed(online, history);
    if (online.verdict() == Verdict::unknown) {
      ++unknown;  // an operation that joins keys: never a guess
      continue;
    }
    ASSERT_EQ(online.verdict(), expected) << seed;
    if (expected == Verdict::linearizable) continue;
    ++bad;
    const TimedHistory prefix = until(history, online.broken_at());
    EXPECT_EQ(judge(model, prefix, {.explain = false}).verdict, Verdict::not_linearizable) << seed;
  }
  EXPECT_GT(bad, 10U);
  EXPECT_LT(unknown, histories / 2);
  if (!model.keys || std::is_same_v<M, models::KeyValue>) {
    EXPECT_EQ(unknown, 0U);
  }
}

TEST(OnlineJudge, CasRegister) { expect_agreement<models::CasRegister>(); }
TEST(OnlineJudge, KeyValue) { expect_agreement<models::KeyValue>(); }
TEST(OnlineJudge, Queue) { expect_agreement<models::Queue>(); }
TEST(OnlineJudge, Stack) { expect_agreement<models::Stack>(); }
TEST(OnlineJudge, Bag) { expect_agreement<models::Bag>(); }
TEST(OnlineJudge, Set) { expect_agreement<models::Set>(); }
TEST(OnlineJudge, Counter) { expect_agreement<models::Counter>(); }
TEST(OnlineJudge, Mutex) { expect_agreement<models::Mutex>(); }

TEST(OnlineJudge, AnOperationThatJoinsKeysIsNotJudged) {
  const Model model = make_model<models::MultiRegister>("model");
  using Step = models::MultiRegister::Operation::value_type;
  OnlineJudge online(model);
  online.invoke(
      0, encoded(models::MultiRegister::Operation{Step{.write = true, .key = "x", .value = "1"},
                                                  Step{.write = true, .key = "y", .value = "1"}}));
  EXPECT_EQ(online.verdict(), Verdict::unknown);
  EXPECT_NE(online.unknown_because().find("joins keys"), std::string::npos);
}

// Four clients at a time, 40,000 operations: what is over is forgotten, and the first wrong answer
// is noticed at once.
TEST(OnlineJudge, KeepsNothingOfWhatIsOver) {
  using Store = models::KeyValue;
  const Model model = make_model<Store>("store");
  OnlineJudge online(model);
  RandomStream random(1, Purpose::test);
  std::vector<std::optional<Store::Operation>> open(4);
  Store::State state{};
  Moment now = 0;
  Bytes last_answer;
  std::size_t most = 0;
  for (int step = 0; step < 80'000; ++step) {
    const std::uint32_t client = random.below(4);
    ++now;
    if (open[client]) {
      last_answer = encoded(Store::apply(state, *open[client]));
      online.respond(client, last_answer, now);
      open[client].reset();
    } else {
      open[client] = Calls<Store>::draw(random);
      online.invoke(client, encoded(*open[client]));
    }
    most = std::max(most, online.kept());
    ASSERT_EQ(online.verdict(), Verdict::linearizable);
  }
  EXPECT_LT(most, 300U);
  for (std::size_t client = 0; client < 4; ++client) {
    if (open[client]) online.respond(client, encoded(Store::apply(state, *open[client])), ++now);
  }
  const Store::Operation read{.action = Store::Action::get, .key = "x"};
  online.invoke(0, encoded(read));
  Store::Result wrong = Store::apply(state, read);
  wrong.value += "?";
  online.respond(0, encoded(wrong), now + 10);
  EXPECT_EQ(online.verdict(), Verdict::not_linearizable);
  EXPECT_EQ(online.broken_at(), now + 10);
}

// More open operations than there are slots, or more that they might have done than is followed:
// unknown.
TEST(OnlineJudge, GivesUpInWords) {
  const Model model = make_model<models::CasRegister>("register");
  using Register = models::CasRegister;
  const auto write = [](int value) {
    return encoded(
        Register::Operation{.action = Register::Action::write, .value = std::to_string(value)});
  };
  OnlineJudge many(model);
  for (std::size_t client = 0; client < 65; ++client) many.invoke(client, write(1));
  EXPECT_EQ(many.verdict(), Verdict::unknown);
  OnlineJudge few(model, 20);
  for (int client = 0; client < 9; ++client)
    few.invoke(static_cast<std::size_t>(client), write(client));
  for (std::size_t client = 0; client < 9; ++client) {
    few.respond(client, encoded(Register::Result{}), client);
  }
  few.finish();
  EXPECT_EQ(few.verdict(), Verdict::unknown);
  EXPECT_EQ(few.unknown_because(), "judging it took too much memory");
}

}  // namespace
}  // namespace gainsay::linearizability
