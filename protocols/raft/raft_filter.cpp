// What a step of a long run can have broken. Logs are compared by hashes of their prefixes, which
// are kept beside them and grow with them, so that a step costs what it changed.
//
// That a log has not changed is known by its last index and the term there; every so often the
// whole of it is compared. A variant that changes entries below an unchanged end is therefore found
// late.
//
// What a snapshot stands for is committed. Its prefix is the one that this log had, or, where the
// snapshot came from a leader, the one that was committed; anything else is worth judging. Prefixes
// that lie behind every node's snapshot are forgotten.
#include <algorithm>
#include <map>

#include "engine/reflect.hpp"
#include "protocols/raft/raft.hpp"

namespace gainsay::raft {

namespace {

struct Prefix {
  Term term = 0;
  Hash128 hash;  // of all entries up to there
};

// By index, from 1 on; the first ones may be forgotten.
template <class T>
class ByIndex {
 public:
  Index last() const { return forgotten_ + static_cast<Index>(kept_.size()); }
  bool has(Index index) const { return index > forgotten_ && index <= last(); }
  bool forgot(Index index) const { return index <= forgotten_; }
  // REQUIRES: it has this index.
  T& operator[](Index index) { return kept_[index - forgotten_ - 1]; }
  const T& operator[](Index index) const { return kept_[index - forgotten_ - 1]; }
  void push_back(const T& one) { kept_.push_back(one); }
  // Returns what it cuts off.
  std::vector<T> cut_behind(Index index) {
    const auto first = kept_.begin() + (index - forgotten_);
    std::vector<T> rest(first, kept_.end());
    kept_.erase(first, kept_.end());
    return rest;
  }
  void forget_before(Index index) {
    if (index <= forgotten_ + 1) return;
    const auto count = std::min<std::size_t>(index - 1 - forgotten_, kept_.size());
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(count));
    forgotten_ = index - 1;
  }
  // There is nothing but this.
  void begin_at(Index index, const T& one) {
    forgotten_ = index - 1;
    kept_.assign(1, one);
  }

 private:
  Index forgotten_ = 0;
  std::vector<T> kept_;
};

struct First : Prefix {
  NodeId holder;
};

struct Mirror {
  const Node* node = nullptr;
  ByIndex<Prefix> log;
  Index base = 0;  // of its snapshot
  Hash128 snapshot;
  Term term = 0;
  Index commit = 0;
  bool leads = false;
  PerNode<Index> match;
  std::uint32_t steps = 0;  // since the whole log was compared
};

constexpr std::uint32_t steps_between_comparisons = 100'000;

class Filter final : public RunFilter {
 public:
  explicit Filter(std::uint32_t nodes) : mirrors_(nodes) {}

  bool may_break(NodeId id, const void* state, bool is_up) override {
    const Node& node = *static_cast<const Node*>(state);
    Mirror& mirror = mirrors_[id.value];
    mirror.node = &node;
    broken_step_ = {};
    if (is_up && node.started && node.commit < mirror.commit) {
      broken_step_ = "commit index monotonic";
    }
    if (node.durable.term < mirror.term) broken_step_ = "term monotonic";
    const bool new_term = node.durable.term != mirror.term;
    const bool leads = node.role == Role::leader;
    const bool new_leader = leads && (!mirror.leads || new_term);
    bool broken = take_log(id, node);
    mirror.term = node.durable.term;
    mirror.leads = leads;
    broken = take_commit(mirror, node) || broken;
    broken = take_match(id, node, new_leader) || broken;
    if (new_leader) broken = !is_complete(id) || two_lead(id) || broken;
    return broken || !broken_step_.empty();
  }
  std::string_view broken_step() const override { return broken_step_; }

 private:
  // As of its encoding, but that the terms it covers are taken by runs.
  static Hash128 hash_of(Term term, const Snapshot& snapshot) {
    static_assert(boost::pfr::tuple_size_v<Snapshot> == 5);  // no field is forgotten
    Writer writer;
    encode(term, writer);
    encode(snapshot.last_index, writer);
    encode(snapshot.store, writer);
    encode(snapshot.sessions, writer);
    encode(snapshot.members, writer);
    snapshot.covered.for_each_run([&](Term one, std::size_t count) {
      encode(one, writer);
      encode(count, writer);
    });
    return content_hash(writer.bytes());
  }

  static Hash128 next(const Hash128& hash, const Entry& entry) {
    return gainsay::mix(1, hash, content_hash(encoded(entry)));
  }

  // True where an entry differs from another one of the same index and term, or where there was
  // another one in its place.
  bool take_log(NodeId id, const Node& node) {
    Mirror& mirror = mirrors_[id.value];
    const Index last = node.last_index();
    const Index before = mirror.log.last();
    const bool compares = ++mirror.steps >= steps_between_comparisons;
    bool differs = node.base() != mirror.base && !take_snapshot(id, node);
    const bool unchanged =
        last == before && (last == 0 || node.term_at(last) == mirror.log[last].term);
    if (unchanged && !compares) return differs;
    Index same = compares ? node.base() : std::min(last, mirror.log.last());
    if (compares) mirror.steps = 0;
    while (same > node.base() && node.term_at(same) != mirror.log[same].term) --same;
    differs = differs || last < before;
    const std::vector<Prefix> old = mirror.log.cut_behind(same);
    for (Index index = same + 1; index <= last; ++index) {
      const Entry& entry = node.durable.log[node.place(index)];
      const Hash128 before_it = index == 1 ? Hash128{} : mirror.log[index - 1].hash;
      const Hash128 hash = !compares && is_like_first(id, index, before_it, entry)
                               ? first_[index].hash
                               : next(before_it, entry);
      const std::size_t place = index - same - 1;
      differs = differs || (place < old.size() && old[place].hash != hash);
      mirror.log.push_back({.term = entry.term, .hash = hash});
      differs = !is_known(index, mirror.log[index], id) || differs;
    }
    return differs;
  }

  // False where the snapshot stands for something else than what this log had or what was
  // committed, or differs from another one up to the same entry.
  bool take_snapshot(NodeId id, const Node& node) {
    Mirror& mirror = mirrors_[id.value];
    mirror.base = node.base();
    if (mirror.base == 0) {  // it had one
      mirror.log = {};
      return false;
    }
    const Entry& entry = node.durable.log.front();
    mirror.snapshot = hash_of(entry.term, *node.snapshot());
    const bool had = mirror.log.has(mirror.base) && mirror.log[mirror.base].term == entry.term;
    bool good = had;
    if (had) {
      mirror.log.forget_before(mirror.base);
    } else {
      // What was there must be the beginning of what is there now, or entries were replaced.
      const Index last = mirror.log.last();
      const bool extends = last == 0 || (committed_.has(last) && mirror.log.has(last) &&
                                         committed_[last].hash == mirror.log[last].hash);
      good = extends && committed_.has(mirror.base) && last < mirror.base &&
             committed_[mirror.base].term == entry.term;
      mirror.log.begin_at(mirror.base,
                          good ? committed_[mirror.base] : Prefix{entry.term, mirror.snapshot});
    }
    for (const Mirror& other : mirrors_) {
      good = good && (other.base != mirror.base || other.snapshot == mirror.snapshot);
    }
    forget();
    return good;
  }

  // What lies behind the snapshots of all.
  void forget() {
    Index least = mirrors_[0].base;
    for (const Mirror& mirror : mirrors_) least = std::min(least, mirror.base);
    first_.forget_before(least);
    committed_.forget_before(least);
    std::erase_if(others_, [&](const auto& one) { return (one.first & 0xffffffff) < least; });
  }

  // Somebody else, who had the first entry of this index, still has it, behind the same prefix, and
  // this one is equal: then its hash is known.
  bool is_like_first(NodeId id, Index index, const Hash128& before_it, const Entry& entry) const {
    if (!first_.has(index) || first_[index].term != entry.term) return false;
    const First& first = first_[index];
    if (first.holder == id) return false;
    const Mirror& holder = mirrors_[first.holder.value];
    const auto has = [&](Index at, const Hash128& hash) {
      return holder.log.has(at) && holder.log[at].hash == hash;
    };
    if (!has(index, first.hash) || (index > 1 && !has(index - 1, before_it))) return false;
    const bool is_there = index > holder.node->base() && index <= holder.node->last_index();
    return is_there && same(holder.node->durable.log[holder.node->place(index)], entry);
  }

  static bool same(const Entry& a, const Entry& b) {
    const auto* one = std::get_if<Command>(&a.command);
    const auto* other = std::get_if<Command>(&b.command);
    if (one == nullptr || other == nullptr) return equal(a, b);
    return a.term == b.term && one->request == other->request && one->operation == other->operation;
  }

  // The first entry of an index and term that was seen is the only one.
  bool is_known(Index index, const Prefix& prefix, NodeId holder) {
    if (first_.forgot(index)) return false;
    while (first_.last() < index) first_.push_back({});
    First& first = first_[index];
    if (first.term == 0) first = {prefix, holder};
    if (first.term == prefix.term) return first.hash == prefix.hash;
    const std::uint64_t key = (std::uint64_t{prefix.term} << 32) | index;
    return others_.try_emplace(key, prefix.hash).first->second == prefix.hash;
  }

  bool take_commit(Mirror& mirror, const Node& node) {
    const Index before = std::exchange(mirror.commit, node.commit);
    if (node.commit == before) return false;
    if (node.commit > mirror.log.last()) return true;
    for (Index index = std::max(before + 1, mirror.base); index <= node.commit; ++index) {
      if (index == 0 || committed_.forgot(index)) continue;
      const Prefix& prefix = mirror.log[index];
      if (committed_.has(index)) {
        if (committed_[index].hash != prefix.hash) return true;
      } else if (index == committed_.last() + 1) {
        committed_.push_back(prefix);
      }
    }
    // Leaders of this term or a later one have what is committed.
    return std::ranges::any_of(mirrors_, [&](const Mirror& leader) {
      return leader.leads && mirror.term <= leader.term && !holds(leader, mirror, node.commit);
    });
  }

  // Two logs are the same up to an index. What a snapshot stands for is what was committed, and
  // what all snapshots stand for is the same.
  bool holds(const Mirror& mirror, const Mirror& other, Index index) const {
    if (index == 0) return true;
    if (mirror.log.last() < index || other.log.last() < index) return false;
    if (mirror.log.forgot(index) && other.log.forgot(index)) return true;
    const ByIndex<Prefix>& a = mirror.log.has(index) ? mirror.log : committed_;
    const ByIndex<Prefix>& b = other.log.has(index) ? other.log : committed_;
    return a.has(index) && b.has(index) && a[index].hash == b[index].hash;
  }

  bool is_complete(NodeId id) const {
    const Mirror& leader = mirrors_[id.value];
    return std::ranges::all_of(mirrors_, [&](const Mirror& other) {
      const Index committed = std::min(other.commit, other.log.last());
      return other.term > leader.term || holds(leader, other, committed);
    });
  }

  bool two_lead(NodeId id) const {
    const Mirror& leader = mirrors_[id.value];
    const auto same = std::ranges::count_if(
        mirrors_, [&](const Mirror& other) { return other.leads && other.term == leader.term; });
    return same > 1;
  }

  // What a leader takes for matching does match, and does not become less.
  bool take_match(NodeId id, const Node& node, bool new_leader) {
    Mirror& leader = mirrors_[id.value];
    if (!leader.leads) {
      leader.match.clear();
      return false;
    }
    bool broken = false;
    for (std::size_t i = 0; i < node.match.size(); ++i) {
      const NodeId to = node_id(i);
      const Index now = node.match[to];
      const Index before = new_leader || leader.match.empty() ? 0 : leader.match[to];
      if (now == before) continue;
      const Mirror& other = mirrors_[i];
      if (now < before) broken_step_ = "match index monotonic";
      broken = broken || (other.term <= leader.term && !holds(leader, other, now));
    }
    leader.match = node.match;
    return broken;
  }

  std::string_view broken_step_;
  std::vector<Mirror> mirrors_;
  ByIndex<First> first_;
  std::map<std::uint64_t, Hash128> others_;  // by term and index
  ByIndex<Prefix> committed_;
};

}  // namespace

std::unique_ptr<RunFilter> make_filter(std::uint32_t nodes) {
  return std::make_unique<Filter>(nodes);
}

}  // namespace gainsay::raft
