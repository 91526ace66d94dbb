#include "explorer/hunt/pool.hpp"

#include <algorithm>

namespace gainsay {

namespace {

constexpr std::size_t entries_max = 4096;
constexpr std::uint32_t worth_of_local = 4;  // a local state, in pairs

std::uint64_t load(const Pool::Entry& entry) {
  return entry.is_pair ? std::uint64_t{entry.starts} * worth_of_local : entry.starts;
}

}  // namespace

std::size_t Pool::pick(RandomStream& random) const {
  const auto size = static_cast<std::uint32_t>(entries_.size());
  std::size_t best = random.below(size);
  for (int i = 0; i < 2; ++i) {
    const std::size_t other = random.below(size);
    if (load(entries_[other]) < load(entries_[best])) best = other;
  }
  return best;
}

void Pool::look(const Walk& walk, std::vector<Novelty>& novelties) const {
  const std::size_t process = walk.changed();
  if (process == Machine::npos) return;
  const Machine& machine = walk.machine();
  const auto key_of = [&](std::size_t of) {
    return machine.local(machine.local_of(walk.cell(of))).hash.low;
  };
  const auto steps = static_cast<std::uint32_t>(walk.path().size());
  const auto note = [&](std::uint64_t key, bool is_pair) {
    if (known_.contains(key)) return;
    novelties.push_back({.key = key, .steps = steps, .is_pair = is_pair});
  };
  const std::uint64_t local = spread(key_of(process) + process);
  note(local, false);
  for (std::size_t other = 0; other < machine.system().size(); ++other) {
    if (other != process) note(local ^ spread(key_of(other) + other), true);
  }
}

void Pool::learn(std::optional<std::size_t> from, const Path& path,
                 const std::vector<Novelty>& novelties) {
  if (from) ++entries_[*from].starts;
  std::optional<Entry> last;  // of one world that has several, the worthiest
  for (const Novelty& novelty : novelties) {
    if (!known_.insert(novelty.key).second) continue;
    if (last && last->path.size() != novelty.steps) entries_.push_back(*std::move(last));
    if (!last || last->path.size() != novelty.steps) {
      last =
          Entry{.path = {path.begin(), path.begin() + novelty.steps}, .is_pair = novelty.is_pair};
    }
    last->is_pair = last->is_pair && novelty.is_pair;
  }
  if (last) entries_.push_back(*std::move(last));
}

void Pool::trim() {
  if (entries_.size() <= entries_max) return;
  std::ranges::stable_sort(entries_, {}, load);
  entries_.resize(entries_max / 2);
}

void Pool::clear() {
  known_.clear();
  entries_.clear();
}

}  // namespace gainsay
