#include "engine/bytes.hpp"

#include <xxhash.h>

#include <array>

namespace gainsay {

namespace {

void put(std::array<char, 32>& buffer, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) buffer[at + i] = static_cast<char>(value >> (8 * i));
}

}  // namespace

void Writer::long_integer(std::uint64_t value) {
  std::array<char, 10> buffer{};
  std::size_t size = 0;
  while (value >= 0x80) {
    buffer[size++] = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  buffer[size++] = static_cast<char>(value);
  bytes_.append(buffer.data(), size);
}

std::uint64_t Reader::long_integer() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) throw DecodeError("encoding ends too early");
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    if (shift == 63 && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  throw DecodeError("integer is too long");
}

Hash128 content_hash(BytesView bytes, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {.high = hash.high64, .low = hash.low64};
}

Hash128 mix(std::uint64_t seed, const Hash128& a, const Hash128& b) {
  std::array<char, 32> buffer{};
  put(buffer, 0, a.low);
  put(buffer, 8, a.high);
  put(buffer, 16, b.low);
  put(buffer, 24, b.high);
  return content_hash({buffer.data(), buffer.size()}, seed);
}

std::string to_hex(const Hash128& hash) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    text[15 - i] = digits[(hash.high >> (4 * i)) & 15];
    text[31 - i] = digits[(hash.low >> (4 * i)) & 15];
  }
  return text;
}

Hash128 hash_from_hex(std::string_view text) {
  if (text.size() != 32) throw DecodeError("a content hash has 32 hexadecimal digits");
  Hash128 hash;
  for (std::size_t i = 0; i < 32; ++i) {
    const char c = text[i];
    std::uint64_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<std::uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<std::uint64_t>(c - 'a') + 10;
    } else {
      throw DecodeError("a content hash has 32 hexadecimal digits");
    }
    std::uint64_t& half = i < 16 ? hash.high : hash.low;
    half = (half << 4) | digit;
  }
  return hash;
}

}  // namespace gainsay
