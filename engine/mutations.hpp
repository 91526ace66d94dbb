// Messages that differ from a given one in one part, found by its schema: lies of small scope.
#pragma once

#include <vector>

#include "engine/type.hpp"

namespace gainsay {

// Whose lies, and what they may be made of.
struct Mutator {
  NodeId self;
  std::uint32_t nodes = 0;
  const std::vector<Bytes>& known;  // messages, of the same type
};

// Each differs in one part: a number by one, another enumerator, another node, an element or an
// optional value less, or a record replaced by another of its type among the known messages. What
// somebody else has signed, and certificates, are replaced as a whole or not at all, so that no
// signature is needed that `self` does not have. Sorted, each once, without the message itself.
std::vector<Bytes> mutations(const Type& type, BytesView message, const Mutator& mutator);

}  // namespace gainsay
