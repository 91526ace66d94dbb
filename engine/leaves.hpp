// A value as lines of text, a path and a text each, and what of them an event changes: so much of
// states as a reader can take in, without ever writing one twice.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/type.hpp"

namespace gainsay {

struct Leaf {
  std::string path;  // "durable.log[3].term"
  std::string text;  // as `describe` prints it
};

// Records are taken apart, lists by index, maps by key and sets by element; but short lists and
// sets stay whole.
std::vector<Leaf> leaves(const Type& type, BytesView encoding, const NodeName& node_name);

struct LeafChange {
  std::string path;
  std::optional<std::string> before;  // none: there was no such leaf
  std::optional<std::string> after;
};
// From the leaves of one value to those of another. Each path once.
std::vector<LeafChange> changes(const std::vector<Leaf>& before, const std::vector<Leaf>& after);
// The same of two encodings of a type; what is equal is not looked at closely.
std::vector<LeafChange> leaf_changes(const Type& type, BytesView before, BytesView after,
                                     const NodeName& node_name);

}  // namespace gainsay
