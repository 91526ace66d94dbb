// What a simulation draws: the right distributions, the same numbers everywhere.
#include "engine/simulator/distribution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "engine/simulator/fixed_point.hpp"
#include "engine/system.hpp"
#include "tests/scratch.hpp"

namespace gainsay {
namespace {

double q32(std::int64_t value) { return static_cast<double>(value) / 4294967296.0; }

TEST(FixedPoint, Logarithms) {
  EXPECT_EQ(log2_q32(1), 0);
  EXPECT_EQ(log2_q32(std::uint64_t{1} << 40), 40 * one_q32);
  EXPECT_NEAR(q32(log2_q32(3)), 1.584962500721156, 1e-9);
  EXPECT_NEAR(q32(log2_q32(1'000'000'007)), 29.897352864063, 1e-9);
}

TEST(FixedPoint, Powers) {
  EXPECT_EQ(times_exp2(5, 0), 5U);
  EXPECT_EQ(times_exp2(5, 3 * one_q32), 40U);
  EXPECT_EQ(times_exp2(40, -3 * one_q32), 5U);
  EXPECT_EQ(times_exp2(1'000'000'000, one_q32 / 2), 1'414'213'562U);
  EXPECT_EQ(times_exp2(1, -200 * one_q32), 0U);
  EXPECT_EQ(times_exp2(3, 63 * one_q32), ~std::uint64_t{0}) << "the greatest, not what is left";
  for (std::int64_t i = -20; i < 20; ++i) {  // the inverse of the logarithm
    const std::int64_t exponent = 20 * one_q32 + i * 123'456'789;
    EXPECT_NEAR(q32(log2_q32(times_exp2(1'000'000, exponent))), 19.931568569324 + q32(exponent),
                1e-6);
  }
}

TEST(FixedPoint, TheNormalDistribution) {
  const auto at = [](double p) {
    return q32(normal_quantile_q32(static_cast<std::uint32_t>(p * 4294967296.0)));
  };
  EXPECT_EQ(at(0.5), 0);
  EXPECT_NEAR(at(0.8413447460685429), 1, 1e-5);
  EXPECT_NEAR(at(0.975), 1.959963985, 1e-5);
  EXPECT_NEAR(at(0.001), -3.090232306, 1e-5);
  EXPECT_NEAR(at(0.999999), 4.753424309, 1e-4);
  std::int64_t last = normal_quantile_q32(1);
  for (std::uint64_t u = 1; u < std::uint64_t{1} << 32; u += 12'345'677) {
    const std::int64_t now = normal_quantile_q32(static_cast<std::uint32_t>(u));
    EXPECT_GE(now, last);
    last = now;
  }
}

std::vector<Nanoseconds> draws(const Distribution& distribution, std::size_t count) {
  RandomStream random(7, Purpose::test);
  std::vector<Nanoseconds> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(distribution.draw(random));
  return values;
}

Distribution parsed(const std::string& text) { return Distribution::parse(text, "--latency"); }

// Against the formulas, at several quantiles of 200,000 draws.
void expect_quantiles(const std::string& text, std::initializer_list<std::pair<double, double>> of,
                      double tolerance) {
  std::vector<Nanoseconds> values = draws(parsed(text), 200'000);
  std::ranges::sort(values);
  for (const auto& [p, milliseconds] : of) {
    const auto place = static_cast<std::size_t>(p * static_cast<double>(values.size()));
    EXPECT_NEAR(static_cast<double>(values[place]) / 1e6, milliseconds, milliseconds * tolerance)
        << text << " at " << p;
  }
}

TEST(Distribution, HasItsShape) {
  expect_quantiles("10..100ms", {{0.1, 19}, {0.5, 55}, {0.9, 91}}, 0.02);
  expect_quantiles("normal:50ms,10ms", {{0.5, 50}, {0.0228, 30}, {0.9772, 70}}, 0.02);
  expect_quantiles("log-normal:20ms,0.5", {{0.5, 20}, {0.9, 37.95}, {0.99, 64.0}}, 0.03);
  expect_quantiles("exponential:10ms", {{0.5, 6.931}, {0.9, 23.03}, {0.99, 46.05}}, 0.03);
  expect_quantiles("pareto:1ms,1.5", {{0.5, 1.587}, {0.9, 4.642}, {0.99, 21.54}}, 0.04);
  EXPECT_NEAR(static_cast<double>(parsed("exponential:10ms").mean()), 1e7, 1e5);
  EXPECT_NEAR(static_cast<double>(parsed("pareto:1ms,3").mean()), 1.5e6, 2e4);
}

TEST(Distribution, FixedIsFixed) {
  for (const Nanoseconds value : draws(parsed("5"), 100)) EXPECT_EQ(value, 5 * millisecond);
  EXPECT_EQ(parsed("5").mean(), 5 * millisecond);
  EXPECT_EQ(parsed("7..7").name(), "7ms");
}

// Written down once: a seed means the same in every version, compiler and build.
TEST(Distribution, TheNumbersNeverChange) {
  const auto first = [](const std::string& text) { return draws(parsed(text), 2); };
  using Values = std::vector<Nanoseconds>;
  EXPECT_EQ(first("10..100ms"), (Values{59528774, 89357014}));
  EXPECT_EQ(first("normal:50ms,10ms"), (Values{51264692, 61837547}));
  EXPECT_EQ(first("log-normal:20ms,0.5"), (Values{21305539, 36147578}));
  EXPECT_EQ(first("pareto:1ms,1.5"), (Values{1703717, 4150693}));
}

TEST(Distribution, AnotherOneFromAFile) {
  const testing::Scratch scratch("latencies");
  const auto path = scratch.path() / "latencies";
  std::ofstream(path) << "# measured\n1ms\n3ms\r\n2\n";
  const Distribution distribution = parsed("file:" + path.string());
  std::vector<Nanoseconds> values = draws(distribution, 10'000);
  std::ranges::sort(values);
  EXPECT_GE(values.front(), millisecond);
  EXPECT_LE(values.back(), 3 * millisecond);
  EXPECT_NEAR(static_cast<double>(values[5000]), 2e6, 5e4);
}

TEST(Distribution, MistakesAreNamed) {
  for (const char* text : {"", "x", "5x", "10..5ms", "normal:5ms", "uniform:1,2", "pareto:1ms,0",
                           "log-normal:1ms,1000", "file:/nowhere", "5..", "1.2.3", "-5"}) {
    EXPECT_THROW(parsed(text), UsageError) << text;
  }
}

TEST(ZipfNumbers, TheFirstComesMostOften) {
  RandomStream random(7, Purpose::test);
  const Zipf zipf(100, 1'000'000);
  std::vector<std::uint32_t> counts(100);
  for (int i = 0; i < 100'000; ++i) ++counts.at(zipf.at(random.next()));
  EXPECT_NEAR(counts[0], 100'000 / 5.187378, 600);  // of the harmonic number
  EXPECT_NEAR(counts[9], 100'000 / 51.87378, 250);
  const Zipf even(4, 0);
  std::vector<std::uint32_t> equal(4);
  for (int i = 0; i < 40'000; ++i) ++equal.at(even.at(random.next()));
  for (const std::uint32_t count : equal) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(even.at(0), 0U);
  EXPECT_EQ(even.at(~std::uint64_t{0}), 3U);
}

}  // namespace
}  // namespace gainsay
