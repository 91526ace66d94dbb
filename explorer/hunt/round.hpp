// One round of runs, on one thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "explorer/hunt/cuts.hpp"
#include "explorer/hunt/hunt.hpp"
#include "explorer/hunt/pool.hpp"
#include "explorer/hunt/strategy.hpp"
#include "explorer/hunt/swarm.hpp"
#include "explorer/hunt/weather_run.hpp"

namespace gainsay {

// By run, of so many, which strategy. Throws UsageError for a name that none has.
std::vector<std::size_t> strategy_order(const std::string& name);
// The portfolio where behind each of its runs there are `live_runs` simulations.
std::vector<std::size_t> live_portfolio();

// Of a simulated run: what it broke, and where.
struct LiveHit {
  Violation violation;
  std::uint64_t seed = 0;
  std::uint32_t steps = 0;  // that it might have
  std::uint64_t violated_by = 0;
};

// A run that broke something, the first of its round that broke this.
struct Hit {
  std::uint64_t run = 0;
  std::size_t strategy = 0;
  Broken broken;
  Path path;                          // unless it is a simulation
  std::optional<LiveHit> live{};      // where it is one
  std::vector<std::uint32_t> kept{};  // by a cut: those of the path that are the run; else all are
  std::uint64_t hits = 1;             // runs of the round that broke this property
};

struct Round {
  std::uint64_t number = 0;
  std::uint64_t runs = 0;
  std::uint64_t events = 0;
  std::uint64_t longest = 0;
  std::vector<StrategyReport> strategies;
  std::vector<Hit> hits;
  std::vector<std::uint64_t> local_states;
  Watched watched;  // of simulations
  Hash128 digest;
};

// What runs a round; one for each thread.
class RoundRunner {
 public:
  // `judged` is the system with the properties that the evaluator has. REQUIRES: all outlive this.
  RoundRunner(Machine& machine, Evaluator& evaluator, const Model& judged,
              const HuntOptions& options, const std::vector<std::size_t>& order);

  // The first so many runs of a round. Ends early where `given_up` is below its number: then nobody
  // asks what it came to.
  Round run(std::uint64_t number, std::uint64_t count, std::atomic<std::uint64_t>& given_up);
  // How often runs meet what they have not met before, in the first runs of all, which are the same
  // for every thread and every shard. REQUIRES: none of them is a simulation.
  Reuse look();
  Walk& walk() { return walk_; }

 private:
  struct Streams {
    RandomStream schedule;
    RandomStream faults;
  };

  void forget();
  void run_one(std::uint64_t number, Round& round);
  Broken broken_by(const Violation& violation) const;
  void run_live(std::uint64_t number, std::uint64_t seed, Round& round);
  std::uint32_t begin(Streams& streams, std::optional<std::size_t>& from);
  void follow(const Path& path);
  bool take(Move move);
  void go(std::uint32_t steps, Streams& streams, std::vector<Novelty>& novelties);
  void see(std::size_t process);
  void take_in(std::uint64_t number, Round& round);
  void count(std::uint64_t number, std::uint64_t events, const Hash128& end, Round& round) const;
  std::string property_of_fault(const Hit& hit) const;
  void keep(Hit hit, Round& round) const;

  const HuntOptions& options_;
  const std::vector<std::size_t>& order_;
  const Model& judged_;
  Walk walk_;
  std::optional<Cuts> cuts_;
  WeatherRunner weather_;
  std::vector<std::unique_ptr<Strategy>> strategies_;  // null: of simulations
  std::size_t which_ = 0;                              // strategy
  Swarm swarm_;
  Pool pool_;
  std::uint32_t typical_ = 0;  // length of the runs of this round so far, in steps
  std::vector<bool> seen_;     // local states, by id
  std::vector<Id> met_;        // the same, in a list
};

}  // namespace gainsay
