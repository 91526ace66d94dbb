#include "engine/json.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

namespace gainsay {

namespace {

using nlohmann::json;

json bigint(std::string digits) { return {{"#bigint", std::move(digits)}}; }

json text_to_json(BytesView text) {
  const auto printable = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (std::ranges::all_of(text, printable)) return std::string(text);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const char c : text) {
    hex += digits[static_cast<unsigned char>(c) >> 4];
    hex += digits[static_cast<unsigned char>(c) & 15];
  }
  return {{"#hex", hex}};
}

json next_to_json(const Type& type, Reader& reader, const NodeName& node_name);

json list_to_json(const Type& type, Reader& reader, const NodeName& node_name) {
  json list = json::array();
  const std::uint64_t count = reader.integer();
  for (std::uint64_t i = 0; i < count; ++i) {
    if (type.kind == Kind::map) {
      json key = next_to_json(*type.key, reader, node_name);
      list.push_back(json::array({std::move(key), next_to_json(*type.element, reader, node_name)}));
    } else if (type.kind == Kind::per_node) {
      list.push_back(
          json::array({node_name(node_id(i)), next_to_json(*type.element, reader, node_name)}));
    } else {
      list.push_back(next_to_json(*type.element, reader, node_name));
    }
  }
  return list;
}

json variant_to_json(const Type& type, Reader& reader, const NodeName& node_name) {
  const std::uint64_t index = reader.integer();
  if (index >= type.alternatives.size()) throw DecodeError("no such alternative");
  const Type& alternative = *type.alternatives[index];
  return {{"tag", alternative.name}, {"value", next_to_json(alternative, reader, node_name)}};
}

json next_to_json(const Type& type, Reader& reader, const NodeName& node_name) {
  switch (type.kind) {
    case Kind::boolean:
      return reader.integer() != 0;
    case Kind::unsigned_integer:
      return bigint(std::to_string(reader.integer()));
    case Kind::signed_integer:
      return bigint(std::to_string(reader.signed_integer()));
    case Kind::enumeration: {
      const std::uint64_t value = reader.integer();
      if (value < type.enumerators.size() && !type.enumerators[value].empty()) {
        return std::string(type.enumerators[value]);
      }
      return "#" + std::to_string(value);
    }
    case Kind::node_id:
      return node_name(node_id(reader.integer()));
    case Kind::scalar:
      return scalar_name(type, reader.integer());
    case Kind::node_set: {
      json list = json::array();
      const NodeSet set = read_set(reader);
      for (const NodeId id : set) list.push_back(node_name(id));
      return {{"#set", std::move(list)}};
    }
    case Kind::text:
      return text_to_json(reader.text());
    case Kind::record: {
      json record = json::object();
      for (const Field& field : type.fields) {
        record[std::string(field.name)] = next_to_json(*field.type, reader, node_name);
      }
      return record;
    }
    case Kind::optional:
      if (reader.integer() == 0) return {{"tag", "None"}, {"value", json::object()}};
      return {{"tag", "Some"}, {"value", next_to_json(*type.element, reader, node_name)}};
    case Kind::variant:
      return variant_to_json(type, reader, node_name);
    case Kind::sequence:
      return list_to_json(type, reader, node_name);
    case Kind::set:
      return {{"#set", list_to_json(type, reader, node_name)}};
    case Kind::per_node:
    case Kind::map:
      return {{"#map", list_to_json(type, reader, node_name)}};
  }
  throw DecodeError("unknown kind of type");
}

// --- reading ---

[[noreturn]] void fail(const std::string& place, const std::string& reason) {
  throw JsonError((place.empty() ? "value" : place) + ": " + reason);
}

const json& member(const json& value, const char* name, const std::string& place) {
  const auto found = value.is_object() ? value.find(name) : value.end();
  if (!value.is_object() || found == value.end()) {
    fail(place, std::string("lacks \"") + name + "\"");
  }
  return *found;
}

const std::string& string_of(const json& value, const std::string& place) {
  if (!value.is_string()) fail(place, "is not a string");
  return value.get_ref<const std::string&>();
}

std::uint64_t digits_of(const std::string& text, const std::string& place) {
  if (text.empty() || text.size() > 20) fail(place, "is not a number in range");
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') fail(place, "is not a number");
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) {
      fail(place, "is not a number in range");
    }
    value = value * 10 + digit;
  }
  return value;
}

void read_integer(const Type& type, const json& value, const std::string& place, Writer& writer) {
  std::string text = string_of(member(value, "#bigint", place), place);
  if (type.kind == Kind::unsigned_integer) {
    writer.integer(digits_of(text, place));
    return;
  }
  const bool negative = text.starts_with('-');
  if (negative) text.erase(0, 1);
  const std::uint64_t magnitude = digits_of(text, place);
  constexpr std::uint64_t most = std::uint64_t{1} << 63;
  if (magnitude > (negative ? most : most - 1)) fail(place, "is not a number in range");
  writer.signed_integer(static_cast<std::int64_t>(negative ? ~magnitude + 1 : magnitude));
}

void read_scalar(const Type& type, const std::string& name, const std::string& place,
                 Writer& writer) {
  for (std::uint64_t value = 0; value < type.values; ++value) {
    if (scalar_name(type, value) == name) return writer.integer(value);
  }
  fail(place, "'" + name.substr(0, 60) + "' is no " + type.name);
}

void read_text(const json& value, const std::string& place, Writer& writer) {
  if (value.is_string()) {
    writer.text(value.get_ref<const std::string&>());
    return;
  }
  const std::string& hex = string_of(member(value, "#hex", place), place);
  std::string bytes;
  if (hex.size() % 2 != 0) fail(place, "has an odd number of hexadecimal digits");
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    constexpr std::string_view digits = "0123456789abcdef";
    const std::size_t high = digits.find(hex[i]);
    const std::size_t low = digits.find(hex[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) {
      fail(place, "is not hexadecimal");
    }
    bytes += static_cast<char>(high * 16 + low);
  }
  writer.text(bytes);
}

void read_enumeration(const Type& type, const json& value, const std::string& place,
                      Writer& writer) {
  const std::string& name = string_of(value, place);
  const auto found = std::ranges::find(type.enumerators, name);
  if (found != type.enumerators.end() && !name.empty()) {
    writer.integer(static_cast<std::uint64_t>(found - type.enumerators.begin()));
  } else if (name.starts_with('#')) {
    writer.integer(digits_of(name.substr(1), place));
  } else {
    fail(place, "'" + name.substr(0, 60) + "' is no " + type.name);
  }
}

void read_next(const Type& type, const json& value, const NodeByName& node,
               const std::string& place, Writer& writer);

const json& list_of(const json& value, const char* name, const std::string& place) {
  const json& list = name == nullptr ? value : member(value, name, place);
  if (!list.is_array()) fail(place, "is not a list");
  return list;
}

void read_list(const Type& type, const json& value, const NodeByName& node,
               const std::string& place, Writer& writer) {
  const bool keyed = type.kind == Kind::map || type.kind == Kind::per_node;
  const char* name = keyed ? "#map" : type.kind == Kind::set ? "#set" : nullptr;
  const json& list = list_of(value, name, place);
  writer.integer(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string at = place + "[" + std::to_string(i) + "]";
    if (!keyed) {
      read_next(*type.element, list[i], node, at, writer);
      continue;
    }
    if (!list[i].is_array() || list[i].size() != 2) fail(at, "is not a pair");
    if (type.kind == Kind::map) {
      read_next(*type.key, list[i][0], node, at, writer);
    } else if (node(string_of(list[i][0], at)).value != i) {
      fail(at, "processes are not in order");
    }
    read_next(*type.element, list[i][1], node, at, writer);
  }
}

void read_variant(const Type& type, const json& value, const NodeByName& node,
                  const std::string& place, Writer& writer) {
  const std::string& tag = string_of(member(value, "tag", place), place);
  const json& content = member(value, "value", place);
  if (type.kind == Kind::optional) {
    if (tag != "Some" && tag != "None") fail(place, "is neither Some nor None");
    writer.integer(tag == "Some" ? 1 : 0);
    if (tag == "Some") read_next(*type.element, content, node, place, writer);
    return;
  }
  for (std::size_t i = 0; i < type.alternatives.size(); ++i) {
    if (type.alternatives[i]->name != tag) continue;
    writer.integer(i);
    read_next(*type.alternatives[i], content, node, place + "." + tag, writer);
    return;
  }
  fail(place, "'" + tag.substr(0, 60) + "' is no alternative here");
}

void read_next(const Type& type, const json& value, const NodeByName& node,
               const std::string& place, Writer& writer) {
  switch (type.kind) {
    case Kind::boolean:
      if (!value.is_boolean()) fail(place, "is not true or false");
      writer.integer(value.get<bool>() ? 1 : 0);
      return;
    case Kind::unsigned_integer:
    case Kind::signed_integer:
      read_integer(type, value, place, writer);
      return;
    case Kind::enumeration:
      read_enumeration(type, value, place, writer);
      return;
    case Kind::node_id:
      writer.integer(node(string_of(value, place)).value);
      return;
    case Kind::scalar:
      read_scalar(type, string_of(value, place), place, writer);
      return;
    case Kind::node_set: {
      NodeSet set;
      for (const json& name : list_of(value, "#set", place)) {
        set.insert(node(string_of(name, place)));
      }
      write_set(writer, set);
      return;
    }
    case Kind::text:
      read_text(value, place, writer);
      return;
    case Kind::record:
      if (!value.is_object()) fail(place, "is not a record");
      for (const Field& field : type.fields) {
        const std::string name(field.name);
        read_next(*field.type, member(value, name.c_str(), place), node, place + "." + name,
                  writer);
      }
      return;
    case Kind::optional:
    case Kind::variant:
      read_variant(type, value, node, place, writer);
      return;
    case Kind::sequence:
    case Kind::set:
    case Kind::per_node:
    case Kind::map:
      read_list(type, value, node, place, writer);
      return;
  }
}

}  // namespace

json to_json(const Type& type, BytesView encoding, const NodeName& node_name) {
  Reader reader(encoding);
  return next_to_json(type, reader, node_name);
}

void from_json(const Type& type, const json& value, const NodeByName& node, Writer& writer) {
  read_next(type, value, node, "", writer);
}

}  // namespace gainsay
