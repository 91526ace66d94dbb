// The committed traces: each replays strictly to what it recorded, in this version and in all later
// ones. paxos-ignore-accepted.trace.json is the golden file of schema 1.0, and
// chord-original-join-explained.trace.json that of 1.1.
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/trace.hpp"
#include "explorer/replay.hpp"
#include "protocols/catalog.hpp"

namespace gainsay {
namespace {

TEST(Golden, EveryCommittedTraceReplaysAsRecorded) {
  std::size_t replayed = 0;
  for (const auto& file : std::filesystem::directory_iterator(GAINSAY_SOURCE_DIR "/traces")) {
    const Trace trace = read_trace(file.path());
    ASSERT_TRUE(trace.verdict) << file.path();
    const ReplayReport report = replay(model_of(trace), trace);
    EXPECT_FALSE(report.divergence) << file.path() << ": " << report.divergence->found;
    EXPECT_TRUE(report.reproduced) << file.path();
    EXPECT_EQ(report.violation_step, trace.verdict->step) << file.path();
    ++replayed;
  }
  EXPECT_GE(replayed, 5U);
}

TEST(Golden, SchemasDifferInWhatDecidedTheRun) {
  const Trace plain = read_trace(GAINSAY_SOURCE_DIR "/traces/paxos-ignore-accepted.trace.json");
  EXPECT_FALSE(plain.explanation);
  const Trace explained =
      read_trace(GAINSAY_SOURCE_DIR "/traces/chord-original-join-explained.trace.json");
  ASSERT_TRUE(explained.explanation);
  EXPECT_EQ(explained.explanation->how, "exact");
  EXPECT_EQ(explained.explanation->step, 7U);
  EXPECT_EQ(explained.explanation->lines.size(), 4U);
}

}  // namespace
}  // namespace gainsay
