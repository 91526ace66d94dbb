#include "engine/mutations.hpp"

#include <algorithm>
#include <bit>

namespace gainsay {

namespace {

// A value inside a message, and where its encoding lies.
struct Part {
  const Type* type = nullptr;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool may_be_replaced = false;
  bool may_change = false;  // inside
};

class Parts {
 public:
  // Whoever is `self` signs anew what it has signed.
  Parts(BytesView message, NodeId self) : message_(message), self_(self) {}

  std::vector<Part> of(const Type& type) {
    Reader reader(message_);
    add(type, reader, true);
    return std::move(parts_);
  }

 private:
  std::size_t at(const Reader& reader) const { return message_.size() - reader.rest().size(); }
  void add(const Type& type, Reader& reader, bool may_be_replaced);
  void add_inside(const Type& type, Reader& reader, bool may_change);

  BytesView message_;
  NodeId self_;
  std::vector<Part> parts_;
};

void Parts::add(const Type& type, Reader& reader, bool may_be_replaced) {
  bool may_change = may_be_replaced && !type.is_certificate;
  if (type.is_signed) {
    Reader ahead = reader;
    may_change = may_change && ahead.integer() == self_.value;
  }
  const std::size_t place = parts_.size();
  parts_.push_back({.type = &type,
                    .begin = at(reader),
                    .may_be_replaced = may_be_replaced,
                    .may_change = may_change});
  add_inside(type, reader, may_change);
  parts_[place].end = at(reader);
}

void Parts::add_inside(const Type& type, Reader& reader, bool may_change) {
  switch (type.kind) {
    case Kind::record:
      for (const Field& field : type.fields) {
        const bool is_signer = type.is_signed && &field == &type.fields.front();
        add(*field.type, reader, may_change && !is_signer);
      }
      return;
    case Kind::optional:
      if (reader.integer() != 0) add(*type.element, reader, may_change);
      return;
    case Kind::variant:
      add(*type.alternatives.at(reader.integer()), reader, may_change);
      return;
    case Kind::sequence:
    case Kind::per_node:
    case Kind::set:
    case Kind::map: {
      // A changed element would lie elsewhere in a sorted container, or twice.
      const bool is_sorted = type.kind == Kind::set || type.kind == Kind::map;
      for (std::uint64_t left = reader.integer(); left > 0; --left) {
        if (type.kind == Kind::map) add(*type.key, reader, false);
        add(*type.element, reader, may_change && !is_sorted);
      }
      return;
    }
    default:
      skip(type, reader);
  }
}

class Changes {
 public:
  explicit Changes(const Mutator& mutator) : mutator_(mutator) {}

  // Other values of the type, encoded, in place of this one.
  std::vector<Bytes> of(const Type& type, BytesView value);

 private:
  void add(std::uint64_t value) {
    Writer writer;
    writer.integer(value);
    changed_.push_back(writer.take());
  }
  void add_signed(std::int64_t value) {
    Writer writer;
    writer.signed_integer(value);
    changed_.push_back(writer.take());
  }
  void change_unsigned(const Type& type, std::uint64_t value);
  void change_signed(const Type& type, std::int64_t value);
  void change_enumerator(const Type& type, std::uint64_t value);
  void add_others(std::uint64_t value, std::uint64_t count);
  void drop_elements(const Type& type, Reader reader);

  const Mutator& mutator_;
  std::vector<Bytes> changed_;
};

void Changes::change_unsigned(const Type& type, std::uint64_t value) {
  const std::uint64_t greatest = ~std::uint64_t{0} >> (64 - type.least_bits);
  if (value > 0) add(value - 1);
  if (value < greatest) add(value + 1);
}

void Changes::change_signed(const Type& type, std::int64_t value) {
  const auto greatest = static_cast<std::int64_t>(~std::uint64_t{0} >> (65 - type.least_bits));
  if (value > -greatest) add_signed(value - 1);
  if (value < greatest) add_signed(value + 1);
}

void Changes::change_enumerator(const Type& type, std::uint64_t value) {
  for (std::size_t other = 0; other < type.enumerators.size(); ++other) {
    if (other != value && !type.enumerators[other].empty()) add(other);
  }
}

void Changes::add_others(std::uint64_t value, std::uint64_t count) {
  for (std::uint64_t other = 0; other < count; ++other) {
    if (other != value) add(other);
  }
}

void Changes::drop_elements(const Type& type, Reader reader) {
  const std::uint64_t count = reader.integer();
  std::vector<BytesView> elements;
  for (std::uint64_t i = 0; i < count; ++i) {
    const BytesView from = reader.rest();
    if (type.kind == Kind::map) skip(*type.key, reader);
    skip(*type.element, reader);
    elements.push_back(from.substr(0, from.size() - reader.rest().size()));
  }
  for (std::uint64_t dropped = 0; dropped < count; ++dropped) {
    Writer writer;
    writer.integer(count - 1);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i != dropped) writer.raw(elements[i]);
    }
    changed_.push_back(writer.take());
  }
}

std::vector<Bytes> Changes::of(const Type& type, BytesView value) {
  Reader reader(value);
  switch (type.kind) {
    case Kind::boolean:
      add(1 - reader.integer());
      break;
    case Kind::unsigned_integer:
      change_unsigned(type, reader.integer());
      break;
    case Kind::signed_integer:
      change_signed(type, reader.signed_integer());
      break;
    case Kind::enumeration:
      change_enumerator(type, reader.integer());
      break;
    case Kind::node_id:
      add_others(reader.integer(), mutator_.nodes);
      break;
    case Kind::node_set: {
      const NodeSet set = read_set(reader);
      for (std::uint32_t id = 0; id < mutator_.nodes; ++id) {
        const NodeSet one{node_id(id)};
        Writer writer;
        write_set(writer, set.contains(node_id(id)) ? set - one : set | one);
        changed_.push_back(writer.take());
      }
      break;
    }
    case Kind::scalar:
      add_others(reader.integer(), type.values);
      break;
    case Kind::text:
      if (!reader.text().empty()) add(0);
      break;
    case Kind::optional:
      if (reader.integer() != 0) add(0);
      break;
    case Kind::sequence:
    case Kind::set:
    case Kind::map:
      drop_elements(type, reader);
      break;
    case Kind::record:
    case Kind::variant:
    case Kind::per_node:
      break;
  }
  return std::move(changed_);
}

BytesView part_of(BytesView message, const Part& part) {
  return message.substr(part.begin, part.end - part.begin);
}

// The records of the type in the known messages, and in the message itself.
std::vector<Bytes> others_of(const Type& of, const Type& type, BytesView message,
                             const Mutator& mutator) {
  std::vector<Bytes> others;
  if (of.kind != Kind::record) return others;
  const auto add_from = [&](BytesView known) {
    for (const Part& part : Parts(known, mutator.self).of(type)) {
      if (part.type == &of) others.emplace_back(part_of(known, part));
    }
  };
  add_from(message);
  for (const Bytes& known : mutator.known) add_from(known);
  return others;
}

}  // namespace

std::vector<Bytes> mutations(const Type& type, BytesView message, const Mutator& mutator) {
  std::vector<Bytes> all;
  const auto replace = [&](const Part& part, BytesView by) {
    Bytes changed(message.substr(0, part.begin));
    changed += by;
    changed += message.substr(part.end);
    all.push_back(std::move(changed));
  };
  for (const Part& part : Parts(message, mutator.self).of(type)) {
    if (part.may_be_replaced) {
      for (const Bytes& other : others_of(*part.type, type, message, mutator)) replace(part, other);
    }
    if (!part.may_change) continue;
    for (const Bytes& other : Changes(mutator).of(*part.type, part_of(message, part))) {
      replace(part, other);
    }
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::erase(all, message);
  return all;
}

}  // namespace gainsay
