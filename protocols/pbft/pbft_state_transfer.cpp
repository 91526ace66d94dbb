// Fetching the state of a checkpoint (section 5.3.2 of Castro's thesis).
#include <algorithm>

#include "protocols/pbft/pbft.hpp"

namespace gainsay::pbft {

void Node::fetch(Context& ctx, const Certificate<Checkpoint>& proof) {
  if (fetching && fetching->value.sequence >= proof.value.sequence) return;
  fetching = proof;
  ctx.broadcast(FetchState{.sequence = proof.value.sequence});
}

// Replicas keep the states of earlier checkpoints, too. So whatever a Byzantine replica could
// answer and is not refused, a correct one that has signed the checkpoint answers at any time.
void Node::on(Context& ctx, NodeId from, const FetchState& fetch) {
  const auto found = states.find(fetch.sequence);
  if (found == states.end()) return;
  ctx.send(from, CheckpointState{.sequence = found->first, .state = found->second});
}

void Node::on(Context& ctx, NodeId, const CheckpointState& answer) {
  if (!fetching || fetching->value.sequence != answer.sequence) return;
  if (digest_of(answer.state) != fetching->value.state) return;
  const Certificate<Checkpoint> proof = *fetching;
  fetching.reset();
  if (executed < answer.sequence) {
    executed = answer.sequence;
    store = answer.state.store;
    replies = answer.state.replies;
    states[executed] = answer.state;
    std::erase_if(waiting, [this](const ClientRequest& request) {
      const auto last = replies.find(request.id.client);
      return last != replies.end() && last->second.number >= request.id.number;
    });
  }
  make_stable(proof);
  execute(ctx);
  arm_timers(ctx);
}

}  // namespace gainsay::pbft
