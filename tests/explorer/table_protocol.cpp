#include "tests/explorer/table_protocol.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/random.hpp"

namespace gainsay::testing {

namespace {

constexpr std::uint32_t processes = 3;
constexpr std::uint32_t levels = 4;  // local states 0 .. 3
constexpr std::uint32_t messages = 3;
constexpr std::uint32_t timers = 2;

struct TableOutcome {
  bool no_op = true;
  bool fails = false;
  std::uint8_t level = 0;
  std::uint8_t armed = 0;
  std::vector<std::pair<std::uint8_t, std::uint8_t>> sends;  // to, message
  bool labelled = false;
};

// Inputs: messages, then timers, then the start.
constexpr std::uint32_t inputs = messages + timers + 1;

struct Table {
  // [process][level][input] -> outcomes, one for each answer to the choice
  std::vector<TableOutcome> outcomes[processes][levels][inputs];
};

struct Tag {
  std::uint8_t value = 0;
};
struct State {
  std::uint8_t level = 0;
  std::uint8_t durable = 0;
};

// An outcome that only sends; a timer may arm itself again.
TableOutcome answer(RandomStream& random, std::uint32_t level) {
  TableOutcome outcome{.no_op = false, .level = static_cast<std::uint8_t>(level)};
  outcome.armed = static_cast<std::uint8_t>(random.below(4));
  for (std::uint32_t sends = 1 + random.below(2); sends > 0; --sends) {
    outcome.sends.emplace_back(static_cast<std::uint8_t>(random.below(processes)),
                               static_cast<std::uint8_t>(random.below(messages)));
  }
  return outcome;
}

std::shared_ptr<const Table> random_table(std::uint64_t seed, bool answers) {
  auto table = std::make_shared<Table>();
  RandomStream random(seed, Purpose::test);
  for (std::uint32_t p = 0; p < processes; ++p) {
    for (std::uint32_t level = 0; level < levels; ++level) {
      for (std::uint32_t input = 0; input < inputs; ++input) {
        const bool start = input + 1 == inputs;
        const std::uint32_t options = random.below(5) == 0 ? 2 : 1;
        for (std::uint32_t i = 0; i < options; ++i) {
          if (answers && !start && random.chance(1, 3)) {
            table->outcomes[p][level][input].push_back(answer(random, level));
            continue;
          }
          TableOutcome outcome;
          outcome.no_op = !start && (level + 1 == levels || random.below(3) == 0);
          if (!outcome.no_op) {
            const std::uint32_t least = start ? level : level + 1;
            const std::uint32_t room = start ? 2 : levels - least;  // a start stays in the limit
            outcome.level =
                static_cast<std::uint8_t>(std::min(least + random.below(room), levels - 1));
            outcome.fails = !start && random.below(150) == 0;
            outcome.armed = static_cast<std::uint8_t>(random.below(4));
            outcome.labelled = random.below(4) == 0;
            for (std::uint32_t sends = random.below(3); sends > 0; --sends) {
              outcome.sends.emplace_back(static_cast<std::uint8_t>(random.below(processes)),
                                         static_cast<std::uint8_t>(random.below(messages)));
            }
          }
          table->outcomes[p][level][input].push_back(std::move(outcome));
        }
      }
    }
  }
  return table;
}

class TableProcess final : public Process {
 public:
  TableProcess(std::shared_ptr<const Table> table, bool hides, State state)
      : table_(std::move(table)), hides_(hides), state_(state) {}

  std::unique_ptr<Process> clone() const override {
    return std::make_unique<TableProcess>(table_, hides_, state_);
  }
  void encode(Writer& writer) const override { gainsay::encode(state_, writer); }
  void start(StepContext& context) override {
    state_.level = state_.durable;  // what a crash leaves
    take(context, inputs - 1);
  }
  void deliver(StepContext& context, NodeId, BytesView message) override {
    take(context, decoded<Tag>(message).value);
  }
  void fire(StepContext& context, std::uint32_t timer) override { take(context, messages + timer); }
  void crash() override { state_.level = 0; }
  const void* state() const override { return &state_; }
  std::shared_ptr<const void> view() const override {
    return std::make_shared<const State>(shown());
  }
  void encode_view(Writer& writer) const override { gainsay::encode(shown(), writer); }

 private:
  // All of it, or only whether the last level is reached.
  State shown() const {
    if (!hides_) return state_;
    return {.level = static_cast<std::uint8_t>(state_.level + 1 == levels ? levels - 1 : 0)};
  }
  void take(StepContext& context, std::uint32_t input) {
    const auto& outcomes = table_->outcomes[context.place().self.value][state_.level][input];
    const std::uint32_t choice =
        outcomes.size() > 1 ? context.choose(static_cast<std::uint32_t>(outcomes.size())) : 0;
    const TableOutcome& outcome = outcomes[choice];
    if (outcome.no_op) return;
    expect(!outcome.fails, "a planted failure");
    state_.level = outcome.level;
    if (outcome.labelled) state_.durable = outcome.level / 2;
    for (std::uint32_t timer = 0; timer < timers; ++timer) {
      if (((outcome.armed >> timer) & 1) != 0) context.set_timer(timer);
    }
    for (const auto& [to, message] : outcome.sends) {
      context.send({to}, encoded(Tag{message}));
    }
    if (outcome.labelled) context.label(Label::Kind::observe, encoded(Tag{outcome.level}));
  }

  std::shared_ptr<const Table> table_;
  bool hides_;
  State state_;
};

class TableType final : public ProcessType {
 public:
  TableType(std::shared_ptr<const Table> table, bool hides)
      : table_(std::move(table)), hides_(hides) {}
  std::unique_ptr<Process> make() const override {
    return std::make_unique<TableProcess>(table_, hides_, State{});
  }
  std::unique_ptr<Process> decode(Reader& reader) const override {
    State state;
    gainsay::decode(reader, state);
    return std::make_unique<TableProcess>(table_, hides_, state);
  }
  const Type& state_type() const override { return type_of<State>(); }
  const std::vector<std::string_view>& timer_names() const override { return names_; }

 private:
  std::shared_ptr<const Table> table_;
  bool hides_;
  std::vector<std::string_view> names_ = {"one", "two"};
};

struct Seen {
  std::uint8_t sum = 0;
};

std::uint8_t level_of(const void* view) { return static_cast<const State*>(view)->level; }

// The levels together are high enough.
Property recovery_of(RandomStream& random) {
  const int together = 2 + static_cast<int>(random.below(6));
  return {.name = "recovery",
          .kind = PropertyKind::recovers,
          .scope = Scope::world,
          .holds =
              [together](std::span<const void* const> views) {
                return level_of(views[0]) + level_of(views[1]) + level_of(views[2]) >= together;
              },
          .recovery = {.more = {{"level", random.below(2)}}}};
}

}  // namespace

Model table_model(const TableShape& shape) {
  Model model;
  System& system = model.system;
  system.name = "table";
  system.version = "1";
  system.bounds = shape.bounds;
  system.bounds.nodes = processes;
  system.asked = system.bounds;
  system.message_type = &type_of<Tag>();
  system.label_type = &type_of<Tag>();
  const auto type =
      std::make_shared<const TableType>(random_table(shape.seed, shape.answers), shape.hides);
  system.processes.assign(processes, type);
  RandomStream random(shape.seed, Purpose::test, NodeId{1});
  if (random.below(4) == 0) {
    system.limits.push_back({.name = "level", .greatest = 2, .value = [](const void* state) {
                               return std::uint64_t{static_cast<const State*>(state)->level};
                             }});
  }
  system.observers.push_back({.name = "sum",
                              .state_type = &type_of<Seen>(),
                              .initial = encoded(Seen{}),
                              .next = [](BytesView state, NodeId, BytesView label) {
                                auto seen = decoded<Seen>(state);
                                seen.sum = static_cast<std::uint8_t>(
                                    (seen.sum + decoded<Tag>(label).value) % 5);
                                return encoded(seen);
                              }});
  const auto level = level_of;
  const std::uint32_t a = random.below(levels);
  const std::uint32_t b = random.below(levels);
  const std::uint32_t c = random.below(levels);
  if (shape.violating) {
    model.properties.push_back({.name = "pair",
                                .kind = PropertyKind::always,
                                .scope = Scope::pair,
                                .holds = [=](std::span<const void* const> views) {
                                  return !(level(views[0]) == a && level(views[1]) == b);
                                }});
    model.properties.push_back({.name = "world",
                                .kind = PropertyKind::always,
                                .scope = Scope::world,
                                .holds = [=](std::span<const void* const> views) {
                                  return !(level(views[0]) == a && level(views[1]) == b &&
                                           level(views[2]) == c);
                                }});
    model.properties.push_back({.name = "step",
                                .kind = PropertyKind::always_step,
                                .scope = Scope::step,
                                .holds = [=](std::span<const void* const> views) {
                                  return !(level(views[0]) == a && level(views[1]) == c);
                                }});
    model.properties.push_back(
        {.name = "observer",
         .kind = PropertyKind::always,
         .scope = Scope::observer,
         .observer_holds = [](BytesView state) { return decoded<Seen>(state).sum != 4; }});
  } else {
    model.properties.push_back({.name = "anything",
                                .kind = PropertyKind::always,
                                .scope = Scope::node,
                                .holds = [](std::span<const void* const>) { return true; }});
  }
  if (shape.recovering) model.properties.push_back(recovery_of(random));
  return model;
}

}  // namespace gainsay::testing
