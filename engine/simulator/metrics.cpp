#include "engine/simulator/metrics.hpp"

#include <algorithm>

namespace gainsay {

std::vector<LinkCounts::Link> LinkCounts::used() const {
  std::vector<Link> all;
  const auto add = [&](std::size_t link, const MessageCounts& counts) {
    if (counts.sent == 0) return;
    all.push_back({.from = node_id(link / nodes_), .to = node_id(link % nodes_), .counts = counts});
  };
  for (std::size_t link = 0; link < table_.size(); ++link) add(link, table_[link]);
  for (const auto& [link, counts] : used_) add(link, counts);
  std::ranges::sort(all, {}, [](const Link& link) { return std::pair(link.from, link.to); });
  return all;
}

Metrics::Metrics(const System& system, MetricsOptions options)
    : system_(&system),
      options_(options),
      since_(system.size(), 0),
      followed_(system.bounds.nodes),
      nodes_(system.bounds.nodes),
      kinds_(system.message_type == nullptr ? 0 : system.message_type->alternatives.size()),
      links_(system.bounds.nodes) {}

std::string Metrics::kind_name(std::size_t kind) const {
  return system_->message_type->alternatives[kind]->name;
}

Interval& Metrics::interval(Nanoseconds at) {
  if (at - interval_begin_ >= options_.interval || intervals_.empty()) {
    interval_ = static_cast<std::size_t>(at / options_.interval);
    interval_begin_ = interval_ * options_.interval;
    if (interval_ >= intervals_.size()) intervals_.resize(interval_ + 1);
  }
  return intervals_[interval_];
}

bool Metrics::step(const SimulatedStep& step) {
  ++steps_;
  const bool is_client = system_->is_client(step.process);
  if (step.kind == EventKind::deliver && step.from != step.process) {
    ++all_.delivered;
    ++kind_of(step.message).delivered;
    const bool between_nodes = !is_client && !system_->is_client(step.from);
    if (between_nodes) {
      ++links_.at(step.from, step.process).delivered;
    }
  }
  if (is_client) {
    for (const Label& label : step.labels) {
      if (label.kind == Label::Kind::respond) answered(step.process, step.at);
    }
    const bool is_retry = step.kind == EventKind::timer &&
                          step.timer == static_cast<std::uint32_t>(ClientTimer::retry);
    retries_ += is_retry ? 1 : 0;
    return true;
  }
  NodeCounts& node = nodes_[step.process.value];
  ++node.steps;
  const bool from_client = step.kind == EventKind::deliver && system_->is_client(step.from);
  node.requests += from_client ? 1 : 0;
  if (system_->status) follow(step.process, step.at);
  return true;
}

void Metrics::message(Nanoseconds now, NodeId from, NodeId to, const MessageSeen& message,
                      Fate fate, Nanoseconds) {
  const bool is_new = fate != Fate::to_down && fate != Fate::duplicated && fate != Fate::refused;
  const bool after_sending = fate == Fate::to_down;
  const std::uint64_t on_link = simulation_->bytes_on_link();
  const auto count = [&](MessageCounts& counts) {
    counts.sent += is_new ? 1 : 0;
    counts.bytes += is_new ? message.size : 0;
    counts.bytes_on_link += is_new ? on_link : 0;
    counts.refused += fate == Fate::refused ? 1 : 0;
    counts.lost += fate == Fate::lost ? 1 : 0;
    counts.cut += fate == Fate::cut ? 1 : 0;
    counts.duplicated += fate == Fate::duplicated ? 1 : 0;
    counts.to_down += after_sending ? 1 : 0;
  };
  count(all_);
  count(kind_of(message));
  if (!system_->is_client(from)) {
    NodeCounts& node = nodes_[from.value];
    node.sent += is_new ? 1 : 0;
    node.bytes_sent += is_new ? message.size : 0;
    node.answers += is_new && system_->is_client(to) ? 1 : 0;
    if (!system_->is_client(to)) {
      count(links_.at(from, to));
    }
  }
  if (is_new) ++interval(now).messages;
}

// --- Requests ---

void Metrics::request(Nanoseconds now, NodeId client, Nanoseconds arrived) {
  since_[client.value] = arrived;
  ++requests_;
  ++interval(now).requests;
  if (open_++ == 0) waiting_since_ = now;
}

void Metrics::answered(NodeId client, Nanoseconds now) {
  const Nanoseconds took = now - since_[client.value];
  ++answers_;
  latency_.add(took);
  Interval& here = interval(now);
  ++here.answers;
  here.latency.add(took);
  end_window(now);
  open_ -= open_ > 0 ? 1 : 0;
  waiting_since_ = now;
  // What was asked before a fault may have been on its way.
  for (; first_unanswered_ < faults_.size(); ++first_unanswered_) {
    FaultRecord& record = faults_[first_unanswered_];
    if (record.fault.at > since_[client.value]) break;
    record.answered = now - record.fault.at;
  }
}

void Metrics::end_window(Nanoseconds now) {
  if (open_ == 0 || now - waiting_since_ < options_.unavailable_after) return;
  unavailable_time_ += now - waiting_since_;
  if (unavailable_.size() >= options_.listed_max) return;
  unavailable_.push_back({.begin = waiting_since_, .end = now});
}

void Metrics::finish(Nanoseconds at) {
  end_window(at);
  if (const Seals* seals = simulation_->seals()) {
    signed_ = seals->made();
    verified_ = seals->verified();
  }
}

// --- Leaders ---

void Metrics::fault(Nanoseconds now, const ScheduledFault& fault) {
  ++faults_count_;
  const bool ends =
      fault.kind == ScheduledFault::Kind::restart || fault.kind == ScheduledFault::Kind::heal;
  if (ends) return end_fault(now, fault);
  if (faults_.size() >= options_.listed_max) return;
  faults_.push_back({.fault = fault, .answered = std::nullopt, .led = std::nullopt});
}

// A node is down once at a time, and partitions have numbers.
void Metrics::end_fault(Nanoseconds now, const ScheduledFault& end) {
  const bool is_restart = end.kind == ScheduledFault::Kind::restart;
  const auto ends_here = [&](const FaultRecord& record) {
    const ScheduledFault& fault = record.fault;
    const bool was_crash = fault.kind == ScheduledFault::Kind::crash;
    return !record.ended && was_crash == is_restart &&
           (is_restart ? fault.process == end.process : fault.number == end.number);
  };
  const auto found = std::ranges::find_if(faults_, ends_here);
  if (found != faults_.end()) found->ended = now;
}

void Metrics::follow(NodeId id, Nanoseconds now) {
  Followed& node = followed_[id.value];
  const LocalState& local = simulation_->state(id);
  const bool is_up = local.status == LocalState::Status::up;
  const NodeStatus status = is_up && !system_->is_bent(id) ? simulation_->status(id) : NodeStatus{};
  if (status == node.status) return;
  follow_commits(node, status, now);
  const bool led = node.status.leads;
  const bool is_new_leader = status.leads && (!led || status.term != node.status.term);
  node.status = status;
  if (led && !status.leads && --leaders_ == 0) leaderless_since_ = now;
  if (is_new_leader) elected(id, status, now);
  if (!led && status.leads) ++leaders_;
}

void Metrics::elected(NodeId id, const NodeStatus& status, Nanoseconds now) {
  ++elections_count_;
  ++interval(now).elections;
  const Nanoseconds took = leaders_ == 0 ? now - leaderless_since_ : 0;
  if (leaders_ == 0) time_to_elect_.add(took);
  if (elections_.size() < options_.listed_max) {
    elections_.push_back({.at = now, .leader = id, .term = status.term, .took = took});
  }
  if (status.term <= highest_term_) return;
  highest_term_ = status.term;
  for (; first_unled_ < faults_.size(); ++first_unled_) {
    FaultRecord& record = faults_[first_unled_];
    record.led = now - record.fault.at;
  }
}

// From when an entry is in the log of its leader until the leader knows that it is decided.
void Metrics::follow_commits(Followed& node, const NodeStatus& status, Nanoseconds now) {
  const bool same = node.status.leads && status.leads && node.status.term == status.term;
  if (!same) {
    node.appended.clear();
    return;
  }
  for (std::uint64_t index = node.status.log + 1; index <= status.log; ++index) {
    node.appended.emplace_back(index, now);
  }
  while (!node.appended.empty() && node.appended.front().first <= status.committed) {
    commit_latency_.add(now - node.appended.front().second);
    node.appended.pop_front();
  }
}

}  // namespace gainsay
