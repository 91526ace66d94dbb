// Which local states stand for which, by content: learnt in one pass, used by the next.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "engine/bytes.hpp"

namespace gainsay {

class Merges {
 public:
  // What stands for a local state of a process: itself, unless it was merged.
  const Bytes& root(std::uint8_t process, const Bytes& local) const;
  // From the next pass on the second stands for the first; false for a merge that was refused.
  // REQUIRES: both are roots, and not the same.
  bool add(std::uint8_t process, const Bytes& local, const Bytes& into);
  // Undone for good.
  void refuse(std::uint8_t process, const Bytes& local);

  // The process and a local state -> the one that it was merged into, which may be merged too.
  using Key = std::pair<std::uint8_t, Bytes>;
  const std::map<Key, Bytes>& all() const { return parents_; }
  const std::set<Key>& refused() const { return refused_; }
  bool empty() const { return parents_.empty(); }

 private:
  std::map<Key, Bytes> parents_;
  std::set<Key> refused_;
};

}  // namespace gainsay
