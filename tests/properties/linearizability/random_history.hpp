// Small random histories of each sequential model: operations take effect inside their intervals,
// some never return, some answer what another operation might have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/random.hpp"
#include "properties/linearizability/history.hpp"
#include "properties/linearizability/model.hpp"
#include "properties/linearizability/models.hpp"

namespace gainsay::linearizability {

// Draws the calls of a model.
template <class M>
struct Calls;

inline std::string letter(RandomStream& random, std::uint32_t count) {
  return std::string("\"") + static_cast<char>('a' + random.below(count));
}
inline std::string number(RandomStream& random, std::uint32_t count) {
  return std::to_string(random.below(count));
}

template <>
struct Calls<models::CasRegister> {
  static models::CasRegister::Operation draw(RandomStream& random) {
    using Action = models::CasRegister::Action;
    const auto action = static_cast<Action>(random.below(3));
    return {.action = action,
            .value = action == Action::read ? "" : number(random, 3),
            .expected = action == Action::compare_and_set ? number(random, 3) : ""};
  }
};
template <>
struct Calls<models::KeyValue> {
  static models::KeyValue::Operation draw(RandomStream& random) {
    using Action = models::KeyValue::Action;
    const auto action = static_cast<Action>(random.below(3));
    return {.action = action,
            .key = random.chance(1, 4) ? "y" : "x",
            .value = action == Action::get ? "" : letter(random, 2)};
  }
};
struct QueueCalls {
  static models::Queue::Operation draw(RandomStream& random) {
    if (random.chance(1, 2)) return {};
    return {.put = true, .value = letter(random, 2)};
  }
};
template <>
struct Calls<models::Queue> : QueueCalls {};
template <>
struct Calls<models::Stack> : QueueCalls {};
template <>
struct Calls<models::Bag> : QueueCalls {};
template <>
struct Calls<models::Set> {
  static models::Set::Operation draw(RandomStream& random) {
    using Action = models::Set::Action;
    const auto action = static_cast<Action>(random.below(4));
    return {.action = action, .value = action == Action::read ? "" : letter(random, 2)};
  }
};
template <>
struct Calls<models::Counter> {
  static models::Counter::Operation draw(RandomStream& random) {
    if (random.chance(1, 2)) return {};
    return {.add = true, .by = random.below(3)};
  }
};
template <>
struct Calls<models::Mutex> {
  static models::Mutex::Operation draw(RandomStream& random) {
    return {.acquire = random.chance(1, 2), .owner = random.below(3)};
  }
};
template <>
struct Calls<models::MultiRegister> {
  static models::MultiRegister::Operation draw(RandomStream& random) {
    models::MultiRegister::Operation steps(1 + random.below(2));
    for (auto& step : steps) {
      step = {.write = random.chance(1, 2), .key = random.chance(1, 3) ? "y" : "x"};
      if (step.write) step.value = number(random, 2);
    }
    return steps;
  }
};

// What the object answers, and how it changes.
template <class M>
typename M::Result answer(typename M::State& state, const typename M::Operation& operation,
                          RandomStream&) {
  return M::apply(state, operation);
}
template <>
inline models::Bag::Result answer<models::Bag>(models::Bag::State& state,
                                               const models::Bag::Operation& operation,
                                               RandomStream& random) {
  const auto states = models::Bag::next(state, operation, std::nullopt);
  const auto before = state;
  state = states[random.below(static_cast<std::uint32_t>(states.size()))];
  if (operation.put) return {};
  if (before.empty()) return {models::nil};
  for (const auto& value : before) {
    if (std::ranges::count(before, value) != std::ranges::count(state, value)) return {value};
  }
  return {models::nil};
}

// A value that this model's results have: one that the same call gives in some state.
template <class M>
typename M::Result other_answer(const typename M::Operation& operation, RandomStream& random) {
  typename M::State state{};
  for (std::uint32_t i = random.below(4); i > 0; --i) {
    answer<M>(state, Calls<M>::draw(random), random);
  }
  return answer<M>(state, operation, random);
}

struct Size {
  std::uint32_t clients = 3;
  std::uint32_t operations = 6;
  bool unique_writes = false;  // of the register: no value twice
};

template <class M>
TimedHistory random_history(RandomStream& random, const Size& shape) {
  struct Open {
    typename M::Operation operation;
    Moment invoked = 0;
    std::optional<typename M::Result> effect;
  };
  TimedHistory history;
  typename M::State state{};
  std::vector<std::optional<Open>> open(shape.clients);
  std::uint32_t invoked = 0;
  const std::uint32_t count = random.below(shape.operations + 1);
  Moment now = 0;
  for (std::uint32_t step = 0; step < 5 * count; ++step) {
    // Now and then two things happen at one moment, which makes operations concurrent.
    now += random.chance(4, 5) ? 1 : 0;
    auto& mine = open[random.below(shape.clients)];
    const auto client = static_cast<Id>(&mine - open.data());
    if (!mine && invoked < count) {
      mine = Open{.operation = Calls<M>::draw(random), .invoked = now};
      if constexpr (requires { mine->operation.expected; }) {
        if (shape.unique_writes) {
          mine->operation.action = static_cast<typename M::Action>(random.below(2));
          mine->operation.expected.clear();
          const bool write = mine->operation.action != M::Action::read;
          mine->operation.value = write ? std::to_string(invoked) : "";
        }
      }
      ++invoked;
    } else if (mine && !mine->effect && random.chance(3, 4)) {
      mine->effect = answer<M>(state, mine->operation, random);
    } else if (mine && mine->effect && random.chance(3, 4)) {
      const bool wrong = random.chance(1, 6);
      const auto result = wrong ? other_answer<M>(mine->operation, random) : *mine->effect;
      history.add(client, encoded(mine->operation), encoded(result), mine->invoked, now);
      mine.reset();
    }
  }
  for (Id client = 0; client < shape.clients; ++client) {
    if (!open[client]) continue;
    history.add(client, encoded(open[client]->operation), std::nullopt, open[client]->invoked,
                never);
  }
  return history;
}

}  // namespace gainsay::linearizability
