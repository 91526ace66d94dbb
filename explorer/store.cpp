#include "explorer/store.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "explorer/check.hpp"
#include "explorer/parallel.hpp"

namespace gainsay {

namespace {

constexpr std::size_t chunk = std::size_t{1} << 12;

// Bits for ranks below `count`, with room for one more.
unsigned bits_of(std::size_t count) { return static_cast<unsigned>(std::bit_width(count)); }

}  // namespace

WorldStore::WorldStore(std::size_t slots, bool keeps_visited)
    : keeps_visited_(keeps_visited), ranks_(slots), roots_(worlds_max) {
  if (slots > words_max) throw UsageError("a world has at most 64 components");
  adopt(new_plan({}));
}

void WorldStore::adopt(FoldPlan plan) {
  folding_.pairs = std::deque<PairTable>(plan.inner);
  folding_.fields.clear();
  for (std::size_t slot = 0; slot < plan.slots; ++slot) {
    const FoldPlan::Place place = plan.places[slot];
    folding_.fields.push_back({.words = ranks_[slot].words(),
                               .mask = (std::uint64_t{1} << place.width) - 1,
                               .key = place.key,
                               .shift = place.shift});
  }
  folding_.plan = std::move(plan);
  ++plan_number_;
  outgrown_.store(false);
  // The old one is given back first.
  visited_.emplace(keeps_visited_ ? folding_.plan.root_bits : 1);
}

// --- folding ---

void WorldStore::unfold(const Folding& folding, std::uint64_t root, World& world) const {
  const FoldPlan& plan = folding.plan;
  world.keys[plan.inner] = root;
  for (std::size_t k = plan.inner; k-- > 0;) {
    const FoldPlan::Place place = plan.places[plan.slots + k];
    const std::uint64_t mask = (std::uint64_t{1} << place.width) - 1;
    world.ids[k] = static_cast<Id>((world.keys[place.key] >> place.shift) & mask);
    world.keys[k] = folding.pairs[k].pair(world.ids[k]);
  }
  for (std::size_t slot = 0; slot < plan.slots; ++slot) {
    const Field& field = folding.fields[slot];
    const auto rank = static_cast<Id>((world.keys[field.key] >> field.shift) & field.mask);
    world.ranks[slot] = rank;
    world.words[slot] = field.words[rank];
  }
}

void WorldStore::unfold(std::uint64_t root, World& world) const { unfold(folding_, root, world); }

void WorldStore::unfold(std::uint64_t root, Id* words) const {
  World world;
  unfold(root, world);
  std::copy_n(world.words.begin(), folding_.plan.slots, words);
}

// Interns the inner keys that have changed and carries their ids to the keys that they lie in.
bool WorldStore::fold_keys(const World& from, std::uint64_t& touched, Worker& worker) {
  if (worker.plan != plan_number_) {
    worker.stocks = {};
    worker.lately.assign(lately_size, {});
    worker.plan = plan_number_;
  }
  for (std::size_t k = 0; k < folding_.plan.inner; ++k) {
    if ((touched >> k & 1) == 0) continue;
    const std::uint64_t key = worker.keys[k];
    const std::uint64_t hash = spread(key);
    Worker::Lately& lately = worker.lately[(hash + k * 0x9e3779b9U) & (lately_size - 1)];
    if (lately.key != key || lately.inner != k) {
      const Id id = folding_.pairs[k].insert(key, hash, worker.stocks[k]);
      if (id == PairTable::full) return false;
      lately = {.key = key, .inner = static_cast<Id>(k), .id = id};
    }
    const std::size_t item = folding_.plan.slots + k;
    if (!add(from, item, std::uint64_t{lately.id} - from.ids[k], lately.id, touched, worker)) {
      return false;
    }
  }
  return true;
}

bool WorldStore::change(std::size_t slot, Id before, Id after, std::uint64_t& change) {
  const FoldPlan::Place place = folding_.plan.places[slot];
  const Id rank = ranks_[slot].rank(after);
  if ((std::uint64_t{rank} >> place.width) != 0) {
    outgrown_.store(true, std::memory_order_relaxed);
    return false;
  }
  change = (std::uint64_t{rank} - ranks_[slot].rank(before)) << place.shift;
  return true;
}

std::uint64_t WorldStore::root_with_keys(Successor& of, Worker& worker) {
  const std::size_t root = folding_.plan.inner;
  worker.keys[root] = of.root;
  of.touched |= std::uint64_t{1} << root;
  return fold_keys(of.from, of.touched, worker) ? worker.keys[root] : no_root;
}

void WorldStore::append(const Id* words, Worker& worker) {
  std::uint64_t root = no_root;
  for (bool is_there = false; !is_there;) {
    while ((root = fold(words, worker)) == no_root) make_room(1, false);
    if (!keeps_visited_) break;
    if (!visited_->reserve(1)) {
      make_room(1, true);
      continue;
    }
    const WordSet::Insertion insertion = visited_->insert(root);
    if (insertion == WordSet::Insertion::present) throw DecodeError("a world is there twice");
    is_there = insertion == WordSet::Insertion::added;
    if (!is_there) {
      visited_->release(1);
      make_room(1, true);
    }
  }
  roots_[roots_.allocate(1)] = root;
}

// --- planning ---

// The ranks of some of the worlds, evenly over the order of discovery.
std::vector<Id> WorldStore::sample() const {
  constexpr std::size_t most = std::size_t{1} << 14;
  std::vector<Id> rows;
  const std::size_t step = roots_.size() / most + 1;
  World world;
  for (std::size_t i = 0; i < roots_.size(); i += step) {
    unfold(roots_[i], world);
    rows.insert(rows.end(), world.ranks.begin(),
                world.ranks.begin() + static_cast<std::ptrdiff_t>(items()));
  }
  return rows;
}

FoldPlan WorldStore::new_plan(const std::vector<Id>& sample) const {
  const std::size_t slots = ranks_.size();
  const std::size_t rows = sample.size() / slots;
  std::vector<unsigned> bits;
  for (const Ranks& ranks : ranks_) bits.push_back(bits_of(ranks.size()));
  const auto distinct_bits = [&](std::uint64_t mask) {
    constexpr unsigned first_guess = 10;
    std::vector<std::uint64_t> met(rows);
    unsigned sum = 0;
    for (std::size_t slot = 0; slot < slots; ++slot) {
      if ((mask >> slot & 1) == 0) continue;
      sum += std::max(1U, bits[slot]);
      for (std::size_t i = 0; i < rows; ++i) met[i] = spread(met[i] + sample[i * slots + slot] + 1);
    }
    std::ranges::sort(met);
    const auto end = std::unique(met.begin(), met.end());
    const auto count = static_cast<std::size_t>(end - met.begin());
    unsigned estimate = bits_of(count);
    // A sample that hardly ever met the same twice says little of all worlds.
    if (count * 4 > rows && rows > 0) estimate += bits_of(roots_.size() / rows) - 1;
    return std::min(sum, std::max(estimate, first_guess) + more_bits_);
  };
  const std::size_t worlds = std::max(roots_.size(), visited_ ? visited_->size() : 0);
  // A search that has come so far is not small: four MiB for its table save interning.
  constexpr std::size_t small = std::size_t{1} << 12;
  constexpr std::size_t room = std::size_t{1} << 19;
  const std::size_t expected = worlds < small ? worlds * 2 : std::max(worlds * 2, room);
  return FoldPlan::make(bits, WordSet::bits_for(expected), distinct_bits);
}

// Folds all worlds, without keeping their roots: false when an id has outgrown its bits.
bool WorldStore::intern_all(const Folding& old, std::span<const std::uint64_t> worlds,
                            unsigned jobs) {
  std::vector<Worker> workers(jobs);
  std::vector<std::size_t> done((worlds.size() + chunk - 1) / chunk);
  std::atomic<bool> full{false};
  const auto intern = [&](unsigned id, std::size_t at, std::size_t) {
    const std::size_t end = std::min(worlds.size(), (at + 1) * chunk);
    World world;
    for (std::size_t i = at * chunk + done[at]; i < end && !full.load(); ++i, ++done[at]) {
      unfold(old, worlds[i], world);
      if (fold(world.words.data(), workers[id]) != no_root) continue;
      full.store(true);
      return;
    }
  };
  for (;;) {
    full.store(false);
    parallel_chunks(done.size(), 1, jobs, intern);
    if (outgrown_.load()) return false;
    if (!full.load()) return true;
    for (PairTable& table : folding_.pairs) {
      while (table.must_grow()) table.grow(jobs);
    }
  }
}

// The worlds are those that were visited: where some were subsumed, more than have a root.
void WorldStore::replan(unsigned jobs) {
  const std::vector<Id> rows = sample();
  FoldPlan plan = new_plan(rows);
  while (plan == folding_.plan) {
    if (!outgrown_.load()) return;
    if (++more_bits_ > FoldPlan::width_max) throw std::bad_alloc();
    plan = new_plan(rows);
  }
  const std::size_t visited = visited_->size();
  // Worlds that were visited, and have no root any more since they are subsumed, must stay so.
  std::vector<std::uint64_t> others;
  if (keeps_visited_ && visited != roots_.size()) {
    visited_->for_each([&](std::uint64_t root) { others.push_back(root); });
  }
  const std::span<std::uint64_t> roots(&roots_[0], roots_.size());
  const std::span<std::uint64_t> worlds = others.empty() ? roots : std::span(others);
  const Folding old = std::move(folding_);
  adopt(std::move(plan));
  // Without inner keys all ranks fit that there are.
  while (has_inner_keys() && !intern_all(old, worlds, jobs)) {
    if (++more_bits_ > FoldPlan::width_max) throw std::bad_alloc();
    adopt(new_plan(rows));
  }
  if (keeps_visited_) visited_.emplace(folding_.plan.root_bits, visited + visited / 4);
  if (!visited_->reserve(visited)) throw std::logic_error("a new visited set is too small");
  std::vector<Worker> workers(jobs);
  const auto refold = [&](std::uint64_t& root, Worker& worker) {
    World world;
    unfold(old, root, world);
    root = fold(world.words.data(), worker);
    if (root == no_root) throw std::logic_error("a world does not fold a second time");
  };
  parallel_chunks(worlds.size(), chunk, jobs, [&](unsigned id, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      refold(worlds[i], workers[id]);
      if (keeps_visited_ && visited_->insert(worlds[i]) != WordSet::Insertion::added) {
        throw std::logic_error("two worlds fold into one");
      }
    }
  });
  if (!others.empty()) {
    for (std::uint64_t& root : roots) refold(root, workers[0]);
  }
}

void WorldStore::make_room(unsigned jobs, bool visited_is_full) {
  for (PairTable& table : folding_.pairs) {
    while (table.must_grow()) table.grow(jobs);
  }
  if (outgrown_.load()) replan(jobs);
  if (visited_is_full) visited_->grow(jobs);
}

std::uint64_t WorldStore::bytes() const {
  std::uint64_t bytes = visited_->bytes() + roots_.bytes();
  for (const PairTable& table : folding_.pairs) bytes += table.bytes();
  for (const Ranks& ranks : ranks_) bytes += ranks.bytes();
  return bytes;
}

// --- checkpoints ---

// Worlds are written as their words: a load folds them again, with any tables.
void WorldStore::save(std::size_t worlds, const std::function<void(BytesView)>& write) const {
  constexpr std::size_t piece = std::size_t{1} << 16;
  std::vector<Id> words(items());
  Writer writer;
  writer.integer(worlds);
  for (std::size_t i = 0; i < worlds; ++i) {
    unfold(roots_[i], words.data());
    for (const Id word : words) writer.integer(word);
    if (writer.bytes().size() >= piece) write(writer.take());
  }
  write(writer.bytes());
}

void WorldStore::load(Reader& reader) {
  Worker worker{};
  std::vector<Id> words(items());
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    for (Id& word : words) word = static_cast<Id>(reader.integer());
    append(words.data(), worker);
  }
}

}  // namespace gainsay
