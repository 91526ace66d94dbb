// The search's visited set of either kind, and what it does when memory is short.
#include <bit>
#include <filesystem>

#include "explorer/search.hpp"

namespace gainsay {

Hash128 Search::content_of(const WorldStore::World& world) {
  Hash128 sum;
  for (std::size_t slot = 0; slot < store_.items(); ++slot) {
    sum += fingerprints_->of(slot, world.ranks[slot], world.words[slot]);
  }
  return sum;
}

// Of the successor in `next`, which differs from the expanded world in the words of `changed`.
Hash128 Search::content_after(const Worker& worker, std::uint64_t changed) {
  Hash128 content = worker.content;
  for (; changed != 0; changed &= changed - 1) {
    const auto slot = static_cast<std::size_t>(std::countr_zero(changed));
    const Id word = worker.next[slot];
    content += fingerprints_->of(slot, store_.rank(slot, word), word);
    content -= fingerprints_->of(slot, worker.world.ranks[slot], worker.world.words[slot]);
  }
  return content;
}

bool Search::reserve(std::size_t count) {
  return by_fingerprint() ? seen_->reserve(count) : store_.visited().reserve(count);
}

void Search::release(std::size_t count) {
  if (by_fingerprint()) {
    seen_->release(count);
  } else {
    store_.visited().release(count);
  }
}

// For worlds that come from elsewhere. REQUIRES: no other thread is in the set.
void Search::mark_fingerprint(const Id* words) {
  Hash128 content;
  for (std::size_t slot = 0; slot < store_.items(); ++slot) {
    content += fingerprints_->of(slot, store_.rank(slot, words[slot]), words[slot]);
  }
  for (;;) {
    if (!seen_->reserve(1)) {
      seen_->grow(jobs_);
      continue;
    }
    const WordSet::Insertion insertion = seen_->insert(content);
    if (insertion == WordSet::Insertion::added) return;
    seen_->release(1);
    if (insertion == WordSet::Insertion::present) return;
    seen_->grow(jobs_);
  }
}

void Search::make_room() {
  const bool is_full = visited_is_full_.exchange(false);
  const std::uint64_t more = !is_full           ? 0
                             : by_fingerprint() ? seen_->grown_bytes() - seen_->bytes()
                                                : store_.room_bytes();
  if (!fits_in_memory(more)) {
    incomplete_because_ = memory_text();
    return;
  }
  store_.make_room(jobs_, is_full && !by_fingerprint());
  if (is_full && by_fingerprint()) seen_->grow(jobs_);
  follow_plan();
}

std::string Search::memory_text() const {
  return options_.memory_bytes ? "--memory" : "no memory left; --memory sets how much";
}

// The worlds in order of discovery are read and written in order: on disk they cost little. The
// visited set is probed at random and stays in memory.
void Search::unload_worlds(bool now) {
  if (!now && store_.roots().size() < spill_from_ && !store_.roots().is_in_file()) return;
  if (!store_.roots().is_in_file()) {
    const std::filesystem::path directory =
        options_.spill.empty() ? std::filesystem::temp_directory_path() : options_.spill;
    store_.roots().move_to_file(directory);
  }
  store_.roots().unload();
}

bool Search::fits_in_memory(std::uint64_t more) {
  const auto fits = [&] { return resident_bytes() + more <= memory_max_; };
  if (fits()) return true;
  // A megabyte of worlds is not worth a file.
  constexpr std::size_t worth_it = std::size_t{1} << 17;
  if (store_.roots().size() < worth_it && !store_.roots().is_in_file()) return false;
  try {
    unload_worlds(true);
  } catch (const std::filesystem::filesystem_error&) {
    return false;  // no disk to use: the check is incomplete for want of memory
  }
  return fits();
}

}  // namespace gainsay
