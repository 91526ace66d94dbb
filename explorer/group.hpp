// The permutations of processes and of the values of scalarsets that a search may use: products of
// symmetric groups on classes of what is interchangeable as far as is known.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/system.hpp"

namespace gainsay {

// What a renaming permutes: the processes by id, then the values of each scalarset that the
// system's states, messages, operations, results or labels may hold. All are points, numbered as
// ids are.
class Points {
 public:
  explicit Points(const System& system);
  std::size_t size() const { return size_; }
  const std::vector<ScalarSet>& sets() const { return sets_; }
  std::string name(NodeId point) const;  // "n1", "Colour2"
  // "n1, n2, n3"
  std::string names(const std::vector<NodeId>& points) const;

 private:
  const System* system_;
  std::size_t size_;
  std::vector<ScalarSet> sets_;
};

// What has been learnt about exchanging two points: nothing speaks against it until a certificate
// fails.
struct Asymmetries {
  std::set<std::pair<NodeId, NodeId>> broken;  // the smaller id first
  std::string reason;                          // the first that was found, in words
  bool hopeless = false;                       // no renaming is possible at all
};

// Classes of at least two points, no two of which are known to differ. Nodes, clients and the
// values of different sets are never of one class. Together they have at most `permutations_max`
// permutations: where there would be more, the last members of a class are left where they are,
// which is sound.
std::vector<std::vector<NodeId>> interchangeable(const System& system, const Asymmetries& known,
                                                 std::size_t permutations_max);

// Element 0 is the identity. The number of an element is the number of its arrangement of each
// class in lexicographic order, the first class counting least.
class Group {
 public:
  using Index = std::uint16_t;
  static constexpr std::size_t size_max = 5040;  // 7!

  Group(std::size_t points, std::vector<std::vector<NodeId>> classes);

  std::size_t size() const { return elements_.size(); }
  const std::vector<std::vector<NodeId>>& classes() const { return classes_; }
  std::span<const NodeId> operator[](std::size_t g) const { return elements_[g]; }
  NodeId image(Index g, NodeId point) const { return elements_[g][point.value]; }
  // First h, then g.
  Index product(Index g, Index h) const {
    if (h == 0) return g;
    return products_.empty() ? multiply(g, h) : products_[std::size_t{g} * size() + h];
  }
  // All pairs of points of one class.
  std::vector<std::pair<NodeId, NodeId>> exchanges() const;
  // The element that exchanges such a pair.
  Index exchange(NodeId a, NodeId b) const;
  // Elements that generate the group: an exchange and a rotation for each class.
  std::vector<Index> generators() const;

 private:
  // The number of the element that takes each point of a class to `image(point)`.
  template <class Image>
  Index number(Image&& image) const;
  Index multiply(Index g, Index h) const;

  std::vector<std::vector<NodeId>> classes_;  // each in id order
  std::vector<std::vector<NodeId>> elements_;
  std::vector<Index> products_;  // empty where the table would be large
};

}  // namespace gainsay
