#include "explorer/memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace gainsay {

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t huge_page = std::size_t{2} << 20;
std::size_t whole_pages(std::size_t bytes) { return (bytes + page - 1) / page * page; }

}  // namespace

namespace {

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::filesystem::filesystem_error(what, {error, std::generic_category()});
}

// Space on the disk is taken at once: a full disk is an error here, and not a signal later.
void add_to_file(int file, std::byte* data, std::size_t begin, std::size_t end) {
  if (begin == end) return;
  const auto offset = static_cast<off_t>(begin);
  const int error = posix_fallocate(file, offset, static_cast<off_t>(end - begin));
  if (error != 0) fail(error, "no room on the disk for what does not fit in memory");
  const void* address =
      mmap(data + begin, end - begin, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, offset);
  if (address == MAP_FAILED) fail(errno, "a temporary file cannot be mapped");
}

}  // namespace

void Region::move_to_file(const std::filesystem::path& directory) {
  if (is_in_file()) return;
  std::filesystem::create_directories(directory);
  std::string name = (directory / "gainsay-XXXXXX").string();
  const int file = mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) fail(errno, "no temporary file in " + directory.string());
  unlink(name.c_str());
  for (std::size_t done = 0; done < committed_;) {
    const ssize_t count = write(file, data_ + done, committed_ - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const int error = errno;
      close(file);
      fail(error, "no room in " + directory.string() + " for what does not fit in memory");
    }
    done += static_cast<std::size_t>(count);
  }
  add_to_file(file, data_, 0, committed_);
  file_ = file;
}

// What is left of a region that was given up.
struct Region::Kept {
  std::byte* data = nullptr;
  std::size_t bytes = 0;
  std::size_t committed = 0;
  std::size_t before = 0;
  std::size_t asked = 0;  // how many bytes it was made for
};

// Thread-safety: all threads may call all of it.
class Region::Pool {
 public:
  // There is one, and it is never destroyed: whoever ends last may still give a region back.
  static Pool& instance() {
    static Pool& pool = *new Pool;
    return pool;
  }
  std::optional<Kept> take(std::size_t asked) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = kept_.size(); i-- > 0;) {
      if (kept_[i].asked != asked) continue;
      const Kept kept = kept_[i];
      kept_[i] = kept_.back();
      kept_.pop_back();
      reserved_ -= kept.bytes;
      return kept;
    }
    return std::nullopt;
  }
  // False where it is not worth keeping, or where enough is kept.
  bool give(const Kept& kept) {
    constexpr std::size_t committed_max = std::size_t{4} << 20;
    constexpr std::size_t reserved_max = std::size_t{8} << 40;
    constexpr std::size_t kept_max = 256;
    if (kept.committed > committed_max) return false;
    clear(kept);
    const std::lock_guard lock(mutex_);
    if (kept_.size() == kept_max || reserved_ + kept.bytes > reserved_max) return false;
    kept_.push_back(kept);
    reserved_ += kept.bytes;
    return true;
  }

 private:
  // To write zeros is faster than a page fault each, as long as there are few pages.
  static void clear(const Kept& kept) {
    constexpr std::size_t few = std::size_t{64} << 10;
    if (kept.committed <= few) {
      std::memset(kept.data, 0, kept.committed);
    } else {
      madvise(kept.data, kept.committed, MADV_DONTNEED);
    }
  }

  std::mutex mutex_;
  std::vector<Kept> kept_;
  std::size_t reserved_ = 0;  // bytes of addresses
};

Region::Region(std::size_t bytes) : asked_(whole_pages(bytes)) {
  if (const std::optional<Kept> kept = Pool::instance().take(asked_)) {
    data_ = kept->data;
    bytes_ = kept->bytes;
    committed_ = kept->committed;
    before_ = kept->before;
  } else {
    map(asked_ < huge_page ? 0 : huge_page);
  }
}

// Aligned to huge pages where it is large enough for one.
void Region::map(std::size_t alignment) {
  bytes_ = asked_;
  void* address = mmap(nullptr, bytes_ + alignment, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) throw std::bad_alloc();
  if (alignment != 0) before_ = (alignment - reinterpret_cast<std::uintptr_t>(address) % alignment);
  bytes_ += alignment - before_;
  data_ = static_cast<std::byte*>(address) + before_;
}

Region::~Region() {
  const bool is_kept = data_ != nullptr && !is_in_file() &&
                       Pool::instance().give({.data = data_,
                                              .bytes = bytes_,
                                              .committed = committed_,
                                              .before = before_,
                                              .asked = asked_});
  if (data_ != nullptr && !is_kept) munmap(data_ - before_, before_ + bytes_);
  if (file_ >= 0) close(file_);
}

void Region::discard(std::size_t begin, std::size_t end) const {
  begin = whole_pages(begin);
  end = std::min(end, committed_) / page * page;
  if (begin < end) madvise(data_ + begin, end - begin, MADV_DONTNEED);
}

void Region::commit(std::size_t bytes) {
  bytes = whole_pages(bytes);
  if (bytes <= committed_) return;
  if (bytes > bytes_) throw std::bad_alloc();
  if (is_in_file()) {
    add_to_file(file_, data_, committed_, bytes);
    committed_ = bytes;
    return;
  }
  if (mprotect(data_ + committed_, bytes - committed_, PROT_READ | PROT_WRITE) != 0) {
    throw std::bad_alloc();
  }
  constexpr std::size_t worth_it = std::size_t{4} << 20;
  if (bytes - committed_ >= worth_it) {
    madvise(data_ + committed_, bytes - committed_, MADV_HUGEPAGE);  // a hint; may be refused
  }
  committed_ = bytes;
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

namespace {

constexpr std::uint64_t unlimited = ~std::uint64_t{0};

// The one number in a file of the control group; unlimited where there is none.
std::uint64_t number_in(const char* path) {
  std::ifstream file(path);
  std::uint64_t number = unlimited;
  return file >> number ? number : unlimited;
}

std::uint64_t left_of(std::uint64_t most, std::uint64_t used) {
  if (most == unlimited || used == unlimited) return unlimited;
  return most - std::min(most, used);
}

}  // namespace

std::uint64_t available_bytes() {
  std::uint64_t available = unlimited;
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    constexpr std::string_view name = "MemAvailable:";
    if (line.compare(0, name.size(), name) == 0) {
      available = std::strtoull(line.c_str() + name.size(), nullptr, 10) * 1024;
    }
  }
  const std::uint64_t group_v2 =
      left_of(number_in("/sys/fs/cgroup/memory.max"), number_in("/sys/fs/cgroup/memory.current"));
  const std::uint64_t group_v1 = left_of(number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
                                         number_in("/sys/fs/cgroup/memory/memory.usage_in_bytes"));
  return std::min({available, group_v2, group_v1});
}

std::uint64_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace gainsay
