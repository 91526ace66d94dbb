#include "properties/evaluate.hpp"

#include <algorithm>
#include <memory>
#include <vector>

namespace gainsay {

namespace {

Violation violation_of(const Property& property) {
  return {.property = property.name,
          .kind = std::string(to_string(property.kind)),
          .message = "\"" + property.name + "\" does not hold"};
}

// Of all nodes, in id order.
struct ViewsOf {
  explicit ViewsOf(const LiveWorld& world) {
    for (std::uint32_t i = 0; i < world.system().bounds.nodes; ++i) {
      kept.push_back(world.state(node_id(i)).process->view());
      all.push_back(kept.back().get());
    }
  }
  std::vector<std::shared_ptr<const void>> kept;
  std::vector<const void*> all;
};

bool holds_on_views(const Property& property, const std::vector<const void*>& views) {
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

}  // namespace

Violation violation_of_fault(StepResult::Fault fault, const std::string& message) {
  const bool expectation = fault == StepResult::Fault::expectation;
  return {.property = expectation ? "expect" : "no exception leaves a handler",
          .kind = "always",
          .message = message};
}

bool holds_in(const Property& property, const LiveWorld& world) {
  if (property.kind == PropertyKind::sometimes) return true;
  if (property.kind == PropertyKind::recovers) return true;  // says nothing of one world
  switch (property.scope) {
    case Scope::step:
      return true;
    case Scope::history:
      return property.history_holds(world.history());
    case Scope::observer:
      return property.observer_holds(world.observers()[property.observer]);
    default:
      break;
  }
  return holds_on_views(property, ViewsOf(world).all);
}

bool is_reached_in(const Property& property, const LiveWorld& world) {
  if (property.kind != PropertyKind::sometimes) return false;
  const ViewsOf views(world);
  if (property.scope == Scope::world) return property.holds(views.all);
  return std::ranges::any_of(views.all, [&](const void* view) {
    const void* one[] = {view};
    return property.holds(one);
  });
}

bool holds_of_step(const Property& property, const LiveWorld& before, const LiveWorld& after,
                   const Event& event) {
  if (property.scope != Scope::step || before.system().is_client(event.process)) return true;
  // A fault of the network is no step of a process, and neither is its first start.
  if (!is_step(event.kind) || event.kind == EventKind::start) return true;
  const auto old_view = before.state(event.process).process->view();
  const auto new_view = after.state(event.process).process->view();
  const void* views[] = {old_view.get(), new_view.get()};
  return property.holds(views);
}

std::optional<Violation> find_violation(const Model& model, const LiveWorld& world) {
  for (const Property& property : model.properties) {
    if (!holds_in(property, world)) return violation_of(property);
  }
  return std::nullopt;
}

std::optional<Violation> find_violation(const Model& model, const LiveWorld& before,
                                        const Event& event, const Outcome& outcome,
                                        const LiveWorld& after, std::string_view first) {
  if (outcome.step.fault != StepResult::Fault::none) {
    return violation_of_fault(outcome.step.fault, outcome.step.message);
  }
  const Property* violated = nullptr;
  for (const Property& property : model.properties) {
    if (violated != nullptr && property.name != first) continue;
    if (holds_of_step(property, before, after, event) && holds_in(property, after)) continue;
    violated = &property;
  }
  if (violated == nullptr) return std::nullopt;
  return violation_of(*violated);
}

}  // namespace gainsay
