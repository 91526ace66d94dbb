#include "engine/leaves.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <iterator>

namespace gainsay {

namespace {

constexpr std::size_t whole_max = 100;  // characters of a list that is one leaf

std::string field_path(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

class Walk {
 public:
  Walk(const NodeName& name, std::vector<Leaf>& out) : name_(name), out_(out) {}

  void value(const Type& type, const std::string& path, BytesView bytes) {
    Reader reader(bytes);
    switch (type.kind) {
      case Kind::record:
        if (type.fields.empty()) break;
        for (const Field& field : type.fields) {
          value(*field.type, field_path(path, field.name), skip(*field.type, reader));
        }
        return;
      case Kind::optional:
        if (reader.integer() == 0) break;
        value(*type.element, path, reader.rest());
        return;
      case Kind::variant:
        if (is_short(type, bytes)) break;
        alternative(type, path, reader);
        return;
      case Kind::per_node:
      case Kind::map:
        elements(type, path, reader, bytes);
        return;
      case Kind::sequence:
      case Kind::set:
        if (is_short(type, bytes)) break;
        elements(type, path, reader, bytes);
        return;
      default:
        break;
    }
    out_.push_back({path, describe(type, bytes, name_)});
  }

 private:
  bool is_short(const Type& type, BytesView bytes) const {
    return bytes.size() <= whole_max && describe(type, bytes, name_).size() <= whole_max;
  }

  void alternative(const Type& type, const std::string& path, Reader& reader) {
    const std::uint64_t index = reader.integer();
    if (index >= type.alternatives.size()) throw DecodeError("no such alternative");
    const Type& chosen = *type.alternatives[index];
    out_.push_back({path, chosen.name});
    value(chosen, path + "." + chosen.name, reader.rest());
  }

  void elements(const Type& type, const std::string& path, Reader& reader, BytesView bytes) {
    const std::uint64_t count = reader.integer();
    if (count == 0) out_.push_back({path, describe(type, bytes, name_)});
    for (std::uint64_t i = 0; i < count; ++i) {
      if (type.kind == Kind::map) {
        const std::string key = describe(*type.key, skip(*type.key, reader), name_);
        value(*type.element, path + "[" + key + "]", skip(*type.element, reader));
        continue;
      }
      const BytesView element = skip(*type.element, reader);
      if (type.kind == Kind::set) {
        out_.push_back({path + "{" + describe(*type.element, element, name_) + "}", "in"});
        continue;
      }
      const std::string index = type.kind == Kind::per_node ? name_(node_id(i)) : std::to_string(i);
      value(*type.element, path + "[" + index + "]", element);
    }
  }

  const NodeName& name_;
  std::vector<Leaf>& out_;
};

std::vector<Leaf> leaves_at(const Type& type, const std::string& path, BytesView encoding,
                            const NodeName& name) {
  std::vector<Leaf> out;
  Walk(name, out).value(type, path, encoding);
  return out;
}

void add_changes(const Type& type, const std::string& path, BytesView before, BytesView after,
                 const NodeName& name, std::vector<LeafChange>& out) {
  if (before == after) return;
  if (type.kind != Kind::record || type.fields.empty()) {
    auto found = changes(leaves_at(type, path, before, name), leaves_at(type, path, after, name));
    std::move(found.begin(), found.end(), std::back_inserter(out));
    return;
  }
  Reader old_reader(before);
  Reader new_reader(after);
  for (const Field& field : type.fields) {
    const BytesView old_value = skip(*field.type, old_reader);
    const BytesView new_value = skip(*field.type, new_reader);
    add_changes(*field.type, field_path(path, field.name), old_value, new_value, name, out);
  }
}

}  // namespace

std::vector<Leaf> leaves(const Type& type, BytesView encoding, const NodeName& node_name) {
  return leaves_at(type, "", encoding, node_name);
}

std::vector<LeafChange> changes(const std::vector<Leaf>& before, const std::vector<Leaf>& after) {
  boost::unordered_flat_map<std::string_view, const Leaf*> old_leaves;
  boost::unordered_flat_map<std::string_view, const Leaf*> new_leaves;
  for (const Leaf& leaf : before) old_leaves.emplace(leaf.path, &leaf);
  for (const Leaf& leaf : after) new_leaves.emplace(leaf.path, &leaf);
  std::vector<LeafChange> found;
  for (const Leaf& leaf : before) {
    if (!new_leaves.contains(leaf.path)) found.push_back({leaf.path, leaf.text, std::nullopt});
  }
  for (const Leaf& leaf : after) {
    const auto old = old_leaves.find(leaf.path);
    if (old == old_leaves.end()) {
      found.push_back({leaf.path, std::nullopt, leaf.text});
    } else if (old->second->text != leaf.text) {
      found.push_back({leaf.path, old->second->text, leaf.text});
    }
  }
  return found;
}

std::vector<LeafChange> leaf_changes(const Type& type, BytesView before, BytesView after,
                                     const NodeName& node_name) {
  std::vector<LeafChange> found;
  add_changes(type, "", before, after, node_name, found);
  return found;
}

}  // namespace gainsay
