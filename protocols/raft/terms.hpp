// The terms of the entries that a snapshot stands for. There are millions of entries and few terms,
// so that equal ones that follow each other are kept once; encoded they are a list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gainsay::raft {

using Term = std::uint32_t;

class Terms {
  struct Run {
    Term term = 0;
    std::size_t end = 0;  // behind its last entry
  };

 public:
  using value_type = Term;

  class Iterator {
   public:
    Iterator(const Run* run, std::size_t place) : run_(run), place_(place) {}
    const Term& operator*() const { return run_->term; }
    Iterator& operator++() {
      if (++place_ == run_->end) ++run_;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.place_ == b.place_; }

   private:
    const Run* run_;
    std::size_t place_;
  };

  void push_back(Term term) {
    if (runs_.empty() || runs_.back().term != term) {
      runs_.push_back({.term = term, .end = size() + 1});
    } else {
      ++runs_.back().end;
    }
  }
  void clear() { runs_.clear(); }
  std::size_t size() const { return runs_.empty() ? 0 : runs_.back().end; }
  bool empty() const { return runs_.empty(); }
  Iterator begin() const { return {runs_.data(), 0}; }
  Iterator end() const { return {nullptr, size()}; }
  // Calls body(term, how many entries of it follow each other).
  template <class Body>
  void for_each_run(const Body& body) const {
    std::size_t begin = 0;
    for (const Run& run : runs_) {
      body(run.term, run.end - begin);
      begin = run.end;
    }
  }

 private:
  std::vector<Run> runs_;
};

}  // namespace gainsay::raft
