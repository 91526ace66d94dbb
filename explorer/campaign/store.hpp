// The store of a campaign: which runs were made, and what they found, each failure once. One
// directory with an SQLite database, which may be killed at any moment, and merged with others.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace gainsay {

// A store that is damaged, hostile or of an unsupported version. What cannot be written is a
// FileError.
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// All that a run depends on, but for its index.
struct CampaignConfiguration {
  std::string system;
  std::string version;  // of the system
  std::string bug;
  std::string bounds;  // as `describe` says them, options included
  std::string strategy;
  std::string seed;
  std::string tool;              // version of gainsay
  std::uint64_t round_runs = 0;  // in each round
  friend auto operator<=>(const CampaignConfiguration&, const CampaignConfiguration&) = default;
};

// A violation, known by its identity: that of equal bugs is equal.
struct CampaignFailure {
  std::string identity;
  std::string system;
  std::string property;
  std::string trace;         // the whole file
  std::uint32_t events = 0;  // of the trace
  std::uint32_t faults = 0;  // of the trace
  bool shortest = false;     // no trace has fewer faults, or as many and fewer events
};
// The first run of a round that had this failure.
struct CampaignHit {
  std::uint64_t run = 0;
  std::string identity;
  std::uint64_t count = 1;  // runs of the round that broke the same property
};

// A round is a block of runs that is either made whole or not at all. Of one that was cut short
// what it found is kept until it has been made.
struct CampaignRound {
  std::uint64_t round = 0;
  bool is_whole = true;
  std::vector<CampaignHit> hits;
  std::vector<CampaignFailure> failures;   // of the hits
  std::vector<std::int64_t> local_states;  // hashes of those met
};

enum class FailureStatus : std::uint8_t { open, known, fixed, ignored };
std::string_view to_string(FailureStatus status);
std::optional<FailureStatus> failure_status(std::string_view name);

struct FailureSummary {
  CampaignFailure failure;
  std::uint64_t count = 0;  // runs that hit it
  std::string first_seed;   // of the least (configuration, run) that hit it
  std::uint64_t first_run = 0;
  std::int64_t first_seen = 0;  // seconds since 1970
  std::int64_t last_seen = 0;
  FailureStatus status = FailureStatus::open;
  std::string note;
  // Where its shortest form was not reached: failures of the same property of the system that it
  // may be.
  std::vector<std::string> related;
};

struct ConfigurationSummary {
  CampaignConfiguration configuration;
  std::uint64_t rounds = 0;
  std::uint64_t local_states = 0;
  std::uint64_t hits = 0;
};

class CampaignStore {
 public:
  // Makes the directory and the database if need be, unless `must_exist`. Throws StoreError and
  // FileError, as all that follow do.
  explicit CampaignStore(const std::filesystem::path& directory, bool must_exist = false);
  ~CampaignStore();
  CampaignStore(const CampaignStore&) = delete;
  CampaignStore& operator=(const CampaignStore&) = delete;

  // The rounds that were made, as ranges [first, behind) in order.
  struct Range {
    std::uint64_t first = 0;
    std::uint64_t behind = 0;
    friend bool operator==(const Range&, const Range&) = default;
  };
  std::vector<Range> rounds(const CampaignConfiguration& configuration);

  // All of them or none; a round that was made already counts nothing twice.
  void record(const CampaignConfiguration& configuration, const std::vector<CampaignRound>& rounds);
  // That the canary was found by the same means, which nothing else proves of a campaign that finds
  // nothing.
  void record_canary(std::uint64_t runs);
  // The last time (seconds since 1970); none: never.
  std::optional<std::int64_t> canary();

  // Throws StoreError for an unknown identity; a prefix of one will do where it is unambiguous.
  void set_status(const std::string& identity, FailureStatus status, const std::string& note);

  // Adds what another store knows and this one does not: associative, commutative and idempotent.
  void merge(const std::filesystem::path& other);

  std::vector<ConfigurationSummary> configurations();
  std::vector<FailureSummary> failures();  // by system, property, events

  // Where a failure's trace lies in the directory once `write_traces` has put it there.
  std::filesystem::path trace_path(const CampaignFailure& failure) const;
  void write_traces();

  // Everything but the times at which it was recorded, in canonical order: equal for equal stores.
  std::string contents();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gainsay
