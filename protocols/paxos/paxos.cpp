#include "protocols/paxos/paxos.hpp"

#include "properties/linearizability.hpp"

namespace gainsay::paxos {

namespace {

std::size_t majority(const Node::Context& ctx) {
  if (ctx.options().bug == Bug::quorum_half) return ctx.nodes() / 2;  // P11
  return ctx.nodes() / 2 + 1;
}

}  // namespace

void Node::start(Context& ctx) {
  if (ctx.options().bug == Bug::promise_not_persisted) {  // P04
    durable.ballot = durable.accepted ? durable.accepted->ballot : Ballot{};
  }
}

void Node::on(Context& ctx, NodeId, const Request<Operation>& request) {
  if (decided) {
    if (std::holds_alternative<reg::Get>(request.operation)) {
      ctx.sync();
      ctx.reply(request.id, Result{reg::Value{durable.accepted->proposal.value}});
    }
    return;
  }
  const auto* put = std::get_if<reg::Put>(&request.operation);
  if (put == nullptr || proposal) return;
  proposal = Proposal{.request = request.id, .value = put->value};
  prepares.clear();
  prepares[ctx.self()] = durable.accepted;
  accepts.clear();
  durable.ballot = {.round = durable.ballot.round + 1, .id = ctx.self()};
  ctx.sync();
  ctx.broadcast(Prepare{durable.ballot});
}

void Node::on(Context& ctx, NodeId from, Prepare prepare) {
  if (decided || durable.ballot >= prepare.ballot) return;
  durable.ballot = prepare.ballot;
  if (ctx.options().bug != Bug::promise_not_synced) ctx.sync();  // P04
  ctx.send(from, Prepared{.ballot = prepare.ballot, .last = durable.accepted});
}

// Phase 2a: the value of the highest-numbered proposal among the answers, or the proposer's own.
Proposal Node::proposal_to_make(const Context& ctx) const {
  if (ctx.options().bug == Bug::ignore_accepted) return *proposal;  // P01
  const AcceptedProposal* chosen = nullptr;
  for (const auto& [server, last] : prepares) {
    if (!last) continue;
    const bool first_wins = ctx.options().bug == Bug::first_not_highest;  // P02
    if (chosen == nullptr || (!first_wins && last->ballot > chosen->ballot)) chosen = &*last;
  }
  return chosen == nullptr ? *proposal : chosen->proposal;
}

void Node::on(Context& ctx, NodeId from, const Prepared& prepared) {
  if (decided || prepared.ballot != durable.ballot) return;
  // A proposer that restarted has forgotten what it asked for.
  if (!proposal || durable.ballot.id != ctx.self()) return;
  prepares[from] = prepared.last;
  if (prepares.size() != majority(ctx)) return;
  proposal = proposal_to_make(ctx);
  durable.accepted = AcceptedProposal{.ballot = durable.ballot, .proposal = *proposal};
  accepts.insert(ctx.self());
  ctx.sync();
  ctx.broadcast(Accept{.ballot = durable.ballot, .proposal = *proposal});
}

void Node::on(Context& ctx, NodeId from, const Accept& accept) {
  const bool promised_higher = durable.ballot > accept.ballot;
  const bool checked = ctx.options().bug != Bug::accept_below_promise;  // P08
  if (decided || (promised_higher && checked)) return;
  durable.ballot = accept.ballot;
  durable.accepted = AcceptedProposal{.ballot = accept.ballot, .proposal = accept.proposal};
  ctx.sync();
  ctx.send(from, Accepted{accept.ballot});
}

void Node::on(Context& ctx, NodeId from, Accepted accepted) {
  if (decided || accepted.ballot != durable.ballot || !proposal) return;
  accepts.insert(from);
  if (accepts.size() != majority(ctx)) return;
  decided = true;
  ctx.broadcast(Decided{.ballot = durable.ballot, .proposal = *proposal});
  ctx.reply(proposal->request, Result{reg::Done{}});
}

void Node::on(Context&, NodeId, const Decided& decision) {
  if (decided) return;
  durable.ballot = decision.ballot;
  durable.accepted = AcceptedProposal{.ballot = decision.ballot, .proposal = decision.proposal};
  decided = true;
}

namespace {

// Client k puts its own letter at server k mod n, then reads at the next server.
Workload<Node::Operation> workload(const Bounds& bounds) {
  Workload<Node::Operation> work;
  for (std::uint32_t client = 0; client < bounds.clients; ++client) {
    const std::uint32_t id = bounds.nodes + client;
    const auto server = [&](std::uint32_t k) { return node_id(k % bounds.nodes); };
    const std::string letter(1, static_cast<char>('A' + client % 26));
    work.clients.push_back({{.operation = reg::Put{letter}, .servers = {server(id)}},
                            {.operation = reg::Get{}, .servers = {server(id + 1)}}});
  }
  return work;
}

bool every_server_decides(const Nodes<View>& servers) {
  for (const View& server : servers) {
    if (!server.decided) return false;
  }
  return true;
}

}  // namespace

Model make_model(const Configuration& configuration) {
  System system =
      make_system<Node>("paxos", configuration.bounds, {.bug = bug_named<Bug>(configuration.bug)});
  add_clients<Node>(system, workload(configuration.bounds));
  Model model{.system = std::move(system), .properties = {}};
  model.properties = {
      // The register is linearizable: a put takes effect once, and every get returns its value.
      linearizable<reg::Model>(),
      // No two servers decide different values.
      always_pair<Node>("agreement",
                        [](const View& a, const View& b) {
                          return !(a.decided && b.decided) ||
                                 a.accepted->proposal.value == b.accepted->proposal.value;
                        }),
      sometimes<Node>("a value is decided", [](const View& server) { return server.decided; }),
      sometimes<Node>("every server learns it", every_server_decides),
  };
  return model;
}

CatalogEntry catalog_entry() {
  CatalogEntry entry{.name = "paxos",
                     .version = "1",
                     .summary = "single-decree Paxos serving a write-once register"};
  entry.client_bounds = ClientBounds::clients;
  entry.defaults.bounds = {.nodes = 3, .clients = 2, .network = Network::unordered};
  const auto bug = [&](std::string id, std::string name, std::string breaks, std::string what,
                       Bounds bounds) {
    entry.bugs.push_back({.id = std::move(id),
                          .name = name,
                          .breaks = std::move(breaks),
                          .what = std::move(what),
                          .scenario = {.bounds = std::move(bounds)}});
  };
  const Bounds unordered = entry.defaults.bounds;
  bug("P01", "ignore-accepted", "agreement",
      "a proposer proposes its own value though promises carry an accepted one", unordered);
  Bounds three = unordered;
  three.clients = 3;
  bug("P02", "first-not-highest", "agreement",
      "a proposer adopts the first accepted value, not that of the highest ballot", three);
  Bounds crashing = unordered;
  crashing.crashes = 1;
  crashing.restarts = 1;
  bug("P04", "promise-not-persisted", "agreement",
      "an acceptor forgets the promised ballot at a restart", crashing);
  Bounds losing = crashing;
  losing.unsynced = 1;
  bug("P04b", "promise-not-synced", "agreement",
      "an acceptor promises before the promise is synced, and a crash loses it", losing);
  bug("P08", "accept-below-promise", "agreement",
      "an acceptor accepts with a ballot lower than the promised one", unordered);
  Bounds even = unordered;
  even.nodes = 4;
  bug("P11", "quorum-half", "agreement", "n/2 acceptors count as a majority", even);
  entry.make = make_model;
  return entry;
}

}  // namespace gainsay::paxos
