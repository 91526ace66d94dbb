#include "engine/simulator/fixed_point.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <vector>

namespace gainsay {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr unsigned mantissa_bits = 62;

std::uint64_t square_root(Wide x) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 63; bit != 0; bit >>= 1) {
    const std::uint64_t next = root | bit;
    if (Wide{next} * next <= x) root = next;
  }
  return root;
}

// 2^(1/2), 2^(1/4), .., with 62 binary places: each is the square root of the one before.
std::array<std::uint64_t, 32> make_roots() {
  std::array<std::uint64_t, 32> roots{};
  std::uint64_t last = std::uint64_t{2} << mantissa_bits;
  for (std::uint64_t& root : roots) {
    root = square_root(Wide{last} << mantissa_bits);
    last = root;
  }
  return roots;
}

// 2^fraction with 62 binary places.
std::uint64_t exp2_of_fraction(std::uint32_t fraction) {
  static const std::array<std::uint64_t, 32> roots = make_roots();
  Wide product = Wide{1} << mantissa_bits;
  for (unsigned i = 0; i < 32; ++i) {
    if ((fraction >> (31 - i)) & 1) product = (product * roots[i]) >> mantissa_bits;
  }
  return static_cast<std::uint64_t>(product);
}

}  // namespace

std::int64_t log2_q32(std::uint64_t x) {
  const int whole = 63 - std::countl_zero(x);
  std::uint64_t mantissa = x << (63 - whole);  // from 1 to 2, with 63 binary places
  std::int64_t result = whole;
  for (int i = 0; i < 32; ++i) {
    const Wide square = Wide{mantissa} * mantissa;  // from 1 to 4, with 126
    const bool is_two = (square >> 127) != 0;
    mantissa = static_cast<std::uint64_t>(square >> (is_two ? 64 : 63));
    result = result * 2 + (is_two ? 1 : 0);
  }
  return result;
}

std::uint64_t times_exp2(std::uint64_t value, std::int64_t exponent_q32) {
  const std::int64_t whole = exponent_q32 >> 32;  // rounds down
  const auto fraction = static_cast<std::uint32_t>(exponent_q32 - whole * one_q32);
  const Wide product = Wide{value} * exp2_of_fraction(fraction);
  const std::int64_t shift = static_cast<std::int64_t>(mantissa_bits) - whole;
  if (shift >= 128) return 0;
  constexpr std::uint64_t greatest = std::numeric_limits<std::uint64_t>::max();
  if (shift < 0) return value == 0 ? 0 : greatest;
  const Wide result = product >> static_cast<unsigned>(shift);
  return result > greatest ? greatest : static_cast<std::uint64_t>(result);
}

namespace {

// The integral of the density from 0 to i / 512, up to where nothing is left of it: in units such
// that the whole is 2^63.
constexpr std::int64_t steps_of_one = 512;

std::vector<std::uint64_t> make_normal_table() {
  constexpr std::int64_t last = steps_of_one * 8;
  const auto density = [&](std::int64_t half_step) {  // at half_step / 1024, times a constant
    const std::int64_t z_q20 = half_step << 10;
    const std::int64_t half_square_q32 = (z_q20 * z_q20) >> 9;
    const Wide exponent = Wide{static_cast<std::uint64_t>(half_square_q32)} *
                          static_cast<std::uint64_t>(log2_of_e_q32);
    return times_exp2(std::uint64_t{1} << 50, -static_cast<std::int64_t>(exponent >> 32));
  };
  std::vector<Wide> sums = {0};
  for (std::int64_t i = 0; i < last; ++i) {  // Simpson's rule
    const Wide area = Wide{density(2 * i)} + 4 * Wide{density(2 * i + 1)} + density(2 * i + 2);
    sums.push_back(sums.back() + area);
  }
  std::vector<std::uint64_t> table;
  for (const Wide sum : sums) {
    table.push_back(static_cast<std::uint64_t>((sum << 60) / sums.back()) << 3);
  }
  return table;
}

}  // namespace

std::int64_t normal_quantile_q32(std::uint32_t u) {
  static const std::vector<std::uint64_t> table = make_normal_table();
  constexpr std::uint64_t half = std::uint64_t{1} << 31;
  const bool is_upper = u >= half;
  const std::uint64_t from_middle = is_upper ? u - half : half - u;
  const std::uint64_t wanted = from_middle << 32;  // the half is 2^63
  const auto above = std::upper_bound(table.begin(), table.end() - 1, wanted);
  const std::uint64_t low = *(above - 1);
  const std::int64_t step = one_q32 / steps_of_one;
  const std::uint64_t width = std::max<std::uint64_t>(1, *above - low);
  const auto part = static_cast<std::int64_t>(
      (Wide{std::min(wanted - low, width)} * static_cast<std::uint64_t>(step)) / width);
  const std::int64_t z = (above - 1 - table.begin()) * step + part;
  return is_upper ? z : -z;
}

}  // namespace gainsay
