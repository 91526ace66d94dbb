// Strong ids of processes, the containers indexed by them, and interchangeable values. Data indexed
// by a process must use these types, so that renaming (symmetry) can see it.
#pragma once

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace gainsay {

// The most nodes a system may have, and the most processes of one that is searched (NodeSet is one
// machine word).
inline constexpr std::size_t processes_max = 64;
// The most nodes and clients that a system may have together where it is only run.
inline constexpr std::size_t ids_max = 255;
// The most operations of one client.
inline constexpr std::uint32_t operations_max = 1'000'000'000;

// The id of a process: nodes are 0 .. nodes-1, clients follow.
struct NodeId {
  std::uint8_t value = 0;
  friend auto operator<=>(const NodeId&, const NodeId&) = default;
};

// A set of processes.
class NodeSet {
 public:
  class Iterator {
   public:
    explicit Iterator(std::uint64_t bits) : bits_(bits) {}
    NodeId operator*() const { return {static_cast<std::uint8_t>(std::countr_zero(bits_))}; }
    Iterator& operator++() {
      bits_ &= bits_ - 1;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    std::uint64_t bits_;
  };

  NodeSet() = default;
  NodeSet(std::initializer_list<NodeId> ids) {
    for (const NodeId id : ids) insert(id);
  }
  static NodeSet from_bits(std::uint64_t bits) {
    NodeSet set;
    set.bits_ = bits;
    return set;
  }

  // Throws std::out_of_range for an id that no process can have.
  void insert(NodeId id) { bits_ |= bit(id); }
  void erase(NodeId id) { bits_ &= ~bit(id); }
  void clear() { bits_ = 0; }
  bool contains(NodeId id) const { return id.value < processes_max && (bits_ & bit(id)) != 0; }
  std::size_t size() const { return static_cast<std::size_t>(std::popcount(bits_)); }
  bool empty() const { return bits_ == 0; }
  std::uint64_t bits() const { return bits_; }
  Iterator begin() const { return Iterator(bits_); }
  Iterator end() const { return Iterator(0); }
  friend auto operator<=>(const NodeSet&, const NodeSet&) = default;

 private:
  static std::uint64_t bit(NodeId id) {
    if (id.value >= processes_max) throw std::out_of_range("there are at most 64 processes");
    return std::uint64_t{1} << id.value;
  }
  std::uint64_t bits_ = 0;
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
