#include "explorer/memory.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

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

std::uint64_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace gainsay
