#include "explorer/store.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "explorer/check.hpp"

namespace gainsay {

namespace {

// Where [begin, end) is best split: REQUIRES at least two words.
std::size_t middle(const std::vector<std::uint32_t>& weights, std::size_t begin, std::size_t end) {
  const auto weight = [&](std::size_t from, std::size_t to) {
    std::uint64_t sum = 0;
    for (std::size_t i = from; i < to; ++i) sum += weights[i];
    return sum;
  };
  std::size_t best = begin + 1;
  std::uint64_t least = ~std::uint64_t{0};
  for (std::size_t at = begin + 1; at < end; ++at) {
    const std::uint64_t heavier = std::max(weight(begin, at), weight(at, end));
    if (heavier < least) {
      least = heavier;
      best = at;
    }
  }
  return best;
}

// The item that stands for the words [begin, end); children come before their parents.
std::uint32_t fold_range(FoldPlan& plan, const std::vector<std::uint32_t>& weights,
                         std::size_t begin, std::size_t end) {
  if (end - begin == 1) return static_cast<std::uint32_t>(begin);
  const std::size_t at = middle(weights, begin, end);
  FoldPlan::Node node{.left = fold_range(plan, weights, begin, at),
                      .right = fold_range(plan, weights, at, end)};
  for (std::size_t slot = begin; slot < end; ++slot) node.slots |= std::uint64_t{1} << slot;
  plan.inner.push_back(node);
  return static_cast<std::uint32_t>(plan.slots + plan.inner.size() - 1);
}

}  // namespace

FoldPlan FoldPlan::balanced(const std::vector<std::uint32_t>& weights) {
  FoldPlan plan{.slots = weights.size()};
  if (weights.size() == 1) return plan;
  const std::size_t at = middle(weights, 0, weights.size());
  plan.root_left = fold_range(plan, weights, 0, at);
  plan.root_right = fold_range(plan, weights, at, weights.size());
  return plan;
}

namespace {

constexpr std::size_t worlds_max = std::size_t{1} << 36;

}  // namespace

WorldStore::WorldStore(std::size_t slots)
    : plan_(FoldPlan::balanced(std::vector<std::uint32_t>(slots, 1))),
      pairs_(plan_.inner.size()),
      roots_(worlds_max) {
  if (slots > 64) throw UsageError("a world has at most 64 components");
}

// The logarithm of the number of values that each word has.
std::vector<std::uint32_t> WorldStore::weights() const {
  std::vector<std::vector<bool>> met(plan_.slots);
  std::vector<std::uint64_t> values(plan_.slots);
  std::vector<Id> items(this->items());
  for (std::size_t i = 0; i < roots_.size(); ++i) {
    unfold(roots_[i], items.data());
    for (std::size_t slot = 0; slot < plan_.slots; ++slot) {
      const Id word = items[slot];
      if (word >= met[slot].size()) met[slot].resize(std::size_t{word} * 2 + 64);
      if (met[slot][word]) continue;
      met[slot][word] = true;
      ++values[slot];
    }
  }
  std::vector<std::uint32_t> weights;
  for (const std::uint64_t count : values) {
    weights.push_back(static_cast<std::uint32_t>(std::bit_width(count)));
  }
  return weights;
}

bool WorldStore::replan() {
  FoldPlan plan = FoldPlan::balanced(weights());
  if (plan == plan_) return false;
  std::deque<PairTable> pairs(plan.inner.size());
  std::swap(plan, plan_);
  std::swap(pairs, pairs_);
  visited_.clear();
  Worker worker{};
  std::vector<Id> items(this->items());
  for (std::size_t i = 0; i < roots_.size(); ++i) {
    unfold(plan, pairs, roots_[i], items.data());
    roots_[i] = add(items.data(), worker);
  }
  return true;
}

std::uint64_t WorldStore::add(Id* items, Worker& worker) {
  std::uint64_t root = no_root;
  while ((root = fold(items, ~std::uint64_t{0}, worker)) == no_root) make_room(1, false);
  while (!visited_.reserve(1)) make_room(1, true);
  if (!visited_.insert(root)) throw DecodeError("a world is there twice");
  return root;
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
void WorldStore::save(std::size_t worlds, const std::function<void(BytesView)>& write) const {
  constexpr std::size_t piece = std::size_t{1} << 16;
  std::vector<Id> items(this->items());
  Writer writer;
  writer.integer(worlds);
  for (std::size_t i = 0; i < worlds; ++i) {
    unfold(roots_[i], items.data());
    for (std::size_t slot = 0; slot < plan_.slots; ++slot) writer.integer(items[slot]);
    if (writer.bytes().size() >= piece) write(writer.take());
  }
  write(writer.bytes());
}

void WorldStore::load(Reader& reader) {
  Worker worker{};
  std::vector<Id> items(this->items());
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    for (std::size_t slot = 0; slot < plan_.slots; ++slot) {
      items[slot] = static_cast<Id>(reader.integer());
    }
    const std::uint64_t root = add(items.data(), worker);
    roots_[roots_.allocate(1)] = root;
  }
}

}  // namespace gainsay
