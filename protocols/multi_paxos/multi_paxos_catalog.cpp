#include <algorithm>
#include <array>
#include <string>

#include "protocols/catalog.hpp"
#include "protocols/kv_workload.hpp"
#include "protocols/multi_paxos/multi_paxos.hpp"

namespace gainsay::multi_paxos {

namespace {

// Every quorum of promises must meet every quorum of accepts (FP 3): q1 + q2 > members. The one
// that is not given is the smallest that does.
void set_quorums(Options& options, std::uint32_t members) {
  if (options.q1 == 0 && options.q2 == 0) return;
  if (options.alpha > 0) throw UsageError("multi-paxos: q1 and q2 need a fixed configuration");
  const bool misconfigured = options.bug == Bug::flexible_quorum_misconfig;
  const std::uint32_t sum = misconfigured ? members : members + 1;
  const std::uint32_t given = std::max(options.q1, options.q2);
  if (given > members) throw UsageError("multi-paxos: a quorum has more than all members");
  if (options.q1 == 0) options.q1 = std::max(sum - given, 1U);
  if (options.q2 == 0) options.q2 = std::max(sum - given, 1U);
  if (options.q1 + options.q2 < sum) {
    throw UsageError("multi-paxos: q1 + q2 must be greater than the number of members, " +
                     std::to_string(members));
  }
}

Options options_of(const Configuration& configuration) {
  // In async every message sent stays deliverable, so sending it again would change nothing.
  Options options{.bug = bug_named<Bug>(configuration.bug),
                  .resend = configuration.bounds.network != Network::async};
  for (const auto& [name, text] : configuration.options) {
    const std::uint32_t value = option_number("multi-paxos", name, text);
    if (name == "propose") options.propose = value;
    if (name == "values") options.values = value;
    if (name == "candidates") options.candidates = value;
    if (name == "spares") options.spares = value;
    if (name == "alpha") options.alpha = value;
    if (name == "changes") options.changes = value;
    if (name == "q1") options.q1 = value;
    if (name == "q2") options.q2 = value;
    if (name == "all-learn") options.all_learn = value != 0;
    if (name == "resend") options.resend = value != 0;
    if (name == "disk-loss") options.disk_loss = value != 0;
    if (name == "recovers") options.recovers = value;
    if (name == "local-reads") options.local_reads = value != 0;
    if (name == "gather") options.gather = value;
    if (name == "lease") options.lease = value;
    if (name == "grant") options.grant = value;
    if (name == "renewals") options.renewals = value;
  }
  if (options.values == 0) throw UsageError("multi-paxos: there must be a value to propose");
  if (options.spares >= configuration.bounds.nodes) {
    throw UsageError("multi-paxos: the first configuration has no member");
  }
  // A leader chooses among all sets of nodes.
  if (options.alpha > 0 && configuration.bounds.nodes > 8) {
    throw UsageError("multi-paxos: alpha goes with at most 8 nodes");
  }
  // A learner counts quorums of a configuration that it may not know yet; a leader always does.
  if (options.all_learn && options.alpha > 0) {
    throw UsageError("multi-paxos: all-learn needs a fixed configuration");
  }
  if (options.all_learn && options.gather > 0) {
    throw UsageError("multi-paxos: gather does not go with all-learn");
  }
  if (options.lease > 0 && (options.alpha > 0 || options.disk_loss)) {
    throw UsageError("multi-paxos: lease does not go with alpha and disk-loss");
  }
  if (std::max(options.lease, options.grant) > ticks_max) {
    throw UsageError("multi-paxos: lease and grant are at most " + std::to_string(ticks_max) +
                     " ticks");
  }
  set_quorums(options, configuration.bounds.nodes - options.spares);
  return options;
}

std::uint64_t highest_round(const Node& node) {
  return std::max(node.durable.promised.round, node.ballot.round);
}

std::uint64_t highest_slot(const Node& node) {
  Slot last = node.next > 0 ? node.next - 1 : 0;
  if (!node.durable.accepted.empty()) last = std::max(last, node.durable.accepted.rbegin()->first);
  if (!node.durable.ledger.empty()) last = std::max(last, node.durable.ledger.rbegin()->first);
  return last;
}

// Bounds of a scenario in which the first nodes, so many, stand for election.
Configuration scenario(std::uint32_t nodes, std::uint32_t candidates, std::uint64_t round,
                       OptionTexts options) {
  options.emplace("candidates", std::to_string(candidates));
  options.emplace("propose", "1");
  Configuration configuration{.bounds = {.nodes = nodes}, .options = std::move(options), .bug = ""};
  configuration.bounds.limits["round"] = round;
  return configuration;
}

Configuration with_crash(Configuration configuration) {
  configuration.bounds.crashes = 1;
  configuration.bounds.restarts = 1;
  return configuration;
}

Configuration defaults() {
  Configuration configuration =
      scenario(3, 2, 1, {{"propose", "2"}, {"recovers", "2"}, {"resend", "1"}});
  configuration.bounds.limits["slot"] = 2;
  configuration.bounds.clients = 1;
  return configuration;
}

std::vector<gainsay::Bug> bugs() {
  return {
      {"P06", "ballot-reuse-after-crash", "one value is chosen",
       "a proposer forgets in a crash which ballot it used, and uses it again",
       with_crash(scenario(3, 1, 2, {{"spares", "1"}, {"values", "2"}}))},
      {"P07", "stale-promise-counted", "one value is chosen",
       "a promise of an earlier ballot counts for the present one", scenario(3, 2, 2, {})},
      {"P13", "learn-from-mixed-ballots", "agreement",
       "a learner counts who accepted anything in a slot, whatever the ballot",
       scenario(3, 2, 1, {{"all-learn", "1"}})},
      {"P15", "gap-ignored", "no gaps applied",
       "a node applies the next slot that it knows, though one before is missing",
       scenario(3, 2, 1, {{"propose", "2"}})},
      {"P19", "disk-corruption-recovery", "one value is chosen",
       "a node that lost its disk promises and accepts again at once",
       with_crash(scenario(3, 2, 1, {{"disk-loss", "1"}}))},
      {"P20", "flexible-quorum-misconfig", "one value is chosen",
       "quorum sizes are accepted with q1 + q2 = n: they need not meet",
       scenario(4, 2, 1, {{"q1", "2"}})},
  };
}

NodeStatus status_of(const Node& node, NodeId) {
  constexpr std::array<std::string_view, 3> roles = {"follower", "candidate", "leader"};
  return {.role = roles[static_cast<std::size_t>(node.role)],
          .leads = node.role == Role::leader,
          .term = std::max(node.durable.promised.round, node.ballot.round),
          .log = node.role == Role::leader ? node.next - 1 : highest_slot(node),
          .committed = node.applied};
}

}  // namespace

Model make_model(const Configuration& configuration) {
  const Bounds& bounds = configuration.bounds;
  const Options options = options_of(configuration);
  const auto load = load_of("multi-paxos", configuration.options);
  const Workload<kv::Operation> workload =
      load ? loaded(bounds, *load, {.local_reads = options.local_reads})
           : appends_and_reads(bounds);
  Model model{.system = make_system<Node>("multi-paxos", bounds, options), .properties = {}};
  model.system.bug = configuration.bug;
  model.system.options = configuration.options;
  if (bounds.clients > 0) add_clients<Node>(model.system, workload);
  set_status<Node>(model.system, status_of);
  add_limit<Node>(model.system, "round", highest_round);
  add_limit<Node>(model.system, "slot", highest_slot);
  add_properties(model, bounds, options, workload);
  return model;
}

CatalogEntry catalog_entry() {
  return {.name = "multi-paxos",
          .version = "2",
          .summary = "Multi-Paxos with a stable leader, serving a key-value store through its log",
          .client_bounds = ClientBounds::clients_and_operations,
          .defaults = defaults(),
          .simulated = simulated(5, {{"resend", "1"}}),
          .limits = {"round", "slot"},
          .options = with_load({"propose", "values", "candidates", "spares", "alpha", "changes",
                                "q1", "q2", "all-learn", "resend", "disk-loss", "recovers", "lease",
                                "grant", "renewals", "local-reads", "gather"}),
          .bugs = bugs(),
          .make = make_model};
}

}  // namespace gainsay::multi_paxos
