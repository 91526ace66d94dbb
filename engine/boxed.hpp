// A value that lies elsewhere in memory, and is copied, compared and encoded as if it lay here: for
// a large alternative of a variant that most values do not hold.
//
//   std::variant<None, Command, gainsay::Boxed<Snapshot>> command;   // printed as Snapshot
#pragma once

#include <memory>
#include <utility>

namespace gainsay {

template <class T>
class Boxed {
 public:
  using Value = T;

  Boxed() : value_(std::make_unique<T>()) {}
  Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT: it is one
  Boxed(const Boxed& other) : Boxed(*other) {}
  Boxed& operator=(const Boxed& other) { return *this = Boxed(other); }
  // What is moved from may only be assigned to or go away.
  Boxed(Boxed&&) = default;
  Boxed& operator=(Boxed&&) = default;
  ~Boxed() = default;

  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.get(); }
  const T* operator->() const { return value_.get(); }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace gainsay
