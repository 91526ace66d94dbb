// What a type looks like, at run time: the schema that printing, JSON, diff and renaming walk.
// They work on canonical encodings, not on objects, so they are compiled once.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/bytes.hpp"
#include "engine/ids.hpp"

namespace gainsay {

enum class Kind : std::uint8_t {
  boolean,
  unsigned_integer,
  signed_integer,
  enumeration,  // encoded as its underlying value
  node_id,
  node_set,  // encoded as its bits
  text,      // a string
  record,    // fields in order
  optional,  // 0, or 1 and the element
  variant,   // index, then the alternative
  sequence,  // size, then elements
  per_node,  // a sequence indexed by process
  set,       // a sequence in the container's order
  map,       // size, then key and element in turn
};

struct Type;

struct Field {
  std::string_view name;
  const Type* type = nullptr;
};

struct Type {
  Kind kind = Kind::record;
  std::string name;                           // unqualified, as written in the source
  std::uint64_t least_bits = 0;               // integers: how many bits a value has
  std::vector<Field> fields;                  // record
  std::vector<std::string_view> enumerators;  // enumeration: name of value i, empty where none
  std::vector<const Type*> alternatives;      // variant
  const Type* key = nullptr;                  // map
  const Type* element = nullptr;              // optional, sequence, per_node, set, map
  // set, map: decodes and encodes, which sorts what a renaming has left in the old order.
  Bytes (*sorted)(BytesView encoding) = nullptr;
};

// How processes are called in text: "n1" for nodes, "c1" for clients; ids without context are "#0".
using NodeName = std::function<std::string(NodeId)>;

// One value as text: `AppendEntries{term=2, entries=[1]}`. A record without fields is its name.
std::string describe(const Type& type, BytesView encoding, const NodeName& node_name);

struct Difference {
  std::string path;    // "durable.term"
  std::string before;  // as `describe` prints it; empty where there was nothing
  std::string after;
};
// The fields whose values differ, outermost record first; two encodings of the same type.
std::vector<Difference> difference(const Type& type, BytesView before, BytesView after,
                                   const NodeName& node_name);

// The encoding with every process id replaced by permutation[id]; sets and maps are sorted again.
// Throws DecodeError where the permutation leaves a PerNode.
Bytes rename_encoding(const Type& type, BytesView encoding, std::span<const NodeId> permutation);

// The end of the value that starts at the reader: skips it and returns its bytes.
BytesView skip(const Type& type, Reader& reader);

}  // namespace gainsay
