#include "explorer/hunt/pending.hpp"

namespace gainsay {

Pending::Item* Pending::find(std::size_t actor, Id input) {
  if (actor >= actors_.size()) return nullptr;
  const auto at = std::ranges::find(actors_[actor].items, input, &Item::input);
  return at == actors_[actor].items.end() ? nullptr : &*at;
}

void Pending::forget(std::size_t actor, Id input) {
  if (actor >= actors_.size()) return;
  actors_[actor].version = 0;
  std::erase_if(actors_[actor].items, [&](const Item& item) { return item.input == input; });
}

}  // namespace gainsay
