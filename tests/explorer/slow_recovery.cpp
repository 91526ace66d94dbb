#include "tests/explorer/slow_recovery.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace gainsay::testing {

namespace {

struct Letter {
  NodeId from;
  Bytes message;
  friend auto operator<=>(const Letter&, const Letter&) = default;
};
struct World {
  std::vector<Bytes> locals;
  std::vector<std::vector<Letter>> inboxes;  // fifo: in order of arrival; else sorted
  friend auto operator<=>(const World&, const World&) = default;
};

struct Graph {
  Graph(const System& of, const Property& asked, std::size_t most, std::ptrdiff_t copies,
        bool only_some_timers)
      : system(of),
        property(asked),
        worlds_max(most),
        copies_max(copies),
        some_timers(only_some_timers) {}

  const System& system;
  const Property& property;
  std::size_t worlds_max;
  std::ptrdiff_t copies_max;
  bool some_timers;  // those that run out while something is to last
  std::map<World, std::size_t> ids;
  std::vector<World> worlds;
  std::vector<std::vector<std::size_t>> before;
  std::vector<bool> good;
  std::vector<bool> ended;  // what must last does not hold
  std::vector<bool> cut;    // an event is forbidden by a limit, or fails

  bool fifo() const { return system.bounds.network == Network::fifo; }
  bool is_down(const World& world, std::size_t i) const {
    return split_local(world.locals[i]).status == LocalState::Status::down;
  }

  std::size_t meet(const World& world) {
    const auto [at, is_new] = ids.emplace(world, worlds.size());
    if (!is_new) return at->second;
    if (worlds.size() == worlds_max) throw std::length_error("too large for the slow twin");
    worlds.push_back(world);
    before.emplace_back();
    cut.push_back(false);
    std::vector<std::shared_ptr<const void>> kept;
    std::vector<const void*> views;
    bool by_node = false;
    for (std::size_t i = 0; i < system.bounds.nodes; ++i) {
      kept.push_back(decode_local(*system.processes[i], world.locals[i]).process->view());
      views.push_back(kept.back().get());
      const void* one[] = {views.back()};
      const bool is_correct = !system.is_faulty(node_id(i));
      by_node = by_node || (property.scope == Scope::node && is_correct && property.holds(one));
    }
    good.push_back(property.scope == Scope::node ? by_node : property.holds(views));
    ended.push_back(property.lasting && !property.lasting->holds(views));
    return at->second;
  }

  bool is_outside(const LocalState& local) const {
    for (const Limit& limit : system.limits) {
      const auto more = property.recovery.more.find(limit.name);
      const std::uint64_t added = more == property.recovery.more.end() ? 0 : more->second;
      if (limit.value(local.process->state()) > limit.greatest + added) return true;
    }
    return false;
  }

  void take(std::size_t from, std::size_t i, const LocalEvent& event, const World& rest) {
    std::vector<std::uint32_t> script;
    for (bool more = true; more;) {
      LocalState local = decode_local(*system.processes[i], worlds[from].locals[i]);
      const NodeId id = node_id(i);
      const StepResult step = run_event(local, event, system.place(id), script);
      more = next_script(script, step);
      if (crash_of(step.answers).at != 0) continue;  // no fault
      if (step.fault != StepResult::Fault::none || is_outside(local)) {
        cut[from] = true;
        continue;
      }
      World next = rest;
      next.locals[i] = encode_local(local);
      for (const Sent& sent : step.sends) {
        if (fifo() && is_down(next, sent.to.value)) continue;
        auto& inbox = next.inboxes[sent.to.value];
        const Letter letter{id, sent.message};
        if (!fifo() && std::count(inbox.begin(), inbox.end(), letter) >= copies_max) continue;
        inbox.push_back(letter);
        if (!fifo()) std::sort(inbox.begin(), inbox.end());
      }
      const std::size_t to = meet(next);
      before[to].push_back(from);
    }
  }

  void expand(std::size_t at) {
    for (std::size_t i = 0; i < system.size(); ++i) {
      const World world = worlds[at];
      if (system.is_faulty(node_id(i))) continue;
      if (is_down(world, i)) {
        take(at, i, {.kind = LocalEvent::Kind::restart}, world);
        continue;
      }
      const std::uint64_t timers = split_local(world.locals[i]).timers;
      for (std::uint32_t timer = 0; timer < 64; ++timer) {
        if (((timers >> timer) & 1) == 0) continue;
        const NodeId id = node_id(i);
        const bool held = some_timers && !system.is_client(id);
        if (held && !property.lasting->runs_out(id, timer)) continue;
        take(at, i, {.kind = LocalEvent::Kind::timer, .timer = timer}, world);
      }
      std::set<NodeId> served;
      for (std::size_t m = 0; m < world.inboxes[i].size(); ++m) {
        const Letter letter = world.inboxes[i][m];
        if (fifo() && !served.insert(letter.from).second) continue;
        World rest = world;
        rest.inboxes[i].erase(rest.inboxes[i].begin() + static_cast<std::ptrdiff_t>(m));
        take(at, i,
             {.kind = LocalEvent::Kind::deliver, .from = letter.from, .message = letter.message},
             rest);
      }
    }
  }

  // Those from which a world with the flag can be reached.
  std::vector<bool> lead_to(const std::vector<bool>& flag) const {
    std::vector<bool> lead = flag;
    for (bool grew = true; grew;) {
      grew = false;
      for (std::size_t to = 0; to < worlds.size(); ++to) {
        if (!lead[to]) continue;
        for (const std::size_t from : before[to]) {
          grew = grew || !lead[from];
          lead[from] = true;
        }
      }
    }
    return lead;
  }
};

}  // namespace

SlowRecovery slow_recovery(const System& system, const Property& property,
                           const std::set<std::vector<Bytes>>& vectors, std::size_t worlds_max,
                           std::ptrdiff_t copies_max) {
  SlowRecovery result;
  const auto explored = [&](const std::vector<Bytes>& vector, bool only_some_timers) {
    Graph graph(system, property, worlds_max, copies_max, only_some_timers);
    graph.meet({.locals = vector, .inboxes = std::vector<std::vector<Letter>>(system.size())});
    for (std::size_t i = 0; i < graph.worlds.size(); ++i) graph.expand(i);
    return graph;
  };
  for (const std::vector<Bytes>& vector : vectors) {
    const Graph back = explored(vector, false);
    const bool is_cut = back.lead_to(back.cut)[0];
    if (!back.lead_to(back.good)[0]) ++(is_cut ? result.undecided : result.stuck);
    if (!property.lasting || !back.good[0]) continue;
    const Graph on = explored(vector, true);
    if (on.lead_to(on.ended)[0]) {
      ++result.lost;
    } else if (on.lead_to(on.cut)[0]) {
      ++result.undecided;
    }
  }
  if (result.undecided > 0) result.verdict = Verdict::incomplete;
  if (result.stuck + result.lost > 0) result.verdict = Verdict::violated;
  return result;
}

}  // namespace gainsay::testing
