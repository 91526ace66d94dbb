// Dotted version vectors of the values of one key (Preguica, Baquero, Almeida, Fonte and Goncalves,
// "Brief Announcement: Efficient Causality Tracking in Distributed Storage Systems with Dotted
// Version Vectors", PODC 2012), in their compact form for a server: a counter for each server, and
// the values whose events are the last ones of it.
//
// A write is told what its client had read, and replaces exactly that. What two clients write
// without having read each other stands side by side. No clock is asked, and nothing grows with the
// number of clients.
//
// Plain values, to be part of a node's state or of a message.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/containers.hpp"
#include "engine/ids.hpp"

namespace gainsay::dht {

// How many events of each server are known, or were when something was read.
using VersionVector = flat_map<NodeId, std::uint32_t>;

inline std::uint32_t counter(const VersionVector& of, NodeId server) {
  const auto found = of.find(server);
  return found == of.end() ? 0 : found->second;
}

// What one server has written. Its last events are those of `values`, the newest first: the event
// of values[i] is number `count` - i. All older ones have been replaced.
template <class Value>
struct Written {
  std::uint32_t count = 0;
  std::vector<Value> values;
};

// The siblings of one key.
template <class Value>
struct Versions {
  flat_map<NodeId, Written<Value>> by_server;
};

// What a client that reads these has read.
template <class Value>
VersionVector context(const Versions<Value>& versions) {
  VersionVector seen;
  for (const auto& [server, written] : versions.by_server) seen[server] = written.count;
  return seen;
}

template <class Value>
std::vector<Value> siblings(const Versions<Value>& versions) {
  std::vector<Value> all;
  for (const auto& [server, written] : versions.by_server) {
    all.insert(all.end(), written.values.begin(), written.values.end());
  }
  return all;
}

// A write at a server, of a client that has read `seen`.
template <class Value>
void write(Versions<Value>& versions, const VersionVector& seen, NodeId server, Value value) {
  for (const auto& [other, count] : seen) {
    Written<Value>& written = versions.by_server[other];
    // Of the events from `count` - size + 1 to `count` those up to what was seen go.
    const std::size_t unseen = written.count > count ? written.count - count : 0;
    if (written.values.size() > unseen) written.values.resize(unseen);
    written.count = std::max(written.count, count);
  }
  Written<Value>& written = versions.by_server[server];
  ++written.count;
  written.values.insert(written.values.begin(), std::move(value));
}

// Takes in what another replica has: what either has replaced is gone, all else stays.
template <class Value>
void join(Versions<Value>& versions, const Versions<Value>& other) {
  for (const auto& [server, theirs] : other.by_server) {
    Written<Value>& ours = versions.by_server[server];
    const Written<Value>& longer = ours.count >= theirs.count ? ours : theirs;
    const Written<Value>& shorter = ours.count >= theirs.count ? theirs : ours;
    // The first event that the shorter one still has; older ones were replaced there.
    const std::size_t replaced = shorter.count - shorter.values.size();
    Written<Value> both = longer;
    both.values.resize(std::min(both.values.size(), both.count - replaced));
    ours = std::move(both);
  }
}

}  // namespace gainsay::dht
