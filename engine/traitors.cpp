#include "engine/traitors.hpp"

#include <algorithm>
#include <array>

#include "engine/mutations.hpp"

namespace gainsay {

namespace {

constexpr std::size_t known_most = 8;

struct Shared {
  std::shared_ptr<const ProcessType> correct;
  const Type* message_type = nullptr;
  Behaviours behaviours;
  Deceit deceit;                // with two_faced
  std::uint32_t own_timer = 0;  // behind those of the correct code
};

class TraitorProcess final : public Process {
 public:
  TraitorProcess(Shared shared, std::unique_ptr<Process> correct, std::vector<Sent> withheld = {},
                 std::vector<Bytes> known = {})
      : shared_(std::move(shared)),
        correct_(std::move(correct)),
        withheld_(std::move(withheld)),
        known_(std::move(known)) {}

  std::unique_ptr<Process> clone() const override {
    return std::make_unique<TraitorProcess>(shared_, correct_->clone(), withheld_, known_);
  }
  void encode(Writer& writer) const override;
  void start(StepContext& step) override { run(step, {}); }
  void deliver(StepContext& step, NodeId from, BytesView message) override {
    learn(Bytes(message));
    run(step, {.kind = LocalEvent::Kind::deliver, .from = from, .message = Bytes(message)});
  }
  void fire(StepContext& step, std::uint32_t timer) override {
    if (timer == shared_.own_timer) return speak(step);
    run(step, {.kind = LocalEvent::Kind::timer, .timer = timer});
  }
  void crash() override { throw std::logic_error("traitors do not crash"); }
  const void* state() const override { return correct_->state(); }
  std::shared_ptr<const void> view() const override { return shared_.correct->make()->view(); }
  void encode_view(Writer& writer) const override { shared_.correct->make()->encode_view(writer); }

 private:
  struct Handled {
    LocalState local;
    StepResult result;
  };
  Handled handle(StepContext& step, const LocalEvent& event) const;
  void run(StepContext& step, const LocalEvent& event);
  void learn(Bytes message);
  void say(StepContext& step, std::vector<Sent> sends);
  void say_either(StepContext& step, const std::vector<Sent>& right,
                  const std::vector<Sent>& other) const;
  void bend(StepContext& step, std::vector<Sent>& sends) const;
  void speak(StepContext& step);
  void arm(StepContext& step) const;

  Shared shared_;
  std::unique_ptr<Process> correct_;
  std::vector<Sent> withheld_;
  std::vector<Bytes> known_;
};

void TraitorProcess::encode(Writer& writer) const {
  correct_->encode(writer);
  writer.integer(withheld_.size());
  for (const Sent& sent : withheld_) {
    writer.integer(sent.to.value);
    writer.raw(sent.message);
  }
  writer.integer(known_.size());
  for (const Bytes& message : known_) writer.raw(message);
}

// The handler asks for its choices one after the other: it runs again with one more answer until it
// asks for none.
TraitorProcess::Handled TraitorProcess::handle(StepContext& step, const LocalEvent& event) const {
  const std::uint64_t own = std::uint64_t{1} << shared_.own_timer;
  std::vector<std::uint32_t> answers;
  for (;;) {
    Handled handled{.local = {.status = LocalState::Status::up,
                              .timers = step.timers() & ~own,
                              .process = correct_->clone()},
                    .result = {}};
    handled.result = run_event(handled.local, event, step.place(), answers);
    if (handled.result.answers.size() <= answers.size()) return handled;
    answers.push_back(step.choose(handled.result.options[answers.size()]));
  }
}

void TraitorProcess::run(StepContext& step, const LocalEvent& event) {
  Handled right = handle(step, event);
  if (right.result.fault != StepResult::Fault::none) return arm(step);
  const bool chose = std::ranges::any_of(right.result.options, [](auto n) { return n > 1; });
  std::optional<Handled> other;  // what it would have said by other choices
  if (shared_.behaviours.equivocate && chose && step.choose(2) == 1) other = handle(step, event);
  correct_ = std::move(right.local.process);
  for (std::uint32_t timer = 0; timer < shared_.own_timer; ++timer) {
    ((right.local.timers >> timer) & 1) != 0 ? step.set_timer(timer) : step.clear_timer(timer);
  }
  if (shared_.behaviours.two_faced) shared_.deceit(step.place(), event, right.result.sends);
  for (const Sent& sent : right.result.sends) learn(sent.message);
  if (other && other->result.fault == StepResult::Fault::none) {
    say_either(step, right.result.sends, other->result.sends);
  } else {
    say(step, std::move(right.result.sends));
  }
  arm(step);
}

void TraitorProcess::learn(Bytes message) {
  const Behaviours& may = shared_.behaviours;
  if (!may.equivocate && !may.mutate && !may.replay) return;
  if (std::ranges::find(known_, message) != known_.end()) return;
  if (known_.size() == known_most) known_.erase(known_.begin());
  known_.push_back(std::move(message));
}

// Each receiver hears what one of two choices has it say.
void TraitorProcess::say_either(StepContext& step, const std::vector<Sent>& right,
                                const std::vector<Sent>& other) const {
  for (std::uint16_t to = 0; to < step.place().processes; ++to) {
    const auto is_to = [to](const Sent& sent) { return sent.to.value == to; };
    if (std::ranges::none_of(right, is_to) && std::ranges::none_of(other, is_to)) continue;
    for (const Sent& sent : step.choose(2) == 0 ? right : other) {
      if (is_to(sent)) step.send(sent.to, sent.message);
    }
  }
}

void TraitorProcess::say(StepContext& step, std::vector<Sent> sends) {
  if (sends.empty()) return;
  const Behaviours& may = shared_.behaviours;
  if (may.silent && step.choose(2) == 1) return;
  if (may.mutate || may.equivocate) bend(step, sends);
  if (may.delay && step.choose(2) == 1) {
    withheld_.insert(withheld_.end(), sends.begin(), sends.end());
    return;
  }
  for (const Sent& sent : sends) step.send(sent.to, sent.message);
}

// Puts another message in the place of one: for everybody, or for some.
void TraitorProcess::bend(StepContext& step, std::vector<Sent>& sends) const {
  std::vector<Bytes> messages;
  for (const Sent& sent : sends) {
    if (std::ranges::find(messages, sent.message) == messages.end()) {
      messages.push_back(sent.message);
    }
  }
  for (const Bytes& message : messages) {
    if (step.choose(2) == 0) continue;
    const std::vector<Bytes> others =
        mutations(*shared_.message_type, message,
                  {.self = step.place().self, .nodes = step.place().nodes, .known = known_});
    if (others.empty()) continue;
    const Bytes& other = others[step.choose(static_cast<std::uint32_t>(others.size()))];
    for (Sent& sent : sends) {
      if (sent.message != message) continue;
      const bool is_told = !shared_.behaviours.equivocate || step.choose(2) == 1;
      if (is_told) sent.message = other;
    }
  }
}

// At its own timer: it says what it has withheld, or repeats something.
void TraitorProcess::speak(StepContext& step) {
  const bool repeats = shared_.behaviours.replay && !known_.empty();
  const bool chooses = repeats && !withheld_.empty();
  if (repeats && (!chooses || step.choose(2) == 1)) {
    const Bytes& message = known_[step.choose(static_cast<std::uint32_t>(known_.size()))];
    step.send(node_id(step.choose(step.place().nodes)), message);
  } else {
    for (const Sent& sent : withheld_) step.send(sent.to, sent.message);
    withheld_.clear();
  }
  arm(step);
}

void TraitorProcess::arm(StepContext& step) const {
  const bool has_more = !withheld_.empty() || (shared_.behaviours.replay && !known_.empty());
  has_more ? step.set_timer(shared_.own_timer) : step.clear_timer(shared_.own_timer);
}

}  // namespace

TraitorType::TraitorType(std::shared_ptr<const ProcessType> correct, const Type& state_type,
                         const Type& message_type, Behaviours behaviours, Deceit deceit)
    : correct_(std::move(correct)),
      state_type_(state_type),
      message_type_(message_type),
      behaviours_(behaviours),
      deceit_(std::move(deceit)),
      timer_names_(correct_->timer_names()) {
  timer_names_.push_back("treachery");
}

std::unique_ptr<Process> TraitorType::make() const {
  const auto own = static_cast<std::uint32_t>(timer_names_.size() - 1);
  return std::make_unique<TraitorProcess>(
      Shared{correct_, &message_type_, behaviours_, deceit_, own}, correct_->make());
}

std::unique_ptr<Process> TraitorType::decode(Reader& reader) const {
  auto correct = correct_->decode(reader);
  std::vector<Sent> withheld;
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    const NodeId to = node_id(reader.integer());
    withheld.push_back({.to = to, .message = Bytes(skip(message_type_, reader))});
  }
  std::vector<Bytes> known;
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    known.emplace_back(skip(message_type_, reader));
  }
  const auto own = static_cast<std::uint32_t>(timer_names_.size() - 1);
  return std::make_unique<TraitorProcess>(
      Shared{correct_, &message_type_, behaviours_, deceit_, own}, std::move(correct),
      std::move(withheld), std::move(known));
}

void make_traitors(System& system, NodeSet traitors, Behaviours behaviours, Deceit deceit,
                   const Type& state_type) {
  if (behaviours.two_faced && !deceit) {
    throw UsageError(system.name + " does not say what a two-faced traitor does");
  }
  if (behaviours == Behaviours{}) throw UsageError("a traitor has at least one behaviour");
  if (system.bounds.nodes == traitors.size()) throw UsageError("all nodes are traitors");
  if (system.bounds.unsynced > 0) throw UsageError("traitors do not lose writes: no --unsynced");
  for (const NodeId id : traitors) {
    if (id.value >= system.bounds.nodes) throw UsageError("a traitor is not a node");
    if (system.is_faulty(id))
      throw UsageError(
          "a node is faulty in one way: Byzantine, twins or a "
          "traitor");
    auto& type = system.processes[id.value];
    if (type->timer_names().size() > 63) throw UsageError("a traitor has at most 63 timers");
    type = std::make_shared<const TraitorType>(type, state_type, *system.message_type, behaviours,
                                               deceit);
  }
  system.traitors = traitors;
  system.bounds.traitors = system.asked.traitors = static_cast<std::uint32_t>(traitors.size());
}

TraitorOption traitor_option(std::string_view text, std::uint32_t nodes) {
  constexpr std::array<std::pair<std::string_view, bool Behaviours::*>, 6> names = {{
      {"silent", &Behaviours::silent},
      {"equivocate", &Behaviours::equivocate},
      {"delay", &Behaviours::delay},
      {"mutate", &Behaviours::mutate},
      {"replay", &Behaviours::replay},
      {"two-faced", &Behaviours::two_faced},
  }};
  const auto refuse = [text] {
    throw UsageError("'" + std::string(text) +
                     "' is not silent, equivocate, delay, mutate, replay or two-faced, or several "
                     "of them joined by +, of nodes: equivocate+delay@n1+n2");
  };
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) refuse();
  TraitorOption option;
  for (std::size_t begin = 0; begin <= at;) {
    const std::size_t end = std::min(text.find('+', begin), at);
    const auto found = std::ranges::find(names, text.substr(begin, end - begin),
                                         [](const auto& one) { return one.first; });
    if (found == names.end()) refuse();
    option.behaviours.*(found->second) = true;
    begin = end + 1;
  }
  for (std::size_t begin = at + 1; begin <= text.size();) {
    const std::size_t end = std::min(text.find('+', begin), text.size());
    const NodeSet before = option.nodes;
    for (std::uint16_t id = 0; id < nodes; ++id) {
      const bool is_it = text.substr(begin, end - begin) == "n" + std::to_string(id + 1);
      if (is_it) option.nodes.insert({id});
    }
    if (option.nodes == before) refuse();
    begin = end + 1;
  }
  return option;
}

}  // namespace gainsay
