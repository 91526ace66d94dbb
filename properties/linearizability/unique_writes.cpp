#include "properties/linearizability/unique_writes.hpp"

#include <algorithm>
#include <tuple>

namespace gainsay::linearizability {

namespace {

constexpr Id none = ~Id{0};

// The write of a value and the reads that saw it. One cluster must come before another when an
// operation of it returned before one of the other was invoked; clusters have an order unless two
// of them must each come before the other.
struct Cluster {
  Id write = none;  // none for the initial value, which was written at the beginning of time
  Id first_return = none, last_invoked = none;  // operations
  Moment low = never;                           // the earliest return, and
  Moment high = 0;                              // the latest invocation, of moments counted from 1
  bool forward() const { return low < high; }
};

struct Item {
  Id operation = 0;
  Id value = 0;
  bool write = false;
};

class Zones {
 public:
  static constexpr Id initial_value = 0;

  Zones(const TimedHistory& history, const std::vector<Item>& items, std::size_t values)
      : history_(history), items_(items), clusters_(values), reads_(values) {}

  // Is there an order of what was invoked until this moment? What returned later is open.
  bool ordered_until(Moment end) {
    conflict_.clear();
    std::ranges::fill(clusters_, Cluster{});
    for (auto& reads : reads_) reads.clear();
    clusters_[initial_value].low = 0;
    for (const Item& item : items_) {
      if (item.write && invoked(item.operation) <= end)
        clusters_[item.value].write = item.operation;
    }
    for (const Item& item : items_) {
      const Moment returned = history_.operations()[item.operation].returned;
      if (invoked(item.operation) > end || (!item.write && returned > end)) continue;
      if (!item.write && !add_read(item)) return false;
      widen(clusters_[item.value], item.operation, returned <= end ? returned : never);
    }
    find_zones();
    return forward_zones_are_apart() && backward_zones_fit();
  }

  // REQUIRES: ordered_until(never) has just said yes.
  std::vector<Id> order() {
    std::vector<std::tuple<Moment, bool, Id>> places;
    for (const Id value : forward_) places.emplace_back(clusters_[value].low, true, value);
    for (const Id value : backward_) {
      // A point of the zone that lies in no forward zone.
      const Moment high = clusters_[value].high;
      const Cluster* before = last_forward_below(high);
      const Moment point = before != nullptr ? std::max(high, before->high) : high;
      places.emplace_back(point, false, value);
    }
    std::ranges::sort(places);
    std::vector<Id> order;
    for (const auto& [point, forward, value] : places) {
      if (clusters_[value].write != none) order.push_back(clusters_[value].write);
      std::ranges::sort(reads_[value], {}, [&](Id read) { return invoked(read); });
      order.insert(order.end(), reads_[value].begin(), reads_[value].end());
    }
    return order;
  }

  // Operations that have no order among themselves, after ordered_until has said no.
  const std::vector<Id>& conflict() const { return conflict_; }

 private:
  Moment invoked(Id operation) const { return history_.operations()[operation].invoked; }

  bool add_read(const Item& read) {
    const Id write = clusters_[read.value].write;
    if (read.value != initial_value) {
      const Moment returned = history_.operations()[read.operation].returned;
      if (write == none) conflict_ = {read.operation};
      if (write != none && returned < invoked(write)) conflict_ = {read.operation, write};
      if (!conflict_.empty()) return false;
    }
    reads_[read.value].push_back(read.operation);
    return true;
  }

  void widen(Cluster& cluster, Id operation, Moment returned) const {
    if (returned != never && returned + 1 < cluster.low) {
      cluster.low = returned + 1;
      cluster.first_return = operation;
    }
    if (invoked(operation) + 1 > cluster.high) {
      cluster.high = invoked(operation) + 1;
      cluster.last_invoked = operation;
    }
  }

  void find_zones() {
    forward_.clear();
    backward_.clear();
    for (Id value = 0; value < clusters_.size(); ++value) {
      const Cluster& cluster = clusters_[value];
      if (cluster.forward()) forward_.push_back(value);
      // A write that never returned and that nobody saw need not have happened.
      const bool happened = cluster.low != never || !reads_[value].empty();
      if (!cluster.forward() && happened && value != initial_value) backward_.push_back(value);
    }
    std::ranges::sort(forward_, {}, [&](Id value) { return clusters_[value].low; });
  }

  bool conflicting(const Cluster& a, const Cluster& b) {
    if (!(a.low < b.high && b.low < a.high)) return false;
    for (const Cluster* cluster : {&a, &b}) {
      for (const Id id : {cluster->write, cluster->first_return, cluster->last_invoked}) {
        if (id != none) conflict_.push_back(id);
      }
    }
    std::ranges::sort(conflict_);
    conflict_.erase(std::unique(conflict_.begin(), conflict_.end()), conflict_.end());
    return true;
  }

  bool forward_zones_are_apart() {
    for (std::size_t i = 1; i < forward_.size(); ++i) {
      if (conflicting(clusters_[forward_[i - 1]], clusters_[forward_[i]])) return false;
    }
    return true;
  }

  const Cluster* last_forward_below(Moment moment) const {
    const auto after = std::ranges::lower_bound(forward_, moment, {},
                                                [&](Id value) { return clusters_[value].low; });
    return after == forward_.begin() ? nullptr : &clusters_[*(after - 1)];
  }

  // Forward zones are apart, so only the last that begins before a backward zone can contain it.
  bool backward_zones_fit() {
    for (const Id value : backward_) {
      const Cluster* before = last_forward_below(clusters_[value].high);
      if (before != nullptr && conflicting(*before, clusters_[value])) return false;
    }
    return true;
  }

  const TimedHistory& history_;
  const std::vector<Item>& items_;
  std::vector<Cluster> clusters_;       // by value
  std::vector<std::vector<Id>> reads_;  // by value
  std::vector<Id> forward_, backward_;  // values
  std::vector<Id> conflict_;
};

struct Items {
  std::vector<Item> items;
  std::size_t values = 1;
};

// None unless all are reads and writes, of which no two write the same value.
std::optional<Items> items_of(const Model& model, const TimedHistory& history,
                              std::span<const Id> operations) {
  if (!model.access) return std::nullopt;
  Items result;
  boost::unordered_flat_map<std::string, Id> values = {{model.access_initial, 0}};
  std::vector<bool> written = {true};
  for (const Id id : operations) {
    const Operation& operation = history.operations()[id];
    const auto access = model.access(history.kind_of(id));
    if (!access) {
      // A read that never returned says nothing; anything else is no register's.
      if (operation.returned == never && model.observes && model.observes(history.kind_of(id)))
        continue;
      return std::nullopt;
    }
    const auto [place, added] = values.try_emplace(access->value, static_cast<Id>(values.size()));
    if (added) written.push_back(false);
    const Id value = place->second;
    if (access->write && written[value]) return std::nullopt;
    written[value] = written[value] || access->write;
    result.items.push_back({.operation = id, .value = value, .write = access->write});
  }
  result.values = values.size();
  return result;
}

}  // namespace

std::optional<Judgement> judge_unique_writes(const Model& model, const TimedHistory& history,
                                             std::span<const Id> operations) {
  const std::optional<Items> items = items_of(model, history, operations);
  if (!items) return std::nullopt;
  Zones zones(history, items->items, items->values);
  if (zones.ordered_until(never)) {
    return Judgement{.verdict = Verdict::linearizable, .order = zones.order(), .by_fast_path = 1};
  }
  std::vector<Id> returned;
  for (const Id id : operations) {
    if (history.operations()[id].returned != never) returned.push_back(id);
  }
  const auto moment = [&](Id id) { return history.operations()[id].returned; };
  std::ranges::stable_sort(returned, {}, moment);
  const auto broken = std::ranges::partition_point(
      returned, [&](Id id) { return zones.ordered_until(moment(id)); });
  zones.ordered_until(moment(*broken));
  return Judgement{.verdict = Verdict::not_linearizable,
                   .broken_by = *broken,
                   .prefix_has_order = true,
                   .core = zones.conflict(),
                   .by_fast_path = 1};
}

}  // namespace gainsay::linearizability
