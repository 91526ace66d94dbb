#include <algorithm>
#include <array>
#include <string>

#include "protocols/catalog.hpp"
#include "protocols/kv_workload.hpp"
#include "protocols/raft/raft.hpp"

namespace gainsay::raft {

namespace {

// What else would need an argument of its own.
void refuse_with_lease(const Options& options) {
  if (options.lease == 0) return;
  const bool others = options.read_index || options.prevote || options.transfer ||
                      options.changes > 0 || options.joint;
  if (others) {
    throw UsageError(
        "raft: option lease does not go with read-index, prevote, transfer, changes and joint");
  }
  if (std::max(options.lease, options.election) > ticks_max) {
    throw UsageError("raft: lease and election are at most " + std::to_string(ticks_max) +
                     " ticks");
  }
}

Options options_of(const Configuration& configuration) {
  // In async every message sent stays deliverable, so heartbeats would repeat what is there.
  Options options{.bug = bug_named<Bug>(configuration.bug),
                  .heartbeat = configuration.bounds.network != Network::async};
  for (const auto& [name, text] : configuration.options) {
    const std::uint32_t value = option_number("raft", name, text);
    if (name == "propose") options.propose = value;
    if (name == "candidates") options.candidates = value;
    if (name == "heartbeat") options.heartbeat = value != 0;
    if (name == "recovers") options.recovers = value;
    if (name == "noop") options.noop = value != 0;
    if (name == "read-index") options.read_index = value != 0;
    if (name == "compact") options.compact = value;
    if (name == "voters") options.voters = value;
    if (name == "changes") options.changes = value;
    if (name == "leave") options.leave = value;
    if (name == "joint") options.joint = value != 0;
    if (name == "transfer") options.transfer = value != 0;
    if (name == "prevote") options.prevote = value != 0;
    if (name == "stays") options.stays = value;
    if (name == "batch") options.batch = value;
    if (name == "pipeline") options.pipeline = value != 0;
    if (name == "gather") options.gather = value;
    if (name == "local-reads") options.local_reads = value != 0;
    if (name == "lease") options.lease = value;
    if (name == "election") options.election = value;
    if (name == "renewals") options.renewals = value;
  }
  refuse_with_lease(options);
  // A leader chooses among all sets of members.
  if (options.joint && configuration.bounds.nodes > 12) {
    throw UsageError("raft: option joint goes with at most 12 nodes");
  }
  // A leader of an older term learns of a newer one by what its heartbeats are answered.
  const bool recovers = options.recovers > 0 || options.stays > 0;
  if (options.prevote && recovers && !configuration.options.contains("heartbeat")) {
    options.heartbeat = true;
  }
  return options;
}

using Limits = std::map<std::string, std::uint64_t, std::less<>>;

// Bounds of a scenario without clients, whose leaders write up to `log` entries.
Configuration writes(std::uint32_t nodes, std::uint64_t term, std::uint32_t log) {
  return {.bounds = {.nodes = nodes, .limits = Limits{{"term", term}}},
          .options = {{"propose", std::to_string(log)}},
          .bug = ""};
}

Configuration with_candidates(Configuration configuration, std::uint32_t candidates) {
  configuration.options["candidates"] = std::to_string(candidates);
  return configuration;
}

Configuration with_crashes(Configuration configuration, std::uint32_t crashes) {
  configuration.bounds.crashes = crashes;
  configuration.bounds.restarts = crashes;
  return configuration;
}

// The disk loses what was not synced, and a handler may crash between its writes.
Configuration with_unsynced(Configuration configuration) {
  configuration = with_crashes(std::move(configuration), 1);
  configuration.bounds.unsynced = 1;
  return configuration;
}

Configuration with_clients(Configuration configuration, std::uint32_t clients,
                           std::uint32_t operations) {
  configuration.bounds.clients = clients;
  configuration.bounds.operations = operations;
  return configuration;
}

Configuration with_log(Configuration configuration, std::uint64_t log) {
  configuration.bounds.limits["log"] = log;
  return configuration;
}

Configuration with_recovery(Configuration configuration, std::uint32_t more_terms) {
  configuration.options["recovers"] = std::to_string(more_terms);
  return configuration;
}

Configuration with_option(Configuration configuration, const std::string& name,
                          std::uint32_t value = 1) {
  configuration.options[name] = std::to_string(value);
  return configuration;
}

// Two leaders that may each take one server out.
Configuration changing() {
  Configuration configuration = with_log(with_candidates(writes(4, 3, 1), 2), 2);
  configuration.options["changes"] = "1";
  configuration.bounds.timeouts = 5;
  return configuration;
}

// A leader may take one server out, another cut that change off, and the first one lead again.
Configuration rolling_back() {
  Configuration configuration = with_log(with_candidates(writes(4, 3, 0), 2), 3);
  configuration.options["changes"] = "1";
  configuration.options["leave"] = "1";
  configuration.options["noop"] = "1";
  configuration.bounds.timeouts = 4;
  return configuration;
}

// Three voters and a learner.
Configuration learning() {
  Configuration configuration = with_candidates(writes(4, 2, 1), 2);
  configuration.options["voters"] = "3";
  return configuration;
}

// Of elections and replication (chapter 3).
std::vector<gainsay::Bug> basic_bugs() {
  return {
      {"R01", "fig8-old-term-commit", "leader completeness",
       "a leader commits an entry of an older term by counting its replicas",
       with_candidates(writes(3, 4, 1), 2)},
      {"R03", "ack-own-last-index", "match index",
       "a follower acknowledges its own last index instead of what the message covers",
       writes(3, 2, 1)},
      {"R05", "truncate-always", "match index",
       "a follower cuts its log at prevLogIndex without a conflict, losing acknowledged entries",
       writes(3, 1, 1)},
      {"R07", "commit-no-min", "state machine safety",
       "a follower takes the leader's commit index without the bound of the last new entry",
       writes(3, 2, 1)},
      {"R08", "commit-min-own-last", "state machine safety",
       "a follower bounds the commit index by its own last index, not by the last new entry",
       writes(3, 2, 1)},
      {"R10", "vote-not-persisted", "election safety", "the vote is forgotten in a crash",
       with_crashes(writes(3, 1, 0), 1)},
      {"R13", "vote-cleared-same-term", "election safety",
       "returning to follower clears the vote even in the same term", writes(3, 1, 0)},
      {"R17", "stale-vote-reply", "election safety",
       "a candidate counts votes of its earlier terms", writes(3, 2, 0)},
      {"R19", "quorum-off-by-one", "election safety", "n/2 nodes count as a majority",
       writes(4, 1, 0)},
      {"R20", "vote-no-log-check", "leader completeness",
       "a vote is given without comparing the logs", writes(3, 2, 1)},
      {"R21", "vote-length-only", "leader completeness",
       "a vote is given by the length of the logs, whatever their last terms",
       with_candidates(writes(3, 3, 1), 2)},
      {"R25", "commit-goes-back", "commit index monotonic",
       "a follower takes a smaller commit index from a late message", writes(2, 1, 1)},
      {"R26", "match-goes-back", "match index monotonic",
       "a leader takes a smaller matchIndex from a late acknowledgement", writes(2, 1, 1)},
  };
}

// Of what options add, and of clients and recovery.
std::vector<gainsay::Bug> further_bugs() {
  return {
      {"R31", "prev0-append-blind", "log matching",
       "entries behind index 0 are appended to whatever there is, a snapshot included",
       with_option(with_clients(writes(2, 1, 0), 1, 2), "compact")},
      {"R33", "snapshot-lowers-term", "term monotonic",
       "a follower that installs a snapshot takes its last included term for the current one",
       with_option(with_candidates(writes(3, 2, 1), 2), "compact")},
      {"R36", "stale-snapshot-installed", "commit index monotonic",
       "a late snapshot takes the place of a state machine that is further on",
       with_option(with_candidates(writes(3, 1, 2), 1), "compact")},
      {"R46", "index-only-completion", "linearizability",
       "a waiting client is answered when its index commits, whoever's entry is there",
       with_log(with_clients(with_candidates(writes(3, 2, 0), 2), 1, 2), 1)},
      {"R47", "local-read-no-check", "linearizability",
       "a leader answers reads from its own state, whether it still is the leader or not",
       with_option(with_clients(with_candidates(writes(3, 2, 0), 2), 1, 2), "read-index")},
      {"R48", "readindex-no-noop", "linearizability",
       "a new leader serves reads before an entry of its own term is committed",
       with_option(with_clients(with_candidates(writes(3, 2, 0), 2), 1, 2), "read-index")},
      {"R49", "readindex-old-acks", "linearizability",
       "a confirmation that was asked for by an earlier read confirms a later one",
       with_option(with_clients(with_candidates(writes(3, 2, 0), 2), 1, 4), "read-index")},
      {"R52", "no-dedupe", "linearizability", "a request that is in the log twice is applied twice",
       with_clients(writes(2, 2, 0), 1, 2)},
      {"R55", "single-server-change-2015", "leader completeness",
       "a leader changes the configuration before an entry of its own term is committed",
       changing()},
      {"R58", "config-no-rollback", "held by voters",
       "a configuration stays in force when its entry is cut off the log", rolling_back()},
      {"R61", "learner-counts", "held by voters",
       "what a learner acknowledges counts towards a majority", learning()},
      {"R63", "disruptive-server", "a leader that stays",
       "a server that hears no leader begins a new term at once, whoever would vote for it",
       with_option(with_option(writes(3, 1, 0), "prevote"), "stays", 2)},
      {"R70", "no-retry-of-election", "a leader again",
       "a candidate whose election fails does not start another",
       with_recovery(writes(3, 1, 0), 2)},
      {"R71", "no-timer-after-restart", "a leader again",
       "a node that restarts with a term does not start its election timer",
       with_recovery(with_crashes(writes(2, 1, 0), 2), 2)},
  };
}

std::vector<gainsay::Bug> disk_bugs() {
  return {
      {"R12", "term-vote-not-atomic", "election safety",
       "the old vote is cleared by one write and the new term follows by another",
       with_unsynced(writes(3, 2, 0))},
      {"R41", "ack-before-durable", "match index",
       "a follower acknowledges entries before their write is synced",
       with_unsynced(with_candidates(writes(3, 2, 1), 2))},
  };
}

std::vector<gainsay::Bug> bugs() {
  std::vector<gainsay::Bug> all;
  for (const auto& some : {basic_bugs(), further_bugs(), disk_bugs()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

NodeStatus status_of(const Node& node, NodeId) {
  constexpr std::array<std::string_view, 4> roles = {"follower", "candidate", "leader", "follower"};
  return {.role = roles[static_cast<std::size_t>(node.role)],
          .leads = node.role == Role::leader,
          .term = node.durable.term,
          .log = node.last_index(),
          .committed = node.commit};
}

}  // namespace

Model make_model(const Configuration& configuration) {
  const Bounds& bounds = configuration.bounds;
  const Options options = options_of(configuration);
  Model model{.system = make_system<Node>("raft", bounds, options), .properties = {}};
  model.system.bug = configuration.bug;
  model.system.options = configuration.options;
  if (bounds.clients > 0) {
    const auto load = load_of("raft", configuration.options);
    const Asked who{.servers = options.candidates, .local_reads = options.local_reads};
    add_clients<Node>(model.system, load ? loaded(bounds, *load, who) : appends_and_reads(bounds));
  }
  set_status<Node>(model.system, status_of);
  add_limit<Node>(model.system, "term", [](const Node& node) { return node.durable.term; });
  add_limit<Node>(model.system, "log", [](const Node& node) { return node.last_index(); });
  model.properties = properties(bounds, options);
  // The filter knows the properties of a fixed configuration.
  if (options.changes == 0 && options.voters == 0) {
    model.filter = [nodes = bounds.nodes] { return make_filter(nodes); };
  }
  return model;
}

CatalogEntry catalog_entry() {
  return {.name = "raft",
          .version = "1",
          .summary = "Raft (Ongaro's thesis) serving a key-value store through its log",
          .client_bounds = ClientBounds::clients_and_operations,
          .defaults = with_recovery(with_clients(writes(3, 2, 0), 1, 1), 2),
          .simulated = simulated(5, {{"gather", "1000"}, {"heartbeat", "1"}, {"pipeline", "1"}}),
          .limits = {"term", "log"},
          .options =
              with_load({"propose",  "candidates", "heartbeat",  "recovers", "noop",   "read-index",
                         "compact",  "voters",     "changes",    "leave",    "joint",  "transfer",
                         "prevote",  "stays",      "batch",      "pipeline", "gather", "lease",
                         "election", "renewals",   "local-reads"}),
          .bugs = bugs(),
          .make = make_model};
}

}  // namespace gainsay::raft
