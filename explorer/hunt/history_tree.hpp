// Client histories of runs that are tried again and again, each as the place of its last label in a
// tree of all of them: a step adds a label at most, whatever the history's length. They are judged
// by the checker of long histories when a run is at its end. What a history leaves open (see
// properties/future.hpp) would say so step by step, but has up to 2^n states where n clients wait.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "properties/property.hpp"

namespace gainsay {

class HistoryTree {
 public:
  // REQUIRES: the property is of histories and has a model for long ones; both outlive this.
  HistoryTree(const System& system, const Property& property);

  // What the machine has in place of histories. It breaks nothing. REQUIRES: this outlives it.
  Futures futures();
  // How many labels the history has.
  std::uint32_t length(BytesView future) const;
  // With how many of its labels the history is first not linearizable; none: it is linearizable, or
  // that is not known.
  std::optional<std::uint32_t> broken_by(BytesView future) const;

 private:
  struct Node {
    std::uint32_t parent = 0;
    std::uint32_t length = 0;
    NodeId client{};
    std::uint32_t label = 0;
  };
  std::uint32_t label_id(const Label& label);
  std::uint32_t child(std::uint32_t parent, NodeId client, const Label& label);
  // The nodes of a history but for the root.
  std::vector<std::uint32_t> path_to(BytesView future) const;
  bool is_broken(const std::vector<std::uint32_t>& path, std::size_t length) const;

  const System& system_;
  const Property& property_;
  std::vector<Node> nodes_ = std::vector<Node>(1);  // the root is the empty history
  std::map<std::tuple<std::uint32_t, NodeId, std::uint32_t>, std::uint32_t> children_;
  std::vector<Label> labels_;
  std::map<std::pair<Label::Kind, Bytes>, std::uint32_t> label_ids_;
};

}  // namespace gainsay
