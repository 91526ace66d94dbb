#include "explorer/subsumption.hpp"

#include <algorithm>

namespace gainsay {

std::size_t Antichains::group_of(const Id* world) {
  const std::size_t processes = machine_.system().size();
  Id prefix = 0;
  for (std::size_t slot = 0; slot < machine_.slots(); ++slot) {
    if (slot == machine_.budget_slot()) continue;
    const Id word = slot < processes ? machine_.local_of(world[slot]) : world[slot];
    // The length of what was read is part of the prefix: its number is new at every slot.
    prefix = prefixes_.try_emplace(pair_key(prefix, word), static_cast<Id>(prefixes_.size() + 1))
                 .first->second;
  }
  if (prefix >= group_index_.size()) group_index_.resize(std::size_t{prefix} * 2 + 1, none);
  if (group_index_[prefix] == none) {
    group_index_[prefix] = static_cast<Id>(groups_.size());
    groups_.emplace_back();
  }
  return group_index_[prefix];
}

bool Antichains::is_subset(Id inbox, Id of) {
  if (inbox == of) return true;
  const auto [known, is_new] = subsets_.try_emplace(pair_key(inbox, of), false);
  if (is_new) {
    const std::vector<Id>& small = machine_.envelopes_of(inbox);
    const std::vector<Id>& large = machine_.envelopes_of(of);
    known->second = small.size() < large.size() && std::ranges::includes(large, small);
  }
  return known->second;
}

bool Antichains::allows(BudgetUsed less, BudgetUsed more) const {
  std::uint32_t less_sum = 0;
  std::uint32_t more_sum = 0;
  for (std::size_t i = 0; i < budget_kinds; ++i) {
    const auto kind = static_cast<BudgetKind>(i);
    if (less.count(kind) > more.count(kind) && !sums_budgets_) return false;
    less_sum += less.count(kind);
    more_sum += more.count(kind);
  }
  return less_sum <= more_sum;
}

// Both: one inbox for each process, then the budget used.
bool Antichains::is_subsumed(const Id* poorer, const Id* richer) {
  const std::size_t processes = machine_.system().size();
  if (!allows(BudgetUsed(richer[processes]), BudgetUsed(poorer[processes]))) return false;
  for (std::size_t i = 0; i < processes; ++i) {
    if (!is_subset(poorer[i], richer[i])) return false;
  }
  return true;
}

// The inboxes and the budget used, of the world and of its renamings that change nothing else.
std::vector<std::vector<Id>> Antichains::images_of(const Id* world) {
  const std::size_t processes = machine_.system().size();
  const auto words_of = [&](const Id* image) {
    std::vector<Id> words;
    for (std::size_t i = 0; i < processes; ++i) words.push_back(machine_.inbox_of(image[i]));
    words.push_back(machine_.budget_slot() == Machine::npos ? 0 : image[machine_.budget_slot()]);
    return words;
  };
  std::vector<std::vector<Id>> images = {words_of(world)};
  if (symmetry_ == nullptr) return images;
  std::vector<Id> renamed(machine_.slots());
  for (const Symmetry::Index g : symmetry_->stabiliser(world)) {
    if (g == 0) continue;
    symmetry_->image(world, g, renamed.data());
    images.push_back(words_of(renamed.data()));
  }
  std::sort(images.begin() + 1, images.end());
  images.erase(std::unique(images.begin(), images.end()), images.end());
  return images;
}

bool Antichains::subsumes(const Id* world) {
  const std::size_t size = machine_.system().size() + 1;
  const std::vector<std::uint32_t>& kept = groups_[group_of(world)].kept;
  return std::ranges::any_of(images_of(world), [&](const std::vector<Id>& image) {
    return std::ranges::any_of(kept, [&](std::uint32_t at) {
      return is_subsumed(image.data(), words_.data() + std::size_t{at} * size);
    });
  });
}

bool Antichains::insert(const Id* world) {
  const std::size_t processes = machine_.system().size();
  const std::vector<std::vector<Id>> images = images_of(world);
  const std::vector<Id>& candidate = images.front();
  std::vector<std::uint32_t>& kept = groups_[group_of(world)].kept;
  const auto words = [&](std::uint32_t at) {
    return words_.data() + std::size_t{at} * (processes + 1);
  };
  for (const std::vector<Id>& image : images) {
    if (std::ranges::any_of(
            kept, [&](std::uint32_t at) { return is_subsumed(image.data(), words(at)); })) {
      return false;
    }
  }
  for (const std::vector<Id>& image : images) {
    std::erase_if(kept, [&](std::uint32_t at) { return is_subsumed(words(at), image.data()); });
  }
  kept.push_back(static_cast<std::uint32_t>(words_.size() / (processes + 1)));
  words_.insert(words_.end(), candidate.begin(), candidate.end());
  ++size_;
  return true;
}

}  // namespace gainsay
