#include <algorithm>
#include <limits>

#include "engine/twins.hpp"
#include "protocols/kv_workload.hpp"
#include "protocols/pbft/pbft.hpp"

namespace gainsay::pbft {

namespace {

std::optional<NodeId> replica(const std::string& option, const std::string& text,
                              std::uint32_t nodes) {
  if (text == "none") return std::nullopt;
  for (std::uint16_t id = 0; id < nodes; ++id) {
    if (text == "n" + std::to_string(id + 1)) return NodeId{id};
  }
  throw UsageError("pbft: option " + option + " takes a replica or none, not '" + text + "'");
}

std::uint32_t limit(const Bounds& bounds, std::string_view name, bool goes_on) {
  const auto found = bounds.limits.find(name);
  if (found == bounds.limits.end()) {
    if (goes_on) return std::numeric_limits<std::uint32_t>::max();
    throw UsageError("pbft needs --limit view=V,seq=N: they bound what a Byzantine replica says");
  }
  if (found->second > 100) throw UsageError("pbft: limits are at most 100");
  return static_cast<std::uint32_t>(found->second);
}

Workload<kv::Operation> workload(const Bounds& bounds, const Options& options,
                                 const std::optional<Load>& load) {
  if (load) {
    Workload<kv::Operation> result = loaded(bounds, *load);
    result.to_all = true;  // where a backup knows of a request, it waits for it
    result.matching = options.bug == Bug::client_f_replies ? options.faults : options.faults + 1;
    return result;
  }
  Workload<kv::Operation> result{.retry = !options.monotone,
                                 .to_all = options.monotone || options.recovers > 0,
                                 .matching = options.faults + 1};
  if (options.bug == Bug::client_f_replies) result.matching = options.faults;  // B24
  for (std::uint32_t client = 0; client < bounds.clients; ++client) {
    std::vector<NodeId> servers;
    for (std::uint16_t id = 0; id < bounds.nodes; ++id) servers.push_back({id});
    result.clients.push_back(appends_and_reads(client, bounds.operations, servers));
  }
  return result;
}

NodeId client_id(const Bounds& bounds, std::uint32_t client) {
  return node_id(bounds.nodes + client);
}

// Without clients: requests that conflict with each other and with the null request.
std::vector<ClientRequest> conflicting(const Bounds& bounds, std::uint32_t count) {
  std::vector<ClientRequest> requests;
  for (std::uint32_t client = 0; client < count; ++client) {
    const std::string letter(1, static_cast<char>('A' + client));
    requests.push_back({.id = {.client = client_id(bounds, client), .number = 1},
                        .operation = {.action = kv::Action::put, .key = "x", .value = letter}});
  }
  return requests;
}

Options options_of(const Configuration& configuration) {
  const Bounds& bounds = configuration.bounds;
  const auto load = load_of("pbft", configuration.options);
  Options options{.bug = bug_named<Bug>(configuration.bug),
                  .faults = (bounds.nodes - 1) / 3,
                  .views = limit(bounds, "view", load.has_value()),
                  .sequences = limit(bounds, "seq", load.has_value()),
                  .nodes = bounds.nodes};
  std::uint32_t requests = 2;
  for (const auto& [name, text] : configuration.options) {
    if (name == "byzantine") options.byzantine = replica(name, text, bounds.nodes);
    if (name == "twins") options.twins = replica(name, text, bounds.nodes);
    if (name == "behaviour") options.traitors = traitor_option(text, bounds.nodes).nodes;
    if (name == "faults") options.faults = option_number("pbft", name, text);
    if (name == "checkpoint") options.checkpoint_interval = option_number("pbft", name, text);
    if (name == "window") options.window = option_number("pbft", name, text);
    if (name == "pipeline") options.pipeline = option_number("pbft", name, text);
    if (name == "batch") options.batch = option_number("pbft", name, text);
    if (name == "requests") requests = option_number("pbft", name, text);
    if (name == "recovers") options.recovers = option_number("pbft", name, text);
    if (name == "silent") options.silent = option_number("pbft", name, text) != 0;
    if (name == "certificates") options.certificates = option_number("pbft", name, text) != 0;
  }
  options.monotone = bounds.network == Network::async && options.recovers == 0;
  if (options.silent && !options.byzantine) throw UsageError("pbft: silent is a Byzantine replica");
  if (options.faults >= bounds.nodes) throw UsageError("pbft: faults must be fewer than nodes");
  if (options.pipeline == 0) throw UsageError("pbft: pipeline must not be 0");
  if (options.checkpoint_interval == 0) throw UsageError("pbft: checkpoint must not be 0");
  if (load && options.byzantine) {
    throw UsageError("pbft: under load a Byzantine replica is a twin or a traitor");
  }
  if (load && bounds.restarts > 0) {
    throw UsageError(
        "pbft: a replica that forgets in a crash is a Byzantine one: it may go down, and stays "
        "down");
  }
  if (bounds.crashes > 0 && !load) {
    throw UsageError(
        "pbft: a replica that forgets in a crash is a Byzantine one (--option "
        "byzantine=n1); crashes are not checked");
  }
  if (requests == 0 || requests > 26) throw UsageError("pbft: requests must be 1 to 26");
  if (bounds.clients == 0) options.requests = options.made = conflicting(bounds, requests);
  const Workload<kv::Operation> work = workload(bounds, options, load);
  if (load) {
    options.is_made = [item = work.item, nodes = bounds.nodes,
                       clients = bounds.clients](const ClientRequest& request) {
      const std::uint32_t client = request.id.client.value - nodes;
      const bool is_client = request.id.client.value >= nodes && client < clients;
      return is_client && request.id.number > 0 &&
             item(client, request.id.number - 1).operation == request.operation;
    };
    return options;
  }
  for (std::uint32_t client = 0; client < bounds.clients; ++client) {
    std::uint32_t made = 0;
    for (const auto& item : work.clients[client]) {
      options.made.push_back({.id = {.client = client_id(bounds, client), .number = ++made},
                              .operation = item.operation});
    }
  }
  return options;
}

using Limits = std::map<std::string, std::uint64_t, std::less<>>;

// One sequence number, A against B against null, and so many view changes.
Configuration with_byzantine(const std::string& replica, std::uint64_t views) {
  return {.bounds = {.nodes = 4, .limits = Limits{{"view", views}, {"seq", 1}}},
          .options = {{"byzantine", replica}},
          .bug = ""};
}

// One request against null.
Configuration one_request(Configuration configuration) {
  configuration.options["requests"] = "1";
  return configuration;
}

// Agreement shows what a weak certificate leads to, where that property does not come first.
Configuration only_agreement(Configuration configuration) {
  configuration.options["certificates"] = "0";
  return configuration;
}

std::vector<gainsay::Bug> bugs() {
  Configuration three = only_agreement(with_byzantine("n1", 0));
  three.bounds.nodes = 3;
  three.options["faults"] = "1";
  Configuration narrow = with_byzantine("n1", 0);
  narrow.bounds.limits["seq"] = 2;
  narrow.options["window"] = "1";
  Configuration left_behind = one_request(with_byzantine("n4", 1));
  left_behind.bounds.timeouts = 3;
  left_behind.options["silent"] = left_behind.options["recovers"] = "1";
  Configuration client = with_byzantine("n4", 0);
  client.bounds.clients = 1;
  client.bounds.operations = 2;
  client.bounds.limits["seq"] = 2;
  return {
      {"B01", "n-3f", "agreement", "3f replicas with quorums of 2f", three},
      {"B02", "prepare-quorum-2f-total", "agreement",
       "the pre-prepare and 2f - 1 prepares, its own among them, make a batch prepared",
       only_agreement(with_byzantine("n1", 1))},
      {"B03", "commit-quorum-2f", "agreement", "2f commits commit a batch",
       only_agreement(with_byzantine("n1", 1))},
      {"B05", "duplicates-counted", "agreement",
       "prepares and commits are counted, not those who have sent them",
       only_agreement(with_byzantine("n1", 1))},
      {"B07", "second-preprepare-accepted", "agreement",
       "a second pre-prepare for the same view and sequence number is accepted",
       one_request(with_byzantine("n1", 0))},
      {"B08", "digest-not-checked", "agreement",
       "the digest of a pre-prepare is not compared with its batch", with_byzantine("n1", 0)},
      {"B12", "no-watermark", "watermarks", "sequence numbers outside (h, H] are accepted", narrow},
      {"B14", "vc-no-prepared-set", "agreement", "a view change says nothing of what is prepared",
       with_byzantine("n1", 1)},
      {"B15", "vc-cert-unverified", "agreement",
       "the certificates of a view change are not verified", with_byzantine("n1", 1)},
      {"B17", "newview-lowest-view", "agreement",
       "the new primary proposes what was prepared in the lowest view, not in the highest",
       one_request(with_byzantine("n1", 2))},
      {"B18", "newview-not-recomputed", "agreement",
       "backups take the new primary's pre-prepares without computing them",
       with_byzantine("n2", 1)},
      {"B21", "vc-bandwagon-equality", "everything commits",
       "a replica joins when it has heard of f + 1 view changes exactly, of whatever views",
       left_behind},
      {"B24", "client-f-replies", "linearizability", "a client takes a result that f replicas gave",
       client},
  };
}

}  // namespace

Model make_model(const Configuration& configuration) {
  const Bounds& bounds = configuration.bounds;
  const Options options = options_of(configuration);
  Model model{.system = make_system<Node>("pbft", bounds, options), .properties = {}};
  model.system.bug = configuration.bug;
  model.system.options = configuration.options;
  if (bounds.clients > 0) {
    add_clients<Node>(model.system,
                      workload(bounds, options, load_of("pbft", configuration.options)));
  }
  set_status<Node>(model.system, [replicas = bounds.nodes](const Node& node, NodeId id) {
    const bool leads = node.active && primary_of(node.view, replicas) == id;
    return NodeStatus{.role = !node.active ? "changing view"
                              : leads      ? "primary"
                                           : "backup",
                      .leads = leads,
                      .term = node.view,
                      .log = node.log.empty() ? node.executed : node.log.rbegin()->first,
                      .committed = node.executed};
  });
  if (options.byzantine) add_adversary<Node>(model.system, {*options.byzantine}, options);
  if (options.twins) add_twins<Node>(model.system, {*options.twins});
  if (!options.traitors.empty()) {
    const std::string& text = configuration.options.find("behaviour")->second;
    add_traitors<Node>(model.system, options.traitors,
                       traitor_option(text, bounds.nodes).behaviours, two_faced(options.traitors));
  }
  add_limit<Node>(model.system, "view", [](const Node& node) { return node.view; });
  add_limit<Node>(model.system, "seq",
                  [](const Node& node) { return node.log.empty() ? 0 : node.log.rbegin()->first; });
  model.properties = properties(bounds, options);
  return model;
}

CatalogEntry catalog_entry() {
  return {.name = "pbft",
          .version = "2",
          .summary = "PBFT (Castro and Liskov) with a Byzantine replica",
          .client_bounds = ClientBounds::clients_and_operations,
          .defaults = with_byzantine("n1", 1),
          .simulated = simulated(4, {{"recovers", "1"}, {"certificates", "0"}}),
          .limits = {"view", "seq"},
          .options =
              with_load({"byzantine", "faults", "checkpoint", "window", "requests", "certificates",
                         "recovers", "silent", "twins", "behaviour", "pipeline", "batch"}),
          .bugs = bugs(),
          .make = make_model};
}

}  // namespace gainsay::pbft
