// A simulation that somebody directs while it runs. It is a function of its options and of what was
// done to it at which virtual time: that log gives the same run again, byte for byte.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/simulator/metrics.hpp"
#include "engine/simulator/node_facts.hpp"
#include "engine/simulator/simulation.hpp"
#include "properties/run_watch.hpp"

namespace gainsay {

// What can be done to a run, one line of text each.
struct LiveCommand {
  enum class Kind : std::uint8_t {
    step,       // "step": the next step of a process
    crash,      // "crash n1"
    restart,    // "restart n1"
    partition,  // "partition n1,n2|n3", "partition n1>n2,n3"
    heal,       // "heal 2": the partition of that number
    heal_all,   // "heal"
    loss,       // "loss 1%"
    latency     // "latency 10..20ms", or a distribution
  };
  Kind kind = Kind::step;
  NodeId node{};
  Cut cut{};
  std::uint32_t number = 0;
  std::uint64_t chance = 0;
  std::optional<Distribution> latency{};
  std::string text;  // the line
};
// At most 16 digits. Throws UsageError.
std::uint64_t parse_hexadecimal(const std::string& text, const std::string& what);
// Throws UsageError for what no system, or not this one, can be told.
LiveCommand parse_live_command(const System& system, const std::string& text);

struct LoggedCommand {
  Nanoseconds at = 0;
  std::string text;
  friend bool operator==(const LoggedCommand&, const LoggedCommand&) = default;
};
struct LiveLog {
  std::uint64_t seed = 0;
  std::vector<LoggedCommand> commands;
  Nanoseconds until = 0;
  friend bool operator==(const LiveLog&, const LiveLog&) = default;
};

// Seconds of virtual time, of which the last minute is kept.
class RecentFigures final : public SimulationWatch {
 public:
  struct Second {
    std::uint64_t number = 0;
    std::uint64_t requests = 0;
    std::uint64_t answers = 0;
    std::uint64_t messages = 0;  // sent
    std::uint64_t elections = 0;
    Histogram latency;
    std::vector<std::uint64_t> steps;  // by node
  };
  static constexpr std::size_t seconds_max = 61;

  // Whose elections are counted. REQUIRES: it watches the same run, and is told first.
  RecentFigures(const System& system, const Metrics& metrics);
  bool reads_messages() const override { return false; }
  bool step(const SimulatedStep& step) override;
  void message(Nanoseconds now, NodeId from, NodeId to, const MessageSeen& message, Fate fate,
               Nanoseconds arrives) override;
  void request(Nanoseconds now, NodeId client, Nanoseconds arrived) override;
  // The last of them is not over.
  const std::deque<Second>& seconds() const { return seconds_; }

 private:
  Second& at(Nanoseconds time);

  const System* system_;
  const Metrics* metrics_;
  std::vector<Nanoseconds> since_;  // by client
  std::uint64_t elections_ = 0;
  std::deque<Second> seconds_;
};

struct LiveRunOptions {
  SimulationOptions simulation{};
  bool properties = true;
  NodeFactsOf facts{};  // null: there are none
};

// Thread-safety: none.
class LiveRun {
 public:
  // All starts have come. REQUIRES: the model outlives the run; so does who watches, too.
  LiveRun(const Model& model, const LiveRunOptions& options, SimulationWatch* also = nullptr);
  LiveRun(const LiveRun&) = delete;
  LiveRun& operator=(const LiveRun&) = delete;

  void run_until(Nanoseconds time);
  // Logged, unless the run is over.
  void apply(const LiveCommand& command);
  // What the log says, from the beginning. REQUIRES: nothing else was done; the log is of this
  // seed.
  void repeat(const LiveLog& log);

  // Its time is over, or something broke.
  bool is_over() const { return is_over_; }
  LiveLog log() const;
  const std::vector<LoggedCommand>& commands() const { return commands_; }
  const Model& model() const { return *model_; }
  const Simulation& simulation() const { return simulation_; }
  const Metrics& metrics() const { return metrics_; }
  const RecentFigures& recent() const { return recent_; }
  const PropertyWatch* watch() const { return watch_ ? &*watch_ : nullptr; }
  const Violation* violation() const;
  const NodeFactsOf& facts() const { return facts_; }

 private:
  std::vector<SimulationWatch*> watches(SimulationWatch* also);
  void step();
  void end();

  const Model* model_;
  const NodeFactsOf facts_;
  Metrics metrics_;
  RecentFigures recent_;
  std::optional<PropertyWatch> watch_;
  Simulation simulation_;
  std::vector<LoggedCommand> commands_;
  bool is_over_ = false;
};

// The run of a log as a trace that `gainsay replay` accepts, with what it violates. `make` makes
// the model with so many crashes and restarts. Throws UsageError where it cannot be kept, and why.
using MakeModel = std::function<Model(std::uint32_t crashes, std::uint32_t restarts)>;
std::string live_trace(const MakeModel& make, const LiveRunOptions& options, const LiveLog& log);

// As text for people and programs: JSON. `command` is how a run with these options begins.
std::string log_json(const std::string& command, const LiveLog& log);
// Throws TraceError; `name` is for messages. What the commands are, only the system knows.
LiveLog parse_live_log(const std::string& text, const std::string& name);

}  // namespace gainsay
