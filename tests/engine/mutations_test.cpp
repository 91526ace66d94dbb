#include "engine/mutations.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "engine/containers.hpp"
#include "engine/reflect.hpp"
#include "engine/signed.hpp"

namespace gainsay {
namespace {

enum class Colour : std::uint8_t { red, green, blue };
struct Digest {
  std::uint64_t bits = 0;
};
struct Vote {
  std::uint8_t view = 0;
  Digest digest;
};
struct Plain {
  bool yes = false;
  std::int8_t change = 0;
  Colour colour = Colour::red;
  NodeId node;
  std::optional<std::uint8_t> maybe;
  std::vector<std::uint8_t> list;
  std::string text;
};
struct Sorted {
  flat_map<std::uint8_t, std::uint8_t> map;
};
struct Proof {
  Certificate<Vote> votes;
};
using Wire = std::variant<Plain, Signed<Vote>, Sorted, Proof>;

constexpr NodeId n1{0};
constexpr NodeId n2{1};

std::set<std::string> lies(const Wire& message, const std::vector<Wire>& known = {}) {
  std::vector<Bytes> others;
  for (const Wire& one : known) others.push_back(encoded(one));
  std::set<std::string> all;
  for (const Bytes& lie :
       mutations(type_of<Wire>(), encoded(message), {.self = n1, .nodes = 2, .known = others})) {
    EXPECT_EQ(encoded(decoded<Wire>(lie)), lie);
    all.insert(describe(type_of<Wire>(), lie,
                        [](NodeId id) { return "n" + std::to_string(id.value + 1); }));
  }
  return all;
}

TEST(Mutations, ChangeOnePart) {
  const Plain plain{.yes = true,
                    .change = -127,
                    .colour = Colour::green,
                    .node = n1,
                    .maybe = 255,
                    .list = {7},
                    .text = "a"};
  const auto told = [](const std::string& yes, int change, const std::string& colour,
                       const std::string& node, const std::string& maybe, const std::string& list,
                       const std::string& text) {
    return "Plain{yes=" + yes + ", change=" + std::to_string(change) + ", colour=" + colour +
           ", node=" + node + ", maybe=" + maybe + ", list=" + list + ", text=\"" + text + "\"}";
  };
  const std::set<std::string> expected = {
      told("false", -127, "green", "n1", "255", "[7]", "a"),
      told("true", -126, "green", "n1", "255", "[7]", "a"),
      told("true", -127, "red", "n1", "255", "[7]", "a"),
      told("true", -127, "blue", "n1", "255", "[7]", "a"),
      told("true", -127, "green", "n2", "255", "[7]", "a"),
      told("true", -127, "green", "n1", "254", "[7]", "a"),
      told("true", -127, "green", "n1", "none", "[7]", "a"),
      told("true", -127, "green", "n1", "255", "[6]", "a"),
      told("true", -127, "green", "n1", "255", "[8]", "a"),
      told("true", -127, "green", "n1", "255", "[]", "a"),
      told("true", -127, "green", "n1", "255", "[7]", ""),
  };
  EXPECT_EQ(lies(plain), expected);
}

TEST(Mutations, OwnSignaturesAreMadeAnewAndThoseOfOthersAreKept) {
  const Signed<Vote> own{.signer = n1, .value = {.view = 0, .digest = {5}}};
  EXPECT_EQ(lies(own), (std::set<std::string>{
                           "Vote{signer=n1, value=Vote{view=1, digest=Digest{bits=5}}}",
                           "Vote{signer=n1, value=Vote{view=0, digest=Digest{bits=4}}}",
                           "Vote{signer=n1, value=Vote{view=0, digest=Digest{bits=6}}}",
                       }));
  Signed<Vote> other = own;
  other.signer = n2;
  EXPECT_TRUE(lies(other).empty());
}

TEST(Mutations, AreMadeOfWhatIsKnown) {
  const Signed<Vote> own{.signer = n1, .value = {.view = 0, .digest = {5}}};
  const Signed<Vote> other{.signer = n2, .value = {.view = 3, .digest = {9}}};
  const std::set<std::string> all = lies(own, {Wire(other)});
  // As a whole, the vote, and the digest alone.
  for (const char* lie : {"Vote{signer=n2, value=Vote{view=3, digest=Digest{bits=9}}}",
                          "Vote{signer=n1, value=Vote{view=3, digest=Digest{bits=9}}}",
                          "Vote{signer=n1, value=Vote{view=0, digest=Digest{bits=9}}}"}) {
    EXPECT_TRUE(all.contains(lie)) << lie;
  }
  EXPECT_EQ(all.size(), 6U);
  EXPECT_EQ(lies(other, {Wire(own)}).size(), 1U);
}

TEST(Mutations, CertificatesAreReplacedAsAWhole) {
  const Proof proof{.votes = {.value = {.view = 1, .digest = {5}}, .signers = 2}};
  EXPECT_TRUE(lies(proof).empty());
  const Proof known{.votes = {.value = {.view = 0, .digest = {5}}, .signers = 1}};
  EXPECT_EQ(lies(proof, {Wire(known)}).size(), 1U);
}

TEST(Mutations, SortedContainersStaySorted) {
  EXPECT_EQ(lies(Sorted{.map = {{1, 2}, {3, 4}}}),
            (std::set<std::string>{"Sorted{map={1: 2}}", "Sorted{map={3: 4}}"}));
}

}  // namespace
}  // namespace gainsay
