#include "explorer/tables.hpp"

#include <bit>

#include "explorer/parallel.hpp"

namespace gainsay {

ReadMap::Table::Table(std::size_t capacity) : mask(capacity - 1), region(bytes()) {
  region.commit(bytes());
}

void ReadMap::put(Table& table, std::uint64_t key, Id value) {
  std::uint64_t i = spread(key);
  while (table.slots()[i & table.mask].key.load(std::memory_order_relaxed) != 0) ++i;
  Slot& slot = table.slots()[i & table.mask];
  slot.value.store(value + 1, std::memory_order_relaxed);
  slot.key.store(key + 1, std::memory_order_release);
}

void ReadMap::publish(std::size_t capacity) {
  auto table = std::make_unique<Table>(capacity);
  const Table* const old = table_.load(std::memory_order_relaxed);
  if (old != nullptr) for_each([&](std::uint64_t key, Id value) { put(*table, key, value); });
  table_.store(table.get(), std::memory_order_release);
  tables_.push_back(std::move(table));
  if (old != nullptr) old->region.discard(0, old->bytes());
}

void ReadMap::insert(std::uint64_t key, Id value) {
  const std::size_t capacity = table_.load(std::memory_order_relaxed)->mask + 1;
  if (++size_ * 2 > capacity) publish(capacity * 2);
  put(*table_.load(std::memory_order_relaxed), key, value);
}

namespace {

constexpr std::size_t ids_of_table_max = std::size_t{1} << 32;
constexpr std::size_t first_capacity = std::size_t{1} << 14;

Region table_region(std::size_t capacity) {
  Region region(capacity * sizeof(std::uint64_t));
  region.commit(capacity * sizeof(std::uint64_t));
  return region;
}

}  // namespace

PairTable::PairTable()
    : capacity_(first_capacity), region_(table_region(capacity_)), pairs_(ids_of_table_max) {}

bool PairTable::restock(Stock& stock) {
  if (pairs_.size() + stock_size > limit()) return false;
  const std::size_t first = pairs_.allocate(stock_size);
  if (first + stock_size >= ids_of_table_max) throw std::bad_alloc();
  stock = {.next = static_cast<Id>(first), .end = static_cast<Id>(first + stock_size)};
  return true;
}

Id PairTable::insert(std::uint64_t key, std::uint64_t hash, Stock& stock) {
  const std::uint64_t tag = hash & 0xffffffff00000000ULL;
  const std::size_t mask = capacity_ - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    std::uint64_t found = slots()[i].load(std::memory_order_acquire);
    if (found == 0) {
      if (stock.next == stock.end && !restock(stock)) return full;
      const Id id = stock.next;
      pairs_[id] = key;
      const std::uint64_t wanted = tag | (std::uint64_t{id} + 1);
      if (slots()[i].compare_exchange_strong(found, wanted, std::memory_order_acq_rel)) {
        ++stock.next;
        return id;
      }
    }
    if ((found & 0xffffffff00000000ULL) == tag) {
      const Id id = static_cast<Id>(found & 0xffffffffU) - 1;
      if (pairs_[id] == key) return id;
    }
  }
}

void PairTable::grow(unsigned jobs) {
  const std::size_t old_capacity = capacity_;
  Region old = std::move(region_);
  capacity_ *= 2;
  region_ = table_region(capacity_);
  const auto* from = reinterpret_cast<std::atomic<std::uint64_t>*>(old.data());
  parallel_chunks(old_capacity, 1 << 15, jobs, [&](unsigned, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::uint64_t entry = from[i].load(std::memory_order_relaxed);
      if (entry == 0) continue;
      const Id id = static_cast<Id>(entry & 0xffffffffU) - 1;
      std::size_t at = spread(pairs_[id]) & (capacity_ - 1);
      std::uint64_t expected = 0;
      while (!slots()[at].compare_exchange_strong(expected, entry, std::memory_order_relaxed)) {
        at = (at + 1) & (capacity_ - 1);
        expected = 0;
      }
    }
  });
}

}  // namespace gainsay
