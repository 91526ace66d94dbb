// Logarithms, powers and the normal distribution in integers: what a simulation draws is the same
// whatever the compiler, its options or the library. Numbers with 32 binary places are called q32.
#pragma once

#include <cstdint>

namespace gainsay {

inline constexpr std::int64_t one_q32 = std::int64_t{1} << 32;
inline constexpr std::int64_t log2_of_e_q32 = 6196328018;

// log2(x), rounded down to 32 binary places. REQUIRES: x > 0.
std::int64_t log2_q32(std::uint64_t x);
// value * 2^exponent, rounded down; the greatest number where it is greater.
std::uint64_t times_exp2(std::uint64_t value, std::int64_t exponent_q32);
// The z below which a standard normal variable lies with probability u / 2^32, to about 1e-6.
// REQUIRES: 0 < u < 2^32.
std::int64_t normal_quantile_q32(std::uint32_t u);

}  // namespace gainsay
