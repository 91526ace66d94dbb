// Strong ids of processes, the containers indexed by them, and interchangeable values. Data indexed
// by a process must use these types, so that renaming (symmetry) can see it.
#pragma once

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace gainsay {

// The most processes, nodes and clients together, of a system that is searched: the search packs
// ids into bytes and sets of processes into one machine word. Who searches refuses more of them
// (validate_search).
inline constexpr std::size_t processes_max = 64;
// The most processes of a system that is only run: links have a table.
inline constexpr std::size_t ids_max = 4096;
// The most operations of one client.
inline constexpr std::uint32_t operations_max = 1'000'000'000;

// The id of a process: nodes are 0 .. nodes-1, clients follow.
struct NodeId {
  std::uint16_t value = 0;
  friend auto operator<=>(const NodeId&, const NodeId&) = default;
};

// The id with this number; throws std::out_of_range where no id can have it.
template <class Integer>
requires std::is_integral_v<Integer>
constexpr NodeId node_id(Integer number) {
  if (static_cast<std::uint64_t>(number) > 0xffff)
    throw std::out_of_range("an id of a process has 16 bits");
  return {static_cast<std::uint16_t>(number)};
}

// The id in a byte, as a search packs it; throws std::out_of_range where it does not fit.
constexpr std::uint8_t byte_of(NodeId id) {
  if (id.value > 0xff) throw std::out_of_range("an id of a process that is searched has 8 bits");
  return static_cast<std::uint8_t>(id.value);
}

// A set of processes: a number with one bit for each id.
class NodeSet {
 public:
  class Iterator {
   public:
    Iterator(const NodeSet& set, std::size_t word) : set_(&set), word_(word) {
      if (word_ < set.words()) bits_ = set.word(word_);
      go_on();
    }
    NodeId operator*() const {
      return node_id(64 * word_ + static_cast<std::size_t>(std::countr_zero(bits_)));
    }
    Iterator& operator++() {
      bits_ &= bits_ - 1;
      go_on();
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.word_ == b.word_ && a.bits_ == b.bits_;
    }

   private:
    void go_on() {
      while (bits_ == 0 && word_ < set_->words()) {
        if (++word_ < set_->words()) bits_ = set_->word(word_);
      }
    }
    const NodeSet* set_;
    std::size_t word_;
    std::uint64_t bits_ = 0;
  };

  NodeSet() = default;
  NodeSet(std::initializer_list<NodeId> ids) {
    for (const NodeId id : ids) insert(id);
  }
  static NodeSet from_bits(std::uint64_t bits) {
    NodeSet set;
    set.first_ = bits;
    return set;
  }
  // 0 .. count-1.
  static NodeSet first(std::size_t count) {
    NodeSet set;
    if (count > ids_max) throw std::out_of_range("there are at most 4,096 processes");
    if (count == 0) return set;
    const std::uint64_t all = ~std::uint64_t{0};
    const std::uint64_t last = all >> (63 - (count - 1) % 64);
    set.first_ = count > 64 ? all : last;
    if (count <= 64) return set;
    set.rest_.words = std::make_unique<Rest::Words>((count - 1) / 64, all);
    set.rest_.words->back() = last;
    return set;
  }

  // Throws std::out_of_range for an id that no process can have.
  void insert(NodeId id) {
    if (id.value >= ids_max) throw std::out_of_range("there are at most 4,096 processes");
    if (id.value / 64U >= words()) widen(id.value / 64U);
    at(id) |= bit(id);
  }
  void erase(NodeId id) {
    if (id.value / 64U >= words()) return;
    at(id) &= ~bit(id);
    trim();
  }
  void clear() { *this = {}; }
  bool contains(NodeId id) const {
    return id.value / 64U < words() && (word(id.value / 64U) & bit(id)) != 0;
  }
  std::size_t size() const {
    auto count = static_cast<std::size_t>(std::popcount(first_));
    for (const std::uint64_t bits : rest()) count += static_cast<std::size_t>(std::popcount(bits));
    return count;
  }
  // How many the two sets have in common.
  std::size_t common(const NodeSet& other) const {
    auto count = static_cast<std::size_t>(std::popcount(first_ & other.first_));
    for (std::size_t i = 1; i < words() && i < other.words(); ++i) {
      count += static_cast<std::size_t>(std::popcount(word(i) & other.word(i)));
    }
    return count;
  }
  bool empty() const { return first_ == 0 && !rest_.words; }
  // The set in one word; throws std::out_of_range where it has an id above 63.
  std::uint64_t bits() const {
    if (rest_.words) throw std::out_of_range("a set of more than 64 processes is no word");
    return first_;
  }
  // Of 64 ids each, as many as it takes, and one at least.
  std::size_t words() const { return 1 + rest().size(); }
  std::uint64_t word(std::size_t place) const {
    return place == 0 ? first_ : (*rest_.words)[place - 1];
  }
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, words()}; }

  NodeSet& operator|=(const NodeSet& other) {
    first_ |= other.first_;
    if (words() < other.words()) widen(other.words() - 1);
    for (std::size_t i = 1; i < other.words(); ++i) (*rest_.words)[i - 1] |= other.word(i);
    return *this;
  }
  NodeSet& operator&=(const NodeSet& other) {
    first_ &= other.first_;
    if (!rest_.words) return *this;
    for (std::size_t i = 1; i < words(); ++i) {
      (*rest_.words)[i - 1] &= i < other.words() ? other.word(i) : 0;
    }
    trim();
    return *this;
  }
  // Without those of the other.
  NodeSet& operator-=(const NodeSet& other) {
    first_ &= ~other.first_;
    if (!rest_.words) return *this;
    for (std::size_t i = 1; i < words() && i < other.words(); ++i) {
      (*rest_.words)[i - 1] &= ~other.word(i);
    }
    trim();
    return *this;
  }
  friend NodeSet operator|(NodeSet a, const NodeSet& b) { return std::move(a |= b); }
  friend NodeSet operator&(NodeSet a, const NodeSet& b) { return std::move(a &= b); }
  friend NodeSet operator-(NodeSet a, const NodeSet& b) { return std::move(a -= b); }

  // As numbers.
  friend std::strong_ordering operator<=>(const NodeSet& a, const NodeSet& b) {
    if (a.words() != b.words()) return a.words() <=> b.words();
    for (std::size_t i = a.words(); i > 1; --i) {
      if (a.word(i - 1) != b.word(i - 1)) return a.word(i - 1) <=> b.word(i - 1);
    }
    return a.first_ <=> b.first_;
  }
  friend bool operator==(const NodeSet& a, const NodeSet& b) { return (a <=> b) == 0; }

 private:
  // A value: copied with what it points to, which most sets do without. Its last word is not 0.
  struct Rest {
    using Words = std::vector<std::uint64_t>;
    std::unique_ptr<Words> words;

    Rest() = default;
    Rest(const Rest& other)
        : words(other.words ? std::make_unique<Words>(*other.words) : nullptr) {}
    Rest& operator=(const Rest& other) {
      if (words || other.words) *this = Rest(other);
      return *this;
    }
    Rest(Rest&&) = default;
    Rest& operator=(Rest&&) = default;
    ~Rest() = default;
  };

  static std::uint64_t bit(NodeId id) { return std::uint64_t{1} << (id.value % 64); }
  std::uint64_t& at(NodeId id) {
    return id.value < 64 ? first_ : (*rest_.words)[id.value / 64U - 1];
  }
  std::span<const std::uint64_t> rest() const {
    return rest_.words ? std::span<const std::uint64_t>(*rest_.words)
                       : std::span<const std::uint64_t>();
  }
  void widen(std::size_t rest) {
    if (!rest_.words) rest_.words = std::make_unique<Rest::Words>();
    rest_.words->resize(rest, 0);
  }
  void trim() {
    if (!rest_.words) return;
    while (!rest_.words->empty() && rest_.words->back() == 0) rest_.words->pop_back();
    if (rest_.words->empty()) rest_.words.reset();
  }

  std::uint64_t first_ = 0;
  Rest rest_;
};

// One T for each process, indexed by its id. Empty until assigned (usually in `start`).
template <class T>
class PerNode {
  static_assert(!std::is_same_v<T, bool>, "gainsay: use NodeSet instead of PerNode<bool>");

 public:
  PerNode() = default;
  PerNode(std::size_t processes, const T& value) : values_(processes, value) {}

  void assign(std::size_t processes, const T& value) { values_.assign(processes, value); }
  void push_back(T value) { values_.push_back(std::move(value)); }
  void clear() { values_.clear(); }
  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  T& operator[](NodeId id) { return values_.at(id.value); }
  const T& operator[](NodeId id) const { return values_.at(id.value); }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }
  friend auto operator<=>(const PerNode&, const PerNode&) = default;
  friend bool operator==(const PerNode&, const PerNode&) = default;

 private:
  std::vector<T> values_;
};

// One of the values 0 .. Set::values - 1 of a set whose members a protocol only carries and
// compares for equality: a scalarset (Ip and Dill, "Better Verification Through Symmetry", 1996). A
// check may rename them as it renames processes, where that is certified; their order serves
// containers.
//
//   struct Colour { static constexpr std::uint8_t values = 3; };
//   gainsay::Scalar<Colour> painted;
template <class Set>
struct Scalar {
  static_assert(Set::values > 0);
  using set = Set;
  std::uint8_t value = 0;
  friend auto operator<=>(const Scalar&, const Scalar&) = default;
};

}  // namespace gainsay
