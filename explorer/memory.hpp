// Memory for tables of many millions of entries: address space reserved once and committed as it
// fills, so that nothing moves and no doubling is paid; on huge pages where the system gives them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace gainsay {

// A mutex for sections of a few microseconds: whoever waits looks a while before he sleeps, since
// sleeping and being woken takes longer than that.
class BriefMutex {
 public:
  void lock() {
    constexpr int looks = 400;
    for (int i = 0; i < looks; ++i) {
      if (mutex_.try_lock()) return;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

// A reserved range of addresses. Throws std::bad_alloc.
//
// Small searches are made by the thousand, and each has dozens of regions of which it uses a few
// pages: what the system needs to map and unmap them would take longer than the search. So regions
// of which little was used are kept, as zeros, for the next that asks for so many bytes.
class Region {
 public:
  Region() = default;
  explicit Region(std::size_t bytes);
  Region(Region&& other) noexcept { swap(other); }
  Region& operator=(Region&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Region();

  std::byte* data() const { return data_; }
  // Makes the first `bytes` usable, zeroed; never less than before.
  void commit(std::size_t bytes);
  // Gives the memory of whole pages in [begin, end) back: they read as zero, or, once the region is
  // in a file, as what they held.
  void discard(std::size_t begin, std::size_t end) const;
  // From now on the region lies in a file of that directory that has no name, so that it ends with
  // the process. Throws std::filesystem::filesystem_error, here and from
  // `commit`, when the disk is full.
  void move_to_file(const std::filesystem::path& directory);
  bool is_in_file() const { return file_ >= 0; }

 private:
  class Pool;
  void map(std::size_t bytes);
  void clear() const;  // what is committed reads as zero

  void swap(Region& other) {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    std::swap(committed_, other.committed_);
    std::swap(before_, other.before_);
    std::swap(asked_, other.asked_);
    std::swap(file_, other.file_);
  }
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
  std::size_t committed_ = 0;
  std::size_t before_ = 0;  // reserved before `data_`, to align it
  std::size_t asked_ = 0;   // for how many bytes it was made
  int file_ = -1;
};

// Many small pieces that live as long as the arena; aligned to 16 bytes. For one thread at a time.
class Arena {
 public:
  std::byte* allocate(std::size_t bytes) {
    bytes = (bytes + 15) / 16 * 16;
    if (bytes > left_) {
      const std::size_t size = std::max(bytes, block_size);
      blocks_.push_back(std::make_unique<Block[]>(size / 16));
      at_ = blocks_.back()[0].bytes;
      left_ = size;
    }
    std::byte* const piece = at_;
    at_ += bytes;
    left_ -= bytes;
    return piece;
  }

 private:
  struct alignas(16) Block {
    std::byte bytes[16];
  };
  static constexpr std::size_t block_size = std::size_t{1} << 18;
  std::vector<std::unique_ptr<Block[]>> blocks_;
  std::byte* at_ = nullptr;
  std::size_t left_ = 0;
};

// What this process may still take before the system or its control group runs out.
std::uint64_t available_bytes();

// An array that grows at its end from many threads, without moving. Elements are zero until
// written.
// Invariant: indices below a value once returned by `allocate` are committed.
template <class T>
class GrowingArray {
  static_assert(std::is_trivially_copyable_v<T> || std::is_trivially_destructible_v<T>);

 public:
  explicit GrowingArray(std::size_t capacity)
      : region_(capacity * sizeof(T)), capacity_(capacity) {}

  // The first of `count` new indices. Throws std::bad_alloc at the capacity.
  std::size_t allocate(std::size_t count) {
    const std::size_t first = size_.fetch_add(count, std::memory_order_relaxed);
    cover(first + count);
    return first;
  }
  // At least so many elements. REQUIRES: one thread at a time calls this or `allocate`.
  void reach(std::size_t size) {
    if (size <= this->size()) return;
    cover(size);
    size_.store(size, std::memory_order_release);
  }
  // The first so many elements may be written, by the caller and by whom he tells. All threads may
  // call it; those who do say nothing of `size`.
  void cover(std::size_t size) {
    if (size > committed_.load(std::memory_order_acquire)) commit(size);
  }
  bool covers(std::size_t i) const { return i < committed_.load(std::memory_order_relaxed); }
  // Gives the memory of [begin, end) back, as far as it is whole pages: they are zero again.
  void discard(std::size_t begin, std::size_t end) const {
    region_.discard(begin * sizeof(T), end * sizeof(T));
  }
  // Moves the elements to a file. REQUIRES: no other thread uses the array.
  void move_to_file(const std::filesystem::path& directory) { region_.move_to_file(directory); }
  bool is_in_file() const { return region_.is_in_file(); }
  // Gives the memory back of what lies in a file.
  void unload() const {
    if (region_.is_in_file()) region_.discard(0, size() * sizeof(T));
  }
  void truncate(std::size_t size) { size_.store(size, std::memory_order_relaxed); }
  std::size_t size() const { return size_.load(std::memory_order_relaxed); }
  T& operator[](std::size_t i) { return data()[i]; }
  const T& operator[](std::size_t i) const { return data()[i]; }
  std::size_t bytes() const { return size() * sizeof(T); }

 private:
  T* data() const { return reinterpret_cast<T*>(region_.data()); }
  void commit(std::size_t elements) {
    const std::lock_guard lock(mutex_);
    std::size_t committed = committed_.load(std::memory_order_relaxed);
    if (elements <= committed) return;
    if (elements > capacity_) throw std::bad_alloc();
    while (committed < elements) committed = committed < 4096 ? 4096 : committed + committed / 4;
    if (committed > capacity_) committed = capacity_;
    region_.commit(committed * sizeof(T));
    committed_.store(committed, std::memory_order_release);
  }

  Region region_;
  std::size_t capacity_;
  std::atomic<std::size_t> size_{0};
  std::atomic<std::size_t> committed_{0};
  std::mutex mutex_;
};

// Owned values that never move; indices once handed to another thread stay readable without a lock
// while one thread appends.
template <class T>
class StableVector {
 public:
  StableVector() : pointers_(std::size_t{1} << 32) {}
  StableVector(const StableVector&) = delete;
  StableVector& operator=(const StableVector&) = delete;
  ~StableVector() {
    for (std::size_t i = 0; i < size(); ++i) delete pointers_[i];
  }
  // REQUIRES: one thread at a time.
  T& push_back(T value) {
    T* owned = new T(std::move(value));
    pointers_[pointers_.allocate(1)] = owned;
    return *owned;
  }
  std::size_t size() const { return pointers_.size(); }
  T& operator[](std::size_t i) { return *pointers_[i]; }
  const T& operator[](std::size_t i) const { return *pointers_[i]; }
  T& back() { return *pointers_[size() - 1]; }

 private:
  GrowingArray<T*> pointers_;
};

// Resident size of this process now, and its peak; 0 where the system does not say.
std::uint64_t resident_bytes();
std::uint64_t peak_resident_bytes();

}  // namespace gainsay
