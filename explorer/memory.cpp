#include "explorer/memory.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace gainsay {

namespace {

constexpr std::size_t page = 4096;
std::size_t whole_pages(std::size_t bytes) { return (bytes + page - 1) / page * page; }

}  // namespace

Region::Region(std::size_t bytes) : bytes_(whole_pages(bytes)) {
  void* address =
      mmap(nullptr, bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<std::byte*>(address);
}

Region::~Region() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

void Region::commit(std::size_t bytes) {
  bytes = whole_pages(bytes);
  if (bytes <= committed_) return;
  if (bytes > bytes_) throw std::bad_alloc();
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
