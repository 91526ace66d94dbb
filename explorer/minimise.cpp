// Local minimisation, in async: local states of one process that no future tells apart are merged.
// They have equal views and, for every event known so far, equal sends, labels and faults and
// successors that are merged too. A pass learns merges by partition refinement over its local
// graph; the next pass replaces each local state by what stands for it as soon as a handler returns
// it.
//
// Soundness: the certificate. After the pass all that was merged is looked at again, over all
// messages ever sent to the process and all its other events, with the handlers themselves: what is
// merged must look the same, do the same and lead to what is merged. That makes the merges a
// bisimulation, so the pass has the views, sends, labels and faults of every run. Where it fails,
// merges are learnt anew from all that is known by then, and the pass is repeated. What was learnt
// from can only fail when a message is new, so this ends.
//
// With symmetry the merges are a relation that renaming leaves alone: to the refinement a renaming
// is one more event, and the messages sent to a process are closed under renaming. So the renamings
// permute the classes, and the merged system, whose local states are classes, is one on which the
// group acts: a local state's image is what stands for its renaming. Which member stands for a
// class is then of no importance; members are compared by it and never by themselves. All that is
// said of symmetry, of dead messages and of silent steps is said of the merged system.
//
// A step that stays in its class and does nothing else may be no event at all for what is merged
// with it. So nothing is merged where a property of steps objects to a view that stays as it is.
#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "explorer/check.hpp"
#include "explorer/machine.hpp"
#include "explorer/parallel.hpp"
#include "explorer/symmetry.hpp"

namespace gainsay {

const Bytes& Machine::stand_in(std::uint8_t process, const Bytes& local) const {
  return options_.merges == nullptr ? local : options_.merges->root(process, local);
}

bool Machine::renames_merges() const {
  return symmetry_ != nullptr && options_.sabotage != Sabotage::merges_not_renamed;
}

// What a local state does at one event with one set of answers.
struct Machine::Behaviour {
  Hash128 label;            // of the event, the answers and the effects: sends, labels, fault
  Bytes successor;          // empty for a fault
  bool may_vanish = false;  // it has no effects: where it stays in its class, it is no event
};

bool Machine::is_uncounted(const LocalEvent& event) const {
  return event.kind == LocalEvent::Kind::deliver ||
         (event.kind == LocalEvent::Kind::timer && !system_.bounds.timeouts);
}

// The outcomes of one event; nothing of it is kept. What fails is only different, no finding.
void Machine::run_all(std::uint8_t process, const LocalState& local, const LocalEvent& event,
                      std::vector<Behaviour>& out) const {
  const bool uncounted = is_uncounted(event);
  std::vector<std::uint32_t> script;
  for (bool more = true; more;) {
    LocalState after = local.copy();
    const StepResult step = run_event(after, event, system_.place({process}), script);
    more = next_script(script, step);
    Writer label;
    label.integer(static_cast<std::uint64_t>(event.kind));
    label.integer(event.from.value);
    label.text(event.message);
    label.integer(event.timer);
    for (const std::uint32_t answer : step.answers) label.integer(answer + 1);
    label.integer(0);
    if (step.fault != StepResult::Fault::none) {
      label.text("!" + step.message);
      out.push_back({.label = content_hash(label.bytes()), .successor = {}});
      continue;
    }
    const bool crash = event.kind == LocalEvent::Kind::crash;
    if (!crash && is_outside_limits({process}, after)) continue;
    for (const Sent& sent : step.sends) {
      label.integer(sent.to.value);
      label.text(sent.message);
    }
    if (!step.labels.empty()) label.integer(processes_max);
    for (const Label& one : step.labels) {
      label.integer(static_cast<std::uint64_t>(one.kind));
      label.text(one.value);
    }
    const bool no_effects = step.sends.empty() && step.labels.empty();
    out.push_back({.label = content_hash(label.bytes()),
                   .successor = encode_local(after),
                   .may_vanish = uncounted && no_effects && crash_of(step.answers).at == 0});
  }
}

// All that a local state can do with what is known; what changes nothing is left out.
std::vector<Machine::Behaviour> Machine::behaviour_of(std::uint8_t process, const Bytes& bytes,
                                                      const Heard& heard) const {
  std::vector<Behaviour> all;
  const LocalState local = decode_local(*system_.processes[process], bytes);
  if (local.status == LocalState::Status::down) {
    if (system_.bounds.restarts > 0) run_all(process, local, event_of_input(restart_input), all);
  } else {
    LocalEvent delivery{.kind = LocalEvent::Kind::deliver};
    for (const auto& [from, message] : heard[process]) {
      delivery.from = from;
      delivery.message = message;
      run_all(process, local, delivery, all);
    }
    for (const Id input : own_inputs(process, local.timers)) {
      run_all(process, local, event_of_input(input), all);
    }
  }
  std::erase_if(all,
                [&](const Behaviour& one) { return one.may_vanish && one.successor == bytes; });
  return all;
}

// Closed under renaming, as all of it is.
void Machine::hear(Heard& heard) const {
  heard.resize(size_);
  const std::size_t elements = renames_merges() ? symmetry_->group().size() : 1;
  std::vector<std::set<Id>> closed(size_);
  for (std::size_t process = 0; process < size_; ++process) {
    for (const Id envelope : known_[process]) {
      if (!closed[process].insert(envelope).second) continue;
      heard[process].emplace(envelopes_[envelope].from, envelopes_[envelope].message);
      for (std::size_t h = 1; h < elements; ++h) {
        const auto g = static_cast<Group::Index>(h);
        const Id image = symmetry_->known_envelope(envelope, g);
        const NodeId to = symmetry_->group().image(g, node_id(process));
        if (!closed[to.value].insert(image).second) continue;
        heard[to.value].emplace(envelopes_[image].from, envelopes_[image].message);
      }
    }
  }
}

// Local states by content, and what tells them apart.
struct Machine::LocalGraph {
  struct Edge {
    Hash128 label;
    Hash128 leaf;           // where it leads, by content
    Id successor = ~Id{0};  // the same, where it is a node
    bool may_vanish = false;
  };
  std::vector<Merges::Key> nodes;
  std::vector<Hash128> shown;
  std::vector<std::vector<Edge>> edges;
  std::vector<std::uint8_t> alone;  // is not to be merged

  Hash128 signature(std::size_t node, const std::vector<Id>& classes) const;
  std::vector<Id> refine(unsigned jobs) const;
};

// What tells a local state apart, given the classes so far.
Hash128 Machine::LocalGraph::signature(std::size_t node, const std::vector<Id>& classes) const {
  if (alone[node] != 0) return mix(3, {0, node});
  Hash128 sum = mix(nodes[node].first, shown[node]);
  for (const Edge& edge : edges[node]) {
    const bool inside = edge.successor != ~Id{0};
    if (edge.may_vanish && inside && classes[edge.successor] == classes[node]) continue;
    const Hash128 target = inside ? Hash128{0, classes[edge.successor]} : edge.leaf;
    sum += mix(inside ? 1 : 2, edge.label, target);
  }
  return sum;
}

// The coarsest classes that nothing tells apart.
std::vector<Id> Machine::LocalGraph::refine(unsigned jobs) const {
  std::vector<Id> classes(nodes.size(), 0);
  std::vector<Hash128> signatures(nodes.size());
  for (std::size_t known = 0;;) {
    parallel_chunks(nodes.size(), 64, jobs, [&](unsigned, std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) signatures[i] = signature(i, classes);
    });
    std::map<std::pair<Id, Hash128>, Id> numbers;
    for (std::size_t i = 0; i < classes.size(); ++i) {
      const auto next = static_cast<Id>(numbers.size());
      classes[i] = numbers.try_emplace({classes[i], signatures[i]}, next).first->second;
    }
    if (numbers.size() == known) return classes;
    known = numbers.size();
  }
}

// Fills in what belongs to the nodes.
void Machine::draw(LocalGraph& graph, const Heard& heard, unsigned jobs) const {
  const std::size_t count = graph.nodes.size();
  std::map<Merges::Key, Id> index;
  for (std::size_t i = 0; i < count; ++i) index.emplace(graph.nodes[i], static_cast<Id>(i));
  const std::vector<Group::Index> renamings =
      renames_merges() ? symmetry_->group().generators() : std::vector<Group::Index>{};
  graph.shown.resize(count);
  graph.edges.resize(count);
  graph.alone.assign(count, 0);
  const auto edge_to = [&](std::uint8_t process, const Bytes& bytes) {
    LocalGraph::Edge edge{.label = {}, .leaf = content_hash(bytes)};
    const auto known = index.find({process, bytes});
    if (known != index.end()) edge.successor = known->second;
    return edge;
  };
  parallel_chunks(count, 4, jobs, [&](unsigned, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::uint8_t process = graph.nodes[i].first;
      const Bytes& bytes = graph.nodes[i].second;
      const LocalState state = decode_local(*system_.processes[process], bytes);
      Writer view;
      view.integer(static_cast<std::uint64_t>(state.status));
      state.process->encode_view(view);
      graph.shown[i] = content_hash(view.bytes());
      for (const Behaviour& one : behaviour_of(process, bytes, heard)) {
        graph.edges[i].push_back(edge_to(process, one.successor));
        graph.edges[i].back().label = one.label;
        graph.edges[i].back().may_vanish = one.may_vanish;
      }
      for (const Group::Index g : renamings) {
        const NodeId to = symmetry_->group().image(g, {process});
        graph.edges[i].push_back(edge_to(byte_of(to), symmetry_->rename_local(process, bytes, g)));
        graph.edges[i].back().label = {~std::uint64_t{0}, g};
      }
    }
  });
}

bool Machine::certify_merges(Heard& heard, unsigned jobs) {
  if (options_.merges == nullptr || options_.sabotage == Sabotage::merges_unchecked) return true;
  if (symmetry_ != nullptr) symmetry_->close_tables();
  hear(heard);
  LocalGraph graph;
  std::map<Merges::Key, Id> roots;
  std::vector<Id> classes;
  const auto add = [&](const Merges::Key& node, Id of) {
    graph.nodes.push_back(node);
    classes.push_back(of);
  };
  for (const auto& [member, root] : options_.merges->all()) {
    const Merges::Key key{member.first, root};
    const auto [at, is_new] = roots.try_emplace(key, static_cast<Id>(roots.size()));
    if (is_new) add(key, at->second);
    add(member, at->second);
  }
  draw(graph, heard, jobs);
  std::vector<std::optional<Hash128>> signatures(roots.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Hash128 signature = graph.signature(i, classes);
    std::optional<Hash128>& first = signatures[classes[i]];
    if (first && *first != signature) return false;
    first = signature;
  }
  return true;
}

std::size_t Machine::learn_merges(Merges& merges, Heard& heard, unsigned jobs) {
  if (symmetry_ != nullptr) symmetry_->close_tables();
  hear(heard);
  std::map<Merges::Key, bool> nodes;  // whether it is a local state of this pass
  for (const auto& [member, root] : options_.merges->all()) {
    nodes.emplace(member, false);
    nodes.emplace(Merges::Key{member.first, root}, false);
  }
  std::set<Merges::Key> alone;
  for (std::size_t i = 0; i < locals_.size(); ++i) {
    const LocalEntry& entry = locals_[i];
    if (entry.status == LocalState::Status::unstarted) continue;
    nodes[{entry.process, entry.bytes}] = true;
    const bool accepts = !options_.judge_step || options_.judge_step(entry, entry, false) == 0;
    if (!accepts) alone.emplace(entry.process, entry.bytes);
  }
  LocalGraph graph;
  for (const auto& [key, present] : nodes) graph.nodes.push_back(key);
  draw(graph, heard, jobs);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (alone.contains(graph.nodes[i])) graph.alone[i] = 1;
  }
  const std::vector<Id> classes = graph.refine(jobs);
  // What stands for others goes on to do so; else the least by content does.
  const auto order = [&](std::size_t i) {
    const Merges::Key& key = graph.nodes[i];
    return std::tuple(!nodes.at(key), key.second.size(), key.second);
  };
  std::map<Id, std::size_t> best;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto [at, is_new] = best.try_emplace(classes[i], i);
    if (!is_new && order(i) < order(at->second)) at->second = i;
  }
  merges = {};
  std::size_t merged = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const std::size_t into = best.at(classes[i]);
    if (into == i) continue;
    merges.add(graph.nodes[i].first, graph.nodes[i].second, graph.nodes[into].second);
    merged += nodes.at(graph.nodes[i]) ? 1U : 0U;
  }
  return merged;
}

}  // namespace gainsay
