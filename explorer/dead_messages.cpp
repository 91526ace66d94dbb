// Dead-message elimination with its certificate. Most messages in flight are stale: their delivery
// will never do anything again. Dropping them merges the worlds that differ in them alone.
//
// Soundness. A search that drops (l, m) is right if m is a no-op in every local state that the
// process can get to from l. `certify` checks that over the local graph of the search itself, all
// events included, after the search: a real run is followed event by event; where it delivers a
// dropped message nothing changes, and everything else is matched. So the real run never leaves the
// explored local states, which closes the argument. An event that a limit forbids does not exist in
// the bounded system, so it counts as a no-op; but in `fifo` it blocks its link, so there it does
// not. Handlers probed on pairs that never meet are fenced: what fails there is no finding, only
// not a no-op.
#include <algorithm>
#include <bit>

#include "explorer/check.hpp"
#include "explorer/machine.hpp"
#include "explorer/parallel.hpp"
#include "explorer/symmetry.hpp"

namespace gainsay {

// Small sets of numbers, one for each local state.
class Machine::Rows {
 public:
  Rows(std::size_t rows, std::size_t bits) : words_((bits + 63) / 64), data_(rows * words_) {}

  void set(std::size_t row, std::size_t bit) {
    data_[row * words_ + bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
  bool get(std::size_t row, std::size_t bit) const {
    return ((data_[row * words_ + bit / 64] >> (bit % 64)) & 1) != 0;
  }
  // Adds what row `from` has; true when row `to` grew.
  bool add(std::size_t to, std::size_t from) {
    bool grew = false;
    for (std::size_t i = 0; i < words_; ++i) {
      const std::uint64_t more = data_[from * words_ + i] & ~data_[to * words_ + i];
      data_[to * words_ + i] |= more;
      grew = grew || more != 0;
    }
    return grew;
  }
  void clear(std::size_t row, std::size_t bit) {
    data_[row * words_ + bit / 64] &= ~(std::uint64_t{1} << (bit % 64));
  }
  template <class F>
  void for_each(std::size_t row, F&& f) const {
    for (std::size_t i = 0; i < words_; ++i) {
      for (std::uint64_t left = data_[row * words_ + i]; left != 0; left &= left - 1) {
        f(i * 64 + static_cast<std::size_t>(std::countr_zero(left)));
      }
    }
  }

 private:
  std::size_t words_;
  std::vector<std::uint64_t> data_;
};

// Lets every row flow along the edges until nothing changes.
void Machine::spread_rows(Rows& rows, const std::vector<std::vector<Id>>& edges) {
  std::vector<Id> waiting;
  std::vector<bool> waits(edges.size(), true);
  for (std::size_t i = edges.size(); i-- > 0;) waiting.push_back(static_cast<Id>(i));
  while (!waiting.empty()) {
    const Id from = waiting.back();
    waiting.pop_back();
    waits[from] = false;
    for (const Id to : edges[from]) {
      if (!rows.add(to, from) || waits[to]) continue;
      waits[to] = true;
      waiting.push_back(to);
    }
  }
}

namespace {

std::size_t place_of(const std::vector<Id>& messages, Id envelope) {
  return static_cast<std::size_t>(std::ranges::lower_bound(messages, envelope) - messages.begin());
}

}  // namespace

Hash128 Machine::pair_content(Id local, Id envelope) const {
  return mix(locals_[local].process, locals_[local].hash, envelopes_[envelope].hash);
}

// A handler run on a pair that may never meet: nothing of it is kept.
bool Machine::is_no_op(const LocalState& local, const LocalEntry& entry, Id envelope) const {
  if (entry.status != LocalState::Status::up) return true;  // no delivery: no event
  const LocalEvent event = event_of_input(envelope);
  const NodeId process{entry.process};
  const bool blocks = system_.bounds.network == Network::fifo;
  std::vector<std::uint32_t> script;
  for (bool more = true; more;) {
    LocalState after = local.copy();
    const StepResult step = run_event(after, event, system_.place(process), script);
    if (step.fault != StepResult::Fault::none) return false;
    if (!is_outside_limits(process, after)) {
      if (!step.sends.empty() || !step.labels.empty()) return false;
      if (stand_in(entry.process, encode_local(after)) != entry.bytes) return false;
    } else if (blocks) {
      return false;
    }
    more = next_script(script, step);
  }
  // In fifo a no-op is an event, which properties of steps may look at.
  return !blocks || !options_.judge_step || options_.judge_step(entry, entry, false) == 0;
}

bool Machine::is_dropped(Id local, Id envelope) {
  const std::uint64_t key = pair_key(local, envelope);
  const auto known = is_dropped_.find(key);
  if (known != is_dropped_.end()) return known->second;
  bool dropped = false;
  const LocalEntry& entry = locals_[local];
  switch (entry.status) {
    case LocalState::Status::unstarted:
      break;  // it will start
    case LocalState::Status::down:
      dropped = system_.bounds.restarts == 0;
      break;
    case LocalState::Status::up: {
      const ProcessType& type = *system_.processes[entry.process];
      const LocalState state = decode_local(type, entry.bytes);
      dropped = is_no_op(state, entry, envelope);
      if (dropped != is_no_op(state, entry, envelope)) {
        throw Nondeterminism("a handler of " + system_.process_name({entry.process}) +
                             " gives two answers to the same event");
      }
      break;
    }
  }
  dropped = dropped && !options_.keep->contains(pair_content(local, envelope));
  is_dropped_.emplace(key, dropped);
  if (!dropped) return false;
  dropped_.push_back(key);
  count_cuts(local, envelope);
  return true;
}

// A message that is dead because a limit forbids its delivery is a cut, which the report owes.
void Machine::count_cuts(Id local, Id envelope) {
  const LocalEntry& entry = locals_[local];
  if (system_.limits.empty() || entry.status != LocalState::Status::up) return;
  const NodeId process{entry.process};
  const LocalState state = decode_local(*system_.processes[entry.process], entry.bytes);
  const LocalEvent event = event_of_input(envelope);
  std::vector<std::uint32_t> script;
  for (bool more = true; more;) {
    LocalState after = state.copy();
    const StepResult step = run_event(after, event, system_.place(process), script);
    is_cut(process, after);
    more = next_script(script, step);
  }
}

void Machine::forget_dead(Id local, std::vector<Id>& envelopes) {
  if (options_.keep == nullptr) return;
  std::erase_if(envelopes, [&](Id envelope) { return is_dropped(local, envelope); });
}

// The local states that each one leads to, by events and by ticks; with symmetry, closed under
// renaming.
std::vector<std::vector<Id>> Machine::local_graph() const {
  std::vector<std::vector<Id>> next(locals_.size());
  const std::size_t elements = symmetry_ == nullptr ? 1 : symmetry_->closing();
  for (const auto& [key, outcomes] : outcomes_) {
    const auto from = static_cast<Id>(key >> 32);
    for (const Outcome& outcome : outcomes) {
      if (outcome.fault != 0 || outcome.local == from) continue;
      next[from].push_back(outcome.local);
      for (std::size_t h = 1; h < elements; ++h) {
        const auto g = static_cast<Group::Index>(h);
        next[symmetry_->known_local(from, g)].push_back(symmetry_->known_local(outcome.local, g));
      }
    }
  }
  add_ticks(next);
  for (std::vector<Id>& edges : next) {
    std::ranges::sort(edges);
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  }
  return next;
}

// The pairs that were dropped; with symmetry, closed under renaming.
std::vector<std::uint64_t> Machine::all_dropped() const {
  std::vector<std::uint64_t> all = dropped_;
  const std::size_t elements = symmetry_ == nullptr ? 1 : symmetry_->closing();
  for (const std::uint64_t key : dropped_) {
    for (std::size_t h = 1; h < elements; ++h) {
      const auto g = static_cast<Group::Index>(h);
      all.push_back(pair_key(symmetry_->known_local(static_cast<Id>(key >> 32), g),
                             symmetry_->known_envelope(static_cast<Id>(key), g)));
    }
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

void Machine::keep_pair(std::uint64_t pair, KeepSet& keep) const {
  const auto local = static_cast<Id>(pair >> 32);
  const auto envelope = static_cast<Id>(pair);
  keep.insert(pair_content(local, envelope));
  const std::size_t elements = symmetry_ == nullptr ? 1 : symmetry_->closing();
  for (std::size_t h = 1; h < elements; ++h) {
    const auto g = static_cast<Group::Index>(h);
    keep.insert(
        pair_content(symmetry_->known_local(local, g), symmetry_->known_envelope(envelope, g)));
  }
}

// Of the pairs in `rows` (bits are places in `messages`) those that do something.
Machine::Rows Machine::acting(const Rows& rows, const std::vector<Id>& messages,
                              unsigned jobs) const {
  Rows acting = rows;
  parallel_chunks(locals_.size(), 16, jobs, [&](unsigned, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const LocalEntry& entry = locals_[i];
      const LocalState local = decode_local(*system_.processes[entry.process], entry.bytes);
      rows.for_each(i, [&](std::size_t bit) {
        if (is_no_op(local, entry, messages[bit])) acting.clear(i, bit);
      });
    }
  });
  return acting;
}

// What is known to act later would be dropped all the same where the next pass first meets it, and
// that pass would be in vain. So all such pairs are kept, met or not, where there are not too many.
void Machine::keep_ahead(const std::vector<std::uint64_t>& dropped, const std::vector<Id>& messages,
                         const std::vector<std::vector<Id>>& before, KeepSet& keep,
                         unsigned jobs) const {
  constexpr std::size_t pairs_max = std::size_t{1} << 21;
  if (locals_.size() * messages.size() > pairs_max) return;
  std::vector<std::vector<std::size_t>> of_process(system_.size());
  for (const std::uint64_t key : dropped) {
    of_process[locals_[static_cast<Id>(key >> 32)].process].push_back(
        place_of(messages, static_cast<Id>(key)));
  }
  Rows all(locals_.size(), messages.size());
  for (std::size_t i = 0; i < locals_.size(); ++i) {
    for (const std::size_t bit : of_process[locals_[i].process]) all.set(i, bit);
  }
  const Rows acts = acting(all, messages, jobs);
  Rows alive = acts;
  spread_rows(alive, before);
  for (std::size_t i = 0; i < locals_.size(); ++i) {
    alive.for_each(i, [&](std::size_t bit) {
      if (!acts.get(i, bit)) keep_pair(pair_key(static_cast<Id>(i), messages[bit]), keep);
    });
  }
}

bool Machine::certify(KeepSet& keep, unsigned jobs) {
  if (dropped_.empty()) return true;
  if (symmetry_ != nullptr) symmetry_->close_tables();
  const std::size_t locals = locals_.size();
  const std::vector<std::vector<Id>> next = local_graph();
  std::vector<std::vector<Id>> before(locals);
  for (std::size_t from = 0; from < locals; ++from) {
    for (const Id to : next[from]) before[to].push_back(static_cast<Id>(from));
  }
  const std::vector<std::uint64_t> dropped = all_dropped();
  // Columns: the messages that were dropped somewhere.
  std::vector<Id> messages;
  for (const std::uint64_t key : dropped) messages.push_back(static_cast<Id>(key));
  std::ranges::sort(messages);
  messages.erase(std::unique(messages.begin(), messages.end()), messages.end());
  Rows ahead(locals, messages.size());  // dropped here or somewhere before
  for (const std::uint64_t key : dropped) {
    ahead.set(static_cast<Id>(key >> 32), place_of(messages, static_cast<Id>(key)));
  }
  spread_rows(ahead, next);
  Rows alive = acting(ahead, messages, jobs);  // here, then here or ahead
  spread_rows(alive, before);
  bool certified = true;
  for (const std::uint64_t key : dropped) {
    if (!alive.get(static_cast<Id>(key >> 32), place_of(messages, static_cast<Id>(key)))) continue;
    keep_pair(key, keep);
    certified = false;
  }
  if (!certified) keep_ahead(dropped, messages, before, keep, jobs);
  return certified || options_.sabotage == Sabotage::dead_messages_skip_a_pass;
}

}  // namespace gainsay
