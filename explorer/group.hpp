// The permutations of process ids that a search may use: products of symmetric groups on classes of
// processes that are interchangeable as far as is known.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/system.hpp"

namespace gainsay {

// What has been learnt about exchanging two processes: nothing speaks against it until a
// certificate fails.
struct Asymmetries {
  std::set<std::pair<NodeId, NodeId>> broken;  // the smaller id first
  std::string reason;                          // the first that was found, in words
  bool hopeless = false;                       // no renaming is possible at all
};

// Classes of at least two processes, no two of which are known to differ. Nodes and clients are
// never of one class. Together they have at most `permutations_max` permutations: where there would
// be more, the last members of a class are left where they are, which is sound.
std::vector<std::vector<NodeId>> interchangeable(const System& system, const Asymmetries& known,
                                                 std::size_t permutations_max);

// Element 0 is the identity. The number of an element is the number of its arrangement of each
// class in lexicographic order, the first class counting least.
class Group {
 public:
  using Index = std::uint16_t;
  static constexpr std::size_t size_max = 5040;  // 7!

  Group(std::size_t processes, std::vector<std::vector<NodeId>> classes);

  std::size_t size() const { return elements_.size(); }
  const std::vector<std::vector<NodeId>>& classes() const { return classes_; }
  std::span<const NodeId> operator[](std::size_t g) const { return elements_[g]; }
  NodeId image(Index g, NodeId process) const { return elements_[g][process.value]; }
  // First h, then g.
  Index product(Index g, Index h) const {
    if (h == 0) return g;
    return products_.empty() ? multiply(g, h) : products_[std::size_t{g} * size() + h];
  }
  // All pairs of processes of one class.
  std::vector<std::pair<NodeId, NodeId>> exchanges() const;
  // The element that exchanges such a pair.
  Index exchange(NodeId a, NodeId b) const;
  // Elements that generate the group: an exchange and a rotation for each class.
  std::vector<Index> generators() const;

 private:
  // The number of the element that takes each process of a class to `image(process)`.
  template <class Image>
  Index number(Image&& image) const;
  Index multiply(Index g, Index h) const;

  std::vector<std::vector<NodeId>> classes_;  // each in id order
  std::vector<std::vector<NodeId>> elements_;
  std::vector<Index> products_;  // empty where the table would be large
};

// "n1, n2, n3"
std::string describe(const System& system, const std::vector<NodeId>& processes);

}  // namespace gainsay
