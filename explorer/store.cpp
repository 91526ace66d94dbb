#include "explorer/store.hpp"

#include "explorer/check.hpp"

namespace gainsay {

FoldPlan FoldPlan::balanced(std::size_t slots) {
  FoldPlan plan{.slots = slots};
  struct Item {
    std::uint32_t index;
    std::uint64_t slots;
  };
  std::vector<Item> items;
  for (std::uint32_t i = 0; i < slots; ++i) items.push_back({i, std::uint64_t{1} << i});
  while (items.size() > 2) {
    std::vector<Item> parents;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      const std::uint64_t covered = items[i].slots | items[i + 1].slots;
      parents.push_back({static_cast<std::uint32_t>(slots + plan.inner.size()), covered});
      plan.inner.push_back({items[i].index, items[i + 1].index, covered});
    }
    if (items.size() % 2 == 1) parents.push_back(items.back());
    items = std::move(parents);
  }
  plan.root_left = items.front().index;
  plan.root_right = items.back().index;
  return plan;
}

namespace {

constexpr std::size_t worlds_max = std::size_t{1} << 36;

}  // namespace

WorldStore::WorldStore(std::size_t slots)
    : plan_(FoldPlan::balanced(slots)), pairs_(plan_.inner.size()), roots_(worlds_max) {
  if (slots > 64) throw UsageError("a world has at most 64 components");
}

void WorldStore::make_room(unsigned jobs, bool visited_is_full) {
  for (PairTable& table : pairs_) {
    while (table.must_grow()) table.grow(jobs);
  }
  if (visited_is_full) visited_.grow(jobs);
}

std::uint64_t WorldStore::bytes() const {
  std::uint64_t bytes = visited_.bytes() + roots_.bytes();
  for (const PairTable& table : pairs_) bytes += table.bytes();
  return bytes;
}

// Worlds are written as their words: a load folds them again, with any tables.
void WorldStore::save(Writer& writer, std::size_t worlds) const {
  std::vector<Id> items(this->items());
  writer.integer(worlds);
  for (std::size_t i = 0; i < worlds; ++i) {
    unfold(roots_[i], items.data());
    for (std::size_t slot = 0; slot < plan_.slots; ++slot) writer.integer(items[slot]);
  }
}

void WorldStore::load(Reader& reader) {
  Worker worker{};
  std::vector<Id> items(this->items());
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    for (std::size_t slot = 0; slot < plan_.slots; ++slot) {
      items[slot] = static_cast<Id>(reader.integer());
    }
    std::uint64_t root = no_root;
    while ((root = fold(items.data(), ~std::uint64_t{0}, worker)) == no_root) make_room(1, false);
    while (!visited_.reserve(1)) make_room(1, true);
    if (!visited_.insert(root)) throw DecodeError("a world is there twice");
    roots_[roots_.allocate(1)] = root;
  }
}

}  // namespace gainsay
