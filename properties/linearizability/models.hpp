// The sequential models of recorded histories. Values are the texts that were recorded.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/containers.hpp"
#include "properties/linearizability/model.hpp"

namespace gainsay::linearizability::models {

// A value as text: `nil`, `7`, `:keyword`, `[1 2]`; a string is a quotation mark and its
// characters, so that "7" and 7 differ and nothing needs escaping.
using Value = std::string;
inline const Value nil = "nil";

// Read, write, and compare-and-set. Where one is initially nil.
struct CasRegister {
  enum class Action : std::uint8_t { read, write, compare_and_set };
  struct State {
    std::optional<Value> value;  // none: nil
  };
  struct Operation {
    Action action = Action::read;
    Value value, expected;
  };
  struct Result {
    Value value;          // of a read
    bool changed = true;  // of compare-and-set
  };
  static Result apply(State& state, const Operation& operation) {
    const Value now = state.value.value_or(nil);
    if (operation.action == Action::read) return {.value = now};
    const bool changed = operation.action == Action::write || now == operation.expected;
    if (changed) state.value = operation.value;
    if (state.value == nil) state.value.reset();
    return {.value = "", .changed = changed};
  }
  static bool observes(const Operation& operation, const std::optional<Result>& result) {
    return operation.action == Action::read || (result && !result->changed);
  }
  static std::optional<Access> access(const Operation& operation,
                                      const std::optional<Result>& result) {
    if (operation.action == Action::write) return Access{.write = true, .value = operation.value};
    if (operation.action == Action::read && result) return Access{.value = result->value};
    return std::nullopt;
  }
  static std::string access_initial() { return nil; }
};

// A register without compare-and-set is one that nobody asks to.
using Register = CasRegister;

// Independent registers of strings, initially empty, to which can be appended.
struct KeyValue {
  enum class Action : std::uint8_t { get, put, append };
  using State = flat_map<std::string, Value>;  // without those that are initial
  struct Operation {
    Action action = Action::get;
    std::string key;
    Value value;
  };
  struct Result {
    Value value;  // of a get
  };
  static Value empty() { return "\""; }
  static Result apply(State& state, const Operation& operation) {
    const auto found = state.find(operation.key);
    const Value now = found == state.end() ? empty() : found->second;
    if (operation.action == Action::get) return {now};
    const bool append = operation.action == Action::append;
    Value after = append ? now + operation.value.substr(1) : operation.value;
    if (after == empty()) {
      state.erase(operation.key);
    } else {
      state[operation.key] = std::move(after);
    }
    return {};
  }
  static bool observes(const Operation& operation, const std::optional<Result>&) {
    return operation.action == Action::get;
  }
  static std::vector<std::string> keys(const Operation& operation) { return {operation.key}; }
  static std::optional<Access> access(const Operation& operation,
                                      const std::optional<Result>& result) {
    if (operation.action == Action::put) return Access{.write = true, .value = operation.value};
    if (operation.action == Action::get && result) return Access{.value = result->value};
    return std::nullopt;
  }
  static std::string access_initial() { return empty(); }
  // What is seen begins with what is there, or with what a later put puts there.
  static bool leads(const State& state, const Operation& operation, const Result& result) {
    const auto found = state.find(operation.key);
    return operation.action != Action::get ||
           result.value.starts_with(found == state.end() ? empty() : found->second);
  }
  static bool resets(const Operation& operation) { return operation.action == Action::put; }
  static State forget(const State& state, const Operation& operation) {
    State after = state;
    after[operation.key] = "forgotten";  // no string: it does not begin with a quotation mark
    return after;
  }
};

// Takes give what was put first, or nil when there is nothing; of a stack, what was put last.
struct Queue {
  using State = std::vector<Value>;
  struct Operation {
    bool put = false;
    Value value;
  };
  struct Result {
    Value value;  // of a take
  };
  static Result apply(State& state, const Operation& operation) {
    if (operation.put) {
      state.push_back(operation.value);
      return {};
    }
    if (state.empty()) return {nil};
    Value first = state.front();
    state.erase(state.begin());
    return {first};
  }
  static bool observes(const Operation& operation, const std::optional<Result>& result) {
    return !operation.put && result && result->value == nil;
  }
};

struct Stack : Queue {
  static Result apply(State& state, const Operation& operation) {
    if (operation.put || state.empty()) return Queue::apply(state, operation);
    Value last = state.back();
    state.pop_back();
    return {last};
  }
};

// Takes give anything that is there: the object has a choice.
struct Bag : Queue {
  static std::vector<State> next(const State& state, const Operation& operation,
                                 const std::optional<Result>& result) {
    std::vector<State> states;
    const auto without = [&](std::size_t i) {
      states.push_back(state);
      states.back().erase(states.back().begin() + static_cast<std::ptrdiff_t>(i));
    };
    if (operation.put) {
      states.push_back(state);
      states.back().insert(
          std::ranges::upper_bound(state, operation.value) - state.begin() + states.back().begin(),
          operation.value);
      return states;
    }
    for (std::size_t i = 0; i < state.size(); ++i) {
      const bool again = i > 0 && state[i] == state[i - 1];
      if (!again && (!result || result->value == state[i])) without(i);
    }
    if (state.empty() && (!result || result->value == nil)) states.push_back(state);
    return states;
  }
};

struct Set {
  enum class Action : std::uint8_t { add, remove, contains, read };
  using State = flat_set<Value>;
  struct Operation {
    Action action = Action::read;
    Value value;
  };
  struct Result {
    flat_set<Value> values;  // of a read
    bool present = false;    // of contains
  };
  static Result apply(State& state, const Operation& operation) {
    if (operation.action == Action::add) state.insert(operation.value);
    if (operation.action == Action::remove) state.erase(operation.value);
    if (operation.action == Action::read) return {.values = state};
    return {.present = operation.action == Action::contains && state.contains(operation.value)};
  }
  static bool observes(const Operation& operation, const std::optional<Result>&) {
    return operation.action == Action::read || operation.action == Action::contains;
  }
};

struct Counter {
  using State = std::uint64_t;  // modulo 2^64, so that it wraps as 64-bit integers do
  struct Operation {
    bool add = false;
    std::uint64_t by = 0;
  };
  struct Result {
    std::uint64_t value = 0;  // of a read
  };
  static Result apply(State& state, const Operation& operation) {
    if (!operation.add) return {state};
    state += operation.by;
    return {};
  }
  static bool observes(const Operation& operation, const std::optional<Result>&) {
    return !operation.add;
  }
};

// A lock that anyone may release, or, with an owner, only who holds it.
struct Mutex {
  struct State {
    bool held = false;
    std::uint32_t owner = 0;
  };
  struct Operation {
    bool acquire = false;
    std::uint32_t owner = 0;  // always 0 where everybody may release
  };
  struct Result {
    bool done = true;
  };
  static Result apply(State& state, const Operation& operation) {
    const bool done =
        operation.acquire ? !state.held : state.held && state.owner == operation.owner;
    if (done) state = {operation.acquire, operation.acquire ? operation.owner : 0};
    return {done};
  }
  static bool observes(const Operation&, const std::optional<Result>& result) {
    return result && !result->done;
  }
};

// Transactions of reads and writes of several registers, each initially nil.
struct MultiRegister {
  using State = flat_map<std::string, Value>;  // without those that are nil
  struct Step {
    bool write = false;
    std::string key;
    Value value;  // of a write
  };
  using Operation = std::vector<Step>;
  using Result = std::vector<Value>;  // of the reads, in order
  static Result apply(State& state, const Operation& operation) {
    Result result;
    for (const Step& step : operation) {
      const auto found = state.find(step.key);
      if (!step.write) {
        result.push_back(found == state.end() ? nil : found->second);
      } else if (step.value == nil) {
        state.erase(step.key);
      } else {
        state[step.key] = step.value;
      }
    }
    return result;
  }
  static bool observes(const Operation& operation, const std::optional<Result>&) {
    return std::ranges::none_of(operation, &Step::write);
  }
  static std::vector<std::string> keys(const Operation& operation) {
    std::vector<std::string> keys;
    for (const Step& step : operation) keys.push_back(step.key);
    return keys;
  }
};

}  // namespace gainsay::linearizability::models
