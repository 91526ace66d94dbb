// Client processes: they issue a workload one operation after the other, retry where the workload
// says so, and record the history.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/context.hpp"
#include "engine/node.hpp"
#include "engine/process.hpp"

namespace gainsay {

template <class Operation>
struct WorkItem {
  Operation operation;
  std::vector<NodeId> servers;  // the request goes to the first; retries go on to the next, around
  bool by_any = false;          // with `seeks`: whichever server answers, it goes to the first
};

// What each client does, in order.
template <class Operation>
struct Workload {
  std::vector<std::vector<WorkItem<Operation>>> clients;
  bool retry = false;   // a timer resends the open request to the item's next server
  bool to_all = false;  // every send goes to all servers of the item at once
  // So many servers must give the same result before it is taken.
  std::uint32_t matching = 1;
  // A timer says when the next operation begins, rather than the end of the one before it; and a
  // client stays with the server that has answered it.
  bool paced = false;
  // Of a paced client: one server answers, and it is not known which. The first request goes to all
  // of them, then it stays with the one that has answered until that one does not answer in time.
  bool seeks = false;
  // In place of `clients`, where there are too many operations to keep: client c's operation i,
  // from 0 on, of `operations` for each of `client_count`.
  std::function<WorkItem<Operation>(std::uint32_t client, std::uint32_t position)> item{};
  std::uint32_t client_count = 0;
  std::uint32_t operations = 0;
};

enum class ClientTimer : std::uint8_t { retry, next };

struct ClientState {
  std::uint32_t position = 0;  // how many operations have returned
  std::uint32_t attempt = 0;   // which of the item's servers is asked; with `seeks` 0: all of them
  bool open = false;
};

// Where more than one answer is needed.
struct MatchingClientState {
  ClientState client;
  flat_map<NodeId, std::string> answers;  // to the open operation: each server's first, encoded
};

template <class Node>
class ClientProcess final : public Process {
 public:
  using Operation = typename Node::Operation;
  using Items = std::vector<WorkItem<Operation>>;
  struct Script {
    Items items;
    bool retry = false;
    bool to_all = false;
    std::uint32_t matching = 1;
    bool paced = false;
    bool seeks = false;
    std::function<WorkItem<Operation>(std::uint32_t position)> item{};  // in place of the list
    std::uint32_t operations = 0;

    std::size_t size() const { return item ? operations : items.size(); }
    WorkItem<Operation> at(std::uint32_t position) const {
      return item ? item(position) : items[position];
    }
  };

  explicit ClientProcess(std::shared_ptr<const Script> script, MatchingClientState state = {})
      : script_(std::move(script)), state_(state.client), answers_(std::move(state.answers)) {}

  std::unique_ptr<Process> clone() const override {
    return std::make_unique<ClientProcess>(script_, MatchingClientState{state_, answers_});
  }
  void encode(Writer& writer) const override {
    gainsay::encode(state_, writer);
    if (script_->matching > 1) gainsay::encode(answers_, writer);
  }
  void start(StepContext& step) override { go_on(step); }
  void deliver(StepContext& step, NodeId from, BytesView message) override {
    take(step, from, decoded<Wire<Node>>(message));
  }
  void deliver_value(StepContext& step, NodeId from, MessageValue& message) override {
    take(step, from, static_cast<const WireValue<Node>&>(message).value);
  }
  void fire(StepContext& step, std::uint32_t timer) override {
    const auto item = script_->at(state_.position);
    if (timer == static_cast<std::uint32_t>(ClientTimer::next)) {
      invoke(step, item);
    } else {
      state_.attempt = static_cast<std::uint32_t>((state_.attempt + 1) % item.servers.size());
      if (script_->seeks) state_.attempt = 0;
      ask(step, item);
    }
  }
  void crash() override { throw std::logic_error("clients do not crash"); }
  const void* state() const override { return &state_; }
  std::shared_ptr<const void> view() const override { return nullptr; }
  void encode_view(Writer&) const override {}  // only its history is seen

 private:
  void take(StepContext& step, NodeId from, const Wire<Node>& wire) {
    const auto* reply = std::get_if<Reply<typename Node::Result>>(&wire);
    if (reply == nullptr) throw std::logic_error("a client takes replies only");
    if (!state_.open || reply->number != state_.position + 1) return;  // an answer it has had
    const Bytes result = encoded(reply->result);
    if (script_->matching > 1 && !matches(from, result)) return;
    step.label(Label::Kind::respond, result);
    step.clear_timer(static_cast<std::uint32_t>(ClientTimer::retry));
    const std::uint32_t attempt = next_attempt(from);
    state_ = {.position = state_.position + 1, .attempt = attempt, .open = false};
    answers_.clear();
    go_on(step);
  }
  void go_on(StepContext& step) {
    if (state_.position >= script_->size()) return;
    if (script_->paced) {
      step.set_timer(static_cast<std::uint32_t>(ClientTimer::next));
    } else {
      invoke(step, script_->at(state_.position));
    }
  }
  // Whom the next request goes to.
  std::uint32_t next_attempt(NodeId answered_by) const {
    if (!script_->seeks) return script_->paced ? state_.attempt : 0;
    const auto item = script_->at(state_.position);
    if (item.by_any) return state_.attempt;
    const auto found = std::ranges::find(item.servers, answered_by);
    return static_cast<std::uint32_t>(found - item.servers.begin()) + 1;
  }
  void invoke(StepContext& step, const WorkItem<Operation>& item) {
    state_.open = true;
    step.label(Label::Kind::invoke, encoded(item.operation));
    if (item.by_any) {
      ask_one(step, item);
    } else {
      ask(step, item);
    }
  }
  // Have enough servers given this result? A server that gives two is not believed the second one.
  bool matches(NodeId from, const Bytes& result) {
    answers_.try_emplace(from, result);
    const auto same = std::ranges::count_if(
        answers_, [&](const auto& answer) { return answer.second == result; });
    return same >= static_cast<std::ptrdiff_t>(script_->matching);
  }
  void ask_one(StepContext& step, const WorkItem<Operation>& item) {
    send_wire<Node>(step, item.servers.front(), request_of(step, item));
    if (script_->retry) step.set_timer(static_cast<std::uint32_t>(ClientTimer::retry));
  }
  Request<Operation> request_of(const StepContext& step, const WorkItem<Operation>& item) const {
    return {.id = {.client = step.place().self, .number = state_.position + 1},
            .operation = item.operation};
  }
  void ask(StepContext& step, const WorkItem<Operation>& item) {
    const Request<Operation> request = request_of(step, item);
    const bool asks_all = script_->to_all || (script_->seeks && state_.attempt == 0);
    const std::uint32_t asked = state_.attempt - (script_->seeks ? 1 : 0);
    for (std::size_t i = 0; i < item.servers.size(); ++i) {
      if (asks_all || i == asked) send_wire<Node>(step, item.servers[i], request);
    }
    if (script_->retry) step.set_timer(static_cast<std::uint32_t>(ClientTimer::retry));
  }

  std::shared_ptr<const Script> script_;
  ClientState state_;
  flat_map<NodeId, std::string> answers_;
};

template <class Node>
class ClientType final : public ProcessType {
 public:
  using Script = typename ClientProcess<Node>::Script;
  explicit ClientType(Script script) : script_(std::make_shared<const Script>(std::move(script))) {}

  std::unique_ptr<Process> make() const override {
    return std::make_unique<ClientProcess<Node>>(script_);
  }
  std::unique_ptr<Process> decode(Reader& reader) const override {
    MatchingClientState state;
    gainsay::decode(reader, state.client);
    if (script_->matching > 1) gainsay::decode(reader, state.answers);
    return std::make_unique<ClientProcess<Node>>(script_, std::move(state));
  }
  const Type& state_type() const override {
    return script_->matching > 1 ? type_of<MatchingClientState>() : type_of<ClientState>();
  }
  const std::vector<std::string_view>& timer_names() const override {
    return type_of<ClientTimer>().enumerators;
  }
  const Type* value_type() const override { return &type_of<Wire<Node>>(); }

 private:
  std::shared_ptr<const Script> script_;
};

}  // namespace gainsay
