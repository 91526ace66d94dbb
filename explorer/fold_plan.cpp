#include "explorer/fold_plan.hpp"

#include <algorithm>
#include <cstddef>

namespace gainsay {

namespace {

// A word, or words joined to a key.
struct Item {
  std::uint64_t mask = 0;
  unsigned bits = 0;
  std::size_t slot = 0;       // of a word
  std::vector<Item> members;  // of a key
  bool is_key() const { return !members.empty(); }
};

// Bits that an item must get: what grows fast needs room at once.
unsigned need(const Item& item) {
  constexpr unsigned quiet = 5;
  return std::min(FoldPlan::width_max, item.bits + (item.bits > quiet ? 1U : 0U));
}

unsigned need(const std::vector<Item>& items) {
  unsigned sum = 0;
  for (const Item& item : items) sum += need(item);
  return sum;
}

// The members of one key with both; a key is opened when its members still fit.
std::vector<Item> joined(const Item& a, const Item& b) {
  std::vector<Item> members;
  for (const Item* item : {&a, &b}) {
    if (item->is_key()) {
      members.insert(members.end(), item->members.begin(), item->members.end());
    } else {
      members.push_back(*item);
    }
  }
  if (need(members) <= FoldPlan::key_bits_max) return members;
  for (const auto& [key, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    if (!key->is_key()) continue;
    members = key->members;
    members.push_back(*other);
    if (need(members) <= FoldPlan::key_bits_max) return members;
  }
  return {a, b};
}

// Widths that fill the key: the spare bits go where the square of the bits promises most growth.
std::vector<unsigned> widths_of(const std::vector<Item>& items, unsigned room) {
  std::vector<unsigned> widths;
  for (const Item& item : items) widths.push_back(need(item));
  for (unsigned left = room - std::min(room, need(items)); left > 0; --left) {
    std::size_t best = items.size();
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (widths[i] == FoldPlan::width_max) continue;
      const auto spare = [&](std::size_t at) {  // per promise
        return static_cast<double>(widths[at] - items[at].bits + 1) /
               static_cast<double>(items[at].bits * items[at].bits);
      };
      if (best == items.size() || spare(i) < spare(best)) best = i;
    }
    if (best == items.size()) break;
    ++widths[best];
  }
  return widths;
}

// Places the items of a key, and gives those that are keys themselves their numbers first.
void place(FoldPlan& plan, const std::vector<Item>& items, std::uint8_t key, unsigned room,
           const std::vector<std::uint8_t>& keys) {
  const std::vector<unsigned> widths = widths_of(items, room);
  unsigned shift = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::size_t item = items[i].is_key() ? plan.slots + keys[i] : items[i].slot;
    plan.places[item] = {.key = key,
                         .shift = static_cast<std::uint8_t>(shift),
                         .width = static_cast<std::uint8_t>(widths[i])};
    shift += widths[i];
  }
  if (key == plan.inner) plan.root_bits = std::max(shift, 1U);
}

std::size_t keys_in(const std::vector<Item>& items) {
  std::size_t count = 0;
  for (const Item& item : items) {
    if (item.is_key()) count += 1 + keys_in(item.members);
  }
  return count;
}

// Numbers the keys below, the inner ones first; returns those of `items`.
std::vector<std::uint8_t> place_below(FoldPlan& plan, const std::vector<Item>& items,
                                      std::uint8_t& next) {
  std::vector<std::uint8_t> keys(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].is_key()) continue;
    const std::vector<std::uint8_t> below = place_below(plan, items[i].members, next);
    keys[i] = next++;
    place(plan, items[i].members, keys[i], FoldPlan::key_bits_max, below);
  }
  return keys;
}

}  // namespace

FoldPlan FoldPlan::make(const std::vector<unsigned>& bits, unsigned root_room,
                        const std::function<unsigned(std::uint64_t mask)>& distinct_bits) {
  root_room = std::min(root_room, key_bits_max);
  std::vector<Item> items;
  for (std::size_t slot = 0; slot < bits.size(); ++slot) {
    items.push_back(
        {.mask = std::uint64_t{1} << slot, .bits = std::max(1U, bits[slot]), .slot = slot});
  }
  while (items.size() > 1 && need(items) > root_room) {
    // The two that vary least, as in a Huffman tree.
    std::ranges::stable_sort(items, {}, &Item::bits);
    Item key{.mask = items[0].mask | items[1].mask, .members = joined(items[0], items[1])};
    key.bits = std::clamp(distinct_bits(key.mask), 1U, width_max);
    items.erase(items.begin(), items.begin() + 2);
    items.push_back(std::move(key));
  }
  FoldPlan plan{.slots = bits.size(), .inner = keys_in(items)};
  plan.places.resize(plan.slots + plan.inner);
  std::uint8_t next = 0;
  const std::vector<std::uint8_t> keys = place_below(plan, items, next);
  place(plan, items, static_cast<std::uint8_t>(plan.inner), root_room, keys);
  return plan;
}

}  // namespace gainsay
