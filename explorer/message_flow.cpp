#include "explorer/message_flow.hpp"

#include <algorithm>

namespace gainsay {

MessageFlow::Link MessageFlow::link(NodeId from, NodeId to, const Bytes& content) const {
  return {to, from, system_->bounds.network == Network::fifo ? Bytes{} : content};
}

std::size_t MessageFlow::add(FlowMessage message) {
  messages_.push_back(std::move(message));
  return messages_.size() - 1;
}

void MessageFlow::happened(std::uint32_t index, const Event& event, const StepResult& step,
                           const LiveWorld& now) {
  of_last_event_.reset();
  switch (event.kind) {
    case EventKind::deliver:
    case EventKind::drop:
    case EventKind::duplicate:
      take(index, event);
      break;
    case EventKind::partition:
    case EventKind::heal:
      if (system_->bounds.across == Across::lost) lose_across(index, now.cut());
      break;
    default:
      break;
  }
  if (!is_step(event.kind)) return;
  const bool is_down = now.state(event.process).status == LocalState::Status::down;
  if (is_down && system_->bounds.network == Network::fifo) lose_links_to(index, event.process);
  for (const Sent& sent : step.sends) send(index, event.process, sent, now);
}

void MessageFlow::take(std::uint32_t index, const Event& event) {
  Queue& queue = under_way_[link(event.from, event.process, event.message)];
  if (event.kind == EventKind::drop && system_->bounds.network == Network::fifo) {
    if (!queue.empty()) of_last_event_ = queue.front();  // and all behind it
    lose(index, queue);
    queue.clear();
    return;
  }
  if (queue.empty()) {
    queue.push_back(add({.from = event.from, .to = event.process, .content = event.message}));
  }
  const std::size_t first = queue.front();
  of_last_event_ = first;
  if (event.kind == EventKind::duplicate) {
    FlowMessage copy = messages_[first];
    copy.copied = index;
    queue.push_back(add(std::move(copy)));
    return;
  }
  if (event.kind == EventKind::deliver) messages_[first].delivered.push_back(index);
  if (event.kind == EventKind::drop) messages_[first].lost = index;
  const bool stays = event.kind == EventKind::deliver && system_->bounds.network == Network::async;
  if (!stays) queue.pop_front();
}

void MessageFlow::lose(std::uint32_t index, const Queue& queue) {
  for (const std::size_t message : queue) messages_[message].lost = index;
}

void MessageFlow::lose_links_to(std::uint32_t index, NodeId to) {
  for (auto& [link, queue] : under_way_) {
    if (std::get<0>(link) != to) continue;
    lose(index, queue);
    queue.clear();
  }
}

void MessageFlow::lose_across(std::uint32_t index, const Cut& cut) {
  for (auto& [link, queue] : under_way_) {
    if (!cut.blocks(std::get<1>(link), std::get<0>(link))) continue;
    lose(index, queue);
    queue.clear();
  }
}

void MessageFlow::send(std::uint32_t index, NodeId from, const Sent& sent, const LiveWorld& now) {
  const std::size_t number =
      add({.from = from, .to = sent.to, .content = sent.message, .sent = index});
  FlowMessage& message = messages_[number];
  const bool nobody_listens = system_->bounds.network == Network::fifo &&
                              now.state(sent.to).status == LocalState::Status::down;
  if (system_->bounds.across == Across::lost && now.cut().blocks(from, sent.to)) {
    message.lost = index;
  } else if (system_->is_byzantine(sent.to)) {
    message.overheard = true;
  } else if (nobody_listens) {
    message.lost = index;
  } else {
    Queue& queue = under_way_[link(from, sent.to, sent.message)];
    message.repeated = system_->bounds.network == Network::async && !queue.empty();
    if (!message.repeated) queue.push_back(number);
  }
}

std::vector<std::size_t> MessageFlow::under_way(NodeId to) const {
  std::vector<std::size_t> found;
  for (const auto& [link, queue] : under_way_) {
    if (std::get<0>(link) == to) found.insert(found.end(), queue.begin(), queue.end());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace gainsay
