#include "engine/simulator/quantities.hpp"

#include <array>
#include <limits>
#include <utility>

#include "engine/system.hpp"

namespace gainsay {

namespace {

constexpr std::array<std::pair<std::string_view, Nanoseconds>, 6> units = {{{"ns", 1},
                                                                            {"us", microsecond},
                                                                            {"ms", millisecond},
                                                                            {"s", second},
                                                                            {"m", minute},
                                                                            {"h", hour}}};

[[noreturn]] void refuse(std::string_view what, std::string_view text, std::string_view wanted) {
  throw UsageError(std::string(what) + " '" + std::string(text) + "' is not " +
                   std::string(wanted));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The number's part of "12.5ms", removed from the text.
std::string_view take_number(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  const std::string_view number = text.substr(0, end);
  text.remove_prefix(end);
  return number;
}

// value * factor / divisor, and the greatest number where it is greater.
std::uint64_t scaled(std::uint64_t value, std::uint64_t factor, std::uint64_t divisor) {
  __extension__ using Wide = unsigned __int128;
  const Wide result = Wide{value} * factor / divisor;
  constexpr std::uint64_t greatest = std::numeric_limits<std::uint64_t>::max();
  return result > greatest ? greatest : static_cast<std::uint64_t>(result);
}

}  // namespace

std::uint64_t parse_millionths(std::string_view text, std::string_view what) {
  std::uint64_t value = 0;
  std::size_t before = 0;
  std::size_t behind = 0;
  bool has_point = false;
  for (const char c : text) {
    if (c == '.' && !has_point) {
      has_point = true;
    } else if (is_digit(c) && before < 12 && behind < 6) {
      value = value * 10 + static_cast<std::uint64_t>(c - '0');
      ++(has_point ? behind : before);
    } else {
      refuse(what, text, "a number with at most six decimals");
    }
  }
  if (before + behind == 0) refuse(what, text, "a number");
  for (; behind < 6; ++behind) value *= 10;
  return value;
}

Nanoseconds parse_duration(std::string_view text, Nanoseconds unit, std::string_view what) {
  std::string_view rest = text;
  const std::string_view number = take_number(rest);
  constexpr std::string_view wanted = "a duration such as 250us, 10ms, 1.5s or 2m";
  if (number.empty()) refuse(what, text, wanted);
  if (!rest.empty()) {
    unit = 0;
    for (const auto& [name, length] : units) {
      if (name == rest) unit = length;
    }
    if (unit == 0) refuse(what, text, wanted);
  }
  const std::uint64_t result = scaled(parse_millionths(number, what), unit, million);
  if (result > 366 * 24 * hour) refuse(what, text, "a duration of at most a year");
  return result;
}

std::uint64_t parse_rate(std::string_view text, std::string_view what) {
  std::string_view rest = text;
  const std::string_view number = take_number(rest);
  Nanoseconds unit = second;
  if (!rest.empty()) {
    unit = 0;
    for (const auto& [name, length] : units) {
      if (rest.substr(1) == name && rest.front() == '/') unit = length;
    }
  }
  if (number.empty() || unit == 0) refuse(what, text, "a rate such as 1000/s");
  return scaled(parse_millionths(number, what), hour / unit, million);
}

std::uint64_t parse_chance(std::string_view text, std::string_view what) {
  const bool percent = !text.empty() && text.back() == '%';
  const std::string_view number = percent ? text.substr(0, text.size() - 1) : text;
  const std::uint64_t whole = percent ? 100 * million : million;
  const std::uint64_t value = parse_millionths(number, what);
  if (value > whole) refuse(what, text, percent ? "at most 100%" : "a share of at most 1");
  return scaled(value, always_chance, whole);
}

std::string exact_duration(Nanoseconds duration) {
  std::string_view name = "ns";
  Nanoseconds unit = 1;
  for (const auto& [other, length] : units) {
    if (length <= second && duration % length == 0) {
      name = other;
      unit = length;
    }
  }
  return std::to_string(duration / unit) + std::string(name);
}

std::string describe_duration(Nanoseconds duration) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    if (duration >= units[i].second) best = i;
  }
  const Nanoseconds unit = units[best].second;
  const std::uint64_t whole = duration / unit;
  std::string text = std::to_string(whole);
  if (const std::uint64_t decimals = whole < 10 ? 2 : whole < 100 ? 1 : 0; decimals > 0) {
    const std::uint64_t scale = decimals == 2 ? 100 : 10;
    std::string part = std::to_string(duration % unit * scale / unit);
    part.insert(0, decimals - part.size(), '0');
    while (!part.empty() && part.back() == '0') part.pop_back();
    if (!part.empty()) text += "." + part;
  }
  return text + " " + std::string(units[best].first);
}

}  // namespace gainsay
