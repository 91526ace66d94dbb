#include "explorer/campaign/campaign.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <iterator>
#include <set>
#include <stdexcept>
#include <utility>

#include "engine/version.hpp"
#include "explorer/hunt/report.hpp"
#include "explorer/replay.hpp"
#include "explorer/report.hpp"

namespace gainsay {

namespace {

constexpr std::uint64_t rounds_together = 4;  // of one shard
constexpr double flush_seconds = 1;
constexpr double retry_seconds = 30;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// How a service tells a machine which one it is.
struct Service {
  const char* index;
  const char* count;
  std::uint64_t first;  // index
};
constexpr std::array services = {
    Service{"CI_NODE_INDEX", "CI_NODE_TOTAL", 1},
    Service{"BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0},
    Service{"CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0},
    Service{"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", 0},
};

Shard shard_of(const std::string& what, std::optional<std::uint64_t> index,
               std::optional<std::uint64_t> count, std::uint64_t first) {
  if (!index || !count || *count == 0 || *index < first || *index - first >= *count) {
    throw UsageError(what + " is not a part of a whole");
  }
  return {.index = *index - first, .count = *count};
}

// The rounds that a store has, looked up by number.
class Made {
 public:
  explicit Made(std::vector<CampaignStore::Range> ranges) : ranges_(std::move(ranges)) {}
  bool contains(std::uint64_t round) const {
    const auto behind = std::ranges::upper_bound(ranges_, round, {}, &CampaignStore::Range::first);
    return behind != ranges_.begin() && round < std::prev(behind)->behind;
  }
  std::uint64_t count() const {
    std::uint64_t rounds = 0;
    for (const auto& range : ranges_) rounds += range.behind - range.first;
    return rounds;
  }

 private:
  std::vector<CampaignStore::Range> ranges_;
};

// Why the store could not be used; empty: it could.
template <class F>
std::string complaint_of(F&& action) {
  try {
    action();
  } catch (const FileError& error) {
    return error.what();
  } catch (const StoreError& error) {
    return error.what();
  }
  return "";
}

// Of whatever bounds.
std::uint64_t open_failures_of(CampaignStore& store, const std::string& label) {
  const auto failures = store.failures();
  return static_cast<std::uint64_t>(std::ranges::count_if(failures, [&](const auto& one) {
    return one.failure.system == label && one.status == FailureStatus::open;
  }));
}

// Rounds on their way into the store, some at once: each commit waits for the disk.
class Recorder {
 public:
  Recorder(CampaignStore& store, const Model& model, const HuntOptions& options)
      : store_(store),
        model_(model),
        options_(options),
        configuration_(configuration_of(model, options)) {}

  void take(const RoundReport& report) {
    // What a signal cuts short is not minimised to its end: it is kept as it is, and the round made
    // again.
    const bool interrupted = options_.interrupted != nullptr && options_.interrupted->load();
    CampaignRound round{.round = report.round, .is_whole = !interrupted || report.findings.empty()};
    for (const HuntFinding& finding : report.findings) {
      round.hits.push_back(
          {.run = finding.run, .identity = finding.identity, .count = finding.hits});
      round.failures.push_back(failure_of(finding));
    }
    for (const std::uint64_t hash : report.local_states) {
      if (known_.insert(hash).second) round.local_states.push_back(static_cast<std::int64_t>(hash));
    }
    taken_ += round.is_whole ? 1U : 0U;
    rounds_.push_back(std::move(round));
    const auto now = std::chrono::steady_clock::now();
    const double pause = cannot_write_.empty() ? flush_seconds : retry_seconds;
    if (std::chrono::duration<double>(now - flushed_).count() > pause) flush();
  }
  // What cannot be written now is tried again, less often: what was found is told in any case.
  void flush() {
    if (!rounds_.empty()) {
      cannot_write_ = complaint_of([&] { store_.record(configuration_, rounds_); });
      if (cannot_write_.empty()) rounds_.clear();
    }
    flushed_ = std::chrono::steady_clock::now();
  }
  std::uint64_t taken() const { return taken_; }
  const std::string& cannot_write() const { return cannot_write_; }

 private:
  CampaignFailure failure_of(const HuntFinding& finding) const {
    const Counterexample& found = finding.counterexample;
    // Not how it was found: the file is equal whoever finds it.
    return {.identity = finding.identity,
            .system = label_of(model_.system),
            .property = found.property,
            .trace = counterexample_text(model_, found, {.mode = "hunt", .strategy = ""}),
            .events = static_cast<std::uint32_t>(found.events.size()),
            .faults = found.faults,
            .shortest = finding.shortest};
  }

  CampaignStore& store_;
  const Model& model_;
  const HuntOptions& options_;
  const CampaignConfiguration configuration_;
  std::vector<CampaignRound> rounds_;
  std::set<std::uint64_t> known_;
  std::uint64_t taken_ = 0;
  std::string cannot_write_;
  std::chrono::steady_clock::time_point flushed_ = std::chrono::steady_clock::now();
};

}  // namespace

Shard parse_shard(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) {
    throw UsageError("a shard is given as 3/8 (the third of eight), not '" + text + "'");
  }
  return shard_of("shard " + text, number(std::string_view(text).substr(0, slash)),
                  number(std::string_view(text).substr(slash + 1)), 1);
}

std::optional<Shard> shard_of_environment(const Environment& variable) {
  const auto get = [&](const char* name) -> std::string {
    const char* value = variable(name);
    return value == nullptr ? "" : value;
  };
  if (const std::string own = get("GAINSAY_SHARD"); !own.empty()) return parse_shard(own);
  for (const Service& service : services) {
    const std::string index = get(service.index);
    const std::string count = get(service.count);
    if (index.empty() || count.empty()) continue;
    return shard_of(std::string(service.index) + "=" + index + " of " + service.count + "=" + count,
                    number(index), number(count), service.first);
  }
  const std::string index = get("SLURM_ARRAY_TASK_ID");
  const std::string count = get("SLURM_ARRAY_TASK_COUNT");
  if (index.empty() || count.empty()) return std::nullopt;
  const std::string least = get("SLURM_ARRAY_TASK_MIN");
  return shard_of("SLURM_ARRAY_TASK_ID=" + index, number(index), number(count),
                  number(least).value_or(0));
}

bool contains(const Shard& shard, std::uint64_t round) {
  return round / rounds_together % shard.count == shard.index;
}

CampaignConfiguration configuration_of(const Model& model, const HuntOptions& options) {
  const System& system = model.system;
  std::string bounds = describe(system.asked, system.options);
  for (const std::string& property : options.properties) bounds += "; only \"" + property + "\"";
  if (options.max_depth) bounds += "; depth " + std::to_string(*options.max_depth);
  if (options.cuts) bounds += "; cuts";
  return {.system = system.name,
          .version = system.version,
          .bug = system.bug,
          .bounds = bounds,
          .strategy = options.strategy,
          .seed = seed_text(options.seed),
          .tool = std::string(version),
          .round_runs = runs_in_round};
}

CampaignReport hunt_in_campaign(const Model& model, HuntOptions options,
                                const CampaignOptions& campaign) {
  CampaignStore store(campaign.directory);
  const Made made(store.rounds(configuration_of(model, options)));
  Recorder recorder(store, model, options);
  if (options.runs) {
    options.runs = (*options.runs + runs_in_round - 1) / runs_in_round * runs_in_round;
  }
  options.wanted = [&](std::uint64_t round) {
    return contains(campaign.shard, round) && !made.contains(round);
  };
  const auto done = std::exchange(options.done, {});
  options.done = [&](const RoundReport& report) {
    recorder.take(report);
    if (done) done(report);
  };
  CampaignReport report;
  report.rounds_before = made.count();
  try {
    report.hunt = hunt(model, options);
  } catch (...) {
    recorder.flush();
    throw;
  }
  recorder.flush();
  report.rounds = recorder.taken();
  std::string complaint = recorder.cannot_write();
  if (complaint.empty()) {
    complaint = complaint_of(
        [&] { report.open_failures = open_failures_of(store, label_of(model.system)); });
  }
  if (!complaint.empty()) report.hunt.cannot_write = complaint;
  return report;
}

void prove_with_canary(const Model& canary, const HuntOptions& options,
                       const CampaignOptions& campaign) {
  constexpr std::uint64_t runs = 64 * runs_in_round;
  HuntOptions of_canary = options;
  of_canary.properties.clear();
  of_canary.max_depth.reset();
  of_canary.runs = runs;
  of_canary.seconds.reset();
  of_canary.findings_max = 1;
  of_canary.output = campaign.directory / "canary";
  of_canary.wanted = nullptr;
  of_canary.done = nullptr;
  of_canary.progress = nullptr;
  const HuntReport report = hunt(canary, of_canary);
  if (report.stopped_by == "interrupted") return;
  const std::string what = "the canary (" + report.system + ") was not found";
  if (report.findings.empty()) {
    throw std::runtime_error(what + " in " + std::to_string(runs) +
                             " runs: this campaign would prove nothing");
  }
  const HuntFinding& finding = report.findings.front();
  if (finding.trace.empty()) throw FileError(report.cannot_write);
  if (!replay(canary, read_trace(finding.trace)).reproduced) {
    throw std::runtime_error(what + " again when its trace was replayed");
  }
  CampaignStore(campaign.directory).record_canary(report.runs);
}

}  // namespace gainsay
