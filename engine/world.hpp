// The live world: typed values, changed in place by events. It serves replay, random runs and the
// slow twin of the explorer; the interned machine must agree with it, hash for hash.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/event.hpp"
#include "engine/history.hpp"
#include "engine/system.hpp"

namespace gainsay {

// What applying an event did.
struct Outcome {
  enum class Status : std::uint8_t {
    applied,
    not_enabled,  // no such event here; the world is unchanged
    no_op,        // a delivery that changes and sends nothing, where that is no event; unchanged
    cut,          // the result lies outside a limit; unchanged
  };
  Status status = Status::applied;
  std::string reason;  // why it is not enabled, or which limit cut
  StepResult step;     // what the handler did; a fault means that the world is not to be used on
};

class LiveWorld {
 public:
  // Nothing has started yet: `start` events of all processes, in id order, lead to world 0.
  // REQUIRES: the system outlives the world.
  explicit LiveWorld(const System& system);
  LiveWorld(const LiveWorld& other);
  LiveWorld& operator=(const LiveWorld&) = delete;
  LiveWorld(LiveWorld&&) = default;

  Outcome apply(const Event& event);
  // All events with a successor, in canonical order, with every answer to their choices. Events
  // whose handler fails are included.
  std::vector<Event> enabled() const;
  // What nothing rules out before a handler has run, in canonical order, without choices; and of
  // one of these the event with every answer that has a successor, in the order of an odometer.
  std::vector<Event> possible() const;
  std::vector<Event> answered(Event event) const;

  const System& system() const { return *system_; }
  Hash128 hash() const;
  Bytes local(NodeId process) const { return encode_local(processes_[process.value]); }
  const LocalState& state(NodeId process) const { return processes_[process.value]; }
  const History& history() const { return history_; }
  BudgetUsed used() const { return used_; }
  const Cut& cut() const { return cut_; }  // none where the network is whole
  const std::vector<Bytes>& observers() const { return observers_; }
  const Knowledge& knowledge() const { return knowledge_; }  // of the Byzantine processes
  // The messages waiting for a process, with their multiplicity, in canonical order (fifo: by
  // sender, in order of arrival).
  std::vector<std::pair<std::pair<NodeId, Bytes>, std::uint32_t>> inbox(NodeId process) const;

 private:
  using Envelope = std::pair<NodeId, Bytes>;
  struct Inbox {
    void add(Envelope envelope);
    // REQUIRES: it is there.
    void remove(const Envelope& envelope);

    std::map<Envelope, std::uint32_t> bag;  // async (multiplicity 1) and unordered
    Hash128 bag_hash;                       // the sum over the bag: worlds with many messages are
                                            // hashed after each event of a trace
    std::map<NodeId, std::deque<Bytes>> queues;  // fifo
  };

  std::string why_not_enabled(const Event& event) const;
  std::string why_no_timer(NodeId process, std::uint32_t timer) const;
  std::string why_no_partition(const Cut& cut) const;
  std::string why_no_tick() const;
  bool all_started() const;
  void apply_fault(const Event& event);
  void pass_tick();
  void lose_across();
  Outcome apply_step(const Event& event);
  Outcome judge_step(const Event& event, const LocalState& local, StepResult step) const;
  std::string limit_cutting(NodeId process, const LocalState& local) const;
  void consume(const Event& event);
  void learn(NodeId from, const std::vector<Sent>& sends);
  void say(const std::vector<Forged>& messages);
  void receive(NodeId to, NodeId from, const Bytes& message);
  void take_label(NodeId process, const Label& label);
  bool has_message(const Event& event) const;
  void add_possible(NodeId process, std::vector<Event>& out) const;
  Hash128 hash_inbox(const Inbox& inbox) const;

  const System* system_;
  std::vector<LocalState> processes_;
  std::vector<Inbox> inboxes_;
  BudgetUsed used_;
  Cut cut_;
  History history_;
  std::vector<Bytes> observers_;
  Knowledge knowledge_;
};

// Starts all processes in id order with choices 0 where there are any: world 0 of a system whose
// starts make no choices. Throws UsageError when a start fails.
LiveWorld started_world(const System& system);

}  // namespace gainsay
