// What may happen next, each input of an actor with a rank that a strategy
// gives it when it comes up. Whether it can do anything is looked up only when
// its turn has come.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "explorer/hunt/walk.hpp"

namespace gainsay {

class Pending {
 public:
  struct Item {
    std::uint8_t actor = 0;
    Id input = 0;
    std::uint64_t rank = 0;
    std::uint64_t spent = 0;  // the epoch in which it was seen to do nothing
  };
  struct Picked {
    Item item;
    Move move;
  };

  void clear() { actors_.clear(); }
  // All inputs of an actor come up anew.
  void forget(std::size_t actor) {
    if (actor >= actors_.size()) return;
    actors_[actor].version = 0;
    actors_[actor].items.clear();
  }
  // One of them does.
  void forget(std::size_t actor, Id input);
  Item* find(std::size_t actor, Id input);

  // Ranks what is new, in an order that depends on content alone.
  template <class RankOf>
  void refresh(const Walk& walk, RankOf&& rank_of) {
    actors_.resize(walk.actors());
    for (std::size_t actor = 0; actor < actors_.size(); ++actor) {
      Actor& known = actors_[actor];
      if (known.version == walk.version(actor)) continue;
      now_.clear();
      walk.for_each_input(actor, [&](Id input) {
        // Mostly they are in the order in which they were.
        const std::size_t place = now_.size();
        const bool stayed = place < known.items.size() && known.items[place].input == input;
        const Item* met = stayed ? &known.items[place] : find(actor, input);
        Item item{.actor = static_cast<std::uint8_t>(actor), .input = input};
        if (met != nullptr) {
          item = *met;
        } else {
          item.rank = rank_of(item);
        }
        now_.push_back(item);
      });
      known.version = walk.version(actor);
      known.items.swap(now_);
    }
  }
  // Of those that can do something the one with the least value(item); none:
  // there is none.
  template <class Value>
  std::optional<Picked> least(const Walk& walk, RandomStream& random, Value&& value) {
    order_.clear();
    for (Actor& actor : actors_) {
      for (Item& item : actor.items) {
        const bool is_spent = item.spent != 0 && item.spent == walk.epoch(item.actor);
        if (!is_spent) order_.emplace_back(value(item), &item);
      }
    }
    const auto later = [](const auto& a, const auto& b) { return a.first > b.first; };
    std::ranges::make_heap(order_, later);
    while (!order_.empty()) {
      std::ranges::pop_heap(order_, later);
      Item& item = *order_.back().second;
      order_.pop_back();
      const auto move = walk.move_of(item.actor, item.input, random);
      if (move) return Picked{.item = item, .move = *move};
      item.spent = walk.epoch(item.actor);
    }
    return std::nullopt;
  }

 private:
  struct Actor {
    std::uint64_t version = 0;
    std::vector<Item> items{};
  };

  std::vector<Actor> actors_;
  std::vector<Item> now_;                               // of the actor that is refreshed
  std::vector<std::pair<std::uint64_t, Item*>> order_;  // a heap
};

}  // namespace gainsay
