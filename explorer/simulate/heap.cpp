#include "explorer/simulate/heap.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace gainsay {

namespace {

constexpr std::uintptr_t huge_page = std::uintptr_t{1} << 21;

char* aligned(char* address) {
  const auto number = reinterpret_cast<std::uintptr_t>(address);
  return address + (huge_page - number % huge_page) % huge_page;
}

}  // namespace

GrowingHeap::GrowingHeap() : settled_(aligned(static_cast<char*>(sbrk(0)))) {
#if defined(__GLIBC__)
  mallopt(M_TOP_PAD, 1 << 26);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_MMAP_THRESHOLD, 1 << 25);  // the most that it takes
#endif
}

void GrowingHeap::settle() {
  char* const end = static_cast<char*>(sbrk(0));
  if (end <= settled_) return;
  // A hint, which may be refused.
  madvise(settled_, static_cast<std::size_t>(end - settled_), MADV_HUGEPAGE);
  settled_ = aligned(end);
}

}  // namespace gainsay
