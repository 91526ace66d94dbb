// A load balancer between clients and backends: which backend a request goes to, who is believed to
// be alive, and what is counted as open while answers are late, lost, or come from the dead. The
// last node balances, or the last ones do, each with a view of its own; all others are backends.
// The picking itself is protocols/balancer/pick.hpp, as it is.
//
// Health is active: rounds of probes, and whoever has not answered one when the next begins is down
// until it does. A connection that takes too long, or whose backend is found down, is given up and
// tried on another one, a bounded number of times. A backend that has as many connections as it may
// have is not picked until it has fewer, and one that has come back takes its share step by step.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "engine/node.hpp"
#include "properties/property.hpp"
#include "protocols/balancer/pick.hpp"
#include "protocols/catalog.hpp"
#include "protocols/dht/ring.hpp"

namespace gainsay::balancer {

enum class Algorithm : std::uint8_t {
  round_robin,
  smooth,             // weighted round robin
  least_connections,  // weighted
  two_choices,
  sticky,  // consistent hashing, and a client stays where it is
  hash,    // consistent hashing
  maglev,
};

// A client's place says who serves it.
constexpr bool hashes(Algorithm algorithm) {
  return algorithm == Algorithm::sticky || algorithm == Algorithm::hash ||
         algorithm == Algorithm::maglev;
}
// Weights count at each pick, so that one may be less for a while.
constexpr bool weighs(Algorithm algorithm) {
  return algorithm == Algorithm::smooth || algorithm == Algorithm::least_connections;
}

enum class Bug : std::uint8_t {
  none,
  wrr_burst,
  rr_skip_after_removal,
  lc_leak_on_failure,
  lc_underflow,
  sticky_not_restored,
  ch_remap,
};

struct Fetch {};
struct Page {
  NodeId from;
};
struct Unavailable {};

// One try of one request.
struct Connection {
  NodeId backend;
  std::uint8_t attempt = 0;
};
struct Finished {
  std::uint32_t number = 0;  // of the client's last request that was
  bool served = false;
};
struct Forward {
  RequestId request;
  std::uint8_t attempt = 0;
};
struct Answer {
  RequestId request;
  std::uint8_t attempt = 0;
};
struct Probe {
  std::uint32_t round = 0;
};
struct Alive {
  std::uint32_t round = 0;
};

// What the balancer tells those who watch it.
struct Label {
  // up, down: may be picked from now on, or not.
  enum class Kind : std::uint8_t { begun, picked, up, down, weighs } kind;
  NodeId backend;     // when it begins: itself
  Weight weight = 0;  // what it weighs
};

struct Health {
  bool up = true;
  bool draining = false;
  bool available() const { return up && !draining; }
};

// Places of clients, on the ring and in Maglev's table.
constexpr std::size_t places = 8;
constexpr std::uint32_t table_size = 13;

struct Node {
  using Message = std::variant<Forward, Answer, Probe, Alive>;
  using Operation = Fetch;
  using Result = std::variant<Page, Unavailable>;
  using Context = gainsay::Context<Node>;
  using Label = balancer::Label;
  struct Options {
    Bug bug = Bug::none;
    Algorithm algorithm = Algorithm::round_robin;
    std::vector<Weight> weights;  // of each backend
    std::uint32_t retries = 1;
    bool drains = false;  // the first backend is taken out of service at some moment
    std::uint32_t balancers = 1;
    std::uint32_t cap = 0;         // connections of a backend at one balancer; 0: any number
    std::uint32_t slow_start = 0;  // rounds of probes until who has come back has its weight
    bool as_one = false;           // what one balancer promises is asked of all of them together
  };
  enum class Timer : std::uint8_t { probe, give_up, drain };

  // Of a backend.
  bool has_served = false;

  // Of the balancer.
  std::vector<Health> health;  // by backend
  flat_map<RequestId, Connection> connections;
  flat_map<NodeId, Finished> finished;  // by client
  std::uint32_t round = 0;              // of probes
  NodeSet heard;                        // in this round
  std::optional<RoundRobin> turns;
  std::optional<SmoothRoundRobin> smooth;
  std::optional<std::vector<LeastConnections::Seat>> seats;
  flat_map<NodeId, NodeId> sessions;  // client -> backend
  std::vector<NodeId> owners;         // of places, by hashing
  std::vector<std::uint32_t> steps;  // by backend: until it has its weight; none without slow start

  void start(Context& ctx);
  void on(Context& ctx, NodeId from, const Request<Fetch>& request);
  void on(Context& ctx, NodeId from, Forward forward);
  void on(Context& ctx, NodeId from, Answer answer);
  void on(Context& ctx, NodeId from, Probe probe);
  void on(Context& ctx, NodeId from, Alive alive);
  void on(Context& ctx, Timer timer);

  // balancer.cpp: connections.
  void open(Context& ctx, const RequestId& request, std::uint8_t attempt);
  void finish(Context& ctx, const RequestId& request, Result result);
  void give_up(Context& ctx, const RequestId& request);
  void close(Context& ctx, const RequestId& request, bool releases);
  void release(NodeId backend);
  // Health.
  void begin_round(Context& ctx);
  void end_round(Context& ctx);
  void set_health(Context& ctx, NodeId backend, Health after);
  // balancer_pick.cpp
  void begin_picking(Context& ctx);
  std::optional<NodeId> pick(Context& ctx, NodeId client);
  // It is available, and has room.
  bool takes(const Context& ctx, NodeId backend) const;
  // Tells what picks, and who watches, what a change of health or of connections comes to.
  void change_picking(Context& ctx, NodeId backend, bool took, bool was_available);
  void take_step(Context& ctx, NodeId backend);

 private:
  void begin_smooth(Context& ctx);
  Weight weight(const Context& ctx, NodeId backend) const;
  std::vector<NodeId> takers(const Context& ctx) const;
  std::optional<NodeId> owner_with_room(const Context& ctx, NodeId client) const;
  std::optional<NodeId> pick_in_turn(Context& ctx);
  std::optional<NodeId> pick_in_bursts(Context& ctx);
  std::optional<NodeId> pick_of_two(Context& ctx) const;
  std::optional<NodeId> pick_sticky(Context& ctx, NodeId client);
};

std::size_t open_at(const flat_map<RequestId, Connection>& connections, NodeId backend);
// So many times its weight as there are steps of slow start.
std::vector<Weight> whole_weights(const Node::Options& options);

struct View {
  bool has_served;
  std::vector<Health> health;  // empty: no balancer
  flat_map<RequestId, Connection> connections;
  flat_map<NodeId, Finished> finished;
  std::vector<std::uint64_t> counted;  // open, as least connections counts them
  flat_map<NodeId, NodeId> sessions;
  std::vector<NodeId> owners;
  std::vector<std::uint32_t> steps;
};
View view(const Node& node);

std::vector<Property> properties(System& system, const Node::Options& options);
Model make_model(const Configuration& configuration);
CatalogEntry catalog_entry();

}  // namespace gainsay::balancer
