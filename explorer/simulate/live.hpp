// A live run on a thread of its own, paced by the clock of whoever looks on. What somebody asks of
// it takes effect between two of its events, and what it looks like is told as often as an eye can
// follow, and no oftener.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "explorer/simulate/live_run.hpp"

namespace gainsay {

struct LiveOptions {
  LiveRunOptions run{};
  std::uint64_t speed_millionths = 1'000'000;  // of virtual time to time; 0: as fast as it can
  bool paused = false;
  std::optional<LiveLog> repeat{};  // begins with this, and is paused at its end
  std::chrono::milliseconds tell_every{100};
};

// Thread-safe. Nobody who looks delays it: `tell` is to return at once.
class LiveSession {
 public:
  // `tell` is called with snapshots, JSON as web/src/live/data.ts says. Throws UsageError for a
  // system that cannot be simulated, or cannot be told what is to be repeated.
  LiveSession(MakeModel make, LiveOptions options, std::function<void(std::string)> tell);
  ~LiveSession();
  LiveSession(const LiveSession&) = delete;
  LiveSession& operator=(const LiveSession&) = delete;

  void start();
  void stop();

  // A command of a live run, or one of
  //   play, pause, run 500ms (and pause), speed 2.5, speed max, seed 1f (begins anew)
  // It has happened when this returns. Throws UsageError.
  void command(const std::string& text);
  LiveLog log() const;
  // The run up to now; see live_trace. It goes on meanwhile.
  std::string trace() const;
  // For Prometheus.
  std::string metrics() const;

 private:
  using Clock = std::chrono::steady_clock;
  enum class State : std::uint8_t { paused, running };

  std::unique_lock<std::mutex> turn() const;
  void begin(std::uint64_t seed);
  bool control(const std::string& text);
  void loop();
  bool advance();
  void pace();
  void tell_now();

  const MakeModel make_;
  const Model model_;
  LiveOptions options_;
  const std::function<void(std::string)> tell_;

  mutable std::atomic<int> waiting_{0};  // for a turn
  mutable std::mutex mutex_;             // of all below
  std::condition_variable changed_;
  std::unique_ptr<LiveRun> run_;
  std::vector<MessageCounts> told_links_;  // as they were when it was told last
  State state_ = State::running;
  std::optional<Nanoseconds> pause_at_;
  bool stopping_ = false;
  bool is_news_ = true;
  // It runs as fast as it should since then.
  Clock::time_point since_{};
  Nanoseconds from_ = 0;
  Nanoseconds chunk_ = millisecond;  // of virtual time that takes about so much as is waited for
  std::thread thread_;
};

// What a viewer is told of a run. `before` is what its links had carried the last time; it is
// brought up to date.
struct LiveShown {
  std::string_view state;  // "running", "paused"; else what has become of it
  std::uint64_t speed_millionths = 0;
};
std::string live_snapshot(const LiveRun& run, const LiveShown& shown,
                          std::vector<MessageCounts>& before);

}  // namespace gainsay
