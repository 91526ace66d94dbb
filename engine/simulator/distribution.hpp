// How long something takes, as a distribution of whole nanoseconds. A draw is a look-up in a table
// of quantiles that is made with integers: the same on every machine.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/random.hpp"
#include "engine/simulator/quantities.hpp"

namespace gainsay {

class Distribution {
 public:
  static Distribution fixed(Nanoseconds value);
  // REQUIRES: least <= most.
  static Distribution uniform(Nanoseconds least, Nanoseconds most);
  // What would be negative is 0.
  static Distribution normal(Nanoseconds mean, Nanoseconds deviation);
  // median * e^(sigma * z), z standard normal.
  static Distribution log_normal(Nanoseconds median, std::uint64_t sigma_millionths);
  static Distribution exponential(Nanoseconds mean);
  // At least `least`; greater than x with probability (least / x)^alpha.
  static Distribution pareto(Nanoseconds least, std::uint64_t alpha_millionths);
  // Between the given values each stretch is as likely. REQUIRES: there is one.
  static Distribution empirical(std::vector<Nanoseconds> values, std::string name);

  // "5ms", "10..100ms", "normal:50ms,10ms", "log-normal:20ms,0.5", "exponential:10ms",
  // "pareto:1ms,1.5", "file:PATH" (a duration on each line). Numbers alone are milliseconds.
  // Throws UsageError.
  static Distribution parse(const std::string& text, std::string_view what);

  Nanoseconds draw(RandomStream& random) const {
    const Level* level = &(*levels_)[0];
    if (level->only) return *level->cells.data();
    const std::uint64_t bits = random.next();
    std::uint64_t cell = bits >> (64 - cell_bits);
    std::uint64_t rest = bits << cell_bits;
    // In the last cell, where tails lie, a finer table goes on.
    for (std::size_t i = 1; cell == cells_of_level - 1 && i < levels_->size(); ++i) {
      level = &(*levels_)[i];
      cell = rest >> (64 - cell_bits);
      rest <<= cell_bits;
    }
    return interpolated(*level, cell, rest);
  }
  const std::string& name() const { return name_; }
  // Rounded down, of the table.
  Nanoseconds mean() const;

 private:
  static constexpr unsigned cell_bits = 10;
  static constexpr std::uint64_t cells_of_level = std::uint64_t{1} << cell_bits;
  struct Level {
    std::array<Nanoseconds, cells_of_level + 1> cells{};
    bool only = false;  // there is but one value
  };
  using Levels = std::vector<Level>;

  template <class Quantile>
  static Distribution of(std::string name, Quantile quantile);
  Distribution(std::shared_ptr<const Levels> levels, std::string name)
      : levels_(std::move(levels)), name_(std::move(name)) {}
  static Nanoseconds interpolated(const Level& level, std::uint64_t cell, std::uint64_t rest) {
    __extension__ using Wide = unsigned __int128;
    const Nanoseconds low = level.cells[cell];
    const Nanoseconds width = level.cells[cell + 1] - low;
    return low + static_cast<Nanoseconds>((Wide{width} * rest) >> 64);
  }

  std::shared_ptr<const Levels> levels_;
  std::string name_;
};

// Which of n things is asked for: the first most often, the i-th in proportion to i^-exponent
// (Zipf). Exponent 0: each as likely.
class Zipf {
 public:
  // REQUIRES: 0 < count <= 10,000,000.
  Zipf(std::uint32_t count, std::uint64_t exponent_millionths);
  // From 0 on.
  std::uint32_t at(std::uint64_t random_bits) const;

 private:
  std::vector<std::uint64_t> sums_;  // of weights up to each
};

}  // namespace gainsay
