// What is asked behind the search: properties of kind `recovers`, of the vectors of local states
// that it has reached.
#include <algorithm>
#include <set>
#include <stdexcept>

#include "explorer/recovery.hpp"
#include "explorer/search.hpp"

namespace gainsay {

// The distinct vectors of local states, of all processes, by (fault cost, depth, content): what is
// told of the first is told with the fewest faults. Every reduction in use keeps this set: each
// drops messages, or worlds of which a kept one has the same local states, or has them renamed.
// Then all renamings are asked, so that the answer is that of the search without symmetry whatever
// the property says of names, and the healed system needs no certificate of its own.
// Nothing where a resource ends first.
std::vector<Search::Start> Search::recovery_starts() {
  std::vector<Start> starts;
  boost::unordered_flat_map<std::uint64_t, Id> folds;  // of prefixes with one more local state
  std::uint64_t prefixes = 1;
  std::vector<Id> items(store_.items());
  std::vector<Id> locals;
  for (const auto& [key, layer] : layers_) {
    const std::size_t first = starts.size();
    for (std::size_t i = layer.begin; i < layer.end; ++i) {
      store_.unfold(store_.roots()[i], items.data());
      locals_of(items, locals);
      for (std::size_t g = 0; g < renamings_of_starts(); ++g) {
        Start start{.layer = key, .content = {}, .locals = {}};
        renamed_locals(locals, static_cast<Symmetry::Index>(g), start.locals);
        Id prefix = 0;
        bool is_new = false;
        for (std::size_t process = 0; process < start.locals.size(); ++process) {
          const Id local = start.locals[process];
          const auto [at, added] =
              folds.try_emplace(pair_key(prefix, local), static_cast<Id>(prefixes));
          if (added) ++prefixes;
          prefix = at->second;
          is_new = added;
          start.content += mix(process, machine_.local(local).hash);
        }
        // As itself, or as a renaming: then all of its renamings are there as well.
        if (g == 0 && !is_new) break;
        if (!is_new) continue;
        if (prefixes > ~Id{0}) throw std::length_error("too many vectors of local states");
        starts.push_back(std::move(start));
        constexpr std::size_t often = 4096;
        if (starts.size() % often != 0) continue;
        // Not by their number: how many there are in the middle of a layer is up to the threads.
        recovery_incomplete_ = exhausted(0);
        if (!recovery_incomplete_.empty()) return {};
      }
    }
    std::sort(starts.begin() + static_cast<std::ptrdiff_t>(first), starts.end(),
              [](const Start& a, const Start& b) { return a.content < b.content; });
  }
  return starts;
}

std::size_t Search::renamings_of_starts() const {
  if (!symmetry_ || options_.sabotage == Sabotage::recovery_forgets_renamings) return 1;
  return symmetry_->group().size();
}

// By process, of a world with these words.
void Search::locals_of(const std::vector<Id>& words, std::vector<Id>& locals) const {
  locals.resize(model_.system.size());
  for (std::size_t process = 0; process < locals.size(); ++process) {
    locals[process] = machine_.local_of(words[process]);
  }
}

void Search::renamed_locals(const std::vector<Id>& locals, Symmetry::Index element,
                            std::vector<Id>& renamed) {
  renamed.resize(locals.size());
  for (const Id local : locals) {
    const Id image = symmetry_ ? symmetry_->local(local, element) : local;
    renamed[machine_.local(image).process] = image;
  }
}

// The least world of its layer that has these local states, or has them renamed.
Search::Found Search::found_at(const Start& start, std::size_t property) {
  std::set<std::vector<Id>> renamed;
  std::vector<Id> locals;
  for (std::size_t g = 0; g < renamings_of_starts(); ++g) {
    renamed_locals(start.locals, static_cast<Symmetry::Index>(g), locals);
    renamed.insert(locals);
  }
  std::optional<Found> least;
  std::vector<Id> items(store_.items());
  const Layer layer = layers_.at(start.layer);
  for (std::size_t i = layer.begin; i < layer.end; ++i) {
    store_.unfold(store_.roots()[i], items.data());
    locals_of(items, locals);
    if (!renamed.contains(locals)) continue;
    note(least, {.content = machine_.hash(items.data()),
                 .property = property,
                 .world = words_of(items.data())});
  }
  return *least;
}

// A search that a limit on depth cut short has reached what it has reached: what it says of that is
// a finding, but never that all is well.
void Search::judge_recoveries() {
  recoveries_.resize(properties_.size());
  const bool asked = std::ranges::any_of(
      properties_, [](const Property* p) { return p->kind == PropertyKind::recovers; });
  const bool complete = incomplete_because_.empty() || cut_by_depth_;
  if (!asked || found_ || !certified_ || !complete) return;
  const std::vector<Start> starts = recovery_starts();
  if (!recovery_incomplete_.empty()) return;
  const auto vector_at = [&](std::size_t i) {
    LocalVector vector;
    for (const Id local : starts[i].locals) vector.push_back(machine_.local(local).bytes);
    return vector;
  };
  std::size_t first_stuck = starts.size();
  for (std::size_t i = 0; i < properties_.size(); ++i) {
    if (properties_[i]->kind != PropertyKind::recovers) continue;
    RecoveryResult result = judge_recovery(
        model_.system, *properties_[i], RecoveryStarts{.count = starts.size(), .at = vector_at},
        [this](std::uint64_t worlds) { return exhausted(worlds); }, options_.sabotage);
    if (result.stuck && *result.stuck < first_stuck) {
      first_stuck = *result.stuck;
      found_ = found_at(starts[first_stuck], i);
      found_at_ = starts[first_stuck].layer;
      recovery_explanation_ = result.explanation;
      stuck_ = starts[first_stuck].locals;
    }
    if (recovery_incomplete_.empty()) {
      recovery_incomplete_ = result.incomplete_because;
      if (result.stopped) recovery_incomplete_ += ", asking \"" + properties_[i]->name + "\"";
    }
    recoveries_[i] = std::move(result);
  }
}

void Search::report_recoveries(std::vector<PropertyReport>& properties) const {
  for (std::size_t i = 0; i < properties.size(); ++i) {
    if (properties[i].kind != PropertyKind::recovers) continue;
    properties[i].verdict = Verdict::incomplete;
    if (!recoveries_[i]) continue;
    if (incomplete_because_.empty()) properties[i].verdict = recoveries_[i]->verdict;
    if (properties[i].verdict == Verdict::holds && recoveries_[i]->vacuous) {
      properties[i].verdict = Verdict::vacuous;
    }
    properties[i].evaluated = recoveries_[i]->evaluated;
    properties[i].recovery = recoveries_[i]->counts;
  }
}

}  // namespace gainsay
