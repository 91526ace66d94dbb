#include "properties/linearizability/partitions.hpp"

namespace gainsay::linearizability {

namespace {

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

}  // namespace

std::vector<std::vector<Id>> partitions(const Model& model, const TimedHistory& history,
                                        bool by_key) {
  return std::move(Partitions(model, history, by_key).members);
}

}  // namespace gainsay::linearizability
