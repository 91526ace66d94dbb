#include "explorer/group.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace gainsay {

namespace {

constexpr std::size_t points_max = 255;
constexpr std::size_t table_max = 720;  // elements of a group whose products are kept

bool may_exchange(const System& system, const Asymmetries& known, NodeId a, NodeId b) {
  if (known.broken.contains(std::minmax(a, b))) return false;
  if (a.value >= system.size()) return true;  // values of one set
  if (system.may_crash(a) != system.may_crash(b)) return false;
  return &system.processes[a.value]->state_type() == &system.processes[b.value]->state_type();
}

// Greedy, in id order; exact where exchanges are an equivalence, as those of automorphisms are.
void add_classes(const System& system, const Asymmetries& known, std::size_t begin, std::size_t end,
                 std::vector<std::vector<NodeId>>& classes) {
  std::vector<std::vector<NodeId>> found;
  for (std::size_t i = begin; i < end; ++i) {
    const NodeId id = node_id(i);
    const auto fits = std::ranges::find_if(found, [&](const std::vector<NodeId>& members) {
      return std::ranges::all_of(
          members, [&](NodeId member) { return may_exchange(system, known, member, id); });
    });
    if (fits == found.end()) {
      found.push_back({id});
    } else {
      fits->push_back(id);
    }
  }
  classes.insert(classes.end(), found.begin(), found.end());
}

}  // namespace

Points::Points(const System& system) : system_(&system), size_(system.size()) {
  std::vector<const Type*> types = {system.message_type, system.operation_type, system.result_type,
                                    system.label_type};
  for (const auto& process : system.processes) types.push_back(&process->state_type());
  for (const Observer& observer : system.observers) types.push_back(observer.state_type);
  std::vector<const Type*> sets;
  for (const Type* type : types) {
    if (type != nullptr) add_scalar_sets(*type, sets);
  }
  std::ranges::stable_sort(sets, {}, &Type::name);
  for (const Type* set : sets) {
    if (size_ + set->values > points_max) continue;  // to leave values alone is sound
    sets_.push_back({.type = set, .first = static_cast<std::uint8_t>(size_)});
    size_ += set->values;
  }
}

std::string Points::name(NodeId point) const {
  for (const ScalarSet& set : sets_) {
    if (point.value < set.first || point.value >= set.first + set.type->values) continue;
    return scalar_name(*set.type, point.value - std::uint64_t{set.first});
  }
  return system_->process_name(point);
}

std::string Points::names(const std::vector<NodeId>& points) const {
  std::string text;
  for (const NodeId point : points) {
    if (!text.empty()) text += ", ";
    text += name(point);
  }
  return text;
}

std::vector<std::vector<NodeId>> interchangeable(const System& system, const Asymmetries& known,
                                                 std::size_t permutations_max) {
  std::vector<std::vector<NodeId>> classes;
  if (known.hopeless) return classes;
  const std::size_t nodes = system.bounds.nodes;
  add_classes(system, known, 0, nodes, classes);
  add_classes(system, known, nodes, system.size(), classes);
  const Points points(system);
  for (const ScalarSet& set : points.sets()) {
    add_classes(system, known, set.first, std::size_t{set.first} + set.type->values, classes);
  }
  std::ranges::stable_sort(classes,
                           [](const auto& a, const auto& b) { return a.size() > b.size(); });
  std::size_t permutations = 1;
  for (std::vector<NodeId>& members : classes) {
    std::size_t kept = 1;
    while (kept < members.size() && permutations * (kept + 1) <= permutations_max) {
      permutations *= ++kept;
    }
    members.resize(kept);
  }
  std::erase_if(classes, [](const auto& members) { return members.size() < 2; });
  return classes;
}

Group::Group(std::size_t points, std::vector<std::vector<NodeId>> classes)
    : classes_(std::move(classes)) {
  std::vector<NodeId> identity;
  for (std::size_t i = 0; i < points; ++i) identity.push_back(node_id(i));
  elements_ = {identity};
  for (const std::vector<NodeId>& members : classes_) {
    std::vector<std::vector<NodeId>> more;
    std::vector<NodeId> arrangement = members;
    do {
      for (std::vector<NodeId> element : elements_) {
        for (std::size_t i = 0; i < members.size(); ++i) element[members[i].value] = arrangement[i];
        more.push_back(std::move(element));
      }
    } while (std::next_permutation(arrangement.begin(), arrangement.end()));
    elements_ = std::move(more);
  }
  if (size() > size_max) throw std::logic_error("a group is too large");
  if (size() > table_max) return;
  for (std::size_t g = 0; g < size(); ++g) {
    for (std::size_t h = 0; h < size(); ++h) {
      products_.push_back(multiply(static_cast<Index>(g), static_cast<Index>(h)));
    }
  }
}

template <class Image>
Group::Index Group::number(Image&& image) const {
  std::size_t number = 0;
  std::size_t base = 1;
  for (const std::vector<NodeId>& members : classes_) {
    std::size_t rank = 0;  // how many arrangements come before: Lehmer's code
    std::size_t arrangements = 1;
    for (std::size_t i = members.size(); i-- > 0;) {
      const NodeId here = image(members[i]);
      std::size_t smaller = 0;
      for (std::size_t j = i + 1; j < members.size(); ++j) {
        smaller += image(members[j]) < here ? 1U : 0U;
      }
      rank += smaller * arrangements;
      arrangements *= members.size() - i;
    }
    number += rank * base;
    base *= arrangements;
  }
  return static_cast<Index>(number);
}

Group::Index Group::multiply(Index g, Index h) const {
  const NodeId* const second = elements_[g].data();
  const NodeId* const first = elements_[h].data();
  return number([&](NodeId id) { return second[first[id.value].value]; });
}

std::vector<std::pair<NodeId, NodeId>> Group::exchanges() const {
  std::vector<std::pair<NodeId, NodeId>> pairs;
  for (const std::vector<NodeId>& members : classes_) {
    for (std::size_t i = 0; i < members.size(); ++i) {
      for (std::size_t j = i + 1; j < members.size(); ++j)
        pairs.emplace_back(members[i], members[j]);
    }
  }
  return pairs;
}

Group::Index Group::exchange(NodeId a, NodeId b) const {
  return number([&](NodeId id) { return id == a ? b : id == b ? a : id; });
}

std::vector<Group::Index> Group::generators() const {
  std::vector<Index> generators;
  for (const std::vector<NodeId>& members : classes_) {
    generators.push_back(exchange(members[0], members[1]));
    generators.push_back(number([&](NodeId id) {
      const auto at = std::ranges::find(members, id);
      if (at == members.end()) return id;
      return at + 1 == members.end() ? members.front() : *(at + 1);
    }));
  }
  return generators;
}

}  // namespace gainsay
