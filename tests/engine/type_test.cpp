// What a type looks like at run time: names, schema, text, differences, and renaming of processes.
#include "engine/type.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <numeric>

#include "engine/containers.hpp"

namespace gainsay {
namespace {

enum class Colour : std::uint8_t { red, green };
enum class Sparse : std::int8_t { below = -2, none = 0, above = 3 };
struct Empty {};
struct Vote {
  bool yes = false;
  NodeId for_whom;
};
template <class T>
struct Signed {
  T value;
  NodeId signer;
};
struct State {
  std::uint16_t term_1 = 0;
  std::int64_t balance = 0;
  Colour colour = Colour::red;
  std::string text;
  NodeSet votes;
  std::optional<Vote> last;
  std::variant<Empty, Vote> either;
  std::vector<Vote> log;
  PerNode<std::uint32_t> next;
  flat_set<NodeId> seen;
  flat_map<NodeId, Colour> colours;
  Signed<Vote> proof;
};

std::string name_of(NodeId id) { return "n" + std::to_string(id.value + 1); }

template <class T>
std::string text_of(const T& value) {
  return describe(type_of<T>(), encoded(value), name_of);
}

// --- names and schema ---

static_assert(detail::field_name<State, 0>() == "term_1");
static_assert(detail::field_name<State, 11>() == "proof");
static_assert(detail::field_name<Vote, 1>() == "for_whom");
static_assert(detail::field_name<Signed<Vote>, 1>() == "signer");
static_assert(detail::type_name<Vote>() == "Vote");
static_assert(detail::type_name<Signed<Vote>>() == "Signed");
static_assert(detail::enumerator_name<Colour, Colour::green>() == "green");
static_assert(detail::enumerator_name<Sparse, Sparse::below>() == "below");
static_assert(detail::enumerator_name<Colour, static_cast<Colour>(2)>().empty());

TEST(Schema, HasTheFieldsInOrderWithTheirNamesAndKinds) {
  const Type& type = type_of<State>();
  EXPECT_EQ(type.kind, Kind::record);
  EXPECT_EQ(type.name, "State");
  const std::vector<std::pair<std::string, Kind>> expected = {{"term_1", Kind::unsigned_integer},
                                                              {"balance", Kind::signed_integer},
                                                              {"colour", Kind::enumeration},
                                                              {"text", Kind::text},
                                                              {"votes", Kind::node_set},
                                                              {"last", Kind::optional},
                                                              {"either", Kind::variant},
                                                              {"log", Kind::sequence},
                                                              {"next", Kind::per_node},
                                                              {"seen", Kind::set},
                                                              {"colours", Kind::map},
                                                              {"proof", Kind::record}};
  ASSERT_EQ(type.fields.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(type.fields[i].name, expected[i].first);
    EXPECT_EQ(type.fields[i].type->kind, expected[i].second) << expected[i].first;
  }
}

TEST(Schema, KnowsElementsKeysAlternativesAndBits) {
  const std::vector<Field>& fields = type_of<State>().fields;
  EXPECT_EQ(fields[0].type->least_bits, 16U);
  EXPECT_EQ(fields[1].type->least_bits, 64U);
  EXPECT_EQ(fields[5].type->element, &type_of<Vote>());
  ASSERT_EQ(fields[6].type->alternatives.size(), 2U);
  EXPECT_EQ(fields[6].type->alternatives[0], &type_of<Empty>());
  EXPECT_EQ(fields[6].type->alternatives[1], &type_of<Vote>());
  EXPECT_EQ(fields[7].type->element, &type_of<Vote>());
  EXPECT_EQ(fields[8].type->element, &type_of<std::uint32_t>());
  EXPECT_EQ(fields[9].type->element, &type_of<NodeId>());
  EXPECT_EQ(fields[10].type->key, &type_of<NodeId>());
  EXPECT_EQ(fields[10].type->element, &type_of<Colour>());
  EXPECT_EQ(type_of<bool>().kind, Kind::boolean);
  EXPECT_EQ(type_of<NodeId>().kind, Kind::node_id);
}

TEST(Schema, EnumeratorsAreNamedByTheirValue) {
  EXPECT_EQ(type_of<Colour>().enumerators, (std::vector<std::string_view>{"red", "green"}));
  EXPECT_EQ(type_of<Sparse>().enumerators,
            (std::vector<std::string_view>{"none", "", "", "above"}));
}

// --- text ---

State example() {
  return {.term_1 = 3,
          .balance = -7,
          .colour = Colour::green,
          .text = "a\"\n",
          .votes = {NodeId{0}, NodeId{2}},
          .last = Vote{true, {1}},
          .either = Vote{false, {0}},
          .log = {Vote{true, {2}}},
          .next = {2, 5},
          .seen = {NodeId{1}, NodeId{0}},
          .colours = {{NodeId{1}, Colour::red}},
          .proof = {.value = {}, .signer = {2}}};
}

TEST(Describe, WritesEachKindAsAPersonReadsIt) {
  EXPECT_EQ(text_of(example()),
            "State{term_1=3, balance=-7, colour=green, text=\"a\\\"\\x0a\", votes={n1, n3}, "
            "last=Vote{yes=true, for_whom=n2}, either=Vote{yes=false, for_whom=n1}, "
            "log=[Vote{yes=true, for_whom=n3}], next=[n1: 5, n2: 5], seen={n1, n2}, "
            "colours={n2: red}, proof=Signed{value=Vote{yes=false, for_whom=n1}, signer=n3}}");
  EXPECT_EQ(text_of(Empty{}), "Empty");
  EXPECT_EQ(text_of(std::optional<Vote>()), "none");
  EXPECT_EQ(text_of(NodeSet()), "{}");
  EXPECT_EQ(text_of(static_cast<Colour>(9)), "Colour(9)");
}

TEST(Describe, RefusesWhatIsNoEncoding) {
  const Bytes bytes = encoded(example());
  const BytesView view(bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(describe(type_of<State>(), view.substr(0, size), name_of), DecodeError);
  }
  const Type& variant = type_of<std::variant<Empty, Vote>>();
  EXPECT_THROW(describe(variant, "\x02", name_of), DecodeError);
}

// --- differences ---

std::string differences(const State& before, const State& after) {
  std::string text;
  for (const Difference& d :
       difference(type_of<State>(), encoded(before), encoded(after), name_of)) {
    text += d.path + ": " + d.before + " -> " + d.after + "\n";
  }
  return text;
}

TEST(Differences, AreTheFieldsThatDifferAndNoOthers) {
  EXPECT_EQ(differences(example(), example()), "");
  State after = example();
  after.term_1 = 4;
  after.next[{1}] = 6;
  after.proof.value.yes = true;
  after.last.reset();
  after.log.push_back({});
  EXPECT_EQ(differences(example(), after),
            "term_1: 3 -> 4\n"
            "last: Vote{yes=true, for_whom=n2} -> none\n"
            "log: [Vote{yes=true, for_whom=n3}] -> [Vote{yes=true, for_whom=n3}, "
            "Vote{yes=false, for_whom=n1}]\n"
            "next[n2]: 5 -> 6\n"
            "proof.value.yes: false -> true\n");
}

TEST(Differences, APerNodeOfAnotherSizeDiffersAsAWhole) {
  State after = example();
  after.next.push_back(1);
  EXPECT_EQ(differences(example(), after), "next: [n1: 5, n2: 5] -> [n1: 5, n2: 5, n3: 1]\n");
}

struct Parts {
  std::optional<Vote> maybe;
  flat_map<NodeId, Vote> votes;
};

TEST(Differences, WhatHasTheSameShapeDiffersInItsParts) {
  const Parts before{.maybe = Vote{.yes = false, .for_whom = {0}},
                     .votes = {{NodeId{0}, Vote{}}, {NodeId{2}, Vote{}}}};
  Parts after = before;
  after.maybe->yes = true;
  after.votes[NodeId{2}].for_whom = {1};
  const auto told = [&](const Parts& then) {
    std::string text;
    for (const Difference& d :
         difference(type_of<Parts>(), encoded(before), encoded(then), name_of)) {
      text += d.path + ": " + d.before + " -> " + d.after + "\n";
    }
    return text;
  };
  EXPECT_EQ(told(before), "");
  EXPECT_EQ(told(after), "maybe.yes: false -> true\nvotes[n3].for_whom: n1 -> n2\n");
  // As a whole where a key is new, or another one.
  after = {.maybe = std::nullopt, .votes = {{NodeId{0}, Vote{}}, {NodeId{1}, Vote{}}}};
  EXPECT_EQ(told(after),
            "maybe: Vote{yes=false, for_whom=n1} -> none\n"
            "votes: {n1: Vote{yes=false, for_whom=n1}, n3: Vote{yes=false, for_whom=n1}} -> "
            "{n1: Vote{yes=false, for_whom=n1}, n2: Vote{yes=false, for_whom=n1}}\n");
}

// --- renaming ---

constexpr std::uint8_t nodes = 4;

struct Ids {
  NodeId id;
  NodeSet set;
  PerNode<NodeId> per_node;
  std::vector<NodeId> list;
  std::optional<std::variant<Empty, NodeId, NodeSet>> maybe;
  flat_set<NodeId> sorted;
  flat_map<NodeId, NodeSet> map;
  std::uint8_t number = 0;  // no id, whatever its value
};

NodeId apply(NodeId id, std::span<const NodeId> permutation) {
  return id.value < permutation.size() ? permutation[id.value] : id;
}
NodeSet apply(NodeSet set, std::span<const NodeId> permutation) {
  NodeSet result;
  for (const NodeId id : set) result.insert(apply(id, permutation));
  return result;
}
// What `rename` must do, on the values.
Ids renamed_by_hand(const Ids& value, std::span<const NodeId> permutation) {
  Ids result{.id = apply(value.id, permutation),
             .set = apply(value.set, permutation),
             .per_node = value.per_node,
             .number = value.number};
  for (std::uint8_t i = 0; i < value.per_node.size(); ++i) {
    result.per_node[apply({i}, permutation)] = apply(value.per_node[{i}], permutation);
  }
  for (const NodeId id : value.list) result.list.push_back(apply(id, permutation));
  if (value.maybe) {
    result.maybe.emplace();
    if (const auto* id = std::get_if<NodeId>(&*value.maybe))
      *result.maybe = apply(*id, permutation);
    if (const auto* s = std::get_if<NodeSet>(&*value.maybe)) *result.maybe = apply(*s, permutation);
  }
  for (const NodeId id : value.sorted) result.sorted.insert(apply(id, permutation));
  for (const auto& [id, set] : value.map)
    result.map[apply(id, permutation)] = apply(set, permutation);
  return result;
}

// Clients have ids too, behind the nodes: they keep them.
NodeId any_id() { return {*rc::gen::inRange<std::uint8_t>(0, nodes + 2)}; }
NodeSet any_set() { return NodeSet::from_bits(*rc::gen::inRange<std::uint64_t>(0, 64)); }
Ids any_ids() {
  Ids value{.id = any_id(), .set = any_set(), .number = byte_of(any_id())};
  for (int i = 0; i < nodes; ++i) value.per_node.push_back(any_id());
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) value.list.push_back(any_id());
  if (const int which = *rc::gen::inRange(0, 4); which > 0) {
    value.maybe.emplace();
    if (which == 2) *value.maybe = any_id();
    if (which == 3) *value.maybe = any_set();
  }
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) value.sorted.insert(any_id());
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) value.map[any_id()] = any_set();
  return value;
}
std::vector<NodeId> any_permutation() {
  std::vector<NodeId> permutation(nodes);
  for (std::uint8_t i = 0; i < nodes; ++i) permutation[i] = {i};
  for (std::size_t i = nodes; i > 1; --i) {
    std::swap(permutation[i - 1], permutation[*rc::gen::inRange<std::size_t>(0, i)]);
  }
  return permutation;
}

TEST(Rename, ReplacesEveryIdAndSortsAgain) {
  EXPECT_TRUE(rc::check([] {
    const Ids value = any_ids();
    const std::vector<NodeId> permutation = any_permutation();
    const Ids renamed = rename(value, permutation);
    RC_ASSERT(text_of(renamed) == text_of(renamed_by_hand(value, permutation)));
    RC_ASSERT(equal(renamed, renamed_by_hand(value, permutation)));
    std::vector<NodeId> inverse(nodes);
    for (std::uint8_t i = 0; i < nodes; ++i) inverse[permutation[i].value] = {i};
    RC_ASSERT(equal(rename(renamed, inverse), value));
  }));
}

TEST(Rename, OfAnExample) {
  const Ids value{.id = {0},
                  .set = {NodeId{0}, NodeId{5}},
                  .per_node = PerNode<NodeId>(3, {1}),
                  .maybe = NodeId{2},
                  .sorted = {NodeId{0}, NodeId{1}},
                  .map = {{NodeId{0}, {}}, {NodeId{2}, {NodeId{0}}}},
                  .number = 2};
  const std::vector<NodeId> rotation = {{1}, {2}, {0}};
  EXPECT_EQ(text_of(rename(value, rotation)),
            "Ids{id=n2, set={n2, n6}, per_node=[n1: n3, n2: n3, n3: n3], list=[], maybe=n1, "
            "sorted={n2, n3}, map={n1: {n2}, n2: {}}, number=2}");
}

struct Paint {
  static constexpr std::uint8_t values = 3;
};
struct Shape {
  static constexpr std::uint8_t values = 2;
};
struct Scalars {
  NodeId id;
  Scalar<Paint> colour;
  std::optional<Scalar<Shape>> shape;
  flat_map<Scalar<Paint>, NodeSet> by_colour;
};

TEST(Rename, OfScalarsKeepsTheSetsApart) {
  const Scalars value{.id = {1},
                      .colour = {2},
                      .shape = Scalar<Shape>{1},
                      .by_colour = {{{0}, {NodeId{0}}}, {{2}, {NodeId{1}}}}};
  EXPECT_EQ(text_of(value),
            "Scalars{id=n2, colour=Paint3, shape=Shape2, by_colour={Paint1: {n1}, Paint3: "
            "{n2}}}");
  // Two processes, two shapes, three colours.
  const std::vector<NodeId> points = {{1}, {0}, {2}, {3}, {5}, {6}, {4}};
  const std::vector<ScalarSet> sets = {{.type = &type_of<Scalar<Shape>>(), .first = 2},
                                       {.type = &type_of<Scalar<Paint>>(), .first = 4}};
  EXPECT_EQ(text_of(rename(value, Renaming(points, 2, sets))),
            "Scalars{id=n1, colour=Paint1, shape=Shape2, by_colour={Paint1: {n1}, Paint2: "
            "{n2}}}");
  std::vector<const Type*> found;
  add_scalar_sets(type_of<Scalars>(), found);
  EXPECT_EQ(found,
            (std::vector<const Type*>{&type_of<Scalar<Paint>>(), &type_of<Scalar<Shape>>()}));
}

TEST(Rename, RefusesAPermutationThatLeavesAPerNode) {
  const PerNode<std::uint8_t> two(2, 0);
  const std::vector<NodeId> rotation = {{1}, {2}, {0}};
  EXPECT_THROW(rename_encoding(type_of<PerNode<std::uint8_t>>(), encoded(two), rotation),
               DecodeError);
}

}  // namespace
}  // namespace gainsay
