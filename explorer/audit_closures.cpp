// Closures: dropped messages stay no-ops, merged local states stay alike.
#include <algorithm>

#include "explorer/audit.hpp"

namespace gainsay {

// --- dead messages ---

void Audit::read_drops() {
  for (const std::uint64_t pair : machine_.dropped_) {
    const Id state = locals_[static_cast<Id>(pair >> 32)];
    const Id message = mail_[static_cast<Id>(pair)];
    drops_.push_back(pair_key(state, message));
    for (std::size_t g = 0; g < elements(); ++g) {
      const auto element = static_cast<Element>(g);
      dropped_.insert(pair_key(image(state, element), message_image(message, element)));
    }
  }
  report_.drops = drops_.size();
}

// In fifo what a limit forbids blocks its link, and a no-op is an event. One that is not up takes
// no messages.
bool Audit::is_no_op(Id state, Id message) {
  if (states_[state].status != LocalState::Status::up) return true;
  const bool fifo = system_.bounds.network == Network::fifo;
  const Runs& all = runs(state, message);
  if (fifo && all.limited) return false;
  for (const Did& did : all.dids) {
    if (did.after == none || !did.sends.empty() || !did.labels.empty()) return false;
    if (!same(did.after, state) || (fifo && did.breaks)) return false;
  }
  return true;
}

// For each process and message that was dropped somewhere: from all places where it was, along all
// explored steps, in plain breadth first order. What merged local states lead to is one place.
void Audit::check_drops() {
  std::map<Id, std::set<Id>> next;  // between classes of local states
  for (const auto& [state, input] : met_) {
    for (std::size_t g = 0; g < elements(); ++g) {
      const auto element = static_cast<Element>(g);
      const Id from = image(state, element);
      for (const Did& did : runs(state, input).dids) {
        if (did.after == none) continue;
        next[root(from)].insert(root(image(did.after, element)));
      }
    }
  }
  std::map<Id, std::vector<Id>> members;
  for (Id state = 0; state < states_.size(); ++state) {
    if (states_[state].in_table) members[root(state)].push_back(state);
  }
  std::map<std::pair<std::uint8_t, Id>, std::set<Id>> sources;
  for (const std::uint64_t pair : dropped_) {
    const auto state = static_cast<Id>(pair >> 32);
    sources[{states_[state].process, static_cast<Id>(pair)}].insert(root(state));
  }
  for (const auto& [where, from] : sources) {
    std::vector<Id> reached(from.begin(), from.end());
    std::unordered_set<Id> met(from.begin(), from.end());
    for (std::size_t i = 0; i < reached.size(); ++i) {
      for (const Id state : members[reached[i]]) {
        if (is_no_op(state, where.second)) continue;
        disagree("a message is dropped that does something later: " + text(state, where.second));
        return;
      }
      for (const Id to : next[reached[i]]) {
        if (met.insert(to).second) reached.push_back(to);
      }
    }
  }
}

// --- merges ---

void Audit::read_merges() {
  if (machine_.options_.merges == nullptr) return;
  for (const auto& [key, into] : machine_.options_.merges->all()) {
    const Id a = state_of(key.first, key.second);
    const Id b = state_of(key.first, into);
    merges_.emplace_back(a, b);
    states_[a].into = b;
    for (std::size_t g = 0; g < elements(); ++g) {
      const auto element = static_cast<Element>(g);
      const Id one = root(image(a, element));
      const Id other = root(image(b, element));
      if (one != other) states_[one].above = other;
    }
  }
  report_.merges = merges_.size();
}

// The messages that a process was ever sent: what waits in one of its cells, and what was dropped.
std::set<Id> Audit::known_to(std::uint8_t process) {
  std::set<Id> known;
  for (std::size_t g = 0; g < elements(); ++g) {
    const auto element = static_cast<Element>(g);
    const auto is_it = [&](std::uint8_t other) {
      return setting_.group == nullptr ? other == process
                                       : setting_.group->image(element, {other}).value == process;
    };
    for (std::size_t i = 0; i < machine_.cells_.size(); ++i) {
      if (!is_it(machine_.cells_[i].process)) continue;
      for (const Id message : inbox(static_cast<Id>(i))) {
        known.insert(message_image(message, element));
      }
    }
    for (const std::uint64_t pair : drops_) {
      if (!is_it(states_[static_cast<Id>(pair >> 32)].process)) continue;
      known.insert(message_image(static_cast<Id>(pair), element));
    }
  }
  return known;
}

// What others can see of an event, and which class it leads to. What nobody sees and stays in its
// class is nothing: it may be no event for what is merged with it.
std::set<std::pair<std::string, Id>> Audit::behaviour(Id state, Id input) {
  std::set<std::pair<std::string, Id>> all;
  for (const Did& did : runs(state, input).dids) {
    if (did.quiet && same(did.after, state)) continue;
    all.emplace(did.effect, did.after == none ? none : root(did.after));
  }
  return all;
}

void Audit::check_merges() {
  std::map<std::uint8_t, std::vector<Id>> known;
  for (const auto& [a, b] : merges_) {
    const std::uint8_t process = states_[a].process;
    if (!known.contains(process)) {
      const std::set<Id> all = known_to(process);
      known[process] = {all.begin(), all.end()};
    }
    std::set<Id> events;
    for (const Id state : {a, b}) {
      const std::vector<Id> able = inputs(state, known[process]);
      events.insert(able.begin(), able.end());
    }
    const auto shows = [&](Id state) {
      return std::pair(states_[state].status, states_[state].shown);
    };
    if (shows(a) != shows(b) || breaks_step(a, b)) {
      disagree("merged local states are seen to differ: " + text(a) + ", and " + text(b));
    }
    for (const Id input : events) {
      const auto can = [&](Id state) {
        return is_message(input) || std::ranges::count(own_inputs(state), input) > 0;
      };
      const auto none_at_all = std::set<std::pair<std::string, Id>>{};
      const auto of_a = can(a) ? behaviour(a, input) : none_at_all;
      const auto of_b = can(b) ? behaviour(b, input) : none_at_all;
      if (of_a == of_b) continue;
      disagree("merged local states do not do the same: " + text(a, input) + ", and " + text(b));
      return;
    }
  }
}

}  // namespace gainsay
