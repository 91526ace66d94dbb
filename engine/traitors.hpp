// Traitors (after Lamport, Shostak and Pease, "The Byzantine generals problem", 1982): nodes that
// run the correct code and bend what it sends. They lie in fewer ways than a Byzantine process of
// engine/adversary.hpp, but need no `forge`, work on every network, and lie in live runs: each lie
// is a choice of the handler, so that worlds, traces and the explorer hear of nothing new.
//
// A lie keeps to the contract of signatures: what a traitor sends has its own, made anew, or those
// that it has received as a whole.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/system.hpp"

namespace gainsay {

// What a traitor may do at each event. Without any of them it is correct.
struct Behaviours {
  bool silent = false;      // says nothing of what the event would have it say
  bool equivocate = false;  // tells some what is right, and others something else
  bool delay = false;       // says it later, and maybe never
  bool mutate = false;      // says something else, with one part changed
  bool replay = false;      // says again what it has said or heard, to anyone
  // Does at every event what the author of its protocol found worst: see Deceit. Without chance.
  bool two_faced = false;
  friend bool operator==(const Behaviours&, const Behaviours&) = default;
};

// A protocol's own lie: what the node sends at an event in place of what is right. It keeps to the
// contract of signatures, too.
using Deceit = std::function<void(const StepContext::Place& place, const LocalEvent& event,
                                  std::vector<Sent>& sends)>;

// "equivocate+delay@n1+n2": what they may do, and who. Throws UsageError.
struct TraitorOption {
  Behaviours behaviours;
  NodeSet nodes;
};
TraitorOption traitor_option(std::string_view text, std::uint32_t nodes);

// What it has not said yet.
template <class Node>
struct Withheld {
  NodeId to;
  Wire<Node> message;
};
template <class Node>
struct Traitor {
  Node correct;
  std::vector<Withheld<Node>> withheld;
  std::vector<Wire<Node>> known;  // the last that it has said or heard; lies are made of them
};

class TraitorType final : public ProcessType {
 public:
  // `state_type`: of Traitor<Node>.
  TraitorType(std::shared_ptr<const ProcessType> correct, const Type& state_type,
              const Type& message_type, Behaviours behaviours, Deceit deceit);
  std::unique_ptr<Process> make() const override;
  std::unique_ptr<Process> decode(Reader& reader) const override;
  const Type& state_type() const override { return state_type_; }
  // Those of the correct code, and one at which it says what it has withheld, or says again.
  const std::vector<std::string_view>& timer_names() const override { return timer_names_; }

 private:
  std::shared_ptr<const ProcessType> correct_;
  const Type& state_type_;
  const Type& message_type_;
  Behaviours behaviours_;
  Deceit deceit_;
  std::vector<std::string_view> timer_names_;
};

// The part of `add_traitors` that is no template.
void make_traitors(System& system, NodeSet traitors, Behaviours behaviours, Deceit deceit,
                   const Type& state_type);

// Makes these nodes traitors. They are faulty: properties see a node that did nothing, and they do
// not crash. A handler that fails has not taken the step. Throws UsageError.
template <class Node>
void add_traitors(System& system, NodeSet traitors, Behaviours behaviours, Deceit deceit = {}) {
  make_traitors(system, traitors, behaviours, std::move(deceit), type_of<Traitor<Node>>());
}

}  // namespace gainsay
