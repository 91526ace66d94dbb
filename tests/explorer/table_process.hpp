// What protocols given by tables have in common: the shell that makes a process of a state and its
// rules, and the clients.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/containers.hpp"
#include "engine/random.hpp"
#include "engine/reflect.hpp"
#include "properties/linearizability.hpp"
#include "properties/property.hpp"

namespace gainsay::testing {

// What an outcome does with its disk, where writes are not safe at once: the durable state takes a
// value, and then it says so.
struct DiskStep {
  enum class Barrier : std::uint8_t { none, write, sync };
  std::uint8_t value = 0;
  Barrier barrier = Barrier::none;
};
inline std::vector<DiskStep> random_disk(RandomStream& random) {
  std::vector<DiskStep> steps;
  for (std::uint32_t left = random.below(3); left > 0; --left) {
    steps.push_back({.value = static_cast<std::uint8_t>(random.below(2)),
                     .barrier = static_cast<DiskStep::Barrier>(random.below(3))});
  }
  return steps;
}
inline void say(StepContext& step, DiskStep::Barrier barrier) {
  if (barrier == DiskStep::Barrier::write) step.write();
  if (barrier == DiskStep::Barrier::sync) step.sync();
}

// Rules have a type State and, all const,
//   void start(StepContext&, State&), void deliver(StepContext&, State&, NodeId from, BytesView),
//   void fire(StepContext&, State&, std::uint32_t timer), void crash(State&),
//   std::optional<State> shown(const State&): what properties see; a client shows nothing,
//   const std::vector<std::string_view>& timer_names();
// and, if they sync their disks themselves, a State with a member `durable`, and bool syncs.
template <class Rules>
concept Syncing = requires(const Rules& rules, typename Rules::State& state) {
  state.durable;
  rules.syncs;
};
template <class Rules>
class TableProcess final : public Process {
 public:
  using State = typename Rules::State;
  TableProcess(std::shared_ptr<const Rules> rules, State state)
      : rules_(std::move(rules)), state_(std::move(state)) {}

  std::unique_ptr<Process> clone() const override {
    return std::make_unique<TableProcess>(rules_, state_);
  }
  void encode(Writer& writer) const override { gainsay::encode(state_, writer); }
  void start(StepContext& step) override { rules_->start(step, state_); }
  void deliver(StepContext& step, NodeId from, BytesView message) override {
    rules_->deliver(step, state_, from, message);
  }
  void fire(StepContext& step, std::uint32_t timer) override { rules_->fire(step, state_, timer); }
  void crash() override { rules_->crash(state_); }
  void encode_durable(Writer& writer) const override {
    if constexpr (Syncing<Rules>) gainsay::encode(state_.durable, writer);
  }
  void restore(BytesView bytes) override {
    if constexpr (Syncing<Rules>) state_.durable = decoded<decltype(state_.durable)>(bytes);
  }
  const void* state() const override { return &state_; }
  std::shared_ptr<const void> view() const override {
    const std::optional<State> shown = rules_->shown(state_);
    return shown ? std::make_shared<const State>(*shown) : nullptr;
  }
  void encode_view(Writer& writer) const override {
    if (const std::optional<State> shown = rules_->shown(state_)) gainsay::encode(*shown, writer);
  }

 private:
  std::shared_ptr<const Rules> rules_;
  State state_;
};

template <class Rules>
class TableType final : public ProcessType {
 public:
  using State = typename Rules::State;
  explicit TableType(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}
  std::unique_ptr<Process> make() const override {
    return std::make_unique<TableProcess<Rules>>(rules_, State{});
  }
  std::unique_ptr<Process> decode(Reader& reader) const override {
    State state;
    gainsay::decode(reader, state);
    return std::make_unique<TableProcess<Rules>>(rules_, std::move(state));
  }
  const Type& state_type() const override { return type_of<State>(); }
  const std::vector<std::string_view>& timer_names() const override {
    return rules_->timer_names();
  }
  const Type* durable_type() const override {
    if constexpr (Syncing<Rules>) return &type_of<decltype(State::durable)>();
    return nullptr;
  }
  bool syncs() const override {
    if constexpr (Syncing<Rules>) return rules_->syncs;
    return false;
  }

 private:
  std::shared_ptr<const Rules> rules_;
};

// An operation or a result of a client.
struct TableValue {
  std::uint8_t value = 0;
};

// Asks one thing after the other, each of all its servers, and takes as the answer the first
// message that has the parity of the question's number.
template <class Message>
struct TableClient {
  struct State {
    std::uint32_t returned = 0;
  };
  struct Question {
    std::uint8_t value = 0;
    std::vector<NodeId> servers;
  };
  std::vector<Question> questions;

  void start(StepContext& step, State& state) const { ask(step, state); }
  void deliver(StepContext& step, State& state, NodeId, BytesView message) const {
    const std::uint8_t value = decoded<Message>(message).value;
    if (state.returned == questions.size() || value % 2 != state.returned % 2) return;
    step.label(Label::Kind::respond, encoded(TableValue{value}));
    ++state.returned;
    ask(step, state);
  }
  void fire(StepContext&, State&, std::uint32_t) const {}
  void crash(State&) const {}
  std::optional<State> shown(const State&) const { return std::nullopt; }
  const std::vector<std::string_view>& timer_names() const {
    static const std::vector<std::string_view> none;
    return none;
  }

 private:
  void ask(StepContext& step, const State& state) const {
    if (state.returned == questions.size()) return;
    const Question& question = questions[state.returned];
    step.label(Label::Kind::invoke, encoded(TableValue{question.value}));
    Message message{};
    message.value = question.value;
    if constexpr (requires { message.about; }) message.about = step.place().self;
    for (const NodeId server : question.servers) step.send(server, encoded(message));
  }
};

// Of a history, what `order_of_results` needs to know.
struct OrderFuture {
  bool has_result = false;
  bool returned_a = false;
  bool broken = false;
  flat_set<NodeId> late;  // clients whose open operation was invoked behind a return of a
};

// `forgetful`: it does not remember which operations those are, and takes all for them.
inline Futures futures_of_order(std::uint8_t a, std::uint8_t b, bool forgetful = false) {
  return {.type = &type_of<OrderFuture>(),
          .initial = encoded(OrderFuture{}),
          .next =
              [=](BytesView bytes, NodeId client, const Label& label) {
                auto future = decoded<OrderFuture>(bytes);
                if (label.kind == Label::Kind::invoke) {
                  if (future.returned_a && !forgetful) future.late.insert(client);
                  return encoded(future);
                }
                const std::uint8_t value = decoded<TableValue>(label.value).value;
                const bool late = forgetful ? future.returned_a : future.late.erase(client) > 0;
                future.has_result = true;
                future.broken = future.broken || (late && value == b);
                future.returned_a = future.returned_a || value == a;
                return encoded(future);
              },
          .holds = [](BytesView bytes) { return !decoded<OrderFuture>(bytes).broken; },
          .has_result = [](BytesView bytes) { return decoded<OrderFuture>(bytes).has_result; }};
}

// No operation that returns b is invoked behind the return of one that returned a.
inline Property order_of_results(std::uint8_t a, std::uint8_t b) {
  return {.name = "order of results",
          .scope = Scope::history,
          .history_holds =
              [=](const History& history) {
                const auto returned = [](const HistoryOperation& operation, std::uint8_t value) {
                  return operation.result && decoded<TableValue>(*operation.result).value == value;
                };
                for (const auto& later : history.clients) {
                  for (const HistoryOperation& second : later) {
                    if (!returned(second, b)) continue;
                    for (std::size_t client = 0; client < history.clients.size(); ++client) {
                      for (std::size_t i = 0; i < second.returned_before[client]; ++i) {
                        if (returned(history.clients[client][i], a)) return false;
                      }
                    }
                  }
                }
                return true;
              },
          .futures = futures_of_order(a, b)};
}

// A place that holds one value: who stores one there gets the one before.
struct TablePlace {
  using State = TableValue;
  using Operation = TableValue;
  using Result = TableValue;
  static Result apply(State& state, const Operation& operation) {
    return std::exchange(state, operation);
  }
};

// Adds clients with these questions.
template <class Message>
void add_table_clients(
    System& system, const std::vector<std::vector<typename TableClient<Message>::Question>>& all) {
  system.operation_type = &type_of<TableValue>();
  system.result_type = &type_of<TableValue>();
  for (const auto& questions : all) {
    system.processes.push_back(std::make_shared<const TableType<TableClient<Message>>>(
        std::make_shared<const TableClient<Message>>(TableClient<Message>{questions})));
  }
}

}  // namespace gainsay::testing
