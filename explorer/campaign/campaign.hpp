// A hunt that goes on: what it made and found is kept, so that it can be stopped, shared among
// machines, resumed and merged, and counts nothing twice.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "explorer/campaign/store.hpp"
#include "explorer/hunt/hunt.hpp"

namespace gainsay {

// One of `count` machines that share a hunt, `index` from 0 on.
struct Shard {
  std::uint64_t index = 0;
  std::uint64_t count = 1;
};
// "3/8" is the third of eight. Throws UsageError.
Shard parse_shard(const std::string& text);
// What the environment says of this machine: GAINSAY_SHARD (as above), GitLab's and Knapsack's
// CI_NODE_INDEX, Buildkite, CircleCI, arrays of Slurm, and indexed jobs of Kubernetes. None: it
// says nothing. `variable` is std::getenv, but in tests. Throws UsageError.
using Environment = std::function<const char*(const char* name)>;
std::optional<Shard> shard_of_environment(const Environment& variable);
// Whether a round is of the shard. Neighbours go together, so that a store has few ranges.
bool contains(const Shard& shard, std::uint64_t round);

struct CampaignOptions {
  std::filesystem::path directory;
  Shard shard;
};
struct CampaignReport {
  HuntReport hunt;                  // of what was made now
  std::uint64_t rounds_before = 0;  // of the same configuration, by the store
  std::uint64_t rounds = 0;         // now
  std::uint64_t open_failures = 0;  // of the system, by the store
};

// What makes runs the same but for their number.
CampaignConfiguration configuration_of(const Model& model, const HuntOptions& options);

// Hunts what the store does not have yet. Runs are made in whole rounds. Findings end it only where
// `findings_max` says so, counting those of this hunt.
CampaignReport hunt_in_campaign(const Model& model, HuntOptions options,
                                const CampaignOptions& campaign);

// A system that must fail is hunted in the same way, and what is found is replayed from its file: a
// campaign that finds nothing is worth something only after that. Throws std::runtime_error where
// the canary is not found.
void prove_with_canary(const Model& canary, const HuntOptions& options,
                       const CampaignOptions& campaign);

}  // namespace gainsay
