#include "properties/run_watch.hpp"

#include <algorithm>

namespace gainsay {

namespace {

bool reads_views(const Property& property) {
  return property.scope == Scope::node || property.scope == Scope::pair ||
         property.scope == Scope::world || property.scope == Scope::step;
}

// A filter takes it that what is durable stays.
bool has_filter(const Model& model, bool each_step) {
  const System& system = model.system;
  return !each_step && model.filter && system.status && system.bounds.unsynced == 0 &&
         system.twins.empty() && system.traitors.empty();
}

}  // namespace

PropertyWatch::PropertyWatch(const Model& model, bool each_step, std::size_t history_max)
    : model_(&model),
      each_step_(each_step),
      filter_(has_filter(model, each_step) ? model.filter() : nullptr),
      statuses_(model.system.bounds.nodes),
      stale_(model.system.bounds.nodes, false),
      seen_(model.system.bounds.nodes),
      history_max_(history_max),
      recorder_(model.system.size() - model.system.bounds.nodes) {
  for (const Property& property : model.properties) {
    if (property.kind == PropertyKind::recovers) {
      not_of_runs_.push_back(property.name);
      continue;
    }
    properties_.push_back({.property = &property});
  }
  for (WatchedProperty& watched : properties_) {
    if (watched.property->running) watched.observer = watched.property->running();
    asks_the_world_ = asks_the_world_ || watched.property->scope == Scope::world;
  }
}

// World 0 is behind all starts; properties are of it and of what follows.
void PropertyWatch::start() {
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    const Process& process = *simulation_->state(node_id(i)).process;
    Writer writer;
    process.encode_view(writer);
    seen_[i] = {.encoding = writer.take(), .view = process.view()};
    views_.push_back(seen_[i].view.get());
  }
  ++views_version_;
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
bool PropertyWatch::holds(WatchedProperty& watched, std::size_t changed, const void* before) {
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
      // The same for whichever node has changed.
      if (watched.judged != views_version_) {
        watched.judged = views_version_;
        watched.held = property.holds(views_);
      }
      return watched.held;
  }
}

// What is to be reached shows in what a node is about: who leads, in which term, and whether
// anything is decided.
bool PropertyWatch::is_news(const SimulatedStep& step) {
  if (!model_->system.status || model_->system.is_bent(step.process)) return false;
  const NodeStatus& now = simulation_->status(step.process);
  NodeStatus& last = statuses_[step.process.value];
  const bool is_new =
      now.role != last.role || now.term != last.term || (now.committed > 0) != (last.committed > 0);
  last = now;
  return is_new;
}

bool PropertyWatch::is_something_to_be_reached() const {
  return std::ranges::any_of(properties_, [](const WatchedProperty& watched) {
    const bool sometimes = watched.property->kind == PropertyKind::sometimes;
    return sometimes && !watched.reached && reads_views(*watched.property);
  });
}

// Views grow with logs: large ones are made anew when they are looked at again, which is seldom.
void PropertyWatch::forget_large_views() {
  constexpr std::size_t kept_max = std::size_t{1} << 20;
  for (std::size_t node = 0; node < seen_.size(); ++node) {
    if (seen_[node].encoding.size() <= kept_max) continue;
    seen_[node] = {};
    stale_[node] = true;
  }
}

bool PropertyWatch::is_worth_judging(const SimulatedStep& step) {
  const bool news = is_news(step);
  if (filter_) {
    const LocalState& local = simulation_->state(step.process);
    const bool is_up = local.status == LocalState::Status::up;
    const bool may_break = filter_->may_break(step.process, local.process->state(), is_up);
    // What nothing can have broken is looked at for what is still to be reached.
    const bool judged = may_break || (news && is_something_to_be_reached());
    filtered_ += judged ? 0 : 1;
    return judged;
  }
  constexpr std::int64_t bytes_a_step = 512;
  constexpr std::int64_t saved_max = 1 << 20;
  credit_ = std::min(credit_ + bytes_a_step, saved_max);
  const bool judged = news || each_step_ || credit_ >= 0;
  skipped_ += judged ? 0 : 1;
  return judged;
}

// True where the view has changed.
bool PropertyWatch::refresh(std::size_t node) {
  const Process& process = *simulation_->state(node_id(node)).process;
  Writer writer;
  process.encode_view(writer);
  stale_[node] = false;
  credit_ -= static_cast<std::int64_t>(writer.bytes().size());
  if (writer.bytes() == seen_[node].encoding) return false;
  // Looked at by each property, with each other node; what is said of the whole world may look at
  // each pair.
  std::uint64_t looks = seen_.size();
  if (seen_.size() > processes_max && asks_the_world_) looks *= seen_.size();
  credit_ -= static_cast<std::int64_t>(writer.bytes().size() * looks);
  ++views_version_;
  seen_[node] = {.encoding = writer.take(), .view = process.view()};
  views_[node] = seen_[node].view.get();
  return true;
}

// Nodes whose steps were passed over are looked at anew, and all of them before anything is judged.
void PropertyWatch::refresh_stale() {
  std::vector<std::size_t> changed;
  for (std::size_t node = 0; node < seen_.size(); ++node) {
    if (stale_[node] && refresh(node)) changed.push_back(node);
  }
  for (const std::size_t node : changed) judge_all(node, nullptr, last_step_);
}

void PropertyWatch::judge(const SimulatedStep& step) {
  ++node_steps_;
  const std::size_t node = step.process.value;
  const bool was_stale = stale_[node];
  stale_[node] = true;
  if (!is_worth_judging(step)) return;
  const std::shared_ptr<const void> before = seen_[node].view;
  const bool changed = refresh(node);
  refresh_stale();
  // A step that changes nothing breaks nothing, and several steps together are no step.
  if (changed) judge_all(node, was_stale ? nullptr : before.get(), step.number);
  if (!filter_) return;
  forget_large_views();
  if (filter_->broken_step().empty() || violation_) return;
  const auto broken = std::ranges::find(properties_, filter_->broken_step(),
                                        [](const auto& one) { return one.property->name; });
  if (broken != properties_.end()) violate(*broken->property, step.number);
}

void PropertyWatch::judge_all(std::size_t node, const void* before, std::uint64_t step) {
  for (WatchedProperty& watched : properties_) {
    const Property& property = *watched.property;
    const bool is_done = property.kind == PropertyKind::sometimes && watched.reached;
    if (!reads_views(property) || is_done) continue;
    if (property.scope == Scope::step && before == nullptr) continue;
    ++watched.evaluated;
    const bool holds_now = holds(watched, node, before);
    if (property.kind == PropertyKind::sometimes) {
      watched.reached = holds_now;
    } else if (!holds_now && !violation_) {
      violate(property, step);
    }
  }
}

// Moments are twice the numbers of steps, and what is invoked in a step comes behind what returns
// in it.
void PropertyWatch::take_operation(std::size_t client, const Label& label,
                                   const SimulatedStep& step) {
  const bool invokes = label.kind == Label::Kind::invoke;
  const linearizability::Moment moment = 2 * step.number + (invokes ? 1 : 0);
  if (!online_) {
    recorder_.take(client, label, moment);
    if (recorder_.history().operations().size() > history_max_) judge_online();
    return;
  }
  for (WatchedProperty& watched : properties_) {
    if (!watched.online || violation_) continue;
    if (invokes) {
      watched.online->invoke(client, label.value);
    } else {
      watched.online->respond(client, label.value, moment);
    }
    if (watched.online->verdict() == linearizability::Verdict::not_linearizable) {
      violate(*watched.property, watched.online->broken_at() / 2);
    }
  }
}

void PropertyWatch::judge_online() {
  online_ = true;
  for (WatchedProperty& watched : properties_) {
    const auto& model = watched.property->model;
    if (watched.property->scope != Scope::history || model == nullptr) continue;
    watched.online = std::make_unique<linearizability::OnlineJudge>(*model);
    recorder_.replay(*watched.online);
    if (watched.online->verdict() == linearizability::Verdict::not_linearizable && !violation_) {
      violate(*watched.property, watched.online->broken_at() / 2);
    }
  }
  recorder_ = linearizability::HistoryRecorder(0);
}

void PropertyWatch::take_labels(const SimulatedStep& step) {
  bool observed = false;
  for (const Label& label : step.labels) {
    if (label.kind == Label::Kind::observe) {
      for (const WatchedProperty& watched : properties_) {
        if (watched.observer) watched.observer->take(step.process, label.value);
      }
      observed = true;
      continue;
    }
    const std::size_t client = step.process.value - model_->system.bounds.nodes;
    take_operation(client, label, step);
  }
  if (!observed) return;
  for (WatchedProperty& watched : properties_) {
    if (!watched.observer) continue;
    ++watched.evaluated;
    if (!watched.observer->holds() && !violation_) violate(*watched.property, step.number);
  }
}

void PropertyWatch::finish(Nanoseconds, const linearizability::Limits& limits) {
  if (started_ && !violation_ && !filter_) refresh_stale();
  for (WatchedProperty& watched : properties_) {
    const bool always = watched.property->kind != PropertyKind::sometimes;
    if (always && reads_views(*watched.property)) watched.evaluated += filtered_;
  }
  if (!online_) recorder_.finish();
  for (WatchedProperty& watched : properties_) {
    if (watched.property->scope != Scope::history || violation_) continue;
    judge_history(watched, limits);
  }
}

void PropertyWatch::judge_history(WatchedProperty& watched, const linearizability::Limits& limits) {
  const Property& property = *watched.property;
  if (property.model == nullptr) {
    not_judged_.emplace_back(property.name, "it cannot be asked of a long history");
    return;
  }
  // What was not judged was not evaluated either.
  const bool has_result = watched.online || recorder_.history().has_result();
  const std::size_t not_judged_before = not_judged_.size();
  judge_history_of(watched, limits);
  if (has_result && not_judged_.size() == not_judged_before) ++watched.evaluated;
}

void PropertyWatch::judge_history_of(WatchedProperty& watched,
                                     const linearizability::Limits& limits) {
  const Property& property = *watched.property;
  if (watched.online) {
    watched.online->finish();
    if (watched.online->verdict() == linearizability::Verdict::unknown) {
      not_judged_.emplace_back(property.name, watched.online->unknown_because());
    } else if (watched.online->verdict() == linearizability::Verdict::not_linearizable) {
      violate(property, watched.online->broken_at() / 2);
    }
    return;
  }
  const auto judgement = linearizability::judge(*property.model, recorder_.history(), limits);
  if (judgement.verdict == linearizability::Verdict::unknown) {
    not_judged_.emplace_back(property.name,
                             "judging it took too much " + judgement.unknown_because);
  } else if (judgement.verdict == linearizability::Verdict::not_linearizable) {
    violate(property, last_step_);
    // The history is broken by the step in which this operation returned.
    violated_by_ = recorder_.history().operations()[judgement.broken_by].returned / 2;
  }
}

}  // namespace gainsay
