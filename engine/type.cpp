#include "engine/type.hpp"

#include <algorithm>
#include <bit>

namespace gainsay {

namespace {

std::string describe_next(const Type& type, Reader& reader, const NodeName& node_name);

std::string describe_list(const Type& element, Reader& reader, const NodeName& node_name,
                          bool indexed) {
  std::string text;
  const std::uint64_t count = reader.integer();
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    if (indexed) text += node_name(node_id(i)) + ": ";
    text += describe_next(element, reader, node_name);
  }
  return text;
}

std::string describe_record(const Type& type, Reader& reader, const NodeName& node_name) {
  if (type.fields.empty()) return type.name;
  std::string text = type.name + "{";
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::string(type.fields[i].name) + "=";
    text += describe_next(*type.fields[i].type, reader, node_name);
  }
  return text + "}";
}

std::string describe_map(const Type& type, Reader& reader, const NodeName& node_name) {
  std::string text = "{";
  const std::uint64_t count = reader.integer();
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    text += describe_next(*type.key, reader, node_name) + ": ";
    text += describe_next(*type.element, reader, node_name);
  }
  return text + "}";
}

std::string describe_enumeration(const Type& type, std::uint64_t value) {
  if (value < type.enumerators.size() && !type.enumerators[value].empty()) {
    return std::string(type.enumerators[value]);
  }
  return type.name + "(" + std::to_string(value) + ")";
}

std::string describe_set_of_nodes(const NodeSet& set, const NodeName& node_name) {
  std::string text = "{";
  for (const NodeId id : set) {
    if (text.size() > 1) text += ", ";
    text += node_name(id);
  }
  return text + "}";
}

std::string quoted(BytesView value) {
  std::string text = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      constexpr std::string_view digits = "0123456789abcdef";
      text += "\\x";
      text += digits[byte >> 4];
      text += digits[byte & 15];
    } else {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text + "\"";
}

std::string describe_next(const Type& type, Reader& reader, const NodeName& node_name) {
  switch (type.kind) {
    case Kind::boolean:
      return reader.integer() != 0 ? "true" : "false";
    case Kind::unsigned_integer:
      return std::to_string(reader.integer());
    case Kind::signed_integer:
      return std::to_string(reader.signed_integer());
    case Kind::enumeration:
      return describe_enumeration(type, reader.integer());
    case Kind::node_id:
      return node_name(node_id(reader.integer()));
    case Kind::node_set:
      return describe_set_of_nodes(read_set(reader), node_name);
    case Kind::scalar:
      return scalar_name(type, reader.integer());
    case Kind::text:
      return quoted(reader.text());
    case Kind::record:
      return describe_record(type, reader, node_name);
    case Kind::optional:
      return reader.integer() == 0 ? "none" : describe_next(*type.element, reader, node_name);
    case Kind::variant: {
      const std::uint64_t index = reader.integer();
      if (index >= type.alternatives.size()) throw DecodeError("no such alternative");
      return describe_next(*type.alternatives[index], reader, node_name);
    }
    case Kind::sequence:
      return "[" + describe_list(*type.element, reader, node_name, false) + "]";
    case Kind::per_node:
      return "[" + describe_list(*type.element, reader, node_name, true) + "]";
    case Kind::set:
      return "{" + describe_list(*type.element, reader, node_name, false) + "}";
    case Kind::map:
      return describe_map(type, reader, node_name);
  }
  throw DecodeError("unknown kind of type");
}

void rename_next(const Type& type, Reader& reader, Writer& writer, const Renaming& renaming);

void rename_per_node(const Type& type, Reader& reader, Writer& writer, const Renaming& renaming) {
  const std::uint64_t count = reader.integer();
  writer.integer(count);
  std::vector<Bytes> renamed(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    Writer element;
    rename_next(*type.element, reader, element, renaming);
    const std::size_t to = i < renaming.processes ? renaming.points[i].value : i;
    if (to >= count) throw DecodeError("a permutation leaves a PerNode");
    renamed[to] = element.take();
  }
  for (const Bytes& element : renamed) writer.raw(element);
}

void rename_elements(const Type& type, Reader& reader, Writer& writer, const Renaming& renaming) {
  Writer elements;
  const std::uint64_t count = reader.integer();
  elements.integer(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (type.kind == Kind::map) rename_next(*type.key, reader, elements, renaming);
    rename_next(*type.element, reader, elements, renaming);
  }
  if (type.sorted == nullptr) {
    writer.raw(elements.bytes());
    return;
  }
  const Bytes sorted = type.sorted(elements.bytes());
  if (sorted.size() != elements.bytes().size()) {
    throw DecodeError("an order of a set or map takes renamed keys for equal");
  }
  writer.raw(sorted);
}

void rename_next(const Type& type, Reader& reader, Writer& writer, const Renaming& renaming) {
  switch (type.kind) {
    case Kind::boolean:
    case Kind::unsigned_integer:
    case Kind::signed_integer:
    case Kind::enumeration:
      writer.integer(reader.integer());
      return;
    case Kind::node_id:
      writer.integer(renaming.process(node_id(reader.integer())).value);
      return;
    case Kind::node_set: {
      NodeSet set;
      const NodeSet before = read_set(reader);
      for (const NodeId id : before) set.insert(renaming.process(id));
      write_set(writer, set);
      return;
    }
    case Kind::scalar:
      writer.integer(renaming.scalar(type, reader.integer()));
      return;
    case Kind::text:
      writer.text(reader.text());
      return;
    case Kind::record:
      for (const Field& field : type.fields) rename_next(*field.type, reader, writer, renaming);
      return;
    case Kind::optional: {
      const std::uint64_t present = reader.integer();
      writer.integer(present);
      if (present != 0) rename_next(*type.element, reader, writer, renaming);
      return;
    }
    case Kind::variant: {
      const std::uint64_t index = reader.integer();
      if (index >= type.alternatives.size()) throw DecodeError("no such alternative");
      writer.integer(index);
      rename_next(*type.alternatives[index], reader, writer, renaming);
      return;
    }
    case Kind::per_node:
      rename_per_node(type, reader, writer, renaming);
      return;
    case Kind::sequence:
    case Kind::set:
    case Kind::map:
      rename_elements(type, reader, writer, renaming);
      return;
  }
}

void compare_next(const Type& type, const std::string& path, Reader& before, Reader& after,
                  const NodeName& node_name, std::vector<Difference>& out);

void compare_lists(const Type& type, const std::string& path, Reader& before, Reader& after,
                   const NodeName& node_name, std::vector<Difference>& out) {
  const std::uint64_t common = before.integer();
  if (after.integer() != common) throw DecodeError("lists of unequal size");
  for (std::uint64_t i = 0; i < common; ++i) {
    const std::string index =
        type.kind == Kind::per_node ? node_name(node_id(i)) : std::to_string(i);
    compare_next(*type.element, path + "[" + index + "]", before, after, node_name, out);
  }
}

bool same_size(BytesView before, BytesView after) {
  return Reader(before).integer() == Reader(after).integer();
}

std::vector<BytesView> keys_of(const Type& map, BytesView encoding) {
  Reader reader(encoding);
  std::vector<BytesView> keys(reader.integer());
  for (BytesView& key : keys) {
    key = skip(*map.key, reader);
    skip(*map.element, reader);
  }
  return keys;
}

// What has the same shape before and after differs in its parts: an optional that is there, a map
// with the same keys.
bool compare_parts(const Type& type, const std::string& path, Reader& before, Reader& after,
                   const NodeName& node_name, std::vector<Difference>& out) {
  const auto is_there = [](Reader& reader) { return Reader(reader.rest()).integer() == 1; };
  if (type.kind == Kind::optional && is_there(before) && is_there(after)) {
    before.integer();
    after.integer();
    compare_next(*type.element, path, before, after, node_name, out);
    return true;
  }
  if (type.kind != Kind::map || keys_of(type, before.rest()) != keys_of(type, after.rest())) {
    return false;
  }
  std::uint64_t size = before.integer();
  after.integer();
  for (; size > 0; --size) {
    const std::string key = describe(*type.key, skip(*type.key, before), node_name);
    skip(*type.key, after);
    compare_next(*type.element, path + "[" + key + "]", before, after, node_name, out);
  }
  return true;
}

void compare_next(const Type& type, const std::string& path, Reader& before, Reader& after,
                  const NodeName& node_name, std::vector<Difference>& out) {
  if (type.kind == Kind::record && !type.fields.empty()) {
    for (const Field& field : type.fields) {
      const std::string name =
          path.empty() ? std::string(field.name) : path + "." + std::string(field.name);
      compare_next(*field.type, name, before, after, node_name, out);
    }
    return;
  }
  if (type.kind == Kind::per_node && same_size(before.rest(), after.rest())) {
    compare_lists(type, path, before, after, node_name, out);
    return;
  }
  if (compare_parts(type, path, before, after, node_name, out)) return;
  const BytesView old_value = skip(type, before);
  const BytesView new_value = skip(type, after);
  if (old_value == new_value) return;
  out.push_back({.path = path,
                 .before = describe(type, old_value, node_name),
                 .after = describe(type, new_value, node_name)});
}

}  // namespace

// Seven bits at a time, as of a number (Writer::integer).
void write_wide_set(Writer& writer, const NodeSet& set) {
  const std::size_t bits =
      64 * set.words() - static_cast<std::size_t>(std::countl_zero(set.word(set.words() - 1)));
  for (std::size_t first = 0; first < bits; first += 7) {
    unsigned group = 0;
    for (std::size_t bit = first; bit < std::min(first + 7, bits); ++bit) {
      if ((set.word(bit / 64) >> (bit % 64) & 1) != 0) group |= 1U << (bit - first);
    }
    const char byte = static_cast<char>(group | (first + 7 < bits ? 0x80U : 0U));
    writer.raw({&byte, 1});
  }
}

NodeSet read_set(Reader& reader) {
  std::uint64_t low = 0;  // of the ids below 63
  NodeSet high;
  for (std::size_t first = 0;; first += 7) {
    const auto byte = static_cast<unsigned char>(reader.raw(1).front());
    if (first < 63) {
      low |= static_cast<std::uint64_t>(byte & 0x7f) << first;
    } else {
      for (std::size_t bit = 0; bit < 7; ++bit) {
        if ((byte >> bit & 1) == 0) continue;
        if (first + bit >= ids_max) throw DecodeError("an integer is out of range");
        high.insert(node_id(first + bit));
      }
    }
    if ((byte & 0x80) == 0) break;
    if (first > ids_max) throw DecodeError("integer is too long");
  }
  NodeSet set = NodeSet::from_bits(low);
  return high.empty() ? set : set | high;
}

std::string describe(const Type& type, BytesView encoding, const NodeName& node_name) {
  Reader reader(encoding);
  return describe_next(type, reader, node_name);
}

std::vector<Difference> difference(const Type& type, BytesView before, BytesView after,
                                   const NodeName& node_name) {
  std::vector<Difference> differences;
  Reader old_reader(before);
  Reader new_reader(after);
  compare_next(type, "", old_reader, new_reader, node_name, differences);
  return differences;
}

std::string scalar_name(const Type& set, std::uint64_t value) {
  return set.name + std::to_string(value + 1);
}

std::uint64_t Renaming::scalar(const Type& set, std::uint64_t value) const {
  for (const ScalarSet& one : sets) {
    if (one.type != &set || value >= set.values) continue;
    return points[one.first + value].value - std::uint64_t{one.first};
  }
  return value;
}

namespace {

void add_sets(const Type& type, std::vector<const Type*>& sets, std::vector<const Type*>& seen) {
  if (std::ranges::find(seen, &type) != seen.end()) return;  // types may hold themselves
  seen.push_back(&type);
  if (type.kind == Kind::scalar && std::ranges::find(sets, &type) == sets.end()) {
    sets.push_back(&type);
  }
  for (const Field& field : type.fields) add_sets(*field.type, sets, seen);
  for (const Type* alternative : type.alternatives) add_sets(*alternative, sets, seen);
  if (type.key != nullptr) add_sets(*type.key, sets, seen);
  if (type.element != nullptr) add_sets(*type.element, sets, seen);
}

}  // namespace

void add_scalar_sets(const Type& type, std::vector<const Type*>& sets) {
  std::vector<const Type*> seen;
  add_sets(type, sets, seen);
}

Bytes rename_encoding(const Type& type, BytesView encoding, const Renaming& renaming) {
  Reader reader(encoding);
  Writer writer;
  rename_next(type, reader, writer, renaming);
  return writer.take();
}

BytesView skip(const Type& type, Reader& reader) {
  const BytesView start = reader.rest();
  switch (type.kind) {
    case Kind::boolean:
    case Kind::unsigned_integer:
    case Kind::signed_integer:
    case Kind::enumeration:
    case Kind::node_id:
    case Kind::scalar:
      reader.integer();
      break;
    case Kind::node_set:
      read_set(reader);
      break;
    case Kind::text:
      reader.text();
      break;
    case Kind::record:
      for (const Field& field : type.fields) skip(*field.type, reader);
      break;
    case Kind::optional:
      if (reader.integer() != 0) skip(*type.element, reader);
      break;
    case Kind::variant: {
      const std::uint64_t index = reader.integer();
      if (index >= type.alternatives.size()) throw DecodeError("no such alternative");
      skip(*type.alternatives[index], reader);
      break;
    }
    case Kind::sequence:
    case Kind::per_node:
    case Kind::set:
    case Kind::map: {
      const std::uint64_t count = reader.integer();
      for (std::uint64_t i = 0; i < count; ++i) {
        if (type.kind == Kind::map) skip(*type.key, reader);
        skip(*type.element, reader);
      }
      break;
    }
  }
  return start.substr(0, start.size() - reader.rest().size());
}

}  // namespace gainsay
