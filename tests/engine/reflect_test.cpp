// The field visitor: encodings come back, differ where any field differs, and are refused where
// they cannot be one; the order of sorted containers follows from the same fields.
#include "engine/reflect.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <limits>
#include <map>
#include <set>

#include "engine/containers.hpp"

namespace gainsay {
namespace {

using namespace std::string_literals;

enum class Colour : std::uint8_t { red, green, blue };
enum class Sparse : std::int8_t { below = -2, none = 0, above = 5 };
struct Empty {
  friend bool operator==(const Empty&, const Empty&) = default;
};
struct Pair {
  std::int32_t a = 0;
  std::string text;
  friend bool operator==(const Pair&, const Pair&) = default;
};
struct Inner {
  std::optional<NodeSet> nodes;
  std::variant<Empty, Pair, NodeId> either;
  friend bool operator==(const Inner&, const Inner&) = default;
};
struct Everything {
  bool flag = false;
  std::uint8_t u8 = 0;
  std::uint16_t u16 = 0;
  std::uint32_t u32 = 0;
  std::uint64_t u64 = 0;
  std::int8_t i8 = 0;
  std::int16_t i16 = 0;
  std::int32_t i32 = 0;
  std::int64_t i64 = 0;
  Colour colour = Colour::red;
  Sparse sparse = Sparse::none;
  NodeId node;
  NodeSet nodes;
  PerNode<Inner> per_node;
  std::string text;
  std::optional<Pair> maybe;
  std::variant<Empty, Pair, NodeId> either;
  std::vector<Pair> list;
  small_vector<std::uint16_t, 2> few;
  static_vector<std::int16_t, 8> bounded;
  flat_set<Pair> set;
  flat_map<NodeId, Inner> map;
  friend bool operator==(const Everything&, const Everything&) = default;
};
constexpr std::size_t field_count = boost::pfr::tuple_size_v<Everything>;

template <class I>
I any_integer() {
  using Range = std::numeric_limits<I>;
  return *rc::gen::oneOf(rc::gen::arbitrary<I>(), rc::gen::element(Range::min(), Range::max()));
}
Pair any_pair() { return {any_integer<std::int32_t>(), *rc::gen::arbitrary<std::string>()}; }
NodeId any_node() { return {*rc::gen::inRange<std::uint8_t>(0, 64)}; }
std::variant<Empty, Pair, NodeId> any_either() {
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      return Empty{};
    case 1:
      return any_pair();
    default:
      return any_node();
  }
}
Inner any_inner() {
  Inner inner{.nodes = {}, .either = any_either()};
  if (*rc::gen::arbitrary<bool>()) inner.nodes = NodeSet::from_bits(any_integer<std::uint64_t>());
  return inner;
}
Everything any_value() {
  const auto few = [] { return *rc::gen::inRange(0, 4); };
  Everything value{.flag = *rc::gen::arbitrary<bool>(),
                   .u8 = any_integer<std::uint8_t>(),
                   .u16 = any_integer<std::uint16_t>(),
                   .u32 = any_integer<std::uint32_t>(),
                   .u64 = any_integer<std::uint64_t>(),
                   .i8 = any_integer<std::int8_t>(),
                   .i16 = any_integer<std::int16_t>(),
                   .i32 = any_integer<std::int32_t>(),
                   .i64 = any_integer<std::int64_t>(),
                   .colour = *rc::gen::element(Colour::red, Colour::green, Colour::blue),
                   .sparse = *rc::gen::element(Sparse::below, Sparse::none, Sparse::above),
                   .node = any_node(),
                   .nodes = NodeSet::from_bits(any_integer<std::uint64_t>()),
                   .text = *rc::gen::arbitrary<std::string>(),
                   .either = any_either()};
  if (*rc::gen::arbitrary<bool>()) value.maybe = any_pair();
  for (int i = few(); i > 0; --i) value.per_node.push_back(any_inner());
  for (int i = few(); i > 0; --i) value.list.push_back(any_pair());
  for (int i = few(); i > 0; --i) value.few.push_back(any_integer<std::uint16_t>());
  for (int i = few(); i > 0; --i) value.bounded.push_back(any_integer<std::int16_t>());
  for (int i = few(); i > 0; --i) value.set.insert(any_pair());
  std::map<NodeId, Inner> inner;  // g++ 12 warns of flat_map::operator[] for no reason
  for (int i = few(); i > 0; --i) inner[any_node()] = any_inner();
  value.map.insert(inner.begin(), inner.end());
  return value;
}

// --- encoding ---

TEST(Encoding, OfEachKindIsAsDocumented) {
  // Traces and content hashes of other machines and versions depend on these bytes.
  EXPECT_EQ(encoded(true), "\x01"s);
  EXPECT_EQ(encoded(std::uint32_t{127}), "\x7f"s);
  EXPECT_EQ(encoded(std::uint32_t{128}), "\x80\x01"s);
  EXPECT_EQ(encoded(std::int32_t{-1}), "\x01"s);
  EXPECT_EQ(encoded(std::int32_t{1}), "\x02"s);
  EXPECT_EQ(encoded(~std::uint64_t{0}), Bytes(9, '\xff') + "\x01");
  EXPECT_EQ(encoded(std::numeric_limits<std::int64_t>::min()), Bytes(9, '\xff') + "\x01");
  EXPECT_EQ(encoded(Colour::blue), "\x02"s);
  EXPECT_EQ(encoded(NodeId{3}), "\x03"s);
  EXPECT_EQ(encoded(NodeSet{NodeId{0}, NodeId{2}}), "\x05"s);
  EXPECT_EQ(encoded("ab"s), "\x02"s + "ab");
  EXPECT_EQ(encoded(Pair{2, "x"}), "\x04\x01"s + "x");
  EXPECT_EQ(encoded(Empty{}), "");
  EXPECT_EQ(encoded(std::optional<bool>()), "\0"s);
  EXPECT_EQ(encoded(std::optional<bool>(false)), "\x01\0"s);
  EXPECT_EQ(encoded(std::variant<Empty, NodeId>(NodeId{7})), "\x01\x07"s);
  EXPECT_EQ(encoded(std::vector<std::uint8_t>{9, 8}), "\x02\x09\x08"s);
  EXPECT_EQ(encoded(PerNode<std::uint8_t>(2, 5)), "\x02\x05\x05"s);
  EXPECT_EQ(encoded(flat_set<std::uint8_t>{3, 1, 3}), "\x02\x01\x03"s);
  EXPECT_EQ(encoded(flat_map<std::uint8_t, bool>{{2, true}, {1, false}}), "\x02\x01\0\x02\x01"s);
}

struct Large {
  std::string text;
  std::vector<std::uint16_t> numbers;
};
using Seldom = std::variant<Empty, Boxed<Large>>;

// A box is not seen from outside.
TEST(Encoding, ABoxIsItsContent) {
  const Large large{.text = "abc", .numbers = {7, 300}};
  EXPECT_EQ(encoded(Boxed<Large>(large)), encoded(large));
  EXPECT_EQ(encoded_size(Boxed<Large>(large)), encoded(large).size());
  EXPECT_EQ(&type_of<Boxed<Large>>(), &type_of<Large>());
  const auto back = decoded<Seldom>(encoded(Seldom(large)));
  EXPECT_TRUE(equal(*std::get<Boxed<Large>>(back), large));
  Seldom copy = back;
  std::get<Boxed<Large>>(copy)->text = "other";
  EXPECT_EQ(std::get<Boxed<Large>>(back)->text, "abc") << "a copy is one of its own";
  EXPECT_EQ(describe(type_of<Seldom>(), encoded(back), {}),
            "Large{text=\"abc\", numbers=[7, 300]}");
  EXPECT_LE(sizeof(Seldom), 2 * sizeof(void*));
}

TEST(Encoding, EveryValueComesBack) {
  EXPECT_TRUE(decoded<Everything>(encoded(Everything{})) == Everything{});
  EXPECT_TRUE(rc::check([] {
    const Everything value = any_value();
    const Bytes bytes = encoded(value);
    RC_ASSERT(encoded_size(value) == bytes.size());
    const auto back = decoded<Everything>(bytes);
    RC_ASSERT(back == value);
    RC_ASSERT(encoded(back) == bytes);
    RC_ASSERT(equal(back, value));
    Reader reader(bytes);
    RC_ASSERT(skip(type_of<Everything>(), reader) == bytes);
  }));
}

TEST(Encoding, AnyOneFieldChangedChangesTheEncodingAndTheHash) {
  std::array<std::size_t, field_count> changed{};
  const bool success = rc::check([&] {
    const Everything value = any_value();
    const Everything other = any_value();
    const auto check_field = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
      Everything copy = value;
      boost::pfr::get<I>(copy) = boost::pfr::get<I>(other);
      const bool same = copy == value;
      RC_ASSERT(equal(copy, value) == same);
      RC_ASSERT((encoded(copy) == encoded(value)) == same);
      RC_ASSERT((content_hash(encoded(copy)) == content_hash(encoded(value))) == same);
      if (!same) ++changed[I];
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (check_field(std::integral_constant<std::size_t, I>{}), ...);
    }
    (std::make_index_sequence<field_count>{});
  });
  EXPECT_TRUE(success);
  for (const std::size_t count : changed) EXPECT_GT(count, 0U);
}

TEST(Encoding, ReplacesDefaultsThatAreNotEmpty) {
  struct Full {
    std::vector<std::uint8_t> list = {1, 2};
    flat_map<std::uint8_t, bool> map = {{1, true}};
    std::optional<bool> maybe = true;
    std::string text = "default";
  };
  const Full empty{.list = {}, .map = {}, .maybe = {}, .text = ""};
  EXPECT_TRUE(equal(decoded<Full>(encoded(empty)), empty));
}

TEST(Encoding, NeighbouringFieldsDoNotRunTogether) {
  struct Two {
    std::string a;
    std::string b;
  };
  EXPECT_FALSE(equal(Two{"ab", "c"}, Two{"a", "bc"}));
  struct Lists {
    std::vector<std::uint8_t> a;
    std::vector<std::uint8_t> b;
  };
  EXPECT_FALSE(equal(Lists{{1}, {}}, Lists{{}, {1}}));
}

// --- malformed encodings ---

// The only two ends there may be.
template <class T>
bool decodes_or_throws(BytesView bytes) {
  try {
    const T value = decoded<T>(bytes);
    RC_ASSERT(equal(decoded<T>(encoded(value)), value));
    return true;
  } catch (const DecodeError&) {
    return false;
  }
}

TEST(Malformed, TruncatedOrLeftOverBytesThrow) {
  EXPECT_TRUE(rc::check([] {
    Bytes bytes = encoded(any_value());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      RC_ASSERT_THROWS_AS(decoded<Everything>(BytesView(bytes).substr(0, size)), DecodeError);
    }
    bytes.push_back(*rc::gen::arbitrary<char>());
    RC_ASSERT_THROWS_AS(decoded<Everything>(bytes), DecodeError);
  }));
}

TEST(Malformed, RandomBytesNeverCrash) {
  EXPECT_TRUE(rc::check([] {
    const auto bytes = *rc::gen::arbitrary<std::string>();
    decodes_or_throws<Everything>(bytes);
    decodes_or_throws<std::vector<Inner>>(bytes);
    decodes_or_throws<flat_map<Colour, flat_set<Pair>>>(bytes);
    decodes_or_throws<std::vector<Empty>>(bytes);
  }));
}

TEST(Malformed, ADamagedEncodingNeverCrashes) {
  std::size_t decoded_count = 0;
  std::size_t thrown = 0;
  const bool success = rc::check([&] {
    const Bytes whole = encoded(any_value());
    for (int tries = 0; tries < 20; ++tries) {
      Bytes bytes = whole;
      for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
        const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
        bytes.replace(at, *rc::gen::inRange<std::size_t>(0, 2),
                      *rc::gen::inRange<std::size_t>(0, 2), *rc::gen::arbitrary<char>());
      }
      ++(decodes_or_throws<Everything>(bytes) ? decoded_count : thrown);
    }
  });
  EXPECT_TRUE(success);
  EXPECT_GT(decoded_count, 0U);
  EXPECT_GT(thrown, 0U);
}

TEST(Malformed, ValuesOutOfRangeThrow) {
  EXPECT_THROW(decoded<std::uint8_t>("\x80\x02"s), DecodeError);  // 256
  EXPECT_THROW(decoded<std::int8_t>("\x80\x02"s), DecodeError);   // 128
  EXPECT_EQ(decoded<std::int8_t>("\xff\x01"s), -128);
  EXPECT_THROW(decoded<std::int8_t>("\x81\x02"s), DecodeError);  // -129
  EXPECT_THROW(decoded<Colour>("\x80\x02"s), DecodeError);       // its type has a byte
  EXPECT_EQ(decoded<NodeId>("\x80\x02"s), NodeId{256});
  EXPECT_THROW(decoded<NodeId>("\x80\x80\x04"s), DecodeError);  // 65,536
  using Variant = std::variant<Empty, NodeId>;
  EXPECT_THROW(decoded<Variant>("\x02"s), DecodeError);  // no such alternative
  EXPECT_THROW(decoded<std::string>("\x05"s + "ab"), DecodeError);
  EXPECT_THROW(decoded<std::vector<Empty>>(Bytes(8, '\xff') + "\x01"), DecodeError);
  EXPECT_THROW(decoded<std::uint64_t>(Bytes(10, '\x80') + "\x01"), DecodeError);
}

TEST(Malformed, AnIntegerOfMoreThan64BitsThrows) {
  EXPECT_EQ(decoded<std::uint64_t>(Bytes(9, '\xff') + "\x01"), ~std::uint64_t{0});
  EXPECT_THROW(decoded<std::uint64_t>(Bytes(9, '\xff') + "\x03"), DecodeError);
}

TEST(Malformed, MoreElementsThanAStaticVectorHoldsThrow) {
  using Two = static_vector<std::uint8_t, 2>;
  EXPECT_EQ(decoded<Two>("\x02\x07\x08"s), (Two{7, 8}));
  EXPECT_THROW(decoded<Two>("\x03\x07\x08\x09"s), DecodeError);
}

// --- order ---

struct Trio {
  std::int8_t number = 0;
  std::string text;
  NodeId node;
};
struct Nested {
  Trio trio;
  std::optional<std::uint8_t> maybe;
  std::vector<std::int8_t> list;
};
auto as_tuple(const Nested& value) {
  return std::tie(value.trio.number, value.trio.text, value.trio.node, value.maybe, value.list);
}
// From few values, so that fields are often equal.
Nested any_nested() {
  const auto number = [] { return *rc::gen::inRange<std::int8_t>(-1, 2); };
  Nested value{.trio = {.number = number(), .node = {*rc::gen::inRange<std::uint8_t>(0, 2)}}};
  value.trio.text = *rc::gen::element(""s, "a"s, "b"s);
  if (*rc::gen::arbitrary<bool>()) value.maybe = *rc::gen::inRange<std::uint8_t>(0, 2);
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) value.list.push_back(number());
  return value;
}

TEST(FieldOrder, IsTheLexicographicOrderOfTheFields) {
  std::array<std::size_t, 3> seen{};
  const bool success = rc::check([&] {
    const Nested a = any_nested();
    const Nested b = *rc::gen::inRange(0, 4) == 0 ? a : any_nested();
    const FieldOrder less;
    RC_ASSERT(less(a, b) == (as_tuple(a) < as_tuple(b)));
    RC_ASSERT(!(less(a, b) && less(b, a)));
    // Equivalence is equality: a sorted set merges nothing that differs.
    RC_ASSERT((!less(a, b) && !less(b, a)) == equal(a, b));
    ++seen[less(a, b) ? 0 : less(b, a) ? 1 : 2];
  });
  EXPECT_TRUE(success);
  for (const std::size_t count : seen) EXPECT_GT(count, 0U);
}

TEST(FieldOrder, IsTransitiveAndSortsContainers) {
  EXPECT_TRUE(rc::check([] {
    std::vector<Nested> values;
    for (int i = 0; i < 6; ++i) values.push_back(any_nested());
    const FieldOrder less;
    for (const Nested& a : values) {
      for (const Nested& b : values) {
        for (const Nested& c : values) RC_ASSERT(!less(a, b) || !less(b, c) || less(a, c));
      }
    }
    const flat_set<Nested> forwards(values.begin(), values.end());
    const flat_set<Nested> backwards(values.rbegin(), values.rend());
    RC_ASSERT(equal(forwards, backwards));
    std::set<Bytes> distinct;
    for (const Nested& value : values) distinct.insert(encoded(value));
    RC_ASSERT(forwards.size() == distinct.size());
  }));
}

}  // namespace
}  // namespace gainsay
