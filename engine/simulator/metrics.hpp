// What is measured of a simulation: requests and how long they took, elections, commits, messages
// by kind and link, load by node, and when the service was not there. Counted in whole numbers, so
// that one seed gives the same figures everywhere.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/simulator/histogram.hpp"
#include "engine/simulator/simulation.hpp"

namespace gainsay {

struct MessageCounts {
  std::uint64_t sent = 0;  // lost and cut off ones, too
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;
  std::uint64_t cut = 0;  // by a partition
  std::uint64_t duplicated = 0;
  std::uint64_t to_down = 0;        // nobody was there
  std::uint64_t refused = 0;        // for a signature that is wrong
  std::uint64_t bytes = 0;          // sent
  std::uint64_t bytes_on_link = 0;  // the same compressed, and with signatures
};

// What was sent from one node to another. A table of few nodes; of many only the links in use.
class LinkCounts {
 public:
  explicit LinkCounts(std::size_t nodes)
      : nodes_(nodes), table_(nodes <= table_nodes_max ? nodes * nodes : 0) {}
  MessageCounts& at(NodeId from, NodeId to) {
    const std::size_t link = std::size_t{from.value} * nodes_ + to.value;
    return table_.empty() ? used_[static_cast<std::uint32_t>(link)] : table_[link];
  }
  MessageCounts of(NodeId from, NodeId to) const {
    const std::size_t link = std::size_t{from.value} * nodes_ + to.value;
    if (!table_.empty()) return table_[link];
    const auto found = used_.find(static_cast<std::uint32_t>(link));
    return found == used_.end() ? MessageCounts{} : found->second;
  }
  struct Link {
    NodeId from;
    NodeId to;
    MessageCounts counts;
  };
  // Those on which something was sent, by sender and receiver.
  std::vector<Link> used() const;

 private:
  static constexpr std::size_t table_nodes_max = 256;
  std::size_t nodes_;
  std::vector<MessageCounts> table_;
  boost::unordered_flat_map<std::uint32_t, MessageCounts> used_;
};

struct NodeCounts {
  std::uint64_t steps = 0;
  std::uint64_t sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t requests = 0;  // messages of clients that came
  std::uint64_t answers = 0;   // sent to clients
};

// A stretch of the run.
struct Interval {
  std::uint64_t requests = 0;
  std::uint64_t answers = 0;
  std::uint64_t messages = 0;
  std::uint64_t elections = 0;
  Histogram latency;
};

struct Election {
  Nanoseconds at = 0;
  NodeId leader;
  std::uint64_t term = 0;
  Nanoseconds took = 0;  // since nobody led, or since the run began
};

struct FaultRecord {
  ScheduledFault fault;
  std::optional<Nanoseconds> ended{};   // when
  std::optional<Nanoseconds> answered;  // until one who asked afterwards was answered
  std::optional<Nanoseconds> led;       // until there was a leader of a newer term
};

struct Window {
  Nanoseconds begin = 0;
  Nanoseconds end = 0;
};

struct MetricsOptions {
  Nanoseconds interval = second;
  // Requests that wait and none that is answered for so long: the service is not there.
  Nanoseconds unavailable_after = second;
  std::size_t listed_max = 1000;  // elections, faults and windows that are kept one by one
};

class Metrics final : public SimulationWatch {
 public:
  Metrics(const System& system, MetricsOptions options);
  // Whose states say who leads. REQUIRES: before the first step.
  void attach(const Simulation& simulation) { simulation_ = &simulation; }
  // The run is over: what is open ends. To be called once, while the simulation is there.
  void finish(Nanoseconds at);

  bool reads_messages() const override { return false; }
  bool step(const SimulatedStep& step) override;
  void message(Nanoseconds now, NodeId from, NodeId to, const MessageSeen& message, Fate fate,
               Nanoseconds arrives) override;
  void request(Nanoseconds now, NodeId client, Nanoseconds arrived) override;
  void fault(Nanoseconds now, const ScheduledFault& fault) override;

  const MetricsOptions& options() const { return options_; }
  std::uint64_t requests() const { return requests_; }
  std::uint64_t answers() const { return answers_; }
  std::uint64_t retries() const { return retries_; }
  std::uint64_t steps() const { return steps_; }
  const Histogram& latency() const { return latency_; }
  const Histogram& commit_latency() const { return commit_latency_; }
  const Histogram& time_to_elect() const { return time_to_elect_; }
  std::uint64_t elections_count() const { return elections_count_; }
  const std::vector<Election>& elections() const { return elections_; }
  const std::vector<FaultRecord>& faults() const { return faults_; }
  const std::vector<Window>& unavailable() const { return unavailable_; }
  Nanoseconds unavailable_time() const { return unavailable_time_; }
  std::uint64_t faults_count() const { return faults_count_; }
  const std::vector<Interval>& intervals() const { return intervals_; }
  const std::vector<NodeCounts>& nodes() const { return nodes_; }
  // Signatures made, and verified; of ideal ones none.
  std::uint64_t signatures_made() const { return signed_; }
  std::uint64_t signatures_verified() const { return verified_; }
  const MessageCounts& all_messages() const { return all_; }
  // By number of the alternative in the message type.
  const std::vector<MessageCounts>& kinds() const { return kinds_; }
  std::string kind_name(std::size_t kind) const;
  const LinkCounts& links() const { return links_; }

 private:
  struct Followed {
    NodeStatus status;
    std::deque<std::pair<std::uint64_t, Nanoseconds>> appended;  // log index, when; of a leader
  };

  Interval& interval(Nanoseconds at);
  void follow(NodeId node, Nanoseconds now);
  void follow_commits(Followed& node, const NodeStatus& status, Nanoseconds now);
  void elected(NodeId node, const NodeStatus& status, Nanoseconds now);
  void answered(NodeId client, Nanoseconds now);
  void end_window(Nanoseconds now);
  MessageCounts& kind_of(const MessageSeen& message) {
    return kinds_[std::min(message.alternative, kinds_.size() - 1)];
  }
  void end_fault(Nanoseconds now, const ScheduledFault& end);

  const System* system_;
  const Simulation* simulation_ = nullptr;
  MetricsOptions options_;
  std::uint64_t steps_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t answers_ = 0;
  std::uint64_t retries_ = 0;
  std::uint64_t open_ = 0;          // requests that wait
  Nanoseconds waiting_since_ = 0;   // for the next answer
  std::vector<Nanoseconds> since_;  // by client: when its request came
  Histogram latency_;
  Histogram commit_latency_;
  Histogram time_to_elect_;
  std::uint64_t elections_count_ = 0;
  std::uint64_t highest_term_ = 0;
  std::uint32_t leaders_ = 0;
  Nanoseconds leaderless_since_ = 0;
  std::vector<Election> elections_;
  std::vector<FaultRecord> faults_;
  std::uint64_t faults_count_ = 0;
  std::size_t first_unanswered_ = 0;  // of `faults_`
  std::size_t first_unled_ = 0;
  std::vector<Window> unavailable_;
  Nanoseconds unavailable_time_ = 0;
  std::vector<Interval> intervals_;
  std::size_t interval_ = 0;  // the one of now
  Nanoseconds interval_begin_ = 0;
  std::vector<Followed> followed_;
  std::vector<NodeCounts> nodes_;
  std::uint64_t signed_ = 0;
  std::uint64_t verified_ = 0;
  MessageCounts all_;
  std::vector<MessageCounts> kinds_;
  LinkCounts links_;
};

}  // namespace gainsay
