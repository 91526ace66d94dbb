#include "engine/simulator/distribution.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <utility>

#include "engine/simulator/fixed_point.hpp"
#include "engine/system.hpp"

namespace gainsay {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t whole = std::uint64_t{1} << 32;
constexpr std::int64_t ln2_q32 = 2977044471;
constexpr std::size_t tail_levels = 3;  // 2^-30 is as far as tails are looked up

std::int64_t product_q32(std::int64_t a, std::int64_t b) {
  __extension__ using WideSigned = __int128;
  return static_cast<std::int64_t>((WideSigned{a} * b) >> 32);
}

std::int64_t q32_of_millionths(std::uint64_t millionths) {
  return static_cast<std::int64_t>(Wide{millionths} * whole / million);
}

// -log2(1 - u / 2^32), of the middle of the last step at the end.
std::int64_t surprise_q32(std::uint64_t u) {
  const std::uint64_t left = u >= whole ? 1 : 2 * (whole - u);
  return 33 * one_q32 - log2_q32(left);
}

}  // namespace

// The tables ask for quantiles in 2^-32: of the last level, a cell is 4 of them.
template <class Quantile>
Distribution Distribution::of(std::string name, Quantile quantile) {
  Levels levels(tail_levels);
  for (std::size_t i = 0; i < tail_levels; ++i) {
    const std::uint64_t step = whole >> (cell_bits * (i + 1));
    const std::uint64_t first = whole - step * cells_of_level;
    for (std::uint64_t cell = 0; cell <= cells_of_level; ++cell) {
      levels[i].cells[cell] = quantile(first + step * cell);
    }
  }
  return {std::make_shared<const Levels>(std::move(levels)), std::move(name)};
}

Distribution Distribution::fixed(Nanoseconds value) {
  Levels levels(1);
  levels[0].only = true;
  levels[0].cells.fill(value);
  return {std::make_shared<const Levels>(std::move(levels)), exact_duration(value)};
}

Distribution Distribution::uniform(Nanoseconds least, Nanoseconds most) {
  if (least == most) return fixed(least);
  return of(exact_duration(least) + ".." + exact_duration(most), [=](std::uint64_t u) {
    return least + static_cast<Nanoseconds>(Wide{most - least} * u / whole);
  });
}

namespace {

// The ends are where the table has its last entries, not infinity.
std::int64_t normal_at(std::uint64_t u) {
  return normal_quantile_q32(
      static_cast<std::uint32_t>(std::clamp<std::uint64_t>(u, 1, whole - 1)));
}

}  // namespace

Distribution Distribution::normal(Nanoseconds mean, Nanoseconds deviation) {
  return of("normal:" + exact_duration(mean) + "," + exact_duration(deviation),
            [=](std::uint64_t u) {
              const std::int64_t z = normal_at(u);
              const auto far = static_cast<Nanoseconds>(
                  (Wide{deviation} * static_cast<std::uint64_t>(z < 0 ? -z : z)) >> 32);
              if (z >= 0) return mean + far;
              return far > mean ? 0 : mean - far;
            });
}

namespace {

std::string decimal(std::uint64_t millionths) {
  std::string text = std::to_string(millionths % million);
  text.insert(0, 6 - text.size(), '0');
  while (!text.empty() && text.back() == '0') text.pop_back();
  return std::to_string(millionths / million) + (text.empty() ? "" : "." + text);
}

}  // namespace

Distribution Distribution::log_normal(Nanoseconds median, std::uint64_t sigma_millionths) {
  const std::int64_t sigma = product_q32(q32_of_millionths(sigma_millionths), log2_of_e_q32);
  return of("log-normal:" + exact_duration(median) + "," + decimal(sigma_millionths),
            [=](std::uint64_t u) { return times_exp2(median, product_q32(sigma, normal_at(u))); });
}

Distribution Distribution::exponential(Nanoseconds mean) {
  return of("exponential:" + exact_duration(mean), [=](std::uint64_t u) {
    const auto log = static_cast<std::uint64_t>(product_q32(surprise_q32(u), ln2_q32));
    return static_cast<Nanoseconds>((Wide{mean} * log) >> 32);
  });
}

Distribution Distribution::pareto(Nanoseconds least, std::uint64_t alpha_millionths) {
  return of("pareto:" + exact_duration(least) + "," + decimal(alpha_millionths),
            [=](std::uint64_t u) {
              const Wide exponent =
                  Wide{static_cast<std::uint64_t>(surprise_q32(u))} * million / alpha_millionths;
              constexpr auto greatest = Wide{63} << 32;
              return times_exp2(least, static_cast<std::int64_t>(std::min(exponent, greatest)));
            });
}

Distribution Distribution::empirical(std::vector<Nanoseconds> values, std::string name) {
  std::ranges::sort(values);
  const std::uint64_t stretches = values.size() - 1;
  return of(std::move(name), [&](std::uint64_t u) {
    const Wide at = Wide{stretches} * u;  // with 32 binary places
    const auto place = static_cast<std::size_t>(at >> 32);
    if (place == stretches) return values.back();
    const auto part = static_cast<std::uint64_t>(at) & (whole - 1);
    return values[place] +
           static_cast<Nanoseconds>((Wide{values[place + 1] - values[place]} * part) >> 32);
  });
}

Nanoseconds Distribution::mean() const {
  if (levels_->front().only) return levels_->front().cells[0];
  Wide sum = 0;  // with 32 binary places
  for (std::size_t i = 0; i < levels_->size(); ++i) {
    const bool is_last = i + 1 == levels_->size();
    const std::uint64_t weight = whole >> (cell_bits * (i + 1));
    for (std::uint64_t cell = 0; cell < cells_of_level - (is_last ? 0 : 1); ++cell) {
      sum += (Wide{(*levels_)[i].cells[cell]} + (*levels_)[i].cells[cell + 1]) / 2 * weight;
    }
  }
  return static_cast<Nanoseconds>(sum >> 32);
}

namespace {

std::vector<Nanoseconds> read_durations(const std::string& path, std::string_view what) {
  std::ifstream file(path);
  if (!file) throw UsageError(std::string(what) + ": '" + path + "' cannot be read");
  constexpr std::size_t most = 10'000'000;
  std::vector<Nanoseconds> values;
  for (std::string line; std::getline(file, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    values.push_back(parse_duration(line, millisecond, path + " line"));
    if (values.size() > most) throw UsageError(path + " has more than 10,000,000 durations");
  }
  if (values.empty()) throw UsageError(path + " has no duration");
  return values;
}

std::pair<std::string, std::string> split(const std::string& text, std::string_view at) {
  const std::size_t place = text.find(at);
  if (place == std::string::npos) return {text, ""};
  return {text.substr(0, place), text.substr(place + at.size())};
}

// "10..100ms": the unit behind the second is that of the first, too, where that has none.
Distribution parse_range(const std::string& text, std::string_view what) {
  auto [first, last] = split(text, "..");
  if (text.find("..") == std::string::npos) {
    return Distribution::fixed(parse_duration(first, millisecond, what));
  }
  const std::size_t unit = last.find_first_not_of("0123456789.");
  if (unit != std::string::npos && first.find_first_not_of("0123456789.") == std::string::npos) {
    first += last.substr(unit);
  }
  const Nanoseconds least = parse_duration(first, millisecond, what);
  const Nanoseconds most = parse_duration(last, millisecond, what);
  if (least > most) throw UsageError(std::string(what) + " '" + text + "' ends before it begins");
  return Distribution::uniform(least, most);
}

}  // namespace

Distribution Distribution::parse(const std::string& text, std::string_view what) {
  const auto [kind, rest] = split(text, ":");
  if (rest.empty()) return parse_range(text, what);
  if (kind == "file") return empirical(read_durations(rest, what), text);
  const auto [first, last] = split(rest, ",");
  const Nanoseconds scale = parse_duration(first, millisecond, what);
  if (kind == "exponential" && last.empty()) return exponential(scale);
  if (kind == "normal") return normal(scale, parse_duration(last, millisecond, what));
  if (kind == "log-normal" || kind == "pareto") {
    const std::uint64_t shape = parse_millionths(last, what);
    if (shape == 0 || shape > 100 * million) {
      throw UsageError(std::string(what) + " '" + text + "' has a shape outside 0.000001..100");
    }
    return kind == "pareto" ? pareto(scale, shape) : log_normal(scale, shape);
  }
  throw UsageError(std::string(what) + " '" + text +
                   "' is no distribution; there are 5ms, 10..100ms, normal:MEAN,DEVIATION, "
                   "log-normal:MEDIAN,SIGMA, exponential:MEAN, pareto:LEAST,ALPHA and file:PATH");
}

Zipf::Zipf(std::uint32_t count, std::uint64_t exponent_millionths) {
  const std::int64_t exponent = q32_of_millionths(exponent_millionths);
  std::uint64_t sum = 0;
  sums_.reserve(count);
  for (std::uint32_t i = 1; i <= count; ++i) {
    const std::int64_t power = -product_q32(exponent, log2_q32(i));
    sum += std::max<std::uint64_t>(1, times_exp2(std::uint64_t{1} << 36, power));
    sums_.push_back(sum);
  }
}

std::uint32_t Zipf::at(std::uint64_t random_bits) const {
  const auto wanted = static_cast<std::uint64_t>((Wide{sums_.back()} * random_bits) >> 64);
  return static_cast<std::uint32_t>(std::upper_bound(sums_.begin(), sums_.end(), wanted) -
                                    sums_.begin());
}

}  // namespace gainsay
