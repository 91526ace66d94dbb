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
      const Id renamed = image(state, element);
      const Id of_it = message_image(message, element);
      drop_images_.insert(pair_key(renamed, of_it));
      dropped_.insert(pair_key(root(renamed), of_it));
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
  std::map<Id, std::set<Id>> next;     // between classes of local states
  std::map<Id, std::set<Id>> members;  // what the search has of each, and what renamings have
  for (const auto& [state, input] : met_) {
    for (const Did& did : runs(state, input).dids) {
      if (did.after == none) continue;
      for (std::size_t g = 0; g < elements(); ++g) {
        const auto element = static_cast<Element>(g);
        const Id from = image(state, element);
        const Id to = image(stand_in(did.after), element);
        next[root(from)].insert(root(to));
        members[root(from)].insert(from);
        members[root(to)].insert(to);
      }
    }
  }
  std::map<std::pair<std::uint8_t, Id>, std::set<Id>> sources;
  for (const std::uint64_t pair : drop_images_) {
    const auto state = static_cast<Id>(pair >> 32);
    sources[{states_[state].process, static_cast<Id>(pair)}].insert(root(state));
    members[root(state)].insert(state);
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

// With symmetry, each renaming of a merge for itself: nothing is known of handlers at local states
// that were merged away.
void Audit::check_merges() {
  std::map<std::uint8_t, std::vector<Id>> known;
  for (const auto& [a, b] : merges_) {
    for (std::size_t h = 0; h < elements(); ++h) {
      const auto g = static_cast<Element>(h);
      const std::uint8_t process = states_[image(a, g)].process;
      if (!known.contains(process)) {
        const std::set<Id> all = known_to(process);
        known[process] = {all.begin(), all.end()};
      }
      if (!check_merge(image(a, g), image(b, g), known[process])) return;
    }
  }
}

bool Audit::check_merge(Id a, Id b, const std::vector<Id>& known) {
  const auto shows = [&](Id state) {
    return std::pair(states_[state].status, states_[state].shown);
  };
  if (shows(a) != shows(b) || breaks_step(a, b)) {
    disagree("merged local states are seen to differ: " + text(a) + ", and " + text(b));
    return false;
  }
  std::set<Id> events;
  for (const Id state : {a, b}) {
    const std::vector<Id> able = inputs(state, known);
    events.insert(able.begin(), able.end());
  }
  // A timer that is armed in one of them only does nothing in the other.
  const auto what = [&](Id state, Id input) {
    const bool can = is_message(input) || std::ranges::count(own_inputs(state), input) > 0;
    return can ? behaviour(state, input) : std::set<std::pair<std::string, Id>>{};
  };
  for (const Id input : events) {
    if (what(a, input) == what(b, input)) continue;
    disagree("merged local states do not do the same: " + text(a, input) + ", and " + text(b));
    return false;
  }
  return true;
}

}  // namespace gainsay
