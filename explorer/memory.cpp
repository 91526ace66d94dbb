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
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace gainsay {

namespace {

constexpr std::size_t page_size = 4096;
constexpr std::size_t huge_page = std::size_t{2} << 20;
std::size_t whole_pages(std::size_t bytes) {
  return (bytes + page_size - 1) / page_size * page_size;
}

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

// Thread-safety: all threads may call all of it.
class Region::Pool {
 public:
  // There is one, and it is never destroyed: whoever ends last may still give a region back.
  static Pool& instance() {
    static Pool& pool = *new Pool;
    return pool;
  }
  // A region that was made for so many bytes; one without addresses where none is kept.
  Region take(std::size_t asked) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = kept_.size(); i-- > 0;) {
      if (kept_[i].asked_ != asked) continue;
      Region region = std::move(kept_[i]);
      kept_[i].swap(kept_.back());
      kept_.pop_back();
      reserved_ -= region.bytes_;
      return region;
    }
    return {};
  }
  // Leaves the region as it is where it is not worth keeping, or where enough is kept.
  void give(Region& region) {
    constexpr std::size_t committed_max = std::size_t{4} << 20;
    constexpr std::size_t reserved_max = std::size_t{8} << 40;
    constexpr std::size_t kept_max = 256;
    if (region.committed_ > committed_max || region.is_in_file()) return;
    region.clear();
    const std::lock_guard lock(mutex_);
    if (kept_.size() == kept_max || reserved_ + region.bytes_ > reserved_max) return;
    reserved_ += region.bytes_;
    kept_.push_back(std::move(region));
  }

 private:
  std::mutex mutex_;
  std::vector<Region> kept_;
  std::size_t reserved_ = 0;  // bytes of addresses
};

// To write zeros is faster than a page fault each, as long as there are few pages.
void Region::clear() const {
  constexpr std::size_t few = std::size_t{64} << 10;
  if (committed_ <= few) {
    std::memset(data_, 0, committed_);
  } else {
    discard(0, committed_);
  }
}

Region::Region(std::size_t bytes) {
  Region kept = Pool::instance().take(whole_pages(bytes));
  swap(kept);
  if (data_ == nullptr) map(bytes);
}

// Aligned to huge pages where it is large enough for one.
void Region::map(std::size_t bytes) {
  bytes_ = asked_ = whole_pages(bytes);
  const std::size_t alignment = bytes_ < huge_page ? 0 : huge_page;
  void* address = mmap(nullptr, bytes_ + alignment, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) throw std::bad_alloc();
  if (alignment != 0) before_ = (alignment - reinterpret_cast<std::uintptr_t>(address) % alignment);
  bytes_ += alignment - before_;
  data_ = static_cast<std::byte*>(address) + before_;
}

Region::~Region() {
  if (data_ != nullptr) Pool::instance().give(*this);
  if (data_ != nullptr) munmap(data_ - before_, before_ + bytes_);
  if (file_ >= 0) close(file_);
}

void Region::discard(std::size_t begin, std::size_t end) const {
  begin = whole_pages(begin);
  end = std::min(end, committed_) / page_size * page_size;
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
