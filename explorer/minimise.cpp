// Local minimisation, in async: local states of one process that no future tells apart are merged.
// They have equal views and, for every event known so far, equal sends, labels and faults and
// successors that are merged too. A pass learns merges by partition refinement over its local
// graph; the next pass replaces each local state by what stands for it as soon as a handler returns
// it.
//
// Soundness: the certificate. After the pass every merge is checked again, over all messages ever
// sent to the process and all its other events, with the handlers themselves: the two must do the
// same and lead to local states with the same root. That makes the merges a bisimulation (up to
// equivalence, which is enough as the events are labelled), so the pass has the views, sends,
// labels and faults of every run. A merge that fails is undone for good, and the pass repeated.
//
// A step that stays in its class and does nothing else may be no event at all for what is merged
// with it. So nothing is merged where a property of steps objects to a view that stays as it is.
#include <algorithm>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "explorer/check.hpp"
#include "explorer/machine.hpp"
#include "explorer/parallel.hpp"

namespace gainsay {

const Bytes& Merges::root(std::uint8_t process, const Bytes& local) const {
  const Bytes* at = &local;
  if (parents_.empty()) return *at;
  for (auto found = parents_.find({process, *at}); found != parents_.end();
       found = parents_.find({process, *at})) {
    at = &found->second;
  }
  return *at;
}

bool Merges::add(std::uint8_t process, const Bytes& local, const Bytes& into) {
  const Key key{process, local};
  if (refused_.contains(key)) return false;
  parents_.emplace(key, into);
  return true;
}

void Merges::refuse(std::uint8_t process, const Bytes& local) {
  parents_.erase({process, local});
  refused_.emplace(process, local);
}

const Bytes& Machine::stand_in(std::uint8_t process, const Bytes& local) const {
  return options_.merges == nullptr ? local : options_.merges->root(process, local);
}

// One outcome of an event that does something.
struct Machine::Behaviour {
  Id input = 0;
  std::vector<std::uint32_t> answers;
  Bytes effects;    // sends, labels, fault
  Bytes successor;  // its root; empty for a fault
  friend auto operator<=>(const Behaviour&, const Behaviour&) = default;
  friend bool operator==(const Behaviour&, const Behaviour&) = default;
};

// The outcomes of one event; nothing of it is kept. What fails is only different, no finding.
void Machine::run_all(std::uint8_t process, const LocalState& local, Id input,
                      std::vector<Behaviour>& out) const {
  const LocalEvent event = event_of_input(input);
  std::vector<std::uint32_t> script;
  for (bool more = true; more;) {
    LocalState after = local.copy();
    const StepResult step = run_event(after, event, system_.place({process}), script);
    script = step.answers;
    more = next_script(script, step.options);
    if (step.fault != StepResult::Fault::none) {
      out.push_back({input, step.answers, "!" + step.message, {}});
      continue;
    }
    if (input != crash_input && is_outside_limits({process}, after)) continue;
    Writer effects;
    for (const Sent& sent : step.sends) {
      effects.integer(sent.to.value);
      effects.text(sent.message);
    }
    if (!step.labels.empty()) effects.integer(processes_max);
    for (const Label& label : step.labels) {
      effects.integer(static_cast<std::uint64_t>(label.kind));
      effects.text(label.value);
    }
    out.push_back({input, step.answers, effects.take(), encode_local(after)});
  }
}

// All that a local state can do with what is known; what changes and sends nothing is left out.
std::vector<Machine::Behaviour> Machine::behaviour_of(std::uint8_t process, const Bytes& bytes,
                                                      const Merges& merges) const {
  std::vector<Behaviour> all;
  const LocalState local = decode_local(*system_.processes[process], bytes);
  if (local.status == LocalState::Status::down) {
    if (system_.bounds.restarts > 0) run_all(process, local, restart_input, all);
  } else {
    for (const Id envelope : known_[process]) run_all(process, local, envelope, all);
    for (const Id input : own_inputs(process, local.timers)) run_all(process, local, input, all);
  }
  const Bytes& own = merges.root(process, bytes);
  for (Behaviour& one : all) {
    if (!one.successor.empty()) one.successor = merges.root(process, one.successor);
  }
  std::erase_if(all, [&](const Behaviour& one) {
    const bool counted = budget_of_input(one.input) != 0xff;
    return !counted && one.effects.empty() && one.successor == own;
  });
  return all;
}

bool Machine::certify_merges(Merges& merges, unsigned jobs) const {
  if (options_.merges == nullptr || options_.sabotage == Sabotage::merges_unchecked) return true;
  std::vector<std::pair<Merges::Key, Bytes>> edges(options_.merges->all().begin(),
                                                   options_.merges->all().end());
  std::vector<std::uint8_t> fails(edges.size(), 0);
  parallel_chunks(edges.size(), 4, jobs, [&](unsigned, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::uint8_t process = edges[i].first.first;
      const Bytes& local = edges[i].first.second;
      const auto shown = [&](const Bytes& bytes) {
        const LocalState state = decode_local(*system_.processes[process], bytes);
        Writer view;
        view.integer(static_cast<std::uint64_t>(state.status));
        state.process->encode_view(view);
        return view.take();
      };
      const bool same = shown(local) == shown(edges[i].second) &&
                        behaviour_of(process, local, *options_.merges) ==
                            behaviour_of(process, edges[i].second, *options_.merges);
      fails[i] = same ? 0 : 1;
    }
  });
  bool all_hold = true;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (fails[i] == 0) continue;
    merges.refuse(edges[i].first.first, edges[i].first.second);
    all_hold = false;
  }
  return all_hold;
}

namespace {

// What a local state does, for the refinement: a hash of event and effects, and where it leads.
struct Edge {
  Hash128 label;
  Hash128 leaf;             // of a successor that was not explored
  Id successor = ~Id{0};    // among the explored ones
  bool may_vanish = false;  // it has no effects: staying in one's class, it is no event
};

}  // namespace

std::size_t Machine::learn_merges(Merges& merges, unsigned jobs) const {
  const std::size_t count = locals_.size();
  std::vector<std::vector<Edge>> edges(count);
  std::vector<std::uint8_t> mergeable(count, 0);
  static const Merges none;
  const Merges& in_use = options_.merges == nullptr ? none : *options_.merges;
  parallel_chunks(count, 4, jobs, [&](unsigned, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const LocalEntry& entry = locals_[i];
      const bool accepts = !options_.judge_step || options_.judge_step(entry, entry, false) == 0;
      if (entry.status == LocalState::Status::unstarted || !accepts) continue;
      mergeable[i] = 1;
      for (const Behaviour& one : behaviour_of(entry.process, entry.bytes, in_use)) {
        Writer label;
        label.integer(one.input);
        for (const std::uint32_t answer : one.answers) label.integer(answer + 1);
        label.integer(0);
        label.raw(one.effects);
        Edge edge{.label = content_hash(label.bytes()),
                  .leaf = content_hash(one.successor),
                  .may_vanish = one.effects.empty() && budget_of_input(one.input) == 0xff};
        const auto known =
            local_index_.find(std::string(1, static_cast<char>(entry.process)) + one.successor);
        if (known != local_index_.end()) edge.successor = known->second;
        edges[i].push_back(edge);
      }
    }
  });
  // Classes: first by what is seen, then by where events lead, until no class splits.
  std::vector<Id> classes(count, 0);
  std::size_t known_classes = 0;
  for (bool first = true;; first = false) {
    std::map<Hash128, Id> numbers;
    std::vector<Id> next(count);
    for (std::size_t i = 0; i < count; ++i) {
      const LocalEntry& entry = locals_[i];
      Hash128 sum =
          first ? mix(entry.process, {static_cast<std::uint64_t>(entry.status), entry.shown})
                : mix(~std::uint64_t{0}, {0, classes[i]});
      for (const Edge& edge : edges[i]) {
        const bool explored = edge.successor != ~Id{0};
        const bool stays = explored && classes[edge.successor] == classes[i];
        if (edge.may_vanish && stays) continue;
        const Hash128 target = explored ? Hash128{0, classes[edge.successor]} : edge.leaf;
        sum += mix(explored ? 1 : 2, edge.label, target);
      }
      if (!mergeable[i]) sum = mix(3, {0, i});
      next[i] = numbers.try_emplace(sum, static_cast<Id>(numbers.size())).first->second;
    }
    classes = std::move(next);
    if (!first && numbers.size() == known_classes) break;
    known_classes = numbers.size();
  }
  // The least by content stands for its class.
  std::map<Id, Id> best;
  const auto order = [&](Id i) { return std::pair(locals_[i].bytes.size(), locals_[i].bytes); };
  for (Id i = 0; i < count; ++i) {
    const auto [at, is_new] = best.try_emplace(classes[i], i);
    if (!is_new && order(i) < order(at->second)) at->second = i;
  }
  std::size_t merged = 0;
  for (Id i = 0; i < count; ++i) {
    const Id into = best.at(classes[i]);
    if (into == i) continue;
    merged += merges.add(locals_[i].process, locals_[i].bytes, locals_[into].bytes) ? 1U : 0U;
  }
  return merged;
}

}  // namespace gainsay
