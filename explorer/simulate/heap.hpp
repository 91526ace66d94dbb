// The memory of a program that does nothing but simulate: logs, histories and messages grow all the
// time, so the heap grows in large steps, gives nothing back in between, and lies on huge pages
// where the system gives them. Touching it for the first time was a fifth of a run.
#pragma once

namespace gainsay {

class GrowingHeap {
 public:
  // Changes how the whole process allocates. Without glibc nothing.
  GrowingHeap();
  // What the heap has become since the last time goes to huge pages. Cheap where it is the same.
  void settle();

 private:
  char* settled_ = nullptr;
};

}  // namespace gainsay
