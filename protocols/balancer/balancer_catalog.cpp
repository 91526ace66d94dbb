#include <algorithm>

#include "engine/client.hpp"
#include "protocols/balancer/balancer.hpp"
#include "protocols/kv_workload.hpp"

namespace gainsay::balancer {

namespace {

constexpr std::uint32_t slow_start_max = 100;

Algorithm algorithm_of(const std::string& text) {
  const Type& type = type_of<Algorithm>();
  std::vector<std::string> names;
  for (std::uint64_t value = 0; value <= static_cast<std::uint64_t>(Algorithm::maglev); ++value) {
    names.push_back(bug_name(value, type));
    if (names.back() == text) return static_cast<Algorithm>(value);
  }
  const std::string near = nearest(text, names);
  throw UsageError("balancer: there is no algorithm \"" + text + "\"" +
                   (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
}

// "4-1-1": of the first backends; the others weigh 1.
std::vector<Weight> weights_of(const std::string& text, std::uint32_t backends) {
  std::vector<Weight> weights;
  std::size_t begin = 0;
  while (begin <= text.size() && !text.empty()) {
    const std::size_t end = std::min(text.find('-', begin), text.size());
    weights.push_back(option_number("balancer", "weights", text.substr(begin, end - begin)));
    begin = end + 1;
  }
  if (weights.size() > backends) throw UsageError("balancer: more weights than backends");
  weights.resize(backends, 1);
  return weights;
}

void require_meaningful(const Bounds& bounds, const Node::Options& options) {
  if (options.balancers == 0) throw UsageError("balancer: there is one balancer at least");
  if (std::uint64_t{bounds.nodes} + options.balancers > ids_max) {
    throw UsageError("balancer: too many balancers");
  }
  if (options.slow_start > 0 && !weighs(options.algorithm)) {
    throw UsageError(
        "balancer: slow-start is for algorithm=smooth and least-connections, which have weights");
  }
  if (options.slow_start > slow_start_max) {
    throw UsageError("balancer: slow-start is at most " + std::to_string(slow_start_max));
  }
  for (const Weight weight : options.weights) {
    if (std::uint64_t{weight} * (options.slow_start + 1) > weight_max) {
      throw UsageError("balancer: weights, times the steps of slow start, are at most " +
                       std::to_string(weight_max));
    }
  }
  if (options.algorithm == Algorithm::maglev && options.weights.size() > table_size) {
    throw UsageError("balancer: the table of algorithm=maglev is for " +
                     std::to_string(table_size) + " backends");
  }
  const bool asks_something =
      options.cap > 0 || (options.algorithm == Algorithm::sticky && options.balancers > 1);
  if (options.as_one && (options.balancers < 2 || !asks_something)) {
    throw UsageError("balancer: as-one is for several balancers, with cap or algorithm=sticky");
  }
}

Node::Options options_of(const Configuration& configuration) {
  Node::Options options{.bug = bug_named<Bug>(configuration.bug),
                        .weights = weights_of("", configuration.bounds.nodes)};
  for (const auto& [name, text] : configuration.options) {
    if (name == "algorithm") options.algorithm = algorithm_of(text);
    if (name == "weights") options.weights = weights_of(text, configuration.bounds.nodes);
    if (name == "retries") options.retries = option_number("balancer", name, text);
    if (name == "drains") options.drains = option_number("balancer", name, text) != 0;
    if (name == "balancers") options.balancers = option_number("balancer", name, text);
    if (name == "cap") options.cap = option_number("balancer", name, text);
    if (name == "slow-start") options.slow_start = option_number("balancer", name, text);
    if (name == "as-one") options.as_one = option_number("balancer", name, text) != 0;
  }
  require_meaningful(configuration.bounds, options);
  return options;
}

// The clients go to the balancers in turn, and where there are several on to the next one when they
// have no answer.
WorkItem<Fetch> work_of(std::uint32_t client, const Node::Options& options) {
  WorkItem<Fetch> item{.operation = {}, .servers = {}};
  for (std::uint32_t i = 0; i < options.balancers; ++i) {
    const std::size_t place = options.weights.size() + (client + i) % options.balancers;
    item.servers.push_back(node_id(place));
  }
  return item;
}

Workload<Fetch> workload(const Bounds& bounds, const Node::Options& options, bool loaded) {
  Workload<Fetch> all{.retry = options.balancers > 1 || loaded, .paced = loaded};
  if (loaded) {
    all.client_count = bounds.clients;
    all.operations = bounds.operations;
    all.item = [options](std::uint32_t client, std::uint32_t) { return work_of(client, options); };
    return all;
  }
  for (std::uint32_t client = 0; client < bounds.clients; ++client) {
    all.clients.emplace_back(bounds.operations, work_of(client, options));
  }
  return all;
}

}  // namespace

Model make_model(const Configuration& configuration) {
  const Node::Options options = options_of(configuration);
  Bounds with_balancer = configuration.bounds;
  with_balancer.nodes += options.balancers;
  Model model{.system = make_system<Node>("balancer", with_balancer, options), .properties = {}};
  const bool loaded = load_of("balancer", configuration.options).has_value();
  add_clients<Node>(model.system, workload(with_balancer, options, loaded));
  model.properties = properties(model.system, options);
  if (configuration.bounds.operations > 1) {
    model.properties.push_back(sometimes<Node>("a client comes again", [](const View& node) {
      return std::ranges::any_of(node.finished,
                                 [](const auto& one) { return one.second.number > 1; });
    }));
  }
  return model;
}

CatalogEntry catalog_entry() {
  CatalogEntry entry{.name = "balancer",
                     .version = "2",
                     .summary = "a load balancer before N backends (--nodes), with health checks",
                     .simulated = simulated(4, {}),
                     .options = with_load({"algorithm", "weights", "retries", "drains", "balancers",
                                           "cap", "slow-start", "as-one"})};
  entry.client_bounds = ClientBounds::clients_and_operations;
  entry.defaults.bounds = {
      .nodes = 2, .clients = 2, .network = Network::unordered, .crashes = 1, .timeouts = 2};
  const auto bug = [&](std::string id, std::string name, std::string breaks, std::string what,
                       Bounds bounds, OptionTexts options) {
    entry.bugs.push_back(
        {.id = std::move(id),
         .name = std::move(name),
         .breaks = std::move(breaks),
         .what = std::move(what),
         .scenario = {.bounds = std::move(bounds), .options = std::move(options)}});
  };
  // A backend that never answers is as good as one that has crashed.
  const auto bounds = [](std::uint32_t nodes, std::uint32_t operations, std::uint32_t timeouts) {
    return Bounds{.nodes = nodes,
                  .clients = 1,
                  .operations = operations,
                  .network = Network::unordered,
                  .timeouts = timeouts};
  };
  bug("L01", "wrr-burst", "no bursts", "a backend of weight w is picked w times in a row",
      bounds(3, 4, 1), {{"algorithm", "smooth"}, {"weights", "4-1-1"}});
  bug("L04", "rr-skip-after-removal", "everyone in turn",
      "the turn is an index, which stays when a backend in front of it goes", bounds(3, 3, 1), {});
  bug("L07", "lc-leak-on-failure", "counts are right",
      "a connection that is given up stays counted", bounds(2, 1, 1),
      {{"algorithm", "least-connections"}});
  Bounds two = bounds(2, 1, 1);
  two.clients = 2;
  bug("L08", "lc-underflow", "counts are right", "a late answer closes its connection once more",
      two, {{"algorithm", "least-connections"}});
  bug("L12", "sticky-not-restored", "affinity",
      "a client whose backend failed is moved again when that one returns", bounds(2, 2, 2),
      {{"algorithm", "sticky"}});
  bug("L14", "ch-remap", "minimal disruption",
      "the table of owners is made by the number of backends", bounds(3, 1, 1),
      {{"algorithm", "hash"}});
  entry.make = make_model;
  return entry;
}

}  // namespace gainsay::balancer
