// Durations, rates and shares as people write them.
#include "engine/simulator/quantities.hpp"

#include <gtest/gtest.h>

#include "engine/system.hpp"

namespace gainsay {
namespace {

TEST(Quantities, Durations) {
  const auto read = [](const char* text) { return parse_duration(text, millisecond, "--x"); };
  EXPECT_EQ(read("5"), 5 * millisecond);
  EXPECT_EQ(read("1.5s"), 1500 * millisecond);
  EXPECT_EQ(read("250us"), 250 * microsecond);
  EXPECT_EQ(read("2m"), 120 * second);
  EXPECT_EQ(read("0"), 0U);
  for (const char* text : {"", "s", "5 s", "-1s", "1d", "1e3", "999999999999h", "1.0000001s"}) {
    EXPECT_THROW(read(text), UsageError) << text;
  }
}

TEST(Quantities, RatesAndShares) {
  EXPECT_EQ(parse_rate("100", "--load"), 360'000U);
  EXPECT_EQ(parse_rate("20000/s", "--load"), 72'000'000U);
  EXPECT_EQ(parse_rate("90/m", "--load"), 5'400U);
  EXPECT_EQ(parse_rate("0.5/ms", "--load"), 1'800'000U);
  for (const char* text : {"", "/s", "5s", "5/d", "5//s"}) {
    EXPECT_THROW(parse_rate(text, "--load"), UsageError) << text;
  }
  EXPECT_EQ(parse_chance("0", "--loss"), 0U);
  EXPECT_EQ(parse_chance("1", "--loss"), always_chance);
  EXPECT_EQ(parse_chance("50%", "--loss"), always_chance / 2);
  EXPECT_EQ(parse_chance("0.25", "--loss"), always_chance / 4);
  for (const char* text : {"", "%", "1.1", "101%", "-0.1"}) {
    EXPECT_THROW(parse_chance(text, "--loss"), UsageError) << text;
  }
}

TEST(Quantities, AsText) {
  EXPECT_EQ(describe_duration(0), "0 ns");
  EXPECT_EQ(describe_duration(1'500'000), "1.5 ms");
  EXPECT_EQ(describe_duration(12'340'000), "12.3 ms");
  EXPECT_EQ(describe_duration(60 * second), "60 s");
  EXPECT_EQ(describe_duration(1'050'000'000), "1.05 s");
  for (const Nanoseconds duration : {Nanoseconds{1}, 1500 * microsecond, 90 * second}) {
    EXPECT_EQ(parse_duration(exact_duration(duration), second, ""), duration);
  }
}

}  // namespace
}  // namespace gainsay
