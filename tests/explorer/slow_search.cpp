#include "tests/explorer/slow_search.hpp"

#include <algorithm>
#include <deque>
#include <stdexcept>

#include "engine/reflect.hpp"

namespace gainsay::testing {

namespace {

// Views of all nodes, kept alive.
std::vector<std::shared_ptr<const void>> views_of(const LiveWorld& world) {
  std::vector<std::shared_ptr<const void>> views;
  for (std::uint32_t i = 0; i < world.system().bounds.nodes; ++i) {
    views.push_back(world.state(node_id(i)).process->view());
  }
  return views;
}

bool holds_in(const Property& property, const LiveWorld& world) {
  if (property.kind == PropertyKind::sometimes || property.scope == Scope::step) return true;
  if (property.kind == PropertyKind::recovers) return true;  // see slow_recovery.hpp
  if (property.scope == Scope::history) return property.history_holds(world.history());
  if (property.scope == Scope::observer) {
    return property.observer_holds(world.observers()[property.observer]);
  }
  const auto kept = views_of(world);
  std::vector<const void*> views;
  for (const auto& view : kept) views.push_back(view.get());
  if (property.scope == Scope::world) return property.holds(views);
  for (std::size_t i = 0; i < views.size(); ++i) {
    if (property.scope == Scope::node) {
      const void* one[] = {views[i]};
      if (!property.holds(one)) return false;
      continue;
    }
    for (std::size_t j = 0; j < views.size(); ++j) {
      const void* two[] = {views[i], views[j]};
      if (i != j && !property.holds(two)) return false;
    }
  }
  return true;
}

bool step_holds(const Property& property, const LiveWorld& before, const LiveWorld& after,
                NodeId process) {
  if (property.scope != Scope::step || before.system().is_client(process)) return true;
  const auto old_view = before.state(process).process->view();
  const auto new_view = after.state(process).process->view();
  const void* views[] = {old_view.get(), new_view.get()};
  return property.holds(views);
}

struct Slow {
  Slow(const Model& of, std::uint64_t most) : model(of), states_max(most) {}

  const Model& model;
  std::uint64_t states_max;
  SlowReport report;
  std::map<Bytes, std::uint32_t> depths;
  std::deque<LiveWorld> queue;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> violations;

  void meet(const LiveWorld& world, std::uint32_t depth) {
    if (!depths.emplace(content_of(world), depth).second) return;
    if (depths.size() > states_max) throw std::length_error("too large for the slow search");
    std::vector<Bytes> vector;
    for (std::uint32_t i = 0; i < model.system.bounds.nodes; ++i) {
      vector.push_back(world.local(node_id(i)));
    }
    report.vectors.insert(std::move(vector));
    report.depth = std::max(report.depth, depth);
    for (const Property& property : model.properties) {
      if (!holds_in(property, world)) violations.emplace_back(world.used().cost(), depth);
    }
    queue.push_back(LiveWorld(world));
  }

  void expand(const LiveWorld& world, std::uint32_t depth) {
    for (const Event& event : world.enabled()) {
      LiveWorld next(world);
      const Outcome outcome = next.apply(event);
      if (outcome.step.fault != StepResult::Fault::none) {
        violations.emplace_back(next.used().cost(), depth + 1);
        continue;
      }
      ++report.transitions;
      for (const Property& property : model.properties) {
        if (is_step(event.kind) && !step_holds(property, world, next, event.process)) {
          violations.emplace_back(next.used().cost(), depth + 1);
        }
      }
      meet(next, depth + 1);
    }
  }
};

}  // namespace

Bytes content_of(const LiveWorld& world) {
  Writer writer;
  for (std::size_t i = 0; i < world.system().size(); ++i) {
    const NodeId id = node_id(i);
    writer.text(world.local(id));
    for (const auto& [envelope, count] : world.inbox(id)) {
      writer.integer(envelope.first.value + 1U);
      writer.text(envelope.second);
      writer.integer(count);
    }
    writer.integer(0);
  }
  writer.integer(world.used().packed());
  writer.integer(world.cut().first.bits());
  writer.integer(world.cut().second.bits());
  writer.integer(world.cut().one_way ? 1 : 0);
  writer.text(encoded(world.history()));
  for (const Bytes& observer : world.observers()) writer.text(observer);
  writer.text(world.knowledge().encode());
  return writer.take();
}

SlowReport slow_check(const Model& model, std::uint64_t states_max) {
  Slow slow(model, states_max);
  // All initial worlds: the starts in id order, with every answer to their choices.
  std::vector<LiveWorld> initial;
  initial.push_back(LiveWorld(model.system));
  for (std::size_t i = 0; i < model.system.size(); ++i) {
    std::vector<LiveWorld> started;
    for (const LiveWorld& world : initial) {
      for (const Event& event : world.enabled()) {
        if (event.kind != EventKind::start || event.process.value != i) continue;
        started.push_back(LiveWorld(world));
        started.back().apply(event);
      }
    }
    initial = std::move(started);
  }
  for (const LiveWorld& world : initial) slow.meet(world, 1);
  while (!slow.queue.empty()) {
    const LiveWorld world(slow.queue.front());
    slow.queue.pop_front();
    slow.expand(world, slow.depths.at(content_of(world)));
  }
  slow.report.states = slow.depths.size();
  if (!slow.violations.empty()) {
    slow.report.violated = true;
    const auto least = *std::min_element(slow.violations.begin(), slow.violations.end());
    slow.report.faults = least.first;
    slow.report.violation_depth = least.second;
  }
  return slow.report;
}

}  // namespace gainsay::testing
