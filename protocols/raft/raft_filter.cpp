// What a step of a long run can have broken. Logs are compared by hashes of their prefixes, which
// are kept beside them and grow with them, so that a step costs what it changed.
//
// That a log has not changed is known by its last index and the term there; every so often the
// whole of it is compared. A variant that changes entries below an unchanged end is therefore found
// late.
#include <algorithm>
#include <map>

#include "engine/reflect.hpp"
#include "protocols/raft/raft.hpp"

namespace gainsay::raft {

namespace {

// By index, from 1 on: the term, and a hash of all entries up to there.
struct Prefix {
  Term term = 0;
  Hash128 hash;
};

struct First : Prefix {
  NodeId holder;
};

struct Mirror {
  const Node* node = nullptr;
  std::vector<Prefix> log;
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
  static Hash128 next(const Hash128& hash, const Entry& entry) {
    return gainsay::mix(1, hash, content_hash(encoded(entry)));
  }

  // True where an entry differs from another one of the same index and term, or where there was
  // another one in its place.
  bool take_log(NodeId id, const Node& node) {
    Mirror& mirror = mirrors_[id.value];
    const Log& log = node.durable.log;
    const std::size_t before = mirror.log.size();
    const bool compares = ++mirror.steps >= steps_between_comparisons;
    const bool unchanged =
        log.size() == before && (log.empty() || log.back().term == mirror.log.back().term);
    if (unchanged && !compares) return false;
    std::size_t same = compares ? 0 : std::min(log.size(), before);
    if (compares) mirror.steps = 0;
    while (same > 0 && log[same - 1].term != mirror.log[same - 1].term) --same;
    mirror.log.resize(log.size());
    bool differs = log.size() < before;
    for (std::size_t i = same; i < log.size(); ++i) {
      const Hash128 before_it = i == 0 ? Hash128{} : mirror.log[i - 1].hash;
      const Hash128 hash = !compares && is_like_first(id, i, before_it, log[i])
                               ? first_[i].hash
                               : next(before_it, log[i]);
      differs = differs || (i < before && mirror.log[i].hash != hash);
      mirror.log[i] = {.term = log[i].term, .hash = hash};
      differs = !is_known(i, mirror.log[i], id) || differs;
    }
    return differs;
  }

  // Somebody else, who had the first entry of this place, still has it, behind the same prefix, and
  // this one is equal: then its hash is known.
  bool is_like_first(NodeId id, std::size_t place, const Hash128& before_it,
                     const Entry& entry) const {
    if (place >= first_.size() || first_[place].term != entry.term) return false;
    const First& first = first_[place];
    if (first.holder == id) return false;
    const Mirror& holder = mirrors_[first.holder.value];
    const auto has = [&](std::size_t at, const Hash128& hash) {
      return at < holder.log.size() && holder.log[at].hash == hash;
    };
    if (!has(place, first.hash) || (place > 0 && !has(place - 1, before_it))) return false;
    const Log& log = holder.node->durable.log;
    return place < log.size() && same(log[place], entry);
  }

  static bool same(const Entry& a, const Entry& b) {
    const auto* one = std::get_if<Command>(&a.command);
    const auto* other = std::get_if<Command>(&b.command);
    if (one == nullptr || other == nullptr) return equal(a, b);
    return a.term == b.term && one->request == other->request && one->operation == other->operation;
  }

  // The first entry of an index and term that was seen is the only one.
  bool is_known(std::size_t place, const Prefix& prefix, NodeId holder) {
    if (place >= first_.size()) first_.resize(place + 1);
    First& first = first_[place];
    if (first.term == 0) first = {prefix, holder};
    if (first.term == prefix.term) return first.hash == prefix.hash;
    const std::uint64_t key = (std::uint64_t{prefix.term} << 32) | place;
    return others_.try_emplace(key, prefix.hash).first->second == prefix.hash;
  }

  bool take_commit(Mirror& mirror, const Node& node) {
    const Index before = std::exchange(mirror.commit, node.commit);
    if (node.commit == before) return false;
    if (node.commit > mirror.log.size()) return true;
    for (std::size_t i = before; i < node.commit; ++i) {
      if (i < committed_.size()) {
        if (committed_[i] != mirror.log[i].hash) return true;
      } else if (i == committed_.size()) {
        committed_.push_back(mirror.log[i].hash);
      }
    }
    // Leaders of this term or a later one have what is committed.
    return std::ranges::any_of(mirrors_, [&](const Mirror& leader) {
      return leader.leads && mirror.term <= leader.term && !holds(leader, mirror, node.commit);
    });
  }

  static bool holds(const Mirror& mirror, const Mirror& other, Index index) {
    if (index == 0) return true;
    return mirror.log.size() >= index && other.log.size() >= index &&
           mirror.log[index - 1].hash == other.log[index - 1].hash;
  }

  bool is_complete(NodeId id) const {
    const Mirror& leader = mirrors_[id.value];
    return std::ranges::all_of(mirrors_, [&](const Mirror& other) {
      const auto committed =
          static_cast<Index>(std::min<std::size_t>(other.commit, other.log.size()));
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
  std::vector<First> first_;  // by place in a log
  std::map<std::uint64_t, Hash128> others_;
  std::vector<Hash128> committed_;  // by place
};

}  // namespace

std::unique_ptr<RunFilter> make_filter(std::uint32_t nodes) {
  return std::make_unique<Filter>(nodes);
}

}  // namespace gainsay::raft
