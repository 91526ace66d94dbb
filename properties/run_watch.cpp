#include "properties/run_watch.hpp"

#include <algorithm>

namespace gainsay {

namespace {

bool reads_views(const Property& property) {
  return property.scope == Scope::node || property.scope == Scope::pair ||
         property.scope == Scope::world || property.scope == Scope::step;
}

}  // namespace

PropertyWatch::PropertyWatch(const Model& model, bool filters)
    : model_(&model),
      filter_(filters && model.filter && model.system.status ? model.filter() : nullptr),
      statuses_(model.system.bounds.nodes),
      seen_(model.system.bounds.nodes),
      open_(model.system.size() - model.system.bounds.nodes) {
  for (const Property& property : model.properties) {
    if (property.kind == PropertyKind::recovers) {
      not_of_runs_.push_back(property.name);
      continue;
    }
    properties_.push_back({.property = &property});
  }
  for (const Observer& observer : model.system.observers) observers_.push_back(observer.initial);
}

// World 0 is behind all starts; properties are of it and of what follows.
void PropertyWatch::start() {
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    const Process& process = *simulation_->state({static_cast<std::uint8_t>(i)}).process;
    Writer writer;
    process.encode_view(writer);
    seen_[i] = {.encoding = writer.take(), .view = process.view()};
    views_.push_back(seen_[i].view.get());
  }
  started_ = true;
  for (WatchedProperty& watched : properties_) {
    if (!reads_views(*watched.property) || watched.property->scope == Scope::step) continue;
    for (std::size_t node = 0; node < seen_.size(); ++node) {
      ++watched.evaluated;
      const bool holds_here = holds(watched, node, nullptr);
      if (watched.property->kind == PropertyKind::sometimes) {
        watched.reached = watched.reached || holds_here;
      } else if (!holds_here && !violation_) {
        violate(*watched.property, last_step_);
      }
    }
  }
}

void PropertyWatch::violate(const Property& property, std::uint64_t step) {
  violation_ = {.property = property.name,
                .kind = std::string(to_string(property.kind)),
                .message = "\"" + property.name + "\" does not hold"};
  violated_by_ = step;
}

bool PropertyWatch::step(const SimulatedStep& step) {
  last_step_ = step.number;
  if (step.fault != StepResult::Fault::none) {
    violation_ = violation_of_fault(step.fault, std::string(step.fault_message));
    violated_by_ = step.number;
    return false;
  }
  take_labels(step);
  if (!started_) {
    if (step.number == model_->system.size()) start();
  } else if (!model_->system.is_client(step.process)) {
    judge(step);
  }
  return !violation_;
}

// What one node's view says alone, with each other's, or with all.
bool PropertyWatch::holds(const WatchedProperty& watched, std::size_t changed,
                          const void* before) const {
  const Property& property = *watched.property;
  switch (property.scope) {
    case Scope::node: {
      const void* one[] = {views_[changed]};
      return property.holds(one);
    }
    case Scope::step: {
      const void* two[] = {before, views_[changed]};
      return property.holds(two);
    }
    case Scope::pair:
      for (std::size_t other = 0; other < views_.size(); ++other) {
        if (other == changed) continue;
        const void* forth[] = {views_[changed], views_[other]};
        const void* back[] = {views_[other], views_[changed]};
        if (!property.holds(forth) || !property.holds(back)) return false;
      }
      return true;
    default:
      return property.holds(views_);
  }
}

// A filter knows what must always hold. What is to be reached shows in what a node is about: who
// leads, in which term, and whether anything is decided.
bool PropertyWatch::is_worth_judging(const SimulatedStep& step) {
  if (!filter_) return true;
  const LocalState& local = simulation_->state(step.process);
  const bool is_up = local.status == LocalState::Status::up;
  const void* state = local.process->state();
  const bool may_break = filter_->may_break(step.process, state, is_up);
  const NodeStatus now = model_->system.status(state);
  NodeStatus& last = statuses_[step.process.value];
  const bool is_news =
      now.role != last.role || now.term != last.term || (now.committed > 0) != (last.committed > 0);
  last = now;
  filtered_ += may_break || is_news ? 0 : 1;
  return may_break || is_news;
}

// True where the view has changed.
bool PropertyWatch::refresh(std::size_t node) {
  const Process& process = *simulation_->state({static_cast<std::uint8_t>(node)}).process;
  Writer writer;
  process.encode_view(writer);
  if (writer.bytes() == seen_[node].encoding) return false;
  seen_[node] = {.encoding = writer.take(), .view = process.view()};
  views_[node] = seen_[node].view.get();
  return true;
}

void PropertyWatch::judge(const SimulatedStep& step) {
  if (!is_worth_judging(step)) return;
  const std::size_t node = step.process.value;
  const std::shared_ptr<const void> before = seen_[node].view;
  if (!refresh(node)) return;  // a step that changes nothing breaks nothing
  for (std::size_t other = 0; filter_ && other < seen_.size(); ++other) refresh(other);
  for (WatchedProperty& watched : properties_) {
    const Property& property = *watched.property;
    const bool is_done = property.kind == PropertyKind::sometimes && watched.reached;
    if (!reads_views(property) || is_done) continue;
    ++watched.evaluated;
    const bool holds_now = holds(watched, node, before.get());
    if (property.kind == PropertyKind::sometimes) {
      watched.reached = holds_now;
    } else if (!holds_now && !violation_) {
      violate(property, step.number);
    }
  }
}

void PropertyWatch::take_labels(const SimulatedStep& step) {
  bool observed = false;
  for (const Label& label : step.labels) {
    if (label.kind == Label::Kind::observe) {
      for (std::size_t i = 0; i < observers_.size(); ++i) {
        observers_[i] = model_->system.observers[i].next(observers_[i], step.process, label.value);
      }
      observed = true;
      continue;
    }
    const std::size_t client = step.process.value - model_->system.bounds.nodes;
    Open& open = open_[client];
    if (label.kind == Label::Kind::invoke) {
      open = {.call = label.value, .invoked = 2 * step.number + 1, .is_open = true};
    } else {
      history_.add(static_cast<linearizability::Id>(client), open.call, label.value, open.invoked,
                   2 * step.number);
      open.is_open = false;
    }
  }
  if (!observed) return;
  for (WatchedProperty& watched : properties_) {
    const Property& property = *watched.property;
    if (property.scope != Scope::observer) continue;
    ++watched.evaluated;
    if (!property.observer_holds(observers_[property.observer]) && !violation_) {
      violate(property, step.number);
    }
  }
}

// Moments are twice the numbers of steps, and what is invoked in a step comes behind what returns
// in it.
void PropertyWatch::finish(Nanoseconds, const linearizability::Limits& limits) {
  for (WatchedProperty& watched : properties_) {
    const bool always = watched.property->kind != PropertyKind::sometimes;
    if (always && reads_views(*watched.property)) watched.evaluated += filtered_;
  }
  for (std::size_t client = 0; client < open_.size(); ++client) {
    if (!open_[client].is_open) continue;
    history_.add(static_cast<linearizability::Id>(client), open_[client].call, std::nullopt,
                 open_[client].invoked, linearizability::never);
  }
  for (WatchedProperty& watched : properties_) {
    if (watched.property->scope != Scope::history || violation_) continue;
    judge_history(watched, limits);
  }
}

void PropertyWatch::judge_history(WatchedProperty& watched, const linearizability::Limits& limits) {
  const Property& property = *watched.property;
  if (property.object == nullptr) {
    not_judged_.emplace_back(property.name, "it cannot be asked of a long history");
    return;
  }
  ++watched.evaluated;
  const auto judgement = linearizability::judge(*property.object, history_, limits);
  if (judgement.verdict == linearizability::Verdict::unknown) {
    not_judged_.emplace_back(property.name,
                             "judging it took too much " + judgement.unknown_because);
  } else if (judgement.verdict == linearizability::Verdict::not_linearizable) {
    violate(property, last_step_);
    // The history is broken by the step in which this operation returned.
    violated_by_ = history_.operations()[judgement.broken_by].returned / 2;
  }
}

}  // namespace gainsay
