// Twins (Bano et al., "Twins: BFT systems made robust", OPODIS 2021): two correct copies of a node
// under one identity. Nobody else can tell them apart: what either sends has the same sender, and
// what is sent to the identity reaches either copy, or both, as the network likes. So they
// equivocate, forget and contradict themselves by nothing but correct code; less than a Byzantine
// process can, in far fewer local states, and on every network.
//
// To the engine both are one process, whose local state is that of the two, and a delivery is a
// choice. So every reduction keeps its argument.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/system.hpp"

namespace gainsay {

template <class Node>
struct Twins {
  Node first;
  Node second;
};

class TwinsType final : public ProcessType {
 public:
  // `state_type`: of Twins<Node>. `network`: does what reached one copy stay for the other?
  TwinsType(std::shared_ptr<const ProcessType> correct, const Type& state_type, Network network);
  std::unique_ptr<Process> make() const override;
  std::unique_ptr<Process> decode(Reader& reader) const override;
  const Type& state_type() const override { return state_type_; }
  // Each timer of the first copy, then of the second.
  const std::vector<std::string_view>& timer_names() const override { return timer_names_; }

 private:
  std::unique_ptr<Process> of(std::unique_ptr<Process> first,
                              std::unique_ptr<Process> second) const;

  std::shared_ptr<const ProcessType> correct_;
  const Type& state_type_;
  Network network_;
  std::vector<std::string> names_;
  std::vector<std::string_view> timer_names_;
};

// The part of `add_twins` that is no template.
void make_twins(System& system, NodeSet twins, const Type& state_type);

// Makes each of these nodes a pair of twins. They are faulty: properties see a node that did
// nothing, and they do not crash. A copy whose handler fails has not taken the step. Throws
// UsageError.
template <class Node>
void add_twins(System& system, NodeSet twins) {
  make_twins(system, twins, type_of<Twins<Node>>());
}

}  // namespace gainsay
