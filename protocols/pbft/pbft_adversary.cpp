// What a Byzantine replica can say: all that its own signatures and those it has seen allow, within
// the bounds of the check. What is left out and why it cannot matter:
// - messages of views and sequence numbers beyond the limits: no correct replica gets there;
// - states of checkpoints: it is refused whose digest is wrong, and right ones come from replicas;
// - batches of several requests, and requests that no client made: clients sign theirs;
// - certificates with more signatures than are needed, or with some but too few: who checks one
//   compares their number with what is needed, so one without any stands for all that fail;
// - certificates whose batch is not that of the digest, whose sequence numbers are not in order,
// and
//   new views with view changes that are not valid, too few or too many of them: each is refused.
// It helps a replica in no way to hear less of what is said, so to say more than is useful is safe.
#include <algorithm>

#include "protocols/pbft/pbft.hpp"

namespace gainsay::pbft {

// --- what it learns ---
// Signatures that nothing it could say within the bounds would contain are no facts. Certificates
// are none: whoever made one had counted prepares and checkpoints that were sent to everybody.

std::vector<Node::Fact> Node::facts(const Options& options, NodeId, const Proposal& proposal) {
  if (proposal.pre_prepare.value.view >= options.views) return {};
  return {proposal.pre_prepare};
}

std::vector<Node::Fact> Node::facts(const Options& options, NodeId,
                                    const Signed<Prepare>& prepare) {
  if (prepare.value.view >= options.views) return {};
  return {prepare};
}

// Its view changes were sent before, and so was what they contain.
std::vector<Node::Fact> Node::facts(const Options& options, NodeId,
                                    const Signed<NewView>& new_view) {
  if (new_view.value.view >= options.views) return {};
  return {new_view.value.pre_prepares.begin(), new_view.value.pre_prepares.end()};
}

std::vector<Node::Fact> Node::facts(const Options&, NodeId, const Signed<Checkpoint>& checkpoint) {
  return {checkpoint};
}

std::vector<Node::Fact> Node::facts(const Options& options, NodeId,
                                    const Signed<ViewChange>& view_change) {
  if (primary_of(view_change.value.view, options.nodes) != options.byzantine) return {};
  return {view_change};
}

std::vector<Node::Fact> Node::facts(const Options&, NodeId, const ClientRequest& request) {
  return {request};
}

namespace {

class Liar {
 public:
  Liar(Forger<Node>& forger, const flat_set<Node::Fact>& facts)
      : forger_(forger), options_(forger.options()) {
    for (const ClientRequest& request : options_.requests) requests_.push_back(request);
    for (const Node::Fact& fact : facts) {
      std::visit([this](const auto& known) { learn(known); }, fact);
    }
    batches_.push_back({});
    for (const ClientRequest& request : requests_) batches_.push_back({request});
  }

  void say_everything() const {
    for (ViewNumber view = 0; view <= options_.views; ++view) {
      for (Sequence n = 1; n <= options_.sequences; ++n) order(view, n);
    }
    for (const auto& [checkpoint, signers] : checkpoints_) forger_.say(forger_.sign(checkpoint));
    for (ViewNumber view = 1; view <= options_.views; ++view) {
      const std::vector<Signed<ViewChange>> own = own_view_changes(view);
      for (const auto& view_change : own) forger_.say(view_change);
      if (is_primary(view)) say_new_views(view, own);
    }
    answer_clients();
  }

 private:
  void learn(const Signed<PrePrepare>& seen) { pre_prepares_.insert(seen); }
  void learn(const Signed<Prepare>& seen) { prepares_[seen.value].insert(seen.signer); }
  void learn(const Signed<Checkpoint>& seen) { checkpoints_[seen.value].insert(seen.signer); }
  void learn(const Signed<ViewChange>& seen) { view_changes_.push_back(seen); }
  void learn(const ClientRequest& seen) { requests_.push_back(seen); }

  bool is_primary(ViewNumber view) const {
    return primary_of(view, options_.nodes) == forger_.self();
  }

  // Pre-prepare, prepare and commit. A pre-prepare may come with a batch that is not its own.
  void order(ViewNumber view, Sequence n) const {
    for (const Batch& batch : batches_) {
      const Digest digest = digest_of(batch);
      if (is_primary(view)) {
        const auto pre_prepare =
            forger_.sign(PrePrepare{.view = view, .sequence = n, .digest = digest});
        for (const Batch& other : batches_) {
          forger_.say(Proposal{.pre_prepare = pre_prepare, .batch = other});
        }
      }
      forger_.say(forger_.sign(Prepare{.view = view, .sequence = n, .digest = digest}));
      forger_.say(forger_.sign(Commit{.view = view, .sequence = n, .digest = digest}));
    }
  }

  // What it can claim to have prepared at n before the view: rightly, or without any proof.
  std::vector<Prepared> claims(ViewNumber before, Sequence n) const {
    const auto needed = static_cast<std::uint32_t>(prepares_needed(options_.nodes, options_));
    std::vector<Prepared> all;
    for (ViewNumber view = 0; view < before; ++view) {
      for (const Batch& batch : batches_) {
        const PrePrepare value{.view = view, .sequence = n, .digest = digest_of(batch)};
        const Prepare prepare{.view = view, .sequence = n, .digest = value.digest};
        all.push_back({.pre_prepare = forger_.sign(value),
                       .prepares = {.value = prepare, .signers = 0},
                       .batch = batch});
        const Signed<PrePrepare> right{.signer = primary_of(view, options_.nodes), .value = value};
        if (!is_primary(view) && !pre_prepares_.contains(right)) continue;
        NodeSet signers;
        if (const auto seen = prepares_.find(prepare); seen != prepares_.end()) {
          signers = seen->second;
        }
        if (!is_primary(view)) signers.insert(forger_.self());
        if (signers.size() < needed) continue;
        all.push_back({.pre_prepare = right,
                       .prepares = {.value = prepare, .signers = needed},
                       .batch = batch});
      }
    }
    return all;
  }

  std::vector<Signed<ViewChange>> own_view_changes(ViewNumber view) const {
    std::vector<std::optional<Certificate<Checkpoint>>> stables = {std::nullopt};
    const auto needed = static_cast<std::uint32_t>(quorum(options_.nodes, options_));
    for (const auto& [checkpoint, signers] : checkpoints_) {
      NodeSet with_own = signers;
      with_own.insert(forger_.self());
      if (with_own.size() < needed) continue;
      stables.push_back(Certificate<Checkpoint>{.value = checkpoint, .signers = needed});
    }
    std::vector<Signed<ViewChange>> all;
    for (const auto& stable : stables) {
      std::vector<ViewChange> partial = {{.view = view, .stable = stable, .prepared = {}}};
      for (Sequence n = (stable ? stable->value.sequence : 0) + 1; n <= options_.sequences; ++n) {
        const std::size_t so_far = partial.size();
        for (const Prepared& claim : claims(view, n)) {
          for (std::size_t i = 0; i < so_far; ++i) {
            partial.push_back(partial[i]);
            partial.back().prepared.push_back(claim);
          }
        }
      }
      for (const ViewChange& one : partial) all.push_back(forger_.sign(one));
    }
    return all;
  }

  // Of every set of enough valid view changes, of different replicas, one of them its own or not.
  void say_new_views(ViewNumber view, const std::vector<Signed<ViewChange>>& own) const {
    std::vector<Signed<ViewChange>> candidates;
    const auto is_candidate = [&](const Signed<ViewChange>& one) {
      return one.value.view == view && is_valid(one, options_.nodes, options_);
    };
    std::ranges::copy_if(own, std::back_inserter(candidates), is_candidate);
    std::ranges::copy_if(view_changes_, std::back_inserter(candidates), is_candidate);
    std::ranges::sort(candidates);
    std::vector<Signed<ViewChange>> chosen;
    choose(view, candidates, 0, chosen);
  }

  void choose(ViewNumber view, const std::vector<Signed<ViewChange>>& candidates, std::size_t from,
              std::vector<Signed<ViewChange>>& chosen) const {
    if (chosen.size() == quorum(options_.nodes, options_)) {
      say_new_view(view, chosen);
      return;
    }
    for (std::size_t i = from; i < candidates.size(); ++i) {
      if (!chosen.empty() && chosen.back().signer == candidates[i].signer) continue;
      chosen.push_back(candidates[i]);
      choose(view, candidates, i + 1, chosen);
      chosen.pop_back();
    }
  }

  // With the right O, and with every other.
  void say_new_view(ViewNumber view, const std::vector<Signed<ViewChange>>& view_changes) const {
    std::vector<std::vector<PrePrepare>> all = {pre_prepares_of(view_changes, options_, view)};
    std::vector<std::vector<PrePrepare>> longest = {{}};
    for (Sequence n = 1; n <= options_.sequences; ++n) {
      std::vector<std::vector<PrePrepare>> longer;
      for (const auto& before : longest) {
        for (const Batch& batch : batches_) {
          longer.push_back(before);
          longer.back().push_back({.view = view, .sequence = n, .digest = digest_of(batch)});
        }
      }
      std::ranges::copy(longest, std::back_inserter(all));
      longest = std::move(longer);
    }
    std::ranges::copy(longest, std::back_inserter(all));
    for (const auto& pre_prepares : all) {
      NewView value{.view = view, .view_changes = view_changes, .pre_prepares = {}};
      for (const PrePrepare& one : pre_prepares) value.pre_prepares.push_back(forger_.sign(one));
      forger_.say(forger_.sign(value));
    }
  }

  // True ones, too: a replica that lies may speed up what a single correct one has said.
  void answer_clients() const {
    if (!options_.requests.empty()) return;  // there are no clients
    flat_set<std::string> values = {"", "?"};
    for (const ClientRequest& request : requests_) values.insert(request.operation.value);
    for (const ClientRequest& request : requests_) {
      for (const std::string& value : values) forger_.answer(request.id, kv::Result{value});
    }
  }

  Forger<Node>& forger_;
  const Options& options_;
  std::vector<ClientRequest> requests_;
  std::vector<Batch> batches_;
  flat_set<Signed<PrePrepare>> pre_prepares_;
  flat_map<Prepare, NodeSet> prepares_;
  flat_map<Checkpoint, NodeSet> checkpoints_;
  std::vector<Signed<ViewChange>> view_changes_;
};

}  // namespace

void Node::forge(Forger<Node>& forger, const flat_set<Fact>& facts) {
  if (!forger.options().silent) Liar(forger, facts).say_everything();
}

}  // namespace gainsay::pbft
