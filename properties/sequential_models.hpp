// Sequential models of the objects that the built-in protocols serve.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/containers.hpp"
#include "properties/linearizability/access.hpp"

namespace gainsay {

// A register, initially unset.
namespace reg {
struct Put {
  std::string value;
};
struct Get {};
struct Done {};
struct Value {
  std::optional<std::string> value;
};
struct Model {
  using State = std::optional<std::string>;
  using Operation = std::variant<Put, Get>;
  using Result = std::variant<Done, Value>;
  static Result apply(State& state, const Operation& operation) {
    if (const auto* put = std::get_if<Put>(&operation)) {
      state = put->value;
      return Done{};
    }
    return Value{state};
  }
};
}  // namespace reg

// A key-value store whose values can be appended to; a missing key reads as the empty string.
namespace kv {
enum class Action : std::uint8_t { get, put, append };
struct Operation {
  Action action = Action::get;
  std::string key;
  std::string value;
  friend auto operator<=>(const Operation&, const Operation&) = default;
};
struct Result {
  std::string value;  // of a get; empty for the others
};
using Store = std::map<std::string, std::string>;  // simulations have thousands of keys
struct Model {
  using State = Store;
  using Operation = kv::Operation;
  using Result = kv::Result;
  static Result apply(State& state, const Operation& operation) {
    switch (operation.action) {
      case Action::get: {
        const auto found = state.find(operation.key);
        return {found == state.end() ? std::string() : found->second};
      }
      case Action::put:
        state[operation.key] = operation.value;
        return {};
      case Action::append:
        state[operation.key] += operation.value;
        return {};
    }
    return {};
  }
  // For the checker of long histories.
  static bool observes(const Operation& operation, const std::optional<Result>&) {
    return operation.action == Action::get;
  }
  static std::vector<std::string> keys(const Operation& operation) { return {operation.key}; }
  static std::optional<linearizability::Access> access(const Operation& operation,
                                                       const std::optional<Result>& result) {
    if (operation.action == Action::put) return linearizability::Access{true, operation.value};
    if (operation.action == Action::get && result) {
      return linearizability::Access{false, result->value};
    }
    return std::nullopt;
  }
  static std::string access_initial() { return ""; }
};
}  // namespace kv

}  // namespace gainsay
