// The field visitor: canonical encoding, decoding, order and schema of any aggregate, with no
// hand-written code, so that no field can be forgotten. Fields come from Boost.PFR, their names
// from the compiler.
//
// Supported: bool, integers, enums, NodeId, NodeSet, PerNode, Scalar, Boxed, std::string,
// std::optional, std::variant, std::vector, std::map, Boost.Container's vectors, flat_set and
// flat_map, and aggregates of these. Everything else is refused by a static_assert that says why.
#pragma once

#include <array>
#include <bit>
#include <boost/container/container_fwd.hpp>
#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "engine/boxed.hpp"
#include "engine/ids.hpp"
#include "engine/type.hpp"

namespace gainsay {

template <class T>
struct Signed;
template <class T>
struct Certificate;  // engine/signed.hpp

namespace detail {

template <class T>
struct Holder {
  T value;
};
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif
// Never defined: only addresses of its fields are taken, at compile time, for their names.
template <class T>
extern const Holder<T> external_object;

template <class T>
struct FieldAddress {
  const T* address;
};
template <class T>
FieldAddress(const T*) -> FieldAddress<T>;

template <auto Value>
consteval std::string_view value_signature() {
  return __PRETTY_FUNCTION__;
}
template <class T>
consteval std::string_view type_signature() {
  return __PRETTY_FUNCTION__;
}

// The identifier that ends just before the last '}', ']' or ')' of a field's signature.
consteval std::string_view last_identifier(std::string_view text, std::string_view closers) {
  std::size_t end = text.find_last_not_of(closers);
  text = text.substr(0, end + 1);
  const std::size_t start = text.find_last_of(".:>) &=");
  return start == std::string_view::npos ? text : text.substr(start + 1);
}

template <class T, std::size_t I>
concept Addressable = requires {
  value_signature<FieldAddress{&boost::pfr::get<I>(external_object<T>.value)}>();
};

template <class T, std::size_t I>
consteval std::string_view field_name() {
  static_assert(Addressable<T, I>, "gainsay: a state cannot hold a bit-field; use an integer");
  if constexpr (Addressable<T, I>) {
    constexpr std::string_view signature =
        value_signature<FieldAddress{&boost::pfr::get<I>(external_object<T>.value)}>();
    // g++ adds "; std::string_view = ..." behind the value.
    return last_identifier(signature.substr(0, signature.find(';')), "}])");
  }
  return {};
}
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

// The name of an enumerator, empty where the value has none.
template <class E, E Value>
consteval std::string_view enumerator_name() {
  constexpr std::string_view signature = value_signature<Value>();
  constexpr std::string_view text = signature.substr(0, signature.find(';'));
  constexpr std::size_t equals = text.find("= ");
  constexpr std::string_view value = text.substr(equals + 2);
  if (value.front() == '(' || (value.front() >= '0' && value.front() <= '9')) return {};
  return last_identifier(text, "}])");
}

template <class T>
inline constexpr bool is_signed = false;
template <class T>
inline constexpr bool is_signed<Signed<T>> = true;

// The unqualified name of a type, template arguments dropped; a signed value has that of the value.
template <class T>
consteval std::string_view type_name() {
  std::string_view text = type_signature<T>();
  if constexpr (is_signed<T>) return type_name<decltype(T::value)>();
  text = text.substr(text.find("T = ") + 4);
  text = text.substr(0, text.find_first_of(";]"));
  text = text.substr(0, text.find('<'));
  const std::size_t colon = text.rfind(':');
  return colon == std::string_view::npos ? text : text.substr(colon + 1);
}

template <class T, template <class...> class Template>
inline constexpr bool is_template = false;
template <template <class...> class Template, class... Args>
inline constexpr bool is_template<Template<Args...>, Template> = true;

// Sorted ones only: the order of a hash table is not a function of its content.
template <class T>
concept Map = requires {
  typename T::key_type;
  typename T::mapped_type;
  typename T::key_compare;
}
&&requires(T t, typename T::key_type k, typename T::mapped_type m) { t.emplace(k, m); };
template <class T>
concept Set = requires {
  typename T::key_type;
  typename T::value_compare;
}
&&!requires { typename T::mapped_type; };
template <class T>
concept Sequence = !Map<T> && !Set<T> && requires(T t, typename T::value_type v) {
  t.push_back(v);
  t.size();
  t.begin();
};

// Converts to any type but the aggregate itself, to find out what initialises its first element.
template <class T>
struct BaseProbe {
  template <class U>
  requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>) operator U() const {
    __builtin_unreachable();  // never called, but clang wants a body for types without linkage
  }
};
template <class T>
inline constexpr bool has_base = requires {
  T{BaseProbe<T>{}};
};

// Converts to the type of any field, to find out which initialisers an aggregate takes.
template <std::size_t>
struct FieldProbe {
  template <class U>
  operator U() const {
    __builtin_unreachable();
  }
};
template <class T, std::size_t... Before, std::size_t... After>
consteval bool takes_braces_at(std::index_sequence<Before...>, std::index_sequence<After...>) {
  return requires { T{FieldProbe<Before>{}..., {}, FieldProbe<After>{}...}; };
}
// Boost.PFR counts each element of a C array as a field, since braces may be left out around them;
// `{}` in the place of the first element takes the whole array, and too many initialisers are left.
template <class T, std::size_t Count = boost::pfr::tuple_size_v<T>>
inline constexpr bool has_array = []<std::size_t... I>(std::index_sequence<I...>) {
  return !(takes_braces_at<T>(std::make_index_sequence<I>{},
                              std::make_index_sequence<Count - 1 - I>{}) &&
           ...);
}
(std::make_index_sequence<Count>{});

template <class T>
inline constexpr bool always_false = false;

// False, after saying why, where the fields cannot be visited at all.
template <class T>
consteval bool check_supported() {
  static_assert(!std::is_reference_v<T>, "gainsay: a state cannot hold a reference");
  static_assert(!std::is_pointer_v<T>, "gainsay: a state cannot hold a pointer");
  static_assert(!std::is_floating_point_v<T>,
                "gainsay: a state cannot hold a floating-point number; use integers");
  static_assert(!std::is_array_v<T>, "gainsay: use a vector or PerNode instead of a C array");
  static_assert(!std::is_same_v<T, char>,
                "gainsay: plain char differs between machines; use std::uint8_t or std::string");
  if constexpr (std::is_class_v<T>) {
    static_assert(std::is_aggregate_v<T>,
                  "gainsay: a state must be an aggregate: no constructors, no private members, no "
                  "virtual functions (or use a supported container)");
    if constexpr (std::is_aggregate_v<T>) {
      static_assert(std::is_default_constructible_v<T>,
                    "gainsay: a state must have a default: no references, nor members without one");
      static_assert(!has_base<T>, "gainsay: a state cannot have a base class; use a member");
      if constexpr (!std::is_default_constructible_v<T> || has_base<T>) {
        return false;
      } else {
        constexpr bool few = boost::pfr::tuple_size_v<T> <= 100;  // what Boost.PFR can take apart
        static_assert(few, "gainsay: an aggregate can have at most 100 fields");
        static_assert(!has_array<T>, "gainsay: use a vector or PerNode instead of a C array");
        return few && !has_array<T>;
      }
    } else {
      return false;
    }
  }
  return true;
}

template <class T, class Visitor>
constexpr void for_each_field(T& value, Visitor&& visitor) {
  using Plain = std::remove_cv_t<T>;
  constexpr std::size_t count = boost::pfr::tuple_size_v<Plain>;
  [&]<std::size_t... I>(std::index_sequence<I...>) { (visitor(boost::pfr::get<I>(value)), ...); }
  (std::make_index_sequence<count>{});
}

template <class T>
concept Integer = std::is_integral_v<T> && !std::is_same_v<T, bool>;

}  // namespace detail

// Appends the canonical encoding of a value.
template <class T>
void encode(const T& value, Writer& writer) {
  using namespace detail;
  if constexpr (std::is_same_v<T, bool>) {
    writer.integer(value ? 1 : 0);
  } else if constexpr (Integer<T>) {
    static_assert(check_supported<T>());
    if constexpr (std::is_signed_v<T>) {
      writer.signed_integer(value);
    } else {
      writer.integer(value);
    }
  } else if constexpr (std::is_enum_v<T>) {
    writer.integer(static_cast<std::uint64_t>(value));
  } else if constexpr (std::is_same_v<T, NodeId>) {
    writer.integer(value.value);
  } else if constexpr (std::is_same_v<T, NodeSet>) {
    write_set(writer, value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    writer.text(value);
  } else if constexpr (is_template<T, Boxed>) {
    encode(*value, writer);
  } else if constexpr (is_template<T, std::optional>) {
    writer.integer(value ? 1 : 0);
    if (value) encode(*value, writer);
  } else if constexpr (is_template<T, std::variant>) {
    writer.integer(value.index());
    std::visit([&](const auto& alternative) { encode(alternative, writer); }, value);
  } else if constexpr (Map<T>) {
    writer.integer(value.size());
    for (const auto& [key, element] : value) {
      encode(key, writer);
      encode(element, writer);
    }
  } else if constexpr (is_template<T, PerNode> || Set<T> || Sequence<T>) {
    writer.integer(value.size());
    for (const auto& element : value) encode(element, writer);
  } else if constexpr (check_supported<T>()) {
    for_each_field(value, [&](const auto& field) { encode(field, writer); });
  }
}

template <class T>
Bytes encoded(const T& value) {
  Writer writer;
  encode(value, writer);
  return writer.take();
}

namespace detail {
inline std::size_t integer_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}
}  // namespace detail

// How many bytes `encode` writes.
template <class T>
std::size_t encoded_size(const T& value) {
  using namespace detail;
  if constexpr (std::is_same_v<T, bool>) {
    return 1;
  } else if constexpr (Integer<T>) {
    if constexpr (std::is_signed_v<T>) {
      const auto wide = static_cast<std::int64_t>(value);
      return integer_size((static_cast<std::uint64_t>(wide) << 1) ^
                          static_cast<std::uint64_t>(wide >> 63));
    } else {
      return integer_size(value);
    }
  } else if constexpr (std::is_enum_v<T>) {
    return integer_size(static_cast<std::uint64_t>(value));
  } else if constexpr (std::is_same_v<T, NodeId>) {
    return integer_size(value.value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return integer_size(value.size()) + value.size();
  } else if constexpr (is_template<T, Boxed>) {
    return encoded_size(*value);
  } else if constexpr (is_template<T, std::optional>) {
    return 1 + (value ? encoded_size(*value) : 0);
  } else if constexpr (is_template<T, std::variant>) {
    return integer_size(value.index()) +
           std::visit([](const auto& one) { return encoded_size(one); }, value);
  } else if constexpr (Map<T>) {
    std::size_t size = integer_size(value.size());
    for (const auto& [key, element] : value) size += encoded_size(key) + encoded_size(element);
    return size;
  } else if constexpr (is_template<T, PerNode> || Set<T> || Sequence<T>) {
    std::size_t size = integer_size(value.size());
    for (const auto& element : value) size += encoded_size(element);
    return size;
  } else if constexpr (std::is_same_v<T, NodeSet>) {
    return encoded(value).size();
  } else if constexpr (check_supported<T>()) {
    std::size_t size = 0;
    for_each_field(value, [&](const auto& field) { size += encoded_size(field); });
    return size;
  }
}

template <class T>
void decode(Reader& reader, T& value);

namespace detail {

inline std::uint64_t decode_count(Reader& reader) {
  const std::uint64_t count = reader.integer();
  // Every element but an empty record takes a byte; empty records are bounded the same way.
  if (count > reader.rest().size() + 4096) throw DecodeError("a container's size is too large");
  return count;
}

template <class T>
void decode_elements(Reader& reader, T& value) {
  static_assert(!std::is_same_v<T, std::vector<bool>>,
                "gainsay: use NodeSet, or std::vector<std::uint8_t>, instead of std::vector<bool>");
  value.clear();
  const std::uint64_t count = decode_count(reader);
  if constexpr (requires { value.max_size(); }) {
    if (count > value.max_size()) throw DecodeError("a container cannot hold so many elements");
  }
  for (std::uint64_t left = count; left > 0; --left) {
    if constexpr (Map<T>) {
      typename T::key_type key{};
      typename T::mapped_type element{};
      decode(reader, key);
      decode(reader, element);
      value.emplace(std::move(key), std::move(element));
    } else if constexpr (Set<T>) {
      typename T::key_type key{};
      decode(reader, key);
      value.insert(std::move(key));
    } else {
      std::remove_cvref_t<decltype(*value.begin())> element{};
      decode(reader, element);
      value.push_back(std::move(element));
    }
  }
}

template <class T, std::size_t I = 0>
void decode_alternative(Reader& reader, std::uint64_t index, T& value) {
  if constexpr (I < std::variant_size_v<T>) {
    if (index == I) {
      decode(reader, value.template emplace<I>());
    } else {
      decode_alternative<T, I + 1>(reader, index, value);
    }
  } else {
    throw DecodeError("no such alternative");
  }
}

template <class T>
T narrow(std::uint64_t value) {
  const T result = static_cast<T>(value);
  if (static_cast<std::uint64_t>(result) != value) throw DecodeError("an integer is out of range");
  return result;
}

}  // namespace detail

// Reads a value that `encode` wrote; throws DecodeError where the bytes cannot be one.
template <class T>
void decode(Reader& reader, T& value) {
  using namespace detail;
  if constexpr (std::is_same_v<T, bool>) {
    value = reader.integer() != 0;
  } else if constexpr (Integer<T>) {
    if constexpr (std::is_signed_v<T>) {
      const std::int64_t wide = reader.signed_integer();
      value = static_cast<T>(wide);
      if (value != wide) throw DecodeError("an integer is out of range");
    } else {
      value = narrow<T>(reader.integer());
    }
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(narrow<std::underlying_type_t<T>>(reader.integer()));
  } else if constexpr (std::is_same_v<T, NodeId>) {
    value.value = narrow<std::uint16_t>(reader.integer());
  } else if constexpr (std::is_same_v<T, NodeSet>) {
    value = read_set(reader);
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = std::string(reader.text());
  } else if constexpr (is_template<T, Boxed>) {
    decode(reader, *value);
  } else if constexpr (is_template<T, std::optional>) {
    value.reset();
    if (reader.integer() != 0) decode(reader, value.emplace());
  } else if constexpr (is_template<T, std::variant>) {
    decode_alternative(reader, reader.integer(), value);
  } else if constexpr (Map<T> || is_template<T, PerNode> || Set<T> || Sequence<T>) {
    decode_elements(reader, value);
  } else if constexpr (check_supported<T>()) {
    for_each_field(value, [&](auto& field) { decode(reader, field); });
  }
}

// Decodes a whole encoding; throws DecodeError when bytes are left over.
template <class T>
T decoded(BytesView bytes) {
  Reader reader(bytes);
  T value{};
  decode(reader, value);
  if (!reader.at_end()) throw DecodeError("an encoding has bytes left over");
  return value;
}

// Field by field, in order of declaration.
template <class T>
bool equal(const T& a, const T& b) {
  return encoded(a) == encoded(b);
}

// The visitor's order, for sorted containers of aggregates: by field, in order of declaration.
struct FieldOrder {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    if constexpr (requires { a < b; }) {
      return a < b;
    } else {
      bool less = false;
      bool decided = false;
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        (compare_field(boost::pfr::get<I>(a), boost::pfr::get<I>(b), less, decided), ...);
      }
      (std::make_index_sequence<boost::pfr::tuple_size_v<T>>{});
      return less;
    }
  }

 private:
  template <class F>
  void compare_field(const F& a, const F& b, bool& less, bool& decided) const {
    if (decided) return;
    less = (*this)(a, b);
    decided = less || (*this)(b, a);
  }
};

// The schema of a type.
template <class T>
const Type& type_of();

namespace detail {

template <class E>
std::vector<std::string_view> enumerator_names() {
  std::vector<std::string_view> names;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (names.push_back(enumerator_name<E, static_cast<E>(I)>()), ...);
  }
  (std::make_index_sequence<64>{});
  while (!names.empty() && names.back().empty()) names.pop_back();
  return names;
}

// Messages and other alternatives are told apart by name in traces.
template <class... Alternatives>
consteval bool have_distinct_names(std::type_identity<std::variant<Alternatives...>>) {
  const std::string_view names[] = {type_name<Alternatives>()...};
  for (std::size_t i = 0; i < sizeof...(Alternatives); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (names[i] == names[j]) return false;
    }
  }
  return true;
}

template <class T>
Type make_type() {
  Type type;
  type.name = std::string(type_name<T>());
  if constexpr (Map<T> || Set<T>) {
    type.sorted = [](BytesView encoding) { return encoded(decoded<T>(encoding)); };
  }
  if constexpr (std::is_same_v<T, bool>) {
    type.kind = Kind::boolean;
  } else if constexpr (Integer<T>) {
    type.kind = std::is_signed_v<T> ? Kind::signed_integer : Kind::unsigned_integer;
    type.least_bits = sizeof(T) * 8;
  } else if constexpr (std::is_enum_v<T>) {
    type.kind = Kind::enumeration;
    type.enumerators = enumerator_names<T>();
  } else if constexpr (std::is_same_v<T, NodeId>) {
    type.kind = Kind::node_id;
  } else if constexpr (std::is_same_v<T, NodeSet>) {
    type.kind = Kind::node_set;
  } else if constexpr (is_template<T, Scalar>) {
    type.kind = Kind::scalar;
    type.name = std::string(type_name<typename T::set>());
    type.values = T::set::values;
  } else if constexpr (std::is_same_v<T, std::string>) {
    type.kind = Kind::text;
  } else if constexpr (is_template<T, std::optional>) {
    type.kind = Kind::optional;
    type.element = &type_of<typename T::value_type>();
  } else if constexpr (is_template<T, std::variant>) {
    static_assert(have_distinct_names(std::type_identity<T>{}),
                  "gainsay: the alternatives of a variant need different names (a template's "
                  "arguments do not count); wrap one in a struct of its own");
    type.kind = Kind::variant;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (type.alternatives.push_back(&type_of<std::variant_alternative_t<I, T>>()), ...);
    }
    (std::make_index_sequence<std::variant_size_v<T>>{});
  } else if constexpr (Map<T>) {
    type.kind = Kind::map;
    type.key = &type_of<typename T::key_type>();
    type.element = &type_of<typename T::mapped_type>();
  } else if constexpr (is_template<T, PerNode> || Set<T> || Sequence<T>) {
    type.kind = is_template<T, PerNode> ? Kind::per_node : Set<T> ? Kind::set : Kind::sequence;
    type.element = &type_of<std::remove_cvref_t<decltype(*std::declval<const T&>().begin())>>();
  } else if constexpr (check_supported<T>()) {
    type.kind = Kind::record;
    type.is_signed = is_signed<T>;
    type.is_certificate = is_template<T, Certificate>;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (type.fields.push_back(
           {field_name<T, I>(),
            &type_of<std::remove_cvref_t<decltype(boost::pfr::get<I>(std::declval<T&>()))>>()}),
       ...);
    }
    (std::make_index_sequence<boost::pfr::tuple_size_v<T>>{});
  }
  return type;
}

}  // namespace detail

template <class T>
const Type& type_of() {
  if constexpr (detail::is_template<T, Boxed>) {
    return type_of<typename T::Value>();
  } else {
    static const Type type = detail::make_type<T>();
    return type;
  }
}

// A value with every process id and every scalar renamed.
template <class T>
T rename(const T& value, const Renaming& renaming) {
  return decoded<T>(rename_encoding(type_of<T>(), encoded(value), renaming));
}

}  // namespace gainsay
