#include "tests/explorer/symmetric_table.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "engine/random.hpp"
#include "tests/explorer/table_process.hpp"

namespace gainsay::testing {

namespace {

constexpr std::uint32_t levels = 4;
constexpr std::uint32_t messages = 3;
constexpr std::uint32_t timers = 2;
constexpr std::uint32_t inputs = messages + timers + 1;  // then the start

// Whom an outcome means. Before there is anybody, all of them mean the process itself.
enum class Whom : std::uint8_t { self, sender, spoken_of, remembered, chosen, all };

struct Speech {
  Whom to = Whom::sender;
  Whom about = Whom::self;
  std::uint8_t message = 0;
};
struct Action {
  bool no_op = true;
  bool fails = false;
  std::uint8_t level = 0;
  std::uint8_t disarmed = 0;  // before others are armed
  std::uint8_t armed = 0;
  std::optional<Whom> remember;
  bool hears = false;
  bool labelled = false;
  std::vector<Speech> speeches;
  std::vector<DiskStep> disk;  // before the speeches, and behind each of them
};
struct Rules {
  // [level][input][is the sender, or who is spoken of, remembered?] -> one for each answer
  std::vector<Action> actions[levels][inputs][2]{};
  bool hides = false;
  Quirk quirk = Quirk::none;
  std::uint32_t quirk_level = 0;
  std::uint32_t quirk_input = 0;
};

struct Word {
  std::uint8_t value = 0;
  NodeId about;
};
struct Durable {
  std::uint8_t level = 0;
  std::optional<NodeId> writer;  // whom it heard when it wrote: only with a disk of its own
};
struct State {
  std::uint8_t level = 0;
  std::optional<NodeId> remembered;
  NodeSet heard;
  Durable durable;
};

Action random_action(RandomStream& random, std::uint32_t level, bool start) {
  Action action;
  action.no_op = !start && (level + 1 == levels || random.below(3) == 0);
  if (action.no_op) return action;
  if (random.chance(1, 3)) action.disarmed = static_cast<std::uint8_t>(random.below(4));
  if (!start && random.chance(1, 8)) {  // only timers change
    action.level = static_cast<std::uint8_t>(level);
    action.armed = static_cast<std::uint8_t>(random.below(4));
    return action;
  }
  const std::uint32_t least = start ? level : level + 1;
  const std::uint32_t room = start ? 2 : levels - least;
  action.level = static_cast<std::uint8_t>(std::min(least + random.below(room), levels - 1));
  action.fails = !start && random.below(150) == 0;
  action.armed = static_cast<std::uint8_t>(random.below(4));
  if (random.below(2) == 0) action.remember = static_cast<Whom>(random.below(4));
  action.hears = random.below(3) == 0;
  // The observer remembers who started last: the order of starts is no symmetry.
  action.labelled = !start && random.below(5) == 0;
  for (std::uint32_t left = random.below(3); left > 0; --left) {
    action.speeches.push_back({.to = static_cast<Whom>(random.below(6)),
                               .about = static_cast<Whom>(random.below(5)),
                               .message = static_cast<std::uint8_t>(random.below(messages))});
  }
  return action;
}

Rules random_rules(const SymmetricShape& shape) {
  Rules rules{.hides = shape.hides, .quirk = shape.quirk};
  RandomStream random(shape.seed, Purpose::test);
  for (std::uint32_t level = 0; level < levels; ++level) {
    for (std::uint32_t input = 0; input < inputs; ++input) {
      for (auto& actions : rules.actions[level][input]) {
        const std::uint32_t options = random.below(6) == 0 ? 2 : 1;
        for (std::uint32_t i = 0; i < options; ++i) {
          actions.push_back(random_action(random, level, input + 1 == inputs));
        }
      }
    }
  }
  RandomStream disks(shape.seed, Purpose::test, NodeId{2});
  for (auto& of_level : rules.actions) {
    for (auto& of_input : of_level) {
      for (auto& familiar : of_input) {
        for (Action& action : familiar) {
          if (shape.bounds.unsynced > 0) action.disk = random_disk(disks);
        }
      }
    }
  }
  rules.quirk_level = random.below(levels - 1);
  rules.quirk_input = random.below(inputs - 1);
  return rules;
}

// What an action refers to: whom it means at one event.
struct Scene {
  NodeId from;
  NodeId about;
};

struct NodeRules {
  using State = testing::State;
  Rules rules;
  bool syncs = false;

  void start(StepContext& step, State& state) const {
    state.level = state.durable.level;
    take(step, state, inputs - 1, {step.place().self, step.place().self});
  }
  void deliver(StepContext& step, State& state, NodeId from, BytesView message) const {
    const auto word = decoded<Word>(message);
    take(step, state, word.value, {from, word.about});
  }
  void fire(StepContext& step, State& state, std::uint32_t timer) const {
    take(step, state, messages + timer, {step.place().self, step.place().self});
  }
  void crash(State& state) const { state = {.durable = state.durable}; }
  std::optional<State> shown(const State& state) const {
    if (!rules.hides) return state;
    if (state.level + 1U < levels) return State{};
    return State{.level = levels - 1, .remembered = state.remembered};
  }
  const std::vector<std::string_view>& timer_names() const {
    static const std::vector<std::string_view> names = {"one", "two"};
    return names;
  }

 private:
  bool is_odd(const StepContext::Place& place, NodeId from) const {
    switch (rules.quirk) {
      case Quirk::none:
      case Quirk::counts_around:
      case Quirk::shows_more:
        return false;
      case Quirk::knows_itself:
        return place.self.value == 1;
      case Quirk::compares:
        return from < place.self;
    }
    return false;
  }
  static NodeId whom(Whom who, const Scene& scene, const State& state, StepContext& step,
                     std::optional<NodeId>& chosen) {
    switch (who) {
      case Whom::sender:
        return scene.from;
      case Whom::spoken_of:
        return scene.about;
      case Whom::remembered:
        return state.remembered.value_or(step.place().self);
      case Whom::chosen:
        if (!chosen) chosen = node_id(step.choose(step.place().nodes));
        return *chosen;
      case Whom::self:
      case Whom::all:
        break;
    }
    return step.place().self;
  }
  void take(StepContext& step, State& state, std::uint32_t input, const Scene& scene) const {
    const bool here = state.level >= rules.quirk_level && input == rules.quirk_input;
    const bool familiar = (state.remembered == scene.from || state.remembered == scene.about) !=
                          (here && is_odd(step.place(), scene.from));
    const auto& actions = rules.actions[state.level][input][familiar ? 1 : 0];
    const std::uint32_t choice =
        actions.size() > 1 ? step.choose(static_cast<std::uint32_t>(actions.size())) : 0;
    const Action& action = actions[choice];
    if (action.no_op) {
      if (!action.disk.empty()) step.sync();
      return;
    }
    expect(!action.fails, "a planted failure");
    std::size_t written = 0;
    const auto write = [&] {
      if (written == action.disk.size()) return;
      state.durable = {.level = action.disk[written].value, .writer = scene.from};
      say(step, action.disk[written++].barrier);
    };
    write();
    std::optional<NodeId> chosen;
    for (const Speech& speech : action.speeches) {
      const NodeId about = whom(speech.about, scene, state, step, chosen);
      const Bytes word = encoded(Word{.value = speech.message, .about = about});
      const std::uint32_t nodes = step.place().nodes;
      if (here && rules.quirk == Quirk::counts_around) {
        step.send(node_id((step.place().self.value + 1U) % nodes), word);
      } else if (speech.to == Whom::all) {
        for (std::uint8_t id = 0; id < nodes; ++id) step.send({id}, word);
      } else {
        step.send(whom(speech.to, scene, state, step, chosen), word);
      }
      write();
    }
    write();
    if (action.remember) {
      state.remembered = whom(*action.remember, scene, state, step, chosen);
    }
    if (action.hears) state.heard.insert(scene.from);
    state.level = action.level;
    if (action.labelled) state.durable.level = action.level / 2;
    for (std::uint32_t timer = 0; timer < timers; ++timer) {
      if (((action.disarmed >> timer) & 1) != 0) step.clear_timer(timer);
      if (((action.armed >> timer) & 1) != 0) step.set_timer(timer);
    }
    if (action.labelled) {
      step.label(Label::Kind::observe, encoded(Word{action.level, scene.from}));
    }
  }
};

// Remembers who spoke last.
struct Seen {
  std::uint8_t sum = 0;
  std::optional<NodeId> last;
};

const State& state_of(const void* view) { return *static_cast<const State*>(view); }

void add_properties(const SymmetricShape& shape, RandomStream& random, Model& model) {
  const std::uint32_t a = random.below(levels);
  const std::uint32_t b = random.below(levels);
  const auto add = [&](Property property) { model.properties.push_back(std::move(property)); };
  if (!shape.violating) {
    add({.name = "anything", .scope = Scope::node, .holds = [](auto) { return true; }});
    return;
  }
  if (shape.names_a_node) {
    add({.name = "the second remembers not the first",
         .scope = Scope::world,
         .holds = [=](std::span<const void* const> views) {
           return !(state_of(views[1]).level == a && state_of(views[1]).remembered == NodeId{0});
         }});
    add({.name = "the first is not heard twice",
         .kind = PropertyKind::always_step,
         .scope = Scope::step,
         .holds = [=](std::span<const void* const> views) {
           return !(state_of(views[0]).heard.contains({0}) && state_of(views[1]).level == b);
         }});
    return;
  }
  add({.name = "pair", .scope = Scope::pair, .holds = [=](std::span<const void* const> views) {
         return !(state_of(views[0]).level == a && state_of(views[1]).level == b);
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

// Some node is high enough, or the first one is; or the levels together are.
Property recovery_of(const SymmetricShape& shape, RandomStream& random) {
  const std::uint32_t high = 1 + random.below(levels - 1);
  const bool together = random.chance(1, 3);
  return {.name = "recovery",
          .kind = PropertyKind::recovers,
          .scope = Scope::world,
          .holds =
              [=, names = shape.names_a_node](std::span<const void* const> views) {
                std::uint32_t sum = 0;
                std::uint32_t highest = 0;
                for (const void* view : views) {
                  sum += state_of(view).level;
                  highest = std::max(highest, std::uint32_t{state_of(view).level});
                }
                if (names) return state_of(views[0]).level >= high;
                return together ? sum >= high + 2 : highest >= high;
              },
          .recovery = {.more = {{"level", random.below(2)}}}};
}

// All clients ask the same of all nodes.
void add_clients(const SymmetricShape& shape, RandomStream& random, System& system) {
  using Client = TableClient<Word>;
  if (shape.bounds.clients == 0) return;
  Client::Question question;
  for (std::uint8_t id = 0; id < shape.bounds.nodes; ++id) question.servers.push_back({id});
  std::vector<Client::Question> questions;
  for (std::uint32_t i = 0; i < shape.bounds.operations; ++i) {
    question.value = static_cast<std::uint8_t>(random.below(messages));
    questions.push_back(question);
  }
  add_table_clients<Word>(system, {shape.bounds.clients, questions});
}

}  // namespace

Model symmetric_model(const SymmetricShape& shape) {
  Model model;
  System& system = model.system;
  system.name = "symmetric table";
  system.version = "1";
  system.bounds = shape.bounds;
  system.asked = system.bounds;
  system.message_type = &type_of<Word>();
  system.label_type = &type_of<Word>();
  const auto rules = std::make_shared<const NodeRules>(
      NodeRules{.rules = random_rules(shape), .syncs = shape.bounds.unsynced > 0});
  system.processes.assign(shape.bounds.nodes, std::make_shared<const TableType<NodeRules>>(rules));
  if (shape.quirk == Quirk::shows_more) {
    NodeRules others = *rules;
    others.rules.hides = !shape.hides;
    system.processes[1] = std::make_shared<const TableType<NodeRules>>(
        std::make_shared<const NodeRules>(std::move(others)));
  }
  RandomStream random(shape.seed, Purpose::test, NodeId{1});
  if (random.below(4) == 0) {
    system.limits.push_back({.name = "level", .greatest = 2, .value = [](const void* state) {
                               return std::uint64_t{state_of(state).level};
                             }});
  }
  system.observers.push_back({.name = "sum",
                              .state_type = &type_of<Seen>(),
                              .initial = encoded(Seen{}),
                              .next = [](BytesView state, NodeId process, BytesView label) {
                                auto seen = decoded<Seen>(state);
                                const auto sum = seen.sum + decoded<Word>(label).value;
                                return encoded(Seen{static_cast<std::uint8_t>(sum % 5), process});
                              }});
  add_properties(shape, random, model);
  if (shape.recovering) model.properties.push_back(recovery_of(shape, random));
  add_clients(shape, random, system);
  return model;
}

}  // namespace gainsay::testing
