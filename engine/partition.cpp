#include "engine/partition.hpp"

#include <array>

namespace gainsay {

namespace {

constexpr std::array<PartitionShape, 3> all_shapes = {
    PartitionShape::symmetric, PartitionShape::one_way, PartitionShape::bridged};

bool PartitionShapes::*member_of(PartitionShape shape) {
  if (shape == PartitionShape::symmetric) return &PartitionShapes::symmetric;
  if (shape == PartitionShape::one_way) return &PartitionShapes::one_way;
  return &PartitionShapes::bridged;
}

NodeSet group(std::uint64_t bits) { return NodeSet::from_bits(bits); }

}  // namespace

std::string_view to_string(PartitionShape shape) {
  constexpr std::array<std::string_view, 3> names = {"symmetric", "one-way", "bridged"};
  return names[static_cast<std::size_t>(shape)];
}

std::string_view to_string(Across across) { return across == Across::lost ? "lost" : "held"; }

bool contains(const PartitionShapes& shapes, PartitionShape shape) {
  return shapes.*member_of(shape);
}

void add(PartitionShapes& shapes, PartitionShape shape) { shapes.*member_of(shape) = true; }

std::vector<PartitionShape> list(const PartitionShapes& shapes) {
  std::vector<PartitionShape> listed;
  for (const PartitionShape shape : all_shapes) {
    if (contains(shapes, shape)) listed.push_back(shape);
  }
  return listed;
}

std::vector<Cut> cuts_of(std::uint32_t nodes, const PartitionShapes& shapes) {
  std::vector<Cut> cuts;
  const std::uint64_t all = (std::uint64_t{1} << nodes) - 1;
  if (shapes.symmetric) {
    for (std::uint64_t bits = 1; bits < all; bits += 2) {
      cuts.push_back({.first = group(bits), .second = group(all & ~bits)});
    }
  }
  if (shapes.one_way) {
    for (std::uint64_t bits = 1; bits < all; ++bits) {
      cuts.push_back({.first = group(bits), .second = group(all & ~bits), .one_way = true});
    }
  }
  if (shapes.bridged) {
    for (std::uint64_t bits = 1; bits < all; ++bits) {
      for (std::uint32_t node = 0; node < nodes; ++node) {
        const std::uint64_t bridge = std::uint64_t{1} << node;
        const Cut cut{.first = group(bits), .second = group((all & ~bits) | bridge)};
        if (shape_of(cut, nodes) == PartitionShape::bridged) cuts.push_back(cut);
      }
    }
  }
  return cuts;
}

std::optional<PartitionShape> shape_of(const Cut& cut, std::uint32_t nodes) {
  if (nodes > partition_nodes_max) return std::nullopt;
  const std::uint64_t all = (std::uint64_t{1} << nodes) - 1;
  const std::uint64_t common = cut.first.bits() & cut.second.bits();
  const std::uint64_t first = cut.first.bits() & ~common;
  const std::uint64_t second = cut.second.bits() & ~common;
  if ((first | second | common) != all || first == 0 || second == 0) return std::nullopt;
  const bool in_order = (first & -first) < (second & -second);
  if (cut.one_way) return common == 0 ? std::optional(PartitionShape::one_way) : std::nullopt;
  if (!in_order) return std::nullopt;
  if (common == 0) return PartitionShape::symmetric;
  return NodeSet::from_bits(common).size() == 1 ? std::optional(PartitionShape::bridged)
                                                : std::nullopt;
}

}  // namespace gainsay
