#include "explorer/ranks.hpp"

namespace gainsay {

Id Ranks::add(Id word) {
  const std::lock_guard lock(mutex_);
  const bool dense = word < dense_max;
  if (dense) ranks_.reach(std::size_t{word} + 1);
  const Id met = dense ? ranks_[word].load(std::memory_order_relaxed) : sparse_.find(word) + 1;
  if (met != 0) return met - 1;
  const auto rank = static_cast<Id>(words_.allocate(1));
  words_[rank] = word;
  if (dense) {
    ranks_[word].store(rank + 1, std::memory_order_release);
  } else {
    sparse_.insert(word, rank);
  }
  return rank;
}

}  // namespace gainsay
