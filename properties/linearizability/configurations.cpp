#include "properties/linearizability/configurations.hpp"

#include <algorithm>
#include <bit>

namespace gainsay::linearizability {

Shape::Shape(const Problem& problem) : exact_(1 + (problem.slots + 63) / 64) {
  unsigned used = 64;
  for (const Unreturned& unreturned : problem.unreturned) {
    const auto bits = static_cast<unsigned>(std::bit_width(unreturned.operations.size()));
    if (used + bits + 1 > 64) {
      guards_.push_back(0);
      used = 0;
    }
    fields_.push_back({.word = exact_ + guards_.size() - 1,
                       .shift = used,
                       .mask = (std::uint64_t{1} << bits) - 1});
    guards_.back() |= std::uint64_t{1} << (used + bits);
    used += bits + 1;
  }
}

ConfigurationSet::ConfigurationSet(const Shape& shape) : shape_(shape), heads_(64, no_id) {}

// Multiply and rotate, as in wyhash's short form.
std::size_t ConfigurationSet::home(const std::uint64_t* words) const {
  std::uint64_t hash = 0x9e3779b97f4a7c15;
  for (std::size_t i = 0; i < shape_.exact(); ++i) {
    hash = std::rotl((hash ^ words[i]) * 0xbf58476d1ce4e5b9, 29);
  }
  hash ^= hash >> 32;
  return static_cast<std::size_t>(hash * 0x94d049bb133111eb >> 20) & (heads_.size() - 1);
}

bool ConfigurationSet::same_rest(const std::uint64_t* a, const std::uint64_t* b) const {
  return std::equal(a, a + shape_.exact(), b);
}

std::optional<Id> ConfigurationSet::insert(const std::uint64_t* words) {
  std::size_t place = home(words);
  while (heads_[place] != no_id && !same_rest((*this)[heads_[place]], words)) {
    place = (place + 1) & (heads_.size() - 1);
  }
  for (Id member = heads_[place]; member != no_id; member = older_[member]) {
    if (shape_.dominates((*this)[member], words)) return std::nullopt;
  }
  if (size_ % per_block == 0) {
    blocks_.push_back(std::make_unique<std::uint64_t[]>(per_block * shape_.words()));
  }
  std::copy_n(words, shape_.words(), blocks_.back().get() + size_ % per_block * shape_.words());
  const bool new_rest = heads_[place] == no_id;
  older_.push_back(heads_[place]);
  heads_[place] = size_;
  if (new_rest && ++rests_ * 2 > heads_.size()) grow();
  return size_++;
}

void ConfigurationSet::grow() {
  std::vector<Id> old(heads_.size() * 2, no_id);
  old.swap(heads_);
  for (const Id head : old) {
    if (head == no_id) continue;
    std::size_t place = home((*this)[head]);
    while (heads_[place] != no_id) place = (place + 1) & (heads_.size() - 1);
    heads_[place] = head;
  }
}

}  // namespace gainsay::linearizability
