// Durations, rates and probabilities as people write them: "250us", "10..100ms", "1000/s", "0.05".
// They are read into integers, so that they mean the same everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gainsay {

using Nanoseconds = std::uint64_t;
inline constexpr Nanoseconds nanoseconds_never = ~Nanoseconds{0};
inline constexpr Nanoseconds microsecond = 1'000;
inline constexpr Nanoseconds millisecond = 1'000'000;
inline constexpr Nanoseconds second = 1'000'000'000;
inline constexpr Nanoseconds minute = 60 * second;
inline constexpr Nanoseconds hour = 60 * minute;
inline constexpr std::uint64_t million = 1'000'000;

// All throw UsageError, with `what` as the name of what cannot be read.

// "1.5" in millionths: 1,500,000. At most 12 digits before the point and 6 behind it.
std::uint64_t parse_millionths(std::string_view text, std::string_view what);
// "90s", "1.5ms", "2m", "1h"; a number alone is in `unit`.
Nanoseconds parse_duration(std::string_view text, Nanoseconds unit, std::string_view what);
// "1000/s", "50/ms", "120/m"; a number alone is by the second. In events an hour.
std::uint64_t parse_rate(std::string_view text, std::string_view what);
// A share of one in 2^32: "0.1", "10%". The greatest is 2^32, which is always.
std::uint64_t parse_chance(std::string_view text, std::string_view what);
inline constexpr std::uint64_t always_chance = std::uint64_t{1} << 32;

// For people, with at most four digits: "1.5 ms", "60 s".
std::string describe_duration(Nanoseconds duration);
// Exactly, as parse_duration reads it: "1500us".
std::string exact_duration(Nanoseconds duration);

}  // namespace gainsay
