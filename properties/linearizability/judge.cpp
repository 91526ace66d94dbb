#include "properties/linearizability/judge.hpp"

#include <algorithm>
#include <tuple>

#include "properties/linearizability/core.hpp"
#include "properties/linearizability/race.hpp"
#include "properties/linearizability/unique_writes.hpp"

namespace gainsay::linearizability {

namespace {

// Objects are apart, and of one object the keys, where the model has any; keys that one operation
// touches together are together.
class Partitions {
 public:
  Partitions(const Model& model, const TimedHistory& history, bool by_key) {
    std::vector<Id> keys_of_kind;
    for (const Kind& kind : history.kinds()) {
      const bool keyed = by_key && model.keys;
      keys_of_kind.push_back(key_list(keyed ? model.keys(kind.call) : std::vector<std::string>()));
    }
    const auto& operations = history.operations();
    std::vector<Id> place_of;  // of each operation
    place_of.reserve(operations.size());
    for (const Operation& operation : operations) {
      place_of.push_back(join(operation.object, lists_[keys_of_kind[operation.kind]]));
    }
    std::vector<Id> partition_of(parents_.size(), no_partition);
    for (Id id = 0; id < operations.size(); ++id) {
      Id& partition = partition_of[find(place_of[id])];
      if (partition == no_partition) {
        partition = static_cast<Id>(members.size());
        members.emplace_back();
      }
      members[partition].push_back(id);
    }
  }

  std::vector<std::vector<Id>> members;  // operations

 private:
  static constexpr Id no_partition = ~Id{0};

  Id key_list(const std::vector<std::string>& names) {
    std::vector<Id> list;
    for (const std::string& name : names) {
      list.push_back(keys_.try_emplace(name, static_cast<Id>(keys_.size() + 1)).first->second);
    }
    // Operations without a key are one partition of their object.
    if (list.empty()) list.push_back(0);
    if (list.size() > 1) {
      lists_.push_back(std::move(list));
      return static_cast<Id>(lists_.size() - 1);
    }
    const auto [found, added] = single_.try_emplace(list[0], static_cast<Id>(lists_.size()));
    if (added) lists_.push_back(std::move(list));
    return found->second;
  }

  Id join(Id object, const std::vector<Id>& keys) {
    const Id first = place(object, keys[0]);
    for (std::size_t i = 1; i < keys.size(); ++i)
      parents_[find(place(object, keys[i]))] = find(first);
    return first;
  }
  Id place(Id object, Id key) {
    const auto [found, added] =
        index_.try_emplace(std::uint64_t{object} << 32 | key, static_cast<Id>(parents_.size()));
    if (added) parents_.push_back(found->second);
    return found->second;
  }
  Id find(Id key) {
    while (parents_[key] != key) key = parents_[key] = parents_[parents_[key]];
    return key;
  }

  boost::unordered_flat_map<std::string, Id> keys_;
  boost::unordered_flat_map<Id, Id> single_;  // lists of one key
  std::vector<std::vector<Id>> lists_;
  boost::unordered_flat_map<std::uint64_t, Id> index_;  // of places: an object and a key
  std::vector<Id> parents_;
};

// One order of all operations from orders of the partitions: each operation takes effect as early
// as the order of its partition allows, which is before it returns.
std::vector<Id> merged(const TimedHistory& history, const std::vector<std::vector<Id>>& orders) {
  std::vector<std::tuple<Moment, std::size_t, std::size_t>> points;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    Moment point = 0;
    for (std::size_t j = 0; j < orders[i].size(); ++j) {
      point = std::max(point, history.operations()[orders[i][j]].invoked);
      points.emplace_back(point, i, j);
    }
  }
  std::ranges::sort(points);
  std::vector<Id> order;
  order.reserve(points.size());
  for (const auto& [point, i, j] : points) order.push_back(orders[i][j]);
  return order;
}

// One partition; `part` becomes what of it cannot be ordered.
Judgement judge_partition(const Model& model, const TimedHistory& history, std::vector<Id>& part,
                          const Limits& limits) {
  // Partitions of keys are plain registers of their own; a whole store is not one.
  if (limits.partition || !model.keys) {
    if (auto fast = judge_unique_writes(model, history, part)) {
      if (fast->verdict == Verdict::not_linearizable) part = fast->core;
      return std::move(*fast);
    }
  }
  Judgement judgement =
      race(model, history, part, {.bytes_max = limits.bytes_max, .stop = &limits.stop});
  if (judgement.verdict == Verdict::not_linearizable && limits.explain) {
    Break found = find_break(model, history, part, judgement.broken_by, limits);
    judgement.broken_by = found.broken_by;
    judgement.prefix_has_order = found.prefix_has_order;
    judgement.states_before = std::move(found.states_before);
  }
  return judgement;
}

// The judgements of the partitions, put together.
class Verdicts {
 public:
  Verdicts(const TimedHistory& history, std::size_t partitions) : history_(history) {
    whole_.verdict = Verdict::linearizable;
    whole_.partitions = partitions;
  }

  void add(Judgement one, std::vector<Id> part) {
    whole_.configurations += one.configurations;
    whole_.by_fast_path += one.by_fast_path;
    switch (one.verdict) {
      case Verdict::linearizable:
        orders_.push_back(std::move(one.order));
        return;
      case Verdict::not_linearizable:
        if (broken_.empty() || returned(one.broken_by) < returned(whole_.broken_by)) {
          whole_.broken_by = one.broken_by;
          whole_.prefix_has_order = one.prefix_has_order;
          whole_.states_before = std::move(one.states_before);
          broken_ = std::move(part);
        }
        whole_.verdict = Verdict::not_linearizable;
        return;
      case Verdict::unknown:
        whole_.unknown_because = one.unknown_because;
        if (whole_.verdict == Verdict::linearizable) whole_.verdict = Verdict::unknown;
        return;
    }
  }

  Judgement finish(const Model& model, const Limits& limits) {
    if (whole_.verdict == Verdict::linearizable) whole_.order = merged(history_, orders_);
    if (whole_.verdict != Verdict::not_linearizable) return std::move(whole_);
    whole_.prefix_has_order = whole_.prefix_has_order && whole_.unknown_because.empty();
    whole_.unknown_because.clear();
    if (limits.explain) {
      Core core = find_core(model, history_, broken_, whole_.broken_by, limits);
      whole_.core = std::move(core.operations);
      whole_.core_is_minimal = core.minimal;
    }
    return std::move(whole_);
  }

 private:
  Moment returned(Id id) const { return history_.operations()[id].returned; }

  const TimedHistory& history_;
  Judgement whole_;
  std::vector<std::vector<Id>> orders_;
  std::vector<Id> broken_;  // what cannot be ordered
};

}  // namespace

Judgement judge(const Model& model, const TimedHistory& history, const Limits& limits) {
  auto parts = std::move(Partitions(model, history, limits.partition).members);
  Verdicts verdicts(history, parts.size());
  for (std::vector<Id>& part : parts) {
    Judgement one = judge_partition(model, history, part, limits);
    verdicts.add(std::move(one), std::move(part));
  }
  return verdicts.finish(model, limits);
}

}  // namespace gainsay::linearizability
