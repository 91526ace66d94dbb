// Seeded search beyond what can be searched exhaustively: random runs, judged as a check judges
// worlds. A hunt that finds nothing says so with its budget; it never says that anything holds.
//
// Runs come in rounds. A round is a function of (system, strategy, seed, number of the round): what
// is adaptive, as the pool of rare worlds, lives within one. So rounds may run on any thread or
// machine, in any order, and are reported in theirs.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "explorer/check.hpp"

namespace gainsay {

inline constexpr std::uint64_t runs_in_round = 1024;

struct HuntFinding {
  std::uint64_t run = 0;
  Counterexample counterexample;  // minimised, where that was asked for
  std::string identity;           // equal for equal traces
  bool shortest = false;
  std::string not_shortened;  // why, where minimising failed
  std::string strategy;
  std::uint32_t events_before = 0;  // minimising
  std::uint32_t faults_before = 0;
  bool by_cut = false;          // the run is another order of events that were met
  std::uint64_t hits = 1;       // runs that broke the same property in rounds where this was met
  std::filesystem::path trace;  // on disk before it is told; empty: nowhere
};

struct RoundReport {
  std::uint64_t round = 0;
  std::uint64_t runs = 0;
  std::uint64_t events = 0;
  std::vector<HuntFinding> findings;        // of each property that was broken, the first
  std::vector<std::uint64_t> local_states;  // met: 64-bit hashes of content, sorted, each once
};

struct HuntProgress {
  std::uint64_t runs = 0;
  std::uint64_t events = 0;
  std::uint64_t local_states = 0;
  std::uint64_t findings = 0;
  double seconds = 0;
};

struct HuntOptions {
  std::string strategy = "portfolio";
  std::uint64_t seed = 0;
  std::optional<std::uint64_t> runs{};  // those below this number; none: while there is time
  std::optional<double> seconds{};
  unsigned jobs = 0;                         // threads; 0: one for each core
  std::optional<std::uint32_t> max_depth{};  // of a run, in events behind the starts; none: 512
  std::vector<std::string> properties{};     // by name; empty: all
  // It ends where it has so many different findings. Without `done` it does so at once, and not at
  // the end of a round.
  std::uint64_t findings_max = 1;
  bool minimize = true;
  // Pairs of nodes are asked at all cuts of a run; see explorer/hunt/cuts.hpp. Throws UsageError
  // where that would be unsound, or where there is nothing to ask.
  bool cuts = false;
  std::uint64_t minimize_states = 1'000'000;            // see MinimizeOptions
  std::uint64_t memory_bytes = std::uint64_t{2} << 30;  // tables that grow further begin anew
  std::filesystem::path output{};                       // where traces go; empty: nowhere
  const std::atomic<bool>* interrupted = nullptr;
  // On the thread that hunts.
  std::function<bool(std::uint64_t round)> wanted{};  // of this shard, and not done; none: all are
  std::function<void(const RoundReport&)> done{};     // in the order of rounds
  std::function<void(const HuntProgress&)> progress{};
};

struct StrategyReport {
  std::string name;
  std::uint64_t runs = 0;
  std::uint64_t events = 0;
  std::uint64_t findings = 0;  // runs that broke something
};

// Of so many events so many led to a local state that was new.
struct Reuse {
  std::uint64_t events = 0;
  std::uint64_t met = 0;
  // Then the machine runs a handler, encodes a state and looks it up at many events.
  bool is_low() const { return 5 * met > events; }
};

struct HuntReport {
  std::string system;
  Bounds bounds;
  OptionTexts options;
  std::string strategy;
  std::uint64_t seed = 0;
  std::uint64_t runs = 0;
  std::uint64_t events = 0;
  std::uint64_t local_states = 0;  // that were met
  std::uint64_t longest = 0;       // run, in events
  std::vector<StrategyReport> strategies;
  std::vector<HuntFinding> findings;  // different ones
  std::vector<std::string> only{};    // properties asked for; empty: all
  std::optional<std::uint32_t> max_depth{};
  std::vector<PropertyReport> properties;  // verdicts: violated, or vacuous where never evaluated
  std::vector<std::string> not_judged;     // properties that runs say nothing of
  // Of simulations: steps of nodes, and those behind which all properties of states were judged. To
  // judge costs as much as there is to see: see properties/run_watch.hpp.
  std::uint64_t live_steps = 0;
  std::uint64_t live_steps_judged = 0;
  // Histories that take too much to be judged: of which property, in how many runs.
  std::vector<std::pair<std::string, std::uint64_t>> not_judged_runs;
  bool cuts = false;           // pairs of nodes were asked at all cuts
  std::string worlds;          // "interned", "live", "interned and live"
  std::string worlds_because;  // where the portfolio has chosen
  std::optional<Reuse> reuse;  // what it has looked at
  std::string stopped_by;      // "runs", "time", "interrupted", "findings"
  std::string cannot_write;    // why a trace is missing
  double seconds = 0;
  Hash128 digest;  // of all runs: equal exactly where they were the same
};

// Throws UsageError for what cannot be hunted, and Nondeterminism.
HuntReport hunt(const Model& model, const HuntOptions& options = {});

// "portfolio", then those that it is made of.
std::vector<std::string> strategy_names();
// With what they do.
std::vector<std::pair<std::string, std::string>> described_strategies();

}  // namespace gainsay
