// Rare worlds, kept and started from again: what was new when a run first came
// there. A new local state counts for more than a new pair of them.
//
// A pool is read by all threads while a batch runs, and changed between
// batches, by the runs in their order: what it holds depends on runs alone.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <optional>
#include <vector>

#include "explorer/hunt/walk.hpp"

namespace gainsay {

// What a run met that the pool did not know when the batch began.
struct Novelty {
  std::uint64_t key = 0;    // of content
  std::uint32_t steps = 0;  // how many lead there
  bool is_pair = false;
};

class Pool {
 public:
  struct Entry {
    Path path;
    std::uint32_t starts = 0;
    bool is_pair = false;
  };

  bool empty() const { return entries_.empty(); }
  // Of three the one that was started from least, by what it is worth.
  std::size_t pick(RandomStream& random) const;
  const Path& path(std::size_t entry) const { return entries_[entry].path; }
  // What the last step of a run has that the pool does not know.
  void look(const Walk& walk, std::vector<Novelty>& novelties) const;
  // Of a run that ended: where it started from, and what it met.
  void learn(std::optional<std::size_t> from, const Path& path,
             const std::vector<Novelty>& novelties);
  // Between batches, behind all its runs: drops what was started from most
  // where there is too much.
  void trim();
  void clear();

 private:
  boost::unordered_flat_set<std::uint64_t> known_;
  std::vector<Entry> entries_;
};

}  // namespace gainsay
