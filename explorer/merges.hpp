// Which local states stand for which, by content: learnt in one pass, used by the next.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "engine/bytes.hpp"
#include "engine/ids.hpp"

namespace gainsay {

// The messages ever sent to each process in any pass, with their senders.
using Heard = std::vector<std::set<std::pair<NodeId, Bytes>>>;

class Merges {
 public:
  // What stands for a local state of a process: itself, unless it was merged.
  const Bytes& root(std::uint8_t process, const Bytes& local) const {
    if (roots_.empty()) return local;
    const auto found = roots_.find({process, local});
    return found == roots_.end() ? local : found->second;
  }
  // REQUIRES: `into` is merged into nothing.
  void add(std::uint8_t process, const Bytes& local, const Bytes& into) {
    roots_.emplace(Key{process, local}, into);
  }

  // The process and a local state -> what stands for it, which is another one.
  using Key = std::pair<std::uint8_t, Bytes>;
  const std::map<Key, Bytes>& all() const { return roots_; }

 private:
  std::map<Key, Bytes> roots_;
};

}  // namespace gainsay
