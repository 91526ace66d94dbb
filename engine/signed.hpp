// Signed values. In exploration signatures are ideal: `ctx.sign` signs as oneself, whoever has seen
// a signed value can repeat it, and nobody can make one of somebody else. Correct nodes keep to
// that by construction; what Byzantine processes say is checked against what they know
// (SignedValues).
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <variant>

#include "engine/reflect.hpp"

namespace gainsay {

// In traces it has the name of the type that is signed.
template <class T>
struct Signed {
  NodeId signer;
  T value;
  friend auto operator<=>(const Signed&, const Signed&) = default;
};

// That so many different processes have signed the value: what is left of a set of Signed<T> when
// everybody who checks it only counts. Forgetting who they were loses nothing, and saves a checker
// all the different sets that say the same.
template <class T>
struct Certificate {
  T value;
  std::uint32_t signers = 0;
  friend auto operator<=>(const Certificate&, const Certificate&) = default;
};
template <class T>
Certificate<T> certificate(T value, NodeSet signers) {
  return {.value = std::move(value), .signers = static_cast<std::uint32_t>(signers.size())};
}

// The signatures that Byzantine processes have seen.
class SignedValues {
 public:
  // Everything signed that the value contains, at any depth.
  template <class T>
  void add(const T& value) {
    visit(value, [this]<class S>(const S& found) {
      if constexpr (detail::is_template<S, Signed>) {
        signers_[key(found.value)].insert(found.signer);
      } else {
        std::uint32_t& most = certified_[key(found.value)];
        most = std::max(most, found.signers);
      }
    });
  }

  // False when the value contains something signed that these processes can neither sign nor
  // repeat.
  template <class T>
  bool can_say(const T& value, NodeSet byzantine) const {
    bool can = true;
    visit(value, [&]<class S>(const S& part) { can = can && has(part, byzantine); });
    return can;
  }

 private:
  template <class T>
  static std::string key(const T& value) {
    return type_of<T>().name + "\n" + encoded(value);
  }
  template <class T>
  bool has(const Signed<T>& part, NodeSet byzantine) const {
    if (byzantine.contains(part.signer)) return true;
    const auto found = signers_.find(key(part.value));
    return found != signers_.end() && found->second.contains(part.signer);
  }
  template <class T>
  bool has(const Certificate<T>& part, NodeSet byzantine) const {
    const auto seen = certified_.find(key(part.value));
    if (seen != certified_.end() && part.signers <= seen->second) return true;
    NodeSet signers = byzantine;
    if (const auto found = signers_.find(key(part.value)); found != signers_.end()) {
      for (const NodeId signer : found->second) signers.insert(signer);
    }
    return part.signers <= signers.size();
  }

  // Calls `found` for every Signed and every Certificate in the value, at any depth.
  template <class T, class Found>
  static void visit(const T& value, const Found& found) {
    using namespace detail;
    if constexpr (is_template<T, Signed> || is_template<T, Certificate>) {
      found(value);
      visit(value.value, found);
    } else if constexpr (is_template<T, std::optional>) {
      if (value) visit(*value, found);
    } else if constexpr (is_template<T, std::variant>) {
      std::visit([&](const auto& alternative) { visit(alternative, found); }, value);
    } else if constexpr (Map<T>) {
      for (const auto& [key, element] : value) {
        visit(key, found);
        visit(element, found);
      }
    } else if constexpr (is_template<T, PerNode> || Set<T> || Sequence<T>) {
      if constexpr (!std::is_same_v<T, std::string>) {
        for (const auto& element : value) visit(element, found);
      }
    } else if constexpr (std::is_class_v<T> && !std::is_same_v<T, NodeSet> &&
                         !std::is_same_v<T, NodeId> && !std::is_same_v<T, std::string>) {
      for_each_field(value, [&](const auto& field) { visit(field, found); });
    }
  }

  std::map<std::string, NodeSet> signers_;
  std::map<std::string, std::uint32_t> certified_;
};

}  // namespace gainsay
