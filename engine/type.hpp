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
  node_set,  // encoded as its bits: one number, however long (write_set)
  scalar,    // a value of a scalarset
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
  std::uint8_t values = 0;                    // scalar: how many its set has
  bool is_signed = false;                     // record: a Signed, of signer and value
  bool is_certificate = false;                // record: a Certificate, which stands for signatures
  std::vector<Field> fields;                  // record
  std::vector<std::string_view> enumerators;  // enumeration: name of value i, empty where none
  std::vector<const Type*> alternatives;      // variant
  const Type* key = nullptr;                  // map
  const Type* element = nullptr;              // optional, sequence, per_node, set, map
  // set, map: decodes and encodes, which sorts what a renaming has left in the old order.
  Bytes (*sorted)(BytesView encoding) = nullptr;
};

// A set of processes as one LEB128 number, whose bit i is process i.
void write_wide_set(Writer& writer, const NodeSet& set);
inline void write_set(Writer& writer, const NodeSet& set) {
  if (set.words() == 1) {
    writer.integer(set.word(0));
  } else {
    write_wide_set(writer, set);
  }
}
NodeSet read_set(Reader& reader);

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

// Where the values of a scalarset are among the points of a permutation.
struct ScalarSet {
  const Type* type = nullptr;
  std::uint8_t first = 0;
};

// A permutation of points: the processes by id, then the values of each scalarset. What is no point
// keeps its name.
struct Renaming {
  // Of processes alone.
  Renaming(const std::vector<NodeId>& permutation)  // NOLINT: it is one
      : points(permutation), processes(permutation.size()) {}
  Renaming(std::span<const NodeId> permutation, std::size_t of_processes,
           std::span<const ScalarSet> of_sets)
      : points(permutation), processes(of_processes), sets(of_sets) {}

  NodeId process(NodeId id) const { return id.value < processes ? points[id.value] : id; }
  std::uint64_t scalar(const Type& set, std::uint64_t value) const;

  std::span<const NodeId> points;  // by point: the point that it becomes
  std::size_t processes = 0;
  std::span<const ScalarSet> sets;
};

// The encoding with every process id and every scalar renamed; sets and maps are sorted again.
// Throws DecodeError where the permutation leaves a PerNode.
Bytes rename_encoding(const Type& type, BytesView encoding, const Renaming& renaming);

// The scalarsets that values of the type may hold, each once, in the order of its fields.
void add_scalar_sets(const Type& type, std::vector<const Type*>& sets);
// "Colour2" for the second value of Colour.
std::string scalar_name(const Type& set, std::uint64_t value);

// The end of the value that starts at the reader: skips it and returns its bytes.
BytesView skip(const Type& type, Reader& reader);

}  // namespace gainsay
