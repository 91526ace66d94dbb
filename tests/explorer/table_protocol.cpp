#include "tests/explorer/table_protocol.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/random.hpp"
#include "tests/explorer/table_process.hpp"

namespace gainsay::testing {

namespace {

constexpr std::uint32_t nodes = 3;
constexpr std::uint32_t levels = 4;  // local states 0 .. 3
constexpr std::uint32_t messages = 3;
constexpr std::uint32_t timers = 2;

struct TableOutcome {
  bool no_op = true;
  bool fails = false;
  std::uint8_t level = 0;
  std::uint8_t disarmed = 0;  // before others are armed
  std::uint8_t armed = 0;
  std::vector<std::pair<std::uint8_t, std::uint8_t>> sends;  // to, message
  bool labelled = false;
  std::vector<DiskStep> disk;  // before the sends, and behind each of them
  Ticks runs[timers];          // of those that are armed
};

// Inputs: messages, then timers, then the start.
constexpr std::uint32_t inputs = messages + timers + 1;

struct Table {
  // [process][level][input] -> outcomes, one for each answer to the choice
  std::vector<TableOutcome> outcomes[nodes][levels][inputs];
};

struct Tag {
  std::uint8_t value = 0;
};
struct State {
  std::uint8_t level = 0;
  std::uint8_t durable = 0;
};

// To processes below `processes`.
void add_sends(RandomStream& random, std::uint32_t processes, std::uint32_t count,
               TableOutcome& outcome) {
  for (; count > 0; --count) {
    outcome.sends.emplace_back(static_cast<std::uint8_t>(random.below(processes)),
                               static_cast<std::uint8_t>(random.below(messages)));
  }
}

// An outcome that only sends; a timer may arm itself again.
TableOutcome answer(RandomStream& random, std::uint32_t processes, std::uint32_t level) {
  TableOutcome outcome{.no_op = false, .level = static_cast<std::uint8_t>(level)};
  outcome.armed = static_cast<std::uint8_t>(random.below(4));
  add_sends(random, processes, 1 + random.below(2), outcome);
  return outcome;
}

TableOutcome step(RandomStream& random, std::uint32_t processes, std::uint32_t level, bool start) {
  TableOutcome outcome;
  outcome.no_op = !start && (level + 1 == levels || random.below(3) == 0);
  if (outcome.no_op) return outcome;
  if (random.chance(1, 3)) outcome.disarmed = static_cast<std::uint8_t>(random.below(4));
  if (!start && random.chance(1, 8)) {  // only timers change
    outcome.level = static_cast<std::uint8_t>(level);
    outcome.armed = static_cast<std::uint8_t>(random.below(4));
    return outcome;
  }
  const std::uint32_t least = start ? level : level + 1;
  const std::uint32_t room = start ? 2 : levels - least;  // a start stays in the limit
  outcome.level = static_cast<std::uint8_t>(std::min(least + random.below(room), levels - 1));
  outcome.fails = !start && random.below(150) == 0;
  outcome.armed = static_cast<std::uint8_t>(random.below(4));
  outcome.labelled = random.below(4) == 0;
  add_sends(random, processes, random.below(3), outcome);
  return outcome;
}

// Most timers say nothing, or only one of the two.
Ticks random_ticks(RandomStream& random) {
  const std::uint32_t least = random.below(3);
  return random.chance(1, 2) ? at_least(least) : ticks(least, least + random.below(2));
}

template <class Visit>
void for_each_outcome(Table& table, const Visit& visit) {
  for (auto& of_process : table.outcomes) {
    for (auto& of_level : of_process) {
      for (auto& of_input : of_level) {
        for (TableOutcome& outcome : of_input) visit(outcome);
      }
    }
  }
}

Table random_table(const TableShape& shape) {
  Table table;
  RandomStream random(shape.seed, Purpose::test);
  const std::uint32_t processes = nodes + shape.bounds.clients;
  for (auto& of_process : table.outcomes) {
    for (std::uint32_t level = 0; level < levels; ++level) {
      for (std::uint32_t input = 0; input < inputs; ++input) {
        const bool start = input + 1 == inputs;
        const std::uint32_t options = random.below(5) == 0 ? 2 : 1;
        for (std::uint32_t i = 0; i < options; ++i) {
          const bool only_sends = shape.answers && !start && random.chance(1, 3);
          of_process[level][input].push_back(only_sends ? answer(random, processes, level)
                                                        : step(random, processes, level, start));
        }
      }
    }
  }
  if (shape.bounds.unsynced > 0) {
    RandomStream disks(shape.seed, Purpose::test, NodeId{2});
    for_each_outcome(table, [&](TableOutcome& outcome) { outcome.disk = random_disk(disks); });
  }
  if (shape.bounds.skew) {
    RandomStream clocks(shape.seed, Purpose::test, NodeId{3});
    for_each_outcome(table, [&](TableOutcome& outcome) {
      for (Ticks& ticks : outcome.runs) ticks = random_ticks(clocks);
    });
  }
  return table;
}

struct NodeRules {
  using State = testing::State;
  Table table;
  bool hides = false;
  bool syncs = false;

  void start(StepContext& step, State& state) const {
    state.level = state.durable;  // what a crash leaves
    take(step, state, inputs - 1);
  }
  void deliver(StepContext& step, State& state, NodeId, BytesView message) const {
    take(step, state, decoded<Tag>(message).value);
  }
  void fire(StepContext& step, State& state, std::uint32_t timer) const {
    take(step, state, messages + timer);
  }
  void crash(State& state) const { state.level = 0; }
  // All of it, or only whether the last level is reached.
  std::optional<State> shown(const State& state) const {
    if (!hides) return state;
    return State{.level = static_cast<std::uint8_t>(state.level + 1 == levels ? levels - 1 : 0)};
  }
  const std::vector<std::string_view>& timer_names() const {
    static const std::vector<std::string_view> names = {"one", "two"};
    return names;
  }

 private:
  void take(StepContext& step, State& state, std::uint32_t input) const {
    const auto& outcomes = table.outcomes[step.place().self.value][state.level][input];
    const std::uint32_t choice =
        outcomes.size() > 1 ? step.choose(static_cast<std::uint32_t>(outcomes.size())) : 0;
    const TableOutcome& outcome = outcomes[choice];
    if (outcome.no_op) {
      if (!outcome.disk.empty()) step.sync();
      return;
    }
    expect(!outcome.fails, "a planted failure");
    state.level = outcome.level;
    if (outcome.labelled) state.durable = outcome.level / 2;
    std::size_t written = 0;
    const auto write = [&] {
      if (written == outcome.disk.size()) return;
      state.durable = outcome.disk[written].value;
      say(step, outcome.disk[written++].barrier);
    };
    write();
    for (std::uint32_t timer = 0; timer < timers; ++timer) {
      if (((outcome.disarmed >> timer) & 1) != 0) step.clear_timer(timer);
      if (((outcome.armed >> timer) & 1) != 0) step.set_timer(timer, {}, outcome.runs[timer]);
    }
    for (const auto& [to, message] : outcome.sends) {
      step.send({to}, encoded(Tag{message}));
      write();
    }
    write();
    if (outcome.labelled) step.label(Label::Kind::observe, encoded(Tag{outcome.level}));
  }
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

// And they do not get much higher, whatever some of the timers bring.
Lasting lasting_of(RandomStream& random) {
  const int together = 4 + static_cast<int>(random.below(5));
  const std::uint32_t mask = random.below(64);
  return {.holds =
              [together](std::span<const void* const> views) {
                return level_of(views[0]) + level_of(views[1]) + level_of(views[2]) <= together;
              },
          .runs_out =
              [mask](NodeId node, std::uint32_t timer) {
                return ((mask >> (2 * node.value + timer % 2)) & 1) != 0;
              }};
}

// Each client asks `operations` things, each of one node or of all.
void add_clients(const TableShape& shape, RandomStream& random, System& system) {
  using Client = TableClient<Tag>;
  std::vector<std::vector<Client::Question>> all;
  for (std::uint32_t client = 0; client < shape.bounds.clients; ++client) {
    std::vector<Client::Question> questions;
    for (std::uint32_t i = 0; i < shape.bounds.operations; ++i) {
      Client::Question question{.value = static_cast<std::uint8_t>(random.below(messages)),
                                .servers = {{0}, {1}, {2}}};
      if (random.chance(1, 2)) question.servers = {question.servers[random.below(nodes)]};
      questions.push_back(std::move(question));
    }
    all.push_back(std::move(questions));
  }
  if (!all.empty()) add_table_clients<Tag>(system, all);
}

void add_properties(const TableShape& shape, RandomStream& random, Model& model) {
  const auto level = level_of;
  const std::uint32_t a = random.below(levels);
  const std::uint32_t b = random.below(levels);
  const std::uint32_t c = random.below(levels);
  const auto add = [&](Property property) { model.properties.push_back(std::move(property)); };
  if (!shape.violating) {
    add({.name = "anything", .scope = Scope::node, .holds = [](auto) { return true; }});
    return;
  }
  add({.name = "pair", .scope = Scope::pair, .holds = [=](std::span<const void* const> views) {
         return !(level(views[0]) == a && level(views[1]) == b);
       }});
  add({.name = "world", .scope = Scope::world, .holds = [=](std::span<const void* const> views) {
         return !(level(views[0]) == a && level(views[1]) == b && level(views[2]) == c);
       }});
  add({.name = "step",
       .kind = PropertyKind::always_step,
       .scope = Scope::step,
       .holds = [=](std::span<const void* const> views) {
         return !(level(views[0]) == a && level(views[1]) == c);
       }});
  add({.name = "observer", .scope = Scope::observer, .observer_holds = [](BytesView state) {
         return decoded<Seen>(state).sum != 4;
       }});
  if (shape.bounds.clients == 0) return;
  if (shape.seed / 8 % 4 == 0) {
    add(linearizable<TablePlace>());
  } else {
    add(order_of_results(static_cast<std::uint8_t>(a % messages),
                         static_cast<std::uint8_t>(b % messages)));
  }
}

}  // namespace

Model table_model(const TableShape& shape) {
  Model model;
  System& system = model.system;
  system.name = "table";
  system.version = "1";
  system.bounds = shape.bounds;
  system.bounds.nodes = nodes;
  system.asked = system.bounds;
  system.message_type = &type_of<Tag>();
  system.label_type = &type_of<Tag>();
  const auto rules = std::make_shared<const NodeRules>(NodeRules{
      .table = random_table(shape), .hides = shape.hides, .syncs = shape.bounds.unsynced > 0});
  system.processes.assign(nodes, std::make_shared<const TableType<NodeRules>>(rules));
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
  add_properties(shape, random, model);
  if (shape.recovering) model.properties.push_back(recovery_of(random));
  if (shape.lasting) model.properties.back().lasting = lasting_of(random);
  add_clients(shape, random, system);
  return model;
}

}  // namespace gainsay::testing
