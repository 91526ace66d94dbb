// The adversary in the interned machine. What its Byzantine processes know is a word of the world
// of its own: a set of facts, which only grows, as correct processes send. What they can say is in
// every inbox from then on.
//
// Knowledge is part of the network: no property reads it, and more of it only adds messages, as
// `forge` is monotone (checked for every pair of words that one step leads between). So eager sends
// and subsumption keep their argument, with knowledge beside the inboxes. It is never reduced: a
// message that is dead at its receiver may still be what a forged certificate is made of, and has
// been learnt from when it was sent.
#include <algorithm>

#include "explorer/machine.hpp"

namespace gainsay {

Id Machine::intern_knowledge(const Knowledge& knowledge) {
  const Bytes bytes = knowledge.encode();
  const auto [at, is_new] =
      knowledge_index_.try_emplace(bytes, static_cast<Id>(knowledge_index_.size()));
  if (is_new) {
    knowledge_.push_back(bytes);
    forged_.push_back(knowledge.forge(system_));
  }
  return at->second;
}

// What can be said from the first on is there before anybody starts.
void Machine::let_say(std::vector<Id>& world) {
  for (const Forged& forged : Knowledge().forge(system_)) {
    Id& cell = world[forged.to.value];
    cell = with_message(cell, intern_envelope(forged.from, forged.message));
  }
}

std::uint64_t Machine::teach(Id* world, const Expansion& expansion, const Transition& transition) {
  const Id before = world[knowledge_slot_];
  Id after = before;
  for (std::size_t i = 0; i < transition.send_count; ++i) {
    after = learn(after, expansion.sends[transition.sends + i].envelope);
  }
  if (after == before) return 0;
  world[knowledge_slot_] = after;
  std::uint64_t changed = std::uint64_t{1} << knowledge_slot_;
  const Id lesson = lesson_between(before, after);
  for (std::size_t process = 0; process < size_; ++process) {
    const Id cell = gain(world[process], lesson);
    if (cell != world[process]) changed |= std::uint64_t{1} << process;
    world[process] = cell;
  }
  return changed;
}

// The knowledge after a message of a correct process.
Id Machine::learn(Id word, Id envelope) {
  return memoised(learnt_, word, envelope, [&] {
    Knowledge knowledge = Knowledge::decode(knowledge_[word]);
    knowledge.learn(system_, envelopes_[envelope].from, envelopes_[envelope].message);
    return intern_knowledge(knowledge);
  });
}

// From one word to another: what can be said in addition.
Id Machine::lesson_between(Id before, Id after) {
  return memoised(lessons_, before, after, [&] {
    taught_.push_back(gained(forged_[before], forged_[after]));
    return static_cast<Id>(taught_.size() - 1);
  });
}

// The cell with what can be said to its process in addition.
Id Machine::gain(Id cell, Id lesson) {
  return memoised(gained_, cell, lesson, [&] {
    const std::uint8_t process = cells_[cell].process;
    Id after = cell;
    for (const Forged& forged : taught_[lesson]) {
      if (forged.to.value != process) continue;
      after = with_message(after, intern_envelope(forged.from, forged.message));
    }
    return after;
  });
}

Hash128 Machine::hash_of_forging() const {
  Hash128 sum;
  for (std::size_t i = 0; i < knowledge_.size(); ++i) {
    Writer writer;
    for (const Forged& forged : forged_[i]) {
      writer.integer(forged.from.value);
      writer.integer(forged.to.value);
      writer.text(forged.message);
    }
    sum += mix(5, content_hash(knowledge_[i]), content_hash(writer.bytes()));
  }
  return sum;
}

}  // namespace gainsay
