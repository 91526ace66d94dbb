// Depth: where local states were new, and whether a limit on depth cuts anything.
#include "explorer/search.hpp"

namespace gainsay {

void Search::note_discoveries(LayerKey key) {
  const std::uint64_t all = evaluator_.local_states();
  if (all > discovered_) discoveries_[key] = all - discovered_;
  discovered_ = all;
}

// Is a successor of the world that `worker` has laid open a world that was visited, or one that a
// kept world subsumes?
bool Search::is_known(Worker& worker, std::uint64_t root) {
  if (by_fingerprint()) {
    if (!reserve(1)) return false;
    const bool known = seen_->insert(worker.next_content) == WordSet::Insertion::present;
    release(1);  // one more fingerprint than worlds does no harm: it is of none that can come
    return known;
  }
  if (store_.visited().contains(root)) return true;
  if (!reduce_.subsumption) return false;
  std::array<Id, WorldStore::words_max> words{};
  store_.unfold(root, words.data());
  return antichains_.subsumes(words.data());
}

// Whether a layer would have nothing new: then a limit on depth that forbids it cuts nothing. All
// worlds are expanded, even when it is known: what handlers are run on must not depend on the order
// of the worlds, which threads decide.
bool Search::ends_before(LayerKey key) {
  Worker& worker = workers_.front();
  bool ends = true;
  const auto look = [&](std::uint32_t, std::uint32_t, const Transition& edge, std::uint64_t next) {
    const bool breaks = edge.fault != 0 || edge.step_violation != 0;
    ends = ends && !breaks && is_known(worker, next);
  };
  for (const Task& task : tasks_of(key)) {
    if (out_of_resources()) return false;
    for (std::size_t i = task.begin; i < task.end; ++i) {
      while (!expand(worker, store_.roots()[i], task.cost, Sleep(), look)) {
        make_room();
        if (!incomplete_because_.empty()) return false;
      }
    }
  }
  return ends;
}

}  // namespace gainsay
