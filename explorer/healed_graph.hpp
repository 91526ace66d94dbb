// The healed system as a graph: no more faults, whoever is down restarts, no message is lost and
// each arrives at most once. Explored from many worlds at once, until it is known of each of them
// whether a good world can be reached.
//
// Its tables are its own: it has other limits and another network than the search before it. For
// one thread.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/random.hpp"
#include "explorer/tables.hpp"
#include "properties/property.hpp"

namespace gainsay {

// The encoded local states of all processes, in id order.
using LocalVector = std::vector<Bytes>;

class HealedGraph {
 public:
  // What becomes of messages. Whatever waits twice makes the graph infinite as soon as a timer
  // sends again and again; so at most `copies` equal messages are told apart.
  struct Messages {
    bool queues = false;       // a queue for each link, of at most `copies` messages
    std::uint32_t copies = 1;  // of one message waiting at one process; 0 only where it is endless
    // What is sent beyond that. False: it is forgotten, so that the graph has no run that the
    // system does not have (what is forgotten lies unread for ever; in queues, the step does not
    // exist). True: the message arrives as often as you like from now on, so that no run of the
    // system is missing.
    bool endless = false;
  };
  // Gives a reason to stop, or an empty text; told how many worlds there are.
  using Stop = std::function<std::string(std::uint64_t worlds)>;

  // Which timers run out; none: all of them may.
  using RunsOut = std::function<bool(NodeId node, std::uint32_t timer)>;

  // `good` is a property of kind `recovers`. REQUIRES: both outlive the graph.
  HealedGraph(const System& system, const Property& good, const Messages& messages,
              RunsOut runs_out = {});

  // The world of these local states without any message.
  Id add(const LocalVector& locals);
  // Explores until each start is known to lead to a good world, or has nothing left to explore.
  // The reason why it was stopped before, or empty.
  std::string explore(const std::vector<Id>& starts, const Stop& stop);

  // After `explore`, of a start.
  bool leads_to_good(Id world) const { return (flags_[world] & leads) != 0; }
  // Of one that does not: is there an event behind it that a limit forbids, or whose handler
  // fails; is there a message behind it that was sent beyond `copies`?
  bool is_limited(Id world) const { return (flags_[world] & limited) != 0; }
  bool is_capped(Id world) const { return (flags_[world] & capped) != 0; }
  std::span<const Id> successors(Id world) const {
    return {targets_.data() + first_edge_[world], edge_count_[world]};
  }
  // The first good world behind a world that leads to one, breadth first, and how many events away.
  std::pair<Id, std::size_t> nearest_good(Id world) const;
  // What each process is, which timers are armed, and what waits for it.
  std::string describe_world(Id world) const;

  std::uint64_t worlds() const { return flags_.size(); }
  std::uint64_t evaluated() const { return evaluated_; }  // how often the predicate was
  const std::vector<Limit>& limits() const { return limits_; }

 private:
  enum Flag : std::uint8_t { leads = 1, expanded = 2, limited = 4, capped = 8 };
  struct Local {
    std::uint8_t process = 0;
    LocalState::Status status = LocalState::Status::up;
    std::uint64_t timers = 0;
    Bytes bytes;
    std::shared_ptr<const void> view;  // null for clients
    bool good = false;                 // by itself, where the predicate is of one node
  };
  struct Envelope {
    NodeId from;
    Bytes message;
  };
  struct Waiting {
    Id envelope = 0;
    std::uint32_t count = 0;  // copies + 1: endless
  };
  struct Cell {
    Id local = 0;
    Id inbox = 0;
  };
  struct Send {
    Id to = 0;
    Id envelope = 0;
  };
  struct Outcome {
    Id local = 0;
    bool no_op = false;
    std::vector<Send> sends;
  };
  struct Outcomes {
    std::vector<Outcome> all;
    bool limited = false;
  };
  struct Step {
    Id cell = 0;
    bool of_timer = false;
    const std::vector<Send>* sends = nullptr;
  };
  struct Steps {
    std::vector<Step> all;
    bool limited = false;
  };
  struct Received {
    Id cell = 0;
    bool capped = false;
  };

  Id intern_local(std::uint8_t process, const Bytes& bytes, const Process& value);
  Id intern_envelope(NodeId from, const Bytes& message);
  Id intern_inbox(std::vector<Waiting> waiting);
  Id cell_of(Id local, Id inbox);
  Id world_of(const std::vector<Id>& cells);
  const Outcomes& outcomes(Id local, Id input);
  Outcomes run_handlers(Id local, Id input);
  bool is_outside_limits(NodeId process, const LocalState& local) const;
  const Steps& steps(Id cell);
  void add_steps(Id cell, Id input, std::vector<Waiting> rest, Steps& out);
  Received receive(Id cell, Id envelope);
  bool put(std::vector<Waiting>& inbox, Id envelope) const;
  bool may_run_out(Id local, Id timer) const;
  bool is_good(const std::vector<Id>& cells);
  void expand(Id world);
  bool take(std::vector<Id>& cells, std::size_t process, const Step& step, bool& is_capped);
  void mark(Id world, Flag flag);
  std::string walk(const std::vector<Id>& starts, const Stop& stop);
  Id step_of_walk(Id world, RandomStream& random, bool patient) const;
  std::string look(const Stop& stop);
  std::vector<Id> open_worlds(const std::vector<Id>& starts);

  const System& system_;
  const Property& good_;
  const Messages messages_;
  const RunsOut runs_out_;
  std::vector<Limit> limits_;
  std::uint64_t evaluated_ = 0;

  using Index = std::unordered_map<std::string, Id>;
  std::vector<Local> locals_;
  std::vector<Envelope> envelopes_;
  std::vector<std::vector<Waiting>> inboxes_;
  std::vector<Cell> cells_;
  std::vector<std::unique_ptr<Steps>> steps_;  // by cell; null: not looked at
  Index local_index_;
  Index envelope_index_;
  Index inbox_index_;
  boost::unordered_flat_map<std::uint64_t, Id> cell_index_;
  boost::unordered_flat_map<std::uint64_t, Received> received_;
  std::unordered_map<std::uint64_t, Outcomes> outcomes_;  // stable addresses

  // Worlds, by id.
  std::vector<Id> world_cells_;  // one for each process
  std::vector<boost::unordered_flat_map<std::uint64_t, Id>> folds_;
  std::vector<std::uint8_t> flags_;
  std::vector<std::uint32_t> met_;  // in which round of `open_worlds`
  std::vector<std::uint64_t> first_edge_;
  std::vector<std::uint32_t> edge_count_;
  // Edges; those to one world are chained.
  static constexpr std::uint64_t no_edge = ~std::uint64_t{0};
  std::vector<Id> sources_;
  std::vector<Id> targets_;
  std::vector<bool> of_timer_;
  std::vector<std::uint64_t> next_to_;
  std::vector<std::uint64_t> first_to_;  // by world
  std::uint32_t round_ = 0;
  std::uint64_t expansions_ = 0;
};

}  // namespace gainsay
