// The canonical encoding: byte strings, their writer and reader, and the 128-bit content hash.
// Integers are variable length (LEB128), so that the encoding is the same on every machine.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace gainsay {

using Bytes = std::string;
using BytesView = std::string_view;

// An encoding that cannot be read: a bug, or a damaged file.
class DecodeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Writer {
 public:
  void integer(std::uint64_t value) {
    if (value < 0x80) {
      bytes_.push_back(static_cast<char>(value));
    } else {
      long_integer(value);
    }
  }
  void signed_integer(std::int64_t value) {
    integer((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void text(BytesView value) {
    integer(value.size());
    bytes_.append(value);
  }
  void raw(BytesView value) { bytes_.append(value); }
  const Bytes& bytes() const { return bytes_; }
  Bytes take() { return std::exchange(bytes_, {}); }

 private:
  void long_integer(std::uint64_t value);
  Bytes bytes_;
};

// Reads what Writer wrote; throws DecodeError at the end of input or on an overlong integer.
class Reader {
 public:
  explicit Reader(BytesView bytes) : rest_(bytes) {}

  std::uint64_t integer() {
    if (!rest_.empty() && static_cast<unsigned char>(rest_.front()) < 0x80) {
      const auto value = static_cast<std::uint64_t>(rest_.front());
      rest_.remove_prefix(1);
      return value;
    }
    return long_integer();
  }
  std::int64_t signed_integer() {
    const std::uint64_t value = integer();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  BytesView text() { return raw(integer()); }
  BytesView raw(std::uint64_t size) {
    if (size > rest_.size()) throw DecodeError("encoding ends too early");
    const BytesView value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
  }
  bool at_end() const { return rest_.empty(); }
  BytesView rest() const { return rest_; }

 private:
  std::uint64_t long_integer();
  BytesView rest_;
};

// A 128-bit hash of content, added and compared as one number modulo 2^128.
struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;

  Hash128& operator+=(const Hash128& other) {
    low += other.low;
    high += other.high + (low < other.low ? 1 : 0);
    return *this;
  }
  Hash128& operator-=(const Hash128& other) {
    const bool borrow = low < other.low;
    low -= other.low;
    high -= other.high + (borrow ? 1 : 0);
    return *this;
  }
  friend Hash128 operator+(Hash128 a, const Hash128& b) { return a += b; }
  friend Hash128 operator-(Hash128 a, const Hash128& b) { return a -= b; }
};

// XXH3 (128 bits) of the bytes; `seed` separates uses.
Hash128 content_hash(BytesView bytes, std::uint64_t seed = 0);
// The hash of one or two hashes under a seed: for slots, inboxes and cells.
Hash128 mix(std::uint64_t seed, const Hash128& a, const Hash128& b = {});

// 32 lower-case hexadecimal digits.
std::string to_hex(const Hash128& hash);
// The inverse of to_hex; throws DecodeError on anything else.
Hash128 hash_from_hex(std::string_view text);

}  // namespace gainsay
