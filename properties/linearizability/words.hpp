// Operations of the models, for people: `cas 1 -> 2: ok`, `get "x": "ab"`.
#pragma once

#include <optional>
#include <string>

#include "properties/linearizability/models.hpp"

namespace gainsay::linearizability {

// A string gets its other quotation mark.
std::string words(const models::Value& value);
// A state, as engine/type.hpp describes it, with its values as above: `State{value="\"a"}` is
// `"a"`.
std::string state_words(const std::string& description);

// Without a result: it never returned.
std::string words(const models::CasRegister::Operation& operation,
                  const std::optional<models::CasRegister::Result>& result);
std::string words(const models::KeyValue::Operation& operation,
                  const std::optional<models::KeyValue::Result>& result);
std::string words(const models::Queue::Operation& operation,
                  const std::optional<models::Queue::Result>& result);
std::string words(const models::Set::Operation& operation,
                  const std::optional<models::Set::Result>& result);
std::string words(const models::Counter::Operation& operation,
                  const std::optional<models::Counter::Result>& result);
std::string words(const models::Mutex::Operation& operation,
                  const std::optional<models::Mutex::Result>& result);
std::string words(const models::MultiRegister::Operation& operation,
                  const std::optional<models::MultiRegister::Result>& result);

}  // namespace gainsay::linearizability
