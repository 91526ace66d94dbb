// A system in virtual time. One queue of events, whole nanoseconds, and random streams by purpose
// and process, so that a seed means the same run on every machine, compiler and build.
//
// The same handlers run as in a check. What the network does lies within `async`: a message may
// come late, more than once, or never. So a run is also a run of the system under that network, and
// can be kept as a trace, replayed and minimized like any other.
//
// Who watches is told of every step, and may end the run. Thread-safety: none.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/event.hpp"
#include "engine/simulator/compression.hpp"
#include "engine/simulator/distribution.hpp"
#include "engine/simulator/event_queue.hpp"
#include "engine/simulator/faults.hpp"
#include "engine/simulator/seals.hpp"

namespace gainsay {

struct LinkModel {
  Distribution latency = Distribution::uniform(millisecond / 2, 2 * millisecond);
  std::uint64_t loss = 0;        // chances, of always_chance
  std::uint64_t duplicates = 0;  // a copy comes on a way of its own
  // Nothing arrives before what was sent earlier on the link, as on a connection, but for a share
  // that comes on a way of its own.
  bool keeps_order = true;
  std::uint64_t reordering = 0;
  std::uint64_t tampering = 0;         // a bit of a signature is another; of what is signed only
  std::uint64_t bytes_per_second = 0;  // 0: bandwidth is no matter
};

// One link that is not as the others.
struct ParticularLink {
  NodeId from;
  NodeId to;
  LinkModel model;
};

struct ClockModel {
  std::int64_t drift_millionths = 0;  // above 0: its timers run longer than they say
};

// The node that takes this step crashes right behind it; or the next one that takes a step and may.
struct CrashBehind {
  std::uint64_t step = 0;
  Nanoseconds down = nanoseconds_never;
};

// What was lost comes late, and what came comes again, as in async it may: so many messages are
// remembered, and one of them is delivered every so often. Where nothing else happens that ends
// soon. Not together with real signatures.
struct Echoes {
  std::uint32_t remembered = 0;  // 0: none
  Nanoseconds every = second;
};

struct SimulationOptions {
  std::uint64_t seed = 0;
  Nanoseconds duration = 60 * second;
  std::uint64_t steps_max = ~std::uint64_t{0};  // it ends behind so many, too, starts included
  LinkModel links{};
  std::vector<ParticularLink> particular_links{};  // of equal ends the last counts
  std::vector<ClockModel> clocks{};                // by node; those without one are right
  // How long a node's write takes until it is safe, and what depends on it is sent; and of those
  // nodes, by id, that have a disk of their own.
  std::optional<Distribution> disk{};
  std::vector<std::optional<Distribution>> disks{};
  std::uint64_t arrivals_an_hour = 0;  // of requests, in whatever client is free; 0: closed loop
  bool arrivals_are_regular = false;   // else at random (Poisson)
  Distribution think = Distribution::fixed(0);  // closed loop: between an answer and what is next
  Nanoseconds client_timeout = second;          // then a client asks another server
  Duration unspecified{std::chrono::milliseconds(50), std::chrono::milliseconds(100)};  // timers
  FaultSchedule faults{};
  std::vector<CrashBehind> crashes_behind{};  // by step
  Echoes echoes{};
  // An event whose result lies outside a limit of the system, or its budget of timeouts, is none.
  bool keeps_bounds = false;
  // With `keeps_bounds`: deliveries can be taken back, too, which costs a copy of the state for
  // each. Without it the run ends at the first that would have to be.
  bool takes_back_deliveries = false;
  // What is signed is really signed and verified; none: ideal signatures, of no bytes. To be made
  // for as many processes as the system has.
  std::shared_ptr<const Signatures> signatures{};
  bool compresses = false;        // each message, on its link; its handling takes no longer
  bool encodes_messages = false;  // even where nobody reads them: the slow twin
};

// A message, as the one who watches sees it.
struct MessageSeen {
  std::size_t size = 0;         // of its encoding
  std::size_t alternative = 0;  // which of the message type's
  BytesView bytes;              // empty where nobody reads_messages
};

// A step of a process, as the one who watches sees it. What it refers to is gone behind the call.
struct SimulatedStep {
  std::uint64_t number = 0;  // of the step, from 1 on
  Nanoseconds at = 0;
  EventKind kind = EventKind::start;
  NodeId process;
  NodeId from;              // deliver
  MessageSeen message;      // deliver
  Nanoseconds sent = 0;     // deliver: when
  std::uint32_t timer = 0;  // timer
  std::span<const std::uint32_t> choices;
  std::span<const Label> labels;
  StepResult::Fault fault = StepResult::Fault::none;
  std::string_view fault_message;
};

// What became of a message that was sent.
enum class Fate : std::uint8_t { sent, lost, cut, duplicated, to_down, refused };

class SimulationWatch {
 public:
  virtual ~SimulationWatch() = default;
  // False: it does not look at the bytes of messages. Where nobody does, they are never encoded.
  virtual bool reads_messages() const { return true; }
  // False: the run ends here.
  virtual bool step(const SimulatedStep&) { return true; }
  // `arrives`: when it is to be delivered.
  virtual void message(Nanoseconds, NodeId, NodeId, const MessageSeen&, Fate, Nanoseconds) {}
  // A request was made, and has waited for a free client since `arrived`.
  virtual void request(Nanoseconds, NodeId, Nanoseconds) {}
  virtual void fault(Nanoseconds, const ScheduledFault&) {}
};

class Simulation {
 public:
  // REQUIRES: they outlive the simulation. Throws UsageError where the system cannot be simulated:
  // a Byzantine process that says all it can, or clocks that are bounded.
  Simulation(const System& system, SimulationOptions options,
             std::vector<SimulationWatch*> watches);
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // All starts, at time 0 and in id order, come with the first call. True when the run goes on: its
  // time is not over, and nobody has ended it.
  bool run_until(Nanoseconds time);
  // The next event; false when there is none within the run's time.
  bool step();

  // By hand, now. Who is down cannot crash, and so on: then nothing happens.
  void fail_node(NodeId node);
  void recover_node(NodeId node);
  // Returns its number, for `heal`.
  std::uint32_t create_partition(const Cut& cut);
  void heal(std::uint32_t number);
  void heal_all();

  const System& system() const { return *system_; }
  const SimulationOptions& options() const { return options_; }
  Nanoseconds now() const { return now_; }
  std::uint64_t steps() const { return steps_; }
  const LocalState& state(NodeId process) const { return processes_[process.value].local; }
  // What a node is about, up or not. REQUIRES: the system says so, and the node is not bent.
  const NodeStatus& status(NodeId node) const;
  bool blocks(NodeId from, NodeId to) const;
  // The partitions there are, by number.
  const std::vector<std::pair<std::uint32_t, Cut>>& partitions() const { return partitions_; }
  std::size_t messages_under_way() const { return under_way_; }
  std::size_t waiting_requests() const { return backlog_.size(); }
  bool ended_by_watch() const { return stopped_; }
  // A delivery would have to be taken back, and cannot be: the steps before it are the run.
  bool ended_by_bounds() const { return ended_by_bounds_; }
  // Of the message that a watch is told of: how long it is on the link, compressed where messages
  // are, and with signatures.
  std::uint64_t bytes_on_link() const { return bytes_on_link_; }
  const Seals* seals() const { return seals_.get(); }  // null: signatures are ideal
  // Links may change while it runs.
  LinkModel& links() { return options_.links; }

 private:
  enum class Kind : std::uint32_t { deliver, timer, arrival, invoke, fault, echo };
  struct Timer {
    Nanoseconds deadline = nanoseconds_never;
    Nanoseconds queued = nanoseconds_never;  // the earliest entry of it in the queue
  };
  struct Running {
    LocalState local;
    StepContext::Place place;
    std::vector<Timer> timers;
    std::uint64_t held = 0;  // timers that would lead outside the limits from where it is
    Nanoseconds disk_free = 0;
    const Distribution* disk = nullptr;      // null: what it writes is safe at once
    Nanoseconds next_write = 0;              // how long it takes
    std::vector<Nanoseconds> crashes_ahead;  // that may lose writes, the next one last
    RandomStream choices, durations, network;
  };
  // What is sent: a value, or its bytes.
  struct Parcel {
    std::unique_ptr<MessageValue> value;
    Bytes bytes;
    std::size_t size = 0;
    std::size_t alternative = 0;
    MessageSeen seen() const { return {.size = size, .alternative = alternative, .bytes = bytes}; }
  };
  struct Message {
    NodeId from;
    NodeId to;
    Nanoseconds sent = 0;
    Parcel parcel;
  };

  void start();
  void handle(const EventQueue::Entry& entry);
  void deliver(std::uint32_t slot);
  void fire(std::uint32_t packed, Nanoseconds time);
  void invoke(NodeId client, Nanoseconds arrived);
  void arrive();
  void schedule_arrival();
  void apply(const ScheduledFault& fault);
  void prepare_disks();
  void run(SimulatedStep& step, const LocalEvent& event);
  Nanoseconds write_until(NodeId process);
  // Of bounds that are kept. REQUIRES: they are.
  bool may_time_out();
  bool can_be_taken_back(const SimulatedStep& step) const;
  bool is_outside_limits(const SimulatedStep& step) const;
  void take_back(const SimulatedStep& step, std::optional<LocalState> before);
  void release_timers(NodeId process);
  void crash_behind(NodeId process);
  bool keeps_versions(NodeId node);
  void crash_within(SimulatedStep& step, const LocalEvent& event);
  std::uint32_t draw_lost(Running& process, std::size_t versions);
  void stop_timers(Running& process);
  void take_timers(NodeId process, std::uint64_t before);
  Nanoseconds duration_of(NodeId process, const TimerSet& set);
  void queue_timer(NodeId process, std::uint32_t timer);
  void jump(NodeId node, std::int64_t nanoseconds);
  void client_is_free(NodeId client);
  static Parcel parcel_of(Bytes message);
  void transmit_all(NodeId from, Nanoseconds leaves);
  void transmit(NodeId from, NodeId to, Parcel& parcel, Nanoseconds leaves);
  void put_on_link(NodeId from, const Parcel& parcel, const LinkModel& model);
  bool is_refused(std::uint32_t slot, const SimulatedStep& delivery);
  void put_under_way(NodeId from, NodeId to, Parcel parcel, Nanoseconds arrives);
  void give_back(Parcel& parcel);
  static Parcel copy_of(const Parcel& parcel);
  void remember_some(NodeId from, NodeId to, const Parcel& parcel);
  void remember(NodeId from, NodeId to, Parcel& parcel);
  void miss(const SimulatedStep& step, Parcel& parcel);
  void schedule_echo(Nanoseconds behind);
  void echo();
  bool tell(const SimulatedStep& step);
  void tell(const ScheduledFault& fault);
  void count_cuts(const Cut& cut, int change);
  void tell(NodeId from, NodeId to, const MessageSeen& message, Fate fate, Nanoseconds arrives);
  bool is_node(NodeId id) const { return !system_->is_client(id); }
  // REQUIRES: two nodes.
  std::size_t between(NodeId from, NodeId to) const {
    return std::size_t{from.value} * system_->bounds.nodes + to.value;
  }
  std::size_t link(NodeId from, NodeId to) const {
    return std::size_t{from.value} * processes_.size() + to.value;
  }
  const LinkModel& model_of(NodeId from, NodeId to) const {
    if (particular_.empty()) return options_.links;
    const LinkModel* model = particular_[link(from, to)];
    return model == nullptr ? options_.links : *model;
  }

  const System* system_;
  SimulationOptions options_;
  std::vector<SimulationWatch*> watches_;
  std::vector<Running> processes_;
  EventQueue queue_;
  Nanoseconds now_ = 0;
  std::uint64_t steps_ = 0;
  mutable NodeStatus status_;  // of the node that took this step
  mutable std::uint64_t status_step_ = 0;
  bool started_ = false;
  bool stopped_ = false;
  bool ended_by_bounds_ = false;
  std::uint64_t timeouts_ = 0;      // that there were
  std::size_t crashes_behind_ = 0;  // the same

  std::vector<Message> messages_;  // slots, of which some are free
  std::vector<std::uint32_t> free_;
  std::vector<Message> remembered_;
  RandomStream echoes_;
  std::uint64_t echoed_ = 0;
  std::size_t under_way_ = 0;
  Compressor compressor_;
  std::unique_ptr<Seals> seals_;
  std::vector<Seal> seals_of_;  // by slot, where signatures are real
  Seal seal_;                   // of the message that is sent now
  std::uint64_t bytes_on_link_ = 0;
  std::vector<const LinkModel*> particular_;  // by link; empty: all are alike
  std::uint32_t losing_crashes_ = 0;          // so many more may lose writes
  std::vector<Nanoseconds> link_free_;  // by link: when its last message has left; empty: at once
  std::vector<Nanoseconds> last_arrival_;  // by link, where order is kept
  std::vector<std::uint8_t> cuts_;         // between nodes: how many partitions there are
  std::vector<std::pair<std::uint32_t, Cut>> partitions_;
  std::uint32_t partitions_made_ = 0;

  RandomStream arrivals_;
  Distribution between_arrivals_;
  std::deque<NodeId> free_clients_;
  std::deque<Nanoseconds> backlog_;  // requests that wait for one: since when
  std::vector<Nanoseconds>
      invoked_for_;  // by process, of clients: since when its next request waits

  StepContext context_;
  LocalEvent event_;
  std::string fault_message_;
};

}  // namespace gainsay
