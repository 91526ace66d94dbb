// A distributed hash table (DeCandia et al., "Dynamo", 2007): keys lie on a ring of nodes, each at
// N of them; any node coordinates a client's put, get or delete by asking R of a key's owners and
// telling W of them.
//
// With R + W > N, stamps that the last writer wins by, and reads that are written back before they
// are answered, each key is a linearizable register (Attiya, Bar-Noy and Dolev, 1995, with several
// writers). Without one of them it is not: Dynamo promises less.
//
// A change of the membership has two steps, as joint consensus has. While it lasts, operations need
// quorums of the old owners and of the new ones, and the old owners hand over what they have; once
// enough new owners have heard enough old ones, the new ones count alone. Messages of another epoch
// mean nothing, so what was said before a change is over with it. That also makes it the moment
// when tombstones can go: those that every owner has reported.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/bytes.hpp"
#include "engine/node.hpp"
#include "engine/simulator/node_facts.hpp"
#include "properties/property.hpp"
#include "protocols/catalog.hpp"
#include "protocols/dht/entry.hpp"
#include "protocols/dht/placement.hpp"

namespace gainsay::dht {

enum class Bug : std::uint8_t {
  none,
  join_no_key_transfer,
  transfer_delete_before_ack,
  stale_replica_read,
  tombstone_early_gc,
  hint_replay_after_gc,
  vnode_collision_overwrite,
};

// When what a read has found goes to the replicas that lag behind.
enum class Repair : std::uint8_t { before_answer, after_answer, never };

struct Put {
  Key key;
  std::string value;
};
struct Get {
  Key key;
};
struct Delete {
  Key key;
};
struct Done {};
struct Values {
  std::vector<std::string> values;  // none: there is no such key; several: siblings
};

using Entries = flat_map<Key, Entry>;

// A coordinator and an owner.
struct Query {
  RequestId request;
  Epoch epoch = 0;
  Key key;
};
struct Found {
  RequestId request;
  Epoch epoch = 0;
  std::optional<Entry> entry;
};
struct Store {
  RequestId request;
  Epoch epoch = 0;
  Key key;
  Entry entry;
};
struct Stored {
  RequestId request;
  Epoch epoch = 0;
};
// What a replica lacks: of a read that has seen it lag, or handed off later.
struct Mend {
  Epoch epoch = 0;
  Key key;
  Entry entry;
  bool hinted = false;
};
struct Mended {
  Epoch epoch = 0;
  Key key;
  Entry entry;
};
// A change of the membership.
struct EpochIs {
  Epoch epoch = 0;
  Entries collected;  // tombstones that are gone from then on
};
struct Transfer {
  Epoch epoch = 0;
  Entries entries;
};
struct Ready {
  Epoch epoch = 0;
  Entries tombstones;
};
// Anti-entropy: the hash of all that two replicas share, those of its buckets, and what is in the
// buckets that differ.
struct Compare {
  Epoch epoch = 0;
  Hash128 root;
};
struct Differ {
  Epoch epoch = 0;
  std::vector<Hash128> buckets;
};
struct Exchange {
  Epoch epoch = 0;
  Entries entries;
  std::vector<std::uint32_t> answer;  // what the other one has in these buckets; none in an answer
};

// An operation that a node coordinates.
struct Pending {
  std::variant<Put, Get, Delete> operation;
  bool storing = false;
  NodeSet answered;            // in this phase
  NodeSet agree;               // that have `entry` already, while asking
  std::optional<Entry> entry;  // what was read, or is being stored
};

struct Node {
  using Message = std::variant<Query, Found, Store, Stored, Mend, Mended, EpochIs, Transfer, Ready,
                               Compare, Differ, Exchange>;
  using Operation = std::variant<Put, Get, Delete>;
  using Result = std::variant<Done, Values>;
  using Context = gainsay::Context<Node>;
  struct Options {
    Bug bug = Bug::none;
    std::uint32_t r = 2;
    std::uint32_t w = 2;
    bool siblings = false;  // instead of last-writer-wins
    Repair repair = Repair::before_answer;
    bool hints = false;
    bool anti_entropy = false;
    bool linearizable = false;  // asked for
    bool recovers = false;
    std::shared_ptr<const Placement> placement;
  };
  enum class Timer : std::uint8_t { change, replay, compare };

  struct Durable {
    Epoch epoch = 0;
    Entries entries;
    flat_map<NodeId, std::uint32_t> taken;  // the last request of each client
    // What clients were told is written: by key, then by client.
    flat_map<Key, flat_map<NodeId, Entry>> acknowledged;
    flat_map<NodeId, Entries> hints;  // for whom
    NodeSet heard;                    // whose handovers of this change have come
    Entries collected;                // of the node that leads the changes: in the last one
  };
  Durable durable;
  flat_map<RequestId, Pending> pending;
  bool has_handed_off = false;      // a hint
  flat_map<NodeId, Entries> ready;  // of the node that leads: who is, with which tombstones

  void start(Context& ctx);
  void on(Context& ctx, NodeId from, const Request<Operation>& request);
  void on(Context& ctx, NodeId from, const Query& query);
  void on(Context& ctx, NodeId from, const Found& found);
  void on(Context& ctx, NodeId from, const Store& store);
  void on(Context& ctx, NodeId from, Stored stored);
  void on(Context& ctx, NodeId from, const Mend& mend);
  void on(Context& ctx, NodeId from, const Mended& mended);
  void on(Context& ctx, NodeId from, const EpochIs& told);
  void on(Context& ctx, NodeId from, const Transfer& transfer);
  void on(Context& ctx, NodeId from, const Ready& told);
  void on(Context& ctx, NodeId from, const Compare& compare);
  void on(Context& ctx, NodeId from, const Differ& differ);
  void on(Context& ctx, NodeId from, const Exchange& exchange);
  void on(Context& ctx, Timer timer);

  // dht.cpp: operations.
  NodeSet replicas(const Context& ctx, const Key& key) const;
  bool is_quorum(const Context& ctx, const Key& key, NodeSet nodes, std::uint32_t size) const;
  std::optional<Entry> entry_of(const Key& key) const;
  void apply(const Key& key, const Entry& entry);
  void ask(Context& ctx, const RequestId& id);
  void take_answer(Context& ctx, const RequestId& id, NodeId from,
                   const std::optional<Entry>& entry);
  void decide(Context& ctx, const RequestId& id);
  void tell(Context& ctx, const RequestId& id);
  void take_ack(Context& ctx, const RequestId& id, NodeSet from);
  void finish(Context& ctx, const RequestId& id);
  // dht_epochs.cpp: changes of the membership.
  bool leads(const Context& ctx) const;
  void lead(Context& ctx);
  void enter(Context& ctx, Epoch epoch, const Entries& collected);
  void settle(const Context& ctx, const Entries& collected);
  void resume(Context& ctx, const Entries& collected);
  void hand_over(Context& ctx);
  void report(Context& ctx);
  bool enough_are_ready(const Context& ctx) const;
  Entries collectable(const Context& ctx) const;
  // dht_repair.cpp: hints, read repair, anti-entropy.
  void keep_hints(const Context& ctx, const Key& key, const Pending& done);
  void arm_replay(Context& ctx);
  void replay(Context& ctx);
  void mend_lagging(Context& ctx, const Key& key, const Pending& read);
  Entries shared_with(const Context& ctx, NodeId other) const;
  void compare_with_all(Context& ctx);
};

const Key& key_of(const Node::Operation& operation);
// Who makes the plan's changes: the last node, which is the one that joins or leaves.
inline NodeId leader_of(std::uint32_t nodes) { return node_id(nodes - 1); }

struct View {
  Epoch epoch;
  Entries entries;
  flat_map<Key, flat_map<NodeId, Entry>> acknowledged;
  Entries collected;
  bool has_hints;
  bool has_handed_off;
  bool writes_back;  // what a read has found
};
View view(const Node& node);

// What the clients do, as far as it says what is reached.
struct Work {
  bool any = false;
  bool writes = false;
  bool deletes = false;
  bool reads_of_others = false;  // of what another client puts
  // Who waits long asks another coordinator, so that a write may take effect twice.
  bool resends = false;
};

// Whether each key is a linearizable register by these options.
bool promises_registers(const Node::Options& options);
std::vector<Property> properties(const Node::Options& options, const Work& work);
Model make_model(const Configuration& configuration);
// Where nodes stand on the ring, and how many keys they hold.
NodeFactsOf facts_of(const Configuration& configuration);
CatalogEntry catalog_entry();

}  // namespace gainsay::dht
