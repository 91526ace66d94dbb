#include "engine/twins.hpp"

#include <array>

namespace gainsay {

namespace {

using Copies = std::array<std::unique_ptr<Process>, 2>;

// Which copies a message reaches. In async it stays, so that both is one after the other.
constexpr std::uint32_t choices_async = 2;
constexpr std::uint32_t choices_else = 3;

struct OfBothTwins {
  std::shared_ptr<const ProcessType> correct;
  std::uint32_t timers = 0;  // of one copy
  std::uint32_t choices = choices_async;
};

class TwinsProcess final : public Process {
 public:
  TwinsProcess(OfBothTwins shared, Copies copies)
      : shared_(std::move(shared)), copies_(std::move(copies)) {}

  std::unique_ptr<Process> clone() const override {
    return std::make_unique<TwinsProcess>(shared_,
                                          Copies{copies_[0]->clone(), copies_[1]->clone()});
  }
  void encode(Writer& writer) const override {
    for (const auto& copy : copies_) copy->encode(writer);
  }
  void start(StepContext& step) override {
    for (std::uint32_t copy = 0; copy < 2; ++copy) run(step, copy, {});
  }
  void deliver(StepContext& step, NodeId from, BytesView message) override {
    const std::uint32_t reached = step.choose(shared_.choices);
    const LocalEvent event{
        .kind = LocalEvent::Kind::deliver, .from = from, .message = Bytes(message)};
    for (std::uint32_t copy = 0; copy < 2; ++copy) {
      if (reached == copy || reached == 2) run(step, copy, event);
    }
  }
  void fire(StepContext& step, std::uint32_t timer) override {
    run(step, timer / shared_.timers,
        {.kind = LocalEvent::Kind::timer, .timer = timer % shared_.timers});
  }
  void crash() override { throw std::logic_error("twins do not crash"); }
  // Limits are asked of the copy that took the step; the other one was within them.
  const void* state() const override { return copies_[stepped_]->state(); }
  std::shared_ptr<const void> view() const override { return shared_.correct->make()->view(); }
  void encode_view(Writer& writer) const override { shared_.correct->make()->encode_view(writer); }

 private:
  void run(StepContext& step, std::uint32_t copy, const LocalEvent& event);
  std::uint64_t timers_of(const StepContext& step, std::uint32_t copy) const;

  OfBothTwins shared_;
  Copies copies_;
  std::uint32_t stepped_ = 0;  // no part of the state
};

std::uint64_t TwinsProcess::timers_of(const StepContext& step, std::uint32_t copy) const {
  std::uint64_t timers = 0;
  for (std::uint32_t timer = 0; timer < shared_.timers; ++timer) {
    if (step.armed(copy * shared_.timers + timer)) timers |= std::uint64_t{1} << timer;
  }
  return timers;
}

// The copy's handler asks for its choices one after the other: it runs again with one more answer
// until it asks for none.
void TwinsProcess::run(StepContext& step, std::uint32_t copy, const LocalEvent& event) {
  std::vector<std::uint32_t> answers;
  for (;;) {
    LocalState local{.status = LocalState::Status::up,
                     .timers = timers_of(step, copy),
                     .process = copies_[copy]->clone()};
    const StepResult result = run_event(local, event, step.place(), answers);
    if (result.answers.size() > answers.size()) {
      answers.push_back(step.choose(result.options[answers.size()]));
      continue;
    }
    if (event.kind == LocalEvent::Kind::timer) {
      step.clear_timer(copy * shared_.timers + event.timer);
    }
    if (result.fault != StepResult::Fault::none) return;
    stepped_ = copy;
    copies_[copy] = std::move(local.process);
    for (std::uint32_t timer = 0; timer < shared_.timers; ++timer) {
      const std::uint32_t own = copy * shared_.timers + timer;
      ((local.timers >> timer) & 1) != 0 ? step.set_timer(own) : step.clear_timer(own);
    }
    for (const Sent& sent : result.sends) step.send(sent.to, sent.message);
    return;
  }
}

}  // namespace

TwinsType::TwinsType(std::shared_ptr<const ProcessType> correct, const Type& state_type,
                     Network network)
    : correct_(std::move(correct)), state_type_(state_type), network_(network) {
  for (const char* copy : {"first ", "second "}) {
    for (const std::string_view name : correct_->timer_names()) {
      names_.push_back(copy + std::string(name));
    }
  }
  timer_names_.assign(names_.begin(), names_.end());
}

std::unique_ptr<Process> TwinsType::of(std::unique_ptr<Process> first,
                                       std::unique_ptr<Process> second) const {
  const OfBothTwins shared{.correct = correct_,
                           .timers = static_cast<std::uint32_t>(correct_->timer_names().size()),
                           .choices = network_ == Network::async ? choices_async : choices_else};
  return std::make_unique<TwinsProcess>(shared, Copies{std::move(first), std::move(second)});
}

std::unique_ptr<Process> TwinsType::make() const { return of(correct_->make(), correct_->make()); }

std::unique_ptr<Process> TwinsType::decode(Reader& reader) const {
  auto first = correct_->decode(reader);
  return of(std::move(first), correct_->decode(reader));
}

void make_twins(System& system, NodeSet twins, const Type& state_type) {
  if (system.bounds.nodes == twins.size()) throw UsageError("all nodes are twins");
  if (system.bounds.unsynced > 0) throw UsageError("twins do not lose writes: no --unsynced");
  for (const NodeId id : twins) {
    if (id.value >= system.bounds.nodes) throw UsageError("twins are not a node");
    if (system.is_faulty(id)) throw UsageError("a node is either Byzantine or a pair of twins");
    auto& type = system.processes[id.value];
    if (type->timer_names().size() > 32) throw UsageError("twins have at most 32 timers each");
    type = std::make_shared<const TwinsType>(type, state_type, system.bounds.network);
  }
  system.twins = twins;
  system.bounds.twins = system.asked.twins = static_cast<std::uint32_t>(twins.size());
}

}  // namespace gainsay
