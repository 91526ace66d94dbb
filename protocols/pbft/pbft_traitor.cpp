// The worst that traitors of PBFT do together: a primary that tells two stories, and replicas that
// confirm each of them to whoever believes it.
#include "protocols/pbft/pbft.hpp"

namespace gainsay::pbft {

namespace {

using Message = Wire<Node>;

// The same requests the other way round, or none.
Batch other_story(const Batch& batch) {
  Batch other(batch.rbegin(), batch.rend());
  if (other == batch) other.clear();
  return other;
}

// Every other replica hears the other story.
void propose_both(NodeId self, std::vector<Sent>& sends) {
  for (Sent& sent : sends) {
    if (sent.to.value % 2 == 0) continue;
    auto message = decoded<Message>(sent.message);
    Proposal* proposal = std::get_if<Proposal>(&message);
    if (proposal == nullptr || proposal->pre_prepare.signer != self) continue;
    proposal->batch = other_story(proposal->batch);
    proposal->pre_prepare.value.digest = digest_of(proposal->batch);
    sent.message = encoded(message);
  }
}

template <class Vote, class Value>
void vote(NodeId self, NodeId to, const Value& value, std::vector<Sent>& sends) {
  const Vote vote{.view = value.view, .sequence = value.sequence, .digest = value.digest};
  sends.push_back(
      {.to = to, .message = encoded(Message(Signed<Vote>{.signer = self, .value = vote}))});
}

template <class Value>
void confirm(NodeId self, NodeId to, const Value& value, std::vector<Sent>& sends) {
  vote<Prepare>(self, to, value, sends);
  vote<Commit>(self, to, value, sends);
}

}  // namespace

Deceit two_faced(NodeSet traitors) {
  return [traitors](const StepContext::Place& place, const LocalEvent& event,
                    std::vector<Sent>& sends) {
    propose_both(place.self, sends);
    if (event.kind != LocalEvent::Kind::deliver || event.from.value >= place.nodes) return;
    if (traitors.contains(event.from)) return;  // or two of them would never end
    const auto message = decoded<Message>(event.message);
    if (const auto* prepare = std::get_if<Signed<Prepare>>(&message)) {
      confirm(place.self, event.from, prepare->value, sends);
    } else if (const auto* commit = std::get_if<Signed<Commit>>(&message)) {
      confirm(place.self, event.from, commit->value, sends);
    }
  };
}

}  // namespace gainsay::pbft
