// Which event sent the message that another one delivered, and what became of those that none did:
// the network of a run, as a reader of it wants to see it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "engine/world.hpp"

namespace gainsay {

struct FlowMessage {
  NodeId from;
  NodeId to;
  Bytes content;
  std::optional<std::uint32_t> sent;     // event; none: a Byzantine process can always say it
  std::vector<std::uint32_t> delivered;  // events; in async there may be several
  std::optional<std::uint32_t> lost;     // event
  bool repeated = false;                // async: it was under way already, so this send did nothing
  bool overheard = false;               // by a Byzantine process, for good
  std::optional<std::uint32_t> copied;  // the event that duplicated it, of the copy
};

// Follows a run event by event. REQUIRES: the system outlives it.
class MessageFlow {
 public:
  explicit MessageFlow(const System& system) : system_(&system) {}

  // The event has led to `now`. `index` counts events from 0.
  void happened(std::uint32_t index, const Event& event, const StepResult& step,
                const LiveWorld& now);

  const std::vector<FlowMessage>& messages() const { return messages_; }
  // Which one the last event delivered, lost or duplicated; none: it was of no message.
  std::optional<std::size_t> of_last_event() const { return of_last_event_; }
  // Those under way to a process, by place in `messages`, in order of sending.
  std::vector<std::size_t> under_way(NodeId to) const;

 private:
  using Link = std::tuple<NodeId, NodeId, Bytes>;  // in fifo without the content
  using Queue = std::deque<std::size_t>;

  Link link(NodeId from, NodeId to, const Bytes& content) const;
  std::size_t add(FlowMessage message);
  void take(std::uint32_t index, const Event& event);
  void lose_links_to(std::uint32_t index, NodeId to);
  void lose_across(std::uint32_t index, const Cut& cut);
  void lose(std::uint32_t index, const Queue& queue);
  void send(std::uint32_t index, NodeId from, const Sent& sent, const LiveWorld& now);

  const System* system_;
  std::vector<FlowMessage> messages_;
  std::map<Link, Queue> under_way_;
  std::optional<std::size_t> of_last_event_;
};

}  // namespace gainsay
