// Clients: their workload in order, replies matched by request, retries, and the history that they
// leave.
#include "engine/client.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "engine/history.hpp"
#include "engine/world.hpp"

namespace gainsay {
namespace {

struct Operation {
  std::uint32_t value = 0;
};
struct Result {
  std::uint32_t value = 0;
};
struct Gossip {};

// Answers each request as often as it arrives.
struct Server {
  using Message = std::variant<Gossip>;
  using Context = gainsay::Context<Server>;
  using Operation = gainsay::Operation;
  using Result = gainsay::Result;

  std::uint32_t served = 0;

  void start(Context&) {}
  void on(Context&, NodeId, Gossip) {}
  void on(Context& ctx, NodeId, Request<Operation> request) {
    served = std::min(served + 1, 2U);
    ctx.reply(request.id, Result{request.operation.value + 1000});
  }
};

using Item = WorkItem<Operation>;
using Script = ClientType<Server>::Script;
constexpr NodeId self{3};
constexpr StepContext::Place place{.self = self, .nodes = 3, .processes = 5};
constexpr std::uint64_t retry_timer = 1;

// Three operations; the first may go to three servers.
Script script(bool retry, bool to_all) {
  return {.items = {{{10}, {{2}, {0}, {1}}}, {{20}, {{1}}}, {{30}, {{0}, {2}}}},
          .retry = retry,
          .to_all = to_all};
}

class Client {
 public:
  explicit Client(Script items) : type_(std::move(items)) {
    local_ = {LocalState::Status::unstarted, 0, type_.make()};
  }
  StepResult start() { return run({.kind = LocalEvent::Kind::start}); }
  StepResult fire() { return run({.kind = LocalEvent::Kind::timer, .timer = 0}); }
  StepResult receive(Wire<Server> message, std::uint8_t from = 0) {
    return run({.kind = LocalEvent::Kind::deliver, .from = {from}, .message = encoded(message)});
  }
  StepResult reply(std::uint32_t number, std::uint32_t value, std::uint8_t from = 0) {
    return receive(Reply<Result>{.number = number, .result = {value}}, from);
  }
  const ClientState& state() const {
    return *static_cast<const ClientState*>(local_.process->state());
  }
  std::uint64_t timers() const { return local_.timers; }
  Bytes encoding() const { return encode_local(local_); }

 private:
  StepResult run(const LocalEvent& event) { return run_event(local_, event, place, {}); }
  ClientType<Server> type_;
  LocalState local_;
};

Sent request(std::uint8_t to, std::uint32_t number, std::uint32_t value) {
  return {.to = {to},
          .message = encoded(Wire<Server>(
              Request<Operation>{.id = {.client = self, .number = number}, .operation = {value}}))};
}
Label invoked(std::uint32_t value) { return {Label::Kind::invoke, encoded(Operation{value})}; }
Label responded(std::uint32_t value) { return {Label::Kind::respond, encoded(Result{value})}; }
using Sends = std::vector<Sent>;
using Labels = std::vector<Label>;

void expect_state(const Client& client, const ClientState& expected) {
  EXPECT_TRUE(equal(client.state(), expected))
      << describe(type_of<ClientState>(), encoded(client.state()), {});
}

TEST(Client, RunsItsWorkloadInOrderOneOperationAtATime) {
  Client client(script(false, false));
  StepResult step = client.start();
  EXPECT_EQ(step.sends, (Sends{request(2, 1, 10)}));
  EXPECT_EQ(step.labels, (Labels{invoked(10)}));
  expect_state(client, {.position = 0, .open = true});

  step = client.reply(1, 7);
  EXPECT_EQ(step.labels, (Labels{responded(7), invoked(20)}));
  EXPECT_EQ(step.sends, (Sends{request(1, 2, 20)}));

  step = client.reply(2, 8);
  EXPECT_EQ(step.labels, (Labels{responded(8), invoked(30)}));
  EXPECT_EQ(step.sends, (Sends{request(0, 3, 30)}));

  step = client.reply(3, 9);
  EXPECT_EQ(step.labels, (Labels{responded(9)}));
  EXPECT_TRUE(step.sends.empty());
  expect_state(client, {.position = 3, .open = false});
  EXPECT_EQ(client.timers(), 0U);
}

TEST(Client, WithoutAWorkloadDoesNothing) {
  Client client(Script{});
  const StepResult step = client.start();
  EXPECT_EQ(step.fault, StepResult::Fault::none);
  EXPECT_TRUE(step.sends.empty());
  EXPECT_TRUE(step.labels.empty());
  expect_state(client, {});
}

TEST(Client, IgnoresRepliesToOtherRequestsThanTheOpenOne) {
  Client client(script(true, false));
  client.start();
  client.reply(1, 7);
  client.fire();
  const Bytes before = client.encoding();
  for (const std::uint32_t number : {0U, 1U, 3U, 4U}) {
    const StepResult step = client.reply(number, 99);
    EXPECT_EQ(step.fault, StepResult::Fault::none);
    EXPECT_TRUE(step.sends.empty());
    EXPECT_TRUE(step.labels.empty());
    EXPECT_EQ(client.encoding(), before) << number;
  }
  EXPECT_EQ(client.reply(2, 8).labels, (Labels{responded(8), invoked(30)}));
  client.reply(3, 9);
  for (const std::uint32_t number : {3U, 4U}) {
    EXPECT_TRUE(client.reply(number, 99).labels.empty()) << "all is done";
  }
}

TEST(Client, RetriesTheSameRequestAtTheNextServerAround) {
  Client client(script(true, false));
  client.start();
  EXPECT_EQ(client.timers(), retry_timer);
  for (const std::uint8_t server : std::vector<std::uint8_t>{0, 1, 2, 0}) {
    const StepResult step = client.fire();
    EXPECT_EQ(step.sends, (Sends{request(server, 1, 10)}));
    EXPECT_TRUE(step.labels.empty()) << "a retry is not another operation";
    EXPECT_EQ(client.timers(), retry_timer);
  }
  // The next operation begins with its own first server.
  EXPECT_EQ(client.reply(1, 7).sends, (Sends{request(1, 2, 20)}));
  EXPECT_EQ(client.fire().sends, (Sends{request(1, 2, 20)})) << "it has one server only";
  EXPECT_EQ(client.reply(2, 8).sends, (Sends{request(0, 3, 30)}));
  client.reply(3, 9);
  EXPECT_EQ(client.timers(), 0U);
}

TEST(Client, DoesNotRetryUnlessTheWorkloadSaysSo) {
  Client client(script(false, true));
  client.start();
  EXPECT_EQ(client.timers(), 0U);
  client.reply(1, 7);
  EXPECT_EQ(client.timers(), 0U);
}

TEST(Client, SendsToAllServersOfTheItemAtOnceWhereTheWorkloadSaysSo) {
  Client client(script(true, true));
  const Sends all = {request(2, 1, 10), request(0, 1, 10), request(1, 1, 10)};
  EXPECT_EQ(client.start().sends, all);
  EXPECT_EQ(client.fire().sends, all);
  EXPECT_EQ(client.reply(1, 7).sends, (Sends{request(1, 2, 20)}));
  EXPECT_EQ(client.reply(2, 7).sends, (Sends{request(0, 3, 30), request(2, 3, 30)}));
}

TEST(Client, TakesAResultThatSoManyDifferentServersGaveWhereTheWorkloadSaysSo) {
  Script two = script(false, true);
  two.matching = 2;
  Client client(two);
  client.start();
  EXPECT_TRUE(client.reply(1, 7, 0).labels.empty());
  EXPECT_TRUE(client.reply(1, 7, 0).labels.empty()) << "the same server again";
  EXPECT_TRUE(client.reply(1, 8, 1).labels.empty()) << "another result";
  EXPECT_TRUE(client.reply(1, 7, 1).labels.empty()) << "a server is believed once";
  EXPECT_EQ(client.reply(1, 7, 2).labels, (Labels{responded(7), invoked(20)}));
  EXPECT_TRUE(client.reply(1, 7, 1).labels.empty());
  EXPECT_TRUE(client.reply(2, 9, 0).labels.empty()) << "answers to the last request do not count";
}

TEST(Client, ThatNeedsSeveralAnswersIsDecodedWithThem) {
  Script two = script(false, true);
  two.matching = 2;
  const ClientType<Server> type(two);
  LocalState local{LocalState::Status::unstarted, 0, type.make()};
  run_event(local, {.kind = LocalEvent::Kind::start}, place, {});
  const Bytes before = encode_local(local);
  const Reply<Result> reply{.number = 1, .result = {7}};
  run_event(
      local,
      {.kind = LocalEvent::Kind::deliver, .from = {2}, .message = encoded(Wire<Server>(reply))},
      place, {});
  const Bytes bytes = encode_local(local);
  EXPECT_NE(bytes, before);
  EXPECT_EQ(encode_local(decode_local(type, bytes)), bytes);
}

TEST(Client, TakesRepliesOnly) {
  Client client(script(false, false));
  client.start();
  EXPECT_EQ(client.receive(Gossip{}).fault, StepResult::Fault::exception);
  EXPECT_EQ(client.receive(Request<Operation>{}).fault, StepResult::Fault::exception);
}

TEST(Client, ANodeTakesNoReplies) {
  const NodeType<Server> type;
  LocalState local{LocalState::Status::up, 0, type.make()};
  const LocalEvent event{.kind = LocalEvent::Kind::deliver,
                         .from = {3},
                         .message = encoded(Wire<Server>(Reply<Result>{}))};
  EXPECT_EQ(run_event(local, event, place, {}).fault, StepResult::Fault::exception);
}

// --- history ---

using Counts = std::vector<std::uint32_t>;

TEST(HistoryOfClients, RecordsWhatHadReturnedBeforeEachInvocation) {
  History history;
  history.clients.resize(2);
  record(history, 0, invoked(1));
  record(history, 1, invoked(2));
  record(history, 0, responded(3));
  record(history, 0, invoked(4));
  record(history, 1, responded(5));
  record(history, 1, invoked(6));
  ASSERT_EQ(history.clients[0].size(), 2U);
  ASSERT_EQ(history.clients[1].size(), 2U);
  EXPECT_EQ(history.clients[0][0].operation, encoded(Operation{1}));
  EXPECT_EQ(history.clients[0][0].result, encoded(Result{3}));
  EXPECT_EQ(history.clients[0][0].returned_before, (Counts{0, 0}));
  EXPECT_EQ(history.clients[1][0].returned_before, (Counts{0, 0}));
  EXPECT_EQ(history.clients[0][1].returned_before, (Counts{1, 0}));
  EXPECT_EQ(history.clients[0][1].result, std::nullopt);
  EXPECT_EQ(history.clients[1][1].returned_before, (Counts{1, 1}));
}

TEST(HistoryOfClients, AResponseToNothingIsAnErrorOfTheEngine) {
  History history;
  history.clients.resize(1);
  EXPECT_THROW(record(history, 0, responded(1)), std::logic_error);
  record(history, 0, invoked(1));
  record(history, 0, responded(1));
  EXPECT_THROW(record(history, 0, responded(1)), std::logic_error);
}

System two_clients(Network network, bool retry, bool to_all) {
  System system = make_system<Server>("test", {.nodes = 3, .network = network, .timeouts = 4});
  add_clients<Server>(
      system, {.clients = {script(retry, to_all).items, {{{40}, {{0}, {1}}}, {{50}, {{0}, {1}}}}},
               .retry = retry,
               .to_all = to_all});
  return system;
}

TEST(HistoryOfClients, ClientsAreBehindTheNodesAndDoNotCrash) {
  System system = two_clients(Network::async, false, false);
  system.bounds.crashes = 5;
  EXPECT_EQ(system.bounds.clients, 2U);
  EXPECT_EQ(system.process_name({3}), "c1");
  LiveWorld world = started_world(system);
  for (const Event& event : world.enabled()) {
    EXPECT_FALSE(event.kind == EventKind::crash && system.is_client(event.process));
  }
  EXPECT_EQ(world.apply({.kind = EventKind::crash, .process = self}).status,
            Outcome::Status::not_enabled);
}

// When an operation of a client was invoked and when it returned.
struct Times {
  std::size_t invoked = 0;
  std::optional<std::size_t> returned;
};

void note_labels(const Event& event, const Outcome& outcome, std::vector<std::vector<Times>>& times,
                 std::size_t& now) {
  for (const Label& label : outcome.step.labels) {
    auto& of_client = times.at(event.process.value - 3U);
    if (label.kind == Label::Kind::invoke) {
      of_client.push_back({.invoked = ++now, .returned = {}});
    } else {
      of_client.back().returned = ++now;
    }
  }
}

void check_history(const History& history, const std::vector<std::vector<Times>>& times) {
  RC_ASSERT(history.clients.size() == 2U);
  for (std::size_t client = 0; client < 2; ++client) {
    const auto& operations = history.clients[client];
    RC_ASSERT(operations.size() == times[client].size());
    for (std::size_t i = 0; i < operations.size(); ++i) {
      const auto operation = decoded<Operation>(operations[i].operation);
      // In program order, each with the answer to itself.
      const std::uint32_t expected = static_cast<std::uint32_t>((client == 0 ? 10 : 40) + 10 * i);
      RC_ASSERT(operation.value == expected);
      RC_ASSERT(operations[i].result.has_value() == times[client][i].returned.has_value());
      if (operations[i].result) {
        RC_ASSERT(decoded<Result>(*operations[i].result).value == expected + 1000);
      }
      for (std::size_t other = 0; other < 2; ++other) {
        const auto before = std::ranges::count_if(times[other], [&](const Times& t) {
          return t.returned && *t.returned < times[client][i].invoked;
        });
        RC_ASSERT(operations[i].returned_before.at(other) == static_cast<std::uint32_t>(before));
      }
    }
  }
}

TEST(HistoryOfClients, OfRandomRunsIsInOrderAndAnswersMatchTheirRequests) {
  std::size_t completed = 0;
  std::size_t overlapping = 0;
  const bool success = rc::check([&] {
    const System system = two_clients(static_cast<Network>(*rc::gen::inRange(0, 3)),
                                      *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>());
    LiveWorld world(system);
    std::vector<std::vector<Times>> times(2);
    std::size_t now = 0;
    const auto apply = [&](const Event& event) {
      const Outcome outcome = world.apply(event);
      RC_ASSERT(outcome.status == Outcome::Status::applied);
      note_labels(event, outcome, times, now);
    };
    for (std::uint8_t i = 0; i < 5; ++i) apply({.kind = EventKind::start, .process = {i}});
    for (int step = 0; step < 40; ++step) {
      const std::vector<Event> events = world.enabled();
      if (events.empty()) break;
      apply(*rc::gen::elementOf(events));
      check_history(world.history(), times);
    }
    for (const auto& operations : world.history().clients) {
      for (const HistoryOperation& operation : operations) completed += operation.result ? 1 : 0;
    }
    overlapping +=
        times[1][0].returned && times[0].size() > 1 && times[0][1].invoked < *times[1][0].returned
            ? 1
            : 0;
  });
  EXPECT_TRUE(success);
  EXPECT_GT(completed, 100U);
  EXPECT_GT(overlapping, 5U);
}

// One of the servers answers, and the client does not know which.
TEST(Client, OneThatSeeksAsksAllUntilItKnows) {
  ClientType<Server>::Script items{.items = {{{10}, {{2}, {0}, {1}}}, {{20}, {{2}, {0}, {1}}}},
                                   .retry = true,
                                   .paced = true,
                                   .seeks = true};
  const ClientType<Server> type(std::move(items));
  LocalState local{LocalState::Status::unstarted, 0, type.make()};
  const auto fire = [&](ClientTimer timer) {
    std::vector<std::uint32_t> asked;
    const StepResult result = run_event(
        local, {.kind = LocalEvent::Kind::timer, .timer = static_cast<std::uint32_t>(timer)}, place,
        {});
    for (const Sent& sent : result.sends) asked.push_back(sent.to.value);
    return asked;
  };
  run_event(local, {.kind = LocalEvent::Kind::start}, place, {});
  EXPECT_EQ(fire(ClientTimer::next), (std::vector<std::uint32_t>{2, 0, 1}));
  EXPECT_EQ(fire(ClientTimer::retry), (std::vector<std::uint32_t>{2, 0, 1}));
  const Bytes answer = encoded(Wire<Server>(Reply<Result>{.number = 1, .result = {1010}}));
  run_event(local, {.kind = LocalEvent::Kind::deliver, .from = {0}, .message = answer}, place, {});
  EXPECT_EQ(fire(ClientTimer::next), (std::vector<std::uint32_t>{0}));  // who has answered
  EXPECT_EQ(fire(ClientTimer::retry), (std::vector<std::uint32_t>{2, 0, 1}));
}

}  // namespace
}  // namespace gainsay
